"""Which unit holds the area of a unit at another time: derived from ``successor``, so that it is never out of date."""

from django.db import migrations

VIEW = """
CREATE VIEW territory_place AS
WITH RECURSIVE became (old_id, new_id) AS (
    SELECT id, successor_id FROM territory_unit WHERE successor_id IS NOT NULL
    UNION ALL
    SELECT b.old_id, u.successor_id
    FROM became b JOIN territory_unit u ON u.id = b.new_id AND u.successor_id IS NOT NULL
)
SELECT b.old_id AS unit_id, b.new_id AS place_id, n.valid_from, n.valid_to, false AS past,
       true AS same_code, n.position
FROM became b JOIN territory_unit n ON n.id = b.new_id
UNION ALL
SELECT b.new_id, b.old_id, o.valid_from, o.valid_to, true, o.code = n.code, o.position
FROM became b JOIN territory_unit o ON o.id = b.old_id JOIN territory_unit n ON n.id = b.new_id
"""


class Migration(migrations.Migration):
    dependencies = [("territory", "0003_mergers")]
    operations = [migrations.RunSQL(VIEW, "DROP VIEW territory_place")]
