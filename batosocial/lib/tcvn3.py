"""Text in TCVN3 (ABC), the one-byte encoding of the fonts .VnTime and .VnArial, as old Excel files hold it.

Its bytes show as Latin-1 letters and signs: "Céng hßa x· héi chñ nghÜa ViÖt Nam". The encoding has no accented
capitals: a font such as .VnTimeH shows small letters as capitals.
"""

import csv
import re
import unicodedata
from functools import cache
from importlib import resources

#: Letters that TCVN3's bytes never show: text that holds one is Unicode and never converted (rules.md 9.2).
_UNICODE = re.compile("[ẠạẢ-ỹĂăĐđĨĩŨũƠơƯưÀÁÂÃÍÙÚà\u0300\u0301\u0303\u0309\u0323]")
#: What TCVN3 has for letters and Vietnamese in Unicode never has inside a word.
_SIGNS = "¡¢£¤¥¦§¨©ª«¬\u00ad®µ¸¶·¹»¾¼½ÆÇËÎÏÑÖ×ØÜÞßäåæçëîïñö÷øûüþ"
_EVIDENCE = re.compile(f"[A-Za-z][{_SIGNS}]|[{_SIGNS}][A-Za-z]")


_VOWEL = re.compile("[aeiouyAEIOUY]|[^\x00-\x7f]")


@cache
def _table() -> dict[int, str]:
    path = resources.files("batosocial.lib") / "data" / "tcvn3_map.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return {ord(row["surface_char"]): row["unicode_char"] for row in rows}


def to_unicode(text: str, *, capitals: bool = False) -> str:
    """The text as Unicode (NFC). ``capitals`` says that its font shows capitals: words begin with one then.

    Text that already holds letters of Unicode comes back as it was.
    """
    if is_unicode(text):
        return text
    converted = unicodedata.normalize("NFC", text.translate(_table()))
    if capitals and not (converted == text and text.upper() == text):
        return " ".join(_capitalised(word) for word in converted.split(" "))
    return converted


def is_unicode(text: str) -> bool:
    """Whether the text holds Vietnamese letters that TCVN3 cannot have."""
    return bool(_UNICODE.search(text))


def looks_like(text: str) -> bool:
    """Whether the letters alone tell that it is TCVN3: signs inside words that Vietnamese never has there."""
    return not text.isascii() and bool(_EVIDENCE.search(text)) and not is_unicode(text)


def may_be(text: str) -> bool:
    """Whether a conversion would change the text at all."""
    return not text.isascii() and not is_unicode(text) and any(ord(char) in _table() for char in text)


def _capitalised(word: str) -> str:
    """ "phạm" and "PHạM" are both Phạm; codes and abbreviations (BTXH-5C, TDP) stay."""
    if not _VOWEL.search(word) or any(char.isdigit() for char in word):
        return word
    return word[:1].upper() + word[1:].lower()
