"""Whom a round asks about: people of the district by policy, commune, how far they are checked, and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.lib import clock, months
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.models import Category, Entitlement, IdentityIssue, Person
from beneficiaries.models.person import PersonQuerySet

#: So many of those who are asked about already are named.
NAMED = 50


@dataclass(frozen=True)
class Choice:
    """What narrows a round; whatever is empty narrows nothing. ``communes`` are ids, the others values of choices."""

    policy: str = ""
    communes: Sequence[int] = ()
    statuses: Sequence[str] = ()
    kinds: Sequence[str] = ()

    def stored(self) -> dict[str, Any]:
        return {
            "policy": self.policy,
            "communes": list(self.communes),
            "statuses": list(self.statuses),
            "kinds": list(self.kinds),
        }


def chosen(actor: User, choice: Choice) -> PersonQuerySet:
    """The people in the actor's scope who fit: alive, with a granted monthly benefit that runs or is to come, or with
    none yet; of a policy, only those with a benefit of it."""
    month = months.first(clock.today())
    granted = (
        Entitlement.objects.granted().filter(person=OuterRef("pk")).exclude(category__regime=Category.Regime.ONE_OFF)
    )
    lasting = granted.filter(Q(months__endswith__isnull=True) | Q(months__endswith__gt=month))
    people = Person.objects.visible_to(actor).filter(died_on__isnull=True)
    if choice.policy:
        people = people.filter(Exists(lasting.filter(category__policy=choice.policy)))
    else:
        people = people.filter(Exists(lasting) | ~Exists(granted))
    if choice.communes:
        people = people.filter(commune__in=choice.communes)
    if choice.statuses:
        people = people.filter(identity_status__in=choice.statuses)
    if choice.kinds:
        waiting = IdentityIssue.objects.waiting().filter(person=OuterRef("pk"), kind__in=choice.kinds)
        people = people.filter(Exists(waiting))
    return people


def in_open_round() -> Exists:
    """Condition on people: a round that is not closed asks about them."""
    return Exists(RoundPerson.objects.filter(person=OuterRef("pk"), round__state=IdentityRound.State.OPEN))


@dataclass(frozen=True)
class Preview:
    """Whom a round would ask about: by commune, and those whom an open one asks about already."""

    communes: list[tuple[Unit, int]]
    asked_already: list[RoundPerson]
    asked_count: int

    @property
    def people(self) -> int:
        return sum(count for _, count in self.communes)

    @property
    def not_named(self) -> int:
        return self.asked_count - len(self.asked_already)


def preview(actor: User, choice: Choice) -> Preview:
    """Four queries, however many people there are."""
    people = chosen(actor, choice)
    counts = people.exclude(in_open_round()).order_by().values_list("commune").annotate(people=Count("pk"))
    by_commune: dict[int, int] = dict(counts)
    units = Unit.objects.filter(pk__in=by_commune).order_by("position", "code")
    asked = RoundPerson.objects.filter(round__state=IdentityRound.State.OPEN, person__in=people.order_by().values("pk"))
    named = asked.select_related("person__commune", "round").order_by("person__commune__position", "person__sort_key")
    return Preview([(unit, by_commune[unit.pk]) for unit in units], list(named[:NAMED]), asked.count())
