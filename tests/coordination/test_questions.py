"""Questions to the Phòng: asking, the talk, deadlines, who sees what, what waits for whom."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.coordination.models import AnswerTerm, Question, QuestionFile
from batosocial.coordination.notifications.sources import sources
from batosocial.coordination.questions import services, terms
from batosocial.coordination.questions.refusal import Refused
from batosocial.coordination.questions.todos import todos
from batosocial.staff.models import Role, User
from beneficiaries.models import Person
from payments.models import PaymentList
from tests import factories as make

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n1 0 obj\n%%EOF"
WORDS: dict[str, Any] = {"topic": "benefits", "subject": "Chuyển đi còn nhận không?", "text": "Đã đi từ tháng 5."}


@pytest.fixture
def officer() -> User:
    return make.user(Role.COMMUNE_OFFICER)


@pytest.fixture
def phong() -> User:
    return make.user(Role.DISTRICT_OFFICER)


@pytest.fixture(autouse=True)
def no_other_questions(db: None) -> None:
    """The demo has questions of its own; these tests count theirs."""
    from batosocial.coordination.models import GeneralAnswer, QuestionMessage

    GeneralAnswer.objects.all().delete()
    QuestionFile.objects.all().delete()
    QuestionMessage.objects.all().delete()
    Question.objects.all().delete()


def said(user: User) -> dict[str, tuple[int, str]]:
    return {todo.label: (todo.count, todo.tone) for todo in todos(user) if todo.count}


def told(user: User) -> list[str]:
    return [notice.title for notice in sources()["questions"]() if notice.owner_id == user.pk]


# --- the talk -----------------------------------------------------------------------------------------------------


def test_a_question_about_a_person_waits_for_the_phong_until_its_deadline(officer: User) -> None:
    person = make.person()
    question = services.ask_question(actor=officer, person_id=person.pk, **WORDS)
    assert (question.state, question.about, question.person, question.unit) == (
        "waiting",
        "person",
        person,
        officer.unit,
    )
    # 22/7/2024 is a Monday; five working days later is the Monday after.
    assert question.due == datetime.date(2024, 7, 29)
    assert Entry.objects.filter(action="hỏi Phòng", row_id=question.pk, actor=officer).count() == 1


def test_the_term_is_a_dated_setting(officer: User) -> None:
    AnswerTerm.objects.create(valid_from="2024-07-20", days=2)
    AnswerTerm.objects.create(valid_from="2024-08-01", days=9)
    assert services.ask_question(actor=officer, **WORDS).due == datetime.date(2024, 7, 24)
    assert terms.due_from(datetime.date(2024, 7, 19)) == datetime.date(2024, 7, 26)


def test_the_talk_goes_back_and_forth_and_the_state_says_whose_turn_it_is(officer: User, phong: User) -> None:
    question = services.ask_question(actor=officer, **WORDS)
    services.answer_question(actor=phong, question_id=question.pk, text="Đi đâu?", back=True)
    question.refresh_from_db()
    assert (question.state, question.due) == ("asked_back", None)
    services.go_on(actor=officer, question_id=question.pk, text="Đi Ba Vì.")
    question.refresh_from_db()
    assert (question.state, question.due) == ("waiting", datetime.date(2024, 7, 29))
    services.answer_question(actor=phong, question_id=question.pk, text="Nhận ở Ba Vì.")
    services.go_on(actor=officer, question_id=question.pk, text="Từ tháng nào?")
    services.answer_question(actor=phong, question_id=question.pk, text="Từ tháng 6.")
    assert services.finish_question(actor=officer, question_id=question.pk)
    assert not services.finish_question(actor=officer, question_id=question.pk)
    services.go_on(actor=officer, question_id=question.pk, text="Vẫn chưa nhận.")
    question.refresh_from_db()
    assert (question.state, question.closed_by) == ("waiting", None)
    kinds = list(question.messages.values_list("kind", flat=True))
    assert kinds == ["question", "ask_back", "reply", "answer", "reply", "answer", "reopen"]
    assert Entry.objects.filter(row_id=question.pk, table=Question._meta.db_table).count() == 8


def test_what_is_added_while_it_waits_leaves_the_deadline(officer: User) -> None:
    question = make.question(by=officer, due=datetime.date(2024, 7, 18))
    services.go_on(actor=officer, question_id=question.pk, text="Thêm giấy tờ.")
    question.refresh_from_db()
    assert question.due == datetime.date(2024, 7, 18)


def test_a_closed_question_is_not_answered(officer: User, phong: User) -> None:
    question = make.question(by=officer, state="done")
    with pytest.raises(Refused, match="mở lại"):
        services.answer_question(actor=phong, question_id=question.pk, text="Trễ rồi.")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text": " \n "}, "text"),
        ({"text": "a" * 5001}, "text"),
        ({"subject": ""}, "subject"),
        ({"subject": "a" * 201}, "subject"),
        ({"topic": "x"}, "topic"),
        ({"given": [(f"{n}.pdf", PDF) for n in range(6)]}, "papers"),
    ],
)
def test_what_is_missing_or_too_long_is_refused_by_field(officer: User, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refusal:
        services.ask_question(actor=officer, **(WORDS | wrong))
    assert list(refusal.value.errors) == [field]


def test_only_the_phong_answers_and_the_phong_does_not_ask(officer: User, phong: User) -> None:
    question = make.question(by=officer)
    for user in (officer, make.user(Role.CHAIRMAN)):
        with pytest.raises(PermissionDenied):
            services.answer_question(actor=user, question_id=question.pk, text="x")
    with pytest.raises(PermissionDenied):
        services.ask_question(actor=phong, **WORDS)


# --- who sees what ------------------------------------------------------------------------------------------------


def test_a_question_is_the_asking_communes_and_the_districts(officer: User, phong: User) -> None:
    question = make.question(by=officer)
    seen = lambda user: Question.objects.visible_to(user).filter(pk=question.pk).exists()  # noqa: E731
    assert seen(officer) and seen(phong) and seen(make.user(Role.CHAIRMAN)) and seen(make.user(Role.COMMUNE_LEADER))
    others = [
        make.user(Role.COMMUNE_OFFICER, commune=make.commune("21538")),
        make.user(Role.POLICE, commune=make.commune()),
        make.user(Role.PAYER),
        make.user(Role.ADMIN),
    ]
    assert not any(seen(user) for user in others)


def test_police_and_payers_ask_about_their_own_matters_only(officer: User, phong: User) -> None:
    police, payer = make.user(Role.POLICE, commune=make.commune()), make.user(Role.PAYER)
    for user in (police, payer):
        question = services.ask_question(actor=user, **WORDS)
        assert question.upper == make.district()
        assert Question.objects.visible_to(phong).filter(pk=question.pk).exists()
        assert not Question.objects.visible_to(officer).filter(pk=question.pk).exists()
        with pytest.raises(Person.DoesNotExist):
            services.ask_question(actor=user, person_id=make.person().pk, **WORDS)
    with pytest.raises(PaymentList.DoesNotExist):
        services.ask_question(actor=police, list_id=PaymentList.objects.all()[0].pk, **WORDS)


def test_a_foreign_person_cannot_be_asked_about(officer: User, client: Client) -> None:
    stranger = make.person(commune=make.commune("21538"))
    with pytest.raises(Person.DoesNotExist):
        services.ask_question(actor=officer, person_id=stranger.pk, **WORDS)
    client.force_login(officer)
    for text in (stranger.pk, "abc", "9" * 30):
        assert client.get(f"{reverse('coordination:question_ask')}?nguoi={text}").status_code == 404


def test_whoever_moved_away_is_not_named_to_the_old_commune(officer: User, client: Client) -> None:
    person = make.person("Phạm Thị Đi Xa")
    question = make.question(by=officer, person=person)
    client.force_login(officer)
    url = reverse("coordination:question", args=[question.pk])
    assert "Phạm Thị Đi Xa" in client.get(url).content.decode()
    Person.objects.filter(pk=person.pk).update(commune=make.commune("21538"))
    for page in (url, reverse("coordination:questions"), reverse("coordination:question_print", args=[question.pk])):
        text = client.get(page).content.decode()
        assert "Phạm Thị Đi Xa" not in text and "Người đã chuyển nơi khác" in text


def test_files_of_somebody_in_a_confidential_group_are_for_those_who_may_know(officer: User, client: Client) -> None:
    person = make.person()
    question = services.ask_question(actor=officer, person_id=person.pk, given=[("đơn.pdf", PDF)], **WORDS)
    url = reverse("coordination:question_file", args=[QuestionFile.objects.get().pk])
    client.force_login(phong := make.user(Role.DISTRICT_OFFICER))
    answer = client.get(url)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/pdf"
    assert "attachment" in answer.headers["Content-Disposition"]
    category = make.entitlement(person).category
    category.confidential = True
    category.save()
    assert client.get(url).status_code == 404
    assert "đơn.pdf" not in client.get(reverse("coordination:question", args=[question.pk])).content.decode()
    phong.sees_confidential = True
    phong.save()
    assert client.get(url).status_code == 200
    client.force_login(officer)
    assert client.get(url).status_code == 200


# --- what waits ---------------------------------------------------------------------------------------------------


def test_what_waits_and_what_is_overdue_stands_before_the_phong(officer: User, phong: User, client: Client) -> None:
    make.question(by=officer, due=datetime.date(2024, 7, 22))
    late = make.question(by=officer, due=datetime.date(2024, 7, 19), subject="Trễ")
    assert said(phong) == {
        "vướng mắc quá hạn trả lời": (1, "danger"),
        "vướng mắc chờ Phòng trả lời": (1, "warning"),
    }
    assert said(officer) == {}
    client.force_login(phong)
    for todo in todos(phong):
        text = client.get(todo.url).content.decode()
        assert f'<h2 class="card-title">{todo.count} câu hỏi</h2>' in text
    assert "Quá hạn</span>" in client.get(reverse("coordination:question", args=[late.pk])).content.decode()


def test_an_answer_waits_for_the_commune_until_it_is_opened(officer: User, phong: User, client: Client) -> None:
    question = make.question(by=officer)
    services.answer_question(actor=phong, question_id=question.pk, text="Có.")
    assert said(officer) == {"vướng mắc đã có trả lời, chưa đọc": (1, "info")}
    assert said(phong) == {}
    client.force_login(phong)
    client.get(reverse("coordination:question", args=[question.pk]))
    assert said(officer)  # the Phòng looked, not whoever asked
    client.force_login(officer)
    text = client.get(reverse("coordination:question", args=[question.pk])).content.decode()
    assert "Chưa đọc" in text
    assert said(officer) == {}


def test_what_the_phong_asks_back_waits_until_it_is_answered(officer: User, phong: User, client: Client) -> None:
    question = make.question(by=officer)
    services.answer_question(actor=phong, question_id=question.pk, text="Ai?", back=True)
    client.force_login(officer)
    client.get(reverse("coordination:question", args=[question.pk]))
    assert said(officer) == {"vướng mắc Phòng hỏi lại": (1, "warning")}
    services.go_on(actor=officer, question_id=question.pk, text="Anh A.")
    assert said(officer) == {}


def test_notices_tell_the_phong_of_questions_and_whoever_asked_of_answers(officer: User, phong: User) -> None:
    question = make.question(by=officer, due=datetime.date(2024, 7, 24))
    (notice,) = [one for one in sources()["questions"]() if one.owner_id == phong.pk]
    assert "Xã Ba Động hỏi" in notice.title and notice.due == datetime.date(2024, 7, 24)
    assert told(officer) == []
    services.answer_question(actor=phong, question_id=question.pk, text="Có.")
    assert told(phong) == []
    assert told(officer) == ["Phòng đã trả lời: Người đã chuyển đi còn nhận không?"]
    services.mark_read(actor=officer, question=Question.objects.get())
    assert told(officer) == []


def test_a_new_turn_is_a_new_notice(officer: User, phong: User) -> None:
    question = make.question(by=officer, due=datetime.date(2024, 8, 20))
    key = lambda: next(one.key for one in sources()["questions"]() if one.owner_id == phong.pk)  # noqa: E731
    first = key()
    services.answer_question(actor=phong, question_id=question.pk, text="Có.")
    services.go_on(actor=officer, question_id=question.pk, text="Từ bao giờ?")
    assert key() != first


# --- pages --------------------------------------------------------------------------------------------------------


def test_asking_from_a_persons_page_is_prefilled_and_a_double_click_asks_once(officer: User, client: Client) -> None:
    person = make.person("Phạm Thị Hỏi")
    client.force_login(officer)
    panel = client.get(reverse("coordination:questions_of_person", args=[person.pk])).content.decode()
    url = f"{reverse('coordination:question_ask')}?nguoi={person.pk}"
    assert url in panel and "Chưa có câu hỏi nào về người này" in panel
    page = client.get(url)
    assert "Phạm Thị Hỏi" in page.content.decode()
    sent = WORDS | {"token": str(page.context["form"]["token"].value())}
    first, second = client.post(url, sent), client.post(url, sent)
    assert first.status_code == second.status_code == 302 and first.headers["Location"] == second.headers["Location"]
    question = Question.objects.get()
    assert question.person == person
    assert (
        "Chuyển đi còn nhận không?"
        in client.get(reverse("coordination:questions_of_person", args=[person.pk])).content.decode()
    )


def test_a_wrong_form_keeps_what_was_typed(officer: User, client: Client) -> None:
    client.force_login(officer)
    page = client.get(url := reverse("coordination:question_ask"))
    sent = {"topic": "", "subject": "Câu đã gõ", "text": "", "token": str(page.context["form"]["token"].value())}
    answer = client.post(url, sent)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Câu đã gõ" in text and "Hãy chọn chủ đề." in text and "Hãy ghi nội dung." in text


def test_a_double_click_answers_once(officer: User, phong: User, client: Client) -> None:
    question = make.question(by=officer)
    client.force_login(phong)
    page = client.get(reverse("coordination:question", args=[question.pk]))
    sent = {"text": "Có.\n\n\n\nTheo NĐ 20.", "token": str(page.context["form"]["token"].value())}
    for _ in range(2):
        assert client.post(reverse("coordination:question_answer", args=[question.pk]), sent).status_code == 302
    assert question.messages.filter(kind="answer").get().text == "Có.\n\nTheo NĐ 20."


def test_a_payment_lists_page_leads_to_its_questions(officer: User, client: Client) -> None:
    row = PaymentList.objects.visible_to(officer)[0]
    client.force_login(officer)
    panel = reverse("coordination:questions_of_list", args=[row.pk])
    assert panel in client.get(reverse("payments:list", args=[row.pk])).content.decode()
    services.ask_question(actor=officer, list_id=row.pk, **WORDS)
    assert "Chuyển đi còn nhận không?" in client.get(panel).content.decode()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 4), ("trang_thai=waiting", 2), ("trang_thai=qua-han", 1), ("trang_thai=con-han", 1), ("ve=person", 1),
        ("chu_de=accounts", 1), ("ben=police", 1), ("xa=21496", 3), ("xa=21538", 0), ("trang_thai=sai", 0),
    ],
)  # fmt: skip
def test_the_list_filters_by_state_topic_subject_and_commune(
    officer: User, phong: User, client: Client, query: str, count: int
) -> None:
    make.question(by=officer, due=datetime.date(2024, 7, 19))
    make.question(by=officer, person=make.person())
    make.question(by=officer, state="answered", topic="accounts")
    make.question(by=make.user(Role.POLICE, commune=make.commune()), state="done")
    client.force_login(phong)
    page = client.get(f"{reverse('coordination:questions')}?{query}")
    assert page.context["page"].paginator.count == count


def test_lists_and_pages_take_a_fixed_number_of_queries(officer: User, phong: User, client: Client) -> None:
    client.force_login(phong)
    urls = [reverse("coordination:questions"), reverse("coordination:questions_of_person", args=[0])]

    def grow(number: int) -> list[int]:
        person = make.person()
        for place in range(number):
            asked = services.ask_question(actor=officer, person_id=person.pk, given=[("a.pdf", PDF)], **WORDS)
            for turn in range(place % 5):
                services.go_on(actor=officer, question_id=asked.pk, text=f"Lượt {turn}")
        urls[1] = reverse("coordination:questions_of_person", args=[person.pk])
        counts = []
        for url in [*urls, reverse("coordination:question", args=[Question.objects.order_by("-pk")[0].pk]), "/"]:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            counts.append(len(queries))
        return counts

    grow(1)
    assert grow(2) == grow(8)


def test_long_words_are_shown_whole_and_escaped(officer: User, client: Client) -> None:
    question = make.question(by=officer, subject="ư" * 200, text="<script>" + "đ" * 3000)
    client.force_login(officer)
    text = client.get(reverse("coordination:question", args=[question.pk])).content.decode()
    assert "&lt;script&gt;" in text and "đ" * 3000 in text and "ư" * 200 in text
