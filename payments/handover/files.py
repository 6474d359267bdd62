"""The workbooks that payers are given: the account file and the cash list. The same payments give the same bytes."""

import datetime
import io
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import xlsxwriter
from django.conf import settings
from django.utils import timezone

from batosocial.lib import months
from beneficiaries.models import PayoutRoute, Policy
from payments.handover.layouts import FIELDS, Layout, Transfer, cells
from payments.handover.points import Points
from payments.models import HandOver, Payment
from payments.papers import A4, DEMO_NOTE, receiver, words_of
from payments.results.stopping import ORDERED as IS_STOPPED

HEADING = "Tờ này đi kèm tệp, không gửi vào hệ thống của ngân hàng."
CASH_COLUMNS = (
    ("TT", 5),
    ("Số chi trả", 22),
    ("Họ và tên", 23),
    ("Ngày sinh", 11),
    ("Số CCCD", 14),
    ("Thôn, tổ dân phố", 17),
    ("Người nhận thay", 20),
    ("Số tiền (đồng)", 13),
    ("Chi tại nhà", 10),
    ("Ngày nhận", 11),
    ("Ký nhận", 14),
    ("Ghi chú", 14),
)
AMOUNT = 7


def filename(hand_over: HandOver) -> str:
    """ "giao_AGRIBANK_tai-khoan_BTXH_2024-08_lan-1.xlsx" """
    channel = "tai-khoan" if hand_over.channel == Payment.Channel.ACCOUNT else "tien-mat"
    period = hand_over.period
    of_period = f"{period.policy}_{months.iso(period.month)}"
    return f"giao_{hand_over.payer.code}_{channel}_{of_period}_lan-{hand_over.sequence}.xlsx"


@contextmanager
def _book(hand_over: HandOver, output: io.BytesIO) -> Any:
    """A workbook whose bytes follow from its content alone: its date is that of handing over."""
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(output, options) as book:
        made = timezone.localtime(hand_over.made_at).replace(tzinfo=None, microsecond=0)
        book.set_properties({"title": _title(hand_over), "created": made})
        yield book


def _title(hand_over: HandOver) -> str:
    what = "Chi qua tài khoản" if hand_over.channel == Payment.Channel.ACCOUNT else "Chi tiền mặt"
    period = hand_over.period
    again = f", lần {hand_over.sequence}" if hand_over.sequence > 1 else ""
    return f"{what} {Policy(period.policy).label} ({period.policy}) {months.title(period.month)}{again}"


# --- by account ----------------------------------------------------------------------------------------------------


def account_file(hand_over: HandOver, layout: Layout, rows: Sequence[Transfer]) -> bytes:
    """One heading row, then one row per payment: no merged cells, no total. Count and sum stand on a second sheet.

    The bank transfers the first sheet as it is, so what must not be paid stands on a sheet of its own.
    """
    output = io.BytesIO()
    with _book(hand_over, output) as book:
        text = book.add_format({"num_format": "@"})
        figure = book.add_format({"num_format": "0"})
        stopped = [row for row in rows if row.stopped]
        _write_transfers(book.add_worksheet("Chi tra"), layout, [row for row in rows if not row.stopped], text, figure)
        if stopped:
            _write_transfers(book.add_worksheet("Khong chi"), layout, stopped, text, figure)
        _write_summary(book, hand_over, rows)
    return output.getvalue()


def _write_transfers(sheet: Any, layout: Layout, rows: Sequence[Transfer], text: Any, figure: Any) -> None:
    for index, column in enumerate(layout.columns):
        kind = figure if column.field in ("position", "amount") else text
        sheet.set_column(index, index, FIELDS[column.field].width, kind)
        sheet.write_string(0, index, column.heading, text)
    for number, transfer in enumerate(rows, 1):
        for index, value in enumerate(cells(layout, transfer, number)):
            if isinstance(value, int):
                sheet.write_number(number, index, value, figure)
            else:
                sheet.write_string(number, index, value, text)


def _write_summary(book: Any, hand_over: HandOver, rows: Sequence[Transfer]) -> None:
    amount = sum(row.amount for row in rows)
    stopped = [row.amount for row in rows if row.stopped]
    sheet = book.add_worksheet("Tổng hợp")
    bold, figure = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0", "align": "left"})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 70)
    lines: list[tuple[str, str | int]] = [
        ("Tổ chức chi trả", hand_over.payer.name),
        ("Nội dung", _title(hand_over)),
        ("Ngày giao", f"{_day(hand_over):%d/%m/%Y}"),
        ("Số khoản", len(rows)),
        ("Tổng số tiền (đồng)", amount),
        ("Bằng chữ", words_of(amount)),
        ("Ghi chú", HEADING),
    ]
    if stopped:
        lines += [
            ("Không chi (lệnh dừng chi)", f"{len(stopped)} khoản ở trang “Khong chi”"),
            ("Số tiền không chi (đồng)", sum(stopped)),
            ("Còn phải chi (đồng)", amount - sum(stopped)),
        ]
    if settings.DEMO:
        lines.append(("", DEMO_NOTE))
    for row, (label, value) in enumerate(lines):
        sheet.write_string(row, 0, label, bold)
        if isinstance(value, int):
            sheet.write_number(row, 1, value, figure)
        else:
            sheet.write_string(row, 1, value)


def _day(hand_over: HandOver) -> datetime.date:
    return timezone.localtime(hand_over.made_at).date()


# --- in cash -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CashRow:
    commune: str
    point: str
    number: str
    name: str
    birth: str
    cccd: str
    hamlet: str
    receiver: str
    amount: int
    at_home: bool
    #: Ordered not to be paid before the file was made.
    stopped: bool = False


def cash_rows(payments: Any, points: Points) -> list[CashRow]:
    """The payments of a queryset (by commune, then position) with their pay point, those of a point together."""
    found = []
    ordered = payments.order_by("payment_list__commune__position", "position")
    for payment in ordered.select_related("payment_list").annotate(stopped=IS_STOPPED):
        of_list = payment.payment_list
        found.append(
            (
                points.of(of_list.commune_id, of_list.commune_name, payment.hamlet),
                CashRow(
                    commune=of_list.commune_name,
                    point="",
                    number=payment.number,
                    name=payment.name,
                    birth=payment.birth,
                    cccd=payment.cccd,
                    hamlet=payment.hamlet,
                    receiver="" if payment.payee_kind == Payment.PayeeKind.OWN else receiver(payment),
                    amount=payment.total,
                    at_home=payment.cash_reason == PayoutRoute.CashReason.FRAIL,
                    stopped=payment.stopped,
                ),
            )
        )
    order = {row.commune: place for place, (_, row) in reversed(list(enumerate(found)))}
    found.sort(key=lambda one: (order[one[1].commune], one[0].place))
    return [CashRow(**{**vars(row), "point": point.name}) for point, row in found]


def cash_list(hand_over: HandOver, rows: Sequence[CashRow]) -> bytes:
    """By commune, each on a new page, and pay point, with sums and room to sign; A4 landscape."""
    output = io.BytesIO()
    with _book(hand_over, output) as book:
        _CashSheet(book, hand_over).write(rows)
        _write_points(book, rows)
    return output.getvalue()


class _CashSheet:
    def __init__(self, book: Any, hand_over: HandOver) -> None:
        base = {"font_name": "Times New Roman", "font_size": 10}
        boxed = {**base, "border": 1, "valign": "vcenter"}
        self.hand_over = hand_over
        self.title = book.add_format({**base, "font_size": 13, "bold": True})
        self.plain = book.add_format({**base, "italic": True})
        self.bold = book.add_format({**base, "font_size": 11, "bold": True})
        self.head = book.add_format({**boxed, "bold": True, "align": "center", "text_wrap": True})
        self.cell = book.add_format({**boxed, "text_wrap": True})
        self.middle = book.add_format({**boxed, "align": "center"})
        self.text = book.add_format({**boxed, "num_format": "@"})
        self.figure = book.add_format({**boxed, "num_format": "#,##0"})
        self.sum_text = book.add_format({**boxed, "bold": True})
        self.sum_figure = book.add_format({**boxed, "bold": True, "num_format": "#,##0"})
        self.sheet = book.add_worksheet("Danh sách tiền mặt")
        self.row = 0

    def write(self, rows: Sequence[CashRow]) -> None:
        sheet = self.sheet
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&C&9Trang &P/&N" + (f"&R&9{DEMO_NOTE}" if settings.DEMO else ""))
        for index, (_, width) in enumerate(CASH_COLUMNS):
            sheet.set_column(index, index, width)
        self._line(f"DANH SÁCH CHI TRẢ TIỀN MẶT: {_title(self.hand_over)[len('Chi tiền mặt ') :]}".upper(), self.title)
        self._line(f"{self.hand_over.payer.name}, giao ngày {_day(self.hand_over):%d/%m/%Y}", self.plain)
        # The heading stands once, and is printed on every page.
        for index, (name, _) in enumerate(CASH_COLUMNS):
            sheet.write_string(self.row, index, name, self.head)
        sheet.repeat_rows(self.row)
        sheet.freeze_panes(self.row + 1, 0)
        self.row += 1
        breaks = []
        for number, (commune, of_commune) in enumerate(groupby(rows, lambda row: row.commune)):
            if number:
                breaks.append(self.row)
            self._commune(commune, list(of_commune))
        # More page breaks than Excel takes in a sheet, nobody has communes for.
        sheet.set_h_pagebreaks(breaks[:1023])
        total = sum(row.amount for row in rows)
        self._sum(f"Tổng cộng: {len(rows)} khoản", total)
        if stopped := [row.amount for row in rows if row.stopped]:
            self._sum(f"Trong đó KHÔNG CHI: {len(stopped)} khoản", sum(stopped))
        self._line(f"Bằng chữ: {words_of(total)}", self.bold)
        self.row += 1
        self._signatures()
        sheet.print_area(0, 0, self.row + 5, len(CASH_COLUMNS) - 1)

    def _commune(self, commune: str, rows: list[CashRow]) -> None:
        self._band(commune.upper())
        position = 0
        points = [(name, list(of_point)) for name, of_point in groupby(rows, lambda row: row.point)]
        for name, of_point in points:
            if name != commune:
                self._band(f"Điểm chi trả: {name}")
            for row in of_point:
                position += 1
                self._payment(position, row)
            if len(points) > 1:
                self._sum(f"Cộng điểm {name}: {len(of_point)} khoản", sum(row.amount for row in of_point))
        amount = sum(row.amount for row in rows)
        self._sum(f"Cộng {commune}: {len(rows)} khoản", amount)
        self._line(f"Bằng chữ: {words_of(amount)}", self.bold)

    def _payment(self, position: int, row: CashRow) -> None:
        values: list[str | int] = [position, row.number, row.name, row.birth, row.cccd, row.hamlet, row.receiver]
        values += [row.amount, "Tại nhà" if row.at_home else "", "", ""]
        values.append("KHÔNG CHI (lệnh dừng chi)" if row.stopped else "")
        for index, value in enumerate(values):
            if isinstance(value, int):
                self.sheet.write_number(self.row, index, value, self.figure if index == AMOUNT else self.middle)
            else:
                self.sheet.write_string(self.row, index, value, self.text if index in (1, 3, 4) else self.cell)
        # Room to sign.
        self.sheet.set_row(self.row, 24)
        self.row += 1

    def _band(self, text: str) -> None:
        self.sheet.write_string(self.row, 0, text, self.bold)
        self.row += 1

    def _sum(self, text: str, amount: int) -> None:
        for index in range(len(CASH_COLUMNS)):
            self.sheet.write_blank(self.row, index, None, self.sum_text)
        self.sheet.write_string(self.row, 1, text, self.sum_text)
        self.sheet.write_number(self.row, AMOUNT, amount, self.sum_figure)
        self.row += 1

    def _line(self, text: str, form: Any) -> None:
        self.sheet.write_string(self.row, 0, text, form)
        self.row += 1

    def _signatures(self) -> None:
        for column, name in ((1, "Người giao"), (4, "Người chi trả"), (9, "Thủ trưởng đơn vị")):
            self.sheet.write_string(self.row, column, name, self.bold)
            self.sheet.write_string(self.row + 1, column, "(Ký, họ tên)", self.plain)


def _write_points(book: Any, rows: Sequence[CashRow]) -> None:
    """Count and sum by commune and point."""
    sheet = book.add_worksheet("Tổng hợp")
    bold, figure = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0"})
    total = book.add_format({"bold": True, "num_format": "#,##0"})
    for index, (name, width) in enumerate(
        (("Xã, thị trấn", 26), ("Điểm chi trả", 34), ("Số khoản", 10), ("Chi tại nhà", 12), ("Số tiền (đồng)", 18))
    ):
        sheet.set_column(index, index, width)
        sheet.write_string(0, index, name, bold)
    number = 0
    for number, ((commune, point), group) in enumerate(groupby(rows, lambda row: (row.commune, row.point)), 1):
        some = list(group)
        sheet.write_string(number, 0, commune)
        sheet.write_string(number, 1, point)
        sheet.write_number(number, 2, len(some), figure)
        sheet.write_number(number, 3, sum(row.at_home for row in some), figure)
        sheet.write_number(number, 4, sum(row.amount for row in some), figure)
    sheet.write_string(number + 1, 0, "Tổng cộng", bold)
    sheet.write_number(number + 1, 2, len(rows), total)
    sheet.write_number(number + 1, 3, sum(row.at_home for row in rows), total)
    sheet.write_number(number + 1, 4, sum(row.amount for row in rows), total)
    sheet.write_string(number + 2, 0, f"Bằng chữ: {words_of(sum(row.amount for row in rows))}", bold)
