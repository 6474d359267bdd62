"""Proposals: what somebody shall receive, no longer receive, or was entered wrongly. Nothing is paid by them."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Min

from batosocial.audit import services as audit
from batosocial.lib import clock, months
from batosocial.lib.text import clean
from batosocial.staff.models import User
from beneficiaries import confidential
from beneficiaries.changes import law
from beneficiaries.changes.deciding import PROPOSING_ROLES
from beneficiaries.changes.kinds import plan, same_benefit
from beneficiaries.changes.law import Rule
from beneficiaries.changes.proposal import Paper, Proposal, ProposedDependant, dump_paper, load_paper
from beneficiaries.changes.register import Refused, Register, audited_code, title
from beneficiaries.models import Category, Change, ChangeReason, Entitlement, Person, Rate

#: đ.đ khoản 1 Điều 8 NĐ 20/2021.
_ADJUSTMENT = "ND20-8.1.đ"
_EARLIEST = datetime.date(1990, 1, 1)
MOST_DEPENDANTS = 20


class ProposalRefused(Exception):
    """What is wrong with a proposal, in Vietnamese, by the field to mend ("" for the whole)."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


@transaction.atomic
def propose_start(
    *,
    actor: User,
    person_id: int,
    category: str,
    level: int = 0,
    own_amount: int | None = None,
    dependants: Sequence[ProposedDependant] = (),
    month: datetime.date | None = None,
    paper: Paper | None = None,
    note: str = "",
    confirmed: bool = False,
) -> Change:
    """Propose a new benefit. Without ``month`` the law tells the first one; another one needs a ``note``.

    ``own_amount`` in đồng a month, where the decision sets it. ``confirmed`` says that ages outside the category's were
    looked at. PermissionDenied without the role, Person.DoesNotExist out of scope, ProposalRefused by field.
    """
    person = _person(actor, person_id)
    paper = paper or Paper()
    errors: dict[str, str] = {}
    kind = _category(actor, category, errors)
    if kind is None:
        raise ProposalRefused(errors)
    first = law.first_month(
        kind, birth=person.birth, signed_on=clock.today(), certificate=paper.date, since=known_since(kind)
    )
    rule = first.rule
    if month is not None and (rule == Rule.DECISION or month != first.month):
        rule = Rule.DECISION if rule == Rule.DECISION else Rule.GIVEN
        if rule == Rule.GIVEN and not clean(note):
            errors["month"] = "Khác với quy định: hãy để trống ô này, hoặc ghi vì sao ở ô Ghi chú."
            errors["note"] = f"Tháng đầu khác với quy định. {first.why} Hãy ghi vì sao."
    if month is None and first.month is None:
        errors["paper_date"] = "Hãy ghi ngày cấp giấy xác nhận mức độ khuyết tật: hưởng từ tháng đó."
    start = month or first.month or months.first(clock.today())
    proposal = Proposal(category, level, own_amount, tuple(dependants), rule=rule, paper=paper)
    change = Change(kind=Change.Kind.START, policy=kind.policy, person=person, effective_month=start)
    _check_benefit(kind, proposal, errors)
    _check_paper(paper, errors)
    _check_month(kind, start, errors)
    _check_ages(kind, person, proposal, start, confirmed, errors)
    if pending := _pending(person).filter(kind__in=["start", "adjust"], proposal__category=kind.code).first():
        errors["category"] = f"Đã có đề nghị {_code(kind, actor)} cho người này, {_state(pending)}."
    return _propose(change, proposal, actor, note, errors)


@transaction.atomic
def propose_adjustment(
    *,
    actor: User,
    entitlement_id: int,
    category: str,
    month: datetime.date,
    level: int = 0,
    own_amount: int | None = None,
    dependants: Sequence[ProposedDependant] = (),
    paper: Paper | None = None,
    note: str = "",
    confirmed: bool = False,
) -> Change:
    """Propose another level, group, number of dependants or own amount from ``month`` on (đ.đ k1 Điều 8 NĐ 20/2021).

    Errors as in ``propose_start``, Entitlement.DoesNotExist out of scope.
    """
    row = _entitlement(actor, entitlement_id)
    paper = paper or Paper()
    errors: dict[str, str] = {}
    kind = _category(actor, category, errors, policy=row.category.policy)
    if kind is None:
        raise ProposalRefused(errors)
    proposal = Proposal(category, level, own_amount, tuple(dependants), replaces=(row.pk,), paper=paper)
    change = Change(
        kind=Change.Kind.ADJUST, policy=kind.policy, person=row.person, entitlement=row, effective_month=month
    )
    if kind.policy == "BTXH":
        change.reason = ChangeReason.objects.filter(code=_ADJUSTMENT).first()
    _check_benefit(kind, proposal, errors)
    _check_paper(paper, errors)
    _check_month(kind, month, errors)
    _check_ages(kind, row.person, proposal, month, confirmed, errors)
    if not errors and same_benefit(row, proposal, kind):
        errors[""] = "Chưa có gì thay đổi so với chế độ đang hưởng."
    _check_nothing_waits(row, errors)
    return _propose(change, proposal, actor, note, errors)


@transaction.atomic
def propose_correction(
    *,
    actor: User,
    entitlement_id: int,
    note: str,
    void: bool = False,
    category: str = "",
    month: datetime.date | None = None,
    level: int = 0,
    own_amount: int | None = None,
    dependants: Sequence[ProposedDependant] = (),
    paper: Paper | None = None,
    confirmed: bool = False,
) -> Change:
    """Propose to mend what was typed wrongly, or (``void``) to take out what should never have been entered.

    It takes effect when the Phòng agrees, as long as no payment list rests on it; ``note`` says what went wrong. Errors
    as in ``propose_adjustment``.
    """
    row = _entitlement(actor, entitlement_id)
    paper = paper or Paper()
    errors: dict[str, str] = {}
    kind = _category(actor, category or row.category.code, errors, policy=row.category.policy)
    if kind is None:
        raise ProposalRefused(errors)
    start = row.months.lower if month is None or void else month
    proposal = Proposal(kind.code, level, own_amount, tuple(dependants), paper=paper, void=void)
    change = Change(
        kind=Change.Kind.CORRECT, policy=kind.policy, person=row.person, entitlement=row, effective_month=start
    )
    if not clean(note):
        errors["note"] = "Hãy ghi đã nhầm ở đâu, ví dụ: gõ nhầm tỷ lệ 61% thành 16%."
    if not void:
        _check_benefit(kind, proposal, errors)
        _check_month(kind, start, errors)
        _check_ages(kind, row.person, proposal, start, confirmed, errors)
        if not errors and start == row.months.lower and same_benefit(row, proposal, kind):
            errors[""] = "Chưa có gì khác với sổ."
    _check_paper(paper, errors)
    _check_nothing_waits(row, errors)
    return _propose(change, proposal, actor, note, errors)


@transaction.atomic
def propose_stop(
    *,
    actor: User,
    person_id: int,
    died_on: datetime.date | None = None,
    entitlement_ids: Sequence[int] = (),
    reason: str = "",
    happened_on: datetime.date | None = None,
    month: datetime.date | None = None,
    paper: Paper | None = None,
    note: str = "",
) -> list[Change]:
    """Propose that benefits end: all of them by a death, one change for each policy because each has its own decision;
    or the chosen ones for the ``reason`` (code of a ChangeReason) that arose on ``happened_on``.

    From the month right after death or lost condition (khoản 2 Điều 8 NĐ 20/2021); a later ``month`` may be given where
    a decision says so. Errors as in ``propose_start``.
    """
    person = _person(actor, person_id)
    paper = paper or Paper()
    errors: dict[str, str] = {}
    rows = list(
        person.entitlements.granted().exclude(category__regime=Category.Regime.ONE_OFF).select_related("category")
    )
    _check_paper(paper, errors)
    if died_on is not None:
        drafts = _by_death(person, rows, died_on, errors)
    else:
        chosen = [row for row in rows if row.pk in set(entitlement_ids)]
        drafts = _by_reason(person, chosen, reason, happened_on, month, note, errors)
    if errors:
        raise ProposalRefused(errors)
    data = {"died_on": died_on.isoformat() if died_on else None} | dump_paper(paper)
    return [_propose(change, data, actor, note, {}) for change in drafts]


def _by_death(
    person: Person, rows: Sequence[Entitlement], died_on: datetime.date, errors: dict[str, str]
) -> list[Change]:
    if died_on > clock.today():
        errors["happened_on"] = "Ngày chết ở sau hôm nay; hãy kiểm tra lại."
    elif died_on < person.birth.earliest:
        errors["happened_on"] = f"Ngày chết trước ngày sinh ({person.birth}); hãy kiểm tra lại."
    elif person.died_on and person.died_on != died_on:
        errors["happened_on"] = f"Sổ đã ghi người này chết ngày {person.died_on:%d/%m/%Y}; hãy đối chiếu trích lục."
    if _pending(person).filter(kind="stop", proposal__died_on__isnull=False).exclude(proposal__died_on=None).exists():
        errors[""] = "Đã có đề nghị thôi hưởng do chết của người này đang chờ."
    month = law.stop_month(died_on)
    running = [row for row in rows if row.months.upper is None or row.months.upper > month]
    if not running:
        errors.setdefault("", "Người này không còn chế độ nào đang hưởng sau tháng chết.")
    drafts = []
    for policy in sorted({row.category.policy for row in running}):
        regimes = [row.category.regime for row in running if row.category.policy == policy]
        reason = ChangeReason.objects.get(code=law.death_reason(regimes))
        drafts.append(Change(kind=Change.Kind.STOP, policy=policy, person=person, reason=reason, effective_month=month))
    return drafts


def _by_reason(
    person: Person,
    chosen: Sequence[Entitlement],
    code: str,
    happened_on: datetime.date | None,
    month: datetime.date | None,
    note: str,
    errors: dict[str, str],
) -> list[Change]:
    reason = ChangeReason.objects.filter(code=code).first() if code else None
    if not chosen:
        errors["entitlements"] = "Hãy chọn chế độ thôi hưởng."
    if code and reason is None:
        errors["reason"] = "Hãy chọn lý do trong danh sách."
    if not code and not clean(note):
        errors["note"] = "Lý do khác: hãy ghi rõ lý do và căn cứ."
    if happened_on is None:
        errors["happened_on"] = "Hãy ghi ngày không còn đủ điều kiện, để tính tháng thôi hưởng."
        return []
    earliest = law.stop_month(happened_on, code)
    if month is not None and month < earliest:
        errors["month"] = f"Sớm nhất là {title(earliest)}: tháng có thay đổi vẫn được hưởng (k2 Đ8 NĐ 20/2021)."
    drafts = []
    for row in chosen:
        if reason is not None and not law.ends(reason, row.category):
            errors["reason"] = "Lý do này không phải của chế độ đã chọn."
        _check_nothing_waits(row, errors, field="entitlements")
        change = Change(
            kind=Change.Kind.STOP, policy=row.category.policy, person=person, entitlement=row, reason=reason,
            effective_month=month or earliest,
        )  # fmt: skip
        drafts.append(change)
    return drafts


# --- shared ------------------------------------------------------------------------------------------------------


def _person(actor: User, person_id: int) -> Person:
    """The person in the actor's scope, locked: two who propose the same thing take turns."""
    if actor.role not in PROPOSING_ROLES or not actor.is_active:
        raise PermissionDenied
    visible = Person.objects.visible_to(actor)
    return visible.select_related("commune").select_for_update(of=("self",), no_key=True).get(pk=person_id)


def _entitlement(actor: User, entitlement_id: int) -> Entitlement:
    """A granted entitlement of somebody in scope, its person locked."""
    if actor.role not in PROPOSING_ROLES:
        raise PermissionDenied
    found = Entitlement.objects.visible_to(actor).granted().select_related("category")
    row = found.prefetch_related("dependants").get(pk=entitlement_id)
    if row.category.confidential and not confidential.may_see(actor):
        # What it is may not be shown, so that there is nothing to choose from.
        raise PermissionDenied
    row.person = _person(actor, row.person_id)
    return row


def _category(actor: User, code: str, errors: dict[str, str], *, policy: str = "") -> Category | None:
    rows = Category.objects.exclude(regime=Category.Regime.ONE_OFF)
    if policy:
        rows = rows.filter(policy=policy)
    found = rows.filter(code=code).first()
    if found is None or (found.confidential and not confidential.may_see(actor)):
        errors["category"] = "Hãy chọn đối tượng trong danh sách."
        return None
    return found


def _check_benefit(category: Category, proposal: Proposal, errors: dict[str, str]) -> None:
    """Category, level and amount come from dated rates (Điều 6, Điều 20 NĐ 20/2021; Phụ lục NĐ 75/2021)."""
    if category.amount_by_decision:
        if proposal.own_amount is None:
            errors["own_amount"] = "Hãy ghi mức theo quyết định, số đồng mỗi tháng."
        elif proposal.own_amount <= 0:
            errors["own_amount"] = "Mức theo quyết định phải lớn hơn 0."
    else:
        level = proposal.level if category.has_levels else 0
        if category.has_levels and not level:
            errors["level"] = "Hãy ghi tỷ lệ tổn thương cơ thể, từ 21 đến 100."
        elif not Rate.objects.filter(category=category, level=level).exists():
            field = "level" if category.has_levels else "category"
            errors[field] = "Chưa có mức trợ cấp cho tỷ lệ này." if category.has_levels else "Chưa có mức trợ cấp."
    if category.per_dependant and not proposal.dependants:
        errors["dependants"] = "Hãy ghi ít nhất một người (họ tên, ngày sinh): mức được tính theo từng người."
    if len(proposal.dependants) > MOST_DEPENDANTS:
        errors["dependants"] = f"Nhiều nhất {MOST_DEPENDANTS} người trong một đề nghị."


def _check_paper(paper: Paper, errors: dict[str, str]) -> None:
    if not paper.kind:
        errors["paper_kind"] = "Hãy ghi giấy tờ kèm theo, ví dụ: Tờ khai mẫu 1d."
    if paper.date and paper.date > clock.today():
        errors["paper_date"] = f"Ngày của giấy tờ ở sau hôm nay ({clock.today():%d/%m/%Y}); hãy kiểm tra lại."


def known_since(category: Category) -> datetime.date | None:
    """From when the register knows amounts of a category: nothing is owed for the months before."""
    return Rate.objects.filter(category=category).aggregate(first=Min("valid_from"))["first"]


def _check_month(category: Category, month: datetime.date, errors: dict[str, str]) -> None:
    since = known_since(category)
    if since and month < since:
        errors["month"] = f"Sớm nhất là {title(since)}: trước đó chưa có mức trợ cấp trong cổng."
    elif month < _EARLIEST or months.between(months.first(clock.today()), month) > law.FURTHEST:
        errors["month"] = "Tháng này quá xa; hãy kiểm tra lại."


def _check_ages(
    category: Category,
    person: Person,
    proposal: Proposal,
    month: datetime.date,
    confirmed: bool,
    errors: dict[str, str],
) -> None:
    """A birth date may be wrong or known by its year only: whoever proposes says that they looked."""
    if not confirmed and age_warnings(category, person, proposal, month):
        errors["confirmed"] = "Tuổi không khớp với đối tượng. Hãy kiểm tra, rồi đánh dấu xác nhận nếu vẫn đúng."


def age_warnings(category: Category, person: Person, proposal: Proposal, month: datetime.date) -> list[str]:
    """What does not fit of the ages of the person and of their dependants."""
    found = [law.age_warning(category, person.birth, month)]
    for one in proposal.dependants if category.per_dependant else ():
        if one.birth is not None:
            found.append(law.dependant_warning(category, one.name, one.birth, month))
    return [warning for warning in found if warning]


def _pending(person: Person) -> Any:
    return Change.objects.filter(person=person).waiting()


def _check_nothing_waits(row: Entitlement, errors: dict[str, str], field: str = "") -> None:
    if pending := Change.objects.waiting().filter(entitlement=row).first():
        errors[field] = f"Đã có đề nghị {pending.get_kind_display().lower()} cho chế độ này, {_state(pending)}."


def _state(change: Change) -> str:
    return "đang chờ thẩm định" if change.state == Change.State.PROPOSED else "đang chờ quyết định"


def _code(category: Category, actor: User) -> str:
    return confidential.shown_code(category, actor)


def _propose(
    change: Change, proposal: Proposal | dict[str, Any], actor: User, note: str, errors: dict[str, str]
) -> Change:
    """Store the proposal, once the register has nothing against it."""
    if errors:
        raise ProposalRefused(errors)
    change.proposal = proposal.dump() if isinstance(proposal, Proposal) else proposal
    change.note, change.proposed_by = clean(note)[:500], actor
    change.evidence = str(load_paper(change.proposal))[:300]
    try:
        register = Register([change], actor=actor)
        plan(register, change)
    except Refused as why:
        raise ProposalRefused({"": str(why)}) from None
    change.save()
    pairs: dict[str, tuple[Any, Any]] = {"state": (None, change.state)}
    if isinstance(proposal, Proposal) and proposal.category:
        pairs["proposal"] = (None, audited_code(register.categories[proposal.category]))
    audit.record(actor=actor, action=f"Đề nghị {change.get_kind_display().lower()}", row=change, changes=pairs)
    return change
