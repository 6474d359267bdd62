"""Reading a payer's workbook: where the heading stands, and each row's cells as values or as what is wrong."""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from batosocial.lib import money, national_id
from batosocial.lib.text import clean
from batosocial.lib.workbooks import Cell, CellError, Sheet, column_letter, read_workbook
from payments.models import Payment
from payments.results import words

#: A heading that far down is none.
HEADING_ROWS = 60
MAX_NOTE = 300
MAX_REFERENCE = 60
_TOTAL = re.compile(r"(tong|cong)\b")
_COLUMN_NUMBER = re.compile(r"\(?\d{1,2}\)?")
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ][\d:.]+)?", re.ASCII)
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)


_NO_HEADING = (
    "Không tìm thấy dòng tiêu đề của bảng kết quả. Cần các cột Số chi trả (hoặc Số CCCD), Số tiền, Kết quả; "
    "hãy dùng tệp kết quả mẫu."
)
_NO_ROWS = "Bảng kết quả không có dòng nào dưới tiêu đề."


class Unreadable(ValueError):
    """The file as a whole cannot be taken; the message says why and what to do."""


@dataclass
class Row:
    """One row of the file: its cells as they stood, its values as understood, and messages by column."""

    sheet: str
    row: int
    #: Letters of the columns found, by name.
    letters: dict[str, str]
    cells: dict[str, str]
    number: str = ""
    cccd: str = ""
    account: str = ""
    #: The account stood in a number cell, which keeps no zeros in front.
    account_is_number: bool = False
    amount: int | None = None
    result: str = ""
    reason: str = ""
    note: str = ""
    day: datetime.date | None = None
    reference: str = ""
    messages: list[dict[str, str]] = field(default_factory=list)

    def error(self, column: str, message: str) -> None:
        self._say(column, "error", message)

    def warn(self, column: str, message: str) -> None:
        self._say(column, "warning", message)

    def _say(self, column: str, severity: str, message: str) -> None:
        self.messages.append({"column": self.letters.get(column, ""), "severity": severity, "message": message})

    #: Values that are kept with a row until somebody chooses its payment.
    KEPT: ClassVar = ("cccd", "account", "account_is_number", "amount", "result", "reason", "note", "reference")

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.KEPT} | {"day": self.day.isoformat() if self.day else None}

    @classmethod
    def from_json(
        cls, sheet: str, row: int, letters: dict[str, str], cells: dict[str, str], values: dict[str, Any]
    ) -> "Row":
        made = cls(sheet, row, letters, cells, **{name: values[name] for name in cls.KEPT})
        made.day = datetime.date.fromisoformat(values["day"]) if values["day"] else None
        return made

    @property
    def has_error(self) -> bool:
        return any(message["severity"] == "error" for message in self.messages)


def read_results(content: bytes, filename: str, *, today: datetime.date) -> list[Row]:
    """Every row of results in the file; hidden sheets and sheets without the heading are passed over.

    Raises Unreadable where no sheet has the heading or none has rows, WorkbookError where the file is no workbook.
    """
    rows: list[Row] = []
    headed = False
    for sheet in read_workbook(content, filename):
        if sheet.hidden:
            continue
        heading = _find_heading(sheet)
        if heading is not None:
            headed = True
            rows += _read_sheet(sheet, *heading, today=today)
    if not headed:
        raise Unreadable(_NO_HEADING)
    if not rows:
        raise Unreadable(_NO_ROWS)
    return rows


def check_readable(content: bytes, filename: str, *, today: datetime.date) -> None:
    """Whether there is a table of results in the file. Raises as ``read_results``, reading no further than a row."""
    headed = False
    for sheet in read_workbook(content, filename):
        heading = None if sheet.hidden else _find_heading(sheet)
        if heading is not None:
            headed = True
            if next(_read_sheet(sheet, *heading, today=today), None) is not None:
                return
    raise Unreadable(_NO_ROWS if headed else _NO_HEADING)


def _find_heading(sheet: Sheet) -> tuple[int, dict[str, int]] | None:
    """Index of the heading's row and of each column by name."""
    for index, cells in enumerate(sheet.rows[:HEADING_ROWS]):
        found: dict[str, int] = {}
        for position, cell in enumerate(cells):
            column = words.column_of(cell) if isinstance(cell, str) and cell else None
            if column is None:
                continue
            if column in found:
                raise Unreadable(
                    f"Trang tính “{sheet.name}” có hai cột “{words.HEADINGS[column]}” "
                    f"({column_letter(found[column] + 1)} và {column_letter(position + 1)}); hãy bỏ một cột."
                )
            found[column] = position
        if {words.AMOUNT, words.RESULT} <= found.keys() and (words.NUMBER in found or words.CCCD in found):
            return index, found
    return None


def _read_sheet(sheet: Sheet, heading: int, columns: dict[str, int], *, today: datetime.date) -> Iterator[Row]:
    letters = {name: column_letter(position + 1) for name, position in columns.items()}
    for index in range(heading + 1, len(sheet.rows)):
        cells = sheet.rows[index]
        values = {name: cells[position] for name, position in columns.items()}
        if _is_not_a_result(cells, values) or (index == heading + 1 and _numbers_columns(values)):
            continue
        row = Row(sheet.name[:100], index + 1, letters, {name: _shown(value) for name, value in values.items()})
        _fill(row, values, today)
        yield row


def _is_not_a_result(cells: list[Cell], values: dict[str, Cell]) -> bool:
    """Empty rows, the total, and words below the table. Whatever has a result or an amount for somebody is a row."""
    filled = {name for name, value in values.items() if not _blank(value)}
    if not filled:
        return True
    if words.RESULT in filled:
        return False
    if any(isinstance(cell, str) and _TOTAL.match(words.key(cell)) for cell in cells):
        return True
    identity = [str(values[name]) for name in (words.NUMBER, words.CCCD, words.ACCOUNT) if name in filled]
    return words.AMOUNT not in filled and not any(char.isdigit() for text in identity for char in text)


def _numbers_columns(values: dict[str, Cell]) -> bool:
    """The row below a heading that only counts the columns: (1), (2), (3) …"""
    texts = [str(value) for value in values.values() if not _blank(value)]
    return len(texts) > 2 and all(_COLUMN_NUMBER.fullmatch(text) for text in texts)


def _blank(value: Cell) -> bool:
    return isinstance(value, str) and clean(value) in ("", "-", "–")


def _shown(value: Cell) -> str:
    if isinstance(value, datetime.datetime | datetime.date):
        return f"{value.day:02}/{value.month:02}/{value.year:04}"
    return "" if _blank(value) else clean(str(value))[:300]


def _fill(row: Row, values: dict[str, Cell], today: datetime.date) -> None:
    """Understand each cell, or say at its column what is wrong with it."""
    usable: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, CellError):
            row.error(name, f"Ô có công thức lỗi {value}; hãy ghi giá trị vào ô.")
        elif not _blank(value):
            usable[name] = value
    broken = {name for name, value in values.items() if isinstance(value, CellError)}
    row.number = re.sub(r"\s", "", _text(usable.get(words.NUMBER, ""))).upper()
    _fill_cccd(row, usable.get(words.CCCD))
    _fill_account(row, usable.get(words.ACCOUNT))
    if words.AMOUNT not in broken:
        try:
            row.amount = money.parse_amount(usable.get(words.AMOUNT))
        except ValueError as error:
            row.error(words.AMOUNT, str(error))
    if words.RESULT not in broken:
        _fill_result(row, _text(usable.get(words.RESULT, "")))
    _fill_reason(row, _text(usable.get(words.REASON, "")), is_broken=words.REASON in broken)
    if words.DATE not in broken:
        _fill_day(row, usable.get(words.DATE), today)
    row.reference = _text(usable.get(words.REFERENCE, ""))
    if len(row.reference) > MAX_REFERENCE:
        row.error(words.REFERENCE, f"Số tham chiếu dài quá {MAX_REFERENCE} ký tự.")


def _text(value: Cell) -> str:
    return clean(str(value))


def _fill_cccd(row: Row, value: Cell | None) -> None:
    if value is None:
        return
    if isinstance(value, float):
        row.error(words.CCCD, f"Số CCCD “{value}” không đọc được; hãy định dạng cột là văn bản (Text).")
        return
    check = national_id.check_cccd(value if isinstance(value, int) else str(value))
    row.cccd = check.number
    for problem in check.problems:
        if problem.code == "malformed":
            row.error(words.CCCD, problem.message_vi)
        elif problem.code == "repaired":
            row.warn(words.CCCD, problem.message_vi)


def _fill_account(row: Row, value: Cell | None) -> None:
    if value is None:
        return
    if isinstance(value, float):
        # Excel keeps 15 digits: the rest of a longer number is lost.
        row.error(words.ACCOUNT, "Số tài khoản đã bị Excel làm tròn; hãy định dạng cột là văn bản (Text) rồi ghi lại.")
        return
    row.account_is_number = isinstance(value, int)
    row.account = re.sub(r"[\s.\-']", "", str(value))
    if not re.fullmatch(r"[0-9]{1,19}", row.account):
        row.error(words.ACCOUNT, f"Số tài khoản “{_text(value)}” chỉ được gồm chữ số.")
        row.account = ""


def _fill_result(row: Row, text: str) -> None:
    if not text:
        row.error(words.RESULT, "Chưa ghi kết quả; hãy ghi kết quả, hoặc xóa dòng này nếu chưa biết.")
        return
    try:
        row.result = words.result_of(text).value
    except ValueError as error:
        row.error(words.RESULT, str(error))


def _fill_reason(row: Row, text: str, *, is_broken: bool) -> None:
    if row.result != Payment.Result.RETURNED:
        row.note = text
        # Of cash, only that the person is dead is a reason of its own.
        if row.result == Payment.Result.NOT_COLLECTED and text and words.means_death(text):
            row.reason, row.note = Payment.ReturnReason.DECEASED.value, ""
    elif text:
        reason, row.note = words.reason_of(text)
        row.reason = reason.value
    elif not is_broken:
        known = ", ".join(f"“{reason.label.lower()}”" for reason in Payment.ReturnReason)
        row.error(words.REASON, f"Khoản bị trả lại phải ghi lý do: {known}.")
    if len(row.note) > MAX_NOTE:
        row.error(words.REASON, f"Lý do dài quá {MAX_NOTE} ký tự.")


def _fill_day(row: Row, value: Cell | None, today: datetime.date) -> None:
    if value is None:
        if row.result in Payment.PAID:
            row.error(words.DATE, "Khoản đã chi phải ghi ngày, ví dụ 22/07/2024.")
        return
    try:
        row.day = read_day(value)
    except ValueError as error:
        row.error(words.DATE, str(error))
        return
    if row.day > today:
        row.error(words.DATE, f"Ngày {row.day:%d/%m/%Y} ở sau hôm nay ({today:%d/%m/%Y}); hãy kiểm tra lại.")


def read_day(value: Cell) -> datetime.date:
    """A day from a date cell or from "22/07/2024" or "2024-07-22". ValueError, with a message, for all else."""
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    text = clean(value) if isinstance(value, str) else ""
    if match := _ISO_DAY.fullmatch(text):
        year, month, day = (int(part) for part in match.groups())
    elif match := _DAY.fullmatch(text):
        day, month, year = (int(part) for part in match.groups())
    else:
        raise ValueError(f"Không đọc được ngày “{value}”; hãy ghi dạng 22/07/2024.")
    try:
        return datetime.date(year, month, day)
    except ValueError:
        raise ValueError(f"Ngày “{value}” không có trong lịch.") from None
