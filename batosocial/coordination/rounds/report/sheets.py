"""The report as a workbook. Whoever reads it need not reach the portal: each number opens the names it counts, which
stand together on one of the sheets that follow."""

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import xlsxwriter
from django.conf import settings

from batosocial.coordination.models import IdentityRound
from batosocial.coordination.rounds.report.figures import ANSWERED, ASKED, DIFFERS, WAITING, Line, RoundFigures
from batosocial.coordination.rounds.report.names import Named, by_field, by_result
from batosocial.lib import clock

SUMMARY, BY_COMMUNE, BY_RESULT, BY_FIELD = "Tổng hợp", "Theo xã", "Theo kết quả", "Thông tin khác"
FONT = "Times New Roman"
#: Rows from 0: the header of the summary, and of the sheets of names.
HEAD, NAMES_HEAD = 5, 2
_A4 = 9
_NAMES = (
    ("TT", 6), ("Xã, thị trấn", 18), ("Họ và tên", 26), ("Ngày sinh", 12), ("Giới tính", 9), ("Số CCCD", 15),
    ("Thôn, tổ dân phố", 22), ("Kết quả", 16), ("Khác ở đâu", 46), ("Ngày chết", 12), ("Trả lời ngày", 13),
    ("Người trả lời", 22), ("Ghi chú", 30),
)  # fmt: skip
_FIELDS = (
    ("TT", 6), ("Thông tin", 14), ("Xã, thị trấn", 18), ("Họ và tên", 26), ("Ngày sinh", 12), ("Số CCCD", 15),
    ("Hồ sơ ghi", 28), ("Đúng là", 28), ("Ghi chú", 30),
)  # fmt: skip
#: From and to (rows from 1) of the names that a number counts, by commune and in all (None).
Ranges = dict[tuple[str, int | None], tuple[int, int]]


def write_report(figures: RoundFigures, names: Sequence[Named], *, agency: str) -> bytes:
    """``agency`` is who reports, in capitals."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(
        file,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    book.set_properties(
        {"title": f"Kết quả xác minh: {figures.round.name}", "comments": "Dữ liệu minh họa" if settings.DEMO else ""}
    )
    summary = book.add_worksheet(SUMMARY)
    formats = _Formats(book)
    places = _lists(book, formats, figures.round, names)
    _summary(summary, formats, figures, places, agency)
    book.close()
    return file.getvalue()


class _Formats:
    def __init__(self, book: xlsxwriter.Workbook) -> None:
        def add(**options: Any) -> Any:
            return book.add_format({"font_name": FONT, "font_size": 11, "valign": "vcenter", **options})

        ruled = {"border": 1}
        self.plain, self.bold = add(), add(bold=True, font_size=13)
        self.centre = add(bold=True, font_size=13, align="center", text_wrap=True)
        self.note = add(italic=True)
        self.head = add(bold=True, align="center", text_wrap=True, bg_color="#E8EEF4", **ruled)
        self.text = add(text_wrap=True, valign="top", num_format="@", **ruled)
        self.number = add(align="right", num_format="#,##0", **ruled)
        self.label = add(**ruled)
        self.ordinal = add(align="center", **ruled)
        self.total = add(bold=True, align="right", num_format="#,##0", bg_color="#F2F2F2", **ruled)
        self.total_label = add(bold=True, bg_color="#F2F2F2", **ruled)


# --- names ---------------------------------------------------------------------------------------------------------


def _lists(
    book: xlsxwriter.Workbook, formats: _Formats, round_: IdentityRound, names: Sequence[Named]
) -> dict[str, Ranges]:
    """The sheets of names; where on each of them the people of every number stand, by sheet."""
    places: dict[str, Ranges] = {}

    def people(sheet: str, rows: Sequence[Named], keys: Callable[[Named], Iterable[str]]) -> None:
        places[sheet] = _ranges([(keys(one), one.commune_id) for one in rows])
        _names(book, formats, sheet, _NAMES, [_line(one) for one in rows])

    people(BY_COMMUNE, names, lambda one: [ASKED, *([ANSWERED] if one.result else [])])
    people(BY_RESULT, by_result(names), lambda one: [one.result or WAITING, *([ANSWERED] if one.result else [])])
    fields = by_field(names, round_.fields)
    places[BY_FIELD] = _ranges([([f"{DIFFERS}{name}"], one.commune_id) for name, one in fields])
    lines = [
        [
            str(IdentityRound.Field(name).label),
            one.commune,
            one.name,
            one.birth,
            one.cccd,
            *one.differing[name],
            one.note,
        ]
        for name, one in fields
    ]
    _names(book, formats, BY_FIELD, _FIELDS, lines)
    return places


def _ranges(rows: Sequence[tuple[Iterable[str], int]]) -> Ranges:
    """First and last Excel row of each key, of each commune and of all."""
    found: Ranges = {}
    for at, (keys, commune) in enumerate(rows, NAMES_HEAD + 2):
        for key in keys:
            for place in (commune, None):
                first, _ = found.get((key, place), (at, at))
                found[key, place] = (first, at)
    return found


def _line(one: Named) -> list[str]:
    return [
        one.commune, one.name, one.birth, one.sex, one.cccd, one.hamlet, one.result_label, one.difference, one.died,
        one.answered, one.by, one.note,
    ]  # fmt: skip


def _names(
    book: xlsxwriter.Workbook,
    formats: _Formats,
    title: str,
    columns: Sequence[tuple[str, int]],
    lines: Sequence[Sequence[str]],
) -> None:
    sheet = book.add_worksheet(title)
    sheet.write_string(0, 0, f"Danh sách: {title.lower()}", formats.bold)
    sheet.write_url(1, 0, f"internal:'{SUMMARY}'!A1", formats.note, "Về trang tổng hợp")
    for place, (heading, width) in enumerate(columns):
        sheet.set_column(place, place, width)
        sheet.write_string(NAMES_HEAD, place, heading, formats.head)
    for number, line in enumerate(lines, 1):
        sheet.write_number(NAMES_HEAD + number, 0, number, formats.number)
        for place, text in enumerate(line, 1):
            sheet.write_string(NAMES_HEAD + number, place, text, formats.text)
    sheet.autofilter(NAMES_HEAD, 0, NAMES_HEAD + max(len(lines), 1), len(columns) - 1)
    sheet.freeze_panes(NAMES_HEAD + 1, 3)
    _paper(sheet)
    sheet.repeat_rows(NAMES_HEAD)


# --- counts --------------------------------------------------------------------------------------------------------


def _summary(sheet: Any, formats: _Formats, figures: RoundFigures, places: dict[str, Ranges], agency: str) -> None:
    measures, round_ = figures.measures, figures.round
    last = len(measures) + 2
    sheet.merge_range(0, 0, 0, 3, agency, formats.bold)
    sheet.merge_range(1, 0, 1, last, "TỔNG HỢP KẾT QUẢ XÁC MINH THÔNG TIN NGƯỜI HƯỞNG", formats.centre)
    sheet.merge_range(2, 0, 2, last, round_.name, formats.centre)
    demo = "Dữ liệu minh họa. " if settings.DEMO else ""
    sheet.write_string(3, 0, f"{demo}Đối chiếu: {round_.asked_for}. Hạn: {round_.until:%d/%m/%Y}.", formats.note)
    today = f"Số liệu ngày {clock.today():%d/%m/%Y}. Bấm vào số để mở danh sách. Đơn vị tính: người."
    sheet.write_string(4, 0, today, formats.note)
    sheet.set_column(0, 0, 5)
    sheet.set_column(1, 1, 20)
    sheet.set_column(2, last, 10)
    headings = ["TT", "Xã, thị trấn", *(measure.label for measure in measures), "Tỷ lệ trả lời (%)"]
    for column, heading in enumerate(headings):
        sheet.write_string(HEAD, column, heading, formats.head)
    sheet.set_row(HEAD, 34)
    for number, line in enumerate(figures.lines, 1):
        assert line.unit is not None  # noqa: S101
        sheet.write_number(HEAD + number, 0, number, formats.ordinal)
        sheet.write_string(HEAD + number, 1, line.unit.full_name, formats.label)
        _counts(sheet, HEAD + number, line, figures, places, formats.number)
    at = HEAD + len(figures.lines) + 1
    sheet.write_blank(at, 0, None, formats.total_label)
    sheet.write_string(at, 1, "Cộng", formats.total_label)
    _counts(sheet, at, figures.total, figures, places, formats.total)
    sheet.write_string(
        at + 2, 0, "Một người có thể khác ở nhiều thông tin nên các cột “Khác …” cộng lại có thể hơn cột Khác.",
        formats.note,
    )  # fmt: skip
    sheet.freeze_panes(HEAD + 1, 2)
    _paper(sheet)


def _counts(sheet: Any, row: int, line: Line, figures: RoundFigures, places: dict[str, Ranges], style: Any) -> None:
    unit = line.unit.pk if line.unit else None
    for column, measure in enumerate(figures.measures, 2):
        count = line.counts[measure.key]
        if address := _address(places, measure.key, unit):
            # The link goes in first and the number over it: a number that opens its names.
            sheet.write_url(row, column, address, style, string="-", tip="Mở danh sách")
        sheet.write_number(row, column, count, style)
    rate = line.answered_rate
    column = len(figures.measures) + 2
    if rate is None:
        sheet.write_string(row, column, "-", style)
    else:
        sheet.write_string(row, column, f"{rate}".replace(".", ","), style)


def _address(places: dict[str, Ranges], key: str, unit: int | None) -> str:
    """The rows of the names, on the sheet on which they stand together; "" for nobody."""
    for sheet in (BY_COMMUNE, BY_RESULT, BY_FIELD):
        # Of all communes, the answered stand together only by result; of one commune only by commune.
        if key == ANSWERED and (sheet == BY_RESULT) != (unit is None):
            continue
        if found := places[sheet].get((key, unit)):
            return f"internal:'{sheet}'!A{found[0]}:B{found[1]}"
    return ""


def _paper(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&RTrang &P/&N")
