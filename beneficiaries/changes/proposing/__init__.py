"""Proposals: what somebody shall receive, no longer receive, or was entered wrongly. Nothing is paid by them."""

from beneficiaries.changes.proposing.benefits import propose_adjustment, propose_correction, propose_start
from beneficiaries.changes.proposing.deaths import (
    CERTIFICATE,
    Proposed,
    ToldDeath,
    add_certificate,
    propose_deaths,
    take_back_told,
)
from beneficiaries.changes.proposing.endings import propose_alive, propose_stop
from beneficiaries.changes.proposing.pauses import propose_resumption, propose_suspension
from beneficiaries.changes.proposing.shared import MOST_DEPENDANTS, ProposalRefused, age_warnings, known_since

__all__ = [
    "CERTIFICATE",
    "MOST_DEPENDANTS",
    "ProposalRefused",
    "Proposed",
    "ToldDeath",
    "add_certificate",
    "age_warnings",
    "known_since",
    "propose_adjustment",
    "propose_alive",
    "propose_correction",
    "propose_deaths",
    "propose_resumption",
    "propose_start",
    "propose_stop",
    "propose_suspension",
    "take_back_told",
]
