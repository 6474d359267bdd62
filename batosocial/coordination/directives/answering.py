"""What addressees report, and what those who gave the task say to it: confirmed, given back, reminded."""

import datetime
from collections.abc import Collection, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.directives import reading
from batosocial.coordination.directives.services import DirectiveRefused
from batosocial.coordination.models import Addressee, Assignment, AssignmentStep, Directive
from batosocial.coordination.notifications import fresh
from batosocial.jobs.models import StoredFile
from batosocial.staff.models import COMMUNE_ROLES, DISTRICT_ROLES, Role, User
from beneficiaries.attachments.checking import check_file

Kind, State, Step = Addressee.Kind, Assignment.State, AssignmentStep.Kind
OFFICE_ROLES = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER})
#: Who reports for whom.
REPORTERS: dict[str, frozenset[Role]] = {
    Kind.COMMUNE: COMMUNE_ROLES,
    Kind.OFFICE: OFFICE_ROLES,
    Kind.POLICE: frozenset({Role.POLICE}),
    Kind.PAYER: frozenset({Role.PAYER}),
}
REPORTING_ROLES = frozenset().union(*REPORTERS.values())


def may_report(user: User, row: Assignment) -> bool:
    return user.role in REPORTERS[row.addressee.kind]


def may_answer(user: User, row: Assignment) -> bool:
    """The Phòng confirms what others report, the chairman what the Phòng reports; nobody their own."""
    judges = {Role.CHAIRMAN} if row.addressee.kind == Kind.OFFICE else OFFICE_ROLES
    return user.role in judges and row.reported_by_id != user.pk


@transaction.atomic
def report(
    *,
    actor: User,
    assignment_id: int,
    text: str,
    done: bool,
    percent: int | None = None,
    on_day: datetime.date | None = None,
    file: tuple[str, bytes] | None = None,
) -> Assignment:
    """Say how far it is, or that it is done; what the program computes then is kept beside it.

    PermissionDenied without the role, Assignment.DoesNotExist out of scope, DirectiveRefused for what is confirmed or
    not asked any more, checking.FileRefused.
    """
    row = _locked(actor, [assignment_id])[0]
    if not may_report(actor, row):
        raise PermissionDenied
    _ask_in_force(row)
    if row.state == State.CONFIRMED:
        raise DirectiveRefused("Việc này đã được xác nhận xong, không báo cáo thêm.")
    kept = None
    if file is not None:
        name, kind = check_file(*file)
        kept = StoredFile.keep(name=name, content_type=kind.content_type, content=file[1], created_by=actor)
    old = row.state
    row.state = State.REPORTED if done else State.WORKING
    row.percent = 100 if done else percent
    row.report, row.reported_by, row.reported_at = text, actor, timezone.now()
    row.answer, row.answered_by, row.answered_at = "", None, None
    row.save()
    told = reading.read([row])[0]
    _step(row, Step.DONE if done else Step.PROGRESS, actor, text, told.value.text if told.value else "",
          percent=row.percent, on_day=on_day, file=kept)  # fmt: skip
    fresh.touch()
    audit.record(
        actor=actor,
        action="Báo cáo hoàn thành việc được giao" if done else "Báo cáo tiến độ việc được giao",
        row=row,
        changes={"state": (old, row.state)},
        details={"text": text, "percent": row.percent, "file": kept.sha256 if kept else ""},
    )
    return row


@transaction.atomic
def confirm(*, actor: User, assignment_ids: Collection[int], note: str = "") -> int:
    """Take reports of being done as they are; how many. What is confirmed already is skipped."""
    rows = [row for row in _locked(actor, assignment_ids) if row.state == State.REPORTED]
    _ask_answering(actor, rows)
    _answer(actor, rows, State.CONFIRMED, note)
    return len(rows)


@transaction.atomic
def give_back(*, actor: User, assignment_id: int, reason: str) -> bool:
    """Send a report of being done back with a reason, also one that was confirmed and proves wrong; whether there was
    one."""
    if not reason:
        raise DirectiveRefused("Hãy ghi lý do trả lại.")
    rows = [row for row in _locked(actor, [assignment_id]) if row.state in (State.REPORTED, State.CONFIRMED)]
    _ask_answering(actor, rows)
    _answer(actor, rows, State.RETURNED, reason)
    return bool(rows)


@transaction.atomic
def remind(*, actor: User, assignment_ids: Collection[int], text: str = "") -> int:
    """Press whoever still has to act; how many were reminded. One who was and has said nothing since is not again."""
    if actor.role not in DISTRICT_ROLES or not actor.is_active:
        raise PermissionDenied
    rows = [row for row in _locked(actor, assignment_ids) if row.is_open and not row.is_reminded]
    rows = [row for row in rows if row.task.directive.state == Directive.State.ISSUED and not row.task.cancelled_at]
    now = timezone.now()
    for row in rows:
        row.reminded_by, row.reminded_at = actor, now
    Assignment.objects.bulk_update(rows, ["reminded_by", "reminded_at"])
    _steps(rows, Step.REMINDED, actor, text)
    fresh.touch()
    audit.record(
        actor=actor,
        action="Đôn đốc việc được giao",
        row=rows[0] if len(rows) == 1 else None,
        details={"assignments": [row.pk for row in rows], "text": text},
    )
    return len(rows)


def _answer(actor: User, rows: Sequence[Assignment], state: Assignment.State, text: str) -> None:
    now, old = timezone.now(), {row.pk: row.state for row in rows}
    for row in rows:
        row.state, row.answer, row.answered_by, row.answered_at = state, text[:500], actor, now
    Assignment.objects.bulk_update(rows, ["state", "answer", "answered_by", "answered_at"])
    _steps(rows, Step.CONFIRMED if state == State.CONFIRMED else Step.RETURNED, actor, text)
    fresh.touch()
    action = "Xác nhận xong việc được giao" if state == State.CONFIRMED else "Trả lại báo cáo việc được giao"
    for row in rows:
        changes = {"state": (old[row.pk], row.state)}
        audit.record(actor=actor, action=action, row=row, changes=changes, details={"text": text})


def _steps(rows: Sequence[Assignment], kind: str, actor: User, text: str) -> None:
    now = timezone.now()
    AssignmentStep.objects.bulk_create(
        AssignmentStep(
            assignment=one.row,
            kind=kind,
            text=text[:500],
            measured=one.value.text[:200] if one.value else "",
            by=actor,
            at=now,
        )
        for one in reading.read(rows)
    )


def _step(row: Assignment, kind: str, actor: User, text: str, measured: str, **fields: Any) -> None:
    AssignmentStep.objects.create(
        assignment=row, kind=kind, text=text, measured=measured[:200], by=actor, at=timezone.now(), **fields
    )


def _ask_answering(actor: User, rows: Sequence[Assignment]) -> None:
    if actor.role not in DISTRICT_ROLES or not all(may_answer(actor, row) for row in rows):
        raise PermissionDenied
    for row in rows:
        _ask_in_force(row)


def _ask_in_force(row: Assignment) -> None:
    if row.task.directive.state != Directive.State.ISSUED:
        raise DirectiveRefused("Văn bản đã kết thúc, không báo cáo hay xác nhận thêm.")
    if row.task.cancelled_at is not None:
        raise DirectiveRefused("Việc này đã hủy, không báo cáo hay xác nhận thêm.")


def _locked(actor: User, assignment_ids: Collection[int]) -> list[Assignment]:
    """In the order of their ids; Assignment.DoesNotExist where one is out of scope."""
    visible = Assignment.objects.visible_to(actor).filter(pk__in=set(assignment_ids)).values("pk")
    rows = reading.loaded(Assignment.objects.filter(pk__in=visible).select_for_update(of=("self",)).order_by("pk"))
    if len(rows) != len(set(assignment_ids)):
        raise Assignment.DoesNotExist
    return rows
