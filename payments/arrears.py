"""Arrears (truy lĩnh): for earlier months, what the register and the rates known now give beyond what lists gave.

The statements read ``new_line`` and ``new_place``: the lines that are being made, and for whom (``payments.lines``).
"""

from payments.owed import CAME_BACK, DUE, MADE

#: Person-months to be looked at, and what is owed for them: read several times, so they are computed once.
TABLES = """
CREATE TEMPORARY TABLE IF NOT EXISTS new_asked (person_id bigint NOT NULL, month date NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS new_due (
    person_id bigint NOT NULL, month date NOT NULL, entitlement_id bigint NOT NULL, category_id bigint NOT NULL,
    level int NOT NULL, quantity int NOT NULL, amount bigint
) ON COMMIT DROP;
TRUNCATE new_asked, new_due;
"""

#: Of whom something may be owed for an earlier month that no list has, and from which month on: rates that became known
#: after the lists before, changes that took effect, benefits that go on, money that went back to the budget, all since
#: those lists were made. Nobody else's months can have changed, so the others are not computed again.
CANDIDATES = """
WITH since AS (
        -- An hour's slack: what took effect is dated a little before its transaction ends.
        SELECT min(l.made_at) - interval '1 hour' AS made_at, min(l.locked_on) AS locked_on
        FROM payments_paymentlist l JOIN payments_period o ON o.id = l.period_id
        WHERE o.policy = %(policy)s AND o.month = %(before)s
    ),
    candidates AS (
        SELECT e.person_id, min(greatest(
                   r.valid_from, lower(e.months), CASE WHEN g.first_load THEN %(first_month)s::date END
               )) AS from_month
        FROM since
        JOIN beneficiaries_rate r ON r.known_on <= %(known_on)s AND r.valid_from <= %(month)s
            AND (r.known_on > since.locked_on OR r.entered_at >= since.made_at)
        JOIN beneficiaries_category c ON c.id = r.category_id AND c.policy = %(policy)s AND c.regime <> 'one_off'
        JOIN beneficiaries_entitlement e ON e.category_id = r.category_id AND e.level = r.level
            AND (upper(e.months) IS NULL OR upper(e.months) > r.valid_from)
        JOIN beneficiaries_change g ON g.id = e.granted_by_id
        GROUP BY e.person_id
        UNION ALL
        SELECT g.person_id, min(least(g.effective_month, lower(e.months), lower(paused.months)))
        FROM since
        JOIN beneficiaries_change g ON g.applied_at >= since.made_at AND g.state = 'applied' AND NOT g.first_load
            AND g.kind <> 'move'
        LEFT JOIN beneficiaries_entitlement e ON e.granted_by_id = g.id
        -- What was owed for the time before a suspension had to wait for its end.
        LEFT JOIN beneficiaries_suspension s ON s.ended_by_id = g.id
        LEFT JOIN beneficiaries_entitlement paused ON paused.id = s.entitlement_id
        GROUP BY g.person_id
        UNION ALL
        -- Who moved between the makings of two lists may have been on neither of them.
        SELECT g.person_id, %(before)s::date
        FROM since
        JOIN beneficiaries_change g ON g.applied_at >= since.made_at AND g.state = 'applied' AND g.kind = 'move'
        UNION ALL
        SELECT p.person_id, min(i.month)
        FROM since
        JOIN payments_budgetreturn b ON b.at >= since.made_at
        JOIN payments_paymentline i ON i.id = b.line_id AND i.policy = %(policy)s
        JOIN payments_payment p ON p.id = i.payment_id
        GROUP BY p.person_id
    )
INSERT INTO new_asked (person_id, month)
SELECT DISTINCT c.person_id, m.month::date
FROM (SELECT person_id, min(from_month) AS from_month FROM candidates GROUP BY person_id) c
JOIN new_place place ON place.person_id = c.person_id
CROSS JOIN LATERAL generate_series(
    date_trunc('month', greatest(c.from_month, %(earliest)s::date)), %(month)s::date, interval '1 month'
) AS m (month)
"""

#: The first load brought what was paid before the portal: by it nothing is owed for months that were opened without it,
#: but those of a suspension that a decision pays after all.
OWED = f"""
WITH asked AS MATERIALIZED (SELECT person_id, month FROM new_asked), {DUE}
INSERT INTO new_due (person_id, month, entitlement_id, category_id, level, quantity, amount)
SELECT due.person_id, due.month, due.id, due.category_id, due.level, due.quantity, due.amount
FROM due
JOIN beneficiaries_entitlement e ON e.id = due.id
JOIN beneficiaries_change g ON g.id = e.granted_by_id
WHERE NOT g.first_load
   OR EXISTS (
       SELECT 1 FROM payments_paymentline x
       WHERE x.entitlement_id = e.id AND x.kind = 'regular' AND x.month <= due.month
   )
   OR EXISTS (
       SELECT 1 FROM payments_period o
       WHERE o.policy = %(policy)s AND o.month = due.month AND o.opened_at >= g.applied_at
   )
   OR EXISTS (SELECT 1 FROM new_line n WHERE n.entitlement_id = e.id AND n.month = due.month)
   OR EXISTS (SELECT 1 FROM beneficiaries_suspension s WHERE s.entitlement_id = e.id AND s.arrears_months @> due.month)
"""

_MISSING = """
    made_now AS (
        SELECT person_id, month, entitlement_id, amount FROM made
        UNION ALL
        SELECT n.person_id, n.month, n.entitlement_id, n.amount
        FROM asked a JOIN new_line n ON n.person_id = a.person_id AND n.month = a.month AND n.kind = 'regular'
    ),
    each AS (
        SELECT coalesce(c.person_id, m.person_id) AS person_id, coalesce(c.month, m.month) AS month,
               coalesce(c.entitlement_id, m.entitlement_id) AS entitlement_id, coalesce(c.amount, 0) AS owed,
               coalesce(m.amount, 0) AS made
        FROM new_due c
        FULL JOIN (
            SELECT person_id, month, entitlement_id, sum(amount) AS amount FROM made_now GROUP BY 1, 2, 3
        ) m ON m.entitlement_id = c.entitlement_id AND m.month = c.month
    ),
    missing AS (
        SELECT each.person_id, each.month,
               sum(each.owed) - sum(each.made) + coalesce(min(came_back.amount), 0) AS amount
        FROM each LEFT JOIN came_back ON came_back.person_id = each.person_id AND came_back.month = each.month
        GROUP BY each.person_id, each.month
    )
"""

#: Truy lĩnh (Điều 34 NĐ 20/2021, Điều 15 TT 44/2022/TT-BTC): for each earlier month what the register and the rates
#: known now give, less the regular and the arrears lines already made. It is found for a person's month as a whole, so
#: that a benefit that takes the place of another gives only the difference, and is put to the benefits that lack most.
ARREARS = f"""
WITH asked AS MATERIALIZED (SELECT person_id, month FROM new_asked), {MADE}, {CAME_BACK}, {_MISSING},
lacking AS (
    SELECT each.*, missing.amount AS missing,
           greatest(each.owed - each.made, 0) AS difference,
           row_number() OVER (w ORDER BY each.owed - each.made DESC, each.owed DESC, each.entitlement_id) AS place,
           coalesce(sum(greatest(each.owed - each.made, 0)) OVER (
               w ORDER BY each.owed - each.made DESC, each.owed DESC, each.entitlement_id
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
           ), 0) AS before,
           sum(greatest(each.owed - each.made, 0)) OVER w AS all_differences
    FROM each JOIN missing ON missing.person_id = each.person_id AND missing.month = each.month
    WHERE missing.amount > 0 AND each.owed > 0
    WINDOW w AS (PARTITION BY each.person_id, each.month)
),
given AS (
    -- What came back and is owed again is more than any benefit lacks: it is put to the first.
    SELECT lacking.*, greatest(least(difference, missing - before), 0)
               + CASE WHEN place = 1 THEN greatest(missing - all_differences, 0) ELSE 0 END AS amount
    FROM lacking
)
INSERT INTO new_line (person_id, entitlement_id, category_id, level, quantity, kind, month, amount)
SELECT given.person_id, due.entitlement_id, due.category_id, due.level, due.quantity, 'arrears', due.month, given.amount
FROM given JOIN new_due due ON due.entitlement_id = given.entitlement_id AND due.month = given.month
WHERE given.amount > 0
  -- While it is suspended nothing of it is paid.
  AND NOT EXISTS (
      SELECT 1 FROM beneficiaries_suspension s
      WHERE s.entitlement_id = due.entitlement_id AND s.months @> %(month)s::date
  )
"""
