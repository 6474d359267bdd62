"""What the list that is opened next makes of grants, receivables and stopped payments."""

import datetime

import pytest
from django.urls import reverse

from beneficiaries.changes import services
from beneficiaries.models import Entitlement
from payments.effects import granting
from payments.effects.granting import Claim
from payments.models import BudgetReturn, Grant, Payment, PaymentLine, PaymentList, Period, Receivable, StopOrder
from payments.opening import open_month
from tests import factories as make
from tests.beneficiaries.changes import flow
from tests.payments import rows
from tests.payments.effects import scenes
from tests.payments.effects.scenes import AUGUST, JULY

pytestmark = pytest.mark.django_db


def july(policy: str = "BTXH") -> PaymentList:
    return PaymentList.objects.get(period__policy=policy, period__month=JULY, commune=make.commune())


def in_july(benefit: Entitlement, amount: int) -> Payment:
    """A payment of July's list, which is with the payers; a draft for the moment in which it is added."""
    row = july()
    rows.put(row, rows.State.DRAFT)
    payment = scenes.add_payment(row, [benefit], amount=amount)
    rows.put(row, rows.State.HANDED_OVER)
    return payment


def test_a_decided_grant_is_paid_once_by_the_next_list_to_whoever_buried() -> None:
    person, _ = scenes.beneficiary()
    scenes.death(person, datetime.date(2024, 7, 10))
    grant = Grant.objects.get(person=person)
    claim = Claim("Phạm Văn Con", "con", "051080001234", "Mẫu 04, giấy chứng tử số 31")
    granting.propose_grant(actor=flow.officer(), grant_id=grant.pk, claim=claim)
    granting.appraise_grant(actor=flow.phong(), grant_id=grant.pk)
    officer = rows.officer()
    granting.decide_grant(actor=flow.chairman(), grant_id=grant.pk, number="125/QĐ-UBND", date=flow.TODAY)
    open_month(actor=officer, month=AUGUST)
    line = PaymentLine.objects.get(grant=grant)
    assert (line.kind, line.amount, line.payment.payee_name) == ("one_off", 10_000_000, "Phạm Văn Con")
    page = rows.signed_in(officer).get(reverse("payments:grant", args=[grant.pk]))
    assert "Đã lên danh sách chi" in page.text
    assert reverse("payments:list", args=[line.payment.payment_list_id]) in page.text


def test_what_is_asked_back_is_not_taken_from_the_next_payment() -> None:
    """Điều 15 TT 44/2022/TT-BTC: back by its own decision."""
    person, benefit = scenes.beneficiary("BTXH-5A2")
    payment = in_july(benefit, 1_000_000)
    scenes.record(payment)
    change = services.propose_adjustment(
        actor=flow.officer(),
        entitlement_id=benefit.pk,
        category="BTXH-5C",
        month=JULY,
        paper=flow.PAPER,
        confirmed=True,
    )
    flow.decided(change)
    row = Receivable.objects.get(person=person)
    assert (row.month, row.amount) == (JULY, 500_000)
    open_month(actor=rows.officer(), month=AUGUST, policies=["BTXH"])
    lines = PaymentLine.objects.filter(payment__person=person, payment__payment_list__period__month=AUGUST)
    assert [(line.kind, line.month, line.amount) for line in lines] == [("regular", AUGUST, 500_000)]


def test_of_a_stopped_payment_what_is_not_owed_goes_back_to_the_budget() -> None:
    person, benefit = scenes.beneficiary()
    payment = in_july(benefit, 360_000)
    scenes.death(person)
    assert StopOrder.objects.get().payment == payment
    scenes.record(payment, scenes.NOT_COLLECTED)
    open_month(actor=rows.officer(), month=AUGUST, policies=["BTXH"])
    assert Period.objects.filter(policy="BTXH", month=AUGUST).exists()
    assert BudgetReturn.objects.get(line__payment=payment).line.amount == 360_000
    assert not PaymentLine.objects.filter(payment__person=person, payment__payment_list__period__month=AUGUST).exists()
    assert not Receivable.objects.filter(person=person).exists()
