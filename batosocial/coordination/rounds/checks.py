"""Whether an answer of the police can be true of the person it is about: nothing is guessed, nothing is dropped."""

import datetime
from collections.abc import Mapping
from typing import Any

from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.rounds.given import Given
from batosocial.lib import months
from batosocial.lib.dates import FIRST_YEAR, PartialDate
from batosocial.lib.national_id import SEX_NAMES, check_cccd
from batosocial.lib.text import clean, same_spelling, strange_signs
from beneficiaries.identity.comparison import BirthParts, birth_mismatch
from beneficiaries.models import IdentityAnswer, Person

Answer, Field = IdentityAnswer.Answer, IdentityRound.Field

_LONGEST_NAME, _LONGEST_NOTE = 150, 300


def values_of(person: Person) -> dict[str, str]:
    """What is asked about a person as the register has it, by field; sex as "M" or "F"."""
    return {"name": person.name, "birth": person.birth_text, "sex": person.sex, "cccd": person.cccd}


def said(field: str, text: str) -> str:
    """A value of ``values_of`` as people read it."""
    return SEX_NAMES.get(text, text) if field == Field.SEX else text or "(trống)"


def check_given(row: RoundPerson, given: Given, *, today: datetime.date) -> dict[str, str]:
    """What is wrong with an answer, by field (answer, name, birth, sex, cccd, died_on, note), each with what to do.

    ``row`` has its person and round as they are now. Nothing is read from the database.
    """
    if given.answer not in Answer.values:
        return {"answer": "Hãy chọn một trả lời."}
    errors = _check_seen(row.person, given.seen) or _check_right(row, given, today)
    errors |= _check_death(row.person, given, today)
    if len(clean(given.note)) > _LONGEST_NOTE:
        errors["note"] = f"Ghi chú dài quá {_LONGEST_NOTE} ký tự; hãy viết ngắn lại."
    return errors


def _check_seen(person: Person, seen: Mapping[str, str] | None) -> dict[str, str]:
    now = values_of(person)
    changed = [field for field, text in (seen or {}).items() if field in now and text != now[field]]
    if not changed:
        return {}
    what = "; ".join(
        f"{Field(name).label}: {said(name, str((seen or {})[name]))} → {said(name, now[name])}" for name in changed
    )
    return {"answer": f"Hồ sơ đã được sửa sau khi anh/chị xem ({what}). Hãy đối chiếu lại rồi trả lời."}


def _check_right(row: RoundPerson, given: Given, today: datetime.date) -> dict[str, str]:
    right = {field: value for field, value in given.right.items() if value not in (None, "")}
    answer, asked = given.answer, row.round.fields
    if answer not in (Answer.MATCH, Answer.DIFFERS):
        message = f"Chỉ ghi giá trị đúng khi trả lời “{Answer.DIFFERS.label}”. Hãy xóa ô này hoặc đổi trả lời."
        return dict.fromkeys(right, message)
    errors = {field: "Đợt này không hỏi thông tin này. Hãy xóa ô này." for field in right if field not in asked} | {
        field: message for field in right if field in asked and (message := _faulty(field, right[field], today))
    }
    if errors:
        return errors
    differing = differing_of(row.person, right)
    if answer == Answer.MATCH:
        if Field.CCCD in asked and not row.person.cccd and Field.CCCD not in right:
            return {
                "answer": f"Hồ sơ chưa có số CCCD nên không thể “{Answer.MATCH.label}”. "
                f"Hãy chọn “{Answer.DIFFERS.label}” và ghi số CCCD, hoặc chọn “{Answer.NO_CCCD.label}”."
            }
        message = f"Khác hồ sơ, mà trả lời là “{Answer.MATCH.label}”. Hãy chọn “{Answer.DIFFERS.label}” hoặc xóa ô này."
        return dict.fromkeys(differing, message)
    if not differing:
        if right:
            return {
                "answer": f"Các giá trị đã ghi không trái hồ sơ. Hãy chọn “{Answer.MATCH.label}”, hoặc ghi chỗ khác."
            }
        return {"answer": "Hãy ghi giá trị đúng của ít nhất một thông tin khác hồ sơ."}
    return {}


def _faulty(field: str, value: Any, today: datetime.date) -> str:
    """What is wrong with a right value by itself; "" for a good one."""
    match field:
        case Field.NAME:
            return _faulty_name(clean(str(value)))
        case Field.BIRTH:
            if not isinstance(value, PartialDate):
                return "Hãy ghi ngày sinh: 1942, 05/1942 hoặc 12/05/1942."
            if value.year < FIRST_YEAR or value.earliest > today:
                return f"Ngày sinh {value} không thể có; hãy kiểm tra lại."
        case Field.SEX:
            return "" if value in Person.Sex.values else "Hãy chọn Nam hoặc Nữ."
        case Field.CCCD:
            number = check_cccd(str(value)).number
            return "" if number and number == value else "Số CCCD phải có đúng 12 chữ số."
    return ""


def _faulty_name(name: str) -> str:
    if signs := strange_signs(name):
        return f"Họ tên có ký tự lạ: {signs}. Hãy gõ lại bằng chữ cái tiếng Việt."
    if len(name) > _LONGEST_NAME:
        return f"Họ tên dài quá {_LONGEST_NAME} ký tự."
    return "" if any(char.isalpha() for char in name) else "Hãy ghi đủ họ và tên."


def differing_of(person: Person, right: Mapping[str, Any]) -> list[str]:
    """Of right values that are good by themselves, those that the register contradicts, in the order of the fields.

    Spelling is compared as names are (case and the place of tones do not count); a register that knows less of a
    birth date, or more, does not contradict.
    """
    birth = BirthParts(person.birth_year, person.birth_month, person.birth_day)
    same = {
        Field.NAME: lambda value: same_spelling(person.name, clean(str(value))),
        Field.BIRTH: lambda value: not birth_mismatch(birth, BirthParts(value.year, value.month, value.day)),
        Field.SEX: lambda value: person.sex == value,
        Field.CCCD: lambda value: person.cccd == value,
    }
    return [field.value for field in Field if field in right and not same[field](right[field])]


def _check_death(person: Person, given: Given, today: datetime.date) -> dict[str, str]:
    month, day = given.died_month, given.died_on
    if given.answer != Answer.DEAD:
        message = f"Có ngày chết mà trả lời không phải “{Answer.DEAD.label}”. Hãy xóa ô này hoặc đổi trả lời."
        return {"died_on": message} if month or day else {}
    if month is None:
        return {"died_on": "Hãy ghi chết ngày nào (12/05/2024), chưa rõ ngày thì ghi tháng (5/2024)."}
    if month != months.first(month) or (day and months.first(day) != month):
        return {"died_on": "Ngày chết và tháng chết không khớp nhau; hãy ghi lại."}
    if (day or month) > today:
        return {"died_on": f"Ngày chết ở sau hôm nay ({today:%d/%m/%Y}); hãy kiểm tra lại."}
    # The day before which they cannot have died, as far as it is known.
    if (day or months.add(month, 1) - datetime.timedelta(days=1)) < person.birth.earliest:
        return {"died_on": f"Ngày chết ở trước ngày sinh ({person.birth_text}); hãy kiểm tra lại."}
    return {}
