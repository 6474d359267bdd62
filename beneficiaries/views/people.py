"""The list of people and its export."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from batosocial.lib import months
from batosocial.lib.text import shortened
from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate_ranked
from beneficiaries import ages
from beneficiaries.ages import AgeEvent
from beneficiaries.confidential import shown_code, shown_name
from beneficiaries.entry.services import ENTRY_ROLES
from beneficiaries.forms import PeopleFilter
from beneficiaries.models import Entitlement, PayoutRoute, Person, Policy
from beneficiaries.querysets import Status

#: So much of a category's name tells which it is.
_LONGEST_NAME = 45
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


@roles_required(*BENEFIT_ROLES)
@require_safe
def people(request: StaffRequest) -> HttpResponse:
    form = PeopleFilter(request.GET, user=request.user)
    found = form.narrow(Person.objects.visible_to(request.user)).order_by("sort_key", "pk")
    # First who is on the page, then everything about them: joins and prefetches are for fifty people only.
    page = paginate_ranked(request, found, form.ranks)
    shown: Any = Person.objects.with_status(form.month, form.policy, form.category).for_list(form.month)
    people = shown.in_bulk(page.object_list)
    rows = [PersonRow.of(people[pk], form, request.user) for pk in page.object_list if pk in people]
    context = {
        "form": form,
        "page": page,
        "rows": rows,
        "month": form.month,
        "may_add": request.user.role in ENTRY_ROLES,
        "in_district": request.user.in_district,
    }
    return render(request, "beneficiaries/people.html", context)


@dataclass(frozen=True)
class Benefit:
    code: str
    name: str


@dataclass(frozen=True)
class Way:
    """How the money of one policy reaches somebody."""

    label: str
    tone: str
    detail: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PersonRow:
    """A person as the list shows them; ``ways`` only for those who are due in the month, ``age`` for those who reach
    an age in it at which something changes."""

    person: Person
    status: Status
    status_tone: str
    benefits: list[Benefit]
    ways: list[Way]
    age: AgeEvent | None

    @classmethod
    def of(cls, person: Any, form: PeopleFilter, user: Any) -> "PersonRow":
        month, policy = form.month, form.policy
        status = Status(person.status)
        granted = [row for row in person.granted_entitlements if not policy or row.category.policy == policy]
        shown = _relevant(granted, month)
        ways = []
        if status == Status.RECEIVING:
            due = {row.category.policy for row in granted if month in row.months}
            ways = [way(person.open_routes, name, month, several=len(due) > 1) for name in sorted(due)]
        age = None if status == Status.DEAD else ages.event(form.age_rule, person.birth, month)
        return cls(person, status, STATUS_TONES[status], _benefits(shown, user), ways, age)


def _relevant(granted: list[Entitlement], month: datetime.date) -> list[Entitlement]:
    """What is running; else what begins later; else what ended last."""
    running = [row for row in granted if month in row.months]
    coming = [row for row in granted if row.first_month > month]
    ended = sorted(granted, key=lambda row: row.first_month)[-1:]
    return running or coming or ended


def _benefits(rows: Iterable[Entitlement], user: Any) -> list[Benefit]:
    shown: dict[Benefit, None] = {}
    for row in rows:
        code, name = shown_code(row.category, user), shown_name(row.category, user)
        level = f" {row.level}%" if row.level else ""
        shown[Benefit(code + level, shortened(name, _LONGEST_NAME))] = None
    return list(shown)


def way(routes: Iterable[PayoutRoute], policy: str, month: datetime.date, *, several: bool = False) -> Way:
    """The channel of a policy in the month, with what is waiting or begins later; ``several``: name the policy."""
    mine = [route for route in routes if route.policy == policy]
    confirmed = [route for route in mine if route.state == PayoutRoute.State.CONFIRMED]
    current = next((route for route in confirmed if month in route.months), None)
    notes = [
        f"{'Tài khoản' if route.account_id else 'Tiền mặt'} từ {months.title(route.first_month)}"
        for route in confirmed
        if route.first_month > month
    ]
    if any(route.state == PayoutRoute.State.ENTERED for route in mine):
        notes.append("Có đề nghị chờ xác nhận")
    prefix = f"{Policy(policy).value}: " if several else ""
    if current is None:
        return Way(f"{prefix}Chưa xác nhận", "warning", notes=notes)
    if current.account is None:
        return Way(f"{prefix}Tiền mặt", "neutral", current.get_cash_reason_display(), notes)
    detail = f"{current.account.provider.short_name} •••• {current.account.number[-4:]}"
    return Way(f"{prefix}Tài khoản", "success", detail, notes)
