"""What a list of accounts has. It names people by CCCD, CMND or file number."""

from collections.abc import Collection

from beneficiaries.imports.columns import NAMES, ORDINAL, ColumnSet
from beneficiaries.resources import AccountResource, headings

_HEADINGS = headings(AccountResource)
_REQUIRED = ("account", "provider")
#: Any of these names a person; a name alone finds candidates only.
KEYS = ("cccd", "cmnd", "file_number")
EXPECTED = "Họ và tên, Số CCCD (hoặc Số CMND cũ, Số hồ sơ), Ngân hàng, Số tài khoản"

#: Here these are columns of their own.
_NAMES = {
    "policy": ("chinh sach", "loai chinh sach", "loai doi tuong", "nguon chi"),
    "payee_name": (
        "ho ten nguoi nhan thay", "ho va ten nguoi nhan thay", "ho ten nguoi nhan", "ho va ten nguoi nhan",
        "ho ten nguoi giam ho", "ho va ten nguoi giam ho", "ten nguoi giam ho", "ten nguoi nhan",
        "ho ten nguoi duoc uy quyen", "ho va ten nguoi duoc uy quyen", "nguoi nhan thay",
    ),
    "payee_cccd": (
        "cccd nguoi nhan thay", "so cccd nguoi nhan thay", "cccd nguoi nhan", "so cccd nguoi nhan",
        "cccd nguoi giam ho", "so cccd nguoi giam ho", "cccd chu tai khoan", "so cccd chu tai khoan",
        "cccd nguoi duoc uy quyen", "so cccd nguoi duoc uy quyen",
    ),
    "relation": ("quan he", "quan he voi doi tuong", "quan he voi nguoi huong", "moi quan he"),
    "opened_on": ("ngay mo", "ngay mo tai khoan", "ngay mo tk"),
}  # fmt: skip
_TAKEN = {name for names in _NAMES.values() for name in names}


def _missing(columns: Collection[str]) -> list[str]:
    missing = [_HEADINGS[field] for field in _REQUIRED if field not in columns]
    if not any(key in columns for key in (*KEYS, "name")):
        missing.append(_HEADINGS["cccd"])
    return missing


COLUMNS = ColumnSet(
    headings=_HEADINGS | ORDINAL,
    expected=EXPECTED,
    missing=_missing,
    anchors=frozenset({"account"}),
    evidence=("cccd", "cmnd", "file_number", "account", "provider", "holder_name"),
    names={field: tuple(name for name in names if name not in _TAKEN) for field, names in NAMES.items()} | _NAMES,
)
