"""Filters of the register's lists."""

import datetime
from typing import Any

from django import forms

from batosocial.lib import clock, months
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from batosocial.web.forms import MonthField
from beneficiaries import drilldown
from beneficiaries.models import PayoutRoute, Person, Policy
from beneficiaries.models.person import PersonQuerySet
from beneficiaries.querysets import Channel, Status


def choices_with_all(choices: Any, everything: str) -> list[tuple[str, str]]:
    return [("", everything), *choices]


class CommuneFilter(forms.Form):
    """A filter by commune for those who see several."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        communes = self.fields["xa"]
        assert isinstance(communes, forms.ModelChoiceField)  # noqa: S101
        if user.in_district:
            communes.queryset = Unit.objects.current().communes().filter(parent=user.unit_id)
        else:
            del self.fields["xa"]


def commune_field() -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        Unit.objects.none(), to_field_name="code", required=False, label="Xã, thị trấn", empty_label="Tất cả các xã"
    )


class PeopleFilter(CommuneFilter):
    """The list of people; the names of its fields are those of the URL, which other pages link to."""

    tim = forms.CharField(
        label="Tìm",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Tên, CCCD, số tài khoản, thôn…"}),
    )
    chinh_sach = forms.ChoiceField(
        label="Chính sách", required=False, choices=choices_with_all(Policy.choices, "Cả hai chính sách")
    )
    trang_thai = forms.ChoiceField(
        label="Trạng thái", required=False, choices=choices_with_all(Status.choices, "Mọi trạng thái")
    )
    xa = commune_field()
    noi_nhan = forms.ChoiceField(
        label="Hình thức nhận", required=False, choices=choices_with_all(Channel.choices, "Mọi hình thức")
    )
    ly_do = forms.ChoiceField(
        label="Vì sao chưa có tài khoản",
        required=False,
        choices=choices_with_all(PayoutRoute.CashReason.choices, "Mọi lý do"),
    )
    doi_chieu = forms.ChoiceField(
        label="Đối chiếu dân cư", required=False, choices=choices_with_all(Person.IdentityStatus.choices, "Tất cả")
    )
    thang = MonthField(label="Theo tháng", required=False)
    tap = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    #: Fields that stand behind "Lọc thêm" until one of them is used.
    MORE = ("noi_nhan", "ly_do", "doi_chieu", "thang")

    def clean_tap(self) -> drilldown.PeopleSet | None:
        reference = self.cleaned_data["tap"]
        if not reference:
            return None
        found = drilldown.find(self.user, reference)
        if found is None:
            raise forms.ValidationError("Đường dẫn lọc này không còn dùng được. Hãy bỏ lọc rồi tìm lại.")
        return found

    @property
    def month(self) -> datetime.date:
        """The month by which statuses and routes are told; without a choice, the current one."""
        chosen = self.cleaned_data.get("thang") if self.is_valid() else None
        return chosen or months.first(clock.today())

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name not in self.MORE]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MORE]

    @property
    def uses_more(self) -> bool:
        return any(self.data.get(name) for name in self.MORE)

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def apply(self, people: PersonQuerySet) -> PersonQuerySet:
        """The people that fit, in order; nobody where the filter itself is wrong."""
        if not self.is_valid():
            return people.none()
        chosen, month = self.cleaned_data, self.month
        policy = chosen["chinh_sach"]
        if chosen["tap"] is not None:
            people = people.filter(pk__in=chosen["tap"].people)
        if chosen.get("xa"):
            people = people.filter(commune=chosen["xa"])
        if policy:
            people = people.of_policy(policy)
        if chosen["trang_thai"]:
            people = people.in_status(chosen["trang_thai"], month, policy)
        if chosen["noi_nhan"]:
            people = people.by_channel(chosen["noi_nhan"], month, policy)
        if chosen["ly_do"]:
            people = people.without_account_because(chosen["ly_do"], month, policy)
        if chosen["doi_chieu"]:
            people = people.filter(identity_status=chosen["doi_chieu"])
        return people.matching(chosen["tim"])
