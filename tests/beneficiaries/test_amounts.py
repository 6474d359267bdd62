"""What entitlements are worth, and which are paid."""

import datetime
from dataclasses import dataclass
from typing import Any

import pytest

from beneficiaries import amounts
from beneficiaries.models import Category, Dependant, Entitlement, Person
from tests import factories as make

pytestmark = pytest.mark.django_db

JUNE, JULY, AUGUST = datetime.date(2024, 6, 1), make.THIS_MONTH, make.NEXT_MONTH
#: Lists of July were locked before the decrees of 01/7/2024 were signed, those of August after.
BEFORE, AFTER = datetime.date(2024, 6, 25), datetime.date(2024, 7, 22)


def amount_of(row: Entitlement, month: datetime.date, known_on: datetime.date) -> int | None:
    """By SQL; the same in Python, or the two have parted."""
    by_sql: Any = Entitlement.objects.with_amounts(month, known_on).get(pk=row.pk)
    in_python = amounts.worth(
        row,
        month=month,
        rates=amounts.known_rates(month, known_on),
        dependants=list(row.dependants.all()),
    )
    assert in_python.amount == by_sql.amount
    amount: int | None = by_sql.amount
    return amount


class TestWorth:
    @pytest.mark.parametrize(
        ("category", "level", "old", "new"),
        [
            ("BTXH-5C", 0, 360_000, 500_000),
            ("BTXH-6B", 0, 900_000, 1_250_000),
            ("NCC-10.2", 0, 1_208_000, 1_639_000),
            ("NCC-6.1TB", 21, 1_384_000, 1_878_000),
            ("NCC-6.1TB", 100, 6_589_000, 8_941_000),
            ("NCC-6.1TBB", 100, 5_451_000, 7_397_000),
        ],
    )
    def test_the_raise_of_july_2024_counts_once_it_is_known(
        self, category: str, level: int, old: int, new: int
    ) -> None:
        row = make.entitlement(make.person(), category, level=level)
        assert amount_of(row, JULY, BEFORE) == old
        assert amount_of(row, JULY, AFTER) == new
        assert amount_of(row, AUGUST, AFTER) == new
        assert amount_of(row, JUNE, AFTER) == old

    def test_a_single_parent_is_paid_for_each_child_of_the_month(self) -> None:
        row = make.entitlement(make.person(), "BTXH-4", dependants=2)
        Dependant.objects.create(entitlement=row, months=make.month_range(AUGUST))
        assert amount_of(row, JULY, AFTER) == 1_000_000
        assert amount_of(row, AUGUST, AFTER) == 1_500_000

    def test_without_children_it_is_not_zero_but_unknown(self) -> None:
        row = make.entitlement(make.person(), "BTXH-4")
        assert amount_of(row, JULY, AFTER) is None

    def test_the_decision_sets_the_amount_where_the_category_says_so(self) -> None:
        row = make.entitlement(make.person(), "KC-QD142", own_amount=2_200_000)
        assert amount_of(row, JULY, AFTER) == 2_200_000
        assert amount_of(make.entitlement(make.person(), "KC-QD142"), JULY, AFTER) is None

    def test_an_own_amount_elsewhere_changes_nothing(self) -> None:
        row = make.entitlement(make.person(), "BTXH-5C", own_amount=2_200_000)
        assert amount_of(row, JULY, AFTER) == 500_000

    def test_no_rate_is_unknown(self) -> None:
        row = make.entitlement(make.person(), "NCC-6.1TB", level=0)
        assert amount_of(row, JULY, AFTER) is None
        row = make.entitlement(make.person(), "BTXH-5C")
        assert amount_of(row, JULY, datetime.date(2020, 1, 1)) is None

    def test_sql_and_python_agree_on_the_demo(self) -> None:
        rates = list(amounts.known_rates(JULY, AFTER))
        rows: Any = (
            Entitlement.objects.with_amounts(JULY, AFTER).select_related("category").prefetch_related("dependants")
        )
        different = [
            row.pk
            for row in rows
            if amounts.worth(row, month=JULY, rates=rates, dependants=list(row.dependants.all())).amount != row.amount
        ]
        assert rows.count() > 3000
        assert different == []


@dataclass(frozen=True)
class Row:
    category: Category
    amount: int | None


def paid(**given: int | None) -> list[str]:
    """Codes of what is paid, of categories given as BTXH_5C=500_000."""
    rows = [Row(Category.objects.get(code=code.replace("_", "-")), amount) for code, amount in given.items()]
    return [row.category.code for row in amounts.payable(rows)]


class TestPayable:
    def test_of_trợ_cấp_xã_hội_only_the_highest(self) -> None:
        assert paid(BTXH_5C=500_000, BTXH_6B=1_250_000, BTXH_5A2=1_000_000) == ["BTXH-6B"]

    @pytest.mark.parametrize("other", ["BTXH_5C", "BTXH_6C", "BTXH_8"])
    def test_a_single_parent_combines_with_5_6_and_8(self, other: str) -> None:
        assert paid(BTXH_4=500_000, **{other: 750_000}) == ["BTXH-4", other.replace("_", "-")]

    def test_but_with_one_of_them_only(self) -> None:
        assert paid(BTXH_5C=500_000, BTXH_4=500_000, BTXH_6C=750_000) == ["BTXH-4", "BTXH-6C"]

    @pytest.mark.parametrize("other", ["BTXH_1B", "BTXH_2", "BTXH_3B", "BTXH_7"])
    def test_and_with_no_other_group(self, other: str) -> None:
        assert paid(BTXH_4=500_000, **{other: 750_000}) == [other.replace("_", "-")]

    def test_the_sum_decides_between_a_pair_and_a_single_one(self) -> None:
        assert paid(BTXH_2=750_000, BTXH_4=500_000, BTXH_5C=500_000) == ["BTXH-4", "BTXH-5C"]
        assert paid(BTXH_1A=1_250_000, BTXH_4=500_000, BTXH_5C=500_000) == ["BTXH-1A"]

    def test_of_equal_ones_the_first(self) -> None:
        assert paid(BTXH_6C=750_000, BTXH_5A1=750_000) == ["BTXH-6C"]

    def test_care_stands_beside_and_merit_adds_up(self) -> None:
        given = {"BTXH_5C": 500_000, "CSND_2C": 500_000, "NCC_3.1": 2_789_000, "NCC_10.2": 1_639_000}
        assert paid(**given) == ["BTXH-5C", "CSND-2C", "NCC-3.1", "NCC-10.2"]

    def test_one_off_benefits_are_not_monthly(self) -> None:
        assert paid(NCC_MTP=23_400_000, BTXH_5C=500_000) == ["BTXH-5C"]

    def test_nothing_of_nothing(self) -> None:
        assert paid() == []

    def test_an_unknown_amount_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="Chưa xác định"):
            paid(BTXH_5C=500_000, BTXH_6B=None)


def test_due_in_a_month_leaves_out_suspended_ended_and_one_off() -> None:
    person: Person = make.person()
    due = make.entitlement(person, "NCC-10.2")
    make.suspension(make.entitlement(person, "NCC-3.1"), JULY)
    make.entitlement(person, "NCC-9", before=JULY)
    make.entitlement(person, "NCC-MTP")
    assert list(person.entitlements.due_in(JULY)) == [due]
