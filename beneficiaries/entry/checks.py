"""What looks doubtful about a person: shown beside the field and confirmed by sending again, never in the way."""

import re
from collections.abc import Sequence

from batosocial.lib.dates import PartialDate
from batosocial.lib.national_id import SEX_NAMES, check_cccd, describe
from batosocial.lib.text import clean, fold
from batosocial.territory.models import Unit
from beneficiaries.models import Person

_PHONE = re.compile(r"0\d{9,10}")
#: More namesakes than these are not told apart by reading a list.
_MOST_NAMESAKES = 10


def number_doubts(cccd: str, sex: str, year: int | None) -> list[str]:
    """Where a number contradicts what the form says, or looks like a filler (rules.md 4)."""
    check = check_cccd(cccd, sex=sex or None, birth_year=year)
    if not check.number:
        return []
    _, told_sex, told_year = describe(check.number)
    words = {
        "repaired": f"Đã thêm số 0 ở đầu thành {check.number}; hãy đối chiếu với thẻ.",
        "unknown_province": f"Mã tỉnh {check.number[:3]} không có trong bảng mã; hãy đối chiếu với thẻ.",
        "filler": "Số này giống số ghi tạm; hãy đối chiếu với thẻ.",
        "sex_mismatch": f"Số này là của {SEX_NAMES[told_sex]}, ở đây ghi {SEX_NAMES.get(sex, sex)}.",
        "year_mismatch": f"Số này là của người sinh năm {told_year}, ở đây ghi {year}.",
    }
    said = [words[problem.code] for problem in check.problems]
    if {"sex_mismatch", "year_mismatch"} & {problem.code for problem in check.problems}:
        said.append("Hãy xem lại thẻ; nếu hồ sơ đúng là như vậy thì cứ lưu, Công an sẽ xác minh.")
    return said


def clean_phone(text: str) -> str:
    """Digits as they are dialled here: without blanks and dots, 0 for +84."""
    digits = re.sub(r"[\s.\-()]", "", clean(text))
    return f"0{digits[3:]}" if digits.startswith("+84") else digits


def phone_doubts(phone: str) -> list[str]:
    if not phone or _PHONE.fullmatch(phone):
        return []
    return ["Số điện thoại thường có 10 chữ số, bắt đầu bằng 0; hãy kiểm tra lại."]


def namesakes(commune: Unit, names: Sequence[str], birth: PartialDate, *, apart_from: int | None) -> list[Person]:
    """People of the commune with the same name and, as far as known, birth date, with or without accents.

    Same names are common here (rules.md 9.5), so this only asks somebody to look.
    """
    wanted = {fold(name) for name in names if name}
    people = Person.objects.filter(commune=commune, birth_year=birth.year).exclude(pk=apart_from or 0)
    return [
        person
        for person in people.select_related("commune").order_by("sort_key", "pk")
        if {fold(name) for name in (person.name, person.card_name) if name} & wanted and _may_be(person.birth, birth)
    ][:_MOST_NAMESAKES]


def _may_be(one: PartialDate, other: PartialDate) -> bool:
    """Whether two dates can be the same one: what one leaves out contradicts nothing."""
    pairs = [(one.year, other.year), (one.month, other.month), (one.day, other.day)]
    return all(a is None or b is None or a == b for a, b in pairs)
