"""Payments that must not be paid: they are recorded as paid only when the payer says that the order came too late."""

from django.db.models import Exists, OuterRef

from payments.models import Payment, StopOrder

#: Of a queryset of payments: whether an order not to pay stands.
ORDERED = Exists(StopOrder.objects.filter(payment=OuterRef("pk"), lifted_at__isnull=True))

#: Of a payment p, in SQL; ``objection`` below is what is said of it.
IS_STOPPED = """EXISTS (
    SELECT 1 FROM payments_stoporder s
    WHERE s.payment_id = p.id AND s.lifted_at IS NULL AND s.answer <> 'paid_before'
)"""


def is_stopped(payment: Payment) -> bool:
    """The same of one payment."""
    orders = StopOrder.objects.filter(payment=payment, lifted_at__isnull=True)
    return orders.exclude(answer=StopOrder.Answer.PAID_BEFORE).exists()


def objection(number: str) -> str:
    """Why the payment of this number is not recorded as paid, and what can be done."""
    return (
        f"Khoản {number} có lệnh dừng chi. Nếu đã chi trước khi nhận lệnh, hãy trả lời “Đã chi trước khi nhận lệnh” ở "
        "trang Lệnh dừng chi rồi ghi lại; nếu chưa chi, ghi “Chưa đến nhận”."
    )
