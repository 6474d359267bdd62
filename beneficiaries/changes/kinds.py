"""What each kind of change does to the register.

A plan reads and refuses but writes nothing; its effect is taken up whole or not at all, and the next change of the same
person is planned on top of it.
"""

import datetime
from collections.abc import Callable

from django.db.backends.postgresql.psycopg_any import DateRange

from batosocial.lib import months
from batosocial.lib.dates import Death
from batosocial.lib.text import clean
from beneficiaries.changes import alive, pauses
from beneficiaries.changes.proposal import Proposal, ProposedDependant, load_death, says_alive
from beneficiaries.changes.register import Effect, Refused, Register, proposed, title
from beneficiaries.models import Category, Change, Entitlement


def plan(register: Register, change: Change) -> Effect:
    """What the change does from its ``effective_month`` on. Raises Refused."""
    planner = _PLANNERS.get(Change.Kind(change.kind))
    if planner is None:
        raise Refused(f"Biến động “{change.get_kind_display()}” không xử lý ở đây.")
    return planner(register, change)


def _start(register: Register, change: Change) -> Effect:
    proposal = Proposal.load(change.proposal)
    category = register.benefit(change, proposal)
    register.alive(change)
    wanted = DateRange(change.effective_month, None, "[)")
    register.free(change, category, wanted)
    return register.new(change, proposal, category, wanted)


def _adjust(register: Register, change: Change) -> Effect:
    """Khoản 1 Điều 8 NĐ 20/2021 (đ.đ): from the month of the new condition; the old amount ends the month before."""
    proposal, month = Proposal.load(change.proposal), change.effective_month
    category = register.benefit(change, proposal)
    register.alive(change)
    replaced = [register.standing(change, pk) for pk in proposal.replaces or (change.entitlement_id,)]
    for row in replaced:
        if row.months.upper is not None and row.months.upper <= month:
            raise Refused(f"Chế độ cần điều chỉnh đã thôi hưởng từ {title(row.months.upper)}.")
        if row.months.lower >= month:
            raise Refused(
                f"Chế độ cần điều chỉnh bắt đầu từ {title(row.months.lower)}, không sớm hơn {title(month)}; "
                "nếu ghi nhầm thì dùng Đính chính."
            )
        if any(pause.months.upper is None or pause.months.upper > month for pause in register.pauses(row)):
            raise Refused("Chế độ cần điều chỉnh đang tạm dừng; phải có quyết định tiếp tục hoặc thôi hưởng trước.")
    # What is to end later anyway ends then under its new amount, too.
    ends = {row.months.upper for row in replaced}
    last = replaced[0] if len(ends) == 1 else None
    wanted = DateRange(month, last.months.upper if last else None, "[)")
    register.free(change, category, wanted, without=replaced)
    effect = register.new(change, proposal, category, wanted)
    if effect.start is not None and last is not None:
        effect.start.ended_by_id = last.ended_by_id
    effect.ranges = [(row, DateRange(row.months.lower, month, "[)"), change.pk) for row in replaced]
    return effect


def _stop(register: Register, change: Change) -> Effect:
    """Khoản 2 Điều 8 NĐ 20/2021: from the month right after death or lost condition."""
    month = change.effective_month
    if death := load_death(change.proposal):
        return _death(register, change, death)
    row = register.standing(change, change.entitlement_id)
    if row.months.upper is not None and row.months.upper <= month:
        raise Refused(f"Chế độ này đã thôi hưởng từ {title(row.months.upper)}.")
    if row.months.lower >= month:
        raise Refused(
            f"Chế độ này bắt đầu từ {title(row.months.lower)}, không thôi từ {title(month)} được; "
            "nếu ghi nhầm thì dùng Đính chính."
        )
    pauses.check_unanswered(register, change, row)
    return Effect(
        ranges=[(row, DateRange(row.months.lower, month, "[)"), change.pk)],
        pauses=pauses.ended_with(register, row, change),
    )


def _death(register: Register, change: Change, death: Death) -> Effect:
    """Ends everything of the change's policy; the other policy has its own decision, by its own authority."""
    person, month = register.people[change.person_id], change.effective_month
    if person.death and not person.death.fits(death):
        raise Refused(
            f"Sổ ghi người này chết {person.death}, khác {death} trong đề nghị; hãy đối chiếu trích lục khai tử."
        )
    # A day that the register has is not given up for a month.
    effect = Effect(death=person.death if person.death and death.month_only else death)
    for row in register.rows[change.person_id]:
        if row.category.policy != change.policy or row.granted_by.state != Change.State.APPLIED:
            continue
        if row.months.lower >= month:
            effect.voids.append(row)
            effect.pauses += pauses.ended_with(register, row, change)
        elif row.months.upper is None or row.months.upper > month:
            effect.ranges.append((row, DateRange(row.months.lower, month, "[)"), change.pk))
            effect.pauses += pauses.ended_with(register, row, change)
    ended = [row for row, _, _ in effect.ranges] + effect.voids
    effect.undo = alive.undo_of(ended, [pause for pause, _, _ in effect.pauses])
    return effect


def _correct(register: Register, change: Change) -> Effect:
    """What was typed wrongly, as long as no payment list rests on it; a death that was wrong, whatever rests on it."""
    if says_alive(change.proposal):
        return alive.revive(register, change)
    proposal, month = Proposal.load(change.proposal), change.effective_month
    row = register.standing(change, change.entitlement_id)
    paid = register.lines.get(row.pk, set())
    if proposal.void:
        _unpaid(paid, "hãy đề nghị thôi hưởng thay cho hủy")
        earlier = [
            (old, DateRange(old.months.lower, row.months.upper, "[)"), row.ended_by_id) for old in register.before(row)
        ]
        return Effect(voids=[row], ranges=earlier)
    category = register.benefit(change, proposal)
    if row.months.upper is not None and row.months.upper <= month:
        raise Refused(f"Chế độ này chỉ đến {title(months.add(row.months.upper, -1))}, không bắt đầu từ {title(month)}.")
    wanted = DateRange(month, row.months.upper, "[)")
    earlier = _give_way(register, row, month)
    register.free(change, category, wanted, without=[row, *(old for old, _, _ in earlier)])
    if same_benefit(row, proposal, category):
        _unpaid({line for line in paid if line < month}, "hãy để nguyên tháng đầu")
        return Effect(ranges=[(row, wanted, row.ended_by_id), *earlier])
    _unpaid(paid, "hãy dùng Điều chỉnh từ tháng chưa lập danh sách")
    if register.pauses(row):
        raise Refused("Chế độ này có lần tạm dừng đã quyết định; hãy dùng Điều chỉnh thay cho Đính chính.")
    effect = register.new(change, proposal, category, wanted)
    assert effect.start is not None  # noqa: S101
    effect.start.ended_by_id = row.ended_by_id
    effect.voids, effect.ranges = [row], earlier
    return effect


def _give_way(
    register: Register, row: Entitlement, month: datetime.date
) -> list[tuple[Entitlement, DateRange, int | None]]:
    """What stood before an adjusted entitlement lasts up to its corrected first month."""
    moved = []
    for old in register.before(row) if month != row.months.lower else []:
        if old.months.lower >= month:
            raise Refused(f"Chế độ trước đó bắt đầu từ {title(old.months.lower)}, không sớm hơn {title(month)}.")
        _unpaid({line for line in register.lines.get(old.pk, set()) if line >= month}, "hãy chọn tháng sau đó")
        moved.append((old, DateRange(old.months.lower, month, "[)"), old.ended_by_id))
    return moved


def _move(register: Register, change: Change) -> Effect:
    """Khoản 3 Điều 8 NĐ 20/2021: paid at the new address, no new decision on the benefit."""
    person = register.people[change.person_id]
    if person.commune_id == change.to_commune_id:
        raise Refused(f"Người này đã ở {change.to_commune}.")
    if person.commune_id != change.from_commune_id:
        raise Refused(f"Người này nay do {person.commune} quản lý, khác lúc đề nghị; hãy lập lại đề nghị.")
    assert change.to_commune_id is not None  # noqa: S101
    return Effect(place=(change.to_commune_id, clean(str(change.proposal.get("hamlet") or ""))))


#: How each kind of change takes effect; kinds that are not here are not decided through this flow.
_PLANNERS: dict[Change.Kind, Callable[[Register, Change], Effect]] = {
    Change.Kind.START: _start,
    Change.Kind.ADJUST: _adjust,
    Change.Kind.STOP: _stop,
    Change.Kind.SUSPEND: pauses.suspend,
    Change.Kind.RESUME: pauses.resume,
    Change.Kind.CORRECT: _correct,
    Change.Kind.MOVE: _move,
}


def _unpaid(lines: set[datetime.date], instead: str) -> None:
    if lines:
        shown = ", ".join(months.label(month) for month in sorted(lines)[-3:])
        raise Refused(f"Danh sách chi trả {'…, ' if len(lines) > 3 else ''}tháng {shown} đã có chế độ này; {instead}.")


def same_benefit(row: Entitlement, proposal: Proposal, category: Category) -> bool:
    """Whether the proposal says of everything but the months what stands in the register."""
    if row.category_id != category.pk:
        return False
    if category.has_levels and row.level != proposal.level:
        return False
    if category.amount_by_decision and row.own_amount != proposal.own_amount:
        return False
    if not category.per_dependant:
        return True
    standing = [proposed(one) for one in row.dependants.all()]
    return sorted(map(_comparable, standing)) == sorted(map(_comparable, proposal.dependants))


def _comparable(one: ProposedDependant) -> tuple[str, str, str]:
    return one.name, str(one.birth or ""), one.cccd
