"""Which role may open a page. That somebody is signed in at all, LoginRequiredMiddleware sees to."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from batosocial.staff.models import Role, User

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)


class StaffRequest(HttpRequest):
    """A request of somebody who is signed in; what every view but sign-in and health check receives."""

    user: User
    htmx: HtmxDetails


def roles_required(
    *roles: str | Role,
) -> Callable[[Callable[Concatenate[StaffRequest, P], R]], Callable[Concatenate[StaffRequest, P], R]]:
    """Answer 403 unless the user has one of ``roles``; the access-table test reads them as ``view.roles``."""
    allowed = frozenset(str(role) for role in roles)
    if not allowed or not allowed <= set(Role.values):
        raise ValueError(f"roles_required needs existing roles, got {sorted(allowed)}")

    def decorate(
        view: Callable[Concatenate[StaffRequest, P], R],
    ) -> Callable[Concatenate[StaffRequest, P], R]:
        @wraps(view)
        def guarded(request: StaffRequest, *args: P.args, **kwargs: P.kwargs) -> R:
            if getattr(request.user, "role", None) not in allowed:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.roles = allowed  # type: ignore[attr-defined]
        return guarded

    return decorate
