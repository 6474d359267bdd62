"""The file of a merger: which old unit becomes part of which new one."""

from dataclasses import dataclass

from batosocial.lib.text import clean
from batosocial.lib.workbooks import Cell, WorkbookError, column_letter, read_workbook

COLUMNS = ("old_code", "new_code", "new_name", "new_kind")
#: Kinds of communes in the law (khoản 1 Điều 1 Luật Tổ chức chính quyền địa phương 2025; thị trấn until 30/6/2025).
KINDS = ("Xã", "Phường", "Thị trấn", "Đặc khu")


class FileRefused(Exception):
    """The file cannot be read as a merger at all; the message says in Vietnamese why and what to do."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row as it stands in the file, ``number`` as a spreadsheet shows it."""

    number: int
    old_code: str
    new_code: str
    new_name: str
    new_kind: str


@dataclass(frozen=True, slots=True)
class MergerFile:
    rows: tuple[FileRow, ...]
    #: The letter of each of ``COLUMNS``.
    letters: dict[str, str]


def read_file(content: bytes, filename: str) -> MergerFile:
    """The rows of a CSV file (UTF-8, with or without a mark) or workbook; other columns are passed over.

    Raises FileRefused for a file that is no table, or lacks a column or every row.
    """
    try:
        sheets = read_workbook(content, filename)
    except WorkbookError as error:
        raise FileRefused(str(error)) from error
    sheet = next((sheet for sheet in sheets if not sheet.hidden and sheet.rows), None)
    if sheet is None:
        raise FileRefused("Tệp không có dữ liệu. Hãy kiểm tra lại tệp đã chọn.")
    start = next((at for at, cells in enumerate(sheet.rows) if any(map(_text, cells))), 0)
    names = [_text(cell).lower() for cell in sheet.rows[start]]
    if lacking := [name for name in COLUMNS if name not in names]:
        raise FileRefused(
            f"Dòng tiêu đề (dòng {start + 1}) thiếu cột {', '.join(lacking)}. Hãy ghi đủ bốn cột: {', '.join(COLUMNS)}."
        )
    places = {name: names.index(name) for name in COLUMNS}
    rows = []
    for at, cells in enumerate(sheet.rows[start + 1 :], start + 2):
        values = {name: _text(cells[place]) for name, place in places.items()}
        if any(values.values()):
            rows.append(FileRow(number=at, **values))
    if not rows:
        raise FileRefused("Tệp chỉ có dòng tiêu đề. Hãy ghi mỗi đơn vị cũ một dòng.")
    return MergerFile(tuple(rows), {name: column_letter(place + 1) for name, place in places.items()})


def _text(cell: Cell) -> str:
    return clean(str(cell))
