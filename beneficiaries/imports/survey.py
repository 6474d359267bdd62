"""What a workbook holds, before anybody decides how to read it: sheets, headers found, text in old encodings."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from batosocial.lib.text import clean, fold
from batosocial.lib.workbooks import Cell, Sheet, WorkbookError, column_letter, column_number, read_workbook
from beneficiaries.imports.choices import Reading, SheetReading
from beneficiaries.imports.columns import MAX_HEADER_ROW, ColumnSet, Layout, find_layout, layout_at
from beneficiaries.imports.legacy import LegacyText, find_legacy
from beneficiaries.imports.messages import ListRefused

#: Columns chosen before, {field: letter}, by the signature of their header.
Remembered = Mapping[str, Mapping[str, str]]
#: A header has one row or two; forms number their columns in a row below.
_SPANS = (1, 2)


@dataclass(frozen=True, slots=True)
class SurveyedSheet:
    """``sheet`` with its texts as they would be converted; ``layout`` None where no row looks like a header."""

    sheet: Sheet
    layout: Layout | None
    missing: list[str]
    remembered: bool = False

    @property
    def complete(self) -> bool:
        return self.layout is not None and not self.missing

    def reading(self) -> SheetReading:
        assert self.layout is not None  # noqa: S101
        return SheetReading(
            self.sheet.name,
            self.layout.header_row + 1,
            self.layout.first_row + 1,
            {name: column_letter(column + 1) for name, column in self.layout.columns.items()},
        )


@dataclass(frozen=True, slots=True)
class Survey:
    sheets: list[SurveyedSheet] = field(default_factory=list)
    legacy: LegacyText = field(default_factory=LegacyText)

    @property
    def obvious(self) -> list[SurveyedSheet]:
        """Visible sheets with a complete table."""
        return [surveyed for surveyed in self.sheets if surveyed.complete and not surveyed.sheet.hidden]

    @property
    def is_clear(self) -> bool:
        """Whether there is one way to read it, so that nobody needs to be asked."""
        tables = [surveyed for surveyed in self.sheets if surveyed.layout is not None]
        return len(tables) == 1 and len(self.obvious) == 1 and not self.legacy

    def automatic(self) -> Reading:
        """Every visible sheet with a complete table, as it was found."""
        return Reading(
            tuple(surveyed.reading() for surveyed in self.obvious),
            remembered=any(surveyed.remembered for surveyed in self.obvious),
        )


def open_sheets(content: bytes, filename: str) -> list[Sheet]:
    """All sheets; ListRefused for what is no readable workbook."""
    try:
        return read_workbook(content, filename)
    except WorkbookError as error:
        raise ListRefused(str(error)) from error


def survey(sheets: Sequence[Sheet], columns: ColumnSet, remembered: Remembered | None = None) -> Survey:
    """Look at every sheet that holds anything. Raises ListRefused for text in VNI."""
    legacy = find_legacy(sheets)
    found = []
    for sheet in sheets:
        if not sheet.rows:
            continue
        readable = legacy.converted(sheet)
        layout = _remembered_layout(readable.rows, remembered or {}, columns)
        known = layout is not None
        layout = layout or find_layout(readable.rows, columns)
        missing = columns.missing(layout.columns) if layout else []
        found.append(SurveyedSheet(readable, layout, missing, known))
    return Survey(found, legacy)


def chosen_layout(sheet: Sheet, chosen: SheetReading, columns: ColumnSet) -> Layout:
    """The layout of a sheet as the user wants it read, labels as they stand in its header."""
    header, first = chosen.header - 1, chosen.first - 1
    numbers = {name: column_number(letter) - 1 for name, letter in chosen.columns.items()}
    found = layout_at(sheet.rows, header, columns) if 0 <= header < len(sheet.rows) else None
    labels = {}
    for name, number in numbers.items():
        if found is not None and found.columns.get(name) == number:
            labels[name] = found.labels[name]
        else:
            labels[name] = heading_text(sheet.rows[max(header, 0) : first], number) if header >= 0 else ""
    return Layout(header, first, numbers, labels)


def heading_text(rows: Sequence[Sequence[Cell]], column: int) -> str:
    """What stands above a column, in one line."""
    return clean(" ".join(str(row[column]) for row in rows if column < len(row) and row[column] != ""))


def signature(rows: Sequence[Sequence[Cell]]) -> str:
    """What tells a header again: its labels in their order, whatever their capitals and accents."""
    lines = ["\x1f".join(fold(str(cell)) for cell in row).rstrip("\x1f") for row in rows]
    return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()


def _remembered_layout(rows: Sequence[Sequence[Cell]], remembered: Remembered, columns: ColumnSet) -> Layout | None:
    """The first header whose columns were chosen before."""
    if not remembered:
        return None
    for index in range(min(len(rows), MAX_HEADER_ROW)):
        for span in _SPANS:
            if (known := remembered.get(signature(rows[index : index + span]))) is None:
                continue
            first = index + span
            if first < len(rows) and layout_at(rows, index, columns).first_row > first:
                first = layout_at(rows, index, columns).first_row
            chosen = SheetReading("", index + 1, first + 1, known)
            return chosen_layout(Sheet("", list(map(list, rows))), chosen, columns)
    return None


def names(fields: Collection[str], columns: ColumnSet) -> str:
    return ", ".join(columns.headings.get(name, name) for name in fields if name in columns.headings)
