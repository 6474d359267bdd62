"""Everything that may be done with changes, in one place to import from."""

from beneficiaries.changes.deciding import (
    appraise_changes,
    decide_changes,
    object_to_move,
    reject_changes,
    withdraw_change,
)
from beneficiaries.changes.moves import Known, find_for_move, masked_name, propose_move
from beneficiaries.changes.proposal import Paper, Proposal, ProposedDependant
from beneficiaries.changes.proposing import (
    ProposalRefused,
    propose_adjustment,
    propose_alive,
    propose_correction,
    propose_resumption,
    propose_start,
    propose_stop,
    propose_suspension,
)
from beneficiaries.changes.register import Refused
from beneficiaries.changes.signing import sign_off_changes
from beneficiaries.changes.steps import (
    APPRAISERS,
    DECIDERS,
    DECIDING_ROLES,
    PROPOSING_ROLES,
    REJECTING_ROLES,
    SIGNERS,
    WITHDRAWN,
    DecisionRefused,
    Outcome,
)

__all__ = [
    "APPRAISERS",
    "DECIDERS",
    "DECIDING_ROLES",
    "PROPOSING_ROLES",
    "REJECTING_ROLES",
    "SIGNERS",
    "WITHDRAWN",
    "DecisionRefused",
    "Known",
    "Outcome",
    "Paper",
    "Proposal",
    "ProposalRefused",
    "ProposedDependant",
    "Refused",
    "appraise_changes",
    "decide_changes",
    "find_for_move",
    "masked_name",
    "object_to_move",
    "propose_adjustment",
    "propose_alive",
    "propose_correction",
    "propose_move",
    "propose_resumption",
    "propose_start",
    "propose_stop",
    "propose_suspension",
    "reject_changes",
    "sign_off_changes",
    "withdraw_change",
]
