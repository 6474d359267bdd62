"""One person's payment in a list, and its lines."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from batosocial.staff.models import Payer
from batosocial.staff.scoping import commune_scope, payer_scope
from beneficiaries.models import Category, Entitlement, Payee, PayoutRoute, Person, Provider
from beneficiaries.models.catalogue import Policy
from payments.models.lists import PaymentList


class PaymentQuerySet(models.QuerySet["Payment"]):
    def visible_to(self, user: Any) -> "PaymentQuerySet":
        """Communes and district by commune; a payer its own payments once they were handed over."""
        handed_over = Q(payment_list__state__in=PaymentList.HANDED_OVER_STATES)
        return self.filter(commune_scope(user, "payment_list__commune") | payer_scope(user) & handed_over)


class Payment(models.Model):
    """One person, one transfer or one signature. Everything up to ``total`` is frozen when the list is made."""

    class Channel(models.TextChoices):
        ACCOUNT = "account", "Tài khoản"
        CASH = "cash", "Tiền mặt"

    class Result(models.TextChoices):
        PAID_ACCOUNT = "paid_account", "Đã chi qua tài khoản"
        PAID_CASH = "paid_cash", "Đã chi tiền mặt"
        RETURNED = "returned", "Chuyển khoản bị trả lại"
        NOT_COLLECTED = "not_collected", "Chưa đến nhận"

    PAID = (Result.PAID_ACCOUNT, Result.PAID_CASH)
    UNPAID = (Result.RETURNED, Result.NOT_COLLECTED)

    class PayeeKind(models.TextChoices):
        """As Payee.Kind; what is still owed to somebody who died goes to the family."""

        OWN = Payee.Kind.OWN.value, Payee.Kind.OWN.label
        GUARDIAN = Payee.Kind.GUARDIAN.value, Payee.Kind.GUARDIAN.label
        AUTHORISED = Payee.Kind.AUTHORISED.value, Payee.Kind.AUTHORISED.label
        RELATIVE = "relative", "Thân nhân"

    class ReturnReason(models.TextChoices):
        """Why money comes back: the bank's reasons; of cash only that the person is dead."""

        WRONG_NUMBER = "wrong_number", "Sai số tài khoản"
        WRONG_NAME = "wrong_name", "Sai tên chủ tài khoản"
        CLOSED = "closed", "Tài khoản đóng, phong tỏa"
        NO_ACCOUNT = "no_account", "Tài khoản không tồn tại"
        DECEASED = "deceased", "Người hưởng đã chết"
        OTHER = "other", "Lý do khác"

    payment_list = models.ForeignKey(
        PaymentList, verbose_name="danh sách", on_delete=models.PROTECT, related_name="payments"
    )
    person = models.ForeignKey(Person, verbose_name="người hưởng", on_delete=models.PROTECT, related_name="payments")
    number = models.CharField("số chi trả", max_length=30, unique=True)
    position = models.PositiveIntegerField("thứ tự")
    name = models.CharField("họ và tên", max_length=150)
    birth = models.CharField("ngày sinh", max_length=10)
    sex = models.CharField("giới tính", max_length=1)
    cccd = models.CharField("số CCCD", max_length=12, blank=True)
    hamlet = models.CharField("thôn", max_length=100, blank=True)
    route = models.ForeignKey(PayoutRoute, null=True, blank=True, on_delete=models.PROTECT, related_name="payments")
    #: The route is not the one of last month's list: it stands out.
    route_is_new = models.BooleanField("nơi nhận mới", default=False)
    payee_kind = models.CharField("người nhận", max_length=10, choices=PayeeKind, default=PayeeKind.OWN)
    payee_name = models.CharField("tên người nhận", max_length=150, blank=True)
    planned_channel = models.CharField("hình thức", max_length=7, choices=Channel)
    provider = models.ForeignKey(
        Provider, verbose_name="ngân hàng", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    account_number = models.CharField("số tài khoản", max_length=19, blank=True)
    account_holder = models.CharField("chủ tài khoản", max_length=150, blank=True)
    cash_reason = models.CharField("vì sao tiền mặt", max_length=12, blank=True)
    payer = models.ForeignKey(Payer, verbose_name="tổ chức chi trả", on_delete=models.PROTECT, related_name="payments")
    total = models.BigIntegerField("số tiền (đồng)")

    result = models.CharField("kết quả", max_length=14, choices=Result, blank=True)
    return_reason = models.CharField("lý do trả lại", max_length=12, choices=ReturnReason, blank=True)
    result_note = models.CharField("ghi chú", max_length=300, blank=True)
    paid_on = models.DateField("ngày", null=True, blank=True)
    reference = models.CharField("số tham chiếu", max_length=60, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField("ghi nhận lúc", null=True, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = "khoản chi trả"
        verbose_name_plural = "khoản chi trả"
        ordering = ["payment_list", "position"]
        constraints = [
            models.UniqueConstraint(fields=["payment_list", "person"], name="payment_one_per_person"),
            models.UniqueConstraint(fields=["payment_list", "position"], name="payment_position"),
            models.CheckConstraint(condition=Q(total__gt=0), name="payment_positive"),
            models.CheckConstraint(
                condition=Q(planned_channel="cash", account_number="", provider__isnull=True)
                | Q(planned_channel="account", provider__isnull=False) & ~Q(account_number=""),
                name="payment_channel_fits",
            ),
            models.CheckConstraint(
                condition=Q(result__in=["", "paid_account", "paid_cash", "returned", "not_collected"]),
                name="payment_result_known",
            ),
            models.CheckConstraint(
                condition=Q(result="", recorded_by__isnull=True, recorded_at__isnull=True)
                | ~Q(result="") & Q(recorded_by__isnull=False, recorded_at__isnull=False),
                name="payment_result_is_signed",
            ),
            models.CheckConstraint(
                condition=~Q(result__in=["paid_account", "paid_cash"]) | Q(paid_on__isnull=False),
                name="payment_paid_has_day",
            ),
            models.CheckConstraint(
                condition=Q(result="returned") & ~Q(return_reason="")
                | Q(result="not_collected", return_reason__in=["", "deceased"])
                | ~Q(result__in=["returned", "not_collected"]) & Q(return_reason=""),
                name="payment_returned_has_reason",
            ),
            # Only an account that was planned can have taken or returned money.
            models.CheckConstraint(
                condition=~Q(result__in=["paid_account", "returned"]) | Q(planned_channel="account"),
                name="payment_account_result_needs_account",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "payment_list"]),
            models.Index(fields=["cccd"], condition=~Q(cccd=""), name="payment_cccd"),
            # Also what a report counts of a whole month: by payer and result, from the index alone.
            models.Index(fields=["payment_list", "payer", "result"], name="payment_results"),
            # What was not paid is looked for at every opening, and is little among what was.
            models.Index(
                fields=["payment_list"], condition=Q(result__in=["returned", "not_collected"]), name="payment_unpaid"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class PaymentLine(models.Model):
    """What a payment consists of: an entitlement's amount for a month, frozen with its category."""

    class Kind(models.TextChoices):
        REGULAR = "regular", "Trợ cấp tháng"
        ARREARS = "arrears", "Truy lĩnh"
        CARRY_OVER = "carry_over", "Chậm lĩnh"
        ONE_OFF = "one_off", "Một lần"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="lines")
    entitlement = models.ForeignKey(Entitlement, null=True, blank=True, on_delete=models.PROTECT, related_name="lines")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+")
    policy = models.CharField(max_length=4, choices=Policy)
    level = models.PositiveSmallIntegerField("tỷ lệ (%)", default=0)
    quantity = models.PositiveSmallIntegerField("số suất", default=1)
    kind = models.CharField("loại", max_length=10, choices=Kind)
    month = models.DateField("của tháng")
    amount = models.BigIntegerField("số tiền (đồng)")
    #: For a carry-over: the line of an earlier list that was not paid, and the line with which it all began.
    carried_line = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="carried_to"
    )
    origin = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="carry_overs")
    #: For a one-off line: the decided grant that it pays.
    grant = models.OneToOneField("payments.Grant", null=True, blank=True, on_delete=models.PROTECT, related_name="line")

    class Meta:
        verbose_name = "dòng chi trả"
        verbose_name_plural = "dòng chi trả"
        ordering = ["payment", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["entitlement", "month"],
                condition=Q(kind="regular"),
                name="one_regular_line_per_month",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="line_positive"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="line_quantity"),
            models.CheckConstraint(condition=Q(month__day=1), name="line_month_is_first"),
            models.CheckConstraint(
                condition=Q(kind="carry_over", carried_line__isnull=False, origin__isnull=False)
                | ~Q(kind="carry_over") & Q(carried_line__isnull=True, origin__isnull=True),
                name="carry_over_names_its_line",
            ),
            models.CheckConstraint(condition=Q(kind="one_off") | Q(grant__isnull=True), name="grant_is_paid_once_off"),
            models.CheckConstraint(
                condition=Q(kind__in=["carry_over", "one_off"]) | Q(entitlement__isnull=False),
                name="line_has_entitlement",
            ),
        ]
        indexes = [models.Index(fields=["policy", "month", "kind"], name="line_policy_month")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.month:%m/%Y} {self.amount}"
