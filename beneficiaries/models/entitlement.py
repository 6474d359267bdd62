"""What a person is entitled to, for which months, and for whom."""

import datetime
from typing import Any

from django.contrib.postgres.fields.ranges import RangeEndsWith, RangeStartsWith
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from batosocial.staff.scoping import commune_scope
from beneficiaries.models.catalogue import Category
from beneficiaries.models.change import Change
from beneficiaries.models.fields import MonthRangeField, months_are_firsts, no_overlap
from beneficiaries.models.person import Person


class EntitlementQuerySet(models.QuerySet["Entitlement"]):
    def visible_to(self, user: Any) -> "EntitlementQuerySet":
        return self.filter(commune_scope(user, "person__commune"))

    def granted(self) -> "EntitlementQuerySet":
        """Payable only after a decided "tăng" (or the district's first load), and not entered by mistake."""
        # Said from the side of the changes that are not applied, which are few and have an index.
        unapplied = Change.objects.filter(pk=OuterRef("granted_by")).exclude(state=Change.State.APPLIED)
        return self.filter(~Exists(unapplied), voided_by__isnull=True)

    def current_in(self, month: datetime.date) -> "EntitlementQuerySet":
        return self.filter(months__contains=month)

    def due_in(self, month: datetime.date, policy: str | None = None) -> "EntitlementQuerySet":
        """Granted, running and not suspended in the month; one-off benefits are not monthly."""
        rows = self.granted().current_in(month).exclude(category__regime=Category.Regime.ONE_OFF)
        if policy:
            rows = rows.filter(category__policy=policy)
        return rows.exclude(Exists(Suspension.objects.filter(entitlement=OuterRef("pk"), months__contains=month)))

    def with_amounts(self, month: datetime.date, known_on: datetime.date) -> "EntitlementQuerySet":
        """Adds ``quantity`` and ``amount`` (đồng a month, by the rates known on a day), None where not known."""
        from beneficiaries.amounts import annotations

        return self.annotate(**annotations(month, known_on))


class Entitlement(models.Model):
    """Person × category × level for a range of months. Its quantity is its dependants where the category is paid
    per dependant (khoản 4 Điều 5 NĐ 20/2021), else one."""

    person = models.ForeignKey(
        Person, verbose_name="người hưởng", on_delete=models.PROTECT, related_name="entitlements"
    )
    category = models.ForeignKey(
        Category, verbose_name="đối tượng", on_delete=models.PROTECT, related_name="entitlements"
    )
    level = models.PositiveSmallIntegerField("tỷ lệ (%)", default=0)
    months = MonthRangeField("các tháng")
    own_amount = models.BigIntegerField(
        "mức theo quyết định (đồng/tháng)",
        null=True,
        blank=True,
        help_text="Chỉ khi văn bản không có mức chung (QĐ 142, 53, 62, 40).",
    )
    granted_by = models.ForeignKey(
        "beneficiaries.Change",
        verbose_name="theo biến động",
        on_delete=models.PROTECT,
        related_name="granted_entitlements",
    )
    ended_by = models.ForeignKey(
        "beneficiaries.Change",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="ended_entitlements",
    )
    #: The correction that says it should never have been: it stays to be read, and counts nowhere.
    voided_by = models.ForeignKey(
        "beneficiaries.Change",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="voided_entitlements",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EntitlementQuerySet.as_manager()

    class Meta:
        verbose_name = "chế độ"
        verbose_name_plural = "chế độ"
        ordering = ["person", "category"]
        constraints = [
            months_are_firsts("entitlement_months_firsts"),
            no_overlap("entitlement_no_overlap", "person", "category", condition=Q(voided_by__isnull=True)),
            models.CheckConstraint(
                condition=Q(own_amount__isnull=True) | Q(own_amount__gt=0), name="own_amount_positive"
            ),
        ]
        indexes = [
            # Whether somebody is due in a month is asked of thousands at once: the index alone answers it.
            models.Index(
                fields=["person"],
                include=["category", "months", "granted_by", "id"],
                condition=Q(voided_by__isnull=True),
                name="entitlement_of_person",
            ),
            # The few that ended, and those that begin later.
            models.Index(RangeStartsWith("months"), name="entitlement_from"),
            models.Index(RangeEndsWith("months"), name="entitlement_before"),
        ]

    def __str__(self) -> str:
        return f"{self.category_id}"

    @property
    def first_month(self) -> datetime.date:
        return self.months.lower

    @property
    def last_month(self) -> datetime.date | None:
        """The last month that is paid; None: until further notice."""
        if self.months.upper is None:
            return None
        return (self.months.upper - datetime.timedelta(days=1)).replace(day=1)


class Dependant(models.Model):
    """For whom a per-dependant benefit is paid: the children of a single parent, the person cared for.

    ``name`` may still be unknown after an import that told only the amount; the register asks for it.
    """

    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="dependants")
    name = models.CharField("họ và tên", max_length=150, blank=True)
    birth_year = models.PositiveSmallIntegerField("năm sinh", null=True, blank=True)
    birth_month = models.PositiveSmallIntegerField("tháng sinh", null=True, blank=True)
    birth_day = models.PositiveSmallIntegerField("ngày sinh", null=True, blank=True)
    cccd = models.CharField("số định danh", max_length=12, blank=True)
    months = MonthRangeField("các tháng")

    class Meta:
        verbose_name = "người phụ thuộc"
        verbose_name_plural = "người phụ thuộc"
        ordering = ["pk"]
        constraints = [months_are_firsts("dependant_months_firsts")]
        indexes = [models.Index(fields=["cccd"], condition=~Q(cccd=""), name="dependant_cccd")]

    def __str__(self) -> str:
        return self.name or "(chưa rõ họ tên)"


class Suspension(models.Model):
    """Months in which an entitlement is suspended (khoản 3 Điều 2 TT 02/2021; Điều 54, 55 PL 02/2020)."""

    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="suspensions")
    months = MonthRangeField("các tháng")
    #: Of these months, those that the decision to go on pays after all (truy lĩnh, điểm b khoản 1 Điều 6 TT 02/2021).
    arrears_months = MonthRangeField("các tháng được truy lĩnh", null=True, blank=True)
    change = models.ForeignKey("beneficiaries.Change", on_delete=models.PROTECT, related_name="suspensions")
    ended_by = models.ForeignKey(
        "beneficiaries.Change", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = "tạm dừng"
        verbose_name_plural = "tạm dừng"
        ordering = ["entitlement", "months"]
        constraints = [
            months_are_firsts("suspension_months_firsts"),
            no_overlap("suspension_no_overlap", "entitlement"),
            models.CheckConstraint(
                name="suspension_arrears_within",
                condition=Q(arrears_months__isnull=True)
                | Q(months__contains=F("arrears_months"), ended_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entitlement_id} {self.months}"
