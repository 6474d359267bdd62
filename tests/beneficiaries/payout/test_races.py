"""Two people at once over one person's route: one of them waits, and is told."""

from typing import Any

import pytest

from batosocial.staff.models import Role
from beneficiaries.models import Account, PayoutRoute, Provider
from beneficiaries.payout.confirming import confirm_routes
from beneficiaries.payout.entering import NewAccount, Plan, WaitingChanged, enter_routes
from tests import factories as make
from tests.racing import together

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = "4505205009911"


def plan(**fields: Any) -> Plan:
    account = NewAccount(Provider.objects.get(bin=make.AGRIBANK), NUMBER)
    return Plan(policies=("BTXH",), first_month=make.NEXT_MONTH, **(fields or {"account": account}))


def test_two_officers_enter_at_once_and_the_second_is_told() -> None:
    person = make.person()
    make.entitlement(person)
    officers = [make.user(Role.COMMUNE_OFFICER), make.user()]
    plans = [plan(), plan(cash_reason="frail")]
    outcomes = together(
        *(
            lambda actor=actor, wanted=wanted: enter_routes(actor=actor, person_id=person.pk, plan=wanted)
            for actor, wanted in zip(officers, plans, strict=True)
        )
    )
    assert {type(outcome) for outcome in outcomes} == {list, WaitingChanged}
    assert PayoutRoute.objects.waiting().filter(person=person).count() == 1


def test_entering_while_another_confirms_never_replaces_a_confirmed_route() -> None:
    person = make.person()
    make.entitlement(person)
    waiting = make.route(person, start=make.NEXT_MONTH, entered_by=make.user())
    officer, leader, wanted = make.user(Role.COMMUNE_OFFICER), make.user(Role.COMMUNE_LEADER), plan()
    entered, confirmed = together(
        lambda: enter_routes(actor=officer, person_id=person.pk, plan=wanted, replacing=[waiting.pk]),
        lambda: confirm_routes(actor=leader, route_ids=[waiting.pk]),
    )
    waiting.refresh_from_db()
    if isinstance(entered, WaitingChanged):
        assert (waiting.state, confirmed.count) == ("confirmed", 1)
    else:
        assert (waiting.state, confirmed.count) == ("rejected", 0)
        assert "từ chối" in confirmed.refused[0][1]
    assert PayoutRoute.objects.filter(person=person, state="entered").count() == (waiting.state == "rejected")


def test_one_new_account_for_two_people_at_once_is_one_account() -> None:
    people = [make.person(), make.person()]
    for person in people:
        make.entitlement(person)
    officer, wanted = make.user(Role.COMMUNE_OFFICER), plan()
    together(*(lambda pk=person.pk: enter_routes(actor=officer, person_id=pk, plan=wanted) for person in people))
    account = Account.objects.get(number=NUMBER)
    assert account.routes.count() == 2
    assert account.version == 1
