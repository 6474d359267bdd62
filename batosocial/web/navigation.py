"""The sidebar: apps register their entries in ``AppConfig.ready()``, a role sees its own."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.urls import reverse

from batosocial.staff.models import Role, User


@dataclass(frozen=True)
class NavItem:
    """One entry. ``icon`` is a name of the sprite; entries of one ``group`` stand under its heading."""

    label: str
    url_name: str
    icon: str
    roles: frozenset[str] | frozenset[Role] | Iterable[str]
    order: int
    group: str = ""


@dataclass(frozen=True)
class NavLink:
    label: str
    url: str
    icon: str
    active: bool


@dataclass
class NavGroup:
    label: str
    links: list[NavLink] = field(default_factory=list)


_items: dict[str, NavItem] = {}


def register(item: NavItem) -> None:
    """Add an entry; registering the same URL name again replaces it."""
    _items[item.url_name] = item


def items_for(user: object, request: HttpRequest) -> list[NavGroup]:
    """The entries of the user's role by group, in order; the one with the longest matching path is active."""
    if not isinstance(user, User) or not user.is_active:
        return []
    mine = sorted((item for item in _items.values() if user.role in set(item.roles)), key=lambda item: item.order)
    urls = {item.url_name: reverse(item.url_name) for item in mine}
    matching = [url for url in urls.values() if _contains(url, request.path)]
    active = max(matching, key=len, default=None)
    groups: dict[str, NavGroup] = {}
    for item in mine:
        group = groups.setdefault(item.group, NavGroup(item.group))
        url = urls[item.url_name]
        group.links.append(NavLink(item.label, url, item.icon, url == active))
    return list(groups.values())


def _contains(url: str, path: str) -> bool:
    return path == url if url == "/" else path.startswith(url)
