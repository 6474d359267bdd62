"""Queueing background work."""

import logging
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from kombu.exceptions import OperationalError

from batosocial.jobs import registry
from batosocial.jobs.models import Job
from batosocial.staff.models import User

logger = logging.getLogger(__name__)


def queue_job(*, kind: str, title: str, owner: User, args: dict[str, Any], key: str = "", result_url: str = "") -> Job:
    """Add a Job row and tell the workers when the transaction commits.

    With a ``key``, a job of that key that still waits is returned instead of adding a second one. ``result_url`` is
    where the progress page leads when the job is done. When the broker is down the row waits for the sweeper.
    """
    registry.find(kind)
    waiting = Job.objects.filter(key=key, state=Job.State.QUEUED)
    while True:
        try:
            with transaction.atomic():
                job = Job.objects.create(kind=kind, title=title, owner=owner, args=args, key=key, result_url=result_url)
        except IntegrityError:
            # One waits already, or did a moment ago and has been started since: then there is room for this one.
            if twin := waiting.first():
                return twin
        else:
            transaction.on_commit(partial(send, job.pk))
            return job


def send(job_id: int) -> None:
    """Hand a job's id to the broker. A broker that does not answer is no error: the sweeper sends again."""
    # tasks imports this module for the sweeper.
    from batosocial.jobs.tasks import run

    try:
        run.apply_async((job_id,), retry=False)
    except OperationalError:
        logger.warning("broker unreachable, job %s waits for the sweeper", job_id)
