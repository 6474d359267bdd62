"""What stands out about a waiting route: what it would change, and what deserves a second look."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from batosocial.lib import clock, months
from batosocial.staff.models import User
from beneficiaries.models import Payee, PayoutRoute
from beneficiaries.months import first_open_month
from beneficiaries.payout import holds, papers
from beneficiaries.payout.cautions import is_child, unusual_length
from beneficiaries.payout.confirming import OWN_ENTRY
from beneficiaries.payout.holders import holder_differs, payee_name, shared_with


@dataclass
class WaitingRow:
    """A waiting route beside the confirmed one it would end (``old``, None for somebody's first)."""

    route: PayoutRoute
    old: PayoutRoute | None
    payee_name: str
    warning: str
    blocked: str
    ticked: bool
    notes: list[str] = field(default_factory=list)
    #: The first month it can be used in, where the lists of the month it was entered for are made by now.
    later: datetime.date | None = None
    hold: holds.Hold | None = None

    @property
    def changes_account(self) -> bool:
        return self.old is not None and self.old.account_id != self.route.account_id

    @property
    def changes_payee(self) -> bool:
        return self.old is not None and self.old.payee_id != self.route.payee_id


def rows_for(routes: Sequence[PayoutRoute], user: User, ticked: set[int]) -> list[WaitingRow]:
    """One row for each route of a page. Five queries at most, whatever its length."""
    routes = list(routes)
    standing: dict[tuple[int, str], list[PayoutRoute]] = defaultdict(list)
    confirmed = PayoutRoute.objects.confirmed().filter(person__in={route.person_id for route in routes})
    for other in confirmed.select_related("account__provider", "payee", "person").order_by("months"):
        standing[other.person_id, other.policy].append(other)
    today = clock.today()
    shared = shared_with({route.account_id for route in routes if route.account_id}, months.first(today))
    earliest = {policy: first_open_month(policy) for policy in {route.policy for route in routes}}
    held = holds.held(routes)
    rows = []
    for route in routes:
        first = max(route.first_month, earliest[route.policy])
        rows.append(
            WaitingRow(
                route=route,
                old=_ended_by(standing[route.person_id, route.policy], first),
                payee_name=payee_name(route),
                warning=holder_differs(route),
                blocked=OWN_ENTRY if route.entered_by_id == user.pk else "",
                ticked=route.pk in ticked,
                notes=_notes(route, shared.get(route.account_id or 0, 0) - 1, today),
                later=first if first > route.first_month else None,
                hold=held.get(route.pk),
            )
        )
    return rows


def _ended_by(standing: list[PayoutRoute], first: datetime.date) -> PayoutRoute | None:
    """The route whose money would go the new way from the month on."""
    running = [other for other in standing if other.first_month < first and _runs_in(other, first)]
    return running[-1] if running else None


def _runs_in(route: PayoutRoute, month: datetime.date) -> bool:
    return route.months.upper is None or route.months.upper > month


def _notes(route: PayoutRoute, others: int, today: datetime.date) -> list[str]:
    notes = []
    if route.account is not None:
        if text := unusual_length(route.account.provider, route.account.number):
            notes.append(text)
        if others > 0:
            notes.append(f"Tài khoản này còn nhận tiền cho {others} người khác.")
    if route.payee.kind == Payee.Kind.OWN and is_child(route.person, today):
        notes.append("Người hưởng chưa đủ 16 tuổi mà ghi chính chủ.")
    state = papers.state_of(route.payee.paper_valid_until)
    if state is not None:
        notes.append(f"Giấy tờ của người nhận: {state.label.lower()}.")
    if route.person.died_on:
        notes.append(f"Người hưởng đã chết {route.person.death}.")
    return notes
