"""Short ways to proposals in each state, for the tests of changes."""

import datetime
from typing import Any

from batosocial.staff.models import Role, User
from beneficiaries.changes import services
from beneficiaries.changes.proposal import Paper, ProposedDependant
from beneficiaries.models import Change, Person
from tests import factories as make

TODAY = datetime.date(2024, 7, 22)
PAPER = Paper("Tờ khai mẫu 1d", "12", datetime.date(2024, 7, 10))
NUMBER = "125/QĐ-UBND"


def officer() -> User:
    return make.user(Role.COMMUNE_OFFICER)


def phong() -> User:
    return make.user(Role.DISTRICT_OFFICER)


def chairman() -> User:
    return make.user(Role.CHAIRMAN)


def child(name: str = "Phạm Thị Con", year: int = 2015) -> ProposedDependant:
    from batosocial.lib.dates import PartialDate

    return ProposedDependant(name, PartialDate(year))


def start(person: Person, category: str = "BTXH-5A1", *, by: User | None = None, **fields: Any) -> Change:
    """A proposed new benefit; ages are not looked at unless the test does."""
    fields.setdefault("confirmed", True)
    fields.setdefault("paper", PAPER)
    return services.propose_start(actor=by or officer(), person_id=person.pk, category=category, **fields)


def appraised(change: Change, by: User | None = None) -> Change:
    outcome = services.appraise_changes(actor=by or phong(), change_ids=[change.pk])
    assert [one.pk for one in outcome.done] == [change.pk], outcome.refused
    change.refresh_from_db()
    return change


def decided(change: Change, by: User | None = None, date: datetime.date = TODAY, **fields: Any) -> Change:
    """Appraised, decided and so in force."""
    if change.state == Change.State.PROPOSED:
        appraised(change)
    decider = by or (chairman() if change.policy == "BTXH" else phong())
    outcome = services.decide_changes(actor=decider, change_ids=[change.pk], number=NUMBER, date=date, **fields)
    assert [one.pk for one in outcome.done] == [change.pk], outcome.refused
    change.refresh_from_db()
    return change
