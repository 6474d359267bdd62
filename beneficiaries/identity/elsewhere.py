"""Issues with which somebody is at work in another part of the portal: they stand on the home page there, not twice."""

from collections.abc import Callable

from django.db.models import Q

_conditions: list[Callable[[], Q]] = []


def worked_on_elsewhere(condition: Callable[[], Q]) -> Callable[[], Q]:
    """Register a condition of issues for which a later app has a task of its own; usable as a decorator."""
    if condition not in _conditions:
        _conditions.append(condition)
    return condition


def only_here() -> Q:
    """Issues for which there is no other task."""
    found = Q()
    for condition in _conditions:
        found &= ~condition()
    return found
