"""What opening a month would make, told before it is done: by policy and kind of line, with its ledger."""

import datetime
from dataclasses import dataclass

from django.db import connection, transaction

from batosocial.lib import clock, months
from batosocial.staff.models import User
from beneficiaries.models import Policy
from payments import board, ledger
from payments.ledger.names import SIDE_LABELS as SIDES
from payments.models import Payment, Period
from payments.opening import count_month, open_month


@dataclass(frozen=True)
class PlannedLedger:
    month: datetime.date
    #: (words, people, benefits and đồng)
    sides: list[tuple[str, ledger.Side]]


@dataclass(frozen=True)
class PlannedPolicy:
    policy: str
    label: str
    month: datetime.date
    already_open: bool
    #: Together with the month after.
    with_next: bool
    lists: int
    people: int
    amount: int
    kinds: list[board.KindTotal]
    ledgers: list[PlannedLedger]
    decrees: list[str]


def plan_month(*, actor: User, month: datetime.date, with_next: bool = False) -> list[PlannedPolicy]:
    """What opening the month would make, found by opening it and taking it back. OpeningRefused as ``open_month``."""
    with transaction.atomic():
        done = open_month(actor=actor, month=month, with_next=with_next)
        two = set(Period.objects.filter(month=month, with_next=True).values_list("policy", flat=True))
        planned = [_planned(policy, month, opened=policy.value in done.opened, two=policy in two) for policy in Policy]
        transaction.set_rollback(True)
    return planned


def _planned(policy: Policy, month: datetime.date, *, opened: bool, two: bool) -> PlannedPolicy:
    lists, _, people, amount = count_month(month, [policy.value])
    payments = Payment.objects.filter(payment_list__period__month=month, payment_list__period__policy=policy)
    return PlannedPolicy(
        policy=policy.value,
        label=policy.label,
        month=month,
        already_open=not opened,
        with_next=two,
        lists=lists,
        people=people,
        amount=amount,
        kinds=board.kinds_of(payments),
        ledgers=[
            PlannedLedger(one, [(SIDES[side], value) for side, value in ledger.totals(one, [policy.value]).items()])
            for one in ([month, months.add(month, 1)] if two else [month])
        ],
        decrees=_decrees(policy.value, month),
    )


def _decrees(policy: str, month: datetime.date) -> list[str]:
    """The decrees whose rates stand in the month's lines."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT legal_basis FROM (
                SELECT DISTINCT ON (r.category_id, r.level) r.legal_basis
                FROM beneficiaries_rate r
                WHERE r.valid_from <= %(month)s AND r.known_on <= %(today)s AND EXISTS (
                    SELECT 1 FROM payments_paymentline i
                    WHERE i.policy = %(policy)s AND i.month = %(month)s AND i.kind = 'regular'
                      AND i.category_id = r.category_id AND i.level = r.level
                )
                ORDER BY r.category_id, r.level, r.valid_from DESC, r.known_on DESC
            ) AS used GROUP BY legal_basis ORDER BY count(*) DESC, legal_basis
            """,
            {"policy": policy, "month": month, "today": clock.today()},
        )
        return [basis for (basis,) in cursor.fetchall()]
