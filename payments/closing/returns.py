"""Unpaid lines that still wait, and those that went back to the budget: reads and the list to print."""

import datetime
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from batosocial.lib import months
from batosocial.staff.models import User
from payments.closing.balance import WHY_CASE, WHY_UNPAID
from payments.models import BudgetReturn, Payment, PaymentLine, PaymentList, Period
from payments.papers import A4, DEMO_NOTE, words_of

_COLUMNS = (
    ("TT", 5),
    ("Số chi trả", 22),
    ("Họ và tên", 24),
    ("Xã, thị trấn", 18),
    ("Chính sách", 9),
    ("Danh sách tháng", 10),
    ("Khoản của tháng", 10),
    ("Loại", 13),
    ("Số tiền (đồng)", 14),
    ("Lý do", 40),
    ("Người ghi", 20),
    ("Ngày", 11),
)
_AMOUNT = 8


@dataclass(frozen=True)
class Why:
    text: str
    remedy: str


def unpaid_lines(user: User, *, month: datetime.date | None = None) -> QuerySet[PaymentLine]:
    """Lines of open months that were not paid, not carried on and not returned, in the user's scope."""
    lines = PaymentLine.objects.filter(
        payment__in=Payment.objects.visible_to(user).filter(result__in=Payment.UNPAID),
        payment__payment_list__state=PaymentList.State.HANDED_OVER,
        payment__payment_list__period__state=Period.State.OPEN,
        carried_to__isnull=True,
        budget_return__isnull=True,
    )
    if month:
        lines = lines.filter(payment__payment_list__period__month=month)
    return lines.select_related("payment__payment_list__period", "payment__payer").order_by(
        "payment__payment_list__period__month", "payment__payment_list__commune__position", "payment__position", "pk"
    )


def describe(lines: Iterable[Any]) -> None:
    """Give each unpaid line why it waits (``why``) and a reason to return it (``suggested``), in one query."""
    rows = list(lines)
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT i.id, {WHY_CASE}
            FROM payments_paymentline i
            JOIN payments_payment p ON p.id = i.payment_id
            JOIN payments_paymentlist l ON l.id = p.payment_list_id
            JOIN payments_period o ON o.id = l.period_id
            WHERE i.id = ANY(%s)
            """,
            [[row.pk for row in rows]],
        )
        why = dict(cursor.fetchall())
    for row in rows:
        row.why = Why(*WHY_UNPAID[why[row.pk]])
        row.suggested = suggested_reason(row.payment)


def suggested_reason(payment: Payment) -> str:
    """From the result: "Người hưởng đã chết", "Chuyển khoản bị trả lại: sai số tài khoản", "Không đến nhận"."""
    if payment.return_reason == Payment.ReturnReason.DECEASED:
        return payment.get_return_reason_display()
    if payment.result == Payment.Result.RETURNED:
        reason = payment.result_note or payment.get_return_reason_display().lower()
        return f"Chuyển khoản bị trả lại: {reason}"
    return "Không đến nhận" + (f": {payment.result_note}" if payment.result_note else "")


def returned_lines(user: User, *, month: datetime.date | None = None) -> QuerySet[BudgetReturn]:
    """What went back to the budget, in the user's scope, the latest first."""
    rows = BudgetReturn.objects.filter(line__payment__in=Payment.objects.visible_to(user))
    if month:
        rows = rows.filter(line__payment__payment_list__period__month=month)
    return rows.select_related("line__payment__payment_list__period", "by").order_by("-at", "-pk")


def workbook(rows: Iterable[BudgetReturn], *, title: str) -> bytes:
    """The list of what went back, with its sum in words; no group is named."""
    output = io.BytesIO()
    with xlsxwriter.Workbook(output, {"in_memory": True, "strings_to_formulas": False}) as book:
        base = {"font_name": "Times New Roman", "font_size": 10}
        head = book.add_format({**base, "bold": True, "border": 1, "text_wrap": True, "align": "center"})
        cell = book.add_format({**base, "border": 1, "text_wrap": True, "valign": "top"})
        figure = book.add_format({**base, "border": 1, "num_format": "#,##0", "valign": "top"})
        bold = book.add_format({**base, "font_size": 12, "bold": True})
        total = book.add_format({**base, "bold": True, "border": 1, "num_format": "#,##0"})
        sheet = book.add_worksheet("Nộp trả ngân sách")
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&C&9Trang &P/&N" + (f"&R&9{DEMO_NOTE}" if settings.DEMO else ""))
        sheet.write_string(0, 0, title, bold)
        for index, (name, width) in enumerate(_COLUMNS):
            sheet.set_column(index, index, width)
            sheet.write_string(2, index, name, head)
        sheet.repeat_rows(2)
        at, amount = 3, 0
        for at, row in enumerate(rows, 3):
            amount += row.line.amount
            for index, value in enumerate(_cells(at - 2, row)):
                if isinstance(value, int):
                    sheet.write_number(at, index, value, figure)
                else:
                    sheet.write_string(at, index, value, cell)
        after = at + 1
        for index in range(len(_COLUMNS)):
            sheet.write_blank(after, index, None, total)
        sheet.write_string(after, 1, "Tổng cộng", total)
        sheet.write_number(after, _AMOUNT, amount, total)
        sheet.write_string(after + 1, 0, f"Bằng chữ: {words_of(amount)}", bold)
    return output.getvalue()


def _cells(number: int, row: BudgetReturn) -> list[str | int]:
    line, payment = row.line, row.line.payment
    period = payment.payment_list.period
    return [
        number,
        payment.number,
        payment.name,
        payment.payment_list.commune_name,
        period.policy,
        months.label(period.month),
        months.label(line.month),
        line.get_kind_display(),
        line.amount,
        row.reason,
        str(row.by),
        f"{timezone.localtime(row.at):%d/%m/%Y}",
    ]
