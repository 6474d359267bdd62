"""The people behind a figure: whom the roll-up counted, as lists somebody may read."""

import datetime
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Count, Q

from batosocial.lib import months
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.models import Policy
from reporting.models import CountedInPolicy, CountedOnce, CountedQuerySet


class Measure(models.TextChoices):
    """What a list of people shows; the codes stand in its address."""

    DUE = "due", "Tổng số đối tượng phải chi"
    WITH_ACCOUNT = "with_account", "Đã có tài khoản"
    WITHOUT_ACCOUNT = "without_account", "Chưa có tài khoản"
    PAID_BY_ACCOUNT = "paid_by_account", "Đã chi qua tài khoản"
    NOT_PAID_BY_ACCOUNT = "not_paid_by_account", "Chưa chi qua tài khoản"
    ACCOUNT_NOT_PAID = "account_not_paid", "Có tài khoản nhưng chưa chi qua tài khoản"
    PENDING = "pending", "Đã mở tài khoản, chi từ tháng sau"
    NO_CCCD = "no_cccd", "Chưa có căn cước công dân"
    GAINED = "gained", "Mới chi qua tài khoản so với tháng trước"
    LOST = "lost", "Tháng trước chi qua tài khoản, tháng này không"


#: What each measure asks of a counted person; the two that compare months ask more.
_CONDITIONS = {
    Measure.DUE: Q(),
    Measure.WITH_ACCOUNT: Q(has_account=True),
    Measure.WITHOUT_ACCOUNT: Q(has_account=False),
    Measure.PAID_BY_ACCOUNT: Q(paid_by_account=True),
    Measure.NOT_PAID_BY_ACCOUNT: Q(paid_by_account=False),
    Measure.ACCOUNT_NOT_PAID: Q(has_account=True, paid_by_account=False),
    Measure.PENDING: Q(pending=True),
    Measure.NO_CCCD: Q(no_cccd=True),
    Measure.GAINED: Q(paid_by_account=True),
    Measure.LOST: Q(paid_by_account=True),
}


#: Payers that the appendix counts one by one; ``OTHER_PAYERS`` in an address are all the others together.
MAIN_PAYERS = ("AGRIBANK", "BUUDIEN")
OTHER_PAYERS = "khac"


def list_people(
    user: User,
    *,
    month: datetime.date,
    measure: str,
    policy: str | None = None,
    commune_id: int | None = None,
    reason: str = "",
    payer: str = "",
    payee: str = "",
) -> "CountedQuerySet":
    """Whom the month's stored figure counted, one row for each; its length is the figure.

    Without a policy each person of either stands once, as the figures of both count them. ``reason`` (a
    ``PayoutRoute.CashReason``) keeps those without an account for it, ``payer`` (code, or ``OTHER_PAYERS``) and
    ``payee`` (``Payee.Kind``) those with an account there or in somebody's name. LOST lists the rows of the month
    before.
    """
    chosen = Measure(measure)
    before = months.add(month, -1)
    rows = _rows(policy).visible_to(user).filter(_CONDITIONS[chosen], month=before if chosen == Measure.LOST else month)
    if chosen in (Measure.GAINED, Measure.LOST):
        other = _rows(policy).filter(paid_by_account=True, month=month if chosen == Measure.LOST else before)
        rows = rows.exclude(person__in=other.values("person"))
    if commune_id is not None:
        # In the month before, those are counted whose units have merged into this one since.
        units = Unit.objects.filter(Q(pk=commune_id) | Q(successor=commune_id, valid_to=month))
        rows = rows.filter(unit__in=units.values("pk")) if chosen == Measure.LOST else rows.filter(unit=commune_id)
    if reason:
        rows = rows.filter(has_account=False, reason=reason)
    if payer == OTHER_PAYERS:
        rows = rows.filter(has_account=True).exclude(payer__code__in=MAIN_PAYERS)
    elif payer:
        rows = rows.filter(payer__code=payer)
    if payee:
        rows = rows.filter(payee=payee)
    return rows


def _rows(policy: str | None) -> Any:
    return CountedInPolicy.objects.filter(policy=policy) if policy else CountedOnce.objects.all()


@dataclass(frozen=True, slots=True)
class Moved:
    """Paid by account in a month and not in the one before, and the other way round."""

    gained: int = 0
    lost: int = 0

    def measure_of(self, increase: int | None) -> Measure | None:
        """The list that is as long as an increase or decrease; None where it is a difference of two lists, or where
        somebody moved between communes."""
        if increase is None or increase != self.gained - self.lost or (self.gained and self.lost):
            return None
        return Measure.LOST if increase < 0 else Measure.GAINED


def count_moved(user: User, month: datetime.date) -> dict[tuple[int, str], Moved]:
    """By commune and policy; two queries for each policy."""
    found: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    for policy in Policy.values:
        for field, measure in (("gained", Measure.GAINED), ("lost", Measure.LOST)):
            rows = list_people(user, month=month, measure=measure, policy=policy)
            for row in rows.order_by().values("unit").annotate(number=Count("pk")):
                found[row["unit"], policy][field] = row["number"]
    return {key: Moved(**numbers) for key, numbers in found.items()}
