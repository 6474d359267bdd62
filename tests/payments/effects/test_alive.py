"""A death that was decided by mistake, from the register to the lists: what follows from taking it back."""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from beneficiaries.changes import services
from beneficiaries.models import Change, Person
from payments.effects import granting
from payments.effects.todos import effects
from payments.ledger import verify_ledger
from payments.ledger.differences import differences_of
from payments.models import Grant, PaymentList, Receivable, StopOrder
from payments.opening import remake_list
from tests import factories as make
from tests.beneficiaries.changes import flow
from tests.payments import cycle
from tests.payments.cycle import AUGUST, SEPTEMBER
from tests.payments.effects import scenes
from tests.payments.rows import State

pytestmark = pytest.mark.django_db


def alive(person: Person, date: datetime.date = flow.TODAY) -> list[Change]:
    made = services.propose_alive(
        actor=flow.officer(), person_id=person.pk, paper=flow.PAPER, note="Nhầm với người cùng họ tên"
    )
    return [flow.decided(change, date=date) for change in made]


def of_grants(person: Person) -> set[tuple[str, bool]]:
    return {(row.state, hasattr(row, "line")) for row in Grant.objects.filter(person=person)}


def _cause(person: Person, month: datetime.date) -> str:
    found = differences_of("BTXH", month, [person.commune_id])
    return next(one.cause for one in found if one.person_id == person.pk)


# --- lists in each state ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.DRAFT, State.SUBMITTED, State.APPRAISED])
def test_a_list_that_is_not_approved_pays_as_before(state: str) -> None:
    person, benefit = scenes.beneficiary()
    payment = scenes.paid_list(state, [benefit])
    scenes.death(person)
    alive(person)
    payment.refresh_from_db()
    assert (payment.total, payment.result) == (500_000, "")
    assert not StopOrder.objects.exists() and not Receivable.objects.filter(person=person).exists()


@pytest.mark.parametrize("state", [State.APPROVED, State.HANDED_OVER])
def test_the_order_to_stop_an_approved_list_is_lifted(state: str) -> None:
    person, benefit = scenes.beneficiary()
    scenes.paid_list(state, [benefit])
    scenes.death(person)
    assert StopOrder.objects.get().lifted_at is None
    alive(person)
    assert StopOrder.objects.get().lifted_at is not None


def test_what_was_paid_is_not_asked_back_any_more() -> None:
    """Điều 15 TT 44/2022/TT-BTC asks back what was not owed: it was."""
    person, benefit = scenes.beneficiary()
    scenes.record(scenes.paid_list(State.HANDED_OVER, [benefit]))
    scenes.death(person)
    assert Receivable.objects.get(person=person).state == "found"
    alive(person)
    row = Receivable.objects.get(person=person)
    assert (row.state, row.amount) == ("cancelled", 500_000)


# --- from July to September ---------------------------------------------------------------------------------------


def test_decided_in_july_left_out_in_august_corrected_and_paid_in_september(settings: Any) -> None:
    cycle.empty_district()
    person = make.person(birth="1940")
    make.entitlement(person, start=AUGUST)
    scenes.death(person, datetime.date(2024, 7, 10))
    cycle.open_next(AUGUST, settings)
    assert cycle.lines(person, AUGUST) == []
    settings.BUSINESS_DATE = cycle.day_before(SEPTEMBER, 5)
    alive(person, settings.BUSINESS_DATE)
    cycle.open_next(SEPTEMBER, settings)
    assert cycle.lines(person, SEPTEMBER) == [("arrears", "2024-08", 500_000), ("regular", "2024-09", 500_000)]
    assert cycle.payment(person, SEPTEMBER).payee_kind == "own"
    cycle.pay_everybody(SEPTEMBER)
    settings.BUSINESS_DATE = cycle.day_before(cycle.OCTOBER)
    cycle.open_next(cycle.OCTOBER, settings)
    assert cycle.lines(person, cycle.OCTOBER) == [("regular", "2024-10", 500_000)]
    assert not verify_ledger().problems


def test_a_death_in_a_paid_month_owes_only_what_was_not_paid(settings: Any) -> None:
    cycle.empty_district()
    person = make.person(birth="1940")
    benefit = make.entitlement(person, start=AUGUST)
    long_ago = timezone.now() - datetime.timedelta(days=3)
    Change.objects.filter(pk=benefit.granted_by_id).update(applied_at=long_ago)
    cycle.open_next(AUGUST, settings)
    cycle.pay_everybody(AUGUST)
    settings.BUSINESS_DATE = datetime.date(2024, 8, 15)
    scenes.death(person, datetime.date(2024, 7, 15))
    assert Receivable.objects.get(person=person).state == "found"
    cycle.open_next(SEPTEMBER, settings)
    assert cycle.lines(person, SEPTEMBER) == []
    alive(person, settings.BUSINESS_DATE)
    assert Receivable.objects.get(person=person).state == "cancelled"
    cycle.open_next(cycle.OCTOBER, settings)
    assert cycle.lines(person, cycle.OCTOBER) == [("arrears", "2024-09", 500_000), ("regular", "2024-10", 500_000)]
    causes = {month: _cause(person, month) for month in (SEPTEMBER, cycle.OCTOBER)}
    assert causes == {SEPTEMBER: "death", cycle.OCTOBER: "correct"}
    assert not verify_ledger().problems


# --- grants at the death (Điều 11, 12 NĐ 20/2021) -----------------------------------------------------------------


def _grant(state: str) -> tuple[Person, Grant]:
    cycle.empty_district()
    person, _ = scenes.beneficiary()
    scenes.death(person, datetime.date(2024, 7, 10))
    grant = Grant.objects.get(person=person)
    claim = granting.Claim("Phạm Văn Con", "con", "051080001234", "Mẫu 04")
    steps: list[Any] = [
        lambda: granting.propose_grant(actor=flow.officer(), grant_id=grant.pk, claim=claim),
        lambda: granting.appraise_grant(actor=flow.phong(), grant_id=grant.pk),
        lambda: granting.decide_grant(actor=flow.chairman(), grant_id=grant.pk, number="9/QĐ", date=flow.TODAY),
    ]
    for step in steps[: ["open", "proposed", "appraised", "decided"].index(state)]:
        step()
    return person, grant


@pytest.mark.parametrize("state", ["open", "proposed", "appraised", "decided"])
def test_a_grant_that_no_list_has_is_declined_with_the_reason(state: str) -> None:
    person, grant = _grant(state)
    grant.refresh_from_db()
    assert grant.state == state
    alive(person)
    grant.refresh_from_db()
    assert (grant.state, grant.reason) == ("declined", "Sổ không còn ghi người này đã chết.")


def test_a_grant_that_a_list_has_waits_for_the_phong(settings: Any) -> None:
    person, grant = _grant("decided")
    cycle.open_next(AUGUST, settings)
    assert ("one_off", "2024-08", 10_000_000) in cycle.lines(person, AUGUST)
    cycle.pay_everybody(AUGUST)
    alive(person, settings.BUSINESS_DATE)
    assert of_grants(person) == {("decided", True)}
    phong = flow.phong()
    todo = next(one for one in effects(phong) if one.label == "trợ cấp khi chết của người còn sống")
    assert todo.count == 1
    client = Client()
    client.force_login(phong)
    assert person.name in client.get(todo.url).content.decode()
    assert "thu hồi" in client.get(reverse("payments:grant", args=[grant.pk])).content.decode()
    assert granting.decline_grant(actor=phong, grant_id=grant.pk, reason="Đã thu hồi đủ ngày 20/8, phiếu thu 12")
    assert next(one for one in effects(phong) if one.label == todo.label).count == 0


def test_a_draft_that_is_made_anew_leaves_the_grant_out(settings: Any) -> None:
    person, grant = _grant("decided")
    cycle.open_next(AUGUST, settings)
    alive(person, settings.BUSINESS_DATE)
    phong = flow.phong()
    with pytest.raises(granting.Refused, match="lập lại danh sách"):
        granting.decline_grant(actor=phong, grant_id=grant.pk, reason="Không chi")
    row = PaymentList.objects.get(period__month=AUGUST, period__policy="BTXH", commune=person.commune)
    remake_list(actor=phong, list_id=row.pk)
    assert [line[0] for line in cycle.lines(person, AUGUST)] == ["regular"]
    assert granting.decline_grant(actor=phong, grant_id=grant.pk, reason="Không chi")


def test_another_decided_grant_is_not_declined(settings: Any) -> None:
    _, grant = _grant("decided")
    with pytest.raises(granting.Refused):
        granting.decline_grant(actor=flow.phong(), grant_id=grant.pk, reason="Không chi")
