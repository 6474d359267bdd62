"""Fields of the forms about payees and accounts."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from batosocial.lib import clock
from batosocial.lib.national_id import check_cccd
from batosocial.lib.text import clean, half_width, holder_key
from batosocial.web.forms import DayInput

#: Relations of the customer's lists (rules.md 7); another is typed.
RELATIONS = ("Cha", "Mẹ", "Con", "Vợ", "Chồng", "Người giám hộ", "Người được ủy quyền")

_NAME = re.compile(r"(?=.*[^\W\d_])[^\W\d_]+(?:[ '’\-.]+[^\W\d_]+)*[.]?")
_PHONE = re.compile(r"\+?\d{8,14}", re.ASCII)

DAY_ERROR = {"invalid": "Hãy ghi ngày theo dạng 22/07/2024."}


class PersonNameField(forms.CharField):
    """A name in any language of the district: letters, blanks, ' - and dots (rules.md 9.5)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=150, **options)

    def clean(self, value: Any) -> str:
        name = clean(super().clean(value))
        if name and not _NAME.fullmatch(name):
            raise ValidationError("Họ tên chỉ gồm chữ, khoảng trắng và các dấu ' - . ; hãy ghi lại.")
        return name


class PayeeCccdField(forms.CharField):
    """Twelve digits of a payee; what is only doubtful is said by the cautions."""

    def __init__(self, **options: Any) -> None:
        attrs = {"inputmode": "numeric", "autocomplete": "off"}
        options.setdefault("help_text", "12 chữ số trên thẻ.")
        super().__init__(label="Số CCCD", required=False, widget=forms.TextInput(attrs=attrs), **options)

    def clean(self, value: Any) -> str:
        check = check_cccd(super().clean(value))
        for problem in check.problems:
            if problem.severity == "error":
                raise ValidationError(problem.message_vi)
        return check.number


class PhoneField(forms.CharField):
    def __init__(self) -> None:
        widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"})
        super().__init__(label="Điện thoại", required=False, widget=widget, help_text="Không bắt buộc.")

    def clean(self, value: Any) -> str:
        phone = re.sub(r"[\s.\-()]", "", half_width(clean(super().clean(value))))
        if phone and not _PHONE.fullmatch(phone):
            raise ValidationError("Số điện thoại chỉ gồm 8 đến 14 chữ số; hãy ghi lại.")
        return phone


class DayField(forms.DateField):
    """A day of the past, or of any time: papers are dated before today and may run out after it."""

    def __init__(self, label: str, *, past: bool = False, help_text: str = "") -> None:
        self.past = past
        super().__init__(label=label, required=False, widget=DayInput(), help_text=help_text, error_messages=DAY_ERROR)

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day and self.past and day > clock.today():
            raise ValidationError("Ngày này ở sau hôm nay; hãy ghi lại.")
        return day


class RelationField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label="Quan hệ với người hưởng",
            max_length=60,
            required=False,
            widget=forms.TextInput(attrs={"list": "cac-quan-he", "autocomplete": "off"}),
            help_text="Chọn hoặc ghi khác, ví dụ Bà nội.",
        )

    def clean(self, value: Any) -> str:
        return clean(super().clean(value))


class HolderField(forms.CharField):
    """An account holder's name, kept as banks store it: capitals without accents."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label="Tên chủ tài khoản",
            max_length=150,
            widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
            help_text="Như ngân hàng ghi: chữ hoa không dấu.",
            **options,
        )

    def clean(self, value: Any) -> str:
        written = clean(super().clean(value))
        if written and not _NAME.fullmatch(written):
            raise ValidationError("Tên chủ tài khoản chỉ gồm chữ; hãy ghi như ngân hàng ghi.")
        return holder_key(written)


def check_paper(form: forms.Form, cleaned: dict[str, Any]) -> None:
    """A paper does not run out before it was made. Nothing is said of how long one may be valid."""
    made, until = cleaned.get("ngay_giay"), cleaned.get("hieu_luc_den")
    if made and until and until < made:
        form.add_error("hieu_luc_den", "Ngày hết giá trị ở trước ngày giấy tờ; hãy ghi lại.")
