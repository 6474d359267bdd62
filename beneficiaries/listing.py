"""What the list of people says about those on one page: three queries and plain values, whatever the page.

A page of fifty people is asked for at every letter that somebody types, so nothing here makes more objects than it
shows, and the template finds each cell's text ready.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from batosocial.lib import months
from batosocial.lib.dates import Death
from batosocial.lib.text import shortened
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from batosocial.web.templatetags.vietnamese import masked
from beneficiaries import ages
from beneficiaries.confidential import shown_code, shown_name
from beneficiaries.models import AgeRule, Category, Entitlement, PayoutRoute, Person, Policy, Suspension
from beneficiaries.querysets import Status, status_of

STATUS_TONES = {
    Status.RECEIVING: "success",
    Status.SUSPENDED: "warning",
    Status.UPCOMING: "info",
    Status.STOPPED: "neutral",
    Status.DEAD: "neutral",
}
IDENTITY_TONES = {
    Person.IdentityStatus.UNCHECKED: "neutral",
    Person.IdentityStatus.CLEAN: "success",
    Person.IdentityStatus.DIFFERS: "danger",
    Person.IdentityStatus.MISSING: "warning",
}
#: So much of a category's name tells which it is.
_LONGEST_NAME = 45
_CASH_REASONS = dict(PayoutRoute.CashReason.choices)
_MISSING_REASONS = dict(Person.MissingReason.choices)
_SEXES = dict(Person.Sex.choices)


@dataclass(frozen=True, slots=True)
class Held:
    """A granted monthly entitlement; ``suspended`` in the month asked for."""

    category: Category
    level: int
    months: Any
    suspended: bool


@dataclass(frozen=True, slots=True)
class Route:
    """A route that is not rejected; without ``number`` it is cash."""

    policy: str
    confirmed: bool
    months: Any
    cash_reason: str
    number: str | None
    provider: str | None


@dataclass(frozen=True, slots=True)
class Benefit:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Way:
    """How the money of one policy reaches somebody."""

    label: str
    tone: str
    detail: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as the list shows them; ``ways`` only for those who are due in the month, ``age`` for those who reach
    an age in it at which something changes."""

    url: str
    name: str
    about: str
    age: str
    number: str
    missing: str
    flags: list[str]
    hamlet: str
    commune: str
    benefits: list[Benefit]
    status: str
    status_tone: str
    death: Death | None
    ways: list[Way]


@dataclass(frozen=True)
class Lister:
    """What all rows of a page have in common. ``categories`` are the ids by which statuses are told, None for all."""

    user: User
    month: datetime.date
    catalogue: Mapping[int, Category]
    units: Mapping[int, Unit]
    policy: str = ""
    categories: Sequence[int] | None = None
    age_rule: AgeRule | None = None

    def rows(self, pks: Iterable[int]) -> list[PersonRow]:
        """The rows of these people, in this order."""
        pks = list(pks)
        if not pks:
            return []
        people = Person.objects.only(
            *("name", "other_name", "birth_year", "birth_month", "birth_day", "sex", "cccd", "cccd_missing_reason"),
            *("cccd_duplicate", "identity_status", "hamlet", "commune", "died_on", "died_month_only"),
        ).in_bulk(pks)
        held, routes = self._held(pks), self._routes(pks)
        # Whoever was removed in between is not there any more.
        before, after = reverse("beneficiaries:person", args=[0]).split("0")
        return [self._row(people[pk], f"{before}{pk}{after}", held[pk], routes[pk]) for pk in pks if pk in people]

    def _held(self, pks: Sequence[int]) -> dict[int, list[Held]]:
        suspended = Suspension.objects.filter(entitlement=OuterRef("pk"), months__contains=self.month)
        rows = Entitlement.objects.granted().filter(person__in=pks).order_by("category__code", "pk")
        found: dict[int, list[Held]] = defaultdict(list)
        for person, category, level, range_, pausing in rows.values_list(
            "person", "category", "level", "months", Exists(suspended)
        ):
            kind = self.catalogue[category]
            if kind.regime != Category.Regime.ONE_OFF:
                found[person].append(Held(kind, level, range_, pausing))
        return found

    def _routes(self, pks: Sequence[int]) -> dict[int, list[Route]]:
        rows = PayoutRoute.objects.exclude(state=PayoutRoute.State.REJECTED).filter(person__in=pks)
        rows = rows.filter(Q(months__upper_inf=True) | Q(months__endswith__gt=self.month)).order_by("months")
        found: dict[int, list[Route]] = defaultdict(list)
        for person, policy, state, *rest in rows.values_list(
            "person", "policy", "state", "months", "cash_reason", "account__number", "account__provider__short_name"
        ):
            found[person].append(Route(policy, state == PayoutRoute.State.CONFIRMED, *rest))
        return found

    def _row(self, person: Person, url: str, held: list[Held], routes: list[Route]) -> PersonRow:
        month = self.month
        deciding = [row for row in held if self.categories is None or row.category.pk in self.categories]
        status = status_of(month, person.died_on, ((row.months, row.suspended) for row in deciding))
        shown = [row for row in held if not self.policy or row.category.policy == self.policy]
        ways = []
        if status == Status.RECEIVING:
            due = {row.category.policy for row in shown if month in row.months}
            ways = [way(routes, name, month, several=len(due) > 1) for name in sorted(due)]
        event = None if status == Status.DEAD else ages.event(self.age_rule, person.birth, month)
        about = f"{person.birth_text} · {_SEXES[person.sex]}"
        return PersonRow(
            url=url,
            name=person.name,
            about=f"{about} · còn gọi {person.other_name}" if person.other_name else about,
            age=str(event) if event else "",
            number=masked(person.cccd) if person.cccd else "",
            missing=_MISSING_REASONS.get(person.cccd_missing_reason, ""),
            flags=_flags(person),
            hamlet=person.hamlet,
            commune=str(self.units.get(person.commune_id, "")),
            benefits=_benefits(_relevant(shown, month), self.user),
            status=str(status.label),
            status_tone=STATUS_TONES[status],
            death=person.death,
            ways=ways,
        )


def _flags(person: Person) -> list[str]:
    flags = ["Trùng số"] if person.cccd_duplicate else []
    return [*flags, "Sai lệch"] if person.identity_status == Person.IdentityStatus.DIFFERS else flags


def _relevant(held: list[Held], month: datetime.date) -> list[Held]:
    """What is running; else what begins later; else what ended last."""
    running = [row for row in held if month in row.months]
    coming = [row for row in held if row.months.lower > month]
    ended = sorted(held, key=lambda row: row.months.lower)[-1:]
    return running or coming or ended


def _benefits(rows: Iterable[Held], user: User) -> list[Benefit]:
    shown: dict[Benefit, None] = {}
    for row in rows:
        code, name = shown_code(row.category, user), shown_name(row.category, user)
        level = f" {row.level}%" if row.level else ""
        shown[Benefit(code + level, shortened(name, _LONGEST_NAME))] = None
    return list(shown)


def way(routes: Iterable[Route], policy: str, month: datetime.date, *, several: bool = False) -> Way:
    """The channel of a policy in the month, with what is waiting or begins later; ``several``: name the policy."""
    mine = [route for route in routes if route.policy == policy]
    confirmed = [route for route in mine if route.confirmed]
    current = next((route for route in confirmed if month in route.months), None)
    notes = [
        f"{'Tài khoản' if route.number else 'Tiền mặt'} từ {months.title(route.months.lower)}"
        for route in confirmed
        if route.months.lower > month
    ]
    if len(confirmed) < len(mine):
        notes.append("Có đề nghị chờ xác nhận")
    prefix = f"{Policy(policy).value}: " if several else ""
    if current is None:
        return Way(f"{prefix}Chưa xác nhận", "warning", notes=notes)
    if current.number is None:
        return Way(f"{prefix}Tiền mặt", "neutral", _CASH_REASONS.get(current.cash_reason, ""), notes)
    return Way(f"{prefix}Tài khoản", "success", f"{current.provider} {masked(current.number)}", notes)
