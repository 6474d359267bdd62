"""Rolling a month of 100,000 people up, beside the plain GROUP BY of the same counts.

The plain one writes nothing: no people behind the numbers, no reasons, no accounts by payer, nobody counted once in
both policies; and for whoever has several payments it counts each commune.
"""

import datetime

from tools.bench import databases, opening
from tools.bench.report import Aim, Options, ms, say

#: How many times the plain one it may take.
TIMES = 1.5
JULY = datetime.date(2024, 7, 1)

_PLAIN = """
SELECT l.commune_id, i.policy, count(DISTINCT p.person_id) AS due,
       count(DISTINCT p.person_id) FILTER (WHERE r.account_id IS NOT NULL) AS with_account,
       count(DISTINCT p.person_id) FILTER (WHERE p.result = 'paid_account') AS paid_by_account,
       count(DISTINCT p.person_id) FILTER (WHERE r.account_id IS NOT NULL AND p.result <> 'paid_account')
           AS account_not_paid,
       count(DISTINCT p.person_id) FILTER (WHERE r.account_id IS NULL AND n.account_id IS NOT NULL) AS pending,
       count(DISTINCT n.account_id) FILTER (WHERE r.account_id IS NULL) AS pending_accounts,
       count(DISTINCT p.person_id) FILTER (WHERE p.cccd = '') AS no_cccd,
       sum(i.amount) AS money_due, sum(i.amount) FILTER (WHERE p.result = 'paid_account') AS money_by_account
FROM payments_paymentline i
JOIN payments_payment p ON p.id = i.payment_id
JOIN payments_paymentlist l ON l.id = p.payment_list_id
LEFT JOIN beneficiaries_payoutroute r ON r.person_id = p.person_id AND r.policy = i.policy AND r.state = 'confirmed'
    AND r.account_id IS NOT NULL AND r.months @> %(month)s::date
LEFT JOIN beneficiaries_payoutroute n ON n.person_id = p.person_id AND n.policy = i.policy AND n.state = 'confirmed'
    AND n.account_id IS NOT NULL AND lower(n.months) > %(month)s
WHERE i.month = %(month)s AND i.kind = 'regular'
GROUP BY l.commune_id, i.policy
"""


def run(options: Options) -> list[Aim]:
    from django.db import connection

    from batosocial.staff.models import User
    from beneficiaries.models import Person
    from reporting.models import CashlessFigure
    from reporting.rollup import roll_up
    from tools.bench import people

    with databases.fresh("rolling", keep=options.keep) as kept:
        if not (kept and Person.objects.count() == options.people):
            people.load(options.people)
            opening.give_amounts()
            opening.pay_month_before()
            _pay_by_account()
        system = User.objects.system()

        def plain() -> None:
            with connection.cursor() as cursor:
                cursor.execute(_PLAIN, {"month": JULY})
                cursor.fetchall()

        def ours() -> None:
            roll_up(actor=system, month=JULY)

        grouped, rolled = opening.in_turns(plain, ours, options.runs)
        roll_up(actor=system, month=JULY)
        stored = CashlessFigure.objects.of_policies().filter(month=JULY)
        due = sum(stored.values_list("due", flat=True))
        say(f"{due} người, {stored.count()} dòng số liệu")
        say(f"GROUP BY thường: {ms(grouped.median)} ms; tổng hợp: {ms(rolled.median)} ms")
        connection.close()
    times = rolled.median / grouped.median
    return [Aim("tổng hợp", f"trong {TIMES} lần GROUP BY", f"{times:.2f} lần", times <= TIMES)]


def _pay_by_account() -> None:
    """Whoever had an account was paid by it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE payments_payment SET result = 'paid_account' "
            "WHERE planned_channel = 'account' AND result = 'paid_cash'"
        )
        cursor.execute("VACUUM ANALYZE")
