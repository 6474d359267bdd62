"""One person's page."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from batosocial.audit.models import Entry
from batosocial.lib import clock, months
from batosocial.lib.text import same_spelling
from batosocial.staff.models import BENEFIT_ROLES, User
from batosocial.web import panels
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries import amounts, confidential
from beneficiaries.history import Event, events
from beneficiaries.holders import holder_differs
from beneficiaries.models import Category, Change, Entitlement, PayoutRoute, Person, Policy
from beneficiaries.querysets import Status
from beneficiaries.services import record_full_view
from beneficiaries.views.people import IDENTITY_TONES, STATUS_TONES


@roles_required(*BENEFIT_ROLES)
@require_safe
def person(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


@roles_required(*BENEFIT_ROLES)
@never_cache
def person_in_full(request: StaffRequest, pk: int) -> HttpResponse:
    """The same page with full numbers. Each look at them is asked for, and stands in the audit."""
    if request.method != "POST":
        return redirect("beneficiaries:person", pk=pk)
    return _page(request, pk, full=True)


def _page(request: StaffRequest, pk: int, *, full: bool = False) -> HttpResponse:
    month, today, user = months.first(clock.today()), clock.today(), request.user
    found: Any = get_object_or_404(Person.objects.visible_to(user).with_status(month).select_related("commune"), pk=pk)
    if full:
        record_full_view(actor=user, person=found)
    benefits = _benefits(found, month, today, user)
    routes = list(
        PayoutRoute.objects.filter(person=found)
        .select_related("account__provider", "payee", "entered_by", "confirmed_by")
        .order_by("policy", "-months", "-pk")
    )
    for route in routes:
        route.person = found
    status = Status(found.status)
    context = {
        "person": found,
        "full": full,
        "month": month,
        "today": today,
        "status": status,
        "status_tone": STATUS_TONES[status],
        "identity_tone": IDENTITY_TONES[Person.IdentityStatus(found.identity_status)],
        "identity": _identity(found),
        "benefits": benefits,
        "totals": _totals(benefits),
        "payees": found.payees.all(),
        "routes": [RouteLine.of(route, month) for route in routes],
        "changes": _changes(found, user),
        "events": _events(found, routes, benefits, user),
        "panels": panels.for_user("person", user, found.pk),
    }
    return render(request, "beneficiaries/person.html", context)


@dataclass(frozen=True)
class IdentityLine:
    """What the benefit file and the ID card say of the same thing; ``differs`` where both speak and disagree."""

    label: str
    file: str
    card: str
    differs: bool


def _identity(person: Person) -> list[IdentityLine]:
    name_differs = bool(person.card_name) and not same_spelling(person.name, person.card_name)
    birth_differs = bool(person.card_birth_text) and person.birth_text != person.card_birth_text
    return [
        IdentityLine("Họ và tên", person.name, person.card_name, name_differs),
        IdentityLine("Ngày sinh", person.birth_text, person.card_birth_text, birth_differs),
    ]


@dataclass
class Benefit:
    """An entitlement with what it is worth this month; ``paid`` None where it is not due."""

    entitlement: Entitlement
    code: str
    name: str
    hidden: bool
    worth: amounts.Worth
    due: bool
    suspended: bool
    paid: bool = False

    @property
    def category(self) -> Category:
        return self.entitlement.category

    @property
    def amount(self) -> int | None:
        return self.worth.amount


def _benefits(person: Person, month: datetime.date, today: datetime.date, user: User) -> list[Benefit]:
    entitlements = (
        person.entitlements.select_related("category", "granted_by")
        .prefetch_related("dependants", "suspensions")
        .order_by("-months", "category__code")
    )
    rates = list(
        amounts.known_rates(month, today).filter(
            category__in={row.category_id for row in entitlements}, level__in={row.level for row in entitlements}
        )
    )
    benefits = []
    for row in entitlements:
        suspended = any(month in suspension.months for suspension in row.suspensions.all())
        running = row.granted_by.state == Change.State.APPLIED and month in row.months
        benefits.append(
            Benefit(
                entitlement=row,
                code=confidential.shown_code(row.category, user),
                name=confidential.shown_name(row.category, user),
                hidden=row.category.confidential and not confidential.may_see(user),
                worth=amounts.worth(row, month=month, rates=rates, dependants=list(row.dependants.all())),
                due=running and not suspended and row.category.regime != Category.Regime.ONE_OFF,
                suspended=running and suspended,
            )
        )
    due = [benefit for benefit in benefits if benefit.due]
    for benefit in amounts.payable([benefit for benefit in due if benefit.amount is not None]):
        benefit.paid = True
    return benefits


def _totals(benefits: Sequence[Benefit]) -> list[tuple[str, int]]:
    """Đồng a month of each policy that is due; a policy with an amount nobody knows has none."""
    totals = []
    for policy in Policy:
        due = [benefit for benefit in benefits if benefit.due and benefit.category.policy == policy]
        if due and all(benefit.amount is not None for benefit in due):
            totals.append((str(policy.label), sum(benefit.amount or 0 for benefit in due if benefit.paid)))
    return totals


@dataclass(frozen=True)
class RouteLine:
    route: PayoutRoute
    label: str
    tone: str
    last_month: datetime.date | None
    warning: str

    @classmethod
    def of(cls, route: PayoutRoute, month: datetime.date) -> "RouteLine":
        label, tone = str(route.get_state_display()), "warning"
        if route.state == PayoutRoute.State.REJECTED:
            tone = "danger"
        elif route.state == PayoutRoute.State.CONFIRMED:
            if month in route.months:
                label, tone = "Đang dùng", "success"
            elif route.first_month > month:
                label, tone = f"Dùng từ {months.title(route.first_month)}", "info"
            else:
                label, tone = "Đã hết", "neutral"
        upper = route.months.upper
        return cls(route, label, tone, months.add(upper, -1) if upper else None, holder_differs(route))


def _changes(person: Person, user: User) -> list[Change]:
    """Newest first; ``hidden`` where reasons and papers would tell a group that the user may not see."""
    confidential_ones = Entitlement.objects.filter(
        Q(pk=OuterRef("entitlement")) | Q(granted_by=OuterRef("pk")) | Q(ended_by=OuterRef("pk")),
        category__confidential=True,
    )
    changes = person.changes.select_related("reason").annotate(of_confidential=Exists(confidential_ones))
    shown: list[Any] = list(changes)
    for change in shown:
        change.hidden = change.of_confidential and not confidential.may_see(user)
    return shown


def _events(person: Person, routes: Sequence[PayoutRoute], benefits: Sequence[Benefit], user: User) -> list[Event]:
    """Who did what to this person's rows; for district roles."""
    if not user.in_district:
        return []
    rows = Q(table=Person._meta.db_table, row_id=person.pk)
    rows |= Q(table=PayoutRoute._meta.db_table, row_id__in=[route.pk for route in routes])
    rows |= Q(
        table=Entitlement._meta.db_table,
        row_id__in=[benefit.entitlement.pk for benefit in benefits if not benefit.hidden],
    )
    entries = Entry.objects.filter(rows).select_related("actor").order_by("-at", "-pk")
    return events(entries[:50])
