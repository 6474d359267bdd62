"""Payments that take no result any more: carried on into a later list, or returned to the budget."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from batosocial.lib import months
from payments.models import PaymentList


@dataclass(frozen=True, slots=True)
class Gone:
    """Where an unpaid payment went: the payment and list that have it now, or the day it went back to the budget."""

    number: str = ""
    month: datetime.date | None = None
    policy: str = ""
    commune_name: str = ""
    list_state: str = ""
    returned_on: datetime.date | None = None

    def objection(self, number: str) -> str:
        """Why the payment of this number takes no result, and what can be done."""
        if self.month is None:
            return (
                f"Khoản {number} đã nộp trả ngân sách ngày {self.returned_on:%d/%m/%Y}, không nhận kết quả nữa; "
                "nếu vẫn còn được hưởng, khoản này thành truy lĩnh ở kỳ sau."
            )
        where = f"danh sách {self.policy} {months.title(self.month)} {self.commune_name} (số {self.number})"
        if self.list_state == PaymentList.State.DRAFT:
            remedy = (
                "Nếu đã chi ở kỳ này, chuyên viên Phòng rút khoản chậm lĩnh khỏi danh sách đó (đang lập), "
                "rồi ghi kết quả."
            )
        else:
            label = PaymentList.State(self.list_state).label.lower()
            remedy = f"Danh sách đó không còn ở bước đang lập ({label}), nên ghi kết quả ở khoản {self.number}."
        return f"Khoản {number} đã chuyển sang {where}, không nhận kết quả nữa. {remedy}"


#: For a payment p: one row of the later payment that has a line of it (t), and when a line went back (v).
JOINS = """
    LEFT JOIN LATERAL (
        SELECT cp.number, co.month, co.policy, cl.commune_name, cl.state
        FROM payments_paymentline i
        JOIN payments_paymentline c ON c.carried_line_id = i.id
        JOIN payments_payment cp ON cp.id = c.payment_id
        JOIN payments_paymentlist cl ON cl.id = cp.payment_list_id
        JOIN payments_period co ON co.id = cl.period_id
        WHERE i.payment_id = p.id AND p.result IN ('returned', 'not_collected')
        ORDER BY co.month LIMIT 1
    ) t ON true
    LEFT JOIN LATERAL (
        SELECT (min(b.at) AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day
        FROM payments_paymentline i JOIN payments_budgetreturn b ON b.line_id = i.id
        WHERE i.payment_id = p.id AND p.result IN ('returned', 'not_collected')
    ) v ON true
"""
COLUMNS = "coalesce(t.number, ''), t.month, coalesce(t.policy, ''), coalesce(t.commune_name, ''), t.state, v.day"


def gone_of(fields: Collection[object]) -> Gone | None:
    """From the columns above; None where the payment is still here."""
    number, month, policy, commune_name, state, day = fields
    if month is None and day is None:
        return None
    return Gone(number, month, policy, commune_name, state or "", day)  # type: ignore[arg-type]


def where_it_went(payment_id: int) -> Gone | None:
    """Where a payment went, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM payments_payment p {JOINS} WHERE p.id = %s", [payment_id])
        return gone_of(cursor.fetchone())
