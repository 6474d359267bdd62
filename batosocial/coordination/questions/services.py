"""The talk between whoever asks and the Phòng: asking, answering, asking back, going on, closing.

Every turn is a message that stays; the question's state says who is to speak next.
"""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.models import Question, QuestionMessage, Topic
from batosocial.coordination.notifications import fresh
from batosocial.coordination.questions import files, terms
from batosocial.coordination.questions.refusal import Refused
from batosocial.lib import clock
from batosocial.lib.text import clean
from batosocial.staff.models import COMMUNE_ROLES, Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import Person
from payments.models import PaymentList

State, Kind, Side, About = Question.State, QuestionMessage.Kind, Question.Side, Question.About
ASKERS = COMMUNE_ROLES | {Role.POLICE, Role.PAYER}
#: Who answers for the Phòng.
ANSWERERS = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER})
MAX_TEXT, MAX_SUBJECT = 5000, 200
Given = Sequence[tuple[str, bytes]]


def side_of(user: User) -> str:
    """For which side the user asks; PermissionDenied for those who don't ask."""
    if user.role in COMMUNE_ROLES:
        return Side.COMMUNE
    sides = {Role.POLICE.value: Side.POLICE, Role.PAYER.value: Side.PAYER}
    if user.role not in sides or not user.is_active:
        raise PermissionDenied
    return sides[user.role]


def whom_to_ask(user: User) -> Unit | None:
    """The upper unit whose Phòng answers the user in general matters; None where a payer works for several."""
    if user.unit is not None:
        return user.unit.parent if user.unit.level == Unit.Level.COMMUNE else user.unit
    uppers = list(
        Unit.objects.current().filter(users__role=Role.DISTRICT_OFFICER, users__is_active=True).distinct()[:2]
    )
    return uppers[0] if len(uppers) == 1 else None


def paragraphs(text: str) -> str:
    """Text of several lines as it is stored: each line clean, no more than one empty line between two."""
    lines = [clean(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    return "\n".join(kept).strip()


def _text(text: str) -> str:
    text = paragraphs(text)
    if not text:
        raise Refused(text="Hãy ghi nội dung.")
    if len(text) > MAX_TEXT:
        raise Refused(text=f"Dài quá {MAX_TEXT} ký tự; hãy ghi ngắn lại hoặc gửi kèm tệp.")
    return text


@transaction.atomic
def ask_question(
    *,
    actor: User,
    topic: str,
    subject: str,
    text: str,
    person_id: int | None = None,
    list_id: int | None = None,
    given: Given = (),
) -> Question:
    """Ask the Phòng: about a person or a payment list of the actor's own, or in general. ``given`` are files (name,
    content). PermissionDenied without the role; Person.DoesNotExist, PaymentList.DoesNotExist out of scope; Refused."""
    side = side_of(actor)
    person = Person.objects.visible_to(actor).select_related("commune").get(pk=person_id) if person_id else None
    about_list = None
    if list_id and person is None:
        about_list = PaymentList.objects.visible_to(actor).select_related("commune__parent").get(pk=list_id)
    upper = about_list.commune.parent if about_list and side == Side.PAYER else whom_to_ask(actor)
    if upper is None:
        raise Refused(text="Chưa rõ hỏi Phòng nào; hãy mở danh sách chi trả cần hỏi rồi bấm “Hỏi Phòng”.")
    subject = clean(subject)
    if not subject:
        raise Refused(subject="Hãy ghi câu hỏi trong một câu.")
    if len(subject) > MAX_SUBJECT:
        raise Refused(subject=f"Dài quá {MAX_SUBJECT} ký tự; chi tiết hãy ghi ở ô nội dung.")
    if topic not in Topic.values:
        raise Refused(topic="Hãy chọn chủ đề.")
    text = _text(text)
    question = Question.objects.create(
        side=side,
        unit=actor.unit,
        payer=actor.payer if side == Side.PAYER else None,
        upper=upper,
        about=About.PERSON if person else About.LIST if about_list else About.GENERAL,
        person=person,
        payment_list=about_list,
        topic=topic,
        subject=subject,
        due=terms.due_from(clock.today()),
        asked_by=actor,
        read_at=timezone.now(),
    )
    message = _say(question, Kind.QUESTION, text, given, actor)
    fresh.touch()
    audit.record(
        actor=actor,
        action="hỏi Phòng",
        row=question,
        details={"hạn": question.due, "người hưởng": person.pk if person else None, "số tệp": message.files.count()},
    )
    return question


@transaction.atomic
def answer_question(*, actor: User, question_id: int, text: str, back: bool = False, given: Given = ()) -> Question:
    """Answer for the Phòng; with ``back`` ask back, and the question waits for whoever asked. A second answer adds to
    the first. PermissionDenied, Question.DoesNotExist out of scope, Refused for one that is closed."""
    if actor.role not in ANSWERERS or not actor.is_active:
        raise PermissionDenied
    question = _locked(actor, question_id)
    if question.state == State.DONE:
        raise Refused(text="Câu hỏi này đã xong; bên hỏi mở lại thì Phòng trả lời tiếp được.")
    message = _say(question, Kind.ASK_BACK if back else Kind.ANSWER, _text(text), given, actor)
    _move(question, State.ASKED_BACK if back else State.ANSWERED, actor, message, read_at=None)
    return question


@transaction.atomic
def go_on(*, actor: User, question_id: int, text: str, given: Given = ()) -> Question:
    """Say more, ask on, or open a closed question again: the Phòng owes an answer anew. What is added while it waits
    leaves the deadline as it is. PermissionDenied, Question.DoesNotExist out of scope, Refused."""
    side_of(actor)
    question = _locked(actor, question_id)
    kind = Kind.REOPEN if question.state == State.DONE else Kind.REPLY
    message = _say(question, kind, _text(text), given, actor)
    due = question.due or terms.due_from(clock.today())
    _move(question, State.WAITING, actor, message, due=due, read_at=timezone.now())
    return question


@transaction.atomic
def finish_question(*, actor: User, question_id: int) -> bool:
    """Say that nothing more is needed; whether that is new. PermissionDenied, Question.DoesNotExist out of scope."""
    side_of(actor)
    question = _locked(actor, question_id)
    if question.state == State.DONE:
        return False
    _move(question, State.DONE, actor, None, closed_by=actor, read_at=question.read_at or timezone.now())
    return True


def mark_read(*, actor: User, question: Question) -> None:
    """The asking side has opened what the Phòng said; nothing for others, and nothing the second time."""
    if actor.role in ASKERS and question.read_at is None:
        Question.objects.visible_to(actor).filter(pk=question.pk, read_at__isnull=True).update(read_at=timezone.now())
        fresh.touch()


def _locked(actor: User, question_id: int) -> Question:
    visible = Question.objects.visible_to(actor).values("pk")
    return Question.objects.select_for_update().filter(pk__in=visible).get(pk=question_id)


def _say(question: Question, kind: str, text: str, given: Given, actor: User) -> QuestionMessage:
    if len(given) > files.MOST:
        raise Refused(papers=f"Mỗi lần gửi tối đa {files.MOST} tệp; hãy bỏ bớt.")
    message = QuestionMessage.objects.create(question=question, kind=kind, text=text, by=actor)
    files.keep(message, given, actor=actor)
    return message


def _move(question: Question, state: str, actor: User, message: QuestionMessage | None, **fields: object) -> None:
    new = {"state": state, "due": None, "closed_by": None, "moved_at": timezone.now()} | fields
    shown = {name: new[name] for name in ("state", "due")}
    changes = audit.differences(question, shown)
    for name, value in new.items():
        setattr(question, name, value)
    question.save(update_fields=list(new))
    fresh.touch()
    kind = QuestionMessage.Kind(message.kind).label.lower() if message else "đánh dấu xong"
    audit.record(
        actor=actor,
        action=f"vướng mắc: {kind}",
        row=question,
        changes=changes,
        details={"lời": message.pk} if message else {},
    )
