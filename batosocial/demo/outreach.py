"""Outreach sessions of the demo's communes: more where the rate is high, none where nothing has begun."""

import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from batosocial.coordination.models import OutreachSession, SessionForm
from batosocial.demo.accounts import commune_accounts
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.models import Person

BENEFITS = "Lợi ích của nhận trợ cấp qua tài khoản, cách mở tài khoản"
OPENING = "Hướng dẫn mở tài khoản tại chỗ cùng Bưu điện"
PAPERS = "Giấy tờ của người giám hộ, người được ủy quyền"
#: commune, day, which hamlets of the sorted ones (none: the whole commune), form's place, topic, people, who, stated
SESSIONS: tuple[tuple[str, str, tuple[int, ...], int, str, int, str, int | None], ...] = (
    ("21484", "2024-03-14", (), 2, BENEFITS, 300, "Đài truyền thanh thị trấn", None),
    ("21484", "2024-05-10", (0, 1), 1, OPENING, 62, "Hội Phụ nữ, tổ trưởng tổ dân phố", 12),
    ("21496", "2024-03-20", (0, 1), 1, BENEFITS, 54, "Hội Phụ nữ xã, trưởng thôn", 9),
    ("21496", "2024-05-22", (), 4, BENEFITS, 180, "Đoàn Thanh niên xã, nhóm Zalo các thôn", None),
    ("21496", "2024-07-08", (2,), 3, PAPERS, 17, "Công chức văn hóa xã hội", 3),
    ("21508", "2024-04-11", (0, 2, 3), 1, BENEFITS, 71, "Mặt trận xã, già làng", 15),
    ("21535", "2024-06-06", (0, 1, 2, 3, 4), 3, OPENING, 48, "Tổ công nghệ số cộng đồng", 20),
    ("21490", "2024-07-05", (0, 1), 1, OPENING, 66, "Bưu điện huyện, công chức xã", 30),
    ("21493", "2024-07-09", (), 2, BENEFITS, 120, "Đài truyền thanh xã", None),
    ("21523", "2024-06-18", (1,), 1, BENEFITS, 35, "Trưởng thôn", 4),
    ("21532", "2024-07-11", (0,), 3, PAPERS, 12, "Công chức văn hóa xã hội", 2),
    ("21500", "2024-05-15", (3,), 1, BENEFITS, 28, "Hội Cựu chiến binh xã", None),
)
#: Entered twice by mistake and cancelled.
CANCELLED = ("21496", "2024-05-22")


def load_sessions() -> None:
    """A few statements, whatever their number."""
    units = {unit.code: unit for unit in Unit.objects.communes()}
    forms = {form.position: form for form in SessionForm.objects.all()}
    codes = {code for code, *_ in SESSIONS}
    officers = {code: commune_accounts(code)[0] for code in codes}
    users = {user.username: user for user in User.objects.filter(username__in=officers.values())}
    hamlets = _hamlets(codes)
    rows = [
        OutreachSession(
            commune=units[code],
            held_on=datetime.date.fromisoformat(day),
            hamlets=[hamlets[code][place] for place in places],
            form=forms[form],
            topic=topic,
            reached=people,
            held_by=who,
            accounts_stated=stated,
            entered_by=users[officers[code]],
            entered_at=_morning_after(day),
        )
        for code, day, places, form, topic, people, who, stated in SESSIONS
    ]
    code, day = CANCELLED
    again = next(row for row in rows if row.commune.code == code and row.held_on.isoformat() == day)
    rows.append(
        OutreachSession(
            commune=again.commune,
            held_on=again.held_on,
            form=again.form,
            topic=again.topic,
            reached=again.reached,
            held_by=again.held_by,
            entered_by=again.entered_by,
            entered_at=again.entered_at,
            cancelled_at=again.entered_at + datetime.timedelta(hours=1),
            cancelled_by=again.entered_by,
            cancel_reason="Ghi trùng",
        )
    )
    OutreachSession.objects.bulk_create(rows)


def _hamlets(codes: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    rows = Person.objects.filter(commune__code__in=codes).order_by("commune__code", "hamlet")
    for code, hamlet in rows.values_list("commune__code", "hamlet").distinct():
        found.setdefault(code, []).append(hamlet)
    return found


def _morning_after(day: str) -> datetime.datetime:
    date = datetime.date.fromisoformat(day) + datetime.timedelta(days=1)
    return datetime.datetime(date.year, date.month, date.day, 9, 0, tzinfo=ZoneInfo(settings.TIME_ZONE))
