"""Celery's side of the jobs: it is handed ids only."""

from celery import shared_task

from batosocial.jobs import runner, services


@shared_task(name="jobs.run")
def run(job_id: int) -> None:
    runner.run_job(job_id)


@shared_task(name="jobs.sweep")
def sweep() -> None:
    """Recover the work of killed workers and of messages that never arrived."""
    for job_id in runner.abandoned_jobs():
        services.send(job_id)
