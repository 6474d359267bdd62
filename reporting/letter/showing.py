"""The letter as the page shows it: its paragraphs and tables with the links of its numbers, and how it stands."""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

from batosocial.lib import months
from batosocial.lib.money import format_number
from reporting.letter import marks

_ALIGN = {"center": "center", "right": "end", "end": "end"}


@dataclass(frozen=True)
class Piece:
    text: str
    url: str = ""
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True)
class Line:
    """A paragraph; ``rule`` is a line under a heading, which has no text."""

    pieces: list[Piece]
    align: str = ""
    indented: bool = False
    addressed: bool = False
    #: Below 14 points: "pt-11" to "pt-13".
    size: str = ""
    rule: bool = False


@dataclass(frozen=True)
class Block:
    line: Line | None = None
    rows: list[list[list[Line]]] = field(default_factory=list)


def blocks(document: Any) -> list[Block]:
    """What stands in the body of a document whose numbers carry marks, from top to bottom."""
    found = []
    for child in document.element.body.iterchildren():
        if child.tag == qn("w:p"):
            line = _line(Paragraph(child, document))
            if line.pieces:
                found.append(Block(line))
        elif child.tag == qn("w:tbl"):
            table = Table(child, document)
            found.append(Block(rows=[[_lines(cell) for cell in row.cells] for row in table.rows]))
    return found


def _lines(cell: Any) -> list[Line]:
    lines = [_line(paragraph) for paragraph in cell.paragraphs]
    # One empty line is enough for the space of a signature.
    return [
        line for number, line in enumerate(lines)
        if line.pieces or line.rule or (number and lines[number - 1].pieces)
    ]  # fmt: skip


def _line(paragraph: Paragraph) -> Line:
    pieces = [piece for run in paragraph.runs for piece in _pieces(run)]
    form = paragraph.paragraph_format
    said = paragraph._p.find(f"{qn('w:pPr')}/{qn('w:jc')}")
    alignment = said.get(qn("w:val")) if said is not None else ""
    sizes = [run.font.size.pt for run in paragraph.runs if run.font.size and run.text]
    return Line(
        pieces=pieces if any(piece.text.strip() for piece in pieces) else [],
        align=_ALIGN.get(alignment, ""),
        indented=bool(form.first_line_indent and form.first_line_indent > 0),
        addressed=bool(form.left_indent),
        size=f"pt-{max(sizes):.0f}" if sizes and 11 <= max(sizes) < 14 else "",
        rule=paragraph._p.find(f"{qn('w:pPr')}/{qn('w:pBdr')}") is not None,
    )


def _pieces(run: Any) -> Iterator[Piece]:
    for text, url in marks.parts(run.text):
        if text:
            yield Piece(text, url, bool(run.bold), bool(run.italic))


# --- what cannot be ------------------------------------------------------------------------------------------------

_DATE = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4})(?![\d/])")


def dates_after(found: list[Block], month: datetime.date) -> list[str]:
    """Dates in the text later than the month's last day, as they are written there: what is cited cannot be younger
    than the letter."""
    texts = (
        "".join(piece.text for piece in line.pieces)
        for block in found
        for line in ([block.line] if block.line else [line for row in block.rows for cell in row for line in cell])
    )
    after = {}
    for match in (match for text in texts for match in _DATE.finditer(text)):
        try:
            day = datetime.date(int(match[3]), int(match[2]), int(match[1]))
        except ValueError:
            continue
        if day >= months.add(month, 1):
            after[day] = match[0]
    return [written for _, written in sorted(after.items())]


# --- what changed since --------------------------------------------------------------------------------------------

_COUNTED = {
    "due": "tổng số",
    "paid_by_account": "đã chi qua tài khoản",
    "with_account": "đã có tài khoản",
    "pending": "có tài khoản chi từ tháng sau",
    "no_cccd": "chưa có CCCD",
}


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What the figures say now that they did not say when a letter was made of them, in words; the totals first."""
    found = []
    before, after = (_by_place(facts) for facts in (then, now))
    for key in sorted(before.keys() | after.keys(), key=lambda key: (key[1] != "", key)):
        old, new = before.get(key, {}), after.get(key, {})
        for name, word in _COUNTED.items():
            if old.get(name, 0) != new.get(name, 0):
                policy, _, place = key[0], key[1], old.get("where") or new.get("where") or "toàn huyện"
                found.append(
                    f"{policy}, {place}: {word} {format_number(old.get(name, 0))} → {format_number(new.get(name, 0))}"
                )
    return found


def _by_place(facts: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in facts["communes"]:
        found[row["policy"], row["code"]] = {**row, "where": f"{row['kind'].lower()} {row['name']}"}
        total = found.setdefault((row["policy"], ""), {"where": "toàn huyện"})
        for name in _COUNTED:
            total[name] = total.get(name, 0) + row.get(name, 0)
    return found
