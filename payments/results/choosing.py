"""Rows that several payments fit: somebody picks the right one, or sets the row aside and says why."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.lib.text import clean
from batosocial.staff.models import User
from payments import hooks
from payments.models import Payment, ResultBatch, ResultRow
from payments.results.matching import Known, Matched, known_payments, match_chosen
from payments.results.reading import Row
from payments.services import locked_payment, may_upload_for

Outcome = ResultRow.Outcome
#: A row can be decided while the file is shown and after its other rows are recorded.
OPEN_STATES = (ResultBatch.State.PREVIEWED, ResultBatch.State.RECORDED)
MAX_REASON = 300


class ChoiceRefused(Exception):
    """The choice cannot be made; the message says why."""


def rows_with_candidates(user: User) -> QuerySet[ResultRow]:
    """Unmatched rows of the user's files with payments to choose from."""
    batches = ResultBatch.objects.visible_to(user).filter(state__in=OPEN_STATES)
    rows = ResultRow.objects.filter(outcome=Outcome.UNMATCHED, batch__in=batches, data__has_key="values")
    return rows.select_related("batch__payer", "batch__file").defer("batch__file__content").order_by("-batch", "pk")


def open_rows(user: User) -> QuerySet[ResultRow]:
    """Those that nobody has set aside."""
    return rows_with_candidates(user).exclude(data__has_key="aside")


@dataclass(frozen=True)
class Candidate:
    known: Known
    #: Why it cannot be this one; "" where it can.
    objection: str


def _judge(row: ResultRow, known: Known) -> Matched:
    values = Row.from_json(row.sheet, row.row, row.data["letters"], row.data["cells"], row.data["values"])
    return match_chosen(values, known, row.batch.payer)


def _said(matched: Matched) -> str:
    return " ".join(one["message"] for one in matched.row.messages if one["severity"] == "error")


def candidates_of(row: ResultRow) -> list[Candidate]:
    """The payments that the row may be about, as they are now, in one query and one for the file's other rows."""
    taken = _taken(row)
    found = []
    for known in known_payments(row.data["candidates"]):
        objection = f"Đã khớp với dòng {taken[known.id]} của tệp này." if known.id in taken else ""
        found.append(Candidate(known, objection or _said(_judge(row, known))))
    return found


def _taken(row: ResultRow) -> dict[int, int]:
    """The candidates that other rows of the file have: payment → row."""
    others = ResultRow.objects.filter(
        batch=row.batch_id, payment__in=row.data["candidates"], outcome__in=(Outcome.READY, Outcome.UNCHANGED)
    )
    return {payment: number for payment, number in others.exclude(pk=row.pk).values_list("payment", "row") if payment}


def _locked(actor: User, row_id: int) -> ResultRow:
    """The row, its batch locked. ResultRow.DoesNotExist out of scope; PermissionDenied where they may only look."""
    row = rows_with_candidates(actor).get(pk=row_id)
    if not may_upload_for(actor, row.batch.payer):
        raise PermissionDenied
    batch = ResultBatch.objects.select_for_update().get(pk=row.batch_id)
    if batch.state not in OPEN_STATES:
        raise ChoiceRefused(f"Tệp đang ở bước “{batch.get_state_display()}”; hãy chờ rồi làm lại.")
    row = ResultRow.objects.select_related("batch__payer", "batch__file").defer("batch__file__content").get(pk=row_id)
    if row.outcome != Outcome.UNMATCHED:
        raise ChoiceRefused("Dòng này vừa được người khác xử lý, không thay đổi gì.")
    return row


@transaction.atomic
def choose(*, actor: User, row_id: int, payment_id: int) -> ResultRow:
    """Say which payment a row is about. In a file that is only shown, the row then waits with the ready ones; in one
    that is recorded, its result is recorded now. ChoiceRefused with the reason; ResultRow.DoesNotExist out of scope."""
    row = _locked(actor, row_id)
    if payment_id not in row.data["candidates"]:
        raise ChoiceRefused("Khoản này không ở trong các khoản có thể khớp với dòng.")
    if number := _taken(row).get(payment_id):
        raise ChoiceRefused(f"Khoản này đã khớp với dòng {number} của tệp.")
    try:
        payment = locked_payment(actor, payment_id)
    except Payment.DoesNotExist:
        raise ChoiceRefused("Khoản này không thuộc phạm vi của anh/chị.") from None
    (known,) = known_payments([payment_id])
    matched = _judge(row, known)
    if matched.outcome == Outcome.ERROR:
        raise ChoiceRefused(_said(matched))
    row.payment, row.outcome = payment, matched.outcome
    row.messages = [*matched.row.messages, _note(f"{actor} chọn khoản {known.number}.")]
    row.data |= {"chosen": {"by": actor.pk, "at": timezone.now().isoformat()}}
    row.data.pop("aside", None)
    if matched.outcome == Outcome.READY:
        row.data |= {"new": matched.new, "seen": matched.seen}
    row.save(update_fields=["payment", "outcome", "messages", "data"])
    counted = "ready_count" if matched.outcome == Outcome.READY else "unchanged_count"
    ResultBatch.objects.filter(pk=row.batch_id).update(
        **{counted: F(counted) + 1, "unmatched_count": F("unmatched_count") - 1}
    )
    details: dict[str, Any] = {
        "tệp": row.batch.file.name,
        "dòng": row.row,
        "khoản": known.number,
        "các khoản có thể": row.data["candidates"],
    }
    if row.batch.state == ResultBatch.State.RECORDED and matched.outcome == Outcome.READY:
        _record(actor, payment, matched, details)
    else:
        audit.record(actor=actor, action="chọn khoản cho dòng kết quả", row=row.batch, details=details)
    return row


def _record(actor: User, payment: Payment, matched: Matched, details: dict[str, Any]) -> None:
    values = matched.new | {"paid_on": matched.row.day}
    changes = audit.differences(payment, values)
    Payment.objects.filter(pk=payment.pk).update(**values, recorded_by=actor, recorded_at=timezone.now())
    audit.record(
        actor=actor, action="ghi nhận kết quả chi trả đã chọn khoản", row=payment, changes=changes, details=details
    )
    hooks.results_changed(months={payment.payment_list.period.month}, actor=actor)


@transaction.atomic
def set_aside(*, actor: User, row_id: int, reason: str) -> ResultRow:
    """Say why a row is about none of its candidates: it leaves the worklist and is never recorded."""
    row = _locked(actor, row_id)
    reason = clean(reason)
    if not reason:
        raise ChoiceRefused("Hãy ghi vì sao bỏ qua dòng này.")
    if len(reason) > MAX_REASON:
        raise ChoiceRefused(f"Lý do dài quá {MAX_REASON} ký tự; hãy ghi ngắn lại.")
    row.data |= {"aside": {"by": actor.pk, "at": timezone.now().isoformat(), "reason": reason}}
    row.messages = [*row.messages, _note(f"{actor} bỏ qua dòng này: {reason}")]
    row.save(update_fields=["data", "messages"])
    audit.record(
        actor=actor,
        action="bỏ qua dòng kết quả không khớp",
        row=row.batch,
        details={"tệp": row.batch.file.name, "dòng": row.row, "vì sao": reason},
    )
    return row


def _note(text: str) -> dict[str, str]:
    return {"column": "", "severity": "warning", "message": text}


def as_shown(candidate: Candidate) -> dict[str, Any]:
    """For the page: the payment's fields and whether it can be chosen."""
    return dataclasses.asdict(candidate.known) | {"objection": candidate.objection}
