"""The police's worklist: what they see, how they answer, and who sees none of it."""

import datetime
import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batosocial.audit.models import Entry
from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.rounds.answering import AnswersRefused, answer_rows, values_of
from batosocial.coordination.rounds.notices import open_rounds
from batosocial.coordination.rounds.todos import rounds as todos
from batosocial.demo.rounds import NAME
from batosocial.staff.models import Role, User
from beneficiaries.models import Category, Person
from tests import factories as make
from tests.coordination.asked import answered, given, identity_round
from tests.racing import together

URL = "/phoi-hop/dot-xac-minh/"
BA_XA = "21538"


def receiving(name: str = "Phạm Thị Thử", **fields: Any) -> Person:
    person = make.person(name, **fields)
    make.entitlement(person)
    return person


def congan() -> User:
    return User.objects.get(username="congan")


def row_of(person: Person, one: IdentityRound) -> RoundPerson:
    return RoundPerson.objects.select_related("answer").get(round=one, person=person)


def text(client: Client, user: User, url: str) -> str:
    client.force_login(user)
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def seen(person: Person) -> str:
    return json.dumps(values_of(person))


@pytest.mark.django_db
class TestWorklist:
    def test_the_police_see_full_numbers_and_each_page_stands_in_the_audit(self, client: Client) -> None:
        person = receiving(cccd="051150123456", cmnd="212345678", hamlet="Thôn Gần")
        one = identity_round(person)
        html = text(client, congan(), f"{URL}{one.pk}/")
        assert "051150123456" in html
        assert "212345678" in html
        entry = Entry.objects.filter(action="Xem số đầy đủ").latest("pk")
        assert (entry.row_id, entry.details) == (one.pk, {"people": [person.pk]})

    def test_they_see_nothing_of_money_or_benefits(self, client: Client) -> None:
        person = receiving()
        account = make.account()
        make.route(person, account=account)
        one = identity_round(person)
        for url in (f"{URL}{one.pk}/", f"{URL}{one.pk}/nguoi/{row_of(person, one).pk}/", URL):
            html = text(client, congan(), url)
            main = html[html.index("<main") :]
            assert account.number not in html
            assert not re.search(r"\d\.000\b", main)
            for code in ("BTXH", "NCC", "trợ cấp", *Category.objects.values_list("name", flat=True)):
                assert code not in main

    def test_communes_read_answers_with_numbers_masked(self, client: Client) -> None:
        person = receiving(cccd="051150123456")
        one = identity_round(person)
        answered(person, "differs", round_=one, right={"cccd": "051150999999"})
        for path in ("", f"nguoi/{row_of(person, one).pk}/"):
            html = text(client, make.user(Role.COMMUNE_OFFICER), f"{URL}{one.pk}/{path}")
            assert "051150" not in html
            assert "•••• 9999" in html
            assert "Ghi trả lời" not in html

    def test_police_of_a_commune_see_their_own(self, client: Client) -> None:
        html = text(client, User.objects.get(username="ca21538"), f"{URL}{IdentityRound.objects.get(name=NAME).pk}/")
        theirs = RoundPerson.objects.filter(round__name=NAME, person__commune__code=BA_XA).count()
        assert f"{theirs} người" in html
        assert "Xã Ba Động" not in html

    def test_of_people_elsewhere_there_is_nothing(self, client: Client) -> None:
        person = receiving()
        one = identity_round(person, receiving(commune=make.commune(BA_XA)))
        client.force_login(User.objects.get(username="ca21538"))
        row = row_of(person, one)
        assert client.get(f"{URL}{one.pk}/nguoi/{row.pk}/").status_code == 404
        assert client.post(f"{URL}{one.pk}/nguoi/{row.pk}/", {"answer": "match"}).status_code == 404
        assert client.post(f"{URL}{one.pk}/khop/", {"mot": row.pk, f"seen-{row.pk}": seen(person)}).status_code == 404
        assert row_of(person, one).answer is None

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["Một", "Hai"]),
            ("tra_loi=chua", ["Hai"]),
            ("tra_loi=da", ["Một"]),
            ("tra_loi=not_found", ["Một"]),
            ("tra_loi=dead", []),
            ("tim=hai", ["Hai"]),
            ("thon=xa", ["Hai"]),
            (f"xa={BA_XA}", []),
        ],
    )
    def test_filters_stand_in_the_url(self, client: Client, query: str, found: list[str]) -> None:
        one = receiving("Phạm Thị Một", hamlet="Thôn Gần")
        asked = identity_round(one, receiving("Phạm Thị Hai", hamlet="Thôn Xa"))
        answered(one, "not_found", round_=asked)
        html = text(client, congan(), f"{URL}{asked.pk}/?{query}")
        assert sorted(re.findall(r'/nguoi/\d+/[^"]*">Phạm Thị (\w+)<', html)) == sorted(found)
        if not found:
            assert "Không có ai như vậy" in html

    def test_progress_counts_by_commune_and_answer(self, client: Client) -> None:
        one, two = receiving(), receiving(commune=make.commune(BA_XA))
        asked = identity_round(one, two)
        answered(one, "match", round_=asked)
        html = text(client, User.objects.get(username="phong"), f"{URL}{asked.pk}/")
        assert re.search(r"Xã Ba Động</a></th>\s*<td><div class=\"done-of\"><span class=\"nowrap\">1/1", html)
        assert re.search(r"Xã Ba Xa</a></th>\s*<td><div class=\"done-of\"><span class=\"nowrap\">0/1", html)

    def test_as_many_queries_for_many_people(self, client: Client) -> None:
        def queries(people: int) -> int:
            those = [receiving(f"Phạm Thị {number}", commune=make.commune(BA_XA)) for number in range(people)]
            asked = identity_round(*those)
            answered(those[0], "match", round_=asked)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(f"{URL}{asked.pk}/").status_code == 200
            return len(captured)

        client.force_login(congan())
        assert queries(2) == queries(12) <= 16

    def test_the_list_of_rounds_takes_as_many_queries_for_many(self, client: Client) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(URL).status_code == 200
            return len(captured)

        client.force_login(User.objects.get(username="phong"))
        few = queries()
        for _ in range(5):
            identity_round(receiving())
        assert queries() == few <= 9


@pytest.mark.django_db
class TestQuickMatch:
    def post(self, client: Client, one: IdentityRound, *ticked: Person, **more: Any) -> str:
        client.force_login(congan())
        rows = [row_of(person, one).pk for person in ticked]
        shown = {f"seen-{pk}": seen(person) for pk, person in zip(rows, ticked, strict=True)}
        response = client.post(f"{URL}{one.pk}/khop/?tra_loi=chua", {"rows": rows} | shown | more)
        assert response["Location"].endswith(f"{URL}{one.pk}/?tra_loi=chua")
        return client.get(response["Location"]).content.decode()

    def test_one_row(self, client: Client) -> None:
        one, two = receiving("Phạm Thị Một"), receiving("Phạm Thị Hai")
        asked = identity_round(one, two)
        html = self.post(client, asked, one, two, mot=row_of(one, asked).pk)
        assert "Đã ghi Khớp: Phạm Thị Một." in html
        assert [row_of(person, asked).answer is None for person in (one, two)] == [False, True]

    def test_ticked_rows(self, client: Client) -> None:
        one, two = receiving("Phạm Thị Một"), receiving("Phạm Thị Hai")
        asked = identity_round(one, two)
        assert "Đã ghi Khớp cho 2 người." in self.post(client, asked, one, two)
        assert "Đã ghi Khớp từ trước" in self.post(client, asked, one, two)

    def test_a_row_that_changed_is_left_and_told(self, client: Client) -> None:
        one, two = receiving("Phạm Thị Một"), receiving("Phạm Thị Hai")
        asked = identity_round(one, two)
        Person.objects.filter(pk=two.pk).update(name="Phạm Thị Khác")
        html = self.post(client, asked, one, two)
        assert "Đã ghi Khớp: Phạm Thị Một." in html
        assert "Hồ sơ đã được sửa sau khi anh/chị xem" in html
        assert row_of(two, asked).answer is None

    def test_somebody_without_number_has_no_quick_answer(self, client: Client) -> None:
        person = receiving(cccd="")
        asked = identity_round(person)
        assert 'name="mot"' not in text(client, congan(), f"{URL}{asked.pk}/")
        assert "không thể “Khớp”" in self.post(client, asked, person)

    def test_nothing_ticked_is_told(self, client: Client) -> None:
        assert "Chưa đánh dấu ai." in self.post(client, identity_round(receiving()))


@pytest.mark.django_db
class TestAnswerForm:
    def post(self, client: Client, person: Person, one: IdentityRound, **values: Any) -> Any:
        client.force_login(congan())
        data = {"seen": seen(person), "corrects": "", **values}
        return client.post(f"{URL}{one.pk}/nguoi/{row_of(person, one).pk}/?tra_loi=chua", data)

    def test_each_kind_of_answer(self, client: Client) -> None:
        kinds: list[dict[str, str]] = [
            {"answer": "match"},
            {"answer": "differs", "name": "PHẠM THỊ KHÁC", "birth": "5/1951"},
            {"answer": "not_found"},
            {"answer": "dead", "died_on": "12/05/2024"},
            {"answer": "dead", "died_on": "5/2024"},
            {"answer": "dead", "died_on": "Tháng 3/2024"},
            {"answer": "dead", "died_on": "03.2024"},
            {"answer": "no_cccd"},
        ]
        for values in kinds:
            person = receiving()
            one = identity_round(person)
            response = self.post(client, person, one, **values)
            assert response["Location"].endswith(f"{URL}{one.pk}/?tra_loi=chua"), values
            assert getattr(row_of(person, one).answer, "answer", "") == values["answer"]

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({}, "Hãy chọn một trả lời."),
            ({"answer": "differs"}, "Hãy ghi giá trị đúng của ít nhất một thông tin khác hồ sơ."),
            ({"answer": "differs", "cccd": "123"}, "Số CCCD phải có đúng 12 chữ số."),
            ({"answer": "differs", "birth": "31/02/1950"}, "không có trong lịch"),
            ({"answer": "differs", "name": "phạm thị thử"}, "không trái hồ sơ"),
            ({"answer": "match", "name": "Tên Khác"}, "mà trả lời là “Khớp”"),
            ({"answer": "dead"}, "Hãy ghi chết ngày nào"),
            ({"answer": "dead", "died_on": "2/2025"}, "ở sau hôm nay"),
            ({"answer": "dead", "died_on": "30/12/2024"}, "ở sau hôm nay"),
            ({"answer": "dead", "died_on": "5/24"}, "Không đọc được “5/24”"),
            ({"answer": "dead", "died_on": "45400"}, "Không đọc được “45400”"),
            ({"answer": "dead", "died_on": "hôm qua"}, "Không đọc được “hôm qua”"),
            ({"answer": "not_found", "died_on": "5/2024"}, "trả lời không phải “Đã chết”"),
            ({"answer": "dead", "died_on": "5/1940"}, "trước ngày sinh"),
        ],
    )
    def test_what_is_wrong_is_told_and_nothing_lost(self, client: Client, values: dict[str, str], said: str) -> None:
        person = receiving()
        one = identity_round(person)
        response = self.post(client, person, one, note="Ghi chú đã gõ", **values)
        assert response.status_code == 422
        html = response.content.decode()
        assert said in html
        for typed in ("Ghi chú đã gõ", *values.values()):
            assert typed in html
        assert row_of(person, one).answer is None

    def test_somebody_faster_is_named_and_the_answer_can_then_be_corrected(self, client: Client) -> None:
        person = receiving()
        one = identity_round(person)
        answered(person, "not_found", round_=one, by=make.user(Role.POLICE, full_name="Đinh Văn Trước"))
        first = row_of(person, one).answer_id
        response = self.post(client, person, one, answer="match")
        assert response.status_code == 422
        assert "Đinh Văn Trước đã trả lời “Không tìm thấy”" in response.content.decode()
        assert self.post(client, person, one, answer="match", corrects=str(first)).status_code == 302
        assert list(person.identity_answers.values_list("answer", flat=True)) == ["match", "not_found"]

    @pytest.mark.parametrize(
        ("answer", "told", "field", "left", "typed"),
        [
            ("dead", {"died_month": datetime.date(2024, 4, 1)}, "died_on", "04/2024", "05/2024"),
            ("differs", {"right": {"name": "Phạm Thị Khác"}}, "name", "Phạm Thị Khác", "Phạm Thị Lạ"),
        ],
    )
    def test_what_the_earlier_answer_left_in_hidden_fields_does_not_hinder(
        self, client: Client, answer: str, told: dict[str, Any], field: str, left: str, typed: str
    ) -> None:
        person = receiving()
        one = identity_round(person)
        answered(person, answer, round_=one, **told)
        values = {"answer": "match", "corrects": str(row_of(person, one).answer_id)}
        assert self.post(client, person, one, **values, **{field: typed}).status_code == 422
        assert self.post(client, person, one, **values, **{field: left}).status_code == 302
        assert getattr(row_of(person, one).answer, "answer", "") == "match"

    def test_a_double_click_is_one_answer(self, client: Client) -> None:
        person = receiving()
        one = identity_round(person)
        for _ in range(2):
            assert self.post(client, person, one, answer="differs", sex="M").status_code == 302
        assert person.identity_answers.count() == 1

    def test_a_closed_round_takes_none(self, client: Client) -> None:
        person = receiving()
        one = identity_round(person)
        IdentityRound.objects.filter(pk=one.pk).update(state="closed", closed_by=congan(), closed_at=one.opened_at)
        self.post(client, person, one, answer="match")
        assert row_of(person, one).answer is None

    def test_only_the_police_answer(self, client: Client) -> None:
        person = receiving()
        one = identity_round(person)
        url = f"{URL}{one.pk}/nguoi/{row_of(person, one).pk}/"
        for role in (Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER):
            client.force_login(make.user(role))
            assert client.post(url, {"answer": "match"}).status_code == 403


@pytest.mark.django_db
class TestWhatWaits:
    def test_for_the_police_each_open_round(self) -> None:
        one = identity_round(receiving(), until=datetime.date(2024, 7, 20), name="Đợt trễ")
        (late,) = [todo for todo in todos(congan()) if "Đợt trễ" in todo.hint]
        assert (late.count, late.tone, late.url) == (1, "danger", f"{URL}{one.pk}/?tra_loi=chua")

    def test_for_the_office_what_is_complete_and_what_is_late(self) -> None:
        person = receiving()
        answered(person, "match", round_=identity_round(person))
        identity_round(receiving(), until=datetime.date(2024, 7, 20))
        counts = {todo.label: todo.count for todo in todos(User.objects.get(username="phong"))}
        assert counts == {"đợt xác minh đã trả lời đủ, cần kết thúc": 1, "đợt xác minh quá hạn": 1}

    def test_notices_go_to_those_with_people_who_wait(self) -> None:
        one = identity_round(receiving(commune=make.commune(BA_XA)), until=datetime.date(2024, 7, 24), name="Đợt gần")
        found = [notice for notice in open_rounds() if notice.title.endswith("Đợt gần")]
        users = {user.pk: user.username for user in User.objects.all()}
        told = sorted((users[notice.owner_id], notice.key, notice.due is not None) for notice in found)
        deadline = f"deadline-{one.pk}-2024-07-24"
        assert told == [
            ("ca21538", deadline, True),
            ("ca21538", f"opened-{one.pk}", False),
            ("congan", deadline, True),
            ("congan", f"opened-{one.pk}", False),
            ("phong", deadline, True),
        ]
        answered(one.rows.get().person, "match", round_=one)
        assert not [notice for notice in open_rounds() if notice.title.endswith("Đợt gần")]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_answer_at_the_same_time_one_is_told() -> None:
    person = receiving()
    one = identity_round(person)
    other = make.user(Role.POLICE)
    match, unknown = given(person, "match", one), given(person, "not_found", one)
    done = together(
        lambda: answer_rows(actor=congan(), round_id=one.pk, given=[match]),
        lambda: answer_rows(actor=other, round_id=one.pk, given=[unknown]),
    )
    assert {type(result) for result in done} == {list, AnswersRefused}
    assert person.identity_answers.count() == 1
