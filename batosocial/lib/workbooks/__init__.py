"""Workbooks that users send (xlsx, xls, csv) and the cells they get back.

Files from outside are opened in a process of their own (`child.py`, `reader`) with limited memory and time: a hostile
or broken one costs a refusal, never the web or worker process. Rows and columns are numbered from 1, as Excel shows
them: `sheet.rows[0][0]` is cell A1.
"""

import datetime
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

logger = logging.getLogger(__name__)

MEGABYTE = 2**20
Severity = Literal["error", "warning"]
#: (severity, message) pairs by cell (row, column) or by whole row.
Marks = Mapping[tuple[int, int] | int, Sequence[tuple[Severity, str]]]

_COLORS = {"error": "F8B4B4", "warning": "FFF2B3"}
_PREFIXES = {"error": "Lỗi", "warning": "Cảnh báo"}
_AUTHOR = "BaToSocial"
_MAX_COMMENT = 8_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may have and what reading it may cost; rows are counted over all sheets."""

    file_bytes: int = 20 * MEGABYTE
    rows: int = 100_000
    columns: int = 256
    unpacked_bytes: int = 400 * MEGABYTE
    #: Unpacked to packed size; tables of real lists reach about 20.
    ratio: int = 200
    memory_bytes: int = 1024 * MEGABYTE
    seconds: int = 60


DEFAULT_LIMITS = Limits()
#: openpyxl needs about 10 µs and 500 bytes for a cell; larger workbooks come back as a copy of their values.
_OWN_CELLS = 600_000
_MARK_LIMITS = Limits(memory_bytes=2048 * MEGABYTE, seconds=240)


class WorkbookError(ValueError):
    """A file that is not taken; the message tells the user, in Vietnamese, why and what to do.

    `code` is one of the keys of `REFUSALS`.
    """

    def __init__(self, code: str, limits: Limits = DEFAULT_LIMITS) -> None:
        self.code = code
        values = asdict(limits) | {"megabytes": limits.file_bytes // MEGABYTE}
        super().__init__(REFUSALS[code].format_map({k: f"{v:,}".replace(",", ".") for k, v in values.items()}))


REFUSALS = {
    "too_big": "Tệp lớn hơn {megabytes} MB. Hãy bỏ hình ảnh và trang tính thừa, hoặc chia thành nhiều tệp.",
    "empty": "Tệp không có dữ liệu. Hãy kiểm tra lại tệp đã chọn.",
    "not_a_workbook": "Tệp không phải là bảng tính. Hãy mở bằng Excel và lưu lại dạng .xlsx, .xls hoặc .csv.",
    "damaged": "Tệp bị hỏng, không mở được. Hãy mở bằng Excel, lưu thành tệp .xlsx mới rồi gửi lại.",
    "encrypted": "Tệp có mật khẩu. Hãy bỏ mật khẩu trong Excel (Tệp > Thông tin > Bảo vệ sổ làm việc) rồi gửi lại.",
    "macros": "Tệp có macro nên không được nhận. Hãy lưu lại dạng .xlsx (không có macro) rồi gửi lại.",
    "bomb": "Tệp bung ra lớn bất thường nên không được nhận. Hãy chép dữ liệu sang một tệp .xlsx mới.",
    "too_many_rows": "Tệp có hơn {rows} dòng. Hãy xóa các dòng thừa phía dưới bảng, hoặc chia thành nhiều tệp.",
    "too_many_columns": "Trang tính có hơn {columns} cột. Hãy xóa các cột thừa bên phải bảng.",
    "exhausted": (
        "Không đọc được tệp trong giới hạn bộ nhớ và thời gian. "
        "Hãy chép riêng bảng dữ liệu sang một tệp .xlsx mới rồi gửi lại."
    ),
    "no_sheet": "Tệp không còn trang tính đã đọc. Hãy gửi lại tệp.",
}


@dataclass(frozen=True, slots=True)
class CellError:
    """A cell whose formula failed, such as "#REF!"."""

    code: str

    def __str__(self) -> str:
        return self.code


#: An empty cell is "". Whole numbers of up to 15 digits are int, however Excel stored them.
Cell = str | int | float | bool | datetime.datetime | datetime.date | datetime.time | CellError


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet. All rows have the same width; trailing empty rows and columns are left out, leading ones kept."""

    name: str
    rows: list[list[Cell]]
    hidden: bool = False
    #: Texts in fonts of old encodings: row and column from 0, and "tcvn3", "tcvn3_caps" or "vni". Only of an .xlsx.
    legacy: list[tuple[int, int, str]] = field(default_factory=list)


def read_workbook(content: bytes, filename: str, *, limits: Limits = DEFAULT_LIMITS) -> list[Sheet]:
    """All sheets of a workbook, in its order, formulas as their last result; cells of a CSV file are all text.

    Raises WorkbookError for a file that is too large, unsafe, unreadable, protected or empty. A failed formula, or one
    without a stored result, is a CellError.
    """
    answer = _run_child({"action": "read"}, content, filename, limits)
    sheets = json.loads(answer, object_hook=_revive)
    return [Sheet(**sheet | {"legacy": [tuple(cell) for cell in sheet["legacy"]]}) for sheet in sheets]


_READERS: dict[str, Callable[[str], Cell]] = {
    "datetime": datetime.datetime.fromisoformat,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
    "error": CellError,
}


def _revive(data: dict[str, Any]) -> Any:
    """What JSON has no type for travels as {"date": "2024-07-22"} or {"error": "#REF!"}."""
    if len(data) == 1:
        ((kind, value),) = data.items()
        return _READERS[kind](value)
    return data


def mark_workbook(content: bytes, sheet_name: str, marks: Marks) -> bytes:
    """The user's workbook as xlsx, marked: red for an error, yellow for a warning, the reasons in a comment.

    An xlsx comes back as it was, with what openpyxl keeps; an xls, a CSV file or a workbook of more than 600,000
    cells as a new workbook with the values of that one sheet. Raises WorkbookError as `read_workbook` does.
    """
    lines = []
    # Whole rows first, so that a cell's own colour covers its row's.
    for place, reasons in sorted(marks.items(), key=lambda mark: isinstance(mark[0], tuple)):
        row, column = place if isinstance(place, tuple) else (place, 0)
        severity = "error" if any(kind == "error" for kind, _ in reasons) else "warning"
        text = "\n".join(f"{_PREFIXES[kind]}: {message}" for kind, message in reasons)
        lines.append((row, column, severity, text[:_MAX_COMMENT]))
    request = {
        "action": "mark",
        "sheet": sheet_name,
        "marks": lines,
        "colors": _COLORS,
        "author": _AUTHOR,
        "own_cells": _OWN_CELLS,
    }
    # The file was read before; without its name, what is neither xlsx nor xls can only be CSV.
    return _run_child(request, content, "workbook.csv", _MARK_LIMITS)


def _run_child(request: dict[str, Any], content: bytes, filename: str, limits: Limits) -> bytes:
    if not content:
        raise WorkbookError("empty")
    if len(content) > limits.file_bytes:
        raise WorkbookError("too_big", limits)
    request = {**request, "filename": filename, "limits": asdict(limits)}
    # -I and an empty environment: no settings, no secrets, no module of the project within its reach.
    command = [sys.executable, "-I", "-X", "utf8", str(Path(__file__).with_name("child.py"))]
    try:
        done = subprocess.run(  # noqa: S603 (a fixed command)
            command,
            input=json.dumps(request).encode() + b"\n" + content,
            capture_output=True,
            env={},
            timeout=limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise WorkbookError("exhausted", limits) from error
    if done.returncode != 0 or not done.stdout:
        logger.warning("Reading a workbook ended with %s: %s", done.returncode, done.stderr[-2000:])
        raise WorkbookError("exhausted", limits)
    verdict, answer = done.stdout[:1], done.stdout[1:]
    if verdict != b"+":
        raise WorkbookError(answer.decode(), limits)
    return answer


def column_letter(number: int) -> str:
    """The letters of a column counted from 1: 1 is "A", 27 is "AA". ValueError below 1."""
    if number < 1:
        raise ValueError(f"Cột phải từ 1 trở lên, không phải {number}.")
    letters = ""
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def column_number(letters: str) -> int:
    """The number of a column, counted from 1: "A" is 1, "AA" is 27. ValueError for anything but letters."""
    number = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            raise ValueError(f"“{letters}” không phải là tên cột.")
        number = number * 26 + ord(letter) - ord("A") + 1
    if not number:
        raise ValueError("Chưa có tên cột.")
    return number


def inert(value: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe before a leading =, +, -, @, tab or return.

    For CSV files and other text; in an xlsx written with `write_string` text is inert as it is.
    """
    return f"'{value}" if value.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else value
