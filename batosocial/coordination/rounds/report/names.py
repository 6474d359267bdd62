"""The people of a round with what was answered about each, in the orders in which the report's numbers count them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.rounds.report.figures import ASKED, people_of
from batosocial.lib.dates import PartialDate
from batosocial.lib.national_id import SEX_NAMES
from batosocial.staff.models import User
from beneficiaries.models import IdentityAnswer

#: Results in the order of the report's columns; "" is whoever still waits.
RESULTS = (*IdentityAnswer.Answer.values, "")
WAITS = "Chưa trả lời"


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody of the round; identities alone."""

    commune_id: int
    place: int
    sort_key: str
    commune: str
    name: str
    birth: str
    sex: str
    cccd: str
    hamlet: str
    result: str
    #: {field: (as the register had it, as it is right)} of what differs.
    differing: dict[str, tuple[str, str]] = field(default_factory=dict)
    died: str = ""
    answered: str = ""
    by: str = ""
    note: str = ""

    @property
    def result_label(self) -> str:
        return str(IdentityAnswer.Answer(self.result).label) if self.result else WAITS

    @property
    def difference(self) -> str:
        """ "Họ và tên: Phạm Thị A → Phạm Thị B; …"."""
        return "; ".join(
            f"{IdentityRound.Field(name).label}: {old or '(trống)'} → {right}"
            for name, (old, right) in self.differing.items()
        )


def read_names(user: User, round_: IdentityRound) -> list[Named]:
    """Everybody of the user's scope, by commune, result and name. One query."""
    rows = people_of(user, round_, ASKED).select_related("person__commune", "answer__answered_by")
    return sorted((_named(row) for row in rows), key=lambda one: (one.place, one.commune_id, *_by_result(one)))


def by_result(names: Sequence[Named]) -> list[Named]:
    return sorted(names, key=lambda one: (RESULTS.index(one.result), one.place, one.commune_id, one.sort_key))


def by_field(names: Iterable[Named], fields: Sequence[str]) -> list[tuple[str, Named]]:
    """Whoever differs, once for each field of it."""
    found = [(name, one) for one in names for name in one.differing if name in fields]
    return sorted(found, key=lambda pair: (fields.index(pair[0]), pair[1].place, pair[1].commune_id, pair[1].sort_key))


def _by_result(one: Named) -> tuple[int, str]:
    return RESULTS.index(one.result), one.sort_key


def _named(row: RoundPerson) -> Named:
    person, answer = row.person, row.answer
    told: dict[str, Any] = {
        "commune_id": person.commune_id,
        "place": person.commune.position,
        "sort_key": person.sort_key,
        "commune": person.commune.full_name,
        "name": person.name,
        "birth": person.birth_text,
        "sex": SEX_NAMES[person.sex],
        "cccd": person.cccd,
        "hamlet": person.hamlet,
    }
    if answer is None:
        return Named(**told, result="")
    died = f"{answer.died_on:%d/%m/%Y}" if answer.died_on else ""
    return Named(
        **told,
        result=answer.answer,
        differing={name: (_text(answer.asked.get(name, "")), _text(_right(answer)[name])) for name in answer.differing},
        died=died or (f"{answer.died_month:%m/%Y}" if answer.died_month else ""),
        answered=f"{timezone.localtime(answer.answered_at):%d/%m/%Y}",
        by=answer.answered_by.full_name,
        note=answer.note,
    )


def _right(answer: IdentityAnswer) -> dict[str, str]:
    birth = PartialDate(answer.birth_year, answer.birth_month, answer.birth_day) if answer.birth_year else ""
    return {"name": answer.name, "birth": str(birth), "sex": answer.sex, "cccd": answer.cccd}


def _text(value: str) -> str:
    return SEX_NAMES.get(value, value)
