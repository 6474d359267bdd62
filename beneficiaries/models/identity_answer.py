"""What the police say of a person after a look into the population database."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from batosocial.staff.models import BENEFIT_ROLES, Role
from batosocial.staff.scoping import commune_scope
from beneficiaries.models.person import Person


class IdentityAnswerQuerySet(models.QuerySet["IdentityAnswer"]):
    def visible_to(self, user: Any) -> "IdentityAnswerQuerySet":
        return self.filter(commune_scope(user, "person__commune", roles=BENEFIT_ROLES | {Role.POLICE}))


class IdentityAnswer(models.Model):
    """Rows are only added; of each person the newest counts.

    With MATCH and DIFFERS the columns hold what is right by the population database of the ``fields`` that were asked:
    as the register had it where that is right, as the police say where it is not. What was not asked is empty.
    """

    class Answer(models.TextChoices):
        MATCH = "match", "Khớp"
        DIFFERS = "differs", "Khác"
        NOT_FOUND = "not_found", "Không tìm thấy"
        DEAD = "dead", "Đã chết"
        NO_CCCD = "no_cccd", "Chưa có CCCD"

    person = models.ForeignKey(
        Person, verbose_name="người hưởng", on_delete=models.PROTECT, related_name="identity_answers"
    )
    answer = models.CharField("trả lời", max_length=9, choices=Answer)
    #: Of "name", "birth", "sex", "cccd": what was asked, and of these what differs from the register as it was.
    fields = ArrayField(models.CharField(max_length=5), verbose_name="đã hỏi", default=list)
    differing = ArrayField(models.CharField(max_length=5), verbose_name="khác", default=list, blank=True)
    #: {field: text} as the register had it when the answer was given.
    asked = models.JSONField("hồ sơ khi hỏi", default=dict)
    name = models.CharField("họ và tên đúng", max_length=150, blank=True)
    birth_year = models.PositiveSmallIntegerField("năm sinh đúng", null=True, blank=True)
    birth_month = models.PositiveSmallIntegerField("tháng sinh đúng", null=True, blank=True)
    birth_day = models.PositiveSmallIntegerField("ngày sinh đúng", null=True, blank=True)
    sex = models.CharField("giới tính đúng", max_length=1, choices=Person.Sex, blank=True)
    cccd = models.CharField("số CCCD đúng", max_length=12, blank=True)
    #: The month of death, the first of it; the day where it is known.
    died_month = models.DateField("chết tháng", null=True, blank=True)
    died_on = models.DateField("chết ngày", null=True, blank=True)
    note = models.CharField("ghi chú", max_length=300, blank=True)
    newest = models.BooleanField(default=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField("trả lời lúc")

    objects = IdentityAnswerQuerySet.as_manager()

    class Meta:
        verbose_name = "trả lời của Công an"
        verbose_name_plural = "trả lời của Công an"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=Q(newest=True), name="identity_answer_newest"),
            models.CheckConstraint(
                name="identity_answer_says_what_differs",
                condition=Q(answer="differs") & ~Q(differing=[]) | ~Q(answer="differs") & Q(differing=[]),
            ),
            models.CheckConstraint(
                name="identity_answer_dead_has_month",
                condition=Q(answer="dead", died_month__isnull=False)
                | ~Q(answer="dead") & Q(died_month__isnull=True, died_on__isnull=True),
            ),
            models.CheckConstraint(name="identity_answer_cccd", condition=Q(cccd="") | Q(cccd__regex=r"^\d{12}$")),
        ]

    def __str__(self) -> str:
        return f"{self.get_answer_display()} (người số {self.person_id})"
