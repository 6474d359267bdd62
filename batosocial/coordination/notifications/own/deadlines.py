"""Deadlines of the month that are near or past: lists to hand over, results, reviews, papers of payees."""

import datetime
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlencode

from django.db.models import Count, Min
from django.urls import reverse

from batosocial.coordination.notifications.addressees import Addressees
from batosocial.coordination.notifications.own.days import last_day, near
from batosocial.coordination.notifications.sources import AHEAD, Notice, register
from batosocial.lib import clock, months
from batosocial.staff.models import COMMUNE_ROLES, Role
from batosocial.territory.models import Unit
from beneficiaries.models import Payee
from payments import board
from payments.models import Payment, PaymentList, Period, Review
from payments.review.prefill import month_to_review
from payments.review.showing import deadline as review_deadline

State = PaymentList.State
#: What a list waits for, by its state and whether it is signed off: whose step it is, and the step in words. What
#: waits for the chairman has a notice of its own, with the same deadline.
_STEPS = {
    (State.DRAFT, False): (COMMUNE_ROLES, "chưa gửi Phòng"),
    (State.SUBMITTED, False): ({Role.DISTRICT_OFFICER}, "chưa thẩm định"),
    (State.APPRAISED, False): ({Role.DISTRICT_LEADER}, "chưa ký thẩm định"),
    (State.APPROVED, True): ({Role.DISTRICT_OFFICER}, "đã duyệt, chưa giao"),
}


@register("hand-over-due")
def lists_to_hand_over() -> Iterator[Notice]:
    """To whoever takes the next step of lists that have to be with the payers soon (Điều 34 NĐ 20/2021), by month.

    A list that was returned is told of by itself.
    """
    rows = PaymentList.objects.filter(period__state=Period.State.OPEN).exclude(state__in=PaymentList.HANDED_OVER_STATES)
    waiting = [
        row
        for row in rows.values_list("commune_id", "period__month", "state", "signed_off_by", "returned_by")
        if near(last_day(board.hand_over_deadline(row[1])))
    ]
    if not waiting:
        return
    people = Addressees()
    counts: Counter[tuple[int, datetime.date, str]] = Counter()
    for commune, month, state, signed, sent_back in waiting:
        step = _STEPS.get((State(state), signed is not None))
        if step is None or (state == State.DRAFT and sent_back):
            continue
        roles = step[0]
        owners = (people.of_commune if roles == COMMUNE_ROLES else people.of_district)(commune, roles)
        counts.update((owner, month, state) for owner in owners)
    words = {state: text for (state, _), (_, text) in _STEPS.items()}
    for (owner, month, state), count in sorted(counts.items()):
        deadline = board.hand_over_deadline(month)
        yield Notice(
            owner_id=owner,
            key=f"{months.iso(month)}:{state}",
            title=f"{count} danh sách {months.title(month)} {words[State(state)]}",
            detail=f"Giao tổ chức chi trả trước ngày {deadline:%d/%m/%Y}.",
            url=f"{reverse('payments:board')}?{urlencode({'thang': months.iso(month), 'buoc': state})}",
            due=last_day(deadline),
        )


@register("month-to-open")
def month_to_open() -> Iterator[Notice]:
    """To the Phòng's officers: the next month has no lists yet, and they have to be with the payers soon."""
    month = board.next_month()
    deadline = board.hand_over_deadline(month)
    if not near(last_day(deadline)):
        return
    for owner in Addressees().with_role(Role.DISTRICT_OFFICER):
        yield Notice(
            owner_id=owner,
            key=months.iso(month),
            title=f"Chưa mở danh sách chi trả {months.title(month)}",
            detail=f"Giao tổ chức chi trả trước ngày {deadline:%d/%m/%Y}.",
            url=reverse("payments:open_month", args=[months.iso(month)]),
            due=last_day(deadline),
        )


@register("results-due")
def results_to_record() -> Iterator[Notice]:
    """To each payer of its own payments, to the Phòng's officers of all: no result yet, and they are due soon."""
    rows = [
        row
        for row in Payment.objects.filter(
            result="", payment_list__state=State.HANDED_OVER, payment_list__period__state=Period.State.OPEN
        )
        .order_by()
        .values_list("payer", "payment_list__period__month", "payment_list__commune__parent")
        .annotate(count=Count("pk"))
        if near(last_day(board.results_deadline(row[1])))
    ]
    if not rows:
        return
    people = Addressees()
    counts: Counter[tuple[int, datetime.date, str]] = Counter()
    for payer, month, upper, count in rows:
        for owner in people.of_payer(payer):
            counts[owner, month, reverse("payments:batches")] += count
        url = f"{reverse('payments:board')}?{urlencode({'thang': months.iso(month), 'buoc': State.HANDED_OVER})}"
        for owner in people.of_upper(upper, [Role.DISTRICT_OFFICER]):
            counts[owner, month, url] += count
    for (owner, month, url), count in sorted(counts.items()):
        deadline = board.results_deadline(month)
        yield Notice(
            owner_id=owner,
            key=months.iso(month),
            title=f"{count} khoản chi trả {months.title(month)} chưa có kết quả",
            detail=f"Hạn trước ngày {deadline:%d/%m/%Y}.",
            url=url,
            due=last_day(deadline),
        )


@register("review-due")
def reviews_to_send() -> Iterator[Notice]:
    """To the officers and leaders of communes whose review of the coming month is not sent."""
    month = month_to_review()
    day = review_deadline(month)
    if not near(day):
        return
    begun = dict(Review.objects.filter(month=month).values_list("commune", "state"))
    heirs = dict(Unit.objects.filter(pk__in=begun, heir__isnull=False).values_list("pk", "heir"))
    # A merged commune goes on with the reviews that its parts had begun.
    places = set(Unit.objects.current().communes().values_list("pk", flat=True)) - set(begun) - set(heirs.values())
    places |= {commune for commune, state in begun.items() if state == Review.State.DRAFT}
    people = Addressees()
    for owner in sorted({owner for place in places for owner in people.of_commune(place)}):
        yield Notice(
            owner_id=owner,
            key=months.iso(month),
            title=f"Chưa gửi rà soát {months.title(month)}",
            detail=f"Gửi Phòng trước hết ngày {day:%d/%m/%Y}.",
            url=f"{reverse('payments:reviews')}?{urlencode({'thang': months.iso(month)})}",
            due=day,
        )


@register("papers-due")
def papers_to_renew() -> Iterator[Notice]:
    """To a commune's officers: papers by which others receive have run out, or do so within days."""
    today = clock.today()
    rows = list(
        Payee.objects.in_use(months.first(today))
        .with_paper_until(today + AHEAD)
        .order_by()
        .values_list("person__commune")
        .annotate(count=Count("pk"), first=Min("paper_valid_until"))
    )
    people = Addressees() if rows else None
    for commune, count, first in rows:
        assert people is not None  # noqa: S101
        for owner in people.of_commune(commune, [Role.COMMUNE_OFFICER]):
            yield Notice(
                owner_id=owner,
                key=str(commune),
                title=f"{count} giấy tờ của người nhận thay hết hạn",
                detail="Đề nghị người nhận làm lại giấy, rồi ghi giấy mới.",
                url=reverse("beneficiaries:papers"),
                due=first,
            )
