"""How the register is read: searching people, their state in a month, and the channel their money takes."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When

from batosocial.web.pagination import rank_of
from beneficiaries import search

P = TypeVar("P", bound=models.Model)


class Status(models.TextChoices):
    """Where somebody stands in a month. A death counts first: the month of death may still be owed."""

    RECEIVING = "receiving", "Đang hưởng"
    SUSPENDED = "suspended", "Tạm dừng"
    UPCOMING = "upcoming", "Chưa hưởng"
    STOPPED = "stopped", "Đã thôi hưởng"
    DEAD = "dead", "Đã chết"


class Channel(models.TextChoices):
    """How the money of a month reaches somebody, by confirmed routes."""

    ACCOUNT = "account", "Tài khoản"
    CASH = "cash", "Tiền mặt"
    UNCONFIRMED = "unconfirmed", "Chưa xác nhận"
    NO_ACCOUNT = "no_account", "Chưa có tài khoản"


class PersonReads(models.QuerySet[P]):
    """What ``Person.objects`` can be asked beyond scope."""

    def matching(self, text: str) -> Self:
        """People found by name, CCCD, CMND, account, phone, file number, year of birth, hamlet or commune.

        Names match by the beginnings of their words, in any order and with or without accents; when the text has
        accents, those spelled so come first. Order: given name. For one page of very many there is
        ``web.pagination.paginate_ranked`` with ``search.ranks``.
        """
        conditions = search.ranks(text)
        if not conditions:
            return self
        rows = self.filter(conditions[-1])
        if len(conditions) == 1:
            return rows.order_by("sort_key", "pk")
        return rows.annotate(spelled=rank_of(conditions)).order_by("spelled", "sort_key", "pk")

    def of_categories(self, categories: Sequence[int]) -> Self:
        """People with an entitlement of one of the categories (their ids), now or ever."""
        from beneficiaries.models import Entitlement

        held = Entitlement.objects.filter(person=OuterRef("pk"), category__in=categories, voided_by__isnull=True)
        return self.filter(Exists(held))

    def with_status(self, month: datetime.date, policy: str = "", categories: Sequence[int] | None = None) -> Self:
        """Adds ``status`` (a ``Status``) in the month, by entitlements of the policy or of both.

        Whoever knows the ids of the monthly ``categories`` meant gives them in place of the policy, here and below:
        with values instead of a join PostgreSQL sees how many people they have.
        """
        conditions = _status_conditions(month, policy, categories)
        return self.annotate(
            status=Case(
                *(When(conditions[status], then=Value(str(status))) for status in _DECIDING_ORDER),
                default=Value(str(Status.UPCOMING)),
                output_field=models.CharField(),
            )
        )

    def in_status(
        self, status: str, month: datetime.date, policy: str = "", categories: Sequence[int] | None = None
    ) -> Self:
        """People of one status, the same as ``with_status`` tells.

        Said from the side of which there are few, so that an index finds them: whoever is suspended has a suspension,
        whoever stopped an end, whoever waits a later start or nothing at all.
        """
        granted, due = _entitlements(month, policy, categories)
        if status == Status.DEAD:
            return self.filter(died_on__isnull=False)
        alive = self.filter(died_on__isnull=True)
        if status == Status.RECEIVING:
            return alive.filter(Exists(due))
        current = Exists(granted.current_in(month))
        if status == Status.SUSPENDED:
            suspended = granted.current_in(month).filter(suspensions__months__contains=month)
            return alive.filter(Exists(suspended), ~Exists(due))
        later = granted.filter(months__startswith__gt=month)
        if status == Status.UPCOMING:
            waiting = (alive.filter(~Exists(granted)), alive.filter(Exists(later)))
            nothing_yet, sometime = (search.is_any(F("pk"), rows.order_by().values("pk")) for rows in waiting)
            return alive.filter(Q(nothing_yet) | Q(sometime), ~current)
        return alive.filter(Exists(granted.filter(months__endswith__lte=month)), ~current, ~Exists(later))

    def by_channel(
        self, channel: str, month: datetime.date, policy: str = "", categories: Sequence[int] | None = None
    ) -> Self:
        """People whose money of the month goes by the channel; nobody else is counted as unconfirmed but those
        without any confirmed route for the month. Without an account is whoever is due and has none for that
        policy: paid in cash, or with no confirmed route at all."""
        routes = _routes(month, policy)
        if channel == Channel.NO_ACCOUNT:
            accounts = _routes(month, "", person="person").filter(account__isnull=False)
            _, due = _entitlements(month, policy, categories)
            return self.filter(Exists(due.exclude(Exists(accounts.filter(policy=OuterRef("category__policy"))))))
        if channel == Channel.ACCOUNT:
            return self.filter(Exists(routes.filter(account__isnull=False)))
        if channel == Channel.CASH:
            return self.filter(Exists(routes.filter(account__isnull=True)))
        return self.exclude(Exists(routes))

    def without_account_because(self, reason: str, month: datetime.date, policy: str = "") -> Self:
        return self.filter(Exists(_routes(month, policy).filter(cash_reason=reason)))


def status_of(month: datetime.date, died_on: datetime.date | None, held: Iterable[tuple[Any, bool]]) -> Status:
    """The status that ``with_status`` tells, from what is read already: months and whether suspended in the month, of
    each granted monthly entitlement."""
    if died_on is not None:
        return Status.DEAD
    rows = list(held)
    current = [suspended for months, suspended in rows if month in months]
    if current:
        return Status.SUSPENDED if all(current) else Status.RECEIVING
    if not rows or any(months.lower > month for months, _ in rows):
        return Status.UPCOMING
    return Status.STOPPED


_DECIDING_ORDER = (Status.DEAD, Status.RECEIVING, Status.SUSPENDED, Status.UPCOMING, Status.STOPPED)


def _entitlements(month: datetime.date, policy: str, categories: Sequence[int] | None) -> tuple[Any, Any]:
    """Monthly entitlements of a person, of the categories or the policy if they are given: all granted, those due."""
    from beneficiaries.models import Category, Entitlement

    granted = Entitlement.objects.granted().filter(person=OuterRef("pk"))
    granted = granted.exclude(category__regime=Category.Regime.ONE_OFF)
    if policy and categories is None:
        granted = granted.filter(category__policy=policy)
    due = Entitlement.objects.due_in(month, None if categories is not None else policy or None)
    due = due.filter(person=OuterRef("pk"))
    if categories is not None:
        granted, due = granted.filter(category__in=categories), due.filter(category__in=categories)
    return granted, due


def _status_conditions(month: datetime.date, policy: str, categories: Sequence[int] | None) -> dict[Status, Q]:
    """What makes somebody's status, where none of the earlier ones of ``_DECIDING_ORDER`` does."""
    granted, due = _entitlements(month, policy, categories)
    return {
        Status.DEAD: Q(died_on__isnull=False),
        Status.RECEIVING: Q(Exists(due)),
        Status.SUSPENDED: Q(Exists(granted.current_in(month))),
        Status.UPCOMING: Q(Exists(granted.filter(months__startswith__gt=month))) | ~Q(Exists(granted)),
        Status.STOPPED: Q(Exists(granted)),
    }


def _routes(month: datetime.date, policy: str, person: str = "pk") -> Any:
    from beneficiaries.models import PayoutRoute

    routes = PayoutRoute.objects.confirmed().current_in(month).filter(person=OuterRef(person))
    return routes.filter(policy=policy) if policy else routes
