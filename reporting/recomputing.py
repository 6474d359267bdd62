"""Computing a month anew: what it would change is shown first where the month is closed, and stands in the audit."""

import datetime
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from batosocial.audit.services import record
from batosocial.lib import months
from batosocial.staff.models import User
from payments.models import Period
from reporting import rollup
from reporting.figures import FIELDS
from reporting.models import CashlessFigure

#: What each count is called where a change of it is shown.
LABELS = {
    "due": "Tổng số đối tượng",
    "with_account": "Đã có tài khoản",
    "paid_by_account": "Đã chi qua tài khoản",
    "account_not_paid": "Có tài khoản chưa chi qua",
    "pending": "Đã mở tài khoản, chi từ tháng sau",
    "pending_accounts": "Số tài khoản chờ chi",
    "no_cccd": "Chưa có CCCD",
    "money_due": "Số tiền phải chi (đồng)",
    "money_by_account": "Số tiền chi qua tài khoản (đồng)",
}


#: Who may move the figures of a month that is closed.
MOVERS = rollup.REOPENERS


class Refused(Exception):
    """The month cannot be recomputed so; the message says in Vietnamese why and what to do."""


class NotDone(Exception):
    """What was asked for is not what would happen, or lacks its reason; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One count that a recomputation would change."""

    unit: str
    policy: str
    label: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Recomputation:
    """What a recomputation of a closed month would change. ``digest`` names exactly these changes."""

    month: datetime.date
    closed: tuple[str, ...]
    differences: tuple[Difference, ...]

    @property
    def digest(self) -> str:
        told = json.dumps([asdict(difference) for difference in self.differences], ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()


def preview_recomputation(*, actor: User, month: datetime.date) -> Recomputation:
    """Compute the month as it would be, compare, and take it back: nothing is written.

    PermissionDenied for a role that may not, Refused where no policy of the month is closed.
    """
    with transaction.atomic():
        found = _recompute(actor, month)
        transaction.set_rollback(True)
    return found


@transaction.atomic
def recompute_closed_month(*, actor: User, month: datetime.date, reason: str, digest: str) -> Recomputation:
    """Move the figures of a closed month, as they were shown: NotDone without a reason, or when they would
    change otherwise by now. Else as ``preview_recomputation``."""
    if not reason.strip():
        raise NotDone("Hãy ghi vì sao tính lại: số liệu tháng đã khóa sổ chỉ đổi khi có lý do.")
    found = _recompute(actor, month)
    if found.digest != digest:
        raise NotDone("Dữ liệu vừa thay đổi nữa nên kết quả tính lại đã khác. Hãy xem lại bảng dưới đây rồi xác nhận.")
    record(
        actor=actor,
        action="Tính lại số liệu tháng đã khóa sổ",
        details={
            "month": months.iso(month),
            "reason": reason.strip(),
            "closed": found.closed,
            "changes": [asdict(difference) for difference in found.differences],
        },
    )
    return found


def _recompute(actor: User, month: datetime.date) -> Recomputation:
    if actor.role not in rollup.REOPENERS:
        raise PermissionDenied
    states = dict(Period.objects.filter(month=month).order_by("policy").values_list("policy", "state"))
    if not states:
        raise Refused(f"{months.title(month).capitalize()} chưa mở, chưa có số liệu nào để tính lại.")
    policies = tuple(policy for policy, state in states.items() if state == Period.State.CLOSED)
    if not policies:
        raise Refused(f"{months.title(month).capitalize()} chưa khóa sổ: số liệu tự được tổng hợp khi có thay đổi.")
    before = _counts(actor, month)
    rollup.roll_up(actor=actor, month=month, recompute_closed=True)
    after = _counts(actor, month)
    nothing = dict.fromkeys(FIELDS, 0)
    differences = [
        Difference(unit, policy, LABELS[name], before.get(key, nothing)[name], after.get(key, nothing)[name])
        for key in sorted(before.keys() | after.keys())
        for (_, _, unit, policy) in [key]
        for name in FIELDS
        if before.get(key, nothing)[name] != after.get(key, nothing)[name]
    ]
    return Recomputation(month, policies, tuple(differences))


def _counts(actor: User, month: datetime.date) -> dict[tuple[int, int, str, str], dict[str, Any]]:
    """By commune (in the district's order) and policy."""
    rows = CashlessFigure.objects.visible_to(actor).of_policies().filter(month=month).select_related("unit")
    return {
        (row.unit.position, row.unit.pk, row.unit.full_name, row.policy): {name: getattr(row, name) for name in FIELDS}
        for row in rows
    }
