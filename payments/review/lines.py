"""Lines of reviews as their states are told, and how they are locked and turned into proposals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q

from batosocial.staff.models import User
from beneficiaries import confidential
from beneficiaries.changes import law, services
from beneficiaries.changes.filters import mended_elsewhere
from beneficiaries.changes.proposal import Paper
from beneficiaries.models import Change, Entitlement
from payments.models import Review, ReviewLine

Action, State = ReviewLine.Action, ReviewLine.State

#: What a line may become, by which a change is proposed when the review is sent.
PROPOSING = (Action.STOP, Action.SUSPEND, Action.RESUME)
#: Which reasons go with which action, by the actions of ``ChangeReason``.
REASONS = {
    Action.STOP: ("THOI", "CHAM_DUT", "CHUYEN_DI"),
    Action.SUSPEND: ("TAM_DUNG", "TAM_DINH_CHI"),
    Action.RESUME: ("TIEP_TUC",),
    Action.ADJUST: ("DIEU_CHINH",),
}
#: Codes of reasons that are a death; with no benefit named it ends all of them.
DEATHS = frozenset(law.DEATHS.values())

#: Nobody has said what becomes of the line; the action that it may show is only the program's.
UNHANDLED = Q(state=State.OPEN, prepared_by__isnull=True)


class LineRefused(Exception):
    """What is wrong with a line, in Vietnamese, by the field to mend ("" for the whole)."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors


class ReviewRefused(Exception):
    """The step cannot be taken with the review as a whole; the message says why."""


@dataclass
class Outcome:
    """What a step did to lines or reviews: those that took it, those that had before, those refused with the reason."""

    done: list[Any] = field(default_factory=list)
    unchanged: list[Any] = field(default_factory=list)
    refused: list[tuple[Any, str]] = field(default_factory=list)


def returned() -> Q:
    """Lines that the Phòng gave back, be it in the review or on the page of the change itself."""
    rejected = Change.objects.filter(review_lines=OuterRef("pk"), state=Change.State.REJECTED)
    standing = Change.objects.filter(review_lines=OuterRef("pk")).exclude(state=Change.State.REJECTED)
    return Q(state=State.RETURNED) | Q(Exists(rejected), ~Exists(standing), state=State.SENT)


@mended_elsewhere
def changes_of_returned_lines() -> Q:
    """Of changes: the line of a review that asked for it came back to the commune, which mends and sends the line."""
    lines = ReviewLine.objects.filter(changes=OuterRef("pk"), review__state=Review.State.SENT)
    return Q(Exists(lines.exclude(state=State.APPRAISED)))


def locked_review(actor: User, review_id: int) -> Review:
    """The review in the actor's scope, locked before its lines. Review.DoesNotExist out of scope."""
    rows = Review.objects.visible_to(actor).select_related("commune")
    return rows.select_for_update(of=("self",)).get(pk=review_id)


def locked_lines(review: Review, line_ids: Iterable[int] | None = None) -> list[ReviewLine]:
    """Lines of a locked review, in the order of their ids. ReviewLine.DoesNotExist where one is not of this review."""
    rows = ReviewLine.objects.filter(review=review).select_related(
        "person", "entitlement__category", "reason", "prepared_by"
    )
    if line_ids is not None:
        rows = rows.filter(pk__in=line_ids)
    found = list(rows.select_for_update(of=("self",)).order_by("pk"))
    if line_ids is not None and len(found) != len(set(line_ids)):
        raise ReviewLine.DoesNotExist("Có dòng không thuộc rà soát này.")
    return found


def is_death(line: ReviewLine) -> bool:
    """Whether the line ends everything because the person died."""
    reason = line.reason.code if line.reason else ""
    return line.action == Action.STOP and reason in DEATHS and line.entitlement_id is None


def propose(line: ReviewLine) -> list[Change]:
    """Make the changes that the line asks for, in the name of the officer who prepared it; to be signed off by the
    head of the Phòng. Raises LineRefused with what the register has against it."""
    actor = line.prepared_by
    assert actor is not None  # noqa: S101
    paper = Paper(kind=line.paper)
    given: dict[str, Any] = {
        "actor": actor, "person_id": line.person_id, "paper": paper, "note": line.note, "needs_sign_off": True,
    }  # fmt: skip
    reason = line.reason.code if line.reason else ""
    chosen = [line.entitlement_id] if line.entitlement_id else []
    try:
        if is_death(line):
            return services.propose_stop(died_on=line.happened_on, **given)
        if line.action == Action.STOP:
            return services.propose_stop(
                entitlement_ids=chosen,
                reason=reason,
                happened_on=line.happened_on,
                month=line.effective_month,
                **given,
            )
        given |= {"entitlement_ids": chosen, "month": line.effective_month, "reason": reason}
        if line.action == Action.SUSPEND:
            return services.propose_suspension(happened_on=line.happened_on, **given)
        return services.propose_resumption(happened_on=line.happened_on, arrears_from=line.arrears_from, **given)
    except services.ProposalRefused as refusal:
        raise LineRefused({_FIELDS.get(name, name): why for name, why in refusal.errors.items()}) from None
    except PermissionDenied:
        raise LineRefused(
            {"": f"{actor} không còn lập được đề nghị; công chức phụ trách hiện nay hãy mở dòng này và lưu lại."}
        ) from None
    except line.person.DoesNotExist:
        raise LineRefused({"": "Người này không còn do xã quản lý; hãy bỏ dòng này."}) from None


#: Fields of proposals as a line calls them.
_FIELDS = {
    "entitlements": "entitlement",
    "paper_kind": "paper",
    "paper_date": "paper",
    "month": "effective_month",
}


def of_confidential() -> Exists:
    """Of a line: whether its person has a benefit of a group that is kept confidential."""
    return Exists(Entitlement.objects.filter(person=OuterRef("person"), category__confidential=True))


def hidden_from(line: Any, user: User) -> bool:
    """Whether reasons and papers of the line would tell a group that the user may not know of. The line carries
    ``of_confidential``."""
    return line.of_confidential and not confidential.may_see(user) and line.prepared_by_id != user.pk


def standing_changes(lines: Sequence[ReviewLine]) -> dict[int, list[Change]]:
    """The changes of each line that were not rejected."""
    found: dict[int, list[Change]] = {line.pk: [] for line in lines}
    rows = ReviewLine.changes.through.objects.filter(reviewline__in=found).select_related("change")
    for row in rows.order_by("pk"):
        if row.change.state != Change.State.REJECTED:
            found[row.reviewline_id].append(row.change)
    return found
