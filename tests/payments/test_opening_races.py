"""Two who open a month at once, and a result that comes while its payment is carried on."""

import datetime

import pytest

from batosocial.staff.models import Role
from payments.ledger import verify_ledger
from payments.models import Payment, PaymentLine, Period
from payments.opening import Opened, open_month
from payments.results.rules import NewResult, ResultRefused
from payments.services import record_result, result_version
from tests import factories as make
from tests.payments.cycle import AUGUST, JULY
from tests.racing import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_who_open_at_once_one_does_and_the_other_is_told() -> None:
    actors = [make.user(Role.DISTRICT_OFFICER) for _ in range(2)]
    outcomes = together(*(lambda actor=actor: open_month(actor=actor, month=AUGUST) for actor in actors))
    assert all(isinstance(one, Opened) for one in outcomes), outcomes
    assert sorted(one.already_open for one in outcomes) == [False, True]
    assert outcomes[0].lines == outcomes[1].lines
    assert Period.objects.filter(month=AUGUST).count() == 2
    assert Payment.objects.filter(payment_list__period__month=AUGUST).count() == 3812
    assert not verify_ledger().problems


def test_a_result_that_comes_during_the_opening_is_recorded_or_refused_never_both() -> None:
    late = Payment.objects.filter(payment_list__period__month=JULY, result="not_collected").order_by("pk")[0]
    clerk = make.user(Role.PAYER, payer=late.payer.code)
    new = NewResult("paid_cash", paid_on=datetime.date(2024, 7, 20))
    _, recorded = together(
        lambda: open_month(actor=make.user(Role.DISTRICT_OFFICER), month=AUGUST),
        lambda: record_result(actor=clerk, payment_id=late.pk, new=new, seen=result_version(late)),
    )
    late.refresh_from_db()
    carried = PaymentLine.objects.filter(carried_line__payment=late).exists()
    if isinstance(recorded, ResultRefused):
        assert carried and late.result == "not_collected"
    else:
        assert recorded is True and not carried and late.result == "paid_cash"
    assert not verify_ledger().problems
