"""Workbooks that leave the portal: a payment list to print and sign, and the file payers fill in with results."""

import datetime
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from django.conf import settings

from batosocial.lib import money, months
from beneficiaries.models import Policy
from payments.board import category_label
from payments.models import Payment, PaymentLine, PaymentList
from payments.results import words

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
A4 = 9
DEMO_NOTE = "Dữ liệu minh họa"
Kind = PaymentLine.Kind

#: No form of a payment list is prescribed (TT 76/2021/TT-BTC has none); the columns of local practice, rules.md 1.8.
#: (heading, part of it, width in characters)
COLUMNS = (
    ("TT", "", 4),
    ("Họ và tên", "", 21),
    ("Năm sinh", "Nam", 10),
    ("Năm sinh", "Nữ", 10),
    ("Số CCCD", "", 13),
    ("Thôn, tổ dân phố", "", 15),
    ("Đối tượng (mã)", "", 15),
    ("Trợ cấp tháng (đồng)", "", 11),
    ("Truy lĩnh", "Số tháng", 6),
    ("Truy lĩnh", "Số tiền", 10),
    ("Chậm lĩnh", "", 10),
    ("Một lần", "", 10),
    ("Tổng cộng (đồng)", "", 12),
    ("Hình thức", "", 6),
    ("Ngân hàng", "", 10),
    ("Số tài khoản", "", 15),
    ("Chủ tài khoản, người nhận (quan hệ)", "", 20),
    ("Ký nhận", "", 10),
    ("Ghi chú", "", 12),
)
#: Columns with a sum below them.
SUMMED = (7, 9, 10, 11, 12)
SUMMED_FIELDS = ("regular", "arrears", "carry_over", "one_off", "total")
SIGNATURES = ("Người lập", "Kế toán", "Thủ trưởng đơn vị")


@dataclass(frozen=True)
class ListRow:
    """A payment as it stands on paper; amounts in đồng, 0 where there is nothing of the kind."""

    position: int
    name: str
    birth_male: str
    birth_female: str
    cccd: str
    hamlet: str
    groups: str
    regular: int
    arrears_months: int
    arrears: int
    carry_over: int
    one_off: int
    total: int
    channel: str
    provider: str
    account: str
    receiver: str
    note: str

    def cells(self) -> list[Any]:
        """In the order of COLUMNS, with room for the signature."""
        return [
            self.position,
            self.name,
            self.birth_male,
            self.birth_female,
            self.cccd,
            self.hamlet,
            self.groups,
            self.regular,
            self.arrears_months,
            self.arrears,
            self.carry_over,
            self.one_off,
            self.total,
            self.channel,
            self.provider,
            self.account,
            self.receiver,
            "",
            self.note,
        ]


def list_rows(payments: Iterable[Payment], *, for_payer: bool) -> list[ListRow]:
    """Rows for paper: confidential groups are never named, and a payer is told no group at all."""
    return [_list_row(payment, for_payer=for_payer) for payment in payments]


def _list_row(payment: Payment, *, for_payer: bool) -> ListRow:
    lines = list(payment.lines.all())
    labels = [line.policy if for_payer else category_label(line, user=None) for line in lines]

    def amount(kind: str) -> int:
        return sum(line.amount for line in lines if line.kind == kind)

    male = payment.sex == "M"
    return ListRow(
        position=payment.position,
        name=payment.name,
        birth_male=payment.birth if male else "",
        birth_female="" if male else payment.birth,
        cccd=payment.cccd,
        hamlet=payment.hamlet,
        groups=", ".join(dict.fromkeys(labels)),
        regular=amount(Kind.REGULAR),
        arrears_months=len({line.month for line in lines if line.kind == Kind.ARREARS}),
        arrears=amount(Kind.ARREARS),
        carry_over=amount(Kind.CARRY_OVER),
        one_off=amount(Kind.ONE_OFF),
        total=payment.total,
        channel="TK" if payment.planned_channel == Payment.Channel.ACCOUNT else "TM",
        provider=payment.provider.short_name if payment.provider else "",
        account=payment.account_number,
        receiver=receiver(payment),
        note="Nơi nhận mới" if payment.route_is_new else "",
    )


def receiver(payment: Payment) -> str:
    """Who holds the account or signs, with the relation where it is not the person."""
    name = payment.account_holder or payment.payee_name
    if payment.payee_kind == Payment.PayeeKind.OWN:
        return name
    relation = payment.get_payee_kind_display().lower()
    return f"{name} ({relation})" if name else relation.capitalize()


def words_of(amount: int) -> str:
    """ "Hai triệu bảy trăm tám mươi chín nghìn đồng."""
    text = money.in_words(amount)
    return f"{text[0].upper()}{text[1:]}."


def list_title(row: PaymentList) -> str:
    what = "TRỢ CẤP XÃ HỘI" if row.period.policy == Policy.SOCIAL else "TRỢ CẤP ƯU ĐÃI NGƯỜI CÓ CÔNG"
    return f"DANH SÁCH CHI TRẢ {what} {months.title(row.period.month).upper()}"


def list_filename(row: PaymentList) -> str:
    return f"danh-sach-chi-tra_{row.period.policy}_{months.iso(row.period.month)}_{row.commune.code}.xlsx"


def list_workbook(row: PaymentList, rows: list[ListRow], *, payer_name: str = "") -> bytes:
    """The list to print on A4 landscape, with sums, the sum in words and room for signatures."""
    output = io.BytesIO()
    # Not with constant memory: headings are merged over two rows. A commune's list has at most some hundred rows.
    with xlsxwriter.Workbook(output, {"in_memory": True, "strings_to_formulas": False}) as book:
        _write_list(book, row, rows, payer_name)
    return output.getvalue()


def _write_list(book: Any, row: PaymentList, rows: list[ListRow], payer_name: str) -> None:
    base = {"font_name": "Times New Roman", "font_size": 9}
    plain = book.add_format(base)
    bold = book.add_format({**base, "font_size": 11, "bold": True})
    title = book.add_format({**base, "font_size": 13, "bold": True, "align": "center"})
    centred = book.add_format({**base, "font_size": 11, "align": "center", "italic": True})
    head = book.add_format(
        {**base, "bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True}
    )
    cell = book.add_format({**base, "border": 1, "text_wrap": True, "valign": "top"})
    text = book.add_format({**base, "border": 1, "num_format": "@", "valign": "top"})
    figure = book.add_format({**base, "border": 1, "num_format": "#,##0;-#,##0;", "valign": "top"})
    total = book.add_format({**base, "border": 1, "bold": True, "num_format": "#,##0"})

    sheet = book.add_worksheet(row.period.policy)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C&9Trang &P/&N" + (f"&R&9{DEMO_NOTE}" if settings.DEMO else ""))
    for index, (_, _, width) in enumerate(COLUMNS):
        sheet.set_column(index, index, width)
    last = len(COLUMNS) - 1

    sheet.write_string(0, 0, f"ỦY BAN NHÂN DÂN {row.commune_name.upper()}", bold)
    if settings.DEMO:
        sheet.write_string(0, last - 3, DEMO_NOTE, bold)
    sheet.merge_range(2, 0, 2, last, list_title(row), title)
    subtitle = f"Số liệu chốt ngày {row.locked_on:%d/%m/%Y}" + (f" · {payer_name}" if payer_name else "")
    sheet.merge_range(3, 0, 3, last, subtitle, centred)
    top = 5
    _write_heading(sheet, top, head)
    formats = {4: text, 15: text} | dict.fromkeys((7, 8, 9, 10, 11, 12), figure)
    first = top + 2
    for offset, line in enumerate(rows):
        for index, value in enumerate(line.cells()):
            if isinstance(value, int):
                sheet.write_number(first + offset, index, value, formats.get(index, cell))
            else:
                sheet.write_string(first + offset, index, value, formats.get(index, cell))
    after = first + len(rows)
    sheet.write_string(after, 0, "", total)
    sheet.write_string(after, 1, "Tổng cộng", total)
    for index in range(2, last + 1):
        if index not in SUMMED:
            sheet.write_string(after, index, "", total)
            continue
        value = sum(line.cells()[index] for line in rows)
        if rows:
            letter = chr(ord("A") + index)
            sheet.write_formula(after, index, f"=SUM({letter}{first + 1}:{letter}{after})", total, value)
        else:
            sheet.write_number(after, index, 0, total)
    grand = sum(line.total for line in rows)
    sheet.write_string(after + 1, 0, f"Bằng chữ: {words_of(grand)}", bold)
    _write_signatures(sheet, after + 3, bold, plain)
    sheet.repeat_rows(top, top + 1)
    sheet.print_area(0, 0, after + 9, last)


def _write_heading(sheet: Any, top: int, head: Any) -> None:
    """Two rows: headings with parts are merged sideways, the others downwards."""
    index = 0
    while index < len(COLUMNS):
        name, part, _ = COLUMNS[index]
        if not part:
            sheet.merge_range(top, index, top + 1, index, name, head)
            index += 1
            continue
        end = index
        while end + 1 < len(COLUMNS) and COLUMNS[end + 1][0] == name:
            end += 1
        sheet.merge_range(top, index, top, end, name, head)
        for position in range(index, end + 1):
            sheet.write_string(top + 1, position, COLUMNS[position][1], head)
        index = end + 1


def _write_signatures(sheet: Any, top: int, bold: Any, plain: Any) -> None:
    for column, name in zip((1, 7, 15), SIGNATURES, strict=True):
        sheet.write_string(top, column, name, bold)
    for column, note in zip((1, 7, 15), ("(Ký, họ tên)", "(Ký, họ tên)", "(Ký, họ tên, đóng dấu)"), strict=True):
        sheet.write_string(top + 1, column, note, plain)


_GUIDE = (
    ("Cột", "Cách ghi"),
    (words.NUMBER, "Giữ nguyên; số này quyết định khoản được ghi nhận."),
    (words.AMOUNT, "Giữ nguyên; phải đúng số tiền của khoản."),
    (words.RESULT, "Chọn trong danh sách: " + ", ".join(Payment.Result.labels) + "."),
    (words.REASON, "Chỉ khi bị trả lại: " + ", ".join(Payment.ReturnReason.labels) + "; hoặc ghi rõ lý do khác."),
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
