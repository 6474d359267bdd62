"""The chairman's dashboard: how far the district is, what changed, who has not begun, what it takes, what waits for
him. Everything that is not one of these is folded below."""

import datetime
from dataclasses import dataclass, field
from typing import Any

from batosocial.lib import months
from batosocial.lib.money import format_number
from batosocial.staff.models import User
from batosocial.web import todo
from reporting import rates
from reporting.dashboard.frame import Frame, trend, trend_chart
from reporting.dashboard.parts import MOST_INLINE, Card, Figures, PolicySection, TrendMonth, section
from reporting.figures import previous_counts
from reporting.people import Measure
from reporting.todos import reporting_todos


@dataclass(slots=True)
class Pending:
    """Accounts that are open and used from the next month on: so many, of so many people, in so many communes."""

    people: int
    accounts: int
    communes: int
    figures: Figures

    @property
    def url(self) -> str:
        return self.figures.url(Measure.PENDING)

    @property
    def first_month(self) -> datetime.date:
        return months.add(self.figures.month, 1)

    @property
    def text(self) -> str:
        """ "581 tài khoản": accounts, and people where one account serves several."""
        accounts = f"{format_number(self.accounts)} tài khoản"
        return accounts if self.accounts == self.people else f"{accounts} (của {format_number(self.people)} người)"


@dataclass(slots=True)
class Chairman:
    frame: Frame
    cards: list[Card]
    sections: list[PolicySection]
    pending: Pending | None
    waiting: list[todo.Todo]
    trend: list[TrendMonth]
    chart: dict[str, Any]
    chart_key: list[tuple[str, str]]
    names: dict[str, str] = field(default_factory=lambda: rates.NAMES)

    @property
    def overall(self) -> Card:
        """Of what is shown together: both policies, or the one."""
        return self.cards[-1]


def build(frame: Frame) -> Chairman:
    shown = trend(frame)
    chart, key = trend_chart(frame, shown)
    return Chairman(
        frame=frame,
        cards=frame.cards,
        sections=sections(frame),
        pending=pending(frame),
        waiting=waiting_for(frame.user),
        trend=shown,
        chart=chart,
        chart_key=key,
    )


def sections(frame: Frame, *, with_table: bool = False) -> list[PolicySection]:
    """With what changed since the month before where the table of the communes stands on the page."""
    with_table = with_table or len(frame.shown.both) <= MOST_INLINE
    before = previous_counts(frame.user, frame.month) if with_table else {}
    return [
        section(policy, frame.shown.of(policy), frame.figures(policy), target=frame.target, before=before)
        for policy in frame.policies
    ]


def pending(frame: Frame) -> Pending | None:
    """None where no account waits, or the month is one in which they no longer do."""
    own = frame.figures(frame.policy)
    if not (frame.has_outlook and own.counts.pending):
        return None
    rows = [row for policy in frame.policies for row in frame.shown.of(policy)]
    communes = {row.unit.pk for row in rows if row.counts.pending}
    return Pending(own.counts.pending, own.counts.pending_accounts, len(communes), own)


def waiting_for(user: User) -> list[todo.Todo]:
    """What the home page has for them, without what this page says itself."""
    return todo.for_user(user, without=[reporting_todos])
