"""Rows of a preview as a page shows them: numbers masked, private groups by their policy only."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from batosocial.staff.models import User
from batosocial.web.templatetags.vietnamese import masked
from beneficiaries.confidential import HIDDEN_CODE, may_see
from beneficiaries.models import Category, ImportRow, Payee

_TONES = {
    ImportRow.Outcome.NEW: "success",
    ImportRow.Outcome.CHANGED: "info",
    ImportRow.Outcome.UNCHANGED: "neutral",
    ImportRow.Outcome.ERROR: "danger",
}
#: JSON in the database keeps no order.
_ORDER = (
    "Họ và tên", "Tên gọi khác", "Giới tính", "Ngày sinh", "Số CCCD", "Số CMND", "Dân tộc", "Thôn, tổ", "Điện thoại",
    "Số hồ sơ", "Đối tượng", "Tỷ lệ", "Mức theo quyết định", "Số người phụ thuộc", "Số tài khoản", "Ngân hàng",
    "Chủ tài khoản",
)  # fmt: skip
_OWNERS = {str(value): str(label) for value, label in Payee.Kind.choices}
_MASKED = frozenset({"Số CCCD", "Số CMND", "Số tài khoản"})


@dataclass(frozen=True, slots=True)
class ShownRow:
    row: ImportRow
    tone: str
    category: str
    owner: str
    changes: list[tuple[str, str, str]]
    #: (severity, place, text)
    messages: list[tuple[str, str, str]]

    @property
    def data(self) -> dict[str, Any]:
        return self.row.data


def show_rows(rows: Iterable[ImportRow], user: User) -> list[ShownRow]:
    """One query at most, for those who may not see private groups."""
    hidden: set[str] = set()
    if not may_see(user):
        hidden = set(Category.objects.filter(confidential=True).values_list("code", flat=True))
    return [as_shown(row, _ORDER, hidden) for row in rows]


def as_shown(row: ImportRow, order: Iterable[str], hidden: Collection[str] = ()) -> ShownRow:
    """A row of any kind of list; ``order`` names its changes, ``hidden`` the codes that are shown by policy only."""
    category = row.data.get("category", "")
    return ShownRow(
        row,
        _TONES[ImportRow.Outcome(row.outcome)],
        HIDDEN_CODE if category in hidden else category,
        _OWNERS.get(row.data.get("owner", ""), ""),
        [(name, *_values(name, old_new)) for name in order if (old_new := row.changes.get(name))],
        [(m["severity"], _place(m), m["message"]) for m in row.messages],
    )


def _values(name: str, old_new: list[str]) -> tuple[str, str]:
    old, new = (masked(value) if value and name in _MASKED else value for value in old_new)
    return old or "(chưa có)", new or "(trống)"


def _place(message: dict[str, str]) -> str:
    if not message.get("column"):
        return ""
    return f"Cột {message['column']}" + (f" ({message['label']})" if message.get("label") else "")
