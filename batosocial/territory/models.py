"""Administrative units, dated: the same code names another area after a merger (rules.md 5)."""

import datetime

from django.conf import settings
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

    def of_commune(self, unit_id: int) -> "UnitQuerySet":
        """The commune, every unit that became part of it, and the one that a stored merger will make of it.

        Rows of the coming unit are the lists of its first month, which are made in the month before the merger.
        """
        return self.filter(Q(pk=unit_id) | Q(heir=unit_id) | _coming(Q(pk=unit_id)))

    def of_upper(self, unit_id: int) -> "UnitQuerySet":
        """The units directly below an upper unit, every unit that became part of one, and those that a stored merger
        will make of them, below this upper unit or another."""
        return self.filter(Q(parent=unit_id) | Q(heir__parent=unit_id) | _coming(Q(parent=unit_id)))


def _coming(old: Q) -> Q:
    """Units that a stored merger will make of ``old`` ones."""
    return Q(pk__in=Unit.objects.filter(old, successor__isnull=False, heir__isnull=True).values("successor"))


def unit_by_code(code: str, month: datetime.date, *, within: "UnitQuerySet | None" = None) -> "Unit | None":
    """The commune that bears a GSO code in a month (its first day), of ``within`` if given; None where there is none.

    The same code names another area before and after a merger, so a code alone says nothing.
    """
    units = Unit.objects.all() if within is None else within
    return units.filter(pk__in=Unit.objects.at(month).communes().filter(code=code).values("pk")).first()


class Unit(models.Model):
    """A province, district or commune for a range of days.

    ``successor`` is the unit it becomes or became part of, ``heir`` the one that stands for it today, through however
    many mergers; none while it stands itself.
    """

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
    heir = models.ForeignKey(
        "self",
        verbose_name="đơn vị hiện nay",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
    )
    ended_by = models.ForeignKey(
        "territory.UnitMerger",
        verbose_name="theo đợt sáp nhập",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="ended_units",
        editable=False,
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


class UnitMerger(models.Model):
    """A change of units that is stored once and takes effect on its day: old units end, new ones begin.

    While it is planned, the units bear their dates and nothing else has changed. Applied, it cannot be taken back.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Đã lên kế hoạch"
        APPLIED = "applied", "Đã thực hiện"
        CANCELLED = "cancelled", "Đã hủy"

    day = models.DateField("từ ngày")
    state = models.CharField("trạng thái", max_length=10, choices=State, default=State.PLANNED)
    #: The unit to which the new communes belong, and with them the roles of the district.
    upper = models.ForeignKey(Unit, verbose_name="cấp trên", on_delete=models.PROTECT, related_name="+")
    #: What the file said, with the names of that day: kept for cancelled ones too, whose units are gone.
    rows = models.JSONField("các đơn vị", default=list)
    file_name = models.CharField("tệp", max_length=200, blank=True)
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField("lưu lúc", auto_now_add=True)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    applied_at = models.DateTimeField("thực hiện lúc", null=True, blank=True)
    #: How many rows of what were carried over.
    carried = models.JSONField("đã chuyển", default=dict, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    cancelled_at = models.DateTimeField("hủy lúc", null=True, blank=True)

    class Meta:
        verbose_name = "đợt sáp nhập đơn vị"
        verbose_name_plural = "đợt sáp nhập đơn vị"
        ordering = ["-day", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="merger_states_are_signed",
                condition=Q(state="planned", applied_by__isnull=True, cancelled_by__isnull=True)
                | Q(state="applied", applied_by__isnull=False, applied_at__isnull=False, cancelled_by__isnull=True)
                | Q(state="cancelled", cancelled_by__isnull=False, cancelled_at__isnull=False),
            ),
            models.CheckConstraint(name="merger_on_first_of_month", condition=Q(day__day=1)),
        ]

    def __str__(self) -> str:
        return f"Sáp nhập đơn vị từ {self.day:%d/%m/%Y}"
