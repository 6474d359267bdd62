"""How later apps hear that the results of a month changed: payments imports nothing that stands after it.

A callback is called inside the transaction that changed the results, so whatever it queues is queued on commit.
"""

import datetime
from collections.abc import Collection
from typing import Protocol

from batosocial.staff.models import User


class ResultsChanged(Protocol):
    def __call__(self, *, months: Collection[datetime.date], actor: User) -> None: ...


_callbacks: list[ResultsChanged] = []


def on_results_changed(callback: ResultsChanged) -> ResultsChanged:
    """Register a callback ``f(*, months, actor)``; usable as a decorator, registering twice is once."""
    if callback not in _callbacks:
        _callbacks.append(callback)
    return callback


def results_changed(*, months: Collection[datetime.date], actor: User) -> None:
    """Tell everybody that payments of these months were made, or got other results."""
    if months:
        for callback in _callbacks:
            callback(months=set(months), actor=actor)
