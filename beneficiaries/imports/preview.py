"""The whole check of a workbook, from its bytes to counted rows. It reads the register and writes nothing."""

import datetime
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from batosocial.lib import clock, months
from batosocial.territory.models import Unit
from beneficiaries.imports.catalogue import load_catalogue
from beneficiaries.imports.checks import CheckedRow, check_row
from beneficiaries.imports.matching import match_rows
from beneficiaries.imports.reading import check_heading, read_list
from beneficiaries.imports.register import Register, load_register
from beneficiaries.imports.repeats import check_repeats
from beneficiaries.models import ImportRow

Progress = Callable[[int, int, str], None]
#: Progress is told after this many rows.
_STEP = 200


@dataclass(slots=True)
class Preview:
    rows: list[CheckedRow]
    #: The month that decided the expected rates, and whether the title named it.
    month: datetime.date
    month_named: bool
    start: datetime.date
    register: Register = field(default_factory=Register)

    @property
    def counts(self) -> Counter[str]:
        """Rows by outcome, and ``warning``: rows whose worst message is one."""
        counts = Counter(str(row.outcome) for row in self.rows)
        counts["warning"] = sum(row.outcome != ImportRow.Outcome.ERROR and row.has_warning for row in self.rows)
        return counts


def check_workbook(
    content: bytes,
    filename: str,
    *,
    commune: Unit,
    policy: str,
    start: datetime.date,
    progress: Progress | None = None,
) -> Preview:
    """Check every row of a commune's workbook against every rule and the register as of ``start``.

    Raises ListRefused where the file as a whole cannot be taken. A fixed number of queries.
    """
    tell = progress or (lambda done, total, step: None)
    read = read_list(content, filename)
    check_heading(read, commune=commune, policy=policy)
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
