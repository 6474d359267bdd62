"""A payer's own workbook, going back with its cells marked."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from batosocial.lib.workbooks import Severity, mark_workbook

#: (sheet, row, messages of the row)
Said = tuple[str, int, list[dict[str, Any]]]


def marked_content(content: bytes, said: Iterable[Said]) -> bytes | None:
    """The workbook with what is said about its rows; None where nothing is. Raises WorkbookError as reading does."""
    marks: dict[str, dict[tuple[int, int] | int, list[tuple[Severity, str]]]] = defaultdict(lambda: defaultdict(list))
    for sheet, row, messages in said:
        for message in messages:
            place = (row, column_number(message["column"])) if message["column"] else row
            marks[sheet][place].append((message["severity"], message["message"]))
    for sheet, of_sheet in marks.items():
        content = mark_workbook(content, sheet, of_sheet)
    return content if marks else None


def column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
