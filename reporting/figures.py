"""Reading the rolled-up figures: of a month by commune, of a district in total, of the months before."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from django.contrib.postgres.aggregates import BoolOr
from django.db.models import Exists, Min, OuterRef, QuerySet, Sum

from batosocial.lib import months
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.models import Policy
from payments.models import Period
from reporting.models import BOTH, CashlessFigure, CashlessFigureQuerySet, ClassThreshold, DataChange
from reporting.rates import CashlessClass, Counts, classify, places, threshold_of

#: The counts of a figure, which are added up.
FIELDS = tuple(field.name for field in fields(Counts))
_SUMS = {name: Sum(name) for name in FIELDS}
_NO_MONTH = datetime.date.min


@dataclass(frozen=True, slots=True)
class CommuneFigure:
    """A commune's figures for one policy in a month, the class that follows from them, and why there is no account.

    ``reasons`` counts the people without an account by ``PayoutRoute.CashReason``, ``accounts`` those with one by
    payer's code and ``Payee.Kind`` (none for ``BOTH``).
    """

    unit: Unit
    policy: str
    counts: Counts
    klass: CashlessClass
    reasons: dict[str, int]
    accounts: dict[tuple[str, str], int]

    @property
    def class_label(self) -> str:
        return str(self.klass.label) if self.counts.due else "Không có đối tượng"


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """Everything stored for a month that somebody may see: communes in their order, NCC before BTXH; and of both
    policies together (``both``), each person once."""

    month: datetime.date
    rows: tuple[CommuneFigure, ...]
    both: tuple[CommuneFigure, ...]
    computed_at: datetime.datetime | None

    def of(self, policy: str) -> list[CommuneFigure]:
        if policy == BOTH:
            return list(self.both)
        return [row for row in self.rows if row.policy == policy]

    def total(self, policy: str | None = None) -> Counts:
        """Of a policy, or without one of both: whoever is in both policies then counts once (rules.md 3.1)."""
        return Counts.total(row.counts for row in self.of(policy or BOTH))

    def places(self, policy: str) -> dict[int, int]:
        """By a unit's id, its place by R1 among those with anybody due."""
        return places({row.unit.pk: row.counts for row in self.of(policy)})

    def reasons(self, policy: str | None = None, unit_id: int | None = None) -> dict[str, int]:
        """People without an account by reason; without a policy each person of both once."""
        return dict(self._sum(Counter(row.reasons) for row in self._chosen(policy or BOTH, unit_id)))

    def accounts(self, policy: str, unit_id: int | None = None) -> dict[tuple[str, str], int]:
        """People of a policy with an account by payer's code and payee kind."""
        return dict(self._sum(Counter(row.accounts) for row in self._chosen(policy, unit_id)))

    def _chosen(self, policy: str, unit_id: int | None) -> list[CommuneFigure]:
        return [row for row in self.of(policy) if unit_id in (None, row.unit.pk)]

    @staticmethod
    def _sum(parts: "Iterable[Counter[Any]]") -> "Counter[Any]":
        return sum(parts, Counter())


def _counts(row: Any) -> Counts:
    values = row if isinstance(row, dict) else {name: getattr(row, name) for name in FIELDS}
    return Counts(**{name: int(values[name] or 0) for name in FIELDS})


def _accounts(stored: dict[str, int]) -> dict[tuple[str, str], int]:
    found = {}
    for key, number in stored.items():
        payer, _, payee = key.partition(":")
        found[payer, payee] = number
    return found


def read_month(user: User, month: datetime.date, threshold: ClassThreshold | None = None) -> MonthFigures:
    """The figures of the communes that ``user`` may see; ``threshold`` spares a query where it has been read."""
    return _read(CashlessFigure.objects.visible_to(user), month, threshold)


def read_district(district: Unit, month: datetime.date) -> MonthFigures:
    """The figures of all communes of a district, to rank and add up: a commune learns its place, not the others'."""
    return _read(district_figures(district), month)


def _read(
    figures: "QuerySet[CashlessFigure]", month: datetime.date, threshold: ClassThreshold | None = None
) -> MonthFigures:
    # As plain values: a province has 600 rows of 200 units, and models of them all take longer than the query.
    of_unit = [field.attname for field in Unit._meta.concrete_fields]
    stored = (
        figures.filter(month=month)
        .order_by("unit__position", "unit__code", "unit_id")
        .values_list("policy", "reasons", "accounts", "computed_at", *FIELDS, *(f"unit__{name}" for name in of_unit))
    )
    threshold = threshold or threshold_of(month)
    order = {policy: place for place, policy in enumerate([*Policy.values, BOTH])}
    units: dict[int, Unit] = {}
    rows, times = [], []
    for policy, reasons, accounts, at, *values in stored:
        counts, told = Counts(*values[: len(FIELDS)]), values[len(FIELDS) :]
        unit = units.get(told[0]) or units.setdefault(told[0], Unit.from_db(figures.db, of_unit, told))
        rows.append(CommuneFigure(unit, policy, counts, classify(counts, threshold), reasons, _accounts(accounts)))
        times.append(at)
    places = {unit: place for place, unit in enumerate(dict.fromkeys(row.unit.pk for row in rows))}
    rows.sort(key=lambda row: (places[row.unit.pk], order[row.policy]))
    # The oldest: what it does not know yet, the month as a whole does not know.
    return MonthFigures(
        month,
        tuple(row for row in rows if row.policy != BOTH),
        tuple(row for row in rows if row.policy == BOTH),
        min(times, default=None),
    )


def read_totals(
    figures: "QuerySet[CashlessFigure]", *, since: datetime.date = _NO_MONTH, until: datetime.date
) -> dict[datetime.date, dict[str, Counts]]:
    """Totals by month and policy (``BOTH`` among them), oldest month first."""
    found: dict[datetime.date, dict[str, Counts]] = defaultdict(dict)
    rows = (
        figures.filter(month__gte=since, month__lte=until).order_by("month").values("month", "policy").annotate(**_SUMS)
    )
    for row in rows:
        found[row["month"]][row["policy"]] = _counts(row)
    return dict(found)


def district_of(user: User) -> Unit | None:
    """The upper unit whose communes are compared: the user's own, or that of the user's commune."""
    if user.unit is None:
        return None
    return user.unit.parent if user.in_commune else user.unit


def district_figures(district: Unit | None) -> CashlessFigureQuerySet:
    """Figures of all communes of a district, only ever to be added up: a commune's officer reads the district's
    total beside their own numbers, but no other commune's."""
    if district is None:
        return CashlessFigure.objects.none()
    return CashlessFigure.objects.filter(unit__in=Unit.objects.of_upper(district.pk).values("pk"))


def months_with_figures(user: User) -> list[tuple[datetime.date, bool]]:
    """Months somebody may see figures of, newest first, each with whether it is far enough to be judged: at least
    half of those with an account were paid by it, in the whole district, as a commune that has not begun never would
    be."""
    return judged_months(
        district_figures(district_of(user)) if user.in_commune else CashlessFigure.objects.visible_to(user)
    )


def judged_months(figures: CashlessFigureQuerySet) -> list[tuple[datetime.date, bool]]:
    """The same of any figures. One query."""
    rows = (
        figures.of_policies()
        .order_by("-month")
        .values("month")
        .annotate(paid=Sum("paid_by_account"), able=Sum("with_account"))
    )
    return [(row["month"], row["paid"] > 0 and row["paid"] * 2 >= row["able"]) for row in rows]


def default_month(known: Iterable[tuple[datetime.date, bool]]) -> datetime.date | None:
    """The newest month that can be judged: one just opened, or with its first results, would show 0% for everybody."""
    listed = list(known)
    return next((month for month, judged in listed if judged), listed[0][0] if listed else None)


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the oldest of a month's figures was computed, and whether what they count changed since: of a policy that is
    still open (``stale``), or of one that is closed, where the figures stand until somebody asks (``differs``)."""

    at: datetime.datetime | None
    stale: bool
    differs: bool


def freshness(user: User, month: datetime.date) -> Freshness:
    """In one query; results, lists and accounts count as changes."""
    open_policies = Period.objects.filter(month=month, state=Period.State.OPEN).values("policy")
    changes = DataChange.objects.filter(month=OuterRef("month"))
    stored = (
        CashlessFigure.objects.visible_to(user)
        .filter(month=month)
        .annotate(
            changed=Exists(changes.filter(policy__in=open_policies)),
            moved=Exists(changes.exclude(policy__in=open_policies)),
        )
    )
    found = stored.aggregate(at=Min("computed_at"), stale=BoolOr("changed"), differs=BoolOr("moved"))
    return Freshness(found["at"], bool(found["stale"]), bool(found["differs"]))


def previous_counts(user: User, month: datetime.date) -> dict[tuple[int, str], Counts]:
    """Figures of the month before by commune and policy; a commune without any is absent. Of units that merged between
    the two months the sum, by the new unit."""
    found: dict[tuple[int, str], list[Counts]] = defaultdict(list)
    for row in CashlessFigure.objects.visible_to(user).filter(month=months.add(month, -1)).select_related("unit"):
        merged = row.unit.successor_id is not None and row.unit.valid_to is not None and row.unit.valid_to <= month
        found[row.unit.successor_id if merged else row.unit_id, row.policy].append(_counts(row))  # type: ignore[index]
    return {key: Counts.total(counts) for key, counts in found.items()}
