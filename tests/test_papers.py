"""What `make papers` does without LibreOffice: comparing workbooks, and saying what is to be installed."""

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from tools.papers import office, workbook


def book(*formulas: tuple[str, str, Any]) -> bytes:
    """A workbook with formulas and the values stored beside them."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as made:
        sheet = made.add_worksheet("Thử")
        for cell, formula, value in formulas:
            sheet.write_formula(cell, formula, None, value)
    return stream.getvalue()


def test_values_are_compared_cell_by_cell() -> None:
    stored = book(("A1", "=1+1", 2), ("A2", "=1/3", 1 / 3), ("A3", '=IF(0=0,"-",1)', "-"))
    assert workbook.compare(stored, stored) == (3, [])
    computed = book(("A1", "=1+1", 3), ("A2", "=1/3", 1 / 3), ("A3", '=IF(0=0,"-",1)', 0))
    number, differences = workbook.compare(stored, computed)
    assert number == 3
    assert differences == [
        "Thử!A1 =1+1: đã lưu 2, LibreOffice tính 3",
        'Thử!A3 =IF(0=0,"-",1): đã lưu -, LibreOffice tính 0',
    ]


def test_a_formula_without_a_stored_value_is_a_difference() -> None:
    bare = workbook.without_values(book(("A1", "=1+1", 2)))
    assert len(workbook.compare(bare, book(("A1", "=1+1", 2)))[1]) == 1


def test_stored_values_are_taken_out_and_formulas_stay() -> None:
    bare = workbook.without_values(book(("A1", "=1+1", 2)))
    assert openpyxl.load_workbook(io.BytesIO(bare), data_only=True)["Thử"]["A1"].value is None
    assert openpyxl.load_workbook(io.BytesIO(bare))["Thử"]["A1"].value == "=1+1"


def test_what_is_missing_is_named_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = office.missing()
    assert said.startswith("Thiếu soffice và pdftoppm. Hãy cài: sudo apt-get install ")
    assert "libreoffice-writer" in said and "poppler-utils" in said


def test_nothing_is_missing_where_both_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("soffice", "pdftoppm"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert office.missing() == ""
