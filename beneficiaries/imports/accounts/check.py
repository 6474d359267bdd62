"""The whole check of a list of accounts, from its rows to their outcomes. It reads the register and writes nothing."""

import datetime
from collections.abc import Iterator

from batosocial.lib import clock
from beneficiaries.imports.accounts.matching import match_people
from beneficiaries.imports.accounts.planning import plan_rows
from beneficiaries.imports.accounts.register import Register, Scope, load_people, load_routes
from beneficiaries.imports.accounts.values import AccountReader
from beneficiaries.imports.base import Progress
from beneficiaries.imports.checked import CheckedRow, Preview
from beneficiaries.imports.reading import CommuneList
from beneficiaries.providers import ProviderNames

#: Progress is told after this many rows.
_STEP = 200


def check_accounts(
    read: CommuneList, *, scope: Scope, start: datetime.date, progress: Progress | None = None
) -> Preview:
    """Check every row against every rule and the register as of ``start``. A fixed number of queries."""
    tell = progress or (lambda done, total, step: None)
    today = clock.today()
    providers = ProviderNames.load()
    total = len(read.rows)

    def checked() -> Iterator[CheckedRow]:
        for done, source in enumerate(read.rows):
            if done % _STEP == 0:
                tell(done, total, "Kiểm tra từng dòng")
            yield AccountReader(source, today, providers).read()

    rows = list(checked())
    register = Register(start)
    load_people(register, rows)
    match_people(rows, register, scope)
    load_routes(register, rows)
    plan_rows(rows, register, scope, start=start, today=today)
    tell(total, total, "So với sổ đối tượng")
    return Preview(rows, start, True, start, register)
