"""The form by which somebody's payee and account, or the reason for cash, are entered."""

import uuid
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from batosocial.lib.account_number import parse_account_number
from batosocial.lib.national_id import check_cccd
from batosocial.lib.text import clean, holder_key
from batosocial.staff.models import User
from batosocial.web import once
from batosocial.web.forms import MonthField
from beneficiaries.models import Payee, PayoutRoute, Person, Policy, Provider
from beneficiaries.months import first_open_month
from beneficiaries.payout.cautions import Cautions, find_cautions
from beneficiaries.payout.entering import NAMELESS, NewAccount, NewPayee, Plan, policies_of, waiting_routes_of
from beneficiaries.payout.fields import (
    DayField,
    HolderField,
    PayeeCccdField,
    PersonNameField,
    PhoneField,
    RelationField,
    check_paper,
)
from beneficiaries.providers import ProviderNames

OWN, GUARDIAN, AUTHORISED = Payee.Kind.OWN, Payee.Kind.GUARDIAN, Payee.Kind.AUTHORISED
ACCOUNT, CASH = "tai-khoan", "tien-mat"


class HolderRadio(forms.RadioSelect):
    """Radio buttons that know the name a bank would have for each choice; the page fills it in."""

    holders: dict[str, str] = {}

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **options)
        if str(value) in self.holders:
            option["attrs"]["data-holder"] = self.holders[str(value)]
        return option


class RouteForm(forms.Form):
    """What is typed is one ``plan``; ``cautions`` stand beside their fields until they are ticked as seen."""

    chinh_sach = forms.MultipleChoiceField(
        label="Cho chế độ nào",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Hãy chọn ít nhất một chính sách."},
    )
    tu_thang = MonthField(label="Dùng từ tháng")
    nguoi_nhan = forms.ChoiceField(
        label="Ai nhận tiền", widget=HolderRadio, error_messages={"required": "Hãy chọn người nhận."}
    )
    ho_ten = PersonNameField(label="Họ và tên", required=False, help_text="Như trên giấy tờ.")
    cccd = PayeeCccdField()
    quan_he = RelationField()
    dien_thoai = PhoneField()
    so_giay = forms.CharField(label="Số giấy tờ", max_length=60, required=False)
    ngay_giay = DayField("Ngày giấy tờ", past=True)
    hieu_luc_den = DayField("Có giá trị đến", help_text="Để trống nếu giấy không ghi thời hạn.")
    hinh_thuc = forms.ChoiceField(
        label="Nhận bằng cách nào",
        choices=[(ACCOUNT, "Qua tài khoản"), (CASH, "Tiền mặt")],
        widget=forms.RadioSelect,
        initial=ACCOUNT,
    )
    ngan_hang = forms.CharField(
        label="Ngân hàng, ví",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"list": "cac-ngan-hang", "autocomplete": "off"}),
        help_text="Gõ tên ngắn rồi chọn, ví dụ Agribank.",
    )
    so_tk = forms.CharField(
        label="Số tài khoản",
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text="6 đến 19 chữ số, cách quãng cũng được.",
    )
    ten_chu = HolderField(required=False)
    mo_ngay = DayField("Mở ngày", past=True, help_text="Không bắt buộc.")
    ly_do_tien_mat = forms.ChoiceField(
        label="Vì sao chưa có tài khoản",
        required=False,
        choices=[("", "Chọn lý do"), *PayoutRoute.CashReason.choices],
    )
    token = once.TokenField()

    def __init__(self, *args: Any, person: Person, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person, self.user = person, user
        self.cautions = Cautions()
        self.plan: Plan | None = None
        self.waiting: list[PayoutRoute] = []
        self.policies = policies_of(person)
        self.payees = {str(payee.pk): payee for payee in person.payees.exclude(kind=OWN).order_by("pk")}
        self.providers = list(Provider.objects.order_by("short_name"))
        self._choose_policies()
        self._choose_payees()

    def _choose_policies(self) -> None:
        field = cast(forms.MultipleChoiceField, self.fields["chinh_sach"])
        field.choices = [(policy, Policy(policy).label) for policy in self.policies]
        field.initial = self.policies
        if self.policies:
            self.fields["tu_thang"].initial = max(first_open_month(policy) for policy in self.policies)

    def _choose_payees(self) -> None:
        person = self.person
        field = cast(forms.ChoiceField, self.fields["nguoi_nhan"])
        known = [(pk, _payee_label(payee)) for pk, payee in self.payees.items()]
        field.choices = [
            (OWN, f"Chính chủ: {person.name}"),
            *known,
            (GUARDIAN, "Người giám hộ, ghi mới"),
            (AUTHORISED, "Người được ủy quyền, ghi mới"),
        ]
        field.initial = OWN
        own = holder_key(person.card_name or person.name)
        self.fields["ten_chu"].initial = own
        widget = cast(HolderRadio, field.widget)
        widget.holders = {OWN: own, **{pk: holder_key(payee.name) for pk, payee in self.payees.items() if payee.name}}

    @property
    def sent_token(self) -> uuid.UUID | None:
        """The token of a form that arrived, valid or not in its other fields."""
        try:
            return cast(uuid.UUID, self.fields["token"].clean(self["token"].data))
        except ValidationError:
            return None

    def clean_chinh_sach(self) -> tuple[str, ...]:
        chosen = self.cleaned_data["chinh_sach"]
        return tuple(policy for policy in self.policies if policy in chosen)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.policies:
            raise ValidationError("Người này chưa có chế độ nào để nhận tiền.")
        payee = self._clean_payee(cleaned)
        account = self._clean_account(cleaned) if cleaned.get("hinh_thuc") == ACCOUNT else None
        if cleaned.get("hinh_thuc") == CASH and not cleaned.get("ly_do_tien_mat"):
            self.add_error("ly_do_tien_mat", "Hãy chọn vì sao chưa nhận qua tài khoản.")
        if self.errors:
            return cleaned
        self.plan = Plan(
            policies=cleaned["chinh_sach"],
            first_month=cleaned["tu_thang"],
            payee=payee,
            account=account,
            cash_reason="" if account else cleaned["ly_do_tien_mat"],
        )
        self._look_twice(self.plan)
        return cleaned

    def _look_twice(self, plan: Plan) -> None:
        self.waiting = waiting_routes_of(self.person, plan.policies)
        self.cautions = find_cautions(user=self.user, person=self.person, plan=plan, waiting=self.waiting)
        if isinstance(plan.payee, NewPayee):
            for problem in check_cccd(self.data.get("cccd", "")).problems:
                if problem.code == "repaired":
                    self.cautions.say("cccd", problem.message_vi)
        self._describe_cautions()
        if self.cautions and self.data.get("da_xem") != self.cautions.digest:
            self.add_error(None, "Chưa ghi vào sổ. Hãy xem các điều cần chú ý, đánh dấu đã đối chiếu rồi gửi lại.")

    def _describe_cautions(self) -> None:
        """Let a screen reader say a field's cautions with the field."""
        for name, texts in self.cautions.by_field.items():
            bound = self[name]
            ids = [f"{bound.auto_id}_helptext"] if bound.help_text else []
            ids += [f"{bound.auto_id}_caution_{number}" for number in range(1, len(texts) + 1)]
            self.fields[name].widget.attrs["aria-describedby"] = " ".join(ids)

    def _clean_payee(self, cleaned: dict[str, Any]) -> Payee | NewPayee | None:
        chosen = cleaned.get("nguoi_nhan", "")
        if chosen in self.payees:
            if not self.payees[chosen].name:
                self.add_error("nguoi_nhan", NAMELESS)
            return self.payees[chosen]
        if chosen not in (GUARDIAN, AUTHORISED):
            return None
        if not cleaned.get("ho_ten") and "ho_ten" not in self.errors:
            self.add_error("ho_ten", "Hãy ghi họ và tên người nhận.")
        if not cleaned.get("quan_he") and "quan_he" not in self.errors:
            self.add_error("quan_he", "Hãy ghi quan hệ với người hưởng.")
        if chosen == AUTHORISED:
            for name, what in (("so_giay", "số giấy ủy quyền"), ("ngay_giay", "ngày của giấy ủy quyền")):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, f"Hãy ghi {what}.")
        check_paper(self, cleaned)
        self._check_cccd_is_another(cleaned.get("cccd", ""))
        return NewPayee(
            kind=chosen,
            name=cleaned.get("ho_ten", ""),
            relation=cleaned.get("quan_he", ""),
            cccd=cleaned.get("cccd", ""),
            phone=cleaned.get("dien_thoai", ""),
            paper_number=clean(cleaned.get("so_giay", "")),
            paper_date=cleaned.get("ngay_giay"),
            paper_valid_until=cleaned.get("hieu_luc_den"),
        )

    def _check_cccd_is_another(self, cccd: str) -> None:
        if not cccd:
            return
        if cccd == self.person.cccd:
            self.add_error("cccd", "Đây là số CCCD của chính người hưởng; nếu tự nhận thì hãy chọn Chính chủ.")
        for payee in self.payees.values():
            if payee.cccd == cccd:
                self.add_error("cccd", f"Số này là của {payee.name or 'người nhận'} đã có ở trên; hãy chọn người ấy.")
                break

    def _clean_account(self, cleaned: dict[str, Any]) -> NewAccount | None:
        written, number = clean(cleaned.get("ngan_hang", "")), ""
        names = ProviderNames.of(self.providers)
        provider = names.find(written) if written else None
        if provider is None and "ngan_hang" not in self.errors:
            self.add_error("ngan_hang", _unknown_provider(written, names))
        try:
            number = parse_account_number(cleaned.get("so_tk", ""))
            if not number:
                self.add_error("so_tk", "Hãy ghi số tài khoản.")
        except ValueError as error:
            self.add_error("so_tk", str(error))
        if provider is None or not number:
            return None
        return NewAccount(provider, number, cleaned.get("ten_chu", ""), cleaned.get("mo_ngay"))


def _payee_label(payee: Payee) -> str:
    label = f"{payee.get_kind_display()}: {payee.name or 'chưa rõ họ tên'}"
    return f"{label} ({payee.relation})" if payee.relation else label


def _unknown_provider(written: str, names: ProviderNames) -> str:
    if not written:
        return "Hãy ghi ngân hàng hoặc ví giữ tài khoản."
    near = names.like(written)
    if near:
        return f"Chưa rõ ngân hàng “{written}”. Có phải: {', '.join(near)}? Hãy ghi đúng tên ngắn."
    return f"Không có ngân hàng, ví nào tên “{written}” trong bảng; hãy chọn trong danh sách."
