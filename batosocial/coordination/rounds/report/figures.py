"""What is counted of a round; every number is the length of a list of names (``people``)."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q

from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.models.rounds import RoundPersonQuerySet
from batosocial.lib.money import rate
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.models import IdentityAnswer

Answer = IdentityAnswer.Answer
ASKED, ANSWERED, WAITING = "asked", "answered", "waiting"
#: Prefix of what is counted of the differences of one field.
DIFFERS = "differs_"


@dataclass(frozen=True, slots=True)
class Measure:
    key: str
    label: str
    condition: Q


def _differs(field: str) -> Q:
    return Q(answer__answer=Answer.DIFFERS, answer__differing__contains=[field])


#: In the order of the report's columns.
MEASURES: dict[str, Measure] = {
    measure.key: measure
    for measure in (
        Measure(ASKED, "Đã hỏi", Q()),
        Measure(ANSWERED, "Đã trả lời", Q(answer__isnull=False)),
        Measure(Answer.MATCH, "Khớp", Q(answer__answer=Answer.MATCH)),
        Measure(Answer.DIFFERS, "Khác", Q(answer__answer=Answer.DIFFERS)),
        *(
            Measure(f"{DIFFERS}{field}", f"Khác {label}", _differs(field))
            for field, label in (("name", "họ tên"), ("birth", "ngày sinh"), ("sex", "giới tính"), ("cccd", "số CCCD"))
        ),
        Measure(Answer.NOT_FOUND, "Không tìm thấy", Q(answer__answer=Answer.NOT_FOUND)),
        Measure(Answer.DEAD, "Đã chết", Q(answer__answer=Answer.DEAD)),
        Measure(Answer.NO_CCCD, "Chưa có CCCD", Q(answer__answer=Answer.NO_CCCD)),
        Measure(WAITING, "Còn chờ", Q(answer__isnull=True)),
    )
}


@dataclass(frozen=True, slots=True)
class Line:
    """Counts of a commune, or of all (``unit`` None)."""

    unit: Unit | None
    counts: dict[str, int]

    @property
    def answered_rate(self) -> Decimal | None:
        """Answered of asked, in percent with one decimal."""
        return rate(self.counts[ANSWERED], self.counts[ASKED])


@dataclass(frozen=True, slots=True)
class RoundFigures:
    round: IdentityRound
    lines: list[Line]
    total: Line

    @property
    def measures(self) -> list[Measure]:
        """The columns: of differences only the fields that were asked."""
        return [
            measure
            for measure in MEASURES.values()
            if not measure.key.startswith(DIFFERS) or measure.key.removeprefix(DIFFERS) in self.round.fields
        ]


def people_of(user: User, round_: IdentityRound, measure: str = ASKED) -> RoundPersonQuerySet:
    """Whom a number counts, of the user's scope."""
    return RoundPerson.objects.visible_to(user).filter(MEASURES[measure].condition, round=round_)


def read_figures(user: User, round_: IdentityRound) -> RoundFigures:
    """Counts by the commune where each person is kept today. Two queries."""
    counted = {key: Count("pk", filter=measure.condition or Q(pk__isnull=False)) for key, measure in MEASURES.items()}
    rows = people_of(user, round_).order_by().values_list("person__commune").annotate(**counted)
    by_unit = {unit: dict(zip(MEASURES, counts, strict=True)) for unit, *counts in rows}
    units = Unit.objects.filter(pk__in=by_unit).order_by("position", "code")
    lines = [Line(unit, by_unit[unit.pk]) for unit in units]
    total = {key: sum(line.counts[key] for line in lines) for key in MEASURES}
    return RoundFigures(round_, lines, Line(None, total))
