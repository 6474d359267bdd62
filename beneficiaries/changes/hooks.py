"""How later apps hear that changes took effect: who makes lists stops payments and finds what was paid too much.

A callback is called inside the transaction that applied the changes, after the register says what they say. Of every
other step, from proposal to rejection, those hear who tell people of it.
"""

from collections.abc import Sequence
from typing import Protocol

from batosocial.staff.models import User
from beneficiaries.models import Change


class ChangesApplied(Protocol):
    def __call__(self, *, changes: Sequence[Change], actor: User) -> None: ...


class ChangesMoved(Protocol):
    def __call__(self, *, changes: Sequence[Change], actor: User) -> None: ...


_callbacks: list[ChangesApplied] = []
_of_steps: list[ChangesMoved] = []


def on_changes_applied(callback: ChangesApplied) -> ChangesApplied:
    """Register a callback ``f(*, changes, actor)``; usable as a decorator, registering twice is once."""
    if callback not in _callbacks:
        _callbacks.append(callback)
    return callback


def changes_applied(*, changes: Sequence[Change], actor: User) -> None:
    """Tell everybody that these changes are in force from now on."""
    if changes:
        for callback in _callbacks:
            callback(changes=changes, actor=actor)


def on_changes_moved(callback: ChangesMoved) -> ChangesMoved:
    """Register a callback ``f(*, changes, actor)`` of steps; registering twice is once."""
    if callback not in _of_steps:
        _of_steps.append(callback)
    return callback


def changes_moved(*, changes: Sequence[Change], actor: User) -> None:
    """Tell everybody that these changes were proposed, or took a step, in the transaction that is running."""
    if changes:
        for callback in _of_steps:
            callback(changes=changes, actor=actor)
