"""The measures that a task can have: what is computed, from when on something counts as begun, when it is reached."""

import datetime
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from batosocial.coordination.models import Addressee
from batosocial.territory.models import Unit

Kind = Addressee.Kind
EVERY_KIND = frozenset(Kind)
#: The Phòng and the communes: who may read what people are paid.
BENEFITS = frozenset({Kind.COMMUNE, Kind.OFFICE})


@dataclass(frozen=True, slots=True)
class Value:
    """What was counted: ``part`` of ``whole``, or ``part`` alone; ``text`` in words, ``url`` the page with it.

    ``number`` is what a target is compared with, None where nothing can be said yet.
    """

    part: int
    whole: int | None
    text: str
    url: str

    @property
    def number(self) -> Decimal | None:
        if self.whole is None:
            return Decimal(self.part)
        return Decimal(100 * self.part) / Decimal(self.whole) if self.whole else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """For whom and when a measure is taken: communes by id, the district where ``whole``; months of monthly tasks, None
    for the newest. ``kind`` is the addressee's: a page that the police open is another one."""

    district: Unit
    communes: Mapping[int, Unit]
    whole: bool
    months: Collection[datetime.date | None]
    kind: str


#: By unit's id (None: the district) and month as it was wanted.
Values = dict[tuple[int | None, datetime.date | None], Value]


@dataclass(frozen=True)
class Measure:
    """``compute`` runs a fixed number of queries, whatever is wanted.

    ``from_start``: work has begun once the value is better than when the task was given; else once it is above zero.
    ``lower_is_better``: the target is a most (waiting issues), not a least.
    """

    code: str
    label: str
    unit: str
    compute: Callable[[Wanted], Values]
    kinds: frozenset[Kind] = BENEFITS
    default_target: Decimal | None = None
    from_start: bool = False
    lower_is_better: bool = False

    def reached(self, value: Value, target: Decimal | None) -> bool | None:
        """None where there is nothing to compare. Exact, never of rounded rates."""
        limit = target if target is not None else self.default_target
        if limit is None or value.number is None:
            return None
        return value.number <= limit if self.lower_is_better else value.number >= limit

    def begun(self, value: Value, start: Decimal | None) -> bool:
        if value.number is None:
            return False
        if not self.from_start:
            return value.number > 0
        if start is None:
            return False
        now = value.number.quantize(Decimal("0.1"))
        return now < start if self.lower_is_better else now > start

    def target_text(self, target: Decimal | None) -> str:
        """ "ít nhất 50%", "nhiều nhất 0 người"; "" without a target."""
        limit = target if target is not None else self.default_target
        if limit is None:
            return ""
        number = f"{limit.normalize():f}".replace(".", ",")
        joined = f"{number}%" if self.unit == "%" else f"{number} {self.unit}"
        return f"{'nhiều nhất' if self.lower_is_better else 'ít nhất'} {joined}"


_measures: dict[str, Measure] = {}


def register(measure: Measure) -> None:
    """Add a measure; its code, at most 30 letters, is stored with tasks. Registering it again replaces it."""
    _measures[measure.code] = measure


def find(code: str) -> Measure | None:
    return _measures.get(code)


def every() -> list[Measure]:
    """In the order in which they were registered."""
    return list(_measures.values())
