"""The way of a payment list: who may take which step, in which order, and what the database itself refuses."""

import threading
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from payments import states
from payments.models import PaymentList, Period
from tests import factories as make
from tests.payments import rows
from tests.payments.rows import State

pytestmark = pytest.mark.django_db

#: step, the state it starts from, the state it leads to, the role
STEPS = [
    (states.submit, State.DRAFT, State.SUBMITTED, Role.COMMUNE_LEADER),
    (states.appraise, State.SUBMITTED, State.APPRAISED, Role.DISTRICT_OFFICER),
    (states.approve, State.APPRAISED, State.APPROVED, Role.CHAIRMAN),
    (states.hand_over, State.APPROVED, State.HANDED_OVER, Role.DISTRICT_OFFICER),
]
Step = Callable[..., states.Outcome]


def _commune_of(role: str, row: PaymentList) -> Unit | None:
    """Where a leader has to work to send the list."""
    return row.commune if role == Role.COMMUNE_LEADER else None


@pytest.mark.parametrize(("step", "before", "after", "role"), STEPS)
def test_each_step_moves_the_list_and_signs_it(step: Step, before: str, after: str, role: str) -> None:
    row = rows.sendable_list(state=before)
    actor = make.user(role, commune=_commune_of(role, row))
    outcome = step(actor=actor, list_ids=[row.pk])
    assert [moved.pk for moved in outcome.moved] == [row.pk]
    assert not outcome.refused
    row.refresh_from_db()
    assert row.state == after
    name = {"submitted": "submitted_by", "appraised": "appraised_by", "approved": "approved_by"}.get(
        after, "handed_over_by"
    )
    assert getattr(row, name) == actor
    entry = Entry.objects.filter(actor=actor).get()
    assert (entry.table, entry.row_id) == ("payments_paymentlist", row.pk)
    assert entry.changes == {"state": [before, after]}


@pytest.mark.parametrize(("step", "before", "after", "role"), STEPS)
def test_repeating_a_step_changes_nothing_and_says_so(step: Step, before: str, after: str, role: str) -> None:
    row = rows.sendable_list(state=before)
    commune = _commune_of(role, row)
    actor = make.user(role, commune=commune)
    step(actor=actor, list_ids=[row.pk])
    entries = Entry.objects.count()
    outcome = step(actor=make.user(role, commune=commune), list_ids=[row.pk])
    assert (outcome.moved, outcome.refused) == ([], [])
    assert [same.pk for same in outcome.unchanged] == [row.pk]
    assert Entry.objects.count() == entries


@pytest.mark.parametrize(("step", "before", "after", "role"), STEPS)
def test_other_roles_take_no_step(step: Step, before: str, after: str, role: str) -> None:
    row = rows.payment_list(state=before)
    for other in set(Role.values) - {role, Role.SYSTEM}:
        with pytest.raises(PermissionDenied):
            step(actor=make.user(other), list_ids=[row.pk])
    # The command line moves no list forward.
    with pytest.raises(PermissionDenied):
        step(actor=User.objects.system(), list_ids=[row.pk])
    row.refresh_from_db()
    assert row.state == before


@pytest.mark.parametrize("state", [State.DRAFT, State.SUBMITTED, State.APPRAISED, State.APPROVED])
def test_no_step_is_skipped(state: str) -> None:
    row = rows.payment_list(state=state)
    for step, before, _, role in STEPS:
        if list(states._ORDER).index(State(before)) <= list(states._ORDER).index(State(state)):
            continue
        outcome = step(actor=make.user(role), list_ids=[row.pk])
        assert outcome.moved == []
        assert row.get_state_display() in outcome.refused[0].reason
    row.refresh_from_db()
    assert row.state == state


def test_a_leader_cannot_send_another_communes_list() -> None:
    mine, foreign = rows.sendable_list(), rows.payment_list(commune=make.commune(make.BA_TO_TOWN))
    leader = make.user(Role.COMMUNE_LEADER, commune=mine.commune)
    outcome = states.submit(actor=leader, list_ids=[mine.pk, foreign.pk])
    assert [row.pk for row in outcome.moved] == [mine.pk]
    assert [(one.list_id, one.reason) for one in outcome.refused] == [
        (foreign.pk, "Không có danh sách này trong phạm vi của anh/chị.")
    ]
    foreign.refresh_from_db()
    assert foreign.state == State.DRAFT


def test_the_appraisal_is_signed_before_the_chairman_approves() -> None:
    row = rows.put(rows.payment_list(), State.APPRAISED, signed_off=False)
    refused = states.approve(actor=make.user(Role.CHAIRMAN), list_ids=[row.pk]).refused
    assert "chưa ký" in refused[0].reason
    leader = make.user(Role.DISTRICT_LEADER)
    assert states.sign_off(actor=leader, list_ids=[row.pk]).moved
    row.refresh_from_db()
    assert (row.state, row.signed_off_by) == (State.APPRAISED, leader)
    assert states.sign_off(actor=leader, list_ids=[row.pk]).unchanged
    assert states.approve(actor=make.user(Role.CHAIRMAN), list_ids=[row.pk]).moved


def test_one_person_does_not_take_two_of_the_three_steps() -> None:
    """Somebody who changed office meets the lists of the old one: refused in words before the database would."""
    row = rows.sendable_list()
    someone = make.user(Role.COMMUNE_LEADER, commune=row.commune)
    states.submit(actor=someone, list_ids=[row.pk])
    someone.role, someone.unit = Role.DISTRICT_OFFICER, make.district()
    someone.save()
    assert "người khác phải thẩm định" in states.appraise(actor=someone, list_ids=[row.pk]).refused[0].reason
    states.appraise(actor=rows.officer(), list_ids=[row.pk])
    someone.role = Role.DISTRICT_LEADER
    assert "người khác phải ký" in states.sign_off(actor=someone, list_ids=[row.pk]).refused[0].reason
    states.sign_off(actor=make.user(Role.DISTRICT_LEADER), list_ids=[row.pk])
    someone.role = Role.CHAIRMAN
    assert "người khác phải duyệt" in states.approve(actor=someone, list_ids=[row.pk]).refused[0].reason


@pytest.mark.parametrize(("first", "second"), [("submitted", "appraised"), ("submitted", "approved")])
def test_the_database_refuses_one_person_in_two_steps(first: str, second: str) -> None:
    row = rows.payment_list(state=State.APPROVED)
    with pytest.raises(IntegrityError, match="list_three_people"), transaction.atomic():
        PaymentList.objects.filter(pk=row.pk).update(**{f"{second}_by": getattr(row, f"{first}_by")})


def test_the_database_refuses_a_state_without_its_names() -> None:
    row = rows.payment_list()
    with pytest.raises(IntegrityError, match="list_names_by_state"), transaction.atomic():
        PaymentList.objects.filter(pk=row.pk).update(state=State.APPROVED)


@pytest.mark.parametrize("role", [Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER])
@pytest.mark.parametrize("state", [State.SUBMITTED, State.APPRAISED])
def test_returning_leads_back_to_the_commune_and_clears_the_names(role: str, state: str) -> None:
    row = rows.sendable_list(state=state)
    actor = make.user(role)
    assert states.return_lists(actor=actor, list_ids=[row.pk], reason="  Thiếu  2 người ").moved
    row.refresh_from_db()
    assert (row.state, row.return_reason, row.returned_by) == (State.DRAFT, "Thiếu 2 người", actor)
    assert (row.submitted_by, row.appraised_by, row.signed_off_by, row.submitted_at) == (None, None, None, None)
    assert Entry.objects.filter(actor=actor).get().details["lý do"] == "Thiếu 2 người"
    assert states.return_lists(actor=actor, list_ids=[row.pk], reason="Lần nữa").unchanged
    assert states.submit(actor=make.user(Role.COMMUNE_LEADER, commune=row.commune), list_ids=[row.pk]).moved


def test_returning_needs_a_reason() -> None:
    row = rows.payment_list(state=State.SUBMITTED)
    with pytest.raises(states.StepRefused, match="lý do"):
        states.return_lists(actor=rows.officer(), list_ids=[row.pk], reason=" ")
    row.refresh_from_db()
    assert row.state == State.SUBMITTED


@pytest.mark.parametrize("state", [State.APPROVED, State.HANDED_OVER])
def test_an_approved_list_is_not_returned(state: str) -> None:
    row = rows.payment_list(state=state)
    outcome = states.return_lists(actor=rows.officer(), list_ids=[row.pk], reason="Sai")
    assert outcome.moved == []
    assert "đã duyệt" in outcome.refused[0].reason


def test_a_closed_month_moves_no_list() -> None:
    row = rows.payment_list()
    Period.objects.filter(pk=row.period_id).update(
        state=Period.State.CLOSED, closed_by=rows.officer(), closed_at=timezone.now()
    )
    outcome = states.submit(actor=make.user(Role.COMMUNE_LEADER), list_ids=[row.pk])
    assert "đã khóa sổ" in outcome.refused[0].reason


def test_an_empty_list_goes_all_the_way() -> None:
    row = rows.sendable_list()
    states.submit(actor=make.user(Role.COMMUNE_LEADER, commune=row.commune), list_ids=[row.pk])
    states.appraise(actor=rows.officer(), list_ids=[row.pk])
    states.sign_off(actor=make.user(Role.DISTRICT_LEADER), list_ids=[row.pk])
    states.approve(actor=make.user(Role.CHAIRMAN), list_ids=[row.pk])
    assert states.hand_over(actor=rows.officer(), list_ids=[row.pk]).moved
    row.refresh_from_db()
    assert row.state == State.HANDED_OVER


def test_many_lists_cost_as_many_queries_as_one() -> None:
    actor = rows.officer()
    communes = [make.commune(code) for code in (make.BA_DONG, make.BA_TO_TOWN)]
    lists = [
        rows.payment_list(commune=unit, policy=policy, state=State.SUBMITTED)
        for unit in communes
        for policy in ("NCC", "BTXH")
    ]
    with CaptureQueriesContext(connection) as one:
        states.appraise(actor=actor, list_ids=[lists[0].pk])
    with CaptureQueriesContext(connection) as many:
        assert len(states.appraise(actor=actor, list_ids=[row.pk for row in lists]).moved) == 3
    assert len(many) <= len(one)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_approve_at_once_one_moves_the_list() -> None:
    row = rows.payment_list(state=State.APPRAISED)
    actors = [make.user(Role.CHAIRMAN), make.user(Role.CHAIRMAN)]
    start = threading.Barrier(2)
    outcomes: list[states.Outcome] = []

    def approve(actor: User) -> None:
        start.wait()
        try:
            outcomes.append(states.approve(actor=actor, list_ids=[row.pk]))
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=[actor]) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((len(one.moved), len(one.unchanged)) for one in outcomes) == [(0, 1), (1, 0)]
    assert Entry.objects.filter(actor__in=actors).count() == 1
