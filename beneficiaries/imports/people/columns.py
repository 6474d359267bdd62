"""What a list of people must have."""

from collections.abc import Collection

from beneficiaries.imports.columns import BIRTH_FIELDS, ORDINAL, ColumnSet
from beneficiaries.resources import PersonResource, headings

_HEADINGS = headings(PersonResource)
_REQUIRED = ("name", "cccd", "category", "amount")
EXPECTED = (
    "Họ và tên, Năm sinh (hai cột Nam và Nữ, hoặc một cột ngày sinh và một cột Giới tính), Số CCCD, Mã đối tượng, "
    "Mức trợ cấp"
)


def _missing(columns: Collection[str]) -> list[str]:
    missing = [_HEADINGS[field] for field in _REQUIRED if field not in columns]
    by_sex = "male" in columns and "female" in columns
    if not by_sex and "birth" not in columns and "birth_year" not in columns:
        missing.append("Năm sinh")
    if not by_sex and "sex" not in columns:
        missing.append("Giới tính")
    return missing


COLUMNS = ColumnSet(
    headings=_HEADINGS | BIRTH_FIELDS | ORDINAL,
    expected=EXPECTED,
    missing=_missing,
    anchors=frozenset({"name"}),
    evidence=("male", "female", "birth", "birth_year", "sex", "cccd", "cmnd", "category", "account"),
)
