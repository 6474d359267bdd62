"""Dates as a document writes them (NĐ 30/2020/NĐ-CP, Phụ lục I): blank where whoever signs fills them in."""

import datetime


def date_words(day: datetime.date | None, year: int) -> str:
    """ "ngày 05 tháng 7 năm 2024": a day below 10 and months 1, 2 with a zero; blanks where it is not decided."""
    if day is None:
        return f"ngày       tháng       năm {year}"
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return f"ngày {day.day:02} tháng {month} năm {day.year}"


def month_words(month: datetime.date) -> str:
    """ "ngày       tháng 7 năm 2024": the clerk fills the day in; months 1 and 2 are written with a zero."""
    number = f"{month.month:02}" if month.month < 3 else str(month.month)
    return f"ngày       tháng {number} năm {month.year}"
