"""Proposals: what somebody shall receive, no longer receive, or was entered wrongly. Nothing is paid by them."""

from beneficiaries.changes.proposing.benefits import propose_adjustment, propose_correction, propose_start
from beneficiaries.changes.proposing.endings import propose_alive, propose_stop
from beneficiaries.changes.proposing.pauses import propose_resumption, propose_suspension
from beneficiaries.changes.proposing.shared import MOST_DEPENDANTS, ProposalRefused, age_warnings, known_since

__all__ = [
    "MOST_DEPENDANTS",
    "ProposalRefused",
    "age_warnings",
    "known_since",
    "propose_adjustment",
    "propose_alive",
    "propose_correction",
    "propose_resumption",
    "propose_start",
    "propose_stop",
    "propose_suspension",
]
