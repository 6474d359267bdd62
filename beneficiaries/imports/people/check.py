"""The whole check of a list of people, from its rows to their outcomes. It reads the register and writes nothing."""

import datetime
from collections.abc import Iterator

from batosocial.lib import clock, months
from batosocial.territory.models import Unit
from beneficiaries.imports.base import Progress
from beneficiaries.imports.checked import CheckedRow, Preview
from beneficiaries.imports.people.catalogue import load_catalogue
from beneficiaries.imports.people.checks import check_row
from beneficiaries.imports.people.matching import match_rows
from beneficiaries.imports.people.register import load_register
from beneficiaries.imports.people.repeats import check_repeats
from beneficiaries.imports.reading import CommuneList

#: Progress is told after this many rows.
_STEP = 200


def check_people(
    read: CommuneList,
    *,
    commune: Unit,
    policy: str,
    start: datetime.date,
    progress: Progress | None = None,
) -> Preview:
    """Check every row against every rule and the register as of ``start``. A fixed number of queries."""
    tell = progress or (lambda done, total, step: None)
    today = clock.today()
    month = read.month or months.first(today)
    catalogue = load_catalogue(policy, month, today)
    total = len(read.rows)

    def checked() -> Iterator[CheckedRow]:
        for done, source in enumerate(read.rows):
            if done % _STEP == 0:
                tell(done, total, "Kiểm tra từng dòng")
            yield check_row(source, catalogue, month=month, today=today)

    rows = list(checked())
    check_repeats(rows)
    register = load_register(
        commune=commune,
        policy=policy,
        start=start,
        numbers={row.values.cccd for row in rows if row.values.cccd},
        accounts={
            (row.values.provider.pk, row.values.account) for row in rows if row.values.account and row.values.provider
        },
        someone_without_number=any(not row.values.cccd for row in rows),
    )
    match_rows(rows, register, commune=commune, start=start)
    tell(total, total, "So với sổ đối tượng")
    return Preview(rows, month, read.month is not None, start, register)
