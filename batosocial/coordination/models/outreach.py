"""Outreach sessions (truyền thông) that communes hold."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from batosocial.staff.scoping import commune_scope
from batosocial.territory.models import Unit


class SessionForm(models.Model):
    """How people are told; the admin adds to the catalogue."""

    name = models.CharField("hình thức", max_length=60, unique=True)
    position = models.PositiveSmallIntegerField("thứ tự", default=0)
    in_use = models.BooleanField("còn dùng", default=True)

    class Meta:
        verbose_name = "hình thức truyền thông"
        verbose_name_plural = "hình thức truyền thông"
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class OutreachTerm(models.Model):
    """For how many days after a session new accounts are counted beside it, for sessions held from a day on. No
    document says it, so it is a setting."""

    valid_from = models.DateField("buổi từ ngày", unique=True)
    days = models.PositiveSmallIntegerField(
        "số ngày tính tài khoản mở sau buổi", validators=[MinValueValidator(1), MaxValueValidator(365)]
    )

    class Meta:
        verbose_name = "thời hạn tính tài khoản sau truyền thông"
        verbose_name_plural = "thời hạn tính tài khoản sau truyền thông"
        ordering = ["-valid_from"]
        constraints = [models.CheckConstraint(name="outreach_term_days", condition=Q(days__gte=1, days__lte=365))]

    def __str__(self) -> str:
        return f"{self.days} ngày, từ {self.valid_from:%d/%m/%Y}"


class OutreachSessionQuerySet(models.QuerySet["OutreachSession"]):
    def visible_to(self, user: Any) -> "OutreachSessionQuerySet":
        return self.filter(commune_scope(user, "commune"))

    def held(self) -> "OutreachSessionQuerySet":
        """Those that were not cancelled."""
        return self.filter(cancelled_at__isnull=True)


class OutreachSession(models.Model):
    """One session of a commune: when, in which hamlets, how, about what, how many people it reached."""

    commune = models.ForeignKey(Unit, verbose_name="xã, thị trấn", on_delete=models.PROTECT, related_name="+")
    held_on = models.DateField("ngày")
    #: As the register writes them; empty: the whole commune.
    hamlets = ArrayField(models.CharField(max_length=100), verbose_name="thôn, tổ dân phố", default=list, blank=True)
    form = models.ForeignKey(SessionForm, verbose_name="hình thức", on_delete=models.PROTECT, related_name="+")
    topic = models.CharField("nội dung", max_length=200)
    reached = models.PositiveIntegerField("số người tham gia, tiếp cận")
    held_by = models.CharField("người thực hiện", max_length=150)
    #: What the officer says; what the register shows is counted when it is read.
    accounts_stated = models.PositiveIntegerField("số tài khoản mở sau buổi (xã ghi)", null=True, blank=True)
    note = models.TextField("ghi chú", blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField("ghi lúc", default=timezone.now)
    cancelled_at = models.DateTimeField("hủy lúc", null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    cancel_reason = models.CharField("lý do hủy", max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = OutreachSessionQuerySet.as_manager()

    class Meta:
        verbose_name = "buổi truyền thông"
        verbose_name_plural = "buổi truyền thông"
        ordering = ["-held_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="session_cancelled_says_why",
                condition=Q(cancelled_at__isnull=True, cancelled_by__isnull=True, cancel_reason="")
                | Q(cancelled_at__isnull=False, cancelled_by__isnull=False) & ~Q(cancel_reason=""),
            )
        ]
        indexes = [models.Index(fields=["commune", "-held_on"], name="session_of_commune")]

    def __str__(self) -> str:
        return f"{self.topic}, {self.held_on:%d/%m/%Y}"
