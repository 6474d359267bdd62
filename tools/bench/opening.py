"""Opening a month for 100,000 people, beside a plain INSERT … SELECT of the same payments and lines.

The plain one writes into the same tables, with their indexes and triggers, what a list needs at least: one payment and
one line for each benefit that runs, at the newest rate, with the route. It ranks nothing, looks for no arrears and no
unpaid money, keeps no ledger and no audit.
"""

import datetime
import time
from collections.abc import Callable

from tools.bench import databases
from tools.bench.report import Aim, Options, Timing, ms, say

#: How many times the plain one it may take.
TIMES = 2
JULY, AUGUST = datetime.date(2024, 7, 1), datetime.date(2024, 8, 1)
LOCKED = datetime.date(2024, 6, 25)

_PLAIN = """
WITH due AS (
    SELECT e.id, e.person_id, e.category_id, e.level,
           (SELECT r.amount FROM beneficiaries_rate r
            WHERE r.category_id = e.category_id AND r.level = e.level AND r.valid_from <= %(month)s
            ORDER BY r.valid_from DESC LIMIT 1) AS amount
    FROM beneficiaries_entitlement e
    JOIN beneficiaries_category c ON c.id = e.category_id AND c.policy = %(policy)s
    WHERE e.months @> %(month)s::date
),
paid AS (
    INSERT INTO payments_payment (
        payment_list_id, person_id, number, position, name, birth, sex, cccd, hamlet, route_id, route_is_new,
        payee_kind, payee_name, planned_channel, provider_id, account_number, account_holder, cash_reason, payer_id,
        total, result, return_reason, result_note, reference
    )
    SELECT list.id, person.id, %(policy)s || '-' || person.id, person.id, person.name, person.birth_year::text,
           person.sex, person.cccd, person.hamlet, route.id, false, payee.kind, person.name,
           CASE WHEN account.id IS NULL THEN 'cash' ELSE 'account' END, account.provider_id,
           coalesce(account.number, ''), coalesce(account.holder_name, ''), route.cash_reason,
           coalesce(provider.payer_id, (SELECT id FROM staff_payer WHERE pays_cash)), due.amount, '', '', '', ''
    FROM due
    JOIN beneficiaries_person person ON person.id = due.person_id
    JOIN payments_paymentlist list ON list.period_id = %(period)s AND list.commune_id = person.commune_id
    LEFT JOIN beneficiaries_payoutroute route
        ON route.person_id = person.id AND route.policy = %(policy)s AND route.months @> %(month)s::date
    LEFT JOIN beneficiaries_payee payee ON payee.id = route.payee_id
    LEFT JOIN beneficiaries_account account ON account.id = route.account_id
    LEFT JOIN beneficiaries_provider provider ON provider.id = account.provider_id
    RETURNING id, person_id
)
INSERT INTO payments_paymentline (payment_id, entitlement_id, category_id, policy, level, quantity, kind, month, amount)
SELECT paid.id, due.id, due.category_id, %(policy)s, due.level, 1, 'regular', %(month)s, due.amount
FROM due JOIN paid ON paid.person_id = due.person_id
"""


def run(options: Options) -> list[Aim]:
    from django.db import connection, transaction

    from batosocial.staff.models import User
    from beneficiaries.models import Person
    from payments.models import PaymentList
    from payments.opening import open_month
    from tools.bench import people

    with databases.fresh("opening", keep=options.keep) as kept:
        if not (kept and Person.objects.count() == options.people):
            people.load(options.people)
            give_amounts()
            pay_month_before()
        system = User.objects.system()

        def portal() -> None:
            opened = open_month(actor=system, month=AUGUST)
            say(f"  {opened.people} người, {opened.lines} dòng, {opened.lists} danh sách")

        runs = max(2, min(options.runs, 3))
        plain, ours = in_turns(_plain, portal, runs)
        say(f"INSERT … SELECT thường: {ms(plain.median / 1000)} s; mở tháng: {ms(ours.median / 1000)} s")
        # What the raise of 01/7/2024 costs: everybody has a second line. For information.
        with transaction.atomic():
            PaymentList.objects.filter(period__month=JULY).update(locked_on=LOCKED)
            began = time.perf_counter()
            portal()
            say(f"Cùng tháng, ai cũng có truy lĩnh: {ms(time.perf_counter() - began)} s")
            transaction.set_rollback(True)
        connection.close()
    times = ours.median / plain.median
    return [Aim("mở tháng", f"trong {TIMES} lần INSERT … SELECT", f"{times:.2f} lần".replace(".", ","), times <= TIMES)]


def in_turns(one: Callable[[], None], other: Callable[[], None], runs: int) -> tuple[Timing, Timing]:
    """Each in a transaction that is taken back; in turns, so that what slows the machine slows both."""
    from django.db import transaction

    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(1 + runs):
        for work, times in zip((one, other), taken, strict=True):
            with transaction.atomic():
                began = time.perf_counter()
                work()
                if number:
                    times.append((time.perf_counter() - began) * 1000)
                transaction.set_rollback(True)
    return Timing(taken[0]), Timing(taken[1])


def _plain() -> None:
    from django.db import connection
    from django.utils import timezone

    from batosocial.staff.models import User
    from batosocial.territory.models import Unit
    from payments.models import PaymentList, Period

    for policy in ("NCC", "BTXH"):
        period = Period.objects.create(
            policy=policy, month=AUGUST, opened_by=User.objects.system(), opened_at=timezone.now()
        )
        PaymentList.objects.bulk_create(
            PaymentList(period=period, commune=unit, commune_name=unit.full_name, locked_on=JULY)
            for unit in Unit.objects.at(AUGUST).communes()
        )
        with connection.cursor() as cursor:
            cursor.execute(_PLAIN, {"policy": policy, "month": AUGUST, "period": period.pk})


def give_amounts() -> None:
    """What a decision sets, and whom a benefit is paid for: the invented register leaves both out."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE beneficiaries_entitlement e SET own_amount = 2000000
            FROM beneficiaries_category c WHERE c.id = e.category_id AND c.amount_by_decision
            """
        )
        cursor.execute(
            """
            INSERT INTO beneficiaries_dependant (entitlement_id, name, cccd, months)
            SELECT e.id, 'Con', '', e.months FROM beneficiaries_entitlement e
            JOIN beneficiaries_category c ON c.id = e.category_id AND c.per_dependant
            """
        )


def pay_month_before() -> None:
    """July was handed over and paid; one in fifty was not collected."""
    from django.conf import settings
    from django.db import connection
    from django.utils import timezone

    from batosocial.staff.models import Role, User
    from payments.models import PaymentList
    from payments.opening import open_month

    system = User.objects.system()
    district = User.objects.get(username="phong").unit
    # Locked before the raise was signed.
    settings.BUSINESS_DATE, today = LOCKED, settings.BUSINESS_DATE
    open_month(actor=system, month=JULY)
    settings.BUSINESS_DATE = today
    # Without its arrears: they are looked at last.
    PaymentList.objects.update(locked_on=today)
    signed = {"handed_over_by": system, "signed_off_by": system}
    for number, step in enumerate(("submitted", "appraised", "approved")):
        signed[f"{step}_by"] = User.objects.create(username=f"buoc{number}", role=Role.CHAIRMAN, unit=district)
    PaymentList.objects.update(state="handed_over", handed_over_at=timezone.now(), **signed)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE payments_payment SET result = CASE WHEN id %% 50 = 0 THEN 'not_collected' ELSE 'paid_cash' END,
                paid_on = CASE WHEN id %% 50 = 0 THEN NULL ELSE DATE '2024-07-08' END, recorded_by_id = %s,
                recorded_at = now()
            """,
            [system.pk],
        )
        cursor.execute("VACUUM ANALYZE")
