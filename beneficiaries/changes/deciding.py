"""From a proposal to its effect: appraised by the Phòng, decided by whoever has the authority, applied at once."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from psycopg.errors import ExclusionViolation

from batosocial.audit.models import Entry
from batosocial.lib import clock, months
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from beneficiaries.changes import hooks, law
from beneficiaries.changes.kinds import plan
from beneficiaries.changes.law import Rule
from beneficiaries.changes.proposal import Proposal, load_paper
from beneficiaries.changes.register import Refused, Register, entry
from beneficiaries.identity.services import check_people
from beneficiaries.imports.bulk import update_rows
from beneficiaries.models import Change, Person, Policy

State = Change.State
Refusals = list[tuple[Change, str]]

APPRAISERS = frozenset({Role.DISTRICT_OFFICER})
#: Who signs a decision, or enters that of the Sở, by policy.
DECIDERS = {
    Policy.SOCIAL: frozenset({Role.CHAIRMAN}),
    Policy.MERIT: frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER}),
}
DECIDING_ROLES = frozenset().union(*DECIDERS.values())
REJECTING_ROLES = APPRAISERS | DECIDING_ROLES
#: Take effect when the Phòng agrees: a move needs no new decision (khoản 3 Điều 8 NĐ 20/2021), a correction makes the
#: register say what a decision said.
WITHOUT_DECISION = frozenset({Change.Kind.MOVE, Change.Kind.CORRECT})

WITHDRAWN = "Người đề nghị rút."
_RACED = "Sổ vừa được người khác thay đổi cùng lúc. Hãy tải lại trang rồi làm lại."


class DecisionRefused(Exception):
    """The number, date or reason cannot be used; ``field`` is the one to mend, the message for the user."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Outcome:
    """``done`` took the step now, ``unchanged`` had taken it before, ``refused`` did not, each with the reason."""

    done: list[Change] = field(default_factory=list)
    unchanged: list[Change] = field(default_factory=list)
    refused: Refusals = field(default_factory=list)


@transaction.atomic
def appraise_changes(*, actor: User, change_ids: Sequence[int]) -> Outcome:
    """Say that proposals of others are right; moves and corrections take effect by it.

    What the register would refuse when it is decided is refused now. PermissionDenied without the role,
    Change.DoesNotExist for a change out of scope. Repeating changes nothing.
    """
    changes = _locked(actor, change_ids, APPRAISERS)
    register = Register(changes, actor=actor)
    outcome, appraised, applied, now = Outcome(), [], [], timezone.now()
    for change in changes:
        if not _is_at(change, State.PROPOSED, (State.APPRAISED, State.DECIDED, State.APPLIED), outcome):
            continue
        try:
            if change.proposed_by_id == actor.pk:
                raise Refused("Anh/chị là người đề nghị nên phải để người khác thẩm định.")
            effect = plan(register, change)
        except Refused as why:
            outcome.refused.append((change, str(why)))
            continue
        change.appraised_by, change.appraised_at = actor, now
        if change.kind in WITHOUT_DECISION:
            register.take(change, effect)
            change.state, change.applied_at = State.APPLIED, now
            applied.append(change)
        else:
            change.state = State.APPRAISED
            appraised.append(change)
        outcome.done.append(change)
    _store(register, appraised + applied, ("appraised_by", "appraised_at", "state", "applied_at"))
    _audit(register, actor, "Thẩm định biến động", outcome.done, State.PROPOSED)
    hooks.changes_applied(changes=applied, actor=actor)
    return outcome


@transaction.atomic
def reject_changes(*, actor: User, change_ids: Sequence[int], reason: str) -> Outcome:
    """Give proposals back with a reason: what is proposed by the Phòng, what is appraised by whoever would decide.

    DecisionRefused without a reason; other errors as in ``appraise_changes``.
    """
    reason = clean(reason)
    if not reason:
        raise DecisionRefused("reason", "Hãy ghi lý do, để người đề nghị biết phải sửa gì.")
    changes = _locked(actor, change_ids, REJECTING_ROLES)
    outcome, before = Outcome(), {}
    for change in changes:
        before[change.pk] = change.state
        if change.state == State.PROPOSED:
            why = "" if actor.role in APPRAISERS else "Đề nghị này đang chờ Phòng thẩm định."
        elif change.state == State.APPRAISED:
            why = "" if actor.role in _deciders(change) else _not_yours(change)
        else:
            _is_at(change, State.PROPOSED, (State.REJECTED,), outcome)
            continue
        if why:
            outcome.refused.append((change, why))
            continue
        _reject(change, actor, reason)
        outcome.done.append(change)
    _store(None, outcome.done, ("state", "rejection", "rejected_by", "rejected_at"))
    _audit(None, actor, "Không chấp nhận biến động", outcome.done, before, {"reason": reason})
    return outcome


@transaction.atomic
def withdraw_change(*, actor: User, change_id: int) -> Outcome:
    """Take back one's own proposal while nobody has appraised it. Errors as in ``appraise_changes``."""
    (change,) = _locked(actor, [change_id], PROPOSING_ROLES)
    outcome = Outcome()
    if change.proposed_by_id != actor.pk:
        raise PermissionDenied
    if _is_at(change, State.PROPOSED, (State.REJECTED,), outcome):
        _reject(change, actor, WITHDRAWN)
        outcome.done.append(change)
    _store(None, outcome.done, ("state", "rejection", "rejected_by", "rejected_at"))
    _audit(None, actor, "Rút đề nghị biến động", outcome.done, State.PROPOSED)
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
    changes = _locked(actor, change_ids, DECIDING_ROLES)
    register = Register(changes, actor=actor)
    outcome, now = Outcome(), timezone.now()
    for change in changes:
        if not _is_at(change, State.APPRAISED, (State.DECIDED, State.APPLIED), outcome):
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
    _store(register, outcome.done, _DECISION_FIELDS)
    _audit(register, actor, "Quyết định biến động", outcome.done, State.APPRAISED, {"number": number, "date": date})
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
    (change,) = _locked(actor, [change_id], {Role.COMMUNE_OFFICER})
    if change.kind != Change.Kind.MOVE or change.from_commune_id != actor.unit_id:
        raise PermissionDenied
    if change.state != State.PROPOSED:
        raise Refused(_state_says(change))
    old = change.objection
    change.objection, change.objected_by, change.objected_at = objection[:500], actor, timezone.now()
    change.save(update_fields=["objection", "objected_by", "objected_at"])
    Entry.objects.bulk_create(
        [entry(actor, "Ý kiến về việc chuyển xã", change, {"objection": (old, change.objection)})]
    )
    return change


# --- shared ------------------------------------------------------------------------------------------------------

PROPOSING_ROLES = frozenset({Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER})
_DECISION_FIELDS = (
    "effective_month", "state", "authority", "decision_number", "decision_date", "decided_by", "decided_at",
    "applied_at",
)  # fmt: skip


def _locked(actor: User, change_ids: Sequence[int], roles: frozenset[Role] | set[Role]) -> list[Change]:
    """The changes by their ids, with their people locked before them: whoever works on one person takes turns."""
    if actor.role not in roles or not actor.is_active:
        raise PermissionDenied
    wanted = set(change_ids)
    visible = Change.objects.visible_to(actor).filter(pk__in=wanted)
    people = Person.objects.filter(pk__in=visible.values("person")).order_by("pk")
    list(people.select_for_update(no_key=True).values_list("pk", flat=True))
    related = ("person__commune", "to_commune", "reason", "entitlement__category", "proposed_by")
    changes = list(visible.select_related(*related).select_for_update(of=("self",)).order_by("pk"))
    if len(changes) != len(wanted):
        raise Change.DoesNotExist("Có đề nghị không thuộc phạm vi của anh/chị.")
    return changes


def _is_at(change: Change, wanted: State, beyond: Sequence[State], outcome: Outcome) -> bool:
    """Whether the step can be taken; else it is noted as taken before, or as refused."""
    if change.state == wanted:
        return True
    if change.state in beyond:
        outcome.unchanged.append(change)
    else:
        outcome.refused.append((change, _state_says(change)))
    return False


def _state_says(change: Change) -> str:
    return {
        State.PROPOSED: "Đề nghị này chưa được Phòng thẩm định.",
        State.APPRAISED: "Đề nghị này đã được thẩm định trước đó.",
        State.DECIDED: "Đề nghị này đã được quyết định trước đó.",
        State.APPLIED: "Biến động này đã có hiệu lực.",
        State.REJECTED: "Đề nghị này đã bị trả lại hoặc rút trước đó.",
    }[State(change.state)]


def _deciders(change: Change) -> frozenset[Role]:
    return DECIDERS.get(Policy(change.policy), frozenset()) if change.policy else APPRAISERS


def _not_yours(change: Change) -> str:
    if change.policy == Policy.SOCIAL:
        return "BTXH do Chủ tịch UBND huyện quyết định."
    return "NCC do Sở LĐ-TB&XH quyết định, Phòng LĐ-TB&XH ghi lại."


def _check_decision(number: str, date: datetime.date) -> None:
    if not number:
        raise DecisionRefused("number", "Hãy ghi số quyết định, ví dụ 125/QĐ-UBND.")
    if len(number) > 50:
        raise DecisionRefused("number", "Số quyết định dài quá 50 ký tự; hãy kiểm tra lại.")
    if date > clock.today():
        raise DecisionRefused("date", f"Ngày quyết định ở sau hôm nay ({clock.today():%d/%m/%Y}); hãy kiểm tra lại.")


def _check_decider(change: Change, actor: User) -> None:
    if actor.role not in _deciders(change):
        raise Refused(_not_yours(change))
    if actor.pk in (change.proposed_by_id, change.appraised_by_id):
        raise Refused("Anh/chị đã đề nghị hoặc thẩm định việc này nên phải để người khác ghi quyết định.")


def _check_papers(change: Change, date: datetime.date) -> None:
    paper = load_paper(change.proposal).date
    if paper and paper > date:
        raise Refused(f"Quyết định ngày {date:%d/%m/%Y} trước ngày của giấy tờ ({paper:%d/%m/%Y}).")
    died_on = change.proposal.get("died_on")
    if died_on and datetime.date.fromisoformat(died_on) > date:
        raise Refused(f"Quyết định ngày {date:%d/%m/%Y} trước ngày chết ghi trong đề nghị.")


def _month_by_law(change: Change, date: datetime.date) -> datetime.date:
    if change.kind == Change.Kind.START and Proposal.load(change.proposal).rule == Rule.SIGNING:
        return months.first(date)
    return change.effective_month


def _reject(change: Change, actor: User, reason: str) -> None:
    change.state, change.rejection = State.REJECTED, reason[:500]
    change.rejected_by, change.rejected_at = actor, timezone.now()


def _store(register: Register | None, changes: Sequence[Change], fields: Sequence[str]) -> None:
    """Write changes and what they do, in a fixed number of statements."""
    update_rows(Change, changes, fields)
    if register is None or not register.touched:
        return
    try:
        with transaction.atomic():
            register.write()
            check_people(register.touched)
    except IntegrityError as error:
        # Everybody who writes entitlements locks the person first; should somebody not, nobody sees an error page.
        if isinstance(error.__cause__, ExclusionViolation):
            raise DecisionRefused("", _RACED) from error
        raise


def _audit(
    register: Register | None,
    actor: User,
    action: str,
    done: Sequence[Change],
    before: State | dict[int, str],
    details: dict[str, object] | None = None,
) -> None:
    entries = [
        entry(
            actor,
            action,
            change,
            {"state": (before[change.pk] if isinstance(before, dict) else before, change.state)},
            {**(details or {}), "together": len(done)},
        )
        for change in done
    ]
    Entry.objects.bulk_create(entries + (register.entries if register else []))
