"""What pages say of grants, receivables and stop orders: words, colours, deadlines, what the user may do."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from batosocial.lib import clock
from batosocial.staff.models import User
from batosocial.web.todo import Tone
from beneficiaries.changes.services import DECIDERS
from beneficiaries.models import Policy
from payments.effects import law
from payments.effects.claims import excess_of, remaining, with_receipts
from payments.effects.granting import APPRAISERS, PROPOSERS, is_groundless
from payments.effects.recovering import COLLECTORS
from payments.effects.stops import ANSWERERS, LIFTERS
from payments.models import Grant, Payment, Receivable, StopOrder

GRANT_TONES: dict[str, Tone] = {
    Grant.State.OPEN: "warning",
    Grant.State.PROPOSED: "warning",
    Grant.State.APPRAISED: "info",
    Grant.State.DECIDED: "success",
    Grant.State.DECLINED: "neutral",
}
RECEIVABLE_TONES: dict[str, Tone] = {
    Receivable.State.FOUND: "warning",
    Receivable.State.DECIDED: "danger",
    Receivable.State.RECOVERED: "success",
    Receivable.State.WAIVED: "neutral",
    Receivable.State.CANCELLED: "neutral",
}


# --- grants ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    label: str
    by: User | None
    at: datetime.datetime | None


def grants_for_showing(rows: QuerySet[Grant]) -> QuerySet[Grant]:
    return rows.select_related(
        "person__commune",
        "category",
        "line__payment__payment_list__period",
        "proposed_by",
        "appraised_by",
        "decided_by",
    )


def dress_grant(grant: Any, user: User) -> None:
    """Give a grant what its row and page show to this user. Needs ``grants_for_showing``."""
    line = getattr(grant, "line", None)
    grant.paid_in = line.payment.payment_list if line else None
    grant.tone = GRANT_TONES[grant.state]
    grant.state_label = grant.get_state_display()
    grant.policy = grant.category.policy
    if grant.state == Grant.State.OPEN and grant.reason:
        grant.tone, grant.state_label = "danger", "Cần xã bổ sung"
    if grant.state == Grant.State.DECIDED:
        grant.state_label = "Đã lên danh sách chi" if line else "Đã quyết định, chờ lên danh sách"
    grant.groundless = is_groundless(grant)
    if grant.groundless:
        grant.tone = "danger"
    grant.deadline = deadline_of(grant)
    grant.is_late = grant.deadline is not None and grant.deadline < clock.today()
    mine = user.pk in (grant.proposed_by_id, grant.appraised_by_id)
    waits = grant.state == Grant.State.PROPOSED
    decides = user.role in DECIDERS[Policy(grant.policy)] and grant.state == Grant.State.APPRAISED
    grant.can_propose = user.role in PROPOSERS and grant.state == Grant.State.OPEN
    grant.can_appraise = user.role in APPRAISERS and waits and not mine
    grant.can_decide = decides and not mine
    grant.can_return = (user.role in APPRAISERS and waits) or decides
    grant.can_decline = (
        user.role in APPRAISERS and (waits or grant.groundless or grant.state == Grant.State.OPEN)
    ) or decides
    grant.can_reopen = user.role in APPRAISERS and grant.state == Grant.State.DECLINED


def deadline_of(grant: Grant) -> datetime.date | None:
    """The day by which whoever has the file now is done with it (Điều 12 NĐ 20/2021; Điều 122 to 124 NĐ 131/2021)."""
    policy = Policy(grant.category.policy)
    if grant.state == Grant.State.OPEN:
        return law.after_working_days(business_day(grant.opened_at), law.COMMUNE_DAYS[policy])
    if grant.state == Grant.State.PROPOSED and grant.proposed_at:
        return law.after_working_days(business_day(grant.proposed_at), law.PHONG_DAYS[policy])
    return None


def business_day(at: datetime.datetime) -> datetime.date:
    """The business date of a moment: as long before today as the moment lies before now."""
    return clock.today() - (timezone.localdate() - timezone.localdate(at))


def steps_of(grant: Grant) -> list[Step]:
    decider = "Chủ tịch UBND huyện quyết định" if grant.category.policy == Policy.SOCIAL else "Ghi quyết định của Sở"
    return [
        Step("Xã đề nghị", grant.proposed_by, grant.proposed_at),
        Step("Phòng thẩm định", grant.appraised_by, grant.appraised_at),
        Step(decider, grant.decided_by, grant.decided_at),
    ]


# --- receivables -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sums:
    """Of a list of receivables: how many, and đồng asked for, come back and still to come. What is cancelled counts in
    none; what is waived is not to come."""

    count: int
    amount: int
    came_back: int
    remaining: int


def receivables_for_showing(rows: QuerySet[Receivable]) -> QuerySet[Receivable]:
    return with_receipts(rows).select_related("person__commune", "payment__payment_list__period", "decided_by")


def sums_of(rows: QuerySet[Receivable]) -> Sums:
    """One query; receipts are summed by themselves, so that a receivable with two of them counts once."""
    counted = rows.order_by().exclude(state=Receivable.State.CANCELLED)
    asked = counted.aggregate(
        rows=Count("pk"),
        total=Coalesce(Sum("amount"), 0),
        waived=Coalesce(Sum("amount", filter=Q(state=Receivable.State.WAIVED)), 0),
    )
    back = rows.model._default_manager.filter(pk__in=counted.values("pk")).aggregate(
        total=Coalesce(Sum("receipts__amount"), 0),
        waived=Coalesce(Sum("receipts__amount", filter=Q(state=Receivable.State.WAIVED)), 0),
    )
    open_amount = asked["total"] - asked["waived"]
    return Sums(asked["rows"], asked["total"], back["total"], open_amount - (back["total"] - back["waived"]))


def dress_receivables(rows: Iterable[Any], user: User) -> None:
    """Give receivables what their rows and pages show to this user. Needs ``receivables_for_showing``."""
    rows = list(rows)
    excess = excess_of(rows)
    for row in rows:
        row.tone = RECEIVABLE_TONES[row.state]
        row.settled = row.state in Receivable.SETTLED
        row.remaining = 0 if row.settled else remaining(row)
        row.excess = excess.get(row.pk, 0)
        decides = user.role in DECIDERS[Policy(row.policy)]
        row.can_decide = decides and row.state == Receivable.State.FOUND
        row.can_waive = decides and row.state in (Receivable.State.FOUND, Receivable.State.DECIDED)
        row.can_reduce = decides and row.excess > 0
        row.can_receive = user.role in COLLECTORS and row.state == Receivable.State.DECIDED and row.remaining > 0
        row.can_correct = user.role in COLLECTORS and row.state in (
            Receivable.State.DECIDED,
            Receivable.State.RECOVERED,
        )


# --- stop orders -------------------------------------------------------------------------------------------------


def orders_for_showing(rows: QuerySet[StopOrder]) -> QuerySet[StopOrder]:
    return rows.select_related(
        "payment__payment_list__period",
        "payment__person",
        "payment__payer",
        "payment__provider",
        "ordered_by",
        "lifted_by",
        "answered_by",
    )


def dress_order(order: Any, user: User) -> None:
    """Give an order what its row shows to this user. Needs ``orders_for_showing``."""
    payment = order.payment
    order.lifted = order.lifted_at is not None
    paid = payment.result in Payment.PAID
    order.label, order.tone = order_state(order)
    order.paid = paid
    order.contradicts = order.answer == StopOrder.Answer.STOPPED and paid
    order.can_answer = user.role in ANSWERERS and not order.lifted and not order.answer
    order.can_lift = user.role in LIFTERS and not order.lifted and not paid
    #: The payer stopped, and the list still waits for what became of the payment.
    order.wants_result = order.answer == StopOrder.Answer.STOPPED and not order.lifted and not payment.result
    order.wants_payment = order.answer == StopOrder.Answer.PAID_BEFORE and not order.lifted and not payment.result


def order_state(order: StopOrder) -> tuple[str, Tone]:
    """The state of an order in words, and their colour."""
    if order.lifted_at is not None:
        return "Đã rút, được chi", "neutral"
    if order.answer == StopOrder.Answer.STOPPED:
        return "Đã dừng chi", "success"
    if order.answer == StopOrder.Answer.PAID_BEFORE:
        return "Đã chi trước khi nhận lệnh", "danger"
    return "Không chi, chờ trả lời", "danger"
