"""Every month of every commune computed anew from its lines, and compared with what was kept and with what was paid."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db import connection

from batosocial.lib import months
from payments.ledger.differences import differences_of
from payments.ledger.sides import MEASURES, SIDES, compute, read_ledgers
from payments.models import PaymentList

_SIDE_NAMES = {"opening": "đầu kỳ", "increase": "tăng", "decrease": "giảm", "closing": "cuối kỳ"}
_MEASURE_NAMES = {"people": "số người", "entitlements": "số suất", "amount": "số tiền"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What does not agree, in Vietnamese; ``expected`` and ``found`` are counts or đồng where there are such."""

    month: datetime.date
    policy: str
    commune: str
    what: str
    expected: int | None = None
    found: int | None = None

    def __str__(self) -> str:
        numbers = "" if self.expected is None else f": phải là {self.expected}, đang là {self.found}"
        return f"{self.policy} {months.title(self.month)}, {self.commune}: {self.what}{numbers}"


@dataclass(frozen=True, slots=True)
class Verified:
    """How much was looked at, and what was found."""

    months: int
    lists: int
    problems: list[Problem]


#: Each returns (month, policy, commune, subject, expected, found) of what is wrong with single payments and lines. The
#: database refuses most of it; here it is looked at all the same, as whoever repairs by hand may go around it.
_OF_PAYMENT = """
    FROM payments_payment p
    JOIN payments_paymentlist l ON l.id = p.payment_list_id
    JOIN payments_period o ON o.id = l.period_id
"""
_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "khoản {} không bằng tổng các dòng",
        f"""
        SELECT o.month, o.policy, l.commune_name, p.number, coalesce(sum(i.amount), 0), p.total {_OF_PAYMENT}
        LEFT JOIN payments_paymentline i ON i.payment_id = p.id
        GROUP BY o.month, o.policy, l.commune_name, p.id HAVING p.total <> coalesce(sum(i.amount), 0)
        """,
    ),
    (
        "khoản {} đã chi nhưng vẫn chuyển sang danh sách khác",
        f"""
        SELECT DISTINCT o.month, o.policy, l.commune_name, p.number, NULL::bigint, NULL::bigint {_OF_PAYMENT}
        JOIN payments_paymentline i ON i.payment_id = p.id
        JOIN payments_paymentline c ON c.carried_line_id = i.id
        WHERE p.result NOT IN ('returned', 'not_collected')
        """,
    ),
    (
        "khoản {} đã chi nhưng lại nộp trả ngân sách",
        f"""
        SELECT DISTINCT o.month, o.policy, l.commune_name, p.number, NULL::bigint, NULL::bigint {_OF_PAYMENT}
        JOIN payments_paymentline i ON i.payment_id = p.id
        JOIN payments_budgetreturn b ON b.line_id = i.id
        WHERE p.result NOT IN ('returned', 'not_collected')
        """,
    ),
    (
        "khoản {} chậm lĩnh khác số tiền hoặc tháng của khoản chưa chi",
        f"""
        SELECT o.month, o.policy, l.commune_name, p.number, u.amount, i.amount {_OF_PAYMENT}
        JOIN payments_paymentline i ON i.payment_id = p.id
        JOIN payments_paymentline u ON u.id = i.carried_line_id
        WHERE u.amount <> i.amount OR u.month <> i.month
           OR u.entitlement_id IS DISTINCT FROM i.entitlement_id
        """,
    ),
    (
        "khoản {}: một suất của một tháng được chi hai lần",
        f"""
        SELECT o.month, o.policy, l.commune_name, p.number, NULL::bigint, NULL::bigint {_OF_PAYMENT}
        JOIN payments_paymentline i ON i.payment_id = p.id
        WHERE p.result IN ('paid_account', 'paid_cash') AND EXISTS (
            SELECT 1 FROM payments_paymentline x JOIN payments_payment q ON q.id = x.payment_id
            WHERE q.result IN ('paid_account', 'paid_cash') AND x.id < i.id
              AND (coalesce(x.origin_id, x.id) = coalesce(i.origin_id, i.id)
                   OR (x.kind = 'regular' AND i.kind = 'regular' AND x.entitlement_id = i.entitlement_id
                       AND x.month = i.month))
              AND x.entitlement_id = i.entitlement_id
        )
        """,
    ),
    (
        "khoản {} trong tháng đã khóa sổ chưa chi, chưa chuyển kỳ và chưa nộp trả ngân sách",
        f"""
        SELECT DISTINCT o.month, o.policy, l.commune_name, p.number, NULL::bigint, NULL::bigint {_OF_PAYMENT}
        JOIN payments_paymentline i ON i.payment_id = p.id
        WHERE o.state = 'closed' AND p.result NOT IN ('paid_account', 'paid_cash')
          AND NOT EXISTS (SELECT 1 FROM payments_paymentline c WHERE c.carried_line_id = i.id)
          AND NOT EXISTS (SELECT 1 FROM payments_budgetreturn b WHERE b.line_id = i.id)
        """,
    ),
)


def verify_ledger() -> Verified:
    """Compare every ledger with its lines, and see that nothing is paid twice or lost. Writes nothing.

    Some queries for each month of each policy, however many people there are.
    """
    problems: list[Problem] = []
    lists = list(
        PaymentList.objects.select_related("period").order_by("period__month", "period__policy", "commune__position")
    )
    names = {row.commune_id: row.commune_name for row in lists}
    covered: dict[tuple[datetime.date, str], list[int]] = {}
    for row in lists:
        covered.setdefault((row.period.month, row.period.policy), []).append(row.commune_id)
        if row.period.with_next:
            covered.setdefault((months.add(row.period.month, 1), row.period.policy), []).append(row.commune_id)
    for (month, policy), communes in sorted(covered.items()):
        problems += _compare(month, policy, communes, names)
    with connection.cursor() as cursor:
        for what, statement in _CHECKS:
            cursor.execute(statement)
            problems += [_problem(what, row) for row in cursor.fetchall()]
    return Verified(len({month for month, _ in covered}), len(lists), problems)


def _problem(what: str, row: tuple[Any, ...]) -> Problem:
    month, policy, commune, subject, expected, found = row
    return Problem(
        month,
        policy,
        commune,
        what.format(subject),
        None if expected is None else int(expected),
        None if found is None else int(found),
    )


def _compare(month: datetime.date, policy: str, communes: list[int], names: dict[int, str]) -> list[Problem]:
    problems = []
    stored, now = read_ledgers(policy, month, communes), compute(policy, month, communes)
    for commune_id in dict.fromkeys(communes):
        kept = stored.get(commune_id)
        if kept is None:
            problems.append(Problem(month, policy, names[commune_id], "chưa có sổ tăng giảm"))
            continue
        for side in SIDES:
            for measure in MEASURES:
                expected = getattr(getattr(now[commune_id], side), measure)
                found = getattr(getattr(kept, side), measure)
                if expected != found:
                    what = f"{_SIDE_NAMES[side]}, {_MEASURE_NAMES[measure]} theo các dòng khác với sổ"
                    problems.append(Problem(month, policy, names[commune_id], what, expected, found))
    for one in differences_of(policy, month, communes):
        if one.cause == "unexplained":
            what = f"{one.name} khác với tháng trước mà trong sổ không có căn cứ"
            problems.append(Problem(month, policy, names[one.commune_id], what, one.before or 0, one.after or 0))
    return problems
