"""A change that takes effect late: what a payer must not pay any more, and what has to come back."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batosocial.audit.models import Entry
from batosocial.staff.models import Role
from beneficiaries.changes import services
from beneficiaries.models import Change, Person
from payments import states
from payments.effects.claims import excess_of
from payments.effects.stops import answer_stop, lift_stop
from payments.models import Payment, PaymentLine, Receivable, StopOrder
from payments.results.rules import ResultRefused
from tests import factories as make
from tests.beneficiaries.changes import flow
from tests.payments import rows
from tests.payments.effects import scenes
from tests.payments.effects.scenes import AUGUST, JULY
from tests.payments.rows import State

pytestmark = pytest.mark.django_db


def receivables(person: Person) -> list[tuple[datetime.date, int, str]]:
    found = Receivable.objects.filter(person=person).order_by("month", "pk")
    return [(row.month, row.amount, row.state) for row in found]


# --- a death that is found late, in each state of the list (khoản 2 Điều 8 NĐ 20/2021) ---------------------------


@pytest.mark.parametrize("state", [State.DRAFT, State.SUBMITTED, State.APPRAISED])
def test_a_list_that_is_not_approved_needs_no_order(state: str) -> None:
    person, benefit = scenes.beneficiary()
    scenes.paid_list(state, [benefit])
    scenes.death(person)
    assert not StopOrder.objects.exists()
    assert receivables(person) == []


@pytest.mark.parametrize("state", [State.APPROVED, State.HANDED_OVER])
def test_an_approved_list_never_changes_so_the_payer_is_told_to_stop(state: str) -> None:
    person, benefit = scenes.beneficiary()
    payment = scenes.paid_list(state, [benefit])
    change = scenes.death(person)[0]
    order = StopOrder.objects.get()
    assert (order.payment, order.change, order.answer) == (payment, change, "")
    assert order.reason == (
        "Chết ngày 20/06/2024 (QĐ 125/QĐ-UBND ngày 22/07/2024). Không được chi 500.000 đ của tháng 8/2024."
    )
    assert Payment.objects.filter(pk=payment.pk).exists()
    assert receivables(person) == []
    assert Entry.objects.filter(action="ra lệnh dừng chi", row_id=order.pk).count() == 1


def test_a_list_approved_after_the_death_is_stopped_when_it_is_approved() -> None:
    person, benefit = scenes.beneficiary()
    payment = scenes.paid_list(State.APPRAISED, [benefit])
    scenes.death(person)
    assert not StopOrder.objects.exists()
    chairman = make.user(Role.CHAIRMAN)
    outcome = states.approve(actor=chairman, list_ids=[payment.payment_list_id])
    assert len(outcome.moved) == 1
    assert StopOrder.objects.get().payment == payment


def test_what_was_paid_for_months_after_the_death_is_asked_back() -> None:
    person, benefit = scenes.beneficiary()
    july = scenes.paid_list(State.HANDED_OVER, [benefit], month=AUGUST)
    scenes.record(july)
    scenes.death(person)
    assert not StopOrder.objects.exists()
    row = Receivable.objects.get(person=person)
    assert (row.month, row.amount, row.state, row.payment) == (AUGUST, 500_000, "found", july)
    assert row.reason.startswith("Chết ngày 20/06/2024")
    assert "đã chi tháng 8/2024" in row.reason


def test_the_month_of_death_itself_is_owed() -> None:
    person, benefit = scenes.beneficiary()
    row = rows.payment_list()
    payment = scenes.add_payment(row, [benefit])
    scenes.add_line(payment, benefit, JULY, 500_000, "arrears")
    Payment.objects.filter(pk=payment.pk).update(total=1_000_000)
    rows.put(row, State.HANDED_OVER)
    scenes.record(payment)
    scenes.death(person, datetime.date(2024, 7, 22))
    assert receivables(person) == [(AUGUST, 500_000, "found")]


def test_a_payment_that_was_not_collected_is_stopped_too() -> None:
    person, benefit = scenes.beneficiary()
    payment = scenes.record(scenes.paid_list(State.HANDED_OVER, [benefit]), scenes.NOT_COLLECTED)
    scenes.death(person)
    assert StopOrder.objects.get().payment == payment


def test_a_payment_that_was_carried_on_is_stopped_where_it_stands_now() -> None:
    person, benefit = scenes.beneficiary()
    first = scenes.record(scenes.paid_list(State.HANDED_OVER, [benefit]), scenes.NOT_COLLECTED)
    row = rows.payment_list(month=scenes.SEPTEMBER)
    second = scenes.add_payment(row, [benefit])
    line = first.lines.get()
    PaymentLine.objects.create(
        payment=second,
        entitlement=benefit,
        category=benefit.category,
        policy="BTXH",
        kind="carry_over",
        month=AUGUST,
        amount=500_000,
        carried_line=line,
        origin=line,
    )
    rows.put(row, State.APPROVED)
    scenes.death(person)
    order = StopOrder.objects.get()
    assert order.payment == second
    assert "của tháng 8/2024, 9/2024" in order.reason


def test_an_order_names_what_must_not_be_paid_where_part_is_still_owed() -> None:
    person, benefit = scenes.beneficiary()
    row = rows.payment_list()
    payment = scenes.add_payment(row, [benefit])
    scenes.add_line(payment, benefit, datetime.date(2024, 6, 1), 140_000, "arrears")
    Payment.objects.filter(pk=payment.pk).update(total=640_000)
    rows.put(row, State.HANDED_OVER)
    scenes.death(person)
    assert StopOrder.objects.get().reason.endswith(
        "Không được chi 500.000 đ của tháng 8/2024; dừng cả khoản, 140.000 đ còn được hưởng sẽ chi ở kỳ sau."
    )


# --- other changes -----------------------------------------------------------------------------------------------


def test_an_adjustment_downwards_stops_and_one_upwards_does_not() -> None:
    _person, benefit = scenes.beneficiary("BTXH-5A2")
    _other, lower = scenes.beneficiary("BTXH-5C")
    row = rows.payment_list()
    payment = scenes.add_payment(row, [benefit], amount=1_000_000)
    scenes.add_payment(row, [lower], amount=500_000)
    rows.put(row, State.HANDED_OVER)
    for entitlement, category in ((benefit, "BTXH-5C"), (lower, "BTXH-5A2")):
        flow.decided(
            services.propose_adjustment(
                actor=flow.officer(),
                entitlement_id=entitlement.pk,
                category=category,
                month=AUGUST,
                paper=flow.PAPER,
                confirmed=True,
            )
        )
    order = StopOrder.objects.get()
    assert order.payment == payment
    assert "Không được chi 500.000 đ của tháng 8/2024; dừng cả khoản" in order.reason


def test_a_suspension_stops_and_a_decision_to_pay_after_all_lifts() -> None:
    person, benefit = scenes.beneficiary()
    payment = scenes.paid_list(State.HANDED_OVER, [benefit])
    pause = make.suspension(benefit, AUGUST)
    Change.objects.filter(pk=pause.change_id).update(kind="suspend", effective_month=AUGUST)
    pause.change.refresh_from_db()
    scenes.apply_again([pause.change])
    assert StopOrder.objects.get().reason.startswith("Tạm dừng hưởng từ tháng 8/2024")
    pause.delete()
    again = make.first_load(person, "BTXH", start=AUGUST)
    Change.objects.filter(pk=again.pk).update(kind="resume")
    again.refresh_from_db()
    scenes.apply_again([again])
    order = StopOrder.objects.get()
    assert order.payment == payment
    assert order.lifted_at
    assert "không còn căn cứ" in order.lift_reason


def test_the_circumstances_of_somebody_are_no_business_of_a_payer() -> None:
    person, benefit = scenes.beneficiary()
    scenes.paid_list(State.HANDED_OVER, [benefit])
    change = services.propose_stop(
        actor=flow.officer(),
        person_id=person.pk,
        entitlement_ids=[benefit.pk],
        reason="TT02-2.1.c",
        happened_on=datetime.date(2024, 7, 1),
        paper=flow.PAPER,
    )[0]
    flow.decided(change)
    assert StopOrder.objects.get().reason.startswith("Thôi hưởng từ tháng 8/2024 (QĐ 125/QĐ-UBND")


# --- twice, late, and the other way ------------------------------------------------------------------------------


def test_applying_a_change_twice_doubles_nothing() -> None:
    person, benefit = scenes.beneficiary()
    scenes.record(scenes.paid_list(State.HANDED_OVER, [benefit]))
    scenes.paid_list(State.APPROVED, [benefit], month=scenes.SEPTEMBER)
    changes = scenes.death(person)
    before = Entry.objects.count()
    scenes.apply_again(changes)
    assert StopOrder.objects.count() == 1
    assert receivables(person) == [(AUGUST, 500_000, "found")]
    assert Entry.objects.count() == before


def test_a_stopped_payment_that_comes_back_as_paid_becomes_a_receivable() -> None:
    person, benefit = scenes.beneficiary()
    payment = scenes.paid_list(State.HANDED_OVER, [benefit])
    scenes.death(person)
    assert receivables(person) == []
    with pytest.raises(ResultRefused, match="có lệnh dừng chi"):
        scenes.record(payment)
    answer_stop(actor=rows.clerk(payment.payer.code), order_id=StopOrder.objects.get().pk, answer="paid_before")
    scenes.record(payment)
    assert receivables(person) == [(AUGUST, 500_000, "found")]
    scenes.record(payment, scenes.NOT_COLLECTED, why="Ghi nhầm")
    assert receivables(person) == [(AUGUST, 500_000, "cancelled")]


def test_a_correction_of_a_wrong_death_lifts_orders_and_cancels_receivables() -> None:
    person, benefit = scenes.beneficiary()
    scenes.record(scenes.paid_list(State.HANDED_OVER, [benefit]))
    scenes.paid_list(State.APPROVED, [benefit], month=scenes.SEPTEMBER)
    scenes.death(person)
    scenes.not_dead_after_all(person, benefit)
    assert StopOrder.objects.get().lifted_at is not None
    assert receivables(person) == [(AUGUST, 500_000, "cancelled")]
    benefit.refresh_from_db()
    scenes.death(person)
    order = StopOrder.objects.get()
    assert (order.lifted_at, order.answer) == (None, "")
    assert [state for _, _, state in receivables(person)] == ["cancelled", "found"]


def test_a_decided_receivable_that_lost_its_ground_is_flagged_not_changed() -> None:
    person, benefit = scenes.beneficiary()
    scenes.record(scenes.paid_list(State.HANDED_OVER, [benefit]))
    scenes.death(person)
    row = Receivable.objects.get(person=person)
    Receivable.objects.filter(pk=row.pk).update(
        state="decided", decision_number="1", decision_date=flow.TODAY, decided_by=make.user(Role.CHAIRMAN)
    )
    row.refresh_from_db()
    assert excess_of([row]) == {}
    scenes.not_dead_after_all(person, benefit)
    assert receivables(person) == [(AUGUST, 500_000, "decided")]
    assert excess_of([row]) == {row.pk: 500_000}


def test_many_changes_cost_as_many_queries_as_one() -> None:
    def one() -> Change:
        person, benefit = scenes.beneficiary()
        scenes.add_payment(row, [benefit])
        change = services.propose_stop(actor=officer, person_id=person.pk, died_on=scenes.DIED, paper=flow.PAPER)[0]
        return flow.appraised(change, by=phong)

    officer, phong, chairman = flow.officer(), flow.phong(), flow.chairman()
    row = rows.payment_list()
    few, many = [one()], [one() for _ in range(5)]
    rows.put(row, State.HANDED_OVER)
    counts = []
    for changes in (few, many):
        with CaptureQueriesContext(connection) as captured:
            services.decide_changes(
                actor=chairman, change_ids=[change.pk for change in changes], number="1/QĐ", date=flow.TODAY
            )
        counts.append(len(captured))
    assert StopOrder.objects.count() == 6
    assert counts[0] == counts[1]


# --- the payer answers, the Phòng lifts --------------------------------------------------------------------------


def stopped() -> StopOrder:
    person, benefit = scenes.beneficiary()
    scenes.paid_list(State.HANDED_OVER, [benefit])
    scenes.death(person)
    return StopOrder.objects.get()


def test_a_payer_answers_its_own_orders_once() -> None:
    order = stopped()
    assert answer_stop(actor=rows.clerk(), order_id=order.pk, answer="stopped")
    assert not answer_stop(actor=rows.clerk(), order_id=order.pk, answer="stopped")
    with pytest.raises(StopOrder.DoesNotExist):
        answer_stop(actor=rows.clerk("AGRIBANK"), order_id=order.pk, answer="stopped")


def test_an_order_lifted_by_hand_stays_lifted_until_another_change() -> None:
    order = stopped()
    assert lift_stop(actor=rows.officer(), order_id=order.pk, reason="Nhầm người")
    assert not lift_stop(actor=rows.officer(), order_id=order.pk, reason="Nhầm người")
    assert order.change is not None
    scenes.apply_again([order.change])
    order.refresh_from_db()
    assert order.lifted_at is not None
