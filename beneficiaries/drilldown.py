"""Sets of people that later apps link to: "the people behind this figure".

An app registers a set by name in ``AppConfig.ready()``; ``url(name, argument)`` is the list of people filtered by
it, and the argument is the app's own affair, for example ``"2024-07.NCC.paid_by_account"``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from batosocial.staff.models import User

PARAMETER = "tap"
_SEPARATOR = ":"


@dataclass(frozen=True)
class PeopleSet:
    """``people`` is a subquery or list of ids of persons; scope is applied to it by the list."""

    label: str
    people: Any


Finder = Callable[[User, str], PeopleSet | None]
_finders: dict[str, Finder] = {}


def register(name: str, finder: Finder) -> None:
    """Add a set; ``finder(user, argument)`` answers None for an argument that means nothing."""
    _finders[name] = finder


def find(user: User, reference: str) -> PeopleSet | None:
    """The set that a ``tap`` parameter names, or None."""
    name, _, argument = reference.partition(_SEPARATOR)
    finder = _finders.get(name)
    return finder(user, argument) if finder else None


def url(name: str, argument: str = "") -> str:
    """The address of the list of people of a set."""
    reference = f"{name}{_SEPARATOR}{argument}" if argument else name
    return f"{reverse('beneficiaries:people')}?{urlencode({PARAMETER: reference})}"
