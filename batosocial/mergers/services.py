"""Storing a merger, carrying it out on its day, cancelling it before."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.lib import clock
from batosocial.mergers.carrying import carry
from batosocial.mergers.checking import Plan, check
from batosocial.mergers.reading import MergerFile
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit, UnitMerger
from payments.models import PaymentList
from payments.opening import lock_opening

MERGERS = frozenset({Role.ADMIN, Role.SYSTEM})


class MergerRefused(Exception):
    """Nothing was done; the message says in Vietnamese why and what to do. ``plan`` where the file has errors."""

    def __init__(self, message: str, plan: Plan | None = None) -> None:
        self.plan = plan
        super().__init__(message)


@dataclass(frozen=True)
class Stored:
    merger: UnitMerger
    plan: Plan


def _may(actor: User) -> None:
    if actor.role not in MERGERS or not actor.is_active:
        raise PermissionDenied


@transaction.atomic
def store_merger(*, actor: User, file: MergerFile, file_name: str, day: datetime.date, upper_code: str = "") -> Stored:
    """Check a merger again and store it; one of today or earlier takes effect at once, in the same transaction.

    The old units end on the day and the new ones begin on it, so that lists of months from then on are made for the
    new ones. Raises MergerRefused with the plan when it has an error; PermissionDenied without the role.
    """
    _may(actor)
    # No month is opened, and no other merger stored, meanwhile.
    lock_opening()
    plan = check(file, day=day, upper_code=upper_code)
    if plan.errors or plan.upper is None:
        raise MergerRefused(f"Tệp còn {len(plan.errors)} lỗi nên không lưu gì.", plan)
    merger = UnitMerger.objects.create(
        day=day, upper=plan.upper, rows=_rows(plan), file_name=file_name[-200:], planned_by=actor
    )
    new = Unit.objects.bulk_create(
        Unit(
            code=one.code,
            name=one.name,
            kind=one.kind,
            level=Unit.Level.COMMUNE,
            parent=plan.upper,
            valid_from=day,
            position=one.position,
        )
        for one in plan.new
    )
    ended = []
    for one, unit in zip(plan.new, new, strict=True):
        for old in one.old:
            old.valid_to, old.successor, old.ended_by = day, unit, merger
            ended.append(old)
    for upper in plan.emptied:
        upper.valid_to, upper.successor, upper.ended_by = day, plan.upper, merger
        ended.append(upper)
    Unit.objects.bulk_update(ended, ["valid_to", "successor", "ended_by"])
    audit.record(
        actor=actor,
        action="Lưu đợt sáp nhập đơn vị",
        row=merger,
        details={
            "từ ngày": day,
            "cấp trên": plan.upper,
            "đơn vị cũ": len(plan.old),
            "đơn vị mới": len(plan.new),
            "tệp": file_name,
            "các dòng": merger.rows,
        },
    )
    if day <= clock.today():
        merger = _apply(actor, merger)
    return Stored(merger, plan)


def _rows(plan: Plan) -> list[Mapping[str, Any]]:
    return [
        {
            "old_code": old.code,
            "old_name": old.full_name,
            "new_code": new.code,
            "new_name": new.full_name,
        }
        for new in plan.new
        for old in new.old
    ]


@transaction.atomic
def apply_merger(*, actor: User, merger_id: int) -> UnitMerger:
    """Carry out a stored merger whose day has come; one that is applied already stays as it is.

    Raises MergerRefused before its day, for a cancelled one, and while an earlier one waits; UnitMerger.DoesNotExist,
    PermissionDenied without the role.
    """
    _may(actor)
    lock_opening()
    merger = UnitMerger.objects.select_for_update(of=("self",)).select_related("upper").get(pk=merger_id)
    if merger.state == UnitMerger.State.APPLIED:
        return merger
    if merger.state == UnitMerger.State.CANCELLED:
        raise MergerRefused("Đợt sáp nhập này đã hủy. Hãy nạp lại tệp nếu vẫn cần.")
    if merger.day > clock.today():
        raise MergerRefused(
            f"Chưa đến ngày {merger.day:%d/%m/%Y}; hôm nay là {clock.today():%d/%m/%Y}. "
            "Đến ngày, cổng tự thực hiện trong đêm."
        )
    return _apply(actor, merger)


def _apply(actor: User, merger: UnitMerger) -> UnitMerger:
    earlier = UnitMerger.objects.filter(state=UnitMerger.State.PLANNED, day__lt=merger.day).first()
    if earlier:
        raise MergerRefused(f"Còn đợt {str(earlier).lower()} chưa thực hiện. Hãy thực hiện đợt đó trước.")
    names = sorted(User.objects.filter(unit__ended_by=merger).values_list("username", flat=True))
    merger.carried = carry(merger)
    merger.state, merger.applied_by, merger.applied_at = UnitMerger.State.APPLIED, actor, timezone.now()
    merger.save(update_fields=["carried", "state", "applied_by", "applied_at"])
    audit.record(
        actor=actor,
        action="Thực hiện sáp nhập đơn vị",
        row=merger,
        changes={"state": (UnitMerger.State.PLANNED.value, UnitMerger.State.APPLIED.value)},
        details={"từ ngày": merger.day, "đã chuyển": merger.carried, "người dùng chuyển đơn vị": names},
    )
    return merger


def apply_due(*, actor: User) -> list[UnitMerger]:
    """Carry out every stored merger whose day has come, the earliest first; each is a transaction of its own."""
    _may(actor)
    due = UnitMerger.objects.filter(state=UnitMerger.State.PLANNED, day__lte=clock.today()).order_by("day", "pk")
    return [apply_merger(actor=actor, merger_id=pk) for pk in due.values_list("pk", flat=True)]


@transaction.atomic
def cancel_merger(*, actor: User, merger_id: int) -> UnitMerger:
    """Take back a stored merger that has not taken effect: its new units go, the old ones go on. One that is cancelled
    already stays as it is.

    Raises MergerRefused once it is applied, or a list was made for a new unit, or a later merger rests on it.
    """
    _may(actor)
    lock_opening()
    merger = UnitMerger.objects.select_for_update(of=("self",)).get(pk=merger_id)
    if merger.state == UnitMerger.State.CANCELLED:
        return merger
    if merger.state == UnitMerger.State.APPLIED:
        raise MergerRefused("Đợt sáp nhập đã thực hiện, không rút lại được.")
    new = Unit.objects.filter(predecessors__ended_by=merger, valid_from=merger.day)
    new_ids = set(new.values_list("pk", flat=True)) - {merger.upper_id}
    opened = PaymentList.objects.filter(commune__in=new_ids).select_related("period").order_by("period__month").first()
    if opened:
        raise MergerRefused(f"Danh sách {opened.period} đã mở theo các đơn vị mới nên không hủy được đợt sáp nhập này.")
    later = Unit.objects.filter(pk__in=new_ids, ended_by__isnull=False).select_related("ended_by").first()
    if later:
        raise MergerRefused(f"Đợt {str(later.ended_by).lower()} dựa trên đợt này. Hãy hủy đợt đó trước.")
    Unit.objects.filter(ended_by=merger).update(valid_to=None, successor=None, ended_by=None)
    Unit.objects.filter(pk__in=new_ids).delete()
    merger.state, merger.cancelled_by, merger.cancelled_at = UnitMerger.State.CANCELLED, actor, timezone.now()
    merger.save(update_fields=["state", "cancelled_by", "cancelled_at"])
    audit.record(
        actor=actor,
        action="Hủy đợt sáp nhập đơn vị",
        row=merger,
        changes={"state": (UnitMerger.State.PLANNED.value, UnitMerger.State.CANCELLED.value)},
        details={"từ ngày": merger.day, "các dòng": merger.rows},
    )
    return merger
