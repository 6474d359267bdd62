"""What is due every month as measures: reviews and lists sent in time, notices made.

A monthly task of July asks for the July that is worked in: the review of August and the lists of August are sent in it
(Điều 34 NĐ 20/2021: with the payers before the 25th of the month before).
"""

import datetime
from collections import Counter
from decimal import Decimal

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from batosocial.audit.models import Entry
from batosocial.coordination.directives.measures.registry import Kind, Measure, Value, Values, Wanted, register
from batosocial.lib import clock, months
from batosocial.territory.models import Unit
from payments import board
from payments.models import PaymentList, Review
from payments.review import showing

#: Of a counted unit: how many in time, of how many.
Tally = tuple["Counter[tuple[int | None, datetime.date]]", "Counter[tuple[int | None, datetime.date]]"]


def _worked_in(one: datetime.date | None) -> datetime.date:
    return one or months.first(clock.today())


def _units(wanted: Wanted) -> list[int | None]:
    return [*wanted.communes, *([None] if wanted.whole else [])]


def reviews(wanted: Wanted) -> Values:
    """The month's review: sent, by its deadline; of the district how many communes. Two queries."""
    asked = {one: months.add(_worked_in(one), 1) for one in wanted.months}
    below = Unit.objects.of_upper(wanted.district.pk)
    known = list(Unit.objects.current().communes().filter(parent=wanted.district).values_list("pk", flat=True))
    sent: dict[tuple[int, datetime.date], datetime.date] = {}
    rows = Review.objects.filter(commune__in=below.values("pk"), month__in=set(asked.values()))
    for row in rows.exclude(state=Review.State.DRAFT):
        if row.sent_at is not None:
            sent[row.commune_id, row.month] = timezone.localtime(row.sent_at).date()
    values: Values = {}
    for one, month in asked.items():
        url = f"{reverse('payments:reviews')}?thang={months.iso(month)}"
        until = showing.deadline(month)
        for unit in _units(wanted):
            if unit is None:
                done = sum(1 for (_, of), day in sent.items() if of == month and day <= until)
                text = f"{done}/{len(known)} xã gửi rà soát {months.title(month)} đúng hạn"
                values[None, one] = Value(done, len(known), text, url)
                continue
            day = sent.get((unit, month))
            if day is None:
                text = f"Chưa gửi rà soát {months.title(month)}, hạn {until:%d/%m/%Y}"
            else:
                late = "" if day <= until else ", muộn"
                text = f"Đã gửi rà soát {months.title(month)} ngày {day:%d/%m/%Y}{late}"
            values[unit, one] = Value(int(day is not None and day <= until), 1, text, url)
    return values


def lists(wanted: Wanted) -> Values:
    """The lists of the coming month sent to the Phòng before they have to be with the payers. One query."""
    asked = {one: months.add(_worked_in(one), 1) for one in wanted.months}
    below = Unit.objects.of_upper(wanted.district.pk)
    every: Counter[tuple[int | None, datetime.date]] = Counter()
    sent: Counter[tuple[int | None, datetime.date]] = Counter()
    rows = PaymentList.objects.filter(commune__in=below.values("pk"), period__month__in=set(asked.values()))
    for commune, month, at in rows.order_by().values_list("commune", "period__month", "submitted_at"):
        in_time = at is not None and timezone.localtime(at).date() < board.hand_over_deadline(month)
        for unit in (commune, None):
            every[unit, month] += 1
            sent[unit, month] += in_time
    values: Values = {}
    for one, month in asked.items():
        url = f"{reverse('payments:board')}?thang={months.iso(month)}"
        for unit in _units(wanted):
            whole, part = every[unit, month], sent[unit, month]
            text = f"{part}/{whole} danh sách {months.title(month)} gửi đúng hạn"
            values[unit, one] = Value(part, whole, text if whole else f"Chưa mở {months.title(month)}", url)
    return values


#: How notices of a month's figures stand in the audit (reporting.notices.services).
_NOTICES = ("Lập thông báo cho các xã, thị trấn", "Xuất thông báo")


def notices(wanted: Wanted) -> Values:
    """Notices of the month's results made by the district. One query."""
    asked = {one: _worked_in(one) for one in wanted.months}
    made: Counter[str] = Counter()
    rows = Entry.objects.filter(
        Q(actor__unit=wanted.district),
        action__in=_NOTICES,
        details__month__in=[months.iso(month) for month in asked.values()],
    )
    for details in rows.order_by().values_list("details", flat=True):
        made[details["month"]] += 1
    values: Values = {}
    for one, month in asked.items():
        times = made[months.iso(month)]
        of = f"lập thông báo {months.title(month)}"
        text = f"Đã {of} {times} lần" if times else f"Chưa {of}"
        for unit in _units(wanted):
            values[unit, one] = Value(times, None, text, reverse("reporting:notices", args=[month]))
    return values


def register_all() -> None:
    hundred, once = Decimal(100), Decimal(1)
    register(Measure("reviews", "Rà soát tháng sau gửi đúng hạn", "%", reviews, default_target=hundred))
    register(Measure("lists", "Danh sách chi trả tháng sau gửi đúng hạn", "%", lists, default_target=hundred))
    office = frozenset({Kind.OFFICE})
    register(
        Measure("notices", "Thông báo kết quả tháng cho các xã", "lần", notices, kinds=office, default_target=once)
    )
