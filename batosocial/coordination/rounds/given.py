"""What somebody of the police says about one person of a round, from a form or a row of a file."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Given:
    """``answer`` is a value of ``IdentityAnswer.Answer``. ``right`` holds, for a difference, the right value of each
    field that differs: {"name": str, "birth": PartialDate, "sex": "M" or "F", "cccd": str}. A death has its month, and
    its day where that is known. ``seen`` holds what the asker was shown ({field: text}, as in
    ``IdentityAnswer.asked``); what has changed since has to be asked again. ``corrects`` is the answer (its id) that
    the asker saw and puts right; None for a first answer."""

    row_id: int
    answer: str
    right: Mapping[str, object] = field(default_factory=dict)
    died_month: datetime.date | None = None
    died_on: datetime.date | None = None
    note: str = ""
    seen: Mapping[str, str] | None = None
    corrects: int | None = None
