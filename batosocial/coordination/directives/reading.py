"""Where every assignment stands: what was reported, what the program computes, and what follows from both.

**Begun** is whoever has reported, and whoever's measure says so: above zero for a rate or a count, better than when the
task was given for what never stands at zero (the share of clean people, waiting issues). A commune with a rate of 0
and no report has not begun; where nothing is measured, only a report begins.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import models

from batosocial.coordination.directives import measures
from batosocial.coordination.directives.measures import Measure, Value, Wanted
from batosocial.coordination.models import Addressee, Assignment
from batosocial.territory.models import Unit

State = Assignment.State


class Status(models.TextChoices):
    """What lists are filtered by; the codes stand in addresses."""

    NOT_BEGUN = "chua-bat-dau", "Chưa bắt đầu"
    WORKING = "dang-lam", "Đang làm"
    REPORTED = "cho-xac-nhan", "Báo cáo xong, chờ xác nhận"
    RETURNED = "tra-lai", "Bị trả lại"
    CONFIRMED = "xong", "Đã xác nhận xong"


#: Also filters: overdue whatever the status, and reported as done against the figures.
OVERDUE, DOUBTFUL, IN_TIME = "qua-han", "trai-so-lieu", "con-han"
TONES: dict[str, str] = {
    Status.NOT_BEGUN: "neutral",
    Status.WORKING: "info",
    Status.REPORTED: "warning",
    Status.RETURNED: "danger",
    Status.CONFIRMED: "success",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """An assignment with what is computed of it."""

    row: Assignment
    measure: Measure | None
    value: Value | None

    @property
    def reached(self) -> bool | None:
        return self.measure.reached(self.value, self.row.task.target) if self.measure and self.value else None

    @property
    def target_text(self) -> str:
        return self.measure.target_text(self.row.task.target) if self.measure else ""

    @property
    def begun(self) -> bool:
        if self.row.state != State.NONE:
            return True
        return bool(self.measure and self.value and self.measure.begun(self.value, self.row.start))

    @property
    def status(self) -> Status:
        match self.row.state:
            case State.REPORTED:
                return Status.REPORTED
            case State.RETURNED:
                return Status.RETURNED
            case State.CONFIRMED:
                return Status.CONFIRMED
        return Status.WORKING if self.begun else Status.NOT_BEGUN

    @property
    def tone(self) -> str:
        return "danger" if self.row.is_overdue else TONES[self.status]

    @property
    def doubt(self) -> str:
        """What the figures say against a report of being done; "" where they don't."""
        if self.row.state not in (State.REPORTED, State.CONFIRMED) or self.reached is not False or not self.value:
            return ""
        return f"Báo cáo xong nhưng số liệu cho thấy {self.value.text}; chỉ tiêu {self.target_text}."

    def fits(self, status: str) -> bool:
        if status == OVERDUE:
            return self.row.is_overdue
        if status == IN_TIME:
            return self.row.is_open and not self.row.is_overdue
        if status == DOUBTFUL:
            return bool(self.doubt)
        return not status or self.status == status


def read(rows: Sequence[Assignment]) -> list[Reading]:
    """Readings in the order of ``rows``, which have task, directive and addressee with unit and payer loaded.

    A fixed number of queries for each measure in use. A measure is told to kinds of addressees that may know it only.
    """
    values = _values(rows)
    found = []
    for row in rows:
        measure = measures.find(row.task.measure)
        if measure and row.addressee.kind not in measure.kinds:
            measure = None
        found.append(Reading(row, measure, values.get(row.pk) if measure else None))
    return found


def _values(rows: Iterable[Assignment]) -> dict[int, Value]:
    """By assignment; one call of a measure for each district and kind of addressee that it is taken for."""
    groups: dict[tuple[str, int, str], list[Assignment]] = defaultdict(list)
    for row in rows:
        if row.task.measure:
            groups[row.task.measure, row.task.directive.upper_id, row.addressee.kind].append(row)
    found: dict[int, Value] = {}
    for (code, _, kind), group in groups.items():
        measure = measures.find(code)
        if measure is None or kind not in measure.kinds:
            continue
        units = {place.pk: place for row in group if (place := place_of(row)) is not None}
        heirs = [unit.heir for unit in units.values() if unit.heir is not None]
        wanted = Wanted(
            district=group[0].task.directive.upper,
            communes=units | {unit.pk: unit for unit in heirs},
            whole=any(place_of(row) is None for row in group),
            months={row.month for row in group},
            kind=kind,
        )
        values = measure.compute(wanted)
        for row in group:
            place = place_of(row)
            value = values.get((place.pk if place else None, row.month))
            if (value is None or value.number is None) and place is not None and place.heir_id is not None:
                # Since a merger the unit's people are counted under the one that stands for it.
                value = values.get((place.heir_id, row.month)) or value
            if value is not None:
                found[row.pk] = value
    return found


def place_of(row: Assignment) -> Unit | None:
    """The commune in which the measure is taken; None for the whole district."""
    if row.task.measured_in is not None:
        return row.task.measured_in
    unit = row.addressee.unit
    return unit if unit is not None and unit.level == Unit.Level.COMMUNE else None


def start_of(reading: Reading) -> Decimal | None:
    """What is kept of a measure when a task is given: its value, one decimal."""
    number = reading.value.number if reading.value else None
    return None if number is None else number.quantize(Decimal("0.1"))


def loaded(rows: "models.QuerySet[Assignment]") -> list[Assignment]:
    """The rows with everything that ``read`` and the pages need, in one query."""
    return list(
        rows.select_related(
            "task__directive__upper",
            "task__measured_in__heir",
            "addressee__unit__heir",
            "addressee__unit__parent",
            "addressee__payer",
            "reported_by",
        )
    )


def of_month(rows: "models.QuerySet[Assignment]", month: datetime.date | None) -> "models.QuerySet[Assignment]":
    """Of monthly tasks those of a month; tasks that are done once always."""
    return rows.filter(models.Q(month__isnull=True) | models.Q(month=month)) if month else rows


#: Kinds in the order in which a letter names them.
KIND_ORDER = [Addressee.Kind.COMMUNE, Addressee.Kind.OFFICE, Addressee.Kind.POLICE, Addressee.Kind.PAYER]
