"""Sheets NCC and BTXH: each commune's counts and rates of one policy."""

from collections.abc import Sequence

from reporting import rates
from reporting.appendix.layout import FIRST, Column, Heading, Sheet, sum_above
from reporting.appendix.links import Links
from reporting.figures import MonthFigures
from reporting.models import ClassThreshold
from reporting.people import Measure, Moved
from reporting.rates import Counts

_NUMBERS = {"NCC": "I", "BTXH": "II"}
_TITLES = {
    "NCC": "KẾT QUẢ CHI TRẢ TRỢ CẤP KHÔNG DÙNG TIỀN MẶT ĐỐI VỚI NGƯỜI CÓ CÔNG",
    "BTXH": "KẾT QUẢ CHI TRẢ TRỢ CẤP KHÔNG DÙNG TIỀN MẶT ĐỐI VỚI ĐỐI TƯỢNG BẢO TRỢ XÃ HỘI",
}
COLUMNS = (
    Column("TT", 5, "(1)"),
    Column("Tên đơn vị (xã, thị trấn)", 24, "(2)"),
    Column("Tổng số đối tượng", 11, "(3)"),
    Column("Số đối tượng đã có tài khoản", 13, "(4)"),
    Column("Tỷ lệ có TK (%)", 12, "(5) = (4)/(3)\nR2"),
    Column("Số đối tượng đã chi qua tài khoản", 14, "(6)"),
    Column("Tỷ lệ so với tổng số (%)", 12, "(7) = (6)/(3)\nR1"),
    Column("Tỷ lệ so với số đã có TK (%)", 13, "(8) = (6)/(4)\nR3"),
    Column("Tăng so với tháng trước", 11, "(9)"),
    Column("Còn lại chưa có TK", 13, "(10) = (3)-(4)"),
    Column("Ghi chú", 18, "(11)"),
)


def write(
    sheet: Sheet,
    shown: MonthFigures,
    policy: str,
    district: str,
    before: dict[tuple[int, str], Counts],
    moved: dict[tuple[int, str], Moved],
    threshold: ClassThreshold,
    notes: Sequence[str],
) -> None:
    """``before``: the month before by commune and policy; a commune without figures then has no increase. ``moved``:
    who is paid by account since, and who is no more."""
    sheet.begin(sheet.styles, Heading(f"Phụ lục {_NUMBERS[policy]}", _TITLES[policy], shown.month, district), COLUMNS)
    links, rows = Links(shown.month, policy), shown.of(policy)
    increases: list[int] = []
    for place, figure in enumerate(rows):
        earlier = before.get((figure.unit.pk, policy))
        increase = figure.counts.paid_by_account - earlier.paid_by_account if earlier else None
        increases += [] if increase is None else [increase]
        sheet.label(FIRST + place, figure.unit.full_name, number=place + 1)
        of_commune = moved.get((figure.unit.pk, policy), Moved())
        _figures(sheet, FIRST + place, figure.counts, increase, of_commune, links.at(figure.unit))
        sheet.text(FIRST + place, 10, figure.class_label)
    total = FIRST + len(rows)
    sheet.label(total, "Tổng cộng", total=True)
    counts = shown.total(policy)
    of_all = [one for (_, of), one in moved.items() if of == policy]
    of_district = Moved(sum(one.gained for one in of_all), sum(one.lost for one in of_all))
    _figures(sheet, total, counts, sum(increases) if increases else None, of_district, links, total=True)
    sheet.text(total, 10, "", total=True)
    sheet.end(total + 1, [*_explanations(threshold), *notes])


def _figures(
    sheet: Sheet, row: int, counts: Counts, increase: int | None, moved: Moved, links: Links, *, total: bool = False
) -> None:
    def count(column: int, value: int, measure: Measure) -> None:
        formula = sum_above(column, FIRST, row - 1) if total else ""
        sheet.count(row, column, value, address=links.to(measure), formula=formula, total=total)

    count(2, counts.due, Measure.DUE)
    count(3, counts.with_account, Measure.WITH_ACCOUNT)
    sheet.rate(row, 4, "D", "C", counts.r2, total=total)
    count(5, counts.paid_by_account, Measure.PAID_BY_ACCOUNT)
    sheet.rate(row, 6, "F", "C", counts.r1, total=total)
    sheet.rate(row, 7, "F", "D", counts.r3, total=total)
    # Where some are gained and some lost, nobody in particular stands behind their difference.
    measure = moved.measure_of(increase)
    sheet.count(
        row, 8, increase, address=links.to(measure) if measure else "",
        formula=sum_above(8, FIRST, row - 1) if total else "", total=total, signed=True,
    )  # fmt: skip
    sheet.count(
        row, 9, counts.without_account, address=links.to(Measure.WITHOUT_ACCOUNT),
        formula=f"=C{row + 1}-D{row + 1}", total=total,
    )  # fmt: skip


def _explanations(threshold: ClassThreshold) -> list[str]:
    high, average = (f"{value.normalize():f}".replace(".", ",") for value in (threshold.high, threshold.average))
    return [
        f"- R1 (cột 7): {rates.NAMES['R1']}. R2 (cột 5): {rates.NAMES['R2']}. R3 (cột 8): {rates.NAMES['R3']}.",
        f"- Xếp loại theo R1: cao từ {high}%; trung bình từ {average}% đến dưới {high}%; thấp trên 0% đến dưới "
        f"{average}%; chưa thực hiện 0%.",
        "- Mỗi người tính một lần trong một chính sách; chuyển khoản bị trả lại không tính là đã chi; cột 9 là số "
        "người đã chi qua tài khoản tăng, giảm so với tháng trước.",
    ]
