"""From a workbook's bytes to its preview: every row read, its person found within scope, its answer compared."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from batosocial.coordination.models import AnswerFileRow, IdentityRound, RoundPerson
from batosocial.coordination.rounds import answering
from batosocial.coordination.rounds.files.columns import COLUMNS, HEADINGS, RIGHT
from batosocial.coordination.rounds.files.values import AnswerReader, AnswerValues, death_text
from batosocial.coordination.rounds.given import Given
from batosocial.lib import clock
from batosocial.lib.dates import PartialDate
from batosocial.lib.national_id import SEX_NAMES
from batosocial.lib.text import same_spelling
from batosocial.staff.models import User
from beneficiaries.imports.base import Progress
from beneficiaries.imports.checked import CheckedRow
from beneficiaries.imports.reading import CommuneList, read_list, settle
from beneficiaries.imports.survey import open_sheets, survey
from beneficiaries.models import IdentityAnswer

Outcome = AnswerFileRow.Outcome
Answer = IdentityAnswer.Answer
#: Progress is told after this many rows.
_STEP = 200
_COLUMN_OF = {**RIGHT, "answer": "answer", "died_on": "died", "note": "note"}
_EDITED = "Hồ sơ đã sửa sau khi xuất tệp, hãy xác minh lại theo thông tin mới."
_NOBODY = "Không có người này trong phần việc của anh/chị ở đợt này; hãy kiểm tra mã dòng, số CCCD."


@dataclass(slots=True)
class Preview:
    """A checked file; what a row would write is its ``plan``, a ``Given``; whom it is about, its ``asked``."""

    rows: list[CheckedRow]
    asked: dict[int, RoundPerson]

    @property
    def counts(self) -> Counter[str]:
        """Rows by outcome, and ``warning``: rows whose worst message is one."""
        counts = Counter(str(row.outcome) for row in self.rows)
        counts["warning"] = sum(row.outcome != Outcome.ERROR and row.has_warning for row in self.rows)
        return counts

    def asked_of(self, row: CheckedRow) -> RoundPerson | None:
        return self.asked.get(id(row))

    @property
    def given(self) -> list[Given]:
        """What accepting it writes."""
        return [row.plan for row in self.rows if row.outcome in (Outcome.NEW, Outcome.CHANGED)]


def read_answers(
    content: bytes, filename: str, *, sheets: Collection[str] = (), tcvn3: bool | None = None
) -> CommuneList:
    """The rows of every visible sheet with a table, or of the named ones. Raises ListRefused."""
    opened = open_sheets(content, filename)
    reading = settle(survey(opened, COLUMNS), COLUMNS, sheets=sheets, tcvn3=tcvn3)
    return read_list(opened, COLUMNS, reading)


def rounds_named(read: CommuneList) -> set[int]:
    """Ids of the rounds that the codes of a file name."""
    today = clock.today()
    codes = (AnswerReader(source, today)._code() for source in read.rows)
    return {code[0] for code in codes if code}


def check_answers(
    read: CommuneList, *, round_: IdentityRound, actor: User, progress: Progress | None = None
) -> Preview:
    """Check every row against the round and the register as they are now. A fixed number of queries.

    Of people out of the actor's scope nothing is read, so that nothing can be told of them.
    """
    tell = progress or (lambda done, total, step: None)
    today, total = clock.today(), len(read.rows)
    rows: list[CheckedRow] = []
    for done, source in enumerate(read.rows):
        if done % _STEP == 0:
            tell(done, total, "Kiểm tra từng dòng")
        reader = AnswerReader(source, today)
        values = reader.read()
        rows.append(CheckedRow(source, values, reader.messages))
    preview = Preview(rows, {})
    _match(preview, round_, actor)
    _refuse_repeats(preview)
    for row in rows:
        _judge(row, preview.asked_of(row), round_, today)
    tell(total, total, "So với đợt xác minh")
    return preview


# --- who -----------------------------------------------------------------------------------------------------------


def _match(preview: Preview, round_: IdentityRound, actor: User) -> None:
    """By the row's code, else by the register's number where just one of the round has it. One query."""
    codes = {row.values.code[1] for row in preview.rows if row.values.code and row.values.code[0] == round_.pk}
    numbers = {row.values.cccd for row in preview.rows if not row.values.code and row.values.cccd}
    in_scope = RoundPerson.objects.visible_to(actor).filter(round=round_).select_related("person", "answer")
    by_code: dict[int, RoundPerson] = {}
    by_number: dict[str, list[RoundPerson]] = defaultdict(list)
    if codes or numbers:
        for asked in in_scope.filter(pk__in=codes) | in_scope.filter(person__cccd__in=numbers):
            asked.round = round_
            by_code[asked.pk] = asked
            if asked.person.cccd:
                by_number[asked.person.cccd].append(asked)
    for row in preview.rows:
        found = _find(row, round_, by_code, by_number)
        if found is not None:
            preview.asked[id(row)] = found


def _find(
    row: CheckedRow,
    round_: IdentityRound,
    by_code: dict[int, RoundPerson],
    by_number: dict[str, list[RoundPerson]],
) -> RoundPerson | None:
    values: AnswerValues = row.values
    if not values.answer or (row.source.get("code") != "" and values.code is None):
        return by_code.get(values.code[1]) if values.code and values.code[0] == round_.pk else None
    if values.code:
        number, pk = values.code
        if number != round_.pk:
            row.say("error", "code", f"Mã dòng này là của đợt số {number}, không phải đợt “{round_.name}”.")
            return None
        if pk not in by_code:
            row.say("error", "code", _NOBODY)
        return by_code.get(pk)
    if not values.cccd:
        if not any(message.column for message in row.messages if message.severity == "error"):
            row.say("error", "code", "Không rõ là ai: hãy ghi mã dòng, hoặc số CCCD như trong tệp đã tải.")
        return None
    found = by_number.get(values.cccd, [])
    if len(found) != 1:
        row.say("error", "cccd", "Có hơn một người mang số này; hãy ghi mã dòng." if found else _NOBODY)
        return None
    return found[0]


def _refuse_repeats(preview: Preview) -> None:
    """Somebody answered about twice in one file: which one counts, is not for us to say."""
    answered: dict[int, list[CheckedRow]] = defaultdict(list)
    for row in preview.rows:
        if (asked := preview.asked_of(row)) is not None and row.values.answer:
            answered[asked.pk].append(row)
    for rows in answered.values():
        for row in rows if len(rows) > 1 else ():
            others = ", ".join(_place(other, row) for other in rows if other is not row)
            row.say("error", "code", f"Người này còn được trả lời ở {others}; hãy chỉ để lại một dòng.")


def _place(other: CheckedRow, row: CheckedRow) -> str:
    return f"dòng {other.row}" if other.sheet == row.sheet else f"trang “{other.sheet}” dòng {other.row}"


# --- what ----------------------------------------------------------------------------------------------------------


def _judge(row: CheckedRow, asked: RoundPerson | None, round_: IdentityRound, today: datetime.date) -> None:
    values: AnswerValues = row.values
    if row.has_error:
        row.outcome = Outcome.ERROR
        return
    if not values.answer:
        row.outcome = Outcome.WAITING
        return
    assert asked is not None  # noqa: S101
    if asked.answer is not None and _says_the_same(values, asked.answer, asked):
        row.outcome = Outcome.UNCHANGED
        return
    if edited := _edited(values, asked):
        for name in edited:
            row.say("error", name, f"{HEADINGS[name]} trong tệp khác hồ sơ hiện nay. {_EDITED}")
        row.outcome = Outcome.ERROR
        return
    given = _given(values, asked)
    problems = answering.check_given(asked, given, today=today)
    for name, text in problems.items():
        row.say("error", _COLUMN_OF.get(name, "answer"), text)
    if round_.state != IdentityRound.State.OPEN:
        row.say("error", "answer", "Đợt xác minh đã kết thúc, không trả lời thêm được.")
    if row.has_error:
        row.outcome = Outcome.ERROR
        return
    row.plan = given
    row.outcome = Outcome.CHANGED if asked.answer is not None else Outcome.NEW
    if asked.answer is not None:
        row.changes = _changes(values, asked.answer)


def _edited(values: AnswerValues, asked: RoundPerson) -> list[str]:
    """Fields of which the file has something else than the register."""
    person = asked.person
    same = {
        "name": same_spelling(values.name, person.name),
        "birth": values.birth == person.birth,
        "sex": values.sex == person.sex,
        "cccd": values.cccd == person.cccd,
    }
    return [name for name in RIGHT if name in values.columns and not same[name]]


def _given(values: AnswerValues, asked: RoundPerson) -> Given:
    """``seen`` is what the file has, by now known to be the register's; a row that says otherwise than the answer
    before corrects it."""
    held = answering.values_of(asked.person)
    return Given(
        row_id=asked.pk,
        answer=values.answer,
        right=values.right,
        died_month=values.died_month,
        died_on=values.died_on,
        note=values.note,
        seen={name: text for name, text in held.items() if name in values.columns},
        corrects=asked.answer_id,
    )


def _says_the_same(values: AnswerValues, answer: IdentityAnswer, asked: RoundPerson) -> bool:
    """Whether the row only repeats what was answered, about the register as it was then or is now."""
    if (values.answer, values.note) != (answer.answer, answer.note):
        return False
    if (values.died_month, values.died_on) != (answer.died_month, answer.died_on):
        return False
    if not set(answer.differing) <= set(values.right):
        return False
    before = _right_of(answer)
    for name, value in values.right.items():
        # A right value that was the register's anyway was not stored as one that differs.
        known = before[name] if name in answer.differing else answer.asked.get(name, "")
        if not same_spelling(str(value), str(known)):
            return False
    return _file_had(values, answer) or not _edited(values, asked)


def _file_had(values: AnswerValues, answer: IdentityAnswer) -> bool:
    """Whether the file has the register as it was when the answer was given."""
    have = {"name": values.name, "birth": str(values.birth or ""), "sex": values.sex, "cccd": values.cccd}
    return all(same_spelling(have[name], answer.asked[name]) for name in values.columns if name in answer.asked)


def _right_of(answer: IdentityAnswer) -> dict[str, Any]:
    birth = (
        PartialDate(answer.birth_year, answer.birth_month, answer.birth_day) if answer.birth_year is not None else None
    )
    return {"name": answer.name, "birth": birth, "sex": answer.sex, "cccd": answer.cccd}


def _changes(values: AnswerValues, answer: IdentityAnswer) -> dict[str, list[str]]:
    """{label: [old, new]} of what the row says otherwise than the answer before."""
    before = {name: str(value) for name, value in _right_of(answer).items() if name in answer.differing}
    pairs: Iterable[tuple[str, str, str]] = [
        ("answer", str(answer.get_answer_display()), str(Answer(values.answer).label)),
        *((RIGHT[name], before.get(name, ""), str(values.right.get(name, ""))) for name in RIGHT),
        ("died", death_text(answer.died_month, answer.died_on), death_text(values.died_month, values.died_on)),
        ("note", answer.note, values.note),
    ]
    return {HEADINGS[name]: [_shown(name, old), _shown(name, new)] for name, old, new in pairs if old != new}


def _shown(name: str, text: str) -> str:
    return SEX_NAMES.get(text, text) if name == "right_sex" else text
