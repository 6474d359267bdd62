"""Directives as people read them: the matrix of tasks and addressees, counts, who has not begun. Fixed queries."""

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from batosocial.coordination.directives import measures, reading
from batosocial.coordination.directives.reading import DOUBTFUL, OVERDUE, Reading, Status
from batosocial.coordination.models import Addressee, Assignment, Directive, DirectiveTask
from batosocial.lib import clock, months
from batosocial.staff.models import User

#: Rows of the matrix: only addressees that have begun none of their tasks.
IDLE = "chua-viec-nao"
_ORDER = {kind: place for place, kind in enumerate(reading.KIND_ORDER)}


@dataclass(frozen=True, slots=True)
class Count:
    """A number with the list that is as long."""

    label: str
    number: int
    tone: str
    url: str


def list_url(**chosen: Any) -> str:
    """The list of assignments: ``van_ban``, ``tinh_trang``, ``viec``, ``noi``, ``thang``."""
    query = urlencode({name: value for name, value in chosen.items() if value})
    return f"{reverse('coordination:assignments')}{'?' if query else ''}{query}"


@dataclass(slots=True)
class Summary:
    """Of a directive in a month: what its assignments come to."""

    directive: Directive
    month: datetime.date
    readings: list[Reading]

    def url(self, **chosen: Any) -> str:
        month = months.iso(self.month) if self.has_months else ""
        return list_url(van_ban=self.directive.pk, thang=month, **chosen)

    @property
    def has_months(self) -> bool:
        return any(one.row.month for one in self.readings)

    @property
    def counts(self) -> list[Count]:
        """Overdue first; without what there is none of."""
        found = [Count("Quá hạn", self.overdue, "danger", self.url(tinh_trang=OVERDUE))]
        by_status = Counter(one.status for one in self.readings)
        found += [
            Count(str(status.label), by_status[status], reading.TONES[status], self.url(tinh_trang=status.value))
            for status in Status
        ]
        doubtful = sum(bool(one.doubt) for one in self.readings)
        found.append(Count("Báo cáo trái số liệu", doubtful, "danger", self.url(tinh_trang=DOUBTFUL)))
        return [count for count in found if count.number]

    @property
    def idle(self) -> list[Addressee]:
        """Communes that have begun none of their tasks, in their order."""
        return idle_of(self.readings)

    @property
    def idle_url(self) -> str:
        return f"{reverse('coordination:directive', args=[self.directive.pk])}?tinh_trang={IDLE}"

    @property
    def overdue(self) -> int:
        return sum(one.row.is_overdue for one in self.readings)

    @property
    def waiting(self) -> int:
        return sum(one.status == Status.REPORTED for one in self.readings)

    @property
    def tasks(self) -> "list[TaskCount]":
        """Tasks that somebody has not begun, in their order."""
        left: dict[int, list[Reading]] = {}
        for one in self.readings:
            left.setdefault(one.row.task_id, []).append(one)
        found = []
        for group in left.values():
            not_begun = [one for one in group if one.status == Status.NOT_BEGUN]
            if not_begun:
                task = group[0].row.task
                url = self.url(viec=task.pk, tinh_trang=Status.NOT_BEGUN.value)
                found.append(TaskCount(task, len(not_begun), len(group), url))
        return sorted(found, key=lambda one: one.task.position)


@dataclass(frozen=True, slots=True)
class TaskCount:
    task: DirectiveTask
    number: int
    whole: int
    url: str


def idle_of(readings: Sequence[Reading]) -> list[Addressee]:
    begun: dict[str, bool] = {}
    known: dict[str, Addressee] = {}
    for one in readings:
        who = one.row.addressee
        if who.kind != Addressee.Kind.COMMUNE:
            continue
        known[who.code] = who
        begun[who.code] = begun.get(who.code, False) or one.begun
    return sorted((who for code, who in known.items() if not begun[code]), key=order_of)


def order_of(who: Addressee) -> tuple[int, int, str]:
    return _ORDER[Addressee.Kind(who.kind)], who.unit.position if who.unit else 0, who.name


def summaries(user: User) -> list[Summary]:
    """Of every directive in force that the user sees, in this month; the newest first."""
    month = months.first(clock.today())
    rows = reading.loaded(reading.of_month(Assignment.objects.visible_to(user).of_issued(), month))
    by_directive: dict[int, list[Reading]] = {}
    for one in reading.read(rows):
        by_directive.setdefault(one.row.task.directive_id, []).append(one)
    found = [Summary(group[0].row.task.directive, month, group) for group in by_directive.values()]
    return sorted(found, key=lambda one: (one.directive.month, one.directive.day or 0, one.directive.pk), reverse=True)


@dataclass(slots=True)
class MatrixRow:
    who: Addressee
    #: In the order of the tasks; None where the task is not theirs or does not fit the filter.
    cells: list[Reading | None]

    @property
    def name(self) -> str:
        return self.who.name


@dataclass(slots=True)
class Matrix:
    """Of one kind of addressees."""

    label: str
    tasks: list[DirectiveTask]
    rows: list[MatrixRow]


def matrices(readings: Sequence[Reading], *, status: str = "", task: str = "", place: str = "") -> list[Matrix]:
    """For each kind of addressees rows of them, columns of tasks; what the filter leaves empty does not stand in it."""
    idle = {who.code for who in idle_of(readings)} if status == IDLE else set()
    kept = [
        one
        for one in readings
        if (one.row.addressee.code in idle if status == IDLE else one.fits(status))
        and task in ("", str(one.row.task_id))
        and place in ("", one.row.addressee.code)
    ]
    by_kind = {kind: [one for one in kept if one.row.addressee.kind == kind] for kind in reading.KIND_ORDER}
    return [_matrix(str(kind.label), group) for kind, group in by_kind.items() if group]


def _matrix(label: str, kept: Sequence[Reading]) -> Matrix:
    tasks = sorted({one.row.task_id: one.row.task for one in kept}.values(), key=lambda one: one.position)
    who = {one.row.addressee.code: one.row.addressee for one in kept}
    cells = {(one.row.addressee.code, one.row.task_id): one for one in kept}
    rows = [
        MatrixRow(addressee, [cells.get((code, one.pk)) for one in tasks])
        for code, addressee in sorted(who.items(), key=lambda item: order_of(item[1]))
    ]
    return Matrix(label, tasks, rows)


def months_of(directive: Directive) -> list[datetime.date]:
    """The months of its monthly tasks that have begun, the newest first."""
    rows = Assignment.objects.filter(task__directive=directive, month__lte=months.first(clock.today()))
    found = rows.order_by().values_list("month", flat=True).distinct()
    return sorted((month for month in found if month), reverse=True)


def of_directive(user: User, directive: Directive, month: datetime.date | None) -> list[Reading]:
    """What the user sees of it in a month, without cancelled tasks, by task and addressee."""
    rows: QuerySet[Assignment] = Assignment.objects.visible_to(user).filter(
        task__directive=directive, task__cancelled_at__isnull=True
    )
    found = reading.read(reading.loaded(reading.of_month(rows, month)))
    return sorted(found, key=lambda one: (one.row.task.position, order_of(one.row.addressee)))


def tasks_of(directive: Directive, readings: Sequence[Reading], *, sees_all: bool) -> list[Any]:
    """The tasks with ``to_text`` and ``measure_text``; for an addressee those given to them. Three queries."""
    rows: Any = directive.tasks.select_related("measured_in").prefetch_related("addressees__unit", "addressees__payer")
    mine = {one.row.task_id for one in readings}
    found = [task for task in rows if sees_all or task.pk in mine]
    for task in found:
        task.to_text = _to_text(task.addressees.all())
        measure = measures.find(task.measure)
        place = f", tại {task.measured_in}" if task.measured_in else ""
        target = measure.target_text(task.target) if measure else ""
        task.measure_text = f"{measure.label}{place}{f', {target}' if target else ''}" if measure else ""
    return found


#: More communes than this are counted, not named.
_NAMED = 4


def _to_text(addressees: Iterable[Addressee]) -> str:
    known = sorted(addressees, key=order_of)
    communes = [who.name for who in known if who.kind == Addressee.Kind.COMMUNE]
    others = [who.name for who in known if who.kind != Addressee.Kind.COMMUNE]
    if len(communes) > _NAMED:
        communes = [f"{len(communes)} xã, thị trấn"]
    return ", ".join(communes + others)
