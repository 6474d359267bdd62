"""What the Phòng does with reviews that were sent: line by line, then the head signs."""

import datetime
from collections.abc import Iterable, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from beneficiaries.changes import services as changes
from beneficiaries.models import Change
from payments import hooks
from payments.models import Review, ReviewLine
from payments.review.lines import Outcome, ReviewRefused, locked_lines, locked_review, returned, standing_changes

State = ReviewLine.State
APPRAISING_ROLES = frozenset({Role.DISTRICT_OFFICER})
SIGNING_ROLES = frozenset({Role.DISTRICT_LEADER})

#: Of a change that somebody has agreed to.
_AGREED = (Change.State.APPRAISED, Change.State.DECIDED, Change.State.APPLIED)
_LONGEST_REASON = 500


@transaction.atomic
def appraise_lines(*, actor: User, review_id: int, line_ids: Iterable[int]) -> Outcome:
    """Say that lines are right: their changes are appraised, a line that keeps everything is agreed to.

    What the register refuses is named by line. Repeating changes nothing. PermissionDenied without the role,
    Review.DoesNotExist and ReviewLine.DoesNotExist out of scope.
    """
    review = _review(actor, review_id, APPRAISING_ROLES)
    follow_changes([review.pk])
    lines = locked_lines(review, list(line_ids))
    outcome, waiting = Outcome(), []
    for line in lines:
        if line.state == State.APPRAISED:
            outcome.unchanged.append(line)
        elif line.state != State.SENT:
            outcome.refused.append((line, _says(line)))
        else:
            waiting.append(line)
    own = standing_changes(waiting)
    ids = [change.pk for rows in own.values() for change in rows]
    refused = {}
    if ids:
        result = changes.appraise_changes(actor=actor, change_ids=ids)
        refused = {change.pk: why for change, why in result.refused}
    for line in waiting:
        if why := next((refused[change.pk] for change in own[line.pk] if change.pk in refused), ""):
            outcome.refused.append((line, why))
            continue
        if line.prepared_by_id == actor.pk:
            outcome.refused.append((line, "Anh/chị là người đề nghị nên phải để người khác thẩm định."))
            continue
        line.state = State.APPRAISED
        outcome.done.append(line)
    ReviewLine.objects.filter(pk__in=[line.pk for line in outcome.done]).update(state=State.APPRAISED)
    _audit(actor, "Thẩm định dòng rà soát", review, outcome.done)
    return outcome


@transaction.atomic
def return_lines(*, actor: User, review_id: int, line_ids: Iterable[int], reason: str) -> Outcome:
    """Give lines back to the commune with a reason; what they proposed is rejected. The rest of the review goes on.

    A line that the commune removed may be given back, too. ReviewRefused without a reason; other errors as in
    ``appraise_lines``.
    """
    reason = clean(reason)
    if not reason:
        raise ReviewRefused("Hãy ghi lý do trả lại, để xã biết phải sửa gì.")
    if len(reason) > _LONGEST_REASON:
        raise ReviewRefused(f"Lý do dài quá {_LONGEST_REASON} ký tự; hãy ghi ngắn lại.")
    review = _review(actor, review_id, APPRAISING_ROLES)
    if review.state != Review.State.SENT:
        raise ReviewRefused(
            "Xã chưa gửi rà soát này." if review.state == Review.State.DRAFT else "Rà soát đã được ký thẩm định."
        )
    outcome, waiting = Outcome(), []
    for line in locked_lines(review, list(line_ids)):
        if line.state == State.RETURNED:
            outcome.unchanged.append(line)
        elif line.state in (State.SENT, State.REMOVED):
            waiting.append(line)
        else:
            outcome.refused.append((line, _says(line)))
    own = standing_changes(waiting)
    ids = [change.pk for rows in own.values() for change in rows]
    refused = {}
    if ids:
        result = changes.reject_changes(actor=actor, change_ids=ids, reason=reason)
        refused = {change.pk: why for change, why in result.refused}
    for line in waiting:
        if why := next((refused[change.pk] for change in own[line.pk] if change.pk in refused), ""):
            outcome.refused.append((line, why))
        else:
            outcome.done.append(line)
    ReviewLine.objects.filter(pk__in=[line.pk for line in outcome.done]).update(
        state=State.RETURNED, return_reason=reason
    )
    _audit(actor, "Trả lại dòng rà soát", review, outcome.done, reason)
    return outcome


@transaction.atomic
def sign_off_reviews(*, actor: User, review_ids: Iterable[int]) -> Outcome:
    """The head of the Phòng signs what was appraised: the changes, and with them the review.

    A review of which a line still waits, or of which a change is refused, is named in ``refused`` and stays as it is.
    Repeating changes nothing. PermissionDenied without the role, Review.DoesNotExist out of scope.
    """
    outcome = Outcome()
    for review_id in sorted(set(review_ids)):
        review = _review(actor, review_id, SIGNING_ROLES)
        if review.state == Review.State.SIGNED_OFF:
            outcome.unchanged.append(review)
        elif why := _not_ready(review, actor) or _sign(review, actor):
            outcome.refused.append((review, why))
        else:
            outcome.done.append(review)
    return outcome


def _not_ready(review: Review, actor: User) -> str:
    if review.state == Review.State.DRAFT:
        return "Xã chưa gửi rà soát này."
    if review.sent_by_id == actor.pk:
        return "Chính anh/chị đã gửi rà soát này; người khác phải ký."
    follow_changes([review.pk])
    waiting = ReviewLine.objects.filter(review=review, state__in=[State.OPEN, State.SENT, State.RETURNED]).count()
    return f"Còn {waiting} dòng chưa thẩm định xong." if waiting else ""


def _sign(review: Review, actor: User) -> str:
    """Sign the review; what keeps it from being signed, in which case nothing is."""
    lines = list(ReviewLine.objects.filter(review=review, state=State.APPRAISED))
    ids = [
        change.pk
        for rows in standing_changes(lines).values()
        for change in rows
        if change.state == Change.State.APPRAISED and change.signed_off_by_id is None
    ]
    try:
        with transaction.atomic():
            if ids:
                result = changes.sign_off_changes(actor=actor, change_ids=ids)
                if result.refused:
                    raise _Refused("; ".join(f"{change.person.name}: {why}" for change, why in result.refused[:5]))
            review.state = Review.State.SIGNED_OFF
            review.signed_off_by, review.signed_off_at = actor, timezone.now()
            review.save(update_fields=["state", "signed_off_by", "signed_off_at"])
            audit.record(
                actor=actor,
                action="Ký thẩm định rà soát",
                row=review,
                changes={"state": (Review.State.SENT, review.state)},
                details={"số đề nghị": len(ids)},
            )
            hooks.reviews_moved(ids=[review.pk], actor=actor)
    except _Refused as refusal:
        return str(refusal)
    return ""


class _Refused(Exception):
    pass


def follow_changes(review_ids: Sequence[int]) -> None:
    """Let lines say what became of their changes on the changes' own pages: appraised there, or given back.

    Two statements for all the reviews.
    """
    lines = ReviewLine.objects.filter(review__in=review_ids, state=State.SENT)
    of_line = Change.objects.filter(review_lines=OuterRef("pk"))
    lost = list(lines.filter(returned()).prefetch_related("changes"))
    for line in lost:
        line.state = State.RETURNED
        line.return_reason = next((one.rejection for one in line.changes.all() if one.rejection), "Đề nghị bị trả lại.")
    if lost:
        ReviewLine.objects.bulk_update(lost, ["state", "return_reason"], batch_size=500)
    open_ones = of_line.filter(state=Change.State.PROPOSED)
    lines.filter(Exists(of_line.filter(state__in=_AGREED)), ~Exists(open_ones)).update(state=State.APPRAISED)


def follow_month(month: datetime.date) -> None:
    """The same for every review of a month that was sent."""
    sent = Review.objects.filter(month=month, state=Review.State.SENT).values_list("pk", flat=True)
    if ids := list(sent):
        follow_changes(ids)


# --- shared ------------------------------------------------------------------------------------------------------


def _review(actor: User, review_id: int, roles: frozenset[Role]) -> Review:
    if actor.role not in roles or not actor.is_active:
        raise PermissionDenied
    return locked_review(actor, review_id)


def _says(line: ReviewLine) -> str:
    return {
        State.OPEN: "Xã chưa gửi dòng này.",
        State.REMOVED: "Xã đã bỏ dòng này.",
        State.RETURNED: "Dòng này đang trả lại xã.",
        State.APPRAISED: "Dòng này đã thẩm định; muốn trả lại, người có thẩm quyền quyết định trả lại đề nghị.",
        State.SENT: "Dòng này đang chờ thẩm định.",
    }[State(line.state)]


def _audit(actor: User, action: str, review: Review, lines: Sequence[ReviewLine], reason: str = "") -> None:
    if not lines:
        return
    details: dict[str, object] = {"số dòng": len(lines), "dòng": [line.pk for line in lines]}
    if reason:
        details["lý do"] = reason
    audit.record(actor=actor, action=action, row=review, details=details)
    hooks.reviews_moved(ids=[review.pk], actor=actor)
