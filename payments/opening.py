"""Opening a month: every list of a policy is made from the register in one statement.

A line is an entitlement that is granted, runs in the month, is not suspended, and whose person did not die before it
(khoản 2 Điều 8 NĐ 20/2021: the month of death is still payable). It takes the rate of the month as known on the day
the list is locked; what became known later becomes arrears in a later list.
"""

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from batosocial.audit.services import record
from batosocial.lib import clock, months
from batosocial.staff.models import Payer, Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import Policy
from payments import hooks
from payments.models import PaymentLine, PaymentList, Period

#: Taken while a month is being opened, so that two who open it at once do not both begin.
OPENING_LOCK = 7302

OPENERS = frozenset({Role.DISTRICT_OFFICER, Role.SYSTEM})


class OpeningRefused(Exception):
    """The month cannot be opened; the message says in Vietnamese why and what to do."""


@dataclass(frozen=True)
class Opened:
    """What stands in the lists of a month: counts, and whole đồng."""

    month: datetime.date
    lists: int
    lines: int
    people: int
    amount: int
    #: The policies that this call opened; those that were open already are left as they are.
    opened: tuple[str, ...]

    @property
    def already_open(self) -> bool:
        return not self.opened


def first_month_to_open(policy: str) -> datetime.date:
    """The first month of the policy that has no lists yet; before any, the month after today's."""
    last = Period.objects.filter(policy=policy).order_by("-month").values_list("month", flat=True).first()
    return months.add(last or months.first(clock.today()), 1)


def months_with_lines(entitlement_ids: Collection[int]) -> dict[int, set[datetime.date]]:
    """Months of these entitlements that stand on a list of any state, by the entitlement's id."""
    found: dict[int, set[datetime.date]] = {}
    rows = PaymentLine.objects.filter(entitlement__in=entitlement_ids).values_list("entitlement", "month").distinct()
    for entitlement_id, month in rows:
        if entitlement_id is not None:
            found.setdefault(entitlement_id, set()).add(month)
    return found


@transaction.atomic
def open_month(*, actor: User, month: datetime.date, policies: list[str] | None = None) -> Opened:
    """Make the lists of a month for all communes. A policy whose month is open already is left alone.

    Raises OpeningRefused when an earlier month is not open yet, an amount is not known, or the month lies too far
    ahead; nothing is written then.
    """
    if actor.role not in OPENERS:
        raise OpeningRefused("Chỉ chuyên viên Phòng LĐ-TB&XH được mở tháng chi trả.")
    wanted = policies or list(Policy.values)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [OPENING_LOCK])
    opened = []
    for policy in wanted:
        if Period.objects.filter(policy=policy, month=month).exists():
            continue
        expected = first_month_to_open(policy)
        has_any = Period.objects.filter(policy=policy).exists()
        if has_any and month != expected:
            raise OpeningRefused(
                f"{policy}: tháng tiếp theo phải mở là {months.label(expected)}, không phải {months.label(month)}."
            )
        # The list of a month is made in the month before it (Điều 34 NĐ 20/2021, Điều 8 TT 44/2022/TT-BTC).
        if months.between(months.first(clock.today()), month) > 1:
            raise OpeningRefused(
                f"Hôm nay là {clock.today():%d/%m/%Y}, chưa đến lúc mở tháng {months.label(month)}: "
                "danh sách của một tháng lập trong tháng liền trước."
            )
        period = Period.objects.create(policy=policy, month=month, opened_by=actor, opened_at=timezone.now())
        make_lists(period, locked_on=clock.today())
        opened.append(policy)
        record(
            actor=actor,
            action="Mở tháng chi trả",
            row=period,
            details=dict(zip(("lists", "lines", "people", "amount"), count_month(month, [policy]), strict=True)),
        )
    lists, lines, people, amount = count_month(month, wanted)
    if opened:
        hooks.results_changed(months={month}, actor=actor)
    return Opened(month, lists, lines, people, amount, tuple(opened))


def count_month(month: datetime.date, policies: list[str]) -> tuple[int, int, int, int]:
    """Lists, lines, people and đồng of a month's lists; somebody in both policies is one person."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(DISTINCT l.id), count(i.id), count(DISTINCT p.person_id), coalesce(sum(i.amount), 0)
            FROM payments_period o
            JOIN payments_paymentlist l ON l.period_id = o.id
            LEFT JOIN payments_payment p ON p.payment_list_id = l.id
            LEFT JOIN payments_paymentline i ON i.payment_id = p.id
            WHERE o.month = %s AND o.policy = ANY(%s)
            """,
            [month, policies],
        )
        lists, lines, people, amount = cursor.fetchone()
    return lists, lines, people, int(amount)


def make_lists(period: Period, *, locked_on: datetime.date) -> None:
    """Draft lists of a new period for all communes, with the rates known on ``locked_on``.

    Raises OpeningRefused when somebody due has no known amount: a payment is never left out or set to zero.
    """
    if Payer.objects.filter(pays_cash=True).count() != 1:
        raise OpeningRefused("Chưa khai báo tổ chức chi tiền mặt (Quản trị, Tổ chức chi trả).")
    communes = Unit.objects.at(period.month).communes()
    PaymentList.objects.bulk_create(
        PaymentList(period=period, commune=unit, commune_name=unit.full_name, locked_on=locked_on) for unit in communes
    )
    values: dict[str, Any] = {
        "period": period.pk,
        "policy": period.policy,
        "month": period.month,
        "locked_on": locked_on,
        "prefix": f"{period.policy}-{period.month:%y%m}",
        "kind": PaymentLine.Kind.REGULAR,
    }
    with connection.cursor() as cursor:
        cursor.execute(WITHOUT_AMOUNT, values)
        lacking = cursor.fetchall()
        if lacking:
            shown = "; ".join(f"{name} ({commune}, {code})" for name, commune, code in lacking[:5])
            raise OpeningRefused(
                f"{len(lacking)} chế độ chưa có mức tiền hoặc người phụ thuộc cho tháng {months.label(period.month)}, "
                f"hãy bổ sung trong sổ đối tượng rồi mở lại: {shown}."
            )
        cursor.execute(REGULAR_LINES, values)


#: Entitlements due in %(month)s with their amount; NULL where no rate is known.
_DUE = """
    rates AS (
        SELECT DISTINCT ON (category_id, level) category_id, level, amount
        FROM beneficiaries_rate
        WHERE valid_from <= %(month)s AND known_on <= %(locked_on)s
        ORDER BY category_id, level, valid_from DESC, known_on DESC
    ),
    dependants AS (
        SELECT entitlement_id, count(*) AS n FROM beneficiaries_dependant
        WHERE months @> %(month)s::date GROUP BY entitlement_id
    ),
    running AS (
        SELECT e.id, e.person_id, person.commune_id, e.category_id, c.code, c.regime, c.clause, c.only_highest_of,
               e.level,
               CASE WHEN c.per_dependant THEN coalesce(d.n, 0) ELSE 1 END AS quantity,
               CASE WHEN c.amount_by_decision THEN e.own_amount
                    WHEN c.per_dependant THEN r.amount * d.n
                    ELSE r.amount END AS amount
        FROM beneficiaries_entitlement e
        JOIN beneficiaries_change g ON g.id = e.granted_by_id AND g.state = 'applied'
        JOIN beneficiaries_category c ON c.id = e.category_id
        JOIN beneficiaries_person person ON person.id = e.person_id
        LEFT JOIN rates r ON r.category_id = e.category_id AND r.level = e.level
        LEFT JOIN dependants d ON d.entitlement_id = e.id
        WHERE c.policy = %(policy)s AND c.regime <> 'one_off' AND e.months @> %(month)s::date
          AND e.voided_by_id IS NULL
          AND (person.died_on IS NULL OR person.died_on >= %(month)s)
          AND NOT EXISTS (
              SELECT 1 FROM beneficiaries_suspension s
              WHERE s.entitlement_id = e.id AND s.months @> %(month)s::date
          )
    )
"""

WITHOUT_AMOUNT = f"""
WITH {_DUE}
SELECT person.name, unit.kind || ' ' || unit.name, running.code
FROM running
JOIN beneficiaries_person person ON person.id = running.person_id
JOIN territory_unit unit ON unit.id = running.commune_id
WHERE running.amount IS NULL OR running.amount <= 0
ORDER BY unit.position, person.sort_key
"""

#: Payments and their regular lines in one statement. Within trợ cấp xã hội only the highest is paid; khoản 4 may
#: stand beside khoản 5, 6, 8 (khoản 2 Điều 6 NĐ 20/2021). Other regimes add up, but of those that name one another in
#: ``only_highest_of`` the highest is paid. ``amounts.payable`` says the same of rows at hand.
REGULAR_LINES = f"""
WITH {_DUE},
ranked AS (
    SELECT running.*,
           row_number() OVER (
               PARTITION BY person_id, regime = 'allowance', CASE WHEN regime <> 'allowance' THEN only_highest_of END
               ORDER BY amount DESC, id
           ) AS place,
           row_number() OVER (
               PARTITION BY person_id, regime = 'allowance', clause = 4, clause IN (5, 6, 8) ORDER BY amount DESC, id
           ) AS place_in_pair
    FROM running
),
best AS (
    SELECT person_id, max(amount) AS highest,
           coalesce(max(amount) FILTER (WHERE clause = 4), 0)
               + coalesce(max(amount) FILTER (WHERE clause IN (5, 6, 8)), 0) AS pair
    FROM running WHERE regime = 'allowance' GROUP BY person_id
),
due AS (
    SELECT ranked.*
    FROM ranked LEFT JOIN best ON best.person_id = ranked.person_id
    WHERE CASE
        WHEN ranked.regime <> 'allowance' THEN ranked.only_highest_of = '' OR ranked.place = 1
        WHEN best.pair > best.highest THEN ranked.clause IN (4, 5, 6, 8) AND ranked.place_in_pair = 1
        ELSE ranked.place = 1
    END
),
totals AS (
    SELECT person_id, commune_id, sum(amount) AS total FROM due GROUP BY person_id, commune_id
),
placed AS (
    SELECT totals.*, person.name, person.sex, person.cccd, person.hamlet,
           concat_ws('/', lpad(person.birth_day::text, 2, '0'), lpad(person.birth_month::text, 2, '0'),
                     person.birth_year) AS birth,
           row_number() OVER (PARTITION BY totals.commune_id ORDER BY person.sort_key, person.id) AS position
    FROM totals JOIN beneficiaries_person person ON person.id = totals.person_id
),
paid AS (
    INSERT INTO payments_payment (
        payment_list_id, person_id, number, position, name, birth, sex, cccd, hamlet, route_id, route_is_new,
        payee_kind, payee_name, planned_channel, provider_id, account_number, account_holder, cash_reason, payer_id,
        total, result, return_reason, result_note, reference
    )
    SELECT list.id, placed.person_id, concat_ws('-', %(prefix)s, unit.code, lpad(placed.position::text, 4, '0')),
           placed.position, placed.name, placed.birth, placed.sex, placed.cccd, placed.hamlet, route.id,
           coalesce(lower(route.months) = %(month)s, false),
           coalesce(payee.kind, 'own'), coalesce(nullif(payee.name, ''), CASE WHEN coalesce(payee.kind, 'own') = 'own'
               THEN placed.name ELSE '' END),
           CASE WHEN account.id IS NULL THEN 'cash' ELSE 'account' END,
           account.provider_id, coalesce(account.number, ''),
           CASE WHEN account.id IS NULL THEN ''
                ELSE coalesce(nullif(account.holder_name, ''), nullif(payee.name, ''),
                     CASE WHEN payee.kind = 'own' THEN placed.name ELSE '' END) END,
           CASE WHEN account.id IS NULL THEN coalesce(route.cash_reason, 'other') ELSE '' END,
           coalesce(provider.payer_id, (SELECT id FROM staff_payer WHERE pays_cash)),
           placed.total, '', '', '', ''
    FROM placed
    JOIN payments_paymentlist list ON list.period_id = %(period)s AND list.commune_id = placed.commune_id
    JOIN territory_unit unit ON unit.id = placed.commune_id
    LEFT JOIN beneficiaries_payoutroute route
        ON route.person_id = placed.person_id AND route.policy = %(policy)s AND route.state = 'confirmed'
       AND route.months @> %(month)s::date
    LEFT JOIN beneficiaries_payee payee ON payee.id = route.payee_id
    LEFT JOIN beneficiaries_account account ON account.id = route.account_id
    LEFT JOIN beneficiaries_provider provider ON provider.id = account.provider_id
    RETURNING id, person_id
)
INSERT INTO payments_paymentline (
    payment_id, entitlement_id, category_id, policy, level, quantity, kind, month, amount
)
SELECT paid.id, due.id, due.category_id, %(policy)s, due.level, due.quantity, %(kind)s, %(month)s, due.amount
FROM due JOIN paid ON paid.person_id = due.person_id
ORDER BY paid.id, due.id
"""
