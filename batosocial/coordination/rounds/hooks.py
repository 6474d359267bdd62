"""How other parts hear of answers: what follows from a death, a difference or a missing card is theirs.

A callback is called inside the transaction that stored the answers, after the register's side was checked.
"""

from collections.abc import Sequence
from typing import Protocol

from batosocial.coordination.models import RoundPerson
from batosocial.staff.models import User


class Answered(Protocol):
    def __call__(self, *, rows: Sequence[RoundPerson], actor: User) -> None: ...


_callbacks: list[Answered] = []


def on_answered(callback: Answered) -> Answered:
    """Register a callback ``f(*, rows, actor)``; ``rows`` have ``person`` and ``answer`` loaded. Registering twice is
    once."""
    if callback not in _callbacks:
        _callbacks.append(callback)
    return callback


def answered(*, rows: Sequence[RoundPerson], actor: User) -> None:
    """Tell everybody of new answers."""
    if rows:
        for callback in _callbacks:
            callback(rows=rows, actor=actor)
