"""The way of a file of answers: brought and checked, looked at, then written by whoever brought it, all at once."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.models import AnswerFile, IdentityRound
from batosocial.coordination.rounds import answering
from batosocial.coordination.rounds.files.checking import Preview, check_answers, read_answers
from batosocial.coordination.rounds.files.storing import still_says_the_same, store_preview
from batosocial.jobs.models import Job, StoredFile
from batosocial.jobs.services import queue_job
from batosocial.lib.money import format_number
from batosocial.staff.models import Role, User
from beneficiaries.imports.base import Progress
from beneficiaries.imports.downloads import mark_list
from beneficiaries.imports.messages import ListRefused

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHECK_JOB = "coordination.check_answers"
ACCEPT_JOB = "coordination.accept_answers"
#: Who brings files of answers; the command line's user writes them directly.
BRINGERS = (Role.POLICE,)
#: States in which a file is on its way: the same bytes are not needed a second time.
State = AnswerFile.State
WAITING = (State.CHECKING, State.PREVIEWED, State.ACCEPTING)


class CannotDo(Exception):
    """What was asked for does not fit the file's state; the message tells the user why and what to do."""


def same_file(*, actor: User, round_: IdentityRound, sha256: str) -> AnswerFile | None:
    """The newest file of the same bytes of this round that waits, among those the actor sees."""
    files = AnswerFile.objects.visible_to(actor).filter(round=round_, file__sha256=sha256, state__in=WAITING)
    return files.order_by("-pk").first()


@transaction.atomic
def bring_file(*, actor: User, round_id: int, filename: str, content: bytes, tcvn3: bool = False) -> AnswerFile:
    """Keep a workbook of answers and queue its check. PermissionDenied without the role; IdentityRound.DoesNotExist
    out of scope; CannotDo for a round that is closed."""
    if actor.role not in BRINGERS or not actor.is_active:
        raise PermissionDenied
    round_ = IdentityRound.objects.visible_to(actor).get(pk=round_id)
    if round_.state != IdentityRound.State.OPEN:
        raise CannotDo("Đợt xác minh này đã kết thúc, không trả lời thêm được.")
    file = AnswerFile.objects.create(
        round=round_,
        unit=actor.unit,
        tcvn3=tcvn3,
        file=StoredFile.keep(name=filename, content_type=XLSX, content=content, created_by=actor),
        uploaded_by=actor,
    )
    audit.record(actor=actor, action="Nạp tệp trả lời xác minh", row=file, details={"round": round_})
    _queue_check(file, actor)
    return file


@transaction.atomic
def check_again(*, actor: User, file_id: int) -> AnswerFile:
    """Check a file anew: after a job that failed, or against the register as it is by now."""
    file = _locked(actor, file_id)
    failed = file.state in (State.CHECKING, State.ACCEPTING) and not is_running(file)
    if not failed and file.state not in (State.PREVIEWED, State.UNREADABLE):
        raise CannotDo(f"Tệp này {file.get_state_display().lower()}, không kiểm tra lại được.")
    file.state, file.failure = State.CHECKING, ""
    file.save(update_fields=["state", "failure"])
    _queue_check(file, actor)
    return file


@transaction.atomic
def check_file(*, file_id: int, progress: Progress | None = None) -> AnswerFile:
    """The job's work: check the workbook and store the preview. Does nothing when that was done already."""
    file = _for_job(file_id)
    if file.state != State.CHECKING:
        return file
    try:
        preview = _check(file, progress)
    except ListRefused as refused:
        file.state, file.failure = State.UNREADABLE, place_of(refused)
        file.rows.all().delete()
    else:
        store_preview(file, preview)
        file.state, file.failure = State.PREVIEWED, ""
    file.save()
    return file


@transaction.atomic
def withdraw_file(*, actor: User, file_id: int) -> AnswerFile:
    """Drop a file that was not written."""
    file = _locked(actor, file_id)
    if file.state == State.WITHDRAWN:
        raise CannotDo("Tệp này đã bỏ rồi.")
    if file.state == State.ACCEPTED or (file.state == State.ACCEPTING and is_running(file)):
        raise CannotDo(f"Tệp này {file.get_state_display().lower()}, không bỏ được.")
    file.state = State.WITHDRAWN
    file.save(update_fields=["state"])
    audit.record(actor=actor, action="Bỏ tệp trả lời xác minh", row=file)
    return file


@transaction.atomic
def request_acceptance(*, actor: User, file_id: int, good_rows_only: bool = False) -> AnswerFile:
    """Have the answers of a previewed file written: a job, and asking twice starts one. One with errors only by the
    user's word that its good rows suffice."""
    file = _locked(actor, file_id)
    if file.state == State.ACCEPTED:
        raise CannotDo("Tệp này đã ghi rồi, không ghi lần nữa.")
    broken_off = file.state == State.ACCEPTING and not is_running(file)
    if file.state == State.ACCEPTING and not broken_off:
        raise CannotDo("Tệp này đang được ghi, xin chờ.")
    if file.state != State.PREVIEWED and not broken_off:
        raise CannotDo(f"Tệp này {file.get_state_display().lower()}, không ghi được.")
    if file.new_count + file.changed_count == 0 and file.error_count:
        raise CannotDo(
            f"Tệp có {format_number(file.error_count)} dòng lỗi, ngoài ra không có trả lời nào mới hoặc thay đổi, nên "
            "không có gì để ghi. Hãy sửa các dòng lỗi rồi nạp lại."
        )
    if file.new_count + file.changed_count == 0:
        raise CannotDo("Tệp không có trả lời nào mới hoặc thay đổi, nên không có gì để ghi.")
    if file.error_count and not (good_rows_only or file.good_rows_only):
        raise CannotDo(
            f"Tệp còn {format_number(file.error_count)} dòng lỗi. Hãy sửa tệp rồi nạp lại, hoặc đánh dấu "
            "“Chỉ nhận dòng đúng”."
        )
    file.good_rows_only = file.error_count > 0
    file.state, file.accepted_by, file.failure = State.ACCEPTING, actor, ""
    file.job = queue_job(
        kind=ACCEPT_JOB,
        title=f"Ghi trả lời xác minh: {file.round.name}",
        owner=actor,
        args={"file_id": file.pk},
        key=f"{ACCEPT_JOB}:{file.pk}",
        result_url=reverse("coordination:answer_file", args=[file.pk]),
    )
    file.save()
    return file


@transaction.atomic
def accept_file(*, file_id: int, progress: Progress | None = None, job_id: int | None = None) -> str:
    """The job's work: check the file against round and register as they are now and write its answers, all or none.

    Where they changed since the preview nothing is written: the new preview is stored and the file goes back.
    Returns what to tell the user. Does nothing when the file is no longer being accepted.
    """
    file = _for_job(file_id)
    if file.state != State.ACCEPTING or file.accepted_by is None:
        return f"Tệp này {file.get_state_display().lower()}; không ghi lần nữa."
    preview = _check(file, progress)
    if not still_says_the_same(file, preview):
        store_preview(file, preview)
        file.state, file.accepted_by, file.good_rows_only = State.PREVIEWED, None, False
        file.failure = (
            "Hồ sơ hoặc trả lời đã thay đổi từ lúc xem trước nên chưa ghi gì. Bản xem trước đã làm lại; hãy xem rồi "
            "ghi."
        )
        file.save()
        return file.failure
    if progress:
        progress(len(preview.rows), len(preview.rows), "Ghi trả lời")
    _write(file, preview, actor=file.accepted_by, job_id=job_id)
    return f"Đã ghi {format_number(len(preview.given))} trả lời."


@transaction.atomic
def load_directly(
    *, actor: User, round_: IdentityRound, filename: str, content: bytes, preview: Preview, tcvn3: bool = False
) -> AnswerFile:
    """The command line's writing: a checked file without an error, stored and written at once."""
    if actor.role != Role.SYSTEM:
        raise PermissionDenied
    if preview.counts["error"]:
        raise CannotDo("Tệp còn dòng lỗi nên không ghi gì.")
    file = AnswerFile.objects.create(
        round=round_,
        unit=None,
        tcvn3=tcvn3,
        file=StoredFile.keep(name=filename, content_type=XLSX, content=content, created_by=actor),
        uploaded_by=actor,
        accepted_by=actor,
        state=State.ACCEPTING,
    )
    store_preview(file, preview)
    _write(file, preview, actor=actor)
    return file


def _write(file: AnswerFile, preview: Preview, *, actor: User, job_id: int | None = None) -> None:
    try:
        written = answering.answer_rows(
            actor=actor, round_id=file.round_id, given=preview.given, source=file.file.name, job_id=job_id
        )
    except (answering.AnswersRefused, answering.RoundClosed) as refused:
        raise CannotDo(f"Hồ sơ hoặc đợt vừa thay đổi nên chưa ghi gì; hãy kiểm tra lại tệp. {refused}") from refused
    file.state, file.accepted_at = State.ACCEPTED, timezone.now()
    file.save()
    audit.record(
        actor=actor,
        action="Ghi trả lời xác minh từ tệp",
        row=file,
        details={**counts(file), "round": file.round, "written": len(written)},
        job_id=job_id,
    )


def marked_workbook(*, actor: User, file: AnswerFile) -> bytes:
    """The workbook with its cells marked; who takes it stands in the audit. Raises WorkbookError as reading does."""
    found = [
        (sheet, row, message["column"], message["severity"], message["message"])
        for sheet, row, messages in file.rows.exclude(messages=[]).values_list("sheet", "row", "messages")
        for message in messages
    ]
    content = mark_list(bytes(file.file.content), found)
    audit.record(actor=actor, action="Tải tệp đã đánh dấu", row=file)
    return content


def original_workbook(*, actor: User, file: AnswerFile) -> bytes:
    """The workbook as it was brought; who takes it stands in the audit."""
    audit.record(actor=actor, action="Tải tệp gốc", row=file)
    return bytes(file.file.content)


def counts(file: AnswerFile) -> dict[str, int | bool]:
    return {
        "new": file.new_count,
        "changed": file.changed_count,
        "unchanged": file.unchanged_count,
        "waiting": file.waiting_count,
        "errors": file.error_count,
        "good_rows_only": file.good_rows_only,
    }


def is_running(file: AnswerFile) -> bool:
    return file.job is not None and file.job.state in (Job.State.QUEUED, Job.State.RUNNING)


def place_of(refused: ListRefused) -> str:
    if refused.row is None:
        return str(refused)
    return f"Trang “{refused.sheet}”, dòng {refused.row}: {refused}"


# --- shared --------------------------------------------------------------------------------------------------------


def _check(file: AnswerFile, progress: Progress | None) -> Preview:
    """As whoever brought it: their scope decides whom the rows can be about."""
    read = read_answers(bytes(file.file.content), file.file.name, tcvn3=file.tcvn3 or None)
    return check_answers(read, round_=file.round, actor=file.accepted_by or file.uploaded_by, progress=progress)


def _for_job(file_id: int) -> AnswerFile:
    files = AnswerFile.objects.select_for_update(of=("self",))
    return files.select_related("round", "file", "uploaded_by", "accepted_by").get(pk=file_id)


def _locked(actor: User, file_id: int) -> AnswerFile:
    """The file, locked and as it is now. AnswerFile.DoesNotExist out of scope."""
    if actor.role not in BRINGERS:
        raise PermissionDenied
    files = AnswerFile.objects.visible_to(actor).select_for_update(of=("self",))
    return files.select_related("round", "uploaded_by", "accepted_by", "job").get(pk=file_id)


def _queue_check(file: AnswerFile, actor: User) -> None:
    file.job = queue_job(
        kind=CHECK_JOB,
        title=f"Kiểm tra tệp trả lời: {file.round.name}",
        owner=actor,
        args={"file_id": file.pk},
        key=f"{CHECK_JOB}:{file.pk}",
        result_url=reverse("coordination:answer_file", args=[file.pk]),
    )
    file.save(update_fields=["job"])
