"""The process that opens files from outside: a script of its own, started by `workbooks`, with limited memory.

It imports neither Django nor the project, so that a hostile file finds nothing here: no settings, no database, no
environment. It reads a line of JSON (what to do, within which limits) and the file from standard input, and
answers with one byte, "+" and the result or "-" and the code of a refusal, on standard output.
"""

import contextlib
import csv
import datetime
import gc
import io
import json
import posixpath
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAIN_PART = "xl/workbook.xml"
_MAX_PARTS = 10_000
#: Below this a high ratio of compression does no harm.
_HARMLESS_BYTES = 16 * 2**20
#: Answers are held in memory by the caller; 100,000 rows of 15 columns take about 20 MB.
_MAX_ANSWER_BYTES = 160 * 2**20
#: Excel keeps 15 digits: larger numbers stay floats, so that nobody takes them for exact.
_EXACT = 10**15
_DELIMITERS = ",;\t|"

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# python-calamine returns error cells as empty, so they are looked up in the sheet's XML.
_ERROR_CELL = re.compile(
    rb"<(?:\w+:)?c\b(?=[^>]*\bt=[\"']e[\"'])[^>]*\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"'][^>]*>(.*?)</(?:\w+:)?c>",
    re.DOTALL,
)
_ERROR_TEXT = re.compile(rb"<(?:\w+:)?v>([^<]*)<")
#: Longer than any cell with its formula.
_OVERLAP = 64 * 2**10

_FORMATS: dict[type, str] = {
    datetime.datetime: "dd/mm/yyyy hh:mm",
    datetime.date: "dd/mm/yyyy",
    datetime.time: "hh:mm",
    datetime.timedelta: "[h]:mm",
}

Row = list[Any]


class _Error:
    """An error cell, such as "#REF!"; no str, which JSON would write as text."""

    def __init__(self, code: str) -> None:
        self.code = code


class Refusal(Exception):
    """The file is not taken; the argument is a code that `workbooks` has the words for."""


def main() -> None:
    request = json.loads(sys.stdin.buffer.readline())
    limits = request["limits"]
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (limits["seconds"], limits["seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Millions of cells and no cycles: collecting garbage only costs time.
    gc.disable()
    content = sys.stdin.buffer.read()
    try:
        kind = sniff(content, request["filename"], limits)
        if request["action"] == "mark":
            answer = mark(content, kind, request)
        else:
            answer = json.dumps(
                list(read(content, kind, request["filename"], limits)),
                ensure_ascii=False,
                separators=(",", ":"),
                default=_encode,
            ).encode("utf-8", "replace")
        if len(answer) > _MAX_ANSWER_BYTES:
            raise Refusal("exhausted")
    except Refusal as refusal:
        sys.stdout.buffer.write(f"-{refusal}".encode())
    else:
        sys.stdout.buffer.write(b"+" + answer)


def sniff(content: bytes, filename: str, limits: dict[str, int]) -> str:
    """ "xlsx", "xls" or "csv" by what the file holds, whatever its name says; Refusal where it is unsafe."""
    if content.startswith(_ZIP):
        _check_archive(content, limits)
        return "xlsx"
    if content.startswith(_OLE):
        # Stream names stand in the file's directory as UTF-16.
        if _utf16("EncryptedPackage") in content:
            raise Refusal("encrypted")
        if _utf16("_VBA_PROJECT") in content:
            raise Refusal("macros")
        if _utf16("Workbook") not in content and _utf16("Book") not in content:
            raise Refusal("not_a_workbook")
        return "xls"
    if filename.lower().endswith((".csv", ".txt", ".tsv")):
        return "csv"
    raise Refusal("not_a_workbook")


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-le")


def _check_archive(content: bytes, limits: dict[str, int]) -> None:
    """Judge an archive by its directory alone, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Refusal("damaged") from error
    names = {part.filename for part in parts}
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    if (
        len(parts) > _MAX_PARTS
        or unpacked > limits["unpacked_bytes"]
        or (unpacked > _HARMLESS_BYTES and unpacked > packed * limits["ratio"])
    ):
        raise Refusal("bomb")
    if any(part.flag_bits & 1 for part in parts):
        raise Refusal("encrypted")
    if any(posixpath.basename(name).lower() == "vbaproject.bin" for name in names):
        raise Refusal("macros")
    if _MAIN_PART not in names:
        raise Refusal("not_a_workbook")


def read(content: bytes, kind: str, filename: str, limits: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Each sheet's name and rows; Refusal where there are too many or none at all."""
    total = 0
    for sheet in _read_csv(content, filename) if kind == "csv" else _read_excel(content, kind, limits):
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
        parts = _sheet_parts(content) if kind == "xlsx" else {}
        for meta in book.sheets_metadata:
            if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(meta.name)
            # Before each cell becomes an object: one stray cell far away makes a sheet huge.
            _check_size(sheet.total_height, sheet.total_width, limits)
            rows: list[Row] = sheet.to_python(skip_empty_area=False)
            for row, column, code in _errors(content, parts[meta.name]) if meta.name in parts else ():
                # A cell without a result lies outside where calamine sees nothing after it.
                if row < len(rows) and column < len(rows[row]):
                    rows[row][column] = _Error(code)
            yield {
                "name": meta.name,
                "hidden": meta.visible != calamine.SheetVisibleEnum.Visible,
                "rows": rows,
            }
    except calamine.PasswordError as error:
        raise Refusal("encrypted") from error
    except (calamine.CalamineError, zipfile.BadZipFile, ElementTree.ParseError, LookupError) as error:
        raise Refusal("damaged") from error


def _sheet_parts(content: bytes) -> dict[str, str]:
    """The part of the archive that holds each sheet, by the sheet's name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        # Expat limits what entities may expand to, and this process has nothing to lose.
        book = ElementTree.fromstring(archive.read(_MAIN_PART))  # noqa: S314
        relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    return {
        sheet.get("name", ""): posixpath.normpath(posixpath.join("/xl", targets.get(sheet.get(_RELATION), "")))[1:]
        for sheet in book.iterfind(".//{*}sheets/{*}sheet")
    }


def _errors(content: bytes, part: str) -> Iterator[tuple[int, int, str]]:
    """Row and column, from 0, and text of each cell of a sheet that holds an error such as #REF!."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(part) as stream:
        tail = b""
        while block := stream.read(2**20):
            text = tail + block
            end = 0
            for cell in _ERROR_CELL.finditer(text) if b't="e"' in text or b"t='e'" in text else ():
                end = cell.end()
                column = 0
                for letter in cell[1]:
                    column = column * 26 + letter - ord("A") + 1
                shown = _ERROR_TEXT.search(cell[3])
                yield int(cell[2]) - 1, column - 1, shown[1].decode("ascii", "replace") if shown else "#N/A"
            # The tail may hold the beginning of the next cell, never a cell that was reported.
            tail = text[max(end, len(text) - _OVERLAP) :]


def _read_csv(content: bytes, filename: str) -> Iterator[dict[str, Any]]:
    text = _decode(content)
    head = text.splitlines()[:50]
    try:
        counts = {mark: sum(map(len, csv.reader(head, delimiter=mark))) for mark in _DELIMITERS}
        delimiter = max(counts, key=counts.__getitem__)
        rows: list[Row] = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Refusal("damaged") from error
    # Excel names the only sheet of such a file by the file.
    name = posixpath.splitext(posixpath.basename(filename.replace("\\", "/")))[0][:31]
    yield {"name": name or "Sheet1", "hidden": False, "rows": rows}


def _decode(content: bytes) -> str:
    """Text of a CSV file: UTF-16 or UTF-8 by its mark, else UTF-8, else Windows' Vietnamese code page."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in content[:4096]:
        raise Refusal("not_a_workbook")
    else:
        encodings = ["utf-8-sig", "cp1258"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refusal("damaged")


def _encode(value: object) -> dict[str, str] | str:
    if isinstance(value, datetime.date | datetime.time):
        return {type(value).__name__: value.isoformat()}
    return {"error": value.code} if isinstance(value, _Error) else str(value)


def mark(content: bytes, kind: str, request: dict[str, Any]) -> bytes:
    """The workbook with coloured and commented cells, its own where it is an xlsx of moderate size."""
    sheets = list(read(content, kind, request["filename"], request["limits"]))
    if kind == "csv":
        sheets[0]["name"] = request["sheet"]
    sheet = next((sheet for sheet in sheets if sheet["name"] == request["sheet"]), None)
    if sheet is None:
        raise Refusal("no_sheet")
    cells = sum(len(sheet["rows"]) * len(sheet["rows"][0]) for sheet in sheets if sheet["rows"])
    if kind == "xlsx" and cells <= request["own_cells"]:
        # openpyxl fails in many ways on workbooks that Excel opens; the values come back all the same.
        with contextlib.suppress(Exception):
            return _mark_own(content, request)
    return _mark_copy(sheet, request)


def _mark_own(content: bytes, request: dict[str, Any]) -> bytes:
    """The user's own workbook with everything openpyxl keeps: formats, formulas, merged cells, other sheets."""
    from openpyxl import load_workbook
    from openpyxl.cell.cell import MergedCell
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    book = load_workbook(io.BytesIO(content))
    sheet = book[request["sheet"]]
    fills = {severity: PatternFill("solid", fgColor=color) for severity, color in request["colors"].items()}
    # A merged area shows the colour and the comment of its first cell only.
    owners = {place: (area.min_row, area.min_col) for area in sheet.merged_cells.ranges for place in area.cells}
    width = min(sheet.max_column, request["limits"]["columns"])
    for row, column, severity, text in request["marks"]:
        for number in [column] if column else range(1, width + 1):
            cell = sheet.cell(row, number)
            if not isinstance(cell, MergedCell):
                cell.fill = fills[severity]
        place = (row, column or 1)
        owner = sheet.cell(*owners.get(place, place))
        owner.fill = fills[severity]
        before = f"{owner.comment.text}\n" if owner.comment else ""
        owner.comment = Comment(before + text, request["author"], height=120, width=320)
    answer = io.BytesIO()
    book.save(answer)
    return answer.getvalue()


def _mark_copy(sheet: dict[str, Any], request: dict[str, Any]) -> bytes:
    """A new workbook with the values of one sheet; text stays text, so that nothing in it becomes a formula."""
    import xlsxwriter

    answer = io.BytesIO()
    book = xlsxwriter.Workbook(answer, {"constant_memory": True, "nan_inf_to_errors": True})
    name = re.sub(r"[\\/*?:\[\]]", " ", sheet["name"])[:31].strip("' ")
    page = book.add_worksheet(name or "Sheet1")
    page.set_comments_author(request["author"])
    formats: dict[tuple[str | None, str | None], Any] = {}
    marks: dict[int, dict[int, tuple[str, str]]] = {}
    for row, column, severity, text in request["marks"]:
        marks.setdefault(row, {})[column] = (severity, text)
    for number, row in enumerate(sheet["rows"], 1):
        here = marks.get(number, {})
        for column, value in enumerate(row, 1):
            severity, _ = here.get(column) or here.get(0) or (None, "")
            shape = _FORMATS.get(type(value))
            if (severity, shape) not in formats:
                look = {"bg_color": f"#{request['colors'][severity]}"} if severity else {}
                formats[severity, shape] = book.add_format(look | ({"num_format": shape} if shape else {}))
            look = formats[severity, shape]
            if isinstance(value, str | _Error):
                text = value if isinstance(value, str) else value.code
                (page.write_string if text else page.write_blank)(number - 1, column - 1, text, look)
            else:
                page.write(number - 1, column - 1, value, look)
        for column, (_, text) in here.items():
            page.write_comment(number - 1, max(column - 1, 0), text, {"x_scale": 2.5, "y_scale": 1.5})
    book.close()
    return answer.getvalue()


if __name__ == "__main__":
    main()
