"""Bringing a list, filtering its preview, and deciding about it."""

import hashlib
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html

from batosocial.staff.models import User
from batosocial.territory.models import Unit
from batosocial.web.forms import MonthField, WorkbookField
from beneficiaries.imports.check import open_batch
from beneficiaries.imports.kinds import importer_of
from beneficiaries.imports.messages import ListRefused
from beneficiaries.imports.services import same_file
from beneficiaries.models import ImportBatch, ImportRow, Policy
from beneficiaries.models.imports import ImportBatchQuerySet


class UploadForm(forms.Form):
    """A commune's workbook. The file is read here already, so that what is wrong with it stands beside the field.

    The form of another kind of list is a subclass with that ``kind``, its own fields and its own ``batch``.
    """

    kind: ClassVar[str] = ImportBatch.Kind.PEOPLE
    title: ClassVar[str] = "Đối tượng, chế độ, tài khoản"

    commune = forms.ModelChoiceField(
        Unit.objects.none(),
        label="Xã, thị trấn",
        empty_label="Chọn xã, thị trấn",
        error_messages={"required": "Hãy chọn xã, thị trấn của danh sách."},
    )
    policy = forms.ChoiceField(
        label="Chính sách",
        choices=[("", "Chọn chính sách"), *Policy.choices],
        error_messages={"required": "Hãy chọn chính sách của danh sách."},
    )
    file = WorkbookField(
        label="Tệp danh sách",
        endings=(".xlsx", ".xls", ".csv"),
        error_messages={
            "required": "Hãy chọn tệp danh sách.",
            "empty": "Tệp trống. Hãy kiểm tra lại tệp đã chọn.",
            "max_length": "Tên tệp quá dài. Hãy đổi tên ngắn hơn.",
        },
        max_length=200,
    )
    again = forms.BooleanField(label="Vẫn nạp lại tệp này", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        #: Set by ``clean``: the file was accepted before, and whoever wants may bring it again.
        self.accepted_before = False
        communes = Unit.objects.current().communes()
        field = self.fields["commune"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        if user.in_district:
            field.queryset = communes.filter(parent=user.unit_id)
        else:
            del self.fields["commune"]

    @property
    def visible(self) -> list[Any]:
        """Fields to show: the last box only once the same file turned out to be known."""
        return [field for field in self if field.name != "again" or self.accepted_before]

    def batch(self, cleaned: dict[str, Any]) -> ImportBatch | None:
        """The list that the other fields describe, not stored; None where they don't yet."""
        if not (cleaned.get("commune") and cleaned.get("policy")):
            return None
        return ImportBatch(kind=self.kind, commune=cleaned["commune"], policy=cleaned["policy"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned.setdefault("commune", None if self.user.in_district else self.user.unit)
        file = cleaned.get("file")
        batch = self.batch(cleaned)
        if not file or batch is None:
            return cleaned
        content = file.read()
        cleaned["content"] = content
        try:
            opened = open_batch(content, file.name, batch)
            cleaned["ask"] = not opened.found.is_clear
            if opened.found.is_clear:
                reading = opened.found.automatic()
                opened.read(reading)
                cleaned["reading"] = reading.stored()
        except ListRefused as refused:
            self.add_error("file", str(refused))
            return cleaned
        self._refuse_known(content, batch, again=bool(cleaned.get("again")))
        return cleaned

    def _refuse_known(self, content: bytes, batch: ImportBatch, *, again: bool) -> None:
        known = same_file(
            kind=self.kind,
            commune=batch.commune,
            policy=batch.policy,
            sha256=hashlib.sha256(content).hexdigest(),
        )
        if known is None:
            return
        link = format_html(
            '<a href="{}">danh sách số {}</a>', reverse("beneficiaries:import_detail", args=[known.pk]), known.pk
        )
        if known.state != ImportBatch.State.ACCEPTED:
            state = known.state_label.lower()
            self.add_error("file", ValidationError(format_html("Tệp này đã nạp rồi: {} ({}).", link, state)))
            return
        self.accepted_before = True
        if not again:
            self.add_error(
                "file",
                ValidationError(
                    format_html(
                        "Tệp này đã nạp và được nhận rồi: {}. Nếu vẫn muốn so lại với sổ, hãy chọn tệp lần nữa và "
                        "đánh dấu ô bên dưới.",
                        link,
                    )
                ),
            )


class BatchFilter(forms.Form):
    """The list of lists."""

    TO_MEND = "to_mend"

    loai = forms.ChoiceField(label="Loại", required=False, choices=[("", "Mọi loại"), *ImportBatch.Kind.choices])
    chinh_sach = forms.ChoiceField(
        label="Chính sách", required=False, choices=[("", "Cả hai chính sách"), *Policy.choices]
    )
    trang_thai = forms.ChoiceField(
        label="Trạng thái",
        required=False,
        choices=[("", "Mọi trạng thái"), *ImportBatch.State.choices, (TO_MEND, "Bị trả lại, chưa nạp lại")],
    )
    xa = forms.ModelChoiceField(
        Unit.objects.none(), to_field_name="code", required=False, label="Xã, thị trấn", empty_label="Tất cả các xã"
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        communes = self.fields["xa"]
        assert isinstance(communes, forms.ModelChoiceField)  # noqa: S101
        if user.in_district:
            communes.queryset = Unit.objects.current().communes().filter(parent=user.unit_id)
        else:
            del self.fields["xa"]

    def apply(self, batches: ImportBatchQuerySet) -> ImportBatchQuerySet:
        chosen = self.cleaned_data if self.is_valid() else {}
        if kind := chosen.get("loai"):
            batches = batches.filter(kind=kind)
        if policy := chosen.get("chinh_sach"):
            batches = batches.filter(policy=policy)
        state = chosen.get("trang_thai")
        if state == self.TO_MEND:
            batches = batches.to_mend()
        elif state:
            batches = batches.filter(state=state)
        if commune := chosen.get("xa"):
            batches = batches.filter(commune__in=Unit.objects.of_commune(commune.pk).values("pk"))
        return batches


class RowFilter(forms.Form):
    """The rows of a preview."""

    WARNING = "warning"

    ket_qua = forms.ChoiceField(
        label="Kết quả",
        required=False,
        choices=[("", "Mọi kết quả"), *ImportRow.Outcome.choices, (WARNING, "Có cảnh báo")],
    )
    tim = forms.CharField(
        label="Tìm theo tên",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Họ và tên…"}),
    )

    @property
    def is_used(self) -> bool:
        return self.is_valid() and any(self.cleaned_data.values())

    def apply(self, rows: Any) -> Any:
        chosen = self.cleaned_data if self.is_valid() else {}
        outcome = chosen.get("ket_qua")
        if outcome == self.WARNING:
            rows = rows.filter(has_warning=True).exclude(outcome=ImportRow.Outcome.ERROR)
        elif outcome:
            rows = rows.filter(outcome=outcome)
        if wanted := chosen.get("tim"):
            rows = rows.named(wanted)
        return rows


class GoodRowsForm(forms.Form):
    """What goes in; the box stands there only where rows stay out."""

    good_rows_only = forms.BooleanField(label="Chỉ nhận dòng đúng", required=False)

    def __init__(self, *args: Any, batch: ImportBatch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not batch.error_count:
            del self.fields["good_rows_only"]
        else:
            self.fields[
                "good_rows_only"
            ].help_text = f"{batch.error_count} dòng lỗi sẽ không vào sổ; sửa xong thì nạp lại sau."


class SendForm(GoodRowsForm):
    """A commune's own word: a first load that the district accepts, or proposals of its own; each has its button."""

    mode = forms.ChoiceField(required=False, choices=ImportBatch.Mode.choices)

    def __init__(self, *args: Any, batch: ImportBatch, **kwargs: Any) -> None:
        super().__init__(*args, batch=batch, **kwargs)
        self.may_propose = importer_of(batch).proposes
        if not self.may_propose:
            del self.fields["mode"]

    @property
    def proposes(self) -> bool:
        return self.is_valid() and self.cleaned_data.get("mode") == ImportBatch.Mode.PROPOSALS


class AcceptForm(GoodRowsForm):
    start_month = MonthField(label="Hưởng từ tháng")

    field_order = ["start_month", "good_rows_only"]

    def __init__(self, *args: Any, batch: ImportBatch, **kwargs: Any) -> None:
        super().__init__(*args, batch=batch, **kwargs)
        self.first = importer_of(batch).first_month(batch)
        field = self.fields["start_month"]
        field.initial = self.first
        field.help_text = f"Sớm nhất là {self.first.month}/{self.first.year}: tháng đầu tiên chưa mở kỳ chi trả."
        if batch.good_rows_only:
            # The sender gave their word already.
            self.fields.pop("good_rows_only", None)

    def clean_start_month(self) -> Any:
        month = self.cleaned_data["start_month"]
        if month and month < self.first:
            raise ValidationError(
                f"Sớm nhất là {self.first.month}/{self.first.year}; các tháng trước đã mở kỳ chi trả."
            )
        return month


class RefuseForm(forms.Form):
    reason = forms.CharField(
        label="Lý do trả lại",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Xã đọc được lý do này; hãy ghi rõ dòng nào sai, cần sửa gì.",
        error_messages={"required": "Hãy ghi lý do trả lại để xã biết cần sửa gì."},
    )
