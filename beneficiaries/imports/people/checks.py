"""Every rule a row has to satisfy by itself: its category, amount, bank and age. Rows among themselves: repeats."""

import calendar
import datetime
from typing import Any

from batosocial.lib import months
from batosocial.lib.dates import PartialDate, age_months
from batosocial.lib.money import format_amount, parse_amount
from beneficiaries.imports.checked import CheckedRow
from beneficiaries.imports.messages import shown
from beneficiaries.imports.people.catalogue import Catalogue, label
from beneficiaries.imports.people.values import RowReader, Values
from beneficiaries.imports.reading import SourceRow
from beneficiaries.models import Category, Person, Policy

#: More dependants of one person than this are a slip of the pen.
MAX_DEPENDANTS = 15


def check_row(source: SourceRow, catalogue: Catalogue, *, month: datetime.date, today: datetime.date) -> CheckedRow:
    """Read one row and check it against the catalogue for the list's month."""
    reader = RowReader(source, today)
    checker = _Checker(reader, reader.read(), catalogue, month)
    checker.check()
    return CheckedRow(source, checker.values, reader.messages)


class _Checker:
    def __init__(self, reader: RowReader, values: Values, catalogue: Catalogue, month: datetime.date) -> None:
        self.reader = reader
        self.values = values
        self.catalogue = catalogue
        self.month = month
        self.say = reader.say

    def check(self) -> None:
        self.values.provider = self.reader.provider(self.catalogue.providers, self.values.account)
        self._category()
        self._amount()
        self._age()

    # --- category --------------------------------------------------------------------------------------------------

    def _category(self) -> None:
        written = str(self.reader.cell("category"))
        if "category" in self.reader.bad:
            return
        if not written:
            self.say("error", "category", "Chưa có mã đối tượng; hãy ghi mã trong danh mục, ví dụ BTXH-5C, NCC-9.")
            return
        category = self.catalogue.category(written)
        if category is None:
            self.say(
                "error",
                "category",
                f"Không có mã đối tượng “{shown(written)}” trong danh mục; hãy ghi lại cho đúng mã.",
            )
        elif category.policy != self.catalogue.policy:
            policy = Policy(category.policy).label
            self.say(
                "error",
                "category",
                f"Mã {label(category)} thuộc chính sách {policy}; hãy chuyển dòng này sang danh sách {policy}.",
            )
        elif category.regime == Category.Regime.ONE_OFF:
            self.say(
                "error",
                "category",
                f"Mã {label(category)} là trợ cấp một lần, không nằm trong danh sách hằng tháng; hãy bỏ dòng này.",
            )
        else:
            self.values.category = category

    # --- amount ----------------------------------------------------------------------------------------------------

    def _amount(self) -> None:
        cell = self.reader.cell("amount")
        if "amount" in self.reader.bad:
            return
        try:
            amount = parse_amount(cell)
            if amount == 0:
                raise ValueError("Mức trợ cấp là 0 đồng; hãy ghi mức thật, hoặc bỏ dòng của người không hưởng.")
        except ValueError as error:
            self.say("error", "amount", str(error))
            return
        self.values.amount = amount
        category = self.values.category
        if category is None:
            return
        if category.amount_by_decision:
            self.values.own_amount = amount
        elif category.has_levels:
            self._level(category, amount)
        elif category.per_dependant:
            self._dependants(category, amount)
        else:
            self._compare(category, amount, self.catalogue.rates.get((category.pk, 0), []))

    def _compare(self, category: Category, amount: int, rates: list[int], level: int = 0) -> None:
        """A warning where the amount is not the rate of the list's month."""
        what = f"{label(category)} {level}%" if level else label(category)
        if not rates:
            self.say(
                "error", "amount", f"Chưa có mức trợ cấp của {what} cho {months.title(self.month)}; hãy báo Phòng."
            )
        elif amount != rates[0]:
            self.say(
                "warning",
                "amount",
                f"Danh sách ghi {format_amount(amount)}, mức của {what} {months.title(self.month)} là "
                f"{format_amount(rates[0])}: sẽ lấy theo mức quy định; hãy kiểm tra mã đối tượng.",
            )

    def _level(self, category: Category, amount: int) -> None:
        levels = self.catalogue.levels(category)
        written = str(self.reader.cell("level"))
        if "level" in self.reader.bad:
            return
        if written:
            level = _percent(self.reader.cell("level"))
            if level not in levels:
                self.say(
                    "error",
                    "level",
                    f"Tỷ lệ “{shown(written)}” không có trong bảng mức của {label(category)}; hãy ghi từ 21 đến 100.",
                )
                return
        else:
            level = _only_level(levels, amount)
            if level is None:
                self.say(
                    "error",
                    "amount",
                    f"Số tiền {format_amount(amount)} không cho biết tỷ lệ tổn thương của {label(category)}; "
                    "hãy thêm cột Tỷ lệ và ghi phần trăm.",
                )
                return
        self.values.level = level
        self._compare(category, amount, levels[level], level)

    def _dependants(self, category: Category, amount: int) -> None:
        """Paid for each child or person cared for: the amount must be a whole number of rates."""
        rates = self.catalogue.rates.get((category.pk, 0), [])
        if not rates:
            self._compare(category, amount, rates)
            return
        fitting = [rate for rate in rates if amount % rate == 0]
        if not fitting:
            self.say(
                "error",
                "amount",
                f"Số tiền {format_amount(amount)} không phải là bội số của mức {format_amount(rates[0])} cho mỗi người "
                f"phụ thuộc của {label(category)}; hãy kiểm tra lại số tiền.",
            )
            return
        count = amount // fitting[0]
        if count > MAX_DEPENDANTS:
            self.say(
                "error",
                "amount",
                f"Số tiền {format_amount(amount)} ứng với {count} người phụ thuộc; hãy kiểm tra lại số tiền.",
            )
            return
        self.values.dependants = count
        if fitting[0] != rates[0]:
            self._compare(category, amount, [rates[0] * count])

    # --- age -------------------------------------------------------------------------------------------------------

    def _age(self) -> None:
        category, birth = self.values.category, self.values.birth
        if category is None or birth is None or not category.ages or fits_age(birth, category.ages, self.month):
            return
        spans = " hoặc ".join(
            f"dưới {below} tuổi"
            if not low
            else f"từ {low} tuổi"
            if below is None
            else f"từ {low} đến dưới {below} tuổi"
            for low, below in category.ages
        )
        name = "male" if self.values.sex == Person.Sex.MALE else "female"
        if name not in self.reader.source.layout.columns:
            name = "birth" if "birth" in self.reader.source.layout.columns else "birth_year"
        self.say(
            "warning",
            name,
            f"Sinh {birth}: tuổi không hợp với {label(category)} ({spans}); hãy kiểm tra năm sinh và mã đối tượng.",
        )


def fits_age(birth: PartialDate, ages: list[list[int | None]], month: datetime.date) -> bool:
    """Whether somebody may have one of the ages ([from, below] in years) on some day of the month.

    Of a birth date known only in part, every day that it may be is allowed.
    """
    last_month = birth.month or 12
    last_day = birth.day or calendar.monthrange(birth.year, last_month)[1]
    month_end = months.add(month, 1) - datetime.timedelta(days=1)
    oldest = age_months(birth, month_end)
    youngest = age_months(PartialDate(birth.year, last_month, last_day), month)
    return any(oldest >= (low or 0) * 12 and (below is None or youngest < below * 12) for low, below in ages)


def _percent(cell: Any) -> int | None:
    """61, 61.0, 0.61 (as Excel stores 61%), "61%"; None for anything else."""
    if isinstance(cell, str):
        text = cell.rstrip("%").strip()
        return int(text) if text.isascii() and text.isdigit() else None
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    number = cell * 100 if 0 < cell <= 1 else cell
    return round(number) if abs(number - round(number)) < 1e-6 else None


def _only_level(levels: dict[int, list[int]], amount: int) -> int | None:
    """The level that an amount stands for, by the month's rates, else by any; None where it is not exactly one."""
    for candidates in (
        [level for level, rates in levels.items() if rates[0] == amount],
        [level for level, rates in levels.items() if amount in rates],
    ):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            return None
    return None
