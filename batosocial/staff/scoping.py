"""Who sees what: every scoped model's ``visible_to`` is built from here, closed by default."""

from typing import Any, Protocol

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from batosocial.staff.models import BENEFIT_ROLES, COMMUNE_ROLES, DISTRICT_ROLES, Role, User
from batosocial.territory.models import Unit

#: ``Q`` that matches nothing; the default for whoever has no say.
NOTHING = Q(pk__in=[])
#: ``Q`` that matches every row. An empty ``Q()`` would vanish beside another one: ``Q() | x`` is ``x``.
EVERYTHING = Q(pk__isnull=False)


class HasRole(Protocol):
    role: str


def commune_scope(
    user: User | AnonymousUser, path: str, *, roles: frozenset[str] | frozenset[Role] = BENEFIT_ROLES
) -> Q:
    """Rows of the user's own commune, or of all communes below their upper unit, those of the units that became part
    of them among them: lists and figures keep the unit of their month.

    ``path`` is the lookup from the row to its commune, e.g. ``"commune"`` or ``"payment_list__commune"``;
    ``roles`` are those who may see such rows at all; police are among them only where named. The system user
    (command line) sees everything.
    """
    if not isinstance(user, User) or not user.is_active:
        return NOTHING
    if user.role == Role.SYSTEM:
        return EVERYTHING
    if user.role not in roles or user.unit_id is None:
        return NOTHING
    if user.role in COMMUNE_ROLES:
        return Q(**{f"{path}__in": Unit.objects.of_commune(user.unit_id).values("pk")})
    if user.role in DISTRICT_ROLES:
        return Q(**{f"{path}__in": Unit.objects.of_upper(user.unit_id).values("pk")})
    if user.role == Role.POLICE:
        # Police work in a district or in one of its communes.
        units = Unit.objects.of_commune(user.unit_id) | Unit.objects.of_upper(user.unit_id)
        return Q(**{f"{path}__in": units.values("pk")})
    return NOTHING


def payer_scope(user: Any, path: str = "payer") -> Q:
    """Rows of the payer the user works for."""
    if isinstance(user, User) and user.is_active and user.role == Role.PAYER and user.payer_id:
        return Q(**{path: user.payer_id})
    return NOTHING
