"""People of a campaign: who may be named, what is said of them, and how far they are."""

from typing import Any

from django import forms

from batosocial.coordination.campaigns.counting import Step, at_step, with_progress
from batosocial.coordination.campaigns.naming import AS_REGISTERED, Said
from batosocial.coordination.models import Campaign, CampaignPerson
from batosocial.lib import clock
from batosocial.lib.text import clean
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.forms import CommuneFilter, choices_with_all, commune_field
from beneficiaries.models import Payee, PayoutRoute, Person, Policy
from beneficiaries.payout.fields import DayField, PayeeCccdField, PersonNameField, PhoneField


class CandidateFilter(forms.Form):
    """People of the commune without an account."""

    tim = forms.CharField(
        label="Tìm",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Tên, CCCD, thôn…"}),
    )
    chinh_sach = forms.ChoiceField(
        label="Chính sách", required=False, choices=choices_with_all(Policy.choices, "Cả hai chính sách")
    )
    ly_do = forms.ChoiceField(
        label="Vì sao chưa có tài khoản",
        required=False,
        choices=choices_with_all(PayoutRoute.CashReason.choices, "Mọi lý do"),
    )
    thon = forms.ChoiceField(label="Thôn, tổ", required=False)

    def __init__(self, *args: Any, campaign: Campaign, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.campaign = campaign
        hamlets = people.order_by().exclude(hamlet="").values_list("hamlet", flat=True).distinct()
        field = self.fields["thon"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = choices_with_all([(name, name) for name in sorted(hamlets)], "Mọi thôn, tổ")

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def apply(self, people: Any) -> Any:
        if not self.is_valid():
            return people.none()
        chosen = self.cleaned_data
        if chosen["tim"]:
            found = Person.objects.matching(chosen["tim"]).order_by()
            people = people.filter(pk__in=found.values("pk"))
        if chosen["chinh_sach"]:
            people = people.by_channel("no_account", self.campaign.month, chosen["chinh_sach"])
        if chosen["ly_do"]:
            people = people.without_account_because(chosen["ly_do"], self.campaign.month, chosen["chinh_sach"])
        if chosen["thon"]:
            people = people.filter(hamlet=chosen["thon"])
        return people


_OPENERS = [(AS_REGISTERED, "Như người đang nhận tiền trong sổ"), *Payee.Kind.choices]


class NamedFields(forms.Form):
    """What is said of somebody who is ready."""

    nguoi_mo = forms.ChoiceField(label="Ai mở tài khoản", choices=_OPENERS, initial=AS_REGISTERED)
    ho_ten = PersonNameField(
        label="Họ tên người mở thay", required=False, help_text="Khi người giám hộ, người được ủy quyền mở."
    )
    cccd = PayeeCccdField()
    dien_thoai = PhoneField()
    den_nha = forms.BooleanField(label="Cần đến nhà mở", required=False)
    den_dau = forms.CharField(
        label="Đến đâu",
        max_length=200,
        required=False,
        help_text="Đường vào nhà, ai dẫn; chỉ ghi khi cần đến nhà.",
    )
    ghi_chu = forms.CharField(label="Ghi chú", max_length=300, required=False)
    dong_y_ngay = DayField("Đồng ý mở ngày", past=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cccd"].label = "Số CCCD người mở thay"
        self.fields["dong_y_ngay"].required = True
        self.fields["dong_y_ngay"].error_messages["required"] = "Hãy ghi ngày người hưởng đồng ý mở tài khoản."
        self.initial.setdefault("dong_y_ngay", clock.today())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("den_dau") and not cleaned.get("den_nha"):
            self.add_error("den_nha", "Đã ghi đến đâu: hãy đánh dấu ô này, hoặc xóa nơi đến.")
        return cleaned


class ReadyForm(NamedFields):
    """The same for everybody ticked."""

    dong_y = forms.BooleanField(
        label="Người hưởng (hoặc người mở thay) đã đồng ý mở tài khoản và đồng ý gửi thông tin cho tổ chức mở",
        error_messages={"required": "Chỉ báo người đã đồng ý; hãy đánh dấu ô này."},
    )
    field_order = ["dong_y", "dong_y_ngay", "nguoi_mo", "den_nha", "den_dau", "ghi_chu", "ho_ten", "cccd", "dien_thoai"]

    #: Of one person only.
    ALONE = ("ho_ten", "cccd", "dien_thoai")

    @property
    def shared(self) -> list[Any]:
        return [field for field in self if field.name not in self.ALONE]

    @property
    def alone(self) -> list[Any]:
        return [self[name] for name in self.ALONE]

    def refuse_alone(self, count: int) -> bool:
        """Whether something was said that fits one person only while several are ticked."""
        if count > 1 and any(self.cleaned_data[name] for name in self.ALONE):
            self.add_error("ho_ten", "Họ tên, CCCD, điện thoại chỉ ghi khi báo một người; hãy chọn riêng người đó.")
            return True
        return False

    @property
    def said(self) -> Said:
        data = self.cleaned_data
        return Said(
            agreed_on=data["dong_y_ngay"],
            opener=data["nguoi_mo"],
            opener_name=data["ho_ten"],
            opener_cccd=data["cccd"],
            phone=data["dien_thoai"],
            home_visit=data["den_nha"],
            home_place=clean(data["den_dau"]),
            note=clean(data["ghi_chu"]),
        )


class NamedForm(NamedFields):
    """Correcting one person."""

    def __init__(self, *args: Any, row: CampaignPerson, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "nguoi_mo": row.opener,
            "ho_ten": row.opener_name,
            "cccd": row.opener_cccd,
            "dien_thoai": row.phone,
            "den_nha": row.home_visit,
            "den_dau": row.home_place,
            "ghi_chu": row.note,
            "dong_y_ngay": row.agreed_on,
        }
        super().__init__(*args, **kwargs)
        field = self.fields["nguoi_mo"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = Payee.Kind.choices

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("nguoi_mo") not in (None, Payee.Kind.OWN) and not cleaned.get("ho_ten"):
            self.add_error("ho_ten", "Hãy ghi họ tên người mở thay.")
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        own = data["nguoi_mo"] == Payee.Kind.OWN
        return {
            "opener": data["nguoi_mo"],
            "opener_name": "" if own else data["ho_ten"],
            "opener_cccd": "" if own else data["cccd"],
            "phone": data["dien_thoai"],
            "home_visit": data["den_nha"],
            "home_place": clean(data["den_dau"]) if data["den_nha"] else "",
            "note": clean(data["ghi_chu"]),
            "agreed_on": data["dong_y_ngay"],
        }


class PeopleFilter(CommuneFilter):
    """A campaign's people by step and commune."""

    buoc = forms.ChoiceField(label="Bước", required=False, choices=choices_with_all(Step.choices, "Mọi người đã báo"))
    xa = commune_field()
    tim = forms.CharField(
        label="Tìm",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Họ và tên…"}),
    )

    def __init__(self, *args: Any, user: User, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        if not user.in_commune:
            # A payer sees the communes of the campaign, the district only these, too.
            self.fields["xa"] = commune_field()
            field = self.fields["xa"]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
            units = Unit.objects.filter(pk__in=campaign.communes.values("commune")).communes()
            field.queryset = units
            self.order_fields(["buoc", "xa", "tim"])

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    @property
    def step(self) -> str:
        return self.cleaned_data["buoc"] if self.is_valid() else ""

    def apply(self, people: Any) -> Any:
        if not self.is_valid():
            return with_progress(people.none())
        chosen = self.cleaned_data
        people = at_step(people, chosen["buoc"] or Step.READY)
        if chosen.get("xa"):
            people = people.filter(commune=chosen["xa"])
        if chosen["tim"]:
            people = people.filter(person__in=Person.objects.matching(chosen["tim"]).order_by().values("pk"))
        return people


class WithdrawForm(forms.Form):
    ly_do_rut = forms.CharField(
        label="Vì sao rút", max_length=300, error_messages={"required": "Hãy ghi vì sao rút người này."}
    )


class FailureForm(forms.Form):
    vi_sao = forms.ChoiceField(
        label="Vì sao không mở được",
        choices=choices_with_all(CampaignPerson.Failure.choices, "Chọn lý do"),
        error_messages={"required": "Hãy chọn vì sao không mở được."},
    )
    noi_ro = forms.CharField(label="Nói rõ", max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("vi_sao") == CampaignPerson.Failure.OTHER and not cleaned.get("noi_ro"):
            self.add_error("noi_ro", "Hãy nói rõ lý do khác là gì.")
        return cleaned
