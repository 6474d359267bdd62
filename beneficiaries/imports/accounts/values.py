"""One row of a list of accounts: its cells as values, with everything that is wrong with them."""

import datetime
from dataclasses import dataclass
from typing import Any

from batosocial.lib.dates import parse_partial
from batosocial.lib.national_id import check_cccd, normalize
from batosocial.lib.text import fold
from batosocial.lib.workbooks import Cell
from beneficiaries.imports.cells import CellReader, RowValues
from beneficiaries.imports.checked import CheckedRow
from beneficiaries.imports.messages import shown
from beneficiaries.imports.reading import SourceRow
from beneficiaries.models import Payee, Policy
from beneficiaries.providers import ProviderNames

_CMND_DIGITS = 9
#: Doubts about a number that is only looked up: whoever has it stands in the register with them.
_NOT_ASKED = ("unknown_province", "filler")
_PAYEE_TEXTS = {name: getattr(Payee._meta.get_field(name), "max_length", 0) for name in ("name", "relation")}
_POLICIES = {fold(word): policy for policy in Policy for word in (policy.value, str(policy.label))}


@dataclass(slots=True)
class AccountValues(RowValues):
    """``owner`` is "" where the row does not tell whose account it is; the register may."""

    policy: str = ""
    payee_name: str = ""
    payee_cccd: str = ""
    relation: str = ""
    opened_on: datetime.date | None = None

    def stored(self) -> dict[str, Any]:
        # No zero-argument super() in a class with slots that a decorator makes anew.
        return RowValues.stored(self) | {
            "policy": self.policy,
            "payee_name": self.payee_name,
            "payee_cccd": self.payee_cccd,
            "relation": self.relation,
            "opened_on": self.opened_on.isoformat() if self.opened_on else "",
        }


class AccountReader(CellReader):
    """Reads one row of a list of accounts."""

    def __init__(self, source: SourceRow, today: datetime.date, providers: ProviderNames) -> None:
        super().__init__(source, today)
        self.providers = providers

    def read(self) -> CheckedRow:
        self.refuse_broken_cells()
        values = AccountValues(
            name=self.text("name"),
            file_number=self.text("file_number"),
            hamlet=self.text("hamlet") or self.source.hamlet[:100],
            note=self.text("note"),
            holder_name=self.text("holder_name"),
        )
        if values.name:
            self.check_name(values.name)
        self._numbers(values)
        values.account = self.account()
        if not values.account and "account" not in self.bad:
            self.say("error", "account", "Chưa có số tài khoản; hãy ghi số tài khoản, hoặc bỏ dòng này.")
        values.provider = self.provider(self.providers, values.account)
        if values.provider is None and not values.account and "provider" not in self.bad and not self.cell("provider"):
            self.say("error", "provider", "Chưa có tên ngân hàng; hãy ghi thêm.")
        if self.cell("owner") != "":
            values.owner = self.owner(account=values.account, name=values.name, birth=None)
        values.policy = self._policy()
        self._payee(values)
        values.opened_on = self._opened_on()
        return CheckedRow(self.source, values, self.messages)

    # --- who ---------------------------------------------------------------------------------------------------------

    def _numbers(self, values: AccountValues) -> None:
        cell = self.cell("cccd")
        if cell != "" and not any(char.isdigit() for char in str(cell)):
            # "Chưa làm" in the number's place is no number.
            cell = ""
        digits = normalize(cell) if isinstance(cell, str | int) else ""
        if digits.isdigit() and len(digits) == _CMND_DIGITS:
            # One column for both kinds of card.
            values.cmnd = digits
        elif cell != "":
            values.cccd = self._cccd(cell, "cccd")
        values.cmnd = self.cmnd() or values.cmnd

    def _cccd(self, cell: Cell, name: str) -> str:
        check = check_cccd(cell if isinstance(cell, str | int) and not isinstance(cell, bool) else str(cell))
        for problem in check.problems:
            if problem.code not in _NOT_ASKED:
                self.say(problem.severity, name, problem.message_vi)
        return check.number

    # --- for whom and what -------------------------------------------------------------------------------------------

    def _policy(self) -> str:
        written = str(self.cell("policy"))
        if not written:
            return ""
        policy = _POLICIES.get(fold(written))
        if policy is None:
            self.say(
                "error",
                "policy",
                f"Không rõ chính sách “{shown(written)}”; hãy ghi NCC hoặc BTXH, hay để trống cho mọi trợ cấp.",
            )
        return policy or ""

    def _payee(self, values: AccountValues) -> None:
        values.payee_name = self.text("payee_name", _PAYEE_TEXTS["name"])
        values.relation = self.text("relation", _PAYEE_TEXTS["relation"])
        if (cell := self.cell("payee_cccd")) != "":
            values.payee_cccd = self._cccd(cell, "payee_cccd")

    def _opened_on(self) -> datetime.date | None:
        cell: Any = self.cell("opened_on")
        if cell == "":
            return None
        try:
            date, _ = parse_partial(cell, today=self.today)
            if date.month is None or date.day is None:
                raise ValueError
        except ValueError:
            self.say(
                "error",
                "opened_on",
                f"Không đọc được ngày mở “{shown(cell)}”; hãy ghi như 15/07/2024, không sau hôm nay, hoặc để trống.",
            )
            return None
        return datetime.date(date.year, date.month, date.day)
