"""What waits for a signature or a decision, as the page of decisions shows it: by step, commune and kind."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, Value, When

from batosocial.lib import clock
from batosocial.lib.money import format_amount
from batosocial.staff.models import Role, User
from beneficiaries.changes.outlook import Outlook, signed
from beneficiaries.changes.showing import ChangeLine, for_showing, read_outlooks, shown_lines
from beneficiaries.changes.steps import awaits_signature
from beneficiaries.models import Change, Policy

#: Readers of the page; who of them does what, ``steps`` says.
READERS = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER, Role.CHAIRMAN})
#: What is shown at once; the rest follows when these are done.
MOST = 300
#: Kinds in the order in which they are read, with what people call them.
KINDS = {
    Change.Kind.STOP: "Thôi hưởng",
    Change.Kind.SUSPEND: "Tạm dừng",
    Change.Kind.RESUME: "Tiếp tục hưởng",
    Change.Kind.START: "Tăng (hưởng mới)",
    Change.Kind.ADJUST: "Điều chỉnh",
    Change.Kind.CORRECT: "Đính chính",
    Change.Kind.MOVE: "Chuyển xã",
}


#: Kinds of which the chairman's decision is printed.
PRINTED = (Change.Kind.STOP, Change.Kind.SUSPEND, Change.Kind.RESUME)
_REMEMBERED = datetime.timedelta(days=60)


@dataclass(frozen=True)
class Money:
    """Đồng a month; of months that are on lists already what was paid and has to come back (``back``), what is not paid
    yet and will not be (``stops``), and what is to be paid after all (``owed``); None where an amount is not known."""

    monthly: int | None
    back: int | None
    stops: int | None
    owed: int | None

    @property
    def monthly_text(self) -> str:
        return _text(self.monthly)

    @property
    def back_text(self) -> str:
        """Empty where nothing was paid too much."""
        return _plain(self.back)

    @property
    def stops_text(self) -> str:
        return _plain(self.stops)

    @property
    def owed_text(self) -> str:
        return "" if self.owed == 0 else _text(self.owed)


def _text(amount: int | None) -> str:
    return signed(amount) or "chưa rõ"


def _plain(amount: int | None) -> str:
    if amount == 0:
        return ""
    return "chưa rõ" if amount is None else format_amount(amount)


@dataclass(frozen=True)
class Group:
    """Proposals of one kind in one commune, or of one kind everywhere."""

    title: str
    kind: str
    lines: list[ChangeLine]
    money: Money

    @property
    def people(self) -> int:
        return len({line.change.person_id for line in self.lines})


@dataclass(frozen=True)
class Place:
    name: str
    code: str
    groups: list[Group]
    money: Money

    @property
    def count(self) -> int:
        return sum(len(group.lines) for group in self.groups)


@dataclass
class Part:
    """What waits for one step: ``step`` is the reader's own ("sign_off", "decide"), "" where others have to act."""

    name: str
    title: str
    step: str
    policy: str = ""
    lines: list[ChangeLine] = field(default_factory=list)
    kinds: list[Group] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    money: Money = field(default_factory=lambda: Money(0, 0, 0, 0))
    #: The forms of its steps, as the page has them.
    decision_form: Any = None
    reason_form: Any = None

    @property
    def records_department(self) -> bool:
        return self.policy == Policy.MERIT

    @property
    def drafts(self) -> list[Group]:
        """Kinds of which a decision of the chairman may be printed."""
        return [group for group in self.kinds if self.policy == Policy.SOCIAL and group.kind in PRINTED]

    @property
    def nothing(self) -> str:
        """What is said where the reader has nothing to do."""
        return {
            "chu-tich": "Không có đề nghị nào chờ quyết định",
            "ky": "Không có đề nghị nào chờ ký",
            "so": "Không có đề nghị NCC nào chờ ghi quyết định",
        }[self.name]

    @property
    def nothing_text(self) -> str:
        return {
            "chu-tich": "Đề nghị hiện ở đây khi Phòng LĐ-TB&XH đã thẩm định và ký.",
            "ky": "Đề nghị từ rà soát hằng tháng hiện ở đây khi chuyên viên đã thẩm định.",
            "so": "Đề nghị NCC hiện ở đây khi đã thẩm định; khi có quyết định của Sở thì ghi số và ngày.",
        }[self.name]

    @property
    def can_decide(self) -> bool:
        return any(line.can_decide for line in self.lines)

    @property
    def can_sign_off(self) -> bool:
        return any(line.can_sign_off for line in self.lines)

    @property
    def can_reject(self) -> bool:
        return any(line.can_reject for line in self.lines)

    @property
    def can_act(self) -> bool:
        return any(line.can_act for line in self.lines)


def parts_of(user: User) -> list[Part]:
    """The parts of the page for its reader, empty ones too where they are the reader's own."""
    chairman = user.role == Role.CHAIRMAN
    leader = user.role == Role.DISTRICT_LEADER
    parts = []
    if chairman:
        parts.append(Part("chu-tich", "Chờ anh/chị quyết định", "decide", Policy.SOCIAL))
    if leader:
        parts.append(Part("ky", "Chờ anh/chị ký thẩm định", "sign_off"))
    if not chairman:
        parts.append(Part("so", "NCC chờ ghi quyết định của Sở LĐ-TB&XH", "decide", Policy.MERIT))
        parts.append(Part("chu-tich", "BTXH đang chờ Chủ tịch UBND huyện quyết định", "", Policy.SOCIAL))
    if not leader:
        parts.append(Part("ky", "Đang chờ Trưởng phòng ký thẩm định", ""))
    return parts


def waiting(user: User) -> Any:
    """Changes that are appraised and wait for a signature or a decision, in the order in which they are read.

    A chairman decides BTXH only, what the Sở decides is not laid before him.
    """
    found = Change.objects.visible_to(user).filter(state=Change.State.APPRAISED)
    if user.role == Role.CHAIRMAN:
        found = found.filter(policy=Policy.SOCIAL)
    parts = [When(_in_part(part), then=Value(place)) for place, part in enumerate(parts_of(user))]
    kinds = [When(kind=kind, then=Value(place)) for place, kind in enumerate(KINDS)]
    return found.alias(
        part_place=Case(*parts, default=Value(len(parts)), output_field=IntegerField()),
        kind_place=Case(*kinds, default=Value(len(kinds)), output_field=IntegerField()),
    ).order_by("part_place", "person__commune__position", "kind_place", "person__sort_key", "pk")


def docket(user: User, chosen: Any) -> tuple[list[Part], int]:
    """Everything that waits, in a fixed number of queries, and how many more there are than are shown at once.

    ``chosen`` are the waiting changes that the filter leaves.
    """
    rows = list(for_showing(chosen)[: MOST + 1])
    left_out = chosen.count() - MOST if len(rows) > MOST else 0
    rows = rows[:MOST]
    outlooks = read_outlooks(rows, user)
    lines = shown_lines(rows, user, outlooks)
    parts = parts_of(user)
    for part in parts:
        part.lines = [line for line in lines if _belongs(line.change, part)]
        part.places = [
            _place(list(found), outlooks) for _, found in groupby(part.lines, key=lambda line: line.place_id)
        ]
        by_kind: dict[str, list[ChangeLine]] = defaultdict(list)
        for line in part.lines:
            by_kind[line.change.kind].append(line)
        part.kinds = [_group(by_kind[kind], outlooks) for kind in KINDS if by_kind[kind]]
        part.money = _money(part.lines, outlooks)
    return [part for part in parts if part.lines or part.step], left_out


def decided_lately(user: User) -> list[dict[str, Any]]:
    """Decisions of the chairman of the last 60 days by number and kind, the newest first."""
    found = Change.objects.visible_to(user).filter(
        state=Change.State.APPLIED,
        policy=Policy.SOCIAL,
        kind__in=PRINTED,
        first_load=False,
        decision_date__gte=clock.today() - _REMEMBERED,
    )
    rows = (
        found.values("decision_number", "decision_date", "kind")
        .annotate(people=Count("person", distinct=True))
        .order_by("-decision_date", "-decision_number", "kind")
    )
    return [{**row, "title": KINDS[Change.Kind(row["kind"])]} for row in rows[:20]]


def _in_part(part: Part) -> Q:
    unsigned = Q(needs_sign_off=True, signed_off_by__isnull=True)
    return unsigned if part.name == "ky" else ~unsigned & Q(policy=part.policy)


def _belongs(change: Change, part: Part) -> bool:
    unsigned = awaits_signature(change)
    return unsigned if part.name == "ky" else not unsigned and change.policy == part.policy


def _place(lines: list[ChangeLine], outlooks: Any) -> Place:
    groups = [_group(list(found), outlooks) for _, found in groupby(lines, key=lambda line: line.change.kind)]
    unit = lines[0].change.person.commune
    return Place(str(unit), unit.code, groups, _money(lines, outlooks))


def _group(lines: list[ChangeLine], outlooks: Any) -> Group:
    kind = Change.Kind(lines[0].change.kind)
    return Group(KINDS[kind], kind, lines, _money(lines, outlooks))


def _money(lines: Sequence[ChangeLine], outlooks: Any) -> Money:
    """What they move together; several of one person are reckoned together, for only the highest may be paid."""
    by_person: dict[tuple[int, str], list[ChangeLine]] = defaultdict(list)
    for line in lines:
        if line.outlook is not None:
            by_person[line.change.person_id, line.change.policy].append(line)
    found: list[Outlook] = []
    for several in by_person.values():
        only = several[0].outlook
        if len(several) == 1 and only is not None:
            found.append(only)
        else:
            found.append(outlooks.together([line.change for line in several]))
    return Money(
        _sum(outlook.difference for outlook in found),
        _sum(outlook.back for outlook in found),
        _sum(outlook.stops for outlook in found),
        _sum(amount for outlook in found for amount in (outlook.owed, outlook.arrears_amount)),
    )


def _sum(amounts: Iterable[int | None]) -> int | None:
    total = 0
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
