"""A list as a workbook or as text: in constant memory, and nothing in it is ever run as a formula."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Any

import xlsxwriter
from django.conf import settings
from django.utils import timezone

from batosocial.lib import months
from batosocial.staff.models import User
from beneficiaries.exports.lists import ListExport
from beneficiaries.resources import Column
from beneficiaries.resources.widgets import NumberTextWidget

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
#: Excel with Vietnamese settings has the comma for decimals and parts columns of a .csv by semicolons.
SEPARATOR = ";"
#: Text that begins so is a formula, or a command, to a spreadsheet that opens a .csv.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_HEAD_ROW = 3
_A4 = 9
Tell = Callable[[int], None]


@dataclass(frozen=True)
class Format:
    ending: str
    content_type: str
    write: Callable[[IO[bytes], ListExport, Tell], int]


def write_list(export: ListExport, ending: str, tell: Tell = lambda done: None) -> tuple[IO[bytes], int]:
    """The list as a file of the format, rewound, and how many rows it has. Whoever takes it closes it."""
    file: IO[bytes] = tempfile.TemporaryFile(suffix=f".{ending}")  # noqa: SIM115
    count = FORMATS[ending].write(file, export, tell)
    file.seek(0)
    return file, count


def _write_xlsx(file: IO[bytes], export: ListExport, tell: Tell) -> int:
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold, note = book.add_format({"bold": True, "font_size": 14}), book.add_format({"italic": True})
    head = book.add_format({"bold": True, "border": 1, "text_wrap": True, "valign": "vcenter", "bg_color": "#EAF0F6"})
    text = book.add_format({"border": 1, "num_format": "@", "valign": "top", "text_wrap": True})
    number = book.add_format({"border": 1, "valign": "top"})
    amount = book.add_format({"border": 1, "valign": "top", "num_format": "#,##0"})
    sheet = book.add_worksheet(export.sheet)
    columns = list(export.columns.values())
    sheet.set_column(0, 0, 6)
    for place, column in enumerate(columns, start=1):
        sheet.set_column(place, place, column.width)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEAD_ROW)
    who = _who(export.user)
    # "&" begins a code in headers and footers.
    sheet.set_footer(f"&L{who.replace('&', '&&')[:120]}&RTrang &P/&N")
    sheet.write_string(0, 0, f"{export.title.upper()}, {months.title(export.month)}", bold)
    sheet.write_string(1, 0, f"Dữ liệu minh họa. {who}" if settings.DEMO else who, note)
    for place, heading in enumerate(_headings(columns)):
        sheet.write_string(_HEAD_ROW, place, heading, head)
    sheet.freeze_panes(_HEAD_ROW + 1, 2)
    count = 0
    for count, line in enumerate(export.lines(), start=1):
        at = _HEAD_ROW + count
        sheet.write_number(at, 0, count, number)
        for place, value in enumerate(line, start=1):
            if isinstance(value, int):
                sheet.write_number(at, place, value, amount)
            else:
                sheet.write_string(at, place, value, text)
        tell(count)
    sheet.autofilter(_HEAD_ROW, 0, _HEAD_ROW + count, len(columns))
    book.close()
    return count


def _write_csv(file: IO[bytes], export: ListExport, tell: Tell) -> int:
    """UTF-8 with its mark, so that Excel reads the accents; a heading and the rows, nothing above or below."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, delimiter=SEPARATOR, lineterminator="\r\n")
    columns = list(export.columns.values())
    # A spreadsheet would take these for numbers: away with leading zeros, and 13 digits become 4,5E+12.
    digits = [isinstance(column.widget, NumberTextWidget) for column in columns]
    writer.writerow(_headings(columns))
    count = 0
    for count, line in enumerate(export.lines(), start=1):
        writer.writerow([count, *(_inert(value, is_digits) for value, is_digits in zip(line, digits, strict=True))])
        tell(count)
    text.flush()
    text.detach()
    return count


def _inert(value: Any, is_digits: bool) -> Any:
    """A cell that no spreadsheet runs or rounds: behind an apostrophe, its mark for text, where it might."""
    if not isinstance(value, str):
        return value
    return f"'{value}" if value.startswith(_DANGEROUS) or (is_digits and value.isdigit()) else value


def _headings(columns: Sequence[Column]) -> Iterable[str]:
    return ["TT", *(column.heading for column in columns)]


def _who(user: User) -> str:
    return f"{user.full_name} xuất lúc {timezone.localtime():%H:%M %d/%m/%Y}"


FORMATS = {"xlsx": Format("xlsx", XLSX, _write_xlsx), "csv": Format("csv", CSV, _write_csv)}
