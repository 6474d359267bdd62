"""Forms of rounds: whom to ask about, the filter of the worklist, and one answer."""

import datetime
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.models.rounds import RoundPersonQuerySet
from batosocial.coordination.rounds.choosing import Choice
from batosocial.coordination.rounds.died import read_death
from batosocial.coordination.rounds.given import Given
from batosocial.lib import clock
from batosocial.lib.dates import PartialDate
from batosocial.lib.national_id import normalize
from batosocial.lib.text import clean, fold
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from batosocial.web.forms import DayInput, PartialDateField
from batosocial.web.once import TokenField
from beneficiaries.forms import choices_with_all, commune_field
from beneficiaries.models import IdentityAnswer, IdentityIssue, Person, Policy

Answer, Field = IdentityAnswer.Answer, IdentityRound.Field

WAITING, ANSWERED = "chua", "da"


class ChoiceForm(forms.Form):
    """Whom to ask about; nothing ticked narrows nothing."""

    policy = forms.ChoiceField(
        label="Chính sách", required=False, choices=choices_with_all(Policy.choices, "Cả hai chính sách")
    )
    statuses = forms.MultipleChoiceField(
        label="Đối chiếu dân cư",
        required=False,
        choices=Person.IdentityStatus.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="Không đánh dấu mục nào là hỏi tất cả.",
    )
    kinds = forms.MultipleChoiceField(
        label="Việc xác minh đang chờ",
        required=False,
        choices=IdentityIssue.Kind.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="Chỉ hỏi người đang có việc thuộc một trong các loại này.",
    )
    communes = forms.ModelMultipleChoiceField(
        Unit.objects.none(),
        label="Xã, thị trấn",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Không đánh dấu xã nào là hỏi cả huyện.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        communes = self.fields["communes"]
        assert isinstance(communes, forms.ModelMultipleChoiceField)  # noqa: S101
        communes.queryset = Unit.objects.current().communes().filter(parent=user.unit_id)

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields as the page shows them: what is asked, about whom, where."""
        whom = ("policy", "statuses", "kinds")
        what = [field for field in self.visible_fields() if field.name not in (*whom, "communes")]
        parts = [("Nội dung", what), ("Hỏi về ai", [self[name] for name in whom]), ("Ở đâu", [self["communes"]])]
        return [part for part in parts if part[1]]

    @property
    def choice(self) -> Choice:
        chosen = self.cleaned_data
        return Choice(chosen["policy"], [unit.pk for unit in chosen["communes"]], chosen["statuses"], chosen["kinds"])


class AddForm(ChoiceForm):
    """More people for a round that is open."""

    token = TokenField()


class OpenForm(ChoiceForm):
    """A new round."""

    name = forms.CharField(
        label="Tên đợt",
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "Đợt làm sạch dữ liệu tháng 8/2024"}),
        error_messages={"required": "Hãy ghi tên đợt, ví dụ “Đợt làm sạch dữ liệu tháng 8/2024”."},
    )
    until = forms.DateField(
        label="Hạn trả lời",
        widget=DayInput,
        error_messages=dict.fromkeys(("required", "invalid"), "Hãy ghi hạn trả lời, ví dụ 31/07/2024."),
    )
    asked = forms.MultipleChoiceField(
        label="Thông tin cần đối chiếu",
        choices=Field.choices,
        initial=Field.values,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Hãy chọn ít nhất một thông tin cần đối chiếu."},
    )
    note = forms.CharField(
        label="Nội dung yêu cầu",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Công an đọc phần này. Không ghi số tiền, số tài khoản, đối tượng hưởng.",
    )
    token = TokenField()

    field_order = ["name", "until", "asked", "note"]

    def clean_until(self) -> datetime.date:
        return _not_passed(self.cleaned_data["until"])


class ExtendForm(forms.Form):
    until = forms.DateField(
        label="Hạn trả lời mới",
        widget=DayInput,
        error_messages=dict.fromkeys(("required", "invalid"), "Hãy ghi hạn mới, ví dụ 15/08/2024."),
    )

    def clean_until(self) -> datetime.date:
        return _not_passed(self.cleaned_data["until"])


def _not_passed(until: datetime.date) -> datetime.date:
    if until < clock.today():
        raise ValidationError(f"Hạn trả lời phải từ hôm nay ({clock.today():%d/%m/%Y}) trở đi.")
    return until


class RowFilter(forms.Form):
    """The people of a round; the names of its fields are those of the URL."""

    tim = forms.CharField(
        label="Tìm",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Họ tên…"}),
    )
    tra_loi = forms.ChoiceField(
        label="Trả lời",
        required=False,
        choices=[("", "Tất cả"), (WAITING, "Chưa trả lời"), (ANSWERED, "Đã trả lời"), *Answer.choices],
    )
    khac = forms.ChoiceField(label="Khác ở", required=False, choices=choices_with_all(Field.choices, "Mọi thông tin"))
    xa = commune_field()
    thon = forms.CharField(label="Thôn, tổ dân phố", required=False, max_length=100)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        communes = self.fields["xa"]
        assert isinstance(communes, forms.ModelChoiceField)  # noqa: S101
        if user.unit is not None and user.unit.level != Unit.Level.COMMUNE:
            communes.queryset = Unit.objects.current().communes().filter(parent=user.unit_id)
        else:
            del self.fields["xa"]

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def apply(self, rows: RoundPersonQuerySet) -> RoundPersonQuerySet:
        """The rows that fit, by commune, hamlet and name; none where the filter itself is wrong."""
        if not self.is_valid():
            return rows.none()
        chosen = self.cleaned_data
        if chosen["tra_loi"] in (WAITING, ANSWERED):
            rows = rows.filter(answer__isnull=chosen["tra_loi"] == WAITING)
        elif chosen["tra_loi"]:
            rows = rows.filter(answer__answer=chosen["tra_loi"])
        if chosen["khac"]:
            rows = rows.filter(answer__answer=Answer.DIFFERS, answer__differing__contains=[chosen["khac"]])
        if chosen.get("xa"):
            rows = rows.filter(person__commune=chosen["xa"])
        if hamlet := clean(chosen["thon"]):
            rows = rows.filter(person__hamlet__icontains=hamlet)
        for word in fold(chosen["tim"]).split():
            rows = rows.filter(Q(person__search_key__startswith=word) | Q(person__search_key__contains=f" {word}"))
        return rows.order_by("person__commune__position", "person__sort_key", "pk")


_DEATH = "Hãy ghi ngày chết (12/05/2024), chưa rõ ngày thì ghi tháng (5/2024)."


class AnswerForm(forms.Form):
    """What the police say about one person. Whether that can be true of the person, the service checks."""

    answer = forms.ChoiceField(
        label="Kết quả đối chiếu",
        choices=Answer.choices,
        widget=forms.RadioSelect,
        help_text=f"Chọn “{Answer.DIFFERS.label}” thì chỉ ghi những ô khác hồ sơ, ô nào đúng để trống.",
        error_messages={"required": "Hãy chọn một trả lời."},
    )
    name = forms.CharField(label="Họ và tên đúng", required=False, max_length=150)
    birth = PartialDateField(label="Ngày sinh đúng", required=False, help_text="1942, 05/1942 hoặc 12/05/1942.")
    sex = forms.ChoiceField(label="Giới tính đúng", required=False, choices=choices_with_all(Person.Sex.choices, "-"))
    cccd = forms.CharField(
        label="Số CCCD đúng", required=False, max_length=25, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    died_on = forms.CharField(
        label="Chết ngày", required=False, max_length=20, help_text="Chưa rõ ngày thì ghi tháng: 5/2024."
    )
    note = forms.CharField(label="Ghi chú", required=False, max_length=300, help_text="Không bắt buộc.")

    def __init__(self, *args: Any, asked: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in Field.values:
            if name not in asked:
                del self.fields[name]
            else:
                self.fields[name].widget.attrs["data-shown-with"] = f"answer={Answer.DIFFERS}"
                self.fields[name].widget.attrs.setdefault("autocomplete", "off")
        self.fields["died_on"].widget.attrs |= {"data-shown-with": f"answer={Answer.DEAD}", "autocomplete": "off"}
        self.asked = [name for name in Field.values if name in asked]

    def clean_name(self) -> str:
        return clean(self.cleaned_data["name"])

    def clean_cccd(self) -> str:
        return normalize(self.cleaned_data["cccd"])

    def clean_died_on(self) -> tuple[datetime.date | None, datetime.date | None]:
        """Month and day of death."""
        text = clean(self.cleaned_data["died_on"])
        if not text:
            return None, None
        try:
            return read_death(text, today=datetime.date.max)
        except ValueError:
            raise ValidationError(f"Không đọc được “{text}”. {_DEATH}") from None

    def clean(self) -> dict[str, Any]:
        """What an earlier answer left in fields that the new one has no room for is dropped: the page hides them. What
        is newly typed there stays, and is asked about."""
        values = self.cleaned_data
        answer = values.get("answer")
        for name in ("died_on", *self.asked) if answer else ():
            belongs = answer == (Answer.DEAD if name == "died_on" else Answer.DIFFERS)
            if not belongs and name not in self.changed_data:
                values[name] = (None, None) if name == "died_on" else None
        return values

    def given(self, row: RoundPerson, *, seen: Mapping[str, str] | None, corrects: int | None) -> Given:
        values = self.cleaned_data
        right = {name: values[name] for name in self.asked if values[name] not in (None, "")}
        month, day = values["died_on"]
        return Given(row.pk, values["answer"], right, month, day, values["note"], seen, corrects)


def initial_of(answer: IdentityAnswer | None) -> dict[str, Any]:
    """The fields of ``AnswerForm`` as an answer filled them."""
    if answer is None:
        return {}
    birth = PartialDate(answer.birth_year, answer.birth_month, answer.birth_day) if answer.birth_year else None
    right = {"name": answer.name, "birth": birth, "sex": answer.sex, "cccd": answer.cccd}
    died = answer.died_on or answer.died_month
    return {
        "answer": answer.answer,
        "note": answer.note,
        "died_on": (f"{died:%d/%m/%Y}" if answer.died_on else f"{died:%m/%Y}") if died else "",
        **{name: right[name] for name in answer.differing},
    }
