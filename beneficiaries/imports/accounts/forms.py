"""Bringing a list of accounts."""

import datetime
from typing import Any

from django import forms

from batosocial.lib import months
from batosocial.staff.models import User
from batosocial.web.forms import MonthField
from beneficiaries.imports.accounts.importer import first_month
from beneficiaries.imports.forms import UploadForm
from beneficiaries.models import ImportBatch


class AccountUploadForm(UploadForm):
    """Where the accounts come from and from when on they are used; of one commune, or of the whole district."""

    kind = ImportBatch.Kind.ACCOUNTS
    title = "Chỉ tài khoản"

    policy = None  # type: ignore[assignment]  # an account serves whatever somebody receives
    source = forms.CharField(
        label="Nguồn",
        max_length=100,
        help_text="Ai mở, đợt nào; hiện bên cạnh tài khoản khi xác nhận. Ví dụ: Bưu điện mở, 8/2024.",
        error_messages={"required": "Hãy ghi nguồn, ví dụ: Bưu điện mở, 8/2024."},
    )
    month = MonthField(label="Dùng từ tháng")

    field_order = ["commune", "source", "month", "file", "again"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.first = first_month()
        month = self.fields["month"]
        month.initial = self.first
        month.help_text = f"Sớm nhất là {months.label(self.first)}: tháng đầu tiên chưa mở kỳ chi trả."
        if commune := self.fields.get("commune"):
            assert isinstance(commune, forms.ModelChoiceField)  # noqa: S101
            commune.required = False
            commune.empty_label = "Toàn huyện"

    def clean_month(self) -> datetime.date:
        month: datetime.date = self.cleaned_data["month"]
        if month < self.first:
            raise forms.ValidationError(f"Sớm nhất là {months.label(self.first)}; các tháng trước đã mở kỳ chi trả.")
        return month

    def batch(self, cleaned: dict[str, Any]) -> ImportBatch | None:
        if "month" not in cleaned or "commune" not in cleaned:
            return None
        return ImportBatch(
            kind=self.kind, commune=cleaned["commune"], source=cleaned.get("source", ""), month=cleaned["month"]
        )
