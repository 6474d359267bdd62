"""Answers of the police about people of an open round, and what the register takes from them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.audit.models import Entry
from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.rounds import hooks
from batosocial.coordination.rounds.checks import check_given, differing_of, values_of
from batosocial.coordination.rounds.given import Given
from batosocial.lib import clock
from batosocial.lib.dates import PartialDate
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from beneficiaries.identity.answers import card_side
from beneficiaries.identity.services import check_people
from beneficiaries.models import IdentityAnswer, Person

__all__ = ["ANSWERERS", "AnswersRefused", "RoundClosed", "answer_rows", "check_given", "values_of"]

Answer, Field = IdentityAnswer.Answer, IdentityRound.Field

#: Who looks people up in the population database; a file may come by the command line.
ANSWERERS = frozenset({Role.POLICE, Role.SYSTEM})

ANSWERED = "Công an trả lời xác minh"
#: What an answer may change of a person, with the key that follows from it.
_CARD_SIDE = ("card_name", "card_birth_year", "card_birth_month", "card_birth_day", "search_key")
_WRITE_CARDS = f"""
UPDATE beneficiaries_person p
SET {", ".join(f"{name} = n.{name}" for name in _CARD_SIDE)}, version = p.version + 1, updated_at = now.now
FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::int[], %s::int[], %s::text[]) AS n (id, {", ".join(_CARD_SIDE)}),
     (VALUES (%s)) AS now (now)
WHERE p.id = n.id
"""
_ANSWER = """
UPDATE coordination_roundperson r SET answer_id = n.answer_id
FROM unnest(%s::bigint[], %s::bigint[]) AS n (id, answer_id)
WHERE r.id = n.id
"""


class RoundClosed(ValueError):
    """The round takes no answers any more; the message says what to do."""


class AnswersRefused(ValueError):
    """Some of the answers cannot be taken, so none was: ``errors`` by row and field, in Vietnamese."""

    def __init__(self, errors: Mapping[int, Mapping[str, str]]) -> None:
        super().__init__("; ".join(message for fields in errors.values() for message in fields.values()))
        self.errors = {row: dict(fields) for row, fields in errors.items()}


@transaction.atomic
def answer_rows(
    *, actor: User, round_id: int, given: Sequence[Given], source: str = "", job_id: int | None = None
) -> list[RoundPerson]:
    """Store answers about people of an open round, all or none; a fixed number of statements, however many there are.

    Of each person the newest answer counts; earlier ones stay. A right name or birth date goes to the card's side of
    the register, and the register is checked again: what follows of it is in ``identity.answers``. Whoever says the
    same thing about the same row again changes nothing. ``source`` names a file. Returns the rows that were answered
    anew, with person and answer as they are afterwards.

    PermissionDenied without the role; IdentityRound.DoesNotExist or RoundPerson.DoesNotExist out of scope;
    RoundClosed; AnswersRefused with what is wrong by row and field.
    """
    if actor.role not in ANSWERERS or not actor.is_active:
        raise PermissionDenied
    visible = IdentityRound.objects.visible_to(actor).filter(pk=round_id)
    round_ = IdentityRound.objects.select_for_update(no_key=True).get(pk__in=visible.values("pk"))
    if round_.state != IdentityRound.State.OPEN:
        raise RoundClosed("Đợt này đã kết thúc nên không nhận trả lời nữa. Hãy báo Phòng LĐ-TB&XH nếu cần sửa.")
    rows = _locked(actor, round_, [one.row_id for one in given])
    fresh = _fresh(rows, given, actor)
    if not fresh:
        return []
    answers = [_answer(rows[one.row_id], one, actor) for one in fresh]
    _store(rows, fresh, answers)
    _record(rows, fresh, answers, actor, _write_cards(answers), source, job_id)
    check_people([answer.person_id for answer in answers])
    stored = RoundPerson.objects.filter(pk__in=[one.row_id for one in fresh]).order_by("pk")
    answered = list(stored.select_related("person__commune", "answer", "round"))
    hooks.answered(rows=answered, actor=actor)
    return answered


def _locked(actor: User, round_: IdentityRound, ids: Sequence[int]) -> dict[int, RoundPerson]:
    """The rows with their people, who are locked: nobody edits them between the check and the answer."""
    wanted = set(ids)
    if len(wanted) != len(ids):
        raise ValueError("answer_rows: the same row twice")
    visible = RoundPerson.objects.visible_to(actor).filter(round=round_, pk__in=wanted).order_by("pk")
    rows = {row.pk: row for row in visible.select_for_update(no_key=True, of=("self",)).select_related("answer")}
    if rows.keys() != wanted:
        raise RoundPerson.DoesNotExist
    keys = [row.person_id for row in rows.values()]
    locked = Person.objects.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True)
    people = {person.pk: person for person in locked}
    names = User.objects.in_bulk({row.answer.answered_by_id for row in rows.values() if row.answer})
    for row in rows.values():
        row.person, row.round = people[row.person_id], round_
        if row.answer:
            row.answer.answered_by = names[row.answer.answered_by_id]
    return rows


def _fresh(rows: Mapping[int, RoundPerson], given: Sequence[Given], actor: User) -> list[Given]:
    """The answers that are news. AnswersRefused where one cannot be taken."""
    today = clock.today()
    errors, fresh = {}, []
    for one in given:
        row = rows[one.row_id]
        faulty = check_given(row, one, today=today)
        if not faulty and _says_the_same(row, one, actor):
            continue
        if faulty := _taken(row, one) or faulty:
            errors[one.row_id] = faulty
        fresh.append(one)
    if errors:
        raise AnswersRefused(errors)
    return fresh


def _taken(row: RoundPerson, given: Given) -> dict[str, str]:
    """Somebody else, or the same user in another tab, was faster."""
    if row.answer_id == given.corrects:
        return {}
    if row.answer is None:
        return {"answer": "Trả lời này đã được sửa ở nơi khác. Hãy tải lại trang."}
    at = timezone.localtime(row.answer.answered_at)
    who = f"{row.answer.answered_by} đã trả lời “{row.answer.get_answer_display()}” lúc {at:%H:%M %d/%m/%Y}"
    return {"answer": f"{who}. Hãy xem trả lời đó; nếu chưa đúng thì mở lại và sửa."}


def _says_the_same(row: RoundPerson, given: Given, actor: User) -> bool:
    """Whether this is what the actor has answered already: the second of two clicks."""
    old = row.answer
    if old is None or old.answered_by_id != actor.pk or given.answer != old.answer:
        return False
    new = _answer(row, given, actor)
    told = (
        "differing",
        "name",
        "birth_year",
        "birth_month",
        "birth_day",
        "sex",
        "cccd",
        "died_month",
        "died_on",
        "note",
    )
    return all(getattr(old, name) == getattr(new, name) for name in told)


def _answer(row: RoundPerson, given: Given, actor: User) -> IdentityAnswer:
    person, fields = row.person, [field for field in Field.values if field in row.round.fields]
    answer = IdentityAnswer(
        person=person,
        answer=given.answer,
        fields=list(fields),
        asked=values_of(person),
        died_month=given.died_month,
        died_on=given.died_on,
        note=clean(given.note),
        answered_by=actor,
        answered_at=timezone.now(),
    )
    if given.answer in (Answer.MATCH, Answer.DIFFERS):
        right = {field: value for field, value in given.right.items() if value not in (None, "")}
        _set_right(answer, person, fields, right)
    return answer


def _set_right(answer: IdentityAnswer, person: Person, fields: Sequence[str], right: Mapping[str, Any]) -> None:
    differing = differing_of(person, right)
    answer.differing = differing if answer.answer == Answer.DIFFERS else []
    if Field.NAME in fields:
        answer.name = in_ordinary_case(clean(str(right["name"]))) if "name" in differing else person.name
    if Field.BIRTH in fields:
        birth = person.birth
        if isinstance(told := right.get("birth"), PartialDate) and ("birth" in differing or knows_more(told, birth)):
            birth = told
        answer.birth_year, answer.birth_month, answer.birth_day = birth.year, birth.month, birth.day
    if Field.SEX in fields:
        answer.sex = str(right.get("sex") or person.sex)
    if Field.CCCD in fields:
        answer.cccd = str(right.get("cccd") or person.cccd)
        if not answer.cccd:
            # Nobody has said a number, so that none is confirmed when one is entered later.
            answer.fields.remove(Field.CCCD)


def knows_more(one: PartialDate, other: PartialDate) -> bool:
    return sum(part is None for part in (one.month, one.day)) < sum(part is None for part in (other.month, other.day))


def in_ordinary_case(name: str) -> str:
    """A name written in capitals, as cards print it, as the register writes names; others as they are."""
    if not name.isupper():
        return name
    return "".join(
        char if place == 0 or not (name[place - 1].isalpha() or name[place - 1] in "'’") else char.lower()
        for place, char in enumerate(name)
    )


def _store(rows: Mapping[int, RoundPerson], given: Sequence[Given], answers: Sequence[IdentityAnswer]) -> None:
    earlier = IdentityAnswer.objects.filter(person__in=[answer.person_id for answer in answers], newest=True)
    earlier.update(newest=False)
    IdentityAnswer.objects.bulk_create(answers)
    pairs = [(one.row_id, answer.pk) for one, answer in zip(given, answers, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_ANSWER, [list(column) for column in zip(*pairs, strict=True)])


def _write_cards(answers: Sequence[IdentityAnswer]) -> dict[int, dict[str, tuple[Any, Any]]]:
    """Put right names and births on the card's side; returns by person what changed, as texts."""
    changes: dict[int, dict[str, tuple[Any, Any]]] = {}
    people = []
    for answer in answers:
        person = answer.person
        new = card_side(answer, person)
        if not new:
            continue
        before = (person.card_name, person.card_birth_text)
        for name, value in new.items():
            setattr(person, name, value)
        person.set_keys()
        people.append(person)
        pairs = zip(("card_name", "card_birth"), before, (person.card_name, person.card_birth_text), strict=True)
        changes[person.pk] = {name: (old, text) for name, old, text in pairs if old != text}
    columns = [[getattr(person, name) for person in people] for name in ("pk", *_CARD_SIDE)]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_CARDS, [*columns, timezone.now()])
    return changes


def _record(
    rows: Mapping[int, RoundPerson],
    given: Sequence[Given],
    answers: Sequence[IdentityAnswer],
    actor: User,
    changes: Mapping[int, dict[str, tuple[Any, Any]]],
    source: str,
    job_id: int | None,
) -> None:
    """One entry for each person, with what the register took over."""
    entries = []
    for one, answer in zip(given, answers, strict=True):
        details = {
            "round": rows[one.row_id].round_id,
            "answer": answer.pk,
            "reason": f"{answer.get_answer_display()}{f' ({answer.note})' if answer.note else ''}",
        }
        if one.corrects:
            details["corrects"] = one.corrects
        if source:
            details["source"] = source
        entries.append(
            audit.prepare(
                actor=actor,
                action=ANSWERED,
                row=answer.person,
                changes=changes.get(answer.person_id),
                details=details,
                job_id=job_id,
            )
        )
    Entry.objects.bulk_create(entries)


def match_rows(*, actor: User, round_id: int, given: Sequence[Given]) -> tuple[list[RoundPerson], dict[int, str]]:
    """Take those of several quick answers that can be taken, and say of the others why not, by row.

    Errors as in ``answer_rows``, but for AnswersRefused.
    """
    try:
        return answer_rows(actor=actor, round_id=round_id, given=given), {}
    except AnswersRefused as refused:
        faults = {row: " ".join(fields.values()) for row, fields in refused.errors.items()}
    good = [one for one in given if one.row_id not in faults]
    answered, more = match_rows(actor=actor, round_id=round_id, given=good) if good else ([], {})
    return answered, faults | more
