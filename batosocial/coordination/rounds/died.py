"""When somebody died, as the police write it in a form or a file."""

import datetime

from batosocial.lib import months
from batosocial.lib.dates import parse_partial
from batosocial.lib.text import clean


class NoMonth(ValueError):
    """Only a year is written."""


def read_death(value: object, *, today: datetime.date) -> tuple[datetime.date, datetime.date | None]:
    """Month and, where it is known, day of a death: "12/05/2024", "5/2024", "3-2024", "03.2024", "Tháng 3/2024", or
    the date of a cell. NoMonth for a year alone, ValueError for a year of two digits and whatever else can be read in
    two ways or not at all, and for what is after ``today``."""
    text = clean(value) if isinstance(value, str) else ""
    try:
        month = months.parse(text)
    except ValueError:
        if text.isdigit() and len(text) != 4:
            # As a birth date this would be the number of a day.
            raise
        date, _ = parse_partial(value, today=today)
        if date.month is None:
            raise NoMonth(text) from None
        return datetime.date(date.year, date.month, 1), date.earliest if date.day else None
    if month > today:
        raise ValueError(text)
    return month, None
