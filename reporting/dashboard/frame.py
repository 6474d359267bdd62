"""What every dashboard begins with: the month's figures, those before it, its target and thresholds, and its state."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from batosocial.jobs.models import Job
from batosocial.lib import months
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.models import Policy
from payments.models import Period
from reporting import figures, rates
from reporting.dashboard import charts
from reporting.dashboard.addresses import dashboard_url, place_of
from reporting.dashboard.parts import Card, Figures, TrendMonth, change, policy_name
from reporting.figures import MonthFigures
from reporting.models import BOTH, ClassThreshold, Target
from reporting.rates import Counts

TREND_MONTHS = 12


#: When the district began, where no target says so: KH 23/KH-UBND of 14/02/2023 (rules.md 0).
PLAN_BEGAN = datetime.date(2023, 2, 14)

Totals = dict[datetime.date, dict[str, Counts]]


def of_policy(by_policy: dict[str, Counts] | None, policy: str) -> Counts | None:
    """The counts of a policy, "" of both, each person once."""
    return (by_policy or {}).get(policy or BOTH)


@dataclass(frozen=True, slots=True)
class State:
    """How far the month's figures can be relied on, in the words of the page."""

    computed_at: datetime.datetime | None
    stale: bool
    #: A closed month whose data moved since: its figures stand.
    differs: bool
    computing: bool
    closed: list[str]
    #: A month with its first results: its rates say nothing yet.
    just_opened: bool


@dataclass(slots=True)
class Frame:
    """``policies`` are those shown: both, or the one that the address names (``policy``, else "")."""

    user: User
    month: datetime.date
    policy: str
    own: Unit | None
    district: Unit | None
    shown: MonthFigures
    threshold: ClassThreshold
    targets: dict[str, Target]
    totals: Totals
    start: datetime.date | None
    running: datetime.date | None
    state: State
    #: Only from the newest month with results on do accounts wait to be used: those of an older one are long in use.
    has_outlook: bool
    #: Totals by policy, added up once.
    sums: dict[str, Counts] = field(default_factory=dict)

    @property
    def policies(self) -> list[str]:
        return [self.policy] if self.policy else list(Policy.values)

    @property
    def place(self) -> str:
        return place_of(self.user, self.month)

    @property
    def place_name(self) -> str:
        return str(self.own or self.district or "")

    @property
    def target(self) -> Target | None:
        return self.targets.get(Target.RateCode.R1)

    def figures(self, policy: str) -> Figures:
        if policy not in self.sums:
            self.sums[policy] = self.shown.total(policy or None)
        return Figures(self.sums[policy], self.month, policy, self.place)

    def card(self, policy: str, **more: Any) -> Card:
        own = self.figures(policy)
        before = months.add(self.month, -1)
        three_before = of_policy(self.totals.get(months.add(self.month, -rates.PACE_MONTHS)), policy)
        start = self.start if self.start and self.start < self.month else None
        outlook = None
        if self.target and self.has_outlook and own.counts.due:
            outlook = rates.outlook(own.counts, self.target, earlier=three_before, month=self.month)
        return Card(
            name=policy_name(policy),
            policy=policy,
            figures=own,
            target=self.target,
            r3_target=self.targets.get(Target.RateCode.R3),
            change=change(own.counts, of_policy(self.totals.get(before), policy), before),
            since_start=change(own.counts, of_policy(self.totals.get(start), policy), start) if start else None,
            outlook=outlook,
            **more,
        )

    @property
    def cards(self) -> list[Card]:
        """Of each policy shown, and of both together where both are."""
        return [self.card(policy) for policy in self.policies] + ([] if self.policy else [self.card("")])


@dataclass(frozen=True, slots=True)
class Known:
    """The months that there are: those with figures, each with whether it is far enough to be judged (figures.py), and
    the periods that were opened: (month, policy, state)."""

    figures: list[tuple[datetime.date, bool]]
    periods: list[tuple[datetime.date, str, str]]

    @property
    def months(self) -> list[datetime.date]:
        """The newest first."""
        return sorted({month for month, _ in self.figures} | {month for month, _, _ in self.periods}, reverse=True)

    @property
    def has_figures(self) -> set[datetime.date]:
        return {month for month, _ in self.figures}

    @property
    def default(self) -> datetime.date | None:
        """The newest month that can be judged; else the newest there is."""
        return figures.default_month(self.figures) or next(iter(self.months), None)

    @property
    def running(self) -> datetime.date | None:
        """The newest month that was opened."""
        return max((month for month, _, _ in self.periods), default=None)


def read_known(user: User) -> Known:
    periods = Period.objects.order_by().values_list("month", "policy", "state")
    return Known(figures.months_with_figures(user), list(periods))


def read_frame(user: User, month: datetime.date, *, known: Known, policy: str = "") -> Frame:
    """The frame of a month that has figures."""
    district, own = figures.district_of(user), user.unit if user.in_commune else None
    targets = rates.targets_of(month)
    start = _start_of_plan(known.has_figures, targets.get(Target.RateCode.R1))
    newest = figures.default_month(known.figures)
    threshold = rates.threshold_of(month)
    shown = figures.read_month(user, month, threshold)
    fresh = figures.freshness(user, month)
    states = {code: state for period, code, state in known.periods if period == month}
    return Frame(
        user=user,
        month=month,
        policy=policy,
        own=own,
        district=district,
        shown=shown,
        threshold=threshold,
        targets=targets,
        totals=_totals(user, month, start),
        start=start,
        running=known.running,
        state=State(
            computed_at=shown.computed_at,
            stale=fresh.stale,
            differs=fresh.differs,
            computing=Job.objects.filter(
                key=f"rollup:{months.iso(month)}", state__in=[Job.State.QUEUED, Job.State.RUNNING]
            ).exists(),
            closed=sorted(code for code, state in states.items() if state == Period.State.CLOSED),
            just_opened=Period.State.OPEN in states.values() and not dict(known.figures).get(month, False),
        ),
        has_outlook=newest is not None and month >= newest,
    )


def _start_of_plan(known: Collection[datetime.date], target: Target | None) -> datetime.date | None:
    """The oldest month with figures that does not lie before the plan."""
    began = months.first(target.valid_from if target else PLAN_BEGAN)
    return min((month for month in known if month >= began), default=None)


def _totals(user: User, month: datetime.date, start: datetime.date | None) -> Totals:
    """Of the twelve months up to this one, and of the month in which the plan began."""
    mine = figures.CashlessFigure.objects.visible_to(user)
    shown = Q(month__gte=months.add(month, 1 - TREND_MONTHS)) | Q(month=start or month)
    return figures.read_totals(mine.filter(shown), until=month)


def trend(frame: Frame, beside: Totals | None = None) -> list[TrendMonth]:
    """The twelve months that have figures, the oldest first; ``beside`` has the district's."""
    since = months.add(frame.month, 1 - TREND_MONTHS)
    return [
        TrendMonth(
            month,
            dashboard_url(month, chinh_sach=frame.policy),
            frame.policies,
            place_of(frame.user, month),
            [by_policy.get(policy) for policy in frame.policies],
            of_policy(by_policy, ""),
            of_policy((beside or {}).get(month), frame.policy),
        )
        for month, by_policy in sorted(frame.totals.items())
        if month >= since
    ]


def trend_chart(frame: Frame, shown: list[TrendMonth]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The option of the chart, and its key: (class, words)."""
    lines = [
        charts.line(policy, policy.lower(), [_r1(month.by_policy[place]) for month in shown])
        for place, policy in enumerate(frame.policies)
    ]
    if any(month.district for month in shown):
        lines.append(charts.line("Toàn huyện", "district", [_r1(month.district) for month in shown]))
    target = frame.target.value if frame.target else None
    option = charts.rates_over_time([months.label(month.month) for month in shown], lines, target)
    return option, [(one.key, one.name) for one in lines]


def _r1(counts: Counts | None) -> Any:
    return counts.r1 if counts else None
