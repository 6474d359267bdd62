"""What a list of accounts would change: whose account it is, for which policies, and what goes there already."""

import datetime
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations, islice

from batosocial.lib import months
from batosocial.lib.dates import age_months
from batosocial.lib.text import holder_key
from beneficiaries.imports.accounts.matching import names_of
from beneficiaries.imports.accounts.register import Register, Scope, account_key
from beneficiaries.imports.checked import CheckedRow
from beneficiaries.imports.messages import shown
from beneficiaries.models import ImportRow, Payee, PayoutRoute, Person
from beneficiaries.resources.widgets import masked

Outcome = ImportRow.Outcome
_ADULT_MONTHS = 16 * 12
#: Beyond this many, a message names the first ones and counts the rest.
_NAMED = 5
#: What somebody has to settle of an account, as ``Message.code``.
HOLDER, IN_USE, OTHER_ROUTE = "holder", "in_use", "other"


@dataclass(slots=True)
class Plan:
    """What acceptance does for one row: new routes by policy with their first month, and to which payee.

    ``payee`` is a known one; None where one is to be entered.
    """

    starts: dict[str, datetime.date] = field(default_factory=dict)
    payee: Payee | None = None


def plan_rows(
    rows: list[CheckedRow], register: Register, scope: Scope, *, start: datetime.date, today: datetime.date
) -> None:
    """Decide each row's outcome; rows that are wrong by themselves stay errors, but learn more messages here."""
    served = {id(row): _policies(row, register, start) for row in rows}
    _check_repeats(rows, served)
    _check_shared(rows)
    for row in rows:
        if row.person is not None and _is_of_payer(row, scope):
            payee = _payee(row, row.person, register, today)
            _check_holder(row, row.person, payee, register)
            _check_uses(row, row.person, register, scope)
            _plan(row, row.person, payee, served[id(row)], register, start, scope)
        if row.has_error:
            row.outcome, row.changes, row.plan = Outcome.ERROR, {}, None


def _is_of_payer(row: CheckedRow, scope: Scope) -> bool:
    """Whether the account is one that the list's payer pays into; nothing is compared of any other."""
    provider = row.values.provider
    if scope.payer_id is None or provider is None or provider.payer_id == scope.payer_id:
        return True
    row.say(
        "error",
        "provider",
        f"Tài khoản {provider.short_name} không phải của tổ chức mở tài khoản trong đợt này; hãy ghi đúng ngân hàng.",
    )
    return False


# --- for which policies --------------------------------------------------------------------------------------------


def _policies(row: CheckedRow, register: Register, start: datetime.date) -> list[str]:
    """The row's own policy, else all of which the person receives a monthly benefit or is going to."""
    if row.person is None:
        return []
    running = register.policies.get(row.person.pk, set())
    wanted = {row.values.policy} if row.values.policy else running
    if served := sorted(wanted & running):
        return served
    of = f" {row.values.policy}" if row.values.policy else ""
    row.say(
        "error",
        "policy" if row.values.policy else "name",
        f"{shown(row.person.name)} không có trợ cấp{of} hằng tháng nào hưởng từ {months.title(start)}: tài khoản chưa "
        "dùng để làm gì; hãy bỏ dòng này, hoặc nhập quyết định hưởng trước.",
    )
    return []


# --- several rows of one list ----------------------------------------------------------------------------------------


def _check_repeats(rows: list[CheckedRow], served: dict[int, list[str]]) -> None:
    """The same person twice is an error on both rows, unless each row is for another policy."""
    groups: dict[int, list[CheckedRow]] = defaultdict(list)
    for row in rows:
        if row.person is not None:
            groups[row.person.pk].append(row)
    for group in groups.values():
        for one, other in combinations(group[: _NAMED + 1], 2):
            if not set(served[id(one)]) & set(served[id(other)]):
                continue
            differ = account_key(one) != account_key(other)
            for row, twin in ((one, other), (other, one)):
                if differ:
                    text = f"Cùng một người mà tài khoản khác với {twin.called}; hãy giữ một tài khoản."
                else:
                    text = f"Người này đã ghi ở {twin.called}; hãy bỏ một dòng."
                row.say("error", "account" if differ else "name", text)
        for row in group[_NAMED + 1 :]:
            row.say("error", "name", f"Người này đã ghi ở {group[0].called}; hãy bỏ một dòng.")


def _check_shared(rows: list[CheckedRow]) -> None:
    """One account is in one name: two names are an error on every row of it, for any kind of owner. One account for
    several people is a guardian's; otherwise it deserves a look."""
    groups: dict[tuple[int, str], list[CheckedRow]] = defaultdict(list)
    for row in rows:
        if (key := account_key(row)) is not None:
            groups[key].append(row)
    for rows_of_it in groups.values():
        if len({holder_key(row.values.holder_name) for row in rows_of_it} - {""}) > 1:
            _tell_two_names(rows_of_it)
            continue
        group = [row for row in rows_of_it if row.values.owner != Payee.Kind.GUARDIAN]
        people = Counter(_whose(row) for row in group)
        if len(people) <= 1:
            continue
        for row in group:
            others = islice((other for other in group if _whose(other) != _whose(row)), _NAMED)
            named = "; ".join(other.called for other in others)
            rest = len(group) - people[_whose(row)] - _NAMED
            more = f" và {rest} dòng khác" if rest > 0 else ""
            row.say(
                "warning",
                "account",
                f"Số tài khoản {row.values.account} còn ghi ở {named}{more}, không phải của người giám hộ; "
                "hãy kiểm tra lại.",
                code=IN_USE,
            )


def _tell_two_names(group: list[CheckedRow]) -> None:
    """Whoever gets the account would stand under the other's name: none of its rows goes in before that is mended."""
    first: dict[str, CheckedRow] = {}
    for row in group:
        first.setdefault(holder_key(row.values.holder_name), row)
    for row in group:
        own = holder_key(row.values.holder_name)
        other = next(twin for name, twin in first.items() if name not in ("", own))
        written = f"ghi tên {shown(row.values.holder_name)}" if own else "chưa ghi tên chủ"
        row.say(
            "error",
            "account",
            f"Số tài khoản {row.values.account} ở dòng này {written}, ở {other.called} ghi tên "
            f"{shown(other.values.holder_name)}: một tài khoản chỉ có một chủ; hãy ghi đúng số của từng người.",
            code=HOLDER,
        )


def _whose(row: CheckedRow) -> object:
    return row.person.pk if row.person is not None else (row.sheet, row.row)


# --- whose account it is ---------------------------------------------------------------------------------------------


def _payee(row: CheckedRow, person: Person, register: Register, today: datetime.date) -> Payee | None:
    """The known payee whom the row means; sets the row's ``owner`` where the register tells what the row does not."""
    values = row.values
    known = register.payees.get(person.pk, [])
    if not values.owner and account_key(row) is not None:
        values.owner = _told_by_register(row, person, register) or _told_by_age(row, person, today)
    if not values.owner:
        return None
    fitting = [payee for payee in known if payee.kind == values.owner and _fits(row, payee)]
    if values.owner == Payee.Kind.OWN:
        if values.payee_name and holder_key(values.payee_name) not in names_of(person):
            row.say(
                "warning",
                "payee_name",
                f"Ghi chính chủ mà người nhận là {shown(values.payee_name)}: người nhận là chính người hưởng; "
                "hãy kiểm tra lại.",
            )
        return fitting[0] if fitting else None
    named = values.payee_name or values.holder_name
    if same := [payee for payee in fitting if payee.name and holder_key(payee.name) == holder_key(named)]:
        return same[0]
    if not named and len(fitting) == 1:
        return fitting[0]
    if not named:
        kind = Payee.Kind(values.owner).label.lower()
        row.say("error", "payee_name", f"Chưa ghi họ tên {kind} và trong sổ chưa có một người như vậy; hãy ghi họ tên.")
    return None


def _fits(row: CheckedRow, payee: Payee) -> bool:
    """A payee without a number is not taken for one with it: what a second person confirmed stays as it is."""
    return payee.kind == Payee.Kind.OWN or row.values.payee_cccd in ("", payee.cccd)


def _told_by_register(row: CheckedRow, person: Person, register: Register) -> str:
    """Whose account it is where the row does not say: by a route that goes there, else by the holder's name."""
    key = account_key(row)
    for policy in register.policies.get(person.pk, set()):
        for route in register.routes.get((person.pk, policy), []):
            if _goes_to(route, key):
                return route.payee.kind
    values = row.values
    holder = holder_key(values.payee_name or values.holder_name)
    if not holder:
        return ""
    if holder in names_of(person):
        return Payee.Kind.OWN
    return next((p.kind for p in register.payees.get(person.pk, []) if p.name and holder_key(p.name) == holder), "")


def _told_by_age(row: CheckedRow, person: Person, today: datetime.date) -> str:
    """A child's account is a guardian's; a grown-up's with another holder is somebody's whom the list must name."""
    values = row.values
    child = age_months(person.birth, today) < _ADULT_MONTHS
    if not child and (values.payee_name or values.holder_name):
        row.say(
            "error",
            "owner",
            f"Tài khoản đứng tên {shown(values.payee_name or values.holder_name)}, khác người hưởng "
            f"{shown(person.name)}; hãy ghi Chủ tài khoản là Người giám hộ hoặc Người được ủy quyền.",
            code=HOLDER,
        )
        return ""
    kind = Payee.Kind.GUARDIAN if child else Payee.Kind.OWN
    row.say("warning", "owner", f"Chưa ghi chủ tài khoản: lấy là {kind.label.lower()}; hãy kiểm tra lại.")
    return kind


def _check_holder(row: CheckedRow, person: Person, payee: Payee | None, register: Register) -> None:
    """A warning where the account is in another name than the payee's; banks write without accents (rules.md 7)."""
    key = account_key(row)
    values = row.values
    if key is None or not values.owner:
        return
    known = register.accounts.get(key)
    standing = known.holder_name if known else ""
    if standing and values.holder_name and holder_key(standing) != holder_key(values.holder_name):
        row.say(
            "warning",
            "holder_name",
            f"Số tài khoản {values.account} trong sổ đứng tên {shown(standing)}, danh sách ghi "
            f"{shown(values.holder_name)}: sổ giữ tên cũ; hãy kiểm tra lại.",
            code=HOLDER,
        )
        return
    holder = values.holder_name or standing
    if values.owner == Payee.Kind.OWN:
        names, receiver = names_of(person), person.card_name or person.name
    else:
        receiver = values.payee_name or (payee.name if payee else "")
        names = {holder_key(receiver)}
    if holder and receiver and holder_key(holder) not in names:
        row.say(
            "warning",
            "holder_name",
            f"Tên chủ tài khoản {shown(holder)} khác tên người nhận {shown(receiver)}; hãy kiểm tra lại.",
            code=HOLDER,
        )


def _check_uses(row: CheckedRow, person: Person, register: Register, scope: Scope) -> None:
    key = account_key(row)
    if key is None or row.values.owner == Payee.Kind.GUARDIAN:
        return
    others = [use for use in register.uses.get(key, []) if use.person_id != person.pk]
    others = [use for use in others if use.kind != Payee.Kind.GUARDIAN]
    if others:
        here = next((use for use in others if scope.names(use)), None)
        whose = shown(here.person_name) if here else scope.stranger
        row.say(
            "warning",
            "account",
            f"Số tài khoản {row.values.account} trong sổ đang nhận tiền của {whose}, không phải với tư cách người giám "
            "hộ; hãy kiểm tra lại.",
            code=IN_USE,
        )


# --- what goes there already -----------------------------------------------------------------------------------------


def _plan(
    row: CheckedRow,
    person: Person,
    payee: Payee | None,
    policies: list[str],
    register: Register,
    start: datetime.date,
    scope: Scope,
) -> None:
    row.plan = Plan(payee=payee)
    before: list[PayoutRoute | None] = []
    for policy in policies:
        first = register.firsts[policy]
        ahead = [route for route in register.routes.get((person.pk, policy), []) if _reaches(route, first)]
        if any(first in route.months and _is_same(route, row) for route in ahead):
            _tell_rivals(row, ahead, scope)
            continue
        later = [route for route in ahead if route.state == PayoutRoute.State.CONFIRMED and route.first_month >= first]
        if later:
            row.say(
                "error",
                "account",
                f"Trong sổ đã có nơi nhận {policy} khác được xác nhận từ {months.title(later[0].first_month)}, không "
                f"sớm hơn {months.title(first)}; hãy hủy nơi nhận đó trong sổ trước, hoặc chọn tháng sau đó.",
                code=OTHER_ROUTE,
            )
            continue
        if first > start:
            row.say(
                "warning",
                "account",
                f"{policy} đã mở kỳ chi trả đến trước {months.title(first)}: tài khoản nhận tiền {policy} từ tháng đó.",
            )
        row.plan.starts[policy] = first
        standing = _standing(ahead, first)
        before.append(standing)
        if scope.payer_id is not None:
            _tell_other(row, policy, ahead, first)
    if row.plan.starts:
        _tell_changes(row, before, scope)
    else:
        row.outcome = Outcome.UNCHANGED


def _reaches(route: PayoutRoute, month: datetime.date) -> bool:
    return route.months.upper is None or route.months.upper > month


def _goes_to(route: PayoutRoute, key: tuple[int, str] | None) -> bool:
    return route.account is not None and (route.account.provider_id, route.account.number) == key


def _is_same(route: PayoutRoute, row: CheckedRow) -> bool:
    return _goes_to(route, account_key(row)) and route.payee.kind == row.values.owner


def _standing(ahead: list[PayoutRoute], first: datetime.date) -> PayoutRoute | None:
    """What the new route would take the place of: the newest that waits, else what is confirmed for the month."""
    waiting = [route for route in ahead if route.state == PayoutRoute.State.ENTERED]
    if waiting:
        return max(waiting, key=lambda route: route.pk)
    return next((route for route in ahead if first in route.months), None)


def _tell_other(row: CheckedRow, policy: str, ahead: list[PayoutRoute], first: datetime.date) -> None:
    """In a campaign nobody has an account: one that stands or waits already is for somebody to look at, whosever it is.
    A waiting one of another payer stays, so that its confirmation and this one's exclude each other."""
    waiting = [r for r in ahead if r.state == PayoutRoute.State.ENTERED]
    accounts = [r for r in ahead if r.state == PayoutRoute.State.CONFIRMED and r.account and first in r.months]
    if accounts or waiting:
        what = "tài khoản khác được xác nhận" if accounts else "đề nghị khác chờ xác nhận"
        text = f"Trong sổ người này đã có {what} để nhận {policy}; Phòng LĐ-TB&XH và xã xem dùng nơi nhận nào."
        row.say("warning", "account", text, code=OTHER_ROUTE)


def _tell_rivals(row: CheckedRow, ahead: list[PayoutRoute], scope: Scope) -> None:
    """Nothing changes, but a second route that waits would if it were confirmed."""
    rivals = [r for r in ahead if r.state == PayoutRoute.State.ENTERED and not _is_same(r, row)]
    if rivals:
        where = f"tài khoản {masked(rivals[0].account.number)}" if rivals[0].account else "tiền mặt"
        told = f" ({where})" if scope.shows(rivals[0]) else ""
        row.say(
            "warning",
            "account",
            f"Trong sổ còn đề nghị khác chờ xác nhận{told}; hãy từ chối đề nghị đó nếu danh sách này đúng.",
            code=OTHER_ROUTE,
        )


def _tell_changes(row: CheckedRow, before: list[PayoutRoute | None], scope: Scope) -> None:
    """Old → new, by the first policy of which an account was known; without one the account is a new one."""
    values = row.values
    old = next((route for route in before if route is not None and route.account is not None), None)
    if old is None or old.account is None:
        row.outcome = Outcome.NEW
        cash = next((route for route in before if route is not None), None)
        reason = f" ({cash.get_cash_reason_display()})" if cash and scope.payer_id is None else ""
        row.changes["Hình thức nhận"] = [f"Tiền mặt{reason}" if cash else "", "Tài khoản"]
        return
    row.outcome = Outcome.CHANGED
    if not scope.shows(old):
        row.changes["Hình thức nhận"] = ["Nơi nhận khác", "Tài khoản"]
        return
    for label, known, new in (
        ("Số tài khoản", old.account.number, values.account),
        ("Ngân hàng", old.account.provider.short_name, values.provider.short_name if values.provider else ""),
        ("Chủ tài khoản", old.payee.get_kind_display(), Payee.Kind(values.owner).label if values.owner else ""),
    ):
        if known != new:
            row.changes[label] = [known, str(new)]
