"""Truy lĩnh: what the rates and decisions known now give for earlier months, never twice (rules.md 1.6, 1.7, 2.7)."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from batosocial.staff.models import Role
from beneficiaries.changes import services
from beneficiaries.changes.proposal import Paper
from beneficiaries.models import Category, Change, Entitlement, Rate, Suspension
from payments.ledger import verify_ledger
from payments.models import BudgetReturn, Payment, PaymentLine, PaymentList, Receipt, Receivable
from payments.opening import OpeningRefused, open_month, remake_list
from payments.owed import overpaid
from tests import factories as make
from tests.beneficiaries.changes import flow
from tests.payments import cycle
from tests.payments.cycle import AUGUST, JULY, NOVEMBER, OCTOBER, SEPTEMBER

pytestmark = pytest.mark.django_db


@pytest.fixture
def empty() -> None:
    cycle.empty_district()


def rate(category: str = "BTXH-5C", amount: int = 600_000, *, since: datetime.date, known: datetime.date) -> Rate:
    return Rate.objects.create(
        category=Category.objects.get(code=category),
        amount=amount,
        valid_from=since,
        known_on=known,
        legal_basis="Nghị định thử",
    )


class TestRatesKnownLater:
    def test_the_raise_of_july_gives_its_difference_in_august(self) -> None:
        """NĐ 76/2024, NĐ 77/2024, signed on 01/7/2024: July's lists were locked on 25/6 (rules.md 1.7)."""
        open_month(actor=make.user(Role.DISTRICT_OFFICER), month=AUGUST)
        arrears = PaymentLine.objects.filter(kind="arrears", payment__payment_list__period__month=AUGUST)
        assert set(arrears.values_list("month", flat=True)) == {JULY}
        of_aged = arrears.filter(category__code="BTXH-5C").values_list("amount", flat=True)
        assert set(of_aged) == {140_000}
        # Each of July's regular lines has its difference, for whoever is due in August and whoever is not any more.
        july = dict(PaymentLine.objects.filter(kind="regular", month=JULY).values_list("entitlement", "amount"))
        given = dict(arrears.values_list("entitlement", "amount"))
        assert given.keys() == july.keys()
        ratios = {Decimal(july[pk] + given[pk]) / july[pk] for pk in july}
        assert Decimal("1.35") < min(ratios) and max(ratios) < Decimal("1.40")

    def test_it_is_given_once(self, settings: Any) -> None:
        open_month(actor=make.user(Role.DISTRICT_OFFICER), month=AUGUST)
        cycle.open_next(SEPTEMBER, settings)
        assert not PaymentLine.objects.filter(kind="arrears", payment__payment_list__period__month=SEPTEMBER).exists()

    @pytest.mark.usefixtures("empty")
    def test_a_decree_counted_back_three_months(self, settings: Any) -> None:
        """As in 2026: NĐ 335/2026 is counted from 01/7 (rules.md 10)."""
        person = make.person(birth="1940")
        make.entitlement(person, start=AUGUST)
        for month in (AUGUST, SEPTEMBER, OCTOBER):
            cycle.open_next(month, settings)
            cycle.pay_everybody(month)
        rate(since=AUGUST, known=datetime.date(2024, 10, 5), amount=540_000)
        cycle.open_next(NOVEMBER, settings)
        assert cycle.lines(person, NOVEMBER) == [
            ("arrears", "2024-08", 40_000),
            ("arrears", "2024-09", 40_000),
            ("arrears", "2024-10", 40_000),
            ("regular", "2024-11", 540_000),
        ]
        assert not verify_ledger().problems

    @pytest.mark.usefixtures("empty")
    def test_two_raises_of_one_month_give_the_difference_each_time(self, settings: Any) -> None:
        person = make.person(birth="1940")
        make.entitlement(person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        rate(since=AUGUST, known=datetime.date(2024, 8, 5), amount=540_000)
        cycle.open_next(SEPTEMBER, settings)
        rate(since=AUGUST, known=datetime.date(2024, 9, 5), amount=550_000)
        cycle.open_next(OCTOBER, settings)
        assert ("arrears", "2024-08", 40_000) in cycle.lines(person, SEPTEMBER)
        assert cycle.lines(person, OCTOBER)[:2] == [("arrears", "2024-08", 10_000), ("arrears", "2024-09", 10_000)]

    @pytest.mark.usefixtures("empty")
    def test_a_rate_that_was_entered_late(self, settings: Any) -> None:
        """The decree was signed before the list was locked, but nobody had entered it."""
        person = make.person(birth="1940")
        make.entitlement(person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        PaymentList.objects.filter(period__month=AUGUST).update(made_at=timezone.now() - datetime.timedelta(hours=3))
        rate(since=AUGUST, known=datetime.date(2024, 7, 2), amount=540_000)
        cycle.open_next(SEPTEMBER, settings)
        assert ("arrears", "2024-08", 40_000) in cycle.lines(person, SEPTEMBER)

    def test_somebody_who_died_in_july_leaves_the_difference_to_the_family_in_cash(self) -> None:
        """Khoản 2 Điều 8 NĐ 20/2021: the month of death is still payable, at what it is worth."""
        july = Payment.objects.filter(payment_list__period__month=JULY, planned_channel="account")
        person = july.filter(payment_list__period__policy="BTXH").select_related("person")[0].person
        person.died_on = datetime.date(2024, 7, 10)
        person.save()
        open_month(actor=make.user(Role.DISTRICT_OFFICER), month=AUGUST)
        paid = cycle.payment(person, AUGUST)
        assert {kind for kind, _, _ in cycle.lines(person, AUGUST)} == {"arrears"}
        assert (paid.planned_channel, paid.payee_kind, paid.account_number) == ("cash", "relative", "")

    @pytest.mark.usefixtures("empty")
    def test_a_month_without_a_known_rate_refuses_and_names_it(self, settings: Any) -> None:
        parent = make.person("Phạm Thị Thiếu", birth="1985")
        row = cycle.granted(parent, "BTXH-4", start=JULY, dependants=1)
        row.dependants.update(months=make.month_range(AUGUST))
        with pytest.raises(OpeningRefused, match=r"Phạm Thị Thiếu.*BTXH-4 07/2024"):
            cycle.open_next(AUGUST, settings)
        assert not cycle.is_open(AUGUST)


@pytest.mark.usefixtures("empty")
class TestDecidedLate:
    def test_the_aged_get_every_month_since_they_reached_the_age(self, settings: Any) -> None:
        """đ.đ k1 Điều 8 NĐ 20/2021: from the moment of reaching 80, so arrears when it is decided later."""
        person = make.person(birth="12/05/1944")
        settings.BUSINESS_DATE = datetime.date(2024, 7, 22)
        flow.decided(flow.start(person, "BTXH-5C"))
        cycle.open_next(AUGUST, settings)
        assert cycle.lines(person, AUGUST) == [
            ("arrears", "2024-05", 360_000),
            ("arrears", "2024-06", 360_000),
            ("arrears", "2024-07", 500_000),
            ("regular", "2024-08", 500_000),
        ]

    def test_the_first_load_owes_nothing_for_the_time_before_it(self, settings: Any) -> None:
        person = make.person(birth="1940")
        make.entitlement(person, start=datetime.date(2024, 1, 1))
        cycle.open_next(AUGUST, settings)
        assert cycle.lines(person, AUGUST) == [("regular", "2024-08", 500_000)]

    def test_an_adjustment_counted_back_gives_only_the_difference(self, settings: Any) -> None:
        """đ.đ k1 Điều 8: from the month of the new condition; what was paid by the old one is not paid again."""
        person = make.person(birth="1975")
        row = make.entitlement(person, "BTXH-6C", start=datetime.date(2024, 6, 1))
        cycle.open_next(AUGUST, settings)
        cycle.pay_everybody(AUGUST)
        settings.BUSINESS_DATE = datetime.date(2024, 8, 15)
        change = services.propose_adjustment(
            actor=flow.officer(), entitlement_id=row.pk, category="BTXH-6A", month=AUGUST, paper=flow.PAPER,
            confirmed=True,
        )  # fmt: skip
        flow.decided(change, date=datetime.date(2024, 8, 15))
        cycle.open_next(SEPTEMBER, settings)
        assert cycle.lines(person, SEPTEMBER) == [("arrears", "2024-08", 250_000), ("regular", "2024-09", 1_000_000)]

    def test_a_higher_benefit_found_late_gives_the_difference_to_the_highest(self, settings: Any) -> None:
        """Khoản 2 Điều 6 NĐ 20/2021: only the highest."""
        person = make.person(birth="1940")
        make.entitlement(person, "BTXH-5C", start=AUGUST)
        cycle.open_next(AUGUST, settings)
        cycle.pay_everybody(AUGUST)
        cycle.granted(person, "BTXH-6D", start=AUGUST)
        cycle.open_next(SEPTEMBER, settings)
        assert cycle.lines(person, SEPTEMBER) == [("arrears", "2024-08", 500_000), ("regular", "2024-09", 1_000_000)]
        assert not overpaid([person.pk])


@pytest.mark.usefixtures("empty")
class TestSuspended:
    def _suspended_in_august_and_september(self, settings: Any) -> Entitlement:
        person = make.person(birth="1940")
        row = make.entitlement(person, start=AUGUST)
        Suspension.objects.create(
            entitlement=row,
            months=make.month_range(AUGUST, OCTOBER),
            change=row.granted_by,
            ended_by=row.granted_by,
        )
        for month in (AUGUST, SEPTEMBER):
            cycle.open_next(month, settings)
        return row

    def test_going_on_without_a_decision_on_arrears_pays_nothing_for_the_time(self, settings: Any) -> None:
        """Điểm b khoản 1 Điều 6 TT 02/2021: truy lĩnh (nếu có) is a decision."""
        row = self._suspended_in_august_and_september(settings)
        cycle.open_next(OCTOBER, settings)
        assert cycle.lines(row.person, OCTOBER) == [("regular", "2024-10", 500_000)]

    def test_going_on_with_arrears_pays_the_decided_months(self, settings: Any) -> None:
        person = make.person(birth="1940")
        row = make.entitlement(person, start=AUGUST)
        settings.BUSINESS_DATE = datetime.date(2024, 7, 22)
        (change,) = services.propose_suspension(
            actor=flow.officer(), person_id=person.pk, entitlement_ids=[row.pk], reason="TT02-2.3.a", month=AUGUST,
            paper=Paper("Báo cáo"),
        )  # fmt: skip
        flow.decided(change)
        cycle.open_next(AUGUST, settings)
        cycle.open_next(SEPTEMBER, settings)
        assert not PaymentLine.objects.filter(payment__person=person).exists()
        (change,) = services.propose_resumption(
            actor=flow.officer(), person_id=person.pk, entitlement_ids=[row.pk], month=OCTOBER, arrears_from=SEPTEMBER,
            paper=Paper("Đơn"),
        )  # fmt: skip
        flow.decided(change, date=datetime.date(2024, 8, 22))
        cycle.open_next(OCTOBER, settings)
        assert cycle.lines(person, OCTOBER) == [("arrears", "2024-09", 500_000), ("regular", "2024-10", 500_000)]

    def test_what_is_owed_from_before_waits_until_the_suspension_ends(self, settings: Any) -> None:
        person = make.person(birth="1940")
        row = make.entitlement(person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        cycle.pay_everybody(AUGUST)
        rate(since=AUGUST, known=datetime.date(2024, 8, 5), amount=540_000)
        pause = make.suspension(row, SEPTEMBER)
        cycle.open_next(SEPTEMBER, settings)
        assert not cycle.lines(person, SEPTEMBER)
        change = make.proposal(person, kind="resume", effective_month=OCTOBER)
        Change.objects.filter(pk=change.pk).update(
            state="applied", applied_at=timezone.now(), decision_number="1", decision_date="2024-08-20",
            authority="chairman",
        )  # fmt: skip
        Suspension.objects.filter(pk=pause.pk).update(months=make.month_range(SEPTEMBER, OCTOBER), ended_by=change)
        cycle.open_next(OCTOBER, settings)
        assert cycle.lines(person, OCTOBER) == [("arrears", "2024-08", 40_000), ("regular", "2024-10", 540_000)]


@pytest.mark.usefixtures("empty")
class TestMoneyThatWentBack:
    def test_what_the_budget_got_back_and_is_owed_again_is_arrears(self, settings: Any) -> None:
        person = make.person(birth="1940")
        make.entitlement(person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        cycle.hand_over(AUGUST)
        unpaid = cycle.payment(person, AUGUST)
        cycle.record(unpaid, "not_collected")
        BudgetReturn.objects.create(line=unpaid.lines.get(), reason="Thử", by=make.user())
        cycle.open_next(SEPTEMBER, settings)
        assert cycle.lines(person, SEPTEMBER) == [("arrears", "2024-08", 500_000), ("regular", "2024-09", 500_000)]

    def test_what_was_recovered_and_turns_out_to_be_owed_is_paid_again(self, settings: Any) -> None:
        """Somebody said to be dead was not: the month was recovered, and is owed after all."""
        person = make.person(birth="1940")
        row = make.entitlement(person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        cycle.pay_everybody(AUGUST)
        claim = Receivable.objects.create(
            person=person, policy="BTXH", month=AUGUST, payment=cycle.payment(person, AUGUST), amount=500_000,
            reason="Thử", state="recovered", decision_number="1", decision_date="2024-08-10", decided_by=make.user(),
            found_by=make.user(),
        )  # fmt: skip
        Receipt.objects.create(
            receivable=claim, amount=500_000, received_on="2024-08-15", reference="PT1", by=make.user()
        )
        Change.objects.filter(pk=row.granted_by_id).update(
            first_load=False, applied_at=timezone.now(), decision_number="1", decision_date="2024-08-10",
            authority="chairman",
        )  # fmt: skip
        cycle.open_next(SEPTEMBER, settings)
        assert cycle.lines(person, SEPTEMBER) == [("arrears", "2024-08", 500_000), ("regular", "2024-09", 500_000)]

    def test_paid_beyond_what_is_owed_is_found_less_what_came_back(self, settings: Any) -> None:
        """Điều 15 TT 44/2022/TT-BTC (truy thu)."""
        person = make.person(birth="1940")
        make.entitlement(person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        cycle.pay_everybody(AUGUST)
        assert not overpaid([person.pk])
        person.died_on = datetime.date(2024, 7, 30)
        person.save()
        (found,) = overpaid([person.pk])
        assert (found.month, found.policy, found.amount) == (AUGUST, "BTXH", 500_000)
        claim = Receivable.objects.create(
            person=person, policy="BTXH", month=AUGUST, payment_id=found.payment_id, amount=500_000, reason="Thử",
            state="decided", decision_number="1", decision_date="2024-08-10", decided_by=make.user(),
            found_by=make.user(),
        )  # fmt: skip
        Receipt.objects.create(
            receivable=claim, amount=200_000, received_on="2024-08-15", reference="PT1", by=make.user()
        )
        assert [one.amount for one in overpaid([person.pk])] == [300_000]

    def test_what_need_not_come_back_and_is_owed_after_all_is_not_paid_again(self, settings: Any) -> None:
        person = make.person(birth="1940")
        row = make.entitlement(person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        cycle.pay_everybody(AUGUST)
        Receivable.objects.create(
            person=person, policy="BTXH", month=AUGUST, payment=cycle.payment(person, AUGUST), amount=500_000,
            reason="Thử", state="waived", decision_number="1", decision_date="2024-08-10", decided_by=make.user(),
            found_by=make.user(),
        )  # fmt: skip
        Change.objects.filter(pk=row.granted_by_id).update(
            first_load=False, applied_at=timezone.now(), decision_number="1", decision_date="2024-08-10",
            authority="chairman",
        )  # fmt: skip
        cycle.open_next(SEPTEMBER, settings)
        assert cycle.lines(person, SEPTEMBER) == [("regular", "2024-09", 500_000)]

    def test_what_was_never_paid_is_not_overpaid(self, settings: Any) -> None:
        person = make.person(birth="1940")
        make.entitlement(person, start=AUGUST)
        cycle.open_next(AUGUST, settings)
        cycle.hand_over(AUGUST)
        cycle.record(cycle.payment(person, AUGUST), "not_collected")
        person.died_on = datetime.date(2024, 7, 30)
        person.save()
        assert not overpaid([person.pk])


@pytest.mark.usefixtures("empty")
def test_somebody_who_moved_before_either_list_was_sent_is_paid_in_the_next(settings: Any) -> None:
    """The new commune's list was made before the move, the old one's anew after it."""
    person = make.person(birth="1940")
    make.entitlement(person, start=AUGUST)
    cycle.open_next(AUGUST, settings)
    old = PaymentList.objects.get(payments__person=person, period__month=AUGUST)
    person.commune = make.commune(make.BA_TO_TOWN)
    person.save()
    Change.objects.create(
        kind="move", person=person, effective_month=AUGUST, state="applied", applied_at=timezone.now(),
        proposed_by=make.user(), to_commune=person.commune,
    )  # fmt: skip
    remake_list(actor=make.user(Role.DISTRICT_OFFICER), list_id=old.pk)
    assert not cycle.lines(person, AUGUST)
    cycle.open_next(SEPTEMBER, settings)
    assert cycle.lines(person, SEPTEMBER) == [("arrears", "2024-08", 500_000), ("regular", "2024-09", 500_000)]
