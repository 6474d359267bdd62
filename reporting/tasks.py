"""Background work: the roll-up of a month, started by changed results, by hand and nightly; the notices as a zip."""

from celery import shared_task

from batosocial.jobs import registry
from batosocial.jobs.runner import RunningJob
from batosocial.lib import money, months
from batosocial.staff.models import User
from payments.models import Period
from reporting import rollup
from reporting.models import DataChange
from reporting.notices import services as notices


@registry.register(rollup.JOB_KIND)
def roll_up(job: RunningJob, *, month: str) -> None:
    try:
        done = rollup.roll_up(actor=job.owner, month=months.parse(month), job=job)
    except rollup.RollUpRefused as refusal:
        raise registry.JobFailed(str(refusal)) from refusal
    job.message = f"Đã tổng hợp {money.format_number(done.rows)} dòng số liệu {months.title(done.month)}."
    if done.closed:
        job.message += f" {', '.join(done.closed)}: tháng đã khóa sổ, giữ nguyên số liệu."


@registry.register(notices.JOB_KIND)
def make_notices(job: RunningJob, *, month: str) -> None:
    try:
        number = notices.build_notices(job, months.parse(month))
    except notices.NoNotices as refusal:
        raise registry.JobFailed(str(refusal)) from refusal
    job.message = f"Đã lập {money.format_number(number)} thông báo."


@shared_task(name="reporting.roll_up_nightly")
def roll_up_nightly() -> None:
    """Queue a roll-up of every month that is still open for some policy."""
    system = User.objects.system()
    open_months = Period.objects.filter(state=Period.State.OPEN).values_list("month", flat=True)
    for month in sorted(set(open_months)):
        rollup.queue_roll_up(actor=system, month=month)


@shared_task(name="reporting.roll_up_changed")
def roll_up_changed() -> None:
    """Queue a roll-up of every open month whose lists, results or accounts changed since it was computed."""
    changed = set(DataChange.objects.values_list("month", flat=True).distinct())
    opened = Period.objects.filter(state=Period.State.OPEN, month__in=changed).values_list("month", flat=True)
    for month in sorted(set(opened)):
        rollup.queue_roll_up(actor=User.objects.system(), month=month)
