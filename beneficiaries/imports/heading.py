"""What the lines above the table say: whose list it is, of which policy and month."""

import datetime
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from batosocial.lib import months
from batosocial.lib.text import accent_key, clean, fold
from batosocial.territory.models import Unit
from beneficiaries.models import Policy

_MONTH = re.compile(r"(?:tháng ?|\b)\d{1,2}(?: ?[-/.] ?| ?,? năm )(?:19|20)\d\d", re.IGNORECASE)
_DAY = re.compile(r"ngày .*?tháng|\d{1,2} ?[-/.] ?\d{1,2} ?[-/.] ?\d{4}", re.IGNORECASE)
_KIND = re.compile(r"(?<!\w)(?:xã|xa|thị trấn|thi tran|phường|tt\.?|x\.)[ :]+", re.IGNORECASE)
_OFFICE = re.compile(
    r"^(?:ủy ban nhân dân|uỷ ban nhân dân|ubnd)(?: |:)+(?:xã|thị trấn|phường|tt\.?|x\.)[ :]+(.+)$", re.IGNORECASE
)
_POLICY_WORDS = {
    Policy.MERIT: ("nguoi co cong", "uu dai nguoi", "thuong binh", "than nhan liet si"),
    Policy.SOCIAL: ("bao tro xa hoi", "tro cap xa hoi", "doi tuong btxh"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the title with the Excel row it stands in."""

    row: int
    text: str


def find_month(lines: Iterable[Line]) -> datetime.date | None:
    """The month of the list: "Tháng 7 năm 2024". A day of signing ("ngày 15 tháng 7 năm 2024") is not it."""
    for line in lines:
        text = clean(line.text)
        if _DAY.search(text):
            continue
        for found in _MONTH.finditer(text):
            try:
                return months.parse(found[0])
            except ValueError:
                continue
    return None


def find_policy(lines: Iterable[Line]) -> tuple[Policy, int] | None:
    """The policy that the title names, and its row, where it names just one."""
    named: dict[Policy, int] = {}
    for line in lines:
        text = fold(line.text)
        for policy, words in _POLICY_WORDS.items():
            if any(word in text for word in words):
                named.setdefault(policy, line.row)
    if len(named) != 1:
        return None
    return next(iter(named.items()))


def wrong_commune(lines: Iterable[Line], commune: Unit, communes: list[Unit]) -> tuple[int, str] | None:
    """The Excel row and the words of a title that names another commune than ``commune``.

    Names are compared letter for letter in NFC: Ba Tơ and Ba Tô are two communes. A name without its right accents
    ("Ba Vi" for Ba Vì) counts only where no other commune could be meant.
    """
    wrong: tuple[int, str] | None = None
    for line in lines:
        text = unicodedata.normalize("NFC", clean(line.text))
        for kind in _KIND.finditer(text):
            named = _named(text[kind.end() :], communes)
            if named and any(unit.pk == commune.pk for unit in named):
                return None
            if named and wrong is None:
                wrong = (line.row, text[kind.start() :].strip())
        office = _OFFICE.match(text)
        # "XÃ …" of a form that nobody filled in names none.
        named_here = office is not None and any(char.isalpha() for char in office[1])
        if office and named_here and wrong is None and not _named(office[1], communes):
            wrong = (line.row, text)
    return wrong


def _named(text: str, communes: list[Unit]) -> list[Unit]:
    """The communes that a text beginning with a name may mean: the exact one, else all that fold alike."""
    exact = [unit for unit in communes if _begins(accent_key(text), accent_key(unit.name))]
    if exact:
        longest = max(len(unit.name) for unit in exact)
        return [unit for unit in exact if len(unit.name) == longest]
    return [unit for unit in communes if _begins(fold(text), fold(unit.name))]


def _begins(text: str, name: str) -> bool:
    return text.startswith(name) and not text[len(name) : len(name) + 1].isalnum()
