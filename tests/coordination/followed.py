"""What follows from answers of the police, as rows made straight in the database."""

import datetime
from typing import Any

from django.utils import timezone

from batosocial.coordination.models import Correction, FollowUp
from batosocial.staff.models import User
from beneficiaries.models import IdentityAnswer, Person

TODAY = datetime.date(2024, 7, 22)


def told_dead(person: Person) -> IdentityAnswer:
    """The newest answer about somebody: dead since May."""
    told = {"died_month": datetime.date(2024, 5, 1), "answered_at": timezone.now()}
    by = User.objects.get(username="congan")
    return IdentityAnswer.objects.create(person=person, answer="dead", answered_by=by, **told)


def correction(person: Person, **fields: Any) -> Correction:
    """A path by Mẫu 26 of a name, waiting for the commune."""
    fields.setdefault("answer", IdentityAnswer.objects.filter(person=person, newest=True).first() or told_dead(person))
    values = {"path": "file", "fields": ["name"], "since": TODAY, "commune": person.commune} | fields
    return Correction.objects.create(person=person, **values)


def follow_up(person: Person, kind: str = "no_cccd", **fields: Any) -> FollowUp:
    values = {"opened_on": TODAY, "commune": person.commune} | fields
    return FollowUp.objects.create(person=person, kind=kind, **values)
