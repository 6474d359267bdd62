"""An empty workbook to fill in, made from what a resource declares: headings, drop-down lists, examples, a guide."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from import_export.resources import Resource
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from beneficiaries.resources import Column, columns

SHEET = "Danh sách"
GUIDE = "Hướng dẫn"
CHOICES = "Danh mục"
#: Rows below the examples that have drop-down lists and text format.
_ROWS = 2000
_HEAD = 3
_A4 = 9


@dataclass(frozen=True, slots=True)
class Choice:
    """What may stand in a cell, and what it means."""

    value: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Special:
    """What one template has instead of what its resource declares, by field: choices, and cells of the examples."""

    choices: Mapping[str, Sequence[Choice]] = field(default_factory=dict)
    examples: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def template_workbook(
    resource: Resource | type[Resource],
    *,
    title: str,
    notes: Sequence[str],
    subtitle: str = "",
    special: Special | None = None,
) -> bytes:
    """The template of a list: a sheet with invented examples, one that explains the columns, one with the choices.

    All cells but amounts are text, so that no number loses its leading zero.
    """
    special = special or Special()
    file = io.BytesIO()
    book = Workbook(file, {"in_memory": True, "strings_to_formulas": False})
    declared = columns(resource)
    examples = {name: special.examples.get(name, column.examples) for name, column in declared.items()}
    sheet = book.add_worksheet(SHEET)
    _write_table(book, sheet, declared, examples, title, subtitle)
    _write_guide(book, book.add_worksheet(GUIDE), declared, examples, notes)
    _write_choices(book, sheet, declared, special)
    book.close()
    return file.getvalue()


def _write_table(
    book: Workbook,
    sheet: Any,
    declared: Mapping[str, Column],
    examples: Mapping[str, Sequence[Any]],
    title: str,
    subtitle: str,
) -> None:
    bold = book.add_format({"bold": True, "font_size": 13})
    note = book.add_format({"italic": True})
    head = {"bold": True, "align": "center", "valign": "vcenter", "text_wrap": True, "border": 1}
    needed, other = book.add_format({**head, "bg_color": "#FFE8B3"}), book.add_format({**head, "bg_color": "#EAF0F6"})
    text, amount = book.add_format({"num_format": "@"}), book.add_format({"num_format": "#,##0"})
    sheet.write_string(0, 0, title, bold)
    sheet.write_string(
        1, 0, f"Cột nền vàng là cột cần có. Xóa các dòng ví dụ trước khi nạp; xem trang “{GUIDE}”.", note
    )
    if subtitle:
        sheet.write_string(2, 0, subtitle, bold)
    sheet.set_column(0, 0, 5)
    sheet.write_string(_HEAD, 0, "TT", other)
    for place, column in enumerate(declared.values(), 1):
        sheet.set_column(place, place, column.width, amount if column.is_amount else text)
        sheet.write_string(_HEAD, place, column.heading, needed if column.required else other)
    for number in range(max(map(len, examples.values()))):
        sheet.write_number(_HEAD + 1 + number, 0, number + 1)
        for place, name in enumerate(declared, 1):
            value = examples[name][number] if number < len(examples[name]) else ""
            if isinstance(value, int):
                sheet.write_number(_HEAD + 1 + number, place, value, amount)
            elif value:
                sheet.write_string(_HEAD + 1 + number, place, value, text)
    sheet.freeze_panes(_HEAD + 1, 2)
    sheet.set_row(_HEAD, 32)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEAD)


def _write_guide(
    book: Workbook,
    sheet: Any,
    declared: Mapping[str, Column],
    examples: Mapping[str, Sequence[Any]],
    notes: Sequence[str],
) -> None:
    bold = book.add_format({"bold": True, "bottom": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 24, wrapped)
    sheet.set_column(1, 1, 10, wrapped)
    sheet.set_column(2, 2, 80, wrapped)
    sheet.set_column(3, 3, 24, wrapped)
    for place, heading in enumerate(("Cột", "Cần có", "Cách ghi", "Ví dụ")):
        sheet.write_string(0, place, heading, bold)
    row = 0
    for row, (name, column) in enumerate(declared.items(), 1):
        sheet.write_string(row, 0, column.heading)
        sheet.write_string(row, 1, "Cần có" if column.required else "")
        sheet.write_string(row, 2, column.hint)
        sheet.write_string(row, 3, next((str(example) for example in examples[name] if example), ""))
    for line, note in enumerate(notes, row + 2):
        sheet.merge_range(line, 0, line, 3, note, wrapped)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)


def _write_choices(book: Workbook, table: Any, declared: Mapping[str, Column], special: Special) -> None:
    """Drop-down lists; what they offer stands on a sheet, as a list in the cell itself holds 255 characters at most."""
    offered: list[tuple[int, Column, Sequence[Choice]]] = []
    for place, (name, column) in enumerate(declared.items(), 1):
        if choices := special.choices.get(name) or [Choice(value) for value in column.choices]:
            offered.append((place, column, choices))
    if not offered:
        return
    sheet = book.add_worksheet(CHOICES)
    bold = book.add_format({"bold": True})
    at = 0
    for place, column, choices in offered:
        sheet.set_column(at, at, max(14, column.width))
        sheet.write_string(0, at, column.heading, bold)
        for row, choice in enumerate(choices, 1):
            sheet.write_string(row, at, choice.value)
        letter = xl_col_to_name(at)
        table.data_validation(
            _HEAD + 1,
            place,
            _HEAD + _ROWS,
            place,
            {
                "validate": "list",
                "source": f"='{CHOICES}'!${letter}$2:${letter}${len(choices) + 1}",
                # What the list does not have can still be typed: the portal says what is wrong with it.
                "error_type": "warning",
                "error_title": column.heading,
                "error_message": f"Giá trị này không có trong danh mục {column.heading}.",
            },
        )
        at += 1
        if any(choice.meaning for choice in choices):
            sheet.set_column(at, at, 70)
            sheet.write_string(0, at, "Là", bold)
            for row, choice in enumerate(choices, 1):
                sheet.write_string(row, at, choice.meaning)
            at += 1
    sheet.freeze_panes(1, 0)
