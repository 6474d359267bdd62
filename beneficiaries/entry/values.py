"""The fields of a person that are entered by hand, as texts of a form and as columns of the register."""

import datetime
from collections.abc import Mapping
from typing import Any

from batosocial.lib.dates import PartialDate, parse_partial
from batosocial.lib.national_id import normalize
from batosocial.lib.text import clean
from beneficiaries.identity.comparison import mismatches
from beneficiaries.models import Person

#: Form field → what people call it.
LABELS = {
    "name": "Họ và tên (hồ sơ)",
    "other_name": "Tên gọi khác",
    "birth": "Ngày sinh (hồ sơ)",
    "sex": "Giới tính",
    "ethnicity": "Dân tộc",
    "cccd": "Số CCCD",
    "cccd_missing_reason": "Vì sao chưa có CCCD",
    "cmnd": "Số CMND cũ",
    "card_name": "Họ và tên trên CCCD",
    "card_birth": "Ngày sinh trên CCCD",
    "file_number": "Số hồ sơ",
    "hamlet": "Thôn, tổ dân phố",
    "phone": "Điện thoại",
}
DATES = ("birth", "card_birth")
#: A new value of one of these is a correction of who somebody is (Điều 130 NĐ 131/2021): it needs a reason.
IDENTITY = frozenset({"name", "birth", "sex", "cccd", "cmnd"})
#: What the comparison with the population database was made of.
COMPARED = frozenset({"name", "birth", "sex", "cccd", "card_name", "card_birth"})

Values = dict[str, Any]


def columns(values: Mapping[str, Any]) -> Values:
    """Cleaned values of the form by the register's columns: dates in their three parts."""
    stored = {name: value for name, value in values.items() if name not in DATES}
    for name in DATES:
        if name in values:
            date: PartialDate | None = values[name]
            parts = (date.year, date.month, date.day) if date else (None, None, None)
            stored |= dict(zip((f"{name}_year", f"{name}_month", f"{name}_day"), parts, strict=True))
    return stored


def texts(person: Person) -> dict[str, str]:
    """What the form shows of a person."""
    return {name: getattr(person, f"{name}_text" if name in DATES else name) for name in LABELS}


def same(name: str, one: str, other: str) -> bool:
    """Whether two texts of a field mean the same: "5/1942" and "05/1942", digits with and without blanks."""
    return _meaning(name, one) == _meaning(name, other)


def _meaning(name: str, text: str) -> str:
    if name in ("cccd", "cmnd"):
        return normalize(text)
    text = clean(text)
    if name in DATES and text:
        try:
            return str(parse_partial(text, today=datetime.date.max)[0])
        except ValueError:
            return text
    return text


def shown(name: str, text: str) -> str:
    """A value as people read it."""
    if not text:
        return "(trống)"
    choices: dict[str, Any] = {"sex": Person.Sex, "cccd_missing_reason": Person.MissingReason}
    if name in choices:
        return str(dict(choices[name].choices).get(text, text))
    return text


def differs_from_card(person: Person) -> bool:
    """Whether file and card disagree where both speak; tone place and case are no difference (rules.md 9.1)."""
    return any(mismatches(person))
