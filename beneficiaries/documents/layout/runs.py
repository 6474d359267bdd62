"""What a paragraph is written of: text, links that open an address, fields."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt

_HYPERLINK = re.compile(r' *HYPERLINK "([^"]*)" *')


@dataclass(frozen=True)
class Link:
    """Text that opens an address, for ``Rich``."""

    text: str
    address: str


#: Text, or parts of it of which some are links.
Rich = str | Sequence[str | Link]


def plain(text: Rich) -> str:
    """What a reader sees of it."""
    parts = [text] if isinstance(text, str) else text
    return "".join(part.text if isinstance(part, Link) else part for part in parts)


def write_field(run: Any, name: str) -> None:
    for kind, text in (("begin", ""), ("", name), ("end", "")):
        if kind:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        else:
            part = OxmlElement("w:instrText")
            part.set(qn("xml:space"), "preserve")
            part.text = text
        run._r.append(part)


def write(paragraph: Any, text: Rich, *, size: float, bold: bool = False, italic: bool = False) -> None:
    """Add text to a paragraph, with its links."""
    for part in [text] if isinstance(text, str) else text:
        if isinstance(part, Link):
            link(paragraph, part.text, part.address, size=size, bold=bold, italic=italic)
        else:
            run = paragraph.add_run(part)
            run.bold, run.italic, run.font.size = bold, italic, Pt(size)


def link(
    paragraph: Any, text: str, address: str, *, size: float | None = None, bold: bool = False, italic: bool = False
) -> Any:
    """Text that opens an address, printed as the text around it: black, no line under it.

    A HYPERLINK field of plain runs in the paragraph, so that whoever reads the paragraph reads the text, too. Returns
    the run that shows.
    """
    quoted = address.replace("\\", "\\\\").replace('"', "%22")
    for kind in ("begin", "", "separate"):
        run = paragraph.add_run()
        if kind:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        else:
            part = OxmlElement("w:instrText")
            part.set(qn("xml:space"), "preserve")
            part.text = f' HYPERLINK "{quoted}" '
        run._r.append(part)
    shown = paragraph.add_run(text)
    shown.bold, shown.italic = bold, italic
    end = paragraph.add_run()
    part = OxmlElement("w:fldChar")
    part.set(qn("w:fldCharType"), "end")
    end._r.append(part)
    for run in paragraph.runs[-5:]:
        if size is not None:
            run.font.size = Pt(size)
    return shown


def links(paragraph: Any) -> list[tuple[str, str]]:
    """Text and address of each link of a paragraph that :func:`link` wrote."""
    found: list[tuple[str, str]] = []
    address, text, inside = "", "", False
    for run in paragraph.runs:
        for part in run._r:
            if part.tag == qn("w:instrText") and (match := _HYPERLINK.fullmatch(part.text or "")):
                address, text = match[1].replace("\\\\", "\\"), ""
            elif part.tag == qn("w:fldChar") and address:
                kind = part.get(qn("w:fldCharType"))
                inside = kind == "separate"
                if kind == "end":
                    found.append((text, address))
                    address = ""
            elif part.tag == qn("w:t") and inside:
                text += part.text or ""
    return found
