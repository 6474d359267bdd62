"""Workbooks that go back to the user: their own with its cells marked, and an empty one to fill in."""

import io
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePath

from xlsxwriter import Workbook

from batosocial.audit import services as audit
from batosocial.lib.workbooks import Marks, Severity, WorkbookError, mark_workbook
from batosocial.staff.models import User
from beneficiaries.models import ImportBatch

SAMPLE_NAME = "mau_danh_sach.xlsx"
_ZIP = b"PK\x03\x04"
_HEADER = (
    ("TT", 5), ("Họ và tên", 28), ("Nam", 13), ("Nữ", 13), ("Số CCCD", 16), ("Dân tộc", 10), ("Mã đối tượng", 14),
    ("Mức trợ cấp (đồng)", 16), ("Số tài khoản", 18), ("Ngân hàng", 12), ("Chủ tài khoản", 22), ("Ghi chú", 30),
)  # fmt: skip
_GUIDE = (
    "Mỗi người một dòng; dòng “Thôn …” hoặc “TDP …” cho biết thôn, tổ của những người bên dưới.",
    "Năm sinh ghi vào cột Nam hoặc cột Nữ: 1942, 05/1942 hoặc 12/05/1942; chỉ biết năm thì chỉ ghi năm.",
    "Số CCCD và số tài khoản: để ô dạng chữ (Text), ghi đủ số 0 ở đầu.",
    "Chưa có CCCD: để trống và ghi lý do ở cột Ghi chú.",
    "Chủ tài khoản: Chính chủ, Người giám hộ hoặc Người được ủy quyền.",
    "Tiêu đề ghi đúng tên xã và tháng của danh sách; tháng quyết định mức trợ cấp được so sánh.",
)
Message = tuple[str, int, str, str, str]


def marked_workbook(*, actor: User, batch: ImportBatch) -> bytes:
    """The batch's workbook, marked; who takes it stands in the audit. Raises WorkbookError as reading does."""
    found: list[Message] = [
        (sheet, row, message["column"], message["severity"], message["message"])
        for sheet, row, messages in batch.rows.exclude(messages=[]).values_list("sheet", "row", "messages")
        for message in messages
    ]
    content = mark_list(bytes(batch.file.content), found)
    audit.record(actor=actor, action="Tải tệp đã đánh dấu", row=batch)
    return content


def mark_list(content: bytes, messages: Iterable[Message]) -> bytes:
    """A workbook with messages (sheet, row, column letter or "", severity, text) at their cells.

    Where the original is no xlsx, only the first sheet with messages comes back.
    """
    sheets: dict[str, dict[tuple[int, int] | int, list[tuple[Severity, str]]]] = defaultdict(lambda: defaultdict(list))
    for sheet, row, column, severity, text in messages:
        place = (row, _number(column)) if column else row
        sheets[sheet][place].append(("error" if severity == "error" else "warning", text))
    if not sheets:
        return content
    keeps_sheets = content.startswith(_ZIP)
    for sheet, marks in sheets.items():
        shown: Marks = marks
        try:
            content = mark_workbook(content, sheet, shown)
        except WorkbookError as error:
            # A very large workbook comes back as one sheet; the others' marks stay on the page.
            if error.code == "no_sheet":
                continue
            raise
        if not keeps_sheets:
            break
    return content


def marked_name(batch: ImportBatch) -> str:
    return f"{PurePath(batch.file.name).stem}_danh_dau.xlsx"


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def sample_workbook() -> bytes:
    """The layout that is read best, with a guide on a second sheet. Its rows are invented."""
    file = io.BytesIO()
    book = Workbook(file, {"in_memory": True})
    bold = book.add_format({"bold": True, "align": "center", "valign": "vcenter", "text_wrap": True, "border": 1})
    title = book.add_format({"bold": True, "align": "center", "font_size": 13})
    text = book.add_format({"num_format": "@"})
    money = book.add_format({"num_format": "#,##0"})
    sheet = book.add_worksheet("Danh sách")
    last = len(_HEADER) - 1
    for row, line in enumerate(
        ("ỦY BAN NHÂN DÂN XÃ …", "DANH SÁCH ĐỐI TƯỢNG HƯỞNG TRỢ CẤP XÃ HỘI HẰNG THÁNG", "Tháng … năm …")
    ):
        sheet.merge_range(row, 0, row, last, line, title)
    for column, (label, width) in enumerate(_HEADER):
        sheet.set_column(column, column, width, text if label in ("Số CCCD", "Số tài khoản", "Nam", "Nữ") else None)
        if label == "Nam":
            sheet.merge_range(4, column, 4, column + 1, "Năm sinh", bold)
        if label in ("Nam", "Nữ"):
            sheet.write_string(5, column, label, bold)
        else:
            sheet.merge_range(4, column, 5, column, label, bold)
    sheet.write_string(6, 1, "Thôn Ví Dụ", book.add_format({"bold": True}))
    rows = (
        ("1", "Phạm Thị Ví Dụ", "", "12/05/1942", "051142000001", "H're", "BTXH-5C", 500000,
         "", "", "", "chưa đồng ý mở tài khoản"),
        ("2", "Phạm Văn Ví Dụ", "1979", "", "051079000002", "H're", "BTXH-6A", 1000000,
         "4500000000002", "Agribank", "Chính chủ", ""),
    )  # fmt: skip
    for number, values in enumerate(rows, 7):
        for column, value in enumerate(values):
            if isinstance(value, int):
                sheet.write_number(number, column, value, money)
            elif value:
                sheet.write_string(number, column, value, text)
    sheet.freeze_panes(6, 2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    guide = book.add_worksheet("Hướng dẫn")
    guide.set_column(0, 0, 110)
    for row, line in enumerate(_GUIDE):
        guide.write_string(row, 0, line)
    book.close()
    return file.getvalue()
