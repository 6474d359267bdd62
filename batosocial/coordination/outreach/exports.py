"""The report as a workbook: sums beside the rates, and every session on a second sheet."""

import io
from collections.abc import Iterable
from typing import Any

import xlsxwriter
from django.conf import settings

from batosocial.coordination.models import OutreachSession
from batosocial.coordination.outreach.forms import WHOLE
from batosocial.coordination.outreach.report import Line, Report
from batosocial.lib import clock, months
from batosocial.lib.money import format_rate

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_A4 = 9
_SUMS = (
    ("TT", 5), ("Xã, thị trấn", 20), ("Số buổi", 8), ("Thôn đã truyền thông", 12), ("Tổng số thôn", 9),
    ("Lượt người tiếp cận", 11), ("Tài khoản mở sau buổi: xã ghi", 14), ("Tài khoản mở sau buổi: theo sổ", 14),
    ("R1 NCC (%)", 9), ("R1 BTXH (%)", 9), ("R1 cả hai (%)", 9), ("Thay đổi R1 cả hai", 14),
)  # fmt: skip
_SESSIONS = (
    ("TT", 5), ("Xã, thị trấn", 20), ("Ngày", 11), ("Thôn", 28), ("Hình thức", 20), ("Nội dung", 40),
    ("Lượt người", 9), ("Người thực hiện", 24), ("Tài khoản: xã ghi", 12), ("Tài khoản: theo sổ", 12), ("Ghi chú", 30),
)  # fmt: skip
_HEAD = 4


def workbook(report: Report, sessions: Iterable[OutreachSession], counted: dict[int, int], *, place: str) -> bytes:
    """Text is text, numbers are numbers; A4 landscape."""
    output = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(output, options) as book:
        styles = _styles(book)
        chosen = report.range
        said = f"{chosen.title[:1].upper()}{chosen.title[1:]}. "
        if chosen.month:
            said += f"R1 (đã chi qua tài khoản / tổng số đối tượng) của {months.title(chosen.month)}"
            said += f", so với {months.title(chosen.since)}. " if chosen.since else ". "
        sheet = _sheet(book, styles, "Tổng hợp", _SUMS, "KẾT QUẢ TRUYỀN THÔNG VÀ TỶ LỆ CHI QUA TÀI KHOẢN", place, said)
        for number, line in enumerate(report.lines, start=1):
            _write(sheet, _HEAD + number, [number, *_cells(line)], styles["text"], styles["figure"])
        total = ["", *_cells(report.total)]
        _write(sheet, _HEAD + 1 + len(report.lines), total, styles["total"], styles["total"])
        second = _sheet(book, styles, "Các buổi", _SESSIONS, "CÁC BUỔI TRUYỀN THÔNG", place, said)
        for number, row in enumerate(sessions, start=1):
            cells = [
                number,
                row.commune.full_name,
                f"{row.held_on:%d/%m/%Y}",
                ", ".join(row.hamlets) or WHOLE,
                str(row.form),
                row.topic,
                row.reached,
                row.held_by,
                row.accounts_stated if row.accounts_stated is not None else "",
                counted.get(row.pk, 0),
                row.note,
            ]
            _write(second, _HEAD + number, cells, styles["text"], styles["figure"])
    return output.getvalue()


def _cells(line: Line) -> list[Any]:
    both = line.rates[-1].change
    return [
        line.unit.full_name if line.unit else "Toàn huyện",
        line.sessions,
        line.hamlets,
        line.all_hamlets,
        line.reached,
        line.stated if line.stated is not None else "",
        line.counted,
        *(format_rate(cell.counts.r1) if cell.counts.r1 is not None else "-" for cell in line.rates),
        both.points_text if both else "-",
    ]


def _styles(book: Any) -> dict[str, Any]:
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


def _sheet(
    book: Any,
    styles: dict[str, Any],
    name: str,
    columns: tuple[tuple[str, int], ...],
    title: str,
    place: str,
    said: str,
) -> Any:
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&CTrang &P/&N" + ("&RDữ liệu minh họa" if settings.DEMO else ""))
    sheet.write_string(0, 0, place, styles["bold"])
    sheet.write_string(1, 0, title, styles["title"])
    demo = " Dữ liệu minh họa." if settings.DEMO else ""
    sheet.write_string(2, 0, f"{said}Lập ngày {clock.today():%d/%m/%Y}.{demo}", styles["plain"])
    for index, (heading, width) in enumerate(columns):
        sheet.set_column(index, index, width)
        sheet.write_string(_HEAD, index, heading, styles["head"])
    sheet.repeat_rows(_HEAD)
    sheet.freeze_panes(_HEAD + 1, 2)
    return sheet


def _write(sheet: Any, at: int, cells: list[Any], text: Any, figure: Any) -> None:
    for index, value in enumerate(cells):
        if isinstance(value, int):
            sheet.write_number(at, index, value, figure)
        else:
            sheet.write_string(at, index, value, text)
