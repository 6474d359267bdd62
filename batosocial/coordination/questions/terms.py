"""Until when the Phòng owes an answer."""

import datetime

from batosocial.coordination.models import AnswerTerm
from payments.effects.law import after_working_days

#: Where no term was ever set.
DEFAULT_DAYS = 5


def days_from(day: datetime.date) -> int:
    """Working days for a question of that day: those of the newest setting in force."""
    found = AnswerTerm.objects.filter(valid_from__lte=day).order_by("-valid_from").values_list("days", flat=True)
    return found.first() or DEFAULT_DAYS


def due_from(day: datetime.date) -> datetime.date:
    """The day by which a question of ``day`` is to be answered, weekends left out."""
    return after_working_days(day, days_from(day))
