"""What hangs on a unit, and what becomes of it when the unit merges. One statement for each table.

``CARRIED`` goes to the new unit, ``KEPT`` stays with the old one, which is read through ``Unit.heir``. A test sees that
every reference to a unit stands in one of the two.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection

from batosocial.lib.text import accent_key
from batosocial.territory.models import UnitMerger
from beneficiaries.models import Change, ColumnMapping, ImportBatch, Person
from payments.models import PayPoint

#: Lists that are still on their way into the register.
_OPEN_IMPORTS = (
    ImportBatch.State.READING,
    ImportBatch.State.CHECKING,
    ImportBatch.State.PREVIEWED,
    ImportBatch.State.SENT,
    ImportBatch.State.ACCEPTING,
)

CARRIED = {
    "beneficiaries.Person.commune",
    "staff.User.unit",
    "payments.PayPoint.commune",
    "beneficiaries.Change.to_commune",
    "beneficiaries.Change.from_commune",
    "beneficiaries.ImportBatch.commune",
    "beneficiaries.ColumnMapping.unit",
    "territory.Unit.heir",
}
KEPT = {
    "beneficiaries.ImportBatch.upper": "tệp của đợt mở tài khoản giữ huyện đã lập đợt",
    "coordination.Campaign.upper": "đợt mở tài khoản giữ huyện đã lập",
    "coordination.CampaignCommune.commune": "kế hoạch giữ đơn vị khi lập",
    "coordination.CampaignPerson.commune": "đợt mở tài khoản giữ đơn vị khi báo",
    "coordination.CampaignConflict.commune": "xung đột giữ đơn vị khi thấy",
    "payments.PaymentList.commune": "danh sách giữ đơn vị của tháng",
    "payments.Ledger.commune": "sổ tăng giảm giữ đơn vị của tháng",
    "payments.Review.commune": "rà soát đã bắt đầu được làm tiếp dưới tên đơn vị cũ",
    "reporting.CashlessFigure.unit": "số liệu giữ đơn vị của tháng",
    "reporting.CountedTwice.unit": "số liệu giữ đơn vị của tháng",
    "coordination.IdentityRound.upper": "đợt xác minh giữ đơn vị đã mở",
    "coordination.RoundPerson.commune": "đợt xác minh giữ đơn vị khi hỏi",
    "coordination.Question.unit": "câu hỏi giữ đơn vị đã hỏi",
    "coordination.Question.upper": "câu hỏi giữ đơn vị được hỏi",
    "coordination.GeneralAnswer.upper": "giải đáp giữ đơn vị đã phổ biến",
    "coordination.OutreachSession.commune": "buổi truyền thông giữ đơn vị của ngày đó",
    "coordination.Correction.commune": "việc đính chính giữ đơn vị khi mở",
    "coordination.FollowUp.commune": "việc theo dõi giữ đơn vị khi mở",
    "coordination.Directive.upper": "văn bản chỉ đạo giữ đơn vị đã ban hành",
    "coordination.DirectiveTask.measured_in": "việc giữ nơi đã nêu trong văn bản",
    "coordination.Addressee.unit": "việc đã giao giữ đơn vị nhận; đơn vị mới làm tiếp",
    "coordination.AnswerFile.unit": "tệp trả lời giữ đơn vị đã nạp",
    "reporting.LetterTemplate.district": "mẫu công văn giữ đơn vị đã lập",
    "reporting.Letter.district": "công văn giữ đơn vị đã ban hành",
    "beneficiaries.UnitMove.from_unit": "ai từ đơn vị nào đến",
    "beneficiaries.UnitMove.to_unit": "ai từ đơn vị nào đến",
    "territory.Unit.parent": "cấp trên của thời kỳ đó",
    "territory.Unit.successor": "chính là việc sáp nhập",
    "territory.UnitMerger.upper": "chính là việc sáp nhập",
}

#: The units that the merger ends, and what each becomes.
_ENDED = "(SELECT id, successor_id, name FROM territory_unit WHERE ended_by_id = %(merger)s) ended"

_MOVES = f"""
INSERT INTO beneficiaries_unitmove (merger_id, person_id, day, from_unit_id, to_unit_id)
SELECT %(merger)s, person.id, %(day)s, ended.id, ended.successor_id
FROM beneficiaries_person person JOIN {_ENDED} ON ended.id = person.commune_id
"""

_HEIRS = """
UPDATE territory_unit unit SET heir_id = ended.successor_id
FROM territory_unit ended
WHERE ended.ended_by_id = %(merger)s AND ended.id IN (unit.id, unit.heir_id)
"""


def carry(merger: UnitMerger) -> dict[str, int]:
    """Put everything that goes with the merger's units under the new ones; how many rows of what, in Vietnamese."""
    values: dict[str, Any] = {"merger": merger.pk, "day": merger.day}
    _name_remaining_hamlets(merger)
    with connection.cursor() as cursor:
        cursor.execute(_MOVES, values)
        cursor.execute(_HEIRS, values)

        def follow(table: str, column: str, condition: str = "true", **more: Any) -> int:
            cursor.execute(
                f"UPDATE {table} AS row SET {column} = ended.successor_id FROM {_ENDED} "
                f"WHERE row.{column} = ended.id AND {condition}",
                values | more,
            )
            return cursor.rowcount

        waiting, open_states = "row.state NOT IN ('rejected', 'applied')", list(_OPEN_IMPORTS)
        counts = {
            "người": follow(Person._meta.db_table, "commune_id"),
            "người dùng": follow("staff_user", "unit_id"),
            "điểm chi trả": _pay_points(cursor, values),
            "biến động chờ quyết định": follow(Change._meta.db_table, "to_commune_id", waiting)
            + follow(Change._meta.db_table, "from_commune_id", waiting),
            "danh sách đang nạp": follow(
                ImportBatch._meta.db_table, "commune_id", "row.state = ANY(%(open)s)", open=open_states
            ),
        }
        cursor.execute(_MAPPINGS.format(table=ColumnMapping._meta.db_table), values)
    return counts


#: Of two units that read the same header differently, the later decision goes on.
_MAPPINGS = f"""
UPDATE {{table}} AS row SET unit_id = chosen.successor_id
FROM (
    SELECT DISTINCT ON (ended.successor_id, m.kind, m.policy, m.signature) m.id, ended.successor_id
    FROM {{table}} m JOIN {_ENDED} ON ended.id = m.unit_id
    ORDER BY ended.successor_id, m.kind, m.policy, m.signature, m.updated_at DESC
) chosen
WHERE row.id = chosen.id
"""


def _pay_points(cursor: Any, values: dict[str, Any]) -> int:
    """Points keep their names; where two of one new unit have the same, the old unit's name is put behind it."""
    cursor.execute(
        f"""
        UPDATE payments_paypoint AS row
        SET commune_id = ended.successor_id,
            name = CASE WHEN EXISTS (
                SELECT 1 FROM payments_paypoint other JOIN territory_unit o ON o.id = other.commune_id
                WHERE o.ended_by_id = %(merger)s AND o.successor_id = ended.successor_id AND other.id <> row.id
                  AND lower(other.name) = lower(row.name)
            ) THEN left(row.name, 110) || ' (' || left(ended.name, 35) || ')' ELSE row.name END
        FROM {_ENDED} WHERE row.commune_id = ended.id
        """,
        values,
    )
    return int(cursor.rowcount)


def _name_remaining_hamlets(merger: UnitMerger) -> None:
    """A point for "all other hamlets" of a unit is not one for those of the units that it merges with: it names them.

    A handful of rows, read and written in a fixed number of statements.
    """
    points = list(PayPoint.objects.filter(commune__ended_by=merger).select_related("commune").order_by("commune", "pk"))
    remaining = [point for point in points if not point.hamlets and _merges_with_others(point, merger)]
    if not remaining:
        return
    named: dict[int, set[str]] = {}
    for point in points:
        named.setdefault(point.commune_id, set()).update(map(accent_key, point.hamlets))
    found: dict[int, set[str]] = {}
    pairs = Person.objects.filter(commune__in=[point.commune_id for point in remaining]).exclude(hamlet="")
    for commune_id, hamlet in pairs.order_by().values_list("commune", "hamlet").distinct():
        if accent_key(hamlet) not in named[commune_id]:
            found.setdefault(commune_id, set()).add(hamlet)
    for point in remaining:
        point.hamlets = sorted(found.get(point.commune_id, set()))
    PayPoint.objects.bulk_update(_with_hamlets(remaining), ["hamlets"])


def _merges_with_others(point: PayPoint, merger: UnitMerger) -> bool:
    return sum(row["new_code"] == _new_code(point, merger) for row in merger.rows) > 1


def _new_code(point: PayPoint, merger: UnitMerger) -> str:
    return next(row["new_code"] for row in merger.rows if row["old_code"] == point.commune.code)


def _with_hamlets(points: Iterable[PayPoint]) -> list[PayPoint]:
    """A point of a unit in which nobody lives names no hamlet, and takes everybody of the new unit."""
    return [point for point in points if point.hamlets]
