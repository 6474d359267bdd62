"""The user's own workbook, going back with its cells marked."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePath

from batosocial.audit import services as audit
from batosocial.lib.workbooks import Marks, Severity, WorkbookError, column_number, mark_workbook
from batosocial.staff.models import User
from beneficiaries.models import ImportBatch

_ZIP = b"PK\x03\x04"
Message = tuple[str, int, str, str, str]


def marked_workbook(*, actor: User, batch: ImportBatch) -> bytes:
    """The batch's workbook, marked; who takes it stands in the audit. Raises WorkbookError as reading does."""
    found: list[Message] = [
        (sheet, row, message["column"], message["severity"], message["message"])
        for sheet, row, messages in batch.rows.exclude(messages=[]).values_list("sheet", "row", "messages")
        for message in messages
    ]
    content = mark_list(bytes(batch.file.content), found)
    audit.record(actor=actor, action="Tải tệp đã đánh dấu", row=batch)
    return content


def mark_list(content: bytes, messages: Iterable[Message]) -> bytes:
    """A workbook with messages (sheet, row, column letter or "", severity, text) at their cells.

    Where the original is no xlsx, only the first sheet with messages comes back.
    """
    sheets: dict[str, dict[tuple[int, int] | int, list[tuple[Severity, str]]]] = defaultdict(lambda: defaultdict(list))
    for sheet, row, column, severity, text in messages:
        place = (row, column_number(column)) if column else row
        sheets[sheet][place].append(("error" if severity == "error" else "warning", text))
    if not sheets:
        return content
    keeps_sheets = content.startswith(_ZIP)
    for sheet, marks in sheets.items():
        shown: Marks = marks
        try:
            content = mark_workbook(content, sheet, shown)
        except WorkbookError as error:
            # A very large workbook comes back as one sheet; the others' marks stay on the page.
            if error.code == "no_sheet":
                continue
            raise
        if not keeps_sheets:
            break
    return content


def marked_name(batch: ImportBatch) -> str:
    return f"{PurePath(batch.file.name).stem}_danh_dau.xlsx"
