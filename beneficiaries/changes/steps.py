"""What every step of a change shares: who may take it, the rows locked, the outcome, one write and one audit."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from psycopg.errors import ExclusionViolation

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from beneficiaries.changes import hooks
from beneficiaries.changes.proposal import says_alive
from beneficiaries.changes.register import Register, entry
from beneficiaries.identity.services import check_people
from beneficiaries.imports.bulk import update_rows
from beneficiaries.models import Change, Person, Policy

State = Change.State
Refusals = list[tuple[Change, str]]

PROPOSING_ROLES = frozenset({Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER})
APPRAISERS = frozenset({Role.DISTRICT_OFFICER})
#: Who signs a decision, or enters that of the Sở, by policy.
DECIDERS = {
    Policy.SOCIAL: frozenset({Role.CHAIRMAN}),
    Policy.MERIT: frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER}),
}
DECIDING_ROLES = frozenset().union(*DECIDERS.values())
#: Signs off what was appraised, where it came from a commune's review.
SIGNERS = frozenset({Role.DISTRICT_LEADER})
REJECTING_ROLES = APPRAISERS | DECIDING_ROLES | SIGNERS
#: Take effect when the Phòng agrees: a move needs no new decision (khoản 3 Điều 8 NĐ 20/2021), a correction makes the
#: register say what a decision said. That somebody is alive is decided, as their death was (``needs_decision``).
WITHOUT_DECISION = frozenset({Change.Kind.MOVE, Change.Kind.CORRECT})

UNSIGNED = "Trưởng phòng LĐ-TB&XH chưa ký thẩm định; ký xong mới quyết định được."
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


def locked(actor: User, change_ids: Sequence[int], roles: frozenset[Role] | set[Role]) -> list[Change]:
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


def is_at(change: Change, wanted: State, beyond: Sequence[State], outcome: Outcome) -> bool:
    """Whether the step can be taken; else it is noted as taken before, or as refused."""
    if change.state == wanted:
        return True
    if change.state in beyond:
        outcome.unchanged.append(change)
    else:
        outcome.refused.append((change, state_says(change)))
    return False


def state_says(change: Change) -> str:
    return {
        State.PROPOSED: "Đề nghị này chưa được Phòng thẩm định.",
        State.APPRAISED: "Đề nghị này đã được thẩm định trước đó.",
        State.DECIDED: "Đề nghị này đã được quyết định trước đó.",
        State.APPLIED: "Biến động này đã có hiệu lực.",
        State.REJECTED: "Đề nghị này đã bị trả lại hoặc rút trước đó.",
    }[State(change.state)]


def needs_decision(change: Change) -> bool:
    """Whether it takes effect by a decision only."""
    return change.kind not in WITHOUT_DECISION or says_alive(change.proposal)


def deciders_of(change: Change) -> frozenset[Role]:
    return DECIDERS.get(Policy(change.policy), frozenset()) if change.policy else APPRAISERS


def awaits_signature(change: Change) -> bool:
    """Whether the head of the Phòng has still to sign off the appraisal."""
    return change.needs_sign_off and change.signed_off_by_id is None


def not_yours(change: Change) -> str:
    if change.policy == Policy.SOCIAL:
        return "BTXH do Chủ tịch UBND huyện quyết định."
    return "NCC do Sở LĐ-TB&XH quyết định, Phòng LĐ-TB&XH ghi lại."


def give_back(change: Change, actor: User, reason: str) -> None:
    change.state, change.rejection = State.REJECTED, reason[:500]
    change.rejected_by, change.rejected_at = actor, timezone.now()


def store(register: Register | None, changes: Sequence[Change], fields: Sequence[str]) -> None:
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


def audit_steps(
    register: Register | None,
    actor: User,
    action: str,
    done: Sequence[Change],
    before: State | dict[int, str],
    details: dict[str, object] | None = None,
) -> None:
    """Write the step down, and tell it to whoever wants to hear of it."""
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
    hooks.changes_moved(changes=done, actor=actor)
