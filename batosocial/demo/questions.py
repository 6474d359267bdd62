# ruff: noqa: E501 (sentences of people, each on its line)
"""A handful of questions of the demo's communes, police and payers, and the answers that are published for all."""

import datetime
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.conf import settings

from batosocial.coordination.models import GeneralAnswer, Question, QuestionMessage
from batosocial.coordination.questions.publishing import key_of
from batosocial.coordination.questions.terms import due_from
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import PayoutRoute, Person
from payments.models import PaymentList

State, About = Question.State, Question.About
#: username, about ("person:why paid in cash", "list:policy" or ""), topic, question, state, read, turns (kind, July's day, text)
_Turn = tuple[str, int, str]
QUESTIONS: tuple[tuple[str, str, str, str, str, bool, tuple[_Turn, ...]], ...] = (
    (
        "cb21496", "", "changes", "Người hưởng chuyển đi tỉnh khác giữa tháng thì xã cắt giảm từ tháng nào?", State.DONE,
        True,
        (
            ("question", 3, "Có trường hợp chuyển khẩu đi tỉnh khác từ giữa tháng 6. Xã lập danh sách giảm từ tháng 6 hay tháng 7?"),
            ("answer", 5, "Tháng 6 nơi đi vẫn chi. Nơi đi thôi chi từ tháng liền sau tháng chuyển đi, nơi đến chi tiếp từ tháng đó. Xã gửi hồ sơ kèm giấy giới thiệu di chuyển cho Phòng."),
        ),
    ),
    (
        "cb21538", "person:no_cccd", "identity", "Người chưa làm căn cước thì mở tài khoản bằng giấy tờ gì?", State.WAITING,
        True,
        (("question", 11, "Gia đình ở xa, người hưởng đi lại khó. Xã có thể dùng giấy khai sinh hoặc người giám hộ đứng tên tài khoản được không?"),),
    ),
    (
        "cb21529", "list:BTXH", "payment", "Số đã chi của Bưu điện chênh với danh sách giao", State.WAITING, True,
        (("question", 18, "Bảng của Bưu điện gửi xã ghi thiếu một người so với danh sách tháng 7. Xã ký theo bảng nào?"),),
    ),
    (
        "cb21496", "person:frail", "accounts", "Con gái đứng tên tài khoản nhận thay mẹ cần giấy tờ gì?",
        State.ASKED_BACK, True,
        (
            ("question", 15, "Người hưởng già yếu, không đi lại được, muốn con gái nhận thay qua tài khoản của con."),
            ("ask_back", 17, "Người hưởng còn minh mẫn, tự ký được giấy ủy quyền không? Nếu không thì thuộc trường hợp giám hộ, giấy tờ khác nhau."),
        ),
    ),
    (
        "cb21484", "", "accounts", "Một tài khoản của mẹ nhận cho ba con có được không?", State.ANSWERED, False,
        (
            ("question", 16, "Hộ có ba trẻ cùng hưởng, mẹ muốn dùng một tài khoản."),
            ("answer", 19, "Được. Mẹ là người giám hộ, khai cùng một số tài khoản cho từng trẻ; tên chủ tài khoản là tên mẹ."),
        ),
    ),
    (
        "buudien", "", "payment", "Người nhận chết sau khi Bưu điện đã chi thì ghi kết quả thế nào?", State.ANSWERED, True,
        (
            ("question", 9, "Điểm chi trả đã chi cho người nhận thay, sau đó gia đình báo người hưởng chết trước ngày chi."),
            ("answer", 11, "Vẫn ghi đã chi, kèm ngày chi. Phần chi cho các tháng sau tháng chết do Phòng lập quyết định thu hồi; Bưu điện không tự trừ."),
        ),
    ),
    (
        "congan", "", "identity", "Ngày sinh trên thẻ chỉ có năm thì ghi trả lời đợt xác minh ra sao?", State.WAITING, True,
        (("question", 19, "Nhiều người cao tuổi chỉ có năm sinh trong dữ liệu dân cư."),),
    ),
)  # fmt: skip
#: index of the question it comes from (None: of its own), topic, July's day, question, answer, basis
ANSWERS: tuple[tuple[int | None, str, int, str, str, str], ...] = (
    (
        0, "changes", 5, "Người hưởng chuyển nơi cư trú thì nơi nào chi, từ tháng nào?",
        "Tháng chuyển đi do nơi đi chi. Từ tháng liền sau, nơi đi thôi chi và nơi đến chi tiếp, không để ngắt quãng.\nXã nơi đi gửi Phòng hồ sơ đề nghị và giấy giới thiệu; xã nơi đến tiếp nhận hồ sơ trong danh sách tăng.",
        "khoản 3 Điều 8 NĐ 20/2021/NĐ-CP",
    ),
    (
        None, "accounts", 12, "Ai được đứng tên tài khoản nhận trợ cấp?",
        "Chính người hưởng, người giám hộ hoặc người được ủy quyền. Người giám hộ và người được ủy quyền cần giấy tờ chứng minh, còn thời hạn. Một tài khoản có thể nhận cho nhiều người.",
        "",
    ),
    (
        None, "payment", 15, "Người hưởng không đến nhận tháng này thì tháng sau có mất không?",
        "Không mất. Khoản chưa nhận được chuyển thành chậm lĩnh trong danh sách tháng sau. Xã xác minh vì sao không đến nhận để tránh chi cho người đã chết hoặc đã chuyển đi.",
        "",
    ),
)  # fmt: skip


def load_questions() -> None:
    """A few statements; the days are those of July 2024."""
    names = {one[0] for one in QUESTIONS} | {"phong"}
    users = {user.username: user for user in User.objects.filter(username__in=names).select_related("unit", "payer")}
    district = Unit.objects.get(level=Unit.Level.DISTRICT)
    people, lists = _people(users.values()), _lists(users.values())
    questions, messages = [], []
    for username, about, topic, subject, state, read, turns in QUESTIONS:
        asker = users[username]
        kind, _, which = about.partition(":")
        last = _moment(turns[-1][1])
        question = Question(
            side={Role.POLICE.value: "police", Role.PAYER.value: "payer"}.get(asker.role, "commune"),
            unit=asker.unit,
            payer=asker.payer,
            upper=district,
            about=kind or About.GENERAL,
            person=people[asker.unit_id, which] if kind == "person" and asker.unit_id else None,
            payment_list=lists[asker.unit_id, which] if kind == "list" and asker.unit_id else None,
            topic=topic,
            subject=subject,
            state=state,
            due=due_from(last.date()) if state == State.WAITING else None,
            asked_by=asker,
            asked_at=_moment(turns[0][1]),
            moved_at=last,
            read_at=last if read else None,
            closed_by=asker if state == State.DONE else None,
        )
        questions.append(question)
        for turn, day, text in turns:
            by = users["phong"] if turn in QuestionMessage.OF_PHONG else asker
            messages.append(QuestionMessage(question=question, kind=turn, text=text, by=by, at=_moment(day)))
    Question.objects.bulk_create(questions)
    QuestionMessage.objects.bulk_create(messages)
    GeneralAnswer.objects.bulk_create(
        GeneralAnswer(
            upper=district,
            source=questions[source] if source is not None else None,
            topic=topic,
            question=question,
            answer=answer,
            basis=basis,
            search_key=key_of(topic, question, answer, basis),
            published_by=users["phong"],
            published_on=_moment(day).date(),
        )
        for source, topic, day, question, answer, basis in ANSWERS
    )


def _people(users: Iterable[User]) -> dict[tuple[int, str], Person]:
    """Of each asker's commune the oldest living person who is paid in cash, by the reason."""
    units = [user.unit_id for user in users if user.unit_id]
    routes = PayoutRoute.objects.filter(person__commune__in=units, person__died_on__isnull=True, months__upper_inf=True)
    routes = routes.confirmed().exclude(cash_reason="").select_related("person")
    found: dict[tuple[int, str], Person] = {}
    for route in routes.order_by("person__birth_year", "person_id"):
        found.setdefault((route.person.commune_id, route.cash_reason), route.person)
    return found


def _lists(users: Iterable[User]) -> dict[tuple[int, str], PaymentList]:
    units = [user.unit_id for user in users if user.unit_id]
    rows = PaymentList.objects.filter(commune__in=units, period__month="2024-07-01").select_related("period")
    return {(row.commune_id, row.period.policy): row for row in rows}


def _moment(day: int) -> datetime.datetime:
    return datetime.datetime(2024, 7, day, 8, 30, tzinfo=ZoneInfo(settings.TIME_ZONE))
