"""A workbook of answers that somebody of the police brought: its rows as read and checked, and what became of them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from batosocial.coordination.models.rounds import IdentityRound, RoundPerson
from batosocial.jobs.models import Job, StoredFile
from batosocial.staff.models import Role
from batosocial.staff.scoping import NOTHING, commune_scope
from batosocial.territory.models import Unit
from beneficiaries.models import IdentityAnswer
from beneficiaries.models.imports import NamedRowQuerySet


class AnswerFileQuerySet(models.QuerySet["AnswerFile"]):
    def visible_to(self, user: Any) -> "AnswerFileQuerySet":
        """The police their own unit's; those of the district also what its communes brought."""
        own = NOTHING
        if getattr(user, "role", None) == Role.POLICE and user.is_active and user.unit_id is not None:
            own = Q(unit=user.unit_id)
        return self.filter(commune_scope(user, "unit", roles=frozenset({Role.POLICE})) | own)

    def for_list(self) -> "AnswerFileQuerySet":
        """With what a page shows of each, without the workbook's bytes."""
        return self.select_related("round", "unit", "file", "uploaded_by", "accepted_by", "job").defer("file__content")


class AnswerFile(models.Model):
    """checking → previewed → accepting → accepted; withdrawn by whoever brought it, or unreadable."""

    class State(models.TextChoices):
        CHECKING = "checking", "Đang kiểm tra"
        UNREADABLE = "unreadable", "Không đọc được"
        PREVIEWED = "previewed", "Xem trước"
        ACCEPTING = "accepting", "Đang ghi"
        ACCEPTED = "accepted", "Đã ghi"
        WITHDRAWN = "withdrawn", "Đã bỏ"

    round = models.ForeignKey(IdentityRound, verbose_name="đợt", on_delete=models.PROTECT, related_name="files")
    #: Where whoever brought it worked then.
    unit = models.ForeignKey(Unit, verbose_name="đơn vị", null=True, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, verbose_name="tệp", on_delete=models.PROTECT, related_name="+")
    #: Whether the user agreed to read it as TCVN3.
    tcvn3 = models.BooleanField("chuyển chữ TCVN3", default=False)
    state = models.CharField("trạng thái", max_length=10, choices=State, default=State.CHECKING)
    failure = models.TextField("vì sao không đọc được", blank=True)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    new_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    waiting_count = models.PositiveIntegerField(default=0)
    error_count = models.PositiveIntegerField(default=0)
    warning_count = models.PositiveIntegerField(default=0)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="người nạp", on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField("lúc", auto_now_add=True)
    #: The word of whoever accepted it that the good rows may go in without the bad ones.
    good_rows_only = models.BooleanField("chỉ nhận dòng đúng", default=False)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    accepted_at = models.DateTimeField(null=True, blank=True)

    objects = AnswerFileQuerySet.as_manager()

    class Meta:
        verbose_name = "tệp trả lời xác minh"
        verbose_name_plural = "tệp trả lời xác minh"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(accepted_by__isnull=False, accepted_at__isnull=False),
                name="answer_file_accepted_is_signed",
            ),
        ]

    def __str__(self) -> str:
        return self.file.name if self.file_id else "tệp trả lời"

    @property
    def row_count(self) -> int:
        return self.new_count + self.changed_count + self.unchanged_count + self.waiting_count + self.error_count


class AnswerFileRow(models.Model):
    """One row of the workbook: what it says, and what is wrong with it."""

    class Outcome(models.TextChoices):
        NEW = "new", "Trả lời mới"
        CHANGED = "changed", "Trả lời lại"
        UNCHANGED = "unchanged", "Không đổi"
        WAITING = "waiting", "Chưa trả lời"
        ERROR = "error", "Lỗi"

    answer_file = models.ForeignKey(AnswerFile, on_delete=models.PROTECT, related_name="rows")
    sheet = models.CharField(max_length=100)
    row = models.PositiveIntegerField("dòng")
    outcome = models.CharField("so với đợt", max_length=10, choices=Outcome)
    has_warning = models.BooleanField("có cảnh báo", default=False)
    #: As the file has them, whoever it is about.
    name = models.CharField("họ và tên", max_length=150, blank=True)
    answer = models.CharField("trả lời", max_length=9, choices=IdentityAnswer.Answer, blank=True)
    #: Texts of the file and of the answer, by field.
    data = models.JSONField(default=dict)
    #: {label: [old, new]} where the person was answered about otherwise.
    changes = models.JSONField(default=dict)
    #: [{"column", "label", "severity", "message"}]
    messages = models.JSONField(default=list)
    #: Whom it is about, where that is somebody of the round and of whoever brought it.
    asked = models.ForeignKey(RoundPerson, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = NamedRowQuerySet.as_manager()

    class Meta:
        verbose_name = "dòng tệp trả lời"
        verbose_name_plural = "dòng tệp trả lời"
        ordering = ["answer_file", "pk"]
        constraints = [models.UniqueConstraint(fields=["answer_file", "sheet", "row"], name="answer_file_row_once")]

    def __str__(self) -> str:
        return f"dòng {self.row}"
