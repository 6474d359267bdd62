"""How far a month is, in few numbers for reports: its lists by step, its payments by payer and result."""

import datetime
from collections import Counter, defaultdict
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, QuerySet

from batosocial.lib import clock
from batosocial.staff.models import Payer, User
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


EVERYTHING = "da-giao"
#: What became of what a payer was handed: words, and the result that says so. The codes stand in addresses.
PARTS: dict[str, tuple[str, str | None]] = {
    EVERYTHING: ("Đã giao", None),
    "qua-tai-khoan": ("Chi qua tài khoản", Payment.Result.PAID_ACCOUNT),
    "tien-mat": ("Chi tiền mặt", Payment.Result.PAID_CASH),
    "bi-tra-lai": ("Bị trả lại", Payment.Result.RETURNED),
    "chua-den-nhan": ("Chưa đến nhận", Payment.Result.NOT_COLLECTED),
    "chua-co-ket-qua": ("Chưa có kết quả", ""),
}
PART_OF = {str(result): code for code, (_, result) in PARTS.items() if result is not None}


@dataclass(frozen=True, slots=True)
class PayerResults:
    """A payer's payments of a month in one policy, by part (``PARTS``)."""

    policy: str
    payer: str
    payer_code: str
    counts: dict[str, int]


def _handed_over_lists(user: User, month: datetime.date) -> "QuerySet[PaymentList]":
    return PaymentList.objects.visible_to(user).filter(period__month=month, state__in=PaymentList.HANDED_OVER_STATES)


def handed_over(user: User, month: datetime.date, policy: str, payer: Payer, part: str) -> "QuerySet[Payment]":
    """The payments behind a number of ``results_by_payer``."""
    lists = _handed_over_lists(user, month).filter(period__policy=policy)
    rows = Payment.objects.visible_to(user).filter(payment_list__in=lists, payer=payer)
    result = PARTS[part][1]
    return rows if result is None else rows.filter(result=result)


def results_by_payer(user: User, month: datetime.date) -> list[PayerResults]:
    """In one query: each list's payments are counted for themselves, and the counts added up."""
    lists = _handed_over_lists(user, month).order_by().values_list("pk", "period__policy")
    sql, params = lists.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT w.policy, y.name, y.code, counted.result, sum(counted.number)::bigint
            FROM ({sql}) AS w (list_id, policy)
            JOIN LATERAL (
                SELECT p.payer_id, p.result, count(*) AS number FROM payments_payment p
                WHERE p.payment_list_id = w.list_id GROUP BY p.payer_id, p.result
            ) AS counted ON true
            JOIN staff_payer y ON y.id = counted.payer_id
            GROUP BY w.policy, y.name, y.code, counted.result
            """,
            params,
        )
        rows = cursor.fetchall()
    found: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for policy, name, code, result, number in rows:
        found[policy, name, code][PART_OF[result]] += number
        found[policy, name, code][EVERYTHING] += number
    return [
        PayerResults(policy, name, code, {part: counts[part] for part in PARTS})
        for (policy, name, code), counts in sorted(
            found.items(), key=lambda item: (Policy.values.index(item[0][0]), item[0][1])
        )
    ]
