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

_NEVER = datetime.date.max
EVERY_COMMUNE = "Tất cả các xã"
_HOLDING = (Status.RECEIVING, Status.SUSPENDED, Status.STOPPED)
#: Any of the ages at which something changes.
ANY_AGE = "moc"


def choices_with_all(choices: Any, everything: str) -> list[tuple[str, Any]]:
    return [("", everything), *choices]


class CommuneFilter(forms.Form):
    """A filter by commune for those who see several."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        #: All that the user's district has or had; empty for a user of one commune.
        self.communes: list[Unit] = []
        field = self.fields["xa"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        if user.in_district:
            field.queryset = Unit.objects.current().communes().filter(parent=user.unit_id)
            self.communes = list(Unit.objects.of_upper(user.unit_id or 0).communes())
            today = clock.today()
            current = [unit for unit in self.communes if unit.valid_from <= today < (unit.valid_to or _NEVER)]
            # Read once, for the choices, too.
            field.choices = choices_with_all([(unit.code, str(unit)) for unit in current], EVERY_COMMUNE)
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

    #: Fields that stand behind "Lọc thêm"; what they narrow the list by stands above it in words.
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
    def catalogue(self) -> dict[int, Category]:
        """Every category by its id, by policy and code."""
        rows = Category.objects.order_by("policy", "code").only("policy", "regime", "code", "name", "confidential")
        return {row.pk: row for row in rows}

    @property
    def units(self) -> dict[int, Unit]:
        """The communes whose people the user sees, by their ids."""
        own = [self.user.unit] if self.user.unit else []
        return {unit.pk: unit for unit in self.communes or own}

    @cached_property
    def _categories(self) -> list[tuple[str, Any]]:
        """Monthly categories by policy, of the chosen one or of both; a confidential one only for whoever may know."""
        policy = self.data.get("chinh_sach", "")
        groups: dict[str, list[tuple[str, str]]] = {}
        for row in self.catalogue.values():
            if row.regime == Category.Regime.ONE_OFF or (policy in Policy.values and row.policy != policy):
                continue
            if not row.confidential or may_see(self.user):
                options = groups.setdefault(Policy(row.policy).label, [])
                options.append((row.code, f"{row.code} {shortened(row.name, 50)}"))
        return list(groups.items())

    def _ids(self, *, monthly: bool) -> list[int] | None:
        """The categories of the chosen category or policy; None without a choice."""
        policy, category = self.policy, self.cleaned_data["doi_tuong"] if self.is_valid() else ""
        if not policy and not category:
            return None
        return [
            row.pk
            for row in self.catalogue.values()
            if (row.code == category if category else row.policy == policy)
            and not (monthly and row.regime == Category.Regime.ONE_OFF)
        ]

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

    @cached_property
    def categories(self) -> list[int] | None:
        """The ids of the monthly categories by which statuses are told; None: all."""
        return self._ids(monthly=True)

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
    def dependent_fields(self) -> list[forms.BoundField]:
        """Those whose choices follow from what is chosen in others."""
        return [self["doi_tuong"], self["tuoi"]]

    @property
    def more_used(self) -> int:
        return sum(bool(self.data.get(name)) for name in self.MORE)

    @property
    def has_more_errors(self) -> bool:
        return any(name in self.errors for name in self.MORE)

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
        policy, categories = chosen["chinh_sach"], self.categories
        if chosen.get("xa"):
            people = people.filter(commune=chosen["xa"])
        elif self.communes:
            # No narrower than the scope, but by their ids the planner sees how many people these are.
            people = people.filter(commune__in=[unit.pk for unit in self.communes])
        held = self._ids(monthly=False)
        # Whoever is asked for by what they are or were due holds one of them anyway.
        if held is not None and chosen["trang_thai"] not in _HOLDING and chosen["noi_nhan"] != Channel.NO_ACCOUNT:
            people = people.of_categories(held)
        if chosen["trang_thai"]:
            people = people.in_status(chosen["trang_thai"], month, policy, categories)
        if chosen["noi_nhan"]:
            people = people.by_channel(chosen["noi_nhan"], month, policy, categories)
        if chosen["ly_do"]:
            people = people.without_account_because(chosen["ly_do"], month, policy)
        if chosen["doi_chieu"]:
            people = people.filter(identity_status=chosen["doi_chieu"])
        if chosen["tuoi"] and self.age_rule:
            asked = self.age_rule.ages if chosen["tuoi"] == ANY_AGE else [int(chosen["tuoi"])]
            people = people.filter(ages.reaching(self.age_rule, month, asked), died_on__isnull=True)
        return people


def _said(field: forms.BoundField, value: Any) -> str:
    if isinstance(value, datetime.date):
        return months.title(value)
    if isinstance(value, Unit):
        return str(value)
    choices: Any = field.field.choices  # type: ignore[attr-defined]
    return str(dict(flatten_choices(choices))[value])
