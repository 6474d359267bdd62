"""Addresses of the lists of people behind the cells."""

import datetime
from dataclasses import dataclass, replace

from batosocial.territory.models import Unit
from reporting.dashboard import WHOLE_DISTRICT, absolute_people_url
from reporting.people import Measure


@dataclass(frozen=True, slots=True)
class Links:
    """Lists of a month and policy ("" for both, each person once), of the district or of a commune."""

    month: datetime.date
    policy: str
    place: str = WHOLE_DISTRICT

    def at(self, unit: Unit) -> "Links":
        return replace(self, place=unit.code)

    def to(self, measure: Measure, **filters: str) -> str:
        """``filters``: reason, payer, payee."""
        return absolute_people_url(self.month, self.policy, self.place, measure, **filters)
