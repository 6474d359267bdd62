"""Account numbers as they are typed, pasted from a scan, or left by a spreadsheet.

Digits only, 6 to 19: no check digit is known, so that a length unusual for a bank is a warning of its table, and the
bank's own check of the name is the real test (rules.md 7).
"""

import re

from batosocial.lib.text import clean, half_width

SHORTEST, LONGEST = 6, 19

#: What to say of a number that a spreadsheet made floating.
SPOILED = "Số tài khoản “{}” đã bị Excel đổi dạng, mất chữ số; hãy định dạng cột là chữ (Text) rồi ghi lại đủ số."

_SEPARATORS = re.compile(r"[\s.\-‐‑‒–—−'’‘`´]")
#: 4.5E+12 and 4,50521E+12: digits are gone. A spreadsheet's 4505205001234.0 would gain one.
_SCIENTIFIC = re.compile(r"\d+(?:[.,]\d+)?E[+\-]?\d+", re.IGNORECASE | re.ASCII)
_DECIMAL = re.compile(r"\d{6,}[.,]0", re.ASCII)


def parse_account_number(written: str) -> str:
    """The digits, without the spaces, dots and dashes people put between them; "" for nothing.

    Raises ValueError, with a message for the user, for whatever is not 6 to 19 digits.
    """
    text = clean(half_width(written))
    shown = text if len(text) <= 40 else f"{text[:39]}…"
    if _SCIENTIFIC.fullmatch(text) or _DECIMAL.fullmatch(text):
        raise ValueError(SPOILED.format(shown))
    digits = _SEPARATORS.sub("", text)
    if not digits:
        if text:
            raise ValueError(f"Số tài khoản “{shown}” không có chữ số nào; hãy ghi lại cho đúng.")
        return ""
    if not digits.isascii() or not digits.isdigit() or not SHORTEST <= len(digits) <= LONGEST:
        has = f", đang có {len(digits)}" if digits.isascii() and digits.isdigit() else ""
        raise ValueError(f"Số tài khoản “{shown}” phải là {SHORTEST} đến {LONGEST} chữ số{has}; hãy ghi lại cho đúng.")
    return digits
