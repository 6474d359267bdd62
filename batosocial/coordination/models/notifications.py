"""What users were told, until the work is done."""

import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from batosocial.staff.models import User


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: Any) -> "NotificationQuerySet":
        """Everybody their own, and nobody else's."""
        return self.filter(owner=user.pk) if isinstance(user, User) and user.is_active else self.none()

    def open(self) -> "NotificationQuerySet":
        return self.filter(cleared_at__isnull=True)

    def unseen(self) -> "NotificationQuerySet":
        return self.filter(seen_at__isnull=True)

    def by_urgency(self) -> "NotificationQuerySet":
        """The earliest deadline first, then the newest of those without one."""
        return self.order_by(F("due").asc(nulls_last=True), "-created_at", "-pk")


class Notification(models.Model):
    """One thing that one user has to know or to do, as a source found it; cleared when the source finds it no longer.

    Written by ``notifications.storing`` alone. ``key`` names it among those of its source and owner.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="người nhận", on_delete=models.PROTECT, related_name="notifications"
    )
    source = models.CharField("nguồn", max_length=30)
    key = models.CharField("khóa", max_length=100)
    title = models.CharField("nội dung", max_length=200)
    detail = models.CharField("chi tiết", max_length=500, blank=True)
    url = models.CharField("trang làm việc", max_length=300)
    #: The last day on which the work is in time.
    due = models.DateField("hạn", null=True, blank=True)
    #: Nothing has to be done but to read it: its owner may say so, and it is gone.
    informs = models.BooleanField("chỉ để biết", default=False)
    created_at = models.DateTimeField("báo lúc")
    seen_at = models.DateTimeField("đã xem lúc", null=True, blank=True)
    cleared_at = models.DateTimeField("xong lúc", null=True, blank=True)
    acknowledged_at = models.DateTimeField("đã biết lúc", null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = "thông báo"
        verbose_name_plural = "thông báo"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "owner", "key"], name="notification_once"),
            models.CheckConstraint(
                name="notification_known_is_cleared",
                condition=Q(acknowledged_at__isnull=True) | Q(cleared_at__isnull=False, informs=True),
            ),
        ]
        indexes = [
            # The bell of every page counts by it.
            models.Index(
                fields=["owner"], condition=Q(cleared_at__isnull=True, seen_at__isnull=True), name="notification_unseen"
            ),
            models.Index(fields=["owner", "due"], condition=Q(cleared_at__isnull=True), name="notification_open"),
            models.Index(fields=["cleared_at"], condition=Q(cleared_at__isnull=False), name="notification_cleared"),
        ]

    def __str__(self) -> str:
        return self.title

    def is_overdue(self, today: datetime.date) -> bool:
        return self.due is not None and self.due < today
