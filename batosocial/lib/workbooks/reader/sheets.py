"""The sheets of a workbook as rows of plain values."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from . import old_excel, parts
from .plain import Row, read_csv
from .refusal import Refusal

#: Excel keeps 15 digits: larger numbers stay floats, so that nobody takes them for exact.
_EXACT = 10**15


class CellError:
    """An error cell, such as "#REF!"; no str, which JSON would write as text."""

    def __init__(self, code: str) -> None:
        self.code = code


def read(content: bytes, kind: str, filename: str, limits: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Each sheet's name, rows and cells in fonts of old encodings; Refusal where there are too many or none."""
    total = 0
    for sheet in read_csv(content, filename) if kind == "csv" else _read_excel(content, kind, limits):
        rows = sheet["rows"]
        while rows and _width(rows[-1]) == 0:
            rows.pop()
        width = max(map(_width, rows), default=0)
        total += len(rows)
        _check_size(total, width, limits)
        # Rows of one width; empty rows and columns in front stay, so that numbers are Excel's.
        sheet["rows"] = [
            [_plain(cell) if type(cell) is float else cell for cell in row[:width]] + [""] * (width - len(row))
            for row in rows
        ]
        yield sheet
    if not total:
        raise Refusal("empty")


def _check_size(rows: int, columns: int, limits: dict[str, int]) -> None:
    if rows > limits["rows"]:
        raise Refusal("too_many_rows")
    if columns > limits["columns"]:
        raise Refusal("too_many_columns")


def _width(row: Row) -> int:
    """How many cells a row has up to its last filled one."""
    return next((number for number in range(len(row), 0, -1) if row[number - 1] != ""), 0)


def _plain(number: float) -> int | float:
    return int(number) if number.is_integer() and -_EXACT < number < _EXACT else number


def _read_excel(content: bytes, kind: str, limits: dict[str, int]) -> Iterator[dict[str, Any]]:
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        if kind == "xlsx":
            package = parts.Package(content)
        errors = old_excel.errors(content) if kind == "xls" else {}
        for meta in book.sheets_metadata:
            if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(meta.name)
            # Before each cell becomes an object: one stray cell far away makes a sheet huge.
            _check_size(sheet.total_height, sheet.total_width, limits)
            rows: list[Row] = sheet.to_python(skip_empty_area=False)
            found = package.notable(meta.name) if kind == "xlsx" else errors.get(meta.name, ())
            legacy = []
            for row, column, what, value in found:
                if what == "error":
                    # calamine's rows end where it sees nothing more, and such cells are nothing to it.
                    _check_size(row + 1, column + 1, limits)
                    rows.extend([] for _ in range(len(rows), row + 1))
                    rows[row].extend("" for _ in range(len(rows[row]), column + 1))
                    rows[row][column] = CellError(value)
                elif row < len(rows) and column < len(rows[row]):
                    text = rows[row][column]
                    if isinstance(text, str) and text:
                        legacy.append((row, column, value))
            yield {
                "name": meta.name,
                "hidden": meta.visible != calamine.SheetVisibleEnum.Visible,
                "rows": rows,
                "legacy": legacy,
            }
    except calamine.PasswordError as error:
        raise Refusal("encrypted") from error
    except (calamine.CalamineError, zipfile.BadZipFile, ElementTree.ParseError, LookupError) as error:
        raise Refusal("damaged") from error
