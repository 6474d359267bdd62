"""Rolling payments up into figures: one statement for a month, safe to repeat."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction

from batosocial.audit.services import record
from batosocial.jobs.models import Job
from batosocial.jobs.runner import RunningJob
from batosocial.jobs.services import queue_job
from batosocial.lib import months
from batosocial.staff.models import Role, User
from payments.models import Period

#: First half of the advisory lock's key; the second is the month as 202407.
LOCK_SPACE = 7303
JOB_KIND = "reporting.roll_up"

#: Who may ask for it by hand. A change of results starts it whoever recorded them.
ROLLERS = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER, Role.SYSTEM})
#: Who may move the figures of a month that is closed.
REOPENERS = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER})

# A person counts once in a policy, in the commune of the (latest) list that pays the month: what counts is the month
# a line covers, not the list's, as Tết lists pay two months. Arrears, carry-overs and one-off payments add nobody.
# Money sent back is not paid. A commune whose lists hold nobody, or no more, gets zeros. Lines and accounts are put
# one below the other and grouped instead of joined, which stays fast while the tables' statistics are old.
STATEMENT = """
WITH wanted AS (
    SELECT o.policy FROM (VALUES ('NCC'), ('BTXH')) AS o (policy)
    WHERE %(recompute_closed)s OR NOT EXISTS (
        SELECT FROM payments_period c
        WHERE c.policy = o.policy AND c.month = %(month)s AND c.state = 'closed' AND EXISTS (
            SELECT FROM reporting_cashlessfigure f WHERE f.policy = c.policy AND f.month = c.month
        )
    )
),
marks AS (
    SELECT i.policy, p.person_id, p.id AS payment_id, l.commune_id, i.amount, p.result = 'paid_account' AS by_account,
           false AS has_account
    FROM payments_paymentline i
    JOIN payments_payment p ON p.id = i.payment_id
    JOIN payments_paymentlist l ON l.id = p.payment_list_id
    WHERE i.month = %(month)s AND i.kind = 'regular' AND i.policy IN (SELECT policy FROM wanted)
    UNION ALL
    SELECT policy, person_id, NULL, NULL, 0, false, true
    FROM beneficiaries_payoutroute
    WHERE state = 'confirmed' AND account_id IS NOT NULL AND months @> %(month)s::date
),
people AS (
    SELECT policy, (array_agg(commune_id ORDER BY payment_id DESC NULLS LAST))[1] AS commune_id,
           bool_or(has_account) AS has_account, bool_or(by_account) AS by_account, sum(amount) AS money_due,
           coalesce(sum(amount) FILTER (WHERE by_account), 0) AS money_by_account
    FROM marks GROUP BY policy, person_id HAVING count(payment_id) > 0
),
counted AS (
    SELECT policy, commune_id, 1 AS due, has_account::int, by_account::int, money_due, money_by_account FROM people
    UNION ALL
    SELECT o.policy, l.commune_id, 0, 0, 0, 0, 0
    FROM payments_paymentlist l JOIN payments_period o ON o.id = l.period_id
    WHERE o.month = %(month)s AND o.policy IN (SELECT policy FROM wanted)
    UNION ALL
    SELECT policy, unit_id, 0, 0, 0, 0, 0 FROM reporting_cashlessfigure
    WHERE month = %(month)s AND policy IN (SELECT policy FROM wanted)
)
INSERT INTO reporting_cashlessfigure (
    unit_id, policy, month, due, with_account, paid_by_account, money_due, money_by_account, computed_at
)
SELECT commune_id, policy, %(month)s, sum(due), sum(has_account), sum(by_account), sum(money_due),
       sum(money_by_account), statement_timestamp()
FROM counted GROUP BY commune_id, policy
ON CONFLICT (unit_id, policy, month) DO UPDATE SET
    due = excluded.due, with_account = excluded.with_account, paid_by_account = excluded.paid_by_account,
    money_due = excluded.money_due, money_by_account = excluded.money_by_account, computed_at = excluded.computed_at
RETURNING policy
"""


class RollUpRefused(Exception):
    """The month cannot be rolled up; the message says in Vietnamese why and what to do."""


@dataclass(frozen=True, slots=True)
class RolledUp:
    """Rows written, and the policies whose figures stood still because their month is closed."""

    month: datetime.date
    rows: int
    closed: tuple[str, ...]


@transaction.atomic
def roll_up(
    *, actor: User, month: datetime.date, job: RunningJob | None = None, recompute_closed: bool = False
) -> RolledUp:
    """Compute the figures of a month for every commune and policy that has lists or lines in it.

    A policy whose month is closed keeps the figures it has, unless ``recompute_closed``. Two at once wait for each
    other. Raises RollUpRefused when no policy opened the month, PermissionDenied for a role that may not.
    """
    if not actor.is_active or actor.role == Role.POLICE:
        raise PermissionDenied
    if recompute_closed and actor.role not in REOPENERS:
        raise PermissionDenied
    periods = dict(Period.objects.filter(month=month).values_list("policy", "state"))
    if not periods:
        raise RollUpRefused(
            f"Tháng {months.label(month)} chưa mở, chưa có danh sách chi trả để tổng hợp. Hãy mở tháng trước."
        )
    if job is not None:
        job.progress(0, 1, f"Đang tính số liệu {months.title(month)}")
    with connection.cursor() as cursor:
        # Whoever comes second counts after the first has finished, and never from an older state.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, month.year * 100 + month.month])
        cursor.execute(STATEMENT, {"month": month, "recompute_closed": recompute_closed})
        computed = [policy for (policy,) in cursor.fetchall()]
    closed = tuple(sorted(p for p, state in periods.items() if state == Period.State.CLOSED and p not in computed))
    record(
        actor=actor,
        action="Tổng hợp số liệu",
        details={
            "month": months.iso(month),
            "rows": len(computed),
            "policies": sorted(set(computed)),
            "closed_kept": closed,
            "recompute_closed": recompute_closed,
        },
        job_id=job.id if job is not None else None,
    )
    if job is not None:
        job.progress(max(1, len(computed)), max(1, len(computed)), "Đã ghi số liệu")
    return RolledUp(month, len(computed), closed)


@transaction.atomic
def queue_roll_up(*, actor: User, month: datetime.date, result_url: str = "") -> Job:
    """Queue the month's roll-up; one that waits already is not queued twice. For changed results and for beat."""
    while True:
        job = queue_job(
            kind=JOB_KIND,
            title=f"Tổng hợp số liệu {months.title(month)}",
            owner=actor,
            args={"month": months.iso(month)},
            key=f"rollup:{months.iso(month)}",
            result_url=result_url,
        )
        # Locked, one that waited does not start before the results of this transaction can be seen.
        if Job.objects.select_for_update().filter(pk=job.pk, state=Job.State.QUEUED).exists():
            return job


def ask_roll_up(*, actor: User, month: datetime.date, result_url: str = "") -> Job:
    """Somebody asks for fresh figures. PermissionDenied for whoever may not, RollUpRefused for an unopened month."""
    if actor.role not in ROLLERS:
        raise PermissionDenied
    if not Period.objects.filter(month=month).exists():
        raise RollUpRefused(f"Tháng {months.label(month)} chưa mở.")
    return queue_roll_up(actor=actor, month=month, result_url=result_url)


def roll_up_changed_months(*, months: Collection[datetime.date], actor: User) -> None:
    """Callback of ``payments.hooks``: results of these months changed in the transaction that is running."""
    for month in sorted(months):
        queue_roll_up(actor=actor, month=month)
