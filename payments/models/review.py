"""A commune's monthly review: who must stop, be suspended, go on or be looked at (Điều 2, Điều 6 TT 02/2021)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from batosocial.staff.scoping import commune_scope
from batosocial.territory.models import Unit
from beneficiaries.models import Attachment, Change, ChangeReason, Entitlement, Person


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, user: Any) -> "ReviewQuerySet":
        return self.filter(commune_scope(user, "commune"))


class Review(models.Model):
    """draft → sent (by the commune's leader) → appraised line by line → signed off by the head of the Phòng.

    Sending it makes a Change of every line that proposes something; a line that the Phòng returns goes back to the
    commune alone and is sent again.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Đang rà soát"
        SENT = "sent", "Đã gửi"
        SIGNED_OFF = "signed_off", "Đã ký thẩm định"

    commune = models.ForeignKey(Unit, verbose_name="xã, thị trấn", on_delete=models.PROTECT, related_name="reviews")
    month = models.DateField("tháng")
    state = models.CharField("trạng thái", max_length=10, choices=State, default=State.DRAFT)
    prefilled_at = models.DateTimeField("gợi ý lập lúc", null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    signed_off_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    signed_off_at = models.DateTimeField(null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = "rà soát tháng"
        verbose_name_plural = "rà soát tháng"
        ordering = ["-month", "commune__position"]
        constraints = [
            models.UniqueConstraint(fields=["commune", "month"], name="review_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="review_month_is_first"),
            models.CheckConstraint(
                name="review_names_by_state",
                condition=Q(state="draft", signed_off_by__isnull=True)
                | Q(state="sent", sent_by__isnull=False, signed_off_by__isnull=True)
                | Q(state="signed_off", sent_by__isnull=False, signed_off_by__isnull=False),
            ),
            models.CheckConstraint(
                name="review_two_people",
                condition=Q(sent_by__isnull=True) | Q(signed_off_by__isnull=True) | ~Q(sent_by=F("signed_off_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"Rà soát {self.month:%m/%Y} {self.commune}"


class ReviewLine(models.Model):
    """One person to look at: what the program found, what the officer makes of it."""

    class Source(models.TextChoices):
        AGE = "age", "Đến mốc tuổi"
        DEPENDANT_AGE = "dependant_age", "Người phụ thuộc đến mốc tuổi"
        UNCOLLECTED = "uncollected", "Không nhận tiền từ 3 tháng"
        REASSESSMENT = "reassessment", "Quá 3 tháng không xác định lại"
        PAPER = "paper", "Giấy tờ sắp hết hạn"
        DEATH = "death", "Có tin đã chết"
        ADDED = "added", "Xã bổ sung"

    class Action(models.TextChoices):
        NONE = "", "Chưa xem xét"
        KEEP = "keep", "Giữ nguyên"
        STOP = "stop", "Thôi hưởng"
        SUSPEND = "suspend", "Tạm dừng"
        RESUME = "resume", "Tiếp tục hưởng"
        ADJUST = "adjust", "Điều chỉnh"

    class State(models.TextChoices):
        OPEN = "open", "Đang xem"
        REMOVED = "removed", "Đã bỏ"
        SENT = "sent", "Đã gửi"
        RETURNED = "returned", "Phòng trả lại"
        APPRAISED = "appraised", "Đã thẩm định"

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="lines")
    person = models.ForeignKey(Person, verbose_name="người hưởng", on_delete=models.PROTECT, related_name="+")
    entitlement = models.ForeignKey(
        Entitlement, verbose_name="chế độ", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    source = models.CharField("vì sao có tên", max_length=14, choices=Source)
    #: What was found, in words: "đủ 80 tuổi từ 12/08/2024".
    finding = models.CharField("nội dung", max_length=300)
    #: Names a finding, so that looking again does not enter it twice.
    key = models.CharField(max_length=100)
    action = models.CharField("đề nghị", max_length=8, choices=Action, blank=True, default=Action.NONE)
    reason = models.ForeignKey(
        ChangeReason, verbose_name="lý do", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    #: The day of death, of the lost condition, of the paper: what the month follows from.
    happened_on = models.DateField("ngày xảy ra", null=True, blank=True)
    effective_month = models.DateField("từ tháng", null=True, blank=True)
    #: For a resumption: whether the months of the suspension are paid, from which on.
    arrears_from = models.DateField("truy lĩnh từ tháng", null=True, blank=True)
    paper = models.CharField("giấy tờ", max_length=300, blank=True)
    note = models.CharField("ghi chú", max_length=500, blank=True)
    attachments = models.ManyToManyField(Attachment, blank=True, related_name="review_lines")
    state = models.CharField("trạng thái", max_length=10, choices=State, default=State.OPEN)
    removal = models.CharField("vì sao bỏ", max_length=300, blank=True)
    return_reason = models.CharField("vì sao trả lại", max_length=500, blank=True)
    changes = models.ManyToManyField(Change, blank=True, related_name="review_lines")
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    prepared_at = models.DateTimeField(null=True, blank=True)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "dòng rà soát"
        verbose_name_plural = "dòng rà soát"
        ordering = ["review", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["review", "key"], name="review_finding_once"),
            models.CheckConstraint(condition=~Q(state="removed") | ~Q(removal=""), name="review_removal_says_why"),
            models.CheckConstraint(
                condition=~Q(state="returned") | ~Q(return_reason=""), name="review_return_says_why"
            ),
        ]

    def __str__(self) -> str:
        return self.finding
