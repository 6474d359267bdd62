"""What the dashboard shows: put together from rolled-up figures, in a fixed number of queries.

Besides the figures it asks three things of the payments themselves: which months exist, whether results came in after
the figures were computed, and which accounts are open but used only from a later month on.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode

from batosocial.jobs.models import Job
from batosocial.lib import months
from batosocial.lib.money import format_number
from batosocial.staff.models import User
from beneficiaries.models import Policy
from payments.models import Period
from reporting import figures, rates
from reporting.figures import CommuneFigure
from reporting.models import BOTH, ClassThreshold, Target
from reporting.people import Measure
from reporting.rates import CashlessClass, Counts

#: Stands for the whole district, for all units that a commune was made of, and for both policies in addresses.
WHOLE_DISTRICT = "huyen"
OWN_UNITS = "don-vi"
BOTH_POLICIES = "tat-ca"
TREND_MONTHS = 12


def people_url(
    month: datetime.date, policy: str, place: str, measure: str, *, reason: str = "", payer: str = "", payee: str = ""
) -> str:
    """The page that lists whom a figure counts. ``policy`` empty (or ``BOTH``): each person of both policies once."""
    path = reverse("reporting:people", args=[month, BOTH_POLICIES if policy in ("", BOTH) else policy, place, measure])
    chosen = {"ly-do": reason, "chi-qua": payer, "chu-tk": payee}
    query = urlencode({name: value for name, value in chosen.items() if value})
    return f"{path}?{query}" if query else path


def absolute_people_url(month: datetime.date, policy: str, place: str, measure: str, **chosen: str) -> str:
    """The same for paper and workbooks, which are read outside the portal."""
    return settings.PORTAL_URL.rstrip("/") + people_url(month, policy, place, measure, **chosen)


def place_of(user: User, month: datetime.date) -> str:
    """Everything that the user sees of a month, as it stands in addresses: in months before a merger a commune's code
    names one of the units that it was made of."""
    own = user.unit if user.in_commune else None
    if own is None:
        return WHOLE_DISTRICT
    return own.code if own.valid_from <= month else OWN_UNITS


def dashboard_url(month: datetime.date) -> str:
    return f"{reverse('reporting:dashboard')}?thang={months.iso(month)}"


def svg_number(value: Decimal | None) -> str:
    """For attributes of pictures: a decimal point, whatever the page's language."""
    return f"{value or 0:.1f}"


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts with the addresses of the people behind them."""

    counts: Counts
    month: datetime.date
    policy: str
    place: str

    def url(self, measure: str) -> str:
        return people_url(self.month, self.policy, self.place, measure)

    @property
    def urls(self) -> dict[str, str]:
        return {measure: self.url(measure) for measure in Measure.values}

    @property
    def bar(self) -> str:
        return svg_number(self.counts.r1)


@dataclass(frozen=True, slots=True)
class Change:
    """Against the month before: people paid by account, and points between the two rates as they are printed."""

    people: int
    points: Decimal | None
    since: datetime.date

    @property
    def text(self) -> str:
        people = f"{'+' if self.people >= 0 else '−'}{format_number(abs(self.people))} người"
        if self.points is None:
            return people
        word = "Không đổi" if not self.points else "Tăng" if self.points > 0 else "Giảm"
        points = f" {abs(self.points)} điểm %".replace(".", ",") if self.points else ""
        return f"{word}{points} ({people})"


@dataclass(frozen=True, slots=True)
class Card:
    """A headline: R1 with its counts, the target, the change, R3."""

    name: str
    figures: Figures
    target: Target | None
    r3_target: Target | None
    change: Change | None
    district: Counts | None = None

    @property
    def counts(self) -> Counts:
        return self.figures.counts

    @property
    def missing(self) -> int | None:
        return rates.missing_people(self.counts, self.target) if self.target else None

    @property
    def r3_missing(self) -> int | None:
        return rates.missing_people(self.counts, self.r3_target) if self.r3_target else None


@dataclass(frozen=True, slots=True)
class ClassGroup:
    """Communes of one class, the highest R1 first."""

    klass: CashlessClass
    tone: str
    rows: list["Ranked"]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A commune in its place: its figures, class, and how many accounts of it are still to be used."""

    row: CommuneFigure
    figures: Figures
    pending: int

    @property
    def counts(self) -> Counts:
        return self.row.counts


@dataclass(frozen=True, slots=True)
class PolicySection:
    policy: str
    name: str
    groups: list[ClassGroup]
    rows: list[Ranked]
    total: Figures
    pending: int


TONES = {
    CashlessClass.HIGH: "success",
    CashlessClass.AVERAGE: "info",
    CashlessClass.LOW: "warning",
    CashlessClass.NONE: "danger",
}
#: Those that have not begun come first: that is where somebody has to act.
CLASS_ORDER = [CashlessClass.NONE, CashlessClass.HIGH, CashlessClass.AVERAGE, CashlessClass.LOW]


@dataclass(frozen=True, slots=True)
class TrendMonth:
    month: datetime.date
    url: str
    by_policy: list[Counts | None]
    both: Counts


@dataclass(frozen=True, slots=True)
class Pending:
    """Accounts that are open and used from a later month on: people due, accounts, communes, the next month."""

    people: int
    accounts: int
    communes: int
    first_month: datetime.date


@dataclass(slots=True)
class Dashboard:
    month: datetime.date
    place_name: str
    place: str
    is_district: bool
    cards: list[Card]
    sections: list[PolicySection]
    threshold: ClassThreshold
    trend: list[TrendMonth]
    chart: dict[str, Any]
    computed_at: datetime.datetime | None
    stale: bool
    computing: bool
    closed: list[str]
    target: Target | None
    pending: Pending
    pending_url: str = ""
    forecast: rates.Outlook | None = None
    names: dict[str, str] = field(default_factory=lambda: rates.NAMES)

    @property
    def pending_text(self) -> str:
        """ "581 tài khoản đã mở": accounts, and people where one account serves several."""
        accounts = f"{format_number(self.pending.accounts)} tài khoản"
        if self.pending.accounts == self.pending.people:
            return accounts
        return f"{accounts} (của {format_number(self.pending.people)} người)"


def build(user: User, month: datetime.date, *, newest: datetime.date | None) -> Dashboard:
    """The dashboard of a month. ``newest``: the month shown by default; only from it on do pending accounts count,
    since those of an older month are long in use."""
    district = figures.district_of(user)
    own = user.unit if user.in_commune else None
    place = place_of(user, month)
    shown = figures.read_month(user, month)
    targets = rates.targets_of(month)
    totals = figures.read_totals(
        figures.CashlessFigure.objects.visible_to(user), since=months.add(month, 1 - TREND_MONTHS), until=month
    )
    beside = (
        figures.read_totals(figures.district_figures(district), since=month, until=month).get(month, {}) if own else {}
    )
    waiting = newest is not None and month >= newest
    before = totals.get(months.add(month, -1), {})

    def card(policy: str, name: str) -> Card:
        counts = shown.total(policy or None)
        earlier = before.get(policy or BOTH)
        return Card(
            name=name,
            figures=Figures(counts, month, policy, place),
            target=targets.get(Target.RateCode.R1),
            r3_target=targets.get(Target.RateCode.R3),
            change=_change(counts, earlier, months.add(month, -1))
            if earlier and earlier.due and counts.paid_by_account
            else None,
            district=beside.get(policy or BOTH) if own else None,
        )

    def section(policy: str) -> PolicySection:
        rows = [
            Ranked(row, Figures(row.counts, month, policy, row.unit.code), row.counts.pending if waiting else 0)
            for row in shown.of(policy)
        ]
        return PolicySection(
            policy=policy,
            name=str(Policy(policy).label),
            groups=_grouped(rows),
            rows=rows,
            total=Figures(shown.total(policy), month, policy, place),
            pending=sum(row.pending for row in rows),
        )

    both = card("", "Cả hai chính sách")
    states = dict(Period.objects.filter(month=month).values_list("policy", "state"))
    trend = [_trend_month(m, by_policy) for m, by_policy in totals.items()]
    return Dashboard(
        month=month,
        place_name=str(own or district or ""),
        place=place,
        is_district=own is None,
        cards=[*(card(policy, str(Policy(policy).label)) for policy in Policy.values), both],
        sections=[section(policy) for policy in Policy.values],
        threshold=rates.threshold_of(month),
        trend=trend,
        chart=_chart(trend, both.target),
        computed_at=shown.computed_at,
        stale=figures.is_stale(user, month),
        computing=Job.objects.filter(
            key=f"rollup:{months.iso(month)}", state__in=[Job.State.QUEUED, Job.State.RUNNING]
        ).exists(),
        closed=sorted(policy for policy, state in states.items() if state == Period.State.CLOSED),
        target=both.target,
        pending=_pending(shown.both, month) if waiting else Pending(0, 0, 0, month),
        pending_url=people_url(month, BOTH_POLICIES, place, Measure.PENDING),
        forecast=rates.outlook(
            both.counts,
            both.target,
            earlier=totals.get(months.add(month, -rates.PACE_MONTHS), {}).get(BOTH),
            month=month,
        )
        if both.target
        else None,
    )


def _change(now: Counts, earlier: Counts, since: datetime.date) -> Change:
    points = now.r1 - earlier.r1 if now.r1 is not None and earlier.r1 is not None else None
    return Change(now.paid_by_account - earlier.paid_by_account, points, since)


def _grouped(rows: list[Ranked]) -> list[ClassGroup]:
    ranked = sorted(rows, key=lambda r: (-(r.counts.r1 or 0), r.row.unit.position))
    groups = [ClassGroup(klass, TONES[klass], [r for r in ranked if r.row.klass == klass]) for klass in CLASS_ORDER]
    return [group for group in groups if group.rows]


def _pending(rows: Sequence[CommuneFigure], month: datetime.date) -> Pending:
    total = Counts.total(row.counts for row in rows)
    communes = sum(1 for row in rows if row.counts.pending)
    return Pending(total.pending, total.pending_accounts, communes, months.add(month, 1))


def _trend_month(month: datetime.date, by_policy: dict[str, Counts]) -> TrendMonth:
    return TrendMonth(
        month, dashboard_url(month), [by_policy.get(p) for p in Policy.values], by_policy.get(BOTH, Counts())
    )


#: Line and symbol differ too: never colour alone.
_LINES = [("#0f5ca8", "circle", "solid"), ("#b25e00", "triangle", "solid")]


def _chart(trend: list[TrendMonth], target: Target | None) -> dict[str, Any]:
    """The trend as an option of ECharts' simple build (lines, no legend or tooltip: the table below has the rest)."""
    series: list[dict[str, Any]] = []
    for place, policy in enumerate(Policy.values):
        color, symbol, line = _LINES[place]
        values = [month.by_policy[place] for month in trend]
        series.append(
            {
                "type": "line",
                "name": policy,
                "symbol": symbol,
                "symbolSize": 9,
                "color": color,
                "lineStyle": {"width": 2.5, "type": line},
                "data": [float(c.r1) if c and c.r1 is not None else None for c in values],
            }
        )
    if target:
        series.append(
            {
                "type": "line",
                "name": "Chỉ tiêu",
                "symbol": "none",
                "color": "#4a5868",
                "lineStyle": {"width": 1.5, "type": "dashed"},
                "data": [float(target.value)] * len(trend),
            }
        )
    return {
        "grid": {"left": 8, "right": 24, "top": 16, "bottom": 8},
        "xAxis": {
            "type": "category",
            "boundaryGap": len(trend) < 2,
            "data": [months.label(month.month) for month in trend],
            "axisLabel": {"color": "#4a5868", "fontSize": 12},
        },
        "yAxis": {
            "type": "value",
            "min": 0,
            "max": _chart_top(trend, target),
            "axisLabel": {"formatter": "{value}%", "color": "#4a5868", "fontSize": 12},
            "splitLine": {"lineStyle": {"color": "#d5dde6"}},
        },
        "series": series,
    }


def _chart_top(trend: list[TrendMonth], target: Target | None) -> int:
    """The next ten above every rate and above the target, so that its line is not the edge of the picture."""
    shown = [counts.r1 or Decimal(0) for month in trend for counts in month.by_policy if counts]
    highest = max([*shown, target.value if target else Decimal(0)])
    return min(100, int(highest) // 10 * 10 + 10)
