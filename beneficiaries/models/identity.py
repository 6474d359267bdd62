"""What is wrong or doubtful about who a person is: one row for each person, kind and key, with its history."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from batosocial.staff.models import Role
from batosocial.staff.scoping import commune_scope
from beneficiaries.models.person import Person

#: States in which an issue waits for somebody.
WAITING = ("open", "in_hand")


class IdentityIssueQuerySet(models.QuerySet["IdentityIssue"]):
    def visible_to(self, user: Any) -> "IdentityIssueQuerySet":
        """Own commune or district; police only what is about a card, never what accounts or benefits gave away."""
        if getattr(user, "role", None) == Role.POLICE:
            scope = commune_scope(user, "person__commune", roles=frozenset({Role.POLICE}))
            return self.filter(scope, rule__in=POLICE_RULES)
        return self.filter(commune_scope(user, "person__commune"))

    def waiting(self) -> "IdentityIssueQuerySet":
        return self.filter(state__in=WAITING)

    def once_each(self, user: Any) -> "IdentityIssueQuerySet":
        """People who share something stand in the list once: for a commune its first of them, else the first of all."""
        unit = getattr(user, "unit", None)
        in_commune = unit is not None and unit.level == "commune"
        return self.filter(place__lte=1 if in_commune else 0)


class IdentityIssue(models.Model):
    """Found by the rules of rules.md 4; closed only when a check passes or by a decision with a reason.

    ``key`` tells issues of one kind apart (the number that is shared, the payee with a wrong number), ``rule`` says
    which of the kind's rules found it. The row stays when it is closed and opens again when the same thing comes
    back; one that was accepted opens again when its facts have changed (``fingerprint``).
    """

    class Kind(models.TextChoices):
        MISSING = "missing", "Chưa có CCCD"
        MALFORMED = "malformed", "Số sai quy cách"
        DUPLICATE = "duplicate", "Trùng người, trùng số"
        CONTRADICTING = "contradicting", "Số CCCD trái giới tính, năm sinh"
        DIFFERING = "differing", "Hồ sơ khác CCCD"

    class Rule(models.TextChoices):
        NO_CCCD = "no_cccd", "Chưa có CCCD"
        CCCD_FORM = "cccd_form", "Số CCCD không hợp lệ"
        CMND_FORM = "cmnd_form", "Số CMND giống số ghi tạm"
        PAYEE_FORM = "payee_form", "Số CCCD của người nhận thay sai"
        DEPENDANT_FORM = "dependant_form", "Số định danh của người phụ thuộc sai"
        SAME_CCCD = "same_cccd", "Cùng số CCCD"
        SAME_CMND = "same_cmnd", "Cùng số CMND"
        SAME_NAME = "same_name", "Cùng họ tên, ngày sinh, giới tính"
        SAME_ACCOUNT = "same_account", "Cùng tài khoản chính chủ"
        SAME_CHILD = "same_child", "Cùng người phụ thuộc"
        DIGITS = "digits", "Số CCCD trái giới tính, năm sinh"
        CARD = "card", "Hồ sơ khác CCCD"
        POLICE_DIFFERS = "police_differs", "Công an: hồ sơ khác dữ liệu dân cư"
        POLICE_UNKNOWN = "police_unknown", "Công an: không tìm thấy người này"
        POLICE_DEAD = "police_dead", "Công an: người này đã chết"
        POLICE_NO_CCCD = "police_no_cccd", "Công an: chưa có CCCD, hồ sơ lại có số"

    class State(models.TextChoices):
        OPEN = "open", "Chưa xử lý"
        IN_HAND = "in_hand", "Đang xử lý"
        CLOSED = "closed", "Đã xong"
        ACCEPTED = "accepted", "Giữ nguyên"

    class Side(models.TextChoices):
        """Who has to act."""

        COMMUNE = "commune", "Xã"
        POLICE = "police", "Công an"
        OFFICE = "office", "Phòng LĐ-TB&XH"

    person = models.ForeignKey(
        Person, verbose_name="người hưởng", on_delete=models.PROTECT, related_name="identity_issues"
    )
    kind = models.CharField("loại", max_length=13, choices=Kind)
    rule = models.CharField("quy tắc", max_length=14, choices=Rule)
    key = models.CharField(max_length=250)
    state = models.CharField("trạng thái", max_length=8, choices=State, default=State.OPEN)
    side = models.CharField("bên xử lý", max_length=7, choices=Side)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="người nhận việc",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    #: The first of the people with whom something is shared; all of them are in the evidence.
    other = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    #: What contradicts what at the last check: {"lines": […]} or {"others": […], "strong": bool}.
    evidence = models.JSONField("căn cứ", default=dict)
    fingerprint = models.CharField(max_length=32)
    #: Order of the worklist; the lowest come first.
    rank = models.PositiveSmallIntegerField()
    #: Among those who share something: 0 the first of all, 1 the first of its commune, 2 the rest.
    place = models.PositiveSmallIntegerField(default=0)
    #: Both have a benefit due this month, so that one person may be paid twice.
    paid_twice = models.BooleanField("cùng đang được chi", default=False)
    #: "NCC", "BTXH", "NCC,BTXH" or "": what the person has or is proposed for.
    policies = models.CharField("chính sách", max_length=9, blank=True)
    found_at = models.DateTimeField("phát hiện lúc")
    checked_at = models.DateTimeField("kiểm tra lúc")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField("lý do", max_length=300, blank=True)

    objects = IdentityIssueQuerySet.as_manager()

    class Meta:
        verbose_name = "việc xác minh nhân thân"
        verbose_name_plural = "việc xác minh nhân thân"
        ordering = ["rank", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["person", "kind", "key"], name="identity_issue_once"),
            models.CheckConstraint(
                name="identity_in_hand_has_owner",
                condition=Q(state="open", owner__isnull=True)
                | Q(state="in_hand", owner__isnull=False)
                | Q(state__in=["closed", "accepted"]),
            ),
            models.CheckConstraint(
                name="identity_closed_has_time",
                condition=Q(state__in=["open", "in_hand"], closed_at__isnull=True)
                | Q(state__in=["closed", "accepted"], closed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="identity_accepted_says_why",
                condition=~Q(state="accepted") | Q(closed_by__isnull=False) & ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="identity_not_its_own_double", condition=Q(other__isnull=True) | ~Q(other=models.F("person"))
            ),
        ]
        indexes = [
            models.Index(fields=["rank", "id"], condition=Q(state__in=WAITING), name="identity_waiting"),
            models.Index(fields=["key"], condition=Q(kind="duplicate"), name="identity_shared_key"),
            models.Index(fields=["state", "closed_at"], name="identity_state"),
        ]

    def __str__(self) -> str:
        return f"{self.get_rule_display()} (người số {self.person_id})"

    @property
    def is_waiting(self) -> bool:
        return self.state in WAITING


#: What the police may see: a card's number, name, birth and sex. Who receives money, for whom and where, they may not.
POLICE_RULES = frozenset(
    {
        IdentityIssue.Rule.NO_CCCD,
        IdentityIssue.Rule.CCCD_FORM,
        IdentityIssue.Rule.CMND_FORM,
        IdentityIssue.Rule.SAME_CCCD,
        IdentityIssue.Rule.SAME_CMND,
        IdentityIssue.Rule.SAME_NAME,
        IdentityIssue.Rule.DIGITS,
        IdentityIssue.Rule.CARD,
        IdentityIssue.Rule.POLICE_DIFFERS,
        IdentityIssue.Rule.POLICE_UNKNOWN,
        IdentityIssue.Rule.POLICE_DEAD,
        IdentityIssue.Rule.POLICE_NO_CCCD,
    }
)


class IdentityEvent(models.Model):
    """What happened to an issue, and what a check found then. Rows are only added."""

    class What(models.TextChoices):
        FOUND = "found", "Kiểm tra phát hiện"
        CHANGED = "changed", "Kiểm tra lại: căn cứ đã đổi"
        REOPENED = "reopened", "Kiểm tra lại: xuất hiện trở lại"
        CLOSED = "closed", "Kiểm tra lại: đạt"
        TAKEN = "taken", "Nhận việc"
        GIVEN_BACK = "given_back", "Trả lại việc"
        ACCEPTED = "accepted", "Giữ nguyên"

    issue = models.ForeignKey(IdentityIssue, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    what = models.CharField(max_length=10, choices=What)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.CharField(max_length=300, blank=True)
    evidence = models.JSONField(default=dict)

    class Meta:
        verbose_name = "diễn biến xác minh"
        verbose_name_plural = "diễn biến xác minh"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.at:%d/%m/%Y}"
