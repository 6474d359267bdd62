"""Opening a round: whom it asks about, nobody twice; extending, closing, and who may."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batosocial.audit.models import Entry
from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.rounds import services
from batosocial.coordination.rounds.answering import RoundClosed
from batosocial.coordination.rounds.choosing import Choice, preview
from batosocial.demo.rounds import NAME
from batosocial.staff.models import Role, User
from beneficiaries.identity.services import check_people
from beneficiaries.models import Person
from tests import factories as make
from tests.coordination.asked import answered, identity_round
from tests.racing import together

UNTIL = datetime.date(2024, 7, 31)
URL = "/phoi-hop/dot-xac-minh/"


def phong() -> User:
    return User.objects.get(username="phong")


def receiving(name: str = "Phạm Thị Thử", category: str = "BTXH-5C", **fields: Any) -> Person:
    person = make.person(name, commune=make.empty_commune(), **fields)
    make.entitlement(person, category)
    return person


def opened(**choice: Any) -> IdentityRound:
    communes = [make.empty_commune().pk]
    return services.open_round(
        actor=phong(), name="Đợt thử", fields=["name", "cccd"], until=UNTIL, choice=Choice(communes=communes, **choice)
    )


def asked(one: IdentityRound) -> set[Person]:
    return {row.person for row in one.rows.select_related("person")}


@pytest.mark.django_db
class TestWhom:
    def test_everybody_with_a_benefit_or_newly_entered(self) -> None:
        one, new = receiving(), make.person("Đinh Thị Mới", commune=make.empty_commune())
        make.entitlement(make.person("Đã thôi", commune=make.empty_commune()), before=datetime.date(2024, 5, 1))
        receiving("Đã chết", died_on=datetime.date(2024, 7, 2))
        assert asked(opened()) == {one, new}

    def test_of_a_policy(self) -> None:
        receiving()
        merit = receiving("Đinh Văn Công", "NCC-9")
        assert asked(opened(policy="NCC")) == {merit}

    def test_by_how_far_they_are_checked(self) -> None:
        receiving(identity_status="clean")
        new = receiving()
        assert asked(opened(statuses=["unchecked", "differs"])) == {new}

    def test_by_what_was_found(self) -> None:
        receiving()
        missing = receiving(cccd="")
        check_people([missing.pk])
        assert asked(opened(kinds=["missing"])) == {missing}

    def test_nobody_is_asked_about_twice_while_a_round_is_open(self) -> None:
        one = receiving()
        first = opened()
        two = receiving("Đinh Thị Hai")
        seen = preview(phong(), Choice(communes=[make.empty_commune().pk]))
        assert ([count for _, count in seen.communes], [row.person for row in seen.asked_already]) == ([1], [one])
        assert asked(opened()) == {two}
        with pytest.raises(services.CannotDo):
            opened()
        services.close_round(actor=phong(), round_id=first.pk)
        assert asked(opened()) == {one}

    def test_more_people_are_added_to_an_open_round(self) -> None:
        one = receiving()
        made = opened()
        two = receiving("Đinh Thị Hai")
        choice = Choice(communes=[make.empty_commune().pk])
        assert services.add_people(actor=phong(), round_id=made.pk, choice=choice) == 1
        assert asked(made) == {one, two}

    def test_the_demo_asks_about_whoever_differs_or_has_no_card(self) -> None:
        demo = IdentityRound.objects.get(name=NAME)
        counted = Person.objects.filter(identity_status__in=["differs", "missing"], died_on__isnull=True)
        assert demo.rows.count() == counted.count() == 318
        assert demo.rows.filter(person__cccd="", person__commune__code="21538").count() == 1

    def test_opening_takes_as_many_statements_for_many(self) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as queries:
                opened()
            return len(queries)

        receiving()
        few = statements()
        for _ in range(8):
            receiving()
        assert statements() == few


@pytest.mark.django_db
class TestManaging:
    def test_a_longer_deadline_stands_in_the_audit(self) -> None:
        made = identity_round(receiving())
        assert services.extend_round(actor=phong(), round_id=made.pk, until=datetime.date(2024, 8, 15))
        entry = Entry.objects.filter(action=services.EXTENDED).latest("pk")
        assert entry.changes == {"until": ["2024-07-31", "2024-08-15"]}
        assert not services.extend_round(actor=phong(), round_id=made.pk, until=datetime.date(2024, 8, 15))

    def test_no_deadline_in_the_past(self) -> None:
        made = identity_round(receiving())
        with pytest.raises(services.CannotDo, match="từ hôm nay"):
            services.extend_round(actor=phong(), round_id=made.pk, until=datetime.date(2024, 7, 21))

    def test_a_closed_round_takes_no_answers_and_says_how_many_are_left(self) -> None:
        one, two = receiving(), receiving("Đinh Thị Hai")
        made = identity_round(one, two)
        answered(one, "match", round_=made)
        services.close_round(actor=phong(), round_id=made.pk)
        services.close_round(actor=phong(), round_id=made.pk)
        (entry,) = Entry.objects.filter(action=services.CLOSED, row_id=made.pk)
        assert entry.details == {"people": 2, "unanswered": 1}
        with pytest.raises(RoundClosed):
            answered(two, "match", round_=made)
        one.refresh_from_db()
        assert one.identity_status == "clean"

    @pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.POLICE, Role.CHAIRMAN, Role.ADMIN])
    def test_only_the_office_opens_and_closes(self, role: Role) -> None:
        made = identity_round(receiving())
        actor = make.user(role)
        with pytest.raises(PermissionDenied):
            services.close_round(actor=actor, round_id=made.pk)
        with pytest.raises(PermissionDenied):
            services.open_round(actor=actor, name="x", fields=["name"], until=UNTIL, choice=Choice())


@pytest.mark.django_db
class TestPages:
    def values(self, **more: Any) -> dict[str, Any]:
        known = {"name": "Đợt thử", "until": "31/07/2024", "asked": ["name", "cccd"], "policy": ""}
        return {**known, "communes": [make.empty_commune().pk], "token": "5f1d7a52-9f0b-4c1e-8a43-6f2f1c7a9d12", **more}

    def test_preview_then_open_once(self, client: Client) -> None:
        receiving()
        receiving("Đinh Thị Hai")
        client.force_login(phong())
        shown = client.post(f"{URL}mo/", self.values(xem="1"))
        assert shown.status_code == 200
        assert "Sẽ hỏi 2 người" in shown.content.decode()
        assert not IdentityRound.objects.filter(name="Đợt thử").exists()
        first = client.post(f"{URL}mo/", self.values(lam="1"))
        again = client.post(f"{URL}mo/", self.values(lam="1"))
        assert first["Location"] == again["Location"]
        assert IdentityRound.objects.get(name="Đợt thử").rows.count() == 2

    def test_what_is_wrong_stands_beside_the_field_and_nothing_is_lost(self, client: Client) -> None:
        client.force_login(phong())
        response = client.post(f"{URL}mo/", self.values(until="21/07/2024", name="Tên đã gõ", lam="1"))
        assert response.status_code == 422
        html = response.content.decode()
        assert "Hạn trả lời phải từ hôm nay (22/07/2024) trở đi." in html
        assert 'value="Tên đã gõ"' in html

    def test_those_asked_already_are_named(self, client: Client) -> None:
        person = receiving("Phạm Thị Đang Hỏi")
        identity_round(person)
        client.force_login(phong())
        html = client.post(f"{URL}mo/", self.values(xem="1")).content.decode()
        assert "1 người đang được hỏi ở đợt chưa kết thúc" in html
        assert "Phạm Thị Đang Hỏi" in html

    def test_extending_with_a_passed_day_says_so(self, client: Client) -> None:
        made = identity_round(receiving())
        client.force_login(phong())
        response = client.post(f"{URL}{made.pk}/gia-han/", {"until": "01/07/2024"})
        assert response.status_code == 422
        assert "Hạn trả lời phải từ hôm nay" in response.content.decode()

    def test_closing(self, client: Client) -> None:
        made = identity_round(receiving())
        client.force_login(phong())
        html = client.post(f"{URL}{made.pk}/ket-thuc/", follow=True).content.decode()
        assert "1 người chưa có trả lời; có thể hỏi lại ở đợt khác." in html
        made.refresh_from_db()
        assert made.state == "closed"


@pytest.mark.django_db(transaction=True)
def test_two_who_open_at_the_same_time_ask_about_nobody_twice() -> None:
    receiving()
    done = together(opened, opened)
    assert sorted(type(one).__name__ for one in done) == ["CannotDo", "IdentityRound"]
    assert RoundPerson.objects.filter(person__commune=make.empty_commune()).count() == 1
