"""The words in which payers report: headings, results, reasons. Compared folded, without accents and punctuation."""

import re

from batosocial.lib.text import fold
from payments.models import Payment

Result = Payment.Result
Reason = Payment.ReturnReason

NUMBER, CCCD, ACCOUNT, AMOUNT = "payment_no", "CCCD", "account", "amount"
RESULT, REASON, DATE, REFERENCE = "result", "reason", "date", "reference"
COLUMNS = (NUMBER, CCCD, ACCOUNT, AMOUNT, RESULT, REASON, DATE, REFERENCE)

HEADINGS = {
    NUMBER: "Số chi trả",
    CCCD: "Số CCCD",
    ACCOUNT: "Số tài khoản",
    AMOUNT: "Số tiền",
    RESULT: "Kết quả",
    REASON: "Lý do",
    DATE: "Ngày",
    REFERENCE: "Số tham chiếu",
}
_OTHER_HEADINGS = {
    NUMBER: ("payment number", "ma chi tra", "so khoan chi tra", "so phieu chi"),
    CCCD: ("so can cuoc", "so can cuoc cong dan", "so dinh danh", "can cuoc"),
    ACCOUNT: ("so tk", "tai khoan", "stk"),
    AMOUNT: ("so tien dong", "so tien vnd", "so tien chi tra"),
    RESULT: ("ket qua chi tra",),
    REASON: ("ly do tra lai", "ly do bi tra lai"),
    DATE: ("ngay chi", "ngay chi tra", "ngay giao dich"),
    REFERENCE: ("tham chieu", "ma tham chieu", "so giao dich"),
}
_RESULTS = {
    Result.PAID_ACCOUNT: (
        "da chi qua tai khoan",
        "chi qua tai khoan",
        "thanh cong",
        "chuyen khoan",
        "chuyen khoan thanh cong",
        "da chuyen khoan",
    ),
    Result.PAID_CASH: ("tien mat", "da nhan tien mat", "da chi tien mat", "chi tien mat"),
    Result.RETURNED: ("tra lai", "bi tra lai", "chuyen khoan bi tra lai"),
    Result.NOT_COLLECTED: ("chua nhan", "khong den nhan", "chua den nhan"),
}
_REASONS = {
    Reason.WRONG_NUMBER: ("sai so tai khoan", "sai so tk", "sai tai khoan"),
    Reason.WRONG_NAME: ("sai ten", "sai ten chu tai khoan", "sai ten nguoi huong", "sai ten chu tk"),
    Reason.CLOSED: (
        "tai khoan dong",
        "tai khoan phong toa",
        "tai khoan dong phong toa",
        "tai khoan bi dong",
        "tai khoan bi phong toa",
        "tai khoan da dong",
        "dong tai khoan",
        "tk dong phong toa",
        "dong",
        "phong toa",
        "dong phong toa",
    ),
    Reason.NO_ACCOUNT: ("khong ton tai", "tai khoan khong ton tai", "tk khong ton tai", "khong co tai khoan"),
    Reason.DECEASED: (
        "da chet",
        "chet",
        "nguoi huong chet",
        "nguoi nhan da chet",
        "da tu tran",
        "tu tran",
        "da mat",
        "qua doi",
        "da qua doi",
    ),
    Reason.OTHER: ("khac", "ly do khac"),
}


def key(value: str) -> str:
    """A word for comparing: "Tài khoản đóng/phong tỏa" and "tai_khoan dong, phong toa" are the same."""
    return " ".join(re.sub(r"[\W_]+", " ", fold(value)).split())


_HEADING_KEYS = {
    key(word): column for column in COLUMNS for word in (column, HEADINGS[column], *_OTHER_HEADINGS[column])
}
_RESULT_KEYS = {
    key(word): result for result, words in _RESULTS.items() for word in (result.value, result.label, *words)
}
_REASON_KEYS = {
    key(word): reason for reason, words in _REASONS.items() for word in (reason.value, reason.label, *words)
}


def column_of(heading: str) -> str | None:
    """The column that a heading names, None for any other text."""
    return _HEADING_KEYS.get(key(heading))


def result_of(text: str) -> Payment.Result:
    """The result that a word means. ValueError, with the words that are known, for any other."""
    found = _RESULT_KEYS.get(key(text))
    if found is None:
        known = ", ".join(f"“{result.label}”" for result in Result)
        raise ValueError(f"Không hiểu kết quả “{text}”; hãy ghi một trong: {known}.")
    return found


def reason_of(text: str) -> tuple[Payment.ReturnReason, str]:
    """Why the money came back, and the text itself where it is none of the known reasons."""
    found = _REASON_KEYS.get(key(text))
    return (found, "") if found else (Reason.OTHER, text)


def means_death(text: str) -> bool:
    """Whether a reason says that the person is dead."""
    return _REASON_KEYS.get(key(text)) == Reason.DECEASED
