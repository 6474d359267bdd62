"""Files that a commune or somebody worse may send: each is refused in words, in seconds, within bounds."""

import io
import resource
import struct
import time
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from batosocial.lib import workbooks
from batosocial.lib.workbooks import CellError, Limits, WorkbookError, read_workbook

DATA = Path(__file__).parents[1] / "data"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SECONDS = 12


def build(fill=lambda book, sheet: sheet.write("A1", "x"), **options) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, options) as book:
        fill(book, book.add_worksheet("Danh sách"))
    return content.getvalue()


def with_parts(content: bytes, parts: dict[str, bytes]) -> bytes:
    """The archive with parts added or replaced."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename not in parts:
                new.writestr(part.filename, old.read(part))
        for name, data in parts.items():
            new.writestr(name, data)
    return changed.getvalue()


def compound(stream: bytes, name: str) -> bytes:
    """An OLE file with one stream, as Excel wrote before 2007."""
    stream = stream.ljust(4096, b"\0")
    stream += b"\0" * (-len(stream) % 512)
    sectors = len(stream) // 512
    end, fat_sector, free = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
    fat = [fat_sector, end, *range(3, 2 + sectors), end]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header += (
        bytes(6) + struct.pack("<IIIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0, 0) + struct.pack("<108I", *[free] * 108)
    )

    def entry(label: str, kind: int, child: int, start: int, size: int) -> bytes:
        text = label.encode("utf-16-le") + b"\0\0"
        return (
            text.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(text), kind, 1, free, free, child)
            + bytes(36)
            + struct.pack("<IQ", start, size)
        )

    directory = entry("Root Entry", 5, 1, end, 0) + entry(name, 2, free, 2, len(stream))
    return header + struct.pack(f"<{len(fat)}I", *fat).ljust(512, b"\xff") + directory.ljust(512, b"\0") + stream


def record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def excel_5(*, password: bool = False) -> bytes:
    """A workbook of Excel 5.0/95: one sheet "S" with a label and a number."""
    bof = lambda kind: record(0x0809, struct.pack("<HHHH", 0x0500, kind, 2412, 1993))  # noqa: E731
    sheet = bof(0x10) + record(0x0204, struct.pack("<HHHH", 0, 0, 0, 3) + b"Rin")
    sheet += record(0x0203, struct.pack("<HHHd", 0, 1, 0, 1942.0)) + record(0x000A, b"")
    head = bof(0x05) + (record(0x002F, struct.pack("<HH", 0x1234, 0x5678)) if password else b"")
    head += record(0x0042, struct.pack("<H", 1258))
    place = len(head) + 4 + 8 + 4
    return compound(
        head + record(0x0085, struct.pack("<IHB", place, 0, 1) + b"S") + record(0x000A, b"") + sheet, "Book"
    )


def refusal(content: bytes, filename: str = "danh sach.xlsx", limits: Limits | None = None) -> str:
    started = time.monotonic()
    with pytest.raises(WorkbookError) as caught:
        read_workbook(content, filename, limits=limits or Limits())
    assert time.monotonic() - started < SECONDS
    assert "Hãy" in str(caught.value)
    return caught.value.code


def test_200_megabytes_are_not_even_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks.subprocess, "run", lambda *_, **__: pytest.fail("a process was started"))
    assert refusal(bytes(200 * 2**20)) == "too_big"


def test_very_many_small_parts() -> None:
    parts = {f"xl/x{number}.xml": b"" for number in range(11_000)}
    assert refusal(with_parts(build(), parts)) == "bomb"


def test_parts_that_are_small_alone_and_large_together() -> None:
    parts = {f"xl/media/{number}.bin": bytes(1_000_000) for number in range(60)}
    assert refusal(with_parts(build(), parts)) == "bomb"


def test_entities_within_the_shared_texts() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    texts = f'<!DOCTYPE x [<!ENTITY e0 "lol">{entities}]><sst xmlns="{MAIN}"><si><t>&e9;</t></si></sst>'
    try:
        sheets = read_workbook(with_parts(build(), {"xl/sharedStrings.xml": texts.encode()}), "a.xlsx")
    except WorkbookError as error:
        assert error.code in {"damaged", "exhausted", "empty"}
    else:
        assert len(str(sheets)) < 1000


def test_shared_texts_that_unpack_to_gigabytes() -> None:
    texts = f'<sst xmlns="{MAIN}">'.encode() + b"<si><t>aaaaaaaaaa</t></si>" * 15_000_000
    assert refusal(with_parts(build(), {"xl/sharedStrings.xml": texts})) == "bomb"


def test_a_million_rows() -> None:
    row = '<row r="{0}"><c r="A{0}"><v>1</v></c></row>'
    sheet = (
        f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(map(row.format, range(1, 1_048_577)))}</sheetData></worksheet>'
    )
    assert refusal(with_parts(build(), {"xl/worksheets/sheet1.xml": sheet.encode()})) == "too_many_rows"


def test_16384_columns() -> None:
    wide = build(lambda book, sheet: [sheet.write(0, column, "x") for column in range(16_384)])
    assert refusal(wide) == "too_many_columns"


def test_macros_under_another_name() -> None:
    macros = {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}
    for filename in ("a.xlsm", "a.xlsx", "a.xls", "a.csv"):
        assert refusal(with_parts(build(), macros), filename) == "macros"


@pytest.mark.parametrize("filename", ["a.xls", "a.csv", "khong-duoi"])
def test_a_wrong_ending_misleads_nobody(filename: str) -> None:
    assert read_workbook(build(), filename)[0].rows == [["x"]]


def test_a_workbook_of_excel_5_is_read() -> None:
    (sheet,) = read_workbook(excel_5(), "cu.xls")
    assert (sheet.name, sheet.rows) == ("S", [["Rin", 1942]])


def test_an_old_workbook_with_a_password() -> None:
    assert refusal(excel_5(password=True), "cu.xls") == "encrypted"


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (b"<html xmlns:o='urn:schemas-microsoft-com:office:office'><table><tr><td>1</td></tr></table></html>", "a.xls"),
        (b"\xef\xbb\xbf<!DOCTYPE html><table></table>", "a.xlsx"),
        (b"<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'/>", "a.xls"),
        (b"{\\rtf1\\ansi danh sach}", "a.xls"),
        (b"Rar!\x1a\x07\x00", "a.xlsx"),
        (b"7z\xbc\xaf\x27\x1c", "a.xlsx"),
        (with_parts(build(), {"xl/workbook.bin": b"x"}).replace(b"xl/workbook.xml", b"xl/workbook.xm_"), "a.xlsb"),
    ],
)
def test_what_only_looks_like_a_workbook(content: bytes, filename: str) -> None:
    assert refusal(content, filename) in {"not_a_workbook", "damaged"}


def test_web_pages_named_csv_are_text_without_a_table() -> None:
    rows = read_workbook(b"<html><table><tr><td>1</td></tr></table></html>", "a.csv")[0].rows
    assert len(rows) == 1


def test_a_formula_that_nobody_computed_is_an_error_of_its_own() -> None:
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["A1"], book.active["B1"] = "Tổng", "=1+1"
    book.active["C1"] = "=CONCATENATE(A1)"
    content = io.BytesIO()
    book.save(content)
    (sheet,) = read_workbook(content.getvalue(), "a.xlsx")
    assert sheet.rows[0][:2] == ["Tổng", CellError("(công thức chưa tính)")]


def test_the_readers_memory_is_its_own() -> None:
    """A file that uses all the memory it may leaves this process as it was."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    corners = build(lambda book, sheet: [sheet.write("A1", 1), sheet.write("IV99999", 1)])
    assert refusal(corners, limits=Limits(memory_bytes=300 * 2**20))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
