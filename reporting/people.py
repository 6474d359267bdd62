"""The people behind a figure: the same definitions as the roll-up's statement, as lists somebody may read."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.aggregates import BoolOr
from django.db import models
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery

from batosocial.staff.models import User
from beneficiaries.models import PayoutRoute
from payments.models import Payment, PaymentLine


class Measure(models.TextChoices):
    """What a list of people shows; the codes stand in its address."""

    DUE = "due", "Tổng số đối tượng phải chi"
    WITH_ACCOUNT = "with_account", "Đã có tài khoản"
    WITHOUT_ACCOUNT = "without_account", "Chưa có tài khoản"
    PAID_BY_ACCOUNT = "paid_by_account", "Đã chi qua tài khoản"
    NOT_PAID_BY_ACCOUNT = "not_paid_by_account", "Chưa chi qua tài khoản"
    ACCOUNT_NOT_PAID = "account_not_paid", "Có tài khoản nhưng chưa chi qua tài khoản"
    PENDING = "pending", "Đã mở tài khoản, chi từ tháng sau"


def _routes(month_condition: Q) -> "QuerySet[PayoutRoute]":
    """Confirmed routes to an account, of the outer payment's person and policy."""
    return PayoutRoute.objects.confirmed().filter(
        month_condition,
        account__isnull=False,
        person=OuterRef("person"),
        policy=OuterRef("payment_list__period__policy"),
    )


def list_people(
    user: User, *, month: datetime.date, measure: str, policy: str | None = None, commune_id: int | None = None
) -> "QuerySet[Any]":
    """One payment for each person that the measure counts, with ``commune_id`` and ``policy`` as the figure has them.

    Without a policy both lines are listed one after the other, as they are added up. ``next_month`` is from when an
    account is used that is not used yet.
    """
    lines = PaymentLine.objects.filter(month=month, kind=PaymentLine.Kind.REGULAR)
    if policy:
        lines = lines.filter(policy=policy)
    # Whoever has two payments for the month counts once, in the later list.
    people = lines.values("policy", "payment__person").annotate(
        last=Max("payment"), by_account=BoolOr(Q(payment__result=Payment.Result.PAID_ACCOUNT))
    )
    has_account = Exists(_routes(Q(months__contains=month)))
    later = _routes(Q(months__startswith__gt=month)).order_by("months")

    match Measure(measure):
        case Measure.PAID_BY_ACCOUNT:
            people = people.filter(by_account=True)
        case Measure.NOT_PAID_BY_ACCOUNT | Measure.ACCOUNT_NOT_PAID:
            people = people.filter(by_account=False)
    rows = Payment.objects.visible_to(user).filter(pk__in=people.values("last"))
    if commune_id is not None:
        rows = rows.filter(payment_list__commune=commune_id)
    match Measure(measure):
        case Measure.WITH_ACCOUNT | Measure.ACCOUNT_NOT_PAID:
            rows = rows.filter(has_account)
        case Measure.WITHOUT_ACCOUNT:
            rows = rows.exclude(has_account)
        case Measure.PENDING:
            rows = rows.exclude(has_account).filter(Exists(later))
    return rows.annotate(
        policy=F("payment_list__period__policy"),
        next_month=Subquery(later.annotate(start=F("months__startswith")).values("start")[:1]),
        next_account=Subquery(later.values("account")[:1]),
    )


@dataclass(frozen=True, slots=True)
class Pending:
    """Accounts that are open and used from a later month on: people due, accounts, communes, the first month."""

    people: int = 0
    accounts: int = 0
    communes: int = 0
    first_month: datetime.date | None = None
    by_commune: dict[tuple[int, str], int] | None = None


def count_pending(user: User, month: datetime.date) -> Pending:
    """In one query, grouped by commune and policy, so that each number can be a link."""
    rows = list(
        list_people(user, month=month, measure=Measure.PENDING)
        .order_by()
        .values("payment_list__commune", "policy")
        .annotate(people=Count("pk"), accounts=Count("next_account", distinct=True), first=Min("next_month"))
    )
    if not rows:
        return Pending()
    return Pending(
        people=sum(row["people"] for row in rows),
        accounts=sum(row["accounts"] for row in rows),
        communes=len({row["payment_list__commune"] for row in rows}),
        first_month=min(row["first"] for row in rows),
        by_commune={(row["payment_list__commune"], row["policy"]): row["people"] for row in rows},
    )
