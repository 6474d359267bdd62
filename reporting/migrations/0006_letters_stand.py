"""A letter stays what it was made as, and a signed copy what was kept: it can only be withdrawn, once."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION reporting_letters_stand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'letters and their signed copies are never changed or removed' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER reporting_letter_stands BEFORE UPDATE OR DELETE ON reporting_letter
    FOR EACH ROW EXECUTE FUNCTION reporting_letters_stand();
CREATE TRIGGER reporting_signedletter_stays BEFORE DELETE ON reporting_signedletter
    FOR EACH ROW EXECUTE FUNCTION reporting_letters_stand();
CREATE TRIGGER reporting_signedletter_stands BEFORE UPDATE ON reporting_signedletter
    FOR EACH ROW WHEN (
        OLD.withdrawn_at IS NOT NULL
        OR (OLD.letter_id, OLD.number, OLD.signed_on, OLD.signer, OLD.file_id, OLD.kept_by_id, OLD.kept_at)
            IS DISTINCT FROM
            (NEW.letter_id, NEW.number, NEW.signed_on, NEW.signer, NEW.file_id, NEW.kept_by_id, NEW.kept_at)
    ) EXECUTE FUNCTION reporting_letters_stand();
"""
BACKWARD = """
DROP TRIGGER reporting_letter_stands ON reporting_letter;
DROP TRIGGER reporting_signedletter_stays ON reporting_signedletter;
DROP TRIGGER reporting_signedletter_stands ON reporting_signedletter;
DROP FUNCTION reporting_letters_stand();
"""


class Migration(migrations.Migration):
    dependencies = [("reporting", "0005_letter")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
