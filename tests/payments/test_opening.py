"""Opening a month: who is in the lists, with what, and what may not happen."""

import datetime
import json

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from beneficiaries.models import Person, Rate
from payments.models import Payment, PaymentLine, PaymentList, Period
from payments.opening import OpeningRefused, first_month_to_open, open_month
from tests import factories as make

pytestmark = pytest.mark.django_db
AUGUST = datetime.date(2024, 8, 1)


@pytest.fixture
def officer() -> User:
    return make.user(Role.DISTRICT_OFFICER)


def _payment(person: Person) -> Payment:
    return Payment.objects.get(person=person, payment_list__period__month=AUGUST)


def test_one_list_for_each_commune_and_policy_one_payment_per_person(officer: User) -> None:
    opened = open_month(actor=officer, month=AUGUST)
    assert opened.lists == PaymentList.objects.filter(period__month=AUGUST, state="draft").count() == 38
    assert opened.people == Payment.objects.filter(payment_list__period__month=AUGUST).count() == 3812
    assert opened.lines == PaymentLine.objects.filter(payment__payment_list__period__month=AUGUST).count()
    regular = PaymentLine.objects.filter(month=AUGUST, kind="regular")
    assert opened.ledger["closing"].entitlements == regular.count() < opened.lines
    assert set(opened.opened) == {"NCC", "BTXH"}


def test_amounts_are_the_rates_known_at_the_business_date(officer: User) -> None:
    """NĐ 76/2024 and NĐ 77/2024, signed on 01/7/2024, are known on 22/7/2024."""
    open_month(actor=officer, month=AUGUST)
    lines = PaymentLine.objects.filter(month=AUGUST)
    assert lines.filter(category__code="BTXH-5C").values_list("amount").distinct().get() == (500_000,)
    assert lines.filter(category__code="NCC-3.1").values_list("amount").distinct().get() == (2_789_000,)


def test_a_list_locked_before_the_decree_was_signed_takes_the_older_rate(officer: User) -> None:
    Rate.objects.filter(valid_from="2024-07-01").update(known_on=datetime.date(2024, 7, 23))
    open_month(actor=officer, month=AUGUST)
    amounts = PaymentLine.objects.filter(month=AUGUST, category__code="BTXH-5C").values_list("amount").distinct()
    assert amounts.get() == (360_000,)


def test_a_level_and_dependants_decide_the_amount(officer: User) -> None:
    wounded = make.person(birth="1948")
    make.entitlement(wounded, "NCC-6.1TB", level=21)
    parent = make.person(birth="1985")
    make.entitlement(parent, "BTXH-4", dependants=3)
    open_month(actor=officer, month=AUGUST)
    assert _payment(wounded).total == 1_878_000
    line = _payment(parent).lines.get()
    assert (line.quantity, line.amount) == (3, 1_500_000)


def test_own_amount_is_paid_where_the_decision_sets_it(officer: User) -> None:
    soldier = make.person(birth="1950", sex="M")
    make.entitlement(soldier, "KC-QD142", own_amount=2_116_000)
    open_month(actor=officer, month=AUGUST)
    assert _payment(soldier).total == 2_116_000


def test_merit_benefits_add_up_in_one_payment(officer: User) -> None:
    """Điều 6.3 Pháp lệnh 02/2020: the allowances of each category."""
    person = make.person()
    make.entitlement(person, "NCC-3.1")
    make.entitlement(person, "NCC-9")
    open_month(actor=officer, month=AUGUST)
    payment = _payment(person)
    assert payment.total == 2_789_000 + 1_673_000
    assert payment.lines.count() == 2


@pytest.mark.parametrize(
    ("categories", "total"),
    [
        (["BTXH-5C", "BTXH-6B"], 1_250_000),
        (["BTXH-4", "BTXH-6A"], 500_000 + 1_000_000),
        (["BTXH-4", "BTXH-5A1"], 500_000 + 750_000),
        (["BTXH-4", "BTXH-8"], 500_000 + 750_000),
        (["BTXH-4", "BTXH-2"], 750_000),
        (["BTXH-6A", "BTXH-8", "BTXH-4"], 1_000_000 + 500_000),
        (["BTXH-6A", "CSND-2A1"], 1_000_000 + 750_000),
    ],
)
def test_only_the_highest_allowance_but_group_4_beside_5_6_8(officer: User, categories: list[str], total: int) -> None:
    """khoản 2 Điều 6 NĐ 20/2021; chăm sóc nuôi dưỡng stands beside it (Điều 20)."""
    person = make.person(birth="1980")
    for code in categories:
        make.entitlement(person, code, dependants=1 if code == "BTXH-4" else 0)
    open_month(actor=officer, month=AUGUST)
    assert _payment(person).total == total


@pytest.mark.parametrize(
    ("died_on", "due"),
    [(datetime.date(2024, 8, 2), True), (datetime.date(2024, 7, 31), False), (datetime.date(2024, 8, 31), True)],
)
def test_the_month_of_death_is_still_payable(officer: User, died_on: datetime.date, due: bool) -> None:
    """khoản 2 Điều 8 NĐ 20/2021: stopped from the month right after the month of death."""
    person = make.person(died_on=died_on)
    make.entitlement(person)
    open_month(actor=officer, month=AUGUST)
    assert Payment.objects.filter(person=person, payment_list__period__month=AUGUST).exists() is due


def test_suspended_ended_future_and_undecided_benefits_are_not_due(officer: User) -> None:
    suspended, ended, future, proposed, resumed = (make.person() for _ in range(5))
    make.suspension(make.entitlement(suspended), datetime.date(2024, 8, 1))
    make.entitlement(ended, before=AUGUST)
    make.entitlement(future, start=datetime.date(2024, 9, 1))
    change = make.entitlement(proposed).granted_by
    type(change).objects.filter(pk=change.pk).update(state="proposed", applied_at=None)
    make.suspension(make.entitlement(resumed), datetime.date(2024, 5, 1), datetime.date(2024, 8, 1))
    open_month(actor=officer, month=AUGUST)
    due = Payment.objects.filter(payment_list__period__month=AUGUST)
    assert not due.filter(person__in=[suspended, ended, future, proposed]).exists()
    assert due.filter(person=resumed).exists()


def test_money_goes_by_the_confirmed_route_of_the_month_and_its_payer(officer: User) -> None:
    by_account, waiting, later, no_route = (make.person() for _ in range(4))
    for person in (by_account, waiting, later, no_route):
        make.entitlement(person)
    account = make.account(holder_name="PHAM THI THU")
    make.route(by_account, account=account, confirmed_by=officer, start=AUGUST)
    make.route(waiting, account=make.account())
    make.route(later, account=make.account(), start=datetime.date(2024, 9, 1), confirmed_by=officer)
    open_month(actor=officer, month=AUGUST)
    payment = _payment(by_account)
    assert (payment.planned_channel, payment.account_number, payment.payer.code) == (
        "account",
        account.number,
        "AGRIBANK",
    )
    assert payment.route_is_new and payment.account_holder == "PHAM THI THU"
    for person in (waiting, later, no_route):
        payment = _payment(person)
        assert (payment.planned_channel, payment.account_number, payment.payer.code) == ("cash", "", "BUUDIEN")
        assert payment.cash_reason == "other"


def test_positions_follow_given_names_and_numbers_are_unique(officer: User) -> None:
    open_month(actor=officer, month=AUGUST)
    names = list(
        Payment.objects.filter(
            payment_list__period__month=AUGUST, payment_list__commune__code="21496", payment_list__period__policy="NCC"
        )
        .order_by("position")
        .values_list("person__sort_key", flat=True)
    )
    assert names == sorted(names) and len(names) == 135
    assert Payment.objects.filter(number="NCC-2408-21496-0001").exists()


def test_opening_again_changes_nothing(officer: User) -> None:
    first = open_month(actor=officer, month=AUGUST)
    ids = set(PaymentLine.objects.filter(month=AUGUST).values_list("pk", flat=True))
    again = open_month(actor=officer, month=AUGUST)
    assert again.already_open and not first.already_open
    assert (again.lists, again.lines, again.people, again.amount) == (
        first.lists,
        first.lines,
        first.people,
        first.amount,
    )
    assert set(PaymentLine.objects.filter(month=AUGUST).values_list("pk", flat=True)) == ids


def test_months_open_in_order(officer: User) -> None:
    assert first_month_to_open("NCC") == AUGUST
    with pytest.raises(OpeningRefused, match="8/2024"):
        open_month(actor=officer, month=datetime.date(2024, 9, 1))
    assert not Period.objects.filter(month__gt="2024-07-01").exists()


def test_one_policy_alone(officer: User) -> None:
    opened = open_month(actor=officer, month=AUGUST, policies=["NCC"])
    assert (opened.lists, opened.people) == (19, 1492)
    assert open_month(actor=officer, month=AUGUST).opened == ("BTXH",)


def test_somebody_without_a_known_amount_stops_the_opening_and_is_named(officer: User) -> None:
    person = make.person("Phạm Văn Thiếu Mức")
    make.entitlement(person, "BTXH-4", dependants=0)
    with pytest.raises(OpeningRefused, match="Phạm Văn Thiếu Mức"):
        open_month(actor=officer, month=AUGUST)


@pytest.mark.parametrize("role", [r for r in Role.values if r not in (Role.DISTRICT_OFFICER, Role.SYSTEM)])
def test_only_the_districts_officers_open(role: str) -> None:
    with pytest.raises(OpeningRefused):
        open_month(actor=make.user(role), month=AUGUST)


def test_opening_is_audited_once_a_policy(officer: User) -> None:
    open_month(actor=officer, month=AUGUST)
    entries = Entry.objects.filter(actor=officer, action="Mở tháng chi trả")
    assert {entry.details["people"] for entry in entries} == {1492, 2320}


def test_a_month_is_opened_in_the_month_before_it_at_the_earliest(officer: User, settings: LazySettings) -> None:
    """Điều 34 NĐ 20/2021: the list of the next month, before the 25th."""
    september = datetime.date(2024, 9, 1)
    open_month(actor=officer, month=AUGUST)
    with pytest.raises(OpeningRefused, match="chưa đến lúc"):
        open_month(actor=officer, month=september)
    settings.BUSINESS_DATE = datetime.date(2024, 8, 1)
    assert open_month(actor=officer, month=september).lists == 38


def test_the_number_of_statements_does_not_grow_with_people(officer: User, settings: LazySettings) -> None:
    with CaptureQueriesContext(connection) as few:
        open_month(actor=officer, month=AUGUST)
    for number in range(50):
        make.entitlement(make.person(f"Phạm Thị {number}"), start=datetime.date(2024, 9, 1))
    settings.BUSINESS_DATE = datetime.date(2024, 8, 20)
    with CaptureQueriesContext(connection) as many:
        open_month(actor=officer, month=datetime.date(2024, 9, 1))
    assert len(many) == len(few) < 80


def test_a_frozen_line_does_not_follow_the_register(officer: User) -> None:
    person = make.person("Phạm Thị Trước")
    make.entitlement(person)
    open_month(actor=officer, month=AUGUST)
    person.name = "Phạm Thị Sau"
    person.save()
    assert _payment(person).name == "Phạm Thị Trước"


def test_the_command_prints_json_alone(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("open_month", "2024-08", "--json")
    printed = json.loads(capsys.readouterr().out)
    assert printed["month"] == "2024-08"
    assert (printed["lists"], printed["people"]) == (38, 3812)
    call_command("open_month", "2024-08", "--json")
    again = json.loads(capsys.readouterr().out)
    assert again == printed | {"opened": []}


@pytest.mark.parametrize(("month", "code"), [("2024-13", 2), ("tháng tám", 2), ("2024-10", 1)])
def test_the_command_says_what_is_wrong_by_its_exit_code(month: str, code: int) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("open_month", month)
    assert refusal.value.returncode == code
