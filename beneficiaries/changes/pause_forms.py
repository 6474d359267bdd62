"""Forms of suspending and of going on. What the law says about them, the services check."""

import datetime
from typing import Any

from django import forms

from batosocial.lib import months
from batosocial.staff.models import User
from batosocial.web.forms import MonthField
from beneficiaries import confidential
from beneficiaries.changes import pauses
from beneficiaries.changes.forms import DayField, PaperForm
from beneficiaries.models import Entitlement
from beneficiaries.months import first_open_month


class _PauseForm(PaperForm):
    entitlements = forms.TypedMultipleChoiceField(
        label="Chế độ",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Hãy chọn chế độ."},
    )

    def __init__(self, *args: Any, user: User, rows: list[Entitlement], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.rows = user, rows
        field = self.fields["entitlements"]
        assert isinstance(field, forms.TypedMultipleChoiceField)  # noqa: S101
        field.choices = [(row.pk, self._label(row)) for row in rows]

    def _label(self, row: Entitlement) -> str:
        code = confidential.shown_code(row.category, self.user)
        return f"{code} · {confidential.shown_name(row.category, self.user)}"

    @property
    def picked(self) -> list[Entitlement]:
        """The benefits that are ticked now, be the form valid or not."""
        ticked = {str(value) for value in self["entitlements"].value() or ()}
        return [row for row in self.rows if str(row.pk) in ticked]


class SuspendForm(_PauseForm):
    """``month`` may stay empty: the law's month where it has one, else the first that has no list yet."""

    reason = forms.ChoiceField(label="Lý do", error_messages={"required": "Hãy chọn lý do."})
    happened_on = DayField(
        label="Ngày bản án có hiệu lực, ngày có kết luận, ngày bị tạm giam",
        required=False,
        help_text="Cần cho tạm đình chỉ NCC (Điều 54 PL 02/2020): tháng tạm đình chỉ tính từ ngày này.",
    )
    month = MonthField(label="Tạm dừng từ tháng", required=False)
    field_order = ["reason", "entitlements", "happened_on", "month", "paper_kind", "paper_number", "paper_date", "note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons, regimes = self.fields["reason"], {row.category.regime for row in self.rows}
        assert isinstance(reasons, forms.ChoiceField)  # noqa: S101
        found = pauses.reasons(regimes) if regimes else []
        reasons.choices = [
            ("", "Chọn lý do"),
            *((reason.code, f"{reason.name} ({reason.legal_basis})") for reason in found),
        ]
        self.fields["entitlements"].label = "Chế độ tạm dừng"
        self.fields[
            "month"
        ].help_text = (
            "Theo quyết định; để trống: tháng đầu chưa lập danh sách chi trả, hoặc tháng theo Điều 54 PL 02/2020."
        )
        self.fields["paper_kind"].help_text = "Ví dụ: Báo cáo chưa nhận tiền của Bưu điện, văn bản yêu cầu, bản án."

    def month_of(self, reason: str, month: datetime.date | None, happened_on: datetime.date | None) -> Any:
        """The month as it is proposed; None leaves it to the law."""
        if month is not None or reason in pauses.JUDGED:
            return month or (pauses.first_month(reason, happened_on) if happened_on else None)
        policies = {row.category.policy for row in self.picked}
        return max((first_open_month(policy) for policy in policies), default=None)


class ResumeForm(_PauseForm):
    happened_on = DayField(
        label="Ngày chấp hành xong án phạt, ngày nhận đơn",
        required=False,
        help_text="Chỉ cho NCC bị tạm đình chỉ (Điều 54 PL 02/2020): hưởng lại từ tháng liền kề.",
    )
    month = MonthField(label="Hưởng tiếp từ tháng", required=False)
    arrears_from = MonthField(
        label="Truy lĩnh từ tháng",
        required=False,
        help_text="Chỉ ghi khi đề nghị truy lĩnh các tháng đã tạm dừng (đ.b k1 Đ6 TT 02/2021). Để trống: không truy "
        "lĩnh.",
    )
    field_order = [
        "entitlements", "happened_on", "month", "arrears_from", "paper_kind", "paper_number", "paper_date", "note",
    ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entitlements"].label = "Chế độ được hưởng tiếp"
        self.fields["month"].help_text = "Theo quyết định; để trống: tháng đầu chưa lập danh sách chi trả."
        self.fields["paper_kind"].help_text = "Ví dụ: Giấy xác nhận mức độ khuyết tật mới, đơn đề nghị (Mẫu 24)."
        if all(self._judged(row) for row in self.rows):
            del self.fields["arrears_from"]
        elif not any(self._judged(row) for row in self.rows):
            del self.fields["happened_on"]

    def _label(self, row: Entitlement) -> str:
        pause = pauses.open_pause(row.suspensions.all())
        since = f", tạm dừng từ {months.title(pause.months.lower)}" if pause else ""
        return super()._label(row) + since

    @staticmethod
    def _judged(row: Entitlement) -> bool:
        pause = pauses.open_pause(row.suspensions.all())
        return bool(pause and pause.change.reason and pause.change.reason.code in pauses.JUDGED)

    def month_of(self, month: datetime.date | None, happened_on: datetime.date | None) -> datetime.date | None:
        if month is not None:
            return month
        if any(self._judged(row) for row in self.picked):
            return months.add(months.first(happened_on), 1) if happened_on else None
        policies = {row.category.policy for row in self.picked}
        return max((first_open_month(policy) for policy in policies), default=None)
