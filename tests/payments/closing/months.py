"""A month of its own for tests of closing, before all of the demo's, and carry-overs made by hand."""

import datetime
from typing import Any

from django.utils import timezone

from batosocial.staff.models import User
from payments.models import Payment, PaymentLine, PaymentList
from tests import factories as make
from tests.payments import rows

MONTH = datetime.date(2023, 10, 1)
NEXT = datetime.date(2023, 11, 1)


def payments(count: int = 1, **fields: Any) -> list[Payment]:
    """Payments of a list of the month that was handed over."""
    return rows.handed_over(count, **({"month": MONTH} | fields))


def give(payment: Payment, result: str, *, reason: str = "", note: str = "") -> Payment:
    """Record a result straight in the database."""
    Payment.objects.filter(pk=payment.pk).update(
        result=result,
        return_reason=reason,
        result_note=note,
        paid_on=datetime.date(2024, 7, 10) if result in Payment.PAID else None,
        recorded_by=User.objects.system(),
        recorded_at=timezone.now(),
    )
    payment.refresh_from_db()
    return payment


def carry(payment: Payment, *, month: datetime.date = NEXT, state: str = "draft") -> Payment:
    """Carry an unpaid payment into a list of the next month, as opening it does."""
    source = payment.payment_list
    row = PaymentList.objects.filter(
        period__month=month, period__policy=source.period.policy, commune=source.commune
    ).first() or rows.payment_list(policy=source.period.policy, month=month, commune=source.commune)
    position = row.payments.count() + 1
    made = Payment.objects.create(
        payment_list=row,
        person=payment.person,
        number=f"{row.period.policy}-{month:%y%m}-{row.commune.code}-{position:04}",
        position=position,
        name=payment.name,
        birth=payment.birth,
        sex=payment.sex,
        cccd=payment.cccd,
        payer=payment.payer,
        planned_channel="cash",
        cash_reason="other",
        total=payment.total,
    )
    for line in payment.lines.all():
        PaymentLine.objects.create(
            payment=made,
            entitlement=line.entitlement,
            category=line.category,
            policy=line.policy,
            kind=PaymentLine.Kind.CARRY_OVER,
            month=line.month,
            amount=line.amount,
            carried_line=line,
            origin=line.origin or line,
        )
    if state != "draft":
        rows.put(row, state)
    return made


def two_communes() -> tuple[Payment, Payment]:
    (first,) = payments()
    (second,) = payments(commune=make.commune(make.BA_TO_TOWN))
    return first, second
