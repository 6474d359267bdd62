"""The first month of a policy that is not opened for payment yet. Whoever opens months says which it is."""

import datetime
from collections.abc import Callable

from batosocial.lib import clock, months

Provider = Callable[[str], datetime.date]
_providers: list[Provider] = []


def register_provider(provider: Provider) -> None:
    """Name the function that tells the first month not opened of a policy ("NCC", "BTXH"); the last one counts."""
    _providers[:] = [provider]


def first_open_month(policy: str) -> datetime.date:
    """The first month that new data can still reach; without a provider the month after today's."""
    if _providers:
        return _providers[0](policy)
    return months.add(months.first(clock.today()), 1)
