"""What is owed for a month, said once in SQL: for lists, for arrears, for what was paid too much, for checking.

A benefit is owed for a month when it is granted and runs in it, is not suspended, and its person did not die before it
(khoản 2 Điều 8 NĐ 20/2021: the month of death is still payable). It is worth the rate of the month as far as was known
on a day. Of a person's benefits those are paid that ``beneficiaries.amounts.payable`` says: the two are tested against
each other.
"""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from batosocial.lib import clock

#: Common table expressions that make ``due`` of ``asked (person_id, month)``, months as dates. Parameters: policy,
#: known_on (the day of knowledge), suspended_too (whether months of a suspension count that a decision pays after all:
#: they are arrears, never regular lines).
DUE = """
    asked_months AS MATERIALIZED (SELECT DISTINCT month FROM asked),
    rates AS MATERIALIZED (
        SELECT DISTINCT ON (m.month, r.category_id, r.level) m.month, r.category_id, r.level, r.amount
        FROM asked_months m
        JOIN beneficiaries_rate r ON r.valid_from <= m.month AND r.known_on <= %(known_on)s
        ORDER BY m.month, r.category_id, r.level, r.valid_from DESC, r.known_on DESC
    ),
    dependants AS MATERIALIZED (
        SELECT d.entitlement_id, m.month, count(*) AS n
        FROM asked_months m JOIN beneficiaries_dependant d ON d.months @> m.month
        GROUP BY d.entitlement_id, m.month
    ),
    running AS (
        SELECT e.id, e.person_id, a.month, e.category_id, c.code, c.regime, c.clause, c.only_highest_of, e.level,
               CASE WHEN c.per_dependant THEN coalesce(d.n, 0) ELSE 1 END AS quantity,
               CASE WHEN c.amount_by_decision THEN e.own_amount
                    WHEN c.per_dependant THEN r.amount * d.n
                    ELSE r.amount END AS amount
        FROM asked a
        JOIN beneficiaries_person person ON person.id = a.person_id
        JOIN beneficiaries_entitlement e ON e.person_id = a.person_id AND e.months @> a.month
        JOIN beneficiaries_change g ON g.id = e.granted_by_id AND g.state = 'applied'
        JOIN beneficiaries_category c ON c.id = e.category_id
        LEFT JOIN rates r ON r.month = a.month AND r.category_id = e.category_id AND r.level = e.level
        LEFT JOIN dependants d ON d.entitlement_id = e.id AND d.month = a.month
        WHERE c.policy = %(policy)s AND c.regime <> 'one_off' AND e.voided_by_id IS NULL
          AND (person.died_on IS NULL OR person.died_on >= a.month)
          AND NOT EXISTS (
              SELECT 1 FROM beneficiaries_suspension s
              WHERE s.entitlement_id = e.id AND s.months @> a.month
                AND NOT (%(suspended_too)s AND coalesce(s.arrears_months @> a.month, false))
          )
    ),
    ranked AS (
        SELECT running.*,
               row_number() OVER (
                   PARTITION BY person_id, month, regime = 'allowance',
                                CASE WHEN regime <> 'allowance' THEN only_highest_of END
                   ORDER BY amount DESC, id
               ) AS place,
               row_number() OVER (
                   PARTITION BY person_id, month, regime = 'allowance', clause = 4, clause IN (5, 6, 8)
                   ORDER BY amount DESC, id
               ) AS place_in_pair
        FROM running
    ),
    best AS (
        SELECT person_id, month, max(amount) AS highest,
               coalesce(max(amount) FILTER (WHERE clause = 4), 0)
                   + coalesce(max(amount) FILTER (WHERE clause IN (5, 6, 8)), 0) AS pair
        FROM running WHERE regime = 'allowance' GROUP BY person_id, month
    ),
    -- Within trợ cấp xã hội only the highest is paid; khoản 4 may stand beside khoản 5, 6, 8 (khoản 2 Điều 6
    -- NĐ 20/2021). Other regimes add up, but of those that name one another in only_highest_of the highest is paid.
    -- What has no known amount always stays: nobody can say which is the highest then, and whoever reads refuses.
    due AS (
        SELECT ranked.*
        FROM ranked LEFT JOIN best ON best.person_id = ranked.person_id AND best.month = ranked.month
        WHERE CASE
            WHEN ranked.amount IS NULL THEN true
            WHEN ranked.regime <> 'allowance' THEN ranked.only_highest_of = '' OR ranked.place = 1
            WHEN best.pair > best.highest THEN ranked.clause IN (4, 5, 6, 8) AND ranked.place_in_pair = 1
            ELSE ranked.place = 1
        END
    )
"""

#: What was made for the months of ``asked``: regular and arrears lines of any list, by entitlement, without what went
#: back to the budget. A carry-over pays an older line later, so it is not made again.
MADE = """
    made AS (
        SELECT p.person_id, i.month, i.entitlement_id, sum(i.amount) AS amount
        FROM asked a
        JOIN payments_payment p ON p.person_id = a.person_id
        JOIN payments_paymentline i
            ON i.payment_id = p.id AND i.policy = %(policy)s AND i.month = a.month AND i.kind IN ('regular', 'arrears')
        WHERE NOT EXISTS (SELECT 1 FROM payments_budgetreturn b WHERE b.line_id = i.id)
          AND NOT EXISTS (
              SELECT 1 FROM payments_paymentline c
              JOIN payments_budgetreturn b ON b.line_id = c.id WHERE c.origin_id = i.id
          )
        GROUP BY p.person_id, i.month, i.entitlement_id
    )
"""

#: For the months of ``asked``: ``amount`` came back, so it is paid no more; ``settled`` is what of the claims is done
#: with, by money that came back or because it need not come back.
CAME_BACK = """
    came_back AS (
        SELECT r.person_id, r.month, sum(coalesce(t.amount, 0)) AS amount,
               sum(CASE WHEN r.state = 'waived' THEN r.amount ELSE coalesce(t.amount, 0) END) AS settled
        FROM asked a
        JOIN payments_receivable r ON r.person_id = a.person_id AND r.policy = %(policy)s AND r.month = a.month
        LEFT JOIN LATERAL (
            SELECT sum(receipt.amount) AS amount FROM payments_receipt receipt WHERE receipt.receivable_id = r.id
        ) t ON true
        WHERE r.state <> 'cancelled'
        GROUP BY r.person_id, r.month
    )
"""


@dataclass(frozen=True, slots=True)
class Overpaid:
    """``amount`` in đồng was paid for the month beyond what is owed; ``payment_id``: the last payment of it."""

    person_id: int
    policy: str
    month: datetime.date
    payment_id: int
    amount: int


_PAID_MONTHS = """
    paid AS (
        SELECT p.person_id, i.month, sum(i.amount) AS amount, max(p.id) AS payment_id
        FROM payments_payment p
        JOIN payments_paymentline i ON i.payment_id = p.id
        LEFT JOIN payments_paymentline root ON root.id = i.origin_id
        WHERE p.person_id = ANY(%(people)s) AND i.policy = %(policy)s
          AND p.result IN ('paid_account', 'paid_cash') AND coalesce(root.kind, i.kind) IN ('regular', 'arrears')
        GROUP BY p.person_id, i.month
    ),
    asked AS MATERIALIZED (SELECT person_id, month FROM paid)
"""

#: A person-month of which nothing can be told, as an amount is not known, is not said to be overpaid.
_OVERPAID = f"""
WITH {_PAID_MONTHS}, {DUE}, {CAME_BACK},
owed AS (
    SELECT person_id, month, sum(amount) AS amount, bool_or(amount IS NULL) AS unknown
    FROM due GROUP BY person_id, month
)
SELECT paid.person_id, %(policy)s, paid.month, paid.payment_id,
       paid.amount - coalesce(came_back.settled, 0) - coalesce(owed.amount, 0)
FROM paid
LEFT JOIN owed ON owed.person_id = paid.person_id AND owed.month = paid.month
LEFT JOIN came_back ON came_back.person_id = paid.person_id AND came_back.month = paid.month
WHERE NOT coalesce(owed.unknown, false)
  AND paid.amount - coalesce(came_back.settled, 0) > coalesce(owed.amount, 0)
ORDER BY paid.person_id, paid.month
"""


def overpaid(person_ids: Collection[int]) -> list[Overpaid]:
    """What was paid to these people for a month beyond what the register owes for it now, less what came back of it and
    what need not come back. Two queries, one for each policy."""
    found: list[Overpaid] = []
    with connection.cursor() as cursor:
        for policy in ("NCC", "BTXH"):
            values = {
                "people": sorted(set(person_ids)),
                "policy": policy,
                "known_on": clock.today(),
                "suspended_too": True,
            }
            cursor.execute(_OVERPAID, values)
            found += [
                Overpaid(person_id, of_policy, month, payment_id, int(amount))
                for person_id, of_policy, month, payment_id, amount in cursor.fetchall()
            ]
    return found
