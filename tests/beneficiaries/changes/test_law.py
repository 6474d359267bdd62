"""What the law says of first and last months, ages and authority (rules.md 1.2, 1.5, 1.6, 2.4)."""

import datetime

import pytest

from batosocial.lib.dates import PartialDate
from beneficiaries.changes import law
from beneficiaries.changes.law import Rule
from beneficiaries.models import Category, ChangeReason

pytestmark = pytest.mark.django_db

SIGNED = datetime.date(2024, 7, 22)
JULY = datetime.date(2024, 7, 1)


def category(code: str) -> Category:
    return Category.objects.get(code=code)


@pytest.mark.parametrize(
    ("code", "birth", "month"),
    [
        ("BTXH-5B", PartialDate(1949, 3, 15), datetime.date(2024, 3, 1)),
        ("BTXH-5C", PartialDate(1944, 2, 29), datetime.date(2024, 2, 1)),
        ("BTXH-5C", PartialDate(1944), datetime.date(2024, 1, 1)),
    ],
)
def test_the_aged_of_5b_and_5c_from_the_month_of_75_or_80(code: str, birth: PartialDate, month: datetime.date) -> None:
    """đ.đ k1 Điều 8 NĐ 20/2021; a birth date known by its year counts from 01/01."""
    first = law.first_month(category(code), birth=birth, signed_on=SIGNED)
    assert (first.month, first.rule) == (month, Rule.AGE)


def test_but_not_before_the_rates_that_the_register_knows() -> None:
    first = law.first_month(
        category("BTXH-5C"), birth=PartialDate(1930), signed_on=SIGNED, since=datetime.date(2021, 7, 1)
    )
    assert first.month == datetime.date(2021, 7, 1)
    assert "đủ 80 tuổi: tháng 1/2010" in first.why


def test_whoever_is_years_too_young_is_looked_at_not_kept_waiting() -> None:
    """A birth date may be wrong: the age is a warning, the month that of signing."""
    first = law.first_month(category("BTXH-5C"), birth=PartialDate(1955), signed_on=SIGNED)
    assert (first.month, first.rule) == (JULY, Rule.SIGNING)
    assert "đến tháng 1/2035 mới đủ 80 tuổi" in first.why


@pytest.mark.parametrize("code", ["BTXH-6A", "BTXH-6B", "BTXH-6C", "BTXH-6D"])
def test_the_disabled_from_the_month_of_the_certificate(code: str) -> None:
    """đ.đ k1 Điều 8 NĐ 20/2021: the month in which the degree of disability was certified."""
    birth = PartialDate(1970)
    issued = datetime.date(2024, 5, 31)
    first = law.first_month(category(code), birth=birth, signed_on=SIGNED, certificate=issued)
    assert (first.month, first.rule) == (datetime.date(2024, 5, 1), Rule.CERTIFICATE)
    assert law.first_month(category(code), birth=birth, signed_on=SIGNED).month is None


@pytest.mark.parametrize("code", ["BTXH-1B", "BTXH-4", "BTXH-5A1", "BTXH-5D", "BTXH-7", "BTXH-8", "CSND-2C"])
def test_everybody_else_and_carers_from_the_month_of_signing(code: str) -> None:
    """đ.đ k1 Điều 8 NĐ 20/2021: from when the chairman of the district signs."""
    first = law.first_month(category(code), birth=PartialDate(1950), signed_on=SIGNED)
    assert (first.month, first.rule) == (JULY, Rule.SIGNING)


def test_merit_as_the_departments_decision_says() -> None:
    assert law.first_month(category("NCC-3.1"), birth=PartialDate(1950), signed_on=SIGNED).rule == Rule.DECISION


@pytest.mark.parametrize(
    ("day", "month"),
    [(datetime.date(2024, 7, 1), datetime.date(2024, 8, 1)), (datetime.date(2024, 12, 31), datetime.date(2025, 1, 1))],
)
def test_stopped_from_the_month_right_after_death_or_loss(day: datetime.date, month: datetime.date) -> None:
    """Khoản 2 Điều 8 NĐ 20/2021: the month itself is still payable."""
    assert law.stop_month(day, "TT02-2.1.a") == month


def test_treason_ends_from_the_month_of_the_decision() -> None:
    """Khoản 3 Điều 54 PL 02/2020, đ.c k1 Điều 118 NĐ 131/2021."""
    assert law.stop_month(SIGNED, "PL02-54.3") == JULY


def test_social_assistance_is_the_chairmans_and_merit_the_departments() -> None:
    """Khoản 4 Điều 2 TT 02/2021; Điều 122 to 124 NĐ 131/2021."""
    assert law.authority_of("BTXH") == "chairman"
    assert law.authority_of("NCC") == "department"


@pytest.mark.parametrize(
    ("code", "birth", "month", "fits"),
    [
        ("BTXH-5C", PartialDate(1944, 7, 31), JULY, True),
        ("BTXH-5C", PartialDate(1944, 8, 1), JULY, False),
        ("BTXH-1A", PartialDate(2020, 7, 2), JULY, True),
        ("BTXH-1A", PartialDate(2020, 6, 30), JULY, False),
        ("BTXH-6B", PartialDate(1960), JULY, True),
        ("BTXH-6B", PartialDate(1980), JULY, False),
        ("BTXH-8", PartialDate(1980), JULY, True),
    ],
)
def test_ages_of_the_groups(code: str, birth: PartialDate, month: datetime.date, fits: bool) -> None:
    """Điều 5, Điều 6 NĐ 20/2021."""
    assert (law.age_warning(category(code), birth, month) == "") is fits


def test_the_warning_names_age_and_group() -> None:
    said = law.age_warning(category("BTXH-5B"), PartialDate(1955), JULY)
    assert said == "Sinh 1955, 69 tuổi vào tháng 7/2024; đối tượng này là người từ đủ 75 đến dưới 80 tuổi."


@pytest.mark.parametrize(
    ("code", "year", "fits"), [("BTXH-4", 2003, True), ("BTXH-4", 2001, False), ("CSND-1A", 2019, False)]
)
def test_ages_of_those_for_whom_it_is_paid(code: str, year: int, fits: bool) -> None:
    """Khoản 4 Điều 5 (a child up to 22 at school), khoản 1 Điều 20 NĐ 20/2021."""
    said = law.dependant_warning(category(code), "Lan", PartialDate(year), JULY)
    assert (said == "") is fits


def test_reasons_belong_to_their_regime() -> None:
    """Khoản 1 of Điều 2 TT 02/2021 is for trợ cấp xã hội, khoản 2 for carers, NĐ 131/2021 for NCC."""
    codes = {
        regime: {reason.code for reason in law.ending_reasons([regime])} for regime in ("allowance", "care", "merit")
    }
    assert {"TT02-2.1.b", "TT02-2.1.d", "ND20-8.4"} <= codes["allowance"]
    assert codes["care"] == {"TT02-2.2.a", "TT02-2.2.b", "TT02-2.2.c", "TT02-2.2.d"}
    assert {"PL02-54.3", "PL02-54.4", "PL02-55", "ND131-131"} == codes["merit"]
    assert not law.ends(ChangeReason.objects.get(code="TT02-2.2.b"), category("BTXH-5C"))
    # A suspension is not an end.
    assert not law.ends(ChangeReason.objects.get(code="TT02-2.3.a"), category("BTXH-5C"))


@pytest.mark.parametrize(
    ("regimes", "code"), [({"allowance", "care"}, "TT02-2.1.a"), ({"care"}, "TT02-2.2.a"), ({"merit"}, "ND131-122")]
)
def test_a_death_has_its_reason_by_what_it_ends(regimes: set[str], code: str) -> None:
    """đ.a k1, đ.a k2 Điều 2 TT 02/2021; Điều 122 NĐ 131/2021."""
    assert law.death_reason(regimes) == code
