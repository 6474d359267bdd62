"""Who of a payer took a file; the worklist of results that several payments fit; and a closed month never changes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION closed_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM payments_refuse('a closed month never changes');
    RETURN NULL;
END $$;

CREATE FUNCTION budget_return_of_closed_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM payments_paymentline i JOIN payments_payment p ON p.id = i.payment_id
        JOIN payments_paymentlist l ON l.id = p.payment_list_id WHERE i.id = OLD.line_id AND l.state = 'closed'
    ) THEN
        PERFORM payments_refuse('a closed month never changes');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION carry_over_of_closed_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM payments_paymentline i JOIN payments_payment p ON p.id = i.payment_id
        JOIN payments_paymentlist l ON l.id = p.payment_list_id WHERE i.id = OLD.carried_line_id AND l.state = 'closed'
    ) AND NOT EXISTS (SELECT 1 FROM payments_paymentline c WHERE c.carried_line_id = OLD.carried_line_id)
      AND NOT EXISTS (SELECT 1 FROM payments_budgetreturn b WHERE b.line_id = OLD.carried_line_id)
    THEN
        PERFORM payments_refuse('what was not paid in a closed month stays carried on or returned to the budget');
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER closed_period_never_changes BEFORE UPDATE OR DELETE ON payments_period FOR EACH ROW
    WHEN (OLD.state = 'closed') EXECUTE FUNCTION closed_never_changes();
CREATE TRIGGER closed_list_never_changes BEFORE UPDATE OR DELETE ON payments_paymentlist FOR EACH ROW
    WHEN (OLD.state = 'closed') EXECUTE FUNCTION closed_never_changes();
CREATE TRIGGER budget_return_of_closed_kept AFTER UPDATE OR DELETE ON payments_budgetreturn FOR EACH ROW
    EXECUTE FUNCTION budget_return_of_closed_kept();
-- Deferred: a draft that is made anew first loses its lines.
CREATE CONSTRAINT TRIGGER carry_over_of_closed_kept AFTER DELETE ON payments_paymentline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.carried_line_id IS NOT NULL)
    EXECUTE FUNCTION carry_over_of_closed_kept();
"""
BACKWARD = """
DROP TRIGGER carry_over_of_closed_kept ON payments_paymentline;
DROP TRIGGER budget_return_of_closed_kept ON payments_budgetreturn;
DROP TRIGGER closed_list_never_changes ON payments_paymentlist;
DROP TRIGGER closed_period_never_changes ON payments_period;
DROP FUNCTION carry_over_of_closed_kept();
DROP FUNCTION budget_return_of_closed_kept();
DROP FUNCTION closed_never_changes();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0005_list_events"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="handover",
            name="taken_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="tải về lúc"),
        ),
        migrations.AddField(
            model_name="handover",
            name="taken_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="resultrow",
            index=models.Index(
                condition=models.Q(("outcome", "unmatched")), fields=["batch"], name="result_row_unmatched"
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
