"""The province, the district and its 19 units as they were until 30/6/2025 (rules.md 5.1)."""

import csv
from pathlib import Path

from django.db import migrations

COMMUNES = Path(__file__).parent.parent / "data" / "communes_bato.csv"


def load(apps, schema_editor):
    Unit = apps.get_model("territory", "Unit")
    with COMMUNES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    first = rows[0]
    province = Unit.objects.create(
        code=first["province_code"], name=first["province"], kind="Tỉnh", level="province"
    )
    district = Unit.objects.create(
        code=first["district_code"],
        name=first["district"].removeprefix("Huyện "),
        kind="Huyện",
        level="district",
        parent=province,
    )
    Unit.objects.bulk_create(
        Unit(
            code=row["code"],
            name=row["name"],
            kind=row["kind"],
            level="commune",
            parent=district,
            position=position,
        )
        for position, row in enumerate(rows, start=1)
    )


class Migration(migrations.Migration):
    dependencies = [("territory", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
