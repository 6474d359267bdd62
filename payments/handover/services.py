"""What was given to a payer: recorded as lists are handed over, its file made once right after."""

import datetime
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Max, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.jobs.models import Job, StoredFile
from batosocial.jobs.services import queue_job
from batosocial.staff.models import Role, User
from payments.handover import files
from payments.handover.layouts import layout_of, transfers
from payments.handover.points import Points
from payments.models import HandOver, Payment, PaymentList

BUILD_JOB = "payments.build_hand_overs"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: A file of so many payments is made while somebody waits for it, where no worker has made it yet.
SMALL = 1000
Progress = Callable[[int, int, str], None]


def payments_of(hand_over: HandOver) -> QuerySet[Payment]:
    """The payments that the hand-over gave to its payer."""
    return Payment.objects.filter(
        payment_list__in=hand_over.lists.values("pk"), payer=hand_over.payer_id, planned_channel=hand_over.channel
    )


def make_hand_overs(actor: User, lists: Sequence[PaymentList]) -> list[HandOver]:
    """Record what each payer gets of lists that are handed over in this transaction, and queue the job that makes the
    files. The caller holds the locks of the periods and the lists."""
    made = record_hand_overs(actor, lists, at=timezone.now())
    if made:
        _queue(actor, made)
    return made


def record_hand_overs(actor: User, lists: Sequence[PaymentList], *, at: datetime.datetime) -> list[HandOver]:
    """A row for each period, payer and channel of the lists' payments, with count and sum; no file yet."""
    periods = {row.pk: row.period_id for row in lists}
    groups: dict[tuple[int, int, str], dict[str, Any]] = {}
    rows = (
        Payment.objects.filter(payment_list__in=periods)
        .order_by("payment_list")
        .values("payment_list", "payer", "planned_channel")
        .annotate(count=Count("pk"), amount=Sum("total"))
    )
    for row in rows:
        key = (periods[row["payment_list"]], row["payer"], row["planned_channel"])
        group = groups.setdefault(key, {"lists": [], "count": 0, "amount": 0})
        group["lists"].append(row["payment_list"])
        group["count"] += row["count"]
        group["amount"] += row["amount"]
    earlier = {
        (row["period"], row["payer"], row["channel"]): row["last"]
        for row in HandOver.objects.filter(period__in=set(periods.values()))
        .order_by()
        .values("period", "payer", "channel")
        .annotate(last=Max("sequence"))
    }
    made = HandOver.objects.bulk_create(
        HandOver(
            period_id=key[0],
            payer_id=key[1],
            channel=key[2],
            sequence=earlier.get(key, 0) + 1,
            count=group["count"],
            amount=group["amount"],
            made_by=actor,
            made_at=at,
        )
        for key, group in sorted(groups.items())
    )
    through = HandOver.lists.through
    through.objects.bulk_create(
        through(handover_id=row.pk, paymentlist_id=list_id)
        for row in made
        for list_id in groups[row.period_id, row.payer_id, row.channel]["lists"]
    )
    return made


def _queue(actor: User, hand_overs: Sequence[HandOver]) -> None:
    job = queue_job(
        kind=BUILD_JOB,
        title=f"Lập {len(hand_overs)} tệp giao tổ chức chi trả",
        owner=actor,
        args={"hand_over_ids": [row.pk for row in hand_overs]},
        result_url=reverse("payments:hand_overs"),
    )
    HandOver.objects.filter(pk__in=[row.pk for row in hand_overs]).update(job=job)
    for row in hand_overs:
        row.job = job


@transaction.atomic
def build_file(hand_over_id: int, *, job_id: int | None = None) -> HandOver:
    """Make the file of a hand-over, once: whoever comes second finds it made."""
    row = (
        HandOver.objects.select_for_update(of=("self",))
        .select_related("period", "payer", "made_by")
        .get(pk=hand_over_id)
    )
    if row.file_id:
        return row
    payments = payments_of(row)
    if row.channel == Payment.Channel.ACCOUNT:
        ordered = payments.order_by("payment_list__commune__position", "position")
        content = files.account_file(row, layout_of(row.payer), transfers(ordered))
    else:
        communes = row.lists.values_list("commune_id", flat=True)
        content = files.cash_list(row, files.cash_rows(payments, Points.of_communes(communes)))
    file = StoredFile.keep(name=files.filename(row), content_type=XLSX, content=content, created_by=row.made_by)
    row.file = file
    row.save(update_fields=["file"])
    audit.record(
        actor=row.made_by,
        action="lập tệp giao tổ chức chi trả",
        row=row,
        details={"số khoản": row.count, "số tiền": row.amount, "sha256": file.sha256},
        job_id=job_id,
    )
    return row


def build_files(hand_over_ids: Iterable[int], progress: Progress, *, job_id: int | None = None) -> int:
    """Make the files that are missing, each in a transaction of its own, so that a killed job goes on where it was."""
    rows = list(HandOver.objects.filter(pk__in=list(hand_over_ids)).order_by("pk").values_list("pk", "count"))
    total, done = sum(count for _, count in rows), 0
    for pk, count in rows:
        progress(done, total, "Lập tệp")
        build_file(pk, job_id=job_id)
        done += count
    progress(done, total, "Lập tệp")
    return len(rows)


def is_building(hand_over: HandOver) -> bool:
    """Its job still works or waits. Reads ``hand_over.job``."""
    return hand_over.file_id is None and hand_over.job is not None and hand_over.job.is_open


@transaction.atomic
def rebuild(*, actor: User, hand_over_id: int) -> bool:
    """Have a file made whose job ended without it; False where it is made or being made."""
    if actor.role not in (Role.DISTRICT_OFFICER, Role.PAYER):
        raise PermissionDenied
    row = HandOver.objects.visible_to(actor).select_for_update(of=("self",)).select_related("job").get(pk=hand_over_id)
    if row.file_id or is_building(row):
        return False
    _queue(actor, [row])
    return True


def file_for(*, actor: User, hand_over_id: int) -> StoredFile | None:
    """The kept file, for somebody who downloads it: audited, and the payer's first time is noted. A small one that no
    worker has made yet is made here; None for a large one. HandOver.DoesNotExist out of scope."""
    row = HandOver.objects.visible_to(actor).get(pk=hand_over_id)
    if not row.file_id and row.count > SMALL:
        return None
    with transaction.atomic():
        row = build_file(row.pk)
        if actor.role == Role.PAYER and row.taken_at is None:
            row.taken_by, row.taken_at = actor, timezone.now()
            row.save(update_fields=["taken_by", "taken_at"])
        audit.record(actor=actor, action="tải tệp giao tổ chức chi trả", row=row)
    return row.file


def jobs_of(hand_overs: Iterable[HandOver]) -> list[Job]:
    """The open jobs of hand-overs, each once."""
    return list({row.job.pk: row.job for row in hand_overs if row.job is not None and row.job.is_open}.values())
