"""A campaign: a payer opens accounts in some communes, for the people whom these have named as ready."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from batosocial.staff.models import DISTRICT_ROLES, Payer, Role, User
from batosocial.staff.scoping import EVERYTHING, NOTHING, commune_scope, payer_scope
from batosocial.territory.models import Unit
from beneficiaries.models import ImportBatch, Payee, Person


def _district(user: Any, path: str) -> Q:
    if not isinstance(user, User) or not user.is_active:
        return NOTHING
    if user.role == Role.SYSTEM:
        return EVERYTHING
    return Q(**{path: user.unit_id}) if user.role in DISTRICT_ROLES and user.unit_id else NOTHING


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: Any) -> "CampaignQuerySet":
        """The district its own, a payer its own, a commune those that are confirmed and come to it."""
        known = Q(state__in=Campaign.CONFIRMED)
        coming = CampaignCommune.objects.filter(_of_commune(user)).values("campaign")
        return self.filter(_district(user, "upper") | payer_scope(user) | Q(pk__in=coming) & known)

    def running(self) -> "CampaignQuerySet":
        return self.filter(state=Campaign.State.OPEN)


def _of_commune(user: Any) -> Q:
    return commune_scope(user, "commune") if getattr(user, "in_commune", False) else NOTHING


class Campaign(models.Model):
    """Planned by the Phòng, or proposed by the payer and confirmed by the Phòng (letter of 7/2024, mục 1 and 2)."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Chờ Phòng xác nhận"
        OPEN = "open", "Đang làm"
        CLOSED = "closed", "Đã kết thúc"
        CANCELLED = "cancelled", "Đã bỏ"

    CONFIRMED = (State.OPEN, State.CLOSED)

    name = models.CharField("tên đợt", max_length=200)
    payer = models.ForeignKey(
        Payer, verbose_name="tổ chức mở tài khoản", on_delete=models.PROTECT, related_name="campaigns"
    )
    upper = models.ForeignKey(Unit, verbose_name="huyện", on_delete=models.PROTECT, related_name="+")
    month = models.DateField("dùng tài khoản từ tháng")
    deadline = models.DateField("hạn mở xong")
    #: What the routes of the accounts say about where they come from.
    source = models.CharField("nguồn ghi ở tài khoản", max_length=100)
    note = models.TextField("nội dung", max_length=2000, blank=True)
    state = models.CharField("trạng thái", max_length=9, choices=State, default=State.OPEN)
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField("lập lúc")
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    #: Closed, or cancelled with a reason.
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField("lý do bỏ", max_length=300, blank=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = "đợt mở tài khoản"
        verbose_name_plural = "đợt mở tài khoản"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="campaign_month_is_first"),
            models.CheckConstraint(
                name="campaign_states_are_signed",
                condition=Q(state="proposed", confirmed_by__isnull=True, ended_by__isnull=True)
                | Q(state="open", confirmed_by__isnull=False, confirmed_at__isnull=False, ended_by__isnull=True)
                | Q(state="closed", confirmed_by__isnull=False, ended_by__isnull=False, ended_at__isnull=False)
                | Q(state="cancelled", ended_by__isnull=False, ended_at__isnull=False) & ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CampaignCommune(models.Model):
    """How many accounts are planned in a commune, and when and where they are opened."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="communes")
    commune = models.ForeignKey(Unit, verbose_name="xã, thị trấn", on_delete=models.PROTECT, related_name="+")
    planned = models.PositiveIntegerField("dự kiến mở")
    opens_on = models.DateField("mở từ ngày", null=True, blank=True)
    opens_until = models.DateField("đến ngày", null=True, blank=True)
    place = models.CharField("nơi mở", max_length=200, blank=True)

    class Meta:
        verbose_name = "xã của đợt mở tài khoản"
        verbose_name_plural = "xã của đợt mở tài khoản"
        ordering = ["commune__position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "commune"], name="campaign_commune_once"),
            models.CheckConstraint(condition=Q(planned__gt=0), name="campaign_plans_somebody"),
            models.CheckConstraint(
                condition=Q(opens_until__isnull=True)
                | Q(opens_on__isnull=False, opens_until__gte=models.F("opens_on")),
                name="campaign_days_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.commune}: {self.planned}"


class CampaignPersonQuerySet(models.QuerySet["CampaignPerson"]):
    def visible_to(self, user: Any) -> "CampaignPersonQuerySet":
        """A commune its own, the district its own, a payer those of its confirmed campaigns."""
        payers = payer_scope(user, "campaign__payer") & Q(campaign__state__in=Campaign.CONFIRMED)
        return self.filter(commune_scope(user, "commune") | payers)

    def taking_part(self) -> "CampaignPersonQuerySet":
        return self.exclude(state=CampaignPerson.State.WITHDRAWN)


class CampaignPerson(models.Model):
    """Somebody whom the commune has named as ready. Whether the account is opened, confirmed and paid into is read from
    the routes and payments (``campaigns.counting``), never stored here."""

    class State(models.TextChoices):
        READY = "ready", "Sẵn sàng"
        LISTED = "listed", "Tổ chức đã nhận"
        FAILED = "failed", "Không mở được"
        WITHDRAWN = "withdrawn", "Đã rút"

    class Failure(models.TextChoices):
        NO_CCCD = "no_cccd", "Chưa có CCCD, CCCD hết hạn"
        DIFFERS = "differs", "Thông tin khác với CCCD"
        AWAY = "away", "Không gặp được, đi khỏi địa phương"
        REFUSES = "refuses", "Không đồng ý mở"
        NO_PAPER = "no_paper", "Thiếu giấy giám hộ, ủy quyền"
        OTHER = "other", "Lý do khác"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="people")
    person = models.ForeignKey(Person, verbose_name="người hưởng", on_delete=models.PROTECT, related_name="+")
    #: Where the person was kept when they were named.
    commune = models.ForeignKey(Unit, verbose_name="xã, thị trấn", on_delete=models.PROTECT, related_name="+")
    state = models.CharField("trạng thái", max_length=9, choices=State, default=State.READY)
    opener = models.CharField("ai mở", max_length=10, choices=Payee.Kind, default=Payee.Kind.OWN)
    opener_name = models.CharField("họ tên người mở thay", max_length=150, blank=True)
    opener_cccd = models.CharField("số CCCD người mở thay", max_length=12, blank=True)
    phone = models.CharField("điện thoại", max_length=15, blank=True)
    home_visit = models.BooleanField("cần đến nhà", default=False)
    home_place = models.CharField("đến đâu", max_length=200, blank=True)
    note = models.CharField("ghi chú", max_length=300, blank=True)
    #: The day the person (or who opens for them) agreed, as the commune notes it.
    agreed_on = models.DateField("đồng ý ngày", null=True, blank=True)
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField("báo lúc")
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    taken_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField("vì sao không mở được", max_length=8, choices=Failure, blank=True)
    failure_note = models.CharField("nói rõ", max_length=300, blank=True)
    failed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    failed_at = models.DateTimeField(null=True, blank=True)
    withdrawal = models.CharField("vì sao rút", max_length=300, blank=True)

    objects = CampaignPersonQuerySet.as_manager()

    class Meta:
        verbose_name = "người của đợt mở tài khoản"
        verbose_name_plural = "người của đợt mở tài khoản"
        ordering = ["commune__position", "person__sort_key", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "person"], name="campaign_person_once"),
            models.CheckConstraint(
                condition=Q(opener="own", opener_name="", opener_cccd="") | ~Q(opener="own"), name="campaign_own_opener"
            ),
            models.CheckConstraint(
                condition=~Q(state="listed") | Q(taken_by__isnull=False, taken_at__isnull=False),
                name="campaign_taken_is_signed",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | Q(failed_by__isnull=False, failed_at__isnull=False) & ~Q(failure=""),
                name="campaign_failed_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | ~Q(withdrawal=""), name="campaign_withdrawn_says_why"
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "commune"], name="campaign_person_place"),
        ]

    def __str__(self) -> str:
        return f"{self.person} ({self.campaign})"


class CampaignFileQuerySet(models.QuerySet["CampaignFile"]):
    def visible_to(self, user: Any) -> "CampaignFileQuerySet":
        """The district and the payer; communes see what of it is a conflict of theirs."""
        return self.filter(_district(user, "campaign__upper") | payer_scope(user, "campaign__payer"))


class CampaignFile(models.Model):
    """An account-opening file of a campaign; what is in it, and how far it is, the batch says."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="files")
    batch = models.OneToOneField(ImportBatch, on_delete=models.PROTECT, related_name="campaign_file")

    objects = CampaignFileQuerySet.as_manager()

    class Meta:
        verbose_name = "tệp mở tài khoản"
        verbose_name_plural = "tệp mở tài khoản"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return str(self.batch)


class CampaignConflictQuerySet(models.QuerySet["CampaignConflict"]):
    def visible_to(self, user: Any) -> "CampaignConflictQuerySet":
        """A commune those of its people; a row that tells nobody is the district's and the payer's alone."""
        place = commune_scope(user, "commune") if getattr(user, "in_commune", False) else NOTHING
        return self.filter(_district(user, "campaign__upper") | payer_scope(user, "campaign__payer") | place)

    def waiting(self) -> "CampaignConflictQuerySet":
        return self.filter(settled_at__isnull=True).exclude(batch__state=ImportBatch.State.WITHDRAWN)


class CampaignConflict(models.Model):
    """A row of an account-opening file that somebody must look at. ``message`` is what the payer may read, too."""

    class Kind(models.TextChoices):
        HOLDER = "holder", "Tên chủ tài khoản khác"
        PERSON = "person", "Số giấy tờ không rõ của ai"
        IN_USE = "in_use", "Tài khoản đang nhận cho người khác"
        OTHER_ROUTE = "other", "Đã có nơi nhận khác"
        NOT_NAMED = "not_named", "Xã chưa báo sẵn sàng"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="conflicts")
    kind = models.CharField("xung đột", max_length=9, choices=Kind)
    #: What names the row in any file: CCCD, CMND, file number or name, and the account.
    subject = models.CharField(max_length=200)
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="+")
    row = models.PositiveIntegerField("dòng")
    name = models.CharField("họ và tên", max_length=150, blank=True)
    account = models.CharField("số tài khoản trong tệp", max_length=40, blank=True)
    message = models.TextField("nội dung")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    commune = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    found_at = models.DateTimeField("thấy lúc")
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField("đã xử lý thế nào", max_length=300, blank=True)

    objects = CampaignConflictQuerySet.as_manager()

    class Meta:
        verbose_name = "xung đột tài khoản"
        verbose_name_plural = "xung đột tài khoản"
        ordering = ["commune__position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "kind", "subject"], name="campaign_conflict_once"),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_by__isnull=True, reason="")
                | Q(settled_at__isnull=False, settled_by__isnull=False) & ~Q(reason=""),
                name="campaign_settled_says_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.name}"
