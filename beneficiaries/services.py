"""Looking at what is hidden by default: each look is asked for, and stands in the audit (rules.md 8.3)."""

from batosocial.audit import services as audit
from batosocial.staff.models import User
from beneficiaries.models import Person

FULL_VIEW = "Xem số đầy đủ"


def record_full_view(*, actor: User, person: Person) -> None:
    """Say in the audit that somebody looked at the full CCCD and account numbers of a person."""
    audit.record(actor=actor, action=FULL_VIEW, row=person)
