"""Measures: functions that compute a number for every addressee of a task at once."""

from batosocial.coordination.directives.measures import identity, monthly, rates, together
from batosocial.coordination.directives.measures.registry import Measure, Value, Wanted, every, find, register

__all__ = ["Measure", "Value", "Wanted", "every", "find", "register", "register_all"]


def register_all() -> None:
    rates.register_all()
    monthly.register_all()
    identity.register_all()
    together.register_all()
