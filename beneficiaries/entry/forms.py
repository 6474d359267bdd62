"""The box for a number, and the form of a person's own fields."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html

from batosocial.lib import clock
from batosocial.lib.dates import PartialDate, parse_partial
from batosocial.lib.national_id import check_cccd, check_cmnd
from batosocial.lib.text import clean, strange_signs
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from batosocial.web.doubts import DoubtForm
from batosocial.web.forms import PartialDateField
from batosocial.web.once import TokenField
from beneficiaries.entry import checks, known
from beneficiaries.entry.address import place_of
from beneficiaries.entry.card import Given, read_box
from beneficiaries.entry.services import communes_of
from beneficiaries.entry.values import DATES, IDENTITY, LABELS, columns, same, texts
from beneficiaries.models import Person

HAMLETS, ETHNICITIES = "cac-thon", "cac-dan-toc"


class BoxForm(forms.Form):
    """One box for a typed number and for a scanner, which types fast and ends with Enter."""

    use_required_attribute = False

    so = forms.CharField(
        label="Số CCCD, hoặc quét mã QR trên thẻ",
        max_length=1000,
        help_text="Gõ 12 chữ số rồi Enter; hoặc đặt con trỏ vào ô rồi quét mã QR ở mặt trước thẻ căn cước.",
        error_messages={
            "required": "Hãy gõ số CCCD hoặc quét mã QR trên thẻ.",
            "max_length": "Dài quá, không phải số CCCD hay mã QR của thẻ căn cước. Hãy xóa ô này rồi quét lại.",
        },
        widget=forms.TextInput(
            attrs={
                "autofocus": True,
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
                # A second scan takes the place of the first.
                "data-select": "",
            }
        ),
    )

    def clean_so(self) -> Given:
        try:
            return read_box(self.cleaned_data["so"])
        except ValueError as error:
            raise ValidationError(str(error), code="unreadable") from None


def longest_text(column: str) -> int:
    return int(getattr(Person._meta.get_field(column), "max_length", 0))


def _text(name: str, *, required: bool = False, **options: Any) -> forms.CharField:
    attrs = {"autocomplete": "off", **options.pop("attrs", {})}
    longest = longest_text(name)
    return forms.CharField(
        label=LABELS[name], required=required, max_length=longest, widget=forms.TextInput(attrs=attrs), **options
    )


class PersonForm(DoubtForm):
    """The fields that ``entry.values`` names; ``values()`` has them by the register's columns."""

    use_required_attribute = False

    name = _text("name", required=True, error_messages={"required": "Hãy ghi họ và tên như trong hồ sơ."})
    other_name = _text("other_name", help_text="Tên thường gọi ở thôn, gọi theo tên con…")
    birth = PartialDateField(label=LABELS["birth"], help_text="Ghi đến đâu biết đến đó: 1942, 5/1942 hoặc 12/5/1942.")
    sex = forms.ChoiceField(
        label=LABELS["sex"],
        choices=Person.Sex.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Hãy chọn Nam hoặc Nữ."},
    )
    ethnicity = _text("ethnicity", attrs={"list": ETHNICITIES})
    cccd = forms.CharField(
        label=LABELS["cccd"],
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric", "size": 16}),
    )
    cccd_missing_reason = forms.ChoiceField(
        label=LABELS["cccd_missing_reason"],
        required=False,
        choices=[("", "Đã có số CCCD"), *Person.MissingReason.choices],
    )
    cmnd = forms.CharField(
        label=LABELS["cmnd"],
        required=False,
        max_length=20,
        help_text="9 chữ số. Nên ghi: tài khoản và hồ sơ NCC cũ thường theo số này.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric", "size": 16}),
    )
    card_name = _text("card_name")
    card_birth = PartialDateField(label=LABELS["card_birth"], required=False)
    file_number = _text("file_number", help_text="Ký hiệu hồ sơ người có công hoặc số hồ sơ bảo trợ xã hội.")
    hamlet = _text("hamlet", attrs={"list": HAMLETS})
    phone = forms.CharField(
        label=LABELS["phone"],
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel", "size": 14}),
    )
    token = TokenField()

    GROUPS = (
        ("Theo hồ sơ hưởng chế độ", ("name", "other_name", "birth", "sex", "ethnicity", "file_number")),
        ("Giấy tờ tùy thân", ("cccd", "cccd_missing_reason", "cmnd", "card_name", "card_birth")),
        ("Nơi ở và liên hệ", ("commune", "hamlet", "phone")),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        #: People to look at before saving somebody of the same name.
        self.namesakes: list[Person] = []

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in self.GROUPS]

    def values(self) -> dict[str, Any]:
        return columns({name: self.cleaned_data[name] for name in LABELS})

    # what each field says by itself

    def _clean_name(self, field: str) -> str:
        name = clean(self.cleaned_data[field])
        if strange := strange_signs(name):
            raise ValidationError(f"Có ký tự không dùng trong tên: {strange}. Hãy chỉ ghi chữ, dấu ' - và dấu chấm.")
        return name

    def clean_name(self) -> str:
        return self._clean_name("name")

    def clean_card_name(self) -> str:
        return self._clean_name("card_name")

    def clean_other_name(self) -> str:
        return clean(self.cleaned_data["other_name"])

    def clean_ethnicity(self) -> str:
        return clean(self.cleaned_data["ethnicity"])

    def clean_file_number(self) -> str:
        return clean(self.cleaned_data["file_number"])

    def clean_hamlet(self) -> str:
        return clean(self.cleaned_data["hamlet"])

    def clean_phone(self) -> str:
        phone = checks.clean_phone(self.cleaned_data["phone"])
        if len(phone) > longest_text("phone"):
            raise ValidationError("Số điện thoại dài quá 15 ký tự; hãy chỉ ghi một số.")
        return phone

    def clean_cccd(self) -> str:
        check = check_cccd(self.cleaned_data["cccd"])
        if errors := [problem.message_vi for problem in check.problems if problem.severity == "error"]:
            raise ValidationError(errors)
        return check.number

    def clean_cmnd(self) -> str:
        check = check_cmnd(self.cleaned_data["cmnd"])
        if check.problems:
            raise ValidationError([problem.message_vi for problem in check.problems])
        return check.number

    # what they say together

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("cccd"):
            cleaned["cccd_missing_reason"] = ""
            self.check_number_is_free(cleaned["cccd"])
        elif "cccd" in cleaned and not cleaned.get("cccd_missing_reason"):
            self.add_error("cccd_missing_reason", "Hãy chọn vì sao chưa có số CCCD, hoặc ghi số CCCD ở ô trên.")
        self.find_doubts(cleaned)
        return cleaned

    def check_number_is_free(self, number: str) -> None:
        raise NotImplementedError

    def find_doubts(self, cleaned: dict[str, Any]) -> None:
        for name in DATES:
            if cleaned.get(name) and self.asks_about(name):
                self._doubt_date(name)
        if cleaned.get("cccd") and self.asks_about("cccd", "sex", "birth"):
            birth: PartialDate | None = cleaned.get("birth")
            year = birth.year if birth else None
            for message in checks.number_doubts(self.data.get("cccd", ""), cleaned.get("sex", ""), year):
                self.doubt("cccd", message)
        if self.asks_about("phone"):
            for message in checks.phone_doubts(cleaned.get("phone", "")):
                self.doubt("phone", message)
        if cleaned.get("cmnd") and self.asks_about("cmnd"):
            others = known.with_cmnd(self.user, cleaned["cmnd"], apart_from=self.person_id)
            if others:
                self.doubt("cmnd", f"Số CMND này cũng là {others.words}. Hãy đối chiếu với giấy tờ.")
        if self.asks_about("name", "birth"):
            self._find_namesakes(cleaned)

    def _find_namesakes(self, cleaned: dict[str, Any]) -> None:
        commune, birth = self.commune(cleaned), cleaned.get("birth")
        if not (commune and birth and cleaned.get("name")):
            return
        names = [cleaned["name"], cleaned.get("card_name", "")]
        self.namesakes = checks.namesakes(commune, names, birth, apart_from=self.person_id)
        if self.namesakes:
            count = len(self.namesakes)
            self.doubt(
                "name",
                f"Xã đã có {count} người cùng họ tên và ngày sinh, xem bảng ở đầu trang: có phải một người không?",
                about=repr([person.pk for person in self.namesakes]),
            )

    def _doubt_date(self, name: str) -> None:
        for message in parse_partial(self.data.get(name, ""), today=clock.today())[1]:
            self.doubt(name, message)

    #: The person who is edited.
    person_id: int | None = None

    def asks_about(self, *names: str) -> bool:
        """Whether doubts about these fields are worth asking: in a new person, all."""
        return True

    def commune(self, cleaned: dict[str, Any]) -> Unit | None:
        raise NotImplementedError


class AddForm(PersonForm):
    """A new person; what the card or the number told stands in it already."""

    def __init__(self, *args: Any, user: User, given: Given | None = None, **kwargs: Any) -> None:
        given = given or Given()
        communes = communes_of(user)
        super().__init__(*args, user=user, initial=_initial(given, communes), **kwargs)
        self.given = given
        if user.in_commune:
            self._commune = communes.first()
        else:
            self.fields["commune"] = CommuneField(communes)
        if not self.is_bound:
            self.fields["name"].widget.attrs["autofocus"] = True
        if given.address:
            self.fields["hamlet"].help_text = format_html("Trên thẻ ghi nơi thường trú: {}.", given.address)

    def commune(self, cleaned: dict[str, Any]) -> Unit | None:
        return self._commune if self.user.in_commune else cleaned.get("commune")

    def check_number_is_free(self, number: str) -> None:
        if found := known.with_cccd(self.user, number):
            self.add_error("cccd", number_taken(found, number))


class CommuneField(forms.ModelChoiceField):
    def __init__(self, communes: QuerySet[Unit]) -> None:
        super().__init__(
            communes,
            to_field_name="code",
            label="Xã, thị trấn",
            empty_label="Chọn xã, thị trấn",
            error_messages={"required": "Hãy chọn xã, thị trấn."},
        )


def _initial(given: Given, communes: Iterable[Unit]) -> dict[str, Any]:
    scanned: dict[str, Any] = {}
    if given.scanned:
        commune, hamlet = place_of(given.address, communes)
        scanned = {"card_name": given.name, "card_birth": given.birth, "commune": commune, "hamlet": hamlet}
    return {
        "name": given.name,
        "birth": given.birth,
        "sex": given.sex,
        "cccd": given.cccd,
        "cmnd": given.cmnd,
        **scanned,
    }


def number_taken(found: known.Known, number: str) -> str:
    """What to do about a number that somebody else has, with a link to where it is done."""
    if found.mine:
        person = found.mine[0]
        return format_html(
            'Số này đã có trong sổ, {}. <a href="{}">Mở hồ sơ đó</a>; nếu là hai người thì xem lại số trên thẻ.',
            found.words,
            reverse("beneficiaries:person", args=[person.pk]),
        )
    return format_html(
        'Số này đã có ở {}. Nếu người này chuyển về xã mình thì <a href="{}?cccd={}">lập đề nghị chuyển</a>, '
        "không nhập mới; nếu là hai người thì xem lại số trên thẻ.",
        found.elsewhere[0],
        reverse("beneficiaries:move_request"),
        number,
    )


class EditForm(PersonForm):
    """A person's own fields. ``version`` and ``was`` carry what the page had shown (``entry.conflicts``)."""

    reason = forms.CharField(
        label="Lý do đính chính",
        required=False,
        max_length=300,
        help_text="Bắt buộc khi sửa họ tên, ngày sinh, giới tính, số CCCD hoặc số CMND. Ghi theo giấy tờ nào.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    shared_number = forms.BooleanField(
        label="Giấy tờ ghi đúng số này, vẫn ghi và chuyển xác minh trùng số", required=False
    )
    version = forms.CharField(widget=forms.HiddenInput)
    was = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, person: Person, **kwargs: Any) -> None:
        self.person = person
        self.person_id = person.pk
        super().__init__(*args, user=user, initial=texts(person) | kwargs.pop("initial", {}), **kwargs)
        self.number_is_taken = False

    def changed(self) -> frozenset[str]:
        """The fields that mean something else than what the register has."""
        stored = texts(self.person)
        return frozenset(name for name in LABELS if not same(name, stored[name], self.data.get(name, "")))

    def asks_about(self, *names: str) -> bool:
        return bool(self.changed() & set(names))

    def commune(self, cleaned: dict[str, Any]) -> Unit | None:
        return self.person.commune

    def check_number_is_free(self, number: str) -> None:
        if number == self.person.cccd:
            return
        found = known.with_cccd(self.user, number, apart_from=self.person.pk)
        self.number_is_taken = bool(found)
        if found and not self.cleaned_data.get("shared_number"):
            self.add_error("cccd", number_taken(found, number))
        elif found and not self.cleaned_data.get("reason"):
            self.add_error("reason", "Hãy ghi giấy tờ nào cho thấy đúng số này.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["reason"] = clean(cleaned.get("reason", ""))
        if self.changed() & IDENTITY and not cleaned["reason"] and "reason" not in self.errors:
            names = ", ".join(LABELS[name].lower() for name in LABELS if name in self.changed() & IDENTITY)
            self.add_error("reason", f"Đã sửa {names}: hãy ghi lý do, theo giấy tờ nào.")
        return cleaned
