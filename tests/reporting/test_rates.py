import datetime
from decimal import Decimal

import pytest

from reporting import rates
from reporting.models import ClassThreshold, Target
from reporting.rates import CashlessClass, Counts

THRESHOLD = ClassThreshold(valid_from=datetime.date(2021, 1, 1), high=Decimal(50), average=Decimal(30))
HALF = Target(rate="R1", value=Decimal(50), valid_from=datetime.date(2024, 2, 29))


def test_headline_rates_of_the_letter() -> None:
    assert Counts(due=1492, paid_by_account=443).r1 == Decimal("29.7")
    assert Counts(due=2320, paid_by_account=684).r1 == Decimal("29.5")
    assert (Counts(due=1492, paid_by_account=443) + Counts(due=2320, paid_by_account=684)).r1 == Decimal("29.6")


def test_each_rate_divides_what_it_says() -> None:
    counts = Counts(due=100, with_account=40, paid_by_account=30, money_due=1000, money_by_account=123)
    assert (counts.r1, counts.r2, counts.r3, counts.r4) == tuple(map(Decimal, ("30.0", "40.0", "75.0", "12.3")))


@pytest.mark.parametrize(
    ("part", "whole", "shown"), [(1, 80, "1.3"), (87, 2000, "4.4"), (9, 400, "2.3"), (1, 3, "33.3")]
)
def test_halves_are_rounded_up(part: int, whole: int, shown: str) -> None:
    """1,25 and 4,35 and 2,25: none of them survives binary rounding to even."""
    assert Counts(due=whole, paid_by_account=part).r1 == Decimal(shown)


def test_nobody_due_has_no_rate() -> None:
    empty = Counts()
    assert (empty.r1, empty.r2, empty.r3, empty.r4) == (None, None, None, None)


def test_a_total_is_computed_from_totals() -> None:
    total = Counts.total([Counts(due=1, paid_by_account=1), Counts(due=3)])
    assert total.r1 == Decimal("25.0")


@pytest.mark.parametrize(
    ("paid", "due", "expected"),
    [
        (50, 100, CashlessClass.HIGH),
        (4999, 10000, CashlessClass.AVERAGE),
        (30, 100, CashlessClass.AVERAGE),
        (2999, 10000, CashlessClass.LOW),
        (1, 10000, CashlessClass.LOW),
        (0, 100, CashlessClass.NONE),
        (0, 0, CashlessClass.NONE),
    ],
)
def test_class_at_its_boundaries(paid: int, due: int, expected: CashlessClass) -> None:
    assert rates.classify(Counts(due=due, paid_by_account=paid), THRESHOLD) is expected


def test_class_goes_by_the_exact_rate_not_the_printed_one() -> None:
    counts = Counts(due=10000, paid_by_account=4996)
    assert counts.r1 == Decimal("50.0")
    assert rates.classify(counts, THRESHOLD) is CashlessClass.AVERAGE


@pytest.mark.parametrize(
    ("due", "paid", "missing"), [(1492, 443, 303), (2320, 684, 476), (3, 1, 1), (2, 1, 0), (0, 0, 0)]
)
def test_missing_people_to_the_target(due: int, paid: int, missing: int) -> None:
    assert rates.missing_people(Counts(due=due, paid_by_account=paid), HALF) == missing


def test_a_target_of_r3_counts_those_with_an_account() -> None:
    target = Target(rate="R3", value=Decimal(50))
    assert rates.missing_people(Counts(due=100, with_account=41, paid_by_account=10), target) == 11


def test_forecast_of_the_demo_once_the_pending_accounts_are_used() -> None:
    counts = Counts(due=3812, with_account=1472, paid_by_account=1127, pending=581)
    seen = rates.outlook(counts, HALF, earlier=None, month=datetime.date(2024, 7, 1))
    assert (seen.counts_then.paid_by_account, seen.counts_then.r1, seen.missing_then) == (1708, Decimal("44.8"), 198)
    assert (seen.missing, seen.pace, seen.reached_in, seen.reached) == (779, None, None, False)


@pytest.mark.parametrize(
    ("paid", "before", "pace", "reached_in", "reached"),
    [
        (40, 34, "2", datetime.date(2024, 12, 1), False),  # 10 more at 2 a month: five months
        (40, 33, "2.333", datetime.date(2024, 12, 1), False),  # 4,3 months are five
        (40, 40, "0", None, False),  # standing still gets nowhere
        (40, 46, "-2", None, False),  # nor does going back
        (49, 49 - 3, "1", datetime.date(2024, 8, 1), False),
        (50, 44, "2", None, True),  # it is reached: no month to name
    ],
)
def test_the_pace_of_three_months_says_when_a_target_is_reached(
    paid: int, before: int, pace: str, reached_in: datetime.date | None, reached: bool
) -> None:
    now, earlier = Counts(due=100, paid_by_account=paid), Counts(due=100, paid_by_account=before)
    seen = rates.outlook(now, HALF, earlier=earlier, month=datetime.date(2024, 7, 1))
    assert seen.pace is not None
    assert round(seen.pace, 3) == Decimal(pace)
    assert (seen.reached_in, seen.reached) == (reached_in, reached)


def test_accounts_already_open_come_first_and_then_the_pace() -> None:
    """The demo: 581 from August, then 198 more at 60 a month are four months."""
    counts = Counts(due=3812, with_account=1472, paid_by_account=1127, pending=581)
    earlier = Counts(due=3800, paid_by_account=1127 - 180)
    seen = rates.outlook(counts, HALF, earlier=earlier, month=datetime.date(2024, 7, 1))
    assert (seen.missing_then, seen.reached_in) == (198, datetime.date(2024, 12, 1))
    enough = rates.outlook(
        Counts(due=100, with_account=40, paid_by_account=40, pending=10),
        HALF,
        earlier=None,
        month=datetime.date(2024, 7, 1),
    )
    assert (enough.missing, enough.missing_then, enough.reached_in) == (10, 0, datetime.date(2024, 8, 1))


def test_a_pace_that_takes_more_than_ten_years_is_no_forecast() -> None:
    now, earlier = Counts(due=10_000, paid_by_account=10), Counts(due=10_000, paid_by_account=9)
    assert rates.outlook(now, HALF, earlier=earlier, month=datetime.date(2024, 7, 1)).reached_in is None


@pytest.mark.django_db
def test_thresholds_and_targets_are_those_in_force_at_the_end_of_the_month() -> None:
    ClassThreshold.objects.create(valid_from=datetime.date(2030, 6, 15), high=Decimal(80), average=Decimal(60))
    Target.objects.create(rate="R1", value=Decimal(80), valid_from=datetime.date(2030, 6, 30))
    assert rates.threshold_of(datetime.date(2030, 5, 1)).high == 50
    assert rates.threshold_of(datetime.date(2030, 6, 1)).high == 80
    assert rates.targets_of(datetime.date(2030, 5, 1))["R1"].value == 50
    assert rates.targets_of(datetime.date(2030, 6, 1))["R1"].value == 80
    assert rates.targets_of(datetime.date(2030, 6, 1))["R3"].value == 50
    assert rates.targets_of(datetime.date(2024, 1, 1)) == {}
