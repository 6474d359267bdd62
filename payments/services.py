"""Writing results: one payment by form, many by a payer's file."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.jobs.models import Job, StoredFile
from batosocial.jobs.services import queue_job
from batosocial.lib import clock
from batosocial.lib.text import clean
from batosocial.staff.models import Payer, Role, User
from payments import hooks
from payments.models import Payment, PaymentList, Period, ResultBatch
from payments.results.rules import NewResult, ResultRefused, objections

#: Who records results: the Phòng for every payer, a payer its own.
RECORDERS = frozenset({Role.DISTRICT_OFFICER, Role.PAYER})
CHECK_JOB = "payments.check_results"
RECORD_JOB = "payments.record_results"


class BatchRefused(Exception):
    """What was asked for a file of results cannot be done now; the message says why."""


@transaction.atomic
def record_result(*, actor: User, payment_id: int, new: NewResult, why: str = "", seen: str = "") -> bool:
    """Record or correct one payment's result; False where it already stands so.

    ``seen`` is ``result_version`` of the payment as the user saw it: who comes second is told, instead of silently
    overwriting. Raises ResultRefused with the errors by field, PermissionDenied without the role, and
    Payment.DoesNotExist outside the actor's scope.
    """
    if actor.role not in RECORDERS:
        raise PermissionDenied
    payment = locked_payment(actor, payment_id)
    why = clean(why)
    if new.result not in Payment.Result.values:
        raise ResultRefused({"result": "Hãy chọn kết quả."})
    changes = audit.differences(payment, new.values())
    if not changes:
        return False
    if seen != result_version(payment):
        raise ResultRefused(
            {"": "Kết quả của khoản này vừa được người khác ghi nhận. Hãy xem lại kết quả mới rồi ghi nếu vẫn cần."}
        )
    errors = objections(payment, new, why=why, today=clock.today())
    if errors:
        raise ResultRefused(errors)
    corrected = payment.result in Payment.PAID
    Payment.objects.filter(pk=payment.pk).update(**new.values(), recorded_by=actor, recorded_at=timezone.now())
    audit.record(
        actor=actor,
        action="sửa kết quả chi trả" if corrected else "ghi nhận kết quả chi trả",
        row=payment,
        changes=changes,
        details={"vì sao": why} if why else {},
    )
    hooks.results_changed(months={payment.payment_list.period.month}, actor=actor)
    return True


def result_version(payment: Payment) -> str:
    """Names the result as it stands; another result has another version."""
    return payment.recorded_at.isoformat() if payment.recorded_at else ""


def locked_payment(actor: User, payment_id: int) -> Payment:
    """The payment in the actor's scope, locked after its period and list."""
    payment = Payment.objects.visible_to(actor).select_related("payment_list").get(pk=payment_id)
    # Locked one after the other; evaluating each queryset takes its lock.
    Period.objects.select_for_update(no_key=True).get(pk=payment.payment_list.period_id)
    PaymentList.objects.select_for_update(no_key=True).get(pk=payment.payment_list_id)
    return Payment.objects.select_for_update(of=("self",)).select_related("payment_list__period").get(pk=payment_id)


def may_upload_for(actor: User, payer: Payer) -> bool:
    return actor.role == Role.DISTRICT_OFFICER or (actor.role == Role.PAYER and actor.payer_id == payer.pk)


def same_files(payer: Payer, sha256: str) -> QuerySet[ResultBatch]:
    """The payer's files with these bytes that were not put aside."""
    dropped = (ResultBatch.State.WITHDRAWN, ResultBatch.State.UNREADABLE)
    return ResultBatch.objects.filter(payer=payer, file__sha256=sha256).exclude(state__in=dropped)


@transaction.atomic
def upload_results(*, actor: User, payer: Payer, filename: str, content: bytes) -> ResultBatch:
    """Keep a payer's file and have it checked. PermissionDenied for a file of another payer."""
    if not may_upload_for(actor, payer):
        raise PermissionDenied
    file = StoredFile.keep(name=filename, content_type="application/octet-stream", content=content, created_by=actor)
    batch = ResultBatch.objects.create(payer=payer, file=file, uploaded_by=actor)
    audit.record(
        actor=actor,
        action="nạp tệp kết quả chi trả",
        row=batch,
        details={"tổ chức chi trả": payer.code, "sha256": file.sha256},
    )
    _queue(actor, batch, CHECK_JOB, f"Kiểm tra tệp kết quả {file.name}")
    return batch


@transaction.atomic
def confirm_batch(*, actor: User, batch_id: int, good_rows_only: bool) -> ResultBatch:
    """Have the ready rows recorded. With errors or unmatched rows only when the user says so.

    Raises BatchRefused, also when the file was confirmed before: twice is once.
    """
    batch = _locked_batch(actor, batch_id)
    if batch.state == ResultBatch.State.RECORDED:
        raise BatchRefused("Tệp này đã ghi nhận rồi, không có gì thay đổi.")
    if batch.state == ResultBatch.State.RECORDING and not job_failed(batch):
        raise BatchRefused("Tệp này đang được ghi nhận, hãy chờ.")
    if batch.state not in (ResultBatch.State.PREVIEWED, ResultBatch.State.RECORDING):
        raise BatchRefused(f"Tệp đang ở bước “{batch.get_state_display()}”, chưa ghi nhận được.")
    if not batch.ready_count:
        raise BatchRefused("Tệp không có dòng nào để ghi.")
    if batch.error_count + batch.unmatched_count and not good_rows_only:
        raise BatchRefused("Tệp có dòng lỗi hoặc không khớp. Hãy sửa tệp, hoặc đánh dấu chỉ ghi các dòng đúng.")
    batch.state = ResultBatch.State.RECORDING
    _queue(actor, batch, RECORD_JOB, f"Ghi nhận kết quả từ {batch.file.name}")
    return batch


@transaction.atomic
def recheck_batch(*, actor: User, batch_id: int) -> ResultBatch:
    """Check a file again, against the payments as they are now."""
    batch = _locked_batch(actor, batch_id)
    busy = batch.state in (ResultBatch.State.CHECKING, ResultBatch.State.RECORDING) and not job_failed(batch)
    if busy or batch.state in (ResultBatch.State.RECORDED, ResultBatch.State.WITHDRAWN):
        raise BatchRefused(f"Tệp đang ở bước “{batch.get_state_display()}”, không kiểm tra lại được.")
    old, batch.state = batch.state, ResultBatch.State.CHECKING
    audit.record(
        actor=actor, action="kiểm tra lại tệp kết quả chi trả", row=batch, changes={"state": (old, batch.state)}
    )
    _queue(actor, batch, CHECK_JOB, f"Kiểm tra lại tệp kết quả {batch.file.name}")
    return batch


@transaction.atomic
def withdraw_batch(*, actor: User, batch_id: int) -> ResultBatch:
    """Put a file aside that shall not be recorded."""
    batch = _locked_batch(actor, batch_id)
    if batch.state == ResultBatch.State.WITHDRAWN:
        raise BatchRefused("Tệp này đã bỏ rồi, không có gì thay đổi.")
    if batch.state not in (ResultBatch.State.PREVIEWED, ResultBatch.State.UNREADABLE):
        raise BatchRefused(f"Tệp đang ở bước “{batch.get_state_display()}”, không bỏ được.")
    old, batch.state = batch.state, ResultBatch.State.WITHDRAWN
    batch.save(update_fields=["state"])
    audit.record(actor=actor, action="bỏ tệp kết quả chi trả", row=batch, changes={"state": (old, batch.state)})
    return batch


def job_failed(batch: ResultBatch) -> bool:
    """The batch waits for a job that ended without doing it."""
    return batch.job is not None and batch.job.state == Job.State.FAILED


def _locked_batch(actor: User, batch_id: int) -> ResultBatch:
    """ResultBatch.DoesNotExist outside the actor's scope, PermissionDenied where they may only look."""
    rows = ResultBatch.objects.visible_to(actor).select_for_update(of=("self",))
    batch = rows.select_related("job", "payer", "file").defer("file__content").get(pk=batch_id)
    if not may_upload_for(actor, batch.payer):
        raise PermissionDenied
    return batch


def _queue(actor: User, batch: ResultBatch, kind: str, title: str) -> None:
    batch.job = queue_job(
        kind=kind,
        title=title[:200],
        owner=actor,
        args={"batch_id": batch.pk},
        result_url=reverse("payments:batch", args=[batch.pk]),
    )
    batch.save(update_fields=["state", "job"])
