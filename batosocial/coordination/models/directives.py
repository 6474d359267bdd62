"""A directive (công văn, kế hoạch, thông báo…), its tasks, to whom each is given, and how far they are with it."""

import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from batosocial.jobs.models import StoredFile
from batosocial.lib import clock, months
from batosocial.staff.models import BENEFIT_ROLES, COMMUNE_ROLES, DISTRICT_ROLES, Payer, Role, User
from batosocial.staff.scoping import EVERYTHING, NOTHING, commune_scope, payer_scope
from batosocial.territory.models import Unit

#: Whoever can be told to do something.
READERS = BENEFIT_ROLES | {Role.POLICE, Role.PAYER}


class DirectiveQuerySet(models.QuerySet["Directive"]):
    def visible_to(self, user: Any) -> "DirectiveQuerySet":
        """The district its own, drafts among them; everybody else what was issued and gives them a task."""
        if getattr(user, "role", None) in DISTRICT_ROLES and user.is_active:
            return self.filter(upper=user.unit_id)
        mine = Assignment.objects.visible_to(user).values("task__directive")
        return self.filter(pk__in=mine)


class Directive(models.Model):
    """draft → issued (its tasks are given) → closed. What is issued changes only in deadlines and cancelled tasks."""

    class Kind(models.TextChoices):
        LETTER = "cong-van", "Công văn"
        PLAN = "ke-hoach", "Kế hoạch"
        NOTICE = "thong-bao", "Thông báo"
        ORDER = "chi-thi", "Chỉ thị"
        OTHER = "khac", "Văn bản khác"

    class State(models.TextChoices):
        DRAFT = "draft", "Dự thảo"
        ISSUED = "issued", "Đang thực hiện"
        CLOSED = "closed", "Đã kết thúc"

    upper = models.ForeignKey(Unit, verbose_name="huyện", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField("loại văn bản", max_length=10, choices=Kind, default=Kind.LETTER)
    #: As on the paper; one whose number the văn thư has not filled in has none.
    number = models.CharField("số, ký hiệu", max_length=50, blank=True)
    #: The month is always known, the day may stand open, as on the letter of 7/2024.
    month = models.DateField("tháng ban hành")
    day = models.PositiveSmallIntegerField("ngày ban hành", null=True, blank=True)
    issuer = models.CharField("cơ quan ban hành", max_length=200)
    signer = models.CharField("người ký", max_length=200, blank=True)
    abstract = models.CharField("trích yếu", max_length=500)
    basis = models.TextField("căn cứ", blank=True)
    file = models.ForeignKey(
        StoredFile, verbose_name="bản quét", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField("trạng thái", max_length=6, choices=State, default=State.DRAFT)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField("lập lúc")
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    issued_at = models.DateTimeField("giao việc lúc", null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = DirectiveQuerySet.as_manager()

    class Meta:
        verbose_name = "văn bản chỉ đạo"
        verbose_name_plural = "văn bản chỉ đạo"
        ordering = ["-month", F("day").desc(nulls_last=True), "-pk"]
        constraints = [
            models.CheckConstraint(
                name="directive_states_are_signed",
                condition=Q(state="draft", issued_by__isnull=True, closed_by__isnull=True)
                | Q(state="issued", issued_by__isnull=False, issued_at__isnull=False, closed_by__isnull=True)
                | Q(state="closed", issued_by__isnull=False, closed_by__isnull=False, closed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="directive_day_of_month",
                condition=Q(month__day=1) & (Q(day__isnull=True) | Q(day__gte=1, day__lte=31)),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def number_text(self) -> str:
        """ "157/TB-UBND", "…/UBND" where the number stands open."""
        return f"…{self.number}" if self.number.startswith("/") else self.number

    @property
    def date_text(self) -> str:
        """ "ngày 22/05/2024", "tháng 7/2024" where the day stands open."""
        if self.day is None:
            return months.title(self.month)
        return f"ngày {self.day:02}/{self.month.month:02}/{self.month.year}"

    @property
    def label(self) -> str:
        """ "Công văn số …/UBND tháng 7/2024"."""
        number = f" số {self.number_text}" if self.number else ""
        return f"{self.get_kind_display()}{number} {self.date_text}"


class DirectiveTask(models.Model):
    """One thing that the directive asks for, once by a day or every month by a day of it."""

    directive = models.ForeignKey(Directive, verbose_name="văn bản", on_delete=models.CASCADE, related_name="tasks")
    position = models.PositiveSmallIntegerField("thứ tự")
    #: Where it stands: "Mục 1, gạch đầu dòng 2".
    place = models.CharField("mục của văn bản", max_length=100, blank=True)
    text = models.TextField("nội dung")
    deadline = models.DateField("hạn", null=True, blank=True)
    #: Monthly from this month to that one, due on the day.
    from_month = models.DateField("hằng tháng từ", null=True, blank=True)
    to_month = models.DateField("đến tháng", null=True, blank=True)
    due_day = models.PositiveSmallIntegerField("ngày phải xong trong tháng", null=True, blank=True)
    #: A name of directives.measures; empty where nothing is computed.
    measure = models.CharField("thước đo", max_length=30, blank=True)
    target = models.DecimalField("chỉ tiêu", max_digits=7, decimal_places=1, null=True, blank=True)
    #: Where the measure is taken, if not where the addressee is: one commune that the police are told to look at.
    measured_in = models.ForeignKey(
        Unit, verbose_name="đo tại", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField("lý do hủy", max_length=300, blank=True)

    class Meta:
        verbose_name = "việc của văn bản"
        verbose_name_plural = "việc của văn bản"
        ordering = ["directive", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["directive", "position"], name="task_position_once", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(
                name="task_once_or_monthly",
                condition=Q(
                    deadline__isnull=False, from_month__isnull=True, to_month__isnull=True, due_day__isnull=True
                )
                | Q(deadline__isnull=True, from_month__day=1, due_day__gte=1, due_day__lte=28),
            ),
            models.CheckConstraint(
                name="task_months_in_order", condition=Q(to_month__isnull=True) | Q(to_month__gte=F("from_month"))
            ),
            models.CheckConstraint(
                name="task_cancelled_says_why",
                condition=Q(cancelled_at__isnull=True, cancelled_by__isnull=True, cancel_reason="")
                | Q(cancelled_at__isnull=False, cancelled_by__isnull=False) & ~Q(cancel_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"Việc {self.position}: {self.text[:80]}"

    @property
    def monthly(self) -> bool:
        return self.from_month is not None

    @property
    def when(self) -> str:
        """ "Hạn 31/08/2024", "Hằng tháng, trước hết ngày 23"."""
        if self.deadline:
            return f"Hạn {self.deadline:%d/%m/%Y}"
        until = f", đến {months.title(self.to_month)}" if self.to_month else ""
        return f"Hằng tháng, chậm nhất ngày {self.due_day}{until}"


class Addressee(models.Model):
    """To whom a task is given. Of a commune, the police or the Phòng the unit is theirs, a payer has none."""

    class Kind(models.TextChoices):
        COMMUNE = "commune", "UBND xã, thị trấn"
        OFFICE = "office", "Phòng LĐ-TB&XH"
        POLICE = "police", "Công an"
        PAYER = "payer", "Tổ chức chi trả"

    task = models.ForeignKey(DirectiveTask, on_delete=models.CASCADE, related_name="addressees")
    kind = models.CharField("bên nhận", max_length=7, choices=Kind)
    unit = models.ForeignKey(
        Unit, verbose_name="đơn vị", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    payer = models.ForeignKey(
        Payer, verbose_name="tổ chức chi trả", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = "nơi nhận việc"
        verbose_name_plural = "nơi nhận việc"
        constraints = [
            models.UniqueConstraint(
                fields=["task", "kind", "unit", "payer"], name="addressee_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="addressee_is_unit_or_payer",
                condition=Q(kind="payer", unit__isnull=True, payer__isnull=False)
                | ~Q(kind="payer") & Q(unit__isnull=False, payer__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        if self.kind == self.Kind.PAYER:
            return str(self.payer)
        if self.kind == self.Kind.COMMUNE:
            return str(self.unit)
        level = " huyện" if self.unit and self.unit.level == Unit.Level.DISTRICT else f" {self.unit}"
        return "Phòng LĐ-TB&XH" if self.kind == self.Kind.OFFICE else f"Công an{level}"

    @property
    def code(self) -> str:
        """In addresses and filters."""
        return f"{self.kind}:{self.payer_id or self.unit_id}"


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def visible_to(self, user: Any) -> "AssignmentQuerySet":
        """The district all of its directives; a commune, the police and a payer what is given to them."""
        return self.filter(_scope(user))

    def of_issued(self) -> "AssignmentQuerySet":
        """Of directives in force, without cancelled tasks and months ahead."""
        return self.filter(
            task__directive__state=Directive.State.ISSUED,
            task__cancelled_at__isnull=True,
        ).filter(Q(month__isnull=True) | Q(month__lte=months.first(clock.today())))

    def open(self) -> "AssignmentQuerySet":
        """Of directives in force, where the addressee still has to do or to say something."""
        return self.of_issued().filter(state__in=Assignment.OPEN_STATES)

    def overdue(self) -> "AssignmentQuerySet":
        return self.open().filter(due__lt=clock.today())


def _scope(user: Any) -> Q:
    if not isinstance(user, User) or not user.is_active:
        return NOTHING
    if user.role == Role.SYSTEM:
        return EVERYTHING
    if user.role in DISTRICT_ROLES:
        return Q(task__directive__upper=user.unit_id)
    issued = ~Q(task__directive__state=Directive.State.DRAFT)
    if user.role in COMMUNE_ROLES:
        own = commune_scope(user, "addressee__unit", roles=COMMUNE_ROLES)
        return own & Q(addressee__kind=Addressee.Kind.COMMUNE) & issued
    if user.role == Role.POLICE:
        units = Unit.objects.of_commune(user.unit_id or 0).values("pk")
        return Q(addressee__kind=Addressee.Kind.POLICE, addressee__unit__in=units) & issued
    own = payer_scope(user, "addressee__payer")
    return own if own == NOTHING else own & Q(addressee__kind=Addressee.Kind.PAYER) & issued


class Assignment(models.Model):
    """A task for an addressee, of a monthly one a month's; made when the directive is issued and as months begin.

    What was reported stands here in its newest form and in ``AssignmentStep`` in full. Whether somebody has begun
    also asks the measure (directives.reading).
    """

    class State(models.TextChoices):
        NONE = "none", "Chưa có báo cáo"
        WORKING = "working", "Đang làm"
        REPORTED = "reported", "Báo cáo hoàn thành"
        RETURNED = "returned", "Bị trả lại"
        CONFIRMED = "confirmed", "Đã xác nhận xong"

    #: In which the addressee still has to act.
    OPEN_STATES = (State.NONE, State.WORKING, State.RETURNED)

    task = models.ForeignKey(DirectiveTask, on_delete=models.PROTECT, related_name="assignments")
    addressee = models.ForeignKey(Addressee, on_delete=models.PROTECT, related_name="assignments")
    month = models.DateField("tháng", null=True, blank=True)
    due = models.DateField("hạn")
    state = models.CharField("trạng thái", max_length=9, choices=State, default=State.NONE)
    #: The measure's value when the task was given; for those that never stand at zero, work begins above it.
    start = models.DecimalField("lúc giao", max_digits=9, decimal_places=1, null=True, blank=True)
    percent = models.PositiveSmallIntegerField("tiến độ (%)", null=True, blank=True)
    report = models.TextField("báo cáo", blank=True)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reported_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField("ý kiến của bên giao", max_length=500, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    reminded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reminded_at = models.DateTimeField(null=True, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = "việc được giao"
        verbose_name_plural = "việc được giao"
        ordering = ["due", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["addressee", "month"], name="assignment_once", nulls_distinct=False),
            models.CheckConstraint(
                name="assignment_states_are_signed",
                condition=Q(state="none", answered_by__isnull=True)
                | Q(state="working", reported_by__isnull=False)
                | Q(state="reported", reported_by__isnull=False, reported_at__isnull=False)
                | Q(state__in=["returned", "confirmed"], reported_by__isnull=False, answered_by__isnull=False),
            ),
            models.CheckConstraint(
                name="assignment_two_people",
                condition=~Q(state__in=["returned", "confirmed"]) | ~Q(reported_by=F("answered_by")),
            ),
            models.CheckConstraint(
                name="assignment_percent", condition=Q(percent__isnull=True) | Q(percent__gte=0, percent__lte=100)
            ),
        ]
        indexes = [
            models.Index(
                fields=["due"], condition=Q(state__in=["none", "working", "returned"]), name="assignment_open"
            ),
        ]

    def __str__(self) -> str:
        month = f", {months.title(self.month)}" if self.month else ""
        return f"{self.addressee}: việc {self.task.position}{month}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN_STATES

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.due < clock.today()

    @property
    def days_late(self) -> int:
        return max(0, (clock.today() - self.due).days)

    @property
    def is_reminded(self) -> bool:
        """Reminded, and nothing said since."""
        return (
            self.is_open
            and self.reminded_at is not None
            and (self.reported_at is None or self.reported_at < self.reminded_at)
        )


class AssignmentStep(models.Model):
    """What was said or decided about an assignment; rows are only added."""

    class Kind(models.TextChoices):
        PROGRESS = "progress", "Báo cáo tiến độ"
        DONE = "done", "Báo cáo hoàn thành"
        CONFIRMED = "confirmed", "Xác nhận xong"
        RETURNED = "returned", "Trả lại"
        REMINDED = "reminded", "Đôn đốc"
        DUE = "due", "Đổi hạn"

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField("việc", max_length=9, choices=Kind)
    text = models.TextField("nội dung", blank=True)
    percent = models.PositiveSmallIntegerField("tiến độ (%)", null=True, blank=True)
    #: The day that the report speaks of.
    on_day = models.DateField("số liệu đến ngày", null=True, blank=True)
    #: What the program computed then, in words; "" where nothing is measured.
    measured = models.CharField("số liệu lúc đó", max_length=200, blank=True)
    file = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")

    class Meta:
        verbose_name = "báo cáo của việc được giao"
        verbose_name_plural = "báo cáo của việc được giao"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.assignment}"


def due_in(month: datetime.date, day: int) -> datetime.date:
    """The day of a month by which a monthly task is due."""
    return month.replace(day=day)
