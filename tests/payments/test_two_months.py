"""Two months at once for the merit allowances (Tết, natural disasters: Điều 8 TT 44/2022/TT-BTC)."""

import datetime
import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from batosocial.staff.models import Role
from beneficiaries.models import Category, Rate
from payments.ledger import read_ledger, totals, verify_ledger
from payments.models import PaymentLine, PaymentList, Period
from payments.opening import OpeningRefused, open_month
from tests import factories as make
from tests.payments import cycle
from tests.payments.cycle import AUGUST, OCTOBER, SEPTEMBER

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty() -> None:
    cycle.empty_district()


def test_one_payment_has_two_regular_lines_with_their_own_months(settings: Any) -> None:
    person = make.person(birth="1945")
    make.entitlement(person, "NCC-9", start=AUGUST)
    cycle.open_next(AUGUST, settings, with_next=True)
    assert cycle.lines(person, AUGUST) == [("regular", "2024-08", 1_673_000), ("regular", "2024-09", 1_673_000)]
    assert cycle.payment(person, AUGUST).total == 2 * 1_673_000


def test_the_second_months_list_holds_only_what_came_after(settings: Any) -> None:
    person, late = make.person(birth="1945"), make.person(birth="1946")
    make.entitlement(person, "NCC-9", start=AUGUST)
    cycle.open_next(AUGUST, settings, with_next=True)
    make.entitlement(late, "NCC-9", start=SEPTEMBER)
    cycle.open_next(SEPTEMBER, settings)
    assert cycle.lines(person, SEPTEMBER) == []
    assert cycle.lines(late, SEPTEMBER) == [("regular", "2024-09", 1_673_000)]
    cycle.open_next(OCTOBER, settings)
    assert cycle.lines(person, OCTOBER) == [("regular", "2024-10", 1_673_000)]
    assert not verify_ledger().problems


def test_a_raise_in_between_is_arrears_of_the_second_month_in_its_own_list(settings: Any) -> None:
    person = make.person(birth="1945")
    make.entitlement(person, "NCC-9", start=AUGUST)
    cycle.open_next(AUGUST, settings, with_next=True)
    Rate.objects.create(
        category=Category.objects.get(code="NCC-9"), amount=1_700_000, valid_from=SEPTEMBER,
        known_on=datetime.date(2024, 8, 10), legal_basis="Nghị định thử",
    )  # fmt: skip
    cycle.open_next(SEPTEMBER, settings)
    assert cycle.lines(person, SEPTEMBER) == [("arrears", "2024-09", 27_000)]


def test_figures_follow_the_month_that_a_line_covers(settings: Any) -> None:
    person = make.person(birth="1945")
    make.entitlement(person, "NCC-9", start=AUGUST)
    cycle.open_next(AUGUST, settings, with_next=True)
    row = PaymentList.objects.select_related("period").get(
        period__month=AUGUST, period__policy="NCC", commune=person.commune
    )
    august, september = read_ledger(row)
    assert (august.month, september.month) == (AUGUST, SEPTEMBER)
    assert september.opening == september.closing == august.closing
    assert august.closing.amount == 1_673_000
    assert totals(SEPTEMBER, ["NCC"])["closing"].entitlements == 1


def test_social_assistance_is_never_paid_two_months_at_once(settings: Any) -> None:
    person = make.person(birth="1940")
    make.entitlement(person, start=AUGUST)
    cycle.open_next(AUGUST, settings, with_next=True)
    assert cycle.lines(person, AUGUST) == [("regular", "2024-08", 500_000)]
    assert set(Period.objects.filter(month=AUGUST).values_list("policy", "with_next")) == {
        ("NCC", True),
        ("BTXH", False),
    }


def test_asked_for_social_assistance_alone_it_is_refused() -> None:
    with pytest.raises(OpeningRefused, match="người có công"):
        open_month(actor=make.user(Role.DISTRICT_OFFICER), month=AUGUST, policies=["BTXH"], with_next=True)


def test_on_the_command_line() -> None:
    person = make.person(birth="1945")
    make.entitlement(person, "NCC-9", start=AUGUST)
    output = io.StringIO()
    call_command("open_month", "2024-08", "--policy", "NCC", "--with-next", "--json", stdout=output)
    said = json.loads(output.getvalue())
    assert said["lines"] == PaymentLine.objects.filter(payment__payment_list__period__month=AUGUST).count() == 2
    assert said["ledger"]["closing"] == {"people": 1, "entitlements": 1, "amount": 1_673_000}
    with pytest.raises(CommandError, match="người có công"):
        call_command("open_month", "2024-08", "--policy", "BTXH", "--with-next")
