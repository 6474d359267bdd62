"""Exporting a list: at once when it is short, by a job when it is long; every file stands in the audit."""

from dataclasses import dataclass
from hashlib import sha256
from typing import IO

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.jobs.models import Job, StoredFile
from batosocial.jobs.runner import RunningJob
from batosocial.jobs.services import queue_job
from batosocial.lib.money import format_number
from batosocial.staff.models import User

# The lists register themselves, for a worker too, which reads no addresses.
from beneficiaries.exports import changes, identity, lists, papers, people, routes  # noqa: F401
from beneficiaries.exports.lists import ListExport
from beneficiaries.exports.writing import FORMATS, write_list

JOB = "beneficiaries.export"


@dataclass(frozen=True)
class Exported:
    """Either the file, rewound, or the job that makes it."""

    name: str
    content_type: str
    file: IO[bytes] | None = None
    job: Job | None = None


@transaction.atomic
def export_list(
    *, actor: User, name: str, params: QueryDict, ending: str = "xlsx", full_numbers: bool = False
) -> Exported:
    """Write the list as the actor sees it through the filter of ``params``, or queue that when it is long.

    Numbers of cards and accounts show their last four digits unless ``full_numbers`` (rules.md 8.3). The number of
    queries does not depend on the size. PermissionDenied without the list's role; BadFilter for a wrong filter.
    """
    export = _open(actor, name, params, full_numbers)
    kind = FORMATS[ending]
    count = export.count()
    if count > settings.EXPORT_JOB_ROWS:
        query = lists.without_page(params)
        job = queue_job(
            kind=JOB,
            title=f"Xuất {export.title.lower()} ({format_number(count)} dòng)",
            owner=actor,
            args={"name": name, "query": query, "ending": ending, "full_numbers": full_numbers},
            key=f"{JOB}:{actor.pk}:{name}:{ending}:{int(full_numbers)}:{sha256(query.encode()).hexdigest()}",
        )
        return Exported(_filename(export, ending), kind.content_type, job=job)
    file, written = write_list(export, ending)
    _record(export, ending, written)
    return Exported(_filename(export, ending), kind.content_type, file=file)


@transaction.atomic
def run_export(*, job: RunningJob, name: str, query: str, ending: str, full_numbers: bool) -> None:
    """The job's work: the same list and filter, with what its owner may see by now."""
    export = _open(job.owner, name, QueryDict(query), full_numbers)
    total = export.count()
    # A row that is added meanwhile must not count beyond the total.
    file, count = write_list(export, ending, lambda done: job.progress(min(done, total), total, "Ghi tệp"))
    with file:
        stored = StoredFile.keep(
            name=_filename(export, ending),
            content_type=FORMATS[ending].content_type,
            content=file.read(),
            created_by=job.owner,
        )
    _record(export, ending, count, job_id=job.id)
    job.result_file = stored
    job.message = f"Đã xuất {format_number(count)} dòng."


def _open(actor: User, name: str, params: QueryDict, full_numbers: bool) -> ListExport:
    kind = lists.find(name)
    if actor.role not in kind.roles or not actor.is_active:
        raise PermissionDenied
    return kind(actor, params, full_numbers=full_numbers)


def _record(export: ListExport, ending: str, count: int, *, job_id: int | None = None) -> None:
    details = {"count": count, "full_numbers": export.full_numbers, "filters": export.filters}
    if ending != "xlsx":
        details["format"] = ending
    audit.record(actor=export.user, action=export.action, details=details, job_id=job_id)


def _filename(export: ListExport, ending: str) -> str:
    return f"{export.name}-{timezone.localtime():%Y%m%d-%H%M}.{ending}"
