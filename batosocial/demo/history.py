"""The demo's six months: lists made by opening's own statement, then handed over, paid and, but for July, closed."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from batosocial.demo.people import DEMO_MONTH, FIRST_MONTH, DemoPerson, Dice
from batosocial.lib import months
from batosocial.staff.models import User
from beneficiaries.models import Policy
from payments import states, timeline
from payments.handover.services import build_file, record_hand_overs
from payments.models import HandOver, ListEvent, Payment, PaymentList, Period
from payments.opening import make_lists
from reporting.rollup import roll_up

#: The bank's name for whoever returned a transfer, and how often.
RETURN_REASONS = [("wrong_name", 45), ("closed", 25), ("wrong_number", 20), ("no_account", 10)]
RESULT_SEED = 7


@dataclass(frozen=True)
class Staff:
    officers: dict[str, User]
    leaders: dict[str, User]
    phong: User
    head: User
    chairman: User
    post: User
    bank: User


def load_months(people: Sequence[DemoPerson], staff: Staff) -> None:
    for month in months.span(FIRST_MONTH, DEMO_MONTH):
        before = months.add(month, -1)
        for policy in Policy.values:
            period = Period.objects.create(
                policy=policy, month=month, opened_by=staff.phong, opened_at=_moment(before, 20)
            )
            make_lists(period, locked_on=before.replace(day=25), actor=staff.phong)
            _hand_over(period, staff, before, with_files=month == DEMO_MONTH)
            _record_results(period, people, staff)
            if month < DEMO_MONTH:
                PaymentList.objects.filter(period=period).update(state=PaymentList.State.CLOSED)
                ids = period.lists.order_by("pk").values_list("pk", flat=True)
                timeline.write(ids, timeline.CLOSED, by=staff.phong, at=_moment(month, 28))
                Period.objects.filter(pk=period.pk).update(
                    state=Period.State.CLOSED, closed_by=staff.phong, closed_at=_moment(month, 28)
                )
        with connection.cursor() as cursor:
            # The planner knows nothing of rows of this transaction.
            cursor.execute("ANALYZE payments_paymentlist, payments_payment, payments_paymentline")
        roll_up(actor=User.objects.system(), month=month)


def _moment(month: datetime.date, day: int, hour: int = 9) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(month.replace(day=day), datetime.time(hour)))


def _hand_over(period: Period, staff: Staff, before: datetime.date, *, with_files: bool) -> None:
    """Sign the lists; ``with_files`` also makes what the payers were given."""
    lists = list(PaymentList.objects.filter(period=period).select_related("commune").order_by("pk"))
    for row in lists:
        row.state = PaymentList.State.HANDED_OVER
        row.submitted_by, row.submitted_at = staff.leaders[row.commune.code], _moment(before, 21)
        row.appraised_by, row.appraised_at = staff.phong, _moment(before, 23)
        row.signed_off_by, row.signed_off_at = staff.head, _moment(before, 23, 15)
        row.approved_by, row.approved_at = staff.chairman, _moment(before, 24)
        row.handed_over_by, row.handed_over_at = staff.phong, _moment(before, 25)
    PaymentList.objects.bulk_update(
        lists,
        [
            "state",
            *(
                f"{step}_{part}"
                for step in ("submitted", "appraised", "signed_off", "approved", "handed_over")
                for part in ("by", "at")
            ),
        ],
    )
    timeline.write(lists, timeline.OPENED, by=staff.phong, at=_moment(before, 20))
    for step, name in (
        (states.SUBMIT, "submitted"),
        (states.APPRAISE, "appraised"),
        (states.SIGN_OFF, "signed_off"),
        (states.APPROVE, "approved"),
        (states.HAND_OVER, "handed_over"),
    ):
        ListEvent.objects.bulk_create(
            event
            for row in lists
            for event in timeline.events(
                [row], (step.code, step.label), by=getattr(row, f"{name}_by"), at=getattr(row, f"{name}_at")
            )
        )
    if not with_files:
        return
    takers = {"BUUDIEN": staff.post, "AGRIBANK": staff.bank}
    for made in record_hand_overs(staff.phong, lists, at=_moment(before, 25)):
        build_file(made.pk)
        taker = takers.get(made.payer.code)
        HandOver.objects.filter(pk=made.pk).update(taken_by=taker, taken_at=taker and _moment(before, 25, 14))


def _record_results(period: Period, people: Sequence[DemoPerson], staff: Staff) -> None:
    """What the payers reported. An account that does not work yet sends the money back; most of those are then
    paid in cash in the same month, in a closed month all of them, as nothing there is left open."""
    dice = Dice(RESULT_SEED + period.month.month)
    broken = {person.account[2] for person in people if person.account and not person.account_works}
    results: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    last = period.month == DEMO_MONTH
    for pk, channel, number in period_payments(period):
        if channel == "account" and number in broken:
            if last and dice.chance(40):
                key = ("returned", dice.weighted(RETURN_REASONS), "")
            else:
                key = ("paid_cash", "", "Chuyển khoản bị trả lại, đã chi tiền mặt")
        elif channel == "account":
            key = ("paid_account", "", "")
        elif last and dice.chance(2):
            key = ("not_collected", "", "")
        else:
            key = ("paid_cash", "", "")
        results[key].append(pk)
    paid_on = period.month.replace(day=8)
    with connection.cursor() as cursor:
        for (result, reason, note), ids in results.items():
            cursor.execute(
                """
                UPDATE payments_payment p
                SET result = %(result)s, return_reason = %(reason)s, result_note = %(note)s,
                    paid_on = CASE WHEN %(result)s IN ('paid_account', 'paid_cash') THEN %(paid_on)s::date END,
                    reference = CASE WHEN %(result)s = 'paid_account'
                                THEN 'FT' || %(stamp)s || lpad(p.id::text, 6, '0') ELSE '' END,
                    recorded_by_id = CASE payer.code WHEN 'AGRIBANK' THEN %(bank)s ELSE %(post)s END,
                    recorded_at = %(recorded_at)s
                FROM staff_payer payer
                WHERE payer.id = p.payer_id AND p.id = ANY(%(ids)s)
                """,
                {
                    "result": result,
                    "reason": reason,
                    "note": note,
                    "paid_on": paid_on,
                    "stamp": f"{period.month:%y%m}",
                    "bank": staff.bank.pk,
                    "post": staff.post.pk,
                    "recorded_at": _moment(period.month, 15),
                    "ids": ids,
                },
            )


def period_payments(period: Period) -> list[tuple[int, str, str]]:
    """(id, planned channel, account number) of a period's payments, in the order of their numbers."""
    return list(
        Payment.objects.filter(payment_list__period=period)
        .order_by("number")
        .values_list("pk", "planned_channel", "account_number")
    )
