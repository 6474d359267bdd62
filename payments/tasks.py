"""Background work of this app: files of results, and what a month's reviews are about."""

from celery import shared_task
from django.db import transaction

from batosocial.jobs.registry import JobFailed, register
from batosocial.jobs.runner import RunningJob
from batosocial.lib import money, months
from batosocial.lib.workbooks import WorkbookError
from batosocial.staff.models import User
from payments.models import ResultBatch
from payments.results.reading import Unreadable
from payments.results.recording import ChangedMeanwhile, check_content, choices_of, record_batch, store_preview
from payments.review import services as review
from payments.services import CHECK_JOB, RECORD_JOB


def _lock(batch_id: int, state: str) -> ResultBatch | None:
    """The batch, if it still waits in that state: a job that was killed after its commit does nothing again."""
    rows = ResultBatch.objects.select_for_update(of=("self",)).select_related("payer", "file")
    return rows.filter(pk=batch_id, state=state).first()


@register(CHECK_JOB)
@transaction.atomic
def check_results(job: RunningJob, batch_id: int) -> None:
    batch = _lock(batch_id, ResultBatch.State.CHECKING)
    if batch is not None:
        _check(job, batch)


def _check(job: RunningJob, batch: ResultBatch) -> None:
    job.progress(0, 0, "Đọc tệp")
    try:
        matched = check_content(
            content=bytes(batch.file.content),
            filename=batch.file.name,
            payer=batch.payer,
            progress=job.progress,
            choices=choices_of(batch),
        )
    except (Unreadable, WorkbookError) as error:
        batch.state = ResultBatch.State.UNREADABLE
        batch.failure = str(error)
        batch.save(update_fields=["state", "failure"])
        job.message = str(error)
        return
    store_preview(batch, matched, job.progress)
    job.message = (
        f"Đã kiểm tra {money.format_number(len(matched))} dòng: {money.format_number(batch.ready_count)} sẽ ghi, "
        f"{money.format_number(batch.unchanged_count)} không đổi, "
        f"{money.format_number(batch.unmatched_count)} không khớp, {money.format_number(batch.error_count)} lỗi."
    )


@register(RECORD_JOB)
def record_results(job: RunningJob, batch_id: int) -> None:
    try:
        with transaction.atomic():
            batch = _lock(batch_id, ResultBatch.State.RECORDING)
            if batch is None:
                return
            total = batch.ready_count
            job.progress(0, total, "Ghi nhận kết quả")
            recorded = record_batch(actor=job.owner, batch=batch, job_id=job.id)
    except ChangedMeanwhile as changed:
        # Shown again as it is now, for the user to look at and confirm once more.
        with transaction.atomic():
            batch = _lock(batch_id, ResultBatch.State.RECORDING)
            if batch is not None:
                _check(job, batch)
        raise JobFailed(
            f"{changed.count} khoản đã thay đổi sau khi xem trước nên chưa ghi gì. "
            "Tệp đã được kiểm tra lại; hãy xem rồi xác nhận lần nữa."
        ) from None
    job.progress(total, total, "Ghi nhận kết quả")
    job.message = f"Đã ghi {money.format_number(recorded.count)} kết quả của tháng {', '.join(recorded.months)}."


@register(review.PREFILL_JOB)
def prefill_reviews(job: RunningJob, month: str) -> None:
    count = review.prefill_reviews(actor=job.owner, month=months.parse(month), job_id=job.id)
    job.message = f"Đã thêm {money.format_number(count)} gợi ý rà soát {months.title(months.parse(month))}."


@shared_task(name="payments.prefill_reviews_monthly")
def prefill_reviews_monthly() -> None:
    """Queue the next month's reviews of every commune; what was found before stays."""
    review.queue_prefill(actor=User.objects.system(), month=review.month_to_review())
