"""A month's lists, frozen, and what really happened to each payment."""

from payments.models.grants import Grant
from payments.models.handover import FileLayout, HandOver, PayPoint
from payments.models.lists import Ledger, ListEvent, ListRemark, PaymentList, Period
from payments.models.payment import Payment, PaymentLine
from payments.models.recovery import BudgetReturn, Receipt, Receivable, StopOrder
from payments.models.results import ResultBatch, ResultRow
from payments.models.review import Review, ReviewLine

__all__ = [
    "BudgetReturn",
    "FileLayout",
    "Grant",
    "HandOver",
    "Ledger",
    "ListEvent",
    "ListRemark",
    "PayPoint",
    "Payment",
    "PaymentLine",
    "PaymentList",
    "Period",
    "Receipt",
    "Receivable",
    "ResultBatch",
    "ResultRow",
    "Review",
    "ReviewLine",
    "StopOrder",
]
