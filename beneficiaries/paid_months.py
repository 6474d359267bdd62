"""Months for which an entitlement is on a payment list already. Whoever makes the lists says which they are."""

import datetime
from collections.abc import Callable, Collection

Provider = Callable[[Collection[int]], dict[int, set[datetime.date]]]
_providers: list[Provider] = []


def register_provider(provider: Provider) -> None:
    """Name the function that tells, by the ids of entitlements, the months of their lines; the last one counts."""
    _providers[:] = [provider]


def months_with_lines(entitlement_ids: Collection[int]) -> dict[int, set[datetime.date]]:
    """Months with a payment line by the entitlement's id; one query for all of them. Those without any are left out."""
    if not entitlement_ids or not _providers:
        return {}
    return _providers[0](entitlement_ids)
