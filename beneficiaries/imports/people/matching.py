"""A list against the register: who is new, who changed (old → new), and what acceptance would do."""

import datetime
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from batosocial.lib.dates import PartialDate
from batosocial.lib.money import format_amount
from batosocial.lib.months import title
from batosocial.lib.national_id import SEX_NAMES
from batosocial.lib.text import fold, same_spelling
from batosocial.territory.models import Unit
from beneficiaries.imports.checked import CheckedRow
from beneficiaries.imports.messages import shown
from beneficiaries.imports.people.catalogue import clash, label
from beneficiaries.imports.people.register import Register
from beneficiaries.imports.people.repeats import nameless_key
from beneficiaries.models import Change, Entitlement, ImportRow, Payee, PayoutRoute, Person

Outcome = ImportRow.Outcome


@dataclass(slots=True)
class Plan:
    """What acceptance does for one row.

    ``fields`` are a known person's new values. ``entitle`` says that the row's benefit begins with the start month;
    ``ends`` are benefits that it replaces. ``more`` is the change in the number of dependants of ``running``.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    entitle: bool = False
    ends: list[Entitlement] = field(default_factory=list)
    running: Entitlement | None = None
    more: int = 0
    route: bool = False


def match_rows(rows: list[CheckedRow], register: Register, *, commune: Unit, start: datetime.date) -> None:
    """Decide each row's outcome; rows that are wrong by themselves stay errors, but learn more messages here."""
    by_number = _numbers(rows, register)
    for row in rows:
        row.person = _find(row, register, by_number)
        if row.person is not None:
            _check_person(row, row.person, commune)
        _check_account(row, register, commune)
    by_person: dict[object, list[CheckedRow]] = defaultdict(list)
    for row in rows:
        by_person[_identity(row)].append(row)
    namesakes: dict[int, set[str]] = defaultdict(set)
    for row in rows:
        if row.person is not None:
            namesakes[row.person.pk].add(row.values.cccd)
    for row in rows:
        if row.person is not None and len(namesakes[row.person.pk]) > 1:
            row.say(
                "error",
                "name",
                f"{shown(row.person.name)} trong sổ chưa có số CCCD và ứng với nhiều dòng; "
                "hãy cập nhật số CCCD trong sổ trước.",
            )
    for group in by_person.values():
        _plan_group([row for row in group if not row.has_error], register, start)
    for row in rows:
        _conclude(row)


def _numbers(rows: list[CheckedRow], register: Register) -> set[int]:
    """People whom the list names by their CCCD: they are nobody's namesake without one."""
    return {person.pk for row in rows for person in register.people.get(row.values.cccd, ()) if row.values.cccd}


def _identity(row: CheckedRow) -> object:
    if row.person is not None:
        return row.person.pk
    return row.values.cccd or (row.sheet, row.row)


def _find(row: CheckedRow, register: Register, by_number: set[int]) -> Person | None:
    """The person of the register, by CCCD; without one only where exactly one has name, birth date and hamlet."""
    number = row.values.cccd
    if number and (people := register.people.get(number)):
        if len(people) > 1:
            row.say(
                "error",
                "cccd",
                f"Số CCCD {number} đang đứng ở {len(people)} người trong sổ; hãy đính chính trong sổ trước.",
            )
            return None
        return people[0]
    if row.values.birth is None or not row.values.name or "cccd" in _broken(row):
        return None
    people = [
        person
        for person in register.nameless.get(nameless_key(row), ())
        if person.pk not in by_number and (not number or not person.cccd)
    ]
    if len(people) > 1:
        row.say(
            "error",
            "name",
            f"Trong sổ có {len(people)} người cùng họ tên, ngày sinh, thôn: không rõ là ai; "
            "hãy ghi số CCCD, hoặc cập nhật từng người trong sổ.",
        )
    return people[0] if len(people) == 1 else None


def _broken(row: CheckedRow) -> set[str]:
    """Fields in which something stands that cannot be read."""
    letters = {message.column for message in row.messages if message.severity == "error" and message.column}
    return {name for name in row.source.layout.columns if row.source.layout.letter(name) in letters}


def _check_person(row: CheckedRow, person: Person, commune: Unit) -> None:
    if person.commune_id != commune.pk:
        row.say(
            "error",
            "cccd",
            f"Số CCCD {row.values.cccd} đang ở sổ của {person.commune.full_name}; nếu người này đã chuyển đến, "
            "hãy lập đề nghị chuyển, không nạp bằng danh sách.",
        )
        row.person = None
    elif person.died_on:
        row.say(
            "error",
            "name",
            f"{shown(person.name)} trong sổ đã chết {person.death}; hãy bỏ dòng này, hoặc đính chính trong sổ "
            "nếu ghi nhầm.",
        )
    elif _looks_like_another(row, person):
        row.say(
            "warning",
            "cccd",
            f"Số CCCD {row.values.cccd} trong sổ là của {shown(person.name)}, sinh {person.birth}; "
            "hãy chắc chắn là cùng một người.",
        )


def _looks_like_another(row: CheckedRow, person: Person) -> bool:
    values = row.values
    if values.birth is None or values.birth.year == person.birth_year:
        return False
    return bool(values.name) and fold(values.name) != fold(person.name)


def _check_account(row: CheckedRow, register: Register, commune: Unit) -> None:
    values = row.values
    if not values.account or values.provider is None or values.owner == Payee.Kind.GUARDIAN:
        return
    me = row.person.pk if row.person is not None else None
    uses = register.account_uses.get((values.provider.pk, values.account), ())
    others = [use for use in uses if use.person_id != me and use.kind != Payee.Kind.GUARDIAN]
    if others:
        here = next((use for use in others if use.commune_id == commune.pk), None)
        whose = shown(here.person_name) if here else "người ở xã khác"
        row.say(
            "warning",
            "account",
            f"Số tài khoản {values.account} trong sổ đang nhận tiền của {whose}, không phải với tư cách người giám hộ; "
            "hãy kiểm tra lại.",
        )


# --- what would change -------------------------------------------------------------------------------------------


def _plan_group(group: list[CheckedRow], register: Register, start: datetime.date) -> None:
    """Plan one person's rows together: their benefits are judged as a whole, person and account once."""
    if not group:
        return
    first = group[0]
    for row in group:
        row.plan = Plan()
    if first.person is None:
        for row in group:
            row.plan.entitle = True
        _account_row(group).plan.route = True
        return
    first.plan.fields, first.changes = _person_changes(group, first.person)
    entitlements = register.entitlements.get(first.person.pk, [])
    pending = register.pending.get(first.person.pk, [])
    for row in group:
        _plan_benefit(row, group, entitlements, start)
        if row.plan.entitle or row.plan.more:
            _settle_pending(row, pending)
    _plan_route(_account_row(group), register.routes.get(first.person.pk), first.person)


def _account_row(group: list[CheckedRow]) -> CheckedRow:
    """The row that says where the money goes: the first with an account."""
    return next((row for row in group if row.values.account), group[0])


def _person_changes(group: list[CheckedRow], person: Person) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """New values by field, and old → new by label. What the list leaves blank does not erase anything."""
    values = group[0].values
    new: dict[str, Any] = {}
    shows: dict[str, list[str]] = {}
    for name, shown_as in (("name", "Họ và tên"), ("other_name", "Tên gọi khác"), ("hamlet", "Thôn, tổ")):
        old, now = getattr(person, name), getattr(values, name)
        if now and now != old and not same_spelling(old, now):
            new[name] = now
            shows[shown_as] = [old, now]
    # H're, Hrê and Hre are one people.
    if values.ethnicity not in ("", person.ethnicity) and fold(values.ethnicity) != fold(person.ethnicity):
        new["ethnicity"] = values.ethnicity
        shows["Dân tộc"] = [person.ethnicity, values.ethnicity]
    for name, shown_as in (("cmnd", "Số CMND"), ("phone", "Điện thoại"), ("file_number", "Số hồ sơ")):
        old, now = getattr(person, name), getattr(values, name)
        if now and now != old:
            new[name] = now
            shows[shown_as] = [old, now]
    if values.sex != person.sex:
        new["sex"] = values.sex
        shows["Giới tính"] = [SEX_NAMES[person.sex], SEX_NAMES[values.sex]]
    if values.birth is not None and _tells_other_birth(values.birth, person.birth):
        new |= {"birth_year": values.birth.year, "birth_month": values.birth.month, "birth_day": values.birth.day}
        shows["Ngày sinh"] = [str(person.birth), str(values.birth)]
    if values.cccd and values.cccd != person.cccd:
        new["cccd"] = values.cccd
        shows["Số CCCD"] = [person.cccd, values.cccd]
    return new, shows


def _tells_other_birth(new: PartialDate, old: PartialDate) -> bool:
    """Whether a birth date contradicts the known one or adds to it; one that only leaves parts out does not."""
    if new.year != old.year:
        return True
    if new.month is None:
        return False
    return new.month != old.month or (new.day is not None and new.day != old.day)


def _plan_benefit(
    row: CheckedRow, group: list[CheckedRow], entitlements: list[Entitlement], start: datetime.date
) -> None:
    values, plan = row.values, row.plan
    category = values.category
    assert category is not None  # noqa: S101
    running = next((e for e in entitlements if e.category_id == category.pk), None)
    if running is None:
        listed = {other.values.category.pk for other in group if other.values.category}
        plan.ends = [e for e in entitlements if e.category_id not in listed and clash(e.category, category)]
        plan.entitle = True
        row.changes["Đối tượng"] = [", ".join(label(e.category) for e in plan.ends), label(category)]
    else:
        _compare_benefit(row, running)
    late = [e for e in [*plan.ends, *([running] if running else [])] if e.months.lower > start]
    if late:
        row.say(
            "error",
            "category",
            f"Trong sổ {label(late[0].category)} của người này hưởng từ {title(late[0].months.lower)}, sau "
            "tháng bắt đầu của danh sách; hãy sửa trong sổ.",
        )
    elif sum(e.months.lower == start for e in plan.ends) > 1:
        row.say("error", "category", "Người này có nhiều chế độ vừa nạp bị thay; hãy sửa trong sổ.")
    if running is not None and running.suspended:  # type: ignore[attr-defined]
        row.say(
            "warning",
            "category",
            f"{label(category)} của người này đang tạm dừng trong sổ: nạp danh sách không làm hưởng lại.",
        )


def _settle_pending(row: CheckedRow, pending: list[Change]) -> None:
    """What the list brings may be proposed already: then it is known. Another proposal has to be settled first."""
    values, plan = row.values, row.plan
    category = values.category
    assert category is not None  # noqa: S101
    mine = [change for change in pending if change.proposal.get("category") == category.code]
    for change in mine:
        proposal = change.proposal
        if (
            int(proposal.get("level") or 0) == values.level
            and proposal.get("own_amount") == values.own_amount
            and len(proposal.get("dependants") or ()) == values.dependants
        ):
            plan.entitle, plan.ends, plan.running, plan.more = False, [], None, 0
            for shown_as in ("Đối tượng", "Tỷ lệ", "Mức theo quyết định", "Số người phụ thuộc"):
                row.changes.pop(shown_as, None)
            return
    if mine:
        row.say(
            "error",
            "category",
            f"Đang có đề nghị khác về {label(category)} của người này ({mine[0].get_state_display().lower()}); hãy chờ "
            "quyết định, hoặc đề nghị Phòng trả lại đề nghị đó.",
        )


def _compare_benefit(row: CheckedRow, running: Entitlement) -> None:
    values, plan = row.values, row.plan
    if values.level != running.level:
        row.changes["Tỷ lệ"] = [f"{running.level}%", f"{values.level}%"]
    if values.own_amount != running.own_amount:
        old = format_amount(running.own_amount) if running.own_amount else ""
        row.changes["Mức theo quyết định"] = [old, format_amount(values.own_amount) if values.own_amount else ""]
    if "Tỷ lệ" in row.changes or "Mức theo quyết định" in row.changes:
        plan.entitle = True
        plan.ends = [running]
    count: int = running.dependant_count  # type: ignore[attr-defined]
    if running.category.per_dependant and values.dependants != count:
        row.changes["Số người phụ thuộc"] = [str(count), str(values.dependants)]
        plan.running, plan.more = running, values.dependants - count
        if -plan.more > running.unnamed_count:  # type: ignore[attr-defined]
            row.say(
                "error",
                "amount",
                f"Trong sổ có {count} người phụ thuộc đã rõ tên, danh sách tính {values.dependants}; hãy ghi giảm đúng "
                "người trong sổ.",
            )


def _plan_route(row: CheckedRow, route: PayoutRoute | None, person: Person) -> None:
    values = row.values
    if not values.account or values.provider is None:
        if route is not None and route.account is not None:
            row.say(
                "warning",
                "account",
                f"Trong sổ có tài khoản {route.account.number}, danh sách để trống: giữ tài khoản trong sổ.",
            )
        elif route is None:
            row.plan.route = row.plan.entitle
        return
    old_account = route.account if route else None
    if old_account is None or old_account.number != values.account:
        row.changes["Số tài khoản"] = [old_account.number if old_account else "", values.account]
    if old_account is None or old_account.provider_id != values.provider.pk:
        row.changes["Ngân hàng"] = [old_account.provider.short_name if old_account else "", values.provider.short_name]
    old_kind = route.payee.kind if route and old_account else ""
    if old_kind != values.owner:
        old_label = Payee.Kind(old_kind).label if old_kind else ""
        row.changes["Chủ tài khoản"] = [old_label, Payee.Kind(values.owner).label]
    row.plan.route = bool({"Số tài khoản", "Ngân hàng", "Chủ tài khoản"} & row.changes.keys())


def _conclude(row: CheckedRow) -> None:
    if row.has_error:
        row.outcome, row.changes, row.plan = Outcome.ERROR, {}, None
    elif row.person is None:
        row.outcome = Outcome.NEW
    else:
        row.outcome = Outcome.CHANGED if row.changes else Outcome.UNCHANGED
