"""Reading the rolled-up figures: of a month by commune, of a district in total, of the months before."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Min, QuerySet, Sum

from batosocial.lib import months
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.models import Policy
from reporting.models import CashlessFigure
from reporting.rates import CashlessClass, Counts, classify, threshold_of

_FIELDS = ("due", "with_account", "paid_by_account", "money_due", "money_by_account")
_SUMS = {name: Sum(name) for name in _FIELDS}
_NO_MONTH = datetime.date.min


@dataclass(frozen=True, slots=True)
class CommuneFigure:
    """A commune's figures for one policy in a month, and the class that follows from them."""

    unit: Unit
    policy: str
    counts: Counts
    klass: CashlessClass

    @property
    def class_label(self) -> str:
        return str(self.klass.label) if self.counts.due else "Không có đối tượng"


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """Everything stored for a month that somebody may see: communes in their order, NCC before BTXH."""

    month: datetime.date
    rows: tuple[CommuneFigure, ...]
    computed_at: datetime.datetime | None

    def of(self, policy: str) -> list[CommuneFigure]:
        return [row for row in self.rows if row.policy == policy]

    def total(self, policy: str | None = None) -> Counts:
        """Of a policy, or of both lines added up: whoever is in both policies then counts in each."""
        return Counts.total(row.counts for row in self.rows if policy in (None, row.policy))


def _counts(row: Any) -> Counts:
    values = row if isinstance(row, dict) else {name: getattr(row, name) for name in _FIELDS}
    return Counts(**{name: int(values[name] or 0) for name in _FIELDS})


def read_month(user: User, month: datetime.date) -> MonthFigures:
    """The figures of the communes that ``user`` may see."""
    stored = list(
        CashlessFigure.objects.visible_to(user)
        .filter(month=month)
        .select_related("unit")
        .order_by("unit__position", "unit__code", "unit_id")
    )
    threshold = threshold_of(month)
    order = {policy: place for place, policy in enumerate(Policy.values)}
    rows = [CommuneFigure(f.unit, f.policy, _counts(f), classify(_counts(f), threshold)) for f in stored]
    places = {row.unit.pk: place for place, row in enumerate(rows)}
    rows.sort(key=lambda row: (places[row.unit.pk], order[row.policy]))
    # The oldest: what it does not know yet, the month as a whole does not know.
    return MonthFigures(month, tuple(rows), min((f.computed_at for f in stored), default=None))


def read_totals(
    figures: "QuerySet[CashlessFigure]", *, since: datetime.date = _NO_MONTH, until: datetime.date
) -> dict[datetime.date, dict[str, Counts]]:
    """Totals by month and policy, oldest month first."""
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


def district_figures(district: Unit | None) -> "QuerySet[CashlessFigure]":
    """Figures of all communes of a district, only ever to be added up: a commune's officer reads the district's
    total beside their own numbers, but no other commune's."""
    return CashlessFigure.objects.filter(unit__parent=district) if district else CashlessFigure.objects.none()


def months_with_figures(user: User) -> list[tuple[datetime.date, bool]]:
    """Months somebody may see figures of, newest first, each with whether it is far enough to be judged: at least
    half of those with an account were paid by it."""
    rows = (
        CashlessFigure.objects.visible_to(user)
        .order_by("-month")
        .values("month")
        .annotate(paid=Sum("paid_by_account"), able=Sum("with_account"))
    )
    return [(row["month"], row["paid"] > 0 and row["paid"] * 2 >= row["able"]) for row in rows]


def default_month(known: Iterable[tuple[datetime.date, bool]]) -> datetime.date | None:
    """The newest month that can be judged: one just opened, or with its first results, would show 0% for everybody."""
    listed = list(known)
    return next((month for month, judged in listed if judged), listed[0][0] if listed else None)


def computed_at(month: datetime.date) -> datetime.datetime | None:
    return CashlessFigure.objects.filter(month=month).aggregate(at=Min("computed_at"))["at"]


def previous_counts(user: User, month: datetime.date) -> dict[tuple[int, str], Counts]:
    """Figures of the month before by commune and policy; a commune without any is absent."""
    rows = CashlessFigure.objects.visible_to(user).filter(month=months.add(month, -1))
    return {(row.unit_id, row.policy): _counts(row) for row in rows}
