"""Money in whole đồng, rates in percent. The only place where anything is rounded."""

import re
from decimal import ROUND_HALF_UP, Decimal

from batosocial.lib.text import clean, half_width

#: Far above any budget here and still exact in a float, so that larger figures are typing errors.
MAX_AMOUNT = 10**15

_CURRENCY = re.compile(r" ?(?:đồng|vnđ|vnd|đ|₫)\.?$", re.IGNORECASE)
# Plain digits, or groups of three parted by one and the same separator; then at most a fraction of zeros.
_NUMBER = re.compile(r"0|[1-9][0-9]*|[1-9][0-9]{0,2}(?P<sep>[., ])[0-9]{3}(?:(?P=sep)[0-9]{3})*")
_ZERO_FRACTION = re.compile(r"(?P<whole>.*)(?P<point>[.,])0{1,2}")

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")


def parse_amount(value: object) -> int:
    """Whole đồng from a number or from text such as "1.639.000đ", "1,639,000" or "1639000 VND".

    Raises ValueError, with a message for the user, for what is empty, unreadable, fractional, negative or
    above 10^15; never takes such a value for zero. "1.492" is 1492: three digits after a dot are a group.
    """
    if isinstance(value, str):
        return _in_range(_parse_text(value), value)
    if value is None:
        raise ValueError("Chưa có số tiền.")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError(f"“{value}” không phải là số tiền.")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"“{value}” không phải là số tiền.")
    if abs(number) <= MAX_AMOUNT and number != number.to_integral_value():
        raise ValueError(f"Số tiền “{value}” có phần lẻ; hãy ghi số đồng tròn, ví dụ 1.639.000.")
    return _in_range(number, value)


def _parse_text(value: str) -> Decimal:
    written = clean(half_width(value))
    if not written:
        raise ValueError("Chưa có số tiền.")
    text = _CURRENCY.sub("", written).strip()
    negative = text.startswith(("-", "−")) and text[1:].strip() != ""
    text = text[1:].strip() if negative else text
    fraction = _ZERO_FRACTION.fullmatch(text)
    match = _NUMBER.fullmatch(fraction["whole"] if fraction else text)
    if match is None or (fraction and match["sep"] == fraction["point"]):
        raise ValueError(f"Không đọc được số tiền “{written}”; hãy ghi số đồng tròn, ví dụ 1.639.000.")
    whole = Decimal(re.sub(r"[., ]", "", match[0]))
    return -whole if negative else whole


def _in_range(number: Decimal, written: object) -> int:
    if number < 0:
        raise ValueError(f"Số tiền “{written}” là số âm; hãy ghi số dương.")
    if number > MAX_AMOUNT:
        raise ValueError(f"Số tiền “{written}” quá lớn; hãy kiểm tra lại ô này.")
    return int(number)


def format_number(n: int) -> str:
    """Thousands parted by dots: "1.492"."""
    return f"{n:,}".replace(",", ".")


def format_amount(n: int) -> str:
    """An amount of đồng: "2.789.000 đ"."""
    return f"{format_number(n)} đ"


def round_half_up(value: Decimal, places: int) -> Decimal:
    """`value` with `places` decimals, halves away from zero, as Vietnamese reports round."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def rate(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    """Percent of `whole`, one decimal half-up (443 of 1492 is 29.7); None for a whole of zero."""
    return round_half_up(Decimal(100 * part) / Decimal(whole), 1) if whole else None


def format_rate(value: Decimal | None) -> str:
    """A rate for readers: "29,7%", or "-" where the denominator was zero."""
    return "-" if value is None else f"{round_half_up(value, 1):f}%".replace(".", ",")


def in_words(n: int) -> str:
    """An amount as payment lists spell it: 2789000 is "hai triệu bảy trăm tám mươi chín nghìn đồng".

    Raises ValueError below zero and above 10^15.
    """
    if not 0 <= n <= MAX_AMOUNT:
        raise ValueError(f"Không viết bằng chữ được số tiền {n}.")
    return f"{_number_in_words(n) or 'không'} đồng"


def _number_in_words(n: int, *, inner: bool = False) -> str:
    """Words of n, empty for zero; an inner part follows a larger one and names its empty hundreds."""
    for unit, name in ((10**9, "tỷ"), (10**6, "triệu"), (10**3, "nghìn")):
        if n >= unit:
            head, rest = divmod(n, unit)
            tail = _number_in_words(rest, inner=True)
            return f"{_number_in_words(head, inner=inner)} {name} {tail}".rstrip()
    return _group_in_words(n, inner=inner) if n else ""


def _group_in_words(n: int, *, inner: bool) -> str:
    hundreds, tens, units = n // 100, n // 10 % 10, n % 10
    words = [f"{_DIGITS[hundreds]} trăm"] if hundreds or inner else []
    if tens > 1:
        words.append(f"{_DIGITS[tens]} mươi")
    elif tens == 1:
        words.append("mười")
    elif units and words:
        words.append("linh")
    if units == 1 and tens > 1:
        words.append("mốt")
    elif units == 4 and tens > 1:
        words.append("tư")
    elif units == 5 and tens:
        words.append("lăm")
    elif units:
        words.append(_DIGITS[units])
    return " ".join(words)
