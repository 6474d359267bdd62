"""What the payers' results tell: money that nobody came for, and people said to be dead."""

import datetime
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from batosocial.lib import months
from batosocial.lib.text import fold
from beneficiaries.changes import law
from beneficiaries.models import Category, Change, Entitlement
from payments.models import Payment, ReviewLine
from payments.review.findings import Finding, Wanted, register_source

Source, Action = ReviewLine.Source, ReviewLine.Action

#: đ.a k3 Điều 2 TT 02/2021: không nhận chế độ liên tục từ 03 tháng trở lên.
UNCOLLECTED = "TT02-2.3.a"
_MONTHS = 3
#: How far back a payer's word of a death is still news.
_DEATHS_BACK = 6
_DEAD = re.compile(r"\b(?:da chet|tu tran|da mat)\b")
#: "Đã mất thẻ", "đã mất giấy tờ" is no death.
_LOST = re.compile(r"\bda mat (?:the|giay|so|can cuoc|cccd|cmnd|cmt|sim|dien thoai|lien lac|kha nang|suc|tai khoan)\b")

#: Of each benefit of BTXH: its last three months of which the payer has reported, if nothing of them was received and
#: they follow one another up to one of the last two months.
_UNCOLLECTED = """
SELECT e.id, p.commune_id, e.person_id, run.last_month, run.results
FROM (
    SELECT recent.entitlement_id, max(recent.month) AS last_month,
           array_agg(recent.result ORDER BY recent.month) AS results
    FROM (
        SELECT line.entitlement_id, period.month, payment.result,
               row_number() OVER (PARTITION BY line.entitlement_id ORDER BY period.month DESC) AS place
        FROM payments_period period
        JOIN payments_paymentlist list ON list.period_id = period.id
        JOIN payments_payment payment ON payment.payment_list_id = list.id
        JOIN payments_paymentline line ON line.payment_id = payment.id AND line.kind = 'regular'
        WHERE period.policy = 'BTXH' AND period.month BETWEEN %(first)s AND %(last)s AND payment.result <> ''
          AND list.commune_id = ANY(%(communes)s)
          AND payment.person_id IN (
              SELECT unpaid.person_id
              FROM payments_payment unpaid
              JOIN payments_paymentlist unpaid_list ON unpaid_list.id = unpaid.payment_list_id
              JOIN payments_period unpaid_period ON unpaid_period.id = unpaid_list.period_id
              WHERE unpaid.result IN ('returned', 'not_collected') AND unpaid_period.policy = 'BTXH'
                AND unpaid_period.month >= %(late)s AND unpaid_period.month <= %(last)s
          )
    ) recent
    WHERE recent.place <= 3
    GROUP BY recent.entitlement_id
    HAVING count(*) = 3 AND bool_and(recent.result IN ('returned', 'not_collected'))
       AND max(recent.month) >= %(late)s AND min(recent.month) = max(recent.month) - interval '2 months'
) run
JOIN beneficiaries_entitlement e ON e.id = run.entitlement_id
JOIN beneficiaries_person p ON p.id = e.person_id
WHERE e.voided_by_id IS NULL AND p.died_on IS NULL AND p.commune_id = ANY(%(communes)s)
  AND (upper_inf(e.months) OR upper(e.months) > %(month)s)
  AND NOT EXISTS (
      SELECT 1 FROM beneficiaries_suspension s
      WHERE s.entitlement_id = e.id AND (upper_inf(s.months) OR s.months @> %(month)s)
  )
  AND NOT EXISTS (
      SELECT 1 FROM beneficiaries_change c
      WHERE c.person_id = e.person_id AND c.state IN ('proposed', 'appraised', 'decided')
        AND (c.entitlement_id = e.id OR c.kind = 'stop' AND c.entitlement_id IS NULL)
  )
ORDER BY e.id
"""


@register_source("uncollected")
def uncollected(wanted: Wanted) -> Iterator[Finding]:
    """Nothing received for three months in a row: to be suspended (đ.a k3 Điều 2 TT 02/2021).

    Money that the bank sent back was not received either, but is no refusal to take it: where that happened, the
    program proposes nothing and says so.
    """
    values: dict[str, Any] = {
        "month": wanted.month,
        "first": months.add(wanted.month, -_MONTHS - 2),
        "last": months.add(wanted.month, -1),
        "late": months.add(wanted.month, -2),
        "communes": list(wanted.communes),
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNCOLLECTED, values)
        rows = cursor.fetchall()
    for entitlement, commune, person, last, results in rows:
        first = months.add(last, 1 - _MONTHS)
        span = f"{months.title(first)} đến {months.title(last)}"
        returned = [
            months.label(months.add(first, at)) for at, one in enumerate(results) if one == Payment.Result.RETURNED
        ]
        words = f"Không nhận tiền 3 tháng liền, từ {span}"
        if returned:
            words += f"; {', '.join(returned)} do chuyển khoản bị trả lại, hãy kiểm tra tài khoản trước"
        yield Finding(
            commune_id=commune,
            person_id=person,
            entitlement_id=entitlement,
            source=Source.UNCOLLECTED,
            key=f"uncollected:{entitlement}:{months.iso(last)}",
            finding=f"{words} (đ.a k3 Đ2 TT 02/2021)",
            action="" if returned else Action.SUSPEND,
            reason=UNCOLLECTED,
            # The text names no month: the one reviewed, until the decision says another.
            effective_month=wanted.month,
        )


@register_source("deaths-in-results")
def deaths(wanted: Wanted) -> Iterator[Finding]:
    """People of whom a payer says that they are dead, by the reason of a returned payment or in a note, while the
    register has them living and a benefit runs on."""
    running = Entitlement.objects.granted().filter(
        Q(months__upper_inf=True) | Q(months__endswith__gt=wanted.month), person=OuterRef("person")
    )
    running = running.exclude(category__regime=Category.Regime.ONE_OFF)
    pending = Change.objects.waiting().filter(person=OuterRef("person"), kind=Change.Kind.STOP, entitlement=None)
    rows = Payment.objects.filter(
        Q(return_reason=Payment.ReturnReason.DECEASED) | ~Q(result_note=""),
        ~Exists(pending),
        Exists(running),
        person__commune__in=wanted.communes,
        person__died_on__isnull=True,
        payment_list__period__month__gte=months.add(wanted.month, -_DEATHS_BACK),
        payment_list__period__month__lt=wanted.month,
    )
    told: dict[int, list[tuple[datetime.date, int, str, int]]] = defaultdict(list)
    columns = ("person_id", "person__commune", "payment_list__period__month", "pk", "return_reason", "result_note")
    rows = rows.order_by("payment_list__period__month", "pk")
    for person, commune, month, pk, reason, note in rows.values_list(*columns):
        if reason == Payment.ReturnReason.DECEASED or says_death(note):
            told[person].append((month, pk, note, commune))
    regimes = _regimes(list(told))
    for person, rows_of in told.items():
        month, pk, note, commune = rows_of[-1]
        said = f"“{note[:120]}”" if note else "người hưởng đã chết"
        yield Finding(
            commune_id=commune,
            person_id=person,
            source=Source.DEATH,
            key=f"death-result:{person}:{pk}",
            finding=f"Kết quả chi trả {months.title(month)} ghi {said} (đ.a k1 Đ2 TT 02/2021; Đ121-124 NĐ 131/2021)",
            action=Action.STOP,
            reason=law.death_reason(regimes[person]),
            # The payer does not know the day: the officer finds it on the death certificate.
            once=True,
        )


def says_death(note: str) -> bool:
    """Whether a payer's note says that somebody died: "đã chết", "từ trần", "đã mất" (but not "đã mất thẻ")."""
    folded = fold(note)
    return bool(_DEAD.search(_LOST.sub(" ", folded)))


def _regimes(person_ids: Sequence[int]) -> dict[int, set[str]]:
    """The regimes of one policy of each person, BTXH before NCC as its code comes first."""
    if not person_ids:
        return {}
    rows = Entitlement.objects.granted().filter(person__in=person_ids).exclude(category__regime=Category.Regime.ONE_OFF)
    found: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for person, policy, regime in rows.values_list("person", "category__policy", "category__regime"):
        found[person][policy].add(regime)
    return {person: by_policy[min(by_policy)] for person, by_policy in found.items()}
