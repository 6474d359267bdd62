"""What the program finds, and where it looks: sources register here, later apps too.

A source is a function ``find(wanted: Wanted) -> Iterable[Finding]`` that reads with one statement, whatever the number
of communes.
"""

import datetime
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from batosocial.lib import months


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for: the month reviewed, and the communes by their ids."""

    month: datetime.date
    communes: Collection[int]

    @property
    def last_day(self) -> datetime.date:
        return months.add(self.month, 1) - datetime.timedelta(days=1)

    @property
    def event_months(self) -> tuple[datetime.date, datetime.date]:
        """What happens in the month, and what happened in the one before: its stop counts from this month on."""
        return months.add(self.month, -1), self.month


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found about one person. ``key`` names it for ever; ``once``: what a review of another month has seen
    is not shown again. ``action`` is only proposed; ``reason`` the code of a ChangeReason."""

    commune_id: int
    person_id: int
    source: str
    key: str
    finding: str
    entitlement_id: int | None = None
    action: str = ""
    reason: str = ""
    happened_on: datetime.date | None = None
    effective_month: datetime.date | None = None
    once: bool = False


Source = Callable[[Wanted], Iterable[Finding]]
_sources: dict[str, Source] = {}


def register_source(name: str) -> Callable[[Source], Source]:
    """Add a source under a name; registering the name again replaces it. Usable as a decorator."""

    def keep(source: Source) -> Source:
        _sources[name] = source
        return source

    return keep


def find_all(wanted: Wanted) -> list[Finding]:
    """What every source finds; of findings with one key the first counts."""
    found: dict[tuple[int, str], Finding] = {}
    for source in _sources.values():
        for finding in source(wanted):
            found.setdefault((finding.commune_id, finding.key), finding)
    return list(found.values())
