"""Asking money back: a decision, what came back one by one, or a decision that nothing need come back.

BTXH is decided by the chairman of the district, NCC by the Sở, whose number the Phòng records (Điều 15 TT
44/2022/TT-BTC). Nothing is ever netted against a payment.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Sum

from batosocial.audit import services as audit
from batosocial.audit.models import Entry
from batosocial.lib import clock
from batosocial.lib.money import format_amount
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from beneficiaries.changes.services import DECIDING_ROLES
from payments.effects.claims import excess_of
from payments.effects.granting import check_decider, check_decision
from payments.effects.refusal import Refused
from payments.models import Receipt, Receivable

State = Receivable.State
#: Who writes down what came back.
COLLECTORS = frozenset({Role.DISTRICT_OFFICER})


@dataclass
class Outcome:
    """``done`` took the step now, ``unchanged`` had taken it before, ``refused`` did not, each with the reason."""

    done: list[Receivable] = field(default_factory=list)
    unchanged: list[Receivable] = field(default_factory=list)
    refused: list[tuple[Receivable, str]] = field(default_factory=list)


@transaction.atomic
def decide_receivables(*, actor: User, receivable_ids: Sequence[int], number: str, date: datetime.date) -> Outcome:
    """Put receivables under one decision: from here on the money is to come back. Those of another authority are
    refused, each with the reason.

    Refused for an unusable number or date; PermissionDenied without the role; Receivable.DoesNotExist for one out of
    scope.
    """
    rows = _locked(actor, receivable_ids, DECIDING_ROLES)
    number = clean(number)
    check_decision(number, date)
    outcome = Outcome()
    for row in rows:
        if row.state == State.DECIDED:
            outcome.unchanged.append(row)
            continue
        try:
            if row.state != State.FOUND:
                raise Refused(_state_says(row))
            check_decider(row.policy, actor)
        except Refused as why:
            outcome.refused.append((row, str(why)))
            continue
        row.state, row.decision_number, row.decision_date, row.decided_by = State.DECIDED, number, date, actor
        outcome.done.append(row)
    Receivable.objects.bulk_update(outcome.done, ["state", "decision_number", "decision_date", "decided_by"])
    details = {"số": number, "ngày": date, "cùng quyết định": len(outcome.done)}
    Entry.objects.bulk_create(
        audit.prepare(
            actor=actor,
            action="quyết định truy thu",
            row=row,
            changes={"state": (State.FOUND, State.DECIDED)},
            details=details,
        )
        for row in outcome.done
    )
    return outcome


@transaction.atomic
def waive_receivable(*, actor: User, receivable_id: int, number: str, date: datetime.date, reason: str) -> bool:
    """Record the decision that what has not come back need not. False where that was done before.

    Errors as in ``decide_receivables``; Refused without a reason.
    """
    (row,) = _locked(actor, [receivable_id], DECIDING_ROLES)
    if row.state == State.WAIVED:
        return False
    number, reason = clean(number), _why(reason, "Hãy ghi vì sao không phải thu, theo quyết định.")
    check_decision(number, date)
    check_decider(row.policy, actor)
    if row.state not in (State.FOUND, State.DECIDED):
        raise Refused(_state_says(row))
    values = {
        "state": State.WAIVED,
        "decision_number": number,
        "decision_date": date,
        "decided_by": actor,
        "note": reason,
    }
    _write(actor, row, "quyết định không phải thu", values)
    return True


@transaction.atomic
def reduce_receivable(*, actor: User, receivable_id: int, number: str, date: datetime.date, reason: str) -> int:
    """Under another decision, ask only for what the register still says was paid too much: a decided receivable that
    has lost its ground, wholly or in part. Returns the đồng taken off, 0 where there is nothing to take off.

    Errors as in ``waive_receivable``.
    """
    (row,) = _locked(actor, [receivable_id], DECIDING_ROLES)
    number, reason = clean(number), _why(reason, "Hãy ghi vì sao phải sửa, ví dụ: đính chính ngày chết.")
    check_decision(number, date)
    check_decider(row.policy, actor)
    cut = excess_of([row]).get(row.pk, 0)
    if not cut:
        return 0
    amount, came_back = row.amount - cut, _came_back(row)
    values: dict[str, Any] = {"decision_number": number, "decision_date": date, "decided_by": actor, "note": reason}
    if amount == 0:
        values["state"] = State.CANCELLED
    else:
        values |= {"amount": amount, "state": State.RECOVERED if amount == came_back else State.DECIDED}
    _write(actor, row, "sửa số phải truy thu theo quyết định", values)
    return cut


@transaction.atomic
def record_receipt(
    *, actor: User, receivable_id: int, amount: int, received_on: datetime.date, reference: str
) -> Receipt:
    """Write down money that came back; the last đồng makes the receivable recovered.

    Refused for more than is still to come, a day ahead, or a reference that stands there already. Other errors as in
    ``decide_receivables``.
    """
    (row,) = _locked(actor, [receivable_id], COLLECTORS)
    if row.state != State.DECIDED:
        raise Refused(_state_says(row))
    reference = clean(reference)
    _check_receipt(row, amount, received_on, reference, rest=row.amount - _came_back(row))
    receipt = Receipt.objects.create(
        receivable=row, amount=amount, received_on=received_on, reference=reference, by=actor
    )
    details = {"receivable": row.pk, "amount": amount, "received_on": received_on, "reference": reference}
    audit.record(actor=actor, action="ghi khoản thu hồi", row=receipt, details=details)
    _settle(actor, row)
    return receipt


@transaction.atomic
def correct_receipt(
    *, actor: User, receipt_id: int, amount: int, received_on: datetime.date, reference: str, why: str
) -> bool:
    """Mend a receipt that was written down wrongly; the audit keeps the old words. False where nothing differs.

    Receipt.DoesNotExist out of scope; other errors as in ``record_receipt``.
    """
    receipt, row = _locked_receipt(actor, receipt_id)
    values = {"amount": amount, "received_on": received_on, "reference": clean(reference)}
    changes = audit.differences(receipt, values)
    if not changes:
        return False
    why = _why(why, "Hãy ghi vì sao sửa; lý do được lưu trong nhật ký.", "why")
    rest = row.amount - _came_back(row) + receipt.amount
    _check_receipt(row, amount, received_on, clean(reference), rest=rest, but=receipt)
    for name, value in values.items():
        setattr(receipt, name, value)
    receipt.save(update_fields=list(values))
    audit.record(actor=actor, action="sửa khoản thu hồi", row=receipt, changes=changes, details={"vì sao": why})
    _settle(actor, row)
    return True


@transaction.atomic
def remove_receipt(*, actor: User, receipt_id: int, why: str) -> None:
    """Take out a receipt that belongs elsewhere; the audit keeps it. Errors as in ``correct_receipt``."""
    receipt, row = _locked_receipt(actor, receipt_id)
    why = _why(why, "Hãy ghi vì sao bỏ; lý do được lưu trong nhật ký.", "why")
    gone = {name: (getattr(receipt, name), None) for name in ("amount", "received_on", "reference")}
    audit.record(actor=actor, action="bỏ khoản thu hồi", row=receipt, changes=gone, details={"vì sao": why})
    receipt.delete()
    _settle(actor, row)


# --- shared ------------------------------------------------------------------------------------------------------


def _locked(actor: User, ids: Sequence[int], roles: frozenset[Role]) -> list[Receivable]:
    if actor.role not in roles or not actor.is_active:
        raise PermissionDenied
    wanted = set(ids)
    visible = Receivable.objects.visible_to(actor).filter(pk__in=wanted)
    rows = list(visible.select_related("person", "payment").select_for_update(of=("self",)).order_by("pk"))
    if len(rows) != len(wanted):
        raise Receivable.DoesNotExist("Có khoản truy thu không thuộc phạm vi của anh/chị.")
    return rows


def _locked_receipt(actor: User, receipt_id: int) -> tuple[Receipt, Receivable]:
    if actor.role not in COLLECTORS or not actor.is_active:
        raise PermissionDenied
    visible = Receivable.objects.visible_to(actor)
    owner = Receipt.objects.filter(receivable__in=visible.values("pk")).get(pk=receipt_id).receivable_id
    (row,) = _locked(actor, [owner], COLLECTORS)
    if row.state not in (State.DECIDED, State.RECOVERED):
        raise Refused(_state_says(row))
    return Receipt.objects.select_for_update().get(pk=receipt_id), row


def _came_back(row: Receivable) -> int:
    return row.receipts.aggregate(total=Sum("amount"))["total"] or 0


def _check_receipt(
    row: Receivable,
    amount: int,
    received_on: datetime.date,
    reference: str,
    *,
    rest: int,
    but: Receipt | None = None,
) -> None:
    errors: dict[str, str] = {}
    if amount <= 0:
        errors["amount"] = "Hãy ghi số tiền lớn hơn 0."
    elif amount > rest:
        errors["amount"] = f"Chỉ còn phải thu {format_amount(rest)}; hãy kiểm tra lại số tiền."
    if received_on > clock.today():
        errors["received_on"] = f"Ngày nộp ở sau hôm nay ({clock.today():%d/%m/%Y}); hãy kiểm tra lại."
    elif row.payment.paid_on and received_on < row.payment.paid_on:
        errors["received_on"] = f"Ngày nộp trước ngày đã chi ({row.payment.paid_on:%d/%m/%Y}); hãy kiểm tra lại."
    if not reference:
        errors["reference"] = "Hãy ghi số phiếu thu hoặc số chứng từ."
    else:
        others = row.receipts.exclude(pk=but.pk) if but else row.receipts.all()
        same = others.filter(reference__iexact=reference).first()
        if same is not None:
            errors["reference"] = (
                f"Chứng từ {reference} đã ghi {format_amount(same.amount)} ngày {same.received_on:%d/%m/%Y}; "
                "mỗi chứng từ chỉ ghi một lần."
            )
    if errors:
        raise Refused(errors)


def _settle(actor: User, row: Receivable) -> None:
    """Recovered when everything came back, decided while something is to come."""
    state = State.RECOVERED if _came_back(row) == row.amount else State.DECIDED
    if state != row.state:
        _write(actor, row, "đã thu hồi đủ" if state == State.RECOVERED else "lại còn phải thu", {"state": state})


def _why(text: str, message: str, name: str = "reason") -> str:
    text = clean(text)
    if not text:
        raise Refused({name: message})
    return text[:300]


def _state_says(row: Receivable) -> str:
    return {
        State.FOUND: "Khoản này chưa có quyết định truy thu.",
        State.DECIDED: "Khoản này đã có quyết định truy thu.",
        State.RECOVERED: "Khoản này đã thu hồi đủ.",
        State.WAIVED: "Khoản này đã có quyết định không phải thu.",
        State.CANCELLED: "Khoản này không còn căn cứ truy thu.",
    }[State(row.state)]


def _write(actor: User, row: Receivable, action: str, values: dict[str, Any]) -> None:
    changes = audit.differences(row, values)
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
    audit.record(actor=actor, action=action, row=row, changes=changes)
