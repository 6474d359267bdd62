"""What the figures count, in one statement for a month: R1 to R4's counts, the people behind them, and why."""

import datetime
from typing import Any

from django.db import connection

from batosocial.lib import clock, months
from beneficiaries.models import Payee, PayoutRoute
from reporting.models import BOTH

#: Places in these lists stand for the codes inside the statement, which sorts and groups numbers faster than texts.
REASONS = PayoutRoute.CashReason.values
PAYEES = Payee.Kind.values

# A person counts once in a policy, in the commune of the (latest) list that pays the month: what counts is the month
# a line covers, not the list's, as Tết lists pay two months. Arrears, carry-overs and one-off payments add nobody.
# Money sent back is not paid. A commune whose lists hold nobody, or no more, gets zeros. Lines and accounts are put
# one below the other and grouped instead of joined, which stays fast while the tables' statistics are old.
#
# Who has no CCCD, and why somebody has no account, is what the payment froze. Which accounts are open and not yet
# used is what was known when the month was over: afterwards the stored people say so, not the register.
STATEMENT = """
WITH wanted AS (
    SELECT o.policy FROM (VALUES ('NCC'), ('BTXH')) AS o (policy)
    WHERE %(recompute_closed)s OR NOT EXISTS (
        SELECT FROM payments_period c
        WHERE c.policy = o.policy AND c.month = %(month)s AND c.state = 'closed' AND EXISTS (
            SELECT FROM reporting_cashlessfigure f JOIN reporting_figurepeople b ON b.figure_id = f.id
            WHERE f.policy = c.policy AND f.month = c.month
        )
    )
),
counted_changes AS (
    DELETE FROM reporting_datachange
    WHERE month = %(month)s AND policy IN (SELECT policy FROM wanted)
),
known AS (
    SELECT DISTINCT f.policy FROM reporting_cashlessfigure f JOIN reporting_figurepeople b ON b.figure_id = f.id
    WHERE f.month = %(month)s AND %(over)s
),
marks AS (
    SELECT i.policy, p.person_id,
           ARRAY[p.id, l.commune_id, (p.cccd = '')::int, array_position(%(reasons)s::text[], p.cash_reason::text)]
               AS latest,
           i.amount, CASE WHEN p.result = 'paid_account' THEN i.amount ELSE 0 END AS by_account,
           p.result = 'paid_account' AS paid, NULL::bigint[] AS account, NULL::bigint[] AS later, p.recorded_at
    FROM payments_paymentline i
    JOIN payments_payment p ON p.id = i.payment_id
    JOIN payments_paymentlist l ON l.id = p.payment_list_id
    WHERE i.month = %(month)s AND i.kind = 'regular' AND i.policy IN (SELECT policy FROM wanted)
    UNION ALL
    SELECT r.policy, r.person_id, NULL, 0, 0, false,
           CASE WHEN r.months @> %(month)s::date
                THEN ARRAY[v.payer_id, array_position(%(payees)s::text[], y.kind::text)] END,
           CASE WHEN lower(r.months) > %(month)s THEN ARRAY[lower(r.months) - DATE '2000-01-01', r.account_id] END,
           NULL
    FROM beneficiaries_payoutroute r
    JOIN beneficiaries_account a ON a.id = r.account_id
    JOIN beneficiaries_provider v ON v.id = a.provider_id
    JOIN beneficiaries_payee y ON y.id = r.payee_id
    WHERE r.state = 'confirmed' AND r.policy IN (SELECT policy FROM wanted) AND (
        r.months @> %(month)s::date
        OR lower(r.months) > %(month)s AND (
            NOT %(over)s OR lower(r.months) = %(next)s AND r.policy NOT IN (SELECT policy FROM known)
        )
    )
    UNION ALL
    SELECT policy, person_id, NULL, 0, 0, false, NULL, ARRAY[next_month - DATE '2000-01-01', next_account], NULL
    FROM reporting_counted_in_policy
    WHERE %(over)s AND month = %(month)s AND pending AND policy IN (SELECT policy FROM wanted)
),
grouped AS (
    SELECT policy, person_id, max(latest) AS latest, sum(amount)::bigint AS amount,
           sum(by_account)::bigint AS by_account, bool_or(paid) AS paid, max(account) AS account,
           min(later) AS later, max(recorded_at) AS recorded_at
    FROM marks GROUP BY policy, person_id HAVING max(latest) IS NOT NULL
),
people AS MATERIALIZED (
    SELECT policy, person_id, latest[1] AS payment_id, latest[2] AS commune_id, latest[3] = 1 AS no_cccd,
           account IS NOT NULL AS able, paid, account IS NULL AND later IS NOT NULL AS pending,
           CASE WHEN account IS NULL THEN coalesce((%(reasons)s::text[])[latest[4]], 'other')
                ELSE (%(payees)s::text[])[account[2]] END AS detail,
           account[1] AS payer_id, CASE WHEN account IS NULL THEN later[2] END AS next_account,
           CASE WHEN account IS NULL THEN DATE '2000-01-01' + later[1]::int END AS next_month,
           amount, by_account, recorded_at
    FROM grouped
),
counted AS (
    SELECT policy, commune_id, count(*) AS due, count(*) FILTER (WHERE able) AS with_account,
           count(*) FILTER (WHERE paid) AS paid_by_account,
           count(*) FILTER (WHERE able AND NOT paid) AS account_not_paid,
           count(*) FILTER (WHERE pending) AS pending, count(DISTINCT next_account) AS pending_accounts,
           count(*) FILTER (WHERE no_cccd) AS no_cccd, sum(amount)::bigint AS money_due,
           sum(by_account)::bigint AS money_by_account,
           jsonb_build_object(
               'with_result', count(recorded_at), 'last_result_at', max(recorded_at)
           ) AS source,
           array_agg(person_id) AS people, array_agg(payment_id) AS payments,
           array_agg((able::int + 2 * paid::int + 4 * pending::int + 8 * no_cccd::int)::smallint) AS facts,
           array_agg(detail) AS details, array_agg(payer_id) AS payers, array_agg(next_account) AS next_accounts,
           array_agg(next_month) AS next_months, array_agg(amount) AS amounts,
           array_agg(by_account) AS amounts_by_account
    FROM people GROUP BY policy, commune_id
),
reasons AS (
    SELECT policy, commune_id, jsonb_object_agg(detail, number) AS reasons
    FROM (
        SELECT policy, commune_id, detail, count(*) AS number FROM people WHERE NOT able
        GROUP BY policy, commune_id, detail
    ) AS r GROUP BY policy, commune_id
),
accounts AS (
    SELECT policy, commune_id, jsonb_object_agg(p.code || ':' || detail, number) AS accounts
    FROM (
        SELECT policy, commune_id, payer_id, detail, count(*) AS number FROM people WHERE able
        GROUP BY policy, commune_id, payer_id, detail
    ) AS a JOIN staff_payer p ON p.id = a.payer_id GROUP BY policy, commune_id
),
places AS (
    SELECT policy, commune_id FROM counted
    UNION
    SELECT o.policy, l.commune_id FROM payments_paymentlist l JOIN payments_period o ON o.id = l.period_id
    WHERE o.month = %(month)s AND o.policy IN (SELECT policy FROM wanted)
    UNION
    SELECT policy, unit_id FROM reporting_cashlessfigure
    WHERE month = %(month)s AND policy IN (SELECT policy FROM wanted)
),
everybody AS (
    SELECT policy, person_id, payment_id, commune_id, no_cccd, able, paid, pending, next_account FROM people
    UNION ALL
    SELECT policy, person_id, payment_id, unit_id, no_cccd, has_account, paid_by_account, pending, next_account
    FROM reporting_counted_in_policy
    WHERE month = %(month)s AND policy NOT IN (SELECT policy FROM wanted)
),
-- Whoever is in both policies is taken out of each and put in once, in the commune of the later payment.
twice AS (
    SELECT n.commune_id AS one, b.commune_id AS other,
           CASE WHEN n.payment_id > b.payment_id THEN n.commune_id ELSE b.commune_id END AS commune_id,
           n.able AS one_able, b.able AS other_able, n.paid AS one_paid, b.paid AS other_paid,
           n.pending AS one_pending, b.pending AS other_pending, n.no_cccd AS one_no, b.no_cccd AS other_no
    FROM everybody n JOIN everybody b ON b.person_id = n.person_id AND b.policy = 'BTXH' WHERE n.policy = 'NCC'
),
both_parts AS (
    SELECT commune_id, due, with_account, paid_by_account, account_not_paid, pending, no_cccd, money_due,
           money_by_account
    FROM counted
    UNION ALL
    SELECT unit_id, due, with_account, paid_by_account, account_not_paid, pending, no_cccd, money_due, money_by_account
    FROM reporting_cashlessfigure
    WHERE month = %(month)s AND policy <> %(both)s AND policy NOT IN (SELECT policy FROM wanted)
    UNION ALL
    SELECT commune_id, 0, 0, 0, 0, 0, 0, 0, 0 FROM places
    UNION ALL
    SELECT unit_id, 0, 0, 0, 0, 0, 0, 0, 0 FROM reporting_cashlessfigure WHERE month = %(month)s
    UNION ALL
    SELECT one, -1, -one_able::int, -one_paid::int, -(one_able AND NOT one_paid)::int, -one_pending::int,
           -one_no::int, 0, 0 FROM twice
    UNION ALL
    SELECT other, -1, -other_able::int, -other_paid::int, -(other_able AND NOT other_paid)::int, -other_pending::int,
           -other_no::int, 0, 0 FROM twice
    UNION ALL
    SELECT commune_id, 1, (one_able AND other_able)::int, (one_paid AND other_paid)::int,
           (one_able AND other_able AND NOT (one_paid AND other_paid))::int,
           ((one_able OR one_pending) AND (other_able OR other_pending) AND NOT (one_able AND other_able))::int,
           (one_no OR other_no)::int, 0, 0 FROM twice
),
both_accounts AS (
    SELECT commune_id, count(DISTINCT next_account) AS pending_accounts FROM everybody WHERE pending GROUP BY commune_id
),
written AS (
    INSERT INTO reporting_cashlessfigure (
        unit_id, policy, month, due, with_account, paid_by_account, account_not_paid, pending, pending_accounts,
        no_cccd, money_due, money_by_account, reasons, accounts, source, computed_at
    )
    SELECT commune_id, policy, %(month)s, coalesce(due, 0), coalesce(with_account, 0), coalesce(paid_by_account, 0),
           coalesce(account_not_paid, 0), coalesce(pending, 0), coalesce(pending_accounts, 0), coalesce(no_cccd, 0),
           coalesce(money_due, 0), coalesce(money_by_account, 0), coalesce(reasons, '{}'), coalesce(accounts, '{}'),
           coalesce(source, '{}'), statement_timestamp()
    FROM places
    LEFT JOIN counted USING (policy, commune_id)
    LEFT JOIN reasons USING (policy, commune_id)
    LEFT JOIN accounts USING (policy, commune_id)
    UNION ALL
    SELECT commune_id, %(both)s, %(month)s, sum(due), sum(with_account), sum(paid_by_account), sum(account_not_paid),
           sum(pending), coalesce(max(a.pending_accounts), 0), sum(no_cccd), sum(money_due), sum(money_by_account),
           '{}', '{}', '{}', statement_timestamp()
    FROM both_parts LEFT JOIN both_accounts a USING (commune_id)
    WHERE EXISTS (SELECT FROM wanted) GROUP BY commune_id
    ON CONFLICT (unit_id, policy, month) DO UPDATE SET
        due = excluded.due, with_account = excluded.with_account, paid_by_account = excluded.paid_by_account,
        account_not_paid = excluded.account_not_paid, pending = excluded.pending,
        pending_accounts = excluded.pending_accounts, no_cccd = excluded.no_cccd, money_due = excluded.money_due,
        money_by_account = excluded.money_by_account, reasons = excluded.reasons, accounts = excluded.accounts,
        source = excluded.source, computed_at = excluded.computed_at
    RETURNING id, unit_id, policy
),
unfolded AS (
    INSERT INTO reporting_figurepeople (
        figure_id, people, payments, facts, details, payers, next_accounts, next_months, amounts,
        amounts_by_account
    )
    SELECT w.id, coalesce(people, '{}'), coalesce(payments, '{}'), coalesce(facts, '{}'), coalesce(details, '{}'),
           coalesce(payers, '{}'), coalesce(next_accounts, '{}'), coalesce(next_months, '{}'),
           coalesce(amounts, '{}'), coalesce(amounts_by_account, '{}')
    FROM written w LEFT JOIN counted c ON c.policy = w.policy AND c.commune_id = w.unit_id
    WHERE w.policy <> %(both)s
    ON CONFLICT (figure_id) DO UPDATE SET
        people = excluded.people, payments = excluded.payments, facts = excluded.facts, details = excluded.details,
        payers = excluded.payers, next_accounts = excluded.next_accounts, next_months = excluded.next_months,
        amounts = excluded.amounts, amounts_by_account = excluded.amounts_by_account
)
SELECT policy FROM written WHERE policy <> %(both)s
"""


def count_month(month: datetime.date, *, recompute_closed: bool) -> list[str]:
    """Write the month's figures and their people; the policy of each row written, without those of both policies."""
    following = months.add(month, 1)
    parameters: dict[str, Any] = {
        "month": month,
        "next": following,
        "over": clock.today() >= following,
        "recompute_closed": recompute_closed,
        "reasons": list(REASONS),
        "payees": list(PAYEES),
        "both": BOTH,
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, parameters)
        return [policy for (policy,) in cursor.fetchall()]
