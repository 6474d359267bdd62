"""What the commune's officer does with the lines of a review."""

import datetime
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.lib import clock, months
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.attachments.services import attach_file, remove_attachment
from beneficiaries.changes import law, pauses
from beneficiaries.models import Attachment, Category, ChangeReason, Entitlement, Person, Policy
from beneficiaries.models.person import PersonQuerySet
from payments import hooks
from payments.models import Review, ReviewLine
from payments.review.lines import (
    PROPOSING,
    REASONS,
    LineRefused,
    Outcome,
    ReviewRefused,
    is_death,
    locked_lines,
    locked_review,
    propose,
)

Action, State = ReviewLine.Action, ReviewLine.State

PREPARING_ROLES = frozenset({Role.COMMUNE_OFFICER})
#: The reason of whoever died, as a form names it; which code it is follows from what they receive.
DEATH = "chet"
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Handling:
    """What the officer says of a line. ``reason`` is the code of a ChangeReason, ``DEATH``, or "" for another one that
    the note tells. Without ``effective_month`` the law tells it."""

    action: str
    entitlement_id: int | None = None
    reason: str = ""
    happened_on: datetime.date | None = None
    effective_month: datetime.date | None = None
    arrears_from: datetime.date | None = None
    paper: str = ""
    note: str = ""


_WRITTEN = (
    "action", "entitlement", "reason", "happened_on", "effective_month", "arrears_from", "paper", "note", "state",
    "prepared_by", "prepared_at", "removal",
)  # fmt: skip


@transaction.atomic
def handle_line(*, actor: User, line_id: int, handling: Handling, seen: str | None = None) -> ReviewLine:
    """Say what becomes of a line: it stays as it is, or something is proposed when the review is sent.

    What the register would refuse then is refused now, by field (LineRefused). ``seen`` is ``stamp`` of the line as
    the form showed it: who changed it since is not overwritten unseen. PermissionDenied without the role,
    ReviewLine.DoesNotExist out of scope, ReviewRefused for a line that is sent.
    """
    review, line = _locked(actor, line_id)
    _check_open(review, line)
    if seen is not None and seen != stamp(line) and not _says(line, handling):
        raise LineRefused(
            {"": "Dòng này vừa được lưu ở cửa sổ khác hoặc bởi người khác. Hãy so với bản mới rồi lưu lại."}
        )
    old = _audited(line)
    _fill(line, handling)
    errors = _errors(review, line, handling)
    if errors:
        raise LineRefused(errors)
    line.prepared_by, line.prepared_at = actor, timezone.now()
    line.state, line.removal = State.OPEN, ""
    if line.action in PROPOSING:
        _try(line)
    line.save(update_fields=_WRITTEN)
    new = _audited(line)
    changes = {name: (old[name], value) for name, value in new.items() if old[name] != value}
    audit.record(actor=actor, action="Xử lý dòng rà soát", row=line, changes=changes, details=_place(line))
    hooks.reviews_moved(ids=[review.pk], actor=actor)
    return line


@transaction.atomic
def keep_lines(*, actor: User, review_id: int, line_ids: Iterable[int]) -> Outcome:
    """Leave the benefits of many lines as they are. Errors as in ``handle_line``."""
    review = _review(actor, review_id)
    outcome, now = Outcome(), timezone.now()
    for line in locked_lines(review, list(line_ids)):
        if line.state == State.OPEN and line.action == Action.KEEP and line.prepared_by_id:
            outcome.unchanged.append(line)
        elif why := _closed(review, line):
            outcome.refused.append((line, why))
        else:
            line.action, line.state = Action.KEEP, State.OPEN
            line.prepared_by, line.prepared_at, line.removal = actor, now, ""
            outcome.done.append(line)
    ReviewLine.objects.bulk_update(
        outcome.done, ["action", "state", "prepared_by", "prepared_at", "removal"], batch_size=500
    )
    _audit_many(actor, "Giữ nguyên dòng rà soát", outcome.done)
    return outcome


@transaction.atomic
def remove_line(*, actor: User, line_id: int, reason: str) -> bool:
    """Take a line out, with the reason; it stays to be read and can be put back. Whether it changed.

    LineRefused without a reason; errors as in ``handle_line``.
    """
    reason = clean(reason)
    review, line = _locked(actor, line_id)
    if line.state == State.REMOVED and line.removal == reason:
        return False
    _check_open(review, line)
    if not reason:
        raise LineRefused({"removal": "Hãy ghi vì sao bỏ, ví dụ: đã xác minh, người này vẫn sống tại thôn."})
    if len(reason) > _LONGEST_REASON:
        raise LineRefused({"removal": f"Lý do dài quá {_LONGEST_REASON} ký tự; hãy ghi ngắn lại."})
    line.state, line.removal = State.REMOVED, reason
    line.prepared_by, line.prepared_at = actor, timezone.now()
    line.save(update_fields=["state", "removal", "prepared_by", "prepared_at"])
    audit.record(actor=actor, action="Bỏ dòng rà soát", row=line, details={**_place(line), "lý do": reason})
    hooks.reviews_moved(ids=[review.pk], actor=actor)
    return True


@transaction.atomic
def restore_line(*, actor: User, line_id: int) -> bool:
    """Put a removed line back, to be handled anew. Whether it was removed. Errors as in ``handle_line``."""
    review, line = _locked(actor, line_id)
    if line.state != State.REMOVED:
        return False
    _check_open(review, line)
    line.state, line.removal, line.prepared_by, line.prepared_at = State.OPEN, "", None, None
    line.save(update_fields=["state", "removal", "prepared_by", "prepared_at"])
    audit.record(actor=actor, action="Lấy lại dòng rà soát", row=line, details=_place(line))
    hooks.reviews_moved(ids=[review.pk], actor=actor)
    return True


def people_of(user: User, review: Review) -> PersonQuerySet:
    """The people of the review's commune; of one that has merged since, those of the commune that it is now."""
    heir = Unit.objects.filter(pk=review.commune_id).values("heir")
    return Person.objects.visible_to(user).filter(Q(commune=review.commune_id) | Q(commune__in=heir))


@transaction.atomic
def add_person(*, actor: User, review_id: int, person_id: int, token: uuid.UUID) -> ReviewLine:
    """Add somebody of the commune whom no source found. The form's token makes it one line, however often it is sent.

    Person.DoesNotExist out of scope, ReviewRefused once the review is sent; other errors as in ``handle_line``.
    """
    review = _review(actor, review_id)
    key = f"added:{token}"
    if line := ReviewLine.objects.filter(review=review, key=key).first():
        return line
    if review.state != Review.State.DRAFT:
        raise ReviewRefused("Rà soát đã gửi. Trường hợp phát sinh sau đó: lập đề nghị từ trang của người hưởng.")
    person = people_of(actor, review).get(pk=person_id)
    line = ReviewLine.objects.create(
        review=review, person=person, source=ReviewLine.Source.ADDED, finding="Xã bổ sung khi rà soát", key=key,
    )  # fmt: skip
    audit.record(actor=actor, action="Bổ sung người vào rà soát", row=line, details=_place(line))
    return line


@transaction.atomic
def attach(*, actor: User, line_id: int, name: str, content: bytes) -> bool:
    """Keep evidence for a line; whether it is new. LineRefused beyond the number a line may have; checking.FileRefused;
    other errors as in ``handle_line``."""
    review, line = _locked(actor, line_id)
    _check_open(review, line)
    standing = list(line.attachments.filter(removed_at__isnull=True).values_list("pk", flat=True))
    attachment, is_new = attach_file(actor=actor, person_id=line.person_id, name=name, content=content, among=standing)
    if not is_new:
        return False
    if len(standing) >= settings.EVIDENCE_MAX_FILES:
        raise LineRefused({"evidence": f"Mỗi dòng tối đa {settings.EVIDENCE_MAX_FILES} tệp; hãy bỏ bớt tệp không cần."})
    line.attachments.add(attachment)
    return True


@transaction.atomic
def detach(*, actor: User, line_id: int, attachment_id: int) -> bool:
    """Take evidence back from a line. Whether it was there. Attachment.DoesNotExist for one of another line."""
    review, line = _locked(actor, line_id)
    _check_open(review, line)
    row: Attachment = line.attachments.get(pk=attachment_id)
    return remove_attachment(actor=actor, attachment_id=row.pk)


# --- shared ------------------------------------------------------------------------------------------------------


def stamp(line: ReviewLine) -> str:
    """What a form of the line remembers, to notice that somebody else saved it meanwhile."""
    return f"{line.state}:{line.prepared_at.isoformat() if line.prepared_at else ''}"


def editable(review: Review, line: ReviewLine) -> bool:
    return not _closed(review, line)


def _review(actor: User, review_id: int) -> Review:
    if actor.role not in PREPARING_ROLES or not actor.is_active:
        raise PermissionDenied
    return locked_review(actor, review_id)


def _locked(actor: User, line_id: int) -> tuple[Review, ReviewLine]:
    """The line with its review, the review locked first."""
    if actor.role not in PREPARING_ROLES or not actor.is_active:
        raise PermissionDenied
    own = ReviewLine.objects.filter(review__in=Review.objects.visible_to(actor))
    review = locked_review(actor, own.values_list("review", flat=True).get(pk=line_id))
    (line,) = locked_lines(review, [line_id])
    return review, line


def _closed(review: Review, line: ReviewLine) -> str:
    """Why the line cannot be changed any more; "" where it can: in a draft, or when the Phòng gave it back."""
    if review.state == Review.State.SIGNED_OFF:
        return "Rà soát đã được ký thẩm định."
    if line.state in (State.SENT, State.APPRAISED):
        return "Dòng này đã gửi Phòng LĐ-TB&XH."
    if review.state == Review.State.SENT and line.state == State.REMOVED and not line.return_reason:
        return "Rà soát đã gửi; dòng này đã bỏ từ trước."
    return ""


def _check_open(review: Review, line: ReviewLine) -> None:
    if why := _closed(review, line):
        raise ReviewRefused(why)


def _fill(line: ReviewLine, handling: Handling) -> None:
    line.action, line.note = handling.action, clean(handling.note)[:500]
    if handling.action not in PROPOSING:
        if line.entitlement is None and handling.entitlement_id:
            line.entitlement = next((row for row in monthly(line.person_id) if row.pk == handling.entitlement_id), None)
        return
    dead = handling.reason == DEATH
    line.paper = clean(handling.paper)[:300]
    line.happened_on, line.arrears_from = handling.happened_on, None
    rows = {row.pk: row for row in monthly(line.person_id)}
    line.entitlement = None if dead else rows.get(handling.entitlement_id or 0)
    code = handling.reason
    if dead:
        policies = {row.category.policy: row for row in rows.values()}
        first = min(policies, default=str(Policy.SOCIAL))
        code = law.death_reason(
            [row.category.regime for row in rows.values() if row.category.policy == first]
            or [Category.Regime.ALLOWANCE]
        )
    line.reason = ChangeReason.objects.filter(code=code).first() if code else None
    line.effective_month = handling.effective_month
    if handling.action == Action.STOP and line.effective_month is None and line.happened_on:
        line.effective_month = law.stop_month(line.happened_on, code)
    by_law = handling.happened_on and (handling.action == Action.RESUME or code in pauses.JUDGED)
    if handling.action != Action.STOP and line.effective_month is None and not by_law:
        line.effective_month = line.review.month
    if handling.action == Action.RESUME:
        line.arrears_from = handling.arrears_from


def monthly(person_id: int) -> list[Entitlement]:
    """The person's granted monthly benefits that run on."""
    today = months.first(clock.today())
    rows = Entitlement.objects.granted().filter(person=person_id).exclude(category__regime=Category.Regime.ONE_OFF)
    return [
        row
        for row in rows.select_related("category").order_by("category__policy", "pk")
        if row.months.upper is None or row.months.upper > today
    ]


def _errors(review: Review, line: ReviewLine, handling: Handling) -> dict[str, str]:
    errors: dict[str, str] = {}
    if handling.action not in Action.values or handling.action == Action.NONE:
        return {"action": "Hãy chọn giữ nguyên hoặc một đề nghị."}
    if handling.action not in PROPOSING:
        return {}
    if not line.paper:
        errors["paper"] = "Hãy ghi giấy tờ kèm theo, ví dụ: Trích lục khai tử số 12 ngày 03/07/2024."
    if line.entitlement is None and not is_death(line):
        errors["entitlement"] = "Hãy chọn chế độ."
    if line.reason and line.reason.action not in REASONS[Action(handling.action)]:
        errors["reason"] = "Lý do này không đi với đề nghị đã chọn."
    elif line.reason is None and handling.reason:
        errors["reason"] = "Hãy chọn lý do trong danh sách."
    elif line.reason is None and handling.action == Action.SUSPEND:
        errors["reason"] = "Hãy chọn lý do tạm dừng."
    elif line.reason is None and handling.action == Action.STOP and not line.note:
        errors["note"] = "Lý do khác: hãy ghi rõ lý do và căn cứ."
    if handling.action == Action.STOP and line.happened_on is None:
        errors["happened_on"] = "Hãy ghi ngày chết hoặc ngày không còn đủ điều kiện."
    if line.arrears_from and line.effective_month and line.arrears_from >= line.effective_month:
        errors["arrears_from"] = "Truy lĩnh là của các tháng tạm dừng, trước tháng hưởng lại."
    return errors


def _try(line: ReviewLine) -> None:
    """Propose and take it back: what the register has against it is said while the officer can mend it."""
    try:
        with transaction.atomic():
            raise _Tried(propose(line)[0].effective_month)
    except _Tried as tried:
        line.effective_month = tried.month


class _Tried(Exception):
    def __init__(self, month: datetime.date) -> None:
        super().__init__()
        self.month = month


def _says(line: ReviewLine, handling: Handling) -> bool:
    """Whether the line says already what somebody sends: the second of two clicks changes nothing."""
    return (
        line.prepared_by_id is not None
        and line.action == handling.action
        and line.note == clean(handling.note)[:500]
        and (
            line.action not in PROPOSING
            or (line.paper, line.happened_on) == (clean(handling.paper)[:300], handling.happened_on)
        )
    )


def _audited(line: ReviewLine) -> dict[str, object]:
    names = ("action", "happened_on", "effective_month", "arrears_from", "paper", "note", "state")
    values: dict[str, object] = {name: getattr(line, name) for name in names}
    values["reason"] = line.reason.code if line.reason else ""
    values["entitlement"] = line.entitlement_id
    return values


def _place(line: ReviewLine) -> dict[str, object]:
    return {"rà soát": line.review_id, "người": line.person_id}


def _audit_many(actor: User, action: str, lines: Sequence[ReviewLine]) -> None:
    if lines:
        details = {"rà soát": lines[0].review_id, "số dòng": len(lines), "dòng": [line.pk for line in lines]}
        audit.record(actor=actor, action=action, details=details)
