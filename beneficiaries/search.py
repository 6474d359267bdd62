"""What somebody typed into the search box, as conditions on people.

Words are found by their beginnings, in any order, with or without accents, among the names, the hamlet and the year of
birth (``Person.words``, a GIN index); numbers by any part of them (trigram indexes); the name of a commune stands for
everybody there. Where the text has accents, those spelled so come first.
"""

import re
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q

from batosocial.lib.text import accent_key, clean, fold, spelled_words, tone_places
from batosocial.territory.models import Unit

#: Shorter runs of digits are years and parts of names of hamlets, not of numbers; a trigram index needs three anyway.
SHORTEST_NUMBER = 4
SHORTEST_FILE_NUMBER = 3
_NUMBER_SEPARATORS = re.compile(r"[\s.\-'’]")
_UNIT_KIND = re.compile(r"^(?:xa|thi tran|tt|phuong) (?=\S)")


def ranks(text: str, communes: Sequence[Unit | None] | None = None) -> list[Q]:
    """Conditions, each wider than the one before it: spelled so, beginning so, found at all; [] for an empty text.

    A text without accents has the last alone. ``communes`` are those that may be meant by their names; without them
    all there are, in one query.
    """
    text = clean(text)
    folded = fold(text).split()
    if not folded:
        return []
    found = _with_words(folded) | _with_number(text)
    spelled = spelled_words(text)
    named, named_so = _named(text, Unit.objects.communes() if communes is None else communes)
    if named:
        found |= Q(commune__in=named)
    accented = [word for word in spelled if not word.isascii()]
    if not accented:
        return [found]
    whole = f"{_all_of(folded)} & {' & '.join(_one_of(tone_places(word)) for word in spelled)}"
    begun = f"{_all_of(folded)} & {' & '.join(_one_of(tone_places(word), ':*') for word in accented)}"
    exact, beginning = (Q(words__lexemes=query) for query in (whole, begun))
    if named_so:
        exact, beginning = exact | Q(commune__in=named_so), beginning | Q(commune__in=named_so)
    return [exact, beginning, found]


def _with_words(folded: list[str]) -> Q:
    return Q(words__lexemes=_all_of(folded))


def _all_of(folded: list[str]) -> str:
    return " & ".join(f"{_lexeme(word)}:*" for word in folded)


def _one_of(spellings: list[str], beginning: str = "") -> str:
    return f"({' | '.join(_lexeme(word) + beginning for word in spellings)})"


def _lexeme(word: str) -> str:
    """Quoted, so that whatever is typed is only text."""
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _with_number(text: str) -> Q:
    """By a part of a CCCD, CMND, phone, account or file number; nothing for a text that is none."""
    from beneficiaries.models import PayoutRoute

    arms: list[Q] = []
    digits = _NUMBER_SEPARATORS.sub("", text)
    if digits.isascii() and digits.isdigit() and len(digits) >= SHORTEST_NUMBER:
        arms += [Q(**{f"{field}__contains": digits}) for field in ("cccd", "cmnd", "phone")]
        owners = PayoutRoute.objects.filter(account__number__contains=digits).order_by()
        arms.append(Q(is_any(F("pk"), owners.values("person_id"))))
    if len(text) >= SHORTEST_FILE_NUMBER and any(char.isdigit() for char in text):
        arms.append(Q(file_number__icontains=text))
    return reduce(or_, arms) if arms else Q()


def is_any(value: Any, rows: Any) -> Func:
    """``value = ANY(array of rows)``. With an array instead of IN, PostgreSQL joins all arms of an OR in one bitmap,
    each from its own index."""
    return Func(
        value, ArraySubquery(rows), template="(%(expressions)s))", arg_joiner=" = ANY(", output_field=BooleanField()
    )


def _named(text: str, communes: Iterable[Unit | None]) -> tuple[list[int], list[int]]:
    """Communes of that name, without and with regard to accents. Ba Tơ and Ba Tô both fold to "ba to"."""
    place, typed = _UNIT_KIND.sub("", fold(text)), accent_key(text)
    found = [unit for unit in communes if unit and fold(unit.name) == place]
    exact = [accent_key(unit.name) for unit in found]
    named_so = [u.pk for u, name in zip(found, exact, strict=True) if typed == name or typed.endswith(f" {name}")]
    return [unit.pk for unit in found], named_so
