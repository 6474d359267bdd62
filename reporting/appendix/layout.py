"""What all sheets of the appendix share: page, title block, heading, notes, number formats, linked cells."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.conf import settings
from xlsxwriter.worksheet import Worksheet

from batosocial.lib import months

FONT = "Times New Roman"
#: Vietnamese separators where a program takes them from the format (LibreOffice); Excel takes its own locale's.
#: "_-" keeps a figure off the border (an indent of cells aligned right is not shown alike everywhere).
WHOLE = "[$-42A]#,##0_-;-#,##0_-;0_-;@_-"
RATE = "[$-42A]0.0_-;-0.0_-;0.0_-;@_-"
SIGNED = "[$-42A]+#,##0_-;-#,##0_-;0_-;@_-"
ABSENT = "-"

#: Rows of a sheet, from 0: title block, unit of measure, header, numbers of the columns, then the communes.
HEAD, NUMBERS, FIRST = 5, 6, 7
#: Every sheet is as wide: columns A (1) to K (11).
LETTERS = "ABCDEFGHIJK"
LAST = len(LETTERS) - 1
ROW_HEIGHT = 15.75
MM = 1 / 25.4
_A4 = 9
#: How many letters of a note stand in one line of the sheet.
_NOTE_LETTERS = 190


@dataclass(frozen=True, slots=True)
class Column:
    """Heading, width in letters, and what stands under the heading: "(5) = (4)/(3)"."""

    name: str
    width: float
    number: str


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a sheet's table; ``district`` as in the middle of a sentence."""

    number: str
    title: str
    month: datetime.date
    district: str
    unit: str = "người"


class Styles:
    """Formats of the workbook, made once each."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def __call__(self, **options: Any) -> Any:
        options = {"font_name": FONT, "font_size": 12, "valign": "vcenter", **options}
        key = tuple(sorted(options.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(options)
        return self._made[key]

    def cell(self, *, total: bool = False, **options: Any) -> Any:
        """Ruled; a total is bold on grey."""
        more = {"bold": True, "bg_color": "#F2F2F2"} if total else {}
        return self(**{"border": 1, **more, **options})


class Sheet(Worksheet):
    """A worksheet of the decree's layout."""

    def _xml_start_tag(self, tag: str, attributes: Any = None) -> None:
        # The decree hides the number of page 1: an attribute that XlsxWriter does not offer.
        if tag == "headerFooter":
            attributes = [("differentFirst", 1), *(attributes or [])]
        super()._xml_start_tag(tag, attributes or [])

    # --- around the table ------------------------------------------------------------------------------------------

    def begin(self, styles: Styles, heading: Heading, columns: Sequence[Column]) -> None:
        """Page, title block and heading of the table."""
        self.styles = styles
        self._page()
        self._titles(heading)
        head = styles.cell(bold=True, align="center", text_wrap=True, bg_color="#E8EEF4")
        below = styles.cell(italic=True, align="center", text_wrap=True, font_size=10)
        for place, column in enumerate(columns):
            self.set_column(place, place, column.width)
            self.write_string(HEAD, place, column.name, head)
            self.write_string(NUMBERS, place, column.number, below)
        self.set_row(HEAD, 62)
        self.set_row(NUMBERS, 27)
        self.freeze_panes(FIRST, 2)

    def _page(self) -> None:
        self.set_landscape()
        self.set_paper(_A4)
        # A landscape page of the decree's own file: left 30, right 15, top 20, bottom 15 mm; header at 10 mm.
        self.set_margins(left=30 * MM, right=15 * MM, top=20 * MM, bottom=15 * MM)
        self.set_header(f'&C&"{FONT},Regular"&13&P', {"margin": 10 * MM})
        self.fit_to_pages(1, 0)
        # Each appendix counts its own pages.
        self.set_start_page(1)
        self.center_horizontally()
        self.hide_gridlines(2)
        self.repeat_rows(HEAD, NUMBERS)

    def _titles(self, heading: Heading) -> None:
        # The clerk fills number and day on paper; an electronic document leaves them blank.
        attached = (
            f"(Kèm theo Công văn số        /UBND-        ngày      tháng      năm          của UBND {heading.district})"
        )
        title = f"{heading.title} {months.title(heading.month).upper()}"
        for row, text, style in (
            (0, heading.number, {"bold": True, "font_size": 14}),
            (1, title, {"bold": True, "font_size": 13}),
            (2, attached, {"italic": True, "font_size": 13}),
        ):
            self.merge_range(row, 0, row, LAST, text, self.styles(align="center", text_wrap=True, **style))
            self.set_row(row, 19)
        # The line under the block, as long as about a third of the page.
        middle = LAST // 2
        self.merge_range(3, middle - 1, 3, middle + 1, "", self.styles(bottom=1))
        self.set_row(3, 5)
        self.set_row(4, 20)
        if settings.DEMO:
            self.merge_range(4, 0, 4, 3, "Dữ liệu minh họa", self.styles(bold=True, font_color="#C00000"))
        unit = f"Đơn vị tính: {heading.unit}"
        self.merge_range(4, LAST - 3, 4, LAST, unit, self.styles(italic=True, align="right"))

    def end(self, first: int, lines: Sequence[str]) -> None:
        """Notes from row ``first`` on, under an empty line; what is printed ends with them."""
        self.set_row(first, 6)
        for row, line in enumerate(["Ghi chú:", *lines], first + 1):
            style = self.styles(italic=True, text_wrap=True, valign="top", bold=row == first + 1, font_size=11)
            self.merge_range(row, 0, row, LAST, line, style)
            self.set_row(row, 14.5 * -(-len(line) // _NOTE_LETTERS))
        self.print_area(0, 0, first + 1 + len(lines), LAST)

    # --- cells -----------------------------------------------------------------------------------------------------

    def label(self, row: int, text: str, *, number: int | None = None, total: bool = False) -> None:
        """Number and name of a row."""
        self.set_row(row, ROW_HEIGHT)
        centred = self.styles.cell(align="center", total=total)
        if number is None:
            self.write_blank(row, 0, None, centred)
        else:
            self.write_number(row, 0, number, centred)
        self.text(row, 1, text, total=total)

    def band(self, row: int, letter: str, text: str) -> None:
        """A row that names the block under it."""
        self.set_row(row, ROW_HEIGHT)
        self.write_string(row, 0, letter, self.styles.cell(bold=True, align="center"))
        self.write_string(row, 1, text, self.styles.cell(bold=True, indent=1))
        for column in range(2, LAST + 1):
            self.write_blank(row, column, None, self.styles.cell())

    def text(self, row: int, column: int, text: str, *, total: bool = False) -> None:
        self.write_string(row, column, text, self.styles.cell(indent=1, total=total))

    def count(
        self,
        row: int,
        column: int,
        value: int | None,
        *,
        address: str = "",
        formula: str = "",
        total: bool = False,
        signed: bool = False,
        **options: Any,
    ) -> None:
        """A number, or a formula with the value it has, that opens the list of whom it counts.

        The link goes in first and the number over it: a cell of a number with a link, printed as every other.
        """
        style = self.styles.cell(num_format=SIGNED if signed else WHOLE, align="right", total=total, **options)
        if address:
            self.write_url(row, column, address, style, string=ABSENT, tip="Mở danh sách")
        if value is None:
            self.write_string(row, column, ABSENT, style)
        elif formula:
            self.write_formula(row, column, formula, style, value)
        else:
            self.write_number(row, column, value, style)

    def rate(self, row: int, column: int, part: str, whole: str, value: Decimal | None, *, total: bool = False) -> None:
        """A percentage of two columns of the row, given by their letters, with the value it has."""
        style = self.styles.cell(num_format=RATE, align="right", total=total)
        shown = ABSENT if value is None else float(value)
        self.write_formula(row, column, percent(f"{part}{row + 1}", f"{whole}{row + 1}"), style, shown)


def percent(part: str, whole: str) -> str:
    """A rate as a formula, rounded half-up: whole numbers are divided last, so that no half is lost in between."""
    return f'=IF({whole}=0,"{ABSENT}",ROUND({part}*1000/{whole},0)/10)'


def sum_above(column: int, first: int, last: int) -> str:
    """The sum of a column's rows ``first`` to ``last``, counted from 0."""
    letter = LETTERS[column]
    return f"=SUM({letter}{first + 1}:{letter}{last + 1})"


def sum_beside(row: int, first: int, last: int) -> str:
    """The sum of a row's columns ``first`` to ``last``, counted from 0."""
    return f"=SUM({LETTERS[first]}{row + 1}:{LETTERS[last]}{row + 1})"
