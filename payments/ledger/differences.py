"""What differs between a list and the one of the month before, person by person, with what it comes from."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection

from batosocial.lib import months
from beneficiaries.places import LIVES_HERE
from payments.ledger.sides import BOTH, WHO
from payments.models import PaymentList

#: Why a line is there, gone, or another amount. "unexplained" has nothing in the register to rest on.
CAUSES = {
    "start": "Tăng mới",
    "first_load": "Nạp lần đầu",
    "adjust": "Điều chỉnh",
    "correct": "Đính chính",
    "resume": "Tiếp tục hưởng",
    "moved_in": "Chuyển đến",
    "moved_out": "Chuyển đi",
    "death": "Chết",
    "stop": "Thôi hưởng",
    "suspend": "Tạm dừng",
    "void": "Hủy do ghi nhầm",
    "highest": "Chế độ cao nhất thay đổi",
    "rate": "Thay đổi mức trợ cấp",
    "dependants": "Thay đổi số người phụ thuộc",
    "unexplained": "Chưa rõ nguyên nhân",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """``before`` and ``after`` in đồng a month, None where there is no line; ``new_person`` and ``gone_person`` say
    that the person had no line at all before, or has none now."""

    commune_id: int
    person_id: int
    name: str
    birth: str
    hamlet: str
    category_id: int
    entitlement_id: int
    before: int | None
    after: int | None
    new_person: bool
    gone_person: bool
    cause: str
    change_id: int | None

    @property
    def amount(self) -> int:
        return (self.after or 0) - (self.before or 0)

    @property
    def cause_label(self) -> str:
        return CAUSES[self.cause]


# An hour's slack: a change is applied a little before its transaction ends.
_DIFFERENCES = f"""
WITH {BOTH},
lists_before AS (
    SELECT coalesce(places.place_id, l.commune_id) AS commune_id, min(l.made_at) AS made_at
    FROM payments_paymentlist l JOIN payments_period o ON o.id = l.period_id
    LEFT JOIN places ON places.unit_id = l.commune_id
    WHERE o.policy = %(policy)s AND o.month = %(before)s GROUP BY coalesce(places.place_id, l.commune_id)
),
marked AS (
    SELECT b.*, bool_or(before IS NOT NULL) OVER w AS was, bool_or(after IS NOT NULL) OVER w AS is_now
    FROM both_months b WINDOW w AS (PARTITION BY commune_id, person_id)
)
SELECT m.commune_id, m.person_id, {WHO}, e.category_id, m.entitlement_id, m.before, m.after,
       NOT m.was, NOT m.is_now,
       CASE
       WHEN m.before IS NULL THEN CASE
           WHEN elsewhere_before.id IS NOT NULL THEN 'moved_in'
           WHEN pause_before.id IS NOT NULL AND pause_now.id IS NULL THEN 'resume'
           WHEN revived.id IS NOT NULL THEN 'correct'
           WHEN m.was AND e.months @> %(before)s::date AND g.applied_at < lists_before.made_at THEN 'highest'
           WHEN lower(e.months) >= %(month)s OR lists_before.made_at IS NULL
                OR g.applied_at >= lists_before.made_at - interval '1 hour'
               THEN CASE WHEN g.first_load THEN 'first_load' WHEN g.kind IN ('adjust', 'correct') THEN g.kind
                    ELSE 'start' END
           ELSE 'unexplained' END
       WHEN m.after IS NULL THEN CASE
           WHEN elsewhere_now.id IS NOT NULL OR NOT {LIVES_HERE} THEN 'moved_out'
           WHEN e.voided_by_id IS NOT NULL THEN 'void'
           WHEN person.died_on < %(month)s THEN 'death'
           WHEN NOT e.months @> %(month)s::date THEN CASE WHEN ending.kind IN ('adjust', 'correct') THEN ending.kind
                ELSE 'stop' END
           WHEN pause_now.id IS NOT NULL THEN 'suspend'
           WHEN revived.id IS NOT NULL THEN 'death'
           WHEN m.is_now THEN 'highest'
           ELSE 'unexplained' END
       ELSE CASE
           WHEN line_before.quantity <> line_after.quantity THEN 'dependants'
           WHEN e.own_amount IS NOT NULL OR line_before.level <> line_after.level THEN 'correct'
           WHEN EXISTS (
               SELECT 1 FROM beneficiaries_rate r
               WHERE r.category_id = e.category_id AND r.level = e.level AND r.amount * line_after.quantity = m.after
           ) THEN 'rate'
           ELSE 'unexplained' END
       END,
       CASE
       WHEN m.before IS NULL THEN coalesce(
           CASE WHEN pause_now.id IS NULL THEN pause_before.ended_by_id END, revived.id, g.id
       )
       WHEN m.after IS NULL THEN coalesce(
           e.voided_by_id, CASE WHEN NOT e.months @> %(month)s::date THEN e.ended_by_id END, pause_now.change_id,
           revived.id
       )
       END
FROM marked m
JOIN beneficiaries_person person ON person.id = m.person_id
JOIN beneficiaries_entitlement e ON e.id = m.entitlement_id
JOIN beneficiaries_change g ON g.id = e.granted_by_id
LEFT JOIN beneficiaries_change ending ON ending.id = e.ended_by_id
LEFT JOIN lists_before ON lists_before.commune_id = m.commune_id
LEFT JOIN payments_paymentline line_before ON line_before.id = m.line_before
LEFT JOIN payments_paymentline line_after ON line_after.id = m.line_after
LEFT JOIN beneficiaries_suspension pause_before
    ON pause_before.entitlement_id = e.id AND pause_before.months @> %(before)s::date
LEFT JOIN beneficiaries_suspension pause_now ON pause_now.entitlement_id = e.id AND pause_now.months @> %(month)s::date
-- A death that was taken back: the lists between rested on it, the first one after it has the person again.
LEFT JOIN LATERAL (
    SELECT c.id FROM beneficiaries_change c
    WHERE c.person_id = m.person_id AND c.policy = %(policy)s AND c.kind = 'correct' AND c.state = 'applied'
      AND c.proposal ->> 'alive' = 'true'
      AND CASE WHEN m.before IS NULL
          THEN c.effective_month <= %(before)s AND e.months @> %(before)s::date
               AND c.applied_at >= lists_before.made_at - interval '1 hour'
          ELSE c.effective_month <= %(month)s AND e.months @> %(month)s::date END
    ORDER BY c.id DESC LIMIT 1
) revived ON m.before IS NULL OR m.after IS NULL
LEFT JOIN payments_paymentline elsewhere_before
    ON m.before IS NULL AND elsewhere_before.entitlement_id = e.id AND elsewhere_before.month = %(before)s
   AND elsewhere_before.kind = 'regular'
LEFT JOIN payments_paymentline elsewhere_now
    ON m.after IS NULL AND elsewhere_now.entitlement_id = e.id AND elsewhere_now.month = %(month)s
   AND elsewhere_now.kind = 'regular'
WHERE m.before IS DISTINCT FROM m.after
ORDER BY m.commune_id, person.sort_key, m.person_id, m.entitlement_id
"""


def differences_of(policy: str, month: datetime.date, communes: Collection[int]) -> list[Difference]:
    """What differs in these communes between the lines of a month and those of the month before. One query."""
    values: dict[str, Any] = {
        "policy": policy,
        "month": month,
        "before": months.add(month, -1),
        "communes": sorted(set(communes)),
    }
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES, values)
        return [Difference(*row) for row in cursor.fetchall()]


def differences(payment_list: PaymentList, month: datetime.date | None = None) -> list[Difference]:
    """Of one list, by its own month or another that it covers. Reads ``period``."""
    period = payment_list.period
    return differences_of(period.policy, month or period.month, [payment_list.commune_id])
