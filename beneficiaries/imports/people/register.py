"""What the register knows of the people of a list, loaded with a fixed number of queries."""

import datetime
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Q

from batosocial.lib.text import accent_key
from batosocial.territory.models import Unit
from beneficiaries.models import (
    Account,
    Change,
    Entitlement,
    Payee,
    PayoutRoute,
    Person,
    Suspension,
)

_WAITING = (Change.State.PROPOSED, Change.State.APPRAISED, Change.State.DECIDED)
NamelessKey = tuple[str, object, str]


@dataclass(frozen=True, slots=True)
class AccountUse:
    person_id: int
    person_name: str
    commune_id: int
    kind: str


@dataclass(slots=True)
class Register:
    """``entitlements`` are those of the policy that run in ``start`` or begin later; ``routes`` the newest that
    waits or, without one, what is confirmed for then."""

    people: dict[str, list[Person]] = field(default_factory=dict)
    nameless: dict[NamelessKey, list[Person]] = field(default_factory=dict)
    entitlements: dict[int, list[Entitlement]] = field(default_factory=dict)
    #: Benefits that somebody proposed and that wait for their decision.
    pending: dict[int, list[Change]] = field(default_factory=dict)
    routes: dict[int, PayoutRoute] = field(default_factory=dict)
    payees: dict[int, list[Payee]] = field(default_factory=dict)
    accounts: dict[tuple[int, str], Account] = field(default_factory=dict)
    account_uses: dict[tuple[int, str], list[AccountUse]] = field(default_factory=dict)


def load_register(
    *,
    commune: Unit,
    policy: str,
    start: datetime.date,
    numbers: Collection[str],
    accounts: Collection[tuple[int, str]],
    someone_without_number: bool,
) -> Register:
    """Seven queries, whatever the size of the list.

    People are looked up by CCCD in all communes, unlike anywhere else: whoever already stands in another one must
    not be entered again. Nothing but the commune's name is told of them.
    """
    register = Register()
    register.people = defaultdict(list)
    for person in Person.objects.filter(cccd__in=numbers).select_related("commune"):
        register.people[person.cccd].append(person)

    # Of the commune's own people those without a number may be in the list with one by now, and the other way round.
    mine = Person.objects.filter(
        Exists(Entitlement.objects.filter(person=OuterRef("pk"), category__policy=policy))
        | Exists(Change.objects.filter(person=OuterRef("pk"), policy=policy)),
        commune=commune,
    )
    if not someone_without_number:
        mine = mine.filter(cccd="")
    register.nameless = defaultdict(list)
    for person in mine.select_related("commune"):
        register.nameless[person_key(person)].append(person)

    ids = [person.pk for people in (*register.people.values(), *register.nameless.values()) for person in people]
    register.entitlements = defaultdict(list)
    running = Q(months__upper_inf=True) | Q(months__endswith__gt=start)
    for entitlement in (
        Entitlement.objects.filter(running, person__in=ids, category__policy=policy, voided_by__isnull=True)
        .select_related("category")
        .annotate(
            dependant_count=Count("dependants", filter=Q(dependants__months__contains=start)),
            unnamed_count=Count("dependants", filter=Q(dependants__months__contains=start, dependants__name="")),
            suspended=Exists(Suspension.objects.filter(entitlement=OuterRef("pk"), months__contains=start)),
        )
        .order_by("pk")
    ):
        register.entitlements[entitlement.person_id].append(entitlement)

    register.pending = defaultdict(list)
    for change in Change.objects.filter(
        person__in=ids, policy=policy, kind__in=[Change.Kind.START, Change.Kind.ADJUST], state__in=_WAITING
    ).order_by("pk"):
        register.pending[change.person_id].append(change)

    states = [PayoutRoute.State.ENTERED, PayoutRoute.State.CONFIRMED]
    for route in (
        PayoutRoute.objects.filter(running, person__in=ids, policy=policy, state__in=states)
        .select_related("account__provider", "payee")
        .order_by("pk")
    ):
        known = register.routes.get(route.person_id)
        if known is None or known.state == PayoutRoute.State.CONFIRMED or route.state == PayoutRoute.State.ENTERED:
            register.routes[route.person_id] = route

    register.payees = defaultdict(list)
    for payee in Payee.objects.filter(person__in=ids).order_by("pk"):
        register.payees[payee.person_id].append(payee)

    wanted = set(accounts)
    register.account_uses = defaultdict(list)
    rows = Account.objects.filter(number__in={number for _, number in wanted})
    for account in rows:
        if (account.provider_id, account.number) in wanted:
            register.accounts[account.provider_id, account.number] = account
    used = PayoutRoute.objects.filter(running, account__in=list(register.accounts.values()), state__in=states)
    for use in used.select_related("payee", "account", "person").order_by("pk"):
        assert use.account is not None  # noqa: S101
        register.account_uses[use.account.provider_id, use.account.number].append(
            AccountUse(use.person_id, use.person.name, use.person.commune_id, use.payee.kind)
        )
    return register


def person_key(person: Person) -> NamelessKey:
    return accent_key(person.name), person.birth, accent_key(person.hamlet)
