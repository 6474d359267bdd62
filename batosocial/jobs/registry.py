"""The functions that a Job row can name. An app registers its own in ``tasks.py``."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batosocial.jobs.runner import RunningJob

JobFunction = Callable[..., None]
_functions: dict[str, JobFunction] = {}


class JobFailed(Exception):
    """The job cannot be done; the message says in Vietnamese why and what to do."""


def register(kind: str) -> Callable[[JobFunction], JobFunction]:
    """Name a function ``f(job: RunningJob, **args)``. It must be safe to run again after it was killed."""

    def keep(function: JobFunction) -> JobFunction:
        if _functions.get(kind, function) is not function:
            raise ValueError(f"two functions for job kind {kind}")
        _functions[kind] = function
        return function

    return keep


def find(kind: str) -> JobFunction:
    return _functions[kind]


def call(kind: str, job: "RunningJob", args: dict[str, Any]) -> None:
    find(kind)(job, **args)
