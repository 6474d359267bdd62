"""Stop orders: a list never changes after approval, so the payer is told not to pay."""

from collections.abc import Collection, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.audit.models import Entry
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from beneficiaries.models import Change
from payments.effects.owing import unowed
from payments.effects.reasons import Causes, order_words
from payments.effects.refusal import Refused
from payments.models import Payment, PaymentList, StopOrder

Answer = StopOrder.Answer
LIFTERS = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER})
ANSWERERS = frozenset({Role.PAYER})
NO_GROUND = "Sổ nay cho thấy khoản này được hưởng đủ, không còn căn cứ dừng chi."


def order_stops(*, actor: User, person_ids: Collection[int], changes: Sequence[Change] = ()) -> list[StopOrder]:
    """Order these people's payments stopped that hold what is not owed, and lift the orders that lost their ground.

    One order for each payment, whatever happens how often; one that was lifted by hand comes back for another change
    only. Takes a fixed number of statements and the transaction of whoever calls. Returns the new orders.
    """
    found = unowed(person_ids)
    if not found:
        return []
    causes = Causes(person_ids, changes)
    payments = Payment.objects.filter(pk__in=found).select_related("payment_list__period", "stop_order").order_by("pk")
    made: list[StopOrder] = []
    changed: list[StopOrder] = []
    entries: list[Entry] = []
    now = timezone.now()
    for payment in payments:
        order: StopOrder | None = getattr(payment, "stop_order", None)
        too_much = found[payment.pk]
        if not too_much:
            if order is not None and order.lifted_at is None:
                order.lifted_by, order.lifted_at, order.lift_reason = actor, now, NO_GROUND
                changed.append(order)
                entries.append(_entry(actor, "rút lệnh dừng chi", order, {"lifted_at": (None, now)}))
            continue
        policy = payment.payment_list.period.policy
        change = causes.change(payment.person_id, policy)
        reason = order_words(causes.words(payment.person_id, policy, too_much[0].month), payment, too_much)
        if order is None:
            made.append(StopOrder(payment=payment, change=change, reason=reason, ordered_by=actor, ordered_at=now))
        elif order.lifted_at is None:
            if order.reason != reason:
                entries.append(_entry(actor, "đổi lệnh dừng chi", order, {"reason": (order.reason, reason)}))
                order.reason, order.change = reason, change
                changed.append(order)
        elif order.lift_reason == NO_GROUND or (change is not None and order.change_id != change.pk):
            entries.append(_entry(actor, "ra lại lệnh dừng chi", order, {"reason": (order.reason, reason)}))
            _renew(order, change, reason, actor)
            changed.append(order)
    StopOrder.objects.bulk_create(made, ignore_conflicts=True)
    StopOrder.objects.bulk_update(changed, _FIELDS)
    stored = list(StopOrder.objects.filter(payment__in=[order.payment_id for order in made]))
    entries += [_entry(actor, "ra lệnh dừng chi", order, {}) for order in stored]
    Entry.objects.bulk_create(entries)
    return stored


_FIELDS = (
    "change", "reason", "ordered_by", "ordered_at", "lifted_by", "lifted_at", "lift_reason", "answer", "answered_by",
    "answered_at",
)  # fmt: skip


def _renew(order: StopOrder, change: Change | None, reason: str, actor: User) -> None:
    order.change, order.reason, order.ordered_by, order.ordered_at = change, reason, actor, timezone.now()
    order.lifted_by = order.lifted_at = order.answered_by = order.answered_at = None
    order.lift_reason, order.answer = "", Answer.WAITING


def _entry(actor: User, action: str, order: StopOrder, changes: dict[str, tuple[object, object]]) -> Entry:
    details = {"payment": order.payment_id, "change": order.change_id}
    return audit.prepare(actor=actor, action=action, row=order, changes=changes, details=details)


def stop_approved(*, actor: User, list_ids: Collection[int]) -> list[StopOrder]:
    """Of lists that are approved now: order stopped what a change took away after they were made."""
    touched: dict[int, Change] = {}
    rows = Change.objects.filter(
        state=Change.State.APPLIED,
        person__payments__payment_list__in=list_ids,
        applied_at__gt=F("person__payments__payment_list__made_at"),
    )
    for change in rows.order_by("applied_at", "pk"):
        touched[change.person_id] = change
    return order_stops(actor=actor, person_ids=touched, changes=list(touched.values())) if touched else []


@transaction.atomic
def lift_stop(*, actor: User, order_id: int, reason: str) -> bool:
    """Take an order back that was wrong; the payer may pay again. False where it was lifted before.

    Refused without a reason; PermissionDenied without the role; StopOrder.DoesNotExist out of scope.
    """
    if actor.role not in LIFTERS or not actor.is_active:
        raise PermissionDenied
    reason = clean(reason)
    if not reason:
        raise Refused({"reason": "Hãy ghi vì sao rút lệnh, để tổ chức chi trả biết."})
    order = _locked(actor, order_id)
    if order.lifted_at is not None:
        return False
    if order.payment.result in Payment.PAID:
        raise Refused("Khoản này đã chi rồi, rút lệnh không còn tác dụng; xem ở Truy thu.")
    order.lifted_by, order.lifted_at, order.lift_reason = actor, timezone.now(), reason[:300]
    order.save(update_fields=["lifted_by", "lifted_at", "lift_reason"])
    audit.record(
        actor=actor,
        action="rút lệnh dừng chi",
        row=order,
        changes={"lifted_at": (None, order.lifted_at)},
        details={"vì sao": reason},
    )
    return True


@transaction.atomic
def answer_stop(*, actor: User, order_id: int, answer: str) -> bool:
    """The payer says whether it could still stop; it may change its mind until a result is recorded. False where it
    said so before. Errors as in ``lift_stop``."""
    if actor.role not in ANSWERERS or not actor.is_active:
        raise PermissionDenied
    if answer not in (Answer.STOPPED, Answer.PAID_BEFORE):
        raise Refused("Hãy chọn “Đã dừng chi” hoặc “Đã chi trước khi nhận lệnh”.")
    order = _locked(actor, order_id)
    if order.answer == answer:
        return False
    if order.lifted_at is not None:
        raise Refused("Lệnh này đã được Phòng LĐ-TB&XH rút, không phải trả lời nữa.")
    if answer == Answer.STOPPED and order.payment.result in Payment.PAID:
        raise Refused("Khoản này đã ghi là đã chi; nếu đúng là đã dừng thì hãy sửa kết quả trước.")
    old, order.answer = order.answer, answer
    order.answered_by, order.answered_at = actor, timezone.now()
    order.save(update_fields=["answer", "answered_by", "answered_at"])
    audit.record(actor=actor, action="trả lời lệnh dừng chi", row=order, changes={"answer": (old, answer)})
    return True


def _locked(actor: User, order_id: int) -> StopOrder:
    rows = visible_orders(actor).select_related("payment__payment_list__period")
    return rows.select_for_update(of=("self",)).get(pk=order_id)


def visible_orders(user: User) -> QuerySet[StopOrder]:
    """Orders that the user sees: a payer those of lists that it was given."""
    rows = StopOrder.objects.visible_to(user)
    if user.role == Role.PAYER:
        rows = rows.filter(payment__payment_list__state__in=PaymentList.HANDED_OVER_STATES)
    return rows
