"""Promises the database keeps about lists: only a draft's content changes, and only a list that was handed over
takes results. Insertions and removals are checked once a statement, over its transition table."""

from django.db import migrations

FROZEN = (
    "payment_list_id, person_id, number, position, name, birth, sex, cccd, hamlet, route_id, payee_kind, payee_name, "
    "planned_channel, provider_id, account_number, account_holder, cash_reason, payer_id, total"
)
RESULT = "result, return_reason, result_note, paid_on, reference, recorded_by_id, recorded_at"


def columns(alias: str, names: str) -> str:
    return ", ".join(f"{alias}.{name.strip()}" for name in names.split(","))


FORWARD = f"""
CREATE FUNCTION payments_refuse(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', what USING ERRCODE = 'check_violation';
END $$;

CREATE FUNCTION payment_content_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM payments_paymentlist l
        WHERE l.id IN (OLD.payment_list_id, NEW.payment_list_id) AND l.state <> 'draft'
    ) THEN
        PERFORM payments_refuse('a payment of a list that is not a draft does not change');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION payment_result_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM payments_paymentlist l WHERE l.id = NEW.payment_list_id AND l.state = 'handed_over'
    ) THEN
        PERFORM payments_refuse('only a list that was handed over takes results');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION payment_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF EXISTS (
            SELECT 1 FROM new_rows n JOIN payments_paymentlist l ON l.id = n.payment_list_id
            WHERE l.state <> 'draft' OR n.result <> ''
        ) THEN
            PERFORM payments_refuse('payments are added to drafts only, without results');
        END IF;
    ELSE
        IF EXISTS (
            SELECT 1 FROM old_rows o JOIN payments_paymentlist l ON l.id = o.payment_list_id
            WHERE l.state <> 'draft'
        ) THEN
            PERFORM payments_refuse('payments are removed from drafts only');
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION payment_line_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        IF EXISTS (
            SELECT 1 FROM new_rows n JOIN payments_payment p ON p.id = n.payment_id
            JOIN payments_paymentlist l ON l.id = p.payment_list_id WHERE l.state <> 'draft'
        ) THEN
            PERFORM payments_refuse('lines of a list that is not a draft do not change');
        END IF;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        IF EXISTS (
            SELECT 1 FROM old_rows o JOIN payments_payment p ON p.id = o.payment_id
            JOIN payments_paymentlist l ON l.id = p.payment_list_id WHERE l.state <> 'draft'
        ) THEN
            PERFORM payments_refuse('lines of a list that is not a draft do not change');
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER payment_frozen_insert AFTER INSERT ON payments_payment
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION payment_frozen();
-- The conditions are looked at without a call, so a statement pays only for rows whose content or result changes.
CREATE TRIGGER payment_content_frozen AFTER UPDATE ON payments_payment FOR EACH ROW
    WHEN (({columns("NEW", FROZEN)}) IS DISTINCT FROM ({columns("OLD", FROZEN)}))
    EXECUTE FUNCTION payment_content_frozen();
CREATE TRIGGER payment_result_allowed AFTER UPDATE ON payments_payment FOR EACH ROW
    WHEN (({columns("NEW", RESULT)}) IS DISTINCT FROM ({columns("OLD", RESULT)}))
    EXECUTE FUNCTION payment_result_allowed();
CREATE TRIGGER payment_frozen_delete AFTER DELETE ON payments_payment
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION payment_frozen();
CREATE TRIGGER payment_line_frozen_insert AFTER INSERT ON payments_paymentline
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION payment_line_frozen();
CREATE TRIGGER payment_line_frozen_update AFTER UPDATE ON payments_paymentline
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION payment_line_frozen();
CREATE TRIGGER payment_line_frozen_delete AFTER DELETE ON payments_paymentline
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION payment_line_frozen();
"""
BACKWARD = """
DROP TRIGGER payment_frozen_insert ON payments_payment;
DROP TRIGGER payment_content_frozen ON payments_payment;
DROP TRIGGER payment_result_allowed ON payments_payment;
DROP TRIGGER payment_frozen_delete ON payments_payment;
DROP TRIGGER payment_line_frozen_insert ON payments_paymentline;
DROP TRIGGER payment_line_frozen_update ON payments_paymentline;
DROP TRIGGER payment_line_frozen_delete ON payments_paymentline;
DROP FUNCTION payment_frozen();
DROP FUNCTION payment_content_frozen();
DROP FUNCTION payment_result_allowed();
DROP FUNCTION payment_line_frozen();
DROP FUNCTION payments_refuse(text);
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
