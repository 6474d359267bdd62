"""The commune's leader sends the review: what it proposes becomes changes."""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.staff.models import Role, User
from beneficiaries.models import Attachment, Change
from payments import hooks
from payments.models import Review, ReviewLine
from payments.review.lines import (
    PROPOSING,
    LineRefused,
    Outcome,
    locked_lines,
    locked_review,
    propose,
)

Action, State = ReviewLine.Action, ReviewLine.State
SENDING_ROLES = frozenset({Role.COMMUNE_LEADER})

_NOT_HANDLED = "Chưa xem xét: hãy giữ nguyên, đề nghị hoặc bỏ dòng này."
_NOT_PREPARED = "Chưa lập đề nghị điều chỉnh: hãy mở dòng này rồi lập đề nghị, hoặc giữ nguyên."


class _Refused(Exception):
    pass


def send_review(*, actor: User, review_id: int) -> Outcome:
    """Send a draft, or the mended lines of one that was sent: all of it or nothing.

    Every line that proposes something becomes changes, in the name of the officer who prepared it. ``refused`` names
    each line that is not handled, or that the register does not take. Sending again changes nothing. PermissionDenied
    without the role, Review.DoesNotExist out of scope.
    """
    if actor.role not in SENDING_ROLES or not actor.is_active:
        raise PermissionDenied
    outcome = Outcome()
    try:
        with transaction.atomic():
            _send(actor, review_id, outcome)
            if outcome.refused:
                raise _Refused
    except _Refused:
        outcome.done = []
    return outcome


def _send(actor: User, review_id: int, outcome: Outcome) -> None:
    review = locked_review(actor, review_id)
    first = review.state == Review.State.DRAFT
    lines = locked_lines(review)
    waiting = [line for line in lines if line.state == State.OPEN] if review.state != Review.State.SIGNED_OFF else []
    if not first and not waiting:
        outcome.unchanged.append(review)
        return
    _check_handled(waiting, outcome)
    if outcome.refused:
        return
    _adopt(waiting, outcome)
    made: dict[int, list[Change]] = {}
    for line in waiting:
        if line.action in PROPOSING:
            try:
                # A line that is refused leaves the others to be looked at, so that all refusals are named at once.
                with transaction.atomic():
                    made[line.pk] = propose(line)
            except LineRefused as refusal:
                outcome.refused.append((line, str(refusal)))
    if outcome.refused:
        return
    _store(waiting, made)
    if first:
        review.state, review.sent_by, review.sent_at = Review.State.SENT, actor, timezone.now()
        review.save(update_fields=["state", "sent_by", "sent_at"])
    outcome.done = list(waiting)
    audit.record(
        actor=actor,
        action="Gửi rà soát" if first else "Gửi lại dòng rà soát",
        row=review,
        changes={"state": (Review.State.DRAFT, review.state)} if first else {},
        details={
            "số dòng": len(waiting),
            "số đề nghị": sum(line.action not in (Action.KEEP, Action.NONE) for line in waiting),
            "dòng": [line.pk for line in waiting],
        },
    )
    hooks.reviews_moved(ids=[review.pk], actor=actor)


def _check_handled(waiting: Sequence[ReviewLine], outcome: Outcome) -> None:
    for line in waiting:
        if line.prepared_by_id is None or line.action == Action.NONE:
            outcome.refused.append((line, _NOT_HANDLED))


def _adopt(waiting: Sequence[ReviewLine], outcome: Outcome) -> None:
    """An adjustment is proposed on its own form: the line takes up what waits for its benefit."""
    adjusting = [line for line in waiting if line.action == Action.ADJUST]
    if not adjusting:
        return
    kinds = (Change.Kind.ADJUST, Change.Kind.START)
    # What was proposed since the line stands here may have gone on meanwhile, on its own page.
    since = Q(proposed_at__gte=min(line.added_at for line in adjusting)) & ~Q(state=Change.State.REJECTED)
    rows = Change.objects.filter(
        Q(state=Change.State.PROPOSED) | since,
        person__in=[line.person_id for line in adjusting],
        kind__in=kinds,
        first_load=False,
    )
    pending = list(rows.select_for_update(of=("self",)).order_by("pk"))
    signed = []
    for line in adjusting:
        own = [
            change
            for change in pending
            if change.person_id == line.person_id
            and (
                change.entitlement_id == line.entitlement_id or change.entitlement_id is None or not line.entitlement_id
            )
        ]
        if not own:
            outcome.refused.append((line, _NOT_PREPARED))
            continue
        line.changes.add(*own)
        signed += [change.pk for change in own if change.state == Change.State.PROPOSED]
        _give_evidence(line.pk, own)
    Change.objects.filter(pk__in=signed).update(needs_sign_off=True)


def _store(waiting: Sequence[ReviewLine], made: dict[int, list[Change]]) -> None:
    through = ReviewLine.changes.through
    through.objects.bulk_create(
        [through(reviewline_id=line, change=change) for line, changes in made.items() for change in changes]
    )
    for line, changes in made.items():
        _give_evidence(line, changes)
    ReviewLine.objects.filter(pk__in=[line.pk for line in waiting]).update(state=State.SENT, return_reason="")


def _give_evidence(line_id: int, changes: Sequence[Change]) -> None:
    """Evidence belongs to the change from now on; of a death with two decisions each has the papers."""
    standing = Attachment.objects.filter(review_lines=line_id, removed_at__isnull=True)
    for change in changes[1:]:
        Attachment.objects.bulk_create(
            Attachment(
                person_id=paper.person_id,
                change=change,
                file_id=paper.file_id,
                uploaded_by_id=paper.uploaded_by_id,
                uploaded_at=paper.uploaded_at,
            )
            for paper in standing
        )
    standing.update(change=changes[0])
