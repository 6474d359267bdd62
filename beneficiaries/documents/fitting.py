"""How much room text takes on paper, in points: for documents that must not pass one page.

Measured by the widths of Times New Roman's letters, rounded up, since the program that prints breaks the lines: and
where a computer has that font without the letters of Vietnamese, it takes those from a wider one.
"""

import unicodedata

#: Widths in thousandths of the size; letters not named are 500, capitals 722.
_WIDTHS = {
    **dict.fromkeys("ijlt/:;", 278),
    **dict.fromkeys("fr-()I[]", 333),
    **dict.fromkeys(" .,", 250),
    **dict.fromkeys("acez", 444),
    **dict.fromkeys("s", 389),
    **dict.fromkeys("mM%", 889),
    **dict.fromkeys("wQOGƠ", 740),
    **dict.fromkeys("W", 944),
    **dict.fromkeys("PSF", 556),
    **dict.fromkeys("ơư", 560),
    **dict.fromkeys("≥", 549),
}
#: Bold letters are wider, and programs differ a little.
_MARGIN = 1.04
#: Letters with two marks ("ế", "ộ") and others of Vietnamese alone, from another font.
_FOREIGN = 1.15
#: From one line to the next, single spaced.
LINE = 1.15
POINTS_OF_MM = 72 / 25.4


def width(text: str, size: float) -> float:
    """How wide a text is, in points."""
    thousandths = 0.0
    for letter in text:
        base = letter if letter in _WIDTHS else _base(letter)
        one = _WIDTHS.get(base, 722 if base.isupper() else 500)
        thousandths += one * _FOREIGN if "\u1ea0" <= letter <= "\u1ef9" else one
    return thousandths * size / 1000 * _MARGIN


def _base(letter: str) -> str:
    """The letter without its marks, but with the horn of ơ and ư."""
    parts = unicodedata.normalize("NFD", letter)
    return unicodedata.normalize("NFC", parts[:2]) if parts[1:2] == "\u031b" else parts[:1]


def lines(text: str, size: float, room: float) -> int:
    """In how many lines a text stands where a line has ``room`` points; a word longer than a line is broken."""
    number, taken = 1, 0.0
    for word in text.split():
        needed = width(word, size)
        gap = width(" ", size) if taken else 0.0
        if taken + gap + needed <= room:
            taken += gap + needed
            continue
        number += 1 if taken else 0
        whole, taken = divmod(needed, room)
        number += int(whole)
    return number


def height(text: str, size: float, room: float) -> float:
    """How high a paragraph is, without the space before it."""
    return lines(text, size, room) * size * LINE
