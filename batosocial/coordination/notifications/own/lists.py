"""Payment lists: those that came back, and those that wait for the chairman."""

import datetime
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from batosocial.coordination.notifications.addressees import Addressees
from batosocial.coordination.notifications.own.days import last_day, near
from batosocial.coordination.notifications.sources import Notice, register
from batosocial.lib import months
from batosocial.staff.models import Role
from payments import board
from payments.models import PaymentList, Period
from payments.remarks import open_remarks

State = PaymentList.State


@register("list-returned")
def returned_lists() -> Iterator[Notice]:
    """To the commune's officers and leaders, until the list is sent again."""
    rows = list(
        PaymentList.objects.filter(state=State.DRAFT, returned_by__isnull=False, period__state=Period.State.OPEN)
        .select_related("period")
        .order_by("pk")
    )
    if not rows:
        return
    marked = Counter(open_remarks(row.pk for row in rows).values_list("payment_list_id", flat=True))
    people = Addressees()
    for row in rows:
        due = last_day(board.hand_over_deadline(row.period.month))
        detail = f"Lý do: {row.return_reason}" if row.return_reason else ""
        if marked[row.pk]:
            detail = f"{detail} ({marked[row.pk]} khoản cần sửa)" if detail else f"{marked[row.pk]} khoản cần sửa"
        # Returned a second time, it is another notice.
        at = timezone.localtime(row.returned_at) if row.returned_at else None
        for owner in people.of_commune(row.commune_id):
            yield Notice(
                owner_id=owner,
                key=f"{row.pk}:{at:%Y%m%d%H%M%S}",
                title=f"Phòng trả lại danh sách {row.period.policy} {months.title(row.period.month)}"
                f" của {row.commune_name}",
                detail=detail,
                url=reverse("payments:list", args=[row.pk]),
                due=due if near(due) else None,
            )


@register("list-to-approve")
def lists_to_approve() -> Iterator[Notice]:
    """To the chairman, by month and policy: lists that are signed off, until approved or returned."""
    rows = PaymentList.objects.filter(
        state=State.APPRAISED, signed_off_by__isnull=False, period__state=Period.State.OPEN
    ).values_list("commune_id", "period__policy", "period__month", "submitted_by", "appraised_by")
    found = list(rows)
    if not found:
        return
    people = Addressees()
    counts: Counter[tuple[int, datetime.date, str]] = Counter()
    for commune, policy, month, *others in found:
        for owner in people.of_district(commune, [Role.CHAIRMAN]):
            if owner not in others:
                counts[owner, month, policy] += 1
    for (owner, month, policy), count in sorted(counts.items()):
        due = last_day(board.hand_over_deadline(month))
        yield Notice(
            owner_id=owner,
            key=f"{policy}:{months.iso(month)}",
            title=f"{count} danh sách {policy} {months.title(month)} chờ duyệt",
            detail="Phòng đã thẩm định và ký.",
            url=f"{reverse('payments:board')}?{urlencode({'thang': months.iso(month), 'buoc': State.APPRAISED})}",
            due=due if near(due) else None,
        )
