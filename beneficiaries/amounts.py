"""What an entitlement is worth in a month as far as was known on a day, and which of a person's are paid."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from django.db.models import BigIntegerField, Case, Count, F, IntegerField, OuterRef, Subquery, Value, When
from django.db.models.functions import Cast

from beneficiaries.models.catalogue import Category, Rate
from beneficiaries.models.entitlement import Dependant, Entitlement

#: Groups beside which a single parent's benefit (khoản 4) is paid too: the aged, the disabled, HIV.
_BESIDE_KHOAN_4 = frozenset({5, 6, 8})


def known_rates(month: datetime.date, known_on: datetime.date) -> Any:
    """Rates owed in ``month`` whose decree was signed by ``known_on``, the one that counts first."""
    return Rate.objects.filter(valid_from__lte=month, known_on__lte=known_on).order_by("-valid_from", "-known_on")


def annotations(month: datetime.date, known_on: datetime.date) -> dict[str, Any]:
    """``quantity`` (suất) and ``amount`` (đồng a month) of entitlements, as SQL; None where it cannot be told.

    It cannot be told without a rate known by then, without dependants where the benefit is paid for each of them,
    or without a decided amount where the decision sets it; such an entitlement is never worth zero.
    """
    rate = known_rates(month, known_on).filter(category=OuterRef("category"), level=OuterRef("level"))
    running = (
        Dependant.objects.filter(entitlement=OuterRef("pk"), months__contains=month)
        .order_by()
        .values("entitlement")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return {
        "quantity": Case(
            When(category__per_dependant=True, then=Subquery(running)),
            default=Value(1),
            output_field=IntegerField(),
        ),
        "amount": Case(
            When(category__amount_by_decision=True, then=F("own_amount")),
            default=Subquery(rate.values("amount")[:1]) * Cast("quantity", BigIntegerField()),
            output_field=BigIntegerField(),
        ),
    }


@dataclass(frozen=True, slots=True)
class Worth:
    """``amount`` in đồng a month, None where it cannot be told; ``rate`` is what it rests on, if on a rate."""

    amount: int | None
    quantity: int
    rate: Rate | None = None


def worth(
    entitlement: Entitlement,
    *,
    month: datetime.date,
    rates: Iterable[Rate],
    dependants: Sequence[Dependant] = (),
) -> Worth:
    """The same as ``annotations`` for one entitlement whose rows are at hand.

    ``rates`` are those of ``known_rates``, in its order, of any categories; ``dependants`` all of the entitlement's.
    """
    category = entitlement.category
    quantity = sum(month in dependant.months for dependant in dependants) if category.per_dependant else 1
    if category.amount_by_decision:
        return Worth(entitlement.own_amount, quantity)
    key = (entitlement.category_id, entitlement.level)
    rate = next((rate for rate in rates if (rate.category_id, rate.level) == key), None)
    if rate is None or quantity == 0:
        return Worth(None, quantity, rate)
    return Worth(rate.amount * quantity, quantity, rate)


class HasAmount(Protocol):
    @property
    def category(self) -> Category: ...

    @property
    def amount(self) -> int | None: ...


T = TypeVar("T", bound=HasAmount)


def payable(rows: Iterable[T]) -> list[T]:
    """Of one person's entitlements that are due in a month, those that are paid; in the order given.

    Within trợ cấp xã hội only the highest is paid, but khoản 4 of Điều 5 may stand beside khoản 5, 6 or 8 (khoản 2
    Điều 6 NĐ 20/2021); of equal ones the first given. Chăm sóc nuôi dưỡng stands beside it; NCC adds up (khoản 3
    Điều 6 Pháp lệnh 02/2020); of those that share ``only_highest_of`` the highest is paid (điểm a khoản 2 Điều 20 NĐ
    20/2021; người phục vụ by the same khoản 3 Điều 6). ``payments.opening`` says the same in SQL. One-off benefits are
    not monthly. ValueError where an amount is not known, because then nobody can say which is the highest.
    """
    given = [row for row in rows if row.category.regime != Category.Regime.ONE_OFF]
    if any(row.amount is None for row in given):
        raise ValueError("Chưa xác định được mức của một chế độ.")
    allowances = [row for row in given if row.category.regime == Category.Regime.ALLOWANCE]
    others = [row for row in given if row.category.regime != Category.Regime.ALLOWANCE]
    paid = {id(row) for row in others if not row.category.only_highest_of}
    for group in {row.category.only_highest_of for row in others} - {""}:
        paid |= {id(row) for row in _largest(row for row in others if row.category.only_highest_of == group)}
    paid |= {id(row) for row in _highest(allowances)}
    return [row for row in given if id(row) in paid]


def _highest(allowances: Sequence[T]) -> Sequence[T]:
    """The choice of trợ cấp xã hội that gives most."""
    parents = _largest(row for row in allowances if row.category.clause == 4)
    beside = _largest(row for row in allowances if row.category.clause in _BESIDE_KHOAN_4)
    choices = [_largest(allowances), [*parents, *beside]]
    return max(choices, key=lambda rows: sum(row.amount or 0 for row in rows))


def _largest(rows: Iterable[T]) -> list[T]:
    largest = max(rows, key=lambda row: row.amount or 0, default=None)
    return [] if largest is None else [largest]
