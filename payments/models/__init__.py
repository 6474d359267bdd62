"""A month's lists, frozen, and what really happened to each payment."""

from payments.models.lists import PaymentList, Period
from payments.models.payment import Payment, PaymentLine, Receivable
from payments.models.results import ResultBatch, ResultRow

__all__ = ["Payment", "PaymentLine", "PaymentList", "Period", "Receivable", "ResultBatch", "ResultRow"]
