"""The people and benefits behind each number of a ledger: as many rows as it says, or rows that add up to it."""

import datetime
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import connection

from batosocial.lib import months
from payments.ledger.sides import BOTH, WHO

#: How a side and a measure stand in a URL and in words.
SIDE_LABELS = {"opening": "Đầu kỳ", "increase": "Tăng", "decrease": "Giảm", "closing": "Cuối kỳ"}
MEASURE_LABELS = {"people": "Số người", "entitlements": "Số suất", "amount": "Số tiền"}

_NAMES = f"""
WITH {BOTH},
marked AS (
    SELECT b.*, bool_or(before IS NOT NULL) OVER w AS was, bool_or(after IS NOT NULL) OVER w AS is_now
    FROM both_months b WINDOW w AS (PARTITION BY commune_id, person_id)
)
SELECT m.person_id, {WHO}, e.category_id, m.entitlement_id, m.before, m.after
FROM marked m
JOIN beneficiaries_person person ON person.id = m.person_id
JOIN beneficiaries_entitlement e ON e.id = m.entitlement_id
WHERE {{condition}}
ORDER BY person.sort_key, m.person_id, m.entitlement_id
"""
#: Which rows a number counts, as ``sides`` computes it.
_CONDITIONS = {
    ("opening", "people"): "was AND before IS NOT NULL",
    ("opening", "entitlements"): "before IS NOT NULL",
    ("opening", "amount"): "before IS NOT NULL",
    ("increase", "people"): "is_now AND NOT was",
    ("increase", "entitlements"): "before IS NULL",
    ("increase", "amount"): "coalesce(after, 0) > coalesce(before, 0)",
    ("decrease", "people"): "was AND NOT is_now",
    ("decrease", "entitlements"): "after IS NULL",
    ("decrease", "amount"): "coalesce(before, 0) > coalesce(after, 0)",
    ("closing", "people"): "is_now AND after IS NOT NULL",
    ("closing", "entitlements"): "after IS NOT NULL",
    ("closing", "amount"): "after IS NOT NULL",
}


@dataclass(frozen=True, slots=True)
class Benefit:
    """A benefit in both months; đồng a month, None where there is no line."""

    category_id: int
    entitlement_id: int
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Name:
    """A row behind a number: a person with their benefits, or one benefit of a person. ``amount`` is what it adds to
    the side, in đồng."""

    person_id: int
    name: str
    birth: str
    hamlet: str
    benefits: tuple[Benefit, ...]
    amount: int


def names_behind(policy: str, month: datetime.date, commune_id: int, side: str, measure: str) -> list[Name]:
    """The rows that a number of a commune's ledger counts: people, or benefits for the other two measures. One query.

    KeyError for a side or measure that does not exist.
    """
    condition = _CONDITIONS[side, measure]
    values: dict[str, Any] = {
        "policy": policy,
        "month": month,
        "before": months.add(month, -1),
        "communes": [commune_id],
    }
    with connection.cursor() as cursor:
        cursor.execute(_NAMES.format(condition=condition), values)
        rows = cursor.fetchall()
    if measure == "people":
        groups = [list(group) for _, group in groupby(rows, key=lambda row: row[0])]
    else:
        groups = [[row] for row in rows]
    return [
        Name(
            person_id=group[0][0],
            name=group[0][1],
            birth=group[0][2],
            hamlet=group[0][3],
            benefits=tuple(Benefit(*row[4:]) for row in group),
            amount=sum(_adds(side, row[6] or 0, row[7] or 0) for row in group),
        )
        for group in groups
    ]


def _adds(side: str, before: int, after: int) -> int:
    """What a benefit adds to a side's đồng."""
    return {
        "opening": before,
        "closing": after,
        "increase": max(after - before, 0),
        "decrease": max(before - after, 0),
    }[side]
