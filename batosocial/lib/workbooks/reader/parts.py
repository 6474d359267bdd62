"""What calamine does not tell of an .xlsx: cells with an error, formulas without a result, fonts of old encodings.

Sheets are scanned as bytes, block by block, and only for what their text shows to be there at all.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from .sniffing import MAIN_PART

#: (row and column from 0, "error" or "font", the error's text or the font's kind)
Notable = tuple[int, int, str, str]

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PLACE = rb"\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']"
_ERROR_CELL = re.compile(
    rb"<(?:\w+:)?c\b(?=[^>]*\bt=[\"']e[\"'])[^>]*" + _PLACE + rb"[^>]*>(.*?)</(?:\w+:)?c>",
    re.DOTALL,
)
_ERROR_TEXT = re.compile(rb"<(?:\w+:)?v>([^<]*)<")
#: A formula that no spreadsheet has computed: programs write such files, Excel never does.
_EMPTY_FORMULA = re.compile(
    rb"<(?:\w+:)?c\b(?![^>]*\bt=[\"']str[\"'])[^>]*"
    + _PLACE
    + rb"[^>]*>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    + rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
NOT_COMPUTED = "(công thức chưa tính)"
_TEXT_CELL = re.compile(
    rb"<(?:\w+:)?c\b(?=[^>]*\bt=[\"'](?:s|str|inlineStr)[\"'])(?=[^>]*\bs=[\"']([0-9]+)[\"'])[^>]*"
    + _PLACE
    + rb"[^>]*>"
)
_SHARED_TEXT = re.compile(
    rb"<(?:\w+:)?c\b(?=[^>]*\bt=[\"']s[\"'])[^>]*" + _PLACE + rb"[^>]*>\s*<(?:\w+:)?v>\s*([0-9]+)\s*<"
)
_LEGACY_FONT = re.compile(rb"[\"'](?:\.Vn|VNI)", re.IGNORECASE)
_STRING_ITEM = re.compile(rb"<(?:\w+:)?si\b[^>]*?(?:/>|>(.*?)</(?:\w+:)?si>)", re.DOTALL)
_RUN_FONT = re.compile(rb"<(?:\w+:)?rFont\b[^>]*\bval=[\"']([^\"']+)[\"']")
#: Longer than any cell with its formula.
_OVERLAP = 64 * 2**10
_BLOCK = 2**20


class Package:
    """An .xlsx as an archive of parts."""

    def __init__(self, content: bytes) -> None:
        self.archive = zipfile.ZipFile(io.BytesIO(content))
        self.sheets = self._sheet_parts()
        self.styles = self._legacy_styles()
        self.strings = self._legacy_strings()

    def notable(self, sheet: str) -> Iterator[Notable]:
        """Cells of a sheet with something calamine does not tell."""
        if sheet not in self.sheets:
            return
        with self.archive.open(self.sheets[sheet]) as stream:
            tail = b""
            while block := stream.read(_BLOCK):
                text = tail + block
                end = 0
                for place, cell in self._scan(text):
                    end = max(end, place)
                    yield cell
                # The tail may hold the beginning of the next cell, never a cell that was reported.
                tail = text[max(end, len(text) - _OVERLAP) :]

    def _scan(self, text: bytes) -> Iterator[tuple[int, Notable]]:
        """Cells in a stretch of XML, each with where it ends."""
        for cell in _ERROR_CELL.finditer(text) if b't="e"' in text or b"t='e'" in text else ():
            shown = _ERROR_TEXT.search(cell[3])
            code = shown[1].decode("ascii", "replace") if shown else "#N/A"
            yield cell.end(), (int(cell[2]) - 1, _column(cell[1]), "error", code)
        for cell in _EMPTY_FORMULA.finditer(text) if b"<f" in text or b":f" in text else ():
            yield cell.end(), (int(cell[2]) - 1, _column(cell[1]), "error", NOT_COMPUTED)
        for cell in _TEXT_CELL.finditer(text) if self.styles else ():
            if kind := self.styles.get(int(cell[1])):
                yield cell.end(), (int(cell[3]) - 1, _column(cell[2]), "font", kind)
        for cell in _SHARED_TEXT.finditer(text) if self.strings else ():
            if kind := self.strings.get(int(cell[3])):
                yield cell.end(), (int(cell[2]) - 1, _column(cell[1]), "font", kind)

    def _sheet_parts(self) -> dict[str, str]:
        """The part that holds each sheet, by the sheet's name."""
        # Expat limits what entities may expand to, and this process has nothing to lose.
        book = ElementTree.fromstring(self.archive.read(MAIN_PART))  # noqa: S314
        relations = ElementTree.fromstring(self.archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
        targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
        return {
            sheet.get("name", ""): posixpath.normpath(posixpath.join("/xl", targets.get(sheet.get(_RELATION), "")))[1:]
            for sheet in book.iterfind(".//{*}sheets/{*}sheet")
        }

    def _legacy_styles(self) -> dict[int, str]:
        """The kind of old font by the number of a cell's style."""
        styles = self._part("xl/styles.xml")
        if not _LEGACY_FONT.search(styles):
            return {}
        root = ElementTree.fromstring(styles)  # noqa: S314
        kinds = [
            _font_kind(name.get("val", "") if (name := font.find("{*}name")) is not None else "")
            for font in root.iterfind("{*}fonts/{*}font")
        ]
        found = {}
        for number, style in enumerate(root.iterfind("{*}cellXfs/{*}xf")):
            font = int(style.get("fontId", "0"))
            if font < len(kinds) and kinds[font]:
                found[number] = kinds[font]
        return found

    def _legacy_strings(self) -> dict[int, str]:
        """The kind of old font by the number of a shared text whose parts have fonts of their own."""
        strings = self._part("xl/sharedStrings.xml")
        if not _LEGACY_FONT.search(strings):
            return {}
        found = {}
        for number, item in enumerate(_STRING_ITEM.finditer(strings)):
            kinds = [_font_kind(run[1].decode("utf-8", "replace")) for run in _RUN_FONT.finditer(item[1] or b"")]
            if kind := next((kind for kind in kinds if kind), ""):
                found[number] = kind
        return found

    def _part(self, name: str) -> bytes:
        return self.archive.read(name) if name in self.archive.namelist() else b""


def _font_kind(name: str) -> str:
    """ "tcvn3", "tcvn3_caps" (such fonts show small letters as capitals), "vni", or "" for any other font."""
    key = name.strip().lower()
    if key.startswith(".vn"):
        return "tcvn3_caps" if key.endswith("h") else "tcvn3"
    return "vni" if key.startswith("vni") else ""


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
