import pytest
from hypothesis import given
from hypothesis import strategies as st

from batosocial.lib import national_id
from batosocial.lib.dates import PartialDate


def codes(check):
    return [(problem.code, problem.severity) for problem in check.problems]


def test_the_63_provinces():
    assert len(national_id.provinces()) == 63
    assert national_id.provinces()["051"] == "Quảng Ngãi"


@pytest.mark.parametrize(
    "value", ["051167000123", "051 167 000 123", "051.167.000123", "'051167000123", "０51167000123\u00a0"]
)
def test_a_number_is_read_however_it_is_written(value):
    check = national_id.check_cccd(value, sex="F", birth_year=1967)
    assert check == national_id.CccdCheck("051167000123")


@pytest.mark.parametrize(
    ("value", "sex", "year", "found"),
    [
        ("051149011388", "F", 1949, []),
        ("051149011388", None, None, []),
        ("001204011388", "M", 2004, []),
        ("051304011388", "F", 2004, []),
        ("051146858596", "M", 1946, [("sex_mismatch", "warning")]),
        ("051146858596", "F", 1957, [("year_mismatch", "warning")]),
        ("051046858596", "M", 2046, [("year_mismatch", "warning")]),
        ("051146858596", "M", 1957, [("sex_mismatch", "warning"), ("year_mismatch", "warning")]),
        ("099146858596", "F", 1946, [("unknown_province", "warning")]),
        ("062146858596", "F", 1946, []),
        ("051146000000", "F", 1946, [("filler", "warning")]),
        ("111111111111", "F", 1911, [("unknown_province", "warning"), ("filler", "warning")]),
    ],
)
def test_contradictions_are_warnings(value, sex, year, found):
    check = national_id.check_cccd(value, sex=sex, birth_year=year)
    assert (check.number, codes(check)) == (value, found)


@pytest.mark.parametrize(
    "value", ["05116700", "0511670001234", "05116700012x", "5.1E+10", "abc", "٠٥١١٦٧٠٠٠١٢٣", "05116700012"]
)
def test_what_is_not_12_digits_is_an_error_that_shows_the_value(value):
    check = national_id.check_cccd(value, sex=None, birth_year=None)
    assert (check.number, codes(check)) == ("", [("malformed", "error")])
    assert value in check.problems[0].message_vi


@pytest.mark.parametrize("value", ["51030234089", 51030234089])
def test_the_zero_that_excel_dropped_is_put_back_with_a_warning(value):
    check = national_id.check_cccd(value, sex="M", birth_year=1930)
    assert (check.number, check.repaired, codes(check)) == ("051030234089", True, [("repaired", "warning")])


def test_eleven_digits_of_no_province_have_lost_another_digit():
    assert codes(national_id.check_cccd("99167000123")) == [("malformed", "error")]


def test_no_number_is_for_the_caller_to_ask_about():
    assert national_id.check_cccd(" ", sex="M", birth_year=1943) == national_id.CccdCheck("")
    assert national_id.check_cmnd("") == national_id.CccdCheck("")


def test_cmnd_has_nine_digits_and_no_structure():
    assert national_id.check_cmnd("212 345.678") == national_id.CccdCheck("212345678")
    assert codes(national_id.check_cmnd("12345678")) == [("malformed", "error")]


def test_describe():
    assert national_id.describe("051167000123") == ("Quảng Ngãi", "F", 1967)
    assert national_id.describe("099204000123") == (None, "M", 2004)
    with pytest.raises(ValueError, match="12 chữ số"):
        national_id.describe("51167000123")


@given(st.text() | st.text("0123456789. '") | st.integers(), st.sampled_from(["M", "F", None]))
def test_checks_never_fail(value, sex):
    check = national_id.check_cccd(value, sex=sex, birth_year=1950)
    assert check.number == "" or (len(check.number) == 12 and check.number.isdigit())
    national_id.check_cmnd(value)


QR = "051167000123|212345678|Phạm Thị Huyền|12051967|Nữ|Thôn Nước Lầy, Ba Xa, Ba Tơ, Quảng Ngãi|12072021"


def test_a_card_is_read_from_its_qr_code():
    card = national_id.parse_qr(QR + "|||\n")
    assert (card.number, card.cmnd, card.name, card.sex) == ("051167000123", "212345678", "Phạm Thị Huyền", "F")
    assert card.birth == PartialDate(1967, 5, 12)
    assert card.address == "Thôn Nước Lầy, Ba Xa, Ba Tơ, Quảng Ngãi"
    assert str(card.issued_on) == "2021-07-12"


def test_cmnd_day_of_birth_and_issue_date_may_be_missing():
    card = national_id.parse_qr("051167000123||Phạm Rin|00001967|Nam|Ba Xa|")
    assert (card.cmnd, str(card.birth), card.sex, card.issued_on) == ("", "1967", "M", None)


@pytest.mark.parametrize(
    "text",
    [
        *("", "051167000123", "https://example.org|a|b|c|d|e|f", QR.replace("0511", "X"), QR.replace("Nữ", "?")),
        *(QR.replace("12051967", "31021967"), QR.replace("12051967", "1967"), QR.replace("Phạm Thị Huyền", "")),
    ],
)
def test_other_codes_are_refused(text):
    with pytest.raises(ValueError, match=r"Mã QR|lịch"):
        national_id.parse_qr(text)


@given(st.text() | st.text("0123456789|Na", max_size=80))
def test_parse_qr_raises_nothing_but_value_error(text):
    try:
        national_id.parse_qr(text)
    except ValueError as error:
        assert str(error)
