"""The way of a commune's list: uploaded and checked, sent, then accepted or refused by the district."""

import datetime
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.jobs.models import Job, StoredFile
from batosocial.jobs.services import queue_job
from batosocial.lib import months
from batosocial.lib.money import format_number
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.imports.acceptance import Acceptance
from beneficiaries.imports.messages import ListRefused
from beneficiaries.imports.preview import Preview, check_workbook
from beneficiaries.imports.storing import still_says_the_same, store_preview
from beneficiaries.models import ImportBatch, Person, Policy
from beneficiaries.months import first_open_month

State = ImportBatch.State
Progress = Callable[[int, int, str], None]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

#: Who sees the lists, and who brings them.
READERS = (Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER, Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER)
UPLOADERS = (Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER)
#: States in which a list is on its way: the same file is not needed a second time.
WAITING = (State.CHECKING, State.PREVIEWED, State.SENT, State.ACCEPTING)
#: Lists are accepted one after another, so that no two of them enter the same person (key of an advisory lock).
_ACCEPTANCE_LOCK = 7302

CHECK_JOB = "beneficiaries.check_import"
ACCEPT_JOB = "beneficiaries.accept_import"


class CannotDo(Exception):
    """What was asked for does not fit the list's state; the message tells the user why and what to do."""


def same_file(*, commune: Unit, policy: str, sha256: str) -> ImportBatch | None:
    """The newest list of the same bytes that waits or was accepted for this commune and policy."""
    return (
        ImportBatch.objects.filter(
            commune=commune, policy=policy, file__sha256=sha256, state__in=[*WAITING, State.ACCEPTED]
        )
        .order_by("-pk")
        .first()
    )


@transaction.atomic
def upload_list(*, actor: User, commune: Unit, policy: str, filename: str, content: bytes) -> ImportBatch:
    """Keep a workbook and queue its check. The form has made sure that it can be read."""
    _may_upload(actor, commune)
    batch = ImportBatch.objects.create(
        commune=commune,
        policy=Policy(policy),
        file=StoredFile.keep(name=filename, content_type=XLSX, content=content, created_by=actor),
        uploaded_by=actor,
    )
    audit.record(actor=actor, action="Nạp danh sách", row=batch, details={"commune": commune, "policy": policy})
    _queue_check(batch, actor)
    return batch


@transaction.atomic
def check_again(*, actor: User, batch: ImportBatch) -> ImportBatch:
    """Check a list anew: after a job that failed, or against the register as it is by now."""
    batch = _locked(actor, batch, {Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER})
    failed = batch.state == State.CHECKING and not _is_running(batch)
    if not failed and batch.state not in (State.PREVIEWED, State.UNREADABLE):
        raise CannotDo(f"Danh sách {batch.get_state_display().lower()}, không kiểm tra lại được.")
    batch.state = State.CHECKING
    batch.save(update_fields=["state"])
    _queue_check(batch, actor)
    return batch


@transaction.atomic
def check_batch(*, batch_id: int, progress: Progress | None = None) -> ImportBatch:
    """The job's work: check the workbook and store the preview. Does nothing when that was done already."""
    batch = ImportBatch.objects.select_for_update(of=("self",)).select_related("commune", "file").get(pk=batch_id)
    if batch.state != State.CHECKING:
        return batch
    try:
        preview = _check(batch, first_open_month(batch.policy), progress)
    except ListRefused as refused:
        batch.state, batch.failure = State.UNREADABLE, _place(refused)
    else:
        store_preview(batch, preview)
        batch.state, batch.failure = State.PREVIEWED, ""
    batch.save()
    return batch


@transaction.atomic
def send_batch(*, actor: User, batch: ImportBatch, good_rows_only: bool = False) -> ImportBatch:
    """Hand a previewed list to the district; one with errors only by the sender's word that its good rows suffice."""
    batch = _locked(actor, batch, {Role.COMMUNE_OFFICER})
    if batch.state == State.SENT:
        raise CannotDo("Danh sách này đã gửi Phòng rồi.")
    if batch.state != State.PREVIEWED:
        raise CannotDo(f"Danh sách {batch.get_state_display().lower()}, không gửi được.")
    _worth_writing(batch, good_rows_only)
    batch.state = State.SENT
    batch.good_rows_only = good_rows_only and batch.error_count > 0
    batch.sent_by, batch.sent_at = actor, timezone.now()
    batch.failure = ""
    batch.save()
    audit.record(actor=actor, action="Gửi danh sách", row=batch, details=_counts(batch))
    return batch


@transaction.atomic
def withdraw_batch(*, actor: User, batch: ImportBatch) -> ImportBatch:
    """Drop a list that is not accepted: the commune its own, the district one that it uploaded itself."""
    batch = _locked(actor, batch, {Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER})
    if actor.role == Role.DISTRICT_OFFICER and batch.uploaded_by.role != Role.DISTRICT_OFFICER:
        raise PermissionDenied
    if batch.state == State.WITHDRAWN:
        raise CannotDo("Danh sách này đã bỏ rồi.")
    if batch.state in (State.ACCEPTED, State.ACCEPTING):
        raise CannotDo(f"Danh sách {batch.get_state_display().lower()}, không bỏ được.")
    batch.state = State.WITHDRAWN
    batch.save(update_fields=["state"])
    audit.record(actor=actor, action="Bỏ danh sách", row=batch)
    return batch


@transaction.atomic
def refuse_batch(*, actor: User, batch: ImportBatch, reason: str) -> ImportBatch:
    """Send a list back to the commune, saying why."""
    batch = _locked(actor, batch, {Role.DISTRICT_OFFICER})
    if batch.state == State.REFUSED:
        raise CannotDo("Danh sách này đã trả lại rồi.")
    if batch.state != State.SENT:
        raise CannotDo(f"Danh sách {batch.get_state_display().lower()}, không trả lại được.")
    if not reason.strip():
        raise CannotDo("Hãy ghi lý do trả lại để xã biết cần sửa gì.")
    batch.state, batch.refusal = State.REFUSED, reason.strip()
    batch.save(update_fields=["state", "refusal"])
    audit.record(actor=actor, action="Trả lại danh sách", row=batch, details={"reason": batch.refusal})
    return batch


# --- acceptance ----------------------------------------------------------------------------------------------------


def can_be_accepted(batch: ImportBatch, actor: User) -> bool:
    """A list that was sent, one that the district brought itself, or one whose writing broke off."""
    if actor.role != Role.DISTRICT_OFFICER:
        return False
    own = batch.state == State.PREVIEWED and batch.uploaded_by.role == Role.DISTRICT_OFFICER
    broken_off = batch.state == State.ACCEPTING and not _is_running(batch)
    return own or broken_off or batch.state == State.SENT


@transaction.atomic
def request_acceptance(
    *, actor: User, batch: ImportBatch, start_month: datetime.date, good_rows_only: bool = False
) -> ImportBatch:
    """Accept a list as a first load from ``start_month``: the writing is a job, and asking twice starts one."""
    batch = _locked(actor, batch, {Role.DISTRICT_OFFICER})
    if batch.state == State.ACCEPTED:
        raise CannotDo("Danh sách này đã nhận rồi, không ghi lần nữa.")
    if batch.state == State.ACCEPTING and _is_running(batch):
        raise CannotDo("Danh sách này đang được ghi, xin chờ.")
    if not can_be_accepted(batch, actor):
        raise CannotDo(f"Danh sách {batch.get_state_display().lower()}, không nhận được.")
    _worth_writing(batch, batch.good_rows_only or good_rows_only)
    first = first_open_month(batch.policy)
    if start_month < first:
        raise CannotDo(f"Tháng bắt đầu sớm nhất là {months.title(first)}: các tháng trước đã mở kỳ chi trả.")
    batch.good_rows_only = batch.error_count > 0
    batch.state, batch.accepted_by, batch.start_month = State.ACCEPTING, actor, start_month
    batch.failure = ""
    batch.job = queue_job(
        kind=ACCEPT_JOB,
        title=f"Ghi danh sách {batch.policy} của {batch.place} vào sổ",
        owner=actor,
        args={"batch_id": batch.pk},
        key=f"{ACCEPT_JOB}:{batch.pk}",
        result_url=reverse("beneficiaries:import_detail", args=[batch.pk]),
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
        .select_related("commune", "file", "accepted_by", "uploaded_by")
        .get(pk=batch_id)
    )
    if batch.state != State.ACCEPTING or batch.start_month is None or batch.accepted_by is None:
        return f"Danh sách {batch.get_state_display().lower()}; không ghi lần nữa."
    first = first_open_month(batch.policy)
    if batch.start_month < first:
        back_to = State.PREVIEWED if batch.uploaded_by.role == Role.DISTRICT_OFFICER else State.SENT
        return _give_back(
            batch,
            back_to,
            f"Kỳ {months.title(batch.start_month)} vừa được mở chi trả; hãy nhận lại từ {months.title(first)}.",
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_ACCEPTANCE_LOCK])
    preview = _check(batch, batch.start_month, progress)
    if not _people_unchanged(preview) or not still_says_the_same(batch, preview):
        store_preview(batch, preview)
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
    written = Acceptance(
        batch=batch, preview=preview, actor=batch.accepted_by, start=batch.start_month, job_id=job_id
    ).write()
    batch.state, batch.accepted_at = State.ACCEPTED, timezone.now()
    batch.save()
    audit.record(
        actor=batch.accepted_by,
        action="Nhận danh sách",
        row=batch,
        details={**_counts(batch), "start_month": batch.start_month, "written": dict(written)},
        job_id=job_id,
    )
    return (
        f"Đã ghi {format_number(batch.new_count)} người mới, {format_number(batch.changed_count)} dòng thay đổi, "
        f"hưởng từ {months.title(batch.start_month)}."
    )


@transaction.atomic
def load_directly(
    *, actor: User, commune: Unit, policy: str, filename: str, content: bytes, preview: Preview
) -> ImportBatch:
    """The command line's first load: a checked list without an error, stored and written at once.

    One operator is one person, so that the routes wait for somebody who confirms them.
    """
    if actor.role != Role.SYSTEM:
        raise PermissionDenied
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_ACCEPTANCE_LOCK])
    if preview.counts["error"]:
        raise CannotDo("Danh sách còn dòng lỗi nên không ghi gì.")
    if not _people_unchanged(preview):
        raise CannotDo("Sổ đối tượng vừa thay đổi; hãy chạy lại.")
    batch = ImportBatch.objects.create(
        commune=commune,
        policy=Policy(policy),
        file=StoredFile.keep(name=filename, content_type=XLSX, content=content, created_by=actor),
        uploaded_by=actor,
        accepted_by=actor,
        start_month=preview.start,
        state=State.ACCEPTING,
    )
    store_preview(batch, preview)
    _write(batch, preview)
    return batch


# --- shared --------------------------------------------------------------------------------------------------------


def _may_upload(actor: User, commune: Unit) -> None:
    own = actor.role == Role.COMMUNE_OFFICER and actor.unit_id == commune.pk
    below = actor.role == Role.DISTRICT_OFFICER and actor.unit_id == commune.parent_id
    if not (own or below):
        raise PermissionDenied


def _locked(actor: User, batch: ImportBatch, roles: set[Role]) -> ImportBatch:
    """The batch's row, locked and as it is now, for one of these roles within its scope."""
    if actor.role not in roles:
        raise PermissionDenied
    found = (
        ImportBatch.objects.visible_to(actor)
        .select_for_update(of=("self",))
        .select_related("commune", "file", "uploaded_by", "job")
        .filter(pk=batch.pk)
        .first()
    )
    if found is None:
        raise PermissionDenied
    return found


def _queue_check(batch: ImportBatch, actor: User) -> None:
    batch.job = queue_job(
        kind=CHECK_JOB,
        title=f"Kiểm tra danh sách {batch.policy} của {batch.place}",
        owner=actor,
        args={"batch_id": batch.pk},
        key=f"{CHECK_JOB}:{batch.pk}",
        result_url=reverse("beneficiaries:import_detail", args=[batch.pk]),
    )
    batch.save(update_fields=["job"])


def _check(batch: ImportBatch, start: datetime.date, progress: Progress | None) -> Preview:
    assert batch.commune is not None  # noqa: S101
    return check_workbook(
        bytes(batch.file.content),
        batch.file.name,
        commune=batch.commune,
        policy=batch.policy,
        start=start,
        progress=progress,
    )


def _people_unchanged(preview: Preview) -> bool:
    """Lock the people whom the list names and see whether they are still as they were read."""
    read = {row.person.pk: row.person.version for row in preview.rows if row.person is not None}
    now = Person.objects.select_for_update().filter(pk__in=read).order_by("pk").values_list("pk", "version")
    return read == dict(now)


def _worth_writing(batch: ImportBatch, good_rows_only: bool) -> None:
    if batch.new_count + batch.changed_count == 0:
        raise CannotDo("Danh sách không có dòng nào mới hoặc thay đổi, nên không có gì để ghi.")
    if batch.error_count and not good_rows_only:
        raise CannotDo(
            f"Danh sách còn {format_number(batch.error_count)} dòng lỗi. Hãy sửa tệp rồi nạp lại, "
            "hoặc đánh dấu “Chỉ nhận dòng đúng”."
        )


def _give_back(batch: ImportBatch, state: str, why: str) -> str:
    batch.state, batch.failure = state, why
    batch.accepted_by = batch.start_month = None
    if state == State.PREVIEWED:
        batch.sent_by = batch.sent_at = None
        batch.good_rows_only = False
    batch.save()
    return why


def _is_running(batch: ImportBatch) -> bool:
    return batch.job is not None and batch.job.state in (Job.State.QUEUED, Job.State.RUNNING)


def _counts(batch: ImportBatch) -> dict[str, Any]:
    return {
        "new": batch.new_count,
        "changed": batch.changed_count,
        "unchanged": batch.unchanged_count,
        "errors": batch.error_count,
        "warnings": batch.warning_count,
        "good_rows_only": batch.good_rows_only,
    }


def _place(refused: ListRefused) -> str:
    if refused.row is None:
        return str(refused)
    return f"Trang “{refused.sheet}”, dòng {refused.row}: {refused}"
