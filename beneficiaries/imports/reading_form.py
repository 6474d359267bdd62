"""The page "Cách đọc tệp": which sheets, which row is the header, what each column holds, TCVN3 or not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from batosocial.lib.text import clean
from batosocial.lib.workbooks import Cell, column_letter, column_number
from beneficiaries.imports.check import Opened
from beneficiaries.imports.choices import Reading, SheetReading
from beneficiaries.imports.columns import MAX_HEADER_ROW, ColumnSet, layout_at
from beneficiaries.imports.kinds import importer_of
from beneficiaries.imports.messages import ListRefused, shown
from beneficiaries.imports.survey import SurveyedSheet, heading_text

#: More sheets than these are not offered; the command line reads any by its name.
_MOST_SHEETS = 12
#: Rows shown around the header, rows looked into for examples, examples of a column.
_BEFORE, _AFTER, _LOOKED_INTO, _EXAMPLES = 3, 7, 60, 3
_CONVERT, _KEEP = "doi", "giu"


@dataclass(slots=True)
class ShownColumn:
    letter: str
    heading: str
    examples: list[str]
    select: BoundField


@dataclass(slots=True)
class ShownSheet:
    """One sheet on the page: its fields, its first rows as read, and its columns with what they could mean."""

    surveyed: SurveyedSheet
    use: BoundField
    header: BoundField
    first: BoundField
    is_used: bool
    missing: list[str]
    letters: list[str] = field(default_factory=list)
    rows: list[tuple[int, str, list[str]]] = field(default_factory=list)
    columns: list[ShownColumn] = field(default_factory=list)


class ReadingForm(forms.Form):
    """Made from an opened workbook. ``looked`` is set where a header moved, so that its columns are new to the user."""

    def __init__(self, data: Any = None, *, opened: Opened, current: Reading | None) -> None:
        self.opened = opened
        self.columns: ColumnSet = importer_of(opened.batch).columns
        self.surveyed = [one for one in opened.found.sheets if one.sheet.rows][:_MOST_SHEETS]
        self.letters = {one.sheet.name: _filled_columns(one.sheet.rows) for one in self.surveyed}
        self.looked = False
        self.start = [self._start(one, current) for one in self.surveyed]
        self.used = [self._is_used(one, current) for one in self.surveyed]
        if data is not None:
            data = self._follow_headers(data)
        super().__init__(data)
        for number in range(len(self.surveyed)):
            self._add_sheet(number)
        if opened.found.legacy:
            self.fields["tcvn3"] = forms.ChoiceField(
                label="Chữ TCVN3",
                choices=[(_CONVERT, "Chuyển sang Unicode như trên"), (_KEEP, "Giữ nguyên, không phải TCVN3")],
                widget=forms.RadioSelect,
                initial=_choice(current.tcvn3 if current else None),
                error_messages={"required": "Hãy xem các ví dụ rồi chọn chuyển hoặc giữ nguyên."},
            )

    # --- what stands in the fields at first --------------------------------------------------------------------------

    def _start(self, one: SurveyedSheet, current: Reading | None) -> SheetReading:
        chosen = next((sheet for sheet in current.sheets if sheet.name == one.sheet.name), None) if current else None
        if chosen is not None:
            return chosen
        if one.layout is not None:
            return one.reading()
        return self._from_header(one, self._likely_header(one.sheet.rows))

    def _is_used(self, one: SurveyedSheet, current: Reading | None) -> bool:
        if current is not None and current.sheets:
            return any(sheet.name == one.sheet.name for sheet in current.sheets)
        if self.opened.found.obvious:
            return one in self.opened.found.obvious
        return one is self.surveyed[0]

    def _likely_header(self, rows: Sequence[Sequence[Cell]]) -> int:
        """The first row with as many texts as any other, counted from 1: somewhere to begin with."""
        texts = [sum(isinstance(cell, str) and cell != "" for cell in row) for row in rows[:MAX_HEADER_ROW]]
        return texts.index(max(texts)) + 1

    def _from_header(self, one: SurveyedSheet, header: int) -> SheetReading:
        """What a row says as a header; without one (0) nothing is known."""
        rows = one.sheet.rows
        if not 0 < header <= len(rows):
            return SheetReading(one.sheet.name, 0, 1, {})
        layout = layout_at(rows, header - 1, self.columns)
        return replace(SurveyedSheet(one.sheet, layout, []).reading(), header=header)

    def _follow_headers(self, data: Any) -> Any:
        """Where the header row is another one than the columns were shown for, they are found anew."""
        changed = data.copy()
        for number, one in enumerate(self.surveyed):
            header, seen = (_whole(data.get(f"{name}{number}")) for name in ("header", "seen"))
            if header is None or header == seen:
                continue
            self.looked = True
            found = self._from_header(one, header)
            self.start[number] = found
            changed[f"seen{number}"], changed[f"first{number}"] = str(header), str(found.first)
            for letter in self.letters[one.sheet.name]:
                changed[f"column{number}_{letter}"] = _field_of(found, letter)
        return changed

    # --- fields ------------------------------------------------------------------------------------------------------

    def _add_sheet(self, number: int) -> None:
        one, start = self.surveyed[number], self.start[number]
        last = len(one.sheet.rows)
        self.fields[f"use{number}"] = forms.BooleanField(
            label=f"Đọc trang “{one.sheet.name}”", required=False, initial=self.used[number]
        )
        self.fields[f"header{number}"] = forms.IntegerField(
            label="Dòng tiêu đề của bảng",
            min_value=0,
            max_value=min(last, MAX_HEADER_ROW),
            initial=start.header,
            help_text="Số dòng như Excel; bảng không có tiêu đề thì ghi 0.",
            error_messages={"required": "Hãy ghi số dòng tiêu đề."},
        )
        self.fields[f"seen{number}"] = forms.IntegerField(
            widget=forms.HiddenInput, required=False, initial=start.header
        )
        self.fields[f"first{number}"] = forms.IntegerField(
            label="Dòng người đầu tiên",
            min_value=1,
            max_value=last,
            initial=start.first,
            help_text="Dòng ngay dưới tiêu đề; dòng “Thôn …” cũng tính.",
            error_messages={"required": "Hãy ghi số dòng đầu tiên của bảng."},
        )
        choices = [("", "(không dùng)"), *self.columns.headings.items()]
        for letter in self.letters[one.sheet.name]:
            self.fields[f"column{number}_{letter}"] = forms.ChoiceField(
                label=f"Cột {letter}", choices=choices, required=False, initial=_field_of(start, letter)
            )

    # --- what was chosen ---------------------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        sheets = []
        for number, one in enumerate(self.surveyed):
            if not cleaned.get(f"use{number}"):
                continue
            chosen = {
                letter: cleaned[f"column{number}_{letter}"]
                for letter in self.letters[one.sheet.name]
                if cleaned.get(f"column{number}_{letter}")
            }
            self._check_columns(number, one, chosen)
            if cleaned[f"first{number}"] <= cleaned[f"header{number}"]:
                self.add_error(f"first{number}", "Dòng người đầu tiên phải ở dưới dòng tiêu đề.")
            sheets.append(
                SheetReading(
                    one.sheet.name,
                    cleaned[f"header{number}"],
                    cleaned[f"first{number}"],
                    {name: letter for letter, name in chosen.items()},
                )
            )
        if not sheets:
            self.add_error(None, "Hãy chọn ít nhất một trang để đọc.")
        if not self.errors:
            self._read(cleaned, tuple(sheets))
        return cleaned

    def _check_columns(self, number: int, one: SurveyedSheet, chosen: dict[str, str]) -> None:
        for name, times in Counter(chosen.values()).items():
            if times > 1:
                twins = [letter for letter, other in chosen.items() if other == name]
                heading = self.columns.headings[name]
                self.add_error(
                    f"column{number}_{twins[-1]}",
                    f"Các cột {', '.join(twins)} cùng được chọn là “{heading}”; hãy giữ một cột.",
                )
        if missing := self.columns.missing(chosen.values()):
            self.add_error(
                None,
                f"Trang “{shown(one.sheet.name)}” chưa có cột: {', '.join(missing)}. Hãy chọn cột tương ứng, hoặc bỏ "
                "chọn trang này.",
            )

    def _read(self, cleaned: dict[str, Any], sheets: tuple[SheetReading, ...]) -> None:
        tcvn3 = {_CONVERT: True, _KEEP: False}.get(cleaned.get("tcvn3", ""))
        reading = Reading(sheets, tcvn3=tcvn3)
        try:
            self.opened.read(reading)
        except ListRefused as refused:
            place = f"Trang “{refused.sheet}”, dòng {refused.row}: " if refused.row is not None else ""
            self.add_error(None, f"{place}{refused}")
        else:
            cleaned["reading"] = reading

    # --- what the page shows -----------------------------------------------------------------------------------------

    def shown(self) -> list[ShownSheet]:
        return [self._show(number, one) for number, one in enumerate(self.surveyed)]

    def _show(self, number: int, one: SurveyedSheet) -> ShownSheet:
        header = _whole(self[f"header{number}"].value())
        first = _whole(self[f"first{number}"].value())
        header = self.start[number].header if header is None else header
        first = max(self.start[number].first if first is None else first, header + 1)
        rows = one.sheet.rows
        letters = self.letters[one.sheet.name]
        numbers = [column_number(letter) - 1 for letter in letters]
        selects = [self[f"column{number}_{letter}"] for letter in letters]
        beginning = max(header - 1 - _BEFORE, 0)
        sample = rows[first - 1 : first - 1 + _LOOKED_INTO]
        return ShownSheet(
            surveyed=one,
            use=self[f"use{number}"],
            header=self[f"header{number}"],
            first=self[f"first{number}"],
            is_used=bool(self[f"use{number}"].value()),
            missing=self.columns.missing({str(select.value()) for select in selects if select.value()}),
            letters=letters,
            rows=[
                (
                    index + 1,
                    "header" if header - 1 <= index < first - 1 and header else "",
                    [shown(rows[index][column]) for column in numbers],
                )
                for index in range(beginning, min(first - 1 + _AFTER, len(rows)))
            ],
            columns=[
                ShownColumn(
                    letter,
                    heading_text(rows[max(header - 1, 0) : first - 1], column) if header else "",
                    _examples(sample, column),
                    select,
                )
                for letter, column, select in zip(letters, numbers, selects, strict=True)
            ],
        )


def _examples(rows: Sequence[Sequence[Cell]], column: int) -> list[str]:
    found: dict[str, None] = {}
    for row in rows:
        if text := clean(str(row[column])):
            found[shown(text)] = None
        if len(found) == _EXAMPLES:
            break
    return list(found)


def _filled_columns(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Letters of the columns in which anything stands."""
    return [column_letter(column + 1) for column in range(len(rows[0])) if any(row[column] != "" for row in rows)]


def _field_of(reading: SheetReading, letter: str) -> str:
    return next((name for name, used in reading.columns.items() if used == letter), "")


def _whole(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def _choice(tcvn3: bool | None) -> str:
    return "" if tcvn3 is None else _CONVERT if tcvn3 else _KEEP
