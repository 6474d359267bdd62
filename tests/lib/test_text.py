import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batosocial.lib import text

VIETNAMESE = st.text(alphabet="aăâbcdđeêghioôơuưyAĐÐ'’-. \u00a0\u0300\u0301\u0303\u0309\u0323\u0302\u200b")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Phạm\u00a0Thị   Hồng ", "Phạm Thị Hồng"),
        (unicodedata.normalize("NFD", "Lê Thị Na"), "Lê Thị Na"),
        ("Đinh\tVăn\r\nRin", "Đinh Văn Rin"),
        ("\u00d0inh V\u200băn\ufeff R\x00in\u00ad", "Đinh Văn Rin"),
        ("Thùy", "Thùy"),
        ("", ""),
    ],
)
def test_clean(typed, stored):
    assert text.clean(typed) == stored


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("Phạm Thị Huyền", "pham thi huyen"),
        ("ĐINH VĂN ĐÁ", "dinh van da"),
        ("H're", "hre"),
        ("H’RÊ", "hre"),
        ("Y-Brít", "y brit"),
        ("TT. Ba Tơ", "tt ba to"),
        ("Thùy", text.fold("Thuỳ")),
    ],
)
def test_fold(value, key):
    assert text.fold(value) == key


def test_ba_to_town_and_commune_fold_alike_but_are_spelled_differently():
    assert text.fold("Ba Tơ") == text.fold("Ba Tô") == "ba to"
    assert text.accent_key("Ba Tơ") != text.accent_key("Ba Tô")


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Hòa", "Hoà", True),
        ("Thúy", "Thuý", True),
        ("Đặng Thùy Trâm", "Đặng Thuỳ Trâm", True),
        ("HÒE", "hoè", True),
        ("Uỷ ban", "Ủy ban", True),
        ("Lí", "Lý", False),
        ("Quí", "Quý", False),
        ("Ba Vi", "Ba Vì", False),
        ("Hoàn", "Hòan", False),
        ("Quý", "Qúy", False),
        ("H're", "H’re", True),
        ("H're", "Hre", False),
    ],
)
def test_same_spelling(a, b, same):
    assert text.same_spelling(a, b) is same
    assert text.same_spelling(unicodedata.normalize("NFD", a), b) is same


def test_people_are_found_by_given_name_first_and_by_either_name():
    key = text.name_search_key("Phạm Văn Rin", "Má Grí", "Phạm  Văn Rin", "")
    assert key == "pham van rin | rin pham van | ma gri | gri ma"
    assert text.name_search_key("Rin") == "rin"


@pytest.mark.parametrize(
    "ordered",
    [
        ["An", "Anh", "Ánh", "Ân", "Ẩn", "Dung", "Dũng", "Đá", "Ê", "Ơi", "Ới"],
        ["Ma", "Mà", "Mả", "Mã", "Má", "Mạ"],
        ["A", "Ă", "Â", "B", "C", "D", "Đ", "E", "Ê", "F", "G", "O", "Ô", "Ơ", "U", "Ư", "V", "W", "X", "Y", "Z"],
        ["An", "Nguyễn An", "Phạm An", "Nguyễn Anh", "An Bình"],
        ["Lê Thị An", "Phạm An", "Phạm Thị An", "Phạm Văn An", "Lê Thị Ánh"],
        ["an", "An", "AN", "anh"],
        ["Lê Hòa", "Phạm Hoà", "Tạ Hòa"],
    ],
)
def test_lists_are_in_given_name_order(ordered):
    backwards = ordered[::-1]
    assert sorted(backwards, key=text.sort_key) == ordered


def test_foreign_and_highland_names_sort_among_the_others():
    names = ["Brít", "Gríp", "H're", "Hrê", "Jơ", "Wang", "Zoe", "Иван"]
    backwards = names[::-1]
    assert sorted(backwards, key=text.sort_key) == names


@pytest.mark.parametrize(
    ("name", "strange"),
    [
        ("Phạm Thị Hà-My", ""),
        ("Đinh Văn Gríp H're", ""),
        ("𝕻𝖍𝖆𝖒", "𝕻 𝖆 𝖍 𝖒"),
        ("Phạm Вăn", "В"),
        ("Phạm <b>", "< >"),
        ("Phạm 2", "2"),
    ],
)
def test_names_have_latin_letters_alone(name, strange):
    """rules.md 9.5: letters, blanks, ' - . and nothing that only looks like them."""
    assert text.strange_signs(name) == strange


def test_holder_key():
    assert text.holder_key("Phạm Thị  Huyền") == "PHAM THI HUYEN"


@given(st.text() | VIETNAMESE)
def test_keys_are_stable_for_any_text(value):
    assert text.clean(text.clean(value)) == text.clean(value)
    assert text.fold(text.fold(value)) == text.fold(value)
    assert text.fold(unicodedata.normalize("NFD", text.clean(value))) == text.fold(value)
    assert text.sort_key(text.clean(value)) == text.sort_key(value)
    assert text.same_spelling(value, text.clean(value))
    text.holder_key(value).encode()
    text.name_search_key(value).encode()


@given(VIETNAMESE, VIETNAMESE)
def test_byte_order_of_sort_keys_is_pythons(a, b):
    """PostgreSQL's COLLATE "C" compares bytes of UTF-8."""
    x, y = text.sort_key(a), text.sort_key(b)
    assert (x < y) == (x.encode() < y.encode())
