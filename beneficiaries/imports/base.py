"""What an importer is: everything that differs between lists of people and lists of accounts.

Uploading, reading, previewing, sending, accepting and marking are the same for all kinds (``services``, ``views``);
they ask ``kinds.importer_of(batch)`` for the rest. A new kind is one subclass, named in ``kinds``.
"""

import datetime
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from batosocial.staff.models import User
from beneficiaries.imports.checked import Preview
from beneficiaries.imports.columns import ColumnSet
from beneficiaries.imports.reading import CommuneList
from beneficiaries.models import ImportBatch, ImportRow
from beneficiaries.months import first_open_month

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Written:
    """What a list wrote: how much of what, for the audit, and the sentence that tells the user."""

    counts: Counter[str]
    told: str


class Importer(ABC):
    kind: ClassVar[ImportBatch.Kind]
    columns: ClassVar[ColumnSet]
    #: The preview's table; it gets ``rows`` from ``show`` and the ``batch``.
    rows_template: ClassVar[str]
    #: Whether a commune's list goes to the district, which accepts it. Otherwise whoever brings a list has it written,
    #: because what it writes waits for a second person anyway.
    sent_first: ClassVar[bool] = True
    #: Whether a commune may have its list written as proposals, without the district's acceptance.
    proposes: ClassVar[bool] = False

    def first_month(self, batch: ImportBatch) -> datetime.date:
        """The first month that the list may still reach."""
        return first_open_month(batch.policy)

    def subject(self, batch: ImportBatch) -> str:
        """What the pages call the list, such as "Danh sách BTXH"."""
        return f"Danh sách {batch.policy}"

    def check_heading(self, read: CommuneList, batch: ImportBatch) -> None:
        """ListRefused where the title says that this is another list than the one chosen."""
        return

    @abstractmethod
    def check(
        self, read: CommuneList, batch: ImportBatch, *, start: datetime.date, progress: Progress | None = None
    ) -> Preview:
        """Check every row against every rule and the register as of ``start``, with a fixed number of queries.

        ``batch`` need not be stored: the command line checks without one.
        """

    @abstractmethod
    def write(self, batch: ImportBatch, preview: Preview, *, actor: User, job_id: int | None = None) -> Written:
        """Store the rows that have a plan, from ``batch.start_month``, in the caller's transaction."""

    @abstractmethod
    def show(self, rows: Iterable[ImportRow], user: User) -> list[Any]:
        """Rows of the preview as ``rows_template`` prints them for this user."""
