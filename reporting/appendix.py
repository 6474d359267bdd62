"""The appendix of the monthly letter as a workbook: a sheet for each policy (columns of rules.md 3.2) and a summary.

Laid out by Phụ lục I NĐ 30/2020: "Phụ lục I", the title in capitals, "(Kèm theo …)" with blanks that an electronic
document leaves unfilled, A4 landscape, Times New Roman, the page number centred in the top margin but on page 1.
Rates and sums are formulas with their values stored, so that the file shows figures before anything recalculates it.
"""

import datetime
import io
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from xlsxwriter.worksheet import Worksheet

from batosocial.audit.services import record
from batosocial.lib import months
from batosocial.staff.models import DISTRICT_ROLES, Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import Policy
from reporting import rates
from reporting.figures import CommuneFigure, MonthFigures, previous_counts, read_month
from reporting.models import ClassThreshold
from reporting.rates import Counts

FONT = "Times New Roman"
#: Vietnamese separators where a program takes them from the format (LibreOffice); Excel takes its own locale's.
#: "_-" keeps a figure off the border (an indent of cells aligned right is not shown alike everywhere).
WHOLE = "[$-42A]#,##0_-;-#,##0_-;0_-;@_-"
RATE = "[$-42A]0.0_-;-0.0_-;0.0_-;@_-"
SIGNED = "[$-42A]+#,##0_-;-#,##0_-;0_-;@_-"
ABSENT = "-"

ROMAN = {"NCC": "I", "BTXH": "II"}
SUMMARY = "Tổng hợp"
TITLES = {
    "NCC": "KẾT QUẢ CHI TRẢ TRỢ CẤP KHÔNG DÙNG TIỀN MẶT ĐỐI VỚI NGƯỜI CÓ CÔNG",
    "BTXH": "KẾT QUẢ CHI TRẢ TRỢ CẤP KHÔNG DÙNG TIỀN MẶT ĐỐI VỚI ĐỐI TƯỢNG BẢO TRỢ XÃ HỘI",
}
COLUMNS = (
    ("TT", 5, "(1)"),
    ("Tên đơn vị (xã, thị trấn)", 24, "(2)"),
    ("Tổng số đối tượng", 10, "(3)"),
    ("Số đối tượng đã có tài khoản", 12, "(4)"),
    ("Tỷ lệ có TK (%)", 10, "(5) = (4)/(3)\nR2"),
    ("Số đối tượng đã chi qua tài khoản", 13, "(6)"),
    ("Tỷ lệ so với tổng số (%)", 11, "(7) = (6)/(3)\nR1"),
    ("Tỷ lệ so với số đã có TK (%)", 12, "(8) = (6)/(4)\nR3"),
    ("Tăng so với tháng trước", 11, "(9)"),
    ("Còn lại chưa có TK", 10, "(10) = (3)-(4)"),
    ("Ghi chú", 17, "(11)"),
)
LAST = len(COLUMNS) - 1
#: Rows of a sheet, from 0: title block, unit of measure, header, numbers of the columns, then the communes.
HEAD, NUMBERS, FIRST = 5, 6, 7
MM = 1 / 25.4


class NoFigures(Exception):
    """The month has no figures; the message says in Vietnamese what to do."""


class _Sheet(Worksheet):
    """The decree hides the number of page 1: an attribute that XlsxWriter does not offer."""

    def _xml_start_tag(self, tag: str, attributes: Any = None) -> None:
        if tag == "headerFooter":
            attributes = [("differentFirst", 1), *(attributes or [])]
        super()._xml_start_tag(tag, attributes or [])


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    counts: Counts
    increase: int | None
    note: str


def file_name(month: datetime.date) -> str:
    return f"phu-luc-{months.iso(month)}.xlsx"


@transaction.atomic
def make_appendix(*, actor: User, month: datetime.date) -> bytes:
    """The workbook of a month's stored figures, recorded in the audit. NoFigures where nothing is rolled up."""
    if actor.role not in DISTRICT_ROLES | {Role.SYSTEM}:
        raise PermissionDenied
    shown = read_month(actor, month)
    if not shown.rows:
        raise NoFigures(f"Tháng {months.label(month)} chưa có số liệu. Hãy mở tháng và tổng hợp số liệu trước.")
    content = _write(shown, previous_counts(actor, month), _district_name(shown))
    record(
        actor=actor,
        action="Xuất phụ lục",
        details={"month": months.iso(month), "rows": len(shown.rows), "bytes": len(content)},
    )
    return content


def _district_name(shown: MonthFigures) -> str:
    """ "huyện Ba Tơ", as it stands in the middle of a sentence."""
    upper = Unit.objects.filter(children=shown.rows[0].unit).first()
    return f"{upper.kind.lower()} {upper.name}" if upper else ""


def _write(shown: MonthFigures, before: dict[tuple[int, str], Counts], district: str) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties(
            {
                "title": f"Phụ lục chi trả không dùng tiền mặt {months.title(shown.month)}",
                "author": f"UBND {district}",
                "comments": "Dữ liệu minh họa" if settings.DEMO else "",
            }
        )
        styles = _Styles(book)
        threshold = rates.threshold_of(shown.month)
        for policy in Policy.values:
            rows = [_row(row, before) for row in shown.of(policy)]
            sheet = book.add_worksheet(policy, _Sheet)
            _policy_sheet(sheet, styles, policy, shown.month, district, rows, threshold)
        _summary_sheet(book.add_worksheet(SUMMARY, _Sheet), styles, shown, district)
    return buffer.getvalue()


def _row(figure: CommuneFigure, before: dict[tuple[int, str], Counts]) -> _Row:
    earlier = before.get((figure.unit.pk, figure.policy))
    increase = figure.counts.paid_by_account - earlier.paid_by_account if earlier else None
    return _Row(figure.unit.full_name, figure.counts, increase, figure.class_label)


class _Styles:
    """Formats of the workbook, made once each."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def __call__(self, **options: Any) -> Any:
        options = {"font_name": FONT, "font_size": 12, "valign": "vcenter", **options}
        key = tuple(sorted(options.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(options)
        return self._made[key]

    def cell(self, **options: Any) -> Any:
        return self(border=1, **options)


def _page(sheet: Worksheet, *, last_row: int, last_column: int, repeat: tuple[int, int]) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    # A landscape page of the decree's own file: left 30, right 15, top 20, bottom 15 mm; header at 10 mm.
    sheet.set_margins(left=30 * MM, right=15 * MM, top=20 * MM, bottom=15 * MM)
    sheet.set_header(f'&C&"{FONT},Regular"&13&P', {"margin": 10 * MM})
    sheet.fit_to_pages(1, 0)
    # Each appendix counts its own pages.
    sheet.set_start_page(1)
    sheet.center_horizontally()
    sheet.hide_gridlines(2)
    sheet.repeat_rows(*repeat)
    sheet.print_area(0, 0, last_row, last_column)


def _title_block(
    sheet: Worksheet, styles: _Styles, *, number: str, title: str, district: str, unit: str, last_column: int
) -> None:
    centred = {"align": "center", "text_wrap": True}
    sheet.merge_range(0, 0, 0, last_column, number, styles(bold=True, font_size=14, **centred))
    sheet.merge_range(1, 0, 1, last_column, title, styles(bold=True, font_size=13, **centred))
    # The clerk fills number and day on paper; an electronic document leaves them blank.
    attached = f"(Kèm theo Công văn số        /UBND-        ngày      tháng      năm          của UBND {district})"
    sheet.merge_range(2, 0, 2, last_column, attached, styles(italic=True, font_size=13, **centred))
    # The line under the block, as long as about a third of the page.
    middle = last_column // 2
    sheet.merge_range(3, middle - 1, 3, middle + 1, "", styles(bottom=1))
    sheet.set_row(0, 20)
    sheet.set_row(1, 20)
    sheet.set_row(2, 20)
    sheet.set_row(3, 6)
    sheet.set_row(4, 24)
    if settings.DEMO:
        sheet.merge_range(4, 0, 4, 3, "Dữ liệu minh họa", styles(bold=True, font_color="#C00000"))
    sheet.merge_range(4, last_column - 3, 4, last_column, f"Đơn vị tính: {unit}", styles(italic=True, align="right"))


def _header(sheet: Worksheet, styles: _Styles, columns: tuple[tuple[str, int, str], ...]) -> None:
    head = styles.cell(bold=True, align="center", text_wrap=True, bg_color="#E8EEF4")
    below = styles.cell(italic=True, align="center", text_wrap=True, font_size=10)
    for column, (name, width, number) in enumerate(columns):
        sheet.set_column(column, column, width)
        sheet.write_string(HEAD, column, name, head)
        sheet.write_string(NUMBERS, column, number, below)
    sheet.set_row(HEAD, 64)
    sheet.set_row(NUMBERS, 28)
    sheet.freeze_panes(FIRST, 2)


def _percent(part: str, whole: str) -> str:
    """A rate as a formula, rounded half-up: whole numbers are divided last, so that no half is lost in between."""
    return f'=IF({whole}=0,"{ABSENT}",ROUND({part}*1000/{whole},0)/10)'


def _shown(value: Decimal | None) -> float | str:
    return ABSENT if value is None else float(value)


def _policy_sheet(
    sheet: Worksheet,
    styles: _Styles,
    policy: str,
    month: datetime.date,
    district: str,
    rows: list[_Row],
    threshold: ClassThreshold,
) -> None:
    _title_block(
        sheet,
        styles,
        number=f"Phụ lục {ROMAN[policy]}",
        title=f"{TITLES[policy]} {months.title(month).upper()}",
        district=district,
        unit="người",
        last_column=LAST,
    )
    _header(sheet, styles, COLUMNS)
    for place, row in enumerate(rows):
        _write_row(sheet, styles, FIRST + place, row, number=place + 1)
    total = FIRST + len(rows)
    increases = [row.increase for row in rows if row.increase is not None]
    _write_row(
        sheet,
        styles,
        total,
        _Row("Tổng cộng", Counts.total(row.counts for row in rows), sum(increases) if increases else None, ""),
        rows_above=len(rows),
    )
    last = _notes(sheet, styles, total + 1, _explanations(threshold))
    _page(sheet, last_row=last, last_column=LAST, repeat=(HEAD, NUMBERS))


def _write_row(
    sheet: Worksheet, styles: _Styles, index: int, row: _Row, *, number: int | None = None, rows_above: int = 0
) -> None:
    """A commune's row, or with ``rows_above`` the total: sums of counts, and rates of these sums."""
    bold = {"bold": True, "bg_color": "#F2F2F2"} if rows_above else {}
    whole = styles.cell(num_format=WHOLE, align="right", **bold)
    signed = styles.cell(num_format=SIGNED, align="right", **bold)
    rate = styles.cell(num_format=RATE, align="right", **bold)
    text = styles.cell(indent=1, **bold)
    line = index + 1
    counts = row.counts

    def count(column: int, value: int, style: Any) -> None:
        if rows_above:
            letter = "ABCDEFGHIJK"[column]
            sheet.write_formula(index, column, f"=SUM({letter}{FIRST + 1}:{letter}{index})", style, value)
        else:
            sheet.write_number(index, column, value, style)

    sheet.set_row(index, 17)
    if number is None:
        sheet.write_blank(index, 0, None, text)
    else:
        sheet.write_number(index, 0, number, styles.cell(align="center"))
    sheet.write_string(index, 1, row.name, text)
    count(2, counts.due, whole)
    count(3, counts.with_account, whole)
    sheet.write_formula(index, 4, _percent(f"D{line}", f"C{line}"), rate, _shown(counts.r2))
    count(5, counts.paid_by_account, whole)
    sheet.write_formula(index, 6, _percent(f"F{line}", f"C{line}"), rate, _shown(counts.r1))
    sheet.write_formula(index, 7, _percent(f"F{line}", f"D{line}"), rate, _shown(counts.r3))
    if row.increase is None:
        sheet.write_string(index, 8, ABSENT, signed)
    else:
        count(8, row.increase, signed)
    sheet.write_formula(index, 9, f"=C{line}-D{line}", whole, counts.without_account)
    sheet.write_string(index, 10, row.note, text)


def _explanations(threshold: ClassThreshold) -> list[str]:
    high, average = (f"{value.normalize():f}".replace(".", ",") for value in (threshold.high, threshold.average))
    return [
        "Ghi chú:",
        f"- R1 (cột 7): {rates.NAMES['R1']}. R2 (cột 5): {rates.NAMES['R2']}. R3 (cột 8): {rates.NAMES['R3']}.",
        f"- Xếp loại theo R1: cao từ {high}%; trung bình từ {average}% đến dưới {high}%; thấp trên 0% đến dưới "
        f"{average}%; chưa thực hiện 0%.",
        "- Mỗi người tính một lần trong một chính sách; chuyển khoản bị trả lại không tính là đã chi; cột 9 là số "
        "người đã chi qua tài khoản tăng, giảm so với tháng trước.",
    ]


def _notes(sheet: Worksheet, styles: _Styles, first: int, lines: list[str], *, last_column: int = LAST) -> int:
    for place, line in enumerate(lines):
        row = first + 1 + place
        style = styles(italic=True, text_wrap=True, valign="top", bold=place == 0)
        sheet.merge_range(row, 0, row, last_column, line, style)
        sheet.set_row(row, 16 if len(line) < 160 else 32)
    sheet.set_row(first, 6)
    return first + len(lines)


_SUMMARY_COLUMNS = (
    ("TT", 5, "(1)"),
    ("Chính sách", 24, "(2)"),
    ("Tổng số đối tượng", 11, "(3)"),
    ("Số đối tượng đã có tài khoản", 13, "(4)"),
    ("Tỷ lệ có TK (%)", 11, "(5) = (4)/(3)\nR2"),
    ("Số đối tượng đã chi qua tài khoản", 13, "(6)"),
    ("Tỷ lệ so với tổng số (%)", 11, "(7) = (6)/(3)\nR1"),
    ("Tỷ lệ so với số đã có TK (%)", 12, "(8) = (6)/(4)\nR3"),
    ("Số tiền phải chi (đồng)", 17, "(9)"),
    ("Số tiền chi qua tài khoản (đồng)", 17, "(10)"),
    ("Tỷ lệ số tiền (%)", 11, "(11) = (10)/(9)\nR4"),
)


def _summary_sheet(sheet: Worksheet, styles: _Styles, shown: MonthFigures, district: str) -> None:
    _title_block(
        sheet,
        styles,
        number="Phụ lục III",
        title=f"TỔNG HỢP KẾT QUẢ CHI TRẢ TRỢ CẤP KHÔNG DÙNG TIỀN MẶT {months.title(shown.month).upper()}",
        district=district,
        unit="người, đồng",
        last_column=LAST,
    )
    _header(sheet, styles, _SUMMARY_COLUMNS)
    named = [(str(Policy(policy).label), shown.total(policy)) for policy in Policy.values]
    last = FIRST + len(named)
    for place, (name, counts) in enumerate([*named, ("Tổng cộng", shown.total())]):
        index, line, is_total = FIRST + place, FIRST + place + 1, place == len(named)
        bold = {"bold": True, "bg_color": "#F2F2F2"} if is_total else {}
        whole = styles.cell(num_format=WHOLE, align="right", **bold)
        rate = styles.cell(num_format=RATE, align="right", **bold)
        sheet.set_row(index, 20)
        sheet.write(index, 0, None if is_total else place + 1, styles.cell(align="center", **bold))
        sheet.write_string(index, 1, name, styles.cell(indent=1, **bold))
        for column, value in (
            (2, counts.due),
            (3, counts.with_account),
            (5, counts.paid_by_account),
            (8, counts.money_due),
            (9, counts.money_by_account),
        ):
            if is_total:
                letter = "ABCDEFGHIJK"[column]
                sheet.write_formula(index, column, f"=SUM({letter}{FIRST + 1}:{letter}{last})", whole, value)
            else:
                sheet.write_number(index, column, value, whole)
        for column, part, of, rate_value in (
            (4, "D", "C", counts.r2),
            (6, "F", "C", counts.r1),
            (7, "F", "D", counts.r3),
            (10, "J", "I", counts.r4),
        ):
            sheet.write_formula(index, column, _percent(f"{part}{line}", f"{of}{line}"), rate, _shown(rate_value))
    lines = [
        "Ghi chú:",
        f"- R1: {rates.NAMES['R1']}. R2: {rates.NAMES['R2']}. R3: {rates.NAMES['R3']}. R4: {rates.NAMES['R4']}.",
        "- Dòng tổng cộng là tổng của hai chính sách: người hưởng cả hai được tính ở mỗi chính sách.",
    ]
    _page(sheet, last_row=_notes(sheet, styles, last + 1, lines), last_column=LAST, repeat=(HEAD, NUMBERS))
