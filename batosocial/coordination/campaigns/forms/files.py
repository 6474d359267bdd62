"""Account-opening files and their conflicts."""

import hashlib
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html

from batosocial.coordination.campaigns.files import same_file
from batosocial.coordination.models import Campaign, CampaignConflict
from batosocial.staff.models import User
from beneficiaries.forms import CommuneFilter, choices_with_all, commune_field
from beneficiaries.imports.forms import UploadForm
from beneficiaries.models import ImportBatch


class ConflictFilter(CommuneFilter):
    """The conflicts of a campaign."""

    OPEN, SETTLED = "cho", "xong"

    trang_thai = forms.ChoiceField(
        label="Trạng thái", required=False, choices=[("", "Tất cả"), (OPEN, "Chưa xử lý"), (SETTLED, "Đã xử lý")]
    )
    loai = forms.ChoiceField(
        label="Xung đột", required=False, choices=choices_with_all(CampaignConflict.Kind.choices, "Mọi loại")
    )
    xa = commune_field()

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def apply(self, rows: Any) -> Any:
        if not self.is_valid():
            return rows.none()
        chosen = self.cleaned_data
        if chosen["trang_thai"]:
            rows = rows.filter(settled_at__isnull=chosen["trang_thai"] == self.OPEN)
        if chosen["loai"]:
            rows = rows.filter(kind=chosen["loai"])
        if chosen.get("xa"):
            rows = rows.filter(commune=chosen["xa"])
        return rows


class SettleForm(forms.Form):
    xu_ly = forms.CharField(
        label="Đã xử lý thế nào",
        max_length=300,
        help_text="Ví dụ: đã xem CCCD, đúng người; tổ chức gửi lại tệp với tên đúng.",
        error_messages={"required": "Hãy ghi đã xử lý thế nào."},
    )


class CampaignFileForm(UploadForm):
    """A file of accounts that were opened; what it is, the campaign says."""

    kind = ImportBatch.Kind.ACCOUNTS
    title = "Tệp mở tài khoản"

    commune = None  # type: ignore[assignment]
    policy = None  # type: ignore[assignment]
    field_order = ["file", "again"]

    def __init__(self, *args: Any, user: User, campaign: Campaign, **kwargs: Any) -> None:
        forms.Form.__init__(self, *args, **kwargs)
        self.user, self.campaign = user, campaign
        self.accepted_before = False

    def batch(self, cleaned: dict[str, Any]) -> ImportBatch | None:
        campaign = self.campaign
        return ImportBatch(kind=self.kind, payer=campaign.payer, upper=campaign.upper, source=campaign.source)

    def _refuse_known(self, content: bytes, batch: ImportBatch, *, again: bool) -> None:
        known = same_file(self.campaign, hashlib.sha256(content).hexdigest())
        if known is None:
            return
        url = reverse("coordination:campaign_file", args=[known.pk])
        link = format_html('<a href="{}">tệp {}</a>', url, known.batch)
        if known.batch.state != ImportBatch.State.ACCEPTED:
            text = format_html("Tệp này đã nạp rồi: {} ({}).", link, known.batch.state_label.lower())
            self.add_error("file", ValidationError(text))
            return
        self.accepted_before = True
        if not again:
            text = format_html("Tệp này đã nạp và đã ghi rồi: {}. Nếu vẫn muốn so lại, hãy đánh dấu ô bên dưới.", link)
            self.add_error("file", ValidationError(text))
