"""Where a list does not balance, or no longer says what the register says: such a list cannot be sent."""

import datetime
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db import connection

from batosocial.lib import months
from batosocial.lib.money import format_amount
from beneficiaries.places import PLACED
from payments.ledger.differences import differences_of
from payments.ledger.sides import compute, read_ledgers
from payments.lines import covered_months
from payments.models import PaymentList
from payments.owed import DUE

SHOWN = 5
REMEDY = "hãy lập lại danh sách từ sổ"

#: Everybody of the communes and everybody on their lists: what the register owes beside the regular lines. Somebody who
#: moved since is paid in the list that has them.
_AGAINST_REGISTER = f"""
WITH {PLACED},
on_list AS (
    SELECT l.id AS list_id, l.commune_id, p.person_id, i.entitlement_id, i.amount
    FROM payments_paymentlist l
    JOIN payments_payment p ON p.payment_list_id = l.id
    JOIN payments_paymentline i ON i.payment_id = p.id AND i.kind = 'regular' AND i.month = %(month)s
    WHERE l.id = ANY(%(lists)s)
),
asked AS MATERIALIZED (
    SELECT person_id, %(month)s::date AS month FROM placed
    UNION
    SELECT person_id, %(month)s FROM on_list
),
{DUE},
expected AS (
    SELECT due.id, due.person_id, due.amount, list.id AS list_id
    FROM due
    JOIN placed ON placed.person_id = due.person_id
    JOIN payments_paymentlist list ON list.id = ANY(%(lists)s) AND list.commune_id = placed.commune_id
)
SELECT coalesce(on_list.list_id, expected.list_id), person.name,
       CASE WHEN on_list.list_id IS NULL THEN 'missing' WHEN due.id IS NULL THEN 'extra' ELSE 'amount' END,
       on_list.amount, coalesce(due.amount, expected.amount)
FROM on_list
FULL JOIN expected ON expected.id = on_list.entitlement_id
LEFT JOIN due ON due.id = on_list.entitlement_id
JOIN beneficiaries_person person ON person.id = coalesce(on_list.person_id, expected.person_id)
WHERE CASE
    WHEN on_list.list_id IS NULL THEN NOT EXISTS (
        SELECT 1 FROM payments_paymentline x
        WHERE x.entitlement_id = expected.id AND x.month = %(month)s AND x.kind = 'regular'
    )
    WHEN due.id IS NULL THEN true
    ELSE due.amount IS DISTINCT FROM on_list.amount
END
ORDER BY 1, 3, person.sort_key
"""

_WRONG_TOTALS = """
SELECT p.payment_list_id, p.number, p.total, coalesce(sum(i.amount), 0)
FROM payments_payment p LEFT JOIN payments_paymentline i ON i.payment_id = p.id
WHERE p.payment_list_id = ANY(%s)
GROUP BY p.id HAVING p.total <> coalesce(sum(i.amount), 0) ORDER BY p.payment_list_id, p.position
"""


def breaks_of(list_ids: Collection[int]) -> dict[int, list[str]]:
    """Why each of the lists cannot be sent, in Vietnamese; a list that is in order has no entry.

    The number of queries depends on how many policies, months and days of locking there are, not on lists or people.
    """
    lists = list(PaymentList.objects.filter(pk__in=list_ids).select_related("period"))
    found: dict[int, list[str]] = defaultdict(list)
    groups: dict[tuple[str, datetime.date, datetime.date], list[PaymentList]] = defaultdict(list)
    for row in lists:
        for month in covered_months(row.period):
            groups[row.period.policy, month, row.locked_on].append(row)
    for (policy, month, locked_on), rows in sorted(groups.items(), key=lambda item: item[0]):
        _check_ledgers(policy, month, rows, found)
        _check_register(policy, month, locked_on, rows, found)
    with connection.cursor() as cursor:
        cursor.execute(_WRONG_TOTALS, [[row.pk for row in lists]])
        for list_id, number, total, lines in cursor.fetchall():
            found[list_id].append(
                f"Khoản {number} ghi {format_amount(total)}, các dòng cộng lại {format_amount(int(lines))}; {REMEDY}."
            )
    return dict(found)


def _check_ledgers(policy: str, month: datetime.date, rows: list[PaymentList], found: dict[int, list[str]]) -> None:
    communes = {row.commune_id: row for row in rows}
    stored, now = read_ledgers(policy, month, communes), compute(policy, month, communes)
    for commune_id, row in communes.items():
        if stored.get(commune_id) != now[commune_id]:
            found[row.pk].append(
                f"Sổ tăng giảm {months.title(month)} không còn khớp với danh sách tháng trước; {REMEDY}."
            )
    unexplained: dict[int, list[str]] = defaultdict(list)
    for one in differences_of(policy, month, communes):
        if one.cause == "unexplained":
            unexplained[one.commune_id].append(one.name)
    for commune_id, names in unexplained.items():
        found[communes[commune_id].pk].append(
            f"{len(names)} người khác với tháng trước mà trong sổ không có căn cứ: {_some(names)}; {REMEDY}."
        )


_WORDS = {
    "missing": "{count} người được hưởng theo sổ nhưng không có trong danh sách {month}: {names}; {remedy}.",
    "extra": "{count} người trong danh sách không còn được hưởng {month} theo sổ: {names}; {remedy}.",
    "amount": "{count} người có số tiền {month} khác với sổ: {names}; {remedy}.",
}


def _check_register(
    policy: str, month: datetime.date, locked_on: datetime.date, rows: list[PaymentList], found: dict[int, list[str]]
) -> None:
    values: dict[str, Any] = {
        "policy": policy,
        "month": month,
        "known_on": locked_on,
        "suspended_too": False,
        "lists": sorted(row.pk for row in rows),
        "communes": sorted(row.commune_id for row in rows),
    }
    named: dict[tuple[int, str], list[str]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_AGAINST_REGISTER, values)
        for list_id, name, kind, on_list, owed in cursor.fetchall():
            shown = (
                f"{name} ({format_amount(on_list)}, sổ {format_amount(owed)})" if kind == "amount" and owed else name
            )
            named[list_id, kind].append(shown)
    for (list_id, kind), names in sorted(named.items()):
        found[list_id].append(
            _WORDS[kind].format(count=len(names), month=months.title(month), names=_some(names), remedy=REMEDY)
        )


def _some(names: list[str]) -> str:
    more = f" và {len(names) - SHOWN} người nữa" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
