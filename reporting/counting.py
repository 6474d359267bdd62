"""What the figures count, in one statement for a month: R1 to R4's counts, the people behind them, and why."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import connection

from batosocial.lib import clock, months
from reporting.models import BOTH

#: Places in these lists stand for the codes, in the statement and in what it stores (``FigurePeople.facts``; the views
#: of migration 0004 name them again). New ones are added at the end, none is ever taken out.
REASONS = ("no_cccd", "data_differs", "frail", "no_guardian", "not_willing", "away", "other")
PAYEES = ("own", "guardian", "authorised", "relative")


def _place(column: str, codes: Sequence[str], *, default: str = "") -> str:
    """A code's place in its list as SQL, from 1; that of ``default`` where there is no code."""
    found = " ".join(f"WHEN '{code}' THEN {place}" for place, code in enumerate(codes, start=1))
    empty = f"WHEN '' THEN {codes.index(default) + 1} " if default else ""
    return f"CASE {column} {empty}{found} END"


# A person counts once in a policy, in the commune of the (latest) list that pays the month: what counts is the month
# a line covers, not the list's, as Tết lists pay two months. Arrears, carry-overs and one-off payments add nobody.
# Money sent back is not paid. A commune whose lists hold nobody, or no more, gets zeros. Lines and accounts are put
# one below the other and grouped instead of joined, which stays fast while the tables' statistics are old.
#
# Who has no CCCD, and why somebody has no account, is what the payment froze. Which accounts are open and not yet
# used is what was known when the month was over: afterwards the stored people say so, not the register.
#
# What a payment says of its person stands in one number, which one comparison takes through the grouping of 100,000
# people: 32 bits of the commune's id, 20 of the payer's, 4 of whose account it is and 4 of why it is cash (their places
# in the lists above), then whether there is a result, an account was planned, and no CCCD was there.
_PACKED = f"""(
        (l.commune_id << 32) | (p.payer_id << 12) | ({_place("p.payee_kind", PAYEES)} << 8)
        | ({_place("p.cash_reason", REASONS, default="other")} << 4)
        | CASE WHEN p.planned_channel = 'account' THEN 2 ELSE 0 END
        | CASE WHEN p.cccd = '' THEN 1 ELSE 0 END | CASE WHEN p.result = '' THEN 0 ELSE 4 END
    )"""
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
    WHERE month = %(month)s AND policy IN (SELECT policy FROM wanted) RETURNING policy, at
),
known AS (
    SELECT DISTINCT f.policy FROM reporting_cashlessfigure f JOIN reporting_figurepeople b ON b.figure_id = f.id
    WHERE f.month = %(month)s AND %(over)s
),
marks AS (
    SELECT (i.policy = 'NCC') AS merit, p.person_id, p.id AS payment_id, {packed} AS packed, i.amount,
           CASE WHEN p.result = 'paid_account' THEN i.amount END AS by_account, NULL::bigint AS account_id,
           NULL::bigint[] AS later
    FROM payments_paymentline i
    JOIN payments_payment p ON p.id = i.payment_id
    JOIN payments_paymentlist l ON l.id = p.payment_list_id
    WHERE i.month = %(month)s AND i.kind = 'regular' AND i.policy IN (SELECT policy FROM wanted)
    UNION ALL
    SELECT policy = 'NCC', person_id, NULL, NULL, NULL, NULL,
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
    SELECT policy = 'NCC', person_id, NULL, NULL, NULL, NULL, NULL,
           ARRAY[next_month - DATE '2000-01-01', next_account]
    FROM reporting_counted_in_policy
    WHERE %(over)s AND month = %(month)s AND pending AND policy IN (SELECT policy FROM wanted)
),
grouped AS (
    SELECT merit, person_id, min(payment_id) AS first_payment_id, max(payment_id) AS payment_id,
           max(packed) AS packed, sum(amount::float8)::bigint AS amount, sum(by_account::float8)::bigint AS by_account,
           max(account_id) AS account_id, min(later) AS later
    FROM marks GROUP BY person_id, merit HAVING max(payment_id) IS NOT NULL
),
-- (A float holds whole đồng up to nine million billion, and is added up without a place in memory for each person.)
-- Every line of a payment says the same of it, so that the maximum is what it says; for whoever has several payments
-- the later one is asked.
latest AS (
    SELECT merit, person_id, payment_id, amount, by_account, account_id, later,
           CASE WHEN first_payment_id = payment_id THEN packed ELSE (
               SELECT {packed} FROM payments_payment p JOIN payments_paymentlist l ON l.id = p.payment_list_id
               WHERE p.id = grouped.payment_id
           ) END AS packed
    FROM grouped
),
-- An account that the payment knows nothing of was confirmed after the list was made: the route says whose it is.
people AS MATERIALIZED (
    SELECT merit, person_id, payment_id, packed >> 32 AS commune_id,
           (CASE WHEN account_id IS NOT NULL THEN 1 WHEN later IS NOT NULL THEN 4 ELSE 0 END
            | CASE WHEN by_account IS NOT NULL THEN 2 ELSE 0 END | ((packed & 1)::int << 3)
            | ((packed & 4)::int << 2)
            | (CASE WHEN account_id IS NULL THEN (packed >> 4) & 15
                   WHEN packed & 2 <> 0 THEN (packed >> 8) & 15
                   ELSE (
                       SELECT {payee}
                       FROM beneficiaries_payoutroute r JOIN beneficiaries_payee y ON y.id = r.payee_id
                       WHERE r.person_id = latest.person_id AND r.policy = CASE WHEN merit THEN 'NCC' ELSE 'BTXH' END
                           AND r.state = 'confirmed' AND r.months @> %(month)s::date
                   ) END::int << 5))::smallint AS facts,
           CASE WHEN account_id IS NULL THEN NULL
                WHEN packed & 2 <> 0 THEN (packed >> 12) & 1048575
                ELSE (
                    SELECT v.payer_id FROM beneficiaries_account a
                    JOIN beneficiaries_provider v ON v.id = a.provider_id WHERE a.id = latest.account_id
                ) END::int AS payer_id,
           CASE WHEN account_id IS NULL THEN later[2] END AS next_account,
           CASE WHEN account_id IS NULL THEN DATE '2000-01-01' + later[1]::int END AS next_month, amount, by_account
    FROM latest
),
-- A few hundred kinds of people in each commune's list: the counts, the reasons and the accounts are sums of these.
kinds AS (
    SELECT CASE WHEN merit THEN 'NCC' ELSE 'BTXH' END AS policy, commune_id, facts & 1 <> 0 AS able,
           facts & 2 <> 0 AS paid, facts & 4 <> 0 AS pending, facts & 8 <> 0 AS no_cccd, facts & 16 <> 0 AS recorded,
           facts >> 5 AS detail, payer_id, count(*) AS number, sum(amount) AS amount, sum(by_account) AS by_account
    FROM people GROUP BY merit, commune_id, facts, payer_id
),
counted AS (
    SELECT policy, commune_id, sum(number) AS due, coalesce(sum(number) FILTER (WHERE able), 0) AS with_account,
           coalesce(sum(number) FILTER (WHERE paid), 0) AS paid_by_account,
           coalesce(sum(number) FILTER (WHERE able AND NOT paid), 0) AS account_not_paid,
           coalesce(sum(number) FILTER (WHERE pending), 0) AS pending,
           coalesce(sum(number) FILTER (WHERE no_cccd), 0) AS no_cccd, sum(amount) AS money_due,
           coalesce(sum(by_account), 0) AS money_by_account,
           jsonb_build_object(
               'people', sum(number), 'with_result', coalesce(sum(number) FILTER (WHERE recorded), 0),
               'last_change_at', (SELECT max(at) FROM counted_changes c WHERE c.policy = kinds.policy)
           ) AS source
    FROM kinds GROUP BY policy, commune_id
),
waiting AS MATERIALIZED (
    SELECT CASE WHEN merit THEN 'NCC' ELSE 'BTXH' END AS policy, commune_id, next_account FROM people
    WHERE facts & 4 <> 0
),
unused AS (
    SELECT policy, commune_id, count(DISTINCT next_account) AS pending_accounts FROM waiting GROUP BY policy, commune_id
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
    SELECT CASE WHEN merit THEN 'NCC' ELSE 'BTXH' END AS policy, commune_id, array_agg(person_id) AS people,
           array_agg(payment_id) AS payments, array_agg(facts) AS facts, array_agg(payer_id) AS payers,
           array_agg(next_account) AS next_accounts, array_agg(next_month) AS next_months, array_agg(amount) AS amounts,
           array_agg(CASE WHEN by_account <> amount THEN by_account END) AS amounts_by_account
    FROM people GROUP BY merit, commune_id
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
           pending, reason, payee, payer_id, next_account, next_month, amount, amount_by_account
    FROM reporting_counted_in_policy
    WHERE month = %(month)s AND policy NOT IN (SELECT policy FROM wanted)
),
in_both AS (
    SELECT n.person_id
    FROM (SELECT person_id FROM people WHERE merit UNION ALL SELECT person_id FROM kept WHERE policy = 'NCC') AS n
    JOIN (SELECT person_id FROM people WHERE NOT merit UNION ALL SELECT person_id FROM kept WHERE policy = 'BTXH') AS b
        ON b.person_id = n.person_id
),
everybody AS (
    SELECT p.merit, p.person_id, p.payment_id, p.commune_id, p.facts & 8 <> 0 AS no_cccd, p.facts & 1 <> 0 AS able,
           p.facts & 2 <> 0 AS paid, p.facts & 4 <> 0 AS pending,
           CASE WHEN p.facts & 1 = 0 THEN (%(reasons)s::text[])[p.facts >> 5] ELSE '' END AS reason,
           CASE WHEN p.facts & 1 = 0 THEN '' ELSE (%(payees)s::text[])[p.facts >> 5] END AS payee, p.payer_id,
           p.next_account, p.next_month, p.amount, coalesce(p.by_account, 0) AS by_account
    FROM in_both JOIN people p USING (person_id)
    UNION ALL
    SELECT k.policy = 'NCC', k.person_id, k.payment_id, k.commune_id, k.no_cccd, k.able, k.paid, k.pending, k.reason,
           k.payee, k.payer_id, k.next_account, k.next_month, k.amount, k.amount_by_account
    FROM in_both JOIN kept k USING (person_id)
),
twice AS (
    SELECT n.commune_id AS one, b.commune_id AS other,
           CASE WHEN n.payment_id > b.payment_id THEN n.commune_id ELSE b.commune_id END AS commune_id,
           n.able AS one_able, b.able AS other_able, n.paid AS one_paid, b.paid AS other_paid,
           n.pending AS one_pending, b.pending AS other_pending, n.no_cccd AS one_no, b.no_cccd AS other_no,
           n.reason AS one_reason, b.reason AS other_reason, n.person_id,
           greatest(n.payment_id, b.payment_id) AS payment_id, n.able AND b.able AS able, n.paid AND b.paid AS paid,
           (n.able OR n.pending) AND (b.able OR b.pending) AND NOT (n.able AND b.able) AS pending,
           n.no_cccd OR b.no_cccd AS no_cccd,
           CASE WHEN n.able AND b.able THEN '' ELSE greatest(n.reason, b.reason) END AS reason,
           CASE WHEN n.able AND b.able THEN greatest(n.payee, b.payee) ELSE '' END AS payee,
           CASE WHEN n.able AND b.able THEN greatest(n.payer_id, b.payer_id) END AS payer_id,
           greatest(n.next_account, b.next_account) AS next_account,
           greatest(n.next_month, b.next_month) AS next_month, n.amount + b.amount AS amount,
           n.by_account + b.by_account AS by_account
    FROM everybody n JOIN everybody b ON b.person_id = n.person_id AND NOT b.merit WHERE n.merit
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
    SELECT commune_id, 1, able::int, paid::int, (able AND NOT paid)::int, pending::int, no_cccd::int, 0, 0 FROM twice
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
            SELECT commune_id, reason, 1 FROM twice WHERE NOT able
        ) AS parts GROUP BY commune_id, reason HAVING sum(number) > 0
    ) AS r GROUP BY commune_id
),
both_accounts AS (
    SELECT commune_id, count(DISTINCT next_account) AS pending_accounts
    FROM (
        SELECT commune_id, next_account FROM waiting
        UNION ALL
        SELECT commune_id, next_account FROM kept WHERE pending
    ) AS w GROUP BY commune_id
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
no_longer_twice AS (
    DELETE FROM reporting_countedtwice
    WHERE month = %(month)s AND EXISTS (SELECT FROM wanted) AND person_id NOT IN (SELECT person_id FROM in_both)
),
counted_twice AS (
    INSERT INTO reporting_countedtwice (
        month, person_id, unit_id, payment_id, has_account, paid_by_account, pending, no_cccd, reason, payee, payer_id,
        next_account, next_month, amount, amount_by_account
    )
    SELECT %(month)s, person_id, commune_id, payment_id, able, paid, pending, no_cccd, reason, payee, payer_id,
           next_account, next_month, amount, by_account
    FROM twice WHERE EXISTS (SELECT FROM wanted)
    ON CONFLICT (month, person_id) DO UPDATE SET
        unit_id = excluded.unit_id, payment_id = excluded.payment_id, has_account = excluded.has_account,
        paid_by_account = excluded.paid_by_account, pending = excluded.pending, no_cccd = excluded.no_cccd,
        reason = excluded.reason, payee = excluded.payee, payer_id = excluded.payer_id,
        next_account = excluded.next_account, next_month = excluded.next_month, amount = excluded.amount,
        amount_by_account = excluded.amount_by_account
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
""".replace("{packed}", _PACKED).replace("{payee}", _place("y.kind", PAYEES))


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
