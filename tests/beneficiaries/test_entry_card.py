"""What the box for a number makes of what is typed or scanned into it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beneficiaries.entry.card import read_box

CARD = "051142000123|212345678|Phạm Thị Dế|12051942|Nữ|Thôn Nước Lầy, Xã Ba Động, Ba Tơ, Quảng Ngãi|10052021"


def test_a_card_fills_name_birth_sex_and_address():
    card = read_box(CARD)
    assert (card.cccd, card.cmnd, card.name) == ("051142000123", "212345678", "Phạm Thị Dế")
    assert (card.birth, card.sex, card.scanned) == ("12/05/1942", "F", True)
    assert card.address == "Thôn Nước Lầy, Xã Ba Động, Ba Tơ, Quảng Ngãi"


def test_a_card_without_an_old_number_and_with_only_a_year():
    card = read_box("051042000123||Phạm Văn Ểu|00001942|Nam|Ba Động, Ba Tơ, Quảng Ngãi|")
    assert (card.cmnd, card.birth, card.sex) == ("", "1942", "M")


@pytest.mark.parametrize(
    "typed",
    [
        unicodedata.normalize("NFD", CARD),
        CARD.encode().decode("latin-1"),
        f"  {CARD}\r\n",
        CARD + "|thêm|trường",
    ],
)
def test_what_scanners_do_to_letters_is_undone(typed: str):
    assert read_box(typed).name == "Phạm Thị Dế"


@pytest.mark.parametrize(
    "typed",
    [
        # another layout, the vertical bar lost; French digits; Telex at work
        "051142000123~212345678~Pham Thi De~12051942~Nu~Thon Nuoc Lay~10052021",
        "à(&&'éàààà&éè}é&é\"'(-_è}Phạm Thị Dế}&éà(&ç'é}Nữ}Thôn}&àà(éàé&",
        "051142000123|212345678|Phạm Thị Dế|1205",
        "O51142OOO123|212345678|Phạm Thị Dế|12051942|Nữ|Thôn Nước Lầy|10052021",
    ],
)
def test_another_keyboard_layout_is_told_and_how_to_mend_it(typed: str):
    with pytest.raises(ValueError, match="bàn phím tiếng Anh"):
        read_box(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "051142000123|212345678|Pham Thi De|12051942|Nu|Thon Nuoc Lay, Ba To, Quang Ngai|10052021",
        "051142000123|212345678|Ph?m Th? D?|12051942|Nữ|Thôn Nước Lầy|10052021",
    ],
)
def test_lost_accents_are_told(typed: str):
    with pytest.raises(ValueError, match="mất dấu"):
        read_box(typed)


def test_a_number_tells_sex_and_year():
    told = read_box(" 0511 4200 0123 ")
    assert (told.cccd, told.sex, told.birth, told.scanned, told.name) == ("051142000123", "F", "1942", False, "")


def test_eleven_digits_get_their_zero_back_and_say_so():
    told = read_box("51142000123")
    assert told.cccd == "051142000123"
    assert "thiếu số 0" in told.notes[0]


def test_nine_digits_are_an_old_number():
    assert read_box("212 345 678").cmnd == "212345678"


@pytest.mark.parametrize("typed", ["Phạm Thị Dế", "12345", "0511420001234", "05114200012a"])
def test_anything_else_says_what_to_type(typed: str):
    with pytest.raises(ValueError, match="12 chữ số"):
        read_box(typed)


@given(st.text(max_size=300) | st.text(alphabet="0123456789|NamữNuữ ", max_size=120))
def test_whatever_is_typed_is_read_or_refused_in_words(typed: str):
    try:
        told = read_box(typed)
    except ValueError as error:
        assert str(error).strip()
    else:
        assert told.cccd or told.cmnd
