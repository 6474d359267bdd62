"""What may be recorded for a payment, whoever records it."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from batosocial.lib import months
from payments.models import Payment, PaymentList, Period
from payments.results import stopping
from payments.results.gone import where_it_went
from payments.results.matching import channel_objection


class ResultRefused(Exception):
    """Not recorded; ``errors`` says why by field of the form ("" for the payment as a whole)."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__(" ".join(self.errors.values()))


@dataclass(frozen=True)
class NewResult:
    result: str
    return_reason: str = ""
    paid_on: datetime.date | None = None
    reference: str = ""
    note: str = ""

    def values(self) -> dict[str, object]:
        """By field of Payment."""
        return {
            "result": self.result,
            "return_reason": self.return_reason,
            "result_note": self.note,
            "paid_on": self.paid_on,
            "reference": self.reference,
        }


def why_closed(payment: Payment) -> str:
    """Why the payment takes no result now; "" where it does. Reads its list and period, and where it
    went if it was not paid."""
    period = payment.payment_list.period
    if period.state != Period.State.OPEN:
        return f"Sổ {months.title(period.month)} đã khóa, kết quả không đổi được nữa."
    if payment.payment_list.state != PaymentList.State.HANDED_OVER:
        return "Danh sách chưa giao cho tổ chức chi trả nên chưa ghi được kết quả."
    gone = where_it_went(payment.pk) if payment.result in Payment.UNPAID else None
    return gone.objection(payment.number) if gone else ""


def objections(payment: Payment, new: NewResult, *, why: str, today: datetime.date) -> dict[str, str]:
    """What is wrong with a new result, by field; ``why`` is the reason for correcting one that was paid."""
    found: dict[str, str] = {}
    if closed := why_closed(payment):
        return {"": closed}
    if objection := channel_objection(new.result, payment.planned_channel):
        found["result"] = objection
    if new.result in Payment.PAID and payment.result not in Payment.PAID and stopping.is_stopped(payment):
        found["result"] = stopping.objection(payment.number)
    if new.result == Payment.Result.RETURNED and not new.return_reason:
        found["return_reason"] = "Hãy chọn vì sao ngân hàng trả lại."
    if new.result == Payment.Result.NOT_COLLECTED and new.return_reason not in ("", Payment.ReturnReason.DECEASED):
        found["return_reason"] = "Chưa đến nhận thì chỉ ghi “Người hưởng đã chết”, hoặc để trống."
    if new.result in Payment.PAID and new.return_reason:
        found["return_reason"] = "Chỉ ghi lý do này khi khoản không chi được; hãy để trống."
    if new.return_reason == Payment.ReturnReason.OTHER and not new.note:
        found["note"] = "Lý do khác thì hãy ghi rõ ở ghi chú."
    if new.paid_on is None and new.result in Payment.PAID:
        found["paid_on"] = "Khoản đã chi phải có ngày chi."
    elif new.paid_on and new.paid_on > today:
        found["paid_on"] = f"Ngày này ở sau hôm nay ({today:%d/%m/%Y})."
    elif new.paid_on and new.paid_on < payment.payment_list.locked_on:
        found["paid_on"] = f"Ngày này trước ngày chốt danh sách ({payment.payment_list.locked_on:%d/%m/%Y})."
    if payment.result in Payment.PAID and not why:
        found["why"] = "Khoản này đã ghi là đã chi; hãy ghi vì sao phải sửa."
    return found
