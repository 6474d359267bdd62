"""Accounts that the register shows after a session: what the program can count, beside what the officer states.

An account begins on the day it was opened, where that is known, else on the day its first confirmed route was entered.
It counts for a session when it serves somebody of the session's hamlets (of the whole commune where it names none) and
begins after the session's day and within the days of ``OutreachTerm``. That it was opened because of the session is
not said.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import connection

from beneficiaries.places import LIVES_HERE

_AFTER = f"""
WITH m AS MATERIALIZED (
    SELECT id, commune_id, hamlets, held_on, held_on + coalesce(
        (SELECT term.days FROM coordination_outreachterm term WHERE term.valid_from <= held_on
         ORDER BY term.valid_from DESC LIMIT 1), 30
    )::int AS until
    FROM coordination_outreachsession WHERE id = ANY(%(sessions)s)
),
started AS MATERIALIZED (
    SELECT account.id, coalesce(account.opened_on, (min(route.entered_at) AT TIME ZONE %(zone)s)::date) AS day
    FROM beneficiaries_account account
    JOIN beneficiaries_payoutroute route ON route.account_id = account.id AND route.state = 'confirmed'
    GROUP BY account.id
    HAVING coalesce(account.opened_on, (min(route.entered_at) AT TIME ZONE %(zone)s)::date)
        BETWEEN (SELECT min(held_on) FROM m) AND (SELECT max(until) FROM m)
),
served AS MATERIALIZED (
    SELECT DISTINCT started.id AS account_id, started.day, person.commune_id, person.hamlet
    FROM started
    JOIN beneficiaries_payoutroute route ON route.account_id = started.id AND route.state = 'confirmed'
    JOIN beneficiaries_person person ON person.id = route.person_id
),
counted AS (
    SELECT m.id AS session_id, m.commune_id, person.account_id
    FROM m JOIN served person ON person.day > m.held_on AND person.day <= m.until
        AND (m.hamlets = '{{}}' OR person.hamlet = ANY(m.hamlets)) AND {LIVES_HERE}
)
"""


def accounts_after(sessions: Iterable[int]) -> dict[int, int]:
    """For each of these sessions (ids), how many accounts began after it; absent where none. One query."""
    return _count(f"{_AFTER} SELECT session_id, count(DISTINCT account_id) FROM counted GROUP BY 1", sessions)


def accounts_by_commune(sessions: Iterable[int], heirs: Mapping[int, int]) -> dict[int, int]:
    """The same by commune, an account that began after two sessions once. ``heirs`` says which commune each session's
    unit belongs to now. One query."""
    return _count(
        f"""{_AFTER} SELECT heir.now, count(DISTINCT counted.account_id) FROM counted
        JOIN unnest(%(old)s::bigint[], %(now)s::bigint[]) AS heir (unit, now) ON heir.unit = counted.commune_id
        GROUP BY 1""",
        sessions,
        old=list(heirs),
        now=list(heirs.values()),
    )


def _count(sql: str, sessions: Iterable[int], **more: Any) -> dict[int, int]:
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"sessions": list(sessions), "zone": settings.TIME_ZONE}
        cursor.execute(sql, values | more)
        return dict(cursor.fetchall())
