"""A row of a list with everything found out about it, and all of them as a preview."""

import datetime
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from beneficiaries.imports.messages import Message, Severity, shown
from beneficiaries.imports.reading import SourceRow
from beneficiaries.models import ImportRow, Person

NEW = ImportRow.Outcome.NEW


@dataclass(slots=True)
class CheckedRow:
    """One row with everything found out about it. ``plan`` says what acceptance would do; its importer knows it."""

    source: SourceRow
    values: Any
    messages: list[Message]
    outcome: str = NEW
    person: Person | None = None
    changes: dict[str, list[str]] = field(default_factory=dict)
    plan: Any = None
    #: Whom the row's numbers name, where the list may not touch them: never told to whoever brought it.
    beyond: Person | None = None

    @property
    def row(self) -> int:
        return self.source.row

    @property
    def sheet(self) -> str:
        return self.source.sheet

    @property
    def has_error(self) -> bool:
        return any(message.severity == "error" for message in self.messages)

    @property
    def has_warning(self) -> bool:
        return any(message.severity == "warning" for message in self.messages)

    @property
    def called(self) -> str:
        """How messages on other rows name this one."""
        ordinal = f"TT {self.source.ordinal}, " if self.source.ordinal else ""
        return f"dòng {self.row} ({ordinal}{shown(self.values.name) or 'chưa có họ tên'})"

    def say(self, severity: Severity, name: str, text: str, *, code: str = "") -> None:
        layout = self.source.layout
        if name and name not in layout.columns:
            name = "name"
        self.messages.append(Message(severity, text, layout.letter(name), layout.labels.get(name, ""), code))


@dataclass(slots=True)
class Preview:
    """A checked list. ``register`` is what its importer read of the register, for the writing."""

    rows: list[CheckedRow]
    #: The month that decided the expected rates, and whether the title named it.
    month: datetime.date
    month_named: bool
    start: datetime.date
    register: Any = None

    @property
    def counts(self) -> Counter[str]:
        """Rows by outcome, and ``warning``: rows whose worst message is one."""
        counts = Counter(str(row.outcome) for row in self.rows)
        counts["warning"] = sum(row.outcome != ImportRow.Outcome.ERROR and row.has_warning for row in self.rows)
        return counts
