"""Forms of the payment pages."""

import datetime
import hashlib
from typing import Any

from django import forms
from django.utils import timezone

from batosocial.lib import clock, months
from batosocial.lib.text import clean
from batosocial.lib.workbooks import WorkbookError
from batosocial.staff.models import Payer, Role, User
from batosocial.web.forms import DayInput, WorkbookField
from payments.board import LATE, NEVER_SENT, NO_RESULT, RETURNED, WAITS_FOR_ME, WITHOUT_RESULT
from payments.ledger import CAUSES
from payments.models import Payment, PaymentLine, PaymentList, ResultBatch
from payments.results.reading import Unreadable, check_readable
from payments.results.rules import NewResult
from payments.services import same_files


def month_of(text: str | None) -> datetime.date | None:
    """The month that a URL names; None for nothing or nonsense."""
    try:
        return months.parse(text or "")
    except ValueError:
        return None


class BoardFilter(forms.Form):
    thang = forms.ChoiceField(label="Tháng", required=False)
    buoc = forms.ChoiceField(label="Bước", required=False, choices=[("", "Mọi bước"), *PaymentList.State.choices])
    viec = forms.ChoiceField(
        label="Việc",
        required=False,
        choices=[
            ("", "Tất cả"),
            (WAITS_FOR_ME, "Chờ tôi xử lý"),
            (LATE, "Quá hạn"),
            (WITHOUT_RESULT, "Còn khoản chưa có kết quả"),
            (RETURNED, "Bị trả lại xã"),
            (NEVER_SENT, "Xã chưa gửi lần nào"),
        ],
    )

    def __init__(self, *args: Any, opened: list[datetime.date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["thang"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        field.choices = [(months.iso(month), months.title(month).capitalize()) for month in opened]


class PaymentFilter(forms.Form):
    q = forms.CharField(
        label="Tìm",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": "Họ tên, CCCD, số tài khoản, số chi trả", "type": "search"}),
    )
    hinh_thuc = forms.ChoiceField(label="Hình thức", required=False, choices=[("", "Tất cả"), *Payment.Channel.choices])
    ket_qua = forms.ChoiceField(
        label="Kết quả",
        required=False,
        choices=[("", "Tất cả"), (NO_RESULT, "Chưa có kết quả"), *Payment.Result.choices],
    )
    loai = forms.ChoiceField(label="Loại khoản", required=False, choices=[("", "Tất cả"), *PaymentLine.Kind.choices])

    def values(self) -> dict[str, str]:
        """The filter; a value that is no choice filters nothing."""
        self.is_valid()
        return {
            "q": self.cleaned_data.get("q", ""),
            "channel": self.cleaned_data.get("hinh_thuc", ""),
            "result": self.cleaned_data.get("ket_qua", ""),
            "kind": self.cleaned_data.get("loai", ""),
        }


class DifferenceFilter(forms.Form):
    q = forms.CharField(
        label="Tìm",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": "Họ và tên", "type": "search"}),
    )
    chieu = forms.ChoiceField(
        label="Chiều",
        required=False,
        choices=[("", "Tăng và giảm"), ("increase", "Tăng"), ("decrease", "Giảm")],
    )
    nguyen_nhan = forms.ChoiceField(label="Nguyên nhân", required=False)
    thang = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, causes: set[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["nguyen_nhan"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        field.choices = [("", "Tất cả"), *((code, label) for code, label in CAUSES.items() if code in causes)]

    def values(self) -> dict[str, str]:
        """The filter; a value that is no choice filters nothing."""
        self.is_valid()
        return {
            "q": self.cleaned_data.get("q", ""),
            "side": self.cleaned_data.get("chieu", ""),
            "cause": self.cleaned_data.get("nguyen_nhan", ""),
        }


class RemarkForm(forms.Form):
    text = forms.CharField(
        label="Cần sửa gì ở khoản này",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": "Hãy ghi xã cần sửa gì ở khoản này.",
            "max_length": "Dài quá 500 ký tự; hãy ghi ngắn lại.",
        },
    )


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label="Xã đã sửa gì",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Nếu không sửa, hãy ghi vì sao.",
        error_messages={
            "required": "Hãy ghi xã đã sửa gì; nếu không sửa, hãy ghi vì sao.",
            "max_length": "Dài quá 500 ký tự; hãy ghi ngắn lại.",
        },
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)


class ResultForm(forms.Form):
    """One payment's result. What fits together, the service judges; it names the field."""

    result = forms.ChoiceField(label="Kết quả")
    return_reason = forms.ChoiceField(
        label="Vì sao không chi được",
        required=False,
        choices=[("", "Không ghi"), *Payment.ReturnReason.choices],
        help_text="Khi chuyển khoản bị trả lại; chưa đến nhận thì chỉ khi người hưởng đã chết.",
    )
    paid_on = forms.DateField(
        label="Ngày chi",
        required=False,
        widget=DayInput,
        help_text="Bắt buộc khi đã chi.",
        error_messages={"invalid": "Hãy ghi ngày dạng 22/07/2024."},
    )
    reference = forms.CharField(
        label="Số tham chiếu", required=False, max_length=60, help_text="Số giao dịch của ngân hàng, số phiếu chi."
    )
    note = forms.CharField(label="Ghi chú", required=False, max_length=300)
    why = forms.CharField(
        label="Vì sao sửa",
        required=False,
        max_length=300,
        help_text="Khoản này đã ghi là đã chi. Lý do sửa được lưu trong nhật ký.",
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, payment: Payment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fits = (
            Payment.Result.choices
            if payment.planned_channel == Payment.Channel.ACCOUNT
            else [choice for choice in Payment.Result.choices if choice[0] in ("paid_cash", "not_collected")]
        )
        field = self.fields["result"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        field.choices = [("", "Chọn kết quả"), *fits]
        if payment.planned_channel == Payment.Channel.CASH:
            reason = self.fields["return_reason"]
            assert isinstance(reason, forms.ChoiceField)  # noqa: S101 (for the type checker)
            deceased = Payment.ReturnReason.DECEASED
            reason.choices = [("", "Không ghi"), (deceased.value, deceased.label)]
            reason.help_text = "Chỉ khi chưa đến nhận vì người hưởng đã chết."
        self.stored_reason = payment.return_reason
        if payment.result not in Payment.PAID:
            del self.fields["why"]

    def new_result(self) -> NewResult:
        data = self.cleaned_data
        reason = data.get("return_reason", "")
        # The reason of a transfer that came back stands in the form still when its money is then paid.
        if data["result"] in Payment.PAID and reason == self.stored_reason:
            reason = ""
        return NewResult(
            result=data["result"],
            return_reason=reason,
            paid_on=data["paid_on"],
            reference=clean(data["reference"]),
            note=clean(data["note"]),
        )

    def refuse(self, errors: dict[str, str]) -> None:
        """Show a service's objections beside the fields."""
        for name, message in errors.items():
            self.add_error(name if name in self.fields else None, message)


class UploadForm(forms.Form):
    payer = forms.ModelChoiceField(
        label="Tổ chức chi trả", queryset=Payer.objects.all(), empty_label="Chọn tổ chức chi trả"
    )
    file = WorkbookField(label="Tệp kết quả", endings=(".xlsx", ".xls", ".csv"))
    again = forms.BooleanField(label="Vẫn nạp lại tệp này", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        #: Set by ``clean``: the same bytes came before, and whoever wants may bring them again.
        self.came_before: ResultBatch | None = None
        if user.role == Role.PAYER:
            del self.fields["payer"]

    def whose(self) -> Payer:
        """The payer whose results the file holds."""
        if self._user.payer is not None:
            return self._user.payer
        chosen: Payer = self.cleaned_data["payer"]
        return chosen

    def visible_fields(self) -> list[forms.BoundField]:
        return [field for field in super().visible_fields() if field.name != "again" or self.came_before]

    def clean(self) -> dict[str, Any]:
        """Refuse what is no table of results, and say so of a file that came before; nothing of either is kept."""
        data = self.cleaned_data
        file = data.get("file")
        if not file or self.errors:
            return data
        data["content"] = content = file.read()
        try:
            check_readable(content, file.name, today=clock.today())
        except (Unreadable, WorkbookError) as error:
            self.add_error("file", str(error))
            return data
        earlier = same_files(self.whose(), hashlib.sha256(content).hexdigest())
        self.came_before = earlier.select_related("uploaded_by").order_by("-pk").first()
        if self.came_before and not data.get("again"):
            self.add_error(
                "file",
                f"Tệp này {self.came_before.uploaded_by} đã nạp lúc "
                f"{timezone.localtime(self.came_before.uploaded_at):%H:%M %d/%m/%Y}"
                f" ({self.came_before.get_state_display().lower()}). "
                "Nếu vẫn muốn nạp lại, hãy chọn lại tệp và đánh dấu ô bên dưới.",
            )
        return data


class RowFilter(forms.Form):
    tinh_trang = forms.ChoiceField(label="Tình trạng", required=False)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["tinh_trang"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        field.choices = [("", "Tất cả"), *choices]

    def value(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("tinh_trang", ""))
