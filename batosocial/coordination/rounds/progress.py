"""How far rounds are, by answer and by commune: a query each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F

from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.lib import clock
from batosocial.staff.models import User
from beneficiaries.models import IdentityAnswer

ANSWER_TONES = {
    IdentityAnswer.Answer.MATCH: "success",
    IdentityAnswer.Answer.DIFFERS: "warning",
    IdentityAnswer.Answer.NOT_FOUND: "danger",
    IdentityAnswer.Answer.DEAD: "danger",
    IdentityAnswer.Answer.NO_CCCD: "info",
}


@dataclass
class Progress:
    """People of a round or a commune of it, by answer; "" counts those who wait."""

    label: str = ""
    code: str = ""
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def people(self) -> int:
        return self.counts.total()

    @property
    def waiting(self) -> int:
        return self.counts[""]

    @property
    def answered(self) -> int:
        return self.people - self.waiting

    @property
    def by_answer(self) -> list[tuple[str, str, int]]:
        return [(value, str(label), self.counts[value]) for value, label in IdentityAnswer.Answer.choices]


def _counted(rows: Any, *by: str) -> Any:
    """Tuples of ``by``, the answer or None, and how many people."""
    return rows.order_by().annotate(said=F("answer__answer")).values_list(*by, "said").annotate(people=Count("pk"))


def by_commune(rows: Any) -> list[Progress]:
    """Of the rows that somebody may see, in the order of the communes; where each person is kept now."""
    found: dict[str, Progress] = {}
    counted = _counted(
        rows, "person__commune__position", "person__commune__code", "person__commune__kind", "person__commune__name"
    )
    for _, code, kind, name, said, people in sorted(counted, key=lambda row: row[:2]):
        commune = found.setdefault(code, Progress(f"{kind} {name}", code))
        commune.counts[said or ""] += people
    return list(found.values())


def total(parts: Sequence[Progress]) -> Progress:
    return Progress(counts=sum((part.counts for part in parts), Counter()))


@dataclass(frozen=True)
class Listed:
    """A round in the list, with what of it the user sees."""

    round: IdentityRound
    progress: Progress
    overdue: bool

    @property
    def is_open(self) -> bool:
        return self.round.state == IdentityRound.State.OPEN

    @property
    def is_complete(self) -> bool:
        return self.is_open and not self.progress.waiting


def listed(rounds: Sequence[IdentityRound], user: User) -> list[Listed]:
    """One query, whatever the number of rounds."""
    counts: dict[int, Progress] = {one.pk: Progress() for one in rounds}
    rows = RoundPerson.objects.visible_to(user).filter(round__in=list(counts))
    for pk, said, people in _counted(rows, "round"):
        counts[pk].counts[said or ""] += people
    return [Listed(one, counts[one.pk], is_overdue(one)) for one in rounds]


def is_overdue(one: IdentityRound) -> bool:
    return one.state == IdentityRound.State.OPEN and one.until < clock.today()
