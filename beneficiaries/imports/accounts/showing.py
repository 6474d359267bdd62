"""Rows of a preview of accounts as a page shows them, their numbers masked."""

from collections.abc import Iterable

from beneficiaries.imports.showing import ShownRow, as_shown
from beneficiaries.models import ImportRow

#: JSON in the database keeps no order.
_ORDER = ("Hình thức nhận", "Số tài khoản", "Ngân hàng", "Chủ tài khoản")


def show_accounts(rows: Iterable[ImportRow]) -> list[ShownRow]:
    """No query: a list of accounts names no group that some may not see."""
    return [as_shown(row, _ORDER) for row in rows]
