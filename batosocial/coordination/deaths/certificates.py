"""The trích lục khai tử: into the stop that waits, into the register, and into the grants that rest on the death."""

import datetime

from django.db import transaction

from batosocial.audit import services as audit
from batosocial.audit.models import Entry
from batosocial.staff.models import User
from beneficiaries.changes.proposing import add_certificate
from beneficiaries.models import Change, Person
from payments.effects.grants import UNDECIDED
from payments.models import Grant


@transaction.atomic
def keep_certificate(
    *, actor: User, person_id: int, died_on: datetime.date, number: str, date: datetime.date
) -> list[Change]:
    """``add_certificate``, and the day in the grants of the death that nobody has decided. Same errors."""
    stops = add_certificate(actor=actor, person_id=person_id, died_on=died_on, number=number, date=date)
    if Person.objects.filter(pk=person_id, died_on=died_on).exists():
        grants = Grant.objects.filter(person=person_id, state__in=UNDECIDED).exclude(died_on=died_on)
        rows = list(grants.select_for_update(of=("self",)).select_related("category"))
        entries = []
        for grant in rows:
            change = {"died_on": (grant.died_on, died_on)}
            grant.died_on = died_on
            entries.append(audit.prepare(actor=actor, action="ghi ngày chết", row=grant, changes=change))
        Grant.objects.bulk_update(rows, ["died_on"])
        Entry.objects.bulk_create(entries)
    return stops
