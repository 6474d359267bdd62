"""What documents share: links that read as the text around them."""

from typing import Any

from docx import Document
from docx.oxml.ns import qn

from beneficiaries.documents.layout import link, links

ADDRESS = "http://127.0.0.1:8000/bao-cao/2024-07/NCC/huyen/due/"


def paragraph() -> Any:
    made = Document().add_paragraph("Đến nay: ")
    link(made, "443", ADDRESS, size=14)
    made.add_run("/")
    link(made, "1.492", ADDRESS + "?a=1&b=2", size=14, bold=True)
    made.add_run(" đối tượng")
    return made


def test_a_link_reads_as_the_text_around_it() -> None:
    assert paragraph().text == "Đến nay: 443/1.492 đối tượng"


def test_links_are_read_back_with_their_addresses() -> None:
    assert links(paragraph()) == [("443", ADDRESS), ("1.492", ADDRESS + "?a=1&b=2")]


def test_a_link_has_no_colour_or_line_of_its_own() -> None:
    run = next(run for run in paragraph().runs if run.text == "1.492")
    assert (run.bold, run.underline, run.font.color.rgb, run.style.name) == (
        True, None, None, "Default Paragraph Font",
    )  # fmt: skip


def test_a_field_is_complete() -> None:
    kinds = [part.get(qn("w:fldCharType")) for part in paragraph()._p.iter(qn("w:fldChar"))]
    assert kinds == ["begin", "separate", "end"] * 2
