"""Birth dates of which only the year, or year and month, may be known, and the ages that follow from them.

What is not known is never invented in the stored value. Where an age must be computed, a birth date of which
only the year is known counts from 01/01 and one without its day from the 1st, as social insurance does
(NĐ 135/2020; NĐ 20/2021 is silent).
"""

import calendar
import datetime
import re
from dataclasses import dataclass

from batosocial.lib.text import clean

FIRST_YEAR = 1900
#: Numbers up to here are years; larger ones are Excel's day numbers (1942 as such would be 25/4/1905).
_LAST_YEAR_NUMBER = 2030
_EXCEL_EPOCH = datetime.date(1899, 12, 30)

_UNKNOWN = r"0{1,2}|[-_?.*xX…]{0,3}"
_PART = rf"\d{{1,2}}|{_UNKNOWN}"
_SEPARATOR = r"\s?[-/. ]\s?"
_WRITTEN = re.compile(
    rf"(?:(?P<day>{_PART})(?:{_SEPARATOR}))?(?P<month>{_PART}){_SEPARATOR}(?P<year>\d{{4}})", re.ASCII
)
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2})?)?", re.ASCII)
_PREFIX = re.compile(r"(?:sinh )?(?:năm |ngày )?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date known to the year, the month or the day. ValueError for a date that does not exist."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.day is not None and self.month is None:
            raise ValueError("Có ngày thì phải có tháng.")
        try:
            _ = self.earliest
        except ValueError:
            raise ValueError(f"Ngày {self} không có trong lịch.") from None

    def __str__(self) -> str:
        """ "1942", "05/1942" or "12/05/1942"."""
        known = [f"{part:02}" for part in (self.day, self.month) if part is not None]
        return "/".join([*known, f"{self.year:04}"])

    @property
    def earliest(self) -> datetime.date:
        """The first day it can be; ages count from it."""
        return datetime.date(self.year, 1 if self.month is None else self.month, 1 if self.day is None else self.day)


@dataclass(frozen=True, slots=True)
class Death:
    """When somebody died: a day, or only a month, which stands as its first day. ValueError for another day of it."""

    day: datetime.date
    month_only: bool = False

    def __post_init__(self) -> None:
        if self.month_only and self.day.day != 1:
            raise ValueError("Chỉ biết tháng thì ghi ngày đầu tháng.")

    def __str__(self) -> str:
        """ "ngày 30/06/2024" or "tháng 6/2024"."""
        return f"tháng {self.day.month}/{self.day.year}" if self.month_only else f"ngày {self.day:%d/%m/%Y}"

    @property
    def plain(self) -> str:
        """As the audit keeps it: "2024-06-30" or "2024-06"."""
        return f"{self.day:%Y-%m}" if self.month_only else self.day.isoformat()

    def fits(self, other: "Death") -> bool:
        """Whether both can be told of one death: the same day, or the same month where one knows no day."""
        if self.month_only or other.month_only:
            return (self.day.year, self.day.month) == (other.day.year, other.day.month)
        return self.day == other.day


def parse_partial(value: object, *, today: datetime.date) -> tuple[PartialDate, list[str]]:
    """A birth date from a cell or a form, with warnings for the user about what looks doubtful.

    Reads years (1942), day numbers of Excel, dates, and text: "5/1942", "12/5/1942", "00/00/1942",
    "--/--/1942", "1942-05-12". Raises ValueError, with a message for the user, for what is empty or
    unreadable, dates that do not exist, years before 1900 and dates after `today`.
    """
    date, warnings = _read(value)
    if date.year < FIRST_YEAR:
        raise ValueError(f"Năm sinh {date.year} trước năm {FIRST_YEAR}; hãy kiểm tra lại.")
    if date.earliest > today:
        raise ValueError(f"Ngày sinh {date} ở sau hôm nay ({today:%d/%m/%Y}); hãy kiểm tra lại.")
    if (date.month, date.day) == (1, 1):
        warnings.append(f"Ngày sinh {date}: nếu chỉ biết năm thì hãy ghi {date.year}.")
    return date, warnings


def _read(value: object) -> tuple[PartialDate, list[str]]:
    match value:
        case datetime.date():
            return PartialDate(value.year, value.month, value.day), []
        case int() | float() if not isinstance(value, bool):
            return _from_number(value), []
        case str():
            return _from_text(clean(value))
        case None:
            return _from_text("")
    raise ValueError(f"Không đọc được ngày sinh “{value}”; hãy ghi 1942, 05/1942 hoặc 12/05/1942.")


def _from_number(value: float) -> PartialDate:
    if not value <= _LAST_YEAR_NUMBER:
        try:
            day = _EXCEL_EPOCH + datetime.timedelta(days=int(value))
        except (OverflowError, ValueError):
            raise ValueError(f"Số {value} không phải là ngày sinh.") from None
        return PartialDate(day.year, day.month, day.day)
    # Small first: minus infinity has no whole part to compare with.
    if value < 1000 or value != int(value):
        raise ValueError(f"Số {value} không phải là năm sinh; hãy ghi đủ bốn chữ số.")
    return PartialDate(int(value))


def _from_text(text: str) -> tuple[PartialDate, list[str]]:
    written = _PREFIX.sub("", text, count=1)
    if written.isascii() and written.isdigit() and len(written) in (4, 5):
        # Nobody writes a day number of four digits; in text 2031 is a slip for 1931.
        number = int(written)
        return (PartialDate(number) if 0 < number < 10_000 else _from_number(number)), []
    found = _ISO.fullmatch(written) or _WRITTEN.fullmatch(written)
    if found is None:
        problem = f"Không đọc được ngày sinh “{text}”" if text else "Chưa có ngày sinh"
        raise ValueError(f"{problem}; hãy ghi 1942, 05/1942 hoặc 12/05/1942.")
    day, month = (_known(found[part]) for part in ("day", "month"))
    year = int(found["year"])
    if day and not month:
        return PartialDate(year), [f"Ngày sinh “{text}” có ngày mà không có tháng: chỉ lấy năm {year}."]
    return PartialDate(year, month, day), []


def _known(part: str | None) -> int | None:
    """A written day or month; None where it is left out, zero or dashes."""
    return int(part) or None if part and part.isdigit() else None


def age_months(birth: PartialDate, on: datetime.date) -> int:
    """Full months of age on a day; negative before birth."""
    start = birth.earliest
    # Whoever is born on the 31st completes a month on the last day of a shorter one.
    reached = on.day >= min(start.day, calendar.monthrange(on.year, on.month)[1])
    return (on.year - start.year) * 12 + on.month - start.month - (not reached)


def reaches_age_on(birth: PartialDate, years: int) -> datetime.date:
    """The day on which someone is fully `years` old; 28/02 for a birth on 29/02 where there is no 29th.

    That a term of years without its day ends on the month's last day is Điều 148 Bộ luật Dân sự 2015.
    """
    start = birth.earliest
    year = start.year + years
    return start.replace(year=year, day=min(start.day, calendar.monthrange(year, start.month)[1]))
