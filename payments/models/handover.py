"""What a payer is given: files kept as they went out, their layout, and the places where cash is paid."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from batosocial.jobs.models import Job, StoredFile
from batosocial.staff.models import DISTRICT_ROLES, Payer, Role, User
from batosocial.staff.scoping import commune_scope, payer_scope
from batosocial.territory.models import Unit
from payments.models.lists import PaymentList, Period
from payments.models.payment import Payment


class HandOverQuerySet(models.QuerySet["HandOver"]):
    def visible_to(self, user: Any) -> "HandOverQuerySet":
        if isinstance(user, User) and user.is_active and user.role in DISTRICT_ROLES | {Role.SYSTEM}:
            return self.all()
        return self.filter(payer_scope(user))


class HandOver(models.Model):
    """The lists of a period that went to a payer together, and the file of it: one row per payment. The file is made
    once; whoever asks again gets the same bytes. It says nothing about what was paid."""

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="hand_overs")
    payer = models.ForeignKey(
        Payer, verbose_name="tổ chức chi trả", on_delete=models.PROTECT, related_name="hand_overs"
    )
    channel = models.CharField("hình thức", max_length=7, choices=Payment.Channel)
    #: Counts the hand-overs of a period to a payer by a channel: 1, 2, …
    sequence = models.PositiveSmallIntegerField("lần")
    lists = models.ManyToManyField(PaymentList, related_name="hand_overs")
    count = models.PositiveIntegerField("số khoản")
    amount = models.BigIntegerField("số tiền (đồng)")
    file = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField("lúc", default=timezone.now)
    #: Who of the payer took the file first, and when.
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    taken_at = models.DateTimeField("tải về lúc", null=True, blank=True)

    objects = HandOverQuerySet.as_manager()

    class Meta:
        verbose_name = "lần giao chi trả"
        verbose_name_plural = "lần giao chi trả"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["period", "payer", "channel", "sequence"], name="hand_over_once"),
            models.CheckConstraint(condition=Q(count__gt=0, amount__gt=0), name="hand_over_has_payments"),
        ]

    def __str__(self) -> str:
        return f"{self.payer} {self.period} {self.sequence}"


class FileLayout(models.Model):
    """The columns of a payer's file, as the district set them: [{"field", "heading", "plain": accents stripped and
    capitals, …}]. No official layout was found (rules.md 7)."""

    payer = models.ForeignKey(Payer, verbose_name="tổ chức chi trả", on_delete=models.PROTECT, related_name="layouts")
    channel = models.CharField("hình thức", max_length=7, choices=Payment.Channel)
    columns = models.JSONField("các cột")
    #: The text of a transfer, with {name}, {month}, {policy}, {number} filled in.
    content = models.CharField("nội dung chuyển tiền", max_length=140, blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField("lúc", default=timezone.now)

    class Meta:
        verbose_name = "mẫu tệp giao"
        verbose_name_plural = "mẫu tệp giao"
        constraints = [models.UniqueConstraint(fields=["payer", "channel"], name="layout_once")]

    def __str__(self) -> str:
        return f"{self.payer} {self.channel}"


class PayPointQuerySet(models.QuerySet["PayPoint"]):
    def visible_to(self, user: Any) -> "PayPointQuerySet":
        return self.filter(commune_scope(user, "commune"))


class PayPoint(models.Model):
    """A place of a commune where cash is paid, and the hamlets that go there; none: everybody else of the commune."""

    commune = models.ForeignKey(Unit, verbose_name="xã, thị trấn", on_delete=models.PROTECT, related_name="pay_points")
    name = models.CharField("điểm chi trả", max_length=150)
    hamlets = ArrayField(models.CharField(max_length=100), verbose_name="các thôn", default=list, blank=True)

    objects = PayPointQuerySet.as_manager()

    class Meta:
        verbose_name = "điểm chi trả"
        verbose_name_plural = "điểm chi trả"
        ordering = ["commune__position", "name"]
        constraints = [models.UniqueConstraint(fields=["commune", "name"], name="pay_point_once")]

    def __str__(self) -> str:
        return self.name
