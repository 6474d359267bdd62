"""Calendar months. A month is the `datetime.date` of its first day."""

import datetime
import re
from collections.abc import Iterator

from batosocial.lib.text import clean

_YEAR = r"(?P<year>(?:19|20)[0-9]{2})"
_MONTH = r"(?P<month>0?[1-9]|1[0-2])"
_SEPARATOR = r" ?[-/.] ?"
_FORMS = (
    re.compile(rf"(?:(?:tháng|t) ?)?{_MONTH}(?:{_SEPARATOR}| ?,? năm ){_YEAR}", re.IGNORECASE),
    re.compile(rf"{_YEAR}{_SEPARATOR}{_MONTH}"),
)


def parse(text: str) -> datetime.date:
    """The month that "2024-08", "8/2024", "tháng 7/2024" or "Tháng 7 năm 2024" names.

    Raises ValueError, with a message for the user, for anything else and for years outside 1900 to 2099.
    """
    cleaned = clean(text)
    for form in _FORMS:
        if match := form.fullmatch(cleaned):
            return datetime.date(int(match["year"]), int(match["month"]), 1)
    raise ValueError(f"Không đọc được tháng “{cleaned}”. Hãy ghi theo dạng 7/2024.")


def first(day: datetime.date) -> datetime.date:
    """The month in which a day lies."""
    return datetime.date(day.year, day.month, 1)


def add(month: datetime.date, n: int) -> datetime.date:
    """The month `n` months later, or earlier where `n` is negative; ValueError outside years 1 to 9999."""
    years, index = divmod(month.month - 1 + n, 12)
    return datetime.date(month.year + years, index + 1, 1)


def between(a: datetime.date, b: datetime.date) -> int:
    """Number of months from `a` to `b`, negative where `b` is earlier."""
    return (b.year - a.year) * 12 + b.month - a.month


def span(start: datetime.date, end: datetime.date) -> Iterator[datetime.date]:
    """Every month from `start` to `end`, both included; none where `end` is earlier."""
    return (add(start, n) for n in range(between(start, end) + 1))


def iso(month: datetime.date) -> str:
    """For URLs and file names: "2024-08"."""
    return f"{month.year:04}-{month.month:02}"


def label(month: datetime.date) -> str:
    """For tables and charts: "7/2024"."""
    return f"{month.month}/{month.year}"


def title(month: datetime.date) -> str:
    """For sentences and headings: "tháng 7/2024"."""
    return f"tháng {label(month)}"
