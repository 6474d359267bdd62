"""A workbook that a commune brought: its rows as read and checked, and what became of them."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Lower

from batosocial.jobs.models import Job, StoredFile
from batosocial.lib.text import clean, fold
from batosocial.staff.models import Payer, User
from batosocial.staff.scoping import NOTHING, commune_scope, payer_scope
from batosocial.territory.models import Unit
from beneficiaries.models.catalogue import Category, Policy
from beneficiaries.models.person import Person


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def visible_to(self, user: Any) -> "ImportBatchQuerySet":
        return self.filter(commune_scope(user, "commune") | _of_whole_district(user) | payer_scope(user))

    def of_offices(self) -> "ImportBatchQuerySet":
        """Without the lists of a payer's campaigns, which have pages of their own."""
        return self.filter(payer__isnull=True)

    def to_mend(self) -> "ImportBatchQuerySet":
        """Those that the Phòng gave back and that no newer list of the commune and policy answers."""
        newer = ImportBatch.objects.filter(
            commune=models.OuterRef("commune"), policy=models.OuterRef("policy"), pk__gt=models.OuterRef("pk")
        ).exclude(state__in=["withdrawn", "unreadable"])
        return self.filter(~models.Exists(newer), state="refused")

    def for_list(self) -> "ImportBatchQuerySet":
        """With what a page shows of each, without the workbook's bytes."""
        return self.select_related("commune", "payer", "file", "uploaded_by", "sent_by", "accepted_by", "job").defer(
            "file__content"
        )


def _of_whole_district(user: Any) -> Q:
    """Lists without a commune belong to the district whose officer brought them, or that a payer opens accounts for."""
    if isinstance(user, User) and user.is_active and user.in_district and user.unit_id:
        return Q(commune__isnull=True) & (Q(uploaded_by__unit=user.unit_id) | Q(upper=user.unit_id))
    return NOTHING


class ImportBatch(models.Model):
    """(reading →) checking → previewed → sent → accepting → accepted; refused by the district, withdrawn by the
    commune, or unreadable. Proposals need no sending: who brought them has them written."""

    class State(models.TextChoices):
        READING = "reading", "Chờ chọn cách đọc"
        CHECKING = "checking", "Đang kiểm tra"
        UNREADABLE = "unreadable", "Không đọc được"
        PREVIEWED = "previewed", "Xem trước"
        SENT = "sent", "Đã gửi Phòng"
        ACCEPTING = "accepting", "Đang ghi"
        ACCEPTED = "accepted", "Đã nhận"
        REFUSED = "refused", "Phòng trả lại"
        WITHDRAWN = "withdrawn", "Đã bỏ"

    class Kind(models.TextChoices):
        PEOPLE = "people", "Đối tượng, chế độ, tài khoản"
        ACCOUNTS = "accounts", "Tài khoản"

    class Mode(models.TextChoices):
        """What acceptance makes of new benefits: the district's first load, or proposals that await a decision."""

        FIRST_LOAD = "first_load", "Nạp sổ ban đầu"
        PROPOSALS = "proposals", "Đề nghị"

    kind = models.CharField("loại", max_length=10, choices=Kind, default=Kind.PEOPLE)
    mode = models.CharField("cách ghi", max_length=10, choices=Mode, default=Mode.FIRST_LOAD)
    #: None only for accounts of a whole district, brought by the district.
    commune = models.ForeignKey(
        Unit,
        verbose_name="xã, thị trấn",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="import_batches",
    )
    #: Only for accounts that a payer has opened in a campaign: whose they are, and of which district. Such a list says
    #: nothing of any other payer's accounts, whoever brings it.
    payer = models.ForeignKey(
        Payer, verbose_name="tổ chức mở", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    upper = models.ForeignKey(
        Unit, verbose_name="huyện", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    #: "" only for accounts, which serve whatever somebody receives.
    policy = models.CharField("chính sách", max_length=4, choices=Policy, blank=True)
    #: Where accounts come from, as their routes will say ("Bưu điện tỉnh, đợt tháng 7/2024").
    source = models.CharField("nguồn", max_length=100, blank=True)
    #: How the file is read (``imports.choices.Reading``): {"sheets": [{"name", "header", "first", "columns": {field:
    #: letter}}], "tcvn3": bool or null, "remembered": bool}; {} until that is settled.
    reading = models.JSONField("cách đọc", default=dict, blank=True)
    file = models.ForeignKey(StoredFile, verbose_name="tệp", on_delete=models.PROTECT, related_name="+")
    #: The month in the title, which decides the rates that are expected.
    month = models.DateField("tháng của danh sách", null=True, blank=True)
    state = models.CharField("trạng thái", max_length=10, choices=State, default=State.CHECKING)
    failure = models.TextField("vì sao không đọc được", blank=True)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    new_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    error_count = models.PositiveIntegerField(default=0)
    warning_count = models.PositiveIntegerField(default=0)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="người nạp", on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField("lúc", auto_now_add=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    #: The sender's word that the good rows may go in without the bad ones.
    good_rows_only = models.BooleanField("chỉ nhận dòng đúng", default=False)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    accepted_at = models.DateTimeField(null=True, blank=True)
    start_month = models.DateField("hưởng từ tháng", null=True, blank=True)
    refusal = models.CharField("lý do trả lại", max_length=500, blank=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = "lần nạp danh sách"
        verbose_name_plural = "lần nạp danh sách"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="accepted")
                | Q(accepted_by__isnull=False, start_month__isnull=False, accepted_at__isnull=False),
                name="import_accepted_is_signed",
            ),
            models.CheckConstraint(
                condition=Q(kind="accounts") | Q(commune__isnull=False) & ~Q(policy=""),
                name="import_people_of_commune_and_policy",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(refusal=""), name="import_refused_says_why"),
            models.CheckConstraint(
                condition=Q(payer__isnull=True, upper__isnull=True)
                | Q(payer__isnull=False, upper__isnull=False, kind="accounts", commune__isnull=True),
                name="import_of_payer_is_accounts",
            ),
        ]

    def __str__(self) -> str:
        return self.file.name if self.file_id else "danh sách"

    @property
    def state_label(self) -> str:
        """The state in words; what a commune wrote as proposals nobody had to accept."""
        if self.state == self.State.ACCEPTED and self.mode == self.Mode.PROPOSALS:
            return "Đã ghi đề nghị"
        return str(self.get_state_display())

    @property
    def place(self) -> str:
        """Whose list it is."""
        if self.payer_id is not None:
            return str(self.payer)
        return self.commune.full_name if self.commune else "toàn huyện"

    @property
    def row_count(self) -> int:
        return self.new_count + self.changed_count + self.unchanged_count + self.error_count


class ColumnMapping(models.Model):
    """What a commune decided about the columns under one header, for the next file with that header."""

    unit = models.ForeignKey(
        Unit, verbose_name="xã, thị trấn", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField("loại", max_length=10, choices=ImportBatch.Kind)
    policy = models.CharField("chính sách", max_length=4, choices=Policy, blank=True)
    #: A hash of the header's labels (``imports.survey.signature``).
    signature = models.CharField(max_length=64)
    #: {field: column letter}
    columns = models.JSONField("các cột", default=dict)
    updated_at = models.DateTimeField("lúc", auto_now=True)

    class Meta:
        verbose_name = "cách hiểu cột"
        verbose_name_plural = "cách hiểu cột"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "kind", "policy", "signature"], nulls_distinct=False, name="column_mapping_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit or 'toàn huyện'} · {self.kind} {self.policy}".strip()


class NamedRowQuerySet(models.QuerySet[Any]):
    """Rows of a workbook that have a ``name``."""

    def named(self, wanted: str) -> Self:
        """Rows whose name holds the text; written without accents it finds those with accents too."""
        if fold(wanted) == clean(wanted).lower():
            return self.annotate(plain_name=_Unaccent(Lower("name"))).filter(plain_name__contains=fold(wanted))
        return self.filter(name__icontains=clean(wanted))


class ImportRowQuerySet(NamedRowQuerySet):
    def confidential(self) -> "ImportRowQuerySet":
        """Rows of groups that not everybody may see (đ.b k1 Điều 8 NĐ 20/2021)."""
        codes = Category.objects.filter(confidential=True).values_list("code", flat=True)
        return self.filter(data__category__in=list(codes))


class _Unaccent(Func):
    function = "unaccent"


class ImportRow(models.Model):
    """One row of the workbook: what was read, what it is compared with the register, and what is wrong."""

    class Outcome(models.TextChoices):
        NEW = "new", "Mới"
        CHANGED = "changed", "Thay đổi"
        UNCHANGED = "unchanged", "Không đổi"
        ERROR = "error", "Lỗi"

    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="rows")
    sheet = models.CharField(max_length=100)
    row = models.PositiveIntegerField("dòng")
    outcome = models.CharField("kết quả", max_length=10, choices=Outcome)
    has_warning = models.BooleanField("có cảnh báo", default=False)
    name = models.CharField("họ và tên", max_length=150, blank=True)
    #: The values as they would be stored, by field name (dates as [y, m, d], months and amounts plain).
    data = models.JSONField(default=dict)
    #: {label: [old, new]} for a changed row.
    changes = models.JSONField(default=dict)
    #: [{"column", "severity", "message"}]
    messages = models.JSONField(default=list)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = ImportRowQuerySet.as_manager()

    class Meta:
        verbose_name = "dòng danh sách"
        verbose_name_plural = "dòng danh sách"
        ordering = ["batch", "pk"]
        constraints = [models.UniqueConstraint(fields=["batch", "sheet", "row"], name="import_row_once")]

    def __str__(self) -> str:
        return f"dòng {self.row}"
