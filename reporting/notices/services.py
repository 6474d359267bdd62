"""Making notices: one to download, or all of a month as a zip by a background job. Each leaves a line in the audit."""

import datetime
from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse

from batosocial.audit.services import record
from batosocial.jobs.models import Job, StoredFile
from batosocial.jobs.runner import RunningJob
from batosocial.jobs.services import queue_job
from batosocial.lib import archives, months
from batosocial.lib.text import fold
from batosocial.staff.models import BENEFIT_ROLES, DISTRICT_ROLES, Role, User
from batosocial.territory.models import Unit, UnitQuerySet, unit_by_code
from reporting.models import CashlessFigure
from reporting.notices.content import Notice, read_notices
from reporting.notices.document import write_notice

JOB_KIND = "reporting.notices"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ZIP = "application/zip"
Progress = Callable[[int, int, str], None]


class NoNotices(Exception):
    """The month has no figures to tell; the message says in Vietnamese what to do."""


def zip_name(month: datetime.date) -> str:
    return f"thong-bao-{months.iso(month)}.zip"


def file_name(notice: Notice, place: int = 0) -> str:
    """In plain letters; with its place, in the communes' order. The code tells Ba Tơ from Ba Tô."""
    order = f"{place:03}-" if place else ""
    name = fold(notice.unit.full_name).replace(" ", "-")
    return f"{order}{notice.unit.code}-{name}-thong-bao-{months.iso(notice.month)}.docx"


@transaction.atomic
def make_notice(*, actor: User, month: datetime.date, commune: Unit) -> tuple[str, bytes]:
    """Name and content of a commune's notice, from the stored figures. PermissionDenied without the role or for
    another commune; NoNotices where the month has no figures of it."""
    if actor.role not in BENEFIT_ROLES or not actor.is_active or not _scope(actor).filter(pk=commune.pk).exists():
        raise PermissionDenied
    found = read_notices(actor, month, commune.parent, commune=commune) if commune.parent else []
    if not found:
        raise NoNotices(_none(month))
    name, content = file_name(found[0]), write_notice(found[0])
    record(actor=actor, action="Xuất thông báo", row=commune, details={"month": months.iso(month), "file": name})
    return name, content


def _scope(actor: User) -> UnitQuerySet:
    """The communes whose figures somebody may see, with those that became part of them."""
    unit_id = actor.unit_id or 0
    return Unit.objects.of_commune(unit_id) if actor.in_commune else Unit.objects.of_upper(unit_id)


def find_commune(actor: User, month: datetime.date, code: str) -> Unit | None:
    """The commune of a code in a month; None where somebody has no say."""
    return unit_by_code(code, month, within=_scope(actor).select_related("parent"))


def _none(month: datetime.date) -> str:
    return f"Tháng {months.label(month)} chưa có số liệu. Hãy mở tháng và tổng hợp số liệu trước."


@transaction.atomic
def queue_notices(*, actor: User, month: datetime.date) -> Job:
    """Queue the zip of the month's notices; one that somebody asked for and that is not made yet is not asked for
    twice. PermissionDenied without the role; NoNotices where the month has no figures."""
    if actor.role not in DISTRICT_ROLES or not actor.is_active:
        raise PermissionDenied
    if not CashlessFigure.objects.visible_to(actor).filter(month=month).exists():
        raise NoNotices(_none(month))
    key = f"notices:{months.iso(month)}:{actor.pk}"
    asked = Job.objects.filter(kind=JOB_KIND, key=key, state__in=[Job.State.QUEUED, Job.State.RUNNING])
    return asked.order_by("-pk").first() or queue_job(
        kind=JOB_KIND,
        title=f"Lập thông báo {months.title(month)} cho các xã, thị trấn",
        owner=actor,
        args={"month": months.iso(month)},
        key=key,
        result_url=reverse("reporting:notices", args=[month]),
    )


def pack_notices(*, actor: User, month: datetime.date, progress: Progress = lambda *_: None) -> tuple[int, bytes]:
    """How many notices a month has, and all of them as a zip; the same figures make the same bytes.

    Reads once for all communes of a district. PermissionDenied without the role; NoNotices.
    """
    if actor.role not in DISTRICT_ROLES | {Role.SYSTEM} or not actor.is_active:
        raise PermissionDenied
    notices = [
        notice for district in _districts(actor, month) for notice in read_notices(actor, month, district)
    ]  # fmt: skip
    if not notices:
        raise NoNotices(_none(month))
    files = []
    for place, notice in enumerate(notices, 1):
        progress(place - 1, len(notices), f"Lập thông báo {notice.unit.full_name}")
        files.append((file_name(notice, place), write_notice(notice)))
    progress(len(notices), len(notices), "Đã lập thông báo")
    return len(files), archives.pack(files)


def _districts(actor: User, month: datetime.date) -> list[Unit]:
    units = CashlessFigure.objects.visible_to(actor).filter(month=month).order_by().values("unit__parent")
    return list(Unit.objects.filter(pk__in=units).order_by("position", "code"))


def build_notices(job: RunningJob, month: datetime.date) -> int:
    """The zip of a job: made whole or not at all, so that a killed one is simply run again."""
    number, content = pack_notices(actor=job.owner, month=month, progress=job.progress)
    with transaction.atomic():
        job.result_file = StoredFile.keep(
            name=zip_name(month), content_type=ZIP, content=content, created_by=job.owner
        )  # fmt: skip
        record_zip(job.owner, month, number, len(content), job_id=job.id)
    return number


def record_zip(actor: User, month: datetime.date, number: int, size: int, *, job_id: int | None = None) -> None:
    details = {"month": months.iso(month), "notices": number, "bytes": size}
    record(actor=actor, action="Lập thông báo cho các xã, thị trấn", details=details, job_id=job_id)


def job_of(actor: User, month: datetime.date) -> Job | None:
    """The latest zip that somebody asked for themselves."""
    jobs = Job.objects.visible_to(actor).filter(kind=JOB_KIND, owner=actor, args__month=months.iso(month))
    return jobs.order_by("-pk").first()
