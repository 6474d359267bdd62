"""Rolling payments up into figures: one statement for a month, safe to repeat."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction

from batosocial.audit.services import record
from batosocial.jobs.models import Job
from batosocial.jobs.runner import RunningJob
from batosocial.jobs.services import queue_job
from batosocial.lib import months
from batosocial.staff.models import Role, User
from payments.models import Period
from reporting.counting import count_month

#: First half of the advisory lock's key; the second is the month as 202407.
LOCK_SPACE = 7303
JOB_KIND = "reporting.roll_up"

#: Who may ask for it by hand. A change of results starts it whoever recorded them.
ROLLERS = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER, Role.SYSTEM})
#: Who may move the figures of a month that is closed.
REOPENERS = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER})


class RollUpRefused(Exception):
    """The month cannot be rolled up; the message says in Vietnamese why and what to do."""


@dataclass(frozen=True, slots=True)
class RolledUp:
    """Rows written, and the policies whose figures stood still because their month is closed."""

    month: datetime.date
    rows: int
    closed: tuple[str, ...]


@transaction.atomic
def roll_up(
    *, actor: User, month: datetime.date, job: RunningJob | None = None, recompute_closed: bool = False
) -> RolledUp:
    """Compute the figures of a month for every commune and policy that has lists or lines in it.

    A policy whose month is closed keeps the figures it has, unless ``recompute_closed``. Two at once wait for each
    other. Raises RollUpRefused when no policy opened the month, PermissionDenied for a role that may not.
    """
    if not actor.is_active or actor.role == Role.POLICE:
        raise PermissionDenied
    if recompute_closed and actor.role not in REOPENERS:
        raise PermissionDenied
    periods = dict(Period.objects.filter(month=month).values_list("policy", "state"))
    if not periods:
        raise RollUpRefused(
            f"Tháng {months.label(month)} chưa mở, chưa có danh sách chi trả để tổng hợp. Hãy mở tháng trước."
        )
    if job is not None:
        job.progress(0, 1, f"Đang tính số liệu {months.title(month)}")
    with connection.cursor() as cursor:
        # Whoever comes second counts after the first has finished, and never from an older state.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, month.year * 100 + month.month])
    computed = count_month(month, recompute_closed=recompute_closed)
    closed = tuple(sorted(p for p, state in periods.items() if state == Period.State.CLOSED and p not in computed))
    record(
        actor=actor,
        action="Tổng hợp số liệu",
        details={
            "month": months.iso(month),
            "rows": len(computed),
            "policies": sorted(set(computed)),
            "closed_kept": closed,
            "recompute_closed": recompute_closed,
        },
        job_id=job.id if job is not None else None,
    )
    if job is not None:
        job.progress(max(1, len(computed)), max(1, len(computed)), "Đã ghi số liệu")
    return RolledUp(month, len(computed), closed)


@transaction.atomic
def queue_roll_up(*, actor: User, month: datetime.date, result_url: str = "") -> Job:
    """Queue the month's roll-up; one that waits already is not queued twice. For changed results and for beat."""
    while True:
        job = queue_job(
            kind=JOB_KIND,
            title=f"Tổng hợp số liệu {months.title(month)}",
            owner=actor,
            args={"month": months.iso(month)},
            key=f"rollup:{months.iso(month)}",
            result_url=result_url,
        )
        # Locked, one that waited does not start before the results of this transaction can be seen.
        if Job.objects.select_for_update().filter(pk=job.pk, state=Job.State.QUEUED).exists():
            return job


def ask_roll_up(*, actor: User, month: datetime.date, result_url: str = "") -> Job:
    """Somebody asks for fresh figures. PermissionDenied for whoever may not, RollUpRefused for an unopened month."""
    if actor.role not in ROLLERS:
        raise PermissionDenied
    if not Period.objects.filter(month=month).exists():
        raise RollUpRefused(f"Tháng {months.label(month)} chưa mở.")
    return queue_roll_up(actor=actor, month=month, result_url=result_url)


def roll_up_changed_months(*, months: Collection[datetime.date], actor: User) -> None:
    """Callback of ``payments.hooks``: results of these months changed in the transaction that is running."""
    for month in sorted(months):
        queue_roll_up(actor=actor, month=month)
