"""Closing a month, and returning what was not paid to the budget."""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.lib import money, months
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from beneficiaries.models import Policy
from payments import timeline
from payments.closing.balance import Balance, obstacles, read_balance
from payments.models import BudgetReturn, Payment, PaymentLine, PaymentList, Period
from payments.opening import lock_opening

CLOSERS = frozenset({Role.DISTRICT_OFFICER, Role.SYSTEM})
RETURNERS = frozenset({Role.DISTRICT_OFFICER})
MAX_REASON = 300


class ClosingRefused(Exception):
    """The month cannot be closed; ``reasons`` says why, one by one."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__(" ".join(reasons))


@dataclass(frozen=True)
class Closed:
    """What closing did, and the month's account in payments and đồng."""

    month: datetime.date
    closed: tuple[str, ...]
    already_closed: tuple[str, ...]
    balance: Balance


@transaction.atomic
def close_month(*, actor: User, month: datetime.date, policies: Collection[str] | None = None) -> Closed:
    """Close a month for good: all of the policies, or none. A policy that is closed already stays as it is.

    Raises ClosingRefused with everything that keeps it open (điều 34 NĐ 20/2021: what was not received is carried into
    the next month or goes back), PermissionDenied without the role.
    """
    if actor.role not in CLOSERS or not actor.is_active:
        raise PermissionDenied
    wanted = sorted(policies) if policies else list(Policy.values)
    # Nobody makes lists, or takes carry-overs out of drafts, meanwhile.
    lock_opening()
    periods = list(Period.objects.select_for_update().filter(month=month, policy__in=wanted).order_by("pk"))
    list(PaymentList.objects.select_for_update(of=("self",)).filter(period__in=periods).order_by("pk"))
    periods.sort(key=lambda period: wanted.index(period.policy))
    lacking = [policy for policy in wanted if policy not in {period.policy for period in periods}]
    reasons = [f"{policy}: {months.title(month)} chưa mở nên không có gì để khóa." for policy in lacking]
    balances = read_balance(periods)
    reasons += [obstacle.text for obstacle in obstacles(balances)]
    if reasons:
        raise ClosingRefused(reasons)
    to_close = [one for one in balances if one.period.state == Period.State.OPEN]
    now = timezone.now()
    for one in to_close:
        ids = [row.list_id for row in one.lists]
        PaymentList.objects.filter(pk__in=ids).update(state=PaymentList.State.CLOSED)
        timeline.write(ids, timeline.CLOSED, by=actor, at=now)
        audit.record(
            actor=actor,
            action="khóa sổ tháng chi trả",
            row=one.period,
            changes={"state": (Period.State.OPEN.value, Period.State.CLOSED.value)},
            details={
                "số danh sách": len(ids),
                **{label: figure.as_json() for _, label, figure in one.total.shown()[:5]},
            },
        )
    Period.objects.filter(pk__in=[one.period.pk for one in to_close]).update(
        state=Period.State.CLOSED, closed_by=actor, closed_at=now
    )
    closed = tuple(one.period.policy for one in to_close)
    return Closed(
        month=month,
        closed=closed,
        already_closed=tuple(period.policy for period in periods if period.policy not in closed),
        balance=sum((one.total for one in balances), Balance()),
    )


@dataclass(frozen=True)
class Refusal:
    line_id: int
    label: str
    reason: str


@dataclass
class Returned:
    """What went back to the budget: lines and đồng; how many had gone before; what cannot go, and why."""

    count: int = 0
    amount: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)


@transaction.atomic
def return_to_budget(*, actor: User, reasons: Mapping[int, str]) -> Returned:
    """Return unpaid lines that were not carried on to the budget, each with its reason (khoản 2 Điều 34 NĐ 20/2021: the
    money that is left). What cannot be returned is named, the rest goes. PermissionDenied without the role."""
    if actor.role not in RETURNERS or not actor.is_active:
        raise PermissionDenied
    outcome = Returned()
    lines = _locked_lines(actor, set(reasons))
    found = {line.pk for line in lines}
    outcome.refused += [
        Refusal(pk, f"Dòng số {pk}", "Không có dòng này trong phạm vi của anh/chị.")
        for pk in sorted(set(reasons) - found)
    ]
    carried = set(PaymentLine.objects.filter(carried_line__in=found).values_list("carried_line", flat=True))
    returned = set(BudgetReturn.objects.filter(line__in=found).values_list("line", flat=True))
    made: list[BudgetReturn] = []
    for line in lines:
        reason = clean(reasons[line.pk])
        label = f"{line.payment.name} ({line.payment.number})"
        if line.pk in returned:
            outcome.unchanged += 1
        elif objection := _objection(line, reason, is_carried=line.pk in carried):
            outcome.refused.append(Refusal(line.pk, label, objection))
        else:
            made.append(BudgetReturn(line=line, reason=reason, by=actor))
    BudgetReturn.objects.bulk_create(made)
    outcome.count, outcome.amount = len(made), sum(one.line.amount for one in made)
    if made:
        audit.record(
            actor=actor,
            action="nộp trả ngân sách khoản chưa chi",
            row=made[0].line.payment if len(made) == 1 else None,
            details={
                "số dòng": outcome.count,
                "số tiền": outcome.amount,
                "các khoản": {f"{one.line.payment.number} {one.line.month:%m/%Y}": one.reason for one in made},
            },
        )
    return outcome


def _locked_lines(actor: User, ids: set[int]) -> list[PaymentLine]:
    """The lines in the actor's scope; their periods held, their payments locked, so that no result, no closing and no
    opening comes in between."""
    visible = Payment.objects.visible_to(actor).filter(lines__in=ids)
    list(
        Period.objects.select_for_update(no_key=True)
        .filter(pk__in=PaymentList.objects.filter(payments__in=visible).values("period_id"))
        .order_by("pk")
    )
    list(Payment.objects.select_for_update(of=("self",)).filter(pk__in=visible.values("pk")).order_by("pk"))
    return list(
        PaymentLine.objects.filter(pk__in=ids, payment__in=visible.values("pk"))
        .select_related("payment__payment_list__period")
        .order_by("pk")
    )


def _objection(line: PaymentLine, reason: str, *, is_carried: bool) -> str:
    payment, period = line.payment, line.payment.payment_list.period
    if period.state != Period.State.OPEN:
        return f"Sổ {months.title(period.month)} đã khóa."
    if is_carried:
        return "Đã chuyển sang kỳ sau; hãy rút khỏi danh sách kỳ sau trước."
    if payment.result in Payment.PAID:
        return "Đã chi, không còn tiền để nộp trả."
    if payment.result not in Payment.UNPAID:
        return "Chưa có kết quả chi trả."
    if not reason:
        return "Hãy ghi lý do."
    if len(reason) > MAX_REASON:
        return f"Lý do dài quá {MAX_REASON} ký tự."
    return ""


def tell(outcome: Returned) -> str:
    """What was returned, in a sentence."""
    return f"Đã nộp trả ngân sách {money.format_number(outcome.count)} dòng, {money.format_amount(outcome.amount)}."
