"""Days of deadlines, as notices tell them."""

import datetime

from batosocial.coordination.notifications.sources import AHEAD
from batosocial.lib import clock


def last_day(deadline: datetime.date) -> datetime.date:
    """The last day before a deadline that reads "trước ngày …"."""
    return deadline - datetime.timedelta(days=1)


def near(day: datetime.date) -> bool:
    """Whether a last day is so near, or past, that it is told."""
    return day - clock.today() <= AHEAD
