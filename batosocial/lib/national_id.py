"""Numbers of căn cước (12 digits) and the old CMND (9 digits), and the QR code on the card.

The structure of the 12 digits (NĐ 137/2015 Điều 13; TT 59/2021/TT-BCA, lapsed on 01/7/2024) is PPP province
of birth registration, G century and sex, YY year of birth, six random digits, no check digit. Luật Căn cước
26/2023 only promises 12 digits, so whatever contradicts the structure is a warning to verify, never an error.
"""

import csv
import datetime
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Literal

from batosocial.lib.dates import PartialDate
from batosocial.lib.text import clean, fold, half_width

Sex = Literal["M", "F"]
Code = Literal["malformed", "repaired", "unknown_province", "sex_mismatch", "year_mismatch", "filler"]
Severity = Literal["error", "warning"]

SEX_NAMES: dict[str, str] = {"M": "Nam", "F": "Nữ"}
_IGNORED = dict.fromkeys(map(ord, " .'’‘`"))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to tell the user about a number; `message_vi` says what to do."""

    code: Code
    severity: Severity
    message_vi: str


@dataclass(frozen=True, slots=True)
class CccdCheck:
    """The outcome of a check: the number, or "" where none could be read.

    `repaired` says that a leading 0 which Excel dropped was put back.
    """

    number: str
    repaired: bool = False
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class IdCard:
    """What the QR code of a card says; `cmnd` is "" and `issued_on` None where the card leaves them out."""

    number: str
    cmnd: str
    name: str
    birth: PartialDate
    sex: Sex
    address: str
    issued_on: datetime.date | None


@cache
def provinces() -> dict[str, str]:
    """Names of the 63 provinces by their three-digit code, as they were before 01/7/2025."""
    table = resources.files("batosocial.lib") / "data" / "cccd_province_codes.csv"
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    return {row["code"]: row["name"] for row in rows}


def normalize(value: str | int) -> str:
    """The number as digits alone: without spaces, dots and apostrophes, full-width digits made plain."""
    return clean(half_width(str(value))).translate(_IGNORED)


def check_cccd(value: str | int, *, sex: str | None = None, birth_year: int | None = None) -> CccdCheck:
    """Check a 12-digit number against what the register says of its owner; sex is "M" or "F".

    An empty value is allowed and has no problems: the caller asks for the reason. Eleven digits are repaired
    when the zero in front gives a province that exists; Excel cannot have dropped a zero before another zero.
    """
    written = normalize(value)
    if not written:
        return CccdCheck("")
    number = _with_leading_zero(written)
    repaired = number != written
    if not _is_number(number, 12):
        return CccdCheck("", problems=[_malformed(value, "Số CCCD", 12)])
    problems = _contradictions(number, sex, birth_year)
    if repaired:
        message = f"Số CCCD “{written}” thiếu số 0 ở đầu, đã sửa thành {number}; hãy đối chiếu với thẻ."
        problems.insert(0, Problem("repaired", "warning", message))
    return CccdCheck(number, repaired, problems)


def check_cmnd(value: str | int) -> CccdCheck:
    """Check an old 9-digit number, which has no structure; empty is allowed."""
    number = normalize(value)
    if number and not _is_number(number, 9):
        return CccdCheck("", problems=[_malformed(value, "Số CMND", 9)])
    return CccdCheck(number)


def describe(number: str) -> tuple[str | None, Sex, int]:
    """Province of birth registration (None where unknown), sex and birth year that 12 digits tell.

    Raises ValueError for anything but 12 digits.
    """
    if not _is_number(number, 12):
        raise ValueError(_malformed(number, "Số CCCD", 12).message_vi)
    century, female = divmod(int(number[3]), 2)
    return provinces().get(number[:3]), "F" if female else "M", 1900 + 100 * century + int(number[4:6])


def parse_qr(text: str) -> IdCard:
    """Read `CCCD|CMND|Họ tên|ddmmyyyy|Giới tính|địa chỉ|ddmmyyyy` as a scanner types it.

    Further fields are ignored. Raises ValueError, with a message for the user, where the text is not such a
    card's or a field is unreadable; only the CMND and the date of issue may be missing.
    """
    fields = [clean(part) for part in text.split("|")]
    if len(fields) < 7:
        raise ValueError("Mã QR không phải của thẻ căn cước; hãy quét lại.")
    number, cmnd, name, birth, sex, address, issued = fields[:7]
    if not _is_number(number, 12) or not name:
        raise ValueError("Mã QR không có số căn cước hoặc họ tên; hãy quét lại.")
    sexes: dict[str, Sex] = {"nam": "M", "nu": "F"}
    if fold(sex) not in sexes:
        raise ValueError(f"Mã QR ghi giới tính “{sex}”, không đọc được; hãy quét lại.")
    issued_on = _qr_date(issued).earliest if issued else None
    return IdCard(number, check_cmnd(cmnd).number, name, _qr_date(birth), sexes[fold(sex)], address, issued_on)


def _qr_date(written: str) -> PartialDate:
    """`ddmmyyyy`, zeros where day or month are not known."""
    if not _is_number(written, 8):
        raise ValueError(f"Mã QR ghi ngày “{written}”, không đọc được; hãy quét lại.")
    return PartialDate(int(written[4:]), int(written[2:4]) or None, int(written[:2]) or None)


def _is_number(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdigit()


def _with_leading_zero(written: str) -> str:
    if _is_number(written, 11) and written[0] != "0" and f"0{written[:2]}" in provinces():
        return f"0{written}"
    return written


def _malformed(value: str | int, name: str, length: int) -> Problem:
    message = f"{name} “{clean(str(value))}” phải có đúng {length} chữ số; hãy sửa theo giấy tờ."
    return Problem("malformed", "error", message)


def _contradictions(number: str, sex: str | None, birth_year: int | None) -> list[Problem]:
    """Where 12 digits contradict the table of provinces, the register, or chance."""
    province, told_sex, told_year = describe(number)
    problems = []
    if province is None:
        message = f"Số CCCD {number}: mã tỉnh {number[:3]} không có trong bảng mã; hãy đối chiếu với thẻ."
        problems.append(Problem("unknown_province", "warning", message))
    if sex is not None and sex != told_sex:
        message = (
            f"Sai lệch thông tin: số CCCD {number} là của {SEX_NAMES[told_sex]}, "
            f"danh sách ghi {SEX_NAMES.get(sex, sex)}; chuyển Công an xác minh."
        )
        problems.append(Problem("sex_mismatch", "warning", message))
    if birth_year is not None and birth_year != told_year:
        message = (
            f"Sai lệch thông tin: số CCCD {number} là của người sinh năm {told_year}, "
            f"danh sách ghi {birth_year}; chuyển Công an xác minh."
        )
        problems.append(Problem("year_mismatch", "warning", message))
    if number.endswith("000000") or len(set(number[1:])) == 1:
        message = f"Số CCCD {number} giống số ghi tạm; hãy đối chiếu với thẻ."
        problems.append(Problem("filler", "warning", message))
    return problems
