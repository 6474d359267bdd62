"""A background task's row: owner, progress, messages, result; and files kept in the database."""

import hashlib

from django.conf import settings
from django.db import models
from django.db.models import Q

from batosocial.staff.models import Role, User


class StoredFile(models.Model):
    """A file somebody brought or the portal made. Kept in the database, so that web and worker processes
    hold no state and a backup of the database is a backup of everything."""

    name = models.CharField("tên tệp", max_length=255)
    content_type = models.CharField(max_length=100)
    content = models.BinaryField("nội dung")
    size = models.PositiveIntegerField("cỡ (byte)")
    sha256 = models.CharField(max_length=64, db_index=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "tệp"
        verbose_name_plural = "tệp"

    def __str__(self) -> str:
        return self.name

    @classmethod
    def keep(cls, *, name: str, content_type: str, content: bytes, created_by: User) -> "StoredFile":
        return cls.objects.create(
            name=name[-255:],
            content_type=content_type,
            content=content,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            created_by=created_by,
        )


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: object) -> "JobQuerySet":
        """One's own jobs; the district's officers see none of the others', an admin sees all."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        if user.role in (Role.ADMIN, Role.SYSTEM):
            return self
        return self.filter(owner=user)


class Job(models.Model):
    """One background task. The row is the truth; the broker only says that there is something to do.

    ``kind`` names the registered function (``batosocial.jobs.registry``), ``args`` its JSON arguments (ids).
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Đang chờ"
        RUNNING = "running", "Đang chạy"
        DONE = "done", "Xong"
        FAILED = "failed", "Không xong"

    kind = models.CharField("loại", max_length=60)
    title = models.CharField("việc", max_length=200)
    args = models.JSONField(default=dict)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="của", on_delete=models.PROTECT, related_name="jobs"
    )
    state = models.CharField("trạng thái", max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField("số lần chạy", default=0)
    done_rows = models.PositiveIntegerField("số dòng đã làm", default=0)
    total_rows = models.PositiveIntegerField("tổng số dòng", default=0)
    step = models.CharField("bước", max_length=200, blank=True)
    message = models.TextField("kết quả", blank=True)
    result_url = models.CharField(max_length=300, blank=True)
    result_file = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    #: Two queued jobs with one key are one job: whoever asks again gets the one that waits.
    key = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField("lúc", auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = "việc chạy nền"
        verbose_name_plural = "việc chạy nền"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(state="queued") & ~Q(key=""), name="one_queued_job_per_key"
            ),
            models.CheckConstraint(condition=Q(done_rows__lte=models.F("total_rows")), name="job_done_within_total"),
        ]
        indexes = [models.Index(fields=["state"], condition=Q(state__in=["queued", "running"]), name="job_open")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)

    @property
    def percent(self) -> int:
        """0 to 100, rounded down; 100 only when done."""
        if self.state == self.State.DONE:
            return 100
        if not self.total_rows:
            return 0
        return min(99, self.done_rows * 100 // self.total_rows)
