"""What holds up the confirmation of a route: who brings accounts by other ways says where something is unsettled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from beneficiaries.models import PayoutRoute


@dataclass(frozen=True, slots=True)
class Hold:
    """``why`` a route is not confirmed yet, what is to be done before (``todo``) and the page where."""

    why: str
    todo: str
    url: str


class Source(Protocol):
    def __call__(self, routes: Sequence[PayoutRoute]) -> dict[int, Hold]:
        """The held ones by their ids, in a fixed number of queries; the routes have their accounts."""
        ...


_sources: list[Source] = []


def register(source: Source) -> Source:
    """Registering twice is once."""
    if source not in _sources:
        _sources.append(source)
    return source


def held(routes: Sequence[PayoutRoute]) -> dict[int, Hold]:
    """Why routes are held up, by their ids; of several reasons one."""
    found: dict[int, Hold] = {}
    for source in _sources if routes else ():
        found |= source(routes)
    return found
