"""Opening a month: every list of a policy is made from the register, in one statement for each kind of line.

A regular line takes the rate of the month as known on the day the list is locked; what became known later becomes
arrears in a later list. A draft may be made anew as long as it was not sent.
"""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from batosocial.audit.services import record
from batosocial.lib import clock, money, months
from batosocial.staff.models import Payer, Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import Policy
from beneficiaries.paid_months import OnLists
from payments import hooks, ledger, timeline
from payments.ledger import Side
from payments.lines import AmountUnknown, Making, covered_months, make_payments, remove_payments
from payments.models import Payment, PaymentLine, PaymentList, Period

#: Taken while a month is being opened, so that two who open it at once do not both begin.
OPENING_LOCK = 7302

OPENERS = frozenset({Role.DISTRICT_OFFICER, Role.SYSTEM})
REMAKERS = frozenset({Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER, Role.DISTRICT_OFFICER})


class OpeningRefused(Exception):
    """The month cannot be opened; the message says in Vietnamese why and what to do."""


@dataclass(frozen=True)
class Opened:
    """What stands in the lists of a month: counts, and whole đồng."""

    month: datetime.date
    lists: int
    lines: int
    people: int
    amount: int
    #: The policies that this call opened; those that were open already are left as they are.
    opened: tuple[str, ...]
    #: On regular lines of the month: opening, increase, decrease, closing, each in people, entitlements and đồng.
    ledger: dict[str, Side] = field(default_factory=dict)

    @property
    def already_open(self) -> bool:
        return not self.opened


def first_month_to_open(policy: str) -> datetime.date:
    """The first month of the policy that has no lists yet; before any, the month after today's."""
    last = Period.objects.filter(policy=policy).order_by("-month").values_list("month", flat=True).first()
    return months.add(last or months.first(clock.today()), 1)


def months_with_lines(entitlement_ids: Collection[int]) -> dict[int, set[datetime.date]]:
    """Months of these entitlements that stand on a list of any state, by the entitlement's id."""
    found: dict[int, set[datetime.date]] = {}
    rows = PaymentLine.objects.filter(entitlement__in=entitlement_ids).values_list("entitlement", "month").distinct()
    for entitlement_id, month in rows:
        if entitlement_id is not None:
            found.setdefault(entitlement_id, set()).add(month)
    return found


def money_on_lists(entitlement_ids: Collection[int]) -> dict[int, dict[datetime.date, OnLists]]:
    """Đồng paid and not paid of these entitlements by id and month, in one query: regular lines, arrears, carry-overs.

    What was not paid and was carried on counts where it was carried to; what went back to the budget is on no list.
    """
    kinds = (PaymentLine.Kind.REGULAR, PaymentLine.Kind.ARREARS, PaymentLine.Kind.CARRY_OVER)
    paid = Q(payment__result__in=Payment.PAID)
    rows = (
        PaymentLine.objects.filter(entitlement__in=entitlement_ids, kind__in=kinds)
        .filter(carried_to__isnull=True, budget_return__isnull=True)
        .order_by()
        .values_list("entitlement", "month")
        .annotate(paid=Coalesce(Sum("amount", filter=paid), 0), unpaid=Coalesce(Sum("amount", filter=~paid), 0))
    )
    found: dict[int, dict[datetime.date, OnLists]] = {}
    for entitlement_id, month, given, waiting in rows:
        found.setdefault(entitlement_id or 0, {})[month] = OnLists(int(given), int(waiting))
    return found


@transaction.atomic
def open_month(
    *, actor: User, month: datetime.date, policies: list[str] | None = None, with_next: bool = False
) -> Opened:
    """Make the lists of a month for all communes. A policy whose month is open already is left alone.

    ``with_next`` pays the merit allowances of the month after in the same lists (Tết, natural disasters: khoản 2 Điều 8
    TT 44/2022/TT-BTC); the other policy is opened as ever. Raises OpeningRefused when an earlier month is not open yet,
    an amount is not known, or the month lies too far ahead; nothing is written then.
    """
    if actor.role not in OPENERS:
        raise OpeningRefused("Chỉ chuyên viên Phòng LĐ-TB&XH được mở tháng chi trả.")
    wanted = policies or list(Policy.values)
    if with_next and Policy.MERIT not in wanted:
        raise OpeningRefused("Chi gộp hai tháng chỉ áp dụng cho người có công (Điều 8 TT 44/2022/TT-BTC).")
    lock_opening()
    if with_next and Unit.objects.filter(valid_from=months.add(month, 1), predecessors__isnull=False).exists():
        raise OpeningRefused(
            f"Các đơn vị sáp nhập từ {months.title(months.add(month, 1))}, không chi gộp hai tháng qua ngày đó được; "
            "hãy mở từng tháng."
        )
    opened = []
    covered = {month}
    for policy in wanted:
        if Period.objects.filter(policy=policy, month=month).exists():
            continue
        _check_order(policy, month)
        period = Period.objects.create(
            policy=policy,
            month=month,
            with_next=with_next and policy == Policy.MERIT,
            opened_by=actor,
            opened_at=timezone.now(),
        )
        lists_made = make_lists(period, locked_on=clock.today(), actor=actor)
        timeline.write(lists_made, timeline.OPENED, by=actor)
        covered |= set(covered_months(period))
        opened.append(policy)
        record(
            actor=actor,
            action="Mở tháng chi trả",
            row=period,
            details=dict(zip(("lists", "lines", "people", "amount"), count_month(month, [policy]), strict=True))
            | {"with_next": period.with_next},
        )
    lists, lines, people, amount = count_month(month, wanted)
    if opened:
        hooks.results_changed(months=covered, actor=actor)
    return Opened(month, lists, lines, people, amount, tuple(opened), ledger.totals(month, wanted))


def _check_order(policy: str, month: datetime.date) -> None:
    expected = first_month_to_open(policy)
    if Period.objects.filter(policy=policy).exists() and month != expected:
        raise OpeningRefused(
            f"{policy}: tháng tiếp theo phải mở là {months.label(expected)}, không phải {months.label(month)}."
        )
    # The list of a month is made in the month before it (Điều 34 NĐ 20/2021, Điều 8 TT 44/2022/TT-BTC).
    if months.between(months.first(clock.today()), month) > 1:
        raise OpeningRefused(
            f"Hôm nay là {clock.today():%d/%m/%Y}, chưa đến lúc mở tháng {months.label(month)}: "
            "danh sách của một tháng lập trong tháng liền trước."
        )


def count_month(month: datetime.date, policies: list[str]) -> tuple[int, int, int, int]:
    """Lists, lines, people and đồng of a month's lists; somebody in both policies is one person."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(DISTINCT l.id), count(i.id), count(DISTINCT p.person_id), coalesce(sum(i.amount), 0)
            FROM payments_period o
            JOIN payments_paymentlist l ON l.period_id = o.id
            LEFT JOIN payments_payment p ON p.payment_list_id = l.id
            LEFT JOIN payments_paymentline i ON i.payment_id = p.id
            WHERE o.month = %s AND o.policy = ANY(%s)
            """,
            [month, policies],
        )
        lists, lines, people, amount = cursor.fetchone()
    return lists, lines, people, int(amount)


def make_lists(period: Period, *, locked_on: datetime.date, actor: User) -> list[PaymentList]:
    """Draft lists of a new period for all communes, with the rates known on ``locked_on``, and their ledgers.

    Raises OpeningRefused when somebody due has no known amount: a payment is never left out or set to zero.
    """
    if Payer.objects.filter(pays_cash=True).count() != 1:
        raise OpeningRefused("Chưa khai báo tổ chức chi tiền mặt (Quản trị, Tổ chức chi trả).")
    communes = list(Unit.objects.at(period.month).communes())
    lists = PaymentList.objects.bulk_create(
        PaymentList(
            period=period, commune=unit, commune_name=unit.full_name, locked_on=locked_on, made_at=timezone.now()
        )
        for unit in communes
    )
    two_before = Period.objects.filter(policy=period.policy, month=months.add(period.month, -1), with_next=True)
    _fill(period, lists, locked_on=locked_on, actor=actor, some_made=two_before.exists())
    return lists


def _fill(
    period: Period, lists: Sequence[PaymentList], *, locked_on: datetime.date, actor: User, some_made: bool
) -> None:
    communes = [row.commune_id for row in lists]
    try:
        make_payments(Making(period, communes, locked_on, actor.pk, some_made))
    except AmountUnknown as unknown:
        shown = "; ".join(f"{name} ({commune}, {code})" for name, commune, code in unknown.lacking[:5])
        raise OpeningRefused(
            f"{len(unknown.lacking)} chế độ chưa có mức tiền hoặc người phụ thuộc cho tháng "
            f"{months.label(period.month)}, hãy bổ sung trong sổ đối tượng rồi mở lại: {shown}."
        ) from unknown
    covered = covered_months(period)
    # The month after rests on these lines too, if it is opened already.
    ledger.store(period.policy, [*covered, months.add(covered[-1], 1)], communes)


@transaction.atomic
def remake_list(*, actor: User, list_id: int) -> PaymentList:
    """Make a draft anew from the register as it is today; what was on it before is gone.

    PaymentList.DoesNotExist outside the actor's scope, PermissionDenied without the role, OpeningRefused when the list
    is not a draft any more or somebody due has no known amount.
    """
    if actor.role not in REMAKERS or not actor.is_active:
        raise PermissionDenied
    row = PaymentList.objects.visible_to(actor).get(pk=list_id)
    lock_opening()
    period = Period.objects.select_for_update().get(pk=row.period_id)
    row = PaymentList.objects.select_for_update(of=("self",)).select_related("period", "commune").get(pk=list_id)
    if period.state != Period.State.OPEN:
        raise OpeningRefused("Tháng này đã khóa sổ, danh sách không lập lại được.")
    if row.state != PaymentList.State.DRAFT:
        raise OpeningRefused(
            f"Danh sách đang ở bước “{row.get_state_display()}”; chỉ danh sách đang lập mới lập lại được. "
            "Nếu cần sửa, Phòng trả lại danh sách trước."
        )
    before = count_list(row)
    remove_payments([row])
    row.locked_on, row.made_at = clock.today(), timezone.now()
    row.save(update_fields=["locked_on", "made_at"])
    _fill(period, [row], locked_on=row.locked_on, actor=actor, some_made=True)
    after = count_list(row)
    note = f"{before[0]} người, {money.format_amount(before[1])} → {after[0]} người, {money.format_amount(after[1])}"
    timeline.write([row], timeline.REMADE, by=actor, note=note)
    record(
        actor=actor,
        action="Lập lại danh sách chi trả",
        row=row,
        changes={"people": (before[0], after[0]), "amount": (before[1], after[1])},
    )
    hooks.results_changed(months=set(covered_months(period)), actor=actor)
    return row


@transaction.atomic
def cancel_carry_over(*, actor: User, payment_id: int) -> Payment:
    """Take the carry-over of an unpaid payment out of the draft in which it stands, so that the payment takes a result.

    Errors as in ``remake_list``; Payment.DoesNotExist outside the actor's scope. OpeningRefused when nothing of it was
    carried on, when the list that has it is not a draft any more, or when the payment's own month is closed.
    """
    if actor.role != Role.DISTRICT_OFFICER or not actor.is_active:
        raise PermissionDenied
    payment = Payment.objects.visible_to(actor).select_related("payment_list__period").get(pk=payment_id)
    lock_opening()
    found = PaymentLine.objects.filter(carried_line__payment=payment)
    list_ids = list(found.values_list("payment__payment_list", flat=True).distinct())
    if not list_ids:
        raise OpeningRefused(f"Khoản {payment.number} chưa chuyển sang danh sách nào.")
    if payment.payment_list.period.state != Period.State.OPEN:
        raise OpeningRefused(f"Sổ {months.title(payment.payment_list.period.month)} đã khóa, không rút lại được.")
    Period.objects.select_for_update().filter(lists__in=list_ids).order_by("pk").first()
    rows = list(PaymentList.objects.select_for_update(of=("self",)).select_related("period").filter(pk__in=list_ids))
    for row in rows:
        if row.state != PaymentList.State.DRAFT:
            raise OpeningRefused(
                f"Khoản {payment.number} đã chuyển sang danh sách {row}, danh sách này đang ở bước "
                f"“{row.get_state_display()}” nên không rút lại được."
            )
    holders = list(found.values_list("payment", flat=True).distinct())
    amount = found.aggregate(amount=Sum("amount"))["amount"]
    PaymentLine.objects.filter(carried_line__payment=payment).delete()
    left = dict(PaymentLine.objects.filter(payment__in=holders).values_list("payment").annotate(amount=Sum("amount")))
    Payment.objects.filter(pk__in=[pk for pk in holders if pk not in left]).delete()
    for pk, total in left.items():
        Payment.objects.filter(pk=pk).update(total=total)
    timeline.write(rows, timeline.UNCARRIED, by=actor, note=payment.number)
    record(
        actor=actor,
        action="Rút khoản chậm lĩnh khỏi danh sách đang lập",
        row=payment,
        details={"danh sách": [str(row) for row in rows], "số tiền": amount},
    )
    return payment


def count_list(row: PaymentList) -> tuple[int, int]:
    """People and đồng of a list."""
    found = row.payments.aggregate(people=Count("pk"), amount=Coalesce(Sum("total"), 0))
    return found["people"], int(found["amount"])


def lock_opening() -> None:
    """Only one at a time makes lists."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [OPENING_LOCK])
