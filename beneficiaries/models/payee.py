"""Who receives a person's money and by which way."""

import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q

from batosocial.staff.scoping import commune_scope
from beneficiaries.models.catalogue import Policy, Provider
from beneficiaries.models.fields import MonthRangeField, months_are_firsts, no_overlap
from beneficiaries.models.person import Person


class PayeeQuerySet(models.QuerySet["Payee"]):
    def visible_to(self, user: Any) -> "PayeeQuerySet":
        return self.filter(commune_scope(user, "person__commune"))

    def in_use(self, month: datetime.date) -> "PayeeQuerySet":
        """Payees who receive by a route, confirmed or waiting, that runs in the month or later."""
        routes = PayoutRoute.objects.live_from(month).filter(payee=models.OuterRef("pk"))
        return self.filter(models.Exists(routes), person__died_on__isnull=True)

    def with_paper_until(self, day: datetime.date) -> "PayeeQuerySet":
        """Payees whose paper runs out on the day or before it; papers that don't say run on."""
        return self.filter(paper_valid_until__lte=day)


class Payee(models.Model):
    """Who receives for a person: the person, a guardian, or somebody authorised, with the paper that says so.

    The name of a guardian may still be unknown after an import that told only that it is one.
    """

    class Kind(models.TextChoices):
        OWN = "own", "Chính chủ"
        GUARDIAN = "guardian", "Người giám hộ"
        AUTHORISED = "authorised", "Người được ủy quyền"

    person = models.ForeignKey(Person, verbose_name="người hưởng", on_delete=models.PROTECT, related_name="payees")
    kind = models.CharField("người nhận", max_length=10, choices=Kind, default=Kind.OWN)
    name = models.CharField("họ và tên", max_length=150, blank=True)
    cccd = models.CharField("số CCCD", max_length=12, blank=True)
    relation = models.CharField("quan hệ", max_length=60, blank=True)
    phone = models.CharField("điện thoại", max_length=15, blank=True)
    paper_number = models.CharField("số giấy tờ", max_length=60, blank=True)
    paper_date = models.DateField("ngày giấy tờ", null=True, blank=True)
    paper_valid_until = models.DateField("có giá trị đến", null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PayeeQuerySet.as_manager()

    class Meta:
        verbose_name = "người nhận tiền"
        verbose_name_plural = "người nhận tiền"
        ordering = ["person", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=Q(kind="own"), name="one_own_payee"),
            models.CheckConstraint(condition=~Q(kind="own") | Q(name="", relation=""), name="own_payee_is_the_person"),
        ]
        indexes = [
            models.Index(
                fields=["paper_valid_until"], condition=Q(paper_valid_until__isnull=False), name="payee_paper_until"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.get_kind_display()


class AccountQuerySet(models.QuerySet["Account"]):
    def visible_to(self, user: Any) -> "AccountQuerySet":
        """Accounts that serve, or were entered for, somebody in scope."""
        return self.filter(models.Exists(PayoutRoute.objects.visible_to(user).filter(account=models.OuterRef("pk"))))


class Account(models.Model):
    """An account, whoever it serves: a mother's account may take the money of three children."""

    provider = models.ForeignKey(
        Provider, verbose_name="ngân hàng, ví", on_delete=models.PROTECT, related_name="accounts"
    )
    number = models.CharField("số tài khoản", max_length=19)
    holder_name = models.CharField("tên chủ tài khoản", max_length=150, blank=True)
    opened_on = models.DateField("mở ngày", null=True, blank=True)
    source = models.CharField("nguồn", max_length=100, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = "tài khoản"
        verbose_name_plural = "tài khoản"
        ordering = ["provider", "number"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "number"], name="account_number_of_provider"),
            models.CheckConstraint(condition=Q(number__regex=r"^\d{6,19}$"), name="account_6_to_19_digits"),
        ]
        indexes = [
            models.Index(fields=["number"]),
            GinIndex(OpClass(F("number"), name="gin_trgm_ops"), name="account_number_trgm"),
        ]

    def __str__(self) -> str:
        return self.number


class PayoutRouteQuerySet(models.QuerySet["PayoutRoute"]):
    def visible_to(self, user: Any) -> "PayoutRouteQuerySet":
        return self.filter(commune_scope(user, "person__commune"))

    def confirmed(self) -> "PayoutRouteQuerySet":
        return self.filter(state=PayoutRoute.State.CONFIRMED)

    def waiting(self) -> "PayoutRouteQuerySet":
        return self.filter(state=PayoutRoute.State.ENTERED)

    def current_in(self, month: datetime.date) -> "PayoutRouteQuerySet":
        return self.filter(months__contains=month)

    def live_from(self, month: datetime.date) -> "PayoutRouteQuerySet":
        """Confirmed or waiting, and running in the month or later."""
        running = Q(months__upper_inf=True) | Q(months__endswith__gt=month)
        return self.filter(running, state__in=[PayoutRoute.State.ENTERED, PayoutRoute.State.CONFIRMED])

    def for_confirmation(self) -> "PayoutRouteQuerySet":
        """Rows as the list of waiting routes shows them, by commune and given name, in one query."""
        rows = self.select_related("person__commune", "payee", "account__provider", "entered_by")
        return rows.order_by("person__commune__position", "person__sort_key", "pk")


class PayoutRoute(models.Model):
    """Person × policy → an account, or cash with a reason, for a range of months.

    Entered by one person and confirmed by another; only confirmed routes carry money, and they never overlap.
    """

    class State(models.TextChoices):
        ENTERED = "entered", "Chờ xác nhận"
        CONFIRMED = "confirmed", "Đã xác nhận"
        REJECTED = "rejected", "Không xác nhận"

    class CashReason(models.TextChoices):
        """Why somebody has no account (rules.md 3.2)."""

        NO_CCCD = "no_cccd", "Chưa có CCCD"
        DATA_DIFFERS = "data_differs", "Sai lệch thông tin"
        FRAIL = "frail", "Già yếu, ốm đau không đi lại được"
        NO_GUARDIAN = "no_guardian", "Trẻ em chưa có người giám hộ"
        NOT_WILLING = "not_willing", "Không có nhu cầu, chưa đồng ý"
        AWAY = "away", "Đi khỏi địa phương"
        OTHER = "other", "Khác, chưa rõ"

    person = models.ForeignKey(Person, verbose_name="người hưởng", on_delete=models.PROTECT, related_name="routes")
    policy = models.CharField("chính sách", max_length=4, choices=Policy)
    payee = models.ForeignKey(Payee, verbose_name="người nhận", on_delete=models.PROTECT, related_name="routes")
    account = models.ForeignKey(
        Account,
        verbose_name="tài khoản",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="routes",
    )
    cash_reason = models.CharField("vì sao nhận tiền mặt", max_length=12, choices=CashReason, blank=True)
    months = MonthRangeField("các tháng")
    state = models.CharField("trạng thái", max_length=10, choices=State, default=State.ENTERED)
    source = models.CharField("nguồn", max_length=100, blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField("nhập lúc", auto_now_add=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    rejection = models.CharField("lý do không xác nhận", max_length=300, blank=True)

    objects = PayoutRouteQuerySet.as_manager()

    class Meta:
        verbose_name = "nơi nhận tiền"
        verbose_name_plural = "nơi nhận tiền"
        ordering = ["person", "policy", "months"]
        constraints = [
            months_are_firsts("route_months_firsts"),
            no_overlap("route_no_overlap", "person", "policy", condition=Q(state="confirmed")),
            models.CheckConstraint(
                condition=Q(account__isnull=False, cash_reason="") | Q(account__isnull=True) & ~Q(cash_reason=""),
                name="route_account_or_cash_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed")
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False) & ~Q(confirmed_by=F("entered_by")),
                name="route_confirmed_by_another",
            ),
            models.CheckConstraint(condition=~Q(state="rejected") | ~Q(rejection=""), name="route_rejected_says_why"),
        ]
        indexes = [
            models.Index(fields=["state"], condition=Q(state="entered"), name="route_waiting"),
            models.Index(
                fields=["person", "policy"],
                include=["months", "account"],
                condition=Q(state="confirmed"),
                name="route_of_person",
            ),
            models.Index(
                fields=["cash_reason"], condition=Q(state="confirmed", account__isnull=True), name="route_cash_reason"
            ),
        ]

    def __str__(self) -> str:
        return str(self.account) if self.account_id else f"Tiền mặt ({self.get_cash_reason_display()})"

    @property
    def first_month(self) -> datetime.date:
        return self.months.lower
