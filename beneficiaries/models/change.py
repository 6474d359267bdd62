"""A change in somebody's benefits, from proposal to effect."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from batosocial.staff.scoping import commune_scope
from batosocial.territory.models import Unit
from beneficiaries.models.catalogue import ChangeReason, Policy
from beneficiaries.models.person import Person


class ChangeQuerySet(models.QuerySet["Change"]):
    def visible_to(self, user: Any) -> "ChangeQuerySet":
        return self.filter(commune_scope(user, "person__commune") | commune_scope(user, "to_commune"))


class Change(models.Model):
    """proposed → appraised → decided or rejected → applied.

    BTXH is decided by the chairman of the district (khoản 4 Điều 2 TT 02/2021), NCC by the Sở, whose number is
    recorded (Điều 122 to 124 NĐ 131/2021). The district's first load of the register needs no decision.
    """

    class Kind(models.TextChoices):
        START = "start", "Tăng"
        DECREASE = "decrease", "Giảm"
        SUSPEND = "suspend", "Tạm dừng"
        STOP = "stop", "Thôi hưởng"
        RESUME = "resume", "Tiếp tục hưởng"
        MOVE = "move", "Chuyển"
        ADJUST = "adjust", "Điều chỉnh"
        CORRECT = "correct", "Đính chính"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Đề nghị"
        APPRAISED = "appraised", "Đã thẩm định"
        DECIDED = "decided", "Đã quyết định"
        REJECTED = "rejected", "Không chấp nhận"
        APPLIED = "applied", "Có hiệu lực"

    class Authority(models.TextChoices):
        CHAIRMAN = "chairman", "Chủ tịch UBND huyện"
        DEPARTMENT = "department", "Sở LĐ-TB&XH"

    kind = models.CharField("biến động", max_length=10, choices=Kind)
    policy = models.CharField("chính sách", max_length=4, choices=Policy)
    person = models.ForeignKey(Person, verbose_name="người hưởng", on_delete=models.PROTECT, related_name="changes")
    entitlement = models.ForeignKey(
        "beneficiaries.Entitlement", null=True, blank=True, on_delete=models.PROTECT, related_name="changes"
    )
    reason = models.ForeignKey(
        ChangeReason, verbose_name="lý do", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    effective_month = models.DateField("từ tháng")
    #: Where a person who moves will be kept from then on; that commune sees the change too.
    to_commune = models.ForeignKey(
        Unit, verbose_name="chuyển đến", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    #: What the change would do, where kind and entitlement don't tell it. A start or an adjustment has
    #: {"category": code, "level": int, "own_amount": đồng or null, "dependants": [{"name", "birth", "cccd"}]}.
    proposal = models.JSONField("nội dung", default=dict, blank=True)
    evidence = models.CharField("giấy tờ", max_length=300, blank=True)
    note = models.CharField("ghi chú", max_length=500, blank=True)
    state = models.CharField("trạng thái", max_length=10, choices=State, default=State.PROPOSED)
    first_load = models.BooleanField("nạp lần đầu", default=False)
    batch = models.ForeignKey(
        "beneficiaries.ImportBatch", null=True, blank=True, on_delete=models.PROTECT, related_name="changes"
    )
    authority = models.CharField("thẩm quyền", max_length=10, choices=Authority, blank=True)
    decision_number = models.CharField("số quyết định", max_length=50, blank=True)
    decision_date = models.DateField("ngày quyết định", null=True, blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField("đề nghị lúc", auto_now_add=True)
    appraised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    appraised_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    rejection = models.CharField("lý do không chấp nhận", max_length=500, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        verbose_name = "biến động"
        verbose_name_plural = "biến động"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="change_decided_has_decision",
                condition=~Q(state__in=["decided", "applied"])
                | Q(first_load=True)
                # A move inside the district needs no new decision (khoản 3 Điều 8 NĐ 20/2021).
                | Q(kind__in=["move", "correct"])
                | ~Q(decision_number="") & Q(decision_date__isnull=False) & ~Q(authority=""),
            ),
            models.CheckConstraint(
                name="change_move_has_destination", condition=~Q(kind="move") | Q(to_commune__isnull=False)
            ),
            models.CheckConstraint(name="change_rejected_says_why", condition=~Q(state="rejected") | ~Q(rejection="")),
            models.CheckConstraint(
                name="change_applied_has_time", condition=Q(applied_at__isnull=False) | ~Q(state="applied")
            ),
        ]
        indexes = [models.Index(fields=["state", "policy"]), models.Index(fields=["effective_month"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.effective_month:%m/%Y}"
