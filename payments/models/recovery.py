"""Money that must not be paid, that was paid too much, or that goes back to the budget."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from batosocial.staff.scoping import commune_scope, payer_scope
from beneficiaries.models import Change, Person, Policy
from payments.models.payment import Payment, PaymentLine


class BudgetReturn(models.Model):
    """Money of a line that was not paid and is not carried on: it goes back to the budget (khoản chi trả còn lại,
    Điều 34 NĐ 20/2021). What is owed again later is arrears."""

    line = models.OneToOneField(PaymentLine, on_delete=models.PROTECT, related_name="budget_return")
    reason = models.CharField("vì sao", max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc", default=timezone.now)

    class Meta:
        verbose_name = "khoản nộp trả ngân sách"
        verbose_name_plural = "khoản nộp trả ngân sách"
        indexes = [models.Index(fields=["at"], name="budget_return_at")]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="budget_return_says_why")]

    def __str__(self) -> str:
        return self.reason


class StopOrderQuerySet(models.QuerySet["StopOrder"]):
    def visible_to(self, user: Any) -> "StopOrderQuerySet":
        return self.filter(commune_scope(user, "payment__payment_list__commune") | payer_scope(user, "payment__payer"))


class StopOrder(models.Model):
    """Tells the payer not to pay a payment of a list that is approved and never changes any more."""

    class Answer(models.TextChoices):
        WAITING = "", "Chờ tổ chức chi trả trả lời"
        STOPPED = "stopped", "Đã dừng chi"
        PAID_BEFORE = "paid_before", "Đã chi trước khi nhận lệnh"

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="stop_order")
    change = models.ForeignKey(Change, null=True, blank=True, on_delete=models.PROTECT, related_name="stop_orders")
    reason = models.CharField("lý do", max_length=300)
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField("lúc", default=timezone.now)
    #: Taken back, because what it rests on was wrong.
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_reason = models.CharField("vì sao rút", max_length=300, blank=True)
    answer = models.CharField("trả lời", max_length=12, choices=Answer, blank=True, default=Answer.WAITING)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = StopOrderQuerySet.as_manager()

    class Meta:
        verbose_name = "lệnh dừng chi"
        verbose_name_plural = "lệnh dừng chi"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="stop_order_says_why"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True, lift_reason="")
                | Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lift_reason=""),
                name="stop_order_lift_is_signed",
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class ReceivableQuerySet(models.QuerySet["Receivable"]):
    def visible_to(self, user: Any) -> "ReceivableQuerySet":
        return self.filter(
            commune_scope(user, "person__commune") | commune_scope(user, "payment__payment_list__commune")
        )


class Receivable(models.Model):
    """What was paid too much for a month, with the decision that says so (truy thu, Điều 15 TT 44/2022/TT-BTC).

    Never netted against a later payment by itself.
    """

    class State(models.TextChoices):
        FOUND = "found", "Phát hiện"
        DECIDED = "decided", "Có quyết định"
        RECOVERED = "recovered", "Đã thu hồi"
        WAIVED = "waived", "Không phải thu"
        CANCELLED = "cancelled", "Không còn căn cứ"

    #: In which there is nothing more to come.
    SETTLED = (State.RECOVERED, State.WAIVED, State.CANCELLED)

    person = models.ForeignKey(Person, verbose_name="người hưởng", on_delete=models.PROTECT, related_name="receivables")
    policy = models.CharField("chính sách", max_length=4, choices=Policy)
    month = models.DateField("của tháng")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="receivables")
    change = models.ForeignKey(Change, null=True, blank=True, on_delete=models.PROTECT, related_name="receivables")
    amount = models.BigIntegerField("số tiền (đồng)")
    reason = models.CharField("lý do", max_length=300)
    state = models.CharField("trạng thái", max_length=10, choices=State, default=State.FOUND)
    decision_number = models.CharField("số quyết định", max_length=50, blank=True)
    decision_date = models.DateField("ngày quyết định", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.CharField("ghi chú", max_length=300, blank=True)
    found_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    found_at = models.DateTimeField("lúc", default=timezone.now)

    objects = ReceivableQuerySet.as_manager()

    class Meta:
        verbose_name = "khoản truy thu"
        verbose_name_plural = "khoản truy thu"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="receivable_positive"),
            models.CheckConstraint(condition=Q(month__day=1), name="receivable_month_is_first"),
            models.CheckConstraint(
                condition=Q(state__in=["found", "cancelled"])
                | ~Q(decision_number="") & Q(decision_date__isnull=False, decided_by__isnull=False),
                name="receivable_has_decision",
            ),
        ]
        indexes = [models.Index(fields=["person", "policy", "month"], name="receivable_of_month")]

    def __str__(self) -> str:
        return f"Truy thu {self.amount}"


class Receipt(models.Model):
    """Money that came back for a receivable."""

    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="receipts")
    amount = models.BigIntegerField("số tiền (đồng)")
    received_on = models.DateField("ngày nộp")
    reference = models.CharField("số phiếu, chứng từ", max_length=60)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc", default=timezone.now)

    class Meta:
        verbose_name = "khoản đã thu hồi"
        verbose_name_plural = "khoản đã thu hồi"
        ordering = ["received_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="receipt_positive"),
            models.UniqueConstraint(fields=["receivable", "reference"], name="receipt_once"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.received_on:%d/%m/%Y}"
