"""The lines of lists that are being made: one statement for each kind of line, then the payments that hold them.

Lines are gathered in a temporary table first, because a person has one payment in a list whatever it consists of.
"""

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection

from batosocial.lib import months
from beneficiaries.places import PLACED
from payments import arrears
from payments.models import PaymentList, Period
from payments.owed import DUE

_TABLE = """
CREATE TEMPORARY TABLE IF NOT EXISTS new_line (
    person_id bigint NOT NULL, entitlement_id bigint, category_id bigint NOT NULL, level int NOT NULL,
    quantity int NOT NULL, kind text NOT NULL, month date NOT NULL, amount bigint, carried_line_id bigint,
    origin_id bigint, grant_id bigint
) ON COMMIT DROP
"""

#: Everybody whom the lists are for, and in whose: the commune in which they are in the month of the lists. Between the
#: month and today the units may have merged.
_PLACES = """
CREATE TEMPORARY TABLE IF NOT EXISTS new_place (person_id bigint NOT NULL, commune_id bigint NOT NULL) ON COMMIT DROP;
TRUNCATE new_place;
"""
_PLACED = f"""
WITH {PLACED}
INSERT INTO new_place (person_id, commune_id) SELECT person_id, commune_id FROM placed;
ANALYZE new_place
"""

#: People of the communes whose lists are made, and the month.
_EVERYBODY = """
    asked AS (
        SELECT person_id, %(month)s::date AS month FROM new_place
    )
"""

#: Whose benefit of a month cannot be told, and where; a payment is never left out or set to zero.
_WITHOUT_AMOUNT = """
SELECT person.name, unit.kind || ' ' || unit.name, c.code || ' ' || to_char(wanted.month, 'MM/YYYY')
FROM (
    SELECT person_id, category_id, month FROM new_line WHERE amount IS NULL OR amount <= 0
    UNION
    SELECT person_id, category_id, month FROM new_due WHERE amount IS NULL OR amount <= 0
) AS wanted
JOIN beneficiaries_person person ON person.id = wanted.person_id
JOIN new_place place ON place.person_id = person.id
JOIN territory_unit unit ON unit.id = place.commune_id
JOIN beneficiaries_category c ON c.id = wanted.category_id
ORDER BY unit.position, person.sort_key, wanted.month
"""

_REGULAR = f"""
WITH {_EVERYBODY}, {DUE}
INSERT INTO new_line (person_id, entitlement_id, category_id, level, quantity, kind, month, amount)
SELECT person_id, id, category_id, level, quantity, 'regular', month, amount
FROM due
WHERE NOT %(some_made)s OR NOT EXISTS (
    SELECT 1 FROM payments_paymentline x
    WHERE x.entitlement_id = due.id AND x.month = due.month AND x.kind = 'regular'
)
"""

#: Held while they are looked at, so that no result comes in between.
_HOLD_UNPAID = """
SELECT p.id
FROM payments_payment p
JOIN payments_paymentlist l ON l.id = p.payment_list_id AND l.state IN ('handed_over', 'closed')
JOIN payments_period o ON o.id = l.period_id AND o.policy = %(policy)s AND o.month < %(month)s
WHERE p.result IN ('returned', 'not_collected') AND EXISTS (
    SELECT 1 FROM payments_paymentline i
    WHERE i.payment_id = p.id
      AND NOT EXISTS (SELECT 1 FROM payments_paymentline c WHERE c.carried_line_id = i.id)
      AND NOT EXISTS (SELECT 1 FROM payments_budgetreturn b WHERE b.line_id = i.id)
)
ORDER BY p.id FOR UPDATE OF p
"""

#: Money of earlier lists that was not paid and is not owed any more goes back to the budget.
_TO_BUDGET = """
WITH unpaid AS (
    SELECT i.id, p.person_id, i.month, i.entitlement_id
    FROM payments_payment p
    JOIN payments_paymentlist l ON l.id = p.payment_list_id AND l.state IN ('handed_over', 'closed')
    JOIN payments_period o ON o.id = l.period_id AND o.policy = %(policy)s AND o.month < %(month)s
    JOIN payments_paymentline i ON i.payment_id = p.id AND i.entitlement_id IS NOT NULL
    JOIN new_place place ON place.person_id = p.person_id
    WHERE p.result IN ('returned', 'not_collected')
      AND NOT EXISTS (SELECT 1 FROM payments_paymentline c WHERE c.carried_line_id = i.id)
      AND NOT EXISTS (SELECT 1 FROM payments_budgetreturn b WHERE b.line_id = i.id)
),
owed AS (
    SELECT unpaid.id
    FROM unpaid
    JOIN beneficiaries_entitlement e ON e.id = unpaid.entitlement_id AND e.months @> unpaid.month
    JOIN beneficiaries_person person ON person.id = e.person_id
    WHERE e.voided_by_id IS NULL AND (person.died_on IS NULL OR person.died_on >= unpaid.month)
      AND NOT EXISTS (
          SELECT 1 FROM beneficiaries_suspension s
          WHERE s.entitlement_id = e.id AND s.months @> unpaid.month
            AND NOT coalesce(s.arrears_months @> unpaid.month, false)
      )
)
INSERT INTO payments_budgetreturn (line_id, reason, by_id, at)
SELECT unpaid.id, 'Theo sổ, không được hưởng khoản này nữa', %(actor)s, now()
FROM unpaid WHERE unpaid.id NOT IN (SELECT id FROM owed)
"""

#: What came back or was not collected goes on into this list (Điều 34 NĐ 20/2021), unless the benefit is suspended now:
#: then it waits until somebody decides. What a closed month carried on stays so when a draft is made anew.
_CARRY_OVER = """
INSERT INTO new_line (
    person_id, entitlement_id, category_id, level, quantity, kind, month, amount, carried_line_id, origin_id
)
SELECT p.person_id, i.entitlement_id, i.category_id, i.level, i.quantity, 'carry_over', i.month, i.amount, i.id,
       coalesce(i.origin_id, i.id)
FROM payments_payment p
JOIN payments_paymentlist l ON l.id = p.payment_list_id AND l.state IN ('handed_over', 'closed')
JOIN payments_period o ON o.id = l.period_id AND o.policy = %(policy)s AND o.month < %(month)s
JOIN payments_paymentline i ON i.payment_id = p.id
JOIN new_place place ON place.person_id = p.person_id
WHERE p.result IN ('returned', 'not_collected')
  AND NOT EXISTS (SELECT 1 FROM payments_paymentline c WHERE c.carried_line_id = i.id)
  AND NOT EXISTS (SELECT 1 FROM payments_budgetreturn b WHERE b.line_id = i.id)
  AND (l.state = 'closed' OR NOT EXISTS (
      SELECT 1 FROM beneficiaries_suspension s
      WHERE s.entitlement_id = i.entitlement_id AND s.months @> %(month)s::date
  ))
"""

#: Grants that are decided (mai táng phí, trợ cấp một lần) and that no list has yet; a draft that is made anew
#: leaves out those of a death that was taken back.
_ONE_OFF = """
INSERT INTO new_line (person_id, category_id, level, quantity, kind, month, amount, grant_id)
SELECT g.person_id, g.category_id, 0, 1, 'one_off', %(month)s, g.amount, g.id
FROM payments_grant g
JOIN beneficiaries_category c ON c.id = g.category_id AND c.policy = %(policy)s
JOIN beneficiaries_person person ON person.id = g.person_id
JOIN new_place place ON place.person_id = g.person_id
WHERE g.state = 'decided' AND person.died_on IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM payments_paymentline x WHERE x.grant_id = g.id)
"""

#: One payment for each person, frozen: name, payee and account as they are now. What is still owed to somebody who died
#: goes to the family, in cash. After it the lines, which find their payment by the person.
_PAYMENTS = """
WITH totals AS (
    SELECT person_id, sum(amount) AS total FROM new_line GROUP BY person_id
),
placed AS (
    SELECT totals.*, place.commune_id, person.name, person.sex, person.cccd, person.hamlet, person.died_on,
           concat_ws('/', lpad(person.birth_day::text, 2, '0'), lpad(person.birth_month::text, 2, '0'),
                     person.birth_year) AS birth,
           row_number() OVER (PARTITION BY place.commune_id ORDER BY person.sort_key, person.id) AS position
    FROM totals
    JOIN beneficiaries_person person ON person.id = totals.person_id
    JOIN new_place place ON place.person_id = totals.person_id
),
paid AS (
    INSERT INTO payments_payment (
        payment_list_id, person_id, number, position, name, birth, sex, cccd, hamlet, route_id, route_is_new,
        payee_kind, payee_name, planned_channel, provider_id, account_number, account_holder, cash_reason, payer_id,
        total, result, return_reason, result_note, reference
    )
    SELECT list.id, placed.person_id,
           concat_ws('-', %(prefix)s, unit.code,
                     lpad(placed.position::text, greatest(4, length(placed.position::text)), '0')),
           placed.position, placed.name, placed.birth, placed.sex, placed.cccd, placed.hamlet, route.id,
           coalesce(lower(route.months) = %(month)s, false),
           CASE WHEN placed.died_on IS NOT NULL THEN 'relative' ELSE coalesce(payee.kind, 'own') END,
           CASE WHEN placed.died_on IS NOT NULL THEN coalesce(one_off.receiver_name, '')
                ELSE coalesce(nullif(payee.name, ''),
                     CASE WHEN coalesce(payee.kind, 'own') = 'own' THEN placed.name ELSE '' END) END,
           CASE WHEN account.id IS NULL THEN 'cash' ELSE 'account' END,
           account.provider_id, coalesce(account.number, ''),
           CASE WHEN account.id IS NULL THEN ''
                ELSE coalesce(nullif(account.holder_name, ''), nullif(payee.name, ''),
                     CASE WHEN payee.kind = 'own' THEN placed.name ELSE '' END) END,
           CASE WHEN account.id IS NULL THEN coalesce(route.cash_reason, 'other') ELSE '' END,
           coalesce(provider.payer_id, (SELECT id FROM staff_payer WHERE pays_cash)),
           placed.total, '', '', '', ''
    FROM placed
    JOIN payments_paymentlist list ON list.period_id = %(period)s AND list.commune_id = placed.commune_id
    JOIN territory_unit unit ON unit.id = placed.commune_id
    -- Whoever receives the grants of somebody who died receives what else is still owed to them.
    LEFT JOIN LATERAL (
        SELECT g.receiver_name
        FROM payments_grant g JOIN beneficiaries_category c ON c.id = g.category_id AND c.policy = %(policy)s
        WHERE g.person_id = placed.person_id AND g.state = 'decided' ORDER BY g.id DESC LIMIT 1
    ) one_off ON placed.died_on IS NOT NULL
    LEFT JOIN beneficiaries_payoutroute route
        ON route.person_id = placed.person_id AND route.policy = %(policy)s AND route.state = 'confirmed'
       AND route.months @> %(month)s::date AND placed.died_on IS NULL
    LEFT JOIN beneficiaries_payee payee ON payee.id = route.payee_id
    LEFT JOIN beneficiaries_account account ON account.id = route.account_id
    LEFT JOIN beneficiaries_provider provider ON provider.id = account.provider_id
    RETURNING id, person_id
)
INSERT INTO payments_paymentline (
    payment_id, entitlement_id, category_id, policy, level, quantity, kind, month, amount, carried_line_id, origin_id,
    grant_id
)
SELECT paid.id, n.entitlement_id, n.category_id, %(policy)s, n.level, n.quantity, n.kind, n.month, n.amount,
       n.carried_line_id, n.origin_id, n.grant_id
FROM new_line n JOIN paid ON paid.person_id = n.person_id
ORDER BY paid.id, n.kind DESC, n.month, n.entitlement_id, n.carried_line_id
"""


class AmountUnknown(Exception):
    """Benefits whose amount cannot be told, as (name, commune, category)."""

    def __init__(self, lacking: list[tuple[str, str, str]]) -> None:
        self.lacking = lacking
        super().__init__(f"{len(lacking)} chế độ chưa có mức tiền")


@dataclass(frozen=True)
class Making:
    """What is made: the lists of ``communes`` in a period, with what is known on ``locked_on``."""

    period: Period
    communes: Collection[int]
    locked_on: datetime.date
    actor_id: int
    #: Some regular lines of the month may stand in lists already: of two months together, or when a list is made anew.
    some_made: bool = False


def make_payments(making: Making) -> None:
    """Write payments and lines of lists that hold none. AmountUnknown where somebody due has no known amount."""
    period = making.period
    first = Period.objects.filter(policy=period.policy).order_by("month").values_list("month", flat=True).first()
    first = first or period.month
    values: dict[str, Any] = {
        "period": period.pk,
        "policy": period.policy,
        "month": period.month,
        "before": months.add(period.month, -1),
        "first_month": first,
        "earliest": datetime.date(1990, 1, 1),
        "known_on": making.locked_on,
        "suspended_too": False,
        "communes": sorted(making.communes),
        "some_made": making.some_made,
        "actor": making.actor_id,
        "prefix": f"{period.policy}-{period.month:%y%m}",
    }
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        # Without values psycopg takes several statements at once.
        cursor.execute(_PLACES + arrears.TABLES)
        cursor.execute("TRUNCATE new_line")
        cursor.execute(_PLACED, values)
        for month in covered_months(period):
            cursor.execute(_REGULAR, values | {"month": month})
        # Nothing else tells the planner how much there is.
        cursor.execute("ANALYZE new_line")
        if first < period.month:
            earlier = values | {"suspended_too": True}
            cursor.execute(arrears.CANDIDATES, earlier)
            cursor.execute("ANALYZE new_asked")
            cursor.execute(arrears.OWED, earlier)
            cursor.execute("ANALYZE new_due")
        cursor.execute(_WITHOUT_AMOUNT)
        if lacking := cursor.fetchall():
            raise AmountUnknown(lacking)
        if first < period.month:
            cursor.execute(_HOLD_UNPAID, values)
            cursor.execute(_TO_BUDGET, values)
            cursor.execute(_CARRY_OVER, values)
            # After the budget has its own back: what went there is not made any more.
            cursor.execute(arrears.ARREARS, earlier)
        cursor.execute(_ONE_OFF, values)
        cursor.execute("ANALYZE new_line")
        cursor.execute(_PAYMENTS, values)
        cursor.execute("TRUNCATE new_line")


def covered_months(period: Period) -> list[datetime.date]:
    """The months whose regular lines the lists of a period hold."""
    return [period.month, months.add(period.month, 1)] if period.with_next else [period.month]


def remove_payments(lists: Collection[PaymentList]) -> None:
    """Take all payments out of drafts. What they carried on is unpaid in its own list again."""
    ids = [row.pk for row in lists]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM payments_paymentline i USING payments_payment p
            WHERE p.id = i.payment_id AND p.payment_list_id = ANY(%s)
            """,
            [ids],
        )
        cursor.execute("DELETE FROM payments_payment WHERE payment_list_id = ANY(%s)", [ids])
