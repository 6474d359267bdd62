"""Figures by commune over months in which units merged: in the boundaries of today, or in those of before.

In today's boundaries an old unit counts for the one that it became. In those of before a person counts for the unit
from which the merger took them, also months after it; who came later, or from elsewhere, stands apart. Either way a
month adds up to the same total, for it counts the same people.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Case, Count, F, FilteredRelation, Q, When
from django.db.models.functions import Coalesce

from batosocial.lib import months
from batosocial.staff.models import User
from batosocial.territory.models import Unit, UnitMerger, UnitQuerySet, unit_by_code
from batosocial.territory.places import kin_by_unit, places_in
from reporting.models import BOTH, CashlessFigure, CountedInPolicy, CountedOnce
from reporting.rates import Counts

SHOWN_MONTHS = 12
#: Stands for nobody's old unit in addresses.
NO_UNIT = "khac"
_COUNTED = ("due", "with_account", "paid_by_account")


class Boundaries(models.TextChoices):
    NEW = "moi", "Địa giới hiện nay"
    OLD = "cu", "Địa giới trước sáp nhập"


@dataclass(frozen=True, slots=True)
class Area:
    """What a row is about: a unit as it is in the month ``base``, or those who were in no unit of that month."""

    unit: Unit | None
    base: datetime.date

    @property
    def name(self) -> str:
        return self.unit.full_name if self.unit else "Phát sinh sau sáp nhập (chưa có đơn vị cũ)"

    @property
    def place(self) -> str:
        """As it stands in addresses: "21511@2025-06"."""
        return f"{self.unit.code if self.unit else NO_UNIT}@{months.iso(self.base)}"


@dataclass(frozen=True, slots=True)
class AreaRow:
    area: Area
    #: By month; a month without figures of the area is absent.
    counts: dict[datetime.date, Counts]


@dataclass(frozen=True, slots=True)
class Trend:
    boundaries: Boundaries
    months: tuple[datetime.date, ...]
    rows: tuple[AreaRow, ...]
    #: Of the months that have figures.
    totals: dict[datetime.date, Counts]
    #: The last merger that took effect up to the last month; without one both boundaries are the same.
    merger: UnitMerger | None


def units_of(user: User) -> UnitQuerySet:
    """Every unit whose figures the user may see, of any time."""
    if user.unit_id is None:
        return Unit.objects.filter(pk__in=[])
    return Unit.objects.of_commune(user.unit_id) if user.in_commune else Unit.objects.of_upper(user.unit_id)


def last_merger(user: User, month: datetime.date) -> UnitMerger | None:
    """The last merger up to the month of units in the user's scope."""
    stored = UnitMerger.objects.exclude(state=UnitMerger.State.CANCELLED).filter(day__lte=month)
    return stored.filter(ended_units__in=units_of(user).values("pk")).order_by("-day", "-pk").first()


def read_trend(user: User, *, until: datetime.date, policy: str, boundaries: str) -> Trend:
    """Figures by area of the twelve months up to ``until``; ``policy`` empty (or ``BOTH``): each person once.

    A fixed number of queries. What a user may not see is in no row and in no total.
    """
    shown = tuple(months.span(months.add(until, 1 - SHOWN_MONTHS), until))
    merger = last_merger(user, until)
    chosen = Boundaries(boundaries) if merger else Boundaries.NEW
    base = months.add(merger.day, -1) if merger and chosen == Boundaries.OLD else until
    stored = list(
        CashlessFigure.objects.visible_to(user)
        .filter(policy=policy or BOTH, month__in=shown)
        .values("unit", "month", *_COUNTED)
    )
    units = Unit.objects.in_bulk({row["unit"] for row in stored})
    places = places_in(list(units), base)
    found: dict[int | None, dict[datetime.date, list[Counts]]] = defaultdict(lambda: defaultdict(list))
    totals: dict[datetime.date, list[Counts]] = defaultdict(list)
    split: set[int] = set()
    for row in stored:
        counts = Counts(**{name: row[name] for name in _COUNTED})
        totals[row["month"]].append(counts)
        # Its people came from several units of the month before the merger.
        if merger and chosen == Boundaries.OLD and units[row["unit"]].valid_from == merger.day:
            split.add(row["unit"])
        else:
            found[places[row["unit"]]][row["month"]].append(counts)
    if merger and split:
        for row in _by_origin(user, merger, policy, split, shown):
            found[row["origin"]][row["month"]].append(Counts(**{name: row[name] for name in _COUNTED}))
    areas = Unit.objects.in_bulk([unit for unit in found if unit is not None])
    order = sorted(areas.values(), key=lambda unit: (unit.position, unit.code))
    rows = [AreaRow(Area(unit, base), _added(found[unit.pk])) for unit in order]
    if None in found:
        rows.append(AreaRow(Area(None, base), _added(found[None])))
    return Trend(chosen, shown, tuple(rows), _added(totals), merger)


def _added(parts: dict[datetime.date, list[Counts]]) -> dict[datetime.date, Counts]:
    return {month: Counts.total(counts) for month, counts in parts.items()}


def _by_origin(
    user: User, merger: UnitMerger, policy: str, split: Iterable[int], shown: Iterable[datetime.date]
) -> Iterable[dict[str, Any]]:
    """The people whom the figures of merged units count, by month and the unit they came from."""
    rows = with_origin(_counted(policy).visible_to(user), user, merger).filter(unit__in=split, month__in=shown)
    return (
        rows.order_by()
        .values("month", "origin")
        .annotate(
            due=Count("pk"),
            with_account=Count("pk", filter=Q(has_account=True)),
            paid_by_account=Count("pk", filter=Q(paid_by_account=True)),
        )
    )


def _counted(policy: str) -> Any:
    return CountedInPolicy.objects.filter(policy=policy) if policy not in ("", BOTH) else CountedOnce.objects.all()


def with_origin(rows: Any, user: User, merger: UnitMerger) -> Any:
    """Counted rows with ``origin``, the unit from which the merger took the person or, before its day, will take them;
    none for who came later, or from a unit outside the user's scope."""
    known = Unit.objects.filter(ended_by=merger, pk__in=units_of(user).values("pk")).values("pk")
    return rows.annotate(
        move=FilteredRelation("person__unit_moves", condition=Q(person__unit_moves__day=merger.day)),
        came_from=Coalesce(F("move__from_unit"), Case(When(person__commune__ended_by=merger, then="person__commune"))),
        origin=Case(When(came_from__in=known, then=F("came_from"))),
    )


def area_of(user: User, place: str) -> Area | None:
    """The area that an address names, of those the user may see; None where there is no such."""
    code, _, month = place.partition("@")
    try:
        base = months.parse(month)
    except ValueError:
        return None
    if code == NO_UNIT:
        return Area(None, base) if last_merger(user, months.add(base, 1)) else None
    unit = unit_by_code(code, base, within=units_of(user))
    return Area(unit, base) if unit else None


def in_area(rows: Any, user: User, area: Area, month: datetime.date) -> Any:
    """The counted rows of a month that a row of the trend counts."""
    unit = area.unit
    if unit is not None and unit.valid_to is not None and unit.valid_to <= month and unit.ended_by is not None:
        return with_origin(rows, user, unit.ended_by).filter(origin=unit.pk)
    if unit is not None:
        # Itself, or the units that it was made of.
        return rows.filter(unit__in=kin_by_unit([unit.pk])[unit.pk])
    merger = last_merger(user, months.add(area.base, 1))
    if merger is None:
        return rows.none()
    made = Unit.objects.filter(predecessors__ended_by=merger, valid_from=merger.day)
    return with_origin(rows, user, merger).filter(origin__isnull=True, unit__in=made.values("pk"))
