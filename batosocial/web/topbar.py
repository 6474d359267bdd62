"""The bell of the topbar: a later app says where its notices stand and which fragment counts them."""

from dataclasses import dataclass

from django.urls import reverse

from batosocial.staff.models import User


@dataclass(frozen=True)
class Bell:
    """``url``: the page of the user's notices; ``fragment``: a piece of HTML that htmx puts beside the bell."""

    url: str
    fragment: str


_names: list[str] = []


def register_bell(url_name: str, fragment_name: str) -> None:
    """Say which pages these are; the last one to say so counts. The fragment loads after the page, so that no page
    costs a query more."""
    _names[:] = [url_name, fragment_name]


def bell_for(user: object) -> Bell | None:
    """None where nobody is signed in, or nothing tells. Whoever has to change their password first gets there from
    every other page, a fragment among them."""
    if not _names or not isinstance(user, User) or not user.is_active or user.must_change_password:
        return None
    return Bell(*(reverse(name) for name in _names))
