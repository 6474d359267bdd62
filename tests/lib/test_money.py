import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batosocial.lib import money

AMOUNTS = st.integers(0, money.MAX_AMOUNT)


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("1.639.000đ", 1639000),
        ("1,639,000", 1639000),
        ("1 639 000 ₫", 1639000),
        ("1.639.000 đồng", 1639000),
        ("1639000 VND", 1639000),
        ("1639000 VNĐ.", 1639000),
        (" 1.639.000,00\u00a0đ", 1639000),
        ("１.639.000", 1639000),
        ("1639000.0", 1639000),
        ("1.492", 1492),
        ("0", 0),
        (500000, 500000),
        (500000.0, 500000),
        (Decimal("500000.00"), 500000),
    ],
)
def test_parse_amount(value, amount):
    assert money.parse_amount(value) == amount


@pytest.mark.parametrize(
    "value",
    [
        *("", "  ", None, "đ", "-", "không", "1.49", "1.4920", "1,5 triệu", "0.500", "1.492.00", "1,492.000"),
        *("12.34.567", "1.639,000", "4.5E+12", "051049066234", "-5", "-1.000.000 đ", "1/2", True, -1, 1.5, 1.492),
        *(float("nan"), float("inf"), Decimal("NaN"), Decimal("sNaN"), 10**15 + 1, 1e300, "9" * 400),
        *(datetime.date(2024, 7, 1), [], "٣", "²"),
    ],
)
def test_what_is_not_an_amount_is_refused_never_zero(value):
    with pytest.raises(ValueError, match=r"[Ss]ố"):
        money.parse_amount(value)


@given(st.text() | st.text("0123456789., đ-") | st.floats() | st.decimals() | st.integers())
def test_parse_amount_raises_nothing_but_value_error(value):
    try:
        assert 0 <= money.parse_amount(value) <= money.MAX_AMOUNT
    except ValueError as error:
        assert "ố tiền" in str(error)


@given(AMOUNTS)
def test_what_is_written_is_read_back(amount):
    assert money.parse_amount(money.format_amount(amount)) == amount
    assert money.parse_amount(money.format_number(amount)) == amount


def test_formats():
    assert money.format_number(1492) == "1.492"
    assert money.format_number(-1492) == "-1.492"
    assert money.format_amount(2789000) == "2.789.000 đ"


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (443, 1492, "29,7%"),
        (684, 2320, "29,5%"),
        (1127, 3812, "29,6%"),
        (1, 2, "50,0%"),
        (1, 16, "6,3%"),
        (9, 400, "2,3%"),
        (0, 5, "0,0%"),
        (5, 5, "100,0%"),
        (0, 0, "-"),
    ],
)
def test_rates(part, whole, shown):
    assert money.format_rate(money.rate(part, whole)) == shown


@given(AMOUNTS, st.integers(1, money.MAX_AMOUNT))
def test_rates_are_rounded_once(part, whole):
    assert money.rate(part, whole) == Decimal((2000 * part + whole) // (2 * whole)).scaleb(-1)


def test_round_half_up():
    assert money.round_half_up(Decimal("2.25"), 1) == Decimal("2.3")
    assert money.round_half_up(Decimal("2.5"), 0) == 3


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "không"),
        (4, "bốn"),
        (5, "năm"),
        (10, "mười"),
        (11, "mười một"),
        (14, "mười bốn"),
        (15, "mười lăm"),
        (20, "hai mươi"),
        (21, "hai mươi mốt"),
        (24, "hai mươi tư"),
        (25, "hai mươi lăm"),
        (91, "chín mươi mốt"),
        (100, "một trăm"),
        (101, "một trăm linh một"),
        (105, "một trăm linh năm"),
        (111, "một trăm mười một"),
        (115, "một trăm mười lăm"),
        (555, "năm trăm năm mươi lăm"),
        (1000, "một nghìn"),
        (1001, "một nghìn không trăm linh một"),
        (1010, "một nghìn không trăm mười"),
        (1100, "một nghìn một trăm"),
        (500_000, "năm trăm nghìn"),
        (1_005_000, "một triệu không trăm linh năm nghìn"),
        (2_789_000, "hai triệu bảy trăm tám mươi chín nghìn"),
        (1_000_001, "một triệu không trăm linh một"),
        (122_000_000, "một trăm hai mươi hai triệu"),
        (1_000_000_000, "một tỷ"),
        (1_000_000_005, "một tỷ không trăm linh năm"),
        (21_000_000_000, "hai mươi mốt tỷ"),
        (1_000_000_000_000, "một nghìn tỷ"),
        (2_001_000_000_000, "hai nghìn không trăm linh một tỷ"),
        (10**15, "một triệu tỷ"),
    ],
)
def test_in_words(n, words):
    assert money.in_words(n) == f"{words} đồng"


def _read(words):
    """A second, independent reading of the words, from left to right."""
    digits = {word: value for value, word in enumerate(money._DIGITS)} | {"mốt": 1, "tư": 4, "lăm": 5}
    total = part = digit = 0
    for word in words.removesuffix(" đồng").split():
        match word:
            case "trăm":
                part, digit = part + digit * 100, 0
            case "mươi":
                part, digit = part + digit * 10, 0
            case "mười":
                part += 10
            case "linh":
                pass
            case "nghìn" | "triệu":
                unit = 1000 if word == "nghìn" else 10**6
                # Of what stands since the last tỷ, a unit takes the part just read.
                total, part, digit = total + (part + digit) * unit, 0, 0
            case "tỷ":
                total, part, digit = (total + part + digit) * 10**9, 0, 0
            case _:
                digit = digits[word]
    return total + part + digit


@given(AMOUNTS | st.integers(0, 10**7))
def test_words_say_the_amount(n):
    assert _read(money.in_words(n)) == n


@pytest.mark.parametrize("n", [-1, money.MAX_AMOUNT + 1])
def test_in_words_refuses_what_no_list_holds(n):
    with pytest.raises(ValueError, match="bằng chữ"):
        money.in_words(n)
