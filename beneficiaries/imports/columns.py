"""Which column of a workbook holds what, by the many names that communes give their columns.

An importer says with a ``ColumnSet`` what its tables have; finding the header and reading it is the same for all.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from batosocial.lib.text import accent_key, fold
from batosocial.lib.workbooks import Cell, column_letter

#: Folded names of each column. A header that begins with a name is taken for that column; the longest name wins.
NAMES: dict[str, tuple[str, ...]] = {
    "ordinal": ("tt", "stt", "so tt", "so thu tu", "thu tu"),
    "name": (
        "ho va ten", "ho ten", "ho va ten doi tuong", "ho ten doi tuong", "ho va ten nguoi huong", "ho ten nguoi huong",
        "ho va ten nguoi thu huong", "ten doi tuong", "nguoi huong", "nguoi thu huong", "ho chu dem va ten",
        "ho ten khai sinh", "ho va ten khai sinh",
    ),
    "other_name": ("ten goi khac", "ten khac", "bi danh", "ten thuong goi"),
    "sex": ("gioi tinh", "phai"),
    "birth": (
        "nam sinh", "ngay sinh", "ngay thang nam sinh", "ngay thang sinh", "ngay nam sinh", "sinh ngay", "ntns",
        "ngay thang nam sinh nam nu", "sinh nam",
    ),
    "cccd": (
        "cccd", "so cccd", "can cuoc", "so can cuoc", "can cuoc cong dan", "so can cuoc cong dan", "so dinh danh",
        "so dinh danh ca nhan", "so ddcn", "ma dinh danh", "so the can cuoc", "cccd cmnd", "so cccd cmnd",
        "so cccd cmt", "so cmnd cccd", "cmnd cccd", "so cccd dinh danh", "so cccd ddcn",
    ),
    "cmnd": ("cmnd", "so cmnd", "cmnd cu", "so cmnd cu", "chung minh nhan dan", "so cmt", "cmt"),
    "ethnicity": ("dan toc",),
    "hamlet": (
        "thon", "ten thon", "thon to dan pho", "thon tdp", "to dan pho", "tdp", "dia chi", "noi o", "cho o",
        "noi cu tru", "dia chi thon", "thon to", "khu dan cu", "dia chi thuong tru", "xom",
    ),
    "category": (
        "ma doi tuong", "doi tuong", "ma doi tuong huong", "ma che do", "ma loai doi tuong", "nhom doi tuong",
        "loai doi tuong", "ma nhom", "dien doi tuong", "ma dt", "ma",
    ),
    "level": (
        "ty le", "ti le", "ty le ton thuong", "ty le ttct", "ty le thuong tat", "ty le suy giam",
        "ty le ton thuong co the", "muc ty le", "ti le ton thuong",
    ),
    "amount": (
        "muc tro cap", "so tien", "muc huong", "tien tro cap", "muc tro cap thang", "tro cap hang thang",
        "muc tro cap hang thang", "so tien tro cap", "tro cap", "muc tien", "tien thang", "muc chi", "muc tc",
    ),
    "account": ("so tai khoan", "so tk", "stk", "tai khoan", "tai khoan so", "so tai khoan ngan hang"),
    "provider": ("ngan hang", "ten ngan hang", "nh", "tai ngan hang", "mo tai", "noi mo tai khoan", "ngan hang vi"),
    "owner": (
        "chu tai khoan", "chu tk", "loai chu tai khoan", "nguoi nhan", "quan he voi doi tuong", "quan he chu tai khoan",
        "tai khoan cua",
    ),
    "holder_name": (
        "ten chu tai khoan", "ho ten chu tai khoan", "ho va ten chu tai khoan", "ten chu tk", "ho ten chu tk",
        "ten tai khoan", "ho ten nguoi nhan",
    ),
    "note": ("ghi chu", "ly do", "ghi chu ly do"),
    "phone": ("dien thoai", "so dien thoai", "sdt", "so dt", "dt"),
    "file_number": ("so ho so", "ma ho so", "ho so so", "so hs"),
    # Read so that they are not taken for something else; nothing is made of them.
    "ignored": (
        "ho so", "he so", "truy linh", "cham linh", "mai tang phi", "tong cong", "tong so tien", "hinh thuc", "ky nhan",
        "ky ten", "thoi diem huong", "cccd chu tai khoan", "so cccd chu tai khoan", "cccd nguoi giam ho",
        "cccd nguoi nhan", "so cccd nguoi nhan", "so cccd nguoi giam ho", "ho ten nguoi giam ho",
        "ho va ten nguoi giam ho", "noi cap", "ngay cap", "so quyet dinh", "ngay quyet dinh", "so tien truy linh",
        "so tien cham linh", "so tien bang chu",
    ),
}  # fmt: skip

#: Fields of a header that divides the birth date, beside the columns that a resource declares.
BIRTH_FIELDS = {
    "male": "Năm sinh (cột Nam)",
    "female": "Năm sinh (cột Nữ)",
    "birth_day": "Ngày sinh: riêng ngày",
    "birth_month": "Ngày sinh: riêng tháng",
    "birth_year": "Ngày sinh: riêng năm",
}
ORDINAL = {"ordinal": "Số thứ tự"}

_BIRTH_PARTS = {"ngày": "birth_day", "tháng": "birth_month", "năm": "birth_year"}
_BRACKETED = re.compile(r"[(\[].*?[)\]]")
_PUNCTUATION = re.compile(r"[^0-9a-z ]+")
_NUMBERING = re.compile(r"\(?(?:[0-9]{1,2}|[A-Za-z])\)?")
MAX_HEADER_ROW = 200
_LONGEST_LABEL = 120


@dataclass(frozen=True)
class ColumnSet:
    """What the tables of one importer have.

    ``headings`` are the fields it reads, as the page for mapping by hand calls them. ``missing`` names the columns
    that a table cannot do without and these fields lack; ``anchors`` are fields of which a header has one;
    ``evidence`` those of which a row of the table has some and a heading or signature none.
    """

    headings: Mapping[str, str]
    expected: str
    missing: Callable[[Collection[str]], list[str]]
    anchors: frozenset[str]
    evidence: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NAMES)
    #: A header row has at least so many known columns.
    least: int = 3

    @cached_property
    def _by_name(self) -> dict[str, str]:
        """Longest names first."""
        known = {name: field for field, names in self.names.items() for name in names}
        return dict(sorted(known.items(), key=lambda item: -len(item[0])))

    def field_of(self, label: str) -> str | None:
        """The field that a heading names."""
        if not label or len(label) > _LONGEST_LABEL:
            return None
        exact = accent_key(_BRACKETED.sub("", label))
        # "Nam" and "Năm" fold alike, so these two are told apart by their accents.
        if exact in ("nam", "năm sinh nam", "nam sinh năm"):
            return "male"
        if exact in ("nữ", "nu", "năm sinh nữ", "nữ sinh năm"):
            return "female"
        if exact == "năm":
            return "birth"
        plain = _plain(label)
        for name, found in self._by_name.items():
            # Very short names ("nh", "ma", "dt") must be the whole header.
            if plain == name or (len(name) > 3 and plain.startswith(f"{name} ")):
                return found
        return None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the table of a sheet begins and which column (from 0) holds which field."""

    header_row: int
    first_row: int
    columns: dict[str, int]
    labels: dict[str, str]

    def letter(self, field: str) -> str:
        return column_letter(self.columns[field] + 1) if field in self.columns else ""


def find_layout(rows: Sequence[Sequence[Cell]], columns: ColumnSet) -> Layout | None:
    """The header of a sheet, in one row or two; None where no row looks like one."""
    best: Layout | None = None
    for index, row in enumerate(rows[:MAX_HEADER_ROW]):
        fields = {field for cell in row if isinstance(cell, str) and (field := columns.field_of(cell))}
        if not columns.anchors & fields or len(fields) < columns.least:
            continue
        layout = layout_at(rows, index, columns)
        if best is None or len(layout.columns) > len(best.columns):
            best = layout
        if not columns.missing(layout.columns):
            break
    return best


def layout_at(rows: Sequence[Sequence[Cell]], index: int, columns: ColumnSet) -> Layout:
    """What the row ``index`` (from 0) says as a header, with the one below where that divides columns."""
    top = [cell if isinstance(cell, str) else "" for cell in rows[index]]
    below = _second_header(top, rows[index + 1] if index + 1 < len(rows) else [], columns)
    layout = _layout(index, top, below, columns)
    first = layout.first_row
    if first < len(rows) and _is_numbering(rows[first]):
        layout = Layout(layout.header_row, first + 1, layout.columns, layout.labels)
    return layout


def _second_header(top: list[str], row: Sequence[Cell], columns: ColumnSet) -> list[str]:
    """The labels of the row below a header where it divides columns: two or more, and nothing else in it."""
    over = ""
    labels = []
    for column, cell in enumerate(row):
        over = (top[column] if column < len(top) else "") or over
        label = cell if isinstance(cell, str) else str(cell)
        if label.strip() and _divided(over, label, columns) is None:
            return []
        labels.append(label)
    return labels if sum(bool(label.strip()) for label in labels) > 1 else []


def _layout(index: int, top: list[str], below: list[str], known: ColumnSet) -> Layout:
    """One header row, or two where the second one divides the columns of the first."""
    columns: dict[str, int] = {}
    labels: dict[str, str] = {}
    two_rows = False
    over = ""
    for column, label in enumerate(top):
        over = label or over
        under = below[column] if column < len(below) else ""
        field = _divided(over, under, known) if under.strip() else None
        if field:
            two_rows = True
            shown = f"{over} {under}"
        else:
            field = known.field_of(label)
            shown = label
        if field and field not in columns:
            columns[field] = column
            labels[field] = " ".join(shown.split())
    return Layout(index, index + (2 if two_rows else 1), columns, labels)


def _divided(over: str, under: str, columns: ColumnSet) -> str | None:
    """The field of a column in the second header row, below a heading of the first."""
    above = columns.field_of(over)
    if above in ("birth", "sex") or _plain(over) in ("sinh", "nam nu"):
        exact = accent_key(_BRACKETED.sub("", under))
        if exact in ("nam", "nữ", "nu"):
            return "male" if exact == "nam" else "female"
        return _BIRTH_PARTS.get(exact) or _BIRTH_PARTS.get(exact.removesuffix(" sinh"))
    field = columns.field_of(under)
    return None if field == "ordinal" else field


def _plain(label: str) -> str:
    """A header's words folded, without what stands in brackets and without punctuation."""
    return " ".join(_PUNCTUATION.sub(" ", fold(_BRACKETED.sub(" ", label))).split())


def _is_numbering(row: Sequence[Cell]) -> bool:
    """The row "(1) (2) (3)" or "A B 1 2 3" that forms have below their header."""
    filled = [str(cell).strip() for cell in row if cell != ""]
    return len(filled) >= 3 and all(_NUMBERING.fullmatch(cell) for cell in filled)
