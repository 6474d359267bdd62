"""Changes as people read them: what they do, who did which step; masked where the reader may not know more."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import JSONField, OuterRef, Subquery
from django.db.models.functions import JSONObject

from batosocial.lib import months
from batosocial.staff.models import Role, User
from beneficiaries import confidential
from beneficiaries.changes.law import Rule
from beneficiaries.changes.moves import masked_name
from beneficiaries.changes.outlook import Outlook, Outlooks
from beneficiaries.changes.proposal import ALIVE, Proposal, load_death, says_alive
from beneficiaries.changes.steps import (
    APPRAISERS,
    PROPOSING_ROLES,
    SIGNERS,
    WITHDRAWN,
    awaits_signature,
    deciders_of,
    needs_decision,
)
from beneficiaries.models import Category, Change, Entitlement, Policy

State = Change.State
_STATES = {
    State.PROPOSED: ("Chờ thẩm định", "warning"),
    State.APPRAISED: ("Chờ quyết định", "info"),
    State.DECIDED: ("Đã quyết định", "info"),
    State.APPLIED: ("Có hiệu lực", "success"),
    State.REJECTED: ("Bị trả lại", "danger"),
}
#: What a line needs of the category of a benefit that a change granted.
_PARTS = ("code", "name", "policy", "confidential", "has_levels")


def for_showing(changes: Any) -> Any:
    """A queryset of changes with everything that lines are made of, in one query."""
    granted = Entitlement.objects.filter(granted_by=OuterRef("pk")).order_by("pk")
    parts = {name: f"category__{name}" for name in _PARTS}
    return (
        changes.with_confidentiality()
        .annotate(granted=Subquery(granted.values_list(JSONObject(**parts))[:1], output_field=JSONField()))
        .select_related(
            "person__commune", "from_commune", "to_commune", "reason", "entitlement__category",
            "proposed_by", "appraised_by", "signed_off_by", "decided_by", "rejected_by", "objected_by",
        )
    )  # fmt: skip


@dataclass(frozen=True)
class ChangeLine:
    """One change for one reader. ``hidden``: reasons and papers would tell a group that the reader may not see."""

    change: Change
    name: str
    #: Whether the reader may open the person's page.
    opens: bool
    place: str
    place_id: int
    title: str
    detail: str
    starts: str
    label: str
    tone: str
    hidden: bool
    outlook: Outlook | None
    can_appraise: bool
    can_sign_off: bool
    can_decide: bool
    can_reject: bool
    blocked: str

    @property
    def proposer(self) -> Any:
        return proposer_of(self.change)

    @property
    def difference(self) -> str:
        """How much a month the change adds or takes, as far as that is known."""
        return self.outlook.difference_text if self.outlook else ""

    @property
    def arrears_from(self) -> datetime.date | None:
        """From when a suspension's months are paid after all, where that is proposed."""
        text = self.change.proposal.get("arrears_from")
        return datetime.date.fromisoformat(text) if text else None

    @property
    def arrears_title(self) -> str:
        first, last = self.arrears_from, months.add(self.change.effective_month, -1)
        return f"từ {months.title(first)} đến {months.title(last)}" if first else ""

    @property
    def can_act(self) -> bool:
        return self.can_appraise or self.can_sign_off or self.can_decide or self.can_reject


def lines_of(changes: Iterable[Any], user: User, *, with_paid: bool = False) -> list[ChangeLine]:
    """Lines of changes that ``for_showing`` prepared; amounts of those that still wait."""
    given = list(changes)
    return shown_lines(given, user, read_outlooks(given, user, with_paid=with_paid))


def read_outlooks(changes: Sequence[Any], user: User, *, with_paid: bool = True) -> Outlooks:
    """What the amounts of those need that still wait; without any, only the categories are read."""
    codes = {str(change.proposal.get("category") or "") for change in changes} - {""}
    categories = {row.code: row for row in Category.objects.filter(code__in=codes)}
    people = {change.person_id for change in changes if _waits(change)}
    return Outlooks(people, user=user, categories=categories, with_paid=with_paid)


def shown_lines(changes: Iterable[Any], user: User, outlooks: Outlooks) -> list[ChangeLine]:
    """The lines of ``lines_of`` with outlooks that were read before."""
    return [_line(change, user, outlooks.categories, outlooks if _waits(change) else None) for change in changes]


def _waits(change: Change) -> bool:
    return change.state not in (State.APPLIED, State.REJECTED)


def _line(change: Any, user: User, categories: Mapping[str, Category], outlooks: Outlooks | None) -> ChangeLine:
    hidden = change.of_confidential and not confidential.may_see(user)
    title, detail = _does(change, user, categories)
    label, tone = _STATES[State(change.state)]
    if change.state == State.REJECTED and change.rejection == WITHDRAWN:
        label, tone = "Đã rút", "neutral"
    if change.state == State.PROPOSED and change.objection:
        label = "Chờ thẩm định, xã có ý kiến"
    opens = _in_scope(change, user)
    if change.state == State.APPRAISED and awaits_signature(change):
        label = "Chờ Trưởng phòng ký"
    may = _may(change, user)
    return ChangeLine(
        change=change,
        name=shown_person(change, user),
        opens=opens,
        place=str(change.from_commune or change.person.commune),
        place_id=change.person.commune_id,
        title=title,
        detail=detail,
        starts=starts(change),
        label=label,
        tone=tone,
        hidden=hidden,
        outlook=outlooks.of_change(change) if outlooks else None,
        can_appraise=may.appraise,
        can_sign_off=may.sign_off,
        can_decide=may.decide,
        can_reject=may.reject,
        blocked=may.blocked,
    )


def shown_person(change: Change, user: User) -> str:
    """The name, or only what lets a receiving commune recognise somebody who is not theirs yet."""
    if _in_scope(change, user) or change.from_commune_id == user.unit_id:
        return change.person.name
    return masked_name(change.person.name)


def _in_scope(change: Change, user: User) -> bool:
    return not user.in_commune or change.person.commune_id == user.unit_id


def starts(change: Change) -> str:
    """From when it counts, as far as that stands."""
    waits = change.state not in (State.APPLIED, State.REJECTED)
    if waits and change.kind == Change.Kind.START and Proposal.load(change.proposal).rule == Rule.SIGNING:
        return "tháng ký quyết định"
    if waits and change.kind == Change.Kind.MOVE:
        return "danh sách mở tiếp theo"
    return months.title(change.effective_month)


def _does(change: Any, user: User, categories: Mapping[str, Category]) -> tuple[str, str]:
    """What the change does: a title, and the name of the group."""
    kind, proposal = Change.Kind(change.kind), Proposal.load(change.proposal)
    target = categories.get(proposal.category)
    if target is None:
        target = Category(**change.granted) if change.granted else None
    old = change.entitlement.category if change.entitlement else None
    word = str(kind.label)
    if kind == Change.Kind.RESUME and change.proposal.get("arrears_from"):
        first = datetime.date.fromisoformat(change.proposal["arrears_from"])
        again = f"{word} {_code(old, 0, user) or change.policy}, truy lĩnh từ {months.title(first)}"
        return again, _name(old, user)
    if kind == Change.Kind.MOVE:
        return f"Chuyển từ {change.from_commune or '?'} đến {change.to_commune}", ""
    if kind == Change.Kind.START:
        return f"Hưởng {_code(target, proposal.level, user) or change.policy}", _name(target, user)
    if kind == Change.Kind.ADJUST and target is not None:
        before = f"{_code(old, 0, user)} → " if old else ""
        return f"Điều chỉnh {before}{_code(target, proposal.level, user)}", _name(target, user)
    if says_alive(change.proposal):
        return f"{ALIVE}, hưởng lại {change.policy}", ""
    if kind == Change.Kind.CORRECT:
        done = "Hủy do ghi nhầm" if proposal.void else "Đính chính"
        return f"{done} {_code(old or target, 0, user)}", _name(target or old, user)
    if kind == Change.Kind.STOP and (death := load_death(change.proposal)):
        return f"Chết {death}: thôi hưởng {change.policy}", ""
    return f"{word} {_code(old, 0, user) or change.policy}", _name(old, user)


def _code(category: Category | None, level: int, user: User) -> str:
    if category is None:
        return ""
    return confidential.shown_code(category, user) + (f" {level}%" if level and category.has_levels else "")


def _name(category: Category | None, user: User) -> str:
    return confidential.shown_name(category, user) if category else ""


@dataclass(frozen=True)
class _May:
    appraise: bool = False
    sign_off: bool = False
    decide: bool = False
    reject: bool = False
    blocked: str = ""


def _may(change: Change, user: User) -> _May:
    """Which steps the reader may take now, and why not where it is their turn but not theirs to take."""
    own = user.pk in (change.proposed_by_id, change.appraised_by_id)
    if change.state == State.PROPOSED and user.role in APPRAISERS:
        blocked = "Anh/chị là người đề nghị, người khác thẩm định." if own else ""
        return _May(appraise=not own, reject=not own, blocked=blocked)
    unsigned = awaits_signature(change)
    if change.state == State.APPRAISED and unsigned and user.role in SIGNERS:
        blocked = "Anh/chị đã đề nghị hoặc thẩm định, người khác ký thẩm định." if own else ""
        return _May(sign_off=not own, reject=True, blocked=blocked)
    if change.state == State.APPRAISED and user.role in deciders_of(change) and change.policy:
        blocked = "Anh/chị đã đề nghị hoặc thẩm định, người khác ghi quyết định." if own else ""
        if unsigned:
            blocked = "Trưởng phòng chưa ký thẩm định."
        return _May(decide=not own and not unsigned, reject=not unsigned, blocked=blocked)
    return _May()


@dataclass(frozen=True)
class Step:
    """A step of a change's way: what, who, when, and the words that were left."""

    label: str
    by: Any
    at: datetime.datetime | None
    words: Sequence[str] = ()
    done: bool = True


def proposer_of(change: Change) -> Any:
    """Who proposed it; what the portal proposed on the word of the police says so."""
    if change.proposed_by.role == Role.SYSTEM and change.proposal.get("told_by") == "police":
        return "Cổng, theo trả lời của Công an"
    return change.proposed_by


def timeline(line: ChangeLine) -> list[Step]:
    change = line.change
    steps = []
    if change.first_load:
        return [Step("Nạp sổ lần đầu, không cần quyết định", change.proposed_by, change.applied_at)]
    words = [] if line.hidden else [text for text in (change.evidence, change.note) if text]
    steps.append(Step("Đề nghị", proposer_of(change), change.proposed_at, words))
    if change.objected_by:
        steps.append(Step("Xã đang quản lý có ý kiến", change.objected_by, change.objected_at, [change.objection]))
    if change.appraised_by:
        steps.append(Step("Thẩm định", change.appraised_by, change.appraised_at))
    if change.signed_off_by:
        steps.append(Step("Trưởng phòng ký thẩm định", change.signed_off_by, change.signed_off_at))
    if change.decision_number:
        assert change.decision_date is not None  # noqa: S101
        decision = f"{change.get_authority_display()}: số {change.decision_number} ngày {change.decision_date:%d/%m/%Y}"
        steps.append(Step("Quyết định", change.decided_by, change.decided_at, [decision]))
    if change.state == State.REJECTED:
        label = "Rút đề nghị" if change.rejection == WITHDRAWN else "Không chấp nhận"
        reason = [] if line.hidden or change.rejection == WITHDRAWN else [change.rejection]
        steps.append(Step(label, change.rejected_by, change.rejected_at, reason))
        return steps
    if change.state == State.APPLIED:
        steps.append(Step("Có hiệu lực", None, change.applied_at, [f"từ {line.starts}"]))
        return steps
    if change.state == State.PROPOSED:
        done = "Phòng thẩm định, có hiệu lực ngay" if not needs_decision(change) else "Phòng LĐ-TB&XH thẩm định"
        steps.append(Step(done, None, None, done=False))
    if awaits_signature(change):
        steps.append(Step("Trưởng phòng ký thẩm định", None, None, done=False))
    if needs_decision(change):
        who = "Chủ tịch UBND huyện quyết định" if change.policy == Policy.SOCIAL else "Ghi quyết định của Sở LĐ-TB&XH"
        steps.append(Step(who, None, None, done=False))
    return steps


def prints_decision(change: Change) -> bool:
    """Whether the chairman's decision on it can be printed: appraised or in force, and not of the first load."""
    return (
        change.kind in (Change.Kind.STOP, Change.Kind.SUSPEND, Change.Kind.RESUME)
        and change.policy == Policy.SOCIAL
        and not change.first_load
        and change.state in (State.APPRAISED, State.APPLIED)
    )


def can_withdraw(change: Change, user: User) -> bool:
    return change.state == State.PROPOSED and change.proposed_by_id == user.pk


def can_repeat(line: ChangeLine, user: User) -> bool:
    """Whether a new benefit that came back may be asked for again, with what was missing."""
    change = line.change
    returned = change.kind == Change.Kind.START and change.state == State.REJECTED
    return returned and user.role in PROPOSING_ROLES and line.opens and not line.hidden


def can_object(change: Change, user: User) -> bool:
    return (
        change.kind == Change.Kind.MOVE
        and change.state == State.PROPOSED
        and user.role == Role.COMMUNE_OFFICER
        and change.from_commune_id == user.unit_id
        and change.proposed_by_id != user.pk
    )
