"""What is paid once when somebody dies: a task from the death, a grant once it is decided."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from batosocial.lib.dates import Death
from batosocial.staff.scoping import commune_scope
from beneficiaries.models import Category, Change, Person


class GrantQuerySet(models.QuerySet["Grant"]):
    def visible_to(self, user: Any) -> "GrantQuerySet":
        return self.filter(commune_scope(user, "person__commune"))


class Grant(models.Model):
    """open → proposed → appraised → decided (then a line of the next list pays it), or declined.

    Mai táng phí: BTXH by the chairman of the district (Điều 11, 12 NĐ 20/2021), NCC and the three months' allowance by
    the Sở (Điều 121 to 124 NĐ 131/2021; Mẫu 74), whose number is recorded.
    """

    class State(models.TextChoices):
        OPEN = "open", "Chờ hồ sơ"
        PROPOSED = "proposed", "Đã đề nghị"
        APPRAISED = "appraised", "Đã thẩm định"
        DECIDED = "decided", "Đã quyết định"
        DECLINED = "declined", "Không hưởng"

    person = models.ForeignKey(Person, verbose_name="người chết", on_delete=models.PROTECT, related_name="grants")
    #: A one-off category: MTP-BTXH, NCC-MTP, NCC-TC1L-3T.
    category = models.ForeignKey(Category, verbose_name="chế độ", on_delete=models.PROTECT, related_name="+")
    #: The change that ended the benefits by the death.
    change = models.ForeignKey(Change, null=True, blank=True, on_delete=models.PROTECT, related_name="grants")
    died_on = models.DateField("ngày chết")
    amount = models.BigIntegerField("số tiền (đồng)")
    basis = models.CharField("cách tính", max_length=300)
    state = models.CharField("trạng thái", max_length=10, choices=State, default=State.OPEN)
    receiver_name = models.CharField("người nhận", max_length=150, blank=True)
    receiver_relation = models.CharField("quan hệ với người chết", max_length=100, blank=True)
    receiver_cccd = models.CharField("số CCCD người nhận", max_length=12, blank=True)
    evidence = models.CharField("giấy tờ", max_length=300, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(null=True, blank=True)
    appraised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    appraised_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_number = models.CharField("số quyết định", max_length=50, blank=True)
    decision_date = models.DateField("ngày quyết định", null=True, blank=True)
    #: Why it was declined, or why it went back to the commune.
    reason = models.CharField("vì sao", max_length=500, blank=True)
    opened_at = models.DateTimeField("lúc", default=timezone.now)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = "trợ cấp một lần khi chết"
        verbose_name_plural = "trợ cấp một lần khi chết"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["person", "category"], name="grant_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="grant_positive"),
            models.CheckConstraint(
                name="grant_decided_has_decision",
                condition=~Q(state="decided")
                | ~Q(decision_number="")
                & Q(decision_date__isnull=False, decided_by__isnull=False)
                & ~Q(receiver_name=""),
            ),
            models.CheckConstraint(name="grant_declined_says_why", condition=~Q(state="declined") | ~Q(reason="")),
            models.CheckConstraint(
                name="grant_three_people",
                condition=(
                    Q(proposed_by__isnull=True) | Q(appraised_by__isnull=True) | ~Q(proposed_by=F("appraised_by"))
                )
                & (Q(appraised_by__isnull=True) | Q(decided_by__isnull=True) | ~Q(appraised_by=F("decided_by")))
                & (Q(proposed_by__isnull=True) | Q(decided_by__isnull=True) | ~Q(proposed_by=F("decided_by"))),
            ),
        ]
        indexes = [models.Index(fields=["state"], name="grant_state")]

    def __str__(self) -> str:
        return f"{self.category} {self.amount}"

    @property
    def death(self) -> Death:
        """When the person died, as far as it is known; needs ``person``."""
        return Death(self.died_on, self.person.died_month_only and self.person.died_on == self.died_on)
