"""Whose data stands in a text that everybody will read: numbers of the register, and names of people in it.

A number that belongs to somebody is told from a sum of money by the register itself; a name, by the register too, where
it is spelled so or where each of its words has a capital letter. What is found is shown to whoever publishes: a name
may be that of an official, so it is a doubt; a number is never needed.
"""

import re
from dataclasses import dataclass

from django.db import connection

from batosocial.lib.text import accent_key, clean, fold

#: Lengths of names, in words, and of numbers (CMND 9, phone 10, CCCD 12, accounts 6 to 19), in digits.
_WORDS = range(2, 7)
_DIGITS = re.compile(r"\d(?:[ .\-]?\d){5,}")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_MOST_SHOWN = 10

#: The register's own tables, whoever asks: what is told are words of the text itself.
_NUMBERS = """
SELECT DISTINCT number FROM (
    SELECT cccd AS number FROM beneficiaries_person WHERE cccd = ANY(%(numbers)s)
    UNION ALL SELECT cmnd FROM beneficiaries_person WHERE cmnd = ANY(%(numbers)s)
    UNION ALL SELECT phone FROM beneficiaries_person WHERE phone = ANY(%(numbers)s)
    UNION ALL SELECT cccd FROM beneficiaries_payee WHERE cccd = ANY(%(numbers)s)
    UNION ALL SELECT phone FROM beneficiaries_payee WHERE phone = ANY(%(numbers)s)
    UNION ALL SELECT number FROM beneficiaries_account WHERE number = ANY(%(numbers)s)
) found WHERE number <> ''
"""
_NAMES = """
SELECT DISTINCT name FROM (
    SELECT unnest(ARRAY[name, card_name, other_name]) AS name FROM beneficiaries_person
    WHERE string_to_array(search_key, ' | ') && %(folded)s
    UNION ALL SELECT name FROM beneficiaries_payee WHERE lower(name) = ANY(%(lowered)s)
) found WHERE name <> ''
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Numbers that belong to somebody or look like a card's, and names of people of the register, as they stand in the
    text."""

    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def look_for_people(*texts: str) -> Found:
    """Whose data the texts hold. Two queries."""
    text = "\n".join(texts)
    written = {re.sub(r"\D", "", match[0]): match[0] for match in _DIGITS.finditer(text)}
    phrases = _phrases(text)
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, {"numbers": list(written)})
        known = {number for (number,) in cursor.fetchall()}
        cursor.execute(
            _NAMES,
            {"folded": list({fold(one) for one in phrases}), "lowered": list({one.lower() for one in phrases})},
        )
        names = [name for (name,) in cursor.fetchall()]
    numbers = [shown for digits, shown in written.items() if digits in known or _is_card(digits, shown)]
    return Found(tuple(numbers[:_MOST_SHOWN]), tuple(_named(phrases, names)[:_MOST_SHOWN]))


def _is_card(digits: str, shown: str) -> bool:
    """12 digits in one run: a sum of money is parted by dots, a decision's number is shorter."""
    return len(digits) == 12 and "." not in shown


def _phrases(text: str) -> list[str]:
    """Runs of words of one line that stand side by side, as long as a name may be."""
    found = []
    for line in clean_lines(text):
        # Only blanks part the words of a name.
        for run in re.split(r"[^\w\s'’-]|\d", line):
            words = _WORD.findall(run)
            for size in _WORDS:
                found += [" ".join(words[start : start + size]) for start in range(len(words) - size + 1)]
    return list(dict.fromkeys(found))


def clean_lines(text: str) -> list[str]:
    return [clean(line) for line in text.splitlines()]


def _named(phrases: list[str], names: list[str]) -> list[str]:
    spelled = {accent_key(name) for name in names}
    folded = {fold(name) for name in names}
    hits = [
        phrase
        for phrase in phrases
        if accent_key(phrase) in spelled
        or (fold(phrase) in folded and all(word[:1].isupper() for word in phrase.split()))
    ]
    # Of a name and its part, the longer one.
    return [hit for hit in hits if not any(hit != other and f" {hit} " in f" {other} " for other in hits)]
