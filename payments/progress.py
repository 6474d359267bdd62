"""How far a month is, in few numbers for reports: its lists by step, its payments by payer and result."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from batosocial.lib import clock
from batosocial.staff.models import User
from beneficiaries.models import Policy
from payments import board
from payments.models import Payment, PaymentList, Period


@dataclass(frozen=True, slots=True)
class Step:
    """How many lists stand at a step."""

    state: str
    label: str
    tone: str
    lists: int


@dataclass(frozen=True, slots=True)
class ListsOfPolicy:
    """``overdue``: lists that should have been handed over, with the day before which."""

    policy: str
    label: str
    lists: int
    steps: list[Step]
    overdue: int
    deadline: datetime.date


def lists_by_step(user: User, month: datetime.date) -> list[ListsOfPolicy]:
    """The month's lists by policy and step, without their payments: one query."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    open_policies = set()
    rows = PaymentList.objects.visible_to(user).filter(period__month=month).order_by()
    for policy, period_state, state, lists in rows.values_list("period__policy", "period__state", "state").annotate(
        lists=Count("pk")
    ):
        counts[policy][state] += lists
        if period_state == Period.State.OPEN:
            open_policies.add(policy)
    deadline = board.hand_over_deadline(month)
    late = clock.today() >= deadline
    before = [state for state in PaymentList.State if state not in PaymentList.HANDED_OVER_STATES]
    return [
        ListsOfPolicy(
            policy.value,
            policy.label,
            counts[policy].total(),
            [
                Step(state.value, state.label, board.STATE_TONES[state], counts[policy][state])
                for state in PaymentList.State
                if counts[policy][state]
            ],
            sum(counts[policy][state] for state in before) if late and policy in open_policies else 0,
            deadline,
        )
        for policy in Policy
        if counts[policy]
    ]


#: What became of what a payer was handed; the codes stand in addresses.
PARTS = {
    "da-giao": ("Đã giao", Q()),
    "qua-tai-khoan": ("Chi qua tài khoản", Q(result=Payment.Result.PAID_ACCOUNT)),
    "tien-mat": ("Chi tiền mặt", Q(result=Payment.Result.PAID_CASH)),
    "bi-tra-lai": ("Bị trả lại", Q(result=Payment.Result.RETURNED)),
    "chua-den-nhan": ("Chưa đến nhận", Q(result=Payment.Result.NOT_COLLECTED)),
    "chua-co-ket-qua": ("Chưa có kết quả", Q(result="")),
}


@dataclass(frozen=True, slots=True)
class PayerResults:
    """A payer's payments of a month in one policy, by part (``PARTS``)."""

    policy: str
    payer: str
    payer_code: str
    counts: dict[str, int]


def handed_over(user: User, month: datetime.date, policy: str = "") -> "QuerySet[Payment]":
    """Payments of the month's lists that the payers have."""
    lists = PaymentList.objects.visible_to(user).filter(period__month=month, state__in=PaymentList.HANDED_OVER_STATES)
    if policy:
        lists = lists.filter(period__policy=policy)
    return Payment.objects.visible_to(user).filter(payment_list__in=lists)


def results_by_payer(user: User, month: datetime.date) -> list[PayerResults]:
    """In one query."""
    rows: Iterable[Any] = (
        handed_over(user, month)
        .order_by()
        .values("payment_list__period__policy", "payer__name", "payer__code")
        .annotate(**{code.replace("-", "_"): Count("pk", filter=condition) for code, (_, condition) in PARTS.items()})
        .order_by("payer__name")
    )
    found = [
        PayerResults(
            row["payment_list__period__policy"],
            row["payer__name"],
            row["payer__code"],
            {code: row[code.replace("-", "_")] for code in PARTS},
        )
        for row in rows
    ]
    return sorted(found, key=lambda row: Policy.values.index(row.policy))
