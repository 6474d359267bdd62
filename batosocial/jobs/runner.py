"""Running one Job: lock, heartbeat, progress, outcome.

Progress and heartbeat go over a connection of their own, so that they are seen while the work's transaction is
still open. That connection also holds a session advisory lock: it vanishes with a killed worker, and the sweeper
takes the job up again. The broker is not relied on, as it redelivers only after an hour.
"""

import datetime
import logging
import threading
import time
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from batosocial.jobs import registry
from batosocial.jobs.models import Job, StoredFile
from batosocial.staff.models import User

logger = logging.getLogger(__name__)

#: First half of the advisory lock's key; the second is the job's id.
LOCK_SPACE = 7301
MAX_ATTEMPTS = 3
PROGRESS_EVERY_SECONDS = 0.3


class RunningJob:
    """What a job function sees of its row."""

    def __init__(self, job: Job, line: "psycopg.Connection[Any]") -> None:
        self.id = job.pk
        self.owner: User = job.owner
        self.attempt = job.attempts
        self.message = ""
        self.result_url = job.result_url
        self.result_file: StoredFile | None = None
        self._line = line
        self._guard = threading.Lock()
        self._last = 0.0

    def progress(self, done: int, total: int, step: str = "") -> None:
        """Tell how far the work is. Calls in quick succession are dropped, except the last one (done = total)."""
        now = time.monotonic()
        if done < total and now - self._last < PROGRESS_EVERY_SECONDS:
            return
        self._last = now
        self._write(
            "UPDATE jobs_job SET done_rows = %s, total_rows = %s, step = %s, heartbeat_at = now() WHERE id = %s",
            (min(done, total), total, step[:200], self.id),
        )

    def beat(self) -> None:
        self._write("UPDATE jobs_job SET heartbeat_at = now() WHERE id = %s", (self.id,))

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        with self._guard:
            self._line.execute(statement, values)


def _open_line() -> "psycopg.Connection[Any]":
    params = {k: v for k, v in connection.get_connection_params().items() if k not in ("cursor_factory", "context")}
    params["options"] = f"{params.get('options', '')} -c lock_timeout=2s".strip()
    return psycopg.connect(**params, autocommit=True)


def _take_lock(line: "psycopg.Connection[Any]", job_id: int) -> bool:
    row = line.execute("SELECT pg_try_advisory_lock(%s, %s)", (LOCK_SPACE, job_id)).fetchone()
    return bool(row and row[0])


def run_job(job_id: int) -> None:
    """Run a queued job, or one whose worker died. Does nothing when another worker has it or it is finished."""
    line = _open_line()
    try:
        if not _take_lock(line, job_id):
            return
        started = Job.objects.filter(pk=job_id, state__in=[Job.State.QUEUED, Job.State.RUNNING]).update(
            state=Job.State.RUNNING,
            attempts=F("attempts") + 1,
            started_at=timezone.now(),
            heartbeat_at=timezone.now(),
            done_rows=0,
            total_rows=0,
        )
        if started:
            _run(Job.objects.select_related("owner").get(pk=job_id), line)
    finally:
        line.close()


def _run(job: Job, line: "psycopg.Connection[Any]") -> None:
    running = RunningJob(job, line)
    stop = threading.Event()

    def heartbeat() -> None:
        while not stop.wait(settings.JOB_STALE_SECONDS / 4):
            try:
                running.beat()
            except psycopg.Error:
                logger.warning("job %s: heartbeat failed", job.pk, exc_info=True)
                return

    thread = threading.Thread(target=heartbeat, daemon=True)
    thread.start()
    try:
        registry.call(job.kind, running, job.args)
    except registry.JobFailed as failure:
        outcome: dict[str, Any] = {"state": Job.State.FAILED, "message": str(failure)}
    except Exception:
        logger.exception("job %s (%s) failed", job.pk, job.kind)
        outcome = {
            "state": Job.State.FAILED,
            "message": "Có lỗi ngoài dự kiến, chưa ghi gì. Hãy thử lại; nếu vẫn lỗi, báo quản trị "
            f"kèm số việc {job.pk}.",
        }
    else:
        outcome = {"state": Job.State.DONE, "message": running.message}
    finally:
        stop.set()
        thread.join()
    Job.objects.filter(pk=job.pk).update(
        **outcome,
        result_url=running.result_url,
        result_file=running.result_file,
        finished_at=timezone.now(),
    )


def abandoned_jobs() -> list[int]:
    """Put jobs whose worker died back into the queue and return the ids of all that wait for a worker.

    A running job is taken for dead when its heartbeat is older than ``JOB_STALE_SECONDS`` and nobody holds its lock.
    After ``MAX_ATTEMPTS`` deaths it fails and says so, instead of killing workers for ever.
    """
    now = timezone.now()
    stale = now - datetime.timedelta(seconds=settings.JOB_STALE_SECONDS)
    line = _open_line()
    try:
        for job in Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__lt=stale):
            if not _take_lock(line, job.pk):
                continue
            if job.attempts >= MAX_ATTEMPTS:
                Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(
                    state=Job.State.FAILED,
                    finished_at=now,
                    message=f"Việc dừng giữa chừng {job.attempts} lần, chưa ghi gì. Báo quản trị kèm số việc {job.pk}.",
                )
            else:
                with transaction.atomic():
                    _requeue(job)
            line.execute("SELECT pg_advisory_unlock(%s, %s)", (LOCK_SPACE, job.pk))
    finally:
        line.close()
    waiting = now - datetime.timedelta(seconds=settings.JOB_SWEEP_SECONDS)
    return list(
        Job.objects.filter(state=Job.State.QUEUED, created_at__lt=waiting).order_by("pk").values_list("pk", flat=True)
    )


def _requeue(job: Job) -> None:
    """Queued again, unless a newer job of the same key already waits: that one does the work."""
    twin = job.key and Job.objects.filter(key=job.key, state=Job.State.QUEUED).exclude(pk=job.pk).exists()
    Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(
        state=Job.State.FAILED if twin else Job.State.QUEUED,
        message="Đã có việc mới thay thế." if twin else "",
        finished_at=timezone.now() if twin else None,
    )
