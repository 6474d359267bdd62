"""Writing directives: drafting, issuing, and what may still change after. Reports are in ``reporting_back``."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.directives import measures, reading
from batosocial.coordination.models import Addressee, Assignment, AssignmentStep, Directive, DirectiveTask
from batosocial.coordination.models.directives import due_in
from batosocial.coordination.notifications import fresh
from batosocial.jobs.models import StoredFile
from batosocial.lib import clock, months
from batosocial.staff.models import Payer, Role, User
from batosocial.territory.models import Unit
from beneficiaries.attachments.checking import check_file

#: Who makes directives: the Phòng, and with it the office of the UBND.
MAKERS = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER})


class DirectiveRefused(Exception):
    """It cannot be done; the message says in Vietnamese why and what to do."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands at the top of a directive; ``day`` is None while the văn thư has not filled it in."""

    kind: str
    number: str
    month: datetime.date
    day: int | None
    issuer: str
    signer: str
    abstract: str
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it is drafted: due once (``deadline``) or every month (``from_month``, ``due_day``).

    ``addressees`` are codes as ``Addressee.code`` writes them: "commune:12", "office:1", "police:1", "payer:2".
    """

    text: str
    addressees: Collection[str]
    place: str = ""
    deadline: datetime.date | None = None
    from_month: datetime.date | None = None
    to_month: datetime.date | None = None
    due_day: int | None = None
    measure: str = ""
    target: Decimal | None = None
    measured_in: Unit | None = None


@transaction.atomic
def create_directive(
    *, actor: User, head: Head, tasks: Sequence[Task], file: tuple[str, bytes] | None = None
) -> Directive:
    """A draft with its tasks. PermissionDenied without the role or for addressees of elsewhere; DirectiveRefused for
    what cannot be measured; checking.FileRefused."""
    upper = _district(actor)
    row = Directive(upper=upper, made_by=actor, made_at=timezone.now(), **{name: getattr(head, name) for name in _HEAD})
    if file is not None:
        row.file = _keep(actor, file)
    row.save(force_insert=True)
    _write_tasks(actor, row, tasks)
    audit.record(actor=actor, action="Lập văn bản chỉ đạo", row=row, details={"tasks": [task.text for task in tasks]})
    return row


_HEAD = tuple(Head.__dataclass_fields__)


@transaction.atomic
def change_directive(
    *, actor: User, directive_id: int, head: Head, tasks: Sequence[Task], file: tuple[str, bytes] | None = None
) -> Directive:
    """Write a draft anew. Errors as ``create_directive``; DirectiveRefused once it is issued."""
    _district(actor)
    row = _locked(actor, directive_id)
    if row.state != Directive.State.DRAFT:
        raise DirectiveRefused("Văn bản đã giao việc, chỉ đổi được hạn hoặc hủy từng việc kèm lý do.")
    changes = audit.differences(row, {name: getattr(head, name) for name in _HEAD})
    for name, (_, new) in changes.items():
        setattr(row, name, new)
    if file is not None:
        row.file = _keep(actor, file)
    row.save()
    row.tasks.all().delete()
    _write_tasks(actor, row, tasks)
    details = {"tasks": [task.text for task in tasks]}
    audit.record(actor=actor, action="Sửa văn bản chỉ đạo", row=row, changes=changes, details=details)
    return row


@transaction.atomic
def discard_draft(*, actor: User, directive_id: int) -> None:
    """Remove a draft that nobody was told of. DirectiveRefused once it is issued."""
    _district(actor)
    row = _locked(actor, directive_id)
    if row.state != Directive.State.DRAFT:
        raise DirectiveRefused("Văn bản đã giao việc, không xóa được. Kết thúc văn bản nếu không thực hiện nữa.")
    details = {"tasks": list(row.tasks.values_list("text", flat=True))}
    audit.record(actor=actor, action="Xóa dự thảo văn bản chỉ đạo", row=row, details=details)
    row.delete()


@transaction.atomic
def issue_directive(*, actor: User, directive_id: int) -> int:
    """Give the tasks out; how many assignments were made. Issuing again changes nothing and gives 0."""
    _district(actor)
    row = _locked(actor, directive_id)
    if row.state != Directive.State.DRAFT:
        return 0
    if not row.tasks.exists():
        raise DirectiveRefused("Văn bản chưa có việc nào. Hãy thêm ít nhất một việc rồi giao.")
    row.state, row.issued_by, row.issued_at = Directive.State.ISSUED, actor, timezone.now()
    row.save(update_fields=["state", "issued_by", "issued_at"])
    made = open_months(directive_id=row.pk)
    fresh.touch()
    audit.record(actor=actor, action="Giao việc theo văn bản", row=row, details={"assignments": made})
    return made


@transaction.atomic
def close_directive(*, actor: User, directive_id: int) -> bool:
    """End it: its open assignments ask for nothing any more. Whether it was still in force."""
    _district(actor)
    row = _locked(actor, directive_id)
    if row.state == Directive.State.DRAFT:
        raise DirectiveRefused("Văn bản chưa giao việc. Xóa dự thảo nếu không dùng.")
    if row.state == Directive.State.CLOSED:
        return False
    still_open = Assignment.objects.filter(task__directive=row).open().count()
    row.state, row.closed_by, row.closed_at = Directive.State.CLOSED, actor, timezone.now()
    row.save(update_fields=["state", "closed_by", "closed_at"])
    fresh.touch()
    audit.record(actor=actor, action="Kết thúc văn bản chỉ đạo", row=row, details={"open": still_open})
    return True


@transaction.atomic
def change_deadline(
    *, actor: User, task_id: int, reason: str, deadline: datetime.date | None = None, due_day: int | None = None
) -> int:
    """Another day for what is still open of a task; how many assignments it moves. A reason is told to everybody."""
    task = _task(actor, task_id)
    old = task.deadline or task.due_day
    new: datetime.date | int | None = due_day if task.monthly else deadline
    if new is None or not reason:
        raise DirectiveRefused("Hãy ghi hạn mới và lý do.")
    if new == old:
        return 0
    rows = list(Assignment.objects.filter(task=task).open().select_for_update(of=("self",)))
    if task.monthly:
        task.due_day = due_day
        for row in rows:
            assert row.month is not None and due_day is not None  # noqa: S101
            row.due = due_in(row.month, due_day)
    else:
        task.deadline = deadline
        for row in rows:
            assert deadline is not None  # noqa: S101
            row.due = deadline
    task.save(update_fields=["deadline", "due_day"])
    Assignment.objects.bulk_update(rows, ["due"])
    now = timezone.now()
    AssignmentStep.objects.bulk_create(
        AssignmentStep(assignment=row, kind=AssignmentStep.Kind.DUE, text=f"Hạn {row.due:%d/%m/%Y}: {reason}"[:500],
                       by=actor, at=now)
        for row in rows
    )  # fmt: skip
    fresh.touch()
    audit.record(
        actor=actor,
        action="Đổi hạn việc được giao",
        row=task,
        changes={"due_day" if task.monthly else "deadline": (old, new)},
        details={"reason": reason, "assignments": len(rows)},
    )
    return len(rows)


@transaction.atomic
def cancel_task(*, actor: User, task_id: int, reason: str) -> bool:
    """Ask for the task no more; what was reported stays. Whether it still stood."""
    task = _task(actor, task_id)
    if not reason:
        raise DirectiveRefused("Hãy ghi lý do hủy.")
    if task.cancelled_at is not None:
        return False
    task.cancelled_by, task.cancelled_at, task.cancel_reason = actor, timezone.now(), reason[:300]
    task.save(update_fields=["cancelled_by", "cancelled_at", "cancel_reason"])
    fresh.touch()
    audit.record(actor=actor, action="Hủy việc của văn bản", row=task, details={"reason": reason})
    return True


#: Whatever is missing of assignments up to a month, of one directive or of all, in one statement.
_OPEN = """
INSERT INTO coordination_assignment (task_id, addressee_id, month, due, state, report, answer)
SELECT task.id, addressee.id, due.month, due.due, 'none', '', ''
FROM coordination_directivetask task
JOIN coordination_directive directive ON directive.id = task.directive_id
JOIN coordination_addressee addressee ON addressee.task_id = task.id
CROSS JOIN LATERAL (
    SELECT NULL::date AS month, task.deadline AS due WHERE task.deadline IS NOT NULL
    UNION ALL
    SELECT m::date, m::date + (task.due_day - 1)
    FROM generate_series(task.from_month, least(%(month)s::date, task.to_month), interval '1 month') m
    WHERE task.from_month IS NOT NULL
) due
WHERE directive.state = 'issued' AND task.cancelled_at IS NULL
  AND (%(directive)s::bigint IS NULL OR directive.id = %(directive)s)
ON CONFLICT (addressee_id, month) DO NOTHING
RETURNING id
"""


@transaction.atomic
def open_months(*, directive_id: int | None = None) -> int:
    """Make the assignments that are due up to this month and are not there; how many. Repeating makes none.

    The measure's value of that moment is kept with each, from which some count whether work has begun.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"month": months.first(clock.today()), "directive": directive_id})
        made = [row[0] for row in cursor.fetchall()]
    if made:
        fresh = reading.read(reading.loaded(Assignment.objects.filter(pk__in=made).exclude(task__measure="")))
        for one in fresh:
            one.row.start = reading.start_of(one)
        Assignment.objects.bulk_update([one.row for one in fresh], ["start"], batch_size=2000)
    return len(made)


# --- addressees --------------------------------------------------------------------------------------------------


def choices_of(district: Unit) -> list[tuple[str, str, str]]:
    """To whom a directive of the district can give tasks: (kind, code, name), communes in their order. Two queries."""
    communes = Unit.objects.current().communes().filter(parent=district)
    found = [("commune", f"commune:{unit.pk}", str(unit)) for unit in communes]
    found.append(("office", f"office:{district.pk}", "Phòng LĐ-TB&XH"))
    found.append(("police", f"police:{district.pk}", f"Công an {district.kind.lower()}"))
    found += [("payer", f"payer:{payer.pk}", str(payer)) for payer in Payer.objects.all()]
    return found


def _write_tasks(actor: User, row: Directive, tasks: Sequence[Task]) -> None:
    known = {code for _, code, _ in choices_of(row.upper)}
    made = []
    for position, task in enumerate(tasks, 1):
        if not task.addressees or not set(task.addressees) <= known:
            raise PermissionDenied
        if problem := measuring_problem(task.measure, task.addressees):
            raise DirectiveRefused(f"Việc {position}: {problem}")
        fields = {name: getattr(task, name) for name in _TASK}
        made.append(DirectiveTask(directive=row, position=position, **fields))
    DirectiveTask.objects.bulk_create(made)
    Addressee.objects.bulk_create(
        _addressee(stored, code) for stored, task in zip(made, tasks, strict=True) for code in sorted(task.addressees)
    )


_TASK = tuple(name for name in Task.__dataclass_fields__ if name != "addressees")


def _addressee(task: DirectiveTask, code: str) -> Addressee:
    kind, _, key = code.partition(":")
    if kind == Addressee.Kind.PAYER:
        return Addressee(task=task, kind=kind, payer_id=int(key))
    return Addressee(task=task, kind=kind, unit_id=int(key))


def measuring_problem(code: str, addressees: Collection[str]) -> str:
    """Why a measure cannot be taken of these addressees, in Vietnamese; "" where it can."""
    if not code:
        return ""
    measure = measures.find(code)
    if measure is None:
        return "không có thước đo này. Hãy chọn lại."
    kinds = {one.partition(":")[0] for one in addressees}
    if wrong := kinds - {str(kind) for kind in measure.kinds}:
        names = ", ".join(Addressee.Kind(kind).label for kind in sorted(wrong))
        return f"“{measure.label}” không đo được cho {names}. Hãy tách việc hoặc chọn thước đo khác."
    return ""


# --- common ------------------------------------------------------------------------------------------------------


def _district(actor: User) -> Unit:
    if actor.role not in MAKERS or not actor.is_active or actor.unit is None:
        raise PermissionDenied
    return actor.unit


def _locked(actor: User, directive_id: int) -> Directive:
    """Directive.DoesNotExist out of scope."""
    rows = Directive.objects.visible_to(actor).select_related("upper").select_for_update(of=("self",))
    return rows.get(pk=directive_id)


def _task(actor: User, task_id: int) -> DirectiveTask:
    """A standing task of a directive in force; DirectiveTask.DoesNotExist out of scope."""
    _district(actor)
    rows = DirectiveTask.objects.select_related("directive").select_for_update()
    task = rows.get(pk=task_id, directive__in=Directive.objects.visible_to(actor))
    if task.directive.state != Directive.State.ISSUED:
        raise DirectiveRefused("Chỉ đổi được việc của văn bản đang thực hiện.")
    return task


def _keep(actor: User, file: tuple[str, bytes]) -> StoredFile:
    name, content = file
    kept_name, kind = check_file(name, content)
    return StoredFile.keep(name=kept_name, content_type=kind.content_type, content=content, created_by=actor)
