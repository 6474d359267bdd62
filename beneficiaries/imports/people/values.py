"""One row of a list of people as values the register would store, with everything that is wrong with them."""

import datetime
import re
from dataclasses import dataclass
from typing import Any

from batosocial.lib.text import fold
from beneficiaries.imports.cells import LONGEST, CellReader, RowValues
from beneficiaries.imports.messages import shown
from beneficiaries.imports.reading import SourceRow
from beneficiaries.models import Category, PayoutRoute, Person

_MARKS = frozenset({"x", "v", "1", "co", "+", "✓", "✔", "☑"})
_NICKNAME = re.compile(r"^(.*?)\s*\(([^()]+)\)$")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")

_CASH_REASONS = (
    (PayoutRoute.CashReason.NO_GUARDIAN, ("chua co nguoi giam ho", "khong co nguoi giam ho")),
    (PayoutRoute.CashReason.DATA_DIFFERS, ("sai lech", "sai thong tin", "khong khop")),
    (PayoutRoute.CashReason.NOT_WILLING, ("khong co nhu cau", "chua dong y", "khong dong y", "khong muon")),
    (PayoutRoute.CashReason.AWAY, ("di khoi", "vang mat", "di vang", "khong o dia phuong", "di lam an xa")),
    (PayoutRoute.CashReason.FRAIL, ("gia yeu", "om dau", "khong di lai", "nam liet", "om yeu")),
)
_MISSING_REASONS = (
    (Person.MissingReason.CHILD, ("tre em", "tre chua", "chua cap so dinh danh", "chua co so dinh danh")),
    (Person.MissingReason.NOT_MADE, ("chua lam", "chua co cccd", "chua cap", "chua co can cuoc", "chua duoc cap")),
)


@dataclass(slots=True)
class Values(RowValues):
    """What a row says, field by field; blank or None where it says nothing that can be read."""

    other_name: str = ""
    sex: str = ""
    ethnicity: str = ""
    phone: str = ""
    category: Category | None = None
    level: int = 0
    dependants: int = 0
    own_amount: int | None = None
    amount: int | None = None

    @property
    def missing_reason(self) -> str:
        return _recognise(self.note, _MISSING_REASONS) or Person.MissingReason.OTHER

    @property
    def cash_reason(self) -> str:
        if not self.cccd:
            return PayoutRoute.CashReason.NO_CCCD
        return _recognise(self.note, _CASH_REASONS) or PayoutRoute.CashReason.OTHER

    def stored(self) -> dict[str, Any]:
        return RowValues.stored(self) | {
            "other_name": self.other_name,
            "sex": self.sex,
            "ethnicity": self.ethnicity,
            "phone": self.phone,
            "category": self.category.code if self.category else "",
            "level": self.level,
            "dependants": self.dependants,
            "own_amount": self.own_amount,
            "amount": self.amount,
        }


class RowReader(CellReader):
    def __init__(self, source: SourceRow, today: datetime.date) -> None:
        super().__init__(source, today)
        self.values = Values()

    def read(self) -> Values:
        self.refuse_broken_cells()
        for name in LONGEST:
            if name != "cmnd":
                setattr(self.values, name, self.text(name))
        self.values.hamlet = self.values.hamlet or self._section_hamlet()
        self._read_name()
        self._read_sex_and_birth()
        self._read_cccd()
        values = self.values
        values.cmnd = self.cmnd()
        values.account = self.account()
        values.owner = self.owner(account=values.account, name=values.name, birth=values.birth)
        return values

    def _section_hamlet(self) -> str:
        hamlet = self.source.hamlet
        if len(hamlet) > LONGEST["hamlet"]:
            self.say("error", "hamlet", f"Tên thôn “{shown(hamlet)}” quá dài; hãy rút gọn dòng tên thôn.")
            return ""
        return hamlet

    def _read_name(self) -> None:
        values = self.values
        if not values.name:
            if "name" not in self.bad:
                self.say("error", "name", "Chưa có họ tên; hãy ghi họ và tên.")
            return
        if (nickname := _NICKNAME.match(values.name)) and nickname[1] and not values.other_name:
            values.name, values.other_name = nickname[1], nickname[2]
        self.check_name(values.name)

    # --- sex and birth ---------------------------------------------------------------------------------------------

    def _read_sex_and_birth(self) -> None:
        columns = self.source.layout.columns
        birth_field = "birth"
        if "male" in columns and "female" in columns:
            birth_field = self._read_two_columns()
        else:
            self._read_sex()
            birth_field = "birth_year" if "birth_year" in columns and "birth" not in columns else "birth"
        if birth_field:
            self._read_birth(birth_field)

    def _read_two_columns(self) -> str:
        """The columns "Nam" and "Nữ": the one that is filled tells the sex and holds the birth, or is ticked."""
        male, female = self.source.get("male"), self.source.get("female")
        if (male != "") == (female != ""):
            if not self.bad & {"male", "female"}:
                both = f"cả hai cột Nam “{shown(male)}” và Nữ “{shown(female)}” đều có" if male != "" else "chưa có"
                self.say("error", "male", f"Năm sinh {both}; hãy ghi vào đúng một cột Nam hoặc Nữ.")
            return ""
        name = "male" if male != "" else "female"
        self.values.sex = Person.Sex.MALE if name == "male" else Person.Sex.FEMALE
        if fold(str(self.source.get(name))) in _MARKS:
            return "birth_year" if "birth_year" in self.source.layout.columns else "birth"
        return name

    def _read_sex(self) -> None:
        written = str(self.cell("sex"))
        sexes = {"nam": Person.Sex.MALE, "nu": Person.Sex.FEMALE, "m": Person.Sex.MALE, "f": Person.Sex.FEMALE}
        if sex := sexes.get(fold(written)):
            self.values.sex = sex
        elif "sex" not in self.bad:
            problem = f"Không đọc được giới tính “{shown(written)}”" if written else "Chưa có giới tính"
            self.say("error", "sex", f"{problem}; hãy ghi Nam hoặc Nữ.")

    def _read_birth(self, name: str) -> None:
        cell: Any = self.cell(name)
        if name in self.bad:
            return
        if name == "birth_year" and cell != "":
            parts = [str(self.cell(part)) or "0" for part in ("birth_day", "birth_month")]
            if any(part != "0" for part in parts):
                cell = "/".join([*parts, str(cell)])
        self.values.birth = self.birth(name, cell)

    def _told_year(self) -> int | None:
        """The year that stands in the row, even one that cannot be right: the CCCD is compared with it."""
        if self.values.birth:
            return self.values.birth.year
        for name in ("male", "female", "birth", "birth_year"):
            if found := _YEAR.search(str(self.source.get(name))):
                return int(found[0])
        return None

    # --- numbers ---------------------------------------------------------------------------------------------------

    def _read_cccd(self) -> None:
        cell = self.cell("cccd")
        if "cccd" in self.bad:
            return
        if isinstance(cell, str) and cell and not any(char.isdigit() for char in cell):
            # "Chưa làm" in the number's place is a reason, not a number.
            self.values.note = self.values.note or cell[: LONGEST["note"]]
            cell = ""
        if cell == "":
            given = self.values.note
            because = f" ({shown(given)})" if given else "; danh sách chưa ghi lý do"
            self.say("warning", "cccd", f"Chưa có số CCCD{because}: đưa vào danh sách cần xác minh nhân thân.")
            return
        check = self.cccd(cell, sex=self.values.sex or None, birth_year=self._told_year())
        self.values.cccd = check.number


def _recognise(note: str, table: tuple[tuple[Any, tuple[str, ...]], ...]) -> str:
    key = fold(note)
    return next((str(value) for value, words in table if any(word in key for word in words)), "")
