"""How much room text takes: never less than it will."""

import pytest

from beneficiaries.documents.fitting import height, lines, width

#: As LibreOffice sets it in 10 points.
MEASURED = {
    "Cùng Công an xã đối chiếu, đính chính hồ sơ": 183.0,
    "Mở tài khoản tại nhà hoặc lập giấy ủy quyền": 172.0,
}


@pytest.mark.parametrize("text", MEASURED)
def test_text_is_not_reckoned_narrower_than_it_is(text: str) -> None:
    assert MEASURED[text] <= width(text, 10) <= MEASURED[text] * 1.2


def test_words_go_to_the_next_line_whole() -> None:
    room = width("một hai", 10)
    assert lines("một hai", 10, room) == 1
    assert lines("một hai ba", 10, room) == 2
    assert lines("", 10, room) == 1


def test_a_word_longer_than_a_line_is_broken() -> None:
    assert lines("m" * 30, 10, width("m" * 10, 10) + 1) == 3


def test_letters_with_marks_are_at_least_as_wide() -> None:
    assert width("ế", 10) > width("e", 10)
    assert width("ơ", 10) > width("o", 10)


def test_a_paragraph_is_as_high_as_its_lines() -> None:
    assert height("một", 10, 500) == pytest.approx(11.5)
