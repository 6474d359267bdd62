"""What the page of a month's notices shows of each commune."""

import datetime
from dataclasses import dataclass

from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.models import Policy
from reporting import figures
from reporting.dashboard.parts import TONES, Figures
from reporting.figures import CommuneFigure


@dataclass(frozen=True, slots=True)
class Cell:
    """A commune's figures of one policy; ``rank`` is None where nobody is due."""

    row: CommuneFigure
    figures: Figures
    rank: int | None
    ranked: int

    @property
    def tone(self) -> str:
        return TONES[self.row.klass] if self.row.counts.due else "neutral"


@dataclass(frozen=True, slots=True)
class Line:
    unit: Unit
    cells: list[Cell]


def read_overview(user: User, month: datetime.date) -> list[Line]:
    """The communes that ``user`` may see with figures of the month, ranked among all of the month's district."""
    shown = figures.read_month(user, month)
    districts = Unit.objects.filter(pk__in={row.unit.parent_id for row in shown.rows})
    places = {
        (district.pk, policy): whole.places(policy)
        for district in districts
        for whole in [figures.read_district(district, month)]
        for policy in Policy.values
    }
    lines: dict[int, Line] = {}
    for row in shown.rows:
        ranked = places[row.unit.parent_id or 0, row.policy]
        cell = Cell(
            row, Figures(row.counts, month, row.policy, row.unit.code), ranked.get(row.unit.pk), len(ranked)
        )  # fmt: skip
        lines.setdefault(row.unit.pk, Line(row.unit, [])).cells.append(cell)
    return list(lines.values())
