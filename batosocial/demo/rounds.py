"""The demo's open round: whoever differs from the population database or has no CCCD (letter of 7/2024, mục 3)."""

import datetime
from zoneinfo import ZoneInfo

from batosocial.coordination.models import IdentityRound
from batosocial.coordination.rounds.choosing import Choice
from batosocial.coordination.rounds.services import open_round
from batosocial.staff.models import User
from beneficiaries.models import Person

NAME = "Đợt làm sạch dữ liệu tháng 7/2024"
OPENED_AT = datetime.datetime(2024, 7, 15, 8, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
NOTE = (
    "Đề nghị Công an huyện chỉ đạo Công an xã đối chiếu với cơ sở dữ liệu dân cư, cho biết thông tin đúng; "
    "vận động người chưa có CCCD làm thẻ."
)


def load_rounds(phong: User) -> None:
    """Open the round of July; nobody has answered yet."""
    made = open_round(
        actor=phong,
        name=NAME,
        fields=["name", "birth", "sex", "cccd"],
        until=datetime.date(2024, 7, 31),
        choice=Choice(statuses=[Person.IdentityStatus.DIFFERS, Person.IdentityStatus.MISSING]),
        note=NOTE,
    )
    # Asked for when the month's letter was written, not on the day of loading.
    IdentityRound.objects.filter(pk=made.pk).update(opened_at=OPENED_AT)
