"""The people behind each figure as rows to read, and the record of what changed since the figures were computed."""

from django.db import migrations

VIEWS = """
-- Numbers hardly compress, and trying to takes longer than writing them.
ALTER TABLE reporting_figurepeople ALTER COLUMN people SET STORAGE EXTERNAL,
    ALTER COLUMN payments SET STORAGE EXTERNAL, ALTER COLUMN facts SET STORAGE EXTERNAL,
    ALTER COLUMN payers SET STORAGE EXTERNAL, ALTER COLUMN amounts SET STORAGE EXTERNAL,
    ALTER COLUMN amounts_by_account SET STORAGE EXTERNAL;
CREATE VIEW reporting_counted_in_policy AS
SELECT (f.id << 32) | c.person_id AS key, f.unit_id, f.policy, f.month, c.person_id, c.payment_id,
       c.facts & 1 <> 0 AS has_account, c.facts & 2 <> 0 AS paid_by_account, c.facts & 4 <> 0 AS pending,
       c.facts & 8 <> 0 AS no_cccd,
       CASE WHEN c.facts & 1 <> 0 THEN ''
            ELSE (ARRAY['no_cccd', 'data_differs', 'frail', 'no_guardian', 'not_willing', 'away', 'other'])[c.facts >> 5]
            END AS reason,
       CASE WHEN c.facts & 1 = 0 THEN ''
            ELSE (ARRAY['own', 'guardian', 'authorised', 'relative'])[c.facts >> 5] END AS payee,
       c.payer_id::bigint AS payer_id, c.next_account, c.next_month, c.amount,
       coalesce(c.amount_by_account, CASE WHEN c.facts & 2 <> 0 THEN c.amount ELSE 0 END) AS amount_by_account
FROM reporting_cashlessfigure f
JOIN reporting_figurepeople b ON b.figure_id = f.id
CROSS JOIN LATERAL unnest(
    b.people, b.payments, b.facts, b.payers, b.next_accounts, b.next_months, b.amounts,
    b.amounts_by_account
) AS c (
    person_id, payment_id, facts, payer_id, next_account, next_month, amount, amount_by_account
);

CREATE VIEW reporting_counted_once AS
SELECT c.key, c.unit_id, c.policy, c.month, c.person_id, c.payment_id, c.has_account, c.paid_by_account, c.pending,
       c.no_cccd, c.reason, c.payee, c.payer_id, c.next_account, c.next_month, c.amount, c.amount_by_account
FROM reporting_counted_in_policy c
WHERE NOT EXISTS (SELECT FROM reporting_countedtwice t WHERE t.month = c.month AND t.person_id = c.person_id)
UNION ALL
SELECT -id, unit_id, 'ALL', month, person_id, payment_id, has_account, paid_by_account, pending, no_cccd, reason, payee,
       payer_id, next_account, next_month, amount, amount_by_account
FROM reporting_countedtwice;
"""

# Statement triggers, once for a COPY of 100,000 rows: whoever writes, and by whichever way, the change is noted in the
# same transaction. They add rows and touch none, so that two who record results never wait for each other here.
TRIGGERS = """
CREATE FUNCTION reporting_lines_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_datachange (policy, month, at)
    SELECT DISTINCT policy, month, clock_timestamp() FROM changed WHERE kind = 'regular';
    RETURN NULL;
END $$;

CREATE FUNCTION reporting_payments_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_datachange (policy, month, at)
    SELECT i.policy, i.month, clock_timestamp()
    FROM new_rows n JOIN old_rows o ON o.id = n.id
    JOIN payments_paymentline i ON i.payment_id = n.id AND i.kind = 'regular'
    WHERE (n.result, n.cccd, n.cash_reason) IS DISTINCT FROM (o.result, o.cccd, o.cash_reason)
    GROUP BY i.policy, i.month;
    RETURN NULL;
END $$;

-- A route concerns the months it runs in; and of those still open, the months before it ("from a later month on").
CREATE FUNCTION reporting_months_of_route(of_policy text, its_months daterange) RETURNS SETOF date
LANGUAGE sql STABLE AS $$
    SELECT o.month FROM payments_period o
    WHERE o.policy = of_policy AND (its_months @> o.month OR o.state = 'open' AND lower(its_months) > o.month)
$$;

CREATE FUNCTION reporting_routes_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_datachange (policy, month, at)
    SELECT DISTINCT r.policy, m, clock_timestamp()
    FROM (SELECT DISTINCT policy, months FROM changed WHERE state = 'confirmed') r,
         reporting_months_of_route(r.policy, r.months) AS m;
    RETURN NULL;
END $$;

CREATE FUNCTION reporting_routes_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_datachange (policy, month, at)
    SELECT DISTINCT r.policy, m, clock_timestamp()
    FROM (
        SELECT n.policy, n.months FROM new_rows n JOIN old_rows o ON o.id = n.id
        WHERE n.state = 'confirmed' AND (n.state, n.months, n.account_id, n.payee_id, n.person_id)
            IS DISTINCT FROM (o.state, o.months, o.account_id, o.payee_id, o.person_id)
        UNION
        SELECT o.policy, o.months FROM new_rows n JOIN old_rows o ON o.id = n.id
        WHERE o.state = 'confirmed' AND (n.state, n.months, n.account_id, n.payee_id, n.person_id)
            IS DISTINCT FROM (o.state, o.months, o.account_id, o.payee_id, o.person_id)
    ) r, reporting_months_of_route(r.policy, r.months) AS m;
    RETURN NULL;
END $$;

CREATE TRIGGER reporting_lines_insert AFTER INSERT ON payments_paymentline
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION reporting_lines_changed();
CREATE TRIGGER reporting_lines_update AFTER UPDATE ON payments_paymentline
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION reporting_lines_changed();
CREATE TRIGGER reporting_lines_delete AFTER DELETE ON payments_paymentline
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION reporting_lines_changed();
CREATE TRIGGER reporting_payments_update AFTER UPDATE ON payments_payment
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION reporting_payments_changed();
CREATE TRIGGER reporting_routes_insert AFTER INSERT ON beneficiaries_payoutroute
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION reporting_routes_changed();
CREATE TRIGGER reporting_routes_delete AFTER DELETE ON beneficiaries_payoutroute
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION reporting_routes_changed();
CREATE TRIGGER reporting_routes_update AFTER UPDATE ON beneficiaries_payoutroute
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION reporting_routes_updated();
"""

BACKWARD = """
DROP TRIGGER reporting_lines_insert ON payments_paymentline;
DROP TRIGGER reporting_lines_update ON payments_paymentline;
DROP TRIGGER reporting_lines_delete ON payments_paymentline;
DROP TRIGGER reporting_payments_update ON payments_payment;
DROP TRIGGER reporting_routes_insert ON beneficiaries_payoutroute;
DROP TRIGGER reporting_routes_delete ON beneficiaries_payoutroute;
DROP TRIGGER reporting_routes_update ON beneficiaries_payoutroute;
DROP FUNCTION reporting_lines_changed();
DROP FUNCTION reporting_payments_changed();
DROP FUNCTION reporting_routes_changed();
DROP FUNCTION reporting_routes_updated();
DROP FUNCTION reporting_months_of_route(text, daterange);
DROP VIEW reporting_counted_once;
DROP VIEW reporting_counted_in_policy;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reporting", "0003_people_behind_figures"),
        ("payments", "0006_files_taken_and_months_closed"),
        ("beneficiaries", "0011_age_60"),
    ]
    operations = [migrations.RunSQL(VIEWS + TRIGGERS, BACKWARD)]
