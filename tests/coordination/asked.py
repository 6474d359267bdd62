"""Rounds of the police for tests."""

import datetime
from typing import Any

from django.utils import timezone

from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.rounds.answering import answer_rows, values_of
from batosocial.coordination.rounds.given import Given
from batosocial.staff.models import User
from beneficiaries.models import Person
from tests import factories as make

EVERYTHING = ["name", "birth", "sex", "cccd"]


def identity_round(*people: Person, fields: list[str] | None = None, **more: Any) -> IdentityRound:
    """An open round of the district that asks about these people, everything unless told."""
    values = {"name": "Đợt thử", "until": datetime.date(2024, 7, 31), "upper": make.district()} | more
    values.setdefault("opened_by", User.objects.get(username="phong"))
    made = IdentityRound.objects.create(fields=fields or EVERYTHING, opened_at=timezone.now(), **values)
    RoundPerson.objects.bulk_create(
        RoundPerson(round=made, person=person, commune_id=person.commune_id) for person in people
    )
    return made


def given(person: Person, answer: str, round_: IdentityRound, **more: Any) -> Given:
    """An answer about the person as the register has them."""
    row = RoundPerson.objects.get(round=round_, person=person)
    return Given(row.pk, answer, **{"seen": values_of(person), "corrects": row.answer_id} | more)


def answered(person: Person, answer: str, *, by: User | None = None, round_: Any = None, **more: Any) -> Person:
    """Somebody of the police answers about the person, in a round for it; returns the person as they are then."""
    asked = round_ or identity_round(person, fields=more.pop("fields", None))
    actor = by or User.objects.get(username="congan")
    answer_rows(actor=actor, round_id=asked.pk, given=[given(person, answer, asked, **more)])
    person.refresh_from_db()
    return person
