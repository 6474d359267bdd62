"""Workbooks from outside, good, broken and hostile; the files are made here."""

import datetime
import io
import multiprocessing
import subprocess
import sys
import time
import unicodedata
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batosocial.lib.workbooks import (
    CellError,
    Limits,
    Severity,
    Sheet,
    WorkbookError,
    column_letter,
    inert,
    mark_workbook,
    read_workbook,
)

DATA = Path(__file__).parents[1] / "data"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def build(fill=lambda book, sheet: sheet.write("A1", "x"), **options) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, options) as book:
        fill(book, book.add_worksheet("Danh sách"))
    return content.getvalue()


def with_part(content: bytes, name: str, data: bytes) -> bytes:
    """The archive with one part added or replaced."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part.filename, old.read(part))
        new.writestr(name, data)
    return changed.getvalue()


def refused(content: bytes, filename: str = "danh sach.xlsx", **limits: int) -> WorkbookError:
    with pytest.raises(WorkbookError) as caught:
        read_workbook(content, filename, limits=Limits(**limits))
    assert "Hãy" in str(caught.value)
    assert "{" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("filename", "people", "rows", "total"),
    [("ds_btxh_ba_dong.xlsx", 150, 163, 122_000_000), ("ds_ncc_ba_to_loi.xlsx", 40, 53, 120_698_000)],
)
def test_the_sample_workbooks(filename, people, rows, total):
    (sheet,) = read_workbook((DATA / filename).read_bytes(), filename)
    assert (sheet.name, len(sheet.rows), {len(row) for row in sheet.rows}) == ("Danh sách", rows, {12})
    assert [row[0] for row in sheet.rows if isinstance(row[0], int)] == list(range(1, people + 1))
    assert [row[7] for row in sheet.rows if row[1] == "Tổng cộng"] == [total]


def test_cells_keep_their_place_and_kind():
    moment = datetime.datetime(2024, 7, 22, 8, 30)

    def fill(book, sheet):
        sheet.write("C3", 2789000)
        sheet.write("C4", 1.492)
        sheet.write("C5", "051167000123")
        sheet.write("C6", 4507205674662)
        sheet.write("C7", 1_500_000_000_000_000_000)
        sheet.write_datetime("D3", datetime.date(1942, 5, 12), book.add_format({"num_format": "dd/mm/yyyy"}))
        sheet.write_datetime("D4", moment, book.add_format({"num_format": "dd/mm/yyyy hh:mm"}))
        sheet.write_boolean("D5", True)
        sheet.write_formula("D6", "=1+1", None, 2)
        sheet.write_formula("D7", "=1/0", None, "#DIV/0!")
        sheet.write_formula("D8", "=Z9", None, "#REF!")
        sheet.write_blank("H900", None, book.add_format({"bg_color": "red"}))
        book.add_worksheet("Ẩn").hide()

    first, hidden = read_workbook(build(fill), "x.xlsx")
    assert first.rows == [
        ["", "", "", ""],
        ["", "", "", ""],
        ["", "", 2789000, datetime.date(1942, 5, 12)],
        ["", "", 1.492, moment],
        ["", "", "051167000123", True],
        ["", "", 4507205674662, 2],
        ["", "", 1.5e18, CellError("#DIV/0!")],
        ["", "", "", CellError("#REF!")],
    ]
    assert [type(row[2]) for row in first.rows[2:7]] == [int, float, str, int, float]
    assert hidden == Sheet("Ẩn", [], hidden=True)


def test_an_old_xls_is_read_and_comes_back_marked_as_xlsx():
    content = (DATA / "ds_cu.xls").read_bytes()
    (sheet,) = read_workbook(content, "ds_cu.xls")
    assert (sheet.name, sheet.rows[2:]) == (
        "Danh sách",
        [
            ["TT", "Họ và tên", "Số CCCD", "Ngày sinh", "Mức"],
            [1, "Phạm Thị Huyền", "051167000123", datetime.date(1967, 5, 12), 1639000],
            [2, "Đinh Văn Ới", 51030234089, 1942, CellError("#REF!")],
        ],
    )
    page = marked(content)
    assert (page["C4"].value, page["D4"].value) == ("051167000123", datetime.datetime(1967, 5, 12))
    assert _color(page["A5"]) == "F8B4B4"


def test_errors_are_found_wherever_a_long_sheet_has_them():
    def fill(book, sheet):
        for row in range(20_000):
            sheet.write(row, 0, f"Phạm Văn Rin {row}")
            sheet.write_formula(row, 1, "=1/0", None, "#DIV/0!" if row % 7 == 0 else row)

    (sheet,) = read_workbook(build(fill), "x.xlsx")
    assert [index for index, row in enumerate(sheet.rows) if row[1] == CellError("#DIV/0!")] == [*range(0, 20_000, 7)]


TABLE = 'TT;Họ và tên;Mức\n1;"Phạm Thị Huyền; Rin";1.639.000\n\n2;Đinh Văn Ới;\n'


def _parted_tone(char: str) -> str:
    """ "ề" as "ê" and a combining grave."""
    *letter, tone = list(unicodedata.normalize("NFD", char))
    if tone not in "\u0300\u0301\u0303\u0309\u0323":
        # The dot below comes before a circumflex in NFD.
        letter, tone = [*letter, tone], ""
        for mark in letter:
            if mark == "\u0323":
                letter, tone = [part for part in letter if part != mark], mark
    return unicodedata.normalize("NFC", "".join(letter)) + tone


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1258"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_csv_in_every_usual_shape(encoding, delimiter):
    text = TABLE.replace("; Rin", f"{delimiter} Rin").replace(";", delimiter)
    if encoding == "cp1258":
        # That code page writes tones as marks of their own.
        text = "".join(map(_parted_tone, text))
    (sheet,) = read_workbook(text.encode(encoding), "Bưu điện 7.csv")
    assert sheet.name == "Bưu điện 7"
    rows = [[unicodedata.normalize("NFC", str(cell)) for cell in row] for row in sheet.rows]
    assert rows == [
        ["TT", "Họ và tên", "Mức"],
        ["1", f"Phạm Thị Huyền{delimiter} Rin", "1.639.000"],
        ["", "", ""],
        ["2", "Đinh Văn Ới", ""],
    ]


def test_too_much():
    assert refused(b"x" * 1001, file_bytes=1000).code == "too_big"
    assert refused(b"a;b\n" * 101, "x.csv", rows=100).code == "too_many_rows"
    assert refused(build(lambda book, sheet: sheet.write(100_000, 0, "x"))).code == "too_many_rows"
    columns = refused(build(lambda book, sheet: [sheet.write(0, column, 1) for column in range(300)]))
    assert columns.code == "too_many_columns"
    assert "256 cột" in str(columns)
    assert refused(b";".join([b"1"] * 300), "x.csv").code == "too_many_columns"


def test_a_limit_is_what_is_still_taken():
    assert len(read_workbook(b"a;b\n" * 100, "x.csv", limits=Limits(rows=100))[0].rows) == 100


def test_one_cell_in_the_last_corner_costs_no_memory():
    assert refused(build(lambda book, sheet: [sheet.write("A1", 1), sheet.write("XFD1048576", 1)])).code in {
        "exhausted",
        "too_many_rows",
    }


def test_bombs_are_judged_before_they_are_opened():
    assert refused(with_part(build(), "xl/media/image1.png", b"\0" * 30_000_000)).code == "bomb"
    assert refused(with_part(build(), "xl/a.xml", bytes(2_000_000)), unpacked_bytes=1_000_000).code == "bomb"


def test_a_bomb_that_lies_about_its_size_meets_the_memory_limit():
    shared = b'<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
    content = bytearray(with_part(build(), "xl/sharedStrings.xml", shared + b"a" * 600_000_000))
    entry = content.rindex(b"xl/sharedStrings.xml") - 46
    assert content[entry : entry + 4] == b"PK\x01\x02"
    content[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    started = time.monotonic()
    assert refused(bytes(content), memory_bytes=400 * 2**20, seconds=20).code in {"damaged", "exhausted"}
    assert time.monotonic() - started < 20


def test_entities_expand_to_nothing():
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    book = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "lol">{entities}]><workbook>&e9;</workbook>'
    assert refused(with_part(build(), "xl/workbook.xml", book.encode())).code in {"damaged", "exhausted", "empty"}


def test_time_is_limited():
    rows = build(lambda book, sheet: [sheet.write_row(row, 0, range(20)) for row in range(20_000)])
    assert refused(rows, seconds=0).code == "exhausted"


def test_protected_files():
    assert refused(OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)).code == "encrypted"


def test_macros():
    assert refused(with_part(build(), "xl/vbaProject.bin", OLE), "a.xlsm").code == "macros"
    assert refused(OLE + "Workbook_VBA_PROJECT".encode("utf-16-le"), "a.xls").code == "macros"


def test_damaged_files():
    whole = build()
    assert refused(whole[:-200]).code == "damaged"
    assert refused(whole[: len(whole) // 2]).code == "damaged"
    assert refused(with_part(whole, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row><c")).code in {
        "damaged",
        "empty",
    }
    assert refused(OLE + bytes(600) + "Workbook".encode("utf-16-le"), "a.xls").code == "damaged"


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (b"%PDF-1.7 ...", "a.xlsx"),
        (b"<html><table></table></html>", "a.xls"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\0", "a.csv"),
        (OLE + "WordDocument".encode("utf-16-le"), "a.xls"),
        (with_part(b"PK\x05\x06" + bytes(18), "word/document.xml", b"<w/>"), "a.docx"),
    ],
)
def test_what_is_no_workbook(content, filename):
    assert refused(content, filename).code == "not_a_workbook"


def test_empty_files():
    assert refused(b"").code == "empty"
    assert refused(b"\n\n;;;\n", "a.csv").code == "empty"
    assert refused(build(lambda book, sheet: None)).code == "empty"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", OLE]), st.sampled_from(["a.xlsx", "a.csv"]))
def test_no_bytes_raise_anything_but_a_refusal(content, magic, filename):
    try:
        assert read_workbook(magic + content, filename)
    except WorkbookError as error:
        assert str(error)


def _read_sample(answers):
    answers.put(len(read_workbook((DATA / "ds_ncc_ba_to_loi.xlsx").read_bytes(), "a.xlsx")[0].rows))


def test_a_daemonic_process_may_read():
    """Celery's prefork workers are daemonic: multiprocessing would refuse them children."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_read_sample, args=[answers], daemon=True)
    process.start()
    assert answers.get(timeout=30) == 53
    process.join(30)


def test_the_child_knows_nothing_of_the_project():
    child = Path(str(sys.modules[read_workbook.__module__].__file__)).with_name("child.py")
    code = (
        f"import importlib, runpy, sys; child = runpy.run_path({str(child)!r}); child['load']();"
        "importlib.import_module(child['NAME'] + '.main');"
        "print([m for m in sys.modules if 'django' in m or 'batosocial' in m])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, env={})
    assert done.stdout.strip() == "[]"


MARKS: dict[tuple[int, int] | int, list[tuple[Severity, str]]] = {
    (3, 2): [("warning", "số CCCD đã sửa"), ("error", "=năm sinh 1850")],
    (4, 1): [("warning", "thiếu CCCD")],
    5: [("error", "trùng dòng 3")],
}


def marked(content: bytes, sheet: str = "Danh sách"):
    book = openpyxl.load_workbook(io.BytesIO(mark_workbook(content, sheet, MARKS)))
    return book[sheet]


def _color(cell) -> str:
    return cell.fill.fgColor.rgb[-6:] if cell.fill.fill_type else ""


def test_an_xlsx_comes_back_as_it_was_with_its_marks():
    def fill(book, sheet):
        sheet.set_column("A:A", 33)
        sheet.merge_range("A4:B4", "Thôn")
        sheet.write("A3", "x", book.add_format({"bold": True}))
        sheet.write_string("C3", "=1+1")
        sheet.write_formula("D3", "=1+1", None, 2)
        sheet.write("A6", "y")
        sheet.write_comment("B3", "của xã")

    sheet = marked(build(fill))
    assert sheet["B3"].comment.text == "của xã\nCảnh báo: số CCCD đã sửa\nLỗi: =năm sinh 1850"
    assert [_color(sheet[cell]) for cell in ("B3", "A4", "A3", "A6")] == ["F8B4B4", "FFF2B3", "", ""]
    assert [_color(cell) for cell in sheet[5]] == ["F8B4B4"] * 4
    assert sheet["A5"].comment.text == "Lỗi: trùng dòng 3"
    assert sheet["A3"].font.bold
    assert sheet.column_dimensions["A"].width > 30
    assert "A4:B4" in sheet.merged_cells
    assert (sheet["C3"].data_type, sheet["D3"].value) == ("s", "=1+1")


def test_a_csv_comes_back_as_xlsx_with_inert_values():
    sheet = marked(b"A;B\n1;2\n=1+1;051167000123\nx;\ny;z")
    assert [[cell.value for cell in row] for row in sheet.iter_rows(max_row=3)] == [
        ["A", "B"],
        ["1", "2"],
        ["=1+1", "051167000123"],
    ]
    assert sheet["A3"].data_type == "s"
    assert [_color(sheet[cell]) for cell in ("B3", "A4", "A5", "B5", "A3")] == [
        *("F8B4B4", "FFF2B3", "F8B4B4", "F8B4B4", ""),
    ]
    assert sheet["A5"].comment.text == "Lỗi: trùng dòng 3"


def test_marks_need_their_sheet():
    with pytest.raises(WorkbookError, match="không còn trang tính"):
        mark_workbook(build(), "Khác", MARKS)


def test_column_letters_are_excels():
    assert [column_letter(n) for n in (1, 26, 27, 52, 53, 702, 703, 16384)] == [
        *("A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD"),
    ]
    with pytest.raises(ValueError, match="từ 1"):
        column_letter(0)


@pytest.mark.parametrize("value", ["=1+1", "+84", "-5", "@x", "\t=1", " =1"])
def test_formulas_are_made_inert(value):
    assert inert(value) == f"'{value}"


@pytest.mark.parametrize("value", ["", "Phạm Rin", "051167000123", "a=b"])
def test_other_text_is_exported_as_it_is(value):
    assert inert(value) == value
