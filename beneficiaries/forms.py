"""Filters of the register's lists."""

import datetime
from collections.abc import Callable
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.choices import flatten_choices

from batosocial.lib import clock, months
from batosocial.lib.text import shortened
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from batosocial.web.forms import MonthField
from beneficiaries import ages, search
from beneficiaries.confidential import may_see
from beneficiaries.models import AgeRule, Category, PayoutRoute, Person, Policy
from beneficiaries.models.person import PersonQuerySet
from beneficiaries.querysets import Channel, Status

EVERY_COMMUNE = "Tất cả các xã"
#: Any of the ages at which something changes.
ANY_AGE = "moc"


def choices_with_all(choices: Any, everything: str) -> list[tuple[str, Any]]:
    return [("", everything), *choices]


class CommuneFilter(forms.Form):
    """A filter by commune for those who see several."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        #: Those that may be chosen; empty for a user of one commune.
        self.communes: list[Unit] = []
        field = self.fields["xa"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        if user.in_district:
            field.queryset = Unit.objects.current().communes().filter(parent=user.unit_id)
            self.communes = list(field.queryset)
            # Read once, for the choices, too.
            field.choices = choices_with_all([(unit.code, str(unit)) for unit in self.communes], EVERY_COMMUNE)
        else:
            del self.fields["xa"]


def commune_field() -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        Unit.objects.none(), to_field_name="code", required=False, label="Xã, thị trấn", empty_label=EVERY_COMMUNE
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
    doi_tuong = forms.ChoiceField(label="Đối tượng", required=False)
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
    tuoi = forms.ChoiceField(label="Đến tuổi trong tháng", required=False)
    thang = MonthField(label="Theo tháng", required=False)

    #: Fields that stand behind "Lọc thêm" until one of them is used.
    MORE = ("doi_tuong", "noi_nhan", "ly_do", "doi_chieu", "tuoi", "thang")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        # Read when they are shown or checked: an export by other fields needs neither.
        self._choices_of("doi_tuong", lambda: self._categories, "Mọi đối tượng")
        self._choices_of("tuoi", lambda: self._ages, "Mọi độ tuổi")

    def _choices_of(self, name: str, choices: Callable[[], list[tuple[str, Any]]], everything: str) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = lambda: choices_with_all(choices(), everything)

    @cached_property
    def _categories(self) -> list[tuple[str, Any]]:
        return _categories(self.user, self.data.get("chinh_sach", ""))

    @cached_property
    def _ages(self) -> list[tuple[str, Any]]:
        marks = [(str(age), f"Đủ {age} tuổi") for age in (self.age_rule.ages if self.age_rule else [])]
        return [(ANY_AGE, "Đến một mốc tuổi"), *marks]

    @cached_property
    def age_rule(self) -> AgeRule | None:
        return ages.rule_of(self._month_typed() or months.first(clock.today()))

    def _month_typed(self) -> datetime.date | None:
        try:
            return months.parse(self.data.get("thang", ""))
        except ValueError:
            return None

    @property
    def month(self) -> datetime.date:
        """The month by which statuses and routes are told; without a choice, the current one."""
        chosen = self.cleaned_data.get("thang") if self.is_valid() else None
        return chosen or months.first(clock.today())

    @property
    def policy(self) -> str:
        return self.cleaned_data["chinh_sach"] if self.is_valid() else ""

    @property
    def category(self) -> str:
        return self.cleaned_data["doi_tuong"] if self.is_valid() else ""

    @property
    def text(self) -> str:
        return self.cleaned_data["tim"] if self.is_valid() else ""

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

    @property
    def used(self) -> list[str]:
        """What the list is filtered by beside the search box, in words."""
        if not self.is_valid():
            return []
        return [
            _said(self[name], self.cleaned_data[name])
            for name in self.fields
            if name != "tim" and self.cleaned_data[name]
        ]

    @property
    def ranks(self) -> list[Q]:
        """What stands in the search box, as ``search.ranks`` has it."""
        return search.ranks(self.text, self.communes or [self.user.unit])

    def apply(self, people: PersonQuerySet) -> PersonQuerySet:
        """The people that fit, in order; nobody where the filter itself is wrong."""
        return self.narrow(people).matching(self.text)

    def narrow(self, people: PersonQuerySet) -> PersonQuerySet:
        """The people that fit everything but the search box; nobody where the filter itself is wrong."""
        if not self.is_valid():
            return people.none()
        chosen, month = self.cleaned_data, self.month
        policy, category = chosen["chinh_sach"], chosen["doi_tuong"]
        if chosen.get("xa"):
            people = people.filter(commune=chosen["xa"])
        elif self.communes:
            # No narrower than the scope, but by their ids the planner sees how many people these are.
            people = people.filter(commune__in=[unit.pk for unit in self.communes])
        if category:
            people = people.of_category(category)
        elif policy:
            people = people.of_policy(policy)
        if chosen["trang_thai"]:
            people = people.in_status(chosen["trang_thai"], month, policy, category)
        if chosen["noi_nhan"]:
            people = people.by_channel(chosen["noi_nhan"], month, policy)
        if chosen["ly_do"]:
            people = people.without_account_because(chosen["ly_do"], month, policy)
        if chosen["doi_chieu"]:
            people = people.filter(identity_status=chosen["doi_chieu"])
        if chosen["tuoi"] and self.age_rule:
            asked = self.age_rule.ages if chosen["tuoi"] == ANY_AGE else [int(chosen["tuoi"])]
            people = people.filter(ages.reaching(self.age_rule, month, asked), died_on__isnull=True)
        return people


def _categories(user: User, policy: str) -> list[tuple[str, Any]]:
    """Monthly categories by policy, of the chosen one or of both; a confidential one only for whoever may know it."""
    rows = Category.objects.exclude(regime=Category.Regime.ONE_OFF).order_by("policy", "code")
    if policy in Policy.values:
        rows = rows.filter(policy=policy)
    if not may_see(user):
        rows = rows.filter(confidential=False)
    groups: dict[str, list[tuple[str, str]]] = {}
    for of, code, name in rows.values_list("policy", "code", "name"):
        groups.setdefault(Policy(of).label, []).append((code, f"{code} {shortened(name, 50)}"))
    return list(groups.items())


def _said(field: forms.BoundField, value: Any) -> str:
    if isinstance(value, datetime.date):
        return months.title(value)
    if isinstance(value, Unit):
        return str(value)
    choices: Any = field.field.choices  # type: ignore[attr-defined]
    return str(dict(flatten_choices(choices))[value])
