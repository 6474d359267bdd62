"""What a merger would do, in numbers: people, lists, users and hamlets of each unit that it is about."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count

from batosocial.lib import clock
from batosocial.lib.text import accent_key
from batosocial.mergers.checking import NewUnit, Plan
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import Change, Person
from payments.models import PaymentList, Period, Review


@dataclass(frozen=True)
class OldSize:
    unit: Unit
    people: int
    lists: int
    users: int


@dataclass(frozen=True)
class NewSize:
    """A new unit with the units that it is made of; ``shared`` hamlets have one name in two of them."""

    unit: NewUnit
    old: list[OldSize]
    officers: int
    leaders: int
    police: int
    shared: list[str]

    @property
    def people(self) -> int:
        return sum(old.people for old in self.old)

    @property
    def lists(self) -> int:
        return sum(old.lists for old in self.old)

    @property
    def users(self) -> int:
        return sum(old.users for old in self.old)


@dataclass(frozen=True)
class Preview:
    plan: Plan
    units: list[NewSize]
    #: Users of the upper units, who move to the new one; 0 where it stays.
    upper_users: int
    #: Months still open, whose lists keep the old units.
    open_periods: list[Period]
    reviews: int
    #: Proposals to move between two units that become one, which nobody needs any more.
    idle_moves: int
    takes_effect_now: bool = field(default=False)

    @property
    def people(self) -> int:
        return sum(unit.people for unit in self.units)

    @property
    def lists(self) -> int:
        return sum(unit.lists for unit in self.units)

    @property
    def users(self) -> int:
        return sum(unit.users for unit in self.units) + self.upper_users

    @property
    def crowded(self) -> list[NewSize]:
        """New units with more than one leader or officer."""
        return [unit for unit in self.units if unit.leaders > 1 or unit.officers > 1]

    @property
    def sharing(self) -> list[NewSize]:
        return [unit for unit in self.units if unit.shared]


def preview(plan: Plan) -> Preview:
    """The numbers of a plan, in a fixed number of queries."""
    ids = [unit.pk for unit in plan.old]
    people = _counts(Person.objects.filter(commune__in=ids).order_by().values_list("commune").annotate(n=Count("pk")))
    lists = _counts(
        PaymentList.objects.filter(commune__in=ids).order_by().values_list("commune").annotate(n=Count("pk"))
    )
    roles: dict[int, Counter[str]] = {}
    for unit, role in User.objects.filter(unit__in=ids, is_active=True).values_list("unit", "role"):
        roles.setdefault(unit or 0, Counter())[role] += 1
    hamlets: dict[int, dict[str, str]] = {}
    found = Person.objects.filter(commune__in=ids).exclude(hamlet="").order_by()
    for unit, hamlet in found.values_list("commune", "hamlet").distinct():
        hamlets.setdefault(unit, {})[accent_key(hamlet)] = hamlet
    units = []
    for new in plan.new:
        users: Counter[str] = sum((roles.get(old.pk, Counter()) for old in new.old), Counter())
        units.append(
            NewSize(
                unit=new,
                old=[
                    OldSize(old, people.get(old.pk, 0), lists.get(old.pk, 0), roles.get(old.pk, Counter()).total())
                    for old in new.old
                ],
                officers=users[Role.COMMUNE_OFFICER],
                leaders=users[Role.COMMUNE_LEADER],
                police=users[Role.POLICE],
                shared=_shared([hamlets.get(old.pk, {}) for old in new.old]),
            )
        )
    return Preview(
        plan=plan,
        units=units,
        upper_users=User.objects.filter(unit__in=plan.emptied, is_active=True).count(),
        open_periods=list(
            Period.objects.filter(state=Period.State.OPEN, month__lt=plan.day).order_by("month", "policy")
        ),
        reviews=Review.objects.filter(commune__in=ids).exclude(state=Review.State.SIGNED_OFF).count(),
        idle_moves=_idle_moves(plan),
        takes_effect_now=plan.day <= clock.today(),
    )


def _counts(rows: Iterable[tuple[int, int]]) -> dict[int, int]:
    return dict(rows)


def _shared(of_units: list[dict[str, str]]) -> list[str]:
    seen = Counter(key for hamlets in of_units for key in hamlets)
    names = {key: name for hamlets in of_units for key, name in hamlets.items()}
    return sorted(names[key] for key, count in seen.items() if count > 1)


def _idle_moves(plan: Plan) -> int:
    into = {old.pk: new.code for new in plan.new for old in new.old}
    moves = Change.objects.waiting().filter(kind=Change.Kind.MOVE, from_commune__in=into, to_commune__in=into)
    return sum(into[one] == into[other] for one, other in moves.values_list("from_commune", "to_commune"))
