"""From a proposal to its effect: appraised by the Phòng, decided by whoever has the authority, applied at once."""

import datetime
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit.models import Entry
from batosocial.lib import clock, months
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from beneficiaries.changes import hooks, law
from beneficiaries.changes.kinds import plan
from beneficiaries.changes.law import Rule
from beneficiaries.changes.proposal import Proposal, load_death, load_paper
from beneficiaries.changes.register import Refused, Register, entry
from beneficiaries.changes.steps import (
    APPRAISERS,
    DECIDING_ROLES,
    PROPOSING_ROLES,
    REJECTING_ROLES,
    SIGNERS,
    UNSIGNED,
    WITHDRAWN,
    DecisionRefused,
    Outcome,
    State,
    audit_steps,
    awaits_signature,
    deciders_of,
    give_back,
    is_at,
    locked,
    needs_decision,
    not_yours,
    state_says,
    store,
)
from beneficiaries.models import Change

_DECISION_FIELDS = (
    "effective_month", "state", "authority", "decision_number", "decision_date", "decided_by", "decided_at",
    "applied_at", "proposal",
)  # fmt: skip


@transaction.atomic
def appraise_changes(*, actor: User, change_ids: Sequence[int]) -> Outcome:
    """Say that proposals of others are right; moves and corrections take effect by it, unless one is to be signed off.

    What the register would refuse when it is decided is refused now. PermissionDenied without the role,
    Change.DoesNotExist for a change out of scope. Repeating changes nothing.
    """
    changes = locked(actor, change_ids, APPRAISERS)
    register = Register(changes, actor=actor)
    outcome, appraised, applied, now = Outcome(), [], [], timezone.now()
    for change in changes:
        if not is_at(change, State.PROPOSED, (State.APPRAISED, State.DECIDED, State.APPLIED), outcome):
            continue
        try:
            if change.proposed_by_id == actor.pk:
                raise Refused("Anh/chị là người đề nghị nên phải để người khác thẩm định.")
            effect = plan(register, change)
        except Refused as why:
            outcome.refused.append((change, str(why)))
            continue
        change.appraised_by, change.appraised_at = actor, now
        if not needs_decision(change) and not awaits_signature(change):
            register.take(change, effect)
            change.state, change.applied_at = State.APPLIED, now
            applied.append(change)
        else:
            change.state = State.APPRAISED
            appraised.append(change)
        outcome.done.append(change)
    store(register, appraised + applied, ("appraised_by", "appraised_at", "state", "applied_at"))
    audit_steps(register, actor, "Thẩm định biến động", outcome.done, State.PROPOSED)
    hooks.changes_applied(changes=applied, actor=actor)
    return outcome


@transaction.atomic
def reject_changes(*, actor: User, change_ids: Sequence[int], reason: str) -> Outcome:
    """Give proposals back with a reason: what is proposed by the Phòng, what is appraised by whoever signs or decides.

    DecisionRefused without a reason; other errors as in ``appraise_changes``.
    """
    reason = clean(reason)
    if not reason:
        raise DecisionRefused("reason", "Hãy ghi lý do, để người đề nghị biết phải sửa gì.")
    changes = locked(actor, change_ids, REJECTING_ROLES)
    outcome, before = Outcome(), {}
    for change in changes:
        before[change.pk] = change.state
        if change.state == State.PROPOSED:
            why = "" if actor.role in APPRAISERS else "Đề nghị này đang chờ Phòng thẩm định."
        elif change.state == State.APPRAISED:
            if awaits_signature(change):
                why = "" if actor.role in SIGNERS else UNSIGNED
            else:
                why = "" if actor.role in deciders_of(change) else not_yours(change)
        else:
            is_at(change, State.PROPOSED, (State.REJECTED,), outcome)
            continue
        if why:
            outcome.refused.append((change, why))
            continue
        give_back(change, actor, reason)
        outcome.done.append(change)
    store(None, outcome.done, ("state", "rejection", "rejected_by", "rejected_at"))
    audit_steps(None, actor, "Không chấp nhận biến động", outcome.done, before, {"reason": reason})
    return outcome


@transaction.atomic
def withdraw_change(*, actor: User, change_id: int) -> Outcome:
    """Take back one's own proposal while nobody has appraised it. Errors as in ``appraise_changes``."""
    (change,) = locked(actor, [change_id], PROPOSING_ROLES)
    outcome = Outcome()
    if change.proposed_by_id != actor.pk:
        raise PermissionDenied
    if is_at(change, State.PROPOSED, (State.REJECTED,), outcome):
        give_back(change, actor, WITHDRAWN)
        outcome.done.append(change)
    store(None, outcome.done, ("state", "rejection", "rejected_by", "rejected_at"))
    audit_steps(None, actor, "Rút đề nghị biến động", outcome.done, State.PROPOSED)
    return outcome


@transaction.atomic
def decide_changes(
    *,
    actor: User,
    change_ids: Sequence[int],
    number: str,
    date: datetime.date,
    month: datetime.date | None = None,
) -> Outcome:
    """Decide appraised changes under one decision and apply them: from here on they are paid.

    BTXH is the chairman's, of NCC the Sở's decision is entered by somebody of the Phòng; ``month`` is the first month
    as the decision says it, otherwise the law tells it (a benefit that begins when it is signed: the month of
    ``date``). Each change is applied whole or refused. DecisionRefused for an unusable number or date; other errors
    as in ``appraise_changes``.
    """
    number = clean(number)
    _check_decision(number, date)
    changes = locked(actor, change_ids, DECIDING_ROLES)
    register = Register(changes, actor=actor)
    outcome, now = Outcome(), timezone.now()
    for change in changes:
        if not is_at(change, State.APPRAISED, (State.DECIDED, State.APPLIED), outcome):
            continue
        proposed_month = change.effective_month
        try:
            _check_decider(change, actor)
            _check_papers(change, date)
            change.effective_month = month or _month_by_law(change, date)
            effect = plan(register, change)
        except Refused as why:
            change.effective_month = proposed_month
            outcome.refused.append((change, str(why)))
            continue
        register.take(change, effect)
        change.state, change.authority = State.APPLIED, law.authority_of(change.policy)
        change.decision_number, change.decision_date = number, date
        change.decided_by, change.decided_at, change.applied_at = actor, now, now
        outcome.done.append(change)
    store(register, outcome.done, _DECISION_FIELDS)
    audit_steps(
        register, actor, "Quyết định biến động", outcome.done, State.APPRAISED, {"number": number, "date": date}
    )
    hooks.changes_applied(changes=outcome.done, actor=actor)
    return outcome


@transaction.atomic
def object_to_move(*, actor: User, change_id: int, objection: str) -> Change:
    """The commune that keeps somebody says why they should not move; the Phòng reads it before it agrees.

    Refused where the move is done or given back. DecisionRefused without words.
    """
    objection = clean(objection)
    if not objection:
        raise DecisionRefused("objection", "Hãy ghi ý kiến, ví dụ: vẫn cư trú tại xã, không có đơn.")
    (change,) = locked(actor, [change_id], {Role.COMMUNE_OFFICER})
    if change.kind != Change.Kind.MOVE or change.from_commune_id != actor.unit_id:
        raise PermissionDenied
    if change.state != State.PROPOSED:
        raise Refused(state_says(change))
    old = change.objection
    change.objection, change.objected_by, change.objected_at = objection[:500], actor, timezone.now()
    change.save(update_fields=["objection", "objected_by", "objected_at"])
    Entry.objects.bulk_create(
        [entry(actor, "Ý kiến về việc chuyển xã", change, {"objection": (old, change.objection)})]
    )
    return change


# --- shared ------------------------------------------------------------------------------------------------------


def _check_decision(number: str, date: datetime.date) -> None:
    if not number:
        raise DecisionRefused("number", "Hãy ghi số quyết định, ví dụ 125/QĐ-UBND.")
    if len(number) > 50:
        raise DecisionRefused("number", "Số quyết định dài quá 50 ký tự; hãy kiểm tra lại.")
    if date > clock.today():
        raise DecisionRefused("date", f"Ngày quyết định ở sau hôm nay ({clock.today():%d/%m/%Y}); hãy kiểm tra lại.")


def _check_decider(change: Change, actor: User) -> None:
    if actor.role not in deciders_of(change):
        raise Refused(not_yours(change))
    if actor.pk in (change.proposed_by_id, change.appraised_by_id):
        raise Refused("Anh/chị đã đề nghị hoặc thẩm định việc này nên phải để người khác ghi quyết định.")
    if awaits_signature(change):
        raise Refused(UNSIGNED)


def _check_papers(change: Change, date: datetime.date) -> None:
    paper = load_paper(change.proposal).date
    if paper and paper > date:
        raise Refused(f"Quyết định ngày {date:%d/%m/%Y} trước ngày của giấy tờ ({paper:%d/%m/%Y}).")
    death = load_death(change.proposal)
    if death and death.day > date:
        raise Refused(f"Quyết định ngày {date:%d/%m/%Y} trước ngày chết ghi trong đề nghị.")


def _month_by_law(change: Change, date: datetime.date) -> datetime.date:
    if change.kind == Change.Kind.START and Proposal.load(change.proposal).rule == Rule.SIGNING:
        return months.first(date)
    if change.kind == Change.Kind.STOP and change.reason and change.reason.code in law.ENDS_WHEN_SIGNED:
        return months.first(date)
    return change.effective_month
