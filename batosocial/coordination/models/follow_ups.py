"""Whom somebody has to go and see: who has no card yet, and whom the police do not find."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from batosocial.staff.models import BENEFIT_ROLES, Role
from batosocial.staff.scoping import commune_scope
from batosocial.territory.models import Unit
from beneficiaries.models import Person


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible_to(self, user: Any) -> "FollowUpQuerySet":
        """The police their own, whoever works with benefits all of their communes."""
        rows = self.filter(commune_scope(user, "person__commune", roles=BENEFIT_ROLES | {Role.POLICE}))
        return rows.filter(kind=FollowUp.Kind.NO_CCCD) if getattr(user, "role", None) == Role.POLICE else rows

    def open(self) -> "FollowUpQuerySet":
        return self.filter(closed_on__isnull=True)


class FollowUp(models.Model):
    """Opened and closed by the checks of the register alone; what people do stands in its visits."""

    class Kind(models.TextChoices):
        NO_CCCD = "no_cccd", "Chưa có CCCD"
        NOT_FOUND = "not_found", "Công an không tìm thấy"

    person = models.ForeignKey(Person, verbose_name="người hưởng", on_delete=models.PROTECT, related_name="follow_ups")
    #: Where the person was kept when it was opened.
    commune = models.ForeignKey(Unit, verbose_name="xã, thị trấn", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField("việc", max_length=9, choices=Kind)
    opened_on = models.DateField("từ ngày")
    #: When it is planned to be done, or the next appointment.
    planned_on = models.DateField("hẹn ngày", null=True, blank=True)
    closed_on = models.DateField("xong ngày", null=True, blank=True)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        verbose_name = "việc theo dõi"
        verbose_name_plural = "việc theo dõi"
        ordering = ["planned_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(closed_on__isnull=True), name="follow_up_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} (người số {self.person_id})"

    @property
    def is_open(self) -> bool:
        return self.closed_on is None


class Visit(models.Model):
    """What somebody did about it: met, persuaded, asked, made an appointment."""

    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="visits")
    day = models.DateField("ngày")
    words = models.CharField("nội dung", max_length=500)
    appointment = models.DateField("hẹn ngày", null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("ghi lúc")

    class Meta:
        verbose_name = "lần gặp"
        verbose_name_plural = "lần gặp"
        ordering = ["-day", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="visit_appointment_after", condition=Q(appointment__isnull=True) | Q(appointment__gte=F("day"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y}"
