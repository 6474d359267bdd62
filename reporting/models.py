"""Rolled-up figures: dashboards and reports read these, never payment lines."""

import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from batosocial.staff.scoping import commune_scope
from batosocial.territory.models import Unit
from beneficiaries.models import Policy


class CashlessFigureQuerySet(models.QuerySet["CashlessFigure"]):
    def visible_to(self, user: Any) -> "CashlessFigureQuerySet":
        return self.filter(commune_scope(user, "unit"))


class CashlessFigure(models.Model):
    """A commune's counts for a policy and month (rules.md 3.1). Rates are never stored: ``reporting.rates``
    computes them from these counts in one place."""

    unit = models.ForeignKey(
        Unit, verbose_name="xã, thị trấn", on_delete=models.PROTECT, related_name="cashless_figures"
    )
    policy = models.CharField("chính sách", max_length=4, choices=Policy)
    month = models.DateField("tháng")
    due = models.PositiveIntegerField("số người phải chi")
    with_account = models.PositiveIntegerField("có tài khoản")
    paid_by_account = models.PositiveIntegerField("đã chi qua tài khoản")
    money_due = models.BigIntegerField("số tiền phải chi (đồng)")
    money_by_account = models.BigIntegerField("số tiền chi qua tài khoản (đồng)")
    computed_at = models.DateTimeField("tổng hợp lúc")

    objects = CashlessFigureQuerySet.as_manager()

    class Meta:
        verbose_name = "số liệu không dùng tiền mặt"
        verbose_name_plural = "số liệu không dùng tiền mặt"
        ordering = ["-month", "policy", "unit__position"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "policy", "month"], name="figure_once"),
            models.CheckConstraint(
                condition=Q(with_account__lte=F("due"), paid_by_account__lte=F("due")),
                name="figure_within_due",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="figure_month_is_first"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.policy} {self.month:%m/%Y}"


class DatedQuerySet(models.QuerySet[Any]):
    def in_force(self, day: datetime.date) -> "DatedQuerySet":
        return self.filter(valid_from__lte=day).order_by("-valid_from")


class ClassThreshold(models.Model):
    """From which R1 a commune counts as cao and trung bình; any above 0 is thấp, 0 chưa thực hiện.

    The letter names the classes without numbers; 50 and 30 reproduce its groups (rules.md 0.2).
    """

    valid_from = models.DateField("từ ngày", unique=True)
    high = models.DecimalField("cao từ (%)", max_digits=5, decimal_places=1, default=Decimal(50))
    average = models.DecimalField("trung bình từ (%)", max_digits=5, decimal_places=1, default=Decimal(30))

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = "ngưỡng phân loại"
        verbose_name_plural = "ngưỡng phân loại"
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(high__gt=F("average"), average__gt=0, high__lte=100), name="threshold_order"
            )
        ]

    def __str__(self) -> str:
        return f"từ {self.valid_from:%d/%m/%Y}"


class Target(models.Model):
    """A target names its rate, value and deadline (the letter: at least 50%)."""

    class RateCode(models.TextChoices):
        R1 = "R1", "R1: đã chi qua tài khoản / tổng số"
        R3 = "R3", "R3: đã chi qua tài khoản / số có tài khoản"

    rate = models.CharField("tỷ lệ", max_length=2, choices=RateCode)
    value = models.DecimalField("ít nhất (%)", max_digits=5, decimal_places=1)
    valid_from = models.DateField("từ ngày")
    deadline = models.DateField("hạn", null=True, blank=True)
    source = models.CharField("văn bản", max_length=255, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = "chỉ tiêu"
        verbose_name_plural = "chỉ tiêu"
        ordering = ["-valid_from", "rate"]
        constraints = [
            models.UniqueConstraint(fields=["rate", "valid_from"], name="target_once"),
            models.CheckConstraint(condition=Q(value__gt=0, value__lte=100), name="target_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.rate} ≥ {self.value}%"
