"""A list's timeline: every step it took, by whom, when and why, with the remarks that went back to the commune with it.

Written in the transaction of the step, many lists with one statement, and never changed.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils import timezone

from batosocial.staff.models import Role, User
from payments import hooks
from payments.models import ListEvent, ListRemark, PaymentList

State = PaymentList.State
#: What happens to a list beside the steps of ``states``: (code, words).
OPENED = ("mo", "Lập từ sổ đối tượng")
REMADE = ("lap-lai", "Lập lại từ sổ đối tượng")
UNCARRIED = ("rut-cham-linh", "Rút khoản chậm lĩnh")
CLOSED = ("khoa-so", "Khóa sổ")
#: ``states.RETURN.code``; states imports this module.
RETURNED = "tra-lai"

_MAX_NOTE = 500
#: What a list still has to go through, in order: (states before it, words).
_AHEAD = (
    ({State.DRAFT}, "Xã gửi Phòng LĐ-TB&XH"),
    ({State.DRAFT, State.SUBMITTED}, "Phòng thẩm định"),
    ({State.DRAFT, State.SUBMITTED, State.APPRAISED}, "Trưởng phòng ký thẩm định"),
    ({State.DRAFT, State.SUBMITTED, State.APPRAISED}, "Duyệt"),
    ({State.DRAFT, State.SUBMITTED, State.APPRAISED, State.APPROVED}, "Giao tổ chức chi trả"),
)
_SIGN_OFF = 2


def events(
    lists: Iterable[PaymentList | int],
    event: tuple[str, str],
    *,
    by: User,
    note: str = "",
    at: datetime.datetime | None = None,
) -> list[ListEvent]:
    """The same event for many lists, not stored yet."""
    code, label = event
    at = at or timezone.now()
    return [
        ListEvent(
            payment_list_id=row if isinstance(row, int) else row.pk,
            step=code,
            label=label,
            by=by,
            at=at,
            note=note[:_MAX_NOTE],
        )
        for row in lists
    ]


def write(
    lists: Iterable[PaymentList | int],
    event: tuple[str, str],
    *,
    by: User,
    note: str = "",
    at: datetime.datetime | None = None,
) -> None:
    """Write what happened to these lists, with one statement; in the transaction in which it happened. Whoever wants
    to hear of it is told."""
    made = events(lists, event, by=by, note=note, at=at)
    ListEvent.objects.bulk_create(made)
    hooks.lists_moved(ids=[row.payment_list_id for row in made], actor=by)


@dataclass
class Moment:
    """An event as the page shows it; a return brings its remarks."""

    event: ListEvent
    remarks: list[ListRemark] = field(default_factory=list)


def read(row: PaymentList, user: User) -> list[Moment]:
    """What happened to the list, the first first, in two queries.

    A remark belongs to the first return after it; one that has none stands in ``remarks.pending``. A payer reads the
    steps alone: what was wrong with a line concerns the people of others, too.
    """
    moments = [Moment(event) for event in ListEvent.objects.filter(payment_list=row).select_related("by")]
    if user.role == Role.PAYER:
        for moment in moments:
            moment.event.note = ""
        return moments
    returns = [moment for moment in moments if moment.event.step == RETURNED]
    for remark in (
        ListRemark.objects.filter(payment_list=row).select_related("person", "by", "answered_by").order_by("pk")
    ):
        for moment in returns:
            if remark.at <= moment.event.at:
                moment.remarks.append(remark)
                break
    return moments


def ahead(row: PaymentList) -> list[str]:
    """The steps that the list still has before it."""
    return [
        label
        for number, (states, label) in enumerate(_AHEAD)
        if row.state in states and not (number == _SIGN_OFF and row.signed_off_by_id)
    ]
