"""Filters of the lists of waiting routes and of papers; corrections of payees and accounts."""

from typing import Any

from django import forms

from batosocial.lib.text import clean
from batosocial.staff.models import User
from beneficiaries.forms import CommuneFilter, choices_with_all, commune_field
from beneficiaries.models import Account, Payee, PayoutRoute, Policy
from beneficiaries.models.payee import PayeeQuerySet
from beneficiaries.payout.fields import (
    DayField,
    HolderField,
    PayeeCccdField,
    PersonNameField,
    PhoneField,
    RelationField,
    check_paper,
)
from beneficiaries.payout.papers import When, running_out


class RouteFilter(CommuneFilter):
    """Routes that wait for a confirmation."""

    #: A source that stands for "entered by hand".
    BY_HAND = "-"

    chinh_sach = forms.ChoiceField(
        label="Chính sách", required=False, choices=choices_with_all(Policy.choices, "Cả hai chính sách")
    )
    xa = commune_field()
    nguon = forms.ChoiceField(label="Nguồn", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        waiting = PayoutRoute.objects.visible_to(user).waiting().order_by("source").distinct()
        sources = [
            (source or self.BY_HAND, source or "Nhập trên cổng") for source in waiting.values_list("source", flat=True)
        ]
        field = self.fields["nguon"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = choices_with_all(sources, "Mọi nguồn")

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def apply(self, routes: Any) -> Any:
        """The routes that fit; none where the filter itself is wrong."""
        if not self.is_valid():
            return routes.none()
        chosen = self.cleaned_data
        if chosen["chinh_sach"]:
            routes = routes.filter(policy=chosen["chinh_sach"])
        if chosen.get("xa"):
            routes = routes.filter(person__commune=chosen["xa"])
        if chosen["nguon"]:
            routes = routes.filter(source="" if chosen["nguon"] == self.BY_HAND else chosen["nguon"])
        return routes


class RejectionForm(forms.Form):
    # It shares its <form> with the button that confirms, which needs no reason.
    use_required_attribute = False

    ly_do_tu_choi = forms.CharField(
        label="Lý do không xác nhận",
        max_length=300,
        error_messages={"required": "Hãy ghi lý do, để người nhập biết phải sửa gì."},
    )


class PaperFilter(CommuneFilter):
    """Papers that have run out or are about to."""

    xa = commune_field()
    khi_nao = forms.ChoiceField(
        label="Thời hạn", required=False, choices=choices_with_all(When.choices, "Đã hết và sắp hết hạn")
    )

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def apply(self) -> PayeeQuerySet:
        """The payees that fit; none where the filter itself is wrong."""
        if not self.is_valid():
            return Payee.objects.none()
        payees = running_out(self.user, self.cleaned_data["khi_nao"])
        if self.cleaned_data.get("xa"):
            payees = payees.filter(person__commune=self.cleaned_data["xa"])
        return payees


class ReasonForm(forms.Form):
    """Why a route is taken back, by whoever entered it or by whoever confirms."""

    ly_do = forms.CharField(
        label="Lý do", max_length=250, error_messages={"required": "Hãy ghi lý do để người khác hiểu."}
    )


class PayeeForm(forms.Form):
    """A guardian or authorised person: their name, how to reach them, and the paper."""

    ho_ten = PersonNameField(
        label="Họ và tên", help_text="Như trên giấy tờ.", error_messages={"required": "Hãy ghi họ và tên người nhận."}
    )
    cccd = PayeeCccdField()
    quan_he = RelationField()
    dien_thoai = PhoneField()
    so_giay = forms.CharField(label="Số giấy tờ", max_length=60, required=False)
    ngay_giay = DayField("Ngày giấy tờ", past=True)
    hieu_luc_den = DayField("Có giá trị đến", help_text="Để trống nếu giấy không ghi thời hạn.")
    ly_do = forms.CharField(
        label="Lý do đính chính",
        max_length=250,
        required=False,
        help_text="Cần khi sửa họ tên, số CCCD hoặc quan hệ đã ghi; gia hạn giấy tờ thì không cần.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    #: Field of the form → field of the payee.
    COLUMNS = {
        "ho_ten": "name",
        "cccd": "cccd",
        "quan_he": "relation",
        "dien_thoai": "phone",
        "so_giay": "paper_number",
        "ngay_giay": "paper_date",
        "hieu_luc_den": "paper_valid_until",
    }

    def __init__(self, *args: Any, payee: Payee, **kwargs: Any) -> None:
        self.payee = payee
        initial = {name: getattr(payee, column) for name, column in self.COLUMNS.items() if name != "cccd"}
        super().__init__(*args, **{"initial": initial | {"version": payee.version}, **kwargs})
        if payee.cccd:
            self.fields["cccd"].help_text = f"Đang ghi •••• {payee.cccd[-4:]}. Để trống thì giữ nguyên."

    def clean_cccd(self) -> str:
        return str(self.cleaned_data["cccd"] or self.payee.cccd)

    def clean_so_giay(self) -> str:
        return clean(self.cleaned_data["so_giay"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        check_paper(self, cleaned)
        if self.payee.kind == Payee.Kind.AUTHORISED and self.payee.paper_number and not cleaned.get("so_giay"):
            self.add_error("so_giay", "Hãy ghi số giấy ủy quyền.")
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        """By the payee's fields."""
        return {column: self.cleaned_data[name] for name, column in self.COLUMNS.items()}


class AccountForm(forms.Form):
    """What may be corrected of an account that is in use."""

    ten_chu = HolderField(error_messages={"required": "Hãy ghi tên chủ tài khoản."})
    mo_ngay = DayField("Mở ngày", past=True)
    ly_do = forms.CharField(
        label="Lý do đính chính", max_length=250, error_messages={"required": "Hãy ghi lý do đính chính."}
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        initial = {"ten_chu": account.holder_name, "mo_ngay": account.opened_on, "version": account.version}
        super().__init__(*args, **{"initial": initial, **kwargs})

    @property
    def values(self) -> dict[str, Any]:
        return {"holder_name": self.cleaned_data["ten_chu"], "opened_on": self.cleaned_data["mo_ngay"]}
