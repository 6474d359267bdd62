"""Sessions beside the rate: of each commune what it held in some months, how far it reached, and where its R1 stands.

The rates are those of ``reporting``, of the newest month with figures up to the last month chosen.
"""

import datetime
from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse

from batosocial.coordination.models import OutreachSession
from batosocial.coordination.outreach import counting
from batosocial.lib import clock, months
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.models import Person, Policy
from reporting import figures, rates
from reporting.dashboard import people_url
from reporting.dashboard.parts import Change, change
from reporting.models import BOTH, Target
from reporting.people import Measure
from reporting.rates import Counts

POLICIES = (*Policy.values, BOTH)


@dataclass(frozen=True, slots=True)
class Range:
    """Months that are added up, both included; ``month`` has the rates, ``since`` what they are compared with."""

    start: datetime.date
    end: datetime.date
    month: datetime.date | None
    since: datetime.date | None

    @property
    def title(self) -> str:
        if self.start == self.end:
            return months.title(self.start)
        return f"từ {months.title(self.start)} đến {months.title(self.end)}"


@dataclass(frozen=True, slots=True)
class RateCell:
    """R1 of a policy, or of both, with what changed; ``url`` lists the people paid by account ("": nobody's)."""

    policy: str
    counts: Counts
    change: Change | None
    url: str


@dataclass(frozen=True, slots=True)
class Line:
    """A commune, or the district. ``stated`` is what officers say (None: nothing said), ``counted`` what the register
    shows."""

    unit: Unit | None
    sessions: int
    hamlets: int
    all_hamlets: int
    reached: int
    stated: int | None
    counted: int
    rates: tuple[RateCell, ...]
    url: str

    @property
    def below(self) -> bool:
        """Whether there is something to pay by account and nothing was held."""
        return not self.sessions and any(cell.counts.due for cell in self.rates)


@dataclass(frozen=True, slots=True)
class Report:
    range: Range
    lines: tuple[Line, ...]
    total: Line
    target: Target | None


def range_of(
    known: list[tuple[datetime.date, bool]],
    *,
    start: datetime.date | None,
    end: datetime.date | None,
    since: datetime.date | None,
) -> Range:
    """What is chosen, and for the rest: this year up to this month, and the newest month before the first one."""
    end = end or max(start or datetime.date.min, months.first(clock.today()))
    start = start or min(end, end.replace(month=1))
    month = figures.default_month([one for one in known if one[0] <= end])
    listed = sorted(one for one, _ in known)
    if since is None and month is not None:
        earlier = [one for one in listed if one < start] or [one for one in listed if one < month][:1]
        since = earlier[-1] if earlier else None
    if month is not None and since is not None and since >= month:
        since = None
    return Range(start, end, month, since)


def read_report(user: User, chosen: Range) -> Report:
    """The lines that the user may see, and the total of the whole district. A fixed number of queries."""
    district = figures.district_of(user)
    communes = list(Unit.objects.current().communes().filter(parent=district)) if district else []
    heirs = _heirs(district)
    sums = _sums(heirs, chosen)
    hamlets = _hamlets(heirs)
    now = _rates(district, chosen.month, heirs)
    before = _rates(district, chosen.since, heirs)
    lines = [
        _line(unit, sums.get(unit.pk, _Sum()), hamlets.get(unit.pk, frozenset()), now, before, chosen)
        for unit in communes
    ]
    target = rates.targets_of(chosen.month).get("R1") if chosen.month else None
    own = [line for line in lines if user.in_district or (line.unit and line.unit.pk == user.unit_id)]
    return Report(chosen, tuple(own), _total(lines, now, before, chosen, names=user.in_district), target)


@dataclass(slots=True)
class _Sum:
    sessions: int = 0
    hamlets: frozenset[str] = frozenset()
    whole: bool = False
    reached: int = 0
    stated: int | None = None
    counted: int = 0


#: Counts by commune of today and policy; of the whole district under 0.
_Rates = dict[tuple[int, str], Counts]


def _heirs(district: Unit | None) -> dict[int, int]:
    """Every unit that the district has or had, with the commune that stands for it now. One query."""
    if district is None:
        return {}
    rows = Unit.objects.of_upper(district.pk).values_list("pk", "heir")
    return {pk: heir or pk for pk, heir in rows}


def _sums(heirs: dict[int, int], chosen: Range) -> dict[int, _Sum]:
    rows = OutreachSession.objects.held().filter(
        commune__in=list(heirs), held_on__gte=chosen.start, held_on__lt=months.add(chosen.end, 1)
    )
    found: dict[int, _Sum] = defaultdict(_Sum)
    ids = []
    for pk, commune, hamlets, reached, stated in rows.order_by().values_list(
        "pk", "commune", "hamlets", "reached", "accounts_stated"
    ):
        one = found[heirs[commune]]
        ids.append(pk)
        one.sessions += 1
        one.reached += reached
        one.hamlets |= frozenset(hamlets)
        one.whole |= not hamlets
        if stated is not None:
            one.stated = (one.stated or 0) + stated
    for commune, counted in counting.accounts_by_commune(ids, heirs).items():
        found[commune].counted = counted
    return found


def _hamlets(heirs: dict[int, int]) -> dict[int, frozenset[str]]:
    """The hamlets of each commune in which somebody living is kept. One query."""
    rows = Person.objects.filter(commune__in=set(heirs.values()), died_on__isnull=True).exclude(hamlet="").order_by()
    found: dict[int, set[str]] = defaultdict(set)
    for commune, hamlet, _ in rows.values_list("commune", "hamlet").annotate(number=Count("pk")):
        found[commune].add(hamlet)
    return {commune: frozenset(names) for commune, names in found.items()}


def _rates(district: Unit | None, month: datetime.date | None, heirs: dict[int, int]) -> _Rates:
    found: dict[tuple[int, str], Counts] = defaultdict(Counts)
    if district is None or month is None:
        return found
    for row in (read := figures.read_district(district, month)).rows + read.both:
        found[heirs.get(row.unit.pk, row.unit.pk), row.policy] += row.counts
        found[0, row.policy] += row.counts
    return found


def _line(unit: Unit, one: _Sum, hamlets: frozenset[str], now: _Rates, before: _Rates, chosen: Range) -> Line:
    covered = len(hamlets) if one.whole else len(one.hamlets & hamlets)
    place = unit.code if chosen.month is None or unit.valid_from <= chosen.month else ""
    return Line(
        unit, one.sessions, covered, len(hamlets), one.reached, one.stated, one.counted,
        _cells(unit.pk, place, now, before, chosen), sessions_url(chosen, unit.code),
    )  # fmt: skip


def _total(lines: list[Line], now: _Rates, before: _Rates, chosen: Range, *, names: bool) -> Line:
    """Of the district; where its people and sessions are listed (``names``) only for those who may see them."""
    said = [line.stated for line in lines if line.stated is not None]
    return Line(
        None,
        sum(line.sessions for line in lines),
        sum(line.hamlets for line in lines),
        sum(line.all_hamlets for line in lines),
        sum(line.reached for line in lines),
        sum(said) if said else None,
        sum(line.counted for line in lines),
        _cells(0, "huyen" if names else "", now, before, chosen),
        sessions_url(chosen) if names else "",
    )


def _cells(unit_id: int, place: str, now: _Rates, before: _Rates, chosen: Range) -> tuple[RateCell, ...]:
    cells = []
    for policy in POLICIES:
        counts = now.get((unit_id, policy), Counts())
        moved = change(counts, before.get((unit_id, policy)), chosen.since) if chosen.since else None
        linked = chosen.month is not None and place and counts.due
        url = people_url(chosen.month, policy, place, Measure.PAID_BY_ACCOUNT) if linked and chosen.month else ""
        cells.append(RateCell(policy, counts, moved, url))
    return tuple(cells)


def sessions_url(chosen: Range, code: str = "") -> str:
    """The sessions behind a line's numbers."""
    query = {"tu": months.label(chosen.start), "den": months.label(chosen.end)} | ({"xa": code} if code else {})
    return f"{reverse('coordination:outreach')}?{urlencode(query)}"
