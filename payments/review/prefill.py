"""Making a month's reviews and filling them with what the program finds."""

import datetime
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.jobs.models import Job
from batosocial.jobs.services import queue_job
from batosocial.lib import clock, months
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import ChangeReason
from payments.models import Review, ReviewLine
from payments.review import sources  # noqa: F401 (registers where to look)
from payments.review.findings import Finding, Wanted, find_all

PREFILL_JOB = "payments.prefill_reviews"
#: Who may look again: the commune for itself, the Phòng for all.
PREFILLING_ROLES = frozenset({Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER, Role.SYSTEM})
#: Months ahead and behind for which a review can be begun.
_AHEAD, _BEHIND = 1, 1


def month_to_review() -> datetime.date:
    """The month that is reviewed now: the next one, whose lists are made this month (Điều 34 NĐ 20/2021)."""
    return months.add(months.first(clock.today()), 1)


def can_begin(month: datetime.date) -> bool:
    """Whether a review of the month can be begun now: the next month's, and that of the month that runs."""
    return -_BEHIND <= months.between(month_to_review(), month) <= _AHEAD - 1


@transaction.atomic
def begin_review(*, actor: User, month: datetime.date) -> Review:
    """The commune's review of a month, made and filled when it is first looked at; two who look at once get one.

    PermissionDenied for whoever has no commune, or for a month that cannot be begun.
    """
    if not actor.in_commune or not actor.is_active or actor.unit_id is None:
        raise PermissionDenied
    standing = Review.objects.filter(commune=actor.unit_id, month=month).first()
    if standing is not None:
        return standing
    if not can_begin(month):
        raise PermissionDenied
    _make([actor.unit_id], month)
    _fill(actor, month, [actor.unit_id])
    return Review.objects.get(commune=actor.unit_id, month=month)


@transaction.atomic
def prefill_reviews(
    *, actor: User, month: datetime.date, commune_ids: Sequence[int] | None = None, job_id: int | None = None
) -> int:
    """Make the reviews of all communes in the actor's scope (or of these) that are missing, and add what is found and
    not in them yet; returns how many lines are new.

    What an officer did stays. Reviews that were sent are left alone. PermissionDenied without the role.
    """
    if actor.role not in PREFILLING_ROLES or not actor.is_active:
        raise PermissionDenied
    communes = Unit.objects.current().communes()
    if actor.role == Role.COMMUNE_OFFICER:
        communes = communes.filter(users=actor)
    elif actor.role == Role.DISTRICT_OFFICER:
        communes = communes.filter(parent=actor.unit_id)
    if commune_ids is not None:
        communes = communes.filter(pk__in=commune_ids)
    chosen = list(communes.values_list("pk", flat=True))
    if can_begin(month):
        _make(chosen, month)
    return _fill(actor, month, chosen, job_id)


def queue_prefill(*, actor: User, month: datetime.date, result_url: str = "") -> Job:
    """Fill the reviews of all communes in the background; asking again while it waits is one job."""
    if actor.role not in PREFILLING_ROLES - {Role.COMMUNE_OFFICER}:
        raise PermissionDenied
    return queue_job(
        kind=PREFILL_JOB,
        title=f"Lập gợi ý rà soát {months.title(month)}",
        owner=actor,
        args={"month": months.iso(month)},
        key=f"{PREFILL_JOB}:{months.iso(month)}:{actor.unit_id or ''}",
        result_url=result_url,
    )


def _make(commune_ids: Sequence[int], month: datetime.date) -> None:
    Review.objects.bulk_create([Review(commune_id=pk, month=month) for pk in commune_ids], ignore_conflicts=True)


def _fill(actor: User, month: datetime.date, commune_ids: Sequence[int], job_id: int | None = None) -> int:
    """One statement for each source, one for the lines, whatever the number of communes."""
    drafts = Review.objects.filter(month=month, commune__in=commune_ids, state=Review.State.DRAFT)
    reviews = {row.commune_id: row for row in drafts.select_for_update(of=("self",)).order_by("pk")}
    if not reviews:
        return 0
    found = find_all(Wanted(month, list(reviews)))
    new = _unseen(found, reviews)
    reasons = dict(ChangeReason.objects.values_list("code", "pk"))
    ReviewLine.objects.bulk_create(
        [_line(one, reviews[one.commune_id], reasons) for one in new], batch_size=1000, ignore_conflicts=True
    )
    drafts.update(prefilled_at=timezone.now())
    audit.record(
        actor=actor,
        action="Lập gợi ý rà soát",
        row=next(iter(reviews.values())) if len(reviews) == 1 else None,
        details={"tháng": months.iso(month), "số xã": len(reviews), "gợi ý mới": len(new)},
        job_id=job_id,
    )
    return len(new)


def _unseen(found: Sequence[Finding], reviews: dict[int, Review]) -> list[Finding]:
    """Without what stands in these reviews, and what another month's review has seen of things that are told once."""
    month = next(iter(reviews.values())).month
    ids = {review.pk for review in reviews.values()}
    here: set[tuple[int, str]] = set()
    elsewhere: set[str] = set()
    rows = ReviewLine.objects.filter(key__in={one.key for one in found})
    for review, key, of_month, heir in rows.values_list("review", "key", "review__month", "review__commune__heir"):
        if review in ids:
            here.add((review, key))
        elif of_month == month and heir in reviews:
            # The commune found it before it merged into this one.
            here.add((reviews[heir].pk, key))
        else:
            elsewhere.add(key)
    return [
        one
        for one in found
        if (reviews[one.commune_id].pk, one.key) not in here and not (one.once and one.key in elsewhere)
    ]


def _line(finding: Finding, review: Review, reasons: dict[str, int]) -> ReviewLine:
    return ReviewLine(
        review=review,
        person_id=finding.person_id,
        entitlement_id=finding.entitlement_id,
        source=finding.source,
        finding=finding.finding[:300],
        key=finding.key,
        action=finding.action,
        reason_id=reasons.get(finding.reason),
        happened_on=finding.happened_on,
        effective_month=finding.effective_month,
    )
