"""An answer “dead”: from the proposal to the stop and to what is asked back."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.coordination.deaths import showing, todos
from batosocial.coordination.deaths.certificates import keep_certificate
from batosocial.coordination.deaths.findings import police_deaths
from batosocial.lib.dates import Death
from batosocial.staff.models import Role, User
from beneficiaries.changes import services
from beneficiaries.changes.proposing import ProposalRefused
from beneficiaries.models import Change, IdentityAnswer, IdentityIssue, Person
from payments.effects import granting
from payments.models import Grant, Receivable
from payments.review.findings import Wanted
from tests import factories as make
from tests.beneficiaries.changes import flow
from tests.coordination.asked import answered, given, identity_round
from tests.payments import rows

pytestmark = pytest.mark.django_db

MAY, JUNE, JULY = (datetime.date(2024, month, 1) for month in (5, 6, 7))
AMOUNTS = {"BTXH": 360_000, "NCC": 2_055_000}


def receiving(*categories: str, paid: bool = True) -> Person:
    """Somebody in Ba Động with these benefits, each paid for May to July."""
    person = make.person("Phạm Văn Mất", birth="1940", sex="M")
    for category in categories or ("BTXH-5C",):
        benefit = make.entitlement(person, category)
        for month in (MAY, JUNE, JULY) if paid else ():
            rows.on_list(benefit, month, AMOUNTS[benefit.category.policy], "paid_cash")
    return person


def said_dead(person: Person) -> Person:
    return answered(person, "dead", died_month=MAY)


def stops(person: Person) -> list[Change]:
    return list(person.changes.filter(kind="stop").order_by("pk"))


def row_of(person: Person) -> showing.DeathRow:
    answer = IdentityAnswer.objects.select_related("person").get(person=person, newest=True)
    return showing.rows_of([answer])[0]


class TestDeadSinceMay:
    """Only the month is known: no day is invented on the whole way."""

    @pytest.mark.parametrize("category", ["BTXH-5C", "NCC-3.1"])
    def test_ends_with_a_stop_from_june_and_asks_back_what_was_paid_after(self, category: str) -> None:
        person = said_dead(receiving(category))
        (stop,) = stops(person)
        assert (stop.state, stop.effective_month, stop.proposed_by) == ("proposed", JUNE, User.objects.system())
        assert "Trả lời của Công an, đợt “Đợt thử”" in stop.evidence
        assert person.died_on is None
        flow.decided(stop)
        person.refresh_from_db()
        assert person.death == Death(MAY, month_only=True)
        assert str(person.death) == "tháng 5/2024"
        assert person.entitlements.get().months.upper == JUNE
        asked = Receivable.objects.filter(person=person).order_by("month")
        assert [(row.month, row.amount) for row in asked] == [
            (JUNE, AMOUNTS[stop.policy]),
            (JULY, AMOUNTS[stop.policy]),
        ]
        assert "Chết tháng 5/2024" in asked[0].reason
        assert not IdentityIssue.objects.waiting().filter(person=person, rule="police_dead").exists()
        assert row_of(person).stands == showing.DECIDED

    def test_of_both_policies_each_has_its_own_decision(self) -> None:
        person = said_dead(receiving("BTXH-5C", "NCC-3.1"))
        first, second = stops(person)
        assert {first.policy, second.policy} == {"BTXH", "NCC"}
        flow.decided(first)
        flow.decided(second)
        assert {row.policy for row in Receivable.objects.filter(person=person)} == {"BTXH", "NCC"}

    def test_is_proposed_by_nobody_who_appraises_or_decides(self) -> None:
        (stop,) = stops(said_dead(receiving(paid=False)))
        done = flow.decided(stop)
        assert len({done.proposed_by_id, done.appraised_by_id, done.decided_by_id}) == 3

    def test_tells_what_was_paid_since_before_anything_is_decided(self) -> None:
        row = row_of(said_dead(receiving()))
        assert [(one.month, one.amount) for one in row.paid] == [(JUNE, 360_000), (JULY, 360_000)]
        assert row.paid_amount == 720_000
        assert row.stands == showing.PROPOSED
        assert row.lacks_certificate

    def test_pays_no_funeral_grant_before_the_day_is_known(self) -> None:
        person = said_dead(receiving(paid=False))
        flow.decided(stops(person)[0])
        grant = Grant.objects.get(person=person)
        claim = granting.Claim("Phạm Văn Con", "con", make.cccd(), "Mẫu 04")
        with pytest.raises(granting.Refused, match="mới biết tháng chết"):
            granting.propose_grant(actor=flow.officer(), grant_id=grant.pk, claim=claim)

    def test_can_be_taken_back_when_it_was_wrong(self) -> None:
        person = said_dead(receiving(paid=False))
        flow.decided(stops(person)[0])
        (back,) = services.propose_alive(actor=flow.officer(), person_id=person.pk, paper=flow.PAPER, note="Nhầm người")
        flow.decided(back)
        person.refresh_from_db()
        assert (person.died_on, person.died_month_only) == (None, False)
        assert person.entitlements.get().months.upper is None


class TestCertificate:
    def add(self, person: Person, died_on: datetime.date = datetime.date(2024, 5, 17)) -> list[Change]:
        day = datetime.date(2024, 7, 20)
        return keep_certificate(actor=flow.officer(), person_id=person.pk, died_on=died_on, number="31/TLKT", date=day)

    def test_brings_day_and_paper_into_the_waiting_stop(self) -> None:
        person = said_dead(receiving(paid=False))
        self.add(person)
        (stop,) = stops(person)
        assert "Trích lục khai tử số 31/TLKT" in stop.evidence
        flow.decided(stop)
        person.refresh_from_db()
        assert str(person.death) == "ngày 17/05/2024"
        assert not row_of(person).lacks_certificate

    def test_brings_the_day_into_the_register_and_the_grant_after_the_decision(self) -> None:
        person = said_dead(receiving(paid=False))
        flow.decided(stops(person)[0])
        self.add(person)
        person.refresh_from_db()
        assert str(person.death) == "ngày 17/05/2024"
        grant = Grant.objects.get(person=person)
        assert str(grant.death) == "ngày 17/05/2024"

    def test_of_another_month_is_refused(self) -> None:
        person = said_dead(receiving(paid=False))
        with pytest.raises(ProposalRefused, match="khác ngày 02/06/2024"):
            self.add(person, datetime.date(2024, 6, 2))


class TestWhatStandsAlready:
    def test_a_stop_that_waits_is_not_proposed_again(self) -> None:
        person = receiving(paid=False)
        day = datetime.date(2024, 5, 17)
        services.propose_stop(actor=flow.officer(), person_id=person.pk, died_on=day, paper=flow.PAPER)
        said_dead(person)
        assert len(stops(person)) == 1
        assert row_of(person).stands == showing.PROPOSED
        assert not showing.conflicting(IdentityAnswer.objects.filter(person=person)).exists()

    def test_a_stop_of_another_month_is_a_conflict_for_the_office(self) -> None:
        person = receiving(paid=False)
        day = datetime.date(2024, 6, 17)
        services.propose_stop(actor=flow.officer(), person_id=person.pk, died_on=day, paper=flow.PAPER)
        said_dead(person)
        assert len(stops(person)) == 1
        assert row_of(person).conflicts == ["Đề nghị thôi hưởng BTXH ghi chết ngày 17/06/2024"]
        assert showing.conflicting(IdentityAnswer.objects.filter(person=person)).exists()

    @pytest.mark.parametrize(
        ("died_on", "stands"), [("2024-05-17", showing.REGISTERED), ("2024-06-17", showing.CONFLICT)]
    )
    def test_a_death_in_the_register_is_confirmed_or_contradicted(self, died_on: str, stands: str) -> None:
        person = make.person("Phạm Văn Mất", birth="1940", sex="M")
        make.entitlement(person, before=JUNE)
        round_ = identity_round(person)
        Person.objects.filter(pk=person.pk).update(died_on=died_on)
        person.refresh_from_db()
        answered(person, "dead", round_=round_, died_month=MAY)
        assert row_of(person).stands == stands
        conflict = showing.conflicting(IdentityAnswer.objects.filter(person=person, newest=True)).exists()
        assert conflict == (stands == showing.CONFLICT)

    def test_a_death_that_the_police_take_back_takes_its_stop_along(self) -> None:
        person = receiving(paid=False)
        round_ = identity_round(person)
        answered(person, "dead", round_=round_, died_month=MAY)
        answered(person, "match", round_=round_)
        (stop,) = stops(person)
        assert (stop.state, stop.rejection) == ("rejected", "Công an trả lời lại, khác lần trước.")

    def test_taken_back_after_the_decision_it_stays_open_until_the_register_is_right(self) -> None:
        person, office = receiving(), make.user(Role.DISTRICT_OFFICER)
        round_ = identity_round(person)
        answered(person, "dead", round_=round_, died_month=MAY)
        flow.decided(stops(person)[0])
        assert not showing.conflicting(showing.told_deaths(office)).filter(person=person).exists()
        answered(person, "match", round_=round_)
        before = todos.told_deaths(office)[0].count
        assert showing.conflicting(showing.told_deaths(office)).filter(person=person).exists()
        row = row_of(person)
        assert (row.stands, row.conflicts) == (showing.TAKEN_BACK, ["Sổ ghi chết tháng 5/2024"])
        assert [one.month for one in row.receivables] == [JUNE, JULY]
        client = Client()
        client.force_login(office)
        page = client.get(reverse("coordination:death", args=[person.pk])).content.decode()
        assert "Công an nói lại: Khớp" in page
        assert reverse("beneficiaries:change_alive", args=[person.pk]) in page
        assert person.name in client.get(reverse("coordination:deaths") + "?viec=khac").content.decode()
        assert "Công an nói lại" in client.get(reverse("coordination:person", args=[person.pk])).content.decode()
        (back,) = services.propose_alive(actor=flow.officer(), person_id=person.pk, paper=flow.PAPER, note="Nhầm người")
        assert row_of(person).waiting_correction == back
        assert (
            reverse("beneficiaries:change", args=[back.pk])
            in client.get(reverse("coordination:death", args=[person.pk])).content.decode()
        )
        flow.decided(back)
        assert todos.told_deaths(office)[0].count == before - 1
        assert not showing.told_deaths(office).filter(person=person).exists()

    def test_dead_said_again_settles_it(self) -> None:
        person, office = receiving(paid=False), make.user(Role.DISTRICT_OFFICER)
        round_ = identity_round(person)
        answered(person, "dead", round_=round_, died_month=MAY)
        flow.decided(stops(person)[0])
        answered(person, "not_found", round_=round_)
        assert row_of(person).stands == showing.TAKEN_BACK
        answered(person, "dead", round_=round_, died_month=MAY)
        assert not showing.conflicting(showing.told_deaths(office)).filter(person=person).exists()
        assert row_of(person).stands == showing.DECIDED

    @pytest.mark.parametrize(("answer", "conflict"), [("match", True), ("not_found", False)])
    def test_a_death_that_was_loaded_and_that_the_police_do_not_tell(self, answer: str, conflict: bool) -> None:
        person, office = make.person("Phạm Văn Mất", birth="1940", sex="M"), make.user(Role.DISTRICT_OFFICER)
        round_ = identity_round(person)
        Person.objects.filter(pk=person.pk).update(died_on="2024-05-17")
        person.refresh_from_db()
        answered(person, answer, round_=round_)
        assert showing.conflicting(showing.told_deaths(office)).filter(person=person).exists() == conflict

    def test_a_death_recorded_after_the_answer_contradicts_nothing(self) -> None:
        person, office = receiving(paid=False), make.user(Role.DISTRICT_OFFICER)
        answered(person, "match")
        day = datetime.date(2024, 5, 17)
        (stop,) = services.propose_stop(actor=flow.officer(), person_id=person.pk, died_on=day, paper=flow.PAPER)
        assert not showing.told_deaths(office).filter(person=person).exists()
        flow.decided(stop)
        assert not showing.told_deaths(office).filter(person=person).exists()

    def test_another_month_replaces_the_stop(self) -> None:
        person = receiving(paid=False)
        round_ = identity_round(person)
        answered(person, "dead", round_=round_, died_month=MAY)
        answered(person, "dead", round_=round_, died_month=JUNE)
        assert [(stop.state, stop.effective_month) for stop in stops(person)] == [
            ("rejected", JUNE),
            ("proposed", JULY),
        ]

    def test_somebody_without_benefits_has_nothing_to_stop(self) -> None:
        person = said_dead(make.person())
        assert stops(person) == []
        assert row_of(person).stands == showing.NOTHING

    def test_many_take_as_many_statements_as_one(self) -> None:
        def queries(count: int) -> int:
            people = [receiving(paid=False) for _ in range(count)]
            round_ = identity_round(*people)
            from batosocial.coordination.rounds.answering import answer_rows

            told = [given(person, "dead", round_, died_month=MAY) for person in people]
            congan = User.objects.get(username="congan")
            with CaptureQueriesContext(connection) as captured:
                answer_rows(actor=congan, round_id=round_.pk, given=told)
            return len(captured)

        queries(1)
        assert queries(2) == queries(6)


class TestReview:
    def findings(self, person: Person) -> list[str]:
        wanted = Wanted(datetime.date(2024, 8, 1), [person.commune_id])
        return [one.finding for one in police_deaths(wanted) if one.person_id == person.pk]

    def test_shows_who_has_no_stop_and_is_quiet_while_one_waits(self) -> None:
        person = said_dead(receiving(paid=False))
        assert self.findings(person) == []
        services.reject_changes(actor=flow.phong(), change_ids=[stops(person)[0].pk], reason="Chưa có giấy tờ")
        (finding,) = self.findings(person)
        assert finding.startswith("Công an trả lời: chết tháng 5/2024")


class TestPages:
    def page(self, user: User, name: str, *args: int) -> str:
        client = Client()
        client.force_login(user)
        response = client.get(reverse(name, args=args))
        assert response.status_code == 200
        return response.content.decode()

    def test_the_commune_is_asked_for_the_certificate_and_adds_it(self) -> None:
        person, officer = said_dead(receiving()), make.user(Role.COMMUNE_OFFICER)
        assert [todo.count for todo in todos.told_deaths(officer)] == [1]
        page = self.page(officer, "coordination:death", person.pk)
        assert "Cộng 720.000" in page
        client = Client()
        client.force_login(officer)
        token = page.split('name="token" value="')[1].split('"')[0]
        values = {"died_on": "17/05/2024", "number": "31/TLKT", "paper_date": "20/07/2024", "token": token}
        assert client.post(reverse("coordination:death", args=[person.pk]), values).status_code == 302
        assert [todo.count for todo in todos.told_deaths(officer)] == [0]

    def test_a_wrong_date_stays_in_the_form_with_the_reason(self) -> None:
        person, officer = said_dead(receiving(paid=False)), make.user(Role.COMMUNE_OFFICER)
        client = Client()
        client.force_login(officer)
        page = self.page(officer, "coordination:death", person.pk)
        token = page.split('name="token" value="')[1].split('"')[0]
        values = {"died_on": "02/06/2024", "number": "31", "paper_date": "20/07/2024", "token": token}
        response = client.post(reverse("coordination:death", args=[person.pk]), values)
        assert response.status_code == 422
        assert "báo Phòng LĐ-TB&amp;XH" in response.content.decode()

    def test_a_stop_on_the_word_of_the_police_says_so(self) -> None:
        person, office = said_dead(receiving(paid=False)), make.user(Role.DISTRICT_OFFICER)
        client = Client()
        client.force_login(office)
        page = client.get(reverse("beneficiaries:change", args=[stops(person)[0].pk])).content.decode()
        assert "Cổng, theo trả lời của Công an" in page
        assert "Hệ thống (dòng lệnh)" not in page
        changes = client.get(reverse("beneficiaries:changes") + f"?tim={person.cccd}").content.decode()
        assert "Cổng, theo trả lời của Công an" in changes

    def test_a_conflict_is_told_to_the_office(self) -> None:
        person, office = receiving(paid=False), make.user(Role.DISTRICT_OFFICER)
        before = [todo.count for todo in todos.told_deaths(office)]
        day = datetime.date(2024, 6, 17)
        services.propose_stop(actor=flow.officer(), person_id=person.pk, died_on=day, paper=flow.PAPER)
        said_dead(person)
        assert [todo.count for todo in todos.told_deaths(office)] == [before[0] + 1, before[1]]
        assert "Phòng LĐ-TB&amp;XH đối chiếu" in self.page(office, "coordination:death", person.pk)

    def test_list_takes_the_same_queries_for_one_and_for_many(self) -> None:
        office = make.user(Role.DISTRICT_OFFICER)

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                self.page(office, "coordination:deaths")
            return len(captured)

        said_dead(receiving())
        few = queries()
        for _ in range(4):
            said_dead(receiving(paid=False))
        assert queries() == few
