"""The demo district is what the letter of July 2024 says, and the same on every machine."""

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection
from django.db.models import Count, Min, Q

from batosocial.demo import accounts
from batosocial.demo.load import DemoRefused, load
from batosocial.demo.names import HAMLETS
from batosocial.demo.people import FIGURES, invent
from batosocial.lib import workbooks
from batosocial.staff.models import Role, User
from beneficiaries.models import PayoutRoute, Person
from payments.models import Payment, PaymentLine, PaymentList, Period

pytestmark = pytest.mark.django_db
SAMPLES = Path(__file__).parent.parent / "data"
JULY = "2024-07-01"


def _figures() -> Iterator[tuple[str, str, list[int]]]:
    with FIGURES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for policy in ("NCC", "BTXH"):
                names = ("total", "with_account", "paid_by_account", "pending")
                yield row["commune_code"], policy, [int(row[f"{policy.lower()}_{name}"]) for name in names]


def test_july_gives_the_customers_figures_in_every_commune() -> None:
    payments = {
        (row["payment_list__commune__code"], row["payment_list__period__policy"]): row
        for row in Payment.objects.filter(payment_list__period__month=JULY)
        .values("payment_list__commune__code", "payment_list__period__policy")
        .annotate(
            people=Count("person", distinct=True),
            account=Count("id", filter=Q(planned_channel="account")),
            paid=Count("id", filter=Q(result="paid_account")),
        )
    }
    pending = {
        (row["person__commune__code"], row["policy"]): row["people"]
        for row in PayoutRoute.objects.confirmed()
        .filter(account__isnull=False, months__startswith="2024-08-01")
        .values("person__commune__code", "policy")
        .annotate(people=Count("person", distinct=True))
    }
    for code, policy, expected in _figures():
        row = payments[code, policy]
        assert [row["people"], row["account"], row["paid"], pending.get((code, policy), 0)] == expected


def test_the_district_has_3812_people_due_and_581_accounts_to_come() -> None:
    due = Payment.objects.filter(payment_list__period__month=JULY)
    assert due.values("person").distinct().count() == 3812
    assert dict(due.values_list("payment_list__period__policy").annotate(Count("id"))) == {"NCC": 1492, "BTXH": 2320}
    coming = PayoutRoute.objects.filter(account__isnull=False, months__startswith="2024-08-01")
    assert coming.count() == 581
    assert coming.values("person__commune").distinct().count() == 7


def test_nobody_is_in_both_policies() -> None:
    both = Person.objects.annotate(n=Count("entitlements__category__policy", distinct=True)).filter(n__gt=1)
    assert not both.exists()


def test_one_person_on_social_assistance_in_ba_xa_has_no_cccd_and_nobody_else() -> None:
    person = Person.objects.get(cccd="")
    assert person.commune.code == "21538"
    assert person.entitlements.get().category.policy == "BTXH"
    assert person.payments.filter(payment_list__period__month=JULY, planned_channel="cash").exists()


def test_july_stands_at_the_rates_before_the_raise() -> None:
    lines = PaymentLine.objects.filter(month=JULY, kind="regular")
    assert lines.filter(category__code="BTXH-5C").values_list("amount").distinct().get() == (360_000,)
    assert lines.filter(category__code="NCC-3.1").values_list("amount").distinct().get() == (2_055_000,)
    assert PaymentList.objects.filter(period__month=JULY, locked_on="2024-06-25").count() == 38


def test_july_is_handed_over_with_all_results_and_five_closed_months_lead_up_to_it() -> None:
    assert set(PaymentList.objects.filter(period__month=JULY).values_list("state", flat=True)) == {"handed_over"}
    assert not Payment.objects.filter(result="").exists()
    assert Period.objects.filter(month=JULY, state="open").count() == 2
    assert Period.objects.filter(state="closed").count() == 10
    assert Period.objects.aggregate(first=Min("month"))["first"].isoformat() == "2024-02-01"
    assert not Period.objects.filter(month__gt=JULY).exists()
    assert not PaymentList.objects.filter(period__state="closed").exclude(state="closed").exists()
    unpaid = Payment.objects.filter(payment_list__period__state="closed").exclude(result__in=Payment.PAID)
    assert not unpaid.exists()


def test_every_total_is_the_sum_of_its_lines() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM payments_payment p WHERE total <> "
            "(SELECT sum(amount) FROM payments_paymentline i WHERE i.payment_id = p.id)"
        )
        assert cursor.fetchone() == (0,)


def test_people_look_like_this_district() -> None:
    people = list(Person.objects.all())
    assert sum(person.name.startswith("Phạm ") for person in people) > len(people) * 0.7
    assert sum(person.birth_day is None for person in people) > 1000
    assert Person.objects.filter(payees__kind="guardian").exists()
    assert Person.objects.filter(payees__kind="authorised").exists()
    assert Person.objects.annotate(n=Count("entitlements")).filter(n=2).count() > 20
    due = Payment.objects.filter(payment_list__period__month=JULY).values("person")
    dead = Person.objects.filter(died_on__isnull=False)
    suspended = Person.objects.filter(entitlements__suspensions__isnull=False)
    assert dead.count() > 20 and suspended.count() > 10
    assert not dead.filter(pk__in=due).exists() and not suspended.filter(pk__in=due).exists()


def test_ages_fit_the_groups_in_every_paid_month() -> None:
    """Whole years of age between the first and the last day a year of birth allows (Điều 5 NĐ 20/2021)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM payments_paymentline i
            JOIN payments_payment p ON p.id = i.payment_id
            JOIN beneficiaries_person h ON h.id = p.person_id
            JOIN beneficiaries_category c ON c.id = i.category_id
            CROSS JOIN LATERAL (
                SELECT make_date(h.birth_year, coalesce(h.birth_month, 1), coalesce(h.birth_day, 1)) AS b
            ) x
            WHERE jsonb_array_length(c.ages) > 0 AND NOT EXISTS (
                SELECT 1 FROM jsonb_array_elements(c.ages) a
                WHERE extract(year FROM age(i.month, x.b)) >= (a->>0)::int
                  AND (a->>1 IS NULL OR extract(year FROM age(i.month, x.b)) < (a->>1)::int)
            )
            """
        )
        assert cursor.fetchone() == (0,)


def test_no_demo_number_stands_in_the_sample_workbooks() -> None:
    numbers = set(Person.objects.exclude(cccd="").values_list("cccd", flat=True))
    accounts_ = set(PayoutRoute.objects.filter(account__isnull=False).values_list("account__number", flat=True))
    seen = 0
    for path in SAMPLES.glob("ds_*_*.xlsx"):
        for sheet in workbooks.read_workbook(path.read_bytes(), path.name):
            cells = {str(cell) for row in sheet.rows for cell in row}
            seen += len(cells)
            assert not cells & numbers
            assert not cells & accounts_
    assert seen > 500


def test_the_same_people_on_every_machine() -> None:
    digest = hashlib.sha256(repr(list(invent())).encode()).hexdigest()
    assert digest.startswith("581b457fd2f1")


def test_names_of_hamlets_are_whole() -> None:
    assert "Cây Muối" in HAMLETS and "Làng Rẫy" in HAMLETS
    assert all(name == " ".join(name.split()) for name in HAMLETS)


def test_there_is_a_sign_in_for_each_role() -> None:
    roles = {User.objects.get(username=username).role for _, username, _ in accounts.SIGN_INS}
    assert roles == set(Role.values) - {Role.SYSTEM}
    user = User.objects.get(username="chutich")
    assert user.check_password(accounts.PASSWORD) and user.password.startswith("argon2$")


def test_loading_again_changes_nothing() -> None:
    before = Person.objects.count()
    assert load() is False
    assert Person.objects.count() == before


def test_production_never_loads_the_demo(settings: LazySettings) -> None:
    settings.DEMO = False
    with pytest.raises(DemoRefused):
        load()
