"""Class thresholds and targets in force in 2024; both are data that an admin adds to (rules.md 0.2, 3.1)."""

import datetime

from django.db import migrations

PLAN = datetime.date(2024, 2, 29)


def load(apps, schema_editor):
    apps.get_model("reporting", "ClassThreshold").objects.create(valid_from="2021-01-01", high=50, average=30)
    Target = apps.get_model("reporting", "Target")
    for rate in ("R1", "R3"):
        Target.objects.create(
            rate=rate, value=50, valid_from=PLAN, source="Kế hoạch số 40/KH-UBND ngày 29/02/2024 của UBND huyện Ba Tơ"
        )


class Migration(migrations.Migration):
    dependencies = [("reporting", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
