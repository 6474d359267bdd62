"""The ledger of a list: opening + tăng − giảm = closing, on regular lines, each in people, entitlements and đồng."""

from payments.ledger.breaks import breaks_of
from payments.ledger.differences import CAUSES, Difference, differences
from payments.ledger.sides import Side, Sides, read_ledger, read_ledgers, store, totals
from payments.ledger.verify import Problem, verify_ledger

__all__ = [
    "CAUSES",
    "Difference",
    "Problem",
    "Side",
    "Sides",
    "breaks_of",
    "differences",
    "read_ledger",
    "read_ledgers",
    "store",
    "totals",
    "verify_ledger",
]
