"""What payments that may still be paid hold beyond what is owed, and the locks under which that is asked."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from batosocial.lib import clock
from beneficiaries.models import Policy
from payments.owed import CAME_BACK, DUE

#: Taken by whoever writes receivables, so that the same month is not claimed twice.
CLAIM_LOCK = 7303


@dataclass(frozen=True, slots=True)
class Unowed:
    """``unowed`` đồng of the ``amount`` that a payment holds for a month are not owed (any more)."""

    payment_id: int
    month: date
    amount: int
    unowed: int


#: Payments that a payer may still pay: of lists that were approved or handed over, not paid, and neither carried on nor
#: returned to the budget. What was paid for the month counts first, then these in their order.
_UNOWED = f"""
WITH pending AS MATERIALIZED (
    SELECT p.id AS payment_id, p.person_id, i.month, sum(i.amount) AS amount
    FROM payments_payment p
    JOIN payments_paymentlist l ON l.id = p.payment_list_id AND l.state IN ('approved', 'handed_over')
    JOIN payments_paymentline i ON i.payment_id = p.id AND i.policy = %(policy)s
    LEFT JOIN payments_paymentline root ON root.id = i.origin_id
    WHERE p.person_id = ANY(%(people)s) AND p.result NOT IN ('paid_account', 'paid_cash')
      AND coalesce(root.kind, i.kind) IN ('regular', 'arrears')
      AND NOT EXISTS (
          SELECT 1 FROM payments_paymentline own
          LEFT JOIN payments_paymentline later ON later.carried_line_id = own.id
          LEFT JOIN payments_budgetreturn b ON b.line_id = own.id
          WHERE own.payment_id = p.id AND (later.id IS NOT NULL OR b.id IS NOT NULL)
      )
    GROUP BY p.id, p.person_id, i.month
),
asked AS MATERIALIZED (SELECT DISTINCT person_id, month FROM pending),
{DUE}, {CAME_BACK},
owed AS (
    SELECT person_id, month, sum(amount) AS amount, bool_or(amount IS NULL) AS unknown FROM due
    GROUP BY person_id, month
),
paid AS (
    SELECT a.person_id, a.month, sum(i.amount) AS amount
    FROM asked a
    JOIN payments_payment p ON p.person_id = a.person_id AND p.result IN ('paid_account', 'paid_cash')
    JOIN payments_paymentline i ON i.payment_id = p.id AND i.policy = %(policy)s AND i.month = a.month
    LEFT JOIN payments_paymentline root ON root.id = i.origin_id
    WHERE coalesce(root.kind, i.kind) IN ('regular', 'arrears')
    GROUP BY a.person_id, a.month
)
SELECT pending.payment_id, pending.month, pending.amount, least(pending.amount, greatest(0,
           coalesce(paid.amount, 0) - coalesce(came_back.amount, 0) - coalesce(owed.amount, 0)
           + sum(pending.amount) OVER (PARTITION BY pending.person_id, pending.month ORDER BY pending.payment_id)))
FROM pending
LEFT JOIN owed ON owed.person_id = pending.person_id AND owed.month = pending.month
LEFT JOIN paid ON paid.person_id = pending.person_id AND paid.month = pending.month
LEFT JOIN came_back ON came_back.person_id = pending.person_id AND came_back.month = pending.month
WHERE NOT coalesce(owed.unknown, false)
ORDER BY pending.payment_id, pending.month
"""


def unowed(person_ids: Collection[int]) -> dict[int, list[Unowed]]:
    """Of these people's payments that may still be paid, the months with more than is owed; by payment. A payment that
    holds nothing too much has an empty list. Two queries, one for each policy."""
    found: dict[int, list[Unowed]] = defaultdict(list)
    with connection.cursor() as cursor:
        for policy in Policy.values:
            values: dict[str, Any] = {
                "people": sorted(set(person_ids)),
                "policy": policy,
                "known_on": clock.today(),
                "suspended_too": True,
            }
            cursor.execute(_UNOWED, values)
            for payment_id, month, amount, too_much in cursor.fetchall():
                months = found[payment_id]
                if too_much:
                    months.append(Unowed(payment_id, month, int(amount), int(too_much)))
    return dict(found)


def hold_payments(person_ids: Collection[int]) -> None:
    """Wait for whoever approves these people's lists or records their results, and make later ones wait: list before
    payment, as everywhere."""
    people = sorted(set(person_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT 1 FROM payments_paymentlist WHERE state <> 'closed' AND id IN (
                SELECT payment_list_id FROM payments_payment WHERE person_id = ANY(%s)
            ) ORDER BY id FOR SHARE
            """,
            [people],
        )
        cursor.execute(
            """
            SELECT 1 FROM payments_payment p
            JOIN payments_paymentlist l ON l.id = p.payment_list_id AND l.state IN ('approved', 'handed_over')
            WHERE p.person_id = ANY(%s) ORDER BY p.id FOR UPDATE OF p
            """,
            [people],
        )


def hold_claims() -> None:
    """Take turns in writing receivables; always after ``hold_payments``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIM_LOCK])
