"""Writing a list into the register: asked for, then done by a job, all or nothing."""

import datetime

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.jobs.models import StoredFile
from batosocial.jobs.services import queue_job
from batosocial.lib import months
from batosocial.staff.models import Role, User
from beneficiaries.imports import openings
from beneficiaries.imports.base import Progress
from beneficiaries.imports.check import check_workbook
from beneficiaries.imports.checked import Preview
from beneficiaries.imports.kinds import importer_of
from beneficiaries.imports.services.bringing import XLSX
from beneficiaries.imports.services.common import (
    BRINGERS,
    CannotDo,
    Mode,
    State,
    counts,
    is_running,
    locked,
    page_of,
    worth_writing,
)
from beneficiaries.imports.storing import still_says_the_same, store_preview
from beneficiaries.models import ImportBatch, Person

ACCEPT_JOB = "beneficiaries.accept_import"
#: Lists are accepted one after another, so that no two of them enter the same person (key of an advisory lock).
_ACCEPTANCE_LOCK = 7302


def can_be_accepted(batch: ImportBatch, actor: User) -> bool:
    """A list that was sent, one that the district brought itself, or one whose writing broke off.

    What nobody sends, those write who brought it: the commune its own, the district its own.
    """
    broken_off = batch.state == State.ACCEPTING and not is_running(batch)
    if not importer_of(batch).sent_first:
        return actor.role == batch.uploaded_by.role and (batch.state == State.PREVIEWED or broken_off)
    if actor.role != Role.DISTRICT_OFFICER or batch.mode == Mode.PROPOSALS:
        return False
    own = batch.state == State.PREVIEWED and batch.uploaded_by.role == Role.DISTRICT_OFFICER
    return own or broken_off or batch.state == State.SENT


@transaction.atomic
def request_acceptance(
    *, actor: User, batch: ImportBatch, start_month: datetime.date, good_rows_only: bool = False
) -> ImportBatch:
    """Accept a list as a first load from ``start_month``: the writing is a job, and asking twice starts one."""
    return _request(locked(actor, batch, {Role.DISTRICT_OFFICER}), actor, start_month, good_rows_only)


@transaction.atomic
def request_entry(*, actor: User, batch: ImportBatch, good_rows_only: bool = False) -> ImportBatch:
    """Have a list written that nobody sends, from its own month: again a job, and asking twice starts one."""
    batch = locked(actor, batch, BRINGERS)
    importer = importer_of(batch)
    if importer.sent_first:
        raise CannotDo("Danh sách này do Phòng LĐ-TB&XH nhận vào sổ.")
    return _request(batch, actor, importer.first_month(batch), good_rows_only)


def can_be_proposed(batch: ImportBatch, actor: User) -> bool:
    """By the officer of its commune: a checked list of people, or one whose writing as proposals broke off."""
    if actor.role != Role.COMMUNE_OFFICER or not importer_of(batch).proposes:
        return False
    broken_off = batch.state == State.ACCEPTING and batch.mode == Mode.PROPOSALS and not is_running(batch)
    return broken_off or batch.state == State.PREVIEWED


@transaction.atomic
def request_proposals(*, actor: User, batch: ImportBatch, good_rows_only: bool = False) -> ImportBatch:
    """Write a list as proposals of its commune. Nobody else has to accept it, as nothing becomes payable by it: each
    new or changed benefit waits for its appraisal and decision, each route for its confirmation.

    Again a job, and asking twice starts one.
    """
    batch = locked(actor, batch, {Role.COMMUNE_OFFICER})
    if can_be_proposed(batch, actor):
        batch.mode = Mode.PROPOSALS
    return _request(batch, actor, importer_of(batch).first_month(batch), good_rows_only)


def _request(batch: ImportBatch, actor: User, start_month: datetime.date, good_rows_only: bool) -> ImportBatch:
    if batch.state == State.ACCEPTED:
        raise CannotDo("Danh sách này đã ghi rồi, không ghi lần nữa.")
    if batch.state == State.ACCEPTING and is_running(batch):
        raise CannotDo("Danh sách này đang được ghi, xin chờ.")
    allowed = can_be_proposed if batch.mode == Mode.PROPOSALS else can_be_accepted
    if not allowed(batch, actor):
        raise CannotDo(f"Danh sách {batch.state_label.lower()}, không nhận được.")
    worth_writing(batch, batch.good_rows_only or good_rows_only)
    first = importer_of(batch).first_month(batch)
    if start_month < first:
        raise CannotDo(f"Tháng bắt đầu sớm nhất là {months.title(first)}: các tháng trước đã mở kỳ chi trả.")
    batch.good_rows_only = batch.error_count > 0
    batch.state, batch.accepted_by, batch.start_month = State.ACCEPTING, actor, start_month
    batch.failure = ""
    batch.job = queue_job(
        kind=ACCEPT_JOB,
        title=f"Ghi vào sổ: {importer_of(batch).subject(batch)}, {batch.place}",
        owner=actor,
        args={"batch_id": batch.pk},
        key=f"{ACCEPT_JOB}:{batch.pk}",
        result_url=page_of(batch),
    )
    batch.save()
    return batch


@transaction.atomic
def accept_batch(*, batch_id: int, progress: Progress | None = None, job_id: int | None = None) -> str:
    """The job's work: check the list against the register as it is now and write it, all or nothing.

    Where the register changed since the preview nothing is written: the new preview is stored and the list goes
    back. Returns what to tell the user. Does nothing when the list is no longer being accepted.
    """
    batch = (
        ImportBatch.objects.select_for_update(of=("self",))
        .select_related("commune", "payer", "file", "accepted_by", "uploaded_by")
        .get(pk=batch_id)
    )
    if batch.state != State.ACCEPTING or batch.start_month is None or batch.accepted_by is None:
        return f"Danh sách {batch.state_label.lower()}; không ghi lần nữa."
    first = importer_of(batch).first_month(batch)
    if batch.start_month < first:
        by_district = batch.uploaded_by.role == Role.DISTRICT_OFFICER
        was_sent = importer_of(batch).sent_first and batch.mode == Mode.FIRST_LOAD and not by_district
        back_to = State.SENT if was_sent else State.PREVIEWED
        return _give_back(
            batch,
            back_to,
            f"Kỳ {months.title(batch.start_month)} vừa được mở chi trả; hãy ghi lại từ {months.title(first)}.",
        )
    _wait_for_other_lists()
    preview = check_workbook(
        bytes(batch.file.content), batch.file.name, batch, start=batch.start_month, progress=progress
    )
    if not _people_unchanged(preview) or not still_says_the_same(batch, preview):
        store_preview(batch, preview)
        if batch.payer_id is not None:
            openings.campaigns().checked(batch, preview)
        return _give_back(
            batch,
            State.PREVIEWED,
            "Sổ đối tượng đã thay đổi từ lúc xem trước nên chưa ghi gì. Bản xem trước đã làm lại; hãy xem rồi gửi lại.",
        )
    total = len(preview.rows)
    if progress:
        progress(total, total, "Ghi vào sổ")
    return _write(batch, preview, job_id=job_id)


def _write(batch: ImportBatch, preview: Preview, *, job_id: int | None = None) -> str:
    assert batch.accepted_by is not None and batch.start_month is not None  # noqa: S101
    written = importer_of(batch).write(batch, preview, actor=batch.accepted_by, job_id=job_id)
    batch.state, batch.accepted_at = State.ACCEPTED, timezone.now()
    batch.save()
    audit.record(
        actor=batch.accepted_by,
        action="Ghi đề nghị từ danh sách" if batch.mode == Mode.PROPOSALS else "Nhận danh sách",
        row=batch,
        details={**counts(batch), "start_month": batch.start_month, "written": dict(written.counts)},
        job_id=job_id,
    )
    return written.told


@transaction.atomic
def load_directly(*, actor: User, batch: ImportBatch, filename: str, content: bytes, preview: Preview) -> ImportBatch:
    """The command line's writing: a checked list without an error, stored and written at once.

    ``batch`` is not stored yet and says what list it is. One operator is one person, so that the routes wait for
    somebody who confirms them.
    """
    if actor.role != Role.SYSTEM:
        raise PermissionDenied
    _wait_for_other_lists()
    if preview.counts["error"]:
        raise CannotDo("Danh sách còn dòng lỗi nên không ghi gì.")
    if not _people_unchanged(preview):
        raise CannotDo("Sổ đối tượng vừa thay đổi; hãy chạy lại.")
    batch.file = StoredFile.keep(name=filename, content_type=XLSX, content=content, created_by=actor)
    batch.uploaded_by = batch.accepted_by = actor
    batch.start_month = preview.start
    batch.state = State.ACCEPTING
    batch.save()
    store_preview(batch, preview)
    _write(batch, preview)
    return batch


def _wait_for_other_lists() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_ACCEPTANCE_LOCK])


def _people_unchanged(preview: Preview) -> bool:
    """Lock the people whom the list names and see whether they are still as they were read."""
    read = {row.person.pk: row.person.version for row in preview.rows if row.person is not None}
    now = Person.objects.select_for_update().filter(pk__in=read).order_by("pk").values_list("pk", "version")
    return read == dict(now)


def _give_back(batch: ImportBatch, state: str, why: str) -> str:
    batch.state, batch.failure = state, why
    batch.accepted_by = batch.start_month = None
    if state == State.PREVIEWED:
        batch.sent_by = batch.sent_at = None
        batch.good_rows_only = False
    batch.save()
    return why
