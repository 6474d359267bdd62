"""Pieces that the dashboards are made of: figures with the addresses of their people, headlines, ranks, trends."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from batosocial.lib.money import format_number
from beneficiaries.models import PayoutRoute, Policy
from reporting import rates
from reporting.dashboard.addresses import people_url
from reporting.figures import CommuneFigure
from reporting.models import Target
from reporting.people import Measure
from reporting.rates import CashlessClass, Counts, Outlook

BOTH_NAME = "Cả hai chính sách"


def policy_name(policy: str) -> str:
    return str(Policy(policy).label) if policy else BOTH_NAME


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

    def url(self, measure: str, reason: str = "") -> str:
        return people_url(self.month, self.policy, self.place, measure, reason=reason)

    @property
    def urls(self) -> "Urls":
        return Urls(self)

    @property
    def bar(self) -> str:
        return svg_number(self.counts.r1)


@dataclass(frozen=True, slots=True)
class Urls:
    """Addresses by measure, for templates: each is made when it is asked for."""

    figures: Figures

    def __getitem__(self, measure: str) -> str:
        if measure not in Measure.values:
            raise KeyError(measure)
        return self.figures.url(measure)


@dataclass(frozen=True, slots=True)
class Change:
    """Against an earlier month: people paid by account, and points between the two rates as they are printed."""

    people: int
    points: Decimal | None
    since: datetime.date

    @property
    def points_text(self) -> str:
        """ "+1,3 điểm %"; "" where one of the months has no rate."""
        if self.points is None:
            return ""
        return f"{_sign(self.points)}{abs(self.points)} điểm %".replace(".", ",")

    @property
    def people_text(self) -> str:
        return f"{_sign(self.people)}{format_number(abs(self.people))} người"


def _sign(value: int | Decimal) -> str:
    return "+" if value > 0 else "−" if value < 0 else "±"


def change(now: Counts, earlier: Counts | None, since: datetime.date) -> Change | None:
    """None where there is nothing to compare: nobody due then, or nobody paid by account yet now."""
    if earlier is None or not earlier.due or not now.paid_by_account:
        return None
    points = now.r1 - earlier.r1 if now.r1 is not None and earlier.r1 is not None else None
    return Change(now.paid_by_account - earlier.paid_by_account, points, since)


@dataclass(frozen=True, slots=True)
class Card:
    """A headline: R1 with its counts, the target, what changed, R3; for a commune the district's beside it."""

    name: str
    policy: str
    figures: Figures
    target: Target | None
    r3_target: Target | None
    change: Change | None
    since_start: Change | None = None
    outlook: Outlook | None = None
    district: Counts | None = None
    standing: "Standing | None" = None

    @property
    def counts(self) -> Counts:
        return self.figures.counts

    @property
    def missing(self) -> int | None:
        return rates.missing_people(self.counts, self.target) if self.target else None

    @property
    def r3_missing(self) -> int | None:
        return rates.missing_people(self.counts, self.r3_target) if self.r3_target else None

    @property
    def district_bar(self) -> str:
        return svg_number(self.district.r1 if self.district else None)


@dataclass(frozen=True, slots=True)
class Standing:
    """A commune's class and place among those of its district for one policy; equal rates share a place."""

    klass: CashlessClass
    tone: str
    place: int
    of: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """A commune in its place: its figures and class."""

    row: CommuneFigure
    figures: Figures

    @property
    def counts(self) -> Counts:
        return self.row.counts


@dataclass(frozen=True, slots=True)
class ClassGroup:
    """Communes of one class, the highest R1 first."""

    klass: CashlessClass
    tone: str
    rows: list[Ranked]

    @property
    def shown(self) -> list[Ranked]:
        return self.rows[:MOST_RANKED]

    @property
    def more(self) -> int:
        return max(0, len(self.rows) - MOST_RANKED)


@dataclass(frozen=True, slots=True)
class PolicySection:
    policy: str
    name: str
    groups: list[ClassGroup]
    rows: list[Ranked]
    total: Figures
    table_url: str

    @property
    def is_short(self) -> bool:
        """Whether the table of its communes stands on the page itself."""
        return len(self.rows) <= MOST_INLINE

    @property
    def idle(self) -> list[Ranked]:
        """Communes that have not begun."""
        return [row for group in self.groups if group.klass == CashlessClass.NONE for row in group.rows]


#: How many communes of a class are drawn, and how long a table may be that stands folded on the page; a province has
#: 200 communes, whose tables are pages of their own.
MOST_RANKED, MOST_INLINE = 8, 30

TONES = {
    CashlessClass.HIGH: "success",
    CashlessClass.AVERAGE: "info",
    CashlessClass.LOW: "warning",
    CashlessClass.NONE: "danger",
}
#: Those that have not begun come first: that is where somebody has to act.
CLASS_ORDER = [CashlessClass.NONE, CashlessClass.HIGH, CashlessClass.AVERAGE, CashlessClass.LOW]


def section(policy: str, figures: Iterable[CommuneFigure], total: Figures) -> PolicySection:
    """A policy's communes, in their order and by class; one with nobody due has no class to stand in."""
    rows = [Ranked(row, Figures(row.counts, total.month, policy, row.unit.code)) for row in figures]
    ranked = sorted((r for r in rows if r.counts.due), key=lambda r: (-(r.counts.r1 or 0), r.row.unit.position))
    url = reverse("reporting:communes", args=[total.month, policy])
    groups = [ClassGroup(klass, TONES[klass], [r for r in ranked if r.row.klass == klass]) for klass in CLASS_ORDER]
    return PolicySection(policy, policy_name(policy), [group for group in groups if group.rows], rows, total, url)


@dataclass(frozen=True, slots=True)
class TrendMonth:
    month: datetime.date
    url: str
    by_policy: list[Counts | None]
    both: Counts | None
    district: Counts | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why people have no account, and how many in each policy: (policy, count, where they are listed). Whoever is in
    both may have two reasons, and counts in each."""

    code: str
    label: str
    parts: list[tuple[str, int, str]]

    @property
    def count(self) -> int:
        return sum(count for _, count, _ in self.parts)


def reasons_of(figures: Sequence[Figures], counts: Sequence[dict[str, int]]) -> list[Reason]:
    """The most frequent first; of each policy its figures, and its counts by reason."""
    found = [
        Reason(
            code.value,
            str(code.label),
            [
                (own.policy, by_reason.get(code.value, 0), own.url(Measure.WITHOUT_ACCOUNT, code.value))
                for own, by_reason in zip(figures, counts, strict=True)
            ],
        )
        for code in PayoutRoute.CashReason
    ]
    return sorted((reason for reason in found if reason.count), key=lambda reason: -reason.count)
