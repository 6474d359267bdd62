"""What the figures count, in one statement for a month: R1 to R4's counts, the people behind them, and why."""

import datetime
from typing import Any

from django.db import connection

from batosocial.lib import clock, months
from reporting.models import BOTH

#: Places in these lists stand for the codes, in the statement and in what it stores (``FigurePeople.facts``; the views
#: of migration 0004 name them again). New ones are added at the end, none is ever taken out.
REASONS = ("no_cccd", "data_differs", "frail", "no_guardian", "not_willing", "away", "other")
PAYEES = ("own", "guardian", "authorised", "relative")

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
    SELECT i.policy, p.person_id, p.id AS payment_id, l.commune_id, (p.cccd = '')::int AS no_cccd,
           array_position(%(reasons)s::text[], p.cash_reason::text) AS reason, p.payer_id,
           array_position(%(payees)s::text[], p.payee_kind::text) AS payee,
           (p.planned_channel = 'account')::int AS planned, p.recorded_at,
           i.amount, CASE WHEN p.result = 'paid_account' THEN i.amount ELSE 0 END AS by_account,
           p.result = 'paid_account' AS paid, NULL::bigint AS account_id, NULL::bigint[] AS later
    FROM payments_paymentline i
    JOIN payments_payment p ON p.id = i.payment_id
    JOIN payments_paymentlist l ON l.id = p.payment_list_id
    WHERE i.month = %(month)s AND i.kind = 'regular' AND i.policy IN (SELECT policy FROM wanted)
    UNION ALL
    SELECT policy, person_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, false,
           CASE WHEN months @> %(month)s::date THEN account_id END,
           CASE WHEN lower(months) > %(month)s THEN ARRAY[lower(months) - DATE '2000-01-01', account_id] END
    FROM beneficiaries_payoutroute
    WHERE state = 'confirmed' AND account_id IS NOT NULL AND policy IN (SELECT policy FROM wanted) AND (
        months @> %(month)s::date
        OR lower(months) > %(month)s AND (
            NOT %(over)s OR lower(months) = %(next)s AND policy NOT IN (SELECT policy FROM known)
        )
    )
    UNION ALL
    SELECT policy, person_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, false, NULL,
           ARRAY[next_month - DATE '2000-01-01', next_account]
    FROM reporting_counted_in_policy
    WHERE %(over)s AND month = %(month)s AND pending AND policy IN (SELECT policy FROM wanted)
),
-- All columns of a payment are the same in each of its lines, so that their maximum is theirs; for whoever has several
-- payments the later one is looked at below.
grouped AS (
    SELECT policy, person_id, min(payment_id) AS first_payment_id, max(payment_id) AS payment_id,
           max(commune_id) AS commune_id, max(no_cccd) AS no_cccd, max(reason) AS reason, max(payer_id) AS payer_id,
           max(payee) AS payee, max(planned) AS planned, max(recorded_at) AS recorded_at,
           sum(amount)::bigint AS amount, sum(by_account)::bigint AS by_account, bool_or(paid) AS paid,
           max(account_id) AS account_id, min(later) AS later
    FROM marks GROUP BY policy, person_id HAVING max(payment_id) IS NOT NULL
),
several AS (
    SELECT g.policy, g.person_id, l.commune_id, (p.cccd = '')::int AS no_cccd,
           array_position(%(reasons)s::text[], p.cash_reason::text) AS reason, p.payer_id,
           array_position(%(payees)s::text[], p.payee_kind::text) AS payee,
           (p.planned_channel = 'account')::int AS planned
    FROM grouped g
    JOIN payments_payment p ON p.id = g.payment_id
    JOIN payments_paymentlist l ON l.id = p.payment_list_id
    WHERE g.first_payment_id <> g.payment_id
),
latest AS (
    SELECT policy, person_id, payment_id, commune_id, no_cccd, reason, payer_id, payee, planned, recorded_at, amount,
           by_account, paid, account_id, later
    FROM grouped WHERE first_payment_id = payment_id
    UNION ALL
    SELECT g.policy, g.person_id, g.payment_id, s.commune_id, s.no_cccd, s.reason, s.payer_id, s.payee, s.planned,
           g.recorded_at, g.amount, g.by_account, g.paid, g.account_id, g.later
    FROM grouped g JOIN several s ON s.policy = g.policy AND s.person_id = g.person_id
    WHERE g.first_payment_id <> g.payment_id
),
-- An account that the payment knows nothing of was confirmed after the list was made: the route says whose it is.
people AS MATERIALIZED (
    SELECT policy, person_id, payment_id, commune_id, no_cccd = 1 AS no_cccd, account_id IS NOT NULL AS able, paid,
           account_id IS NULL AND later IS NOT NULL AS pending, recorded_at,
           CASE WHEN account_id IS NULL THEN coalesce(reason, %(other)s)
                WHEN planned = 1 THEN payee
                ELSE (
                    SELECT array_position(%(payees)s::text[], y.kind::text)
                    FROM beneficiaries_payoutroute r JOIN beneficiaries_payee y ON y.id = r.payee_id
                    WHERE r.person_id = latest.person_id AND r.policy = latest.policy AND r.state = 'confirmed'
                        AND r.months @> %(month)s::date
                ) END AS detail,
           CASE WHEN account_id IS NULL THEN NULL
                WHEN planned = 1 THEN payer_id
                ELSE (
                    SELECT v.payer_id FROM beneficiaries_account a
                    JOIN beneficiaries_provider v ON v.id = a.provider_id WHERE a.id = latest.account_id
                ) END AS payer_id,
           CASE WHEN account_id IS NULL THEN later[2] END AS next_account,
           CASE WHEN account_id IS NULL THEN DATE '2000-01-01' + later[1]::int END AS next_month, amount, by_account
    FROM latest
),
-- A few hundred kinds of people in each commune's list: the counts, the reasons and the accounts are sums of these.
kinds AS (
    SELECT policy, commune_id, able, paid, pending, no_cccd, detail, payer_id, count(*) AS number,
           count(recorded_at) AS recorded, max(recorded_at) AS recorded_at, sum(amount) AS amount,
           sum(by_account) AS by_account
    FROM people GROUP BY policy, commune_id, able, paid, pending, no_cccd, detail, payer_id
),
counted AS (
    SELECT policy, commune_id, sum(number) AS due, coalesce(sum(number) FILTER (WHERE able), 0) AS with_account,
           coalesce(sum(number) FILTER (WHERE paid), 0) AS paid_by_account,
           coalesce(sum(number) FILTER (WHERE able AND NOT paid), 0) AS account_not_paid,
           coalesce(sum(number) FILTER (WHERE pending), 0) AS pending,
           coalesce(sum(number) FILTER (WHERE no_cccd), 0) AS no_cccd, sum(amount) AS money_due,
           sum(by_account) AS money_by_account,
           jsonb_build_object('with_result', sum(recorded), 'last_result_at', max(recorded_at)) AS source
    FROM kinds GROUP BY policy, commune_id
),
unused AS (
    SELECT policy, commune_id, count(DISTINCT next_account) AS pending_accounts FROM people WHERE pending
    GROUP BY policy, commune_id
),
reasons AS (
    SELECT policy, commune_id, jsonb_object_agg((%(reasons)s::text[])[detail], number) AS reasons
    FROM (
        SELECT policy, commune_id, detail, sum(number) AS number FROM kinds WHERE NOT able
        GROUP BY policy, commune_id, detail
    ) AS r GROUP BY policy, commune_id
),
accounts AS (
    SELECT policy, commune_id, jsonb_object_agg(p.code || ':' || (%(payees)s::text[])[detail], number) AS accounts
    FROM (
        SELECT policy, commune_id, payer_id, detail, sum(number) AS number FROM kinds WHERE able
        GROUP BY policy, commune_id, payer_id, detail
    ) AS a JOIN staff_payer p ON p.id = a.payer_id GROUP BY policy, commune_id
),
gathered AS (
    SELECT policy, commune_id, array_agg(person_id) AS people, array_agg(payment_id) AS payments,
           array_agg((able::int + 2 * paid::int + 4 * pending::int + 8 * no_cccd::int + 16 * detail)::smallint)
               AS facts,
           array_agg(payer_id) AS payers, array_agg(next_account) AS next_accounts,
           array_agg(next_month) AS next_months, array_agg(amount) AS amounts,
           array_agg(by_account) AS amounts_by_account
    FROM people GROUP BY policy, commune_id
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
-- Whoever is in both policies is taken out of each and put in once, in the commune of the later payment.
kept AS (
    SELECT policy, person_id, payment_id, unit_id AS commune_id, no_cccd, has_account AS able, paid_by_account AS paid,
           pending, next_account, reason
    FROM reporting_counted_in_policy
    WHERE month = %(month)s AND policy NOT IN (SELECT policy FROM wanted)
),
everybody AS (
    SELECT policy, person_id, payment_id, commune_id, no_cccd, able, paid, pending, next_account,
           CASE WHEN NOT able THEN (%(reasons)s::text[])[detail] END AS reason
    FROM people
    UNION ALL
    SELECT policy, person_id, payment_id, commune_id, no_cccd, able, paid, pending, next_account, reason FROM kept
),
in_both AS (
    SELECT person_id FROM (SELECT person_id FROM people UNION ALL SELECT person_id FROM kept) AS e
    GROUP BY person_id HAVING count(*) > 1
),
twice AS (
    SELECT n.commune_id AS one, b.commune_id AS other,
           CASE WHEN n.payment_id > b.payment_id THEN n.commune_id ELSE b.commune_id END AS commune_id,
           n.able AS one_able, b.able AS other_able, n.paid AS one_paid, b.paid AS other_paid,
           n.pending AS one_pending, b.pending AS other_pending, n.no_cccd AS one_no, b.no_cccd AS other_no,
           n.reason AS one_reason, b.reason AS other_reason
    FROM (SELECT * FROM everybody WHERE policy = 'NCC' AND person_id IN (SELECT person_id FROM in_both)) n
    JOIN (SELECT * FROM everybody WHERE policy = 'BTXH' AND person_id IN (SELECT person_id FROM in_both)) b
        ON b.person_id = n.person_id
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
both_reasons AS (
    SELECT commune_id, jsonb_object_agg(reason, number) AS reasons
    FROM (
        SELECT commune_id, reason, sum(number) AS number
        FROM (
            SELECT commune_id, (%(reasons)s::text[])[detail] AS reason, number FROM kinds WHERE NOT able
            UNION ALL
            SELECT f.unit_id, e.key, e.value::int FROM reporting_cashlessfigure f, jsonb_each_text(f.reasons) AS e
            WHERE f.month = %(month)s AND f.policy <> %(both)s AND f.policy NOT IN (SELECT policy FROM wanted)
            UNION ALL
            SELECT one, one_reason, -1 FROM twice WHERE NOT one_able
            UNION ALL
            SELECT other, other_reason, -1 FROM twice WHERE NOT other_able
            UNION ALL
            SELECT commune_id, greatest(one_reason, other_reason), 1 FROM twice WHERE NOT (one_able AND other_able)
        ) AS parts GROUP BY commune_id, reason HAVING sum(number) > 0
    ) AS r GROUP BY commune_id
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
    LEFT JOIN unused USING (policy, commune_id)
    LEFT JOIN reasons USING (policy, commune_id)
    LEFT JOIN accounts USING (policy, commune_id)
    UNION ALL
    SELECT commune_id, %(both)s, %(month)s, sum(due), sum(with_account), sum(paid_by_account), sum(account_not_paid),
           sum(pending), coalesce(max(a.pending_accounts), 0), sum(no_cccd), sum(money_due), sum(money_by_account),
           coalesce((SELECT b.reasons FROM both_reasons b WHERE b.commune_id = both_parts.commune_id), '{}'),
           '{}', '{}', statement_timestamp()
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
        figure_id, people, payments, facts, payers, next_accounts, next_months, amounts,
        amounts_by_account
    )
    SELECT w.id, coalesce(people, '{}'), coalesce(payments, '{}'), coalesce(facts, '{}'),
           coalesce(payers, '{}'), coalesce(next_accounts, '{}'), coalesce(next_months, '{}'),
           coalesce(amounts, '{}'), coalesce(amounts_by_account, '{}')
    FROM written w LEFT JOIN gathered c ON c.policy = w.policy AND c.commune_id = w.unit_id
    WHERE w.policy <> %(both)s
    ON CONFLICT (figure_id) DO UPDATE SET
        people = excluded.people, payments = excluded.payments, facts = excluded.facts,
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
        "other": REASONS.index("other") + 1,
        "both": BOTH,
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, parameters)
        return [policy for (policy,) in cursor.fetchall()]
