"""What every proposal needs: the person locked, the values checked, the row stored once the register agrees."""

import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Min

from batosocial.audit import services as audit
from batosocial.lib import clock, months
from batosocial.lib.text import clean
from batosocial.staff.models import User
from beneficiaries import confidential
from beneficiaries.changes import hooks, law
from beneficiaries.changes.kinds import plan
from beneficiaries.changes.proposal import Paper, Proposal, load_paper
from beneficiaries.changes.register import Refused, Register, audited_code, title
from beneficiaries.changes.steps import PROPOSING_ROLES
from beneficiaries.models import Category, Change, Entitlement, Person, Rate

_EARLIEST = datetime.date(1990, 1, 1)
MOST_DEPENDANTS = 20


class ProposalRefused(Exception):
    """What is wrong with a proposal, in Vietnamese, by the field to mend ("" for the whole)."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


def lock_person(actor: User, person_id: int) -> Person:
    """The person in the actor's scope, locked: two who propose the same thing take turns."""
    if actor.role not in PROPOSING_ROLES or not actor.is_active:
        raise PermissionDenied
    visible = Person.objects.visible_to(actor)
    return visible.select_related("commune").select_for_update(of=("self",), no_key=True).get(pk=person_id)


def lock_entitlement(actor: User, entitlement_id: int) -> Entitlement:
    """A granted entitlement of somebody in scope, its person locked."""
    if actor.role not in PROPOSING_ROLES:
        raise PermissionDenied
    found = Entitlement.objects.visible_to(actor).granted().select_related("category")
    row = found.prefetch_related("dependants").get(pk=entitlement_id)
    if row.category.confidential and not confidential.may_see(actor):
        # What it is may not be shown, so that there is nothing to choose from.
        raise PermissionDenied
    row.person = lock_person(actor, row.person_id)
    return row


def pick_category(actor: User, code: str, errors: dict[str, str], *, policy: str = "") -> Category | None:
    rows = Category.objects.exclude(regime=Category.Regime.ONE_OFF)
    if policy:
        rows = rows.filter(policy=policy)
    found = rows.filter(code=code).first()
    if found is None or (found.confidential and not confidential.may_see(actor)):
        errors["category"] = "Hãy chọn đối tượng trong danh sách."
        return None
    return found


def check_benefit(category: Category, proposal: Proposal, errors: dict[str, str]) -> None:
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


def check_paper(paper: Paper, errors: dict[str, str]) -> None:
    if not paper.kind:
        errors["paper_kind"] = "Hãy ghi giấy tờ kèm theo, ví dụ: Tờ khai mẫu 1d."
    if paper.date and paper.date > clock.today():
        errors["paper_date"] = f"Ngày của giấy tờ ở sau hôm nay ({clock.today():%d/%m/%Y}); hãy kiểm tra lại."


def known_since(category: Category) -> datetime.date | None:
    """From when the register knows amounts of a category: nothing is owed for the months before."""
    return Rate.objects.filter(category=category).aggregate(first=Min("valid_from"))["first"]


def check_month(category: Category, month: datetime.date, errors: dict[str, str]) -> None:
    since = known_since(category)
    if since and month < since:
        errors["month"] = f"Sớm nhất là {title(since)}: trước đó chưa có mức trợ cấp trong cổng."
    elif month < _EARLIEST or months.between(months.first(clock.today()), month) > law.FURTHEST:
        errors["month"] = "Tháng này quá xa; hãy kiểm tra lại."


def check_ages(
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


def pending_of(person: Person) -> Any:
    return Change.objects.filter(person=person).waiting()


def check_nothing_waits(row: Entitlement, errors: dict[str, str], field: str = "") -> None:
    if pending := Change.objects.waiting().filter(entitlement=row).first():
        errors[field] = f"Đã có đề nghị {pending.get_kind_display().lower()} cho chế độ này, {state_words(pending)}."


def state_words(change: Change) -> str:
    return "đang chờ thẩm định" if change.state == Change.State.PROPOSED else "đang chờ quyết định"


def code_of(category: Category, actor: User) -> str:
    return confidential.shown_code(category, actor)


def store_proposal(
    change: Change,
    proposal: Proposal | dict[str, Any],
    actor: User,
    note: str,
    errors: dict[str, str],
    *,
    needs_sign_off: bool = False,
) -> Change:
    """Store the proposal, once the register has nothing against it."""
    if errors:
        raise ProposalRefused(errors)
    fill_in(change, proposal, actor, note, needs_sign_off=needs_sign_off)
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
    hooks.changes_moved(changes=[change], actor=actor)
    return change


def fill_in(
    change: Change, proposal: Proposal | dict[str, Any], actor: User, note: str, *, needs_sign_off: bool = False
) -> None:
    """What a proposal says and who makes it, on a change that is not stored yet."""
    change.proposal = proposal.dump() if isinstance(proposal, Proposal) else proposal
    change.note, change.proposed_by = clean(note)[:500], actor
    change.needs_sign_off = needs_sign_off
    change.evidence = str(load_paper(change.proposal))[:300]
