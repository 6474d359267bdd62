"""Proposing that benefits end: by a death, or for a reason of the law; and that a death was a mistake."""

import datetime
from collections.abc import Mapping, Sequence

from django.db import transaction

from batosocial.lib import clock, months
from batosocial.lib.dates import Death
from batosocial.lib.text import clean
from batosocial.staff.models import User
from beneficiaries.changes import law
from beneficiaries.changes.alive import proposal_of, standing_deaths
from beneficiaries.changes.proposal import Paper, dump_death, dump_paper, load_death, says_alive
from beneficiaries.changes.proposing.shared import (
    ProposalRefused,
    check_nothing_waits,
    check_paper,
    lock_person,
    pending_of,
    store_proposal,
)
from beneficiaries.changes.register import title
from beneficiaries.models import Category, Change, ChangeReason, Entitlement, Person


@transaction.atomic
def propose_stop(
    *,
    actor: User,
    person_id: int,
    died_on: datetime.date | None = None,
    month_only: bool = False,
    entitlement_ids: Sequence[int] = (),
    reason: str = "",
    happened_on: datetime.date | None = None,
    month: datetime.date | None = None,
    paper: Paper | None = None,
    note: str = "",
    needs_sign_off: bool = False,
) -> list[Change]:
    """Propose that benefits end: all of them by a death, one change for each policy because each has its own decision;
    or the chosen ones for the ``reason`` (code of a ChangeReason) that arose on ``happened_on``.

    From the month right after death or lost condition (khoản 2 Điều 8 NĐ 20/2021); a later ``month`` may be given where
    a decision says so. ``month_only``: of the death only the month is known, ``died_on`` is its first day. Errors as in
    ``propose_start``.
    """
    person = lock_person(actor, person_id)
    paper = paper or Paper()
    errors: dict[str, str] = {}
    rows = list(
        person.entitlements.granted().exclude(category__regime=Category.Regime.ONE_OFF).select_related("category")
    )
    check_paper(paper, errors)
    death = Death(died_on, month_only) if died_on else None
    if death is not None:
        reasons = {row.code: row for row in ChangeReason.objects.filter(code__in=law.DEATHS.values())}
        drafts = by_death(person, rows, death, list(pending_of(person)), reasons, errors)
    else:
        chosen = [row for row in rows if row.pk in set(entitlement_ids)]
        drafts = _by_reason(person, chosen, reason, happened_on, month, note, errors)
    if errors:
        raise ProposalRefused(errors)
    data = dump_death(death) | dump_paper(paper)
    return [store_proposal(change, data, actor, note, {}, needs_sign_off=needs_sign_off) for change in drafts]


@transaction.atomic
def propose_alive(
    *, actor: User, person_id: int, paper: Paper | None, note: str, needs_sign_off: bool = False
) -> list[Change]:
    """Propose to take back a death that was recorded by mistake: one change for each policy whose benefits it ended,
    because each has its own decision. ``note`` says what was wrong.

    The benefits run again from the first month that was taken away, the months since are arrears. Errors as in
    ``propose_start``; refused where nothing says that the person is dead, or where something about it still waits.
    """
    person = lock_person(actor, person_id)
    errors: dict[str, str] = {}
    paper = paper or Paper()
    check_paper(paper, errors)
    if not clean(note):
        errors["note"] = "Hãy ghi đã nhầm ở đâu, ví dụ: trích lục khai tử là của người khác cùng họ tên."
    deaths = standing_deaths(person, person.changes.select_related("reason"))
    if not deaths and person.died_on is None:
        errors[""] = "Sổ không ghi người này đã chết."
    elif not deaths:
        errors[""] = "Không có quyết định thôi hưởng do chết nào của người này trong cổng để đính chính."
    pending = pending_of(person)
    if pending.filter(proposal__has_key="alive").exists():
        errors[""] = "Đã có đề nghị đính chính còn sống của người này đang chờ."
    elif pending.filter(kind="stop", proposal__died_on__isnull=False).exclude(proposal__died_on=None).exists():
        errors[""] = "Còn đề nghị thôi hưởng do chết của người này đang chờ; hãy rút hoặc trả lại đề nghị đó trước."
    if errors:
        raise ProposalRefused(errors)
    made = []
    for policy, given in deaths.items():
        data = dict(proposal_of(person, given)) | dump_paper(paper)
        month = datetime.date.fromisoformat(data["first_month"])
        change = Change(kind=Change.Kind.CORRECT, policy=policy, person=person, effective_month=month)
        made.append(store_proposal(change, data, actor, note, {}, needs_sign_off=needs_sign_off))
    return made


def by_death(
    person: Person,
    rows: Sequence[Entitlement],
    death: Death,
    pending: Sequence[Change],
    reasons: Mapping[str, ChangeReason],
    errors: dict[str, str],
) -> list[Change]:
    """The stops that a death asks for, one for each policy, not stored; ``errors`` say what stands against them.

    ``rows`` are the person's granted monthly benefits with their categories, ``pending`` their waiting changes,
    ``reasons`` those of ``law.DEATHS`` by code.
    """
    if death.day > clock.today():
        errors["happened_on"] = "Ngày chết ở sau hôm nay; hãy kiểm tra lại."
    elif last_day_of(death) < person.birth.earliest:
        errors["happened_on"] = f"Ngày chết trước ngày sinh ({person.birth}); hãy kiểm tra lại."
    elif person.death and not person.death.fits(death):
        errors["happened_on"] = f"Sổ đã ghi người này chết {person.death}; hãy đối chiếu trích lục."
    if any(change.kind == Change.Kind.STOP and load_death(change.proposal) for change in pending):
        errors[""] = "Đã có đề nghị thôi hưởng do chết của người này đang chờ."
    if any(says_alive(change.proposal) for change in pending):
        errors[""] = "Đang có đề nghị đính chính còn sống của người này; hãy chờ quyết định hoặc trả lại đề nghị đó."
    month = law.stop_month(death.day)
    running = [row for row in rows if row.months.upper is None or row.months.upper > month]
    if not running:
        errors.setdefault("", "Người này không còn chế độ nào đang hưởng sau tháng chết.")
    drafts = []
    for policy in sorted({row.category.policy for row in running}):
        code = law.death_reason(row.category.regime for row in running if row.category.policy == policy)
        stop = Change(kind=Change.Kind.STOP, policy=policy, person=person, reason=reasons[code], effective_month=month)
        drafts.append(stop)
    return drafts


def last_day_of(death: Death) -> datetime.date:
    """The last day on which it can have been."""
    return months.add(death.day, 1) - datetime.timedelta(days=1) if death.month_only else death.day


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
        check_nothing_waits(row, errors, field="entitlements")
        change = Change(
            kind=Change.Kind.STOP, policy=row.category.policy, person=person, entitlement=row, reason=reason,
            effective_month=month or earliest,
        )  # fmt: skip
        drafts.append(change)
    return drafts
