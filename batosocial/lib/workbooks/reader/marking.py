"""The user's workbook with its cells coloured and commented."""

import contextlib
import datetime
import io
import re
from typing import Any

from .refusal import Refusal
from .sheets import CellError, read

_FORMATS: dict[type, str] = {
    datetime.datetime: "dd/mm/yyyy hh:mm",
    datetime.date: "dd/mm/yyyy",
    datetime.time: "hh:mm",
    datetime.timedelta: "[h]:mm",
}


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
            if isinstance(value, str | CellError):
                text = value if isinstance(value, str) else value.code
                (page.write_string if text else page.write_blank)(number - 1, column - 1, text, look)
            else:
                page.write(number - 1, column - 1, value, look)
        for column, (_, text) in here.items():
            page.write_comment(number - 1, max(column - 1, 0), text, {"x_scale": 2.5, "y_scale": 1.5})
    book.close()
    return answer.getvalue()
