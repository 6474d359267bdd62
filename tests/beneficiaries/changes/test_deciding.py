"""The way of a proposal: three people, one step after the other, many at once, two at once."""

import datetime
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from beneficiaries.changes import services
from beneficiaries.changes.todos import changes as todos
from beneficiaries.models import Change, Entitlement
from tests import factories as make
from tests.beneficiaries.changes import flow

pytestmark = pytest.mark.django_db
State = Change.State


def proposal(category: str = "BTXH-5A1", by: User | None = None) -> Change:
    return flow.start(make.person(birth="1955"), category, by=by)


def decide(actor: User, *changes: Change, **fields: Any) -> services.Outcome:
    fields.setdefault("number", flow.NUMBER)
    fields.setdefault("date", flow.TODAY)
    return services.decide_changes(actor=actor, change_ids=[change.pk for change in changes], **fields)


def state(change: Change) -> str:
    change.refresh_from_db()
    return change.state


class TestWhoDecides:
    """BTXH the chairman (khoản 4 Điều 2 TT 02/2021), NCC the Sở, entered by the Phòng (Điều 122 NĐ 131/2021)."""

    @pytest.mark.parametrize(
        ("category", "role", "decides"),
        [
            ("BTXH-5A1", Role.CHAIRMAN, True),
            ("BTXH-5A1", Role.DISTRICT_OFFICER, False),
            ("BTXH-5A1", Role.DISTRICT_LEADER, False),
            ("NCC-9", Role.CHAIRMAN, False),
            ("NCC-9", Role.DISTRICT_OFFICER, True),
            ("NCC-9", Role.DISTRICT_LEADER, True),
        ],
    )
    def test_by_policy(self, category: str, role: Role, decides: bool) -> None:
        change = flow.appraised(proposal(category))
        outcome = decide(make.user(role), change)
        assert bool(outcome.done) is decides
        assert state(change) == (State.APPLIED if decides else State.APPRAISED)
        assert change.authority == ("" if not decides else "chairman" if category.startswith("BTXH") else "department")

    @pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER, Role.POLICE, Role.ADMIN, Role.SYSTEM])
    def test_nobody_else_takes_a_step(self, role: Role) -> None:
        change = proposal()
        actor = make.user(role)
        with pytest.raises(PermissionDenied):
            services.appraise_changes(actor=actor, change_ids=[change.pk])
        with pytest.raises(PermissionDenied):
            decide(actor, change)
        with pytest.raises(PermissionDenied):
            services.reject_changes(actor=actor, change_ids=[change.pk], reason="?")

    def test_another_district_does_not_know_it(self) -> None:
        change = proposal()
        actor = make.user(Role.DISTRICT_OFFICER, commune=make.commune())
        with pytest.raises(Change.DoesNotExist):
            services.appraise_changes(actor=actor, change_ids=[change.pk])

    def test_whoever_proposed_does_not_appraise(self) -> None:
        officer = flow.phong()
        change = proposal(by=officer)
        assert (
            "để người khác thẩm định" in services.appraise_changes(actor=officer, change_ids=[change.pk]).refused[0][1]
        )

    @pytest.mark.parametrize("who", ["proposer", "appraiser"])
    def test_whoever_proposed_or_appraised_does_not_enter_the_decision(self, who: str) -> None:
        proposer, appraiser = flow.phong(), flow.phong()
        change = flow.appraised(proposal("NCC-9", by=proposer), by=appraiser)
        outcome = decide(proposer if who == "proposer" else appraiser, change)
        assert "người khác ghi quyết định" in outcome.refused[0][1]

    @pytest.mark.parametrize("field", ["appraised_by", "decided_by"])
    def test_and_the_database_says_so_too(self, field: str) -> None:
        change = flow.appraised(proposal())
        with pytest.raises(IntegrityError, match="change_three_people"), transaction.atomic():
            Change.objects.filter(pk=change.pk).update(**{field: change.proposed_by})


class TestSteps:
    def test_no_step_is_skipped(self) -> None:
        change = proposal()
        assert "chưa được Phòng thẩm định" in decide(flow.chairman(), change).refused[0][1]
        assert state(change) == State.PROPOSED

    def test_repeating_changes_nothing_and_says_so(self) -> None:
        change = flow.appraised(proposal())
        again = services.appraise_changes(actor=flow.phong(), change_ids=[change.pk])
        assert (again.done, [one.pk for one in again.unchanged]) == ([], [change.pk])
        flow.decided(change)
        before, entries = Change.objects.filter(pk=change.pk).values().get(), Entry.objects.count()
        again = decide(flow.chairman(), change, number="999/QĐ")
        assert (again.done, [one.pk for one in again.unchanged]) == ([], [change.pk])
        assert Change.objects.filter(pk=change.pk).values().get() == before
        assert Entry.objects.count() == entries
        assert Entitlement.objects.filter(granted_by=change).count() == 1

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"number": " "}, "number"),
            ({"number": "1" * 51}, "number"),
            ({"date": datetime.date(2024, 7, 23)}, "date"),
        ],
    )
    def test_number_and_date_of_the_decision(self, fields: dict[str, Any], field: str) -> None:
        change = flow.appraised(proposal())
        with pytest.raises(services.DecisionRefused) as refusal:
            decide(flow.chairman(), change, **fields)
        assert refusal.value.field == field
        assert state(change) == State.APPRAISED

    def test_a_decision_does_not_stand_before_its_papers(self) -> None:
        change = flow.appraised(proposal())
        outcome = decide(flow.chairman(), change, date=datetime.date(2024, 7, 9))
        assert "trước ngày của giấy tờ (10/07/2024)" in outcome.refused[0][1]

    def test_given_back_with_a_reason_by_whoever_would_take_the_step(self) -> None:
        proposed, appraised = proposal(), flow.appraised(proposal())
        phong, chairman = flow.phong(), flow.chairman()
        ids = [proposed.pk, appraised.pk]
        first = services.reject_changes(actor=phong, change_ids=ids, reason=" Thiếu giấy ")
        assert [one.pk for one in first.done] == [proposed.pk]
        second = services.reject_changes(actor=chairman, change_ids=ids, reason="Chưa đủ điều kiện")
        assert [one.pk for one in second.done] == [appraised.pk]
        assert [one.pk for one in second.unchanged] == [proposed.pk]
        assert (state(proposed), proposed.rejection, proposed.rejected_by) == (State.REJECTED, "Thiếu giấy", phong)
        with pytest.raises(services.DecisionRefused):
            services.reject_changes(actor=phong, change_ids=ids, reason="  ")

    def test_only_the_proposer_withdraws_and_only_in_time(self) -> None:
        officer = flow.officer()
        change, late = proposal(by=officer), flow.appraised(proposal(by=officer))
        with pytest.raises(PermissionDenied):
            services.withdraw_change(actor=flow.officer(), change_id=change.pk)
        assert services.withdraw_change(actor=officer, change_id=change.pk).done
        assert (state(change), change.rejection) == (State.REJECTED, services.WITHDRAWN)
        assert services.withdraw_change(actor=officer, change_id=change.pk).unchanged
        assert services.withdraw_change(actor=officer, change_id=late.pk).refused

    def test_kinds_that_another_flow_decides_are_left_to_it(self) -> None:
        change = make.proposal(make.person(), kind="decrease")
        assert (
            "không xử lý ở đây" in services.appraise_changes(actor=flow.phong(), change_ids=[change.pk]).refused[0][1]
        )


class TestMany:
    def test_under_one_decision_each_refusal_named(self) -> None:
        good, other, waiting, merit = (
            flow.appraised(proposal()),
            flow.appraised(proposal("BTXH-5D")),
            proposal(),
            flow.appraised(proposal("NCC-9")),
        )
        outcome = decide(flow.chairman(), good, other, waiting, merit)
        assert {one.pk for one in outcome.done} == {good.pk, other.pk}
        assert {one.pk: why for one, why in outcome.refused} == {
            waiting.pk: "Đề nghị này chưa được Phòng thẩm định.",
            merit.pk: "NCC do Sở LĐ-TB&XH quyết định, Phòng LĐ-TB&XH ghi lại.",
        }
        assert {state(good), state(other)} == {State.APPLIED}
        assert state(merit) == State.APPRAISED

    def test_of_two_for_the_same_benefit_the_first_is_applied(self) -> None:
        """Lists of two officers may bring the same person; no constraint shows as an error page."""
        person = make.person(birth="1955")
        pair = [
            make.proposal(person, by=flow.officer(), proposal={"category": "BTXH-5A1", "level": 0}) for _ in range(2)
        ]
        for change in pair:
            flow.appraised(change)
        outcome = decide(flow.chairman(), *pair)
        assert [one.pk for one in outcome.done] == [pair[0].pk]
        assert "đã hưởng BTXH-5A1" in outcome.refused[0][1]

    def test_several_of_one_person_build_on_each_other(self) -> None:
        person = make.person(birth="1944")
        row = make.entitlement(person, "BTXH-5A1")
        officer = flow.officer()
        adjusting = services.propose_adjustment(
            actor=officer, entitlement_id=row.pk, category="BTXH-5A2", month=make.NEXT_MONTH, paper=flow.PAPER
        )
        (ending,) = services.propose_stop(
            actor=officer, person_id=person.pk, died_on=datetime.date(2024, 7, 20), paper=flow.PAPER
        )
        for change in (adjusting, ending):
            flow.appraised(change)
        outcome = decide(flow.chairman(), adjusting, ending)
        assert len(outcome.done) == 2
        # What would have begun in the month after the death never does.
        assert not person.entitlements.due_in(make.NEXT_MONTH).exists()
        assert person.entitlements.due_in(make.THIS_MONTH).get() == row

    @pytest.mark.parametrize("step", ["appraise", "decide", "reject"])
    def test_the_number_of_statements_does_not_grow(self, step: str) -> None:
        def take(changes: list[Change]) -> int:
            actor = flow.chairman() if step == "decide" else flow.phong()
            ids = [change.pk for change in changes]
            with CaptureQueriesContext(connection) as queries:
                if step == "appraise":
                    outcome = services.appraise_changes(actor=actor, change_ids=ids)
                elif step == "decide":
                    outcome = decide(actor, *changes)
                else:
                    outcome = services.reject_changes(actor=actor, change_ids=ids, reason="?")
            assert len(outcome.done) == len(changes)
            return len(queries)

        def prepared(count: int) -> list[Change]:
            made = [flow.start(make.person(birth="1985"), "BTXH-4", dependants=[flow.child()]) for _ in range(count)]
            return [flow.appraised(change) for change in made] if step == "decide" else made

        assert take(prepared(8)) <= take(prepared(2))


class TestTodos:
    def labels(self, user: User) -> dict[str, int]:
        return {todo.label: todo.count for todo in todos(user) if todo.count}

    def test_by_role(self) -> None:
        phong, chairman = flow.phong(), flow.chairman()
        proposal(), proposal(by=phong)
        flow.appraised(proposal())
        flow.appraised(proposal("NCC-9"))
        flow.appraised(proposal("NCC-9"), by=phong)
        assert self.labels(phong) == {"đề nghị chờ thẩm định": 1, "đề nghị NCC chờ ghi quyết định của Sở": 1}
        assert self.labels(chairman) == {"đề nghị chờ quyết định": 1}
        assert self.labels(make.user(Role.COMMUNE_LEADER)) == {}

    def test_what_came_back_until_it_is_asked_again(self) -> None:
        officer = flow.officer()
        change = proposal(by=officer)
        services.reject_changes(actor=flow.phong(), change_ids=[change.pk], reason="Thiếu giấy")
        assert self.labels(officer) == {"đề nghị biến động bị trả lại": 1}
        flow.start(change.person, by=officer)
        assert self.labels(officer) == {}

    def test_what_one_withdrew_is_not_sent_back(self) -> None:
        officer = flow.officer()
        change = proposal(by=officer)
        services.withdraw_change(actor=officer, change_id=change.pk)
        assert self.labels(officer) == {}


def _at_once(*work: Callable[[], Any]) -> list[Any]:
    start = threading.Barrier(len(work))
    results: list[Any] = []

    def run(one: Callable[[], Any]) -> None:
        start.wait()
        try:
            results.append(one())
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[one]) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_does_and_the_other_is_told() -> None:
    change = flow.appraised(proposal())
    actors = [flow.chairman(), flow.chairman()]
    results = _at_once(*[lambda actor=actor: decide(actor, change) for actor in actors])
    assert sorted((len(one.done), len(one.unchanged)) for one in results) == [(0, 1), (1, 0)]
    assert Entitlement.objects.filter(granted_by=change).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_propose_the_same_at_once_one_is_told() -> None:
    person = make.person(birth="1955")
    officers = [flow.officer(), flow.officer()]
    results = _at_once(*[lambda by=by: flow.start(person, by=by) for by in officers])
    assert Change.objects.filter(person=person).count() == 1
    assert sum(isinstance(one, services.ProposalRefused) for one in results) == 1


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_and_an_appraisal_at_once_leave_one_of_them() -> None:
    officer = flow.officer()
    change, appraiser = proposal(by=officer), flow.phong()
    results = _at_once(
        lambda: services.withdraw_change(actor=officer, change_id=change.pk),
        lambda: services.appraise_changes(actor=appraiser, change_ids=[change.pk]),
    )
    assert sorted(len(one.done) for one in results) == [0, 1]
    assert state(change) in (State.REJECTED, State.APPRAISED)


@pytest.mark.django_db(transaction=True)
def test_an_entitlement_from_elsewhere_at_the_same_moment_is_words_and_no_error_page() -> None:
    """Somebody who writes entitlements without locking the person first."""
    change = flow.appraised(proposal())
    go, done = threading.Event(), threading.Event()

    def enter_meanwhile() -> None:
        with transaction.atomic():
            make.entitlement(change.person, "BTXH-5A1", start=make.THIS_MONTH)
            go.set()
            done.wait(2)
        connection.close()

    other = threading.Thread(target=enter_meanwhile)
    other.start()
    go.wait()
    with pytest.raises(services.DecisionRefused, match="cùng lúc"):
        decide(flow.chairman(), change)
    done.set()
    other.join()
    assert state(change) == State.APPRAISED


def test_times_of_the_steps_are_kept() -> None:
    change = flow.decided(proposal())
    assert change.appraised_at is not None and change.decided_at is not None and change.applied_at is not None
    assert change.applied_at <= timezone.now()
