"""Background work on files of answers: jobs are handed ids and call one service each."""

from batosocial.coordination.rounds.files import services
from batosocial.jobs.registry import JobFailed, register
from batosocial.jobs.runner import RunningJob
from batosocial.lib.money import format_number
from beneficiaries.imports.messages import ListRefused


@register(services.CHECK_JOB)
def check_answers(job: RunningJob, file_id: int) -> None:
    file = services.check_file(file_id=file_id, progress=job.progress)
    job.message = file.failure or f"Đã kiểm tra {format_number(file.row_count)} dòng."


@register(services.ACCEPT_JOB)
def accept_answers(job: RunningJob, file_id: int) -> None:
    try:
        job.message = services.accept_file(file_id=file_id, progress=job.progress, job_id=job.id)
    except (services.CannotDo, ListRefused) as problem:
        raise JobFailed(str(problem)) from problem
