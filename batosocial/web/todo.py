"""What waits for somebody: apps register providers, the home page shows what they find."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

from batosocial.staff.models import User

Tone = Literal["success", "warning", "danger", "info", "neutral"]


@dataclass(frozen=True)
class Todo:
    """``count`` things of one kind to do, e.g. label "danh sách chờ thẩm định"; nothing is shown for zero."""

    label: str
    count: int
    url: str
    tone: Tone = "info"
    hint: str = ""


Provider = Callable[[User], list[Todo]]
_providers: list[Provider] = []
_URGENCY: dict[Tone, int] = {"danger": 0, "warning": 1, "info": 2, "neutral": 3, "success": 4}


def register(provider: Provider) -> Provider:
    """Add a provider; usable as a decorator. It must run a fixed number of queries."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def for_user(user: User, *, without: Collection[Provider] = ()) -> list[Todo]:
    """Everything that waits for the user, the most urgent first; ``without``: providers that are not asked."""
    asked = [provider for provider in _providers if provider not in without]
    found = [todo for provider in asked for todo in provider(user) if todo.count > 0]
    return sorted(found, key=lambda todo: _URGENCY[todo.tone])
