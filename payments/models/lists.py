"""The month of a policy and its list in each commune."""

import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from batosocial.lib import months
from batosocial.staff.models import Role, User
from batosocial.staff.scoping import NOTHING, commune_scope
from batosocial.territory.models import Unit
from beneficiaries.models import Policy


class Period(models.Model):
    """A policy's month. Opened in order, closed when every payment of it is accounted for."""

    class State(models.TextChoices):
        OPEN = "open", "Đang mở"
        CLOSED = "closed", "Đã khóa sổ"

    policy = models.CharField("chính sách", max_length=4, choices=Policy)
    month = models.DateField("tháng")
    state = models.CharField("trạng thái", max_length=10, choices=State, default=State.OPEN)
    #: Opened together with the next month, whose regular lines stand in these lists (Tết, Điều 8 TT 44/2022/TT-BTC).
    with_next = models.BooleanField("hai tháng một lần", default=False)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField("mở lúc")
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "kỳ chi trả"
        verbose_name_plural = "kỳ chi trả"
        ordering = ["-month", "policy"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "month"], name="period_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="period_month_is_first"),
            # Only the merit allowances may be paid for two months at once.
            models.CheckConstraint(condition=Q(with_next=False) | Q(policy="NCC"), name="period_two_months_are_merit"),
            models.CheckConstraint(
                condition=Q(state="open") | Q(closed_by__isnull=False, closed_at__isnull=False),
                name="period_closed_is_signed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy} {months.title(self.month)}"


class PaymentListQuerySet(models.QuerySet["PaymentList"]):
    def visible_to(self, user: Any) -> "PaymentListQuerySet":
        """Communes their own, the district all; a payer those that were handed over and hold its payments."""
        if isinstance(user, User) and user.is_active and user.role == Role.PAYER and user.payer_id:
            return self.filter(
                state__in=PaymentList.HANDED_OVER_STATES,
                pk__in=PaymentList.objects.filter(payments__payer=user.payer_id).values("pk"),
            )
        scope = commune_scope(user, "commune")
        return self.none() if scope == NOTHING else self.filter(scope)

    def with_totals(self) -> "PaymentListQuerySet":
        """Adds ``people`` and ``amount`` (đồng) of each list in the same query."""
        return self.annotate(
            people=models.Count("payments"),
            amount=models.functions.Coalesce(models.Sum("payments__total"), 0),
        )


class PaymentList(models.Model):
    """A commune's list for a policy's month.

    draft → submitted (commune leader) → appraised (district officer, then signed off by the head of the Phòng) →
    approved → handed_over → closed; returned from submitted or appraised clears the names. Who submitted, appraised
    and approved are three different people: the database says so too.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Đang lập"
        SUBMITTED = "submitted", "Chờ thẩm định"
        APPRAISED = "appraised", "Đã thẩm định"
        APPROVED = "approved", "Đã duyệt"
        HANDED_OVER = "handed_over", "Đã giao chi trả"
        CLOSED = "closed", "Đã khóa sổ"

    #: States in which payers work on the list and nothing in it changes any more.
    HANDED_OVER_STATES = (State.HANDED_OVER, State.CLOSED)

    period = models.ForeignKey(Period, verbose_name="kỳ", on_delete=models.PROTECT, related_name="lists")
    commune = models.ForeignKey(
        Unit, verbose_name="xã, thị trấn", on_delete=models.PROTECT, related_name="payment_lists"
    )
    commune_name = models.CharField("tên xã khi lập", max_length=150)
    state = models.CharField("trạng thái", max_length=12, choices=State, default=State.DRAFT)
    #: Rates and routes known on this day are those of the list.
    locked_on = models.DateField("chốt số liệu ngày")
    #: When its payments were last made from the register. What became known after it is found at the next opening.
    made_at = models.DateTimeField("lập lúc", default=timezone.now)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    appraised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    appraised_at = models.DateTimeField(null=True, blank=True)
    signed_off_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    signed_off_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    handed_over_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    handed_over_at = models.DateTimeField(null=True, blank=True)
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    returned_at = models.DateTimeField(null=True, blank=True)
    return_reason = models.CharField("lý do trả lại", max_length=500, blank=True)

    objects = PaymentListQuerySet.as_manager()

    class Meta:
        verbose_name = "danh sách chi trả"
        verbose_name_plural = "danh sách chi trả"
        ordering = ["-period__month", "period__policy", "commune__position"]
        constraints = [
            models.UniqueConstraint(fields=["period", "commune"], name="list_once"),
            models.CheckConstraint(
                name="list_names_by_state",
                condition=Q(
                    state="draft",
                    submitted_by__isnull=True,
                    appraised_by__isnull=True,
                    signed_off_by__isnull=True,
                    approved_by__isnull=True,
                    handed_over_by__isnull=True,
                )
                | Q(
                    state="submitted",
                    submitted_by__isnull=False,
                    appraised_by__isnull=True,
                    signed_off_by__isnull=True,
                    approved_by__isnull=True,
                    handed_over_by__isnull=True,
                )
                | Q(
                    state="appraised",
                    submitted_by__isnull=False,
                    appraised_by__isnull=False,
                    approved_by__isnull=True,
                    handed_over_by__isnull=True,
                )
                | Q(
                    state="approved",
                    submitted_by__isnull=False,
                    appraised_by__isnull=False,
                    signed_off_by__isnull=False,
                    approved_by__isnull=False,
                    handed_over_by__isnull=True,
                )
                | Q(
                    state__in=["handed_over", "closed"],
                    submitted_by__isnull=False,
                    appraised_by__isnull=False,
                    signed_off_by__isnull=False,
                    approved_by__isnull=False,
                    handed_over_by__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="list_three_people",
                condition=(
                    Q(submitted_by__isnull=True) | Q(appraised_by__isnull=True) | ~Q(submitted_by=F("appraised_by"))
                )
                & (Q(appraised_by__isnull=True) | Q(approved_by__isnull=True) | ~Q(appraised_by=F("approved_by")))
                & (Q(submitted_by__isnull=True) | Q(approved_by__isnull=True) | ~Q(submitted_by=F("approved_by"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period.policy} {months.title(self.period.month)} {self.commune_name}"

    @property
    def month(self) -> datetime.date:
        return self.period.month


class ListEvent(models.Model):
    """A step that a list took, by whom, when and why: its timeline. Nothing of it is ever changed."""

    payment_list = models.ForeignKey(PaymentList, on_delete=models.PROTECT, related_name="events")
    #: ``states.Step.code``, or what else happened to the list ("lap-lai").
    step = models.CharField("bước", max_length=20)
    label = models.CharField("việc", max_length=60)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc", default=timezone.now)
    note = models.CharField("vì sao", max_length=500, blank=True)

    class Meta:
        verbose_name = "bước của danh sách"
        verbose_name_plural = "bước của danh sách"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.label


class ListRemark(models.Model):
    """Why a list is returned, for one line of it. It stays when the list is made anew, so it names the person."""

    payment_list = models.ForeignKey(PaymentList, on_delete=models.PROTECT, related_name="remarks")
    person = models.ForeignKey("beneficiaries.Person", on_delete=models.PROTECT, related_name="+")
    text = models.CharField("cần sửa gì", max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc", default=timezone.now)
    #: What the commune did about it.
    answer = models.CharField("xã đã sửa gì", max_length=500, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "ý kiến trên danh sách"
        verbose_name_plural = "ý kiến trên danh sách"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="remark_says_something"),
            models.CheckConstraint(
                condition=Q(answer="", answered_by__isnull=True) | ~Q(answer="") & Q(answered_by__isnull=False),
                name="remark_answer_is_signed",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Ledger(models.Model):
    """A commune's regular lines of a month against those of the month before, as they stood when the list was made.

    opening + increase − decrease = closing, each in people, entitlements and đồng. It is kept by the month that the
    lines cover. ``ledger.verify`` computes it anew and compares.
    """

    policy = models.CharField("chính sách", max_length=4, choices=Policy)
    commune = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    month = models.DateField("tháng")
    opening_people = models.IntegerField("đầu kỳ, người")
    opening_entitlements = models.IntegerField("đầu kỳ, suất")
    opening_amount = models.BigIntegerField("đầu kỳ, đồng")
    increase_people = models.IntegerField("tăng, người")
    increase_entitlements = models.IntegerField("tăng, suất")
    increase_amount = models.BigIntegerField("tăng, đồng")
    decrease_people = models.IntegerField("giảm, người")
    decrease_entitlements = models.IntegerField("giảm, suất")
    decrease_amount = models.BigIntegerField("giảm, đồng")
    closing_people = models.IntegerField("cuối kỳ, người")
    closing_entitlements = models.IntegerField("cuối kỳ, suất")
    closing_amount = models.BigIntegerField("cuối kỳ, đồng")

    class Meta:
        verbose_name = "sổ tăng giảm"
        verbose_name_plural = "sổ tăng giảm"
        constraints = [
            models.UniqueConstraint(fields=["policy", "commune", "month"], name="ledger_once"),
            *(
                models.CheckConstraint(
                    name=f"ledger_{what}_balance",
                    condition=Q(
                        **{f"closing_{what}": F(f"opening_{what}") + F(f"increase_{what}") - F(f"decrease_{what}")}
                    ),
                )
                for what in ("people", "entitlements", "amount")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy} {months.title(self.month)}"
