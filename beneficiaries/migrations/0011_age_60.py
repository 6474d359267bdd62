from django.db import migrations

SINCE = "2021-07-01"


def add_60(apps, schema_editor):
    """A disabled person is old from 60 (Điều 2 Luật Người cao tuổi; khoản 6 Điều 5, điểm e khoản 1 Điều 6 NĐ 20/2021)."""
    for rule in apps.get_model("beneficiaries", "AgeRule").objects.filter(valid_from=SINCE):
        if 60 not in rule.ages:
            rule.ages = sorted([*rule.ages, 60])
            rule.save(update_fields=["ages"])


class Migration(migrations.Migration):

    dependencies = [
        ("beneficiaries", "0010_monthly_cycle"),
    ]

    operations = [
        migrations.RunPython(add_60, migrations.RunPython.noop),
    ]
