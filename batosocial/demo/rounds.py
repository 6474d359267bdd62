"""The demo's open round: whoever differs from the population database or has no CCCD (letter of 7/2024, mục 3)."""

import datetime

from batosocial.coordination.rounds.choosing import Choice
from batosocial.coordination.rounds.services import open_round
from batosocial.staff.models import User
from beneficiaries.models import Person

NAME = "Đợt làm sạch dữ liệu tháng 7/2024"
NOTE = (
    "Đề nghị Công an huyện chỉ đạo Công an xã đối chiếu với cơ sở dữ liệu dân cư, cho biết thông tin đúng; "
    "vận động người chưa có CCCD làm thẻ."
)


def load_rounds(phong: User) -> None:
    """Open the round of July; nobody has answered yet."""
    open_round(
        actor=phong,
        name=NAME,
        fields=["name", "birth", "sex", "cccd"],
        until=datetime.date(2024, 7, 31),
        choice=Choice(statuses=[Person.IdentityStatus.DIFFERS, Person.IdentityStatus.MISSING]),
        note=NOTE,
    )
