"""Proposing a benefit: a new one, another level or group, or what was typed wrongly."""

import datetime
from collections.abc import Sequence

from django.db import transaction

from batosocial.lib import clock, months
from batosocial.lib.text import clean
from batosocial.staff.models import User
from beneficiaries.changes import law
from beneficiaries.changes.kinds import same_benefit
from beneficiaries.changes.law import Rule
from beneficiaries.changes.proposal import Paper, Proposal, ProposedDependant
from beneficiaries.changes.proposing.shared import (
    ProposalRefused,
    check_ages,
    check_benefit,
    check_month,
    check_nothing_waits,
    check_paper,
    code_of,
    known_since,
    lock_entitlement,
    lock_person,
    pending_of,
    pick_category,
    state_words,
    store_proposal,
)
from beneficiaries.models import Change, ChangeReason

#: đ.đ khoản 1 Điều 8 NĐ 20/2021.
_ADJUSTMENT = "ND20-8.1.đ"


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
    needs_sign_off: bool = False,
) -> Change:
    """Propose a new benefit. Without ``month`` the law tells the first one; another one needs a ``note``.

    ``own_amount`` in đồng a month, where the decision sets it. ``confirmed`` says that ages outside the category's were
    looked at, ``needs_sign_off`` that the head of the Phòng signs before it is decided. PermissionDenied without the
    role, Person.DoesNotExist out of scope, ProposalRefused by field.
    """
    person = lock_person(actor, person_id)
    paper = paper or Paper()
    errors: dict[str, str] = {}
    kind = pick_category(actor, category, errors)
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
    check_benefit(kind, proposal, errors)
    check_paper(paper, errors)
    check_month(kind, start, errors)
    check_ages(kind, person, proposal, start, confirmed, errors)
    if pending := pending_of(person).filter(kind__in=["start", "adjust"], proposal__category=kind.code).first():
        errors["category"] = f"Đã có đề nghị {code_of(kind, actor)} cho người này, {state_words(pending)}."
    return store_proposal(change, proposal, actor, note, errors, needs_sign_off=needs_sign_off)


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
    needs_sign_off: bool = False,
) -> Change:
    """Propose another level, group, number of dependants or own amount from ``month`` on (đ.đ k1 Điều 8 NĐ 20/2021).

    Errors as in ``propose_start``, Entitlement.DoesNotExist out of scope.
    """
    row = lock_entitlement(actor, entitlement_id)
    paper = paper or Paper()
    errors: dict[str, str] = {}
    kind = pick_category(actor, category, errors, policy=row.category.policy)
    if kind is None:
        raise ProposalRefused(errors)
    proposal = Proposal(category, level, own_amount, tuple(dependants), replaces=(row.pk,), paper=paper)
    change = Change(
        kind=Change.Kind.ADJUST, policy=kind.policy, person=row.person, entitlement=row, effective_month=month
    )
    if kind.policy == "BTXH":
        change.reason = ChangeReason.objects.filter(code=_ADJUSTMENT).first()
    check_benefit(kind, proposal, errors)
    check_paper(paper, errors)
    check_month(kind, month, errors)
    check_ages(kind, row.person, proposal, month, confirmed, errors)
    if not errors and same_benefit(row, proposal, kind):
        errors[""] = "Chưa có gì thay đổi so với chế độ đang hưởng."
    check_nothing_waits(row, errors)
    return store_proposal(change, proposal, actor, note, errors, needs_sign_off=needs_sign_off)


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
    needs_sign_off: bool = False,
) -> Change:
    """Propose to mend what was typed wrongly, or (``void``) to take out what should never have been entered.

    It takes effect when the Phòng agrees, as long as no payment list rests on it; ``note`` says what went wrong. Errors
    as in ``propose_adjustment``.
    """
    row = lock_entitlement(actor, entitlement_id)
    paper = paper or Paper()
    errors: dict[str, str] = {}
    kind = pick_category(actor, category or row.category.code, errors, policy=row.category.policy)
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
        check_benefit(kind, proposal, errors)
        check_month(kind, start, errors)
        check_ages(kind, row.person, proposal, start, confirmed, errors)
        if not errors and start == row.months.lower and same_benefit(row, proposal, kind):
            errors[""] = "Chưa có gì khác với sổ."
    check_paper(paper, errors)
    check_nothing_waits(row, errors)
    return store_proposal(change, proposal, actor, note, errors, needs_sign_off=needs_sign_off)
