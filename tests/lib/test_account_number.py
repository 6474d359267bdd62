"""Account numbers as people type and paste them: 6 to 19 digits or a clear error (rules.md 7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batosocial.lib.account_number import parse_account_number

SEPARATORS = " .-‐–—'’\u00a0\u200b\t"


@pytest.mark.parametrize(
    "written",
    ["4505205001234", " 4505 2050 01234 ", "4505.2050.01234", "4505-2050-01234", "4505–205001234", "'4505205001234",
     "4505\u00a02050\u200b01234", "４５０５２０５００１２３４"],
)  # fmt: skip
def test_what_stands_between_the_digits_goes(written: str) -> None:
    assert parse_account_number(written) == "4505205001234"


@pytest.mark.parametrize(("written", "number"), [("123456", "123456"), ("1" * 19, "1" * 19), ("000123", "000123")])
def test_6_to_19_digits_and_leading_zeros_stay(written: str, number: str) -> None:
    assert parse_account_number(written) == number


@pytest.mark.parametrize("written", ["", "   ", "\u200b"])
def test_nothing_is_nothing(written: str) -> None:
    assert parse_account_number(written) == ""


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("12345", "6 đến 19 chữ số, đang có 5"),
        ("1" * 20, "6 đến 19 chữ số, đang có 20"),
        ("45052O5001234", "phải là 6 đến 19 chữ số"),
        ("STK 4505205001234", "phải là 6 đến 19 chữ số"),
        ("4505205001234/1", "phải là 6 đến 19 chữ số"),
        ("٤٥٠٥٢٠٥٠٠", "phải là 6 đến 19 chữ số"),
        ("4.5E+12", "Excel đổi dạng"),
        ("4,50521e+12", "Excel đổi dạng"),
        ("4.50521E12", "Excel đổi dạng"),
        ("4505205001234.0", "Excel đổi dạng"),
        ("...", "không có chữ số nào"),
    ],
)
def test_everything_else_says_what_is_wrong(written: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_account_number(written)


@given(
    st.text("0123456789", min_size=6, max_size=19),
    st.lists(st.tuples(st.integers(0, 19), st.sampled_from(SEPARATORS)), max_size=8),
)
def test_separators_anywhere_never_change_the_digits(digits: str, marks: list[tuple[int, str]]) -> None:
    written = digits
    for place, mark in marks:
        written = written[: min(place, len(written))] + mark + written[min(place, len(written)) :]
    try:
        assert parse_account_number(written) == digits
    except ValueError as error:
        # "123456.0" could be a spreadsheet's number: rather asked again than guessed.
        assert "Excel đổi dạng" in str(error)
        assert written.rstrip(SEPARATORS)[-2:-1] == "."


@given(st.text(max_size=40) | st.text("0123456789Ee+.,- ", max_size=30))
def test_any_text_is_a_number_an_error_or_nothing(written: str) -> None:
    try:
        number = parse_account_number(written)
    except ValueError as error:
        assert str(error).startswith("Số tài khoản “")
    else:
        assert number == "" or (6 <= len(number) <= 19 and number.isascii() and number.isdigit())
