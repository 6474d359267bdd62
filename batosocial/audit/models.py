"""Append-only record of who did what to which row (Điều 9 NĐ 85/2016: permanent for payments and NCC changes)."""

from django.conf import settings
from django.db import models


class Entry(models.Model):
    """One action. A trigger refuses UPDATE, DELETE and TRUNCATE (migration 0002).

    A person's edit has ``changes`` = {field: [old, new]}; bulk work has one entry with its job and counts.
    """

    at = models.DateTimeField("lúc", auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="người làm",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    action = models.CharField("việc", max_length=60)
    table = models.CharField("bảng", max_length=60, blank=True)
    row_id = models.BigIntegerField("dòng", null=True, blank=True)
    label = models.CharField("tên dòng", max_length=300, blank=True)
    changes = models.JSONField("cũ → mới", default=dict, blank=True)
    details = models.JSONField("chi tiết", default=dict, blank=True)
    job_id = models.BigIntegerField("việc chạy nền", null=True, blank=True)
    ip = models.GenericIPAddressField("địa chỉ", null=True, blank=True)

    class Meta:
        verbose_name = "mục nhật ký"
        verbose_name_plural = "nhật ký"
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["table", "row_id", "-at"])]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M} {self.action} {self.label}"
