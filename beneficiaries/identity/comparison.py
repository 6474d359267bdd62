"""What the benefit file and the ID card say of the same person, and how they differ (Điều 130 NĐ 131/2021).

A file that knows less than the card (only the year of birth) does not differ from it.
"""

from dataclasses import dataclass

from batosocial.lib.text import accent_key, fold, same_spelling
from beneficiaries.models import Person

#: How a name or a birth date differs, as people read it.
MISMATCHES = {
    "spelling_iy": "khác chính tả i/y",
    "accents": "khác dấu",
    "spacing": "khác cách viết liền, viết rời",
    "middle_name": "khác chữ đệm",
    "name": "khác họ tên",
    "year": "khác năm sinh",
    "month": "khác tháng sinh",
    "day": "khác ngày sinh",
}
_SAME_IY = str.maketrans(dict(zip("yýỳỷỹỵ", "iíìỉĩị", strict=True)))


@dataclass(frozen=True, slots=True)
class BirthParts:
    year: int | None
    month: int | None = None
    day: int | None = None


def name_mismatch(file: str, card: str) -> str:
    """How two names differ (a key of ``MISMATCHES``), "" where they are spelled alike or one is not known.

    Case and the place of the tone of oa, oe, uy make no difference; i and y and every accent do (rules.md 9).
    """
    if not file or not card or same_spelling(file, card):
        return ""
    if accent_key(file).translate(_SAME_IY) == accent_key(card).translate(_SAME_IY):
        return "spelling_iy"
    of_file, of_card = fold(file).split(), fold(card).split()
    if of_file == of_card:
        return "accents"
    if "".join(of_file) == "".join(of_card):
        return "spacing"
    ends = (file.split()[0], file.split()[-1]), (card.split()[0], card.split()[-1])
    if len(of_file) > 1 < len(of_card) and all(map(same_spelling, *ends)):
        return "middle_name"
    return "name"


def birth_mismatch(file: BirthParts, card: BirthParts) -> str:
    """The first part that both know and in which they differ: "year", "month", "day" or ""."""
    for part in ("year", "month", "day"):
        of_file, of_card = getattr(file, part), getattr(card, part)
        if of_file is None or of_card is None:
            return ""
        if of_file != of_card:
            return part
    return ""


def mismatches(person: Person) -> tuple[str, str]:
    """How somebody's name and birth differ between file and card, "" where they don't."""
    of_file = BirthParts(person.birth_year, person.birth_month, person.birth_day)
    of_card = BirthParts(person.card_birth_year, person.card_birth_month, person.card_birth_day)
    return name_mismatch(person.name, person.card_name), birth_mismatch(of_file, of_card)
