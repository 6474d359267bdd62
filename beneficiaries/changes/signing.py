"""The head of the Phòng signs off what was appraised, where it came from a commune's review."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from batosocial.staff.models import User
from beneficiaries.changes import hooks
from beneficiaries.changes.kinds import plan
from beneficiaries.changes.register import Refused, Register
from beneficiaries.changes.steps import (
    SIGNERS,
    Outcome,
    State,
    audit_steps,
    awaits_signature,
    is_at,
    locked,
    needs_decision,
    store,
)


@transaction.atomic
def sign_off_changes(*, actor: User, change_ids: Sequence[int]) -> Outcome:
    """Sign off appraised changes, so that they may be decided; a move or correction takes effect by it.

    Whoever signs neither proposed nor appraised. PermissionDenied without the role, Change.DoesNotExist for a change
    out of scope. Repeating changes nothing.
    """
    changes = locked(actor, change_ids, SIGNERS)
    register = Register(changes, actor=actor)
    outcome, applied, now = Outcome(), [], timezone.now()
    for change in changes:
        if not is_at(change, State.APPRAISED, (State.DECIDED, State.APPLIED), outcome):
            continue
        if not awaits_signature(change):
            outcome.unchanged.append(change)
            continue
        try:
            if actor.pk in (change.proposed_by_id, change.appraised_by_id):
                raise Refused("Anh/chị đã đề nghị hoặc thẩm định việc này nên phải để người khác ký.")
            effect = plan(register, change)
        except Refused as why:
            outcome.refused.append((change, str(why)))
            continue
        change.signed_off_by, change.signed_off_at = actor, now
        if not needs_decision(change):
            register.take(change, effect)
            change.state, change.applied_at = State.APPLIED, now
            applied.append(change)
        outcome.done.append(change)
    store(register, outcome.done, ("signed_off_by", "signed_off_at", "state", "applied_at"))
    audit_steps(register, actor, "Ký thẩm định biến động", outcome.done, State.APPRAISED)
    hooks.changes_applied(changes=applied, actor=actor)
    return outcome
