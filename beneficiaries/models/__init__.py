"""The register: who is entitled to what, who receives it, and where the money goes."""

from beneficiaries.models.attachment import Attachment
from beneficiaries.models.catalogue import AgeRule, Category, ChangeReason, Policy, Provider, Rate
from beneficiaries.models.change import Change
from beneficiaries.models.entitlement import Dependant, Entitlement, Suspension
from beneficiaries.models.identity import IdentityEvent, IdentityIssue
from beneficiaries.models.identity_answer import IdentityAnswer
from beneficiaries.models.imports import ColumnMapping, ImportBatch, ImportRow
from beneficiaries.models.payee import Account, Payee, PayoutRoute
from beneficiaries.models.person import Person
from beneficiaries.models.unit_move import UnitMove

__all__ = [
    "Account",
    "AgeRule",
    "Attachment",
    "Category",
    "Change",
    "ChangeReason",
    "ColumnMapping",
    "Dependant",
    "Entitlement",
    "IdentityAnswer",
    "IdentityEvent",
    "IdentityIssue",
    "ImportBatch",
    "ImportRow",
    "Payee",
    "PayoutRoute",
    "Person",
    "Policy",
    "Provider",
    "Rate",
    "Suspension",
    "UnitMove",
]
