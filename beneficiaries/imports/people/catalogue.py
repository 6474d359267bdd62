"""Categories, rates and providers as a list is checked against them, loaded once."""

import datetime
from dataclasses import dataclass

from batosocial.lib.text import fold
from beneficiaries.amounts import known_rates
from beneficiaries.models import Category, Rate
from beneficiaries.providers import ProviderNames

#: Khoản of Điều 5 beside which khoản 4 is paid (khoản 2 Điều 6 NĐ 20/2021).
_BESIDE_KHOAN_4 = frozenset({5, 6, 8})


@dataclass(slots=True)
class Catalogue:
    """``rates`` by (category id, level): amounts in đồng, the one in force for the list's month first."""

    policy: str
    categories: dict[str, Category]
    rates: dict[tuple[int, int], list[int]]
    providers: ProviderNames

    def category(self, written: str) -> Category | None:
        """The category of a code, whatever its capitals and dashes; its name may follow the code."""
        key = fold(written)
        if found := self.categories.get(key):
            return found
        first = fold(written.split()[0]) if written.split() else ""
        return self.categories.get(first)

    def levels(self, category: Category) -> dict[int, list[int]]:
        return {level: amounts for (pk, level), amounts in self.rates.items() if pk == category.pk and level}


def load_catalogue(policy: str, month: datetime.date, today: datetime.date) -> Catalogue:
    """Three queries: all categories, the rates owed in ``month`` or before and known by ``today``, providers."""
    rates: dict[tuple[int, int], list[int]] = {}
    for rate in known_rates(month, today):
        rates.setdefault((rate.category_id, rate.level), []).append(rate.amount)
    # A rate that begins later is no expectation, but a list made in advance may show it.
    for rate in Rate.objects.filter(valid_from__gt=month, known_on__lte=today).order_by("valid_from"):
        rates.setdefault((rate.category_id, rate.level), []).append(rate.amount)
    categories = {fold(category.code): category for category in Category.objects.all()}
    return Catalogue(policy, categories, rates, ProviderNames.load())


def label(category: Category) -> str:
    """How messages name a category; groups that are kept private only by their policy (đ.b k1 Điều 8 NĐ 20)."""
    return category.policy if category.confidential else category.code


def clash(one: Category, other: Category) -> bool:
    """Whether only the higher of the two is paid (khoản 2 Điều 6 NĐ 20/2021)."""
    if not one.regime == other.regime == Category.Regime.ALLOWANCE or one.pk == other.pk:
        return False
    clauses = {one.clause, other.clause}
    return not (4 in clauses and clauses & _BESIDE_KHOAN_4)
