"""Units with their history, as the admin reads them."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from batosocial.lib.text import fold
from batosocial.territory.models import Unit


@dataclass(frozen=True)
class UnitRow:
    """A unit, what it was made of and what it became."""

    unit: Unit
    made_of: list[Unit]

    @property
    def last_day(self) -> datetime.date | None:
        return self.unit.valid_to - datetime.timedelta(days=1) if self.unit.valid_to else None


def found(units: Any, text: str) -> Any:
    """The units whose name or code has the text; written without accents it finds both Ba Tơ and Ba Tô."""
    wanted = fold(text)
    if not wanted:
        return units
    named = [pk for pk, name, kind in units.values_list("pk", "name", "kind") if wanted in fold(f"{kind} {name}")]
    return units.filter(Q(pk__in=named) | Q(code__startswith=text.strip()))


def rows_of(units: Sequence[Unit]) -> list[UnitRow]:
    """With the units that each was made of, in one query more."""
    made: dict[int, list[Unit]] = {}
    for old in Unit.objects.communes().filter(successor__in=[unit.pk for unit in units]):
        made.setdefault(old.successor_id or 0, []).append(old)
    return [UnitRow(unit, made.get(unit.pk, [])) for unit in units]
