"""Forms of the letter: a template of the district's own, a signed copy, and taking one back."""

import datetime
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings

from batosocial.lib import months
from batosocial.lib.text import clean
from batosocial.web import once
from batosocial.web.forms import DayInput
from beneficiaries.attachments.checking import ENDINGS, FileRefused, check_file
from reporting.letter.package import MAX_BYTES


class _File(forms.FileField):
    """One file, read at once, at most ``limit`` bytes and one more."""

    def __init__(self, *, endings: Sequence[str], limit: int, too_large: str, **options: Any) -> None:
        self.endings, self.limit, self.too_large = endings, limit, too_large
        super().__init__(**options)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {
            **super().widget_attrs(widget),
            "accept": ",".join(self.endings),
            "data-max-bytes": self.limit,
            "data-too-large": self.too_large,
        }

    def clean(self, data: Any, initial: Any = None) -> tuple[str, bytes]:
        file = super().clean(data, initial)
        return str(file.name or ""), file.read(self.limit + 1)


class MonthField(forms.CharField):
    """A month as people write it, "7/2024"."""

    def __init__(self, **options: Any) -> None:
        options.setdefault(
            "widget", forms.TextInput(attrs={"autocomplete": "off", "size": 10, "placeholder": "7/2024"})
        )
        super().__init__(**options)

    def clean(self, value: Any) -> datetime.date:
        try:
            return months.parse(super().clean(value))
        except ValueError as error:
            if isinstance(error, forms.ValidationError):
                raise
            raise forms.ValidationError(str(error)) from error


class TemplateForm(forms.Form):
    token = once.TokenField()
    file = _File(
        label="Tệp mẫu",
        endings=(".docx",),
        limit=MAX_BYTES,
        too_large="Hãy bỏ hình ảnh lớn trong mẫu.",
        help_text=f"Tệp Word .docx, tối đa {MAX_BYTES // 1024**2} MB. Mẫu được thử ngay với số liệu tháng dưới đây.",
        error_messages={"required": "Hãy chọn tệp mẫu .docx.", "empty": "Tệp trống. Hãy chọn lại tệp."},
    )
    from_month = MonthField(
        label="Áp dụng từ tháng", help_text="Công văn của các tháng trước giữ mẫu của chúng.",
        error_messages={"required": "Hãy ghi tháng, ví dụ 7/2024."},
    )  # fmt: skip
    note = forms.CharField(
        label="Ghi chú", required=False, max_length=200, help_text="Đã sửa gì, ví dụ: thay Kế hoạch năm 2025."
    )

    def clean_note(self) -> str:
        return clean(self.cleaned_data["note"])

    def refuse(self, problems: Sequence[str]) -> None:
        for problem in problems:
            self.add_error("file", problem)


class SignedForm(forms.Form):
    token = once.TokenField()
    letter = forms.ChoiceField(label="Lập từ bản", help_text="Bản công văn đã tải về để in và trình ký.")
    number = forms.CharField(
        label="Số, ký hiệu", max_length=50, widget=forms.TextInput(attrs={"autocomplete": "off", "size": 24}),
        help_text="Như trên công văn, ví dụ 123/UBND-LĐTBXH.",
        error_messages={"required": "Hãy ghi số và ký hiệu trên công văn, ví dụ 123/UBND-LĐTBXH."},
    )  # fmt: skip
    signed_on = forms.DateField(
        label="Ngày ký", widget=DayInput,
        error_messages=dict.fromkeys(("required", "invalid"), "Hãy ghi ngày trên công văn, ví dụ 22/07/2024."),
    )  # fmt: skip
    signer = forms.CharField(label="Người ký", max_length=150, error_messages={"required": "Hãy ghi họ tên người ký."})
    file = _File(
        label="Bản đã ký",
        endings=ENDINGS,
        limit=settings.EVIDENCE_MAX_BYTES,
        too_large="Hãy quét ở độ phân giải thấp hơn.",
        help_text=f"Bản quét PDF, JPEG hoặc PNG, tối đa {settings.EVIDENCE_MAX_BYTES // 1024**2} MB.",
        error_messages={"required": "Hãy chọn bản quét đã ký.", "empty": "Tệp trống. Hãy chọn lại tệp."},
    )

    def __init__(self, *args: Any, letters: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["letter"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        field.choices = list(letters)

    def clean_file(self) -> tuple[str, bytes]:
        name, content = self.cleaned_data["file"]
        try:
            check_file(name, content)
        except FileRefused as why:
            raise forms.ValidationError(str(why)) from why
        return name, content

    def refuse(self, errors: dict[str, str]) -> None:
        for name, message in errors.items():
            self.add_error(name if name in self.fields else None, message)


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label="Lý do rút", max_length=300, error_messages={"required": "Hãy ghi lý do rút, ví dụ: quét nhầm trang."}
    )
