"""Who receives the money, and where it goes."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from batosocial.lib import months
from batosocial.staff.models import User
from beneficiaries.models import Payee, PayoutRoute, Person
from beneficiaries.months import first_open_month
from beneficiaries.payout import papers
from beneficiaries.payout.confirming import CONFIRMING_ROLES
from beneficiaries.payout.entering import ENTERING_ROLES
from beneficiaries.payout.holders import holder_differs, shared_with


@dataclass(frozen=True)
class PayeeLine:
    """A payee with how long the paper still holds, None where that is long enough or nobody says."""

    payee: Payee
    paper: papers.PaperState | None
    may_edit: bool


@dataclass(frozen=True)
class RouteLine:
    """A route in words; ``shared`` counts the other people whose money goes to the same account."""

    route: PayoutRoute
    label: str
    tone: str
    last_month: datetime.date | None
    warning: str
    shared: int
    may_withdraw: bool
    may_cancel: bool
    may_correct: bool


def payees_of(person: Person, user: User) -> list[PayeeLine]:
    may_edit = user.role in ENTERING_ROLES
    return [
        PayeeLine(payee, papers.state_of(payee.paper_valid_until), may_edit and payee.kind != Payee.Kind.OWN)
        for payee in person.payees.all()
    ]


def routes_of(person: Person) -> list[PayoutRoute]:
    """All routes, the newest of each policy first."""
    routes = list(
        PayoutRoute.objects.filter(person=person)
        .select_related("account__provider", "payee", "entered_by", "confirmed_by")
        .order_by("policy", "-months", "-pk")
    )
    for route in routes:
        route.person = person
    return routes


def route_lines(routes: Iterable[PayoutRoute], user: User, month: datetime.date) -> list[RouteLine]:
    """How each route stands, and what the user may do about it. One query, and one for each policy's open month."""
    routes = list(routes)
    shared = shared_with({route.account_id for route in routes if route.account_id}, month)
    earliest = {policy: first_open_month(policy) for policy in {route.policy for route in routes}}
    enters, confirms = user.role in ENTERING_ROLES, user.role in CONFIRMING_ROLES
    seen: set[int] = set()
    lines = []
    for route in routes:
        label, tone = _standing(route, month)
        waiting = route.state == PayoutRoute.State.ENTERED
        unused = route.state == PayoutRoute.State.CONFIRMED and route.first_month >= earliest[route.policy]
        live = route.state != PayoutRoute.State.REJECTED and (not route.months.upper or route.months.upper > month)
        first_of_account = bool(route.account_id and route.account_id not in seen)
        if live and route.account_id:
            seen.add(route.account_id)
        lines.append(
            RouteLine(
                route=route,
                label=label,
                tone=tone,
                last_month=months.add(route.months.upper, -1) if route.months.upper else None,
                warning=holder_differs(route) if live else "",
                shared=max(shared.get(route.account_id or 0, 0) - 1, 0) if live else 0,
                may_withdraw=waiting and enters and route.entered_by_id == user.pk,
                may_cancel=unused and confirms,
                may_correct=enters and live and first_of_account,
            )
        )
    return lines


def _standing(route: PayoutRoute, month: datetime.date) -> tuple[str, str]:
    if route.state == PayoutRoute.State.CONFIRMED:
        if month in route.months:
            return "Đang dùng", "success"
        if route.first_month > month:
            return f"Dùng từ {months.title(route.first_month)}", "info"
        return "Đã hết", "neutral"
    return str(route.get_state_display()), "danger" if route.state == PayoutRoute.State.REJECTED else "warning"
