"""Background work of the register: jobs are handed ids and call one service each."""

from typing import Any

from celery import shared_task
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError

from batosocial.jobs.registry import JobFailed, register
from batosocial.jobs.runner import RunningJob
from batosocial.lib.money import format_number
from batosocial.staff.models import User
from beneficiaries.exports import services as exports
from beneficiaries.exports.lists import BadFilter
from beneficiaries.identity import services as identity
from beneficiaries.imports import services
from beneficiaries.imports.messages import ListRefused


@register(services.CHECK_JOB)
def check_import(job: RunningJob, batch_id: int) -> None:
    batch = services.check_batch(batch_id=batch_id, progress=job.progress)
    job.message = batch.failure or f"Đã kiểm tra {batch.row_count} dòng."


@register(services.ACCEPT_JOB)
def accept_import(job: RunningJob, batch_id: int) -> None:
    try:
        job.message = services.accept_batch(batch_id=batch_id, progress=job.progress, job_id=job.id)
    except IntegrityError as error:
        raise JobFailed(
            "Sổ đối tượng vừa có người khác sửa cùng lúc nên chưa ghi gì. Hãy bấm nhận danh sách lần nữa."
        ) from error
    except ListRefused as refused:
        raise JobFailed(str(refused)) from refused


@register(exports.JOB)
def export_list(job: RunningJob, **args: Any) -> None:
    try:
        exports.run_export(job=job, **args)
    except BadFilter as error:
        raise JobFailed(f"{error} Hãy lọc lại trên trang rồi xuất lần nữa.") from error
    except PermissionDenied as error:
        raise JobFailed("Anh/chị không còn quyền xuất danh sách này.") from error


@register(identity.CHECK_JOB)
def check_identity(job: RunningJob) -> None:
    checked = identity.check_register(actor=job.owner, progress=job.progress, job_id=job.id)
    job.message = (
        f"Đã kiểm tra {format_number(checked.people)} người: {format_number(checked.opened)} việc mới, "
        f"{format_number(checked.reopened)} xuất hiện lại, {format_number(checked.closed)} tự đóng."
    )


@shared_task(name="beneficiaries.check_identity_nightly")
def check_identity_nightly() -> None:
    """Queue a check of the whole register: benefits have begun and ended since the last one."""
    identity.queue_check(actor=User.objects.system())
