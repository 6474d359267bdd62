"""The file that payers fill in with results."""

import datetime
import io
from collections.abc import Iterable

import xlsxwriter

from batosocial.lib import months
from payments.models import Payment
from payments.results import words

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_GUIDE = (
    ("Cột", "Cách ghi"),
    (words.NUMBER, "Giữ nguyên; số này quyết định khoản được ghi nhận."),
    (words.AMOUNT, "Giữ nguyên; phải đúng số tiền của khoản."),
    (words.RESULT, "Chọn trong danh sách: " + ", ".join(Payment.Result.labels) + "."),
    (words.REASON, "Khi bị trả lại: " + ", ".join(Payment.ReturnReason.labels) + "; hoặc ghi rõ lý do khác."),
    (
        "Người hưởng đã chết",
        f"Khoản “{Payment.Result.NOT_COLLECTED.label}” cũng ghi lý do “{Payment.ReturnReason.DECEASED.label}”.",
    ),
    ("Chuyển khoản bị trả lại", f"Chi bù tiền mặt trong tháng thì ghi “{Payment.Result.PAID_CASH.label}” và ngày chi."),
    (words.DATE, "Ngày chi, dạng 22/07/2024; bắt buộc khi đã chi."),
    (words.REFERENCE, "Số giao dịch của ngân hàng, số phiếu chi (không bắt buộc)."),
    ("Chưa biết kết quả", "Xóa dòng đó khỏi tệp; gửi lại sau."),
)
_TEMPLATE_WIDTHS = (24, 16, 20, 14, 26, 28, 13, 22)
#: How many rows below the table still get the drop-downs.
_SPARE_ROWS = 50


def results_template(payments: Iterable[Payment]) -> bytes:
    """The file of results for these payments, to be filled in: the result columns are empty, with drop-downs."""
    output = io.BytesIO()
    with xlsxwriter.Workbook(output, {"constant_memory": True, "strings_to_formulas": False}) as book:
        head = book.add_format({"bold": True, "bg_color": "#EAF0F6", "border": 1})
        text = book.add_format({"num_format": "@"})
        figure = book.add_format({"num_format": "#,##0"})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet = book.add_worksheet("Kết quả")
        sheet.freeze_panes(1, 1)
        for index, (name, width) in enumerate(zip(words.COLUMNS, _TEMPLATE_WIDTHS, strict=True)):
            kind = {words.AMOUNT: figure, words.DATE: day}.get(name, text)
            sheet.set_column(index, index, width, kind)
            sheet.write_string(0, index, name, head)
        row = 0
        for row, payment in enumerate(payments, 1):
            sheet.write_string(row, 0, payment.number, text)
            if payment.cccd:
                sheet.write_string(row, 1, payment.cccd, text)
            if payment.account_number:
                sheet.write_string(row, 2, payment.account_number, text)
            sheet.write_number(row, 3, payment.total, figure)
        last = row + _SPARE_ROWS
        sheet.data_validation(
            1, 4, last, 4, {"validate": "list", "source": Payment.Result.labels, "error_title": "Kết quả"}
        )
        sheet.data_validation(
            1, 5, last, 5, {"validate": "list", "source": Payment.ReturnReason.labels, "error_type": "information"}
        )
        guide = book.add_worksheet("Hướng dẫn")
        guide.set_column(0, 0, 22)
        guide.set_column(1, 1, 110)
        for index, (name, explanation) in enumerate(_GUIDE):
            guide.write_string(index, 0, name, head)
            guide.write_string(index, 1, explanation)
    return output.getvalue()


def template_filename(payer_code: str, month: datetime.date) -> str:
    return f"ket-qua-chi-tra_{payer_code}_{months.iso(month)}.xlsx"
