import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batosocial.lib.dates import PartialDate, age_months, parse_partial, reaches_age_on

TODAY = datetime.date(2024, 7, 22)
DAYS = st.dates(datetime.date(1900, 1, 1), TODAY)
BIRTHS = st.one_of(
    DAYS.map(lambda day: PartialDate(day.year, day.month, day.day)),
    DAYS.map(lambda day: PartialDate(day.year, day.month)),
    DAYS.map(lambda day: PartialDate(day.year)),
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        *((value, "1942") for value in (1942, 1942.0, "1942", " sinh năm 1942", "00/00/1942", "--/--/1942")),
        *((value, "1942") for value in ("../../1942", "/ /1942", "??/??/1942", "0/0/1942")),
        *((value, "05/1942") for value in ("5/1942", "05/1942", "00/05/1942", "--/5/1942", "5-1942")),
        *((value, "12/05/1942") for value in ("12/5/1942", "12.05.1942", "12-5-1942", "1942-05-12", "12 / 5 / 1942")),
        *((value, "12/05/1942") for value in (15473, 15473.0, "15473", "1942-05-12 00:00:00")),
        (datetime.datetime(1942, 5, 12), "12/05/1942"),
        (datetime.date(1942, 5, 12), "12/05/1942"),
        (2024, "2024"),
        (9999, "17/05/1927"),
    ],
)
def test_what_is_known_is_read_and_nothing_invented(value, written):
    birth, warnings = parse_partial(value, today=TODAY)
    assert (str(birth), warnings) == (written, [])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        *((value, "trước năm 1900") for value in (1850, "1850", "12/5/1850")),
        *((value, "ở sau hôm nay") for value in (2025, "2025", "2031", "23/7/2024", 60000, datetime.date(2030, 1, 1))),
        *((value, "không có trong lịch") for value in ("30/2/1942", "29/02/1943", "12/13/1942", "32/1/1942")),
        *((value, "Chưa có ngày sinh") for value in (None, "", "  ")),
        *((value, "hãy ghi") for value in ("12/5/42", "năm nay", True, datetime.time(8), "12/5", 0, 42, -1, 1942.5)),
        *((value, "không phải là ngày sinh") for value in (float("nan"), float("inf"), 1e12)),
    ],
)
def test_refusals_say_why(value, said):
    with pytest.raises(ValueError, match=said):
        parse_partial(value, today=TODAY)


@pytest.mark.parametrize("value", ["01/01/1942", datetime.date(1942, 1, 1)])
def test_new_years_day_is_doubtful(value):
    birth, warnings = parse_partial(value, today=TODAY)
    assert str(birth) == "01/01/1942"
    assert warnings == ["Ngày sinh 01/01/1942: nếu chỉ biết năm thì hãy ghi 1942."]


def test_a_day_without_its_month_is_left_out_and_said():
    birth, (warning,) = parse_partial("12/00/1942", today=TODAY)
    assert str(birth) == "1942"
    assert "có ngày mà không có tháng" in warning


@given(BIRTHS)
def test_what_is_written_is_read_back(birth):
    assert parse_partial(str(birth), today=TODAY)[0] == birth


@example(float("-inf"))
@example(float("inf"))
@example(float("nan"))
@given(st.text() | st.text("0123456789/-. ") | st.floats() | st.integers() | st.datetimes() | st.booleans())
def test_parse_raises_nothing_but_value_error(value):
    try:
        birth, _ = parse_partial(value, today=TODAY)
        assert datetime.date(1900, 1, 1) <= birth.earliest <= TODAY
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize("parts", [(1942, 13), (1943, 2, 29), (1942, None, 5), (0,), (1942, 0)])
def test_impossible_dates_do_not_exist(parts):
    with pytest.raises(ValueError, match=r"lịch|phải có tháng"):
        PartialDate(*parts)


@pytest.mark.parametrize(
    ("birth", "years", "day"),
    [
        (PartialDate(1944), 80, datetime.date(2024, 1, 1)),
        (PartialDate(1944, 7), 80, datetime.date(2024, 7, 1)),
        (PartialDate(1949, 7, 22), 75, datetime.date(2024, 7, 22)),
        (PartialDate(2020, 2, 29), 3, datetime.date(2023, 2, 28)),
        (PartialDate(2020, 2, 29), 4, datetime.date(2024, 2, 29)),
    ],
)
def test_reaching_an_age(birth, years, day):
    assert reaches_age_on(birth, years) == day
    assert age_months(birth, day) == 12 * years
    assert age_months(birth, day - datetime.timedelta(days=1)) == 12 * years - 1


@given(BIRTHS, st.integers(0, 110))
def test_ages_and_birthdays_agree(birth, years):
    day = reaches_age_on(birth, years)
    assert age_months(birth, day) == 12 * years
    assert age_months(birth, day - datetime.timedelta(days=1)) == 12 * years - 1
