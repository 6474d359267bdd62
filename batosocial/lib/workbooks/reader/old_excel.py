"""Error cells of an .xls, which calamine returns as empty."""

import io
import re

#: The stored result of a formula, or a cell, that is an error, as Excel 97 to 2003 writes it. Where no such bytes stand
#: in the file, there is nothing to look for.
_TRACES = re.compile(rb"\x05\x02\x08\x00|\x02\x00[\x00\x07\x0f\x17\x1d\x24\x2a]\x00\x00\x00\xff\xff")

Notable = tuple[int, int, str, str]


def errors(content: bytes) -> dict[str, list[Notable]]:
    """Places of error cells by sheet, rows and columns from 0."""
    if not _TRACES.search(content):
        return {}
    import xlrd

    try:
        # Its warnings would go to standard output, where our answer goes.
        book = xlrd.open_workbook(file_contents=content, on_demand=True, logfile=io.StringIO())
        found: dict[str, list[Notable]] = {}
        for name in book.sheet_names():
            sheet = book.sheet_by_name(name)
            found[name] = [
                (row, column, "error", str(xlrd.error_text_from_code.get(sheet.cell_value(row, column), "#N/A")))
                for row in range(sheet.nrows)
                for column, kind in enumerate(sheet.row_types(row))
                if kind == xlrd.XL_CELL_ERROR
            ]
            book.unload_sheet(name)
    except Exception:
        return {}
    return found
