"""A change takes effect while a list is approved or a result recorded; two officers write the same receipt."""

from typing import Any

import pytest

from batosocial.staff.models import Role
from beneficiaries.changes import services
from payments import services as results
from payments import states
from payments.effects import recovering
from payments.effects.refusal import Refused
from payments.models import Receipt, Receivable, StopOrder
from tests import factories as make
from tests.beneficiaries.changes import flow
from tests.payments import rows
from tests.payments.effects import scenes
from tests.payments.rows import State
from tests.racing import together

pytestmark = pytest.mark.django_db(transaction=True)


def appraised_death(state: str) -> tuple[Any, int]:
    """Somebody's payment in a list of this state, and a death that waits for its decision."""
    person, benefit = scenes.beneficiary()
    payment = scenes.paid_list(state, [benefit])
    change = services.propose_stop(actor=flow.officer(), person_id=person.pk, died_on=scenes.DIED, paper=flow.PAPER)[0]
    return payment, flow.appraised(change).pk


def test_a_death_decided_while_the_list_is_approved_is_stopped_once() -> None:
    payment, change = appraised_death(State.APPRAISED)
    first, second = make.user(Role.CHAIRMAN), make.user(Role.CHAIRMAN)
    approved, decided = together(
        lambda: states.approve(actor=first, list_ids=[payment.payment_list_id]),
        lambda: services.decide_changes(actor=second, change_ids=[change], number="1/QĐ", date=flow.TODAY),
    )
    assert (len(approved.moved), len(decided.done)) == (1, 1)
    assert StopOrder.objects.get().payment_id == payment.pk


def test_a_result_recorded_while_the_death_is_decided_becomes_a_receivable_once() -> None:
    payment, change = appraised_death(State.HANDED_OVER)
    clerk, chairman = rows.clerk(), make.user(Role.CHAIRMAN)
    recorded, decided = together(
        lambda: results.record_result(actor=clerk, payment_id=payment.pk, new=scenes.PAID),
        lambda: services.decide_changes(actor=chairman, change_ids=[change], number="1/QĐ", date=flow.TODAY),
    )
    assert (recorded, len(decided.done)) == (True, 1)
    row = Receivable.objects.get()
    assert (row.payment_id, row.amount) == (payment.pk, 500_000)


def test_two_officers_write_the_last_receipt_and_the_second_is_told() -> None:
    payment, change = appraised_death(State.HANDED_OVER)
    scenes.record(payment)
    services.decide_changes(actor=flow.chairman(), change_ids=[change], number="1/QĐ", date=flow.TODAY)
    row = Receivable.objects.get()
    recovering.decide_receivables(actor=flow.chairman(), receivable_ids=[row.pk], number="2/QĐ", date=flow.TODAY)
    officers = [rows.officer(), rows.officer()]
    outcomes = together(
        *(
            lambda actor=actor, reference=reference: recovering.record_receipt(
                actor=actor, receivable_id=row.pk, amount=500_000, received_on=flow.TODAY, reference=reference
            )
            for actor, reference in zip(officers, ("PT01", "PT02"), strict=True)
        )
    )
    assert {type(outcome) for outcome in outcomes} == {Receipt, Refused}
    row.refresh_from_db()
    assert (row.state, row.receipts.count()) == ("recovered", 1)
