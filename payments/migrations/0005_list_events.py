"""The timeline of lists that took their steps before it was kept: from the names that stand on them."""

from django.db import migrations

#: (code, words, columns of who and when)
STEPS = (
    ("mo", "Lập từ sổ đối tượng", "period.opened_by_id", "period.opened_at"),
    ("gui", "Gửi Phòng LĐ-TB&XH", "list.submitted_by_id", "list.submitted_at"),
    ("tham-dinh", "Thẩm định", "list.appraised_by_id", "list.appraised_at"),
    ("ky-tham-dinh", "Ký thẩm định", "list.signed_off_by_id", "list.signed_off_at"),
    ("duyet", "Duyệt", "list.approved_by_id", "list.approved_at"),
    ("giao", "Giao tổ chức chi trả", "list.handed_over_by_id", "list.handed_over_at"),
)

EVENTS = " UNION ALL ".join(
    f"SELECT list.id AS list, {number} AS place, '{code}' AS step, '{label}' AS label, {who} AS who, {at} AS at,"
    " '' AS note FROM payments_paymentlist list JOIN payments_period period ON period.id = list.period_id"
    f" WHERE {who} IS NOT NULL AND {at} IS NOT NULL"
    for number, (code, label, who, at) in enumerate(STEPS)
)
RETURNED = (
    "SELECT list.id, 1, 'tra-lai', 'Trả lại xã', list.returned_by_id, list.returned_at, list.return_reason"
    " FROM payments_paymentlist list WHERE list.returned_by_id IS NOT NULL AND list.returned_at IS NOT NULL"
)
CLOSED = (
    "SELECT list.id, 9, 'khoa-so', 'Khóa sổ', period.closed_by_id, period.closed_at, ''"
    " FROM payments_paymentlist list JOIN payments_period period ON period.id = list.period_id"
    " WHERE list.state = 'closed' AND period.closed_at IS NOT NULL"
)
FILL = f"""
INSERT INTO payments_listevent (payment_list_id, step, label, by_id, at, note)
SELECT list, step, label, who, at, note
FROM ({EVENTS} UNION ALL {RETURNED} UNION ALL {CLOSED}) AS found
WHERE NOT EXISTS (SELECT 1 FROM payments_listevent kept WHERE kept.payment_list_id = found.list)
ORDER BY list, at, place
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0004_carried_and_returned")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
