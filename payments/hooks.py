"""How later apps hear that results changed, or that lists and reviews went a step on: payments imports nothing that
stands after it.

A callback is called inside the transaction of the change, so whatever it queues is queued on commit.
"""

import datetime
from collections.abc import Collection
from typing import Protocol

from batosocial.staff.models import User


class ResultsChanged(Protocol):
    def __call__(self, *, months: Collection[datetime.date], actor: User) -> None: ...


class Moved(Protocol):
    def __call__(self, *, ids: Collection[int], actor: User) -> None: ...


_callbacks: list[ResultsChanged] = []
_of_lists: list[Moved] = []
_of_reviews: list[Moved] = []


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


def on_lists_moved(callback: Moved) -> Moved:
    """Register a callback ``f(*, ids, actor)`` of payment lists; registering twice is once."""
    if callback not in _of_lists:
        _of_lists.append(callback)
    return callback


def lists_moved(*, ids: Collection[int], actor: User) -> None:
    """Tell everybody that something happened to these lists: made, sent, returned, approved, closed."""
    if ids:
        for callback in _of_lists:
            callback(ids=ids, actor=actor)


def on_reviews_moved(callback: Moved) -> Moved:
    """Register a callback ``f(*, ids, actor)`` of monthly reviews; registering twice is once."""
    if callback not in _of_reviews:
        _of_reviews.append(callback)
    return callback


def reviews_moved(*, ids: Collection[int], actor: User) -> None:
    """Tell everybody that these reviews, or lines of them, were sent, returned, mended, appraised or signed off."""
    if ids:
        for callback in _of_reviews:
            callback(ids=ids, actor=actor)
