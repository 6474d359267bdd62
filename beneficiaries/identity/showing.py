"""Issues as the worklist and their own page show them: what each role may know of whom, by few queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from batosocial.lib import clock, months
from batosocial.lib.money import format_amount
from batosocial.lib.national_id import SEX_NAMES, describe
from batosocial.lib.text import same_spelling
from batosocial.staff.models import Role, User
from beneficiaries import amounts, confidential
from beneficiaries.identity import words
from beneficiaries.identity.comparison import MISMATCHES, mismatches
from beneficiaries.models import Entitlement, IdentityIssue, Person


@dataclass(frozen=True)
class Money:
    """What somebody is due this month; ``amount`` in đồng, None where it cannot be told."""

    due: bool
    amount: int | None = None
    codes: list[str] = field(default_factory=list)


NOT_DUE = Money(due=False)


def money_of(people: Iterable[int], user: User) -> dict[int, Money]:
    """By person, for those who are due this month; nothing for the police. One query."""
    if user.role == Role.POLICE:
        return {}
    today = clock.today()
    month = months.first(today)
    due = Entitlement.objects.due_in(month).with_amounts(month, today).filter(person__in=set(people))
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in due.select_related("category").order_by("person_id", "category__code"):
        rows[row.person_id].append(row)
    return {pk: _money(granted, user) for pk, granted in rows.items()}


def _money(granted: Sequence[Any], user: User) -> Money:
    codes = list(dict.fromkeys(confidential.shown_code(row.category, user) for row in granted))
    try:
        amount = sum(row.amount for row in amounts.payable(granted))
    except ValueError:
        amount = None
    return Money(True, amount, codes)


@dataclass(frozen=True)
class Party:
    """A person as the user may see them: of somebody elsewhere a commune learns the place, nothing else."""

    person: Person
    known: bool
    money: Money | None

    @property
    def place(self) -> str:
        parts = [self.person.hamlet if self.known else "", self.person.commune.full_name]
        return ", ".join(part for part in parts if part)


class Parties:
    """The people of a page of issues, fetched together."""

    def __init__(self, user: User, wanted: Iterable[int]) -> None:
        ids = set(wanted)
        self.user = user
        self.people = {person.pk: person for person in Person.objects.filter(pk__in=ids).select_related("commune")}
        self.money = money_of([pk for pk, person in self.people.items() if self._known(person)], user)

    def _known(self, person: Person) -> bool:
        unit = self.user.unit
        return unit is not None and unit.pk in (person.commune_id, person.commune.parent_id)

    def of(self, pk: int) -> Party | None:
        person = self.people.get(pk)
        if person is None:
            return None
        known = self._known(person)
        shows_money = known and self.user.role != Role.POLICE
        return Party(person, known, self.money.get(pk, NOT_DUE) if shows_money else None)


@dataclass(frozen=True)
class IssueRow:
    """A line of the worklist; ``more`` counts the sharers who are not named."""

    issue: IdentityIssue
    party: Party
    other: Party | None
    more: int
    said: list[str]
    grade: str
    kind_label: str
    kind_tone: str
    state_tone: str
    paid_twice: bool


def rows_of(issues: Sequence[IdentityIssue], user: User) -> list[IssueRow]:
    """Three queries, whatever the number of issues."""
    parties = Parties(user, [pk for issue in issues for pk in (issue.person_id, issue.other_id) if pk])
    rows = []
    for issue in issues:
        party = parties.of(issue.person_id)
        if party is None:
            continue
        rows.append(
            IssueRow(
                issue=issue,
                party=party,
                other=parties.of(issue.other_id) if issue.other_id else None,
                more=max(0, len(issue.evidence.get("others", [])) - 1),
                said=words.said(issue),
                grade=words.grade(issue),
                kind_label=words.kind_label(issue),
                kind_tone=words.KIND_TONES[IdentityIssue.Kind(issue.kind)],
                state_tone=words.STATE_TONES[IdentityIssue.State(issue.state)],
                paid_twice=issue.paid_twice and user.role != Role.POLICE,
            )
        )
    return rows


@dataclass(frozen=True)
class Cell:
    """``number``: to be masked until it is asked for; ``note`` and ``tone`` say how it compares."""

    text: str
    note: str = ""
    tone: str = "neutral"
    number: bool = False


@dataclass(frozen=True)
class Line:
    label: str
    cells: list[Cell]


@dataclass(frozen=True)
class Head:
    """A column; ``person_id`` where the user may open that person."""

    text: str
    person_id: int | None = None


@dataclass(frozen=True)
class Comparison:
    """A table: what is compared, and a line for each thing."""

    heads: list[Head]
    lines: list[Line]


def card_comparison(person: Person) -> Comparison:
    """File, card and the twelve digits beside each other."""
    told_year: int | None = None
    told_sex, province = "", ""
    if person.cccd:
        found, sex, told_year = describe(person.cccd)
        told_sex, province = SEX_NAMES[sex], found or f"mã {person.cccd[:3]} không có trong bảng"
    name_differs, birth_differs = mismatches(person)
    file_sex = SEX_NAMES[person.sex]
    year_differs = told_year is not None and told_year != person.birth_year
    return Comparison(
        [Head("Theo hồ sơ"), Head("Theo thẻ CCCD"), Head("Theo 12 chữ số")],
        [
            Line("Họ và tên", [Cell(person.name), _card_cell(person.card_name, name_differs), Cell("")]),
            Line(
                "Ngày sinh",
                [
                    Cell(person.birth_text),
                    _card_cell(person.card_birth_text, birth_differs),
                    _told_cell(f"năm {told_year}" if told_year else "", differs=year_differs),
                ],
            ),
            Line(
                "Giới tính",
                [Cell(file_sex), Cell(""), _told_cell(told_sex, differs=bool(told_sex) and told_sex != file_sex)],
            ),
            Line("Nơi đăng ký khai sinh", [Cell(""), Cell(""), Cell(province)]),
        ],
    )


def _card_cell(text: str, how: str) -> Cell:
    if not text:
        return Cell("Chưa có")
    return Cell(text, MISMATCHES[how].capitalize(), "danger") if how else Cell(text)


def _told_cell(text: str, *, differs: bool) -> Cell:
    return Cell(text, "Khác hồ sơ", "danger") if differs else Cell(text)


def double_comparison(parties: Sequence[Party], issue: IdentityIssue) -> Comparison:
    """People who share something, the issue's own first; of strangers only whether a thing is the same."""
    return Comparison(
        [_head(party, number) for number, party in enumerate(parties)],
        [
            _line("Họ và tên", [(party, party.person.name) for party in parties], same=same_spelling),
            _line("Ngày sinh", [(party, party.person.birth_text) for party in parties]),
            _line("Giới tính", [(party, SEX_NAMES[party.person.sex]) for party in parties]),
            _line("Số CCCD", [(party, party.person.cccd) for party in parties], number=True),
            _line("Số CMND cũ", [(party, party.person.cmnd) for party in parties], number=True),
            Line("Nơi ở", [Cell(party.place) for party in parties]),
            *([] if parties[0].money is None else _money_lines(parties)),
        ],
    )


def _head(party: Party, number: int) -> Head:
    if not party.known:
        return Head(f"Một người ở {party.person.commune.full_name}")
    return Head("Người này" if number == 0 else party.person.name, party.person.pk)


def _line(label: str, values: Sequence[tuple[Party, str]], *, number: bool = False, same: Any = str.__eq__) -> Line:
    own = values[0][1]
    cells = [Cell(own or "Chưa có", number=number and bool(own))]
    for party, value in values[1:]:
        comparable = bool(own and value)
        equal = comparable and same(own, value)
        note, tone = ("Giống", "warning") if equal else ("Khác", "neutral")
        if not comparable:
            note = ""
        if party.known:
            cells.append(Cell(value or "Chưa có", note, tone, number=number and bool(value)))
        else:
            cells.append(Cell("", note or "Không so được", tone))
    return Line(label, cells)


def _money_lines(parties: Sequence[Party]) -> list[Line]:
    benefits, sums = [], []
    for party in parties:
        money = party.money
        if money is None:
            benefits.append(Cell("Xã khác quản lý"))
            sums.append(Cell(""))
        elif not money.due:
            benefits.append(Cell("Không được chi tháng này"))
            sums.append(Cell("-"))
        else:
            benefits.append(Cell(", ".join(money.codes)))
            sums.append(Cell("Chưa rõ mức" if money.amount is None else format_amount(money.amount)))
    return [Line("Chế độ tháng này", benefits), Line("Mức mỗi tháng", sums)]
