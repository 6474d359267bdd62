"""Panels of a page that later apps fill: each loads by htmx from its own URL, or opens as a page without it."""

from dataclasses import dataclass

from django.urls import reverse

from batosocial.staff.models import Role, User


@dataclass(frozen=True)
class Panel:
    label: str
    url_name: str
    roles: frozenset[str]
    order: int


@dataclass(frozen=True)
class PanelLink:
    label: str
    url: str


_panels: dict[str, list[Panel]] = {}


def register(kind: str, label: str, url_name: str, roles: frozenset[str] | frozenset[Role], order: int) -> None:
    """Add a panel to pages of ``kind`` (e.g. "person"); ``url_name`` takes the row's id as its only argument, and none
    on a page that is of no row ("home")."""
    panels = _panels.setdefault(kind, [])
    panels[:] = [panel for panel in panels if panel.url_name != url_name]
    panels.append(Panel(label, url_name, frozenset(str(role) for role in roles), order))
    panels.sort(key=lambda panel: panel.order)


def for_user(kind: str, user: User, row_id: int | None = None) -> list[PanelLink]:
    """The panels of this kind that the user's role sees; show them with ``partials/panels.html``."""
    return [
        PanelLink(panel.label, reverse(panel.url_name, args=[] if row_id is None else [row_id]))
        for panel in _panels.get(kind, [])
        if user.role in panel.roles
    ]
