"""What a notice says: read for all communes at once, in a fixed number of queries."""

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, IntegerField, Value, When, Window
from django.db.models.functions import RowNumber

from batosocial.lib import months
from batosocial.lib.text import clean
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.models import PayoutRoute, Policy
from reporting import figures, rates
from reporting.figures import CommuneFigure
from reporting.models import ClassThreshold, Target
from reporting.people import Measure, Moved, count_moved, list_people
from reporting.rates import Counts, Outlook

Reason = PayoutRoute.CashReason
#: In which order people are to be followed up: first what somebody else has to mend, which takes longest.
URGENT = (
    Reason.NO_CCCD,
    Reason.DATA_DIFFERS,
    Reason.NO_GUARDIAN,
    "",  # has an account and was not paid by it
    Reason.NOT_WILLING,
    Reason.OTHER,
    Reason.FRAIL,
    Reason.AWAY,
)
#: More names never fit a page.
MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Followed:
    """Somebody to follow up, as the month's list names them; ``reason`` is "" for whoever has an account."""

    name: str
    birth: str
    hamlet: str
    policy: str
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """A commune's figures of one policy, beside the district's."""

    figure: CommuneFigure
    district: Counts
    #: Place by R1 among the communes where anybody is due; communes of one rate share it. None where nobody is due.
    rank: int | None
    ranked: int
    change: int | None
    #: The list that is as long as the change, where there is one.
    change_measure: Measure | None
    outlooks: Mapping[str, Outlook]

    @property
    def policy(self) -> str:
        return self.figure.policy

    @property
    def counts(self) -> Counts:
        return self.figure.counts


@dataclass(frozen=True, slots=True)
class Notice:
    unit: Unit
    district: Unit
    month: datetime.date
    results: Sequence[Result]
    threshold: ClassThreshold
    targets: Mapping[str, Target]
    #: Not paid by account, each person once; the first of them by name.
    not_paid: int
    followed: Sequence[Followed]
    computed_at: datetime.datetime
    #: What the figures count has changed since.
    stale: bool


def read_notices(user: User, month: datetime.date, district: Unit, *, commune: Unit | None = None) -> list[Notice]:
    """The notices of a district's communes that ``user`` may see, or of one of them, in the order of the communes.

    A commune reads its own people and figures; of the others it learns no more than its rank and the district's rates.
    """
    own = figures.read_month(user, month)
    units = {
        row.unit.pk: row.unit
        for row in own.both
        if row.unit.parent_id == district.pk and (commune is None or row.unit.pk == commune.pk)
    }
    if not units or own.computed_at is None:
        return []
    whole = figures.read_district(district, month)
    places = {policy: whole.places(policy) for policy in Policy.values}
    before = figures.previous_counts(user, month)
    earlier = figures.previous_counts(user, months.add(month, 1 - rates.PACE_MONTHS))
    followed = _followed(user, month, commune)
    threshold, targets = rates.threshold_of(month), rates.targets_of(month)
    fresh, moved = figures.freshness(user, month), count_moved(user, month)

    def result(row: CommuneFigure) -> Result:
        key = (row.unit.pk, row.policy)
        last, old = before.get(key), earlier.get(key)
        change = row.counts.paid_by_account - last.paid_by_account if last else None
        return Result(
            figure=row,
            district=whole.total(row.policy),
            rank=places[row.policy].get(row.unit.pk),
            ranked=len(places[row.policy]),
            change=change,
            change_measure=moved.get(key, Moved()).measure_of(change),
            outlooks={code: rates.outlook(row.counts, t, earlier=old, month=month) for code, t in targets.items()},
        )

    results: dict[int, list[Result]] = defaultdict(list)
    for row in own.rows:
        if row.unit.pk in units:
            results[row.unit.pk].append(result(row))
    not_paid = {row.unit.pk: row.counts.not_paid_by_account for row in own.both}
    return [
        Notice(
            unit=unit,
            district=district,
            month=month,
            results=results[pk],
            threshold=threshold,
            targets=targets,
            not_paid=not_paid[pk],
            followed=followed.get(pk, []),
            computed_at=own.computed_at,
            stale=fresh.stale or fresh.differs,
        )
        for pk, unit in units.items()
    ]


def _followed(user: User, month: datetime.date, commune: Unit | None) -> dict[int, list[Followed]]:
    """Of each commune those not paid by account who are to be followed up first, by one query. Whoever has an account
    that is used from the next month on is not named."""
    rows = (
        list_people(user, month=month, measure=Measure.NOT_PAID_BY_ACCOUNT, commune_id=commune.pk if commune else None)
        .filter(pending=False)
        .annotate(
            urgency=Case(
                When(has_account=True, then=Value(URGENT.index(""))),
                *(When(reason=reason, then=Value(place)) for place, reason in enumerate(URGENT) if reason),
                default=Value(len(URGENT)),
                output_field=IntegerField(),
            )
        )
        .annotate(
            place=Window(
                RowNumber(),
                partition_by="unit",
                order_by=[F("urgency").asc(), F("person__sort_key").asc(), F("person").asc()],
            )
        )
        .filter(place__lte=MOST_NAMES)
        .select_related("person", "payment")
        .order_by("unit", "place")
    )
    found: dict[int, list[Followed]] = defaultdict(list)
    for row in rows:
        found[row.unit_id].append(_person(row))
    return dict(found)


def _person(row: Any) -> Followed:
    paid = row.payment
    return Followed(
        name=row.name,
        birth=paid.birth if paid else row.person.birth_text,
        hamlet=clean(paid.hamlet if paid else row.person.hamlet),
        policy=row.policy,
        reason="" if row.has_account else row.reason,
    )
