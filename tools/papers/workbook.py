"""Whether a workbook's formulas come to the values that are stored beside them."""

import io
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import openpyxl

from batosocial.lib.archives import pack
from tools.papers import office

#: The value that a program would show without computing, behind a formula.
_STORED = re.compile(rb"(</f>)<v>[^<]*</v>")
_EXACT = 1e-9


def recompute(path: Path) -> tuple[int, list[str]]:
    """How many formulas LibreOffice computed, and where it comes to something else. It is given the workbook without
    stored values, so that it cannot but compute."""
    content = path.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        bare, made = Path(folder, "bare.xlsx"), Path(folder, "made")
        bare.write_bytes(without_values(content))
        office.convert([bare], "xlsx", made)
        return compare(content, (made / "bare.xlsx").read_bytes())


def without_values(content: bytes) -> bytes:
    """The workbook with formulas alone where a formula stands."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return pack(
            (name, _STORED.sub(rb"\1", archive.read(name)) if name.startswith("xl/worksheets/") else archive.read(name))
            for name in archive.namelist()
        )


def compare(stored: bytes, computed: bytes) -> tuple[int, list[str]]:
    """How many formulas there are, and the cells whose stored value is not the computed one."""
    formulas, values, found = (_open(stored, False), _open(stored, True), _open(computed, True))
    number, differences = 0, []
    for sheet in formulas.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                number += 1
                ours = values[sheet.title][cell.coordinate].value
                theirs = found[sheet.title][cell.coordinate].value
                if not _same(ours, theirs):
                    where = f"{sheet.title}!{cell.coordinate} {cell.value}"
                    differences.append(f"{where}: đã lưu {ours}, LibreOffice tính {theirs}")
    return number, differences


def _open(content: bytes, values: bool) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def _same(ours: object, theirs: object) -> bool:
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return abs(ours - theirs) <= _EXACT
    return ours is not None and ours == theirs
