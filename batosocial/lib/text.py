"""Vietnamese text: cleaning, search keys, sort keys and spelling comparison.

Everything stored is NFC as the user typed it; the keys here exist beside the stored text. None of these
functions raises for any string.
"""

import re
import unicodedata
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase

# U+00D0/U+00F0 (Icelandic eth) and U+0189/U+0256 (African D) look like Đ/đ; old converters produce them.
_LOOKALIKE_D = str.maketrans("ÐðƉɖ", "ĐđĐđ")
_APOSTROPHES = "'’‘ʼ`´′"
_SAME_APOSTROPHE = str.maketrans(dict.fromkeys(_APOSTROPHES, "'"))
_PARTING = "-‐‑‒–—."
_PUNCTUATION = str.maketrans({**dict.fromkeys(_APOSTROPHES, ""), **dict.fromkeys(_PARTING, " ")})
_NAME_SIGNS = frozenset(f" {_APOSTROPHES}.-‐‑–")
_FOLDED_PUNCTUATION = _PUNCTUATION | str.maketrans("đ", "d")

#: Lower-case text in NFD: the accents of Vietnamese go here at once.
_FOLDED = {**_FOLDED_PUNCTUATION, **dict.fromkeys(range(0x300, 0x370))}

# ngang is 0; then huyền, hỏi, ngã, sắc, nặng (the order of ICU's Vietnamese collation).
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
# One ASCII letter for each, so that byte order is alphabetical order.
_LETTERS = dict(zip("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz", ascii_uppercase + ascii_lowercase, strict=False))

_TONE = f"[{''.join(_TONES)}]"
# Old-style tone place in NFD: the mark on the first vowel of a final oa, oe, uy that does not follow q.
_OLD_TONE_PLACE = re.compile(rf"(?<!q)(o(?={_TONE}[ae])|u(?={_TONE}y))({_TONE})([aey])(?![\w\u0300-\u036f])")
_NEW_TONE_PLACE = re.compile(rf"(?<!q)(o(?=[ae])|u(?=y))([aey])({_TONE})$")


# U+FF01 to U+FF5E are ASCII in full width; NFKC would also turn ² into 2.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def half_width(value: str) -> str:
    """Full-width letters, digits and signs, which some keyboards type, as plain ASCII."""
    return value.translate(_HALF_WIDTH)


def clean(value: str) -> str:
    """Text as it is stored: NFC, single spaces, no invisible characters, Đ where a look-alike stood."""
    if value.isprintable():
        # Nothing invisible and no space but the plain one: most cells of a list, so no time is lost on them.
        if value.isascii():
            return value if _is_tidy(value) else " ".join(value.split())
        visible = value
    else:
        visible = "".join(
            char for char in value if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs")
        )
    return " ".join(unicodedata.normalize("NFC", visible).translate(_LOOKALIKE_D).split())


def _is_tidy(text: str) -> bool:
    return "  " not in text and text[:1] != " " and text[-1:] != " "


def fold(value: str) -> str:
    """Search key: lower case without accents; apostrophes go, hyphens and dots part words ("H're" -> "hre").

    It must never pick a commune by itself: Ba Tơ and Ba Tô both fold to "ba to".
    """
    decomposed = unicodedata.normalize("NFD", clean(value)).lower().translate(_FOLDED)
    if not decomposed.isascii():
        decomposed = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    return clean(decomposed)


def without_accents(value: str) -> str:
    """The text in plain letters, case and signs kept ("Phạm Thị H'Đế" -> "Pham Thi H'De"), as banks' systems take it;
    what is no sign of ASCII even so goes."""
    decomposed = unicodedata.normalize("NFD", clean(value)).replace("đ", "d").replace("Đ", "D")
    return " ".join(decomposed.translate(_SAME_APOSTROPHE).encode("ascii", "ignore").decode().split())


def accent_key(value: str) -> str:
    """Lower case with accents, the tone of a final oa, oe, uy moved to its second vowel ("hòa" -> "hoà")."""
    if value.isascii() and value.isprintable():
        return clean(value).translate(_SAME_APOSTROPHE).lower()
    lowered = unicodedata.normalize("NFD", clean(value).translate(_SAME_APOSTROPHE).lower())
    return unicodedata.normalize("NFC", _OLD_TONE_PLACE.sub(r"\1\3\2", lowered))


def spelled_words(value: str) -> list[str]:
    """The words as ``fold`` parts them, in lower case with their accents: "Y-Brít H're" -> ["y", "brít", "hre"]."""
    return clean(value).lower().translate(_PUNCTUATION).split()


def tone_places(word: str) -> list[str]:
    """The word in lower case with the tone of a final oa, oe, uy on either vowel ("hòa" -> ["hoà", "hòa"])."""
    new = accent_key(word)
    old = unicodedata.normalize("NFC", _NEW_TONE_PLACE.sub(r"\1\3\2", unicodedata.normalize("NFD", new)))
    return [new] if old == new else [new, old]


def shortened(value: str, length: int) -> str:
    """At most ``length`` characters, the last an ellipsis where some are left out."""
    return value if len(value) <= length else f"{value[: length - 1].rstrip()}…"


def same_spelling(a: str, b: str) -> bool:
    """Whether two names are spelled alike; case and tone place do not count, i/y and every accent do."""
    return accent_key(a) == accent_key(b)


def _given_name_first(words: list[str]) -> list[str]:
    """Order of lists of people in Vietnam: given name (the last word), family name, middle words."""
    return words[-1:] + words[:-1]


def name_search_key(*names: str) -> str:
    """All names of a person folded, each also with the given name first, for trigram and LIKE search.

    A separator keeps a phrase from matching across two of them.
    """
    keys: dict[str, None] = {}
    for name in names:
        folded = fold(name)
        keys[folded] = keys[" ".join(_given_name_first(folded.split()))] = None
    return " | ".join(key for key in keys if key)


def sort_key(name: str) -> str:
    """Key that puts names in Vietnamese order under COLLATE "C" and Python's string comparison.

    Words are compared given name first; each by its letters, then its tones, then its case (lower before
    upper). Within a word the tone's place does not matter, and an apostrophe or hyphen is passed over.
    """
    return "".join(_word_key(word) for word in _given_name_first(clean(name).split()))


def place_sort_key(name: str) -> str:
    """The same order for names of places: words as they stand (Đ after D), numbers by their size (2 before 10)."""
    return "".join(_word_key(word.zfill(6) if word.isdecimal() else word) for word in clean(name).split())


@lru_cache(maxsize=4096)
def _word_key(word: str) -> str:
    """Words of names repeat: a list of 20,000 people has a few hundred."""
    letters, tones, case = [], [], []
    for char in word:
        decomposed = unicodedata.normalize("NFD", char)
        tones += [_TONES[mark] for mark in decomposed if mark in _TONES]
        toneless = unicodedata.normalize("NFC", "".join(mark for mark in decomposed if mark not in _TONES))
        letter = toneless.lower()
        # A foreign accent (ö, ç) sorts as its base letter; other scripts come after z, as they are.
        code = _LETTERS.get(letter) or _LETTERS.get(letter[:1]) or _LETTERS.get(decomposed[0].lower())
        if code or letter.isalnum():
            letters.append(code or letter)
            case.append("1" if char.isupper() else "0")
    # "!" and " " come before every letter: An stands before Anh, and a shorter name before a longer one.
    return f"{''.join(letters)}!{''.join(tones)}!{''.join(case).rstrip('0')} "


def strange_signs(name: str) -> str:
    """Signs that no name in Vietnam has, parted by blanks: all but Latin letters, blanks, apostrophes, hyphens, dots.

    Letters of other scripts that look like ours would make a name that nobody finds again.
    """
    return " ".join(sorted({char for char in name if not _is_latin(char) and char not in _NAME_SIGNS}))


def _is_latin(char: str) -> bool:
    return char.isalpha() and unicodedata.name(char, "").startswith("LATIN ")


def holder_key(name: str) -> str:
    """An account holder's name as banks store it: capitals without accents ("PHAM THI HUYEN")."""
    return fold(name).upper()
