"""One row of a file of answers: its cells as values, with everything that is wrong with them. Nothing is guessed."""

import datetime
from dataclasses import dataclass, field
from typing import Any

from batosocial.coordination.rounds.died import NoMonth, read_death
from batosocial.coordination.rounds.files.codes import parse_code
from batosocial.coordination.rounds.files.columns import FILLED, HEADINGS, RIGHT
from batosocial.lib.dates import PartialDate, parse_partial
from batosocial.lib.national_id import check_cccd, normalize
from batosocial.lib.text import fold
from batosocial.lib.workbooks import Cell, CellError
from beneficiaries.imports.cells import LONGEST, CellReader
from beneficiaries.imports.messages import shown
from beneficiaries.models import IdentityAnswer, Person

Answer = IdentityAnswer.Answer
_SEXES = {"nam": Person.Sex.MALE, "nu": Person.Sex.FEMALE, "m": Person.Sex.MALE, "f": Person.Sex.FEMALE}
#: Folded words for each answer; anything else is asked about.
_ANSWERS = {
    Answer.MATCH: ("khop", "khop dung", "dung", "khop thong tin", "trung khop"),
    Answer.DIFFERS: ("khac", "sai lech", "khong khop", "sai", "khac thong tin", "sai lech thong tin"),
    Answer.NOT_FOUND: ("khong tim thay", "khong co trong csdl", "khong co du lieu", "khong co trong co so du lieu"),
    Answer.DEAD: ("da chet", "chet", "da mat", "tu tran", "da tu tran"),
    Answer.NO_CCCD: ("chua co cccd", "chua lam cccd", "chua duoc cap cccd", "chua cap cccd", "chua co can cuoc"),
}
_BY_WORD = {word: answer for answer, words in _ANSWERS.items() for word in words}
_CHOICES = ", ".join(str(label) for label in Answer.labels)
_LOST_ZERO = "Số “{}” mất số 0 ở đầu: hãy để ô dạng chữ (Text) và ghi đủ 12 chữ số."


def death_text(month: datetime.date | None, day: datetime.date | None) -> str:
    """ "15/05/2024", "05/2024" or ""."""
    return f"{day:%d/%m/%Y}" if day else f"{month:%m/%Y}" if month else ""


@dataclass(slots=True)
class AnswerValues:
    """What a row says. ``birth``, ``sex`` and ``cccd`` are the register's as the file has them; None or "" where the
    file has no such column or its cell is blank."""

    code: tuple[int, int] | None = None
    name: str = ""
    birth: PartialDate | None = None
    sex: str = ""
    cccd: str = ""
    answer: str = ""
    #: {field: value}, as in ``Given.right``.
    right: dict[str, Any] = field(default_factory=dict)
    died_month: datetime.date | None = None
    died_on: datetime.date | None = None
    note: str = ""
    #: The columns of the register's values that the file has.
    columns: frozenset[str] = frozenset()

    def stored(self) -> dict[str, Any]:
        """As kept with the preview: texts by field."""
        return {
            "birth": str(self.birth or ""),
            "sex": self.sex,
            "cccd": self.cccd,
            "right": {name: str(value) for name, value in self.right.items()},
            "died": death_text(self.died_month, self.died_on),
            "note": self.note,
        }


class AnswerReader(CellReader):
    """Reads one row; a row without an answer is read no further than for what stands there without one."""

    def read(self) -> AnswerValues:
        self._refuse_broken()
        values = AnswerValues(columns=self._columns())
        values.name = self.text("name", LONGEST["name"])
        values.code = self._code()
        values.answer = self._answer()
        if not values.answer and not self.bad & set(FILLED):
            self._nothing_without_answer()
            return values
        self._register_side(values)
        self._right(values)
        self._death(values)
        values.note = self.text("note", LONGEST["note"])
        self._fits(values)
        return values

    def _refuse_broken(self) -> None:
        """What a formula left behind, in any column; a row that nobody answered may have it anywhere else."""
        answered = self.source.get("answer") != ""
        for name in list(self.source.layout.columns):
            if name in ("ignored", "ordinal", "hamlet", "commune"):
                continue
            cell = self.source.get(name)
            broken = isinstance(cell, CellError) or (isinstance(cell, str) and cell.startswith("="))
            if broken and (answered or name in FILLED or name == "code"):
                self.say("error", name, f"Ô chứa công thức hoặc báo lỗi “{shown(cell)}”; hãy ghi giá trị vào ô.")

    def _columns(self) -> frozenset[str]:
        """Of "name", "birth", "sex", "cccd": what the file has, the two columns of a divided birth date for two."""
        have = set(self.source.layout.columns)
        found = have & set(RIGHT)
        if {"male", "female"} <= have:
            found |= {"birth", "sex"}
        if "birth_year" in have:
            found |= {"birth"}
        return frozenset(found)

    # --- who -------------------------------------------------------------------------------------------------------

    def _code(self) -> tuple[int, int] | None:
        written = str(self.cell("code"))
        if not written:
            return None
        code = parse_code(written)
        if code is None:
            self.say("error", "code", f"Mã dòng “{shown(written)}” không đúng; hãy chép lại mã trong tệp đã tải.")
        return code

    def _register_side(self, values: AnswerValues) -> None:
        """What the file has of the register, read without complaint of what the register itself may lack."""
        cell = self._birth_cell(values)
        if cell != "":
            try:
                values.birth, _ = parse_partial(cell, today=self.today)
            except ValueError as error:
                self.say("error", "birth", str(error))
        written = str(self.cell("sex"))
        if written and not values.sex:
            values.sex = _SEXES.get(fold(written), "")
            if not values.sex:
                self.say("error", "sex", f"Không đọc được giới tính “{shown(written)}”; hãy ghi Nam hoặc Nữ.")
        cell = self.cell("cccd")
        if cell != "" and any(char.isdigit() for char in str(cell)):
            values.cccd = self._number("cccd", cell)

    def _birth_cell(self, values: AnswerValues) -> Any:
        columns = self.source.layout.columns
        if "male" in columns and "female" in columns:
            filled = [name for name in ("male", "female") if self.cell(name) != ""]
            if len(filled) == 1:
                values.sex = Person.Sex.MALE if filled == ["male"] else Person.Sex.FEMALE
                return self.cell(filled[0])
            return ""
        if "birth" not in columns and "birth_year" in columns and self.cell("birth_year") != "":
            parts = [str(self.cell(part)) or "0" for part in ("birth_day", "birth_month")]
            year = self.cell("birth_year")
            return "/".join([*parts, str(year)]) if any(part != "0" for part in parts) else year
        return self.cell("birth")

    def _number(self, name: str, cell: Cell) -> str:
        """12 digits. A number that lost its zero in front is an error, not repaired: it may be another one."""
        written = cell if isinstance(cell, str | int) and not isinstance(cell, bool) else str(cell)
        check = check_cccd(written)
        if check.repaired or (isinstance(cell, int | float) and len(normalize(str(written))) < 12):
            self.say("error", name, _LOST_ZERO.format(shown(cell)))
            return ""
        for problem in check.problems:
            if problem.severity == "error":
                self.say("error", name, problem.message_vi)
        return check.number

    # --- what ------------------------------------------------------------------------------------------------------

    def _answer(self) -> str:
        written = str(self.cell("answer"))
        if not written:
            return ""
        answer = _BY_WORD.get(fold(written).rstrip(" .;,"))
        if answer is None:
            self.say("error", "answer", f"Không hiểu kết quả “{shown(written)}”; hãy ghi một trong: {_CHOICES}.")
        return answer or ""

    def _nothing_without_answer(self) -> None:
        for name in (*RIGHT.values(), "died"):
            if (cell := self.cell(name)) != "":
                self.say(
                    "error",
                    "answer",
                    f"Có ghi ở cột {HEADINGS[name]} “{shown(cell)}” mà chưa chọn kết quả; hãy chọn kết quả.",
                )
                return
        if self.cell("note") != "":
            self.say("warning", "note", "Chỉ có ghi chú, chưa có kết quả: dòng này coi như chưa trả lời.")

    def _right(self, values: AnswerValues) -> None:
        if name := self.text("right_name", LONGEST["name"]):
            values.right["name"] = name
        if (cell := self.cell("right_birth")) != "" and (birth := self.birth("right_birth", cell)):
            values.right["birth"] = birth
        if written := str(self.cell("right_sex")):
            if sex := _SEXES.get(fold(written)):
                values.right["sex"] = str(sex)
            else:
                self.say("error", "right_sex", f"Không đọc được giới tính “{shown(written)}”; hãy ghi Nam hoặc Nữ.")
        if (cell := self.cell("right_cccd")) != "" and (number := self._number("right_cccd", cell)):
            values.right["cccd"] = number

    def _death(self, values: AnswerValues) -> None:
        cell: Any = self.cell("died")
        if cell == "":
            return
        try:
            values.died_month, values.died_on = read_death(cell, today=self.today)
        except NoMonth:
            self.say("error", "died", f"Ngày chết “{shown(cell)}” chưa có tháng; hãy ghi 15/05/2024 hoặc 05/2024.")
        except ValueError:
            self.say(
                "error",
                "died",
                f"Không đọc được ngày chết “{shown(cell)}”, hoặc ngày ở sau hôm nay; hãy ghi 15/05/2024 hoặc 05/2024.",
            )
            return
        if isinstance(cell, datetime.date) and values.died_on and values.died_on.day == 1:
            # Excel makes the first of a month that is typed into a cell without text format.
            self._first_of_month(values.died_on)

    def _first_of_month(self, day: datetime.date) -> None:
        self.say(
            "warning",
            "died",
            f"Ô là ngày {day:%d/%m/%Y}: nếu chỉ biết tháng thì hãy để ô dạng chữ và ghi {day:%m/%Y}.",
        )

    def _fits(self, values: AnswerValues) -> None:
        """What stands there beside an answer that has no room for it is asked about, not passed over."""
        if values.answer != Answer.DIFFERS and values.answer:
            for name in values.right:
                self.say(
                    "error",
                    RIGHT[name],
                    f"Kết quả là {Answer(values.answer).label} mà có ghi ở cột {HEADINGS[RIGHT[name]]}; hãy chọn "
                    "Khác hoặc xóa ô này.",
                )
        if values.answer != Answer.DEAD and values.answer and values.died_month:
            self.say(
                "error",
                "died",
                f"Kết quả là {Answer(values.answer).label} mà có ghi ngày chết; hãy chọn Đã chết hoặc xóa ô này.",
            )
        if values.answer == Answer.DEAD and not values.died_month and "died" not in self.bad:
            self.say("error", "died", "Chưa có ngày chết; hãy ghi 15/05/2024, hoặc 05/2024 nếu không rõ ngày.")
