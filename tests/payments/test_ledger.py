"""The ledger of a list: what balances, what each difference comes from, what keeps a list from being sent."""

import datetime
import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from beneficiaries.models import Category, Change, Person, Rate
from payments.ledger import Side, breaks_of, differences, read_ledger, verify_ledger
from payments.models import Ledger, PaymentLine, PaymentList
from payments.opening import open_month, remake_list
from tests import factories as make
from tests.payments import cycle
from tests.payments.cycle import AUGUST, SEPTEMBER

pytestmark = pytest.mark.django_db


@pytest.fixture
def empty() -> None:
    cycle.empty_district()


def list_of(month: datetime.date, policy: str = "BTXH", commune: str = make.BA_DONG) -> PaymentList:
    return PaymentList.objects.select_related("period").get(
        period__month=month, period__policy=policy, commune__code=commune
    )


def cause_of(person: Person, month: datetime.date, commune: str = make.BA_DONG) -> str:
    (found,) = [one for one in differences(list_of(month, commune=commune)) if one.person_id == person.pk]
    return found.cause


def test_the_demo_agrees_in_every_month() -> None:
    verified = verify_ledger()
    assert (verified.months, verified.lists, verified.problems) == (6, 228, [])


def test_a_raise_is_an_increase_of_money_and_of_nobody() -> None:
    open_month(actor=make.user(), month=AUGUST)
    (sides,) = read_ledger(list_of(AUGUST))
    assert sides.balances
    assert (sides.increase.people, sides.increase.entitlements) == (0, 0)
    assert sides.increase.amount == sides.closing.amount - sides.opening.amount > 0
    assert {one.cause for one in differences(list_of(AUGUST))} == {"rate"}


@pytest.mark.usefixtures("empty")
class TestSides:
    def test_people_entitlements_and_money_are_counted_each_on_its_own(self, settings: Any) -> None:
        stays, leaves, comes = (make.person(birth="1940") for _ in range(3))
        make.entitlement(stays, start=AUGUST)
        make.entitlement(leaves, start=AUGUST, before=SEPTEMBER)
        make.entitlement(comes, start=SEPTEMBER)
        make.entitlement(stays, "CSND-2D1", start=SEPTEMBER, dependants=1)
        cycle.open_next(AUGUST, settings)
        cycle.open_next(SEPTEMBER, settings)
        (sides,) = read_ledger(list_of(SEPTEMBER))
        assert sides.opening == Side(2, 2, 1_000_000)
        assert sides.increase == Side(1, 2, 500_000 + 750_000)
        assert sides.decrease == Side(1, 1, 500_000)
        assert sides.closing == Side(2, 3, 1_750_000)
        assert sides.balances

    def test_the_database_keeps_no_ledger_that_does_not_balance(self, settings: Any) -> None:
        cycle.open_next(AUGUST, settings)
        with pytest.raises(IntegrityError), transaction.atomic():
            Ledger.objects.filter(month=AUGUST, policy="BTXH").update(closing_amount=1)

    def test_as_many_queries_for_all_lists_as_for_one(self, settings: Any) -> None:
        cycle.open_next(AUGUST, settings)
        with CaptureQueriesContext(connection) as few:
            breaks_of([list_of(AUGUST).pk])
        for number in range(30):
            make.entitlement(make.person(f"Phạm Thị {number}", birth="1940"), start=SEPTEMBER)
        cycle.open_next(SEPTEMBER, settings)
        ids = list(
            PaymentList.objects.filter(period__month=SEPTEMBER, period__policy="BTXH").values_list("pk", flat=True)
        )
        with CaptureQueriesContext(connection) as many:
            breaks_of(ids)
        # One of the few reads the list of which it asks.
        assert len(many) == len(few) - 1 <= 8


@pytest.mark.usefixtures("empty")
class TestCauses:
    def test_the_first_load(self, settings: Any) -> None:
        person = make.person(birth="1940")
        make.entitlement(person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        assert cause_of(person, AUGUST) == "first_load"

    def test_a_decision_of_now(self, settings: Any) -> None:
        person = make.person(birth="1940")
        cycle.granted(person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        assert cause_of(person, AUGUST) == "start"

    def test_a_death(self, settings: Any) -> None:
        person = make.person(birth="1940")
        make.entitlement(person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        person.died_on = datetime.date(2024, 8, 10)
        person.save()
        cycle.open_next(SEPTEMBER, settings)
        assert cause_of(person, SEPTEMBER) == "death"

    def test_the_end_of_a_benefit(self, settings: Any) -> None:
        person = make.person(birth="1940")
        make.entitlement(person, start=AUGUST, before=SEPTEMBER)
        cycle.open_next(AUGUST, settings)
        cycle.open_next(SEPTEMBER, settings)
        assert cause_of(person, SEPTEMBER) == "stop"

    def test_a_suspension_and_its_end(self, settings: Any) -> None:
        person = make.person(birth="1940")
        make.suspension(make.entitlement(person, start=AUGUST), SEPTEMBER, cycle.OCTOBER)
        cycle.open_next(AUGUST, settings)
        cycle.open_next(SEPTEMBER, settings)
        cycle.open_next(cycle.OCTOBER, settings)
        assert cause_of(person, SEPTEMBER) == "suspend"
        assert cause_of(person, cycle.OCTOBER) == "resume"

    def test_a_move_is_a_decrease_here_and_an_increase_there(self, settings: Any) -> None:
        person = make.person(birth="1940")
        make.entitlement(person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        person.commune = make.commune(make.BA_TO_TOWN)
        person.save()
        cycle.open_next(SEPTEMBER, settings)
        assert cause_of(person, SEPTEMBER) == "moved_out"
        assert cause_of(person, SEPTEMBER, make.BA_TO_TOWN) == "moved_in"

    def test_a_decree(self, settings: Any) -> None:
        person = make.person(birth="1940")
        make.entitlement(person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        Rate.objects.create(
            category=Category.objects.get(code="BTXH-5C"), amount=540_000, valid_from=SEPTEMBER,
            known_on=datetime.date(2024, 8, 1), legal_basis="Nghị định thử",
        )  # fmt: skip
        cycle.open_next(SEPTEMBER, settings)
        assert cause_of(person, SEPTEMBER) == "rate"

    def test_a_child_that_does_not_count_any_more(self, settings: Any) -> None:
        parent = make.person(birth="1985")
        row = make.entitlement(parent, "BTXH-4", start=AUGUST, dependants=2)
        one = row.dependants.all()[0]
        one.months = make.month_range(AUGUST, SEPTEMBER)
        one.save()
        cycle.open_next(AUGUST, settings)
        cycle.open_next(SEPTEMBER, settings)
        assert cause_of(parent, SEPTEMBER) == "dependants"

    def test_the_lower_of_two_benefits_when_the_higher_ends(self, settings: Any) -> None:
        person = make.person(birth="1940")
        make.entitlement(person, "BTXH-5C", start=AUGUST)
        make.entitlement(person, "BTXH-6D", start=AUGUST, before=SEPTEMBER)
        cycle.open_next(AUGUST, settings)
        cycle.open_next(SEPTEMBER, settings)
        causes = {one.cause for one in differences(list_of(SEPTEMBER)) if one.person_id == person.pk}
        assert causes == {"stop", "highest"}


@pytest.mark.usefixtures("empty")
class TestBreaks:
    def test_a_list_as_it_was_made_is_in_order(self, settings: Any) -> None:
        make.entitlement(make.person(birth="1940"), start=AUGUST)
        cycle.open_next(AUGUST, settings)
        assert breaks_of(list(PaymentList.objects.filter(period__month=AUGUST).values_list("pk", flat=True))) == {}

    def test_somebody_who_died_since_is_named_until_it_is_made_anew(self, settings: Any) -> None:
        person = make.person("Phạm Thị Mất", birth="1940")
        make.entitlement(person, start=SEPTEMBER)
        cycle.open_next(AUGUST, settings)
        cycle.open_next(SEPTEMBER, settings)
        person.died_on = datetime.date(2024, 8, 20)
        person.save()
        row = list_of(SEPTEMBER)
        (why,) = breaks_of([row.pk])[row.pk]
        assert "1 người trong danh sách không còn được hưởng" in why and "Phạm Thị Mất" in why
        remake_list(actor=make.user(), list_id=row.pk)
        assert breaks_of([row.pk]) == {}

    def test_somebody_granted_since_is_named(self, settings: Any) -> None:
        cycle.open_next(AUGUST, settings)
        make.entitlement(make.person("Phạm Thị Mới", birth="1940"), start=AUGUST)
        row = list_of(AUGUST)
        (why,) = breaks_of([row.pk])[row.pk]
        assert "được hưởng theo sổ nhưng không có trong danh sách" in why and "Phạm Thị Mới" in why

    def test_another_amount_is_named_with_both(self, settings: Any) -> None:
        person = make.person("Phạm Văn Riêng", birth="1950", sex="M")
        row = make.entitlement(person, "KC-QD142", own_amount=2_116_000, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        row.own_amount = 2_200_000
        row.save()
        made = list_of(AUGUST, "NCC")
        (why,) = breaks_of([made.pk])[made.pk]
        assert "Phạm Văn Riêng (2.116.000 đ, sổ 2.200.000 đ)" in why

    def test_a_decree_signed_after_the_list_was_locked_is_no_break(self, settings: Any) -> None:
        """What became known later is arrears of the next list."""
        make.entitlement(make.person(birth="1940"), start=AUGUST)
        cycle.open_next(AUGUST, settings)
        Rate.objects.create(
            category=Category.objects.get(code="BTXH-5C"), amount=540_000, valid_from=AUGUST,
            known_on=datetime.date(2024, 7, 25), legal_basis="Nghị định thử",
        )  # fmt: skip
        settings.BUSINESS_DATE = datetime.date(2024, 7, 26)
        assert breaks_of([list_of(AUGUST).pk]) == {}

    def test_whoever_moved_after_the_lists_were_made_is_paid_where_they_stand(self, settings: Any) -> None:
        person = make.person(birth="1940")
        make.entitlement(person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        person.commune = make.commune(make.BA_TO_TOWN)
        person.save()
        ids = list(PaymentList.objects.filter(period__month=AUGUST).values_list("pk", flat=True))
        assert breaks_of(ids) == {}


class TestVerify:
    @pytest.fixture(autouse=True)
    def paid(self, empty: None, settings: Any) -> Person:
        self.person = make.person("Phạm Thị Sổ", birth="1940")
        make.entitlement(self.person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        return self.person

    def _around_the_triggers(self, statement: str, *values: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statement, values)
            cursor.execute("SET LOCAL session_replication_role = origin")

    def test_a_line_that_was_changed_by_hand(self) -> None:
        line = PaymentLine.objects.get(payment__person=self.person)
        self._around_the_triggers("UPDATE payments_paymentline SET amount = 600000 WHERE id = %s", line.pk)
        said = [str(one) for one in verify_ledger().problems]
        assert any("cuối kỳ, số tiền" in one and "phải là 600000, đang là 500000" in one for one in said)
        assert any("không bằng tổng các dòng: phải là 600000, đang là 500000" in one for one in said)

    def test_a_missing_ledger(self) -> None:
        Ledger.objects.filter(month=AUGUST, policy="BTXH", commune__code=make.BA_DONG).delete()
        assert "chưa có sổ tăng giảm" in str(verify_ledger().problems[0])

    def test_somebody_on_a_list_with_nothing_to_rest_on(self) -> None:
        Change.objects.filter(person=self.person).update(applied_at="2024-01-01T00:00:00+07:00")
        self.person.entitlements.update(months=make.month_range(datetime.date(2024, 1, 1)))
        said = [str(one) for one in verify_ledger().problems]
        assert any("Phạm Thị Sổ khác với tháng trước mà trong sổ không có căn cứ" in one for one in said)

    def test_on_the_command_line_it_says_where_and_ends_with_1(self) -> None:
        output = io.StringIO()
        call_command("verify_ledger", "--json", stdout=output)
        assert json.loads(output.getvalue())["agrees"] is True
        Ledger.objects.filter(month=AUGUST, policy="BTXH", commune__code=make.BA_DONG).delete()
        output = io.StringIO()
        with pytest.raises(CommandError) as refused:
            call_command("verify_ledger", "--json", stdout=output)
        assert refused.value.returncode == 1
        (problem,) = json.loads(output.getvalue())["problems"]
        assert (problem["month"], problem["policy"]) == ("2024-08", "BTXH")
