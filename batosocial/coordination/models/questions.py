"""Questions (vướng mắc) to the Phòng with their messages, and answers that are published for all."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from batosocial.jobs.models import StoredFile
from batosocial.lib import clock
from batosocial.staff.models import COMMUNE_ROLES, DISTRICT_ROLES, Payer, Role, User
from batosocial.staff.scoping import EVERYTHING, NOTHING, commune_scope, payer_scope
from batosocial.territory.models import Unit
from beneficiaries.models import Person
from payments.models import PaymentList


class Topic(models.TextChoices):
    """What a question is about; the order is that of the choices."""

    BENEFITS = "benefits", "Chế độ, mức hưởng"
    CHANGES = "changes", "Tăng, giảm, hồ sơ"
    IDENTITY = "identity", "Thông tin cá nhân, CCCD"
    ACCOUNTS = "accounts", "Tài khoản, nơi nhận tiền"
    PAYMENT = "payment", "Danh sách, kết quả chi trả"
    RECOVERY = "recovery", "Truy thu, dừng chi"
    PORTAL = "portal", "Sử dụng phần mềm"
    OTHER = "other", "Việc khác"


class AnswerTerm(models.Model):
    """Within how many working days the Phòng answers, from a day on. The letter asks for answers "kịp thời" and names
    no term, so it is a setting."""

    valid_from = models.DateField("hỏi từ ngày", unique=True)
    days = models.PositiveSmallIntegerField(
        "số ngày làm việc để trả lời", validators=[MinValueValidator(1), MaxValueValidator(60)]
    )

    class Meta:
        verbose_name = "hạn trả lời vướng mắc"
        verbose_name_plural = "hạn trả lời vướng mắc"
        ordering = ["-valid_from"]
        constraints = [models.CheckConstraint(name="answer_term_days", condition=Q(days__gte=1, days__lte=60))]

    def __str__(self) -> str:
        return f"{self.days} ngày làm việc, từ {self.valid_from:%d/%m/%Y}"


class QuestionQuerySet(models.QuerySet["Question"]):
    def visible_to(self, user: Any) -> "QuestionQuerySet":
        """Whoever asked: the own commune, the own station of the police, the own payer; and the district asked."""
        return self.filter(_scope(user))

    def waiting(self) -> "QuestionQuerySet":
        return self.filter(state=Question.State.WAITING)

    def overdue(self) -> "QuestionQuerySet":
        """The Phòng owes an answer since yesterday or longer."""
        return self.waiting().filter(due__lt=clock.today())

    def unread(self) -> "QuestionQuerySet":
        """Answered, and nobody of the asking side has opened it since."""
        return self.filter(state=Question.State.ANSWERED, read_at__isnull=True)


def _scope(user: Any) -> Q:
    if not isinstance(user, User) or not user.is_active:
        return NOTHING
    if user.role == Role.SYSTEM:
        return EVERYTHING
    if user.role in COMMUNE_ROLES:
        return commune_scope(user, "unit") & Q(side=Question.Side.COMMUNE)
    if user.role in DISTRICT_ROLES:
        return commune_scope(user, "unit") | Q(upper=user.unit_id)
    if user.role == Role.POLICE and user.unit_id:
        return Q(side=Question.Side.POLICE, unit__in=Unit.objects.of_commune(user.unit_id).values("pk"))
    return payer_scope(user) & Q(side=Question.Side.PAYER) if user.role == Role.PAYER else NOTHING


class Question(models.Model):
    """Asked about a person, a payment list or in general. While it waits, the Phòng owes an answer by ``due``."""

    class Side(models.TextChoices):
        COMMUNE = "commune", "Xã, thị trấn"
        POLICE = "police", "Công an"
        PAYER = "payer", "Tổ chức chi trả"

    class About(models.TextChoices):
        GENERAL = "general", "Chung"
        PERSON = "person", "Một người hưởng"
        LIST = "list", "Một danh sách chi trả"

    class State(models.TextChoices):
        WAITING = "waiting", "Chờ Phòng trả lời"
        ASKED_BACK = "asked_back", "Phòng hỏi lại"
        ANSWERED = "answered", "Đã trả lời"
        DONE = "done", "Đã xong"

    #: The Phòng spoke last.
    SPOKEN_STATES = (State.ASKED_BACK, State.ANSWERED)

    side = models.CharField("bên hỏi", max_length=7, choices=Side)
    #: The commune or the police's district or commune; none for a payer.
    unit = models.ForeignKey(
        Unit, verbose_name="đơn vị hỏi", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    payer = models.ForeignKey(
        Payer, verbose_name="tổ chức hỏi", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    upper = models.ForeignKey(Unit, verbose_name="huyện", on_delete=models.PROTECT, related_name="+")
    about = models.CharField("hỏi về", max_length=7, choices=About, default=About.GENERAL)
    person = models.ForeignKey(
        Person, verbose_name="người hưởng", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    payment_list = models.ForeignKey(
        PaymentList, verbose_name="danh sách", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    topic = models.CharField("chủ đề", max_length=10, choices=Topic)
    subject = models.CharField("câu hỏi", max_length=200)
    state = models.CharField("trạng thái", max_length=10, choices=State, default=State.WAITING)
    due = models.DateField("hạn trả lời", null=True, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("hỏi lúc", default=timezone.now)
    #: When the last message came, or the question was closed.
    moved_at = models.DateTimeField("cập nhật lúc", default=timezone.now)
    read_at = models.DateTimeField("bên hỏi mở lúc", null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = "vướng mắc"
        verbose_name_plural = "vướng mắc"
        ordering = ["-moved_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="question_side_is_named",
                condition=Q(side="payer", payer__isnull=False, unit__isnull=True)
                | Q(side__in=["commune", "police"], payer__isnull=True, unit__isnull=False),
            ),
            models.CheckConstraint(
                name="question_about_is_named",
                condition=Q(about="general", person__isnull=True, payment_list__isnull=True)
                | Q(about="person", person__isnull=False, payment_list__isnull=True)
                | Q(about="list", person__isnull=True, payment_list__isnull=False),
            ),
            models.CheckConstraint(
                name="question_waits_until",
                condition=Q(state="waiting", due__isnull=False) | ~Q(state="waiting") & Q(due__isnull=True),
            ),
            models.CheckConstraint(
                name="question_done_is_signed",
                condition=Q(state="done", closed_by__isnull=False) | ~Q(state="done") & Q(closed_by__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["due"], condition=Q(state="waiting"), name="question_waiting"),
            models.Index(fields=["-moved_at", "-id"], name="question_moved"),
            models.Index(fields=["unit", "-moved_at"], name="question_unit"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_overdue(self) -> bool:
        return self.due is not None and self.due < clock.today()


class QuestionMessage(models.Model):
    """One turn of the talk. Rows are only added."""

    class Kind(models.TextChoices):
        QUESTION = "question", "Hỏi"
        ANSWER = "answer", "Trả lời"
        ASK_BACK = "ask_back", "Hỏi lại"
        REPLY = "reply", "Bổ sung, hỏi tiếp"
        REOPEN = "reopen", "Mở lại"

    #: What the Phòng writes; the rest comes from whoever asked.
    OF_PHONG = (Kind.ANSWER, Kind.ASK_BACK)

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField("loại", max_length=8, choices=Kind)
    text = models.TextField("nội dung")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc", default=timezone.now)

    class Meta:
        verbose_name = "lời hỏi đáp"
        verbose_name_plural = "lời hỏi đáp"
        ordering = ["pk"]
        constraints = [models.CheckConstraint(name="message_says_something", condition=~Q(text=""))]

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def is_of_phong(self) -> bool:
        return self.kind in self.OF_PHONG


class QuestionFile(models.Model):
    """A scan or photograph that came with a message."""

    message = models.ForeignKey(QuestionMessage, on_delete=models.PROTECT, related_name="files")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "tệp kèm câu hỏi"
        verbose_name_plural = "tệp kèm câu hỏi"
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.file)


class GeneralAnswerQuerySet(models.QuerySet["GeneralAnswer"]):
    def visible_to(self, user: Any) -> "GeneralAnswerQuerySet":
        """What stands, for everybody who signs in; what was withdrawn, for the district that published it."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        own = Q(upper=user.unit_id) if user.in_district else NOTHING
        return self.filter(Q(withdrawn_at__isnull=True) | own)

    def standing(self) -> "GeneralAnswerQuerySet":
        return self.filter(withdrawn_at__isnull=True)


class GeneralAnswer(models.Model):
    """A question with its answer in general words, without anybody's data: for all to find."""

    upper = models.ForeignKey(Unit, verbose_name="huyện", on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(Question, null=True, blank=True, on_delete=models.PROTECT, related_name="published")
    topic = models.CharField("chủ đề", max_length=10, choices=Topic)
    question = models.CharField("câu hỏi", max_length=300)
    answer = models.TextField("trả lời")
    basis = models.CharField("căn cứ", max_length=300, blank=True)
    #: The text without accents, for search: " word word".
    search_key = models.TextField(editable=False)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    published_on = models.DateField("ngày phổ biến")
    edited_on = models.DateField("sửa ngày", null=True, blank=True)
    withdrawn_at = models.DateTimeField("rút lúc", null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawal = models.CharField("lý do rút", max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = GeneralAnswerQuerySet.as_manager()

    class Meta:
        verbose_name = "giải đáp chung"
        verbose_name_plural = "giải đáp chung"
        ordering = ["-published_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="withdrawal_is_signed",
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawal="")
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawal=""),
            )
        ]
        indexes = [
            GinIndex(OpClass(F("search_key"), name="gin_trgm_ops"), name="general_answer_words"),
            models.Index(fields=["-published_on", "-id"], name="general_answer_newest"),
        ]

    def __str__(self) -> str:
        return self.question
