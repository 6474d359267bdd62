"""Whom a notice about a commune, the district or a payer is for: everybody who signs in there, in three queries."""

from collections import defaultdict
from collections.abc import Iterable

from batosocial.staff.models import COMMUNE_ROLES, DISTRICT_ROLES, Role, User
from batosocial.territory.models import Unit


class Addressees:
    """Ids of active users by role and place. Rows that keep the unit of their time are told to those who work in what
    became of it, as ``staff.scoping`` shows them."""

    def __init__(self) -> None:
        self._by_place: dict[tuple[str, int | None], list[int]] = defaultdict(list)
        for pk, role, unit, payer in (
            User.objects.filter(is_active=True).order_by("pk").values_list("pk", "role", "unit", "payer")
        ):
            self._by_place[role, payer if role == Role.PAYER else unit].append(pk)
        self._units = {
            pk: (heir, parent) for pk, heir, parent in Unit.objects.order_by("pk").values_list("pk", "heir", "parent")
        }
        #: The units that will become a coming one, whose first lists are made a month before it exists.
        self._olds: dict[int, list[int]] = defaultdict(list)
        for pk, successor in Unit.objects.filter(successor__isnull=False, heir__isnull=True).values_list(
            "pk", "successor"
        ):
            if successor is not None:
                self._olds[successor].append(pk)

    def of_commune(self, commune_id: int, roles: Iterable[str] = COMMUNE_ROLES) -> list[int]:
        """Those who work in the commune with these roles (its police among them where named)."""
        return self._working(self._standing(commune_id), roles)

    def of_district(self, commune_id: int, roles: Iterable[str] = DISTRICT_ROLES) -> list[int]:
        """Those who work in the upper unit of the commune with these roles."""
        uppers = {self._units[place][1] for place in self._standing(commune_id) if place in self._units}
        return self._working(uppers, roles)

    def of_upper(self, upper_id: int, roles: Iterable[str] = DISTRICT_ROLES) -> list[int]:
        """Those who work in the upper unit itself."""
        return self._working({upper_id}, roles)

    def of_payer(self, payer_id: int) -> list[int]:
        return list(self._by_place[Role.PAYER, payer_id])

    def with_role(self, role: str) -> list[int]:
        return [pk for (of, _), ids in self._by_place.items() if of == role for pk in ids]

    def _standing(self, commune_id: int) -> set[int]:
        heir = self._units.get(commune_id, (None, None))[0]
        return {heir or commune_id, commune_id, *self._olds.get(commune_id, [])}

    def _working(self, places: Iterable[int | None], roles: Iterable[str]) -> list[int]:
        return sorted({pk for place in places for role in roles for pk in self._by_place.get((role, place), [])})
