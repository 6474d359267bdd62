"""The way of a payment list: draft → submitted → appraised (and signed off) → approved → handed over.

Every step takes many lists at once: it locks in one order (period, list), checks all of them, moves those that can
move with one UPDATE, and names the reason for each that cannot. Repeating a step changes nothing and says so.
Who submits, appraises and approves are three different people (the database refuses otherwise, too).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from payments import holds, remarks, timeline
from payments.effects.stops import stop_approved
from payments.handover.services import make_hand_overs
from payments.models import PaymentList, Period

State = PaymentList.State
MAX_REASON = 500
WHY_RETURNED = "Hãy ghi lý do trả lại, hoặc đánh dấu ít nhất một khoản cần sửa, để xã biết phải sửa gì."
#: How far along a list is; "signed off" has no state of its own.
_ORDER = [State.DRAFT, State.SUBMITTED, State.APPRAISED, State.APPROVED, State.HANDED_OVER, State.CLOSED]


@dataclass(frozen=True)
class Refusal:
    list_id: int
    label: str
    reason: str


@dataclass
class Outcome:
    """What a step did: the lists that moved, those that had taken the step before, those that cannot take it."""

    moved: list[PaymentList] = field(default_factory=list)
    unchanged: list[PaymentList] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


class StepRefused(Exception):
    """The step as a whole cannot be taken; the message says why."""


@dataclass(frozen=True)
class Step:
    """One step: who takes it, how it is called, whether a list has taken it, what keeps it from it, what it writes."""

    code: str
    label: str
    done: str
    roles: frozenset[str]
    #: The states from which it can be taken.
    starts: frozenset[str]
    taken: Callable[[PaymentList], bool]
    objection: Callable[[PaymentList, User], str]
    values: Callable[[User, str], dict[str, Any]]
    needs_reason: bool = False
    #: As the audit names it.
    action: str = ""
    #: What in the lists themselves keeps them from the step, by list; found for all of them at once.
    holds: Callable[[list[PaymentList]], dict[int, str]] = holds.nothing
    #: What else happens to the lists that moved, in the same transaction.
    effect: Callable[[User, list[PaymentList]], object] | None = None


def _reached(state: str) -> Callable[[PaymentList], bool]:
    return lambda row: _ORDER.index(State(row.state)) >= _ORDER.index(State(state))


def _not_in(row: PaymentList, wanted: str) -> str:
    return f"Danh sách đang ở bước “{row.get_state_display()}”, {wanted}."


def _may_submit(row: PaymentList, actor: User) -> str:
    return "" if row.state == State.DRAFT else _not_in(row, "chỉ danh sách đang lập mới gửi được")


def _may_appraise(row: PaymentList, actor: User) -> str:
    if row.state != State.SUBMITTED:
        return _not_in(row, "xã chưa gửi nên chưa thẩm định được")
    if row.submitted_by_id == actor.pk:
        return "Chính anh/chị đã gửi danh sách này; người khác phải thẩm định."
    return ""


def _may_sign_off(row: PaymentList, actor: User) -> str:
    if row.state != State.APPRAISED:
        return _not_in(row, "chuyên viên thẩm định xong mới ký được")
    if actor.pk in (row.submitted_by_id, row.appraised_by_id):
        return "Chính anh/chị đã gửi hoặc thẩm định danh sách này; người khác phải ký."
    return ""


def _may_approve(row: PaymentList, actor: User) -> str:
    if row.state != State.APPRAISED:
        return _not_in(row, "thẩm định xong mới duyệt được")
    if row.signed_off_by_id is None:
        return "Trưởng phòng chưa ký kết quả thẩm định nên chưa duyệt được."
    if actor.pk in (row.submitted_by_id, row.appraised_by_id):
        return "Chính anh/chị đã gửi hoặc thẩm định danh sách này; người khác phải duyệt."
    return ""


def _may_hand_over(row: PaymentList, actor: User) -> str:
    return "" if row.state == State.APPROVED else _not_in(row, "duyệt xong mới giao được")


def _may_return(row: PaymentList, actor: User) -> str:
    if row.state in (State.SUBMITTED, State.APPRAISED):
        return ""
    if row.state == State.DRAFT:
        return "Danh sách đang ở xã, chưa gửi nên không có gì để trả lại."
    return _not_in(row, "đã duyệt thì không trả lại được nữa")


def _signed(name: str, state: str | None = None) -> Callable[[User, str], dict[str, Any]]:
    def values(actor: User, reason: str) -> dict[str, Any]:
        written: dict[str, Any] = {f"{name}_by": actor, f"{name}_at": timezone.now()}
        return {**written, "state": state} if state else written

    return values


def _returned(actor: User, reason: str) -> dict[str, Any]:
    cleared = {f"{name}_{part}": None for name in ("submitted", "appraised", "signed_off") for part in ("by", "at")}
    return {
        "state": State.DRAFT,
        "returned_by": actor,
        "returned_at": timezone.now(),
        "return_reason": reason,
        **cleared,
    }


SUBMIT = Step(
    code="gui",
    label="Gửi Phòng LĐ-TB&XH",
    done="Đã gửi",
    roles=frozenset({Role.COMMUNE_LEADER}),
    starts=frozenset({State.DRAFT}),
    taken=_reached(State.SUBMITTED),
    objection=_may_submit,
    values=_signed("submitted", State.SUBMITTED),
    action="gửi danh sách chi trả",
    holds=holds.not_ready,
)
APPRAISE = Step(
    code="tham-dinh",
    label="Thẩm định",
    done="Đã thẩm định",
    roles=frozenset({Role.DISTRICT_OFFICER}),
    starts=frozenset({State.SUBMITTED}),
    taken=_reached(State.APPRAISED),
    objection=_may_appraise,
    values=_signed("appraised", State.APPRAISED),
    action="thẩm định danh sách chi trả",
    holds=holds.remarked,
)
SIGN_OFF = Step(
    code="ky-tham-dinh",
    label="Ký thẩm định",
    done="Đã ký thẩm định",
    roles=frozenset({Role.DISTRICT_LEADER}),
    starts=frozenset({State.APPRAISED}),
    taken=lambda row: row.signed_off_by_id is not None,
    objection=_may_sign_off,
    values=_signed("signed_off"),
    action="ký thẩm định danh sách chi trả",
    holds=holds.remarked,
)
APPROVE = Step(
    code="duyet",
    label="Duyệt",
    done="Đã duyệt",
    roles=frozenset({Role.CHAIRMAN}),
    starts=frozenset({State.APPRAISED}),
    taken=_reached(State.APPROVED),
    objection=_may_approve,
    values=_signed("approved", State.APPROVED),
    action="duyệt danh sách chi trả",
    holds=holds.remarked,
)
HAND_OVER = Step(
    code="giao",
    label="Giao tổ chức chi trả",
    done="Đã giao",
    roles=frozenset({Role.DISTRICT_OFFICER}),
    starts=frozenset({State.APPROVED}),
    taken=_reached(State.HANDED_OVER),
    objection=_may_hand_over,
    values=_signed("handed_over", State.HANDED_OVER),
    action="giao danh sách chi trả",
    effect=make_hand_overs,
)
RETURN = Step(
    code="tra-lai",
    label="Trả lại xã",
    done="Đã trả lại",
    roles=frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER}),
    starts=frozenset({State.SUBMITTED, State.APPRAISED}),
    taken=lambda row: row.state == State.DRAFT and row.returned_by_id is not None,
    objection=_may_return,
    values=_returned,
    needs_reason=True,
    action="trả lại danh sách chi trả",
)
STEPS = {step.code: step for step in (SUBMIT, APPRAISE, SIGN_OFF, APPROVE, HAND_OVER, RETURN)}


def steps_of(user: User) -> list[Step]:
    """The steps that the user's role takes, in the order of the workflow."""
    return [step for step in STEPS.values() if user.role in step.roles]


def waiting_steps(row: PaymentList, user: User) -> list[Step]:
    """The steps that the list's state waits for from this role; whether this very person may, the step says."""
    if row.period.state != Period.State.OPEN:
        return []
    return [step for step in steps_of(user) if row.state in step.starts and not step.taken(row)]


def open_steps(row: PaymentList, user: User) -> list[Step]:
    """The steps that the user can take with this list now. Reads ``row.period``."""
    if row.period.state != Period.State.OPEN:
        return []
    return [step for step in steps_of(user) if not step.taken(row) and not step.objection(row, user)]


@transaction.atomic
def take_step(*, actor: User, step: Step, list_ids: Iterable[int], reason: str = "") -> Outcome:
    """Take a step with many lists. PermissionDenied without the role; StepRefused where a reason is missing.

    What is returned needs a reason for all of it or a remark on a payment of it. A list outside the actor's scope is
    among the refused, as if it did not exist.
    """
    if actor.role not in step.roles or not actor.is_active:
        raise PermissionDenied
    reason = clean(reason)
    if len(reason) > MAX_REASON:
        raise StepRefused(f"Lý do dài quá {MAX_REASON} ký tự; hãy ghi ngắn lại.")
    wanted = sorted(set(list_ids))
    outcome = Outcome()
    rows = _locked(actor, wanted)
    found = {row.pk for row in rows}
    marked = _marked(step, rows)
    if step.needs_reason and not reason and not marked and any(row.state in step.starts for row in rows):
        raise StepRefused(WHY_RETURNED)
    outcome.refused += [
        Refusal(pk, f"Danh sách số {pk}", "Không có danh sách này trong phạm vi của anh/chị.")
        for pk in wanted
        if pk not in found
    ]
    for row in rows:
        if row.period.state != Period.State.OPEN:
            outcome.refused.append(Refusal(row.pk, str(row), "Tháng này đã khóa sổ, danh sách không đổi được nữa."))
        elif step.taken(row):
            outcome.unchanged.append(row)
        elif objection := step.objection(row, actor):
            outcome.refused.append(Refusal(row.pk, str(row), objection))
        elif step.needs_reason and not reason and row.pk not in marked:
            outcome.refused.append(Refusal(row.pk, str(row), WHY_RETURNED))
        else:
            outcome.moved.append(row)
    if held := step.holds(outcome.moved) if outcome.moved else {}:
        outcome.refused += [Refusal(row.pk, str(row), held[row.pk]) for row in outcome.moved if row.pk in held]
        outcome.moved = [row for row in outcome.moved if row.pk not in held]
    if outcome.moved:
        _move(actor, step, outcome, reason, marked)
        if step is APPROVE:
            # What a change took away while the list was under way is stopped, as the list itself never changes.
            stop_approved(actor=actor, list_ids=[row.pk for row in outcome.moved])
    return outcome


def _marked(step: Step, rows: list[PaymentList]) -> dict[int, int]:
    """How many payments of each list are marked as to be mended; {} for a step that returns nothing."""
    if not step.needs_reason:
        return {}
    found = remarks.open_remarks(row.pk for row in rows if row.state in step.starts)
    return Counter(found.values_list("payment_list_id", flat=True))


def _locked(actor: User, ids: list[int]) -> list[PaymentList]:
    """The lists in the actor's scope, locked after their periods, always in the same order."""
    visible = PaymentList.objects.visible_to(actor).filter(pk__in=ids)
    list(
        Period.objects.select_for_update()
        .filter(pk__in=PaymentList.objects.filter(pk__in=visible.values("pk")).values("period_id"))
        .order_by("pk")
    )
    return list(
        PaymentList.objects.select_for_update(of=("self",))
        .filter(pk__in=visible.values("pk"))
        .select_related("period")
        .order_by("pk")
    )


def _move(actor: User, step: Step, outcome: Outcome, reason: str, marked: dict[int, int]) -> None:
    before = {row.state for row in outcome.moved}
    values = step.values(actor, reason)
    PaymentList.objects.filter(pk__in=[row.pk for row in outcome.moved]).update(**values)
    for row in outcome.moved:
        for name, value in values.items():
            setattr(row, name, value)
    timeline.write(outcome.moved, (step.code, step.label), by=actor, note=reason)
    after = outcome.moved[0].state
    details: dict[str, Any] = {
        "số danh sách": len(outcome.moved),
        "danh sách": {str(row.pk): str(row) for row in outcome.moved},
    }
    if reason:
        details["lý do"] = reason
    if marked:
        details["khoản cần sửa"] = {str(row.pk): marked[row.pk] for row in outcome.moved if row.pk in marked}
    audit.record(
        actor=actor,
        action=step.action,
        row=outcome.moved[0] if len(outcome.moved) == 1 else None,
        changes={"state": (before.pop(), after)} if len(before) == 1 else {},
        details=details,
    )
    if step.effect is not None:
        step.effect(actor, outcome.moved)


def submit(*, actor: User, list_ids: Iterable[int]) -> Outcome:
    """The commune's leader sends the commune's lists."""
    return take_step(actor=actor, step=SUBMIT, list_ids=list_ids)


def appraise(*, actor: User, list_ids: Iterable[int]) -> Outcome:
    """An officer of the Phòng appraises submitted lists."""
    return take_step(actor=actor, step=APPRAISE, list_ids=list_ids)


def sign_off(*, actor: User, list_ids: Iterable[int]) -> Outcome:
    """The head of the Phòng signs the appraisal."""
    return take_step(actor=actor, step=SIGN_OFF, list_ids=list_ids)


def return_lists(*, actor: User, list_ids: Iterable[int], reason: str) -> Outcome:
    """The Phòng sends lists back to their communes; the names of the steps taken are cleared."""
    return take_step(actor=actor, step=RETURN, list_ids=list_ids, reason=reason)


def approve(*, actor: User, list_ids: Iterable[int]) -> Outcome:
    """The chairman approves; from here the list never changes."""
    return take_step(actor=actor, step=APPROVE, list_ids=list_ids)


def hand_over(*, actor: User, list_ids: Iterable[int]) -> Outcome:
    """The Phòng hands lists to the payers, before the 25th of the month before (Điều 34 NĐ 20/2021)."""
    return take_step(actor=actor, step=HAND_OVER, list_ids=list_ids)
