"""How questions look in lists and on their page."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from batosocial.coordination.models import Question, QuestionFile, QuestionMessage
from batosocial.coordination.questions import files, services
from batosocial.staff.models import Role, User
from beneficiaries.models import Person

State = Question.State
TONES = {State.WAITING: "warning", State.ASKED_BACK: "info", State.ANSWERED: "success", State.DONE: "neutral"}


def for_showing(rows: QuerySet[Question]) -> QuerySet[Question]:
    """Rows with all that a line shows."""
    related = ("unit", "payer", "person", "payment_list__period", "asked_by")
    return rows.select_related(*related).annotate(turns=Count("messages"))


def dress(rows: list[Any], user: User) -> list[Any]:
    """Give each question what its line shows to this user: tone, who asked, whether its person may be opened. One
    query: whose person has moved to another commune since is not named there any more."""
    people = {row.person_id for row in rows if row.person_id}
    seen = set(Person.objects.visible_to(user).filter(pk__in=people).values_list("pk", flat=True)) if people else set()
    for row in rows:
        row.tone = TONES[row.state]
        row.asker = asker_of(row)
        row.person_seen = row.person_id in seen
        row.is_unread = row.read_at is None and row.state in Question.SPOKEN_STATES and user.role in services.ASKERS
    return rows


def asker_of(question: Question) -> str:
    if question.payer is not None:
        return question.payer.name
    place = question.unit.full_name if question.unit else ""
    return f"Công an {place[:1].lower()}{place[1:]}" if question.side == Question.Side.POLICE else place


@dataclass(frozen=True)
class Turn:
    message: QuestionMessage
    files: list[QuestionFile]


def turns_of(question: Question, user: User) -> list[Turn]:
    """What was said, the first first, each with the files that the user may open."""
    kept: dict[int, list[QuestionFile]] = {}
    for row in files.visible_files(user, question):
        kept.setdefault(row.message_id, []).append(row)
    messages = question.messages.select_related("by")
    return [Turn(message, kept.get(message.pk, [])) for message in messages]


def may_answer(question: Question, user: User) -> bool:
    return user.role in services.ANSWERERS and question.state != State.DONE


def may_go_on(user: User) -> bool:
    return user.role in services.ASKERS


#: Whoever has questions of their own or answers them.
READERS = (
    Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER, Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER, Role.CHAIRMAN,
    Role.POLICE, Role.PAYER,
)  # fmt: skip
