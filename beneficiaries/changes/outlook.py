"""What a change would do to somebody's money: what is paid before and after, by the rates known today."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from batosocial.lib import clock, months
from batosocial.lib.money import format_amount
from beneficiaries import amounts, confidential
from beneficiaries.changes.proposal import Proposal
from beneficiaries.changes.register import dependant
from beneficiaries.models import Category, Change, Entitlement, Policy, Rate
from beneficiaries.months import first_open_month


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
    #: Months of a suspension that are paid after all, and the đồng of them.
    arrears: int = 0
    arrears_amount: int | None = 0
    #: What ends only pauses.
    pauses: bool = False

    @property
    def difference(self) -> int | None:
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def difference_text(self) -> str:
        """ "+500.000 đ", "không đổi"; "" where it is not known."""
        return signed(self.difference)

    @property
    def passed_text(self) -> str:
        return signed(self.passed_amount)

    @property
    def arrears_text(self) -> str:
        return signed(self.arrears_amount)


def signed(amount: int | None) -> str:
    """ "+500.000 đ", "không đổi"; "" where it is not known."""
    if amount is None:
        return ""
    return "không đổi" if amount == 0 else f"{'+' if amount > 0 else '−'}{format_amount(abs(amount))}"


class Outlooks:
    """Reads once what the outlooks of many changes need, in a fixed number of queries.

    ``categories`` are those of the proposed benefits, by their code.
    """

    def __init__(
        self, person_ids: Collection[int], *, user: Any, categories: Mapping[str, Category] | None = None
    ) -> None:
        self.user = user
        self.today = clock.today()
        self.open_months = {str(policy): first_open_month(policy) for policy in Policy}
        self.rows: dict[int, list[Entitlement]] = {pk: [] for pk in person_ids}
        found = Entitlement.objects.granted().filter(person__in=person_ids)
        found = found.exclude(category__regime=Category.Regime.ONE_OFF).order_by("pk")
        for row in found.select_related("category").prefetch_related("dependants", "suspensions"):
            self.rows[row.person_id].append(row)
        self.categories = categories or {}
        kinds = {row.category_id for rows in self.rows.values() for row in rows}
        kinds |= {category.pk for category in self.categories.values()}
        known = Rate.objects.filter(category__in=kinds, known_on__lte=self.today).order_by("-valid_from", "-known_on")
        self.rates = list(known)

    def of_change(self, change: Change) -> Outlook | None:
        """What a change that is not in force yet would do; None for a move, which moves no money."""
        if change.kind == Change.Kind.MOVE:
            return None
        proposal = Proposal.load(change.proposal)
        ending: set[int] = set(proposal.replaces)
        if change.entitlement_id:
            ending.add(change.entitlement_id)
        rows = self.rows[change.person_id]
        if change.kind == Change.Kind.STOP and not change.entitlement_id:
            ending = {row.pk for row in rows if row.category.policy == change.policy}
        starts = change.kind in (Change.Kind.START, Change.Kind.ADJUST) or (
            change.kind == Change.Kind.CORRECT and not proposal.void
        )
        if change.kind == Change.Kind.RESUME:
            text = change.proposal.get("arrears_from")
            first = datetime.date.fromisoformat(text) if text else None
            return self.of_resumption(change.person_id, change.policy, change.effective_month, ending, first)
        found = self.of(change.person_id, change.policy, change.effective_month, ending, proposal if starts else None)
        found.pauses = change.kind == Change.Kind.SUSPEND
        return found

    def of_resumption(
        self,
        person_id: int,
        policy: str,
        month: datetime.date,
        resuming: Collection[int],
        arrears_from: datetime.date | None = None,
    ) -> Outlook:
        """What going on with suspended benefits would do, and what is paid after all for months before."""
        found = self.of(person_id, policy, month, resuming=resuming)
        if arrears_from and arrears_from < month:
            owed = list(months.span(arrears_from, months.add(month, -1)))
            found.arrears = len(owed)
            found.arrears_amount = self._moved(person_id, policy, owed, resuming=resuming)
        return found

    def of(
        self,
        person_id: int,
        policy: str,
        month: datetime.date,
        ending: Collection[int] = (),
        proposal: Proposal | None = None,
        resuming: Collection[int] = (),
    ) -> Outlook:
        """The policy's benefits of the person without those ``ending``, with those ``resuming`` and the proposed one.

        Told for the first month that has no list yet, or for the month of the change where that is later.
        """
        first = self.open_months[policy]
        found = self._at(person_id, policy, max(month, first), ending, proposal, resuming)
        passed = list(months.span(month, months.add(first, -1)))
        found.passed = len(passed)
        found.passed_amount = self._moved(person_id, policy, passed, ending, proposal, resuming)
        return found

    def _moved(
        self,
        person_id: int,
        policy: str,
        passed: Sequence[datetime.date],
        ending: Collection[int] = (),
        proposal: Proposal | None = None,
        resuming: Collection[int] = (),
    ) -> int | None:
        """Đồng that the change moves in these months together; None where an amount is not known."""
        total = 0
        for month in passed:
            difference = self._at(person_id, policy, month, ending, proposal, resuming).difference
            if difference is None:
                return None
            total += difference
        return total

    def _at(
        self,
        person_id: int,
        policy: str,
        shown: datetime.date,
        ending: Collection[int],
        proposal: Proposal | None,
        resuming: Collection[int],
    ) -> Outlook:
        outlook = Outlook(shown)
        before: list[Line] = []
        after: list[Line] = []
        for row in self.rows[person_id]:
            if row.category.policy != policy or shown not in row.months:
                continue
            paused = any(shown in pause.months for pause in row.suspensions.all())
            if paused and row.pk not in resuming:
                continue
            line = self._line(row, shown, list(row.dependants.all()))
            outlook.lines.append(line)
            if not paused:
                before.append(line)
            if row.pk not in ending:
                after.append(line)
        category = self.categories.get(proposal.category) if proposal else None
        if proposal is not None and category is not None:
            line = self._line(*_draft(category, proposal, shown))
            line.is_new = True
            outlook.lines.append(line)
            after.append(line)
        outlook.before = _mark(before, "paid_before")
        outlook.after = _mark(after, "paid_after")
        return outlook

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
