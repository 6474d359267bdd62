"""How later apps hear that people were checked: what follows from an issue is opened and closed by the checks alone.

A callback is called inside the transaction of the check, after issues and status were written.
"""

from collections.abc import Sequence
from typing import Protocol


class Checked(Protocol):
    def __call__(self, *, person_ids: Sequence[int] | None) -> None: ...


_callbacks: list[Checked] = []


def on_checked(callback: Checked) -> Checked:
    """Register a callback ``f(*, person_ids)``, None for the whole register; usable as a decorator, registering twice
    is once. It must run a fixed number of statements."""
    if callback not in _callbacks:
        _callbacks.append(callback)
    return callback


def checked(*, person_ids: Sequence[int] | None) -> None:
    """Tell everybody that these people were checked."""
    for callback in _callbacks:
        callback(person_ids=person_ids)
