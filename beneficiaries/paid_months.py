"""Months for which an entitlement is on a payment list already, and what was paid for them. Whoever makes the lists
says which they are."""

import datetime
from collections.abc import Callable, Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OnLists:
    """Đồng of a month: what was paid, and what stands on a list and is not paid."""

    paid: int = 0
    unpaid: int = 0

    def __add__(self, other: "OnLists") -> "OnLists":
        return OnLists(self.paid + other.paid, self.unpaid + other.unpaid)


Provider = Callable[[Collection[int]], dict[int, set[datetime.date]]]
MoneyProvider = Callable[[Collection[int]], dict[int, dict[datetime.date, OnLists]]]
_providers: list[tuple[Provider, MoneyProvider]] = []


def register_provider(provider: Provider, money: MoneyProvider) -> None:
    """Name the functions that tell, by the ids of entitlements, the months of their lines and the money of these; the
    last ones count."""
    _providers[:] = [(provider, money)]


def months_with_lines(entitlement_ids: Collection[int]) -> dict[int, set[datetime.date]]:
    """Months with a payment line by the entitlement's id; one query for all of them. Those without any are left out."""
    if not entitlement_ids or not _providers:
        return {}
    return _providers[0][0](entitlement_ids)


def money_on_lists(entitlement_ids: Collection[int]) -> dict[int, dict[datetime.date, OnLists]]:
    """What was paid and what waits on lists, by the entitlement's id and the month; one query for all of them. Those
    without any line are left out."""
    if not entitlement_ids or not _providers:
        return {}
    return _providers[0][1](entitlement_ids)
