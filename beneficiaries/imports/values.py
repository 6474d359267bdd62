"""One row's cells as values the register would store, with everything that is wrong with them."""

import datetime
import re
from dataclasses import dataclass, field
from typing import Any

from batosocial.lib.account_number import SPOILED, parse_account_number
from batosocial.lib.dates import PartialDate, age_months, parse_partial
from batosocial.lib.national_id import check_cccd, check_cmnd
from batosocial.lib.text import fold, holder_key
from batosocial.lib.workbooks import Cell, CellError
from beneficiaries.imports.messages import Message, Severity, shown
from beneficiaries.imports.reading import SourceRow
from beneficiaries.models import Account, Category, Payee, PayoutRoute, Person, Provider

_MARKS = frozenset({"x", "v", "1", "co", "+", "✓", "✔", "☑"})
_NAME_CHARS = frozenset(" '’‘ʼ`´.-‐‑–")
_NICKNAME = re.compile(r"^(.*?)\s*\(([^()]+)\)$")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_ADULT_MONTHS = 16 * 12

_OWNERS = {
    Payee.Kind.OWN: ("chinh chu", "ban than", "doi tuong", "chu tai khoan", "nguoi huong", "ca nhan"),
    Payee.Kind.GUARDIAN: ("nguoi giam ho", "giam ho"),
    Payee.Kind.AUTHORISED: ("nguoi duoc uy quyen", "uy quyen", "nguoi uy quyen", "duoc uy quyen"),
}
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
class Values:
    """What a row says, field by field; blank or None where it says nothing that can be read."""

    name: str = ""
    other_name: str = ""
    sex: str = ""
    birth: PartialDate | None = None
    cccd: str = ""
    cmnd: str = ""
    ethnicity: str = ""
    hamlet: str = ""
    phone: str = ""
    file_number: str = ""
    note: str = ""
    category: Category | None = None
    level: int = 0
    dependants: int = 0
    own_amount: int | None = None
    amount: int | None = None
    account: str = ""
    provider: Provider | None = None
    owner: str = ""
    holder_name: str = ""
    #: What the CCCD contradicts, for the identity worklist.
    contradictions: list[str] = field(default_factory=list)

    @property
    def missing_reason(self) -> str:
        return _recognise(self.note, _MISSING_REASONS) or Person.MissingReason.OTHER

    @property
    def cash_reason(self) -> str:
        if not self.cccd:
            return PayoutRoute.CashReason.NO_CCCD
        return _recognise(self.note, _CASH_REASONS) or PayoutRoute.CashReason.OTHER

    def stored(self) -> dict[str, Any]:
        """As kept with the preview: JSON, by field name."""
        birth = self.birth
        return {
            **{name: getattr(self, name) for name in TEXTS},
            "sex": self.sex,
            "birth": [birth.year, birth.month, birth.day] if birth else None,
            "birth_text": str(birth) if birth else "",
            "cccd": self.cccd,
            "category": self.category.code if self.category else "",
            "level": self.level,
            "dependants": self.dependants,
            "own_amount": self.own_amount,
            "amount": self.amount,
            "account": self.account,
            "provider": self.provider.short_name if self.provider else "",
            "owner": self.owner,
        }


#: Fields that are stored as they are written, with the longest text their columns take.
TEXTS = {
    name: getattr(model._meta.get_field(column), "max_length", 0)
    for name, model, column in (
        ("name", Person, "name"),
        ("other_name", Person, "other_name"),
        ("cmnd", Person, "cmnd"),
        ("ethnicity", Person, "ethnicity"),
        ("hamlet", Person, "hamlet"),
        ("phone", Person, "phone"),
        ("file_number", Person, "file_number"),
        ("holder_name", Account, "holder_name"),
    )
} | {"note": 300}


class RowReader:
    """Reads one row; ``messages`` collects everything found, so that one pass tells all of it."""

    def __init__(self, source: SourceRow, today: datetime.date) -> None:
        self.source = source
        self.today = today
        self.messages: list[Message] = []
        self.values = Values()
        #: Fields whose cell was already complained about: nothing more is said of them.
        self.bad: set[str] = set()

    def say(self, severity: Severity, name: str, text: str) -> None:
        layout = self.source.layout
        self.messages.append(Message(severity, text, layout.letter(name), layout.labels.get(name, "")))
        if severity == "error":
            self.bad.add(name)

    def read(self) -> Values:
        self._refuse_broken_cells()
        for name, longest in TEXTS.items():
            if name != "cmnd":
                setattr(self.values, name, self._text(name, longest))
        self.values.hamlet = self.values.hamlet or self._section_hamlet()
        self._read_name()
        self._read_sex_and_birth()
        self._read_cccd()
        self._read_cmnd()
        self._read_payout()
        return self.values

    def _refuse_broken_cells(self) -> None:
        for name in self.source.layout.columns:
            if name in ("ignored", "ordinal"):
                continue
            cell = self.source.get(name)
            if isinstance(cell, CellError):
                self.say("error", name, f"Ô báo lỗi {shown(cell)}; hãy sửa công thức hoặc ghi giá trị vào ô.")
            elif isinstance(cell, str) and cell.startswith("="):
                self.say("error", name, f"Ô chứa công thức “{shown(cell)}” ở dạng chữ; hãy ghi giá trị vào ô.")

    def cell(self, name: str) -> Cell:
        """A field's cell; "" where it is blank, absent or already refused."""
        return "" if name in self.bad else self.source.get(name)

    def _text(self, name: str, longest: int) -> str:
        cell = self.cell(name)
        text = f"{cell:%d/%m/%Y}" if isinstance(cell, datetime.date) else str(cell)
        if len(text) > longest:
            self.say(
                "error", name, f"“{shown(text)}” dài {len(text)} ký tự, quá {longest}; hãy rút gọn hoặc kiểm tra lại."
            )
            return ""
        return text

    def _section_hamlet(self) -> str:
        hamlet = self.source.hamlet
        if len(hamlet) > TEXTS["hamlet"]:
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
        strange = sorted({char for char in values.name if not char.isalpha() and char not in _NAME_CHARS})
        if strange or not any(char.isalpha() for char in values.name):
            self.say(
                "error",
                "name",
                f"Họ tên “{shown(values.name)}” có ký tự lạ {' '.join(strange)}; hãy chỉ ghi chữ, dấu ' - .",
            )

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
        try:
            self.values.birth, warnings = parse_partial(cell, today=self.today)
        except ValueError as error:
            self.say("error", name, str(error))
            return
        for warning in warnings:
            self.say("warning", name, warning)

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
            self.values.note = self.values.note or cell[: TEXTS["note"]]
            cell = ""
        if cell == "":
            given = self.values.note
            because = f" ({shown(given)})" if given else "; danh sách chưa ghi lý do"
            self.say("warning", "cccd", f"Chưa có số CCCD{because}: đưa vào danh sách cần xác minh nhân thân.")
            return
        number = cell if isinstance(cell, str | int) and not isinstance(cell, bool) else str(cell)
        check = check_cccd(number, sex=self.values.sex or None, birth_year=self._told_year())
        self.values.cccd = check.number
        for problem in check.problems:
            self.say(problem.severity, "cccd", problem.message_vi)
            if problem.code in ("sex_mismatch", "year_mismatch"):
                self.values.contradictions.append(problem.message_vi)

    def _read_cmnd(self) -> None:
        cell = self.cell("cmnd")
        if cell == "":
            return
        check = check_cmnd(str(cell))
        self.values.cmnd = check.number if not check.problems else ""
        for problem in check.problems:
            self.say(problem.severity, "cmnd", problem.message_vi)

    # --- where the money goes --------------------------------------------------------------------------------------

    def _read_payout(self) -> None:
        values = self.values
        values.account = self._account()
        self._owner()

    def _account(self) -> str:
        cell = self.cell("account")
        if cell == "":
            return ""
        if isinstance(cell, float):
            self.say("error", "account", SPOILED.format(shown(str(cell))))
            return ""
        try:
            return parse_account_number(str(cell))
        except ValueError as error:
            self.say("error", "account", str(error))
            return ""

    def _owner(self) -> None:
        values = self.values
        written = str(self.cell("owner"))
        if not values.account:
            return
        key = fold(written)
        kinds = [kind for kind, names in _OWNERS.items() if key in names]
        if kinds:
            values.owner = kinds[0]
            if kinds[0] == Payee.Kind.OWN and self._is_child():
                self.say(
                    "warning",
                    "owner",
                    "Trẻ em có tài khoản thì người nhận thường là người giám hộ, danh sách ghi chính chủ; "
                    "hãy kiểm tra lại.",
                )
        elif not written:
            values.owner = Payee.Kind.GUARDIAN if self._is_child() else Payee.Kind.OWN
            kind = Payee.Kind(values.owner).label.lower()
            self.say("warning", "owner", f"Chưa ghi chủ tài khoản: lấy là {kind}; hãy kiểm tra lại.")
        elif values.name and holder_key(written) == holder_key(values.name):
            values.owner = Payee.Kind.OWN
        elif "owner" not in self.bad:
            self.say(
                "error",
                "owner",
                f"Không rõ chủ tài khoản “{shown(written)}”; hãy ghi Chính chủ, Người giám hộ hoặc "
                "Người được ủy quyền.",
            )

    def _is_child(self) -> bool:
        return bool(self.values.birth and age_months(self.values.birth, self.today) < _ADULT_MONTHS)


def _recognise(note: str, table: tuple[tuple[Any, tuple[str, ...]], ...]) -> str:
    key = fold(note)
    return next((str(value) for value, words in table if any(word in key for word in words)), "")
