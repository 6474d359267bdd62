"""A change in somebody's benefits, from proposal to effect."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.fields.json import KeyTextTransform

from batosocial.staff.scoping import commune_scope
from batosocial.territory.models import Unit
from beneficiaries.models.catalogue import Category, ChangeReason, Policy
from beneficiaries.models.person import Person


class ChangeQuerySet(models.QuerySet["Change"]):
    def visible_to(self, user: Any) -> "ChangeQuerySet":
        """Changes of people in scope, and moves from or to a commune in scope."""
        own = commune_scope(user, "person__commune")
        return self.filter(own | commune_scope(user, "to_commune") | commune_scope(user, "from_commune"))

    def waiting(self) -> "ChangeQuerySet":
        """Neither in force nor refused."""
        return self.exclude(state__in=["rejected", "applied"])

    def with_confidentiality(self) -> "ChangeQuerySet":
        """Adds ``of_confidential``: whether the change is about a group that is kept confidential."""
        from beneficiaries.models.entitlement import Entitlement

        rows = Entitlement.objects.filter(
            Q(pk=OuterRef("entitlement")) | Q(granted_by=OuterRef("pk")) | Q(ended_by=OuterRef("pk")),
            category__confidential=True,
        )
        proposed = Category.objects.filter(confidential=True, code=OuterRef("proposed_code"))
        return self.alias(proposed_code=KeyTextTransform("category", "proposal")).annotate(
            of_confidential=Exists(rows) | Exists(proposed)
        )


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
    #: Empty for a move, which is about the person whatever they receive.
    policy = models.CharField("chính sách", max_length=4, choices=Policy, blank=True)
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
    #: Where they were kept when the move was asked for; that commune may object.
    from_commune = models.ForeignKey(
        Unit, verbose_name="chuyển từ", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    objection = models.CharField("ý kiến của xã đang quản lý", max_length=500, blank=True)
    objected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    objected_at = models.DateTimeField(null=True, blank=True)
    #: What the change would do, where kind and entitlement don't tell it. A start or an adjustment has
    #: {"category": code, "level": int, "own_amount": đồng or null, "dependants": [{"name", "birth", "cccd"}]};
    #: ``changes.proposal.Proposal`` reads and writes it.
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
    #: What comes from a commune's review waits for the head of the Phòng before it is decided.
    needs_sign_off = models.BooleanField(default=False)
    signed_off_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    signed_off_at = models.DateTimeField(null=True, blank=True)
    rejection = models.CharField("lý do không chấp nhận", max_length=500, blank=True)
    rejected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    rejected_at = models.DateTimeField(null=True, blank=True)
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
            models.CheckConstraint(name="change_has_policy", condition=Q(kind="move") | ~Q(policy="")),
            # Three different people, as on a payment list; the first load has nobody but whoever loaded it.
            models.CheckConstraint(
                name="change_three_people",
                condition=Q(first_load=True)
                | (Q(appraised_by__isnull=True) | ~Q(appraised_by=F("proposed_by")))
                & (Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")))
                & (Q(decided_by__isnull=True) | Q(appraised_by__isnull=True) | ~Q(decided_by=F("appraised_by"))),
            ),
            models.CheckConstraint(
                name="change_signed_off_first",
                condition=Q(needs_sign_off=False)
                | ~Q(state__in=["decided", "applied"])
                | Q(signed_off_by__isnull=False),
            ),
            models.CheckConstraint(
                name="change_applied_has_time", condition=Q(applied_at__isnull=False) | ~Q(state="applied")
            ),
        ]
        indexes = [
            models.Index(fields=["state", "policy"]),
            models.Index(fields=["effective_month"]),
            # What took effect since a list was made is asked at every opening.
            models.Index(fields=["applied_at"], name="change_applied_at"),
            models.Index(fields=["id"], condition=~Q(state="applied"), name="change_unapplied"),
            # Few wait among the many that are done.
            models.Index(
                fields=["person"], condition=Q(state__in=["proposed", "appraised", "decided"]), name="change_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.effective_month:%m/%Y}"
