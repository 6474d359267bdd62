"""A round: people whom the police compare with the population database, and how far they are."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q

from batosocial.lib import clock
from batosocial.staff.models import BENEFIT_ROLES, DISTRICT_ROLES, Role
from batosocial.staff.scoping import commune_scope
from batosocial.territory.models import Unit
from beneficiaries.models import IdentityAnswer, Person

#: Who takes part in a round: whoever works with benefits, and the police, who see identities alone.
READERS = BENEFIT_ROLES | {Role.POLICE}


class IdentityRoundQuerySet(models.QuerySet["IdentityRound"]):
    def visible_to(self, user: Any) -> "IdentityRoundQuerySet":
        """The district its own rounds, a commune and its police those that ask about somebody of theirs."""
        own = Q(upper=getattr(user, "unit_id", None)) if getattr(user, "role", None) in DISTRICT_ROLES else Q(pk__in=[])
        return self.filter(own | Q(pk__in=RoundPerson.objects.visible_to(user).values("round")))

    def to_close(self) -> "IdentityRoundQuerySet":
        """Open ones in which nobody waits for an answer any more."""
        return self.filter(~Exists(_waiting_in_round()), state=IdentityRound.State.OPEN)

    def overdue(self) -> "IdentityRoundQuerySet":
        """Open ones past their deadline in which somebody still waits."""
        return self.filter(Exists(_waiting_in_round()), state=IdentityRound.State.OPEN, until__lt=clock.today())


def _waiting_in_round() -> Any:
    return RoundPerson.objects.filter(round=OuterRef("pk"), answer__isnull=True)


class IdentityRound(models.Model):
    """Opened by the Phòng for the police (letter of 7/2024, mục 3): which people, which fields, until when."""

    class Field(models.TextChoices):
        NAME = "name", "Họ và tên"
        BIRTH = "birth", "Ngày sinh"
        SEX = "sex", "Giới tính"
        CCCD = "cccd", "Số CCCD"

    class State(models.TextChoices):
        OPEN = "open", "Đang làm"
        CLOSED = "closed", "Đã kết thúc"

    name = models.CharField("tên đợt", max_length=200)
    upper = models.ForeignKey(Unit, verbose_name="huyện", on_delete=models.PROTECT, related_name="+")
    fields = ArrayField(models.CharField(max_length=5, choices=Field), verbose_name="thông tin cần đối chiếu")
    until = models.DateField("hạn trả lời")
    note = models.TextField("nội dung yêu cầu", blank=True)
    state = models.CharField("trạng thái", max_length=6, choices=State, default=State.OPEN)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField("mở lúc")
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = IdentityRoundQuerySet.as_manager()

    class Meta:
        verbose_name = "đợt xác minh"
        verbose_name_plural = "đợt xác minh"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="round_closed_is_signed",
                condition=Q(state="open", closed_by__isnull=True, closed_at__isnull=True)
                | Q(state="closed", closed_by__isnull=False, closed_at__isnull=False),
            ),
            models.CheckConstraint(name="round_asks_something", condition=~Q(fields=[])),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def asked_for(self) -> str:
        """What is compared, as in the middle of a sentence: "họ và tên, số CCCD"."""
        labels = [str(label) for value, label in self.Field.choices if value in self.fields]
        return ", ".join(f"{label[:1].lower()}{label[1:]}" for label in labels)


class RoundPersonQuerySet(models.QuerySet["RoundPerson"]):
    def visible_to(self, user: Any) -> "RoundPersonQuerySet":
        return self.filter(commune_scope(user, "person__commune", roles=READERS))

    def waiting(self) -> "RoundPersonQuerySet":
        """Of open rounds, whom nobody has answered about."""
        return self.filter(round__state=IdentityRound.State.OPEN, answer__isnull=True)


class RoundPerson(models.Model):
    """One person asked about. What the police see is the register as it is when they look, not a copy."""

    round = models.ForeignKey(IdentityRound, verbose_name="đợt", on_delete=models.PROTECT, related_name="rows")
    person = models.ForeignKey(Person, verbose_name="người hưởng", on_delete=models.PROTECT, related_name="+")
    #: Where the person was kept when the round was opened.
    commune = models.ForeignKey(Unit, verbose_name="xã, thị trấn", on_delete=models.PROTECT, related_name="+")
    #: The newest answer of this round.
    answer = models.OneToOneField(
        IdentityAnswer, verbose_name="trả lời", null=True, blank=True, on_delete=models.PROTECT, related_name="asked_in"
    )

    objects = RoundPersonQuerySet.as_manager()

    class Meta:
        verbose_name = "người trong đợt xác minh"
        verbose_name_plural = "người trong đợt xác minh"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["round", "person"], name="round_person_once")]
        indexes = [models.Index(fields=["round"], condition=Q(answer__isnull=True), name="round_person_waiting")]

    def __str__(self) -> str:
        return f"{self.person} ({self.round})"
