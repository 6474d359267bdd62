"""What was not paid goes on into the next list, once, or back to the budget (Điều 34 NĐ 20/2021; rules.md 1.7)."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from batosocial.staff.models import Role
from beneficiaries.models import Category, Person
from payments.ledger import verify_ledger
from payments.models import BudgetReturn, Grant, Payment, PaymentLine, PaymentList
from payments.opening import OpeningRefused, cancel_carry_over, remake_list
from tests import factories as make
from tests.payments import cycle
from tests.payments.cycle import AUGUST, OCTOBER, SEPTEMBER

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty() -> None:
    cycle.empty_district()


@pytest.fixture
def person() -> Person:
    one = make.person("Phạm Thị Chậm", birth="1940")
    make.entitlement(one, start=AUGUST)
    return one


def unpaid_in_august(person: Person, settings: Any, result: str = "not_collected") -> Payment:
    cycle.open_next(AUGUST, settings)
    cycle.hand_over(AUGUST)
    payment = cycle.payment(person, AUGUST)
    if result:
        cycle.record(payment, result)
    return payment


@pytest.mark.parametrize("result", ["returned", "not_collected"])
def test_what_came_back_or_was_not_collected_goes_on(person: Person, settings: Any, result: str) -> None:
    make.route(person, account=make.account(), start=AUGUST, confirmed_by=make.user())
    payment = unpaid_in_august(person, settings, result)
    cycle.open_next(SEPTEMBER, settings)
    assert cycle.lines(person, SEPTEMBER) == [("carry_over", "2024-08", 500_000), ("regular", "2024-09", 500_000)]
    line = PaymentLine.objects.get(kind="carry_over", payment__person=person)
    assert line.carried_line == line.origin == payment.lines.get()
    assert cycle.payment(person, SEPTEMBER).total == 1_000_000


@pytest.mark.parametrize("result", ["", "paid_cash"])
def test_what_has_no_result_or_was_paid_does_not(person: Person, settings: Any, result: str) -> None:
    unpaid_in_august(person, settings, result)
    cycle.open_next(SEPTEMBER, settings)
    assert cycle.lines(person, SEPTEMBER) == [("regular", "2024-09", 500_000)]


def test_it_goes_on_again_with_its_first_line_as_origin(person: Person, settings: Any) -> None:
    payment = unpaid_in_august(person, settings)
    cycle.open_next(SEPTEMBER, settings)
    cycle.hand_over(SEPTEMBER)
    cycle.record(cycle.payment(person, SEPTEMBER), "not_collected")
    cycle.open_next(OCTOBER, settings)
    assert cycle.lines(person, OCTOBER) == [
        ("carry_over", "2024-08", 500_000),
        ("carry_over", "2024-09", 500_000),
        ("regular", "2024-10", 500_000),
    ]
    last = cycle.payment(person, OCTOBER).lines.get(month=AUGUST)
    assert last.origin == payment.lines.get()
    assert last.carried_line is not None
    assert last.carried_line.payment == cycle.payment(person, SEPTEMBER)
    assert not verify_ledger().problems


def test_a_result_that_comes_after_the_next_list_goes_on_a_month_later(person: Person, settings: Any) -> None:
    payment = unpaid_in_august(person, settings, "")
    cycle.open_next(SEPTEMBER, settings)
    cycle.record(payment, "not_collected")
    cycle.open_next(OCTOBER, settings)
    assert ("carry_over", "2024-08", 500_000) in cycle.lines(person, OCTOBER)


def test_what_is_not_owed_any_more_goes_back_to_the_budget(person: Person, settings: Any) -> None:
    """Khoản 2 Điều 8 NĐ 20/2021: nothing for the months after the death."""
    payment = unpaid_in_august(person, settings)
    person.died_on = datetime.date(2024, 7, 30)
    person.save()
    cycle.open_next(SEPTEMBER, settings)
    assert not cycle.lines(person, SEPTEMBER)
    assert BudgetReturn.objects.get().line == payment.lines.get()


def test_the_month_of_death_goes_on_to_the_family_in_cash(person: Person, settings: Any) -> None:
    unpaid_in_august(person, settings)
    person.died_on = datetime.date(2024, 8, 10)
    person.save()
    cycle.open_next(SEPTEMBER, settings)
    assert cycle.lines(person, SEPTEMBER) == [("carry_over", "2024-08", 500_000)]
    assert cycle.payment(person, SEPTEMBER).payee_kind == "relative"


def test_while_the_benefit_is_suspended_it_waits(person: Person, settings: Any) -> None:
    unpaid_in_august(person, settings)
    make.suspension(person.entitlements.get(), SEPTEMBER, OCTOBER)
    cycle.open_next(SEPTEMBER, settings)
    assert not cycle.lines(person, SEPTEMBER)
    assert not BudgetReturn.objects.exists()
    cycle.open_next(OCTOBER, settings)
    assert cycle.lines(person, OCTOBER) == [("carry_over", "2024-08", 500_000), ("regular", "2024-10", 500_000)]


def test_what_was_carried_takes_no_result(person: Person, settings: Any) -> None:
    payment = unpaid_in_august(person, settings)
    cycle.open_next(SEPTEMBER, settings)
    with pytest.raises(IntegrityError, match="carried on"), transaction.atomic():
        cycle.record(payment, "paid_cash")


def test_the_database_refuses_a_carry_over_of_what_was_paid(person: Person, settings: Any) -> None:
    payment = unpaid_in_august(person, settings, "paid_cash")
    cycle.open_next(SEPTEMBER, settings)
    line = payment.lines.get()
    with pytest.raises(IntegrityError, match="not paid"), transaction.atomic():
        PaymentLine.objects.create(
            payment=cycle.payment(person, SEPTEMBER), entitlement=line.entitlement, category=line.category,
            policy="BTXH", kind="carry_over", month=AUGUST, amount=line.amount, carried_line=line, origin=line,
        )  # fmt: skip


class TestCancelled:
    def test_out_of_a_draft_the_payment_takes_a_result_again(self, person: Person, settings: Any) -> None:
        payment = unpaid_in_august(person, settings)
        cycle.open_next(SEPTEMBER, settings)
        cancel_carry_over(actor=make.user(Role.DISTRICT_OFFICER), payment_id=payment.pk)
        assert cycle.lines(person, SEPTEMBER) == [("regular", "2024-09", 500_000)]
        assert cycle.payment(person, SEPTEMBER).total == 500_000
        cycle.record(payment, "paid_cash")
        assert not verify_ledger().problems

    def test_a_payment_of_nothing_else_leaves_the_draft(self, person: Person, settings: Any) -> None:
        payment = unpaid_in_august(person, settings)
        person.died_on = datetime.date(2024, 8, 10)
        person.save()
        cycle.open_next(SEPTEMBER, settings)
        cancel_carry_over(actor=make.user(Role.DISTRICT_OFFICER), payment_id=payment.pk)
        assert not Payment.objects.filter(person=person, payment_list__period__month=SEPTEMBER).exists()

    def test_not_once_the_list_was_sent(self, person: Person, settings: Any) -> None:
        payment = unpaid_in_august(person, settings)
        cycle.open_next(SEPTEMBER, settings)
        cycle.hand_over(SEPTEMBER)
        with pytest.raises(OpeningRefused, match="không rút lại được"):
            cancel_carry_over(actor=make.user(Role.DISTRICT_OFFICER), payment_id=payment.pk)

    def test_twice_says_so(self, person: Person, settings: Any) -> None:
        payment = unpaid_in_august(person, settings)
        cycle.open_next(SEPTEMBER, settings)
        officer = make.user(Role.DISTRICT_OFFICER)
        cancel_carry_over(actor=officer, payment_id=payment.pk)
        with pytest.raises(OpeningRefused, match="chưa chuyển"):
            cancel_carry_over(actor=officer, payment_id=payment.pk)

    @pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.CHAIRMAN, Role.PAYER, Role.POLICE])
    def test_nobody_else_may(self, person: Person, settings: Any, role: Role) -> None:
        payment = unpaid_in_august(person, settings)
        cycle.open_next(SEPTEMBER, settings)
        with pytest.raises(PermissionDenied):
            cancel_carry_over(actor=make.user(role), payment_id=payment.pk)


class TestMadeAnew:
    def list_of(self, person: Person, month: datetime.date) -> PaymentList:
        return cycle.payment(person, month).payment_list

    def test_a_draft_says_what_the_register_says_now(self, person: Person, settings: Any) -> None:
        unpaid_in_august(person, settings)
        cycle.open_next(SEPTEMBER, settings)
        row = self.list_of(person, SEPTEMBER)
        other = make.person("Phạm Thị Mới", birth="1940")
        make.entitlement(other, start=SEPTEMBER)
        person.died_on = datetime.date(2024, 8, 21)
        person.save()
        remake_list(actor=make.user(Role.COMMUNE_OFFICER), list_id=row.pk)
        assert cycle.lines(person, SEPTEMBER) == [("carry_over", "2024-08", 500_000)]
        assert cycle.lines(other, SEPTEMBER) == [("regular", "2024-09", 500_000)]
        assert not verify_ledger().problems

    def test_making_it_anew_twice_changes_nothing(self, person: Person, settings: Any) -> None:
        unpaid_in_august(person, settings)
        cycle.open_next(SEPTEMBER, settings)
        row, before = self.list_of(person, SEPTEMBER), cycle.lines(person, SEPTEMBER)
        number = cycle.payment(person, SEPTEMBER).number
        for _ in range(2):
            remake_list(actor=make.user(Role.DISTRICT_OFFICER), list_id=row.pk)
        assert cycle.lines(person, SEPTEMBER) == before
        assert cycle.payment(person, SEPTEMBER).number == number

    def test_only_a_draft(self, person: Person, settings: Any) -> None:
        unpaid_in_august(person, settings)
        with pytest.raises(OpeningRefused, match="chỉ danh sách đang lập"):
            remake_list(actor=make.user(Role.DISTRICT_OFFICER), list_id=self.list_of(person, AUGUST).pk)

    def test_another_commune_does_not_know_it(self, person: Person, settings: Any) -> None:
        cycle.open_next(AUGUST, settings)
        stranger = make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))
        with pytest.raises(PaymentList.DoesNotExist):
            remake_list(actor=stranger, list_id=self.list_of(person, AUGUST).pk)


def test_a_decided_grant_is_a_one_off_line_of_the_next_list_to_its_receiver(settings: Any) -> None:
    """Mai táng phí (Điều 11 NĐ 20/2021): the list of the next month has it (Điều 34), once."""
    person = make.person("Phạm Văn Mất", birth="1940", sex="M")
    make.entitlement(person, start=datetime.date(2024, 1, 1), before=AUGUST)
    person.died_on = datetime.date(2024, 7, 10)
    person.save()
    officer, appraiser, chairman = (make.user() for _ in range(3))
    Grant.objects.create(
        person=person, category=Category.objects.get(code="MTP-BTXH"), died_on=person.died_on, amount=10_000_000,
        basis="20 × 500.000", state="decided", receiver_name="Phạm Thị Con", receiver_relation="con",
        proposed_by=officer, appraised_by=appraiser, decided_by=chairman, decision_number="9/QĐ-UBND",
        decision_date="2024-07-20",
    )  # fmt: skip
    cycle.open_next(AUGUST, settings)
    paid = cycle.payment(person, AUGUST)
    assert cycle.lines(person, AUGUST) == [("one_off", "2024-08", 10_000_000)]
    assert (paid.payee_kind, paid.payee_name, paid.planned_channel) == ("relative", "Phạm Thị Con", "cash")
    cycle.hand_over(AUGUST)
    cycle.record(paid, "not_collected")
    cycle.open_next(SEPTEMBER, settings)
    assert cycle.lines(person, SEPTEMBER) == [("carry_over", "2024-08", 10_000_000)]
    assert cycle.payment(person, SEPTEMBER).payee_name == "Phạm Thị Con"
