"""A document of NĐ 30/2020/NĐ-CP (Phụ lục I): A4, margins, Times New Roman, quốc hiệu, số, căn cứ, signatures."""

import datetime
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt, RGBColor

from batosocial.lib.archives import undated
from beneficiaries.documents.layout.dates import date_words
from beneficiaries.documents.layout.runs import Rich, plain, write, write_field

FONT = "Times New Roman"
CENTER, JUSTIFY, RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.JUSTIFY, WD_ALIGN_PARAGRAPH.RIGHT
LEFT = WD_ALIGN_PARAGRAPH.LEFT
_SHORT, _LONG = Mm(210), Mm(297)
#: Margins in mm: top, bottom 20 to 25, left 30 to 35, right 15 to 20.
_MARGINS = {"top": 20, "bottom": 20, "left": 30, "right": 20}
_LANDSCAPE_RIGHT = 15


@dataclass(frozen=True)
class Agency:
    """Who sends it: the body above, its own name, and the place that stands before the date."""

    above: str
    name: str
    place: str


@dataclass(frozen=True)
class Signer:
    """Lines above the signature ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH") and the name, empty where it is written by hand;
    above them the place and day of a request, where it has them."""

    titles: tuple[str, ...]
    name: str = ""
    dated: str = ""


class Page:
    """A document that is filled from top to bottom."""

    def __init__(
        self,
        *,
        landscape: bool = False,
        right_margin: int = _MARGINS["right"],
        spacing: float | None = None,
    ) -> None:
        """``spacing``: of lines, 1 to 1.5 by the decree; without it that of the template."""
        self.document = Document()
        self._right = right_margin
        style = self.document.styles["Normal"]
        style.font.name, style.font.size = FONT, Pt(14)
        style.font.color.rgb = RGBColor(0, 0, 0)
        style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
        style.paragraph_format.space_after = Pt(0)
        style.paragraph_format.line_spacing = spacing
        self._set_up(self.document.sections[0], landscape)

    # --- sheets ----------------------------------------------------------------------------------------------------

    def _set_up(self, section: Any, landscape: bool) -> None:
        section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = (_LONG, _SHORT) if landscape else (_SHORT, _LONG)
        section.top_margin, section.bottom_margin = Mm(_MARGINS["top"]), Mm(_MARGINS["bottom"])
        section.left_margin = Mm(_MARGINS["left"])
        section.right_margin = Mm(_LANDSCAPE_RIGHT if landscape else self._right)
        section.header_distance = Mm(10)
        # The number stands in the middle of the top margin, not on the first page.
        section.different_first_page_header_footer = True
        section.header.is_linked_to_previous = section.first_page_header.is_linked_to_previous = False
        number = section.header.paragraphs[0]
        number.alignment = CENTER
        write_field(number.add_run(), "PAGE")
        self._landscape = landscape
        self._width = section.page_width - section.left_margin - section.right_margin

    def annex(self, *, landscape: bool = True) -> None:
        """A new sheet with its own page numbers."""
        section = self.document.add_section(WD_SECTION.NEW_PAGE)
        self._set_up(section, landscape)
        numbering = OxmlElement("w:pgNumType")
        numbering.set(qn("w:start"), "1")
        section._sectPr.append(numbering)

    # --- text ------------------------------------------------------------------------------------------------------

    def text(
        self,
        text: Rich,
        *,
        bold: bool = False,
        italic: bool = False,
        size: float = 14,
        align: Any = JUSTIFY,
        indent: bool = True,
        before: float = 6,
        into: Any = None,
        keep: bool = False,
    ) -> Any:
        paragraph = (into or self.document).add_paragraph()
        paragraph.alignment = align
        paragraph.paragraph_format.space_before = Pt(before)
        paragraph.paragraph_format.keep_with_next = keep
        if indent and align == JUSTIFY:
            paragraph.paragraph_format.first_line_indent = Mm(10)
        write(paragraph, text, size=size, bold=bold, italic=italic)
        return paragraph

    def led(self, lead: str, text: str) -> None:
        """A paragraph that begins with a bold word: "Điều 1." """
        paragraph = self.text(lead, bold=True)
        paragraph.add_run(f" {text}").font.size = Pt(14)

    def head(self, agency: Agency, number: str, day: datetime.date | None, year: int) -> None:
        """Quốc hiệu and tiêu ngữ at the right, the agency and its number at the left; blanks where not yet decided."""
        self.headed(agency, number, f"{agency.place}, {date_words(day, year)}")

    def headed(
        self,
        agency: Agency,
        number: str,
        dated: str,
        *,
        about: Sequence[str] = (),
        columns: Sequence[Length] = (),
        agency_rule: int = 22,
    ) -> None:
        """As ``head``, with the day as text; ``about`` are the lines of a công văn's "V/v …" under its number (ô 5b),
        ``columns`` measures of the two columns, ``agency_rule`` the line under the agency: 1/3 to 1/2 of its name."""
        # On an upright sheet the quốc hiệu fits its line at 12, and the agency is parted where its name says.
        size, parts, join = (13, [42, 58], " ") if self._landscape else (12, [40, 60], "\n")
        table = self._bare_table(columns or parts)
        widths = [cell.width for cell in table.rows[0].cells]
        left, right = table.rows[0].cells
        lines = [line for line in agency.above.upper().replace("\n", join).split("\n") if line]
        for number_, line in enumerate(lines):
            self._cell(left, line, size=size, first=number_ == 0)
        for number_, line in enumerate(agency.name.upper().replace("\n", join).split("\n")):
            self._cell(left, line, size=size, bold=True, first=not lines and number_ == 0)
        self._rule(left, widths[0], agency_rule)
        self._cell(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", size=size, bold=True, first=True)
        self._cell(right, "Độc lập - Tự do - Hạnh phúc", size=size + 1, bold=True)
        self._rule(right, widths[1], 62 if self._landscape else 58)
        left, right = table.add_row().cells
        self._cell(left, f"Số: {number}", size=13, first=True)
        for number_, line in enumerate(about):
            self._cell(left, line, size=12)
            left.paragraphs[-1].paragraph_format.space_before = Pt(6 if number_ == 0 else 0)
        self._cell(right, dated, size=14, italic=True, first=True)
        if columns:
            self._set_widths(table, columns)

    def title(self, kind: str, about: str, *, before: float = 18, size: float = 14) -> None:
        self.text(kind.upper(), bold=True, align=CENTER, before=before, size=size)
        self.text(about, bold=True, align=CENTER, before=min(before, 6), size=size)
        self._rule(self.document, self._width, 40)

    def heading_of_annex(self, title: str, about: str, reference: str) -> None:
        self.text(title.upper(), bold=True, align=CENTER, before=0)
        self.text(about, bold=True, align=CENTER, before=0)
        if reference:
            self.text(reference, italic=True, align=CENTER, before=0)
        self._rule(self.document, self._width, 40)

    def signatures(
        self,
        left: Sequence[str] | Signer,
        right: Signer,
        *,
        columns: Sequence[Length] = (),
        keep: bool = False,
        room: int = 4,
    ) -> None:
        """ "Nơi nhận" (lines) or another signer at the left, whoever signs at the right, with ``room`` lines to sign;
        with ``keep`` on one page."""
        gap = self.text("", before=6, size=6, keep=keep)
        gap.paragraph_format.line_spacing = Pt(6) if keep else None
        table = self._bare_table(columns or [45, 55])
        if keep:
            _mark_row(table.rows[0], "w:cantSplit")
        one, other = table.rows[0].cells
        if isinstance(left, Signer):
            self._sign(one, left, room)
        else:
            self._cell(one, "Nơi nhận:", size=12, bold=True, italic=True, align=LEFT, first=True)
            for number, line in enumerate(left):
                end = "." if number == len(left) - 1 else ";"
                self._cell(one, f"- {line}{end}", size=11, align=LEFT)
        self._sign(other, right, room)

    def _sign(self, cell: Any, signer: Signer, room: int) -> None:
        if signer.dated:
            self._cell(cell, signer.dated, italic=True, first=True)
        for number, title in enumerate(signer.titles):
            self._cell(cell, title.upper(), bold=True, first=number == 0 and not signer.dated)
        for _ in range(room):
            self._cell(cell, "")
        self._cell(cell, signer.name, bold=True)

    # --- tables ----------------------------------------------------------------------------------------------------

    def table(
        self, heads: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[Rich]], **options: Any
    ) -> None:
        """A table with rules; its heading stands on every page, no row breaks across two.

        ``right`` and ``centre`` are places of columns; a row of one text spans the table; one that begins with "Cộng"
        is bold.
        """
        size, right, centre = options.get("size", 12), options.get("right", ()), options.get("centre", (0,))
        table = self.document.add_table(rows=1, cols=len(heads))
        table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
        self._set_widths(table, widths)
        for cell, text in zip(table.rows[0].cells, heads, strict=True):
            self._cell(cell, text, size=size, bold=True, first=True)
        _mark_row(table.rows[0], "w:tblHeader", "w:cantSplit")
        for values in rows:
            cells = table.add_row().cells
            _mark_row(table.rows[-1], "w:cantSplit")
            if len(values) == 1:
                self._cell(cells[0].merge(cells[-1]), values[0], size=size, bold=True, align=LEFT, first=True)
                continue
            total = any(plain(value).startswith("Cộng") for value in values)
            for place, (cell, value) in enumerate(zip(cells, values, strict=True)):
                align = RIGHT if place in right else CENTER if place in centre else LEFT
                self._cell(cell, value, size=size, bold=total, align=align, first=True)
        self._set_widths(table, widths)

    def _bare_table(self, widths: Sequence[int]) -> Any:
        table = self.document.add_table(rows=1, cols=len(widths))
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        self._set_widths(table, widths)
        return table

    def _set_widths(self, table: Any, widths: Sequence[int]) -> None:
        """Measures as they are, or parts of the width of the text; LibreOffice reads the columns, Word the cells."""
        whole = sum(widths)
        for column, part in zip(table.columns, widths, strict=True):
            width = part if isinstance(part, Length) else self._width * part // whole
            column.width = width
            for cell in column.cells:
                cell.width = width

    def _cell(
        self,
        cell: Any,
        text: Rich,
        *,
        size: float = 14,
        bold: bool = False,
        italic: bool = False,
        align: Any = CENTER,
        first: bool = False,
    ) -> None:
        paragraph = cell.paragraphs[0] if first else cell.add_paragraph()
        paragraph.alignment = align
        write(paragraph, text, size=size, bold=bold, italic=italic)

    def _rule(self, into: Any, width: int, length_mm: int) -> None:
        """A short line in the middle: an empty paragraph with a border above it."""
        paragraph = into.add_paragraph()
        form = paragraph.paragraph_format
        form.left_indent = form.right_indent = (width - Mm(length_mm)) // 2 - Mm(2)
        paragraph.add_run("").font.size = Pt(2)
        form.space_before, form.line_spacing = Pt(3), Pt(4)
        borders, top = OxmlElement("w:pBdr"), OxmlElement("w:top")
        for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
            top.set(qn(f"w:{name}"), value)
        borders.append(top)
        paragraph._p.get_or_add_pPr().append(borders)

    def describe(self, *, title: str, author: str, made_at: datetime.datetime) -> None:
        """What the file says of itself."""
        about = self.document.core_properties
        about.title, about.author, about.last_modified_by, about.comments = title, author, author, ""
        about.created = about.modified = made_at.astimezone(datetime.UTC).replace(tzinfo=None)
        about.language, about.keywords, about.subject = "vi-VN", "", ""

    def save(self) -> bytes:
        stream = io.BytesIO()
        self.document.save(stream)
        return undated(stream.getvalue())


def _mark_row(row: Any, *names: str) -> None:
    properties = row._tr.get_or_add_trPr()
    for name in names:
        properties.append(OxmlElement(name))
