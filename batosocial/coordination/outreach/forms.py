"""Forms of sessions, the filter of their list and of the report."""

import datetime
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from batosocial.coordination.models import OutreachSession, SessionForm
from batosocial.coordination.outreach import services
from batosocial.lib import months
from batosocial.territory.models import Unit
from batosocial.web import once
from batosocial.web.forms import DayInput, MonthField
from beneficiaries.forms import CommuneFilter, choices_with_all, commune_field

HELD, CANCELLED, ALL = "", "da-huy", "tat-ca"
WHOLE = "Toàn xã, thị trấn"
_TOO_LONG = "Dài quá %(limit_value)d ký tự; hãy ghi ngắn lại."
_NUMBER = {"invalid": "Hãy ghi một số nguyên.", "required": "Hãy ghi số người; không biết chắc thì ước lượng."}


class _Form(forms.Form):
    def refuse(self, errors: dict[str, str]) -> None:
        """Show a service's objections beside the fields."""
        for name, message in errors.items():
            self.add_error(name if name in self.fields else None, message)


class SessionEntryForm(_Form):
    held_on = forms.DateField(
        label="Ngày",
        widget=DayInput,
        error_messages={"invalid": "Hãy ghi ngày dạng 22/07/2024.", "required": "Hãy ghi ngày dạng 22/07/2024."},
    )
    form = forms.ModelChoiceField(
        SessionForm.objects.none(),
        label="Hình thức",
        empty_label="Chọn hình thức",
        error_messages={"required": "Hãy chọn hình thức."},
    )
    whole = forms.BooleanField(label=WHOLE, required=False, help_text="Ví dụ loa truyền thanh, bài đăng của xã.")
    hamlets = forms.MultipleChoiceField(
        label="Thôn, tổ dân phố",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Sổ không có thôn này; hãy chọn trong danh sách."},
    )
    topic = forms.CharField(
        label="Nội dung",
        max_length=services.MAX_TOPIC,
        help_text="Ví dụ “Lợi ích nhận trợ cấp qua tài khoản, cách mở tài khoản”.",
        error_messages={"required": "Hãy ghi nói về việc gì.", "max_length": _TOO_LONG},
    )
    reached = forms.IntegerField(
        label="Số người tham gia, tiếp cận",
        min_value=0,
        max_value=services.MOST_PEOPLE,
        error_messages=_NUMBER | {"min_value": "Không ghi số âm.", "max_value": "Số quá lớn; hãy kiểm tra lại."},
    )
    held_by = forms.CharField(
        label="Người thực hiện",
        max_length=services.MAX_HELD_BY,
        help_text="Ví dụ “Hội Phụ nữ xã, trưởng thôn”.",
        error_messages={"required": "Hãy ghi ai thực hiện.", "max_length": _TOO_LONG},
    )
    accounts_stated = forms.IntegerField(
        label="Số tài khoản mở sau buổi này (xã ghi)",
        required=False,
        min_value=0,
        max_value=services.MOST_PEOPLE,
        help_text="Ghi khi biết. Số theo sổ, phần mềm tự đếm và ghi riêng.",
        error_messages=_NUMBER | {"min_value": "Không ghi số âm.", "max_value": "Số quá lớn; hãy kiểm tra lại."},
    )
    note = forms.CharField(
        label="Ghi chú",
        required=False,
        max_length=services.MAX_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _TOO_LONG},
    )
    reason = forms.CharField(
        label="Vì sao sửa",
        max_length=services.MAX_REASON,
        error_messages={"required": "Hãy ghi vì sao sửa.", "max_length": _TOO_LONG},
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    token = once.TokenField()

    def __init__(self, *args: Any, hamlets: list[str], session: OutreachSession | None = None, **kwargs: Any) -> None:
        kwargs["initial"] = _initial(session) | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        used = Q(in_use=True) | Q(pk=session.form_id if session else None)
        form, chosen = self.fields["form"], self.fields["hamlets"]
        assert isinstance(form, forms.ModelChoiceField) and isinstance(chosen, forms.MultipleChoiceField)  # noqa: S101
        form.queryset = SessionForm.objects.filter(used)
        chosen.choices = [(hamlet, hamlet) for hamlet in hamlets]
        if session is None:
            del self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not self.errors.get("hamlets"):
            if data.get("whole") and data.get("hamlets"):
                self.add_error("hamlets", "Đã chọn toàn xã; hãy bỏ chọn các thôn hoặc bỏ chọn toàn xã.")
            elif not data.get("whole") and not data.get("hamlets"):
                self.add_error("hamlets", "Hãy chọn thôn, hoặc đánh dấu toàn xã.")
        return data

    @property
    def values(self) -> dict[str, Any]:
        """For the service."""
        names = ("held_on", "hamlets", "form", "topic", "reached", "held_by", "accounts_stated", "note")
        return {name: self.cleaned_data[name] for name in names}


def _initial(session: OutreachSession | None) -> dict[str, Any]:
    if session is None:
        return {}
    names = ("held_on", "hamlets", "form", "topic", "reached", "held_by", "accounts_stated", "note", "version")
    return {name: getattr(session, name) for name in names} | {"whole": not session.hamlets}


class CancelForm(_Form):
    reason = forms.CharField(
        label="Vì sao hủy",
        max_length=services.MAX_REASON,
        error_messages={"required": "Hãy ghi vì sao hủy.", "max_length": _TOO_LONG},
    )


def _check_order(form: forms.Form) -> None:
    start, end = form.cleaned_data.get("tu"), form.cleaned_data.get("den")
    if start and end and start > end:
        form.add_error("den", "Tháng cuối ở trước tháng đầu; hãy sửa lại.")


class SessionFilter(CommuneFilter):
    """The list of sessions; the names of its fields are those of the URL."""

    tu = MonthField(label="Từ tháng", required=False)
    den = MonthField(label="Đến tháng", required=False)
    hinh_thuc = forms.ModelChoiceField(
        SessionForm.objects.all(), label="Hình thức", required=False, empty_label="Mọi hình thức"
    )
    xa = commune_field()
    trang_thai = forms.ChoiceField(
        label="Trạng thái",
        required=False,
        choices=[(HELD, "Đã tổ chức"), (CANCELLED, "Đã hủy"), (ALL, "Tất cả")],
    )

    def clean(self) -> dict[str, Any]:
        _check_order(self)
        return self.cleaned_data

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def apply(self, rows: QuerySet[OutreachSession]) -> QuerySet[OutreachSession]:
        """The sessions that fit, the latest first; none where the filter itself is wrong."""
        if not self.is_valid():
            return rows.none()
        chosen = self.cleaned_data
        if chosen["tu"]:
            rows = rows.filter(held_on__gte=chosen["tu"])
        if chosen["den"]:
            rows = rows.filter(held_on__lt=months.add(chosen["den"], 1))
        if chosen["hinh_thuc"]:
            rows = rows.filter(form=chosen["hinh_thuc"])
        if chosen.get("xa"):
            rows = rows.filter(commune__in=Unit.objects.of_commune(chosen["xa"].pk).values("pk"))
        if chosen["trang_thai"] != ALL:
            rows = rows.filter(cancelled_at__isnull=chosen["trang_thai"] != CANCELLED)
        return rows.order_by("-held_on", "-pk")


class ReportFilter(forms.Form):
    """The months that the report adds up, and the month with which its rates are compared."""

    tu = MonthField(label="Từ tháng", required=False)
    den = MonthField(label="Đến tháng", required=False)
    so_voi = forms.ChoiceField(label="Tỷ lệ so với", required=False)

    def __init__(self, data: Any, *, known: list[datetime.date]) -> None:
        super().__init__(data)
        field = self.fields["so_voi"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        options = [(months.iso(month), months.title(month).capitalize()) for month in known]
        field.choices = choices_with_all(options, "Trước tháng đầu")

    def clean(self) -> dict[str, Any]:
        _check_order(self)
        return self.cleaned_data

    def showing(self, start: datetime.date, end: datetime.date) -> "ReportFilter":
        """The same with the months that were taken where none were chosen."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        for name, month in (("tu", start), ("den", end)):
            if not data.get(name):
                data[name] = months.label(month)
        self.data = data
        return self
