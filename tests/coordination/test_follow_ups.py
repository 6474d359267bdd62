"""Who has no card, and whom the police do not find: open until a check of the register passes."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.coordination.follow_ups import services, todos
from batosocial.coordination.models import FollowUp
from batosocial.staff.models import Role, User
from beneficiaries.entry.services import edit_person
from beneficiaries.identity.services import check_people
from beneficiaries.models import Person
from tests import factories as make
from tests.coordination import followed
from tests.coordination.asked import answered, identity_round

pytestmark = pytest.mark.django_db

DAY = datetime.date(2024, 7, 22)


def without_card() -> Person:
    person = make.person("Phạm Thị Chưa", cccd="")
    make.entitlement(person)
    check_people([person.pk])
    return person


def entered(person: Person, number: str) -> None:
    """The commune enters the number of the new card."""
    officer, values = make.user(Role.COMMUNE_OFFICER), {"cccd": number, "cccd_missing_reason": ""}
    edit_person(actor=officer, person_id=person.pk, version=person.version, values=values, reason="Thẻ mới")


def police(commune: str = make.BA_DONG) -> User:
    return make.user(Role.POLICE, commune=make.commune(commune))


class TestNoCard:
    def test_the_person_of_ba_xa_is_followed_up_without_a_round(self) -> None:
        found = FollowUp.objects.get(person__commune=make.commune_named("Ba Xa"))
        assert (found.kind, found.is_open) == ("no_cccd", True)
        for name in ("congan",):
            (card, _) = todos.follow_ups(User.objects.get(username=name))
            assert card.count == 1

    def test_an_answer_of_the_police_opens_one_where_the_register_has_a_number(self) -> None:
        person = make.person()
        make.entitlement(person)
        answered(person, "no_cccd")
        assert FollowUp.objects.open().filter(person=person, kind="no_cccd").exists()

    def test_is_done_when_the_register_has_a_number_that_passes(self) -> None:
        person = without_card()
        entered(person, make.cccd("F", 1950))
        found = FollowUp.objects.get(person=person)
        assert found.closed_on == DAY

    def test_a_number_that_contradicts_the_file_leaves_it_open(self) -> None:
        person = without_card()
        entered(person, make.cccd("M", 1950))
        assert FollowUp.objects.get(person=person).is_open

    def test_a_child_without_a_number_is_nothing_for_the_police(self) -> None:
        person = make.person(cccd="", birth="05/2022", cccd_missing_reason="child")
        make.entitlement(person, "BTXH-1A")
        check_people([person.pk])
        assert not FollowUp.objects.filter(person=person).exists()


class TestVisits:
    def visit(self, found: FollowUp, user: User, **fields: object) -> None:
        services.record_visit(actor=user, follow_up_id=found.pk, **({"day": DAY, "words": "Đã gặp"} | fields))  # type: ignore[arg-type]

    def test_keep_what_happened_and_the_appointment(self) -> None:
        found = FollowUp.objects.get(person=without_card())
        self.visit(found, police(), appointment=datetime.date(2024, 7, 30))
        found.refresh_from_db()
        assert (found.planned_on, found.visits.get().words) == (datetime.date(2024, 7, 30), "Đã gặp")

    def test_an_appointment_that_passed_is_told_to_police_and_office(self) -> None:
        found = FollowUp.objects.get(person=without_card())
        FollowUp.objects.filter(pk=found.pk).update(planned_on="2024-07-20")
        for user in (police(), make.user(Role.DISTRICT_OFFICER)):
            assert [todo.count for todo in todos.follow_ups(user) if todo.tone == "danger"] == [1]

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"words": " "}, "words"),
            ({"day": datetime.date(2024, 7, 23)}, "day"),
            ({"appointment": datetime.date(2024, 7, 21)}, "appointment"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, fields: dict[str, object], field: str) -> None:
        found = FollowUp.objects.get(person=without_card())
        with pytest.raises(services.CannotDo) as refused:
            self.visit(found, police(), **fields)
        assert list(refused.value.errors) == [field]

    def test_are_not_for_the_police_of_another_commune(self) -> None:
        found = FollowUp.objects.get(person=without_card())
        with pytest.raises(FollowUp.DoesNotExist):
            self.visit(found, police(make.BA_TO_TOWN))

    def test_are_not_for_a_leader(self) -> None:
        found = FollowUp.objects.get(person=without_card())
        with pytest.raises(PermissionDenied):
            self.visit(found, make.user(Role.COMMUNE_LEADER))


class TestNotFound:
    def test_is_the_communes_until_another_answer(self) -> None:
        person = make.person()
        make.entitlement(person)
        round_ = identity_round(person)
        answered(person, "not_found", round_=round_)
        officer = make.user(Role.COMMUNE_OFFICER)
        assert [todo.count for todo in todos.follow_ups(officer)] == [1]
        assert not FollowUp.objects.visible_to(police()).filter(person=person).exists()
        answered(person, "match", round_=round_)
        assert [todo.count for todo in todos.follow_ups(officer)] == [0]


class TestPages:
    def client(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def test_a_visit_is_recorded_once_by_two_clicks(self) -> None:
        found = FollowUp.objects.get(person=without_card())
        client, url = self.client(police()), reverse("coordination:follow_up", args=[found.pk])
        token = client.get(url).content.decode().split('name="token" value="')[1].split('"')[0]
        values = {"day": "22/07/2024", "words": "Gặp tại nhà", "appointment": "", "token": token}
        assert [client.post(url, values).status_code for _ in range(2)] == [302, 302]
        assert found.visits.count() == 1

    def test_the_police_find_nobody_by_an_account(self) -> None:
        person = without_card()
        make.route(person, account=make.account("4505205999999"))
        url = reverse("coordination:follow_ups")
        assert person.name not in self.client(police()).get(url, {"tim": "4505205999999"}).content.decode()
        assert person.name in self.client(police()).get(url, {"tim": "chua"}).content.decode()

    def test_the_police_see_no_money(self) -> None:
        found = FollowUp.objects.get(person=without_card())
        client = self.client(police())
        for url in (reverse("coordination:follow_ups"), reverse("coordination:follow_up", args=[found.pk])):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(url).status_code == 200
            assert not [one for one in captured if "payments_" in one["sql"] or "beneficiaries_account" in one["sql"]]

    def test_list_takes_the_same_queries_for_one_and_for_many(self) -> None:
        client = self.client(make.user(Role.DISTRICT_OFFICER))

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(reverse("coordination:follow_ups")).status_code == 200
            return len(captured)

        few = queries()
        for _ in range(5):
            followed.follow_up(make.person())
        assert queries() == few
