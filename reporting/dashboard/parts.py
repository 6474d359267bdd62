"""Pieces that the dashboards are made of: figures with the addresses of their people, headlines, ranks, trends."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from batosocial.lib import months
from batosocial.lib.money import format_number
from beneficiaries.models import PayoutRoute, Policy
from reporting import rates
from reporting.dashboard.addresses import people_url
from reporting.figures import CommuneFigure, MonthFigures
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
    def has_moves(self) -> bool:
        """Whether the lists of who came and who went compare with the month that the change is from."""
        return self.change is not None and self.change.since == months.add(self.figures.month, -1)

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
    progress: "Progress"

    @property
    def counts(self) -> Counts:
        return self.row.counts


@dataclass(frozen=True, slots=True)
class Progress:
    """People more paid by account than the month before (None where that has no figures), and how many more reach the
    target of R1 (None where there is none)."""

    change: int | None
    missing: int | None

    @property
    def change_text(self) -> str:
        """ "+3", "0"; "-" where there is nothing to compare."""
        if not self.change:
            return "-" if self.change is None else "0"
        return f"{_sign(self.change)}{format_number(abs(self.change))}"


def progress_of(counts: Counts, earlier: Counts | None, target: Target | None) -> Progress:
    return Progress(
        counts.paid_by_account - earlier.paid_by_account if earlier else None,
        rates.missing_people(counts, target) if target else None,
    )


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
    total_progress: Progress
    table_url: str

    @property
    def is_short(self) -> bool:
        """Whether the table of its communes stands on the page itself."""
        return len(self.rows) <= MOST_INLINE

    @property
    def idle(self) -> list[Ranked]:
        """Communes that have not begun."""
        return [row for group in self.groups if group.klass == CashlessClass.NONE for row in group.rows]


#: The figures of the month before by unit and policy.
Earlier = Mapping[tuple[int, str], Counts]

#: How many communes of a class are drawn, and how long a table may be that stands folded on the page; a province has
#: 200 communes, whose tables are pages of their own.
MOST_RANKED, MOST_INLINE = 8, 30

TONES = {
    CashlessClass.HIGH: "success",
    CashlessClass.AVERAGE: "info",
    CashlessClass.LOW: "warning",
    CashlessClass.NONE: "danger",
}
#: From those that have not begun upwards: that is where somebody has to act.
CLASS_ORDER = [CashlessClass.NONE, CashlessClass.LOW, CashlessClass.AVERAGE, CashlessClass.HIGH]


def section(
    policy: str, figures: Iterable[CommuneFigure], total: Figures, *, target: Target | None, before: Earlier
) -> PolicySection:
    """A policy's communes, in their order and by class; one with nobody due has no class to stand in."""
    rows = [
        Ranked(
            row,
            Figures(row.counts, total.month, policy, row.unit.code),
            progress_of(row.counts, before.get((row.unit.pk, policy)), target),
        )
        for row in figures
    ]
    ranked = sorted((r for r in rows if r.counts.due), key=lambda r: (-(r.counts.share or 0), r.row.unit.position))
    groups = [ClassGroup(klass, TONES[klass], [r for r in ranked if r.row.klass == klass]) for klass in CLASS_ORDER]
    earlier = [counts for (_, code), counts in before.items() if code == policy]
    return PolicySection(
        policy=policy,
        name=policy_name(policy),
        groups=[group for group in groups if group.rows],
        rows=rows,
        total=total,
        total_progress=progress_of(total.counts, Counts.total(earlier) if earlier else None, target),
        table_url=reverse("reporting:communes", args=[total.month, policy]),
    )


@dataclass(frozen=True, slots=True)
class TrendMonth:
    """A month's counts by policy and of both; ``place`` is where their people are listed. The ``district``'s beside a
    commune's own open no list."""

    month: datetime.date
    url: str
    policies: list[str]
    place: str
    by_policy: list[Counts | None]
    both: Counts | None
    district: Counts | None = None

    @property
    def cells(self) -> list[Figures | None]:
        """Of each policy, and of both where both are shown."""
        counts = list(zip(self.policies, self.by_policy, strict=True))
        shown = counts if len(counts) == 1 else [*counts, ("", self.both)]
        return [Figures(own, self.month, policy, self.place) if own else None for policy, own in shown]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why people have no account, and how many in each policy: (policy, count, where they are listed). Whoever is in
    both may have two reasons, and counts in each."""

    code: str
    label: str
    parts: list[tuple[str, int, str]]
    #: Of both policies together, each person once, where both are shown: (count, where they are listed).
    both: tuple[int, str] | None = None

    @property
    def count(self) -> int:
        return self.both[0] if self.both else sum(count for _, count, _ in self.parts)


def reasons_of(shown: MonthFigures, policies: Sequence[str], place: str, unit_id: int | None = None) -> list[Reason]:
    """The most frequent first, of everything that is seen of the month or of one unit."""
    by_policy = [(policy, shown.reasons(policy, unit_id)) for policy in policies]
    # None too where the figures are older than what is kept of both.
    both = (shown.reasons(None, unit_id) or None) if len(policies) > 1 else None
    found = [
        Reason(
            code.value,
            str(code.label),
            [
                (policy, counts.get(code.value, 0), _reason_url(shown.month, policy, place, code.value))
                for policy, counts in by_policy
            ],
            (both.get(code.value, 0), _reason_url(shown.month, "", place, code.value)) if both is not None else None,
        )
        for code in PayoutRoute.CashReason
    ]
    some = [reason for reason in found if any(count for _, count, _ in reason.parts)]
    return sorted(some, key=lambda reason: -reason.count)


def _reason_url(month: datetime.date, policy: str, place: str, reason: str) -> str:
    return people_url(month, policy, place, Measure.WITHOUT_ACCOUNT, reason=reason)
