"""A district in which nobody is due but whom a test adds, and the months that go by in it."""

import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from batosocial.lib import months
from batosocial.staff.models import Role, User
from beneficiaries.models import Entitlement, Person
from payments.models import Payment, PaymentLine, PaymentList, Period
from payments.opening import Opened, open_month
from tests import factories as make

JULY, AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (datetime.date(2024, number, 1) for number in range(7, 12))
State = PaymentList.State


def empty_district() -> None:
    """The demo's people stop with July, and its July knows the rates of July: what tests add stands alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE beneficiaries_entitlement SET months = daterange(lower(months), %s) WHERE months @> %s::date",
            [AUGUST, AUGUST],
        )
        # What was not collected would come back as carry-over.
        cursor.execute(
            """
            UPDATE payments_payment SET result = 'paid_cash', return_reason = '', paid_on = '2024-07-08'
            WHERE result IN ('returned', 'not_collected')
            """
        )
    PaymentList.objects.filter(period__month=JULY).update(locked_on=datetime.date(2024, 7, 2))


def day_before(month: datetime.date, day: int = 22) -> datetime.date:
    """A day of the month before, in which the month's lists are made."""
    return months.add(month, -1).replace(day=day)


def open_next(month: datetime.date, settings: Any, **more: Any) -> Opened:
    """Open a month as the Phòng does, in the month before it."""
    settings.BUSINESS_DATE = day_before(month)
    return open_month(actor=make.user(Role.DISTRICT_OFFICER), month=month, **more)


def hand_over(month: datetime.date) -> None:
    """All lists of the month are with the payers, each step by somebody else."""
    steps = ("submitted", "appraised", "signed_off", "approved", "handed_over")
    signed: dict[str, Any] = {f"{step}_by": make.user() for step in steps}
    signed |= {f"{step}_at": timezone.now() for step in steps}
    PaymentList.objects.filter(period__month=month).update(state=State.HANDED_OVER, **signed)


def record(payment: Payment, result: str = "paid_cash", reason: str = "") -> None:
    """What the payer reported."""
    Payment.objects.filter(pk=payment.pk).update(
        result=result,
        return_reason=reason or ("closed" if result == "returned" else ""),
        paid_on=payment.payment_list.period.month.replace(day=8) if result in Payment.PAID else None,
        recorded_by=User.objects.system(),
        recorded_at=timezone.now(),
    )


def payment(person: Person, month: datetime.date) -> Payment:
    """The person's payment in the month's list."""
    return Payment.objects.select_related("payment_list__period").get(person=person, payment_list__period__month=month)


def lines(person: Person, month: datetime.date) -> list[tuple[str, str, int]]:
    """(kind, month it covers as "2024-08", đồng) of the person's lines in the month's list."""
    found = PaymentLine.objects.filter(payment__person=person, payment__payment_list__period__month=month)
    rows = found.order_by("kind", "month", "amount").values_list("kind", "month", "amount")
    return [(kind, months.iso(of), amount) for kind, of, amount in rows]


def pay_everybody(month: datetime.date) -> None:
    """Hand the month over and pay all of it in cash."""
    hand_over(month)
    Payment.objects.filter(payment_list__period__month=month).update(
        result="paid_cash",
        paid_on=month.replace(day=8),
        recorded_by=User.objects.system(),
        recorded_at=timezone.now(),
    )


def granted(person: Person, category: str = "BTXH-5C", *, start: datetime.date, **fields: Any) -> Entitlement:
    """A benefit by a decision of now, not by the first load."""
    row = make.entitlement(person, category, start=start, **fields)
    type(row.granted_by).objects.filter(pk=row.granted_by_id).update(
        first_load=False,
        decision_number="125/QĐ-UBND",
        decision_date=datetime.date(2024, 7, 1),
        authority="chairman",
        applied_at=timezone.now(),
    )
    return row


def is_open(month: datetime.date) -> bool:
    return Period.objects.filter(month=month).exists()
