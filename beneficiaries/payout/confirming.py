"""Confirming or rejecting where somebody's money goes, by another person than the one who entered it."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.lib import months
from batosocial.staff.models import Role, User
from beneficiaries.models import PayoutRoute, Person
from beneficiaries.months import first_open_month
from beneficiaries.payout import holds
from beneficiaries.payout.entering import RouteRefused
from beneficiaries.services import FULL_VIEW

#: Who confirms what another has entered; communes only their own, which scope sees to.
CONFIRMING_ROLES = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER, Role.COMMUNE_LEADER})

OWN_ENTRY = "Anh/chị là người nhập nên phải để người khác xác nhận."

Refusals = list[tuple[PayoutRoute, str]]
Held = list[tuple[PayoutRoute, holds.Hold]]


@dataclass(frozen=True)
class Confirmed:
    """``count`` newly confirmed; ``closed`` earlier routes that end where a new one begins; ``refused`` with why.

    ``later`` of them begin later than entered, since the lists of their first month were made meanwhile. ``held`` are
    left waiting until something else is settled (``payout.holds``).
    """

    count: int
    closed: int = 0
    refused: Refusals = field(default_factory=list)
    later: int = 0
    held: Held = field(default_factory=list)


@dataclass(frozen=True)
class Rejected:
    count: int
    refused: Refusals = field(default_factory=list)


@dataclass
class _Decision:
    confirm: list[PayoutRoute] = field(default_factory=list)
    #: The month before which a route ends from now on, by the route's id.
    close: dict[int, datetime.date] = field(default_factory=dict)
    #: The month from which a route runs that was entered for a month whose lists are made by now.
    later: dict[int, datetime.date] = field(default_factory=dict)
    refused: Refusals = field(default_factory=list)
    held: Held = field(default_factory=list)


@transaction.atomic
def confirm_routes(*, actor: User, route_ids: Sequence[int]) -> Confirmed:
    """Confirm waiting routes that somebody else entered; each ends the earlier one of its person and policy.

    A route takes effect in the first month not opened at the earliest: lists that are made never change.
    Routes that cannot be confirmed are left as they are and returned with the reason; those confirmed before are
    among them, so that a repetition changes nothing. PermissionDenied without the role, PayoutRoute.DoesNotExist
    for a route out of scope.
    """
    routes = _locked(actor=actor, route_ids=route_ids)
    decision = _decide(routes, actor)
    if not decision.confirm:
        return Confirmed(0, refused=decision.refused, held=decision.held)
    _set_bounds("lower", decision.later)
    _set_bounds("upper", decision.close)
    now = timezone.now()
    ids = [route.pk for route in decision.confirm]
    PayoutRoute.objects.filter(pk__in=ids).update(
        state=PayoutRoute.State.CONFIRMED, confirmed_by=actor, confirmed_at=now
    )
    audit.record(
        actor=actor,
        action="Xác nhận nơi nhận tiền",
        row=decision.confirm[0] if len(ids) == 1 else None,
        details={
            "count": len(ids),
            "routes": ids,
            "closed": {pk: month.isoformat() for pk, month in decision.close.items()},
            "refused": len(decision.refused),
            **({"held": [route.pk for route, _ in decision.held]} if decision.held else {}),
            **({"later": {pk: month.isoformat() for pk, month in decision.later.items()}} if decision.later else {}),
        },
    )
    closed = len(set(decision.close) - set(ids))
    return Confirmed(len(ids), closed, decision.refused, len(decision.later), decision.held)


@transaction.atomic
def reject_routes(*, actor: User, route_ids: Sequence[int], reason: str) -> Rejected:
    """Reject waiting routes with a reason; whoever entered one may so withdraw it.

    Errors as in ``confirm_routes``, and ValueError without a reason.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("Hãy ghi lý do không xác nhận.")
    routes = _locked(actor=actor, route_ids=route_ids)
    waiting = [route for route in routes if route.state == PayoutRoute.State.ENTERED]
    refused = [(route, _not_waiting(route)) for route in routes if route.state != PayoutRoute.State.ENTERED]
    if not waiting:
        return Rejected(0, refused)
    ids = [route.pk for route in waiting]
    PayoutRoute.objects.filter(pk__in=ids).update(state=PayoutRoute.State.REJECTED, rejection=reason[:300])
    audit.record(
        actor=actor,
        action="Không xác nhận nơi nhận tiền",
        row=waiting[0] if len(ids) == 1 else None,
        details={"count": len(ids), "routes": ids, "reason": reason},
    )
    return Rejected(len(ids), refused)


@transaction.atomic
def cancel_route(*, actor: User, route_id: int, reason: str) -> PayoutRoute:
    """Take a confirmation back before any list was made with it; the route that it ended runs on.

    RouteRefused once a month of the route is opened or where it is not confirmed, ValueError without a reason,
    errors as in ``confirm_routes``.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("Hãy ghi lý do hủy.")
    (route,) = _locked(actor=actor, route_ids=[route_id])
    if route.state != PayoutRoute.State.CONFIRMED:
        raise RouteRefused("Nơi nhận này chưa được xác nhận hoặc đã hủy.")
    start = route.first_month
    if start < first_open_month(route.policy):
        raise RouteRefused(
            f"Danh sách {months.title(start)} đã lập theo nơi nhận này nên không hủy được; hãy nhập nơi nhận mới."
        )
    PayoutRoute.objects.filter(pk=route.pk).update(
        state=PayoutRoute.State.REJECTED, rejection=f"Hủy trước khi dùng: {reason}"[:300]
    )
    ended = PayoutRoute.objects.confirmed().filter(
        person=route.person_id, policy=route.policy, months__endswith=start, months__upper_inf=False
    )
    reopened = None
    for earlier in ended:
        reopened = earlier.pk
        PayoutRoute.objects.filter(pk=earlier.pk).update(
            months=DateRange(earlier.first_month, route.months.upper, "[)")
        )
    audit.record(
        actor=actor,
        action="Hủy nơi nhận tiền chưa dùng",
        row=route,
        changes={"state": (PayoutRoute.State.CONFIRMED, PayoutRoute.State.REJECTED)},
        details={"reason": reason, "reopened": reopened},
    )
    return route


def record_full_view_of_routes(*, actor: User, route_ids: Sequence[int]) -> None:
    """Say in the audit that somebody looked at the full account numbers of a page of waiting routes, in one entry."""
    audit.record(actor=actor, action=FULL_VIEW, details={"count": len(route_ids), "routes": list(route_ids)})


def _locked(*, actor: User, route_ids: Sequence[int]) -> list[PayoutRoute]:
    """The routes in the order of their ids, with their people locked: two confirmations of one person take turns."""
    if actor.role not in CONFIRMING_ROLES or not actor.is_active:
        raise PermissionDenied
    wanted = set(route_ids)
    visible = PayoutRoute.objects.visible_to(actor).filter(pk__in=wanted)
    people = Person.objects.filter(pk__in=visible.values("person")).order_by("pk")
    list(people.select_for_update(no_key=True).values_list("pk", flat=True))
    routes = list(visible.select_related("person", "account").order_by("pk"))
    if len(routes) != len(wanted):
        raise PayoutRoute.DoesNotExist("Có nơi nhận tiền không thuộc phạm vi của anh/chị.")
    return routes


def _not_waiting(route: PayoutRoute) -> str:
    if route.state == PayoutRoute.State.CONFIRMED:
        return "Đã được xác nhận trước đó."
    return "Đã bị từ chối trước đó."


def _decide(routes: Iterable[PayoutRoute], actor: User) -> _Decision:
    """What happens to each route, by the confirmed ones that stand; nothing is written."""
    decision, moved = _Decision(), set[int]()
    waiting: dict[tuple[int, str], list[PayoutRoute]] = defaultdict(list)
    earliest = {policy: first_open_month(policy) for policy in {route.policy for route in routes}}
    for route in routes:
        if route.state != PayoutRoute.State.ENTERED:
            decision.refused.append((route, _not_waiting(route)))
        elif route.entered_by_id == actor.pk:
            decision.refused.append((route, OWN_ENTRY))
        elif route.months.upper is not None and route.months.upper <= earliest[route.policy]:
            decision.refused.append((route, "Các tháng của nơi nhận này đã lập danh sách xong; hãy nhập lại."))
        else:
            if route.first_month < earliest[route.policy]:
                route.months = DateRange(earliest[route.policy], route.months.upper, "[)")
                moved.add(route.pk)
            waiting[route.person_id, route.policy].append(route)
    standing: dict[tuple[int, str], list[PayoutRoute]] = defaultdict(list)
    for route in PayoutRoute.objects.confirmed().filter(person__in={person for person, _ in waiting}):
        standing[route.person_id, route.policy].append(route)
    held = holds.held([route for new in waiting.values() for route in new])
    for key, new in waiting.items():
        _decide_one(new, standing[key], decision, held)
    decision.later = {route.pk: route.first_month for route in decision.confirm if route.pk in moved}
    return decision


def _decide_one(
    new: list[PayoutRoute], standing: list[PayoutRoute], decision: _Decision, held: dict[int, holds.Hold]
) -> None:
    """The same for one person and policy: in the order of their months, each ends the one before it."""
    firsts = [route.first_month for route in new]
    for route in sorted(new, key=lambda route: (route.first_month, route.pk)):
        start = route.first_month
        if firsts.count(start) > 1:
            why = f"Có nhiều đề nghị cùng từ {months.title(start)} cho người này; hãy từ chối bớt, chỉ để lại một."
            decision.refused.append((route, why))
            continue
        if hold := held.get(route.pk):
            decision.held.append((route, hold))
            continue
        overlapping = [other for other in standing if _overlap(other, route)]
        if blocking := [other for other in overlapping if other.first_month >= start]:
            first = months.title(blocking[0].first_month)
            why = f"Đã có nơi nhận khác được xác nhận từ {first}, không sớm hơn {months.title(start)}."
            decision.refused.append((route, why))
            continue
        for other in overlapping:
            other.months = DateRange(other.first_month, start, "[)")
            decision.close[other.pk] = start
        standing.append(route)
        decision.confirm.append(route)


def _overlap(one: PayoutRoute, other: PayoutRoute) -> bool:
    far = datetime.date.max
    return one.first_month < (other.months.upper or far) and other.first_month < (one.months.upper or far)


def _set_bounds(bound: Literal["lower", "upper"], ends: dict[int, datetime.date]) -> None:
    """Let routes begin with a month, or end before one, all in one statement."""
    if not ends:
        return
    months_ = {
        "lower": "daterange(ends.month, upper(route.months))",
        "upper": "daterange(lower(route.months), ends.month)",
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE beneficiaries_payoutroute AS route SET months = {months_[bound]}"
            " FROM unnest(%s::bigint[], %s::date[]) AS ends (id, month) WHERE route.id = ends.id",
            [list(ends), list(ends.values())],
        )
