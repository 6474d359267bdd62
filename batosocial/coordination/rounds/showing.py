"""People of a round and answers about them, as pages show them."""

import json
from dataclasses import dataclass

from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.rounds.checks import said, values_of
from batosocial.coordination.rounds.progress import ANSWER_TONES
from batosocial.lib.dates import PartialDate
from batosocial.web.templatetags.vietnamese import masked
from beneficiaries.models import IdentityAnswer

Answer, Field = IdentityAnswer.Answer, IdentityRound.Field


@dataclass(frozen=True)
class Right:
    """A field that differs: what the register said when it was asked, and what is right."""

    label: str
    asked: str
    right: str


@dataclass(frozen=True)
class Said:
    """An answer as it is read. Numbers are in full only where ``full`` was asked for."""

    answer: IdentityAnswer
    label: str
    tone: str
    rights: list[Right]
    died: str


def read(answer: IdentityAnswer, *, full: bool) -> Said:
    shown = {
        Field.NAME: answer.name,
        Field.BIRTH: _birth(answer),
        Field.SEX: answer.sex,
        Field.CCCD: answer.cccd,
    }
    rights = []
    for field in Field:
        if field.value in answer.differing:
            old, new = str(answer.asked.get(field.value, "")), shown[field]
            if field == Field.CCCD and not full:
                old, new = masked(old) if old else "", masked(new)
            rights.append(Right(str(field.label), said(field, old), said(field, new)))
    died = ""
    if answer.died_month:
        died = f"ngày {answer.died_on:%d/%m/%Y}" if answer.died_on else f"tháng {answer.died_month:%-m/%Y}"
    kind = Answer(answer.answer)
    return Said(answer, str(kind.label), ANSWER_TONES[kind], rights, died)


def _birth(answer: IdentityAnswer) -> str:
    if answer.birth_year is None:
        return ""
    return str(PartialDate(answer.birth_year, answer.birth_month, answer.birth_day))


@dataclass(frozen=True)
class Row:
    """A line of the worklist. ``seen`` is what the page shows, to be sent back with an answer."""

    row: RoundPerson
    said: Said | None
    may_match: bool

    @property
    def seen(self) -> str:
        return seen_text(self.row)


def seen_text(row: RoundPerson) -> str:
    return json.dumps(values_of(row.person), ensure_ascii=False)


def read_seen(text: str) -> dict[str, str] | None:
    """What a page said that it showed; None where that is unreadable."""
    try:
        seen = json.loads(text)
    except ValueError:
        return None
    known = isinstance(seen, dict) and all(isinstance(value, str) for value in seen.values())
    return seen if known else None


def line(row: RoundPerson, asked: IdentityRound, *, full: bool) -> Row:
    needs_number = Field.CCCD in asked.fields and not row.person.cccd
    return Row(row, read(row.answer, full=full) if row.answer else None, row.answer is None and not needs_number)
