"""Rolled-up figures: dashboards and reports read these, never payment lines."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Max, Q

from batosocial.lib import months
from batosocial.staff.models import Payer
from batosocial.staff.scoping import commune_scope
from batosocial.territory.models import Unit
from beneficiaries.models import PayoutRoute, Person, Policy
from payments.models import Payment, Period

#: The policy of figures that count whoever is in both policies once (rules.md 3.1: once in a total of people).
BOTH = "ALL"


class CashlessFigureQuerySet(models.QuerySet["CashlessFigure"]):
    def visible_to(self, user: Any) -> "CashlessFigureQuerySet":
        return self.filter(commune_scope(user, "unit"))

    def of_policies(self) -> "CashlessFigureQuerySet":
        """Each policy for itself, without the rows that count people of both once."""
        return self.exclude(policy=BOTH)


class CashlessFigure(models.Model):
    """A commune's counts for a policy and month (rules.md 3.1), written by the roll-up alone. Rates are never stored:
    ``reporting.rates`` computes them from these counts in one place.

    A row of ``BOTH`` counts each person of either policy once: as with an account, and as paid by it, when that is so
    for every policy that pays them. Nobody with a cash envelope left is out of the queue.
    """

    unit = models.ForeignKey(
        Unit, verbose_name="xã, thị trấn", on_delete=models.PROTECT, related_name="cashless_figures"
    )
    policy = models.CharField("chính sách", max_length=4, choices=[*Policy.choices, (BOTH, "Cả hai chính sách")])
    month = models.DateField("tháng")
    due = models.PositiveIntegerField("số người phải chi")
    with_account = models.PositiveIntegerField("có tài khoản")
    paid_by_account = models.PositiveIntegerField("đã chi qua tài khoản")
    account_not_paid = models.PositiveIntegerField("có tài khoản chưa chi qua", default=0)
    #: Due without an account in the month, with a confirmed one from a later month on; and how many accounts these are.
    pending = models.PositiveIntegerField("có tài khoản từ tháng sau", default=0)
    pending_accounts = models.PositiveIntegerField("tài khoản chờ chi", default=0)
    no_cccd = models.PositiveIntegerField("chưa có CCCD", default=0)
    money_due = models.BigIntegerField("số tiền phải chi (đồng)")
    money_by_account = models.BigIntegerField("số tiền chi qua tài khoản (đồng)")
    #: People without an account by ``PayoutRoute.CashReason``, as the month's payments froze it.
    reasons = models.JSONField("lý do chưa có tài khoản", default=dict)
    #: People with an account by "payer code:payee kind"; empty for ``BOTH``.
    accounts = models.JSONField("tài khoản", default=dict)
    #: From what it was computed: how many people, how many of them with a result, the last change counted.
    source = models.JSONField("căn cứ", default=dict)
    computed_at = models.DateTimeField("tổng hợp lúc")

    objects = CashlessFigureQuerySet.as_manager()

    class Meta:
        verbose_name = "số liệu không dùng tiền mặt"
        verbose_name_plural = "số liệu không dùng tiền mặt"
        ordering = ["-month", "policy", "unit__position"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "policy", "month"], name="figure_once"),
            models.CheckConstraint(
                condition=Q(
                    with_account__lte=F("due"),
                    paid_by_account__lte=F("due"),
                    account_not_paid__lte=F("with_account"),
                    pending__lte=F("due") - F("with_account"),
                    no_cccd__lte=F("due"),
                ),
                name="figure_within_due",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="figure_month_is_first"),
        ]
        indexes = [models.Index(fields=["month", "policy"], name="figure_month")]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.policy} {self.month:%m/%Y}"


class FigurePeople(models.Model):
    """Whom a policy's figure counted, as columns: one place in each array is one person.

    The roll-up writes figure and people together, so a number and its list agree as long as the figure stands,
    whatever happens to routes, people and drafts since. 400 rows for a province's month, where a row for each person
    would be 100,000.
    """

    figure = models.OneToOneField(
        CashlessFigure, on_delete=models.CASCADE, primary_key=True, related_name="people", editable=False
    )
    people = ArrayField(models.BigIntegerField())
    payments = ArrayField(models.BigIntegerField())
    #: 1 has an account in the month, 2 was paid by it, 4 has one from a later month on, 8 has no CCCD, 16 has a result;
    #: above these bits why there is no account, or whose it is: places in ``counting.REASONS`` and
    #: ``counting.PAYEES``, from 1.
    facts = ArrayField(models.SmallIntegerField())
    #: Through whom the account is paid.
    payers = ArrayField(models.IntegerField(null=True))
    #: The account that is used from a later month on, and that month.
    next_accounts = ArrayField(models.BigIntegerField(null=True))
    next_months = ArrayField(models.DateField(null=True))
    #: Whole đồng of the month's regular lines; and of those paid by account where it is a part of them only.
    amounts = ArrayField(models.BigIntegerField())
    amounts_by_account = ArrayField(models.BigIntegerField(null=True))

    class Meta:
        verbose_name = "những người đứng sau số liệu"
        verbose_name_plural = "những người đứng sau số liệu"

    def __str__(self) -> str:
        return str(self.figure_id)


class CountedQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> "CountedQuerySet":
        return self.filter(commune_scope(user, "unit"))


class Counted(models.Model):
    """How a person stands in a month's figures: what is counted of them."""

    month = models.DateField()
    has_account = models.BooleanField()
    paid_by_account = models.BooleanField()
    pending = models.BooleanField()
    no_cccd = models.BooleanField()
    reason = models.CharField(max_length=12, blank=True)
    payee = models.CharField(max_length=12, blank=True)
    next_account = models.BigIntegerField(null=True)
    next_month = models.DateField(null=True)
    amount = models.BigIntegerField()
    amount_by_account = models.BigIntegerField()

    class Meta:
        abstract = True


class CountedPerson(Counted):
    """A person whom a month's figure counts: a view that unfolds ``FigurePeople`` (migration 0003), read only."""

    key = models.BigIntegerField(primary_key=True)
    unit = models.ForeignKey(Unit, on_delete=models.DO_NOTHING, related_name="+")
    policy = models.CharField(max_length=4)
    person = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    #: Absent where a draft was made anew since.
    payment = models.ForeignKey(Payment, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    payer = models.ForeignKey(Payer, null=True, on_delete=models.DO_NOTHING, related_name="+")

    objects = CountedQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.person_id} {self.policy} {self.month:%m/%Y}"

    @property
    def name(self) -> str:
        """As the month's list has it; as the register has it now where that list was made anew."""
        return self.payment.name if self.payment else self.person.name

    @property
    def reason_label(self) -> str:
        return str(PayoutRoute.CashReason(self.reason).label) if self.reason else ""


class CountedInPolicy(CountedPerson):
    """In each policy for itself."""

    class Meta:
        managed = False
        db_table = "reporting_counted_in_policy"


class CountedTwice(Counted):
    """A person whom both policies of a month count, as ``BOTH`` counts them; written by the roll-up. They are few, so
    that whoever is in one policy only is found without looking for everybody twice."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    #: The later one; no constraint, as a draft may be made anew.
    payment_id = models.BigIntegerField()
    payer = models.ForeignKey(Payer, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "người hưởng cả hai chính sách"
        verbose_name_plural = "người hưởng cả hai chính sách"
        constraints = [models.UniqueConstraint(fields=["month", "person"], name="counted_twice_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.month:%m/%Y}"


class CountedOnce(CountedPerson):
    """Of both policies, each person once, in the commune of the later payment; ``policy`` is theirs or ``BOTH``."""

    class Meta:
        managed = False
        db_table = "reporting_counted_once"


class DataChange(models.Model):
    """What a month's figures are computed from was changed: written by triggers (migration 0003), in the transaction of
    the change, and removed by the roll-up that counts it. While one stands, the figures are older than the data."""

    policy = models.CharField("chính sách", max_length=4, choices=Policy)
    month = models.DateField("tháng", db_index=True)
    at = models.DateTimeField("lúc")

    class Meta:
        verbose_name = "thay đổi chưa tổng hợp"
        verbose_name_plural = "thay đổi chưa tổng hợp"

    def __str__(self) -> str:
        return f"{self.policy} {self.month:%m/%Y}"


class DatedQuerySet(models.QuerySet[Any]):
    def in_force(self, day: datetime.date) -> "DatedQuerySet":
        return self.filter(valid_from__lte=day).order_by("-valid_from")


def _refuse_for_closed_months(row: "ClassThreshold | Target", names: Sequence[str]) -> None:
    """ValidationError where the row, new or changed, would judge a closed month otherwise: its figures, the classes and
    letters made of them stand."""
    last = Period.objects.filter(state=Period.State.CLOSED).aggregate(last=Max("month"))["last"]
    if last is None or row.valid_from is None:
        return
    stored = type(row)._default_manager.filter(pk=row.pk).first()
    if stored is not None and all(getattr(stored, name) == getattr(row, name) for name in names):
        return
    first_free = months.add(last, 1)
    if row.valid_from < first_free or (stored is not None and stored.valid_from < first_free):
        raise ValidationError(
            {
                "valid_from": f"Đến {months.title(last)} đã khóa sổ, xếp loại và chỉ tiêu của các tháng đó giữ nguyên. "
                f"Hãy thêm mức mới áp dụng từ ngày {first_free:%d/%m/%Y} trở đi."
            }
        )


class ClassThreshold(models.Model):
    """From which R1 a commune counts as cao and trung bình; any above 0 is thấp, 0 chưa thực hiện.

    The letter names the classes without numbers; 50 and 30 reproduce its groups (rules.md 0.2).
    """

    valid_from = models.DateField("từ ngày", unique=True)
    high = models.DecimalField("cao từ (%)", max_digits=5, decimal_places=1, default=Decimal(50))
    average = models.DecimalField("trung bình từ (%)", max_digits=5, decimal_places=1, default=Decimal(30))

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = "ngưỡng phân loại"
        verbose_name_plural = "ngưỡng phân loại"
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(high__gt=F("average"), average__gt=0, high__lte=100), name="threshold_order"
            )
        ]

    def __str__(self) -> str:
        return f"từ {self.valid_from:%d/%m/%Y}"

    def clean(self) -> None:
        _refuse_for_closed_months(self, ("valid_from", "high", "average"))


class Target(models.Model):
    """A target names its rate, value and deadline (the letter: at least 50%)."""

    class RateCode(models.TextChoices):
        R1 = "R1", "R1: đã chi qua tài khoản / tổng số"
        R3 = "R3", "R3: đã chi qua tài khoản / số có tài khoản"

    rate = models.CharField("tỷ lệ", max_length=2, choices=RateCode)
    value = models.DecimalField("ít nhất (%)", max_digits=5, decimal_places=1)
    valid_from = models.DateField("từ ngày")
    deadline = models.DateField("hạn", null=True, blank=True)
    source = models.CharField("văn bản", max_length=255, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = "chỉ tiêu"
        verbose_name_plural = "chỉ tiêu"
        ordering = ["-valid_from", "rate"]
        constraints = [
            models.UniqueConstraint(fields=["rate", "valid_from"], name="target_once"),
            models.CheckConstraint(condition=Q(value__gt=0, value__lte=100), name="target_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.rate} ≥ {self.value}%"

    def clean(self) -> None:
        _refuse_for_closed_months(self, ("valid_from", "rate", "value"))


# Django looks for an app's models here.
from reporting.letter.models import Letter, LetterTemplate, SignedLetter  # noqa: E402, F401
