"""What a change would do to somebody's money: what is paid before and after, by the rates known today."""

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from batosocial.lib import clock, months
from batosocial.lib.money import format_amount
from beneficiaries import amounts, confidential
from beneficiaries.changes.proposal import Proposal, Undo, says_alive
from beneficiaries.changes.register import dependant
from beneficiaries.models import Category, Change, Entitlement, Policy, Rate
from beneficiaries.months import first_open_month
from beneficiaries.paid_months import OnLists, money_on_lists


@dataclass
class Line:
    """A benefit of the person in the month; ``paid`` None where it is not due at that point."""

    category: Category
    code: str
    name: str
    amount: int | None
    quantity: int
    rate: Rate | None
    is_new: bool = False
    paid_before: bool | None = None
    paid_after: bool | None = None

    @property
    def ends(self) -> bool:
        return self.paid_before is not None and self.paid_after is None


@dataclass
class Outlook:
    """``before`` and ``after`` in đồng a month of the policy, None where an amount is not known."""

    month: datetime.date
    lines: list[Line] = field(default_factory=list)
    before: int | None = 0
    after: int | None = 0
    #: Months that are on lists already and would have to be paid, or given back, afterwards; the đồng that this is, by
    #: the rates of each month, None where an amount is not known.
    passed: int = 0
    passed_amount: int | None = 0
    #: Of these months, in đồng, by what really happened: what was paid and is not owed any more, what stands on lists
    #: unpaid and is not owed any more, and what is owed beside both; None as above. With the months of the first two.
    back: int | None = 0
    back_months: int = 0
    stops: int | None = 0
    stops_months: int = 0
    owed: int | None = 0
    #: Months of a suspension that are paid after all, and the đồng of them.
    arrears: int = 0
    arrears_amount: int | None = 0
    #: What ends only pauses.
    pauses: bool = False

    def add_passed(self, month: "Outlook", made: OnLists) -> None:
        """One more month that is on a list already; ``made`` is what its lines are."""
        self.passed += 1
        self.passed_amount = _plus(self.passed_amount, month.difference)
        back, both = month._beyond(made.paid), month._beyond(made.paid + made.unpaid)
        stops = None if back is None or both is None else both - back
        self.back, self.stops = _plus(self.back, back), _plus(self.stops, stops)
        self.back_months += back != 0
        self.stops_months += stops != 0
        self.owed = _plus(self.owed, month._lacking(made.paid + made.unpaid))

    def _beyond(self, amount: int) -> int | None:
        """What of this amount is owed before and not after; what was too much before is somebody else's matter."""
        if amount == 0:
            return 0
        if self.after is None:
            return None
        already = max(0, amount - self.before) if self.before is not None else 0
        return max(0, max(0, amount - self.after) - already)

    def _lacking(self, amount: int) -> int | None:
        """What is owed after beside this amount, and was not before."""
        if self.after is None or self.before is None:
            return None
        return max(0, max(0, self.after - amount) - max(0, self.before - amount))

    @property
    def difference(self) -> int | None:
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def difference_text(self) -> str:
        """ "+500.000 đ", "không đổi"; "" where it is not known."""
        return signed(self.difference)

    @property
    def back_text(self) -> str:
        """ "900.000 đ"; "" where it is not known, as with the two below."""
        return _plain(self.back)

    @property
    def stops_text(self) -> str:
        return _plain(self.stops)

    @property
    def owed_text(self) -> str:
        return _plain(self.owed)

    @property
    def arrears_text(self) -> str:
        return signed(self.arrears_amount)


@dataclass(frozen=True)
class Doing:
    """What changes do to benefits: which end or pause, which go on, which begin."""

    ending: frozenset[int] = frozenset()
    resuming: frozenset[int] = frozenset()
    proposals: tuple[Proposal, ...] = ()
    arrears_from: datetime.date | None = None
    pauses: bool = False
    #: A death taken back: entitlements by the end of their months, suspensions by their months, as they were.
    back: Mapping[int, datetime.date | None] = field(default_factory=dict)
    pauses_back: Mapping[int, DateRange] = field(default_factory=dict)

    @classmethod
    def revival(cls, undo: Undo) -> "Doing":
        return cls(
            back={pk: upper for pk, (upper, _) in undo.rows.items()},
            pauses_back={pk: span for pk, (span, _, _) in undo.pauses.items()},
        )

    def months_of(self, row: Entitlement) -> DateRange:
        return DateRange(row.months.lower, self.back[row.pk], "[)") if row.pk in self.back else row.months

    def is_paused(self, row: Entitlement, month: datetime.date) -> bool:
        """Whether it still is, with what the changes do."""
        if row.pk in self.resuming:
            return False
        return any(month in self.pauses_back.get(pause.pk, pause.months) for pause in row.suspensions.all())


def _joined(doings: Iterable[Doing]) -> Doing:
    given = list(doings)
    return Doing(
        frozenset().union(*(one.ending for one in given)),
        frozenset().union(*(one.resuming for one in given)),
        tuple(proposal for one in given for proposal in one.proposals),
        back={pk: upper for one in given for pk, upper in one.back.items()},
        pauses_back={pk: span for one in given for pk, span in one.pauses_back.items()},
    )


def signed(amount: int | None) -> str:
    """ "+500.000 đ", "không đổi"; "" where it is not known."""
    if amount is None:
        return ""
    return "không đổi" if amount == 0 else f"{'+' if amount > 0 else '−'}{format_amount(abs(amount))}"


def _plain(amount: int | None) -> str:
    return "" if amount is None else format_amount(amount)


def _plus(total: int | None, amount: int | None) -> int | None:
    return None if total is None or amount is None else total + amount


class Outlooks:
    """Reads once what the outlooks of many changes need, in a fixed number of queries.

    ``categories`` are those of the proposed benefits, by their code. Lists that show what is paid a month only go
    without what was paid (``with_paid``).
    """

    def __init__(
        self,
        person_ids: Collection[int],
        *,
        user: Any,
        categories: Mapping[str, Category] | None = None,
        with_paid: bool = True,
    ) -> None:
        self.user = user
        self.today = clock.today()
        self.rows: dict[int, list[Entitlement]] = {pk: [] for pk in person_ids}
        #: What was voided: taking a stop back brings back what that voided, and money was paid for some of it.
        self.voided: dict[int, list[Entitlement]] = {pk: [] for pk in person_ids}
        self.categories = categories or {}
        self.rates: list[Rate] = []
        self.money: dict[int, dict[datetime.date, OnLists]] = {}
        if not self.rows:
            self.open_months: dict[str, datetime.date] = {}
            return
        self.open_months = {str(policy): first_open_month(policy) for policy in Policy}
        voided = Entitlement.objects.filter(voided_by__isnull=False)
        found = (Entitlement.objects.granted() | voided).filter(person__in=person_ids)
        found = found.exclude(category__regime=Category.Regime.ONE_OFF).order_by("pk")
        for row in found.select_related("category").prefetch_related("dependants", "suspensions"):
            (self.rows if row.voided_by_id is None else self.voided)[row.person_id].append(row)
        held = [*self.rows.values(), *self.voided.values()]
        kinds = {row.category_id for rows in held for row in rows}
        kinds |= {category.pk for category in self.categories.values()}
        known = Rate.objects.filter(category__in=kinds, known_on__lte=self.today).order_by("-valid_from", "-known_on")
        self.rates = list(known)
        if with_paid:
            self.money = money_on_lists([row.pk for rows in held for row in rows])

    def of_change(self, change: Change) -> Outlook | None:
        """What a change that is not in force yet would do; None for a move, which moves no money."""
        if change.kind == Change.Kind.MOVE:
            return None
        return self._of(change.person_id, change.policy, change.effective_month, self._doing(change))

    def together(self, changes: Sequence[Change]) -> Outlook:
        """What changes of one person and policy would do when all of them are decided: the sum of what each would do
        alone may count one benefit twice where only the highest is paid."""
        first, last = changes[0], self.open_months[changes[0].policy]
        doings = [(change.effective_month, self._doing(change)) for change in changes]
        found = self._at(
            first.person_id, first.policy, max(last, *(month for month, _ in doings)), _joined(one for _, one in doings)
        )
        earliest = min(month for month, _ in doings)
        for month in months.span(earliest, months.add(last, -1)):
            active = _joined(one for since, one in doings if since <= month)
            found.add_passed(
                self._at(first.person_id, first.policy, month, active), self._made(first.person_id, first.policy, month)
            )
        for change, (_, doing) in zip(changes, doings, strict=True):
            self._add_arrears(found, change.person_id, change.policy, change.effective_month, doing)
        return found

    def _doing(self, change: Change) -> Doing:
        if says_alive(change.proposal):
            return Doing.revival(Undo.load(change.proposal.get("undo") or {}))
        proposal = Proposal.load(change.proposal)
        concerned = frozenset(proposal.replaces) | ({change.entitlement_id} if change.entitlement_id else frozenset())
        kind = Change.Kind(change.kind)
        if kind == Change.Kind.RESUME:
            text = change.proposal.get("arrears_from")
            return Doing(resuming=concerned, arrears_from=datetime.date.fromisoformat(text) if text else None)
        if kind == Change.Kind.STOP and not change.entitlement_id:
            rows = self.rows[change.person_id]
            concerned = frozenset(row.pk for row in rows if row.category.policy == change.policy)
        starts = kind in (Change.Kind.START, Change.Kind.ADJUST) or (kind == Change.Kind.CORRECT and not proposal.void)
        return Doing(concerned, proposals=(proposal,) if starts else (), pauses=kind == Change.Kind.SUSPEND)

    def of(
        self,
        person_id: int,
        policy: str,
        month: datetime.date,
        ending: Collection[int] = (),
        proposal: Proposal | None = None,
    ) -> Outlook:
        """The policy's benefits of the person without those ``ending`` and with the proposed one.

        Told for the first month that has no list yet, or for the month of the change where that is later.
        """
        doing = Doing(frozenset(ending), proposals=(proposal,) if proposal else ())
        return self._of(person_id, policy, month, doing)

    def of_revival(self, person_id: int, policy: str, month: datetime.date, undo: Undo) -> Outlook:
        """What taking back a death would do to one month, by its own rates."""
        return self._at(person_id, policy, month, Doing.revival(undo))

    def revived(self, change: Change) -> list[Entitlement]:
        """The entitlements that a correction brings back, which a death had ended."""
        back = Undo.load(change.proposal.get("undo") or {}).rows
        return [row for row in [*self.rows[change.person_id], *self.voided[change.person_id]] if row.pk in back]

    def of_pause(self, person_id: int, policy: str, month: datetime.date, rows: Collection[int]) -> Outlook:
        """What suspending these benefits would do."""
        return self._of(person_id, policy, month, Doing(frozenset(rows), pauses=True))

    def of_resumption(
        self,
        person_id: int,
        policy: str,
        month: datetime.date,
        rows: Collection[int],
        arrears_from: datetime.date | None = None,
    ) -> Outlook:
        """What going on with suspended benefits would do, and what is paid after all for months before."""
        return self._of(person_id, policy, month, Doing(resuming=frozenset(rows), arrears_from=arrears_from))

    def _of(self, person_id: int, policy: str, month: datetime.date, doing: Doing) -> Outlook:
        first = self.open_months[policy]
        found = self._at(person_id, policy, max(month, first), doing)
        found.pauses = doing.pauses
        for passed in months.span(month, months.add(first, -1)):
            found.add_passed(self._at(person_id, policy, passed, doing), self._made(person_id, policy, passed))
        self._add_arrears(found, person_id, policy, month, doing)
        return found

    def _add_arrears(self, found: Outlook, person_id: int, policy: str, month: datetime.date, doing: Doing) -> None:
        if doing.arrears_from is None:
            return
        for owed in months.span(doing.arrears_from, months.add(month, -1)):
            difference = self._at(person_id, policy, owed, doing).difference
            found.arrears += 1
            found.arrears_amount = _plus(found.arrears_amount, difference)

    def _made(self, person_id: int, policy: str, month: datetime.date) -> OnLists:
        """What stands on lists for a month of the person's benefits, whatever became of these since."""
        rows = [row for row in [*self.rows[person_id], *self.voided[person_id]] if row.category.policy == policy]
        return sum((self.money.get(row.pk, {}).get(month, OnLists()) for row in rows), OnLists())

    def _at(self, person_id: int, policy: str, shown: datetime.date, doing: Doing) -> Outlook:
        outlook = Outlook(shown)
        before: list[Line] = []
        after: list[Line] = []
        for row in [*self.rows[person_id], *(row for row in self.voided[person_id] if row.pk in doing.back)]:
            paused = any(shown in pause.months for pause in row.suspensions.all())
            held = row.voided_by_id is None and shown in row.months and not paused
            goes_on = shown in doing.months_of(row) and not doing.is_paused(row, shown)
            if row.category.policy != policy or not (held or goes_on):
                continue
            line = self._line(row, shown, list(row.dependants.all()))
            outlook.lines.append(line)
            if held:
                before.append(line)
            if goes_on and row.pk not in doing.ending:
                after.append(line)
        for proposal in doing.proposals:
            if (category := self.categories.get(proposal.category)) is None:
                continue
            line = self._line(*_draft(category, proposal, shown))
            line.is_new = True
            outlook.lines.append(line)
            after.append(line)
        outlook.before = _mark(before, "paid_before")
        outlook.after = _mark(after, "paid_after")
        return outlook

    def amount_of(self, row: Entitlement, month: datetime.date) -> int | None:
        """Đồng of one of ``rows`` in a month, be it paid or not; None where it is not known."""
        return self._line(row, month, list(row.dependants.all())).amount

    def _line(self, row: Entitlement, month: datetime.date, dependants: Sequence[Any]) -> Line:
        rates = (rate for rate in self.rates if rate.valid_from <= month)
        worth = amounts.worth(row, month=month, rates=rates, dependants=dependants)
        code = confidential.shown_code(row.category, self.user)
        name = confidential.shown_name(row.category, self.user)
        level = f" {row.level}%" if row.level else ""
        return Line(row.category, f"{code}{level}", name, worth.amount, worth.quantity, worth.rate)


def _draft(
    category: Category, proposal: Proposal, month: datetime.date
) -> tuple[Entitlement, datetime.date, list[Any]]:
    row = Entitlement(
        category=category,
        level=proposal.level if category.has_levels else 0,
        own_amount=proposal.own_amount,
        months=DateRange(month, None, "[)"),
    )
    return row, month, [dependant(row, one, row.months) for one in proposal.dependants]


def _mark(lines: Sequence[Line], name: str) -> int | None:
    """Say of each line whether it is paid; the sum, None where an amount is not known."""
    known = [line for line in lines if line.amount is not None]
    paid = {id(line) for line in amounts.payable(known)}
    for line in lines:
        setattr(line, name, id(line) in paid)
    return None if len(known) < len(lines) else sum(line.amount or 0 for line in known if id(line) in paid)
