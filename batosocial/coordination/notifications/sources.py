"""What people are told, and where it is found: the parts of this app register sources.

A source says what is open at this moment, so that nothing has to be remembered to be taken back: whatever it no longer
finds is done, and its notice is cleared.
"""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass

#: Days before a deadline from which it is told.
AHEAD = datetime.timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that one user has to know or to do. ``key`` names it among those of its source and owner for ever;
    ``title`` is a sentence without full stop, ``url`` the page where the work is done, ``due`` the last day on which
    it is in time. ``informs``: nothing has to be done but to read it, so its owner can put it away ("Đã biết")."""

    owner_id: int
    key: str
    title: str
    url: str
    detail: str = ""
    due: datetime.date | None = None
    informs: bool = False


#: Finds with a fixed number of queries everything that is open for anybody.
Source = Callable[[], Iterable[Notice]]
_sources: dict[str, Source] = {}


def register(name: str) -> Callable[[Source], Source]:
    """Add a source under a name of at most 30 letters; registering the name again replaces it."""

    def keep(source: Source) -> Source:
        _sources[name] = source
        return source

    return keep


def sources() -> dict[str, Source]:
    return dict(_sources)
