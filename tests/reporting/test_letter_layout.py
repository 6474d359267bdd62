"""The letter is laid out by Phụ lục I NĐ 30/2020/NĐ-CP (rules.md 6), read back from the docx."""

import datetime
import io
from typing import Any

import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, Twips

from batosocial.staff.models import Role
from reporting.letter.default import default_template
from reporting.letter.facts import read_facts
from reporting.letter.rendering import render
from tests import factories

pytestmark = pytest.mark.django_db
JULY = datetime.date(2024, 7, 1)


@pytest.fixture
def letter() -> Any:
    facts = read_facts(factories.user(Role.CHAIRMAN), JULY)
    return Document(io.BytesIO(render(default_template(), facts)))


def body(letter: Any) -> list[Any]:
    """The paragraphs from "Thực hiện …" to "./."."""
    lines = letter.paragraphs
    first = next(place for place, line in enumerate(lines) if line.text.startswith("Thực hiện"))
    last = next(place for place, line in enumerate(lines) if line.text.endswith("./."))
    return list(lines[first : last + 1])


def sizes(paragraph: Any) -> set[float]:
    return {run.font.size.pt for run in paragraph.runs if run.text.strip() and run.font.size}


def bold(paragraph: Any) -> bool:
    return all(run.bold for run in paragraph.runs if run.text.strip())


def italic(paragraph: Any) -> bool:
    return all(run.italic for run in paragraph.runs if run.text.strip())


def test_paper_and_margins(letter: Any) -> None:
    section = letter.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    top, bottom, left, right = (round(getattr(section, f"{side}_margin").mm) for side in
                                ("top", "bottom", "left", "right"))  # fmt: skip
    assert 20 <= top <= 25 and 20 <= bottom <= 25 and 30 <= left <= 35 and 15 <= right <= 20
    assert section.header_distance == Twips(567)


def test_the_font_is_times_new_roman_and_black(letter: Any) -> None:
    normal = letter.styles["Normal"]
    assert (normal.font.name, normal.font.size) == ("Times New Roman", Pt(14))
    fonts = {run.font.name for line in letter.paragraphs for run in line.runs}
    assert fonts == {None}
    colors = {str(run.font.color.rgb) for line in letter.paragraphs for run in line.runs if run.font.color.rgb}
    assert colors <= {"000000"}


def test_the_page_number_stands_in_the_top_margin_but_on_the_first_page(letter: Any) -> None:
    section = letter.sections[0]
    assert section.different_first_page_header_footer
    number = section.header.paragraphs[0]
    assert number.alignment == ALIGN.CENTER
    assert [part.text for part in number._p.iter(qn("w:instrText"))] == ["PAGE"]
    assert not any(line.text or list(line._p.iter(qn("w:instrText"))) for line in section.first_page_header.paragraphs)


def test_the_head_has_the_columns_of_the_decree(letter: Any) -> None:
    head = letter.tables[0]
    assert [[cell.width for cell in row.cells] for row in head.rows] == [[Twips(3852), Twips(5402)]] * 2
    assert [column.width for column in head.columns] == [Twips(3852), Twips(5402)]
    assert head.style.name == "Normal Table"  # no borders


def test_the_agency_and_the_name_of_the_state(letter: Any) -> None:
    left, right = letter.tables[0].rows[0].cells
    above, name = left.paragraphs[:2]
    assert (above.text, name.text) == ("ỦY BAN NHÂN DÂN", "HUYỆN BA TƠ")
    state, motto = right.paragraphs[:2]
    for line in (above, name, state, motto):
        assert line.alignment == ALIGN.CENTER and bold(line)
    assert sizes(above) | sizes(name) | sizes(state) <= {12, 13}
    assert sizes(motto) == {13}


def rule_length(paragraph: Any, width: int) -> float:
    """How long a line under a heading is, in mm."""
    form = paragraph.paragraph_format
    inside = width - 2 * Twips(108)
    return round((inside - form.left_indent - form.right_indent) / Mm(1))


def test_lines_stand_under_the_motto_and_the_agency(letter: Any) -> None:
    left, right = letter.tables[0].rows[0].cells
    for cell, shortest, longest in ((left, 13, 20), (right, 56, 60)):
        rule = cell.paragraphs[-1]
        assert rule._p.find(f"{qn('w:pPr')}/{qn('w:pBdr')}/{qn('w:top')}").get(qn("w:val")) == "single"
        # A third to a half of the agency's name (about 41 mm), as long as the motto (about 58 mm).
        assert shortest <= rule_length(rule, cell.width) <= longest


def test_number_and_subject(letter: Any) -> None:
    left, right = letter.tables[0].rows[1].cells
    number, *about = left.paragraphs
    assert number.text == "Số:        /UBND-LĐTBXH" and sizes(number) == {13} and not italic(number)
    assert about[0].text.startswith("V/v ") and len(about) == 4
    assert about[0].paragraph_format.space_before == Pt(6)
    for line in about:
        assert sizes(line) == {12} and line.alignment == ALIGN.CENTER and not bold(line) and not italic(line)
    assert italic(right.paragraphs[0]) and sizes(right.paragraphs[0]) == {14}


def test_whom_it_is_addressed_to(letter: Any) -> None:
    title, *lines = letter.paragraphs[:4]
    assert title.text == "Kính gửi:"
    assert {line.paragraph_format.left_indent for line in lines} == {Twips(2552)}
    assert all(line.text.startswith("- ") for line in lines)
    assert [line.text[-1] for line in lines] == [";", ";", "."]
    assert sizes(title) | sizes(lines[0]) <= {13, 14}


def test_the_body(letter: Any) -> None:
    lines = body(letter)
    assert len(lines) == 15
    for line in lines:
        form = line.paragraph_format
        assert line.alignment == ALIGN.JUSTIFY
        assert form.first_line_indent == Twips(567)
        assert form.space_before >= Pt(6)
        assert sizes(line) == {14}
        assert form.line_spacing in (None, 1.0)


def test_headings_of_tasks_are_bold_and_stay_with_them(letter: Any) -> None:
    found = [line for line in body(letter) if line.text[:2] in ("1.", "2.", "3.")]
    assert len(found) == 3
    assert all(bold(line) and line.paragraph_format.keep_with_next for line in found)


def test_receivers_stand_level_with_the_signature(letter: Any) -> None:
    table = letter.tables[1]
    assert len(table.rows) == 1
    left, right = table.rows[0].cells
    assert [left.width, right.width] == [Twips(3510), Twips(5812)]
    title, *receivers = left.paragraphs
    assert title.text == "Nơi nhận:" and bold(title) and italic(title) and sizes(title) == {12}
    for line in receivers:
        assert sizes(line) == {11} and not line.runs[0].bold and not line.runs[0].italic
    assert [line.text[-1] for line in receivers] == [";", ";", ";", "."]
    titles, name = right.paragraphs[0], right.paragraphs[-1]
    assert titles.alignment == name.alignment == ALIGN.CENTER
    assert bold(titles) and bold(name) and sizes(titles) | sizes(name) == {14}


def test_the_closing_sentence_stays_on_the_page_of_the_signature(letter: Any) -> None:
    closing = body(letter)[-1]
    assert closing.paragraph_format.keep_with_next
    gap = letter.paragraphs[-1]
    assert not gap.text and gap.paragraph_format.keep_with_next


def test_links_are_plain_runs_of_their_paragraph(letter: Any) -> None:
    line = next(line for line in body(letter) if "443/1.492" in line.text)
    shown = next(run for run in line.runs if run.text == "443")
    assert shown._r.getparent() is line._p
    assert (shown.font.size, str(shown.font.color.rgb), shown.underline) == (Pt(14), "000000", False)
    assert not line.hyperlinks


def test_what_word_keeps_of_the_maker_is_the_districts(letter: Any) -> None:
    said = letter.core_properties
    assert (said.author, said.title) == ("UBND huyện Ba Tơ", "Công văn chi trả không dùng tiền mặt tháng 7/2024")
    assert said.comments == "Dữ liệu minh họa"
