"""The way of a grant: open → proposed (commune) → appraised (Phòng) → decided, or declined with a reason.

Who proposes, appraises and decides are three different people; the database says so too. BTXH is decided by the
chairman of the district (Điều 12 NĐ 20/2021), NCC by the Sở (Mẫu 74, Điều 122 to 124 NĐ 131/2021), whose number is
recorded.
"""

import datetime
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.lib import clock, national_id
from batosocial.lib.text import clean
from batosocial.staff.models import Role, User
from beneficiaries.changes.services import DECIDERS, DECIDING_ROLES
from beneficiaries.models import Policy
from payments.effects import law
from payments.effects.grants import NOT_DEAD
from payments.effects.refusal import Refused
from payments.models import Grant, PaymentLine, PaymentList

State = Grant.State
PROPOSERS = frozenset({Role.COMMUNE_OFFICER})
APPRAISERS = frozenset({Role.DISTRICT_OFFICER})
#: Who gives a grant back or declines it: the Phòng what is proposed, whoever decides what is appraised.
REFUSERS = APPRAISERS | DECIDING_ROLES
NO_REASON = "Hãy ghi lý do, để xã biết phải làm gì."


@dataclass(frozen=True)
class Claim:
    """What the commune writes: who receives, how they stand to the dead, by which papers."""

    receiver_name: str
    receiver_relation: str
    receiver_cccd: str
    evidence: str


@transaction.atomic
def propose_grant(*, actor: User, grant_id: int, claim: Claim) -> bool:
    """The commune completes a grant and sends it to the Phòng. False where it was sent with the same words before.

    Refused for what is missing; PermissionDenied without the role; Grant.DoesNotExist out of scope.
    """
    grant = _locked(actor, grant_id, PROPOSERS)
    values = {
        "receiver_name": clean(claim.receiver_name),
        "receiver_relation": clean(claim.receiver_relation),
        "receiver_cccd": national_id.normalize(claim.receiver_cccd),
        "evidence": clean(claim.evidence),
    }
    if grant.state == State.PROPOSED and not audit.differences(grant, values):
        return False
    if grant.state != State.OPEN:
        raise Refused(_state_says(grant))
    if errors := _objections(grant, values):
        raise Refused(errors)
    changes = audit.differences(grant, values)
    _move(
        actor,
        grant,
        "đề nghị trợ cấp khi chết",
        {**values, "state": State.PROPOSED, "reason": "", "proposed_by": actor, "proposed_at": timezone.now()},
        changes=changes,
    )
    return True


def _objections(grant: Grant, values: dict[str, str]) -> dict[str, str]:
    errors: dict[str, str] = {}
    if grant.person.died_month_only:
        errors[""] = "Sổ mới biết tháng chết; hãy ghi ngày chết theo trích lục khai tử ở trang của người này trước."
    if not values["receiver_name"]:
        errors["receiver_name"] = "Hãy ghi họ tên người nhận."
    if not values["receiver_relation"]:
        errors["receiver_relation"] = "Hãy ghi quan hệ với người chết, ví dụ: con, vợ; tổ chức lo mai táng."
    if not values["receiver_cccd"]:
        errors["receiver_cccd"] = "Hãy ghi số CCCD của người nhận, để tổ chức chi trả đối chiếu."
    else:
        problems = [one for one in national_id.check_cccd(values["receiver_cccd"]).problems if one.severity == "error"]
        if problems:
            errors["receiver_cccd"] = problems[0].message_vi
        elif values["receiver_cccd"] == grant.person.cccd:
            errors["receiver_cccd"] = "Đây là số CCCD của chính người chết; hãy ghi số của người nhận."
    if not values["evidence"]:
        errors["evidence"] = f"Hãy ghi giấy tờ: {law.PAPERS[Policy(grant.category.policy)]}."
    return errors


@transaction.atomic
def appraise_grant(*, actor: User, grant_id: int) -> bool:
    """The Phòng agrees. False where it did before. Errors as in ``propose_grant``."""
    grant = _locked(actor, grant_id, APPRAISERS)
    if grant.state in (State.APPRAISED, State.DECIDED):
        return False
    if grant.state != State.PROPOSED:
        raise Refused(_state_says(grant))
    if grant.proposed_by_id == actor.pk:
        raise Refused("Anh/chị là người đề nghị nên phải để người khác thẩm định.")
    _check_only_one(grant)
    values = {"state": State.APPRAISED, "appraised_by": actor, "appraised_at": timezone.now()}
    _move(actor, grant, "thẩm định trợ cấp khi chết", values)
    return True


@transaction.atomic
def return_grant(*, actor: User, grant_id: int, reason: str) -> bool:
    """Give a grant back to the commune, which completes it and sends it again. False where it is with the commune.

    Errors as in ``propose_grant``; Refused without a reason.
    """
    grant = _locked(actor, grant_id, REFUSERS)
    if grant.state == State.OPEN and grant.reason:
        return False
    reason = _reason(reason)
    _check_refuser(grant, actor)
    if grant.state not in (State.PROPOSED, State.APPRAISED):
        raise Refused(_state_says(grant))
    values = {"state": State.OPEN, "reason": reason} | _without_names()
    _move(actor, grant, "trả lại trợ cấp khi chết", values)
    return True


@transaction.atomic
def decline_grant(*, actor: User, grant_id: int, reason: str) -> bool:
    """Say that there is no claim, for a reason; of a decided grant too where its person is alive after all, once the
    money is back or was not paid. False where that was said before. Errors as in ``return_grant``."""
    grant = _locked(actor, grant_id, REFUSERS)
    if grant.state == State.DECLINED:
        return False
    reason = _reason(reason)
    _check_refuser(grant, actor)
    if grant.state == State.DECIDED and not is_groundless(grant):
        raise Refused(_state_says(grant))
    if PaymentLine.objects.filter(grant=grant, payment__payment_list__state=PaymentList.State.DRAFT).exists():
        raise Refused("Khoản này đang ở danh sách chưa trình; hãy lập lại danh sách đó trước.")
    _move(actor, grant, "không giải quyết trợ cấp khi chết", {"state": State.DECLINED, "reason": reason})
    return True


@transaction.atomic
def reopen_grant(*, actor: User, grant_id: int, reason: str) -> bool:
    """The Phòng opens a declined grant again. False where it is open. Errors as in ``return_grant``."""
    grant = _locked(actor, grant_id, APPRAISERS)
    if grant.state in (State.OPEN, State.PROPOSED, State.APPRAISED):
        return False
    reason = _reason(reason)
    if grant.state != State.DECLINED:
        raise Refused(_state_says(grant))
    if grant.person.died_on is None:
        raise Refused("Sổ không ghi người này đã chết nên không mở lại được.")
    _check_only_one(grant)
    values: dict[str, Any] = {"state": State.OPEN, "reason": reason} | _without_names()
    _move(actor, grant, "mở lại trợ cấp khi chết", values)
    return True


@transaction.atomic
def decide_grant(*, actor: User, grant_id: int, number: str, date: datetime.date) -> bool:
    """Decide an appraised grant; the next list that is opened pays it. False where it was decided so before.

    Refused for an unusable number or date, by whoever proposed or appraised, or where the person's other funeral grant
    is not declined. Errors as in ``propose_grant``.
    """
    grant = _locked(actor, grant_id, DECIDING_ROLES)
    number = clean(number)
    check_decision(number, date, not_before=grant.died_on)
    if grant.state == State.DECIDED and (grant.decision_number, grant.decision_date) == (number, date):
        return False
    check_decider(grant.category.policy, actor)
    if grant.state != State.APPRAISED:
        raise Refused(_state_says(grant))
    if actor.pk in (grant.proposed_by_id, grant.appraised_by_id):
        raise Refused("Anh/chị đã đề nghị hoặc thẩm định hồ sơ này nên phải để người khác ghi quyết định.")
    _check_only_one(grant)
    values = {
        "state": State.DECIDED,
        "decision_number": number,
        "decision_date": date,
        "decided_by": actor,
        "decided_at": timezone.now(),
    }
    _move(actor, grant, "quyết định trợ cấp khi chết", values, details={"số": number, "ngày": date})
    return True


def is_groundless(grant: Grant) -> bool:
    """Whether it was decided, and a list has it, but the death was recorded by mistake."""
    return grant.state == State.DECIDED and grant.reason == NOT_DEAD


# --- shared ------------------------------------------------------------------------------------------------------


def check_decision(number: str, date: datetime.date, *, not_before: datetime.date | None = None) -> None:
    """Refused for a number or a day that no decision has."""
    if not number:
        raise Refused({"number": "Hãy ghi số quyết định, ví dụ 125/QĐ-UBND."})
    if len(number) > 50:
        raise Refused({"number": "Số quyết định dài quá 50 ký tự; hãy kiểm tra lại."})
    if date > clock.today():
        raise Refused({"date": f"Ngày quyết định ở sau hôm nay ({clock.today():%d/%m/%Y}); hãy kiểm tra lại."})
    if not_before and date < not_before:
        raise Refused({"date": f"Ngày quyết định trước ngày chết ({not_before:%d/%m/%Y}); hãy kiểm tra lại."})


def check_decider(policy: str, actor: User) -> None:
    """Refused for whoever does not decide about this policy."""
    if actor.role not in DECIDERS[Policy(policy)]:
        if policy == Policy.SOCIAL:
            raise Refused("BTXH do Chủ tịch UBND huyện quyết định.")
        raise Refused("NCC do Sở LĐ-TB&XH quyết định, Phòng LĐ-TB&XH ghi lại.")


def _locked(actor: User, grant_id: int, roles: frozenset[Role]) -> Grant:
    if actor.role not in roles or not actor.is_active:
        raise PermissionDenied
    rows = Grant.objects.visible_to(actor).select_related("category", "person")
    return rows.select_for_update(of=("self",)).get(pk=grant_id)


def _reason(reason: str) -> str:
    reason = clean(reason)
    if not reason:
        raise Refused({"reason": NO_REASON})
    return reason[:500]


def _check_refuser(grant: Grant, actor: User) -> None:
    """The Phòng refuses what no one has appraised yet, whoever decides what was appraised."""
    if grant.state == State.APPRAISED:
        check_decider(grant.category.policy, actor)
    elif actor.role not in APPRAISERS:
        raise Refused("Hồ sơ này đang chờ Phòng LĐ-TB&XH thẩm định.")


def _check_only_one(grant: Grant) -> None:
    """Of several funeral grants only one (khoản 2 Điều 11 NĐ 20/2021)."""
    if not law.is_funeral(grant.category):
        return
    others = Grant.objects.filter(person=grant.person_id, category__code__in=law.FUNERAL.values())
    other = others.exclude(pk=grant.pk).exclude(state=State.DECLINED).select_related("category").first()
    if other is not None:
        raise Refused(
            f"Người này có hồ sơ {other.category.name} ({other.get_state_display().lower()}); hồ sơ đó không hưởng thì "
            f"hồ sơ này mới giải quyết được. {law.ONLY_ONE}"
        )


def _without_names() -> dict[str, Any]:
    return dict.fromkeys(("proposed_by", "proposed_at", "appraised_by", "appraised_at"))


def _state_says(grant: Grant) -> str:
    return {
        State.OPEN: "Xã chưa gửi hồ sơ này.",
        State.PROPOSED: "Hồ sơ này đang chờ Phòng LĐ-TB&XH thẩm định.",
        State.APPRAISED: "Hồ sơ này đã được thẩm định, đang chờ quyết định.",
        State.DECIDED: "Hồ sơ này đã có quyết định, không đổi được nữa.",
        State.DECLINED: "Hồ sơ này đã ghi là không hưởng; Phòng LĐ-TB&XH mở lại thì mới làm tiếp được.",
    }[State(grant.state)]


def _move(
    actor: User,
    grant: Grant,
    action: str,
    values: dict[str, Any],
    *,
    changes: dict[str, tuple[Any, Any]] | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    old = grant.state
    for name, value in values.items():
        setattr(grant, name, value)
    grant.save(update_fields=list(values))
    said = {"vì sao": values["reason"]} if values.get("reason") else {}
    audit.record(
        actor=actor,
        action=action,
        row=grant,
        changes={"state": (old, grant.state), **(changes or {})},
        details={**said, **(details or {})},
    )
