"""A payer's file of results: its rows as matched, and whether they were recorded."""

from typing import Any

from django.conf import settings
from django.db import models

from batosocial.jobs.models import Job, StoredFile
from batosocial.staff.models import DISTRICT_ROLES, Payer, Role, User
from batosocial.staff.scoping import payer_scope
from payments.models.payment import Payment


class ResultBatchQuerySet(models.QuerySet["ResultBatch"]):
    def visible_to(self, user: Any) -> "ResultBatchQuerySet":
        """A payer its own files, the district all of them; communes see results on their lists."""
        if isinstance(user, User) and user.is_active and user.role in DISTRICT_ROLES | {Role.SYSTEM}:
            return self.all()
        return self.filter(payer_scope(user))


class ResultBatch(models.Model):
    class State(models.TextChoices):
        CHECKING = "checking", "Đang kiểm tra"
        UNREADABLE = "unreadable", "Không đọc được"
        PREVIEWED = "previewed", "Xem trước"
        RECORDING = "recording", "Đang ghi"
        RECORDED = "recorded", "Đã ghi nhận"
        WITHDRAWN = "withdrawn", "Đã bỏ"

    payer = models.ForeignKey(
        Payer, verbose_name="tổ chức chi trả", on_delete=models.PROTECT, related_name="result_batches"
    )
    file = models.ForeignKey(StoredFile, verbose_name="tệp", on_delete=models.PROTECT, related_name="+")
    state = models.CharField("trạng thái", max_length=10, choices=State, default=State.CHECKING)
    failure = models.TextField("vì sao không đọc được", blank=True)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ready_count = models.PositiveIntegerField("sẽ ghi", default=0)
    unchanged_count = models.PositiveIntegerField("không đổi", default=0)
    unmatched_count = models.PositiveIntegerField("không khớp", default=0)
    error_count = models.PositiveIntegerField("lỗi", default=0)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="người nạp", on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField("lúc", auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField(null=True, blank=True)

    objects = ResultBatchQuerySet.as_manager()

    class Meta:
        verbose_name = "tệp kết quả chi trả"
        verbose_name_plural = "tệp kết quả chi trả"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file.name if self.file_id else "kết quả"


class ResultRow(models.Model):
    class Outcome(models.TextChoices):
        READY = "ready", "Sẽ ghi"
        UNCHANGED = "unchanged", "Đã có, không đổi"
        UNMATCHED = "unmatched", "Không khớp"
        ERROR = "error", "Lỗi"

    batch = models.ForeignKey(ResultBatch, on_delete=models.PROTECT, related_name="rows")
    sheet = models.CharField(max_length=100)
    row = models.PositiveIntegerField("dòng")
    outcome = models.CharField("tình trạng", max_length=10, choices=Outcome)
    payment = models.ForeignKey(Payment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    #: The row's cells as read, by column name.
    data = models.JSONField(default=dict)
    messages = models.JSONField(default=list)

    class Meta:
        verbose_name = "dòng kết quả"
        verbose_name_plural = "dòng kết quả"
        ordering = ["batch", "pk"]
        constraints = [models.UniqueConstraint(fields=["batch", "sheet", "row"], name="result_row_once")]
        # The worklist of what several payments fit: few among the rows of years.
        indexes = [models.Index(fields=["batch"], condition=models.Q(outcome="unmatched"), name="result_row_unmatched")]

    def __str__(self) -> str:
        return f"dòng {self.row}"
