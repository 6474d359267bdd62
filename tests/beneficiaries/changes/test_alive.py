"""A death that was recorded by mistake is taken back: by the authority that decided the stop, for every month since."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import Role
from beneficiaries.changes import services
from beneficiaries.changes.services import ProposalRefused
from beneficiaries.models import Change, Entitlement, Person
from tests import factories as make
from tests.beneficiaries.changes import flow

pytestmark = pytest.mark.django_db

DIED = datetime.date(2024, 6, 20)
JUNE, JULY, AUGUST = datetime.date(2024, 6, 1), datetime.date(2024, 7, 1), datetime.date(2024, 8, 1)
NOTE = "Trích lục khai tử là của người khác cùng họ tên"
State = Change.State


def dead(*categories: str, **fields: Any) -> Person:
    """Somebody whose death was recorded and decided by mistake."""
    person = make.person(birth="1940", **fields)
    for category in categories or ("BTXH-5C",):
        make.entitlement(person, category)
    die(person)
    return person


def die(person: Person, died_on: datetime.date = DIED) -> list[Change]:
    made = services.propose_stop(actor=flow.officer(), person_id=person.pk, died_on=died_on, paper=flow.PAPER)
    for change in made:
        flow.decided(change)
    person.refresh_from_db()
    assert person.died_on == died_on
    return made


def propose(person: Person, **fields: Any) -> list[Change]:
    given: dict[str, Any] = {"actor": flow.officer(), "paper": flow.PAPER, "note": NOTE} | fields
    return services.propose_alive(person_id=person.pk, **given)


def revived(person: Person) -> list[Change]:
    made = [flow.decided(change) for change in propose(person)]
    person.refresh_from_db()
    return made


def refusal(person: Person, **fields: Any) -> dict[str, str]:
    with pytest.raises(ProposalRefused) as caught:
        propose(person, **fields)
    return caught.value.errors


# --- proposing ----------------------------------------------------------------------------------------------------


def test_one_change_for_each_policy_from_the_first_month_that_was_taken_away() -> None:
    """BTXH by the chairman (k4 Đ2 TT 02/2021), NCC by the Sở (Đ122 NĐ 131/2021): each has its own decision."""
    person = dead("BTXH-5C", "NCC-9")
    stops = {change.policy: change.pk for change in person.changes.filter(kind="stop")}
    made = propose(person)
    assert {(one.policy, one.kind, one.effective_month, one.state) for one in made} == {
        ("BTXH", "correct", JULY, "proposed"),
        ("NCC", "correct", JULY, "proposed"),
    }
    assert {one.policy: one.proposal["death"] for one in made} == {policy: [pk] for policy, pk in stops.items()}
    assert all(one.proposal["alive"] is True and one.note == NOTE for one in made)


def test_it_says_what_was_wrong_and_by_which_paper() -> None:
    assert set(refusal(dead(), note=" ", paper=None)) == {"note", "paper_kind"}


def test_only_of_somebody_recorded_as_dead() -> None:
    person = make.person()
    make.entitlement(person)
    assert "không ghi người này đã chết" in refusal(person)[""]


def test_only_one_waits_at_a_time() -> None:
    person = dead()
    propose(person)
    assert "đang chờ" in refusal(person)[""]
    with pytest.raises(ProposalRefused, match="đính chính còn sống"):
        services.propose_stop(actor=flow.officer(), person_id=person.pk, died_on=DIED, paper=flow.PAPER)


def test_a_stop_of_the_same_death_that_still_waits_is_taken_back_first() -> None:
    person = make.person(birth="1940")
    make.entitlement(person, "BTXH-5C")
    make.entitlement(person, "NCC-9")
    first, _ = services.propose_stop(actor=flow.officer(), person_id=person.pk, died_on=DIED, paper=flow.PAPER)
    flow.decided(first)
    assert "hãy rút hoặc trả lại" in refusal(person)[""]


def test_what_came_back_may_be_proposed_again() -> None:
    person = dead()
    (change,) = propose(person)
    services.reject_changes(actor=flow.phong(), change_ids=[change.pk], reason="Thiếu giấy xác nhận")
    assert len(propose(person)) == 1


def test_scope() -> None:
    person = dead()
    with pytest.raises(Person.DoesNotExist):
        propose(person, actor=make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN)))
    for role in (Role.COMMUNE_LEADER, Role.DISTRICT_LEADER, Role.CHAIRMAN, Role.POLICE):
        with pytest.raises(PermissionDenied):
            propose(person, actor=make.user(role))
    assert len(propose(person, actor=flow.phong())) == 1


# --- deciding -----------------------------------------------------------------------------------------------------


def test_it_needs_a_decision_as_the_stop_did() -> None:
    person = dead()
    (change,) = propose(person)
    flow.appraised(change)
    person.refresh_from_db()
    assert (change.state, person.died_on) == (State.APPRAISED, DIED)
    flow.decided(change)
    person.refresh_from_db()
    assert person.died_on is None
    assert (change.authority, change.decision_number, change.decision_date) == ("chairman", flow.NUMBER, flow.TODAY)


def test_btxh_is_decided_by_the_chairman_and_ncc_recorded_by_the_phong() -> None:
    person = dead("BTXH-5C", "NCC-9")
    social, merit = [flow.appraised(change) for change in propose(person)]
    phong, chairman = flow.phong(), flow.chairman()
    for actor, change in ((phong, social), (chairman, merit)):
        outcome = services.decide_changes(actor=actor, change_ids=[change.pk], number="1/QĐ", date=flow.TODAY)
        assert outcome.refused and not outcome.done
    assert flow.decided(merit).authority == "department"


def test_three_people() -> None:
    person, officer = dead(), flow.phong()
    (change,) = propose(person, actor=officer)
    assert services.appraise_changes(actor=officer, change_ids=[change.pk]).refused
    flow.appraised(change)
    person = dead("NCC-9")
    appraiser = flow.phong()
    (change,) = propose(person)
    flow.appraised(change, appraiser)
    refused = services.decide_changes(actor=appraiser, change_ids=[change.pk], number="1/QĐ", date=flow.TODAY).refused
    assert "người khác ghi quyết định" in refused[0][1]


def test_one_that_is_to_be_signed_waits_for_signature_and_then_for_the_decision() -> None:
    person = dead()
    (change,) = propose(person, needs_sign_off=True)
    flow.appraised(change)
    assert services.sign_off_changes(actor=make.user(Role.DISTRICT_LEADER), change_ids=[change.pk]).done
    change.refresh_from_db()
    assert change.state == State.APPRAISED
    flow.decided(change)


def test_deciding_twice_changes_nothing() -> None:
    person = dead()
    (change,) = revived(person)
    outcome = services.decide_changes(actor=flow.chairman(), change_ids=[change.pk], number="2/QĐ", date=flow.TODAY)
    assert [one.pk for one in outcome.unchanged] == [change.pk]
    assert "không ghi người này đã chết" in refusal(person)[""]


def test_another_month_is_not_chosen() -> None:
    (change,) = propose(dead())
    flow.appraised(change)
    outcome = services.decide_changes(
        actor=flow.chairman(), change_ids=[change.pk], number="1/QĐ", date=flow.TODAY, month=AUGUST
    )
    assert "từ tháng 7/2024" in outcome.refused[0][1]


# --- what it does to the register ---------------------------------------------------------------------------------


def test_benefits_run_again_and_the_day_of_death_is_gone() -> None:
    person = dead("BTXH-5C", "CSND-2A1")
    revived(person)
    assert person.died_on is None
    rows = Entitlement.objects.filter(person=person)
    assert {(row.months.upper, row.ended_by, row.voided_by) for row in rows} == {(None, None, None)}
    said = Entry.objects.filter(table="beneficiaries_person", row_id=person.pk, action="Đính chính: còn sống").get()
    assert said.changes["died_on"] == ["2024-06-20", None]


def test_an_end_that_was_decided_before_the_death_stays() -> None:
    """đ.đ k1 Điều 2 TT 02/2021 and others: the earlier stop keeps its month."""
    person = make.person(birth="1940")
    row = make.entitlement(person)
    (stop,) = services.propose_stop(
        actor=flow.officer(), person_id=person.pk, entitlement_ids=[row.pk], happened_on=datetime.date(2024, 9, 3),
        paper=flow.PAPER, note="Chuyển vào cơ sở trợ giúp",
    )  # fmt: skip
    flow.decided(stop)
    die(person)
    revived(person)
    row.refresh_from_db()
    assert (row.months.upper, row.ended_by_id) == (datetime.date(2024, 10, 1), stop.pk)


def test_a_benefit_that_was_to_begin_later_is_there_again() -> None:
    person = make.person(birth="1940")
    make.entitlement(person)
    later = make.entitlement(person, "CSND-2A1", start=AUGUST)
    die(person)
    later.refresh_from_db()
    assert later.voided_by is not None
    revived(person)
    later.refresh_from_db()
    assert (later.voided_by, later.months) == (None, make.month_range(AUGUST))


def test_a_suspension_goes_on_as_it_was() -> None:
    person = make.person(birth="1940")
    pause = make.suspension(make.entitlement(person), JUNE)
    die(person)
    pause.refresh_from_db()
    assert pause.months.upper == JULY
    revived(person)
    pause.refresh_from_db()
    assert (pause.months, pause.ended_by) == (make.month_range(JUNE), None)


def test_what_no_memory_tells_runs_until_further_notice() -> None:
    """Deaths of the first load and of before have none."""
    person = dead()
    stop = person.changes.get(kind="stop")
    stop.proposal = {"died_on": "2024-06-20"}
    stop.save()
    revived(person)
    assert Entitlement.objects.get(person=person).months.upper is None


def test_a_death_that_the_first_load_brought() -> None:
    person = Person.objects.filter(died_on__isnull=False, changes__kind="stop")[0]
    row = person.entitlements.filter(ended_by__kind="stop")[0]
    made = propose(person, actor=flow.phong())
    for change in made:
        flow.decided(change)
    person.refresh_from_db()
    row.refresh_from_db()
    assert (person.died_on, row.months.upper) == (None, None)


def test_refused_where_the_same_benefit_was_given_since() -> None:
    person = dead("BTXH-5C", "NCC-9")
    social, merit = propose(person)
    flow.decided(social)
    make.entitlement(person, "NCC-9", start=AUGUST)
    outcome = services.appraise_changes(actor=flow.phong(), change_ids=[merit.pk])
    assert "đã hưởng NCC-9 từ tháng 8/2024" in outcome.refused[0][1]


def test_the_other_policy_waits_for_its_own_decision() -> None:
    person = dead("BTXH-5C", "NCC-9")
    social, merit = propose(person)
    flow.decided(social)
    person.refresh_from_db()
    assert person.died_on is None
    assert Entitlement.objects.get(person=person, category__code="NCC-9").months.upper == JULY
    flow.decided(merit)
    assert Entitlement.objects.get(person=person, category__code="NCC-9").months.upper is None


def test_one_policy_that_came_back_is_proposed_again_though_the_person_is_alive() -> None:
    person = dead("BTXH-5C", "NCC-9")
    social, merit = propose(person)
    services.reject_changes(actor=flow.phong(), change_ids=[merit.pk], reason="Chờ Sở")
    flow.decided(social)
    assert [one.policy for one in propose(person)] == ["NCC"]


def test_the_real_death_later_ends_everything_again() -> None:
    person = dead()
    revived(person)
    die(person, datetime.date(2024, 7, 10))
    assert Entitlement.objects.get(person=person).months.upper == AUGUST
    revived(person)
    assert Entitlement.objects.get(person=person).months.upper is None


def test_a_proposal_of_a_wrong_day_does_not_take_back_the_right_one() -> None:
    person = dead("BTXH-5C", "NCC-9")
    social, merit = propose(person)
    flow.decided(social)
    Person.objects.filter(pk=person.pk).update(died_on=datetime.date(2024, 7, 15))
    outcome = services.appraise_changes(actor=flow.phong(), change_ids=[merit.pk])
    assert "chết ngày 15/07/2024" in outcome.refused[0][1]


def test_together_in_a_fixed_number_of_queries() -> None:
    def count(people: int) -> int:
        changes = [flow.appraised(propose(dead())[0]) for _ in range(people)]
        chairman = flow.chairman()
        with CaptureQueriesContext(connection) as queries:
            services.decide_changes(
                actor=chairman, change_ids=[one.pk for one in changes], number="1/QĐ", date=flow.TODAY
            )
        return len(queries)

    assert count(1) == count(4)


# --- pages --------------------------------------------------------------------------------------------------------


def _client(role: str, **fields: Any) -> Client:
    client = Client()
    client.force_login(make.user(role, **fields))
    return client


def test_the_button_stands_on_the_page_of_somebody_dead_only() -> None:
    person, living = dead(), make.person()
    make.entitlement(living)
    client = _client(Role.COMMUNE_OFFICER)
    url = reverse("beneficiaries:change_alive", args=[person.pk])
    assert url in client.get(reverse("beneficiaries:person", args=[person.pk])).content.decode()
    other = client.get(reverse("beneficiaries:person", args=[living.pk])).content.decode()
    assert "con-song" not in other
    reader = _client(Role.COMMUNE_LEADER).get(reverse("beneficiaries:person", args=[person.pk])).content.decode()
    assert url not in reader


def test_the_form_says_what_will_happen() -> None:
    page = _client(Role.COMMUNE_OFFICER).get(reverse("beneficiaries:change_alive", args=[dead().pk])).content.decode()
    assert "hưởng lại từ tháng 7/2024" in page
    assert "Truy lĩnh tháng 7/2024" in page
    assert "khoảng <strong>500.000 đ" in page
    assert "Chủ tịch UBND huyện" in page


def test_the_form_counts_each_month_by_its_own_rate() -> None:
    """360.000 đ up to June, 500.000 đ from July on (NĐ 76/2024)."""
    person = make.person(birth="1940")
    make.entitlement(person)
    die(person, datetime.date(2024, 4, 20))
    page = _client(Role.COMMUNE_OFFICER).get(reverse("beneficiaries:change_alive", args=[person.pk])).content.decode()
    assert "Truy lĩnh tháng 5/2024, 6/2024, 7/2024: khoảng <strong>1.220.000 đ" in page


def test_the_form_is_sent_once_and_what_is_missing_is_said() -> None:
    person = dead()
    client = _client(Role.COMMUNE_OFFICER)
    url = reverse("beneficiaries:change_alive", args=[person.pk])
    token = client.get(url).context["form"]["token"].value()
    empty = client.post(url, {"token": token, "note": "", "paper_kind": ""})
    assert empty.status_code == 422
    assert "Hãy ghi đã nhầm ở đâu" in empty.content.decode()
    data = {"token": token, "note": NOTE, "paper_kind": "Xác nhận cư trú"}
    first, second = client.post(url, data), client.post(url, data)
    change = person.changes.get(kind="correct")
    url = reverse("beneficiaries:change", args=[change.pk])
    assert first["Location"] == second["Location"] == url
    page = client.get(url).content.decode()
    assert "Đính chính: còn sống, hưởng lại BTXH" in page
    assert "Chủ tịch UBND huyện quyết định" in page
    assert "+500.000" in page
    assert "có hiệu lực ngay" not in page


def test_lists_decisions_and_filters_name_it() -> None:
    person = dead(name="Phạm Thị Còn")
    flow.appraised(propose(person)[0])
    client = _client(Role.CHAIRMAN)
    assert "Đính chính: còn sống, hưởng lại BTXH" in client.get(reverse("beneficiaries:decisions")).content.decode()
    found = client.get(reverse("beneficiaries:changes"), {"loai": "alive"}).content.decode()
    assert "Phạm Thị Còn" in found and "Đính chính: còn sống, hưởng lại BTXH" in found
    assert "Phạm Thị Còn" not in client.get(reverse("beneficiaries:changes"), {"loai": "move"}).content.decode()


def test_the_district_proposal_names_what_runs_again() -> None:
    from beneficiaries.documents.content import rows_of
    from beneficiaries.documents.services import make_proposal

    person = dead()
    change = flow.appraised(propose(person)[0])
    (row,) = rows_of([change])
    assert (row.kind, row.amount, row.starts) == ("Đính chính: còn sống", 500_000, "tháng 7/2024")
    made = make_proposal(actor=flow.phong(), policy="BTXH")
    assert made.content


def test_the_pages_take_as_many_queries_for_many_benefits_as_for_one() -> None:
    client = _client(Role.COMMUNE_OFFICER)

    def count(person: Person) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("beneficiaries:change_alive", args=[person.pk])).status_code == 200
        return len(queries)

    one, many = dead(), dead("BTXH-5C", "CSND-2A1", "CSND-2A2")
    count(one)
    assert count(one) == count(many)
