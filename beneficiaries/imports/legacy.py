"""Text in TCVN3 within a workbook: found by the cells' fonts or by their letters, shown, then converted."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from batosocial.lib import tcvn3
from batosocial.lib.text import clean
from batosocial.lib.workbooks import Sheet, column_letter
from beneficiaries.imports.messages import ListRefused

#: A sign inside a word now and then is a slip; TCVN3 shows in this many cells of a column, or in one of twenty.
_ENOUGH, _ONE_IN = 3, 20
_EXAMPLES = 8


@dataclass(frozen=True, slots=True)
class Example:
    place: str
    before: str
    after: str


@dataclass(slots=True)
class LegacyText:
    """``cells`` are the converted texts by sheet name, row and column from 0."""

    cells: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)
    by_font: int = 0

    @property
    def count(self) -> int:
        return sum(map(len, self.cells.values()))

    def __bool__(self) -> bool:
        return bool(self.cells)

    def converted(self, sheet: Sheet) -> Sheet:
        """The sheet with its texts in Unicode."""
        if not (cells := self.cells.get(sheet.name)):
            return sheet
        rows = list(sheet.rows)
        for row in {row for row, _ in cells}:
            rows[row] = list(rows[row])
        for (row, column), text in cells.items():
            rows[row][column] = text
        return replace(sheet, rows=rows)


def find_legacy(sheets: Iterable[Sheet]) -> LegacyText:
    """Every text that TCVN3 would make another one of.

    Raises ListRefused for text in a VNI font, which is recognised and not converted.
    """
    found = LegacyText()
    for sheet in sheets:
        fonts = {(row, column): kind for row, column, kind in sheet.legacy}
        _refuse_vni(sheet, fonts)
        cells: dict[tuple[int, int], str] = {}
        by_letters = _columns_by_letters(sheet, fonts)
        if not fonts and not by_letters:
            continue
        for number, row in enumerate(sheet.rows):
            for column, cell in enumerate(row):
                if not isinstance(cell, str) or not cell or (cell.isascii() and not fonts):
                    continue
                kind = fonts.get((number, column))
                if not kind and not _by_letters(cell, by_letters.get(column)):
                    continue
                after = tcvn3.to_unicode(cell, capitals=kind == "tcvn3_caps")
                if after != cell:
                    cells[number, column] = after
                    found.by_font += bool(kind)
                    _show(found, sheet, number, column, cell, after)
        if cells:
            found.cells[sheet.name] = cells
    return found


def _show(found: LegacyText, sheet: Sheet, row: int, column: int, before: str, after: str) -> None:
    if len(found.examples) < _EXAMPLES and all(example.before != before for example in found.examples):
        found.examples.append(Example(f"{sheet.name}!{column_letter(column + 1)}{row + 1}", before, clean(after)))


def _columns_by_letters(sheet: Sheet, fonts: dict[tuple[int, int], str]) -> dict[int, bool]:
    """Columns whose letters tell of TCVN3; True where nothing in them is Unicode, so that all of it is TCVN3."""
    legacy: dict[int, int] = defaultdict(int)
    unicode: dict[int, int] = defaultdict(int)
    for number, row in enumerate(sheet.rows):
        for column, cell in enumerate(row):
            if not isinstance(cell, str) or cell.isascii() or (number, column) in fonts:
                continue
            if tcvn3.is_unicode(cell):
                unicode[column] += 1
            elif tcvn3.looks_like(cell):
                legacy[column] += 1
    found = {
        column: not unicode[column]
        for column, count in legacy.items()
        if count >= min(_ENOUGH, 1 + unicode[column] // _ONE_IN)
    }
    if found and sum(legacy.values()) >= max(_ENOUGH, sum(unicode.values())):
        # A sheet of TCVN3: "Sè CCCD" alone would not tell.
        found |= {column: True for column in range(len(sheet.rows[0])) if not unicode[column]}
    return found


def _by_letters(cell: str, all_of_it: bool | None) -> bool:
    if all_of_it is None or cell.isascii():
        return False
    return tcvn3.may_be(cell) if all_of_it else tcvn3.looks_like(cell)


def _refuse_vni(sheet: Sheet, fonts: dict[tuple[int, int], str]) -> None:
    for (row, column), kind in fonts.items():
        text = sheet.rows[row][column] if row < len(sheet.rows) and column < len(sheet.rows[row]) else ""
        if kind == "vni" and isinstance(text, str) and not text.isascii() and not tcvn3.is_unicode(text):
            raise ListRefused(
                f"Tệp dùng phông VNI (ô {column_letter(column + 1)}{row + 1}: “{clean(text)[:40]}”), cổng chưa chuyển "
                "được. Hãy chuyển cả tệp sang Unicode (ví dụ bằng UniKey: Công cụ > Chuyển mã nhanh, nguồn VNI "
                "Windows, đích Unicode) rồi gửi lại.",
                sheet=sheet.name,
                row=row + 1,
            )
