"""Danh sách truy thu as a workbook and on paper: person, month, amount, decision, what came back, what is to come."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from django.db.models import Prefetch, QuerySet

from batosocial.lib import clock, money, months
from batosocial.web import sheets
from payments.effects.claims import remaining
from payments.effects.showing import Sums, receivables_for_showing
from payments.models import Receipt, Receivable

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TITLE = "DANH SÁCH TRUY THU TRỢ CẤP"
SIGNATURES = ("Người lập", "Kế toán", "Thủ trưởng đơn vị")
_COLUMNS = (
    ("TT", 5), ("Họ và tên", 24), ("Ngày sinh", 11), ("Số CCCD", 14), ("Xã, thị trấn", 18), ("Chính sách", 9),
    ("Của tháng", 10), ("Lý do", 38), ("Số phải thu (đồng)", 13), ("Quyết định", 22), ("Đã thu hồi (đồng)", 13),
    ("Còn phải thu (đồng)", 13), ("Trạng thái", 16),
)  # fmt: skip
_RECEIPTS = (
    ("TT", 5), ("Họ và tên", 24), ("Xã, thị trấn", 18), ("Của tháng", 10), ("Ngày nộp", 12), ("Chứng từ", 20),
    ("Số tiền (đồng)", 14), ("Người ghi", 22),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A receivable as it stands on paper; amounts in đồng."""

    name: str
    birth: str
    cccd: str
    place: str
    policy: str
    month: str
    reason: str
    amount: int
    decision: str
    came_back: int
    remaining: int
    state: str
    receipts: tuple[Receipt, ...]

    def cells(self) -> list[Any]:
        """In the order of the columns, after the running number."""
        return [
            self.name, self.birth, self.cccd, self.place, self.policy, self.month, self.reason, self.amount,
            self.decision, self.came_back, self.remaining, self.state,
        ]  # fmt: skip


def paper_rows(rows: QuerySet[Receivable]) -> list[Row]:
    """Rows for paper, with their receipts, in two queries; what was cancelled asks for nothing and is left out."""
    asked = receivables_for_showing(rows.exclude(state=Receivable.State.CANCELLED))
    receipts = Prefetch("receipts", queryset=Receipt.objects.select_related("by"))
    return [_row(row) for row in asked.prefetch_related(receipts)]


def _row(row: Any) -> Row:
    person = row.person
    decision = f"{row.decision_number} ngày {row.decision_date:%d/%m/%Y}" if row.decision_number else ""
    return Row(
        name=person.name,
        birth=person.birth_text,
        cccd=person.cccd,
        place=person.commune.full_name,
        policy=row.policy,
        month=months.label(row.month),
        reason=row.reason,
        amount=row.amount,
        decision=decision,
        came_back=row.came_back,
        remaining=0 if row.state in Receivable.SETTLED else remaining(row),
        state=row.get_state_display(),
        receipts=tuple(row.receipts.all()),
    )


def workbook(rows: Iterable[Row], sums: Sums, *, place: str) -> bytes:
    """The list and, on a second sheet, every receipt; to print on A4 landscape. Text is text, numbers are numbers."""
    lines = list(rows)
    output = io.BytesIO()
    with xlsxwriter.Workbook(
        output, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        styles = sheets.add_styles(book)
        said, boxed = f"Đến ngày {clock.today():%d/%m/%Y}", {"text": styles["text"], "figure": styles["figure"]}
        sheet = sheets.add_sheet(book, styles, "Truy thu", _COLUMNS, place=place, title=TITLE, said=said)
        for number, line in enumerate(lines, start=1):
            sheets.write_row(sheet, sheets.HEAD + number, [number, *line.cells()], **boxed)
        _total(
            sheet,
            sheets.HEAD + 1 + len(lines),
            {8: sums.amount, 10: sums.came_back, 11: sums.remaining},
            styles,
            _COLUMNS,
        )
        words = f"Còn phải thu, bằng chữ: {in_words(sums.remaining)}"
        sheet.write_string(sheets.HEAD + 2 + len(lines), 0, words, styles["plain"])
        for column, who in zip((1, 7, 10), SIGNATURES, strict=True):
            sheet.write_string(sheets.HEAD + 4 + len(lines), column, who, styles["bold"])
        second = sheets.add_sheet(
            book, styles, "Các lần nộp", _RECEIPTS, place=place, title="CÁC KHOẢN ĐÃ THU HỒI", said=said
        )
        receipts = [(line, receipt) for line in lines for receipt in line.receipts]
        for number, (line, receipt) in enumerate(receipts, start=1):
            day = f"{receipt.received_on:%d/%m/%Y}"
            cells = [line.name, line.place, line.month, day, receipt.reference, receipt.amount, str(receipt.by)]
            sheets.write_row(second, sheets.HEAD + number, [number, *cells], **boxed)
        total = sum(receipt.amount for _, receipt in receipts)
        _total(second, sheets.HEAD + 1 + len(receipts), {6: total}, styles, _RECEIPTS)
    return output.getvalue()


def in_words(amount: int) -> str:
    """ "Hai triệu bảy trăm tám mươi chín nghìn đồng."""
    text = money.in_words(amount)
    return f"{text[0].upper()}{text[1:]}."


def _total(
    sheet: Any, at: int, sums: dict[int, int], styles: dict[str, Any], columns: tuple[tuple[str, int], ...]
) -> None:
    for index in range(len(columns)):
        if index in sums:
            sheet.write_number(at, index, sums[index], styles["total"])
        else:
            sheet.write_string(at, index, "Tổng cộng" if index == 1 else "", styles["total"])
