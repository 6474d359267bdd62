"""Matching rows of a payer's file with payments. Two queries, however many rows; nothing is ever guessed."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from batosocial.lib import money, months
from batosocial.staff.models import Payer
from payments.models import Payment, PaymentList, Period, ResultRow
from payments.results import gone, stopping, words
from payments.results.gone import Gone
from payments.results.reading import Row

Outcome = ResultRow.Outcome
SHOWN_CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class Known:
    """What a payment is compared with."""

    id: int
    number: str
    cccd: str
    account: str
    total: int
    channel: str
    payer_id: int
    result: str
    return_reason: str
    note: str
    paid_on: datetime.date | None
    reference: str
    list_state: str
    locked_on: datetime.date
    period_state: str
    month: datetime.date
    commune_name: str
    policy: str
    #: Ordered not to be paid, and the payer does not say that it was paid before.
    stopped: bool
    gone: Gone | None

    @property
    def takes_results(self) -> bool:
        return self.list_state == PaymentList.State.HANDED_OVER and self.period_state == Period.State.OPEN

    @property
    def label(self) -> str:
        return f"{self.number} ({self.policy} {months.title(self.month)}, {money.format_amount(self.total)})"


_FIELDS = f"""
    SELECT p.id, p.number, p.cccd, p.account_number, p.total, p.planned_channel, p.payer_id, p.result,
           p.return_reason, p.result_note, p.paid_on, p.reference, l.state, l.locked_on, o.state, o.month,
           l.commune_name, o.policy, {stopping.IS_STOPPED}, {gone.COLUMNS}
    FROM payments_payment p
    JOIN payments_paymentlist l ON l.id = p.payment_list_id
    JOIN payments_period o ON o.id = l.period_id
    {gone.JOINS}
"""
_BY_NUMBER = f"{_FIELDS} WHERE p.number = ANY(%s)"
_BY_ID = f"{_FIELDS} WHERE p.id = ANY(%s) ORDER BY o.month, p.number"
#: How many of a row's columns say where the payment went.
_GONE = 6
_BY_CCCD = f"""{_FIELDS}
    WHERE p.cccd = ANY(%s) AND p.cccd <> '' AND p.payer_id = %s AND l.state = 'handed_over' AND o.state = 'open'
    ORDER BY o.month, p.number
"""


@dataclass
class Matched:
    """A row with what became of it: the payment it is about, and the candidates where there is not exactly one."""

    row: Row
    outcome: str = Outcome.READY
    payment: Known | None = None
    candidates: list[Known] = field(default_factory=list)

    @property
    def new(self) -> dict[str, Any]:
        """The result as it would be stored."""
        return {
            "result": self.row.result,
            "return_reason": self.row.reason,
            "result_note": self.row.note,
            "paid_on": self.row.day.isoformat() if self.row.day else None,
            "reference": self.row.reference,
        }

    @property
    def seen(self) -> dict[str, Any]:
        """The payment's result when it was compared; recording checks under lock that it is still so."""
        if self.payment is None:
            return {}
        return {
            "result": self.payment.result,
            "return_reason": self.payment.return_reason,
            "result_note": self.payment.note,
            "paid_on": self.payment.paid_on.isoformat() if self.payment.paid_on else None,
            "reference": self.payment.reference,
        }


#: By sheet and row: the payment that somebody chose for a row which several fit.
Choices = Mapping[tuple[str, int], int]


def match_rows(rows: list[Row], payer: Payer, choices: Choices | None = None) -> list[Matched]:
    """Say of every row whether it can be recorded, changes nothing, fits no payment, or is wrong."""
    by_number = {known.number: known for known in _query(_BY_NUMBER, [_distinct(row.number for row in rows)])}
    by_cccd: dict[str, list[Known]] = defaultdict(list)
    loose = _distinct(row.cccd for row in rows if not row.number)
    if loose:
        for known in _query(_BY_CCCD, [loose, payer.pk]):
            by_cccd[known.cccd].append(known)
    matched = []
    for row in rows:
        one = Matched(row)
        if row.number:
            _match_by_number(one, by_number.get(row.number), payer)
        else:
            _match_by_cccd(one, by_cccd, (choices or {}).get((row.sheet, row.row)))
        if one.payment is not None:
            _compare(one, one.payment)
        if row.has_error:
            one.outcome = Outcome.ERROR
        matched.append(one)
    _refuse_doubles(matched)
    return matched


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})


def _query(statement: str, values: list[Any]) -> list[Known]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Known(*(*fields[:-_GONE], gone.gone_of(fields[-_GONE:]))) for fields in cursor.fetchall()]


def known_payments(ids: Iterable[int]) -> list[Known]:
    """The payments of these ids, in one query."""
    return _query(_BY_ID, [sorted(set(ids))])


def match_chosen(row: Row, known: Known, payer: Payer) -> Matched:
    """A row for which somebody chose the payment: judged as if the row had its number."""
    one = Matched(row)
    row.number = known.number
    _match_by_number(one, known, payer)
    _compare(one, known)
    if row.has_error:
        one.outcome = Outcome.ERROR
    return one


def _match_by_number(one: Matched, known: Known | None, payer: Payer) -> None:
    row = one.row
    if known is None:
        row.error(words.NUMBER, f"Không có khoản chi trả số {row.number}; hãy kiểm tra lại số.")
    elif known.payer_id != payer.pk:
        row.error(
            words.NUMBER,
            f"Khoản {row.number} không do {payer.name} chi trả; hãy kiểm tra số, hoặc nạp trong tệp của đúng tổ chức.",
        )
    else:
        one.payment = known
        _check_identity(row, known)
        if known.period_state != Period.State.OPEN:
            row.error(words.NUMBER, f"Khoản {row.number} thuộc {months.title(known.month)}, tháng này đã khóa sổ.")
        elif known.list_state != PaymentList.State.HANDED_OVER:
            row.error(words.NUMBER, f"Khoản {row.number} ở danh sách chưa giao, nên chưa nhận kết quả.")


def _check_identity(row: Row, known: Known) -> None:
    if row.amount is not None and row.amount != known.total:
        row.error(
            words.AMOUNT,
            f"Số tiền trong tệp là {money.format_amount(row.amount)}, "
            f"khoản {known.number} là {money.format_amount(known.total)}.",
        )
    if row.cccd and row.cccd != known.cccd:
        row.error(words.CCCD, f"Số CCCD không phải của khoản {known.number}; hãy kiểm tra lại dòng này.")
    if row.account and not _same_account(row, known):
        row.error(words.ACCOUNT, f"Số tài khoản không phải của khoản {known.number}; hãy kiểm tra lại dòng này.")


def _same_account(row: Row, known: Known) -> bool:
    if row.account_is_number:
        return bool(known.account) and row.account == known.account.lstrip("0")
    return row.account == known.account


def _match_by_cccd(one: Matched, by_cccd: dict[str, list[Known]], chosen: int | None) -> None:
    """By CCCD and amount where exactly one payment fits; the rest is shown with why and with the candidates."""
    row = one.row
    candidates = by_cccd.get(row.cccd, []) if row.cccd else []
    fitting = [known for known in candidates if known.total == row.amount]
    # One that went on takes no result, so it stands in nobody's way.
    fitting = [known for known in fitting if known.gone is None] or fitting
    if len(fitting) > 1 and chosen is not None:
        fitting = [known for known in fitting if known.id == chosen] or fitting
    if row.has_error and (not row.cccd or row.amount is None):
        one.outcome = Outcome.ERROR
    elif not row.cccd:
        _unmatched(one, "Dòng không có số chi trả và số CCCD nên không khớp được; hãy ghi số chi trả.", [])
    elif not candidates:
        _unmatched(one, f"Không có khoản đã giao nào của số CCCD {row.cccd} trong các tháng đang mở.", [])
    elif not fitting:
        _unmatched(one, "Số CCCD có khoản chi trả nhưng khác số tiền; hãy ghi số chi trả.", candidates)
    elif len(fitting) > 1:
        _unmatched(one, f"Có {len(fitting)} khoản cùng số CCCD và số tiền; hãy ghi số chi trả.", fitting)
    elif row.account and not _same_account(row, fitting[0]):
        _unmatched(one, "Số CCCD và số tiền khớp nhưng số tài khoản khác; hãy ghi số chi trả.", fitting)
    else:
        one.payment = fitting[0]


def _unmatched(one: Matched, why: str, candidates: list[Known]) -> None:
    one.outcome = Outcome.UNMATCHED
    one.candidates = candidates
    labels = "; ".join(known.label for known in candidates[:SHOWN_CANDIDATES])
    shown = f" Có thể là: {labels}." if labels else ""
    one.row.warn(words.NUMBER, why + shown)


def _compare(one: Matched, known: Known) -> None:
    """Whether the row's result can follow the one that is recorded."""
    row = one.row
    if row.result and (objection := channel_objection(row.result, known.channel)):
        row.error(words.RESULT, objection)
    if row.day is not None and row.day < known.locked_on:
        row.error(
            words.DATE,
            f"Ngày {row.day:%d/%m/%Y} trước ngày chốt danh sách ({known.locked_on:%d/%m/%Y}); hãy kiểm tra lại.",
        )
    if known.stopped and row.result in Payment.PAID and known.result not in Payment.PAID:
        row.error(words.RESULT, stopping.objection(known.number))
    if row.has_error or not row.result:
        return
    if known.result in Payment.PAID:
        if row.result != known.result:
            row.error(
                words.RESULT,
                f"Khoản {known.number} đã ghi “{Payment.Result(known.result).label}”; "
                "nếu ghi nhầm, hãy sửa bằng biểu mẫu của khoản này và ghi rõ vì sao.",
            )
            return
        one.outcome = Outcome.UNCHANGED
        if row.day != known.paid_on or row.reference not in ("", known.reference):
            row.warn(words.DATE, "Ngày hoặc số tham chiếu khác với đã ghi; giữ như đã ghi, muốn đổi hãy dùng biểu mẫu.")
    elif row.result == known.result and _adds_nothing(row, known):
        one.outcome = Outcome.UNCHANGED
    elif known.gone is not None:
        row.error(words.NUMBER, known.gone.objection(known.number))


def _adds_nothing(row: Row, known: Known) -> bool:
    """A result that is not final says nothing new; what the file leaves blank is not a change."""
    return (
        row.reason == known.return_reason
        and row.note in ("", known.note)
        and row.day in (None, known.paid_on)
        and row.reference in ("", known.reference)
    )


def channel_objection(result: str, channel: str) -> str:
    """Why a payment that was planned by this channel cannot have the result; "" where it can."""
    if channel == Payment.Channel.ACCOUNT:
        return ""
    if result == Payment.Result.PAID_ACCOUNT:
        return "Khoản này chi tiền mặt, không thể ghi đã chi qua tài khoản; hãy ghi “Đã chi tiền mặt”."
    if result == Payment.Result.RETURNED:
        return "Khoản này chi tiền mặt, không có chuyển khoản để bị trả lại; hãy ghi “Chưa đến nhận”."
    return ""


def _refuse_doubles(matched: list[Matched]) -> None:
    """A payment that stands twice in a file is an error in each of its rows, and each names the others."""
    places: dict[int, list[Matched]] = defaultdict(list)
    for one in matched:
        if one.payment is not None:
            places[one.payment.id].append(one)
    sheets = {one.row.sheet for one in matched}
    for group in places.values():
        if len(group) == 1:
            continue
        for one in group:
            others = [_place(other.row, with_sheet=len(sheets) > 1) for other in group if other is not one]
            shown = ", ".join(others[:3]) + (f" và {len(others) - 3} dòng nữa" if len(others) > 3 else "")
            number = one.payment.number if one.payment else ""
            one.row.error(words.NUMBER, f"Khoản {number} có hai lần trong tệp, xem cả {shown}; chỉ giữ một dòng.")
            one.outcome = Outcome.ERROR


def _place(row: Row, *, with_sheet: bool) -> str:
    return f"dòng {row.row} của trang “{row.sheet}”" if with_sheet else f"dòng {row.row}"
