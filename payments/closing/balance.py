"""A month's account: approved = paid by account + paid in cash + carried over + returned to the budget, to the đồng.

Counted by line, as a payment may be carried on with one line and returned to the budget with another; such a payment
stands in both counts of payments, its money in each once.
"""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from django.db import connection

from batosocial.lib import money, months
from payments.models import PaymentList, Period

State = PaymentList.State
#: The parts of what was approved, with their words; "open" is what has neither been paid nor found its way yet.
PARTS = {
    "approved": "Đã duyệt",
    "paid_account": "Chi qua tài khoản",
    "paid_cash": "Chi tiền mặt",
    "carried_over": "Chuyển kỳ sau",
    "returned_to_budget": "Nộp trả ngân sách",
    "no_result": "Chưa có kết quả",
    "unpaid": "Chưa chi, chưa chuyển",
}
#: Of a line with its payment: to which part it belongs.
CONDITIONS = {
    "paid_account": "p.result = 'paid_account'",
    "paid_cash": "p.result = 'paid_cash'",
    "carried_over": "c.id IS NOT NULL",
    "returned_to_budget": "b.id IS NOT NULL",
    "no_result": "p.result = ''",
    "unpaid": "p.result IN ('returned', 'not_collected') AND c.id IS NULL AND b.id IS NULL",
}


@dataclass(frozen=True)
class Figure:
    """Payments and whole đồng."""

    payments: int = 0
    amount: int = 0

    def __add__(self, other: "Figure") -> "Figure":
        return Figure(self.payments + other.payments, self.amount + other.amount)

    def as_json(self) -> dict[str, int]:
        return {"payments": self.payments, "amount": self.amount}


@dataclass(frozen=True)
class Balance:
    approved: Figure = Figure()
    paid_account: Figure = Figure()
    paid_cash: Figure = Figure()
    carried_over: Figure = Figure()
    returned_to_budget: Figure = Figure()
    no_result: Figure = Figure()
    unpaid: Figure = Figure()

    def __add__(self, other: "Balance") -> "Balance":
        return Balance(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Balance)))

    @property
    def accounted(self) -> int:
        """Đồng of which it is known what became of them."""
        return (
            self.paid_account.amount + self.paid_cash.amount + self.carried_over.amount + self.returned_to_budget.amount
        )

    @property
    def is_even(self) -> bool:
        return self.approved.amount == self.accounted

    def shown(self) -> list[tuple[str, str, Figure]]:
        """(code, words, figure) of every part."""
        return [(code, label, getattr(self, code)) for code, label in PARTS.items()]


@dataclass(frozen=True)
class ListBalance:
    list_id: int
    commune_code: str
    commune_name: str
    state: str
    balance: Balance

    @property
    def state_label(self) -> str:
        return State(self.state).label


@dataclass
class PolicyBalance:
    period: Period
    lists: list[ListBalance] = field(default_factory=list)

    @property
    def total(self) -> Balance:
        return sum((row.balance for row in self.lists), Balance())


_BALANCE = f"""
SELECT l.period_id, l.id, u.code, l.commune_name, l.state,
       coalesce((SELECT sum(t.total) FROM payments_payment t WHERE t.payment_list_id = l.id), 0),
       count(DISTINCT p.id),
       {
    ", ".join(
        f"count(DISTINCT p.id) FILTER (WHERE {condition}), "
        f"coalesce(sum(i.amount) FILTER (WHERE {condition}), 0)::bigint"
        for condition in CONDITIONS.values()
    )
}
FROM payments_paymentlist l
JOIN territory_unit u ON u.id = l.commune_id
LEFT JOIN payments_payment p ON p.payment_list_id = l.id
LEFT JOIN payments_paymentline i ON i.payment_id = p.id
LEFT JOIN payments_paymentline c ON c.carried_line_id = i.id
LEFT JOIN payments_budgetreturn b ON b.line_id = i.id
WHERE l.period_id = ANY(%s)
GROUP BY l.period_id, l.id, u.code, l.commune_name, l.state, u.position
ORDER BY u.position, l.id
"""


def read_balance(periods: Collection[Period]) -> list[PolicyBalance]:
    """The account of each list of these periods, in one query."""
    found = {period.pk: PolicyBalance(period) for period in periods}
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, [list(found)])
        for period_id, list_id, code, name, state, approved, payments, *rest in cursor.fetchall():
            figures = [Figure(int(rest[n]), int(rest[n + 1])) for n in range(0, len(rest), 2)]
            balance = Balance(Figure(payments, int(approved)), *figures)
            found[period_id].lists.append(ListBalance(list_id, code, name, state, balance))
    return list(found.values())


@dataclass(frozen=True)
class Missing:
    """Payments of a payer that have no result yet."""

    policy: str
    payer: str
    payer_code: str
    payments: int
    amount: int


def missing_results(month: datetime.date, policies: Collection[str] | None = None) -> list[Missing]:
    """Payments of handed over lists of the month without a result, by policy and payer, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT o.policy, y.name, y.code, count(*), sum(p.total)::bigint
            FROM payments_period o
            JOIN payments_paymentlist l ON l.period_id = o.id AND l.state = 'handed_over'
            JOIN payments_payment p ON p.payment_list_id = l.id AND p.result = ''
            JOIN staff_payer y ON y.id = p.payer_id
            WHERE o.month = %s AND (%s::text[] IS NULL OR o.policy = ANY(%s))
            GROUP BY o.policy, y.name, y.code ORDER BY o.policy, y.name
            """,
            [month, list(policies) if policies is not None else None, list(policies or [])],
        )
        return [Missing(policy, name, code, count, int(amount)) for policy, name, code, count, amount in cursor]


#: Why a line that was not paid has not been carried on: (words, what to do).
WHY_UNPAID = {
    "suspended": (
        "đang tạm dừng hưởng",
        "chờ quyết định tiếp tục hoặc thôi hưởng, hoặc nộp trả ngân sách",
    ),
    "not_opened": ("chưa mở tháng sau", "mở tháng sau thì khoản còn được hưởng chuyển sang danh sách đó"),
    "late": (
        "kết quả ghi sau khi đã mở tháng sau",
        "lập lại danh sách tháng sau khi còn đang lập, chờ mở tháng kế tiếp, hoặc nộp trả ngân sách",
    ),
}

#: Columns of an unpaid line's reason; needs i (line), o (its period).
WHY_CASE = """
    CASE WHEN EXISTS (
             SELECT 1 FROM beneficiaries_suspension s
             WHERE s.entitlement_id = i.entitlement_id AND s.months @> (
                 SELECT greatest(max(n.month), (o.month + interval '1 month')::date)
                 FROM payments_period n WHERE n.policy = o.policy
             )
         ) THEN 'suspended'
         WHEN NOT EXISTS (SELECT 1 FROM payments_period n WHERE n.policy = o.policy AND n.month > o.month)
         THEN 'not_opened' ELSE 'late' END
"""
_UNPAID_WHY = f"""
SELECT o.policy, {WHY_CASE} AS why, count(DISTINCT p.id), sum(i.amount)::bigint
FROM payments_period o
JOIN payments_paymentlist l ON l.period_id = o.id AND l.state = 'handed_over'
JOIN payments_payment p ON p.payment_list_id = l.id AND p.result IN ('returned', 'not_collected')
JOIN payments_paymentline i ON i.payment_id = p.id
WHERE o.id = ANY(%s)
  AND NOT EXISTS (SELECT 1 FROM payments_paymentline c WHERE c.carried_line_id = i.id)
  AND NOT EXISTS (SELECT 1 FROM payments_budgetreturn b WHERE b.line_id = i.id)
GROUP BY o.policy, why ORDER BY o.policy, why DESC
"""


@dataclass(frozen=True)
class Obstacle:
    """What keeps a policy's month from closing. ``kind``: list, result, unpaid, earlier, uneven, period."""

    policy: str
    kind: str
    text: str


def obstacles(balances: Iterable[PolicyBalance]) -> list[Obstacle]:
    """Everything that keeps these open periods from closing, in a fixed number of queries."""
    open_ones = [one for one in balances if one.period.state == Period.State.OPEN]
    if not open_ones:
        return []
    periods = [one.period for one in open_ones]
    found = _earlier(periods)
    for one in open_ones:
        found += _lists(one)
    for policy in sorted({period.policy for period in periods}):
        month = next(period.month for period in periods if period.policy == policy)
        found += [
            Obstacle(
                policy,
                "result",
                f"{policy}: {money.format_number(missing.payments)} khoản chưa có kết quả của {missing.payer} "
                f"({money.format_amount(missing.amount)}).",
            )
            for missing in missing_results(month, [policy])
        ]
    found += _unpaid(periods)
    found += [
        Obstacle(
            one.period.policy,
            "uneven",
            f"{one.period.policy}: đã duyệt {money.format_amount(one.total.approved.amount)} nhưng chỉ rõ "
            f"{money.format_amount(one.total.accounted)}, các dòng không khớp tổng; hãy báo quản trị.",
        )
        for one in open_ones
        if one.total.approved.amount != one.total.accounted + one.total.no_result.amount + one.total.unpaid.amount
    ]
    order = {policy: number for number, policy in enumerate(dict.fromkeys(period.policy for period in periods))}
    return sorted(found, key=lambda obstacle: order[obstacle.policy])


def _earlier(periods: list[Period]) -> list[Obstacle]:
    earlier = Period.objects.filter(state=Period.State.OPEN).order_by("month").values_list("policy", "month")
    found = []
    for policy, month in earlier:
        for period in periods:
            if period.policy == policy and month < period.month:
                text = f"{policy}: {months.title(month)} chưa khóa sổ; hãy khóa tháng trước đã."
                found.append(Obstacle(policy, "earlier", text))
    return found


def _lists(one: PolicyBalance) -> list[Obstacle]:
    waiting = [row for row in one.lists if row.state not in (State.HANDED_OVER, State.CLOSED)]
    return [
        Obstacle(
            one.period.policy,
            "list",
            f"{one.period.policy}: danh sách {row.commune_name} chưa giao chi trả ({row.state_label.lower()}).",
        )
        for row in waiting
    ]


def _unpaid(periods: list[Period]) -> list[Obstacle]:
    with connection.cursor() as cursor:
        cursor.execute(_UNPAID_WHY, [[period.pk for period in periods]])
        rows = cursor.fetchall()
    return [
        Obstacle(
            policy,
            "unpaid",
            f"{policy}: {money.format_number(count)} khoản chưa chi ({money.format_amount(int(amount))}) chưa chuyển "
            f"kỳ sau, chưa nộp trả ngân sách: {WHY_UNPAID[why][0]}; {WHY_UNPAID[why][1]}.",
        )
        for policy, why, count, amount in rows
    ]


_CLOSABLE = """
SELECT o.policy, o.month
FROM payments_period o
WHERE o.state = 'open' AND EXISTS (SELECT 1 FROM payments_paymentlist l WHERE l.period_id = o.id)
  AND NOT EXISTS (
      SELECT 1 FROM payments_period e WHERE e.policy = o.policy AND e.month < o.month AND e.state = 'open'
  )
  AND NOT EXISTS (SELECT 1 FROM payments_paymentlist l WHERE l.period_id = o.id AND l.state <> 'handed_over')
  AND NOT EXISTS (
      SELECT 1 FROM payments_paymentlist l JOIN payments_payment p ON p.payment_list_id = l.id
      WHERE l.period_id = o.id AND p.result = ''
  )
  AND NOT EXISTS (
      SELECT 1 FROM payments_paymentlist l
      JOIN payments_payment p ON p.payment_list_id = l.id AND p.result IN ('returned', 'not_collected')
      JOIN payments_paymentline i ON i.payment_id = p.id
      WHERE l.period_id = o.id
        AND NOT EXISTS (SELECT 1 FROM payments_paymentline c WHERE c.carried_line_id = i.id)
        AND NOT EXISTS (SELECT 1 FROM payments_budgetreturn b WHERE b.line_id = i.id)
  )
ORDER BY o.month, o.policy
"""


def closable_months() -> list[tuple[str, datetime.date]]:
    """(policy, month) of the open periods that nothing keeps open, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSABLE)
        return list(cursor.fetchall())


def names_of(period_ids: Collection[int], part: str, commune: str = "") -> tuple[str, list[Any]]:
    """SQL (and its values) of the payments behind a number: id, and đồng of the lines that count."""
    condition = CONDITIONS.get(part, "true")
    return (
        f"""
        SELECT p.id, sum(i.amount)::bigint
        FROM payments_payment p
        JOIN payments_paymentlist l ON l.id = p.payment_list_id
        JOIN territory_unit u ON u.id = l.commune_id
        JOIN payments_paymentline i ON i.payment_id = p.id
        LEFT JOIN payments_paymentline c ON c.carried_line_id = i.id
        LEFT JOIN payments_budgetreturn b ON b.line_id = i.id
        WHERE l.period_id = ANY(%s) AND {condition} AND (%s = '' OR u.code = %s)
        GROUP BY p.id, u.position, p.position ORDER BY u.position, p.position, p.id
        """,
        [list(period_ids), commune, commune],
    )
