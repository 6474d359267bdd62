"""The report as a workbook: sums beside the rates, and every session on a second sheet."""

import io
from collections.abc import Iterable
from typing import Any

import xlsxwriter

from batosocial.coordination.models import OutreachSession
from batosocial.coordination.outreach.forms import WHOLE
from batosocial.coordination.outreach.report import Line, Report
from batosocial.lib import clock, months
from batosocial.lib.money import format_rate
from batosocial.web import sheets

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SUMS = (
    ("TT", 5), ("Xã, thị trấn", 20), ("Số buổi", 8), ("Thôn đã truyền thông", 12), ("Tổng số thôn", 9),
    ("Lượt người tiếp cận", 11), ("Tài khoản mở sau buổi: xã ghi", 14), ("Tài khoản mở sau buổi: theo sổ", 14),
    ("R1 NCC (%)", 9), ("R1 BTXH (%)", 9), ("R1 cả hai (%)", 9), ("Thay đổi R1 cả hai", 14),
)  # fmt: skip
_SESSIONS = (
    ("TT", 5), ("Xã, thị trấn", 20), ("Ngày", 11), ("Thôn", 28), ("Hình thức", 20), ("Nội dung", 40),
    ("Lượt người", 9), ("Người thực hiện", 24), ("Tài khoản: xã ghi", 12), ("Tài khoản: theo sổ", 12), ("Ghi chú", 30),
)  # fmt: skip


def workbook(report: Report, sessions: Iterable[OutreachSession], counted: dict[int, int], *, place: str) -> bytes:
    """Text is text, numbers are numbers; A4 landscape."""
    output = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(output, options) as book:
        styles = sheets.add_styles(book)
        chosen = report.range
        said = f"{chosen.title[:1].upper()}{chosen.title[1:]}. "
        if chosen.month:
            said += f"R1 (đã chi qua tài khoản / tổng số đối tượng) của {months.title(chosen.month)}"
            said += f", so với {months.title(chosen.since)}. " if chosen.since else ". "
        said += f"Lập ngày {clock.today():%d/%m/%Y}"
        title = "KẾT QUẢ TRUYỀN THÔNG VÀ TỶ LỆ CHI QUA TÀI KHOẢN"
        sheet = sheets.add_sheet(book, styles, "Tổng hợp", _SUMS, place=place, title=title, said=said)
        text, figure, whole = styles["text"], styles["figure"], styles["total"]
        for number, line in enumerate(report.lines, start=1):
            sheets.write_row(sheet, sheets.HEAD + number, [number, *_cells(line)], text=text, figure=figure)
        total = ["", *_cells(report.total)]
        sheets.write_row(sheet, sheets.HEAD + 1 + len(report.lines), total, text=whole, figure=whole)
        second = sheets.add_sheet(
            book, styles, "Các buổi", _SESSIONS, place=place, title="CÁC BUỔI TRUYỀN THÔNG", said=said
        )
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
            sheets.write_row(second, sheets.HEAD + number, cells, text=text, figure=figure)
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
