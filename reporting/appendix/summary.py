"""Sheet "Tổng hợp": both policies, and whoever is in both of them once."""

from collections.abc import Sequence

from beneficiaries.models import Policy
from reporting import rates
from reporting.appendix.layout import FIRST, LETTERS, Column, Heading, Sheet, sum_above
from reporting.appendix.links import Links
from reporting.figures import MonthFigures
from reporting.people import Measure
from reporting.rates import Counts

NAME = "Tổng hợp"
_COLUMNS = (
    Column("TT", 5, "(1)"),
    Column("Chính sách", 31, "(2)"),
    Column("Tổng số đối tượng", 11, "(3)"),
    Column("Số đối tượng đã có tài khoản", 12, "(4)"),
    Column("Tỷ lệ có TK (%)", 11, "(5) = (4)/(3)\nR2"),
    Column("Số đối tượng đã chi qua tài khoản", 13, "(6)"),
    Column("Tỷ lệ so với tổng số (%)", 11, "(7) = (6)/(3)\nR1"),
    Column("Tỷ lệ so với số đã có TK (%)", 12, "(8) = (6)/(4)\nR3"),
    Column("Số tiền phải chi (đồng)", 17, "(9)"),
    Column("Số tiền chi qua tài khoản (đồng)", 17, "(10)"),
    Column("Tỷ lệ số tiền (%)", 13, "(11) = (10)/(9)\nR4"),
)
#: Column, field of the counts, and the list of its people.
_COUNTS = (
    (2, "due", Measure.DUE),
    (3, "with_account", Measure.WITH_ACCOUNT),
    (5, "paid_by_account", Measure.PAID_BY_ACCOUNT),
    (8, "money_due", None),
    (9, "money_by_account", None),
)


def write(sheet: Sheet, shown: MonthFigures, district: str, notes: Sequence[str]) -> None:
    title = "TỔNG HỢP KẾT QUẢ CHI TRẢ TRỢ CẤP KHÔNG DÙNG TIỀN MẶT"
    sheet.begin(sheet.styles, Heading("Phụ lục III", title, shown.month, district, "người, đồng"), _COLUMNS)
    of_policies = [shown.total(policy) for policy in Policy.values]
    for place, (policy, counts) in enumerate(zip(Policy.values, of_policies, strict=True)):
        sheet.label(FIRST + place, str(Policy(policy).label), number=place + 1)
        _figures(sheet, FIRST + place, counts, Links(shown.month, policy))
    both, row = shown.total(), FIRST + len(of_policies)
    twice = {name: _twice(name, of_policies, both) for _, name, _ in _COUNTS}
    if any(twice.values()):
        sheet.label(row, "Trừ người hưởng cả hai chính sách")
        for column in range(2, len(LETTERS)):
            sheet.text(row, column, "")
        for column, name, _ in _COUNTS:
            # What is counted in both lines above: no list of its own.
            sheet.count(row, column, -twice[name])
        row += 1
    sheet.label(row, "Tổng cộng", total=True)
    _figures(sheet, row, both, Links(shown.month, ""), total=True)
    sheet.end(row + 1, [*_explanations(twice=any(twice.values())), *notes])


def _twice(name: str, of_policies: Sequence[Counts], both: Counts) -> int:
    return sum(int(getattr(counts, name)) for counts in of_policies) - int(getattr(both, name))


def _figures(sheet: Sheet, row: int, counts: Counts, links: Links, *, total: bool = False) -> None:
    for column, name, measure in _COUNTS:
        sheet.count(
            row,
            column,
            getattr(counts, name),
            address=links.to(measure) if measure else "",
            formula=sum_above(column, FIRST, row - 1) if total else "",
            total=total,
        )
    sheet.rate(row, 4, "D", "C", counts.r2, total=total)
    sheet.rate(row, 6, "F", "C", counts.r1, total=total)
    sheet.rate(row, 7, "F", "D", counts.r3, total=total)
    sheet.rate(row, 10, "J", "I", counts.r4, total=total)


def _explanations(*, twice: bool) -> list[str]:
    counted = "- Dòng tổng cộng tính mỗi người một lần"
    return [
        f"- R1: {rates.NAMES['R1']}. R2: {rates.NAMES['R2']}. R3: {rates.NAMES['R3']}. R4: {rates.NAMES['R4']}.",
        f"{counted}; người hưởng cả hai chính sách được coi là đã có tài khoản, đã chi qua tài khoản khi cả hai chính "
        "sách đều như vậy."
        if twice
        else f"{counted}: trong tháng không có ai hưởng cả hai chính sách.",
    ]
