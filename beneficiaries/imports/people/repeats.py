"""Rules about several rows of one list: the same number twice, several benefits of one person, shared accounts."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from itertools import combinations

from batosocial.lib.text import accent_key
from beneficiaries.imports.checked import CheckedRow
from beneficiaries.imports.people.catalogue import clash, label
from beneficiaries.models import Payee

#: Beyond this many, a message names the first ones and counts the rest.
_NAMED = 5


def check_repeats(rows: list[CheckedRow]) -> None:
    """Add the messages; each row names the others by row and TT number."""
    for group in _groups(rows, lambda row: row.values.cccd or None):
        if len({_person_key(row) for row in group}) > 1:
            _each(
                group,
                "cccd",
                lambda row, others: f"Số CCCD {row.values.cccd} trùng với {others}; hãy ghi đúng số của từng người.",
            )
        else:
            _one_person(group)
    for group in _groups(rows, lambda row: None if row.values.cccd or not row.values.name else nameless_key(row)):
        _each(
            group,
            "name",
            lambda row, others: (
                f"Không có số CCCD và trùng họ tên, ngày sinh, thôn với {others}: không phân biệt được; "
                "hãy ghi số CCCD hoặc đủ ngày tháng năm sinh."
            ),
        )
    for group in _groups(
        rows,
        lambda row: (
            (row.values.provider and row.values.provider.pk, row.values.account) if row.values.account else None
        ),
    ):
        _shared_account(group)


def nameless_key(row: CheckedRow) -> tuple[str, object, str]:
    """By what somebody without a CCCD is known: name, birth date and hamlet, letter for letter."""
    return accent_key(row.values.name), row.values.birth, accent_key(row.values.hamlet)


def _person_key(row: CheckedRow) -> tuple[str, object, str]:
    return accent_key(row.values.name), row.values.birth, row.values.sex


def _one_person(group: list[CheckedRow]) -> None:
    """Several rows of one person: each must be a benefit of its own that adds up with the others."""
    for one, other in combinations(group, 2):
        a, b = one.values.category, other.values.category
        if a is None or b is None:
            continue
        if a.pk == b.pk:
            for row, twin in ((one, other), (other, one)):
                row.say("error", "cccd", f"Người này với mã {label(a)} đã ghi ở {twin.called}; hãy bỏ một dòng.")
        elif clash(a, b):
            for row, twin in ((one, other), (other, one)):
                row.say(
                    "error",
                    "category",
                    f"Cùng người với {twin.called}: {label(a)} và {label(b)} không hưởng đồng thời, chỉ hưởng mức cao "
                    "nhất (khoản 2 Điều 6 NĐ 20/2021); hãy giữ một dòng.",
                )
    if (
        len(
            {
                (row.values.account, row.values.provider and row.values.provider.pk)
                for row in group
                if row.values.account
            }
        )
        > 1
    ):
        _each(
            group,
            "account",
            lambda row, others: f"Cùng một người mà số tài khoản khác với {others}; hãy ghi một số tài khoản.",
        )


def _shared_account(group: list[CheckedRow]) -> None:
    """One account for several people is a guardian's; otherwise it deserves a look."""
    if len({row.values.cccd or row.row for row in group}) == 1:
        return
    for row in group:
        others = [
            other
            for other in group
            if other is not row
            and other.values.owner != Payee.Kind.GUARDIAN
            and (not row.values.cccd or other.values.cccd != row.values.cccd)
        ]
        if others and row.values.owner != Payee.Kind.GUARDIAN:
            row.say(
                "warning",
                "account",
                f"Số tài khoản {row.values.account} còn ghi ở {_called(others)}, không phải của người giám hộ; "
                "hãy kiểm tra lại.",
            )


def _groups(rows: Iterable[CheckedRow], key: Callable[[CheckedRow], Hashable | None]) -> list[list[CheckedRow]]:
    groups: dict[Hashable, list[CheckedRow]] = defaultdict(list)
    for row in rows:
        if (found := key(row)) is not None:
            groups[found].append(row)
    return [group for group in groups.values() if len(group) > 1]


def _each(group: list[CheckedRow], name: str, text: Callable[[CheckedRow, str], str]) -> None:
    for row in group:
        row.say("error", name, text(row, _called(other for other in group if other is not row)))


def _called(rows: Iterable[CheckedRow]) -> str:
    names: list[str] = []
    more = 0
    for row in rows:
        if len(names) < _NAMED:
            names.append(row.called)
        else:
            more += 1
    return "; ".join(names) + (f" và {more} dòng khác" if more else "")
