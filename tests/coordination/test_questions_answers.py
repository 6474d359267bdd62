"""Answers meant for all: nobody's data in them, found by everybody, mended and withdrawn."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.coordination.models import GeneralAnswer
from batosocial.coordination.questions import publishing
from batosocial.coordination.questions.privacy import look_for_people
from batosocial.coordination.questions.publishing import Doubted
from batosocial.coordination.questions.refusal import Refused
from batosocial.staff.models import Role, User
from tests import factories as make

pytestmark = pytest.mark.django_db

WORDS: dict[str, Any] = {"topic": "accounts", "question": "Ai đứng tên tài khoản?", "answer": "Người giám hộ."}
LIST, ADD = "coordination:general_answers", "coordination:general_answer_add"


@pytest.fixture
def phong() -> User:
    return make.user(Role.DISTRICT_OFFICER)


@pytest.fixture(autouse=True)
def no_other_answers(db: None) -> None:
    GeneralAnswer.objects.all().delete()


def found(client: Client, text: str, topic: str = "") -> list[str]:
    page = client.get(reverse(LIST), {"tim": text, "chu_de": topic})
    return [row.question for row in page.context["page"].object_list]


# --- nobody's data ------------------------------------------------------------------------------------------------


def test_names_of_the_register_are_found_however_they_are_written() -> None:
    make.person("Phạm Thị Hoà Thử")
    assert look_for_people("Bà Phạm Thị Hòa Thử, thôn 2").names == ("Phạm Thị Hòa Thử",)
    assert look_for_people("trường hợp phạm thị hoà thử").names == ("phạm thị hoà thử",)
    assert look_for_people("PHAM THI HOA THU nhận thay").names == ("PHAM THI HOA THU",)
    assert look_for_people("Phạm Thị\nHòa Thử").names == ()
    assert look_for_people("Phạm Thị, Hòa Thử").names == ()


def test_words_that_only_fold_to_a_name_are_no_name() -> None:
    make.person("Đinh Chi")
    assert look_for_people("theo quyết định chi trả").names == ()
    assert look_for_people("ông Đinh Chi").names == ("Đinh Chi",)


def test_names_of_those_who_receive_for_others_are_found() -> None:
    make.payee(make.person(), "guardian", name="Phạm Văn Giám Hộ Thử")
    assert look_for_people("do Phạm Văn Giám Hộ Thử nhận").names == ("Phạm Văn Giám Hộ Thử",)


def test_numbers_of_somebody_are_told_from_sums_of_money() -> None:
    person = make.person(cccd="051150001234")
    account = make.account()
    make.route(person, account=account)
    spaced = "051 150 001 234"
    assert look_for_people(f"Số {spaced} và {account.number}").numbers == (spaced, account.number)
    assert look_for_people("CCCD 099999999999").numbers == ("099999999999",)  # nobody's here, a card's all the same
    assert look_for_people("Mức 2.789.000 đồng, tổng 684.000.000.000 đồng, công văn 123456789").numbers == ()


def test_a_number_of_somebody_is_never_published(phong: User) -> None:
    person = make.person(cccd="051150001234")
    with pytest.raises(Refused) as refusal:
        publishing.publish_answer(
            actor=phong, **(WORDS | {"answer": f"Như trường hợp {person.cccd}."}), names_checked=True
        )
    assert "051150001234" in refusal.value.errors["answer"]


def test_a_name_is_published_only_when_somebody_says_that_it_may(phong: User, client: Client) -> None:
    make.person("Lữ Đình Thử")
    words = WORDS | {"answer": "Theo công văn do ông Lữ Đình Thử ký."}
    with pytest.raises(Doubted, match="Lữ Đình Thử"):
        publishing.publish_answer(actor=phong, **words)
    client.force_login(phong)
    page = client.get(reverse(ADD))
    sent = words | {"basis": "", "token": str(page.context["form"]["token"].value())}
    page = client.post(reverse(ADD), sent)
    text = page.content.decode()
    assert page.status_code == 422 and "trùng tên một người trong sổ" in text and "Đã kiểm tra, vẫn phổ biến" in text
    assert not GeneralAnswer.objects.exists()
    sent["doubts_seen"] = page.context["form"]["doubts_seen"].value()
    assert client.post(reverse(ADD), sent).status_code == 302
    assert GeneralAnswer.objects.get().answer == words["answer"]
    assert Entry.objects.get(action="phổ biến giải đáp").details["có tên người"] is True


# --- publishing ---------------------------------------------------------------------------------------------------


def test_publishing_from_a_question_starts_from_its_words_and_leads_nobody_else_back(
    phong: User, client: Client
) -> None:
    question = make.question(subject="Nhận thay được không?", topic="accounts")
    question.messages.create(kind="answer", text="Được, khi có giấy.", by=phong)
    client.force_login(phong)
    url = f"{reverse(ADD)}?tu={question.pk}"
    page = client.get(url)
    assert page.context["form"]["question"].value() == "Nhận thay được không?"
    assert page.context["form"]["answer"].value() == "Được, khi có giấy."
    sent = WORDS | {"basis": "NĐ 20", "token": str(page.context["form"]["token"].value())}
    first, second = client.post(url, sent), client.post(url, sent)
    assert first.status_code == 302 and first.headers["Location"] == second.headers["Location"]
    row = GeneralAnswer.objects.get()
    assert (row.source, row.published_on, row.upper) == (question, datetime.date(2024, 7, 22), make.district())
    assert "Nhận thay được không?" in client.get(first.headers["Location"]).content.decode()
    client.force_login(make.user(Role.PAYER))
    text = client.get(first.headers["Location"]).content.decode()
    assert "Người giám hộ." in text and "Nhận thay được không?" not in text


@pytest.mark.parametrize("role", [Role.CHAIRMAN, Role.COMMUNE_OFFICER, Role.POLICE, Role.PAYER, Role.ADMIN])
def test_only_the_phong_publishes(role: Role) -> None:
    with pytest.raises(PermissionDenied):
        publishing.publish_answer(actor=make.user(role), **WORDS)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"question": ""}, "question"), ({"answer": "a" * 5001}, "answer"), ({"topic": ""}, "topic"),
     ({"question": "a" * 301}, "question"), ({"basis": "a" * 301}, "basis")],
)  # fmt: skip
def test_what_is_missing_or_too_long_is_refused_by_field(phong: User, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refusal:
        publishing.publish_answer(actor=phong, **(WORDS | wrong))
    assert list(refusal.value.errors) == [field]


def test_mending_shows_its_day_and_keeps_old_and_new(phong: User) -> None:
    row = publishing.publish_answer(actor=phong, **WORDS)
    publishing.edit_answer(actor=phong, answer_id=row.pk, version=1, **(WORDS | {"answer": "Mẹ hoặc cha."}))
    row.refresh_from_db()
    assert (row.answer, row.edited_on, row.version) == ("Mẹ hoặc cha.", datetime.date(2024, 7, 22), 2)
    assert Entry.objects.get(action="sửa giải đáp").changes == {"answer": ["Người giám hộ.", "Mẹ hoặc cha."]}
    with pytest.raises(Refused, match="Người khác vừa sửa"):
        publishing.edit_answer(actor=phong, answer_id=row.pk, version=1, **WORDS)


def test_what_is_withdrawn_is_read_by_the_phong_alone(phong: User, client: Client) -> None:
    row = publishing.publish_answer(actor=phong, **WORDS)
    client.force_login(phong)
    url = reverse("coordination:general_answer_withdraw", args=[row.pk])
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "Nghị định mới"}).status_code == 302
    assert not publishing.withdraw_answer(actor=phong, answer_id=row.pk, reason="Lần nữa")
    shown = reverse("coordination:general_answer", args=[row.pk])
    assert "Nghị định mới" in client.get(shown).content.decode()
    assert found(client, "tài khoản") == []
    client.force_login(make.user(Role.COMMUNE_OFFICER))
    assert client.get(shown).status_code == 404


# --- search -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.COMMUNE_LEADER, Role.POLICE, Role.PAYER, Role.ADMIN, Role.CHAIRMAN])
def test_everybody_finds_answers_with_or_without_accents(phong: User, client: Client, role: Role) -> None:
    publishing.publish_answer(actor=phong, **WORDS)
    other = WORDS | {"topic": "payment", "question": "Khi nào chi?", "answer": "Trước ngày 10 (hằng tháng)."}
    publishing.publish_answer(actor=phong, **other)
    client.force_login(make.user(role))
    assert found(client, "giam ho") == found(client, "người GIÁM") == found(client, "tai kho") == [WORDS["question"]]
    assert found(client, "hằng tháng") == ["Khi nào chi?"]
    assert found(client, "", "payment") == ["Khi nào chi?"]
    assert found(client, "giám hộ", "payment") == []
    assert len(found(client, "")) == 2
    assert found(client, "%") == found(client, "") and found(client, "iám") == []


def test_the_answers_whose_question_holds_the_text_come_first(phong: User, client: Client) -> None:
    publishing.publish_answer(actor=phong, **(WORDS | {"question": "Truy lĩnh là gì?"}))
    publishing.publish_answer(actor=phong, **(WORDS | {"question": "Khoản chậm?", "answer": "Không phải truy lĩnh."}))
    client.force_login(phong)
    assert found(client, "truy lĩnh") == ["Truy lĩnh là gì?", "Khoản chậm?"]


def test_the_list_takes_a_fixed_number_of_queries(phong: User, client: Client) -> None:
    client.force_login(phong)

    def counted(number: int) -> int:
        for place in range(number):
            publishing.publish_answer(actor=phong, **(WORDS | {"question": f"Câu {place}?"}))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(LIST), {"tim": "giám"})
        return len(queries)

    assert counted(2) == counted(30)
