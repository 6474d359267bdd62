"""The differences of a list from the month before, to print and to file: who came, who went, whose amount changed."""

import datetime
import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from django.conf import settings

from batosocial.lib import months
from payments.models import PaymentList

#: (heading, width in characters)
COLUMNS = (
    ("TT", 5),
    ("Họ và tên", 28),
    ("Ngày sinh", 12),
    ("Thôn, tổ dân phố", 20),
    ("Chế độ (mã)", 16),
    ("Tháng trước (đồng)", 16),
    ("Tháng này (đồng)", 16),
    ("Chênh lệch (đồng)", 16),
    ("Nguyên nhân", 24),
    ("Quyết định", 34),
)
_A4 = 9
_HEAD_ROW = 4


def differences_filename(row: PaymentList, month: datetime.date) -> str:
    return f"tang-giam_{row.period.policy}_{months.iso(month)}_{row.commune.code}.xlsx"


def differences_workbook(row: PaymentList, month: datetime.date, rows: Sequence[Any]) -> bytes:
    """``rows`` as the page shows them (name, birth, hamlet, group, before, after, amount, cause, decision).

    Text stays text."""
    output = io.BytesIO()
    with xlsxwriter.Workbook(output, {"in_memory": True, "strings_to_formulas": False}) as book:
        base = {"font_name": "Times New Roman", "font_size": 11}
        bold = book.add_format({**base, "bold": True, "font_size": 13})
        plain = book.add_format({**base, "italic": True})
        head = book.add_format(
            {**base, "bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True}
        )
        text = book.add_format({**base, "border": 1, "text_wrap": True, "valign": "top", "num_format": "@"})
        figure = book.add_format({**base, "border": 1, "valign": "top", "num_format": "#,##0"})
        total = book.add_format({**base, "border": 1, "bold": True, "num_format": "#,##0"})
        sheet = book.add_worksheet("Tăng giảm")
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(_HEAD_ROW)
        sheet.set_footer("&C&9Trang &P/&N")
        before = months.add(month, -1)
        sheet.write_string(0, 0, f"ỦY BAN NHÂN DÂN {row.commune_name.upper()}", bold)
        title = f"TĂNG, GIẢM {row.period.policy} {months.title(month).upper()} SO VỚI {months.title(before).upper()}"
        sheet.write_string(1, 0, title, bold)
        if settings.DEMO:
            sheet.write_string(2, 0, "Dữ liệu minh họa", plain)
        for index, (name, width) in enumerate(COLUMNS):
            sheet.set_column(index, index, width)
            sheet.write_string(_HEAD_ROW, index, name, head)
        sheet.freeze_panes(_HEAD_ROW + 1, 2)
        at = _HEAD_ROW
        for at, one in enumerate(rows, _HEAD_ROW + 1):
            sheet.write_number(at, 0, at - _HEAD_ROW, figure)
            for index, value in enumerate(
                (
                    one.name,
                    one.birth,
                    one.hamlet,
                    one.group,
                    one.before,
                    one.after,
                    one.amount,
                    one.cause_label,
                    one.decision,
                ),
                1,
            ):
                if isinstance(value, int):
                    sheet.write_number(at, index, value, figure)
                else:
                    sheet.write_string(at, index, value or "", text)
        last = at + 1
        sheet.write_string(last, 0, "", total)
        sheet.write_string(last, 1, "Cộng", total)
        for index in (2, 3, 4, 8, 9):
            sheet.write_string(last, index, "", total)
        for index, name in ((5, "before"), (6, "after"), (7, "amount")):
            value = sum(getattr(one, name) or 0 for one in rows)
            letter = chr(ord("A") + index)
            if rows:
                formula = f"=SUM({letter}{_HEAD_ROW + 2}:{letter}{last})"
                sheet.write_formula(last, index, formula, total, value)
            else:
                sheet.write_number(last, index, 0, total)
    return output.getvalue()
