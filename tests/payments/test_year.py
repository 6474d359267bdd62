"""Twelve months of whatever may happen: lists always balance, nobody is paid twice, and nobody loses a đồng.

What is owed is told here by the register's own Python (``amounts``), not by the SQL that makes the lists.
"""

import datetime
from collections import defaultdict
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from batosocial.lib import months
from batosocial.staff.models import Role, User
from beneficiaries import amounts
from beneficiaries.models import Category, Change, Entitlement, Person, Rate, Suspension
from payments.ledger import verify_ledger
from payments.models import BudgetReturn, Payment, PaymentLine, PaymentList
from payments.opening import open_month, remake_list
from payments.owed import overpaid
from tests import factories as make
from tests.payments import cycle
from tests.payments.cycle import AUGUST

pytestmark = pytest.mark.django_db

MONTHS = [months.add(AUGUST, number) for number in range(12)]
CATEGORIES = ("BTXH-5C", "BTXH-6D", "CSND-2A1", "CSND-2A2", "NCC-9", "NCC-4B")
PEOPLE = 4
#: Looking for the smallest example takes longer than finding one helps.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)

_who = st.integers(0, PEOPLE - 1)
_back = st.integers(0, 3)
EVENT = st.one_of(
    st.tuples(st.just("start"), _who, st.sampled_from(CATEGORIES), _back),
    st.tuples(st.just("stop"), _who, _back),
    st.tuples(st.just("death"), _who, st.integers(0, 1)),
    st.tuples(st.just("not dead"), _who),
    st.tuples(st.just("suspend"), _who, _back),
    st.tuples(st.just("resume"), _who, st.booleans()),
    st.tuples(st.just("decree"), st.sampled_from(CATEGORIES), _back, st.integers(1, 9)),
    st.tuples(st.just("move"), _who),
    st.tuples(st.just("to budget"), _who),
)
MONTH = st.tuples(
    st.lists(EVENT, max_size=3),
    # Results of payments in their order, as digits to the base of three.
    st.integers(0, 3**8 - 1),
    # A draft is made anew; the merit allowances are paid with those of the next month.
    st.booleans(),
    st.booleans(),
)


class Year:
    """The register of four people, and what happens to them month by month."""

    def __init__(self, config: Any) -> None:
        self.config = config
        cycle.empty_district()
        self.officer = make.user(Role.DISTRICT_OFFICER)
        self.people = [make.person(f"Phạm Thị Năm {number}", birth="1935") for number in range(PEOPLE)]
        for person in self.people[:2]:
            make.entitlement(person, start=AUGUST)
        # Three hours a month for sixteen months, and the months before them.
        self.began = timezone.now() - datetime.timedelta(hours=72)
        self.most: dict[tuple[int, str, datetime.date], int] = defaultdict(int)

    def run(self, month: datetime.date, happened: tuple[Any, ...]) -> None:
        events, results, anew, two = happened
        self.month = month
        self.config.BUSINESS_DATE = cycle.day_before(month)
        self.hours_pass()
        for event in events:
            getattr(self, event[0].replace(" ", "_"))(*event[1:])
            self.look()
        self.read()
        assert not open_month(actor=self.officer, month=month, with_next=two).already_open
        assert open_month(actor=self.officer, month=month).already_open
        if anew:
            row = PaymentList.objects.filter(period__month=month, commune__code=make.BA_DONG).order_by("pk")[0]
            remake_list(actor=self.officer, list_id=row.pk)
        self.look()
        self.nothing_lacks()
        cycle.hand_over(month)
        self.report(results)
        assert not verify_ledger().problems

    def hours_pass(self) -> None:
        """What was entered before counts as entered before the lists that are made now."""
        with connection.cursor() as cursor:
            # Closed months never change, but in this test's time they grow older, too.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, column, which in (
                ("payments_paymentlist", "made_at", "period_id IN (SELECT id FROM payments_period WHERE month > %s)"),
                ("payments_period", "opened_at", "month > %s"),
                ("payments_budgetreturn", "at", "at > %s"),
                ("beneficiaries_change", "applied_at", "applied_at > %s"),
                ("beneficiaries_rate", "entered_at", "entered_at > %s"),
            ):
                since = cycle.JULY if "month" in which else self.began
                cursor.execute(f"UPDATE {table} SET {column} = {column} - interval '3 hours' WHERE {which}", [since])
            cursor.execute("SET LOCAL session_replication_role = origin")

    def change(self, person: Person, kind: str, month: datetime.date) -> Change:
        return Change.objects.create(
            kind=kind, policy="BTXH", person=person, effective_month=month, state="applied", applied_at=timezone.now(),
            decision_number="1/QĐ", decision_date=self.config.BUSINESS_DATE, authority="chairman",
            proposed_by=User.objects.system(), to_commune=person.commune if kind == "move" else None,
        )  # fmt: skip

    def start(self, who: int, category: str, back: int) -> None:
        person = self.people[who]
        if person.died_on or person.entitlements.filter(category__code=category).exists():
            return
        cycle.granted(person, category, start=months.add(self.month, -back))

    def stop(self, who: int, back: int) -> None:
        month = months.add(self.month, -back)
        row = self._running(who).filter(months__startswith__lt=month).first()
        if row is not None:
            row.months, row.ended_by = make.month_range(row.months.lower, month), self.change(row.person, "stop", month)
            row.save()

    def death(self, who: int, back: int) -> None:
        person = self.people[who]
        if person.died_on is None:
            person.died_on = months.add(self.month, -1 - back).replace(day=10)
            person.save()
            self.change(person, "stop", months.add(self.month, -back))

    def not_dead(self, who: int) -> None:
        person = self.people[who]
        if person.died_on is not None:
            self.change(person, "correct", months.add(months.first(person.died_on), 1))
            person.died_on = None
            person.save()

    def suspend(self, who: int, back: int) -> None:
        month = months.add(self.month, -back)
        row = self._running(who).exclude(suspensions__isnull=False).filter(months__startswith__lte=month).first()
        if row is not None:
            change = self.change(row.person, "suspend", month)
            Suspension.objects.create(entitlement=row, months=make.month_range(month), change=change)

    def resume(self, who: int, with_arrears: bool) -> None:
        pause = Suspension.objects.filter(
            entitlement__person=self.people[who], months__endswith__isnull=True, months__startswith__lt=self.month
        ).first()
        if pause is not None:
            pause.ended_by = self.change(self.people[who], "resume", self.month)
            pause.months = make.month_range(pause.months.lower, self.month)
            pause.arrears_months = pause.months if with_arrears else None
            pause.save()

    def decree(self, category: str, back: int, step: int) -> None:
        kind, since = Category.objects.get(code=category), months.add(self.month, -back)
        known = Rate.objects.filter(category=kind).order_by("-valid_from", "-known_on")[0]
        if known.valid_from <= since and known.known_on < self.config.BUSINESS_DATE:
            Rate.objects.create(
                category=kind, amount=known.amount + step * 1000, valid_from=since,
                known_on=self.config.BUSINESS_DATE, legal_basis="Nghị định thử",
            )  # fmt: skip

    def move(self, who: int) -> None:
        person = self.people[who]
        code = make.BA_DONG if person.commune.code != make.BA_DONG else make.BA_TO_TOWN
        person.commune = make.commune(code)
        person.save()
        self.change(person, "move", self.month)

    def to_budget(self, who: int) -> None:
        for line in PaymentLine.objects.filter(
            payment__person=self.people[who], payment__result="not_collected", carried_to__isnull=True,
            budget_return__isnull=True,
        ):  # fmt: skip
            BudgetReturn.objects.create(line=line, reason="Thử", by=self.officer)

    def _running(self, who: int) -> Any:
        return self.people[who].entitlements.filter(months__endswith__isnull=True).order_by("pk")

    def report(self, results: int) -> None:
        """What the payers say of this month, and of what had no result before."""
        waiting = Payment.objects.filter(person__in=self.people, result="", payment_list__state="handed_over")
        for payment in waiting.order_by("pk"):
            results, result = divmod(results, 3)
            if result < 2:
                cycle.record(payment, ("paid_cash", "not_collected")[result])

    # --- what must be so ---------------------------------------------------------------------------------------------

    def read(self) -> None:
        """The register as it is now."""
        rows = Entitlement.objects.filter(person__in=self.people).select_related("category")
        self.rows = list(rows.prefetch_related("suspensions"))
        self.rates = list(amounts.known_rates(datetime.date(2030, 1, 1), self.config.BUSINESS_DATE))

    def owed(self, person: Person, policy: str, month: datetime.date) -> int:
        if person.died_on and person.died_on < month:
            return 0
        due: list[Any] = []
        rates = [rate for rate in self.rates if rate.valid_from <= month]
        for row in self.rows:
            if (row.person_id, row.category.policy) != (person.pk, policy) or month not in row.months:
                continue
            if not any(
                month in one.months and not (one.arrears_months and month in one.arrears_months)
                for one in row.suspensions.all()
            ):
                row.amount = amounts.worth(row, month=month, rates=rates).amount  # type: ignore[attr-defined]
                due.append(row)
        return sum(row.amount for row in amounts.payable(due))

    def look(self) -> None:
        """Remember the most that was ever owed for a month: nobody may have been paid more."""
        self.read()
        for person in self.people:
            for policy in ("NCC", "BTXH"):
                for month in months.span(months.add(AUGUST, -3), months.add(self.month, 1)):
                    key = person.pk, policy, month
                    self.most[key] = max(self.most[key], self.owed(person, policy, month))

    def made(self) -> dict[tuple[int, str, datetime.date], int]:
        """Regular and arrears lines, without what went back to the budget."""
        returned = BudgetReturn.objects.values_list("line", "line__origin")
        back = {pk for pair in returned for pk in pair}
        found: dict[tuple[int, str, datetime.date], int] = defaultdict(int)
        lines = PaymentLine.objects.filter(payment__person__in=self.people, kind__in=["regular", "arrears"])
        for pk, *key, amount in lines.values_list("pk", "payment__person", "policy", "month", "amount"):
            if pk not in back:
                found[tuple(key)] += amount  # type: ignore[index]
        return found

    def nothing_lacks(self) -> None:
        """The lists up to the month hold all that is owed, but of who is suspended."""
        made = self.made()
        for person in self.people:
            if Suspension.objects.filter(entitlement__person=person, months__contains=self.month).exists():
                continue
            for policy in ("NCC", "BTXH"):
                for month in months.span(months.add(AUGUST, -3), self.month):
                    key = person.pk, policy, month
                    assert made[key] >= self.owed(person, policy, month), key

    def paid(self) -> dict[tuple[int, str, datetime.date], int]:
        found: dict[tuple[int, str, datetime.date], int] = defaultdict(int)
        lines = PaymentLine.objects.filter(payment__person__in=self.people, payment__result="paid_cash")
        for *key, amount in lines.values_list("payment__person", "policy", "month", "amount"):
            found[tuple(key)] += amount  # type: ignore[index]
        return found

    def nobody_is_paid_twice(self) -> None:
        for key, amount in self.paid().items():
            assert amount <= self.most[key], (key, amount, self.most[key])

    def everybody_got_what_is_owed(self) -> None:
        """Beyond it only what is claimed back."""
        paid = self.paid()
        claims = {
            (one.person_id, one.policy, one.month): one.amount for one in overpaid([one.pk for one in self.people])
        }
        for person in self.people:
            if Suspension.objects.filter(entitlement__person=person, months__endswith__isnull=True).exists():
                continue
            for policy in ("NCC", "BTXH"):
                for month in months.span(months.add(AUGUST, -3), self.month):
                    key = person.pk, policy, month
                    assert paid[key] - claims.get(key, 0) == self.owed(person, policy, month), key


@given(year=st.lists(MONTH, min_size=12, max_size=12))
@effort(max_examples=3, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
def test_a_year_of_anything(settings: Any, year: list[tuple[Any, ...]]) -> None:
    with transaction.atomic():
        happens = Year(settings)
        for month, happened in zip(MONTHS, year, strict=True):
            happens.run(month, happened)
            happens.nobody_is_paid_twice()
        # Quiet months, in which everything is paid.
        for number in range(3):
            happens.run(months.add(MONTHS[-1], 1 + number), ([], 0, False, False))
        happens.nobody_is_paid_twice()
        happens.everybody_got_what_is_owed()
        transaction.set_rollback(True)
