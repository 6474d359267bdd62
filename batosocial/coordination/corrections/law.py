"""What Điều 130 NĐ 131/2021/NĐ-CP says of correcting an NCC file: forms, and the days of the Sở."""

import datetime

from batosocial.coordination.models import Correction
from payments.effects.law import after_working_days

#: Working days of the Sở, once to pass the request on to the authority that issued the file, once to decide after that
#: has answered (Điều 130 NĐ 131/2021; rules.md 2.6, read in the text). For that authority there is no term.
DEPARTMENT_DAYS = 12
BASIS = "Điều 130 NĐ 131/2021/NĐ-CP"
PAPERS = "bản sao chứng thực CCCD hoặc CMND, sổ hộ khẩu, giấy tờ hộ tịch"
FIELD_LABELS = {"name": "họ tên", "birth": "ngày sinh", "sex": "giới tính", "cccd": "số CCCD"}

#: States in which the Sở has a term.
TIMED = (Correction.State.SENT, Correction.State.RETURNED)


def due_of(state: str, since: datetime.date) -> datetime.date | None:
    """The last day of the term of a state that began on ``since``; None where there is none."""
    return after_working_days(since, DEPARTMENT_DAYS) if state in TIMED else None
