"""Administrative units, dated: the same code names another area after a merger (rules.md 5)."""

import datetime

from django.db import models
from django.db.models import Q

from batosocial.lib import clock


class UnitQuerySet(models.QuerySet["Unit"]):
    def at(self, day: datetime.date) -> "UnitQuerySet":
        """Units that exist on that day."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day), valid_from__lte=day)

    def current(self) -> "UnitQuerySet":
        return self.at(clock.today())

    def communes(self) -> "UnitQuerySet":
        return self.filter(level=Unit.Level.COMMUNE).order_by("position", "code")


class Unit(models.Model):
    """A province, district or commune for a range of days; ``successor`` is the unit it became part of."""

    class Level(models.TextChoices):
        PROVINCE = "province", "Cấp tỉnh"
        DISTRICT = "district", "Cấp huyện"
        COMMUNE = "commune", "Cấp xã"

    code = models.CharField("mã GSO", max_length=10)
    name = models.CharField("tên", max_length=100)
    kind = models.CharField("loại", max_length=30, help_text="Xã, Thị trấn, Phường, Huyện, Tỉnh…")
    level = models.CharField("cấp", max_length=10, choices=Level)
    parent = models.ForeignKey(
        "self",
        verbose_name="trực thuộc",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )
    valid_from = models.DateField("từ ngày", default=datetime.date(1900, 1, 1))
    valid_to = models.DateField("đến trước ngày", null=True, blank=True)
    successor = models.ForeignKey(
        "self",
        verbose_name="nhập vào",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="predecessors",
    )
    position = models.PositiveSmallIntegerField("thứ tự", default=0)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = "đơn vị hành chính"
        verbose_name_plural = "đơn vị hành chính"
        ordering = ["position", "code"]
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="unit_code_from"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=models.F("valid_from")),
                name="unit_range_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.kind} {self.name}"
