"""From a workbook to the rows of people in it: where the table is, which row is a person, which a hamlet."""

import datetime
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from batosocial.lib.text import accent_key, clean, fold
from batosocial.lib.workbooks import Cell, CellError, Sheet
from batosocial.territory.models import Unit
from beneficiaries.imports import heading
from beneficiaries.imports.choices import Reading
from beneficiaries.imports.columns import ColumnSet, Layout
from beneficiaries.imports.legacy import LegacyText, find_legacy
from beneficiaries.imports.messages import ListRefused, shown
from beneficiaries.imports.survey import Survey, SurveyedSheet, chosen_layout, names
from beneficiaries.models import Policy

_HAMLET_WORDS = (
    "thon",
    "tdp",
    "to dan pho",
    "to",
    "khu dan cu",
    "kdc",
    "khu",
    "xom",
    "lang",
    "ban",
    "ap",
    "khom",
    "buon",
)
_ENUMERATION = re.compile(r"^(?:[IVXLC]+|\d{1,2}|[A-Za-z])\s*[.):\-/]+\s*")
_TOTALS = ("tổng cộng", "tổng số", "tổng", "cộng", "cộng thôn", "cộng tổ", "bằng chữ", "tổng tiền", "tổng kinh phí")
_TOTAL_LETTERS = {word[0] for word in _TOTALS}
_SIGNATURES = (
    "người lập", "nguoi lap", "lập bảng", "lập biểu", "kế toán", "chủ tịch", "phó chủ tịch", "thủ trưởng", "xác nhận",
    "tm.", "kt.", "tm ủy ban", "tm uỷ ban", "ủy ban nhân dân", "uỷ ban nhân dân", "cán bộ", "công chức", "người duyệt",
    "(ký", "ký tên",
)  # fmt: skip
_DATE_LINE = re.compile(r"ngày\b.*\btháng\b.*\bnăm\b", re.IGNORECASE)


@dataclass(slots=True)
class SourceRow:
    """One person's row: ``row`` as Excel counts, texts cleaned, ``hamlet`` from the section it stands in."""

    sheet: str
    row: int
    layout: Layout
    cells: Sequence[Cell]
    hamlet: str

    def get(self, name: str) -> Cell:
        """The cell of a field, "" where the list has no such column or the cell is blank."""
        return _cell(self.cells, self.layout, name)

    @property
    def ordinal(self) -> str:
        return str(self.get("ordinal"))


@dataclass(slots=True)
class CommuneList:
    """What a workbook holds; ``month`` is that of its title, None where it names none."""

    rows: list[SourceRow]
    month: datetime.date | None
    titles: dict[str, list[heading.Line]] = field(default_factory=dict)


def read_list(sheets: Sequence[Sheet], columns: ColumnSet, reading: Reading) -> CommuneList:
    """The people's rows of the sheets that ``reading`` names, as it says.

    Raises ListRefused, with a message for the user, for sheets that are not there or columns that are missing, and
    where nobody is in the tables.
    """
    by_name = {sheet.name: sheet for sheet in sheets}
    legacy = find_legacy(sheets) if reading.tcvn3 else LegacyText()
    tables: list[tuple[Sheet, Layout]] = []
    for chosen in reading.sheets:
        if chosen.name not in by_name:
            there = ", ".join(f"“{name}”" for name in by_name)
            raise ListRefused(f"Tệp không có trang “{shown(chosen.name)}”. Trong tệp có: {there}.")
        sheet = legacy.converted(by_name[chosen.name])
        layout = chosen_layout(sheet, chosen, columns)
        if missing := columns.missing(layout.columns):
            raise ListRefused(
                f"Bảng thiếu cột: {', '.join(missing)}. Danh sách cần có các cột: {columns.expected}.",
                sheet=sheet.name,
                row=layout.header_row + 1,
            )
        tables.append((sheet, layout))
    titles = {sheet.name: list(_title(sheet, layout)) for sheet, layout in tables}
    rows = [row for sheet, layout in tables for row in _people(sheet, layout, columns.evidence)]
    if not rows:
        raise ListRefused("Bảng không có dòng nào dưới tiêu đề. Hãy kiểm tra lại tệp đã chọn.")
    month = heading.find_month(line for lines in titles.values() for line in lines)
    return CommuneList(rows, month, titles)


def settle(found: Survey, columns: ColumnSet, *, sheets: Collection[str] = (), tcvn3: bool | None = None) -> Reading:
    """How to read a workbook where nobody can be asked: the named sheets, else every visible one with a table.

    Raises ListRefused, saying what was found, where that is not clear.
    """
    wanted = [surveyed for surveyed in found.sheets if surveyed.sheet.name in sheets] if sheets else found.sheets
    if missing := set(sheets) - {surveyed.sheet.name for surveyed in wanted}:
        there = ", ".join(f"“{surveyed.sheet.name}”" for surveyed in found.sheets)
        raise ListRefused(f"Tệp không có trang “{shown(sorted(missing)[0])}”. Trong tệp có: {there}.")
    complete = [one for one in wanted if one.complete and (sheets or not one.sheet.hidden)]
    if not complete or (sheets and len(complete) < len(wanted)):
        _refuse_incomplete([one for one in wanted if not one.complete and (sheets or not one.sheet.hidden)], columns)
    if found.legacy and tcvn3 is None:
        example = found.legacy.examples[0]
        raise ListRefused(
            f"{found.legacy.count} ô dùng bảng mã TCVN3 (ô {example.place}: “{shown(example.before)}” sẽ thành "
            f"“{shown(example.after)}”). Hãy xem và đồng ý chuyển sang Unicode (dòng lệnh: thêm --tcvn3), hoặc chuyển "
            "tệp trước khi gửi."
        )
    return Reading(
        tuple(one.reading() for one in complete),
        tcvn3=tcvn3,
        remembered=any(one.remembered for one in complete),
    )


def _refuse_incomplete(sheets: Sequence[SurveyedSheet], columns: ColumnSet) -> NoReturn:
    with_header = [one for one in sheets if one.layout is not None]
    if not with_header:
        seen = ", ".join(f"“{one.sheet.name}” ({len(one.sheet.rows)} dòng)" for one in sheets)
        trailer = f" Đã tìm ở trang: {seen}." if seen else ""
        raise ListRefused(
            f"Không tìm thấy dòng tiêu đề của bảng. Danh sách cần có các cột: {columns.expected}.{trailer}"
        )
    one = with_header[0]
    assert one.layout is not None  # noqa: S101
    raise ListRefused(
        f"Bảng thiếu cột: {', '.join(one.missing)}. Danh sách cần có các cột: {columns.expected}. "
        f"Đã nhận ra: {names(one.layout.columns, columns)}.",
        sheet=one.sheet.name,
        row=one.layout.header_row + 1,
    )


def check_heading(read: CommuneList, *, commune: Unit, policy: str) -> None:
    """ListRefused where a title names another commune or the other policy than the chosen ones."""
    communes = list(Unit.objects.current().communes().filter(parent_id=commune.parent_id))
    for sheet, lines in read.titles.items():
        if wrong := heading.wrong_commune(lines, commune, communes):
            row, words = wrong
            raise ListRefused(
                f"Tiêu đề ghi “{words}”, không phải {commune.full_name}. Hãy chọn đúng xã, hoặc chọn đúng tệp.",
                sheet=sheet,
                row=row,
            )
        named = heading.find_policy(lines)
        if named and named[0] != policy:
            raise ListRefused(
                f"Tiêu đề là danh sách {named[0].label}, không phải {Policy(policy).label}. "
                "Hãy chọn đúng chính sách, hoặc chọn đúng tệp.",
                sheet=sheet,
                row=named[1],
            )


def _title(sheet: Sheet, layout: Layout) -> Iterator[heading.Line]:
    for number, row in enumerate(sheet.rows[: max(layout.header_row, 0)], 1):
        for cell in row:
            if isinstance(cell, str) and cell.strip():
                yield heading.Line(number, clean(cell))


def _cell(cells: Sequence[Cell], layout: Layout, name: str) -> Cell:
    column = layout.columns.get(name)
    return cells[column] if column is not None and column < len(cells) else ""


def _people(sheet: Sheet, layout: Layout, known: tuple[str, ...]) -> Iterator[SourceRow]:
    hamlet = ""
    ended = False
    for number, raw in enumerate(sheet.rows[layout.first_row :], layout.first_row + 1):
        # Texts are cleaned here, once: everything below reads them often.
        cells: list[Cell] = [clean(cell) if isinstance(cell, str) else cell for cell in raw]
        texts = [cell for cell in cells if isinstance(cell, str) and cell]
        if not texts and all(isinstance(cell, str) for cell in cells):
            continue
        label = _label(cells, layout)
        evidence = sum(_speaks(_cell(cells, layout, name), name) for name in known)
        if _is_total(label, evidence):
            # Parts have totals too; only after the last one may a row of little evidence be a signature.
            ended = True
            continue
        if evidence == 0 and (named := _hamlet(label)):
            hamlet, ended = named, False
            continue
        if evidence < 2 and any(_is_signature(text) for text in texts):
            ended = True
            continue
        heading_again = layout.labels.get("name")
        if (heading_again and label.casefold() == heading_again.casefold()) or not _is_person(
            cells, layout, evidence, ended
        ):
            continue
        yield SourceRow(sheet.name, number, layout, cells, hamlet)


def _label(cells: Sequence[Cell], layout: Layout) -> str:
    """What a row says of itself: its name cell, else the first text in it."""
    name = _cell(cells, layout, "name")
    if isinstance(name, str) and name:
        return name
    return next((cell for cell in cells if isinstance(cell, str) and cell), "")


def _speaks(cell: Cell, name: str) -> bool:
    if isinstance(cell, CellError):
        return True
    return any(char.isdigit() for char in str(cell)) if name == "account" else cell != ""


def _is_total(label: str, evidence: int) -> bool:
    if label[:1].lower() not in _TOTAL_LETTERS:
        return False
    key = accent_key(label).rstrip(" :.")
    if any(key == word or key.startswith((f"{word} ", f"{word}:")) for word in _TOTALS):
        # Somebody's family name may be Tống and the middle name Công, but not Tổng Cộng.
        return evidence < 4
    return evidence == 0 and fold(label).startswith(("tong cong", "tong so", "cong "))


def _hamlet(label: str) -> str:
    """The hamlet that a section row names ("II. Thôn Nam Lân:" is Thôn Nam Lân), or ""."""
    text = _ENUMERATION.sub("", label, count=1).rstrip(" :.")
    key = fold(text)
    return text if any(key == word or key.startswith(f"{word} ") for word in _HAMLET_WORDS) else ""


def _is_signature(text: str) -> bool:
    return accent_key(text).startswith(_SIGNATURES) or bool(_DATE_LINE.search(text))


def _is_person(cells: Sequence[Cell], layout: Layout, evidence: int, ended: bool) -> bool:
    name = _cell(cells, layout, "name")
    named = name != ""
    numbered = str(_cell(cells, layout, "ordinal")).rstrip(".").isdecimal()
    if ended:
        return evidence >= 2 and (named or numbered)
    if evidence == 0:
        # A number and a name without anything else is a person with everything missing; a name alone, a heading.
        return named and (numbered or _speaks(_cell(cells, layout, "amount"), "amount"))
    return named or numbered or evidence >= 2
