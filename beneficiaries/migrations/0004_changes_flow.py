"""The way of a change: three people, who refused it and why, moves with objections; what is paid only at its highest."""

import django.contrib.postgres.constraints
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


#: điểm a khoản 2 Điều 20 NĐ 20/2021: of its cases only the highest.
CARE_WITH_CHILD = ("CSND-2A1", "CSND-2A2")
#: khoản 3 Điều 6 Pháp lệnh 02/2020: of several allowances for whoever serves at home, the highest.
ATTENDANTS = ("NCC-4B", "NCC-6.1S1", "NCC-6.1S2", "NCC-7.1S1", "NCC-7.1S2", "NCC-8.1S1")


def name_alternatives(apps, schema_editor):
    Category = apps.get_model("beneficiaries", "Category")
    Category.objects.filter(code__in=CARE_WITH_CHILD).update(only_highest_of="k2a-d20")
    Category.objects.filter(code__in=ATTENDANTS).update(only_highest_of="nguoi-phuc-vu")


class Migration(migrations.Migration):

    dependencies = [
        ('beneficiaries', '0003_proposals_and_account_files'),
        ('territory', '0002_ba_to'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='entitlement',
            name='entitlement_no_overlap',
        ),
        migrations.AddField(
            model_name='category',
            name='only_highest_of',
            field=models.CharField(blank=True, help_text='Trong các chế độ cùng nhóm, mỗi người chỉ được chi chế độ có mức cao nhất.', max_length=20, verbose_name='nhóm chỉ hưởng mức cao nhất'),
        ),
        migrations.AddField(
            model_name='change',
            name='from_commune',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='territory.unit', verbose_name='chuyển từ'),
        ),
        migrations.AddField(
            model_name='change',
            name='objected_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='change',
            name='objected_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='change',
            name='objection',
            field=models.CharField(blank=True, max_length=500, verbose_name='ý kiến của xã đang quản lý'),
        ),
        migrations.AddField(
            model_name='change',
            name='rejected_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='change',
            name='rejected_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='entitlement',
            name='voided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='voided_entitlements', to='beneficiaries.change'),
        ),
        migrations.AlterField(
            model_name='change',
            name='policy',
            field=models.CharField(blank=True, choices=[('NCC', 'Người có công'), ('BTXH', 'Bảo trợ xã hội')], max_length=4, verbose_name='chính sách'),
        ),
        migrations.AddIndex(
            model_name='change',
            index=models.Index(condition=models.Q(('state__in', ['proposed', 'appraised', 'decided'])), fields=['person'], name='change_waiting'),
        ),
        migrations.AddConstraint(
            model_name='change',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'move'), models.Q(('policy', ''), _negated=True), _connector='OR'), name='change_has_policy'),
        ),
        migrations.AddConstraint(
            model_name='change',
            constraint=models.CheckConstraint(condition=models.Q(('first_load', True), models.Q(models.Q(('appraised_by__isnull', True), models.Q(('appraised_by', models.F('proposed_by')), _negated=True), _connector='OR'), models.Q(('decided_by__isnull', True), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), models.Q(('decided_by__isnull', True), ('appraised_by__isnull', True), models.Q(('decided_by', models.F('appraised_by')), _negated=True), _connector='OR')), _connector='OR'), name='change_three_people'),
        ),
        migrations.AddConstraint(
            model_name='entitlement',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('voided_by__isnull', True)), expressions=[('months', '&&'), ('person', '='), ('category', '=')], name='entitlement_no_overlap'),
        ),
        migrations.RunPython(name_alternatives, migrations.RunPython.noop),
    ]
