"""Lists of accounts that a payer has opened in a campaign. Whoever keeps campaigns says what such a list may touch and
where its page is, and takes note of what was found and written."""

from typing import Protocol

from batosocial.staff.models import User
from beneficiaries.imports.accounts.register import Scope
from beneficiaries.imports.checked import Preview
from beneficiaries.models import ImportBatch


class Campaigns(Protocol):
    def scope_of(self, batch: ImportBatch) -> Scope: ...

    def page_of(self, batch: ImportBatch) -> str: ...

    def checked(self, batch: ImportBatch, preview: Preview) -> None:
        """The preview is stored; called in its transaction."""
        ...

    def written(self, batch: ImportBatch, preview: Preview, *, actor: User) -> None:
        """The routes are stored; called in their transaction."""
        ...


_keepers: list[Campaigns] = []


def register(keeper: Campaigns) -> None:
    """Name who keeps campaigns; the last one counts."""
    _keepers[:] = [keeper]


def campaigns() -> Campaigns:
    """LookupError where nobody keeps campaigns."""
    if not _keepers:
        raise LookupError("Không có phần nào giữ các đợt mở tài khoản.")
    return _keepers[0]
