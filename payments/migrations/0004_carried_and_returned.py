"""More promises the database keeps about lists: what was carried on or given back to the budget takes no result, and a
carry-over repeats a line that was not paid, with its month and its amount."""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION payment_result_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM payments_paymentlist l WHERE l.id = NEW.payment_list_id AND l.state = 'handed_over'
    ) THEN
        PERFORM payments_refuse('only a list that was handed over takes results');
    END IF;
    IF EXISTS (
        SELECT 1 FROM payments_paymentline i WHERE i.payment_id = NEW.id AND (
            EXISTS (SELECT 1 FROM payments_paymentline c WHERE c.carried_line_id = i.id)
            OR EXISTS (SELECT 1 FROM payments_budgetreturn b WHERE b.line_id = i.id)
        )
    ) THEN
        PERFORM payments_refuse('a payment that was carried on or returned to the budget takes no result');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION carry_over_repeats_unpaid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM new_rows n
        JOIN payments_paymentline u ON u.id = n.carried_line_id
        JOIN payments_payment p ON p.id = u.payment_id
        WHERE p.result NOT IN ('returned', 'not_collected') OR u.month <> n.month OR u.amount <> n.amount
           OR n.origin_id <> coalesce(u.origin_id, u.id)
           OR EXISTS (SELECT 1 FROM payments_budgetreturn b WHERE b.line_id = u.id)
    ) THEN
        PERFORM payments_refuse('a carry-over repeats a line that was not paid');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION budget_return_is_unpaid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM new_rows n
        JOIN payments_paymentline i ON i.id = n.line_id
        JOIN payments_payment p ON p.id = i.payment_id
        WHERE p.result NOT IN ('returned', 'not_collected')
           OR EXISTS (SELECT 1 FROM payments_paymentline c WHERE c.carried_line_id = i.id)
    ) THEN
        PERFORM payments_refuse('only what was neither paid nor carried on is returned to the budget');
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER carry_over_repeats_unpaid AFTER INSERT ON payments_paymentline
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION carry_over_repeats_unpaid();
CREATE TRIGGER budget_return_is_unpaid AFTER INSERT ON payments_budgetreturn
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION budget_return_is_unpaid();
"""
BACKWARD = """
DROP TRIGGER carry_over_repeats_unpaid ON payments_paymentline;
DROP TRIGGER budget_return_is_unpaid ON payments_budgetreturn;
DROP FUNCTION carry_over_repeats_unpaid();
DROP FUNCTION budget_return_is_unpaid();
CREATE OR REPLACE FUNCTION payment_result_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM payments_paymentlist l WHERE l.id = NEW.payment_list_id AND l.state = 'handed_over'
    ) THEN
        PERFORM payments_refuse('only a list that was handed over takes results');
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_monthly_cycle")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
