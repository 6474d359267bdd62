"""What the register knows of the people and accounts of a list, loaded with a fixed number of queries."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import CharField, F, Func, Q, QuerySet, Value

from beneficiaries.imports.checked import CheckedRow
from beneficiaries.models import Account, Category, Entitlement, Payee, PayoutRoute, Person, Policy
from beneficiaries.months import first_open_month

#: Fields by which a row names somebody, strongest first, and what messages call them.
KEYS = {"cccd": "Số CCCD", "cmnd": "Số CMND", "file_number": "Số hồ sơ"}
_STATES = [PayoutRoute.State.ENTERED, PayoutRoute.State.CONFIRMED]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose people a list may touch: one commune's, or those of a whole district; neither: everybody's.

    A list of a campaign: those of its communes (``commune_ids``), of them only whom its payer was told of (``told``;
    None where the district brings it), and only accounts that ``payer_id`` pays into. Nothing is said in it of anybody
    else's accounts.
    """

    commune_id: int | None = None
    district_id: int | None = None
    commune_ids: frozenset[int] | None = None
    told: frozenset[int] | None = None
    payer_id: int | None = None

    def holds(self, person: Person) -> bool:
        if self.told is not None and person.pk not in self.told:
            return False
        if self.commune_ids is not None:
            return person.commune_id in self.commune_ids
        if self.commune_id is not None:
            return person.commune_id == self.commune_id
        return self.district_id is None or person.commune.parent_id == self.district_id

    @property
    def people(self) -> QuerySet[Person]:
        people = Person.objects.select_related("commune")
        if self.told is not None:
            people = people.filter(pk__in=self.told)
        if self.commune_ids is not None:
            return people.filter(commune__in=self.commune_ids)
        if self.commune_id is not None:
            return people.filter(commune=self.commune_id)
        return people if self.district_id is None else people.filter(commune__parent=self.district_id)

    @property
    def place(self) -> str:
        """Where messages say that somebody is not found."""
        if self.told is not None:
            return "danh sách sẵn sàng của đợt"
        return "sổ của xã" if self.commune_id is not None else "sổ của huyện"

    def names(self, use: "AccountUse") -> bool:
        """Whether the list may say whom an account serves."""
        if self.told is not None and use.person_id not in self.told:
            return False
        if self.commune_ids is not None:
            return use.commune_id in self.commune_ids
        return self.commune_id in (None, use.commune_id)

    @property
    def stranger(self) -> str:
        return "người ở xã khác" if self.told is None else "người khác"

    def shows(self, route: PayoutRoute) -> bool:
        """Whether the list may say where this route goes."""
        if self.payer_id is None:
            return True
        return route.account is not None and route.account.provider.payer_id == self.payer_id


@dataclass(frozen=True, slots=True)
class AccountUse:
    person_id: int
    person_name: str
    commune_id: int
    kind: str


@dataclass(slots=True)
class Register:
    """``by_key`` holds people of all communes: a number that belongs elsewhere is no unknown one.

    ``policies`` are those of whose monthly benefits somebody receives one in ``start`` or later; ``routes`` those of
    a person and policy that wait or are confirmed for then or later, oldest first.
    """

    start: datetime.date
    #: The first month that an account of the list can reach, by policy: not before the first that is not opened.
    firsts: dict[str, datetime.date] = field(default_factory=dict)
    by_key: dict[str, dict[str, list[Person]]] = field(default_factory=dict)
    namesakes: dict[str, list[Person]] = field(default_factory=dict)
    policies: dict[int, set[str]] = field(default_factory=dict)
    routes: dict[tuple[int, str], list[PayoutRoute]] = field(default_factory=dict)
    payees: dict[int, list[Payee]] = field(default_factory=dict)
    accounts: dict[tuple[int, str], Account] = field(default_factory=dict)
    uses: dict[tuple[int, str], list[AccountUse]] = field(default_factory=dict)


def load_people(register: Register, rows: Iterable[CheckedRow]) -> None:
    """Everybody whom a number of the list names, in one query."""
    numbers = {key: {getattr(row.values, key) for row in rows} - {""} for key in KEYS}
    wanted = Q(pk__in=[])
    for key, values in numbers.items():
        wanted |= Q(**{f"{key}__in": values})
    register.by_key = {key: defaultdict(list) for key in KEYS}
    for person in Person.objects.filter(wanted).select_related("commune").order_by("pk"):
        for key, values in numbers.items():
            if (number := getattr(person, key)) in values:
                register.by_key[key][number].append(person)


def load_namesakes(register: Register, names: Collection[str], scope: Scope) -> None:
    """People of the scope by their folded names, to be offered; no query where nobody asks."""
    register.namesakes = defaultdict(list)
    if not names:
        return
    # A search key begins with the folded name (batosocial.lib.text.name_search_key).
    folded: Func = Func(F("search_key"), Value(" | "), Value(1), function="split_part", output_field=CharField())
    for person in scope.people.annotate(folded=folded).filter(folded__in=names).order_by("sort_key", "pk"):
        register.namesakes[person.folded].append(person)


def load_routes(register: Register, rows: Iterable[CheckedRow]) -> None:
    """Benefits, routes and payees of the people found, and who uses the accounts: a fixed number of queries."""
    people = {row.person.pk for row in rows if row.person is not None}
    ahead = Q(months__upper_inf=True) | Q(months__endswith__gt=register.start)
    register.firsts = {policy: max(register.start, first_open_month(policy)) for policy in Policy.values}
    register.policies = defaultdict(set)
    benefits = Entitlement.objects.granted().filter(ahead, person__in=people)
    benefits = benefits.exclude(category__regime=Category.Regime.ONE_OFF)
    for person_id, policy in benefits.values_list("person", "category__policy").distinct():
        register.policies[person_id].add(policy)

    register.routes = defaultdict(list)
    routes = PayoutRoute.objects.filter(ahead, person__in=people, state__in=_STATES)
    for route in routes.select_related("account__provider", "payee").order_by("months", "pk"):
        register.routes[route.person_id, route.policy].append(route)

    register.payees = defaultdict(list)
    for payee in Payee.objects.filter(person__in=people).order_by("pk"):
        register.payees[payee.person_id].append(payee)

    wanted = {key for row in rows if (key := account_key(row)) is not None}
    for account in Account.objects.filter(number__in={number for _, number in wanted}):
        if (account.provider_id, account.number) in wanted:
            register.accounts[account.provider_id, account.number] = account
    register.uses = defaultdict(list)
    used = PayoutRoute.objects.filter(ahead, account__in=list(register.accounts.values()), state__in=_STATES)
    for use in used.select_related("payee", "account", "person").order_by("pk"):
        assert use.account is not None  # noqa: S101
        register.uses[use.account.provider_id, use.account.number].append(
            AccountUse(use.person_id, use.person.name, use.person.commune_id, use.payee.kind)
        )


def account_key(row: CheckedRow) -> tuple[int, str] | None:
    """Provider and number of a row's account, where both can be read."""
    values = row.values
    return (values.provider.pk, values.account) if values.account and values.provider is not None else None
