"""Reading one row's cells, whatever the list is about: texts, numbers on cards, banks and accounts.

Every importer's reader is a ``CellReader``. What is wrong is collected, so that one pass tells all of it.
"""

import datetime
from dataclasses import dataclass
from typing import Any

from batosocial.lib.account_number import SPOILED, parse_account_number
from batosocial.lib.dates import PartialDate, age_months, parse_partial
from batosocial.lib.national_id import CccdCheck, check_cccd, check_cmnd
from batosocial.lib.text import fold, holder_key, strange_signs
from batosocial.lib.workbooks import Cell, CellError
from beneficiaries.imports.messages import Message, Severity, shown
from beneficiaries.imports.reading import SourceRow
from beneficiaries.models import Account, Payee, Person, Provider
from beneficiaries.providers import ProviderNames

_ADULT_MONTHS = 16 * 12
#: Up to here a number is a year (rules.md 9.6).
_LAST_YEAR = 2030
_DAY_DIGITS = 5

_OWNERS = {
    Payee.Kind.OWN: ("chinh chu", "ban than", "doi tuong", "chu tai khoan", "nguoi huong", "ca nhan"),
    Payee.Kind.GUARDIAN: ("nguoi giam ho", "giam ho"),
    Payee.Kind.AUTHORISED: ("nguoi duoc uy quyen", "uy quyen", "nguoi uy quyen", "duoc uy quyen"),
}
#: Texts that are stored as they are written, with the longest their columns take.
LONGEST: dict[str, int] = {
    name: getattr(model._meta.get_field(name), "max_length", 0)
    for name, model in (
        ("name", Person),
        ("other_name", Person),
        ("cmnd", Person),
        ("ethnicity", Person),
        ("hamlet", Person),
        ("phone", Person),
        ("file_number", Person),
        ("holder_name", Account),
    )
} | {"note": 300}


def _is_day_number(cell: Any) -> bool:
    """Whether a date stands there as Excel counts days, without a date's format: 15473 is 12/05/1942."""
    if isinstance(cell, str):
        return len(cell) == _DAY_DIGITS and cell.isascii() and cell.isdigit()
    return isinstance(cell, int | float) and cell > _LAST_YEAR


@dataclass(slots=True)
class RowValues:
    """What any list may say of a person and an account; blank or None where it says nothing that can be read."""

    name: str = ""
    birth: PartialDate | None = None
    cccd: str = ""
    cmnd: str = ""
    file_number: str = ""
    hamlet: str = ""
    note: str = ""
    account: str = ""
    provider: Provider | None = None
    owner: str = ""
    holder_name: str = ""

    def stored(self) -> dict[str, Any]:
        """As kept with the preview: JSON, by field name."""
        birth = self.birth
        return {
            "name": self.name,
            "birth": [birth.year, birth.month, birth.day] if birth else None,
            "birth_text": str(birth) if birth else "",
            "cccd": self.cccd,
            "cmnd": self.cmnd,
            "file_number": self.file_number,
            "hamlet": self.hamlet,
            "note": self.note,
            "account": self.account,
            "provider": self.provider.short_name if self.provider else "",
            "owner": self.owner,
            "holder_name": self.holder_name,
        }


class CellReader:
    """Reads one row; ``messages`` collects everything found."""

    def __init__(self, source: SourceRow, today: datetime.date) -> None:
        self.source = source
        self.today = today
        self.messages: list[Message] = []
        #: Fields whose cell was already complained about: nothing more is said of them.
        self.bad: set[str] = set()

    def say(self, severity: Severity, name: str, text: str) -> None:
        layout = self.source.layout
        self.messages.append(Message(severity, text, layout.letter(name), layout.labels.get(name, "")))
        if severity == "error":
            self.bad.add(name)

    def refuse_broken_cells(self) -> None:
        """Errors of formulas (#REF!), and formulas that stand there as text."""
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

    def text(self, name: str, longest: int | None = None) -> str:
        """A field as text, with an error where it is longer than its column in the register."""
        longest = LONGEST[name] if longest is None else longest
        cell = self.cell(name)
        text = f"{cell:%d/%m/%Y}" if isinstance(cell, datetime.date) else str(cell)
        if len(text) > longest:
            self.say(
                "error", name, f"“{shown(text)}” dài {len(text)} ký tự, quá {longest}; hãy rút gọn hoặc kiểm tra lại."
            )
            return ""
        return text

    def check_name(self, name: str) -> None:
        strange = strange_signs(name)
        if strange or not any(char.isalpha() for char in name):
            self.say(
                "error",
                "name",
                f"Họ tên “{shown(name)}” có ký tự lạ {strange}; hãy chỉ ghi chữ, dấu ' - .",
            )

    def birth(self, name: str, cell: Any) -> PartialDate | None:
        """A birth date, known to the year, the month or the day."""
        try:
            birth, warnings = parse_partial(cell, today=self.today)
        except ValueError as error:
            self.say("error", name, str(error))
            return None
        for warning in warnings:
            self.say("warning", name, warning)
        if _is_day_number(cell):
            self.say("warning", name, f"Ô ghi số {cell} không định dạng ngày: hiểu là ngày {birth}; hãy kiểm tra lại.")
        return birth

    # --- numbers on cards ------------------------------------------------------------------------------------------

    def cccd(self, cell: Cell, *, sex: str | None = None, birth_year: int | None = None) -> CccdCheck:
        """Check and repair a CCCD that is not blank, by rules.md 4: 11 digits lost the zero in front."""
        number = cell if isinstance(cell, str | int) and not isinstance(cell, bool) else str(cell)
        check = check_cccd(number, sex=sex, birth_year=birth_year)
        for problem in check.problems:
            self.say(problem.severity, "cccd", problem.message_vi)
        return check

    def cmnd(self) -> str:
        cell = self.cell("cmnd")
        if cell == "":
            return ""
        check = check_cmnd(str(cell))
        for problem in check.problems:
            self.say(problem.severity, "cmnd", problem.message_vi)
        return check.number if not check.problems else ""

    # --- where the money goes --------------------------------------------------------------------------------------

    def account(self) -> str:
        """6 to 19 digits; "" where there are none or Excel destroyed them."""
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

    def owner(self, *, account: str, name: str, birth: PartialDate | None) -> str:
        """Whose account it is, a ``Payee.Kind``; "" without an account or where that cannot be told."""
        written = str(self.cell("owner"))
        if not account:
            return ""
        is_child = bool(birth and age_months(birth, self.today) < _ADULT_MONTHS)
        key = fold(written)
        kinds = [kind for kind, names in _OWNERS.items() if key in names]
        if kinds:
            if kinds[0] == Payee.Kind.OWN and is_child:
                self.say(
                    "warning",
                    "owner",
                    "Trẻ em có tài khoản thì người nhận thường là người giám hộ, danh sách ghi chính chủ; "
                    "hãy kiểm tra lại.",
                )
            return kinds[0]
        if not written:
            kind = Payee.Kind.GUARDIAN if is_child else Payee.Kind.OWN
            self.say("warning", "owner", f"Chưa ghi chủ tài khoản: lấy là {kind.label.lower()}; hãy kiểm tra lại.")
            return kind
        if name and holder_key(written) == holder_key(name):
            return Payee.Kind.OWN
        self.say(
            "error",
            "owner",
            f"Không rõ chủ tài khoản “{shown(written)}”; hãy ghi Chính chủ, Người giám hộ hoặc Người được ủy quyền.",
        )
        return ""

    def provider(self, providers: ProviderNames, account: str) -> Provider | None:
        """The bank or wallet that is named, and whether it fits the account."""
        written = str(self.cell("provider"))
        if not written:
            if account and "provider" not in self.bad:
                self.say("error", "provider", f"Có số tài khoản {account} mà chưa có tên ngân hàng; hãy ghi thêm.")
            return None
        provider = providers.find(written)
        if provider is None:
            self.say(
                "error",
                "provider",
                f"Không có ngân hàng “{shown(written)}” trong danh mục; hãy ghi tên như Agribank, LPBank.",
            )
        elif not account:
            if "account" not in self.bad:
                self.say(
                    "warning",
                    "provider",
                    f"Ghi ngân hàng “{shown(written)}” mà chưa có số tài khoản: coi như chưa có tài khoản.",
                )
        elif provider.usual_lengths and len(account) not in provider.usual_lengths:
            usual = " hoặc ".join(str(length) for length in provider.usual_lengths)
            self.say(
                "warning",
                "account",
                f"Số tài khoản {account} có {len(account)} chữ số, tài khoản "
                f"{provider.short_name} thường có {usual}; hãy kiểm tra lại.",
            )
        return provider
