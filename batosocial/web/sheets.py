"""Worksheets for paper: A4 across, with place, title and a line of facts above a boxed table."""

from typing import Any

from django.conf import settings

_A4 = 9
#: The row of the table's heading, counted from 0.
HEAD = 4

Columns = tuple[tuple[str, int], ...]


def add_styles(book: Any) -> dict[str, Any]:
    """Formats of an xlsxwriter workbook: plain, bold, title, head, text, figure, total."""
    base = {"font_name": "Times New Roman", "font_size": 10}
    boxed = {**base, "border": 1, "valign": "top"}
    return {
        "plain": book.add_format({**base, "italic": True}),
        "bold": book.add_format({**base, "bold": True}),
        "title": book.add_format({**base, "font_size": 13, "bold": True}),
        "head": book.add_format(
            {**boxed, "bold": True, "align": "center", "valign": "vcenter", "text_wrap": True, "bg_color": "#EAF0F6"}
        ),
        "text": book.add_format({**boxed, "num_format": "@", "text_wrap": True}),
        "figure": book.add_format({**boxed, "num_format": "#,##0"}),
        "total": book.add_format({**boxed, "bold": True, "num_format": "#,##0"}),
    }


def add_sheet(
    book: Any, styles: dict[str, Any], name: str, columns: Columns, *, place: str, title: str, said: str
) -> Any:
    """A sheet with its head; ``columns`` are headings with their widths, ``said`` stands below the title."""
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&CTrang &P/&N" + ("&RDữ liệu minh họa" if settings.DEMO else ""))
    sheet.write_string(0, 0, place, styles["bold"])
    sheet.write_string(1, 0, title, styles["title"])
    sheet.write_string(2, 0, f"{said}{' · Dữ liệu minh họa' if settings.DEMO else ''}", styles["plain"])
    for index, (heading, width) in enumerate(columns):
        sheet.set_column(index, index, width)
        sheet.write_string(HEAD, index, heading, styles["head"])
    sheet.repeat_rows(HEAD)
    sheet.freeze_panes(HEAD + 1, 2)
    return sheet


def write_row(sheet: Any, at: int, cells: list[Any], *, text: Any, figure: Any) -> None:
    """Numbers as numbers, everything else as text."""
    for index, value in enumerate(cells):
        if isinstance(value, int):
            sheet.write_number(at, index, value, figure)
        else:
            sheet.write_string(at, index, value, text)
