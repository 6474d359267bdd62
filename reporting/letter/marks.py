"""Marks around a number of people: they carry the address of its list from the facts through the template.

They are characters of Unicode's private use, which nobody types: start, address, middle, text, end.
"""

import re
from collections.abc import Iterator

_START, _MIDDLE, _END = "\ue000", "\ue001", "\ue002"
_MARKED = re.compile(f"{_START}([^{_START}-{_END}]*){_MIDDLE}([^{_START}-{_END}]*){_END}")
_ANY = re.compile(f"[{_START}-{_END}]")


def marked(text: str, path: str) -> str:
    return f"{_START}{path}{_MIDDLE}{text}{_END}"


def has_marks(text: str) -> bool:
    return _ANY.search(text) is not None


def parts(text: str) -> Iterator[tuple[str, str]]:
    """Pieces of a text as (piece, address); the address is empty where a piece counts nobody."""
    at = 0
    for match in _MARKED.finditer(text):
        if match.start() > at:
            yield plain(text[at : match.start()]), ""
        yield match[2], match[1]
        at = match.end()
    if at < len(text):
        yield plain(text[at:]), ""


def plain(text: str) -> str:
    """The text alone."""
    return _ANY.sub("", _MARKED.sub(r"\2", text))
