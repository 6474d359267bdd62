"""Reviews for tests: in a commune, with what was found of a few people."""

import datetime

from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import ChangeReason, Entitlement, Person
from payments.models import Review, ReviewLine
from payments.review import services
from payments.review.findings import Wanted, find_all
from tests import factories as make

AUGUST = datetime.date(2024, 8, 1)
SEPTEMBER = datetime.date(2024, 9, 1)

SUSPENSION = {
    "action": "suspend",
    "reason": "TT02-2.3.b",
    "effective_month": AUGUST,
    "paper": "Biên bản ngày 10/07/2024",
}


def officer(commune: Unit | None = None) -> User:
    return make.user(Role.COMMUNE_OFFICER, commune=commune)


def leader(commune: Unit | None = None) -> User:
    return make.user(Role.COMMUNE_LEADER, commune=commune)


def review(*, commune: Unit | None = None, month: datetime.date = AUGUST) -> Review:
    """An empty draft of Ba Động unless told."""
    return Review.objects.create(commune=commune or make.commune(), month=month)


def line(of: Review, person: Person | None = None, row: Entitlement | None = None, **fields: object) -> ReviewLine:
    """Somebody in the review at whom nobody has looked."""
    person = person or (row.person if row else make.person(commune=of.commune))
    row = row or make.entitlement(person)
    values: dict[str, object] = {"source": "age", "finding": "đủ 80 tuổi", "key": f"thu:{person.pk}"} | fields
    return ReviewLine.objects.create(review=of, person=person, entitlement=row, **values)


def suspend(actor: User, one: ReviewLine, **values: object) -> ReviewLine:
    """The officer asks for the line's benefit to be suspended."""
    given = SUSPENSION | {"entitlement_id": one.entitlement_id} | values
    return services.handle_line(actor=actor, line_id=one.pk, handling=services.Handling(**given))  # type: ignore[arg-type]


def sent(*lines_of: str, by: User | None = None) -> tuple[Review, list[ReviewLine]]:
    """A review of Ba Động that was sent, with one line for each word: "suspend" or "keep"."""
    row, prepared_by = review(), by or officer()
    lines = [line(row) for _ in lines_of]
    for word, one in zip(lines_of, lines, strict=True):
        if word == "suspend":
            suspend(prepared_by, one)
        else:
            services.keep_lines(actor=prepared_by, review_id=row.pk, line_ids=[one.pk])
    outcome = services.send_review(actor=leader(), review_id=row.pk)
    assert not outcome.refused, outcome.refused
    row.refresh_from_db()
    for one in lines:
        one.refresh_from_db()
    return row, lines


def found(person: Person, month: datetime.date = AUGUST) -> list[tuple[str, str, str]]:
    """What the sources find of somebody: source, action, code of the reason."""
    wanted = Wanted(month, [person.commune_id])
    return [(one.source, one.action, one.reason) for one in find_all(wanted) if one.person_id == person.pk]


def reason(code: str) -> ChangeReason:
    return ChangeReason.objects.get(code=code)
