"""Forms of proposals. What the law says about them, the services check; here is how values are read."""

import datetime
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from django import forms

from batosocial.lib import clock, months
from batosocial.lib.dates import PartialDate, parse_partial
from batosocial.lib.money import format_number, parse_amount
from batosocial.lib.national_id import check_cccd
from batosocial.lib.text import clean
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from batosocial.web import once
from batosocial.web.forms import DayInput, MonthField
from beneficiaries import confidential
from beneficiaries.changes import law
from beneficiaries.changes.proposal import Paper, ProposedDependant
from beneficiaries.changes.proposing import MOST_DEPENDANTS
from beneficiaries.models import Category, Entitlement, Person

DEATH = "chet"
OTHER = "khac"


class DayField(forms.DateField):
    """A day as people write it, "22/07/2024"."""

    widget = DayInput

    def __init__(self, **options: Any) -> None:
        options.setdefault("input_formats", ["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d"])
        super().__init__(**options)
        self.error_messages["invalid"] = "Không đọc được ngày; hãy ghi như 22/07/2024."


class AmountField(forms.CharField):
    """Whole đồng, "2.116.000"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "numeric", "size": 14}), **options)

    def prepare_value(self, value: Any) -> Any:
        return format_number(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_amount(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class BirthField(forms.CharField):
    """A birth date of which the year may be all that is known."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"placeholder": "12/5/2015", "autocomplete": "off"})
        super().__init__(widget=widget, **options)

    def prepare_value(self, value: Any) -> Any:
        return str(value) if isinstance(value, PartialDate) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_partial(text, today=clock.today())[0]
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class PaperForm(forms.Form):
    """The papers of a proposal; fields that stand in every one of them."""

    paper_kind = forms.CharField(
        label="Giấy tờ kèm theo",
        max_length=150,
        error_messages={"required": "Hãy ghi giấy tờ kèm theo, ví dụ: Tờ khai mẫu 1d."},
    )
    paper_number = forms.CharField(label="Số", max_length=50, required=False)
    paper_date = DayField(label="Ngày", required=False)
    note = forms.CharField(label="Ghi chú", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    token = once.TokenField()

    @property
    def paper(self) -> Paper:
        data = self.cleaned_data
        return Paper(clean(data["paper_kind"]), clean(data["paper_number"]), data["paper_date"])

    def refuse(self, errors: Mapping[str, str]) -> None:
        """Put what the service says beside its fields; the rest above the form."""
        for name, message in errors.items():
            self.add_error(name if name in self.fields else None, message)


class BenefitForm(PaperForm):
    """A benefit as it shall be: new, adjusted or corrected."""

    category = forms.ChoiceField(
        label="Đối tượng", error_messages={"required": "Hãy chọn đối tượng.", "invalid_choice": "Hãy chọn đối tượng."}
    )
    level = forms.IntegerField(
        label="Tỷ lệ tổn thương cơ thể (%)",
        required=False,
        min_value=21,
        max_value=100,
        help_text="Từ 21 đến 100.",
        widget=forms.NumberInput(attrs={"size": 4, "inputmode": "numeric"}),
    )
    own_amount = AmountField(
        label="Mức theo quyết định (đồng/tháng)",
        required=False,
        help_text="Chế độ này không có mức chung; ghi đúng số trong quyết định.",
    )
    month = MonthField(label="Hưởng từ tháng", required=False)
    void = forms.BooleanField(
        label="Hủy hẳn: chế độ này ghi nhầm, người này không được hưởng",
        required=False,
        help_text="Chỉ khi chưa có danh sách chi trả nào. Dòng cũ vẫn được giữ để tra cứu.",
    )
    confirmed = forms.BooleanField(label="Đã kiểm tra tuổi, vẫn đúng đối tượng", required=False)

    def __init__(
        self, *args: Any, user: User, person: Person, mode: str, row: Entitlement | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.person, self.mode = user, person, mode
        self.categories = choosable(user, policy=row.category.policy if row else "")
        field = self.fields["category"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = grouped(self.categories.values())
        if not confidential.may_see(user):
            field.help_text = "Nhóm cần giữ kín (khoản 3, khoản 8 Điều 5) do người có quyền xem nhóm này đề nghị."
        if mode != "correct":
            del self.fields["void"]
        if mode == "adjust":
            self.fields["month"].required = True
            self.fields["month"].label = "Mức mới từ tháng"
            self.fields["month"].help_text = "Tháng đủ điều kiện hưởng mức mới (đ.đ k1 Đ8 NĐ 20/2021)."
        if mode == "correct":
            self.fields["month"].label = "Hưởng từ tháng (đúng)"
            self.fields["month"].help_text = "Tháng đầu theo quyết định."
            self.fields["note"].label = "Đã nhầm ở đâu"
            self.fields["note"].required = True
            self.fields["note"].error_messages["required"] = (
                "Hãy ghi đã nhầm ở đâu, ví dụ: gõ nhầm tỷ lệ 61% thành 16%."
            )
            self.fields["paper_kind"].help_text = "Căn cứ cho số liệu đúng, ví dụ: Quyết định đã ban hành."

    @property
    def chosen(self) -> Category | None:
        """The category that is chosen now, be the form valid or not."""
        return self.categories.get(str(self["category"].value() or ""))


class DependantForm(forms.Form):
    name = forms.CharField(label="Họ và tên", max_length=150, required=False)
    birth = BirthField(label="Ngày sinh", required=False)
    cccd = forms.CharField(
        label="Số định danh",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def clean_cccd(self) -> str:
        check = check_cccd(self.cleaned_data["cccd"])
        if errors := [problem for problem in check.problems if problem.severity == "error"]:
            raise forms.ValidationError(errors[0].message_vi)
        return check.number

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if any(data.get(name) for name in ("name", "birth", "cccd")) or self.errors:
            if not data.get("name") and "name" not in self.errors:
                self.add_error("name", "Hãy ghi họ tên.")
            if not data.get("birth") and "birth" not in self.errors:
                self.add_error("birth", "Hãy ghi ngày sinh, hoặc năm sinh nếu chỉ biết năm.")
        return data

    @property
    def proposed(self) -> ProposedDependant | None:
        data = self.cleaned_data
        return ProposedDependant(clean(data["name"]), data["birth"], data["cccd"]) if data.get("name") else None


class _Dependants(forms.BaseFormSet):
    @property
    def proposed(self) -> list[ProposedDependant]:
        return [one for form in self.forms if (one := form.proposed)]


#: Rows of dependants; empty ones are left out.
DependantRows = forms.formset_factory(
    DependantForm, formset=_Dependants, extra=0, max_num=MOST_DEPENDANTS, absolute_max=2 * MOST_DEPENDANTS
)


class StopForm(PaperForm):
    reason = forms.ChoiceField(label="Lý do", error_messages={"required": "Hãy chọn lý do."})
    entitlements = forms.TypedMultipleChoiceField(
        label="Chế độ thôi hưởng",
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Khi người hưởng chết, mọi chế độ đều thôi; không cần chọn.",
    )
    happened_on = DayField(
        label="Ngày chết hoặc ngày không còn đủ điều kiện",
        error_messages={"required": "Hãy ghi ngày, để tính tháng thôi hưởng."},
    )
    month = MonthField(
        label="Thôi hưởng từ tháng",
        required=False,
        help_text="Để trống: từ tháng ngay sau tháng đó (k2 Đ8 NĐ 20/2021). Chỉ ghi khi quyết định nói khác.",
    )
    field_order = ["reason", "happened_on", "entitlements", "month", "paper_kind", "paper_number", "paper_date", "note"]

    def __init__(self, *args: Any, user: User, rows: list[Entitlement], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entitlements, reasons = self.fields["entitlements"], self.fields["reason"]
        assert isinstance(entitlements, forms.TypedMultipleChoiceField)  # noqa: S101
        assert isinstance(reasons, forms.ChoiceField)  # noqa: S101
        entitlements.choices = [
            (row.pk, f"{confidential.shown_code(row.category, user)} · {confidential.shown_name(row.category, user)}")
            for row in rows
        ]
        found = law.ending_reasons({row.category.regime for row in rows}) if rows else []
        reasons.choices = [
            ("", "Chọn lý do"),
            (DEATH, "Người hưởng chết"),
            *((reason.code, _reason_label(reason.code, reason.name, reason.legal_basis)) for reason in found),
            (OTHER, "Lý do khác (ghi rõ ở ghi chú)"),
        ]
        self.fields["paper_kind"].help_text = "Ví dụ: Trích lục khai tử."


class AliveForm(PaperForm):
    """A death was recorded by mistake: what was wrong, and the paper that shows it."""

    field_order = ["note", "paper_kind", "paper_number", "paper_date"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        note = self.fields["note"]
        note.required, note.label = True, "Đã nhầm ở đâu"
        note.error_messages["required"] = (
            "Hãy ghi đã nhầm ở đâu, ví dụ: trích lục khai tử là của người khác cùng họ tên."
        )
        paper = self.fields["paper_kind"]
        paper.help_text = "Ví dụ: Xác nhận thông tin về cư trú của Công an xã."
        paper.error_messages["required"] = "Hãy ghi giấy tờ kèm theo, ví dụ: Xác nhận thông tin về cư trú."


class MoveForm(PaperForm):
    to_commune = forms.ModelChoiceField(
        Unit.objects.none(),
        to_field_name="code",
        label="Chuyển đến",
        empty_label="Chọn xã, thị trấn",
        error_messages={"required": "Hãy chọn xã chuyển đến.", "invalid_choice": "Hãy chọn xã chuyển đến."},
    )
    hamlet = forms.CharField(label="Thôn, tổ dân phố nơi mới", max_length=100, required=False)
    field_order = ["to_commune", "hamlet", "paper_kind", "paper_number", "paper_date", "note"]

    def __init__(self, *args: Any, communes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to_commune"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = communes
        self.fields["paper_kind"].help_text = "Ví dụ: Đơn đề nghị, Xác nhận thông tin về cư trú."


class CccdForm(forms.Form):
    cccd = forms.CharField(
        label="Số CCCD",
        max_length=20,
        error_messages={"required": "Hãy ghi số CCCD, 12 chữ số."},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 16}),
    )


class DecisionForm(forms.Form):
    # It shares its <form> with other buttons, which need neither number nor date.
    use_required_attribute = False

    number = forms.CharField(
        label="Số quyết định", max_length=50, error_messages={"required": "Hãy ghi số quyết định, ví dụ 125/QĐ-UBND."}
    )
    date = DayField(label="Ngày quyết định", error_messages={"required": "Hãy ghi ngày quyết định."})
    month = MonthField(label="Từ tháng (nếu quyết định ghi khác đề nghị)", required=False)


class ReasonForm(forms.Form):
    use_required_attribute = False

    reason = forms.CharField(
        label="Lý do không chấp nhận",
        max_length=500,
        error_messages={"required": "Hãy ghi lý do, để người đề nghị biết phải sửa gì."},
    )


class ObjectionForm(forms.Form):
    objection = forms.CharField(
        label="Ý kiến của xã đang quản lý",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Hãy ghi ý kiến, ví dụ: vẫn cư trú tại xã, không có đơn."},
    )


def choosable(user: User, *, policy: str = "") -> dict[str, Category]:
    """Monthly categories that the user may propose, by their code, in the order of policy and regime."""
    rows = Category.objects.exclude(regime=Category.Regime.ONE_OFF)
    if policy:
        rows = rows.filter(policy=policy)
    if not confidential.may_see(user):
        rows = rows.filter(confidential=False)
    return {row.code: row for row in rows.order_by("policy", "regime", "pk")}


def grouped(categories: Any) -> list[Any]:
    """Choices of a select, parted by regime."""
    choices: list[Any] = [("", "Chọn đối tượng")]
    for label, rows in groupby(categories, key=lambda row: str(row.get_regime_display())):
        choices.append((label, [(row.code, f"{row.code} · {row.name}") for row in rows]))
    return choices


def _reason_label(code: str, name: str, basis: str) -> str:
    if code == law.DEATHS[Category.Regime.ALLOWANCE]:
        name = "Mất tích theo quy định của pháp luật"
    elif code == law.DEATHS[Category.Regime.CARE]:
        name = "Đối tượng được nhận chăm sóc chết, hoặc một trong hai người mất tích"
    elif code == law.FORGERY:
        name = "Đã có kết luận khai man, giả mạo hồ sơ (ngày kết luận)"
    return f"{name} ({basis})"


def month_of(text: str) -> datetime.date | None:
    """What somebody has typed so far, if it is a month."""
    try:
        return months.parse(text) if text else None
    except ValueError:
        return None
