"""The four sides of a ledger: computed in one statement, stored with the list, summed over lists."""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Sum

from batosocial.lib import months
from batosocial.territory.places import PLACES, places_in
from beneficiaries.places import LIVES_HERE
from payments.models import Ledger, PaymentList

SIDES = ("opening", "increase", "decrease", "closing")
MEASURES = ("people", "entitlements", "amount")


@dataclass(frozen=True, slots=True)
class Side:
    """``amount`` in đồng. Somebody whose benefit only changes its amount is no more and no fewer people."""

    people: int = 0
    entitlements: int = 0
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Sides:
    """A commune's regular lines of ``month`` against those of the month before."""

    month: datetime.date
    opening: Side
    increase: Side
    decrease: Side
    closing: Side

    @property
    def balances(self) -> bool:
        return all(
            getattr(self.closing, what)
            == getattr(self.opening, what) + getattr(self.increase, what) - getattr(self.decrease, what)
            for what in MEASURES
        )


#: Name, birth and hamlet of ``person`` behind a row ``m`` of a list: what tells people of one name apart. The hamlet of
#: somebody who lives in another commune now says nothing here.
WHO = f"""person.name,
       concat_ws('/', lpad(person.birth_day::text, 2, '0'), lpad(person.birth_month::text, 2, '0'), person.birth_year),
       CASE WHEN {LIVES_HERE} THEN person.hamlet ELSE '' END"""

#: Regular lines of %(month)s (``cur``) beside those of the month before (``prev``) in the same communes, or in those
#: that have merged into them since; ``both`` has an entitlement once, amounts NULL where there is none. The first month
#: opens from the first load. Figures follow the month that a line covers, whichever list it stands in.
BOTH = f"""
    {PLACES},
    cur AS (
        SELECT l.commune_id, p.person_id, i.entitlement_id, i.amount, i.id AS line_id
        FROM payments_paymentline i
        JOIN payments_payment p ON p.id = i.payment_id
        JOIN payments_paymentlist l ON l.id = p.payment_list_id
        WHERE i.policy = %(policy)s AND i.month = %(month)s AND i.kind = 'regular' AND l.commune_id = ANY(%(communes)s)
    ),
    prev AS (
        SELECT coalesce(places.place_id, l.commune_id) AS commune_id, p.person_id, i.entitlement_id, i.amount,
               i.id AS line_id
        FROM payments_paymentline i
        JOIN payments_payment p ON p.id = i.payment_id
        JOIN payments_paymentlist l ON l.id = p.payment_list_id
        LEFT JOIN places ON places.unit_id = l.commune_id
        WHERE i.policy = %(policy)s AND i.month = %(before)s AND i.kind = 'regular'
          AND coalesce(places.place_id, l.commune_id) = ANY(%(communes)s)
        UNION ALL
        SELECT cur.commune_id, cur.person_id, cur.entitlement_id, cur.amount, cur.line_id
        FROM cur
        JOIN beneficiaries_entitlement e ON e.id = cur.entitlement_id
        JOIN beneficiaries_change g ON g.id = e.granted_by_id AND g.first_load
        WHERE NOT EXISTS (
            SELECT 1 FROM payments_period o WHERE o.policy = %(policy)s AND o.month < %(month)s
        )
    ),
    both_months AS (
        SELECT coalesce(c.commune_id, b.commune_id) AS commune_id, coalesce(c.person_id, b.person_id) AS person_id,
               coalesce(c.entitlement_id, b.entitlement_id) AS entitlement_id, b.amount AS before, c.amount AS after,
               b.line_id AS line_before, c.line_id AS line_after
        FROM cur c
        FULL JOIN prev b ON b.entitlement_id = c.entitlement_id AND b.commune_id = c.commune_id
            AND b.person_id = c.person_id
    )
"""
_SIDES = f"""
WITH {BOTH},
of_people AS (
    SELECT commune_id, person_id, bool_or(before IS NOT NULL) AS was, bool_or(after IS NOT NULL) AS is_now
    FROM both_months GROUP BY commune_id, person_id
),
people AS (
    SELECT commune_id, count(*) FILTER (WHERE was) AS opening, count(*) FILTER (WHERE is_now AND NOT was) AS increase,
           count(*) FILTER (WHERE was AND NOT is_now) AS decrease, count(*) FILTER (WHERE is_now) AS closing
    FROM of_people GROUP BY commune_id
),
money AS (
    SELECT commune_id, count(before) AS opening, count(*) FILTER (WHERE before IS NULL) AS increase,
           count(*) FILTER (WHERE after IS NULL) AS decrease, count(after) AS closing,
           sum(coalesce(before, 0)) AS opening_amount,
           sum(greatest(coalesce(after, 0) - coalesce(before, 0), 0)) AS increase_amount,
           sum(greatest(coalesce(before, 0) - coalesce(after, 0), 0)) AS decrease_amount,
           sum(coalesce(after, 0)) AS closing_amount
    FROM both_months GROUP BY commune_id
),
sides AS (
    SELECT %(policy)s AS policy, unit.id AS commune_id, %(month)s::date AS month,
           coalesce(p.opening, 0) AS opening_people, coalesce(m.opening, 0) AS opening_entitlements,
           coalesce(m.opening_amount, 0) AS opening_amount,
           coalesce(p.increase, 0) AS increase_people, coalesce(m.increase, 0) AS increase_entitlements,
           coalesce(m.increase_amount, 0) AS increase_amount,
           coalesce(p.decrease, 0) AS decrease_people, coalesce(m.decrease, 0) AS decrease_entitlements,
           coalesce(m.decrease_amount, 0) AS decrease_amount,
           coalesce(p.closing, 0) AS closing_people, coalesce(m.closing, 0) AS closing_entitlements,
           coalesce(m.closing_amount, 0) AS closing_amount
    FROM territory_unit unit
    LEFT JOIN people p ON p.commune_id = unit.id
    LEFT JOIN money m ON m.commune_id = unit.id
    WHERE unit.id = ANY(%(communes)s)
)
"""
COLUMNS = ", ".join(f"{side}_{what}" for side in SIDES for what in MEASURES)
_STORE = f"""{_SIDES}
INSERT INTO payments_ledger (policy, commune_id, month, {COLUMNS})
SELECT policy, commune_id, month, {COLUMNS} FROM sides
ON CONFLICT (policy, commune_id, month) DO UPDATE SET {
    ", ".join(f"{name.strip()} = excluded.{name.strip()}" for name in COLUMNS.split(","))
}
"""
_COMPUTE = f"{_SIDES} SELECT commune_id, {COLUMNS} FROM sides"


def _values(policy: str, month: datetime.date, communes: Collection[int]) -> dict[str, Any]:
    return {"policy": policy, "month": month, "before": months.add(month, -1), "communes": sorted(set(communes))}


def store(policy: str, covered: Iterable[datetime.date], communes: Collection[int]) -> None:
    """Compute the ledgers of these months and keep them; of a month that nobody opened nothing is kept.

    ``communes`` are units of the first of the months: a later one, if there was a merger between, has the ledgers of
    the units into which these went.
    """
    covered = sorted(covered)
    opened = set(
        PaymentList.objects.filter(period__policy=policy, period__month__in=list(covered))
        .values_list("period__month", "period__with_next")
        .distinct()
    )
    wanted = {month for month, _ in opened} | {months.add(month, 1) for month, two in opened if two}
    with connection.cursor() as cursor:
        for month in sorted(wanted):
            places = communes if month == covered[0] else places_in(communes, month).values()
            cursor.execute(_STORE, _values(policy, month, places))


def compute(policy: str, month: datetime.date, communes: Collection[int]) -> dict[int, Sides]:
    """The ledgers as the lines have them now, by commune; nothing is stored."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPUTE, _values(policy, month, communes))
        return {row[0]: _sides(month, [int(number) for number in row[1:]]) for row in cursor.fetchall()}


def _sides(month: datetime.date, numbers: list[int]) -> Sides:
    parts = [Side(*numbers[at : at + 3]) for at in range(0, 12, 3)]
    return Sides(month, *parts)


def _of_row(row: Ledger) -> Sides:
    return _sides(row.month, [getattr(row, f"{side}_{what}") for side in SIDES for what in MEASURES])


def read_ledgers(policy: str, month: datetime.date, communes: Collection[int]) -> dict[int, Sides]:
    """The stored ledgers of a month by commune."""
    rows = Ledger.objects.filter(policy=policy, month=month, commune__in=communes)
    return {row.commune_id: _of_row(row) for row in rows}


def read_ledger(payment_list: PaymentList) -> list[Sides]:
    """The stored ledgers of a list: of its month, and of the next where it pays two together. Reads ``period``."""
    period = payment_list.period
    covered = [period.month, months.add(period.month, 1)] if period.with_next else [period.month]
    rows = Ledger.objects.filter(policy=period.policy, commune=payment_list.commune_id, month__in=covered)
    return [_of_row(row) for row in rows.order_by("month")]


def totals(month: datetime.date, policies: Collection[str]) -> dict[str, Side]:
    """The sides of all communes' ledgers of a month together; who moved from one commune to another counts on both
    sides, and somebody in both policies in each."""
    names = [f"{side}_{what}" for side in SIDES for what in MEASURES]
    sums = Ledger.objects.filter(month=month, policy__in=policies).aggregate(**{name: Sum(name) for name in names})
    return {side: Side(*(int(sums[f"{side}_{what}"] or 0) for what in MEASURES)) for side in SIDES}
