"""What the police say differs on its way into the file: for people of NCC by the Sở, for others by the commune."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from batosocial.staff.scoping import commune_scope
from batosocial.territory.models import Unit
from beneficiaries.models import IdentityAnswer, Person


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def visible_to(self, user: Any) -> "CorrectionQuerySet":
        return self.filter(commune_scope(user, "person__commune"))

    def open(self) -> "CorrectionQuerySet":
        return self.filter(closed_on__isnull=True)


class Correction(models.Model):
    """One path of one person; it is open until a check of the register passes.

    FILE: what an NCC file says of name and birth is changed by the Sở alone (Điều 130 NĐ 131/2021: Mẫu 26, decision
    Mẫu 75). REGISTER: what the commune corrects itself.
    """

    class Path(models.TextChoices):
        FILE = "file", "Mẫu 26 → quyết định Mẫu 75"
        REGISTER = "register", "Xã sửa hồ sơ"

    class State(models.TextChoices):
        OPEN = "open", "Chờ xã"
        REQUESTED = "requested", "Chờ Phòng chuyển Sở"
        SENT = "sent", "Sở đang xem xét"
        FORWARDED = "forwarded", "Chờ cơ quan cấp hồ sơ"
        RETURNED = "returned", "Chờ Sở quyết định"
        DECIDED = "decided", "Có quyết định, chờ kiểm tra lại đạt"
        REFUSED = "refused", "Sở không đồng ý"
        DONE = "done", "Đã xong"

    person = models.ForeignKey(Person, verbose_name="người hưởng", on_delete=models.PROTECT, related_name="corrections")
    #: Where the person was kept when the path was opened.
    commune = models.ForeignKey(Unit, verbose_name="xã, thị trấn", on_delete=models.PROTECT, related_name="+")
    answer = models.ForeignKey(IdentityAnswer, verbose_name="trả lời", on_delete=models.PROTECT, related_name="+")
    path = models.CharField("đường đính chính", max_length=8, choices=Path)
    #: Of "name", "birth", "sex", "cccd": what this path is to put right.
    fields = ArrayField(models.CharField(max_length=5), verbose_name="thông tin khác")
    state = models.CharField("trạng thái", max_length=9, choices=State, default=State.OPEN)
    since = models.DateField("từ ngày")
    due = models.DateField("hạn", null=True, blank=True)
    closed_on = models.DateField("xong ngày", null=True, blank=True)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        verbose_name = "việc đính chính"
        verbose_name_plural = "việc đính chính"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "path"], condition=Q(closed_on__isnull=True), name="correction_open_once"
            ),
            models.CheckConstraint(
                name="correction_done_is_closed",
                condition=Q(state="done", closed_on__isnull=False) | ~Q(state="done") & Q(closed_on__isnull=True),
            ),
            models.CheckConstraint(
                name="correction_of_register_is_short", condition=Q(path="file") | Q(state__in=["open", "done"])
            ),
            models.CheckConstraint(name="correction_due_after", condition=Q(due__isnull=True) | Q(due__gte=F("since"))),
        ]
        indexes = [models.Index(fields=["state", "due"], name="correction_state")]

    def __str__(self) -> str:
        return f"{self.get_path_display()} (người số {self.person_id})"

    @property
    def is_open(self) -> bool:
        return self.closed_on is None


class CorrectionStep(models.Model):
    """What happened on a path; rows are only added."""

    class What(models.TextChoices):
        OPENED = "opened", "Công an báo khác"
        ASKED_AGAIN = "again", "Công an trả lời lại"
        REQUESTED = "requested", "Xã gửi Phòng đơn Mẫu 26"
        SENT = "sent", "Phòng chuyển Sở"
        FORWARDED = "forwarded", "Sở chuyển cơ quan cấp hồ sơ"
        RETURNED = "returned", "Cơ quan cấp hồ sơ trả lời Sở"
        DECIDED = "decided", "Quyết định đính chính (Mẫu 75)"
        AMENDED = "amended", "Ghi lại quyết định Mẫu 75"
        REFUSED = "refused", "Sở không đồng ý"
        RESTARTED = "restarted", "Lập lại đơn Mẫu 26"
        CLOSED = "closed", "Kiểm tra lại đạt"

    correction = models.ForeignKey(Correction, on_delete=models.PROTECT, related_name="steps")
    what = models.CharField("bước", max_length=9, choices=What)
    #: Of the paper, or of what happened.
    day = models.DateField("ngày")
    number = models.CharField("số", max_length=50, blank=True)
    words = models.CharField("nội dung", max_length=500, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("lúc")

    class Meta:
        verbose_name = "bước đính chính"
        verbose_name_plural = "bước đính chính"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.get_what_display()
