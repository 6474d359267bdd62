"""The two payers of the letter. Bưu điện pays cash; its code and Agribank's stand in the result files."""

from django.db import migrations


def load(apps, schema_editor):
    Payer = apps.get_model("staff", "Payer")
    Payer.objects.create(code="BUUDIEN", name="Bưu điện huyện Ba Tơ", pays_cash=True)
    Payer.objects.create(code="AGRIBANK", name="Agribank Ba Tơ", pays_cash=False)


class Migration(migrations.Migration):
    dependencies = [("staff", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
