import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batosocial.lib import months

JULY = datetime.date(2024, 7, 1)
MONTHS = st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)).map(months.first)


@pytest.mark.parametrize(
    "text",
    ["2024-07", "7/2024", "07/2024", "tháng 7/2024", "Tháng 7 năm 2024", " THÁNG 07  NĂM 2024", "T7/2024", "7-2024"],
)
def test_parse(text):
    assert months.parse(text) == JULY


@pytest.mark.parametrize("text", ["", "13/2024", "0/2024", "7/24", "2024", "2024-7-1", "tháng bảy", "7/0024"])
def test_parse_says_how_to_write_it(text):
    with pytest.raises(ValueError, match=r"7/2024"):
        months.parse(text)


@given(st.text())
def test_parse_never_fails_otherwise(text):
    try:
        months.parse(text)
    except ValueError as error:
        assert "tháng" in str(error)


@given(MONTHS)
def test_every_way_of_writing_is_read(month):
    assert {months.parse(write(month)) for write in (months.iso, months.label, months.title)} == {month}


@given(MONTHS, st.integers(-600, 600))
def test_add_and_between_are_inverse(month, n):
    assert months.between(month, months.add(month, n)) == n
    assert months.add(months.add(month, n), -n) == month


def test_span_includes_both_ends():
    assert [months.label(month) for month in months.span(datetime.date(2023, 12, 1), datetime.date(2024, 2, 1))] == [
        "12/2023",
        "1/2024",
        "2/2024",
    ]
    assert list(months.span(JULY, JULY)) == [JULY]
    assert list(months.span(JULY, datetime.date(2024, 6, 1))) == []


def test_first_gives_a_date_for_a_moment():
    assert months.first(datetime.datetime(2024, 7, 22, 8, 30)) == JULY
    assert type(months.first(datetime.datetime(2024, 7, 22))) is datetime.date


def test_written():
    assert (months.iso(JULY), months.label(JULY), months.title(JULY)) == ("2024-07", "7/2024", "tháng 7/2024")
