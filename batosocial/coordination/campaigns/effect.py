"""What a campaign does to the rate R1: of the month that is judged now, and once its accounts are in use."""

import datetime
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count

from batosocial.coordination.models import Campaign, CampaignPerson
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.models import Policy
from reporting import rates
from reporting.dashboard.parts import policy_name
from reporting.figures import default_month, district_of, months_with_figures, read_district, read_month
from reporting.models import BOTH, CountedInPolicy, CountedOnce, Target
from reporting.rates import Counts

_CODES = (*Policy.values, BOTH)


@dataclass(frozen=True, slots=True)
class Effect:
    """R1 now, and then with ``more`` people paid by account."""

    policy: str
    now: Counts
    more: int
    target: Target | None

    @property
    def name(self) -> str:
        return policy_name("" if self.policy == BOTH else self.policy)

    @property
    def short(self) -> str:
        return "Cả hai" if self.policy == BOTH else self.policy

    @property
    def then(self) -> Counts:
        return self.now.with_more_paid(self.more)

    @property
    def missing_then(self) -> int:
        return rates.missing_people(self.then, self.target) if self.target else 0


@dataclass(frozen=True, slots=True)
class PlaceEffect:
    unit: Unit | None
    effects: list[Effect]


@dataclass(frozen=True, slots=True)
class CampaignEffect:
    """``month`` is the newest month that can be judged; ``total`` of the whole district."""

    month: datetime.date
    target: Target | None
    total: PlaceEffect
    communes: list[PlaceEffect]


def effect_of(user: User, campaign: Campaign) -> CampaignEffect | None:
    """What everybody taking part does to the rates of the communes that the user may see; None without figures.

    Who takes part and counts in the month without an account is one more of those paid by account, once for each policy
    and once for both (rules.md 3.1). A fixed number of queries.
    """
    month = default_month(months_with_figures(user))
    district = district_of(user)
    if month is None or district is None:
        return None
    target = rates.targets_of(month).get(Target.RateCode.R1)
    shown = read_month(user, month)
    whole = read_district(district, month) if user.in_commune else shown
    more = _more(campaign, month)
    coming = set(campaign.communes.values_list("commune", flat=True))
    communes = []
    for row in shown.both:
        if row.unit.pk in coming:
            counts = {BOTH: row.counts} | {r.policy: r.counts for r in shown.rows if r.unit.pk == row.unit.pk}
            effects = [
                Effect(code, counts.get(code, Counts()), more.get((row.unit.pk, code), 0), target) for code in _CODES
            ]
            communes.append(PlaceEffect(row.unit, effects))
    sums: dict[str, int] = defaultdict(int)
    for (_, code), people in more.items():
        sums[code] += people
    total = [Effect(code, whole.total(None if code == BOTH else code), sums[code], target) for code in _CODES]
    return CampaignEffect(month, target, PlaceEffect(None, total), communes)


def _more(campaign: Campaign, month: datetime.date) -> dict[tuple[int, str], int]:
    """People by commune and policy whom the month counts without an account; two queries."""
    people = CampaignPerson.objects.filter(campaign=campaign).taking_part().exclude(state=CampaignPerson.State.FAILED)
    found: dict[tuple[int, str], int] = {}
    for model, once in ((CountedInPolicy, False), (CountedOnce, True)):
        rows = model.objects.filter(month=month, has_account=False, person__in=people.values("person")).order_by()
        if once:
            for unit, number in rows.values("unit").annotate(number=Count("pk")).values_list("unit", "number"):
                found[unit, BOTH] = number
        else:
            keys = rows.values("unit", "policy").annotate(number=Count("pk"))
            for unit, policy, number in keys.values_list("unit", "policy", "number"):
                found[unit, policy] = number
    return found
