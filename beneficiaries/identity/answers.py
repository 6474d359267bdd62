"""What follows from the newest answer of the police about somebody, at every check anew.

An answer confirms the register while each field that was asked about says what is right by the population database,
and each that was not asked about still says what it said then. Else it is a flag: until the register has the right
value, the death is recorded, or a new answer says something else.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from batosocial.lib.dates import PartialDate
from batosocial.lib.text import same_spelling
from beneficiaries.identity.comparison import BirthParts, birth_mismatch
from beneficiaries.models import IdentityAnswer, IdentityIssue, Person

Answer, Rule = IdentityAnswer.Answer, IdentityIssue.Rule

TABLE = """
DROP TABLE IF EXISTS identity_answered;
CREATE TEMPORARY TABLE identity_answered (
    person_id bigint PRIMARY KEY,
    confirmed boolean NOT NULL,
    fields varchar(5)[] NOT NULL,
    rule varchar(14) NOT NULL DEFAULT '',
    lines jsonb NOT NULL DEFAULT '[]'
) ON COMMIT DROP;
"""

_NEWEST = """
FROM identity_scope s
JOIN beneficiaries_person p ON p.id = s.person_id
JOIN beneficiaries_identityanswer a ON a.person_id = p.id AND a.newest
WHERE s.asked
"""
#: The birth date of p as ``PartialDate`` writes it.
_BIRTH = "concat_ws('/', lpad(p.birth_day::text, 2, '0'), lpad(p.birth_month::text, 2, '0'), p.birth_year)"
#: Letter by letter the same: most answers, found without looking at them one by one.
_EXACT = f"""
INSERT INTO identity_answered (person_id, confirmed, fields)
SELECT p.id, true, a.fields
{_NEWEST} AND a.answer IN ('match', 'differs')
  AND CASE WHEN 'name' = ANY(a.fields) THEN a.name ELSE coalesce(a.asked ->> 'name', p.name) END = p.name
  AND CASE WHEN 'birth' = ANY(a.fields)
           THEN (a.birth_year, a.birth_month, a.birth_day)
                IS NOT DISTINCT FROM (p.birth_year, p.birth_month, p.birth_day)
           ELSE coalesce(a.asked ->> 'birth', {_BIRTH}) = {_BIRTH} END
  AND CASE WHEN 'sex' = ANY(a.fields) THEN a.sex ELSE coalesce(a.asked ->> 'sex', p.sex) END = p.sex
  AND CASE WHEN 'cccd' = ANY(a.fields) THEN a.cccd ELSE coalesce(a.asked ->> 'cccd', p.cccd) END = p.cccd
"""
_REST = f"""
SELECT p.id, a.id
{_NEWEST} AND NOT EXISTS (SELECT FROM identity_answered x WHERE x.person_id = p.id)
"""
_ADD = """
INSERT INTO identity_answered (person_id, confirmed, fields, rule, lines)
SELECT person_id, confirmed, fields, rule, lines
FROM jsonb_to_recordset(%(found)s::jsonb)
     AS f (person_id bigint, confirmed boolean, fields varchar(5)[], rule varchar(14), lines jsonb)
"""
#: A number that stands on somebody else, too, nobody can confirm: whose it is has to be found out first.
_CONFIRM = """
WITH held AS (
    SELECT p.id
    FROM identity_answered x JOIN beneficiaries_person p ON p.id = x.person_id
    WHERE x.confirmed AND 'cccd' = ANY(x.fields) AND p.cccd_state = 'claimed'
      AND NOT EXISTS (SELECT FROM beneficiaries_person o WHERE o.cccd = p.cccd AND o.id <> p.id)
    FOR NO KEY UPDATE OF p SKIP LOCKED
)
UPDATE beneficiaries_person p SET cccd_state = 'confirmed' FROM held WHERE held.id = p.id
"""
#: A number that they now deny is confirmed no more.
_DENY = f"""
WITH held AS (
    SELECT p.id
    {_NEWEST} AND p.cccd_state = 'confirmed' AND p.cccd = a.asked ->> 'cccd'
      AND (a.answer IN ('not_found', 'no_cccd') OR 'cccd' = ANY(a.differing))
    FOR NO KEY UPDATE OF p SKIP LOCKED
)
UPDATE beneficiaries_person p SET cccd_state = 'claimed' FROM held WHERE held.id = p.id
"""

#: What of the answers is a flag; side and rank are those of the worklist (``rules``).
FLAGS = """
SELECT x.person_id, 'differing', x.rule, x.rule,
       CASE WHEN x.rule = 'police_differs' AND s.policies LIKE '%%NCC%%' THEN 'office' ELSE 'commune' END,
       CASE x.rule WHEN 'police_dead' THEN 15 WHEN 'police_unknown' THEN 35 WHEN 'police_no_cccd' THEN 45 ELSE 65 END,
       s.policies, jsonb_build_object('lines', x.lines)
FROM identity_scope s JOIN identity_answered x ON x.person_id = s.person_id
WHERE s.asked AND s.counts AND x.rule <> ''
"""
#: Sex, birth and number of p are those of the population database, whatever the digits tell.
DIGITS_CONFIRMED = """EXISTS (
    SELECT FROM identity_answered x
    WHERE x.person_id = p.id AND x.confirmed AND x.fields @> '{sex,birth,cccd}'::varchar[])"""
#: The answer confirms p; where the number was asked about, it could be confirmed, too.
IS_CLEAN = """EXISTS (
    SELECT FROM identity_answered x
    WHERE x.person_id = p.id AND x.confirmed AND (p.cccd_state = 'confirmed' OR NOT 'cccd' = ANY(x.fields)))"""


def gather(execute: Callable[..., None], fetch: Callable[[], list[tuple[int, int]]]) -> None:
    """Fill ``identity_answered`` for the scope of a running check, and confirm numbers or take that back."""
    execute(_EXACT)
    execute(_REST)
    rows = fetch()
    if rows:
        found = IdentityAnswer.objects.select_related("person").in_bulk([pk for _, pk in rows])
        execute(_ADD, found=json.dumps([_outcome(answer) for answer in found.values()]))
    execute(_CONFIRM)
    execute(_DENY)


def _outcome(answer: IdentityAnswer) -> dict[str, Any]:
    lines = lines_of(answer, answer.person)
    compared = answer.answer in (Answer.MATCH, Answer.DIFFERS)
    confirmed = compared and not differing_now(answer, answer.person) and _others_as_asked(answer)
    return {
        "person_id": answer.person_id,
        "confirmed": confirmed,
        "fields": answer.fields,
        "rule": _RULES[Answer(answer.answer)] if lines else "",
        "lines": lines,
    }


_RULES = {
    Answer.MATCH: "",
    Answer.DIFFERS: Rule.POLICE_DIFFERS,
    Answer.NOT_FOUND: Rule.POLICE_UNKNOWN,
    Answer.DEAD: Rule.POLICE_DEAD,
    Answer.NO_CCCD: Rule.POLICE_NO_CCCD,
}


def differing_now(answer: IdentityAnswer, person: Person) -> list[str]:
    """The fields asked about in which the register does not say what is right by the answer; none for answers that
    compare nothing. A register that knows less of a birth date does not differ."""
    if answer.answer not in (Answer.MATCH, Answer.DIFFERS):
        return []
    right = {
        "name": lambda: same_spelling(person.name, answer.name),
        "birth": lambda: not birth_mismatch(_file_birth(person), _right_birth(answer)),
        "sex": lambda: person.sex == answer.sex,
        "cccd": lambda: person.cccd == answer.cccd,
    }
    return [field for field in right if field in answer.fields and not right[field]()]


def lines_of(answer: IdentityAnswer, person: Person) -> list[dict[str, Any]]:
    """What the answer says against the register as it is, as lines of evidence; [] where nothing is left to do.

    What the card's side of the register says already is not said again. Numbers are named by their last digits.
    """
    match answer.answer:
        case Answer.DEAD:
            day = answer.died_on or answer.died_month
            assert day is not None  # noqa: S101 the table demands the month
            parts = [day.year, day.month, day.day if answer.died_on else None]
            return [] if person.died_on else [{"what": "police_dead", "on": parts}]
        case Answer.NOT_FOUND:
            return [{"what": "police_unknown"}]
        case Answer.NO_CCCD:
            # A number entered later is one of a card made since.
            denied = bool(person.cccd) and person.cccd == answer.asked.get("cccd")
            return [{"what": "police_no_cccd"}] if denied else []
        case Answer.DIFFERS:
            differing = [field for field in differing_now(answer, person) if not _card_says(answer, person, field)]
            return [_line(answer, person, field) for field in differing]
    return []


def _card_says(answer: IdentityAnswer, person: Person, field: str) -> bool:
    if field == "name":
        return bool(person.card_name) and same_spelling(person.card_name, answer.name)
    return field == "birth" and _card_birth(person) == _right_birth(answer)


def _line(answer: IdentityAnswer, person: Person, field: str) -> dict[str, Any]:
    file: Any
    right: Any
    match field:
        case "birth":
            file = [person.birth_year, person.birth_month, person.birth_day]
            right = [answer.birth_year, answer.birth_month, answer.birth_day]
        case "cccd":
            file, right = person.cccd[-4:], answer.cccd[-4:]
        case _:
            file, right = getattr(person, field), getattr(answer, field)
    return {"what": f"police_{field}", "file": file, "right": right}


def _others_as_asked(answer: IdentityAnswer) -> bool:
    person = answer.person
    now = {"name": person.name, "birth": person.birth_text, "sex": person.sex, "cccd": person.cccd}
    return all(answer.asked.get(field, text) == text for field, text in now.items() if field not in answer.fields)


def card_side(answer: IdentityAnswer, person: Person) -> dict[str, Any]:
    """The card's columns as they are to be after the answer, those that change: the right name and birth stand there
    until the register has them. A spelling that is there already, and a birth date known better, stay."""
    if answer.answer not in (Answer.MATCH, Answer.DIFFERS):
        return {}
    new: dict[str, Any] = {}
    if "name" in answer.fields and not (person.card_name and same_spelling(person.card_name, answer.name)):
        new["card_name"] = answer.name
    if "birth" in answer.fields:
        parts, card = _right_birth(answer), _card_birth(person)
        if card.year is None or birth_mismatch(card, parts) or _known(parts) > _known(card):
            new |= {"card_birth_year": parts.year, "card_birth_month": parts.month, "card_birth_day": parts.day}
    return {name: value for name, value in new.items() if getattr(person, name) != value}


def _known(parts: BirthParts) -> int:
    return sum(part is not None for part in (parts.year, parts.month, parts.day))


def _file_birth(person: Person) -> BirthParts:
    return BirthParts(person.birth_year, person.birth_month, person.birth_day)


def _card_birth(person: Person) -> BirthParts:
    return BirthParts(person.card_birth_year, person.card_birth_month, person.card_birth_day)


def _right_birth(answer: IdentityAnswer) -> BirthParts:
    return BirthParts(answer.birth_year, answer.birth_month, answer.birth_day)


def partial(parts: Sequence[int | None]) -> PartialDate:
    """Year, month and day of a line of evidence as a date."""
    year, month, day = parts
    return PartialDate(year or 0, month, day)
