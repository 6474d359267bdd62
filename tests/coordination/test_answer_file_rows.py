"""What a row of a file of answers says, and everything that is wrong with it; nothing is guessed."""

import datetime

import pytest

from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.rounds.files.codes import code_of
from batosocial.staff.models import Role
from beneficiaries.imports.messages import ListRefused
from beneficiaries.models import Person
from tests import factories as make
from tests.coordination import answer_files as files

pytestmark = pytest.mark.django_db

HEADER = ["TT", "Họ tên", "Năm sinh", "Số căn cước", "Kết quả đối chiếu", "Họ tên theo CCCD", "Ngày mất", "Ghi chú"]


@pytest.fixture
def woman():
    return make.person("Phạm Thị Hòa", birth="12/05/1950", hamlet="Thôn Nam Lân")


@pytest.fixture
def round_(woman):
    return files.round_([woman])


@pytest.fixture
def police(round_):
    return files.police()


def _filled(round_, police, **values):
    return files.checked(files.filled(files.exported(round_, police), values), round_, police)


def _typed(round_, police, *rows, header=HEADER):
    return files.checked(files.typed(header, *rows), round_, police)


# --- how it is read ------------------------------------------------------------------------------------------------


def test_a_file_typed_by_hand_is_found_by_its_numbers(round_, police, woman):
    preview = _typed(round_, police, [1, "PHẠM THỊ HOÀ", "12/05/1950", woman.cccd, "khớp", "", "", ""])
    assert files.outcomes(preview) == ["new"]
    assert preview.asked_of(preview.rows[0]).person == woman


def test_columns_may_stand_in_any_order_and_have_other_names(round_, police, woman):
    header = ["Kết quả xác minh", "Số CCCD", "Họ và tên đối tượng", "Ngày tháng năm sinh"]
    preview = _typed(round_, police, ["Không tìm thấy", woman.cccd, woman.name, "12-5-1950"], header=header)
    assert files.outcomes(preview) == ["new"]


def test_a_birth_divided_into_men_and_women_is_birth_and_sex(police):
    man = make.person("Đinh Văn Rin", birth="1942", sex="M")
    round_ = files.round_([man])
    header = ["TT", "Họ và tên", "Nam", "Nữ", "Số CCCD", "Kết quả"]
    assert files.outcomes(_typed(round_, police, [1, man.name, 1942, "", man.cccd, "Khớp"], header=header)) == ["new"]
    wrong = _typed(round_, police, [1, man.name, "", 1942, man.cccd, "Khớp"], header=header)
    assert "Hồ sơ đã sửa" in files.said(wrong)[0][2]


def test_text_in_tcvn3_is_asked_about_and_then_read(police):
    people = [make.person("Phạm Thị Hường", birth=f"{year}") for year in (1950, 1951, 1952)]
    round_ = files.round_(people)
    rows = [[n, "Ph¹m ThÞ H­êng", person.birth_text, person.cccd, "Khíp"] for n, person in enumerate(people, 1)]
    content = files.typed(["TT", "Hä vµ tªn", "N¨m sinh", "Sè CCCD", "KÕt qu¶"], *rows)
    with pytest.raises(ListRefused, match="TCVN3"):
        files.read_answers(content, "a.xlsx")
    read = files.read_answers(content, "a.xlsx", tcvn3=True)
    assert files.outcomes(files.check_answers(read, round_=round_, actor=police)) == ["new"] * 3


def test_a_workbook_without_such_a_table_is_refused_with_what_it_needs(police, round_):
    content = files.typed(["Tháng", "Số tiền", "Ghi chú"], ["7", "500000", ""], sheet="Chi")
    with pytest.raises(ListRefused, match="Mã dòng"):
        files.read_answers(content, "a.xlsx")
    with pytest.raises(ListRefused, match="Kết quả"):
        files.read_answers(files.typed(["TT", "Họ và tên", "Số CCCD", "Ngày sinh"], [1, "A", "1", "1950"]), "a.xlsx")


def test_titles_totals_and_signatures_are_no_rows(round_, police, woman):
    content = files.typed(
        HEADER,
        ["", "Thôn Nam Lân"],
        [1, woman.name, "12/05/1950", woman.cccd, "Khớp"],
        ["", "Tổng cộng", "", "", "1"],
        ["", "", "", "", "TRƯỞNG CÔNG AN XÃ"],
        titles=["CÔNG AN XÃ BA ĐỘNG", "KẾT QUẢ XÁC MINH", "Ba Động, ngày 20 tháng 7 năm 2024"],
    )
    assert files.outcomes(files.checked(content, round_, police)) == ["new"]


# --- who -----------------------------------------------------------------------------------------------------------


def test_of_people_elsewhere_and_of_no_round_nothing_is_told(police, woman):
    elsewhere = make.person("Hồ Văn Kín", commune=make.commune("21538"))
    not_asked = make.person("Phạm Thị Ngoài")
    round_ = files.round_([woman, elsewhere])
    code = code_of(RoundPerson.objects.get(person=elsewhere))
    header = ["Mã dòng", "Họ và tên", "Số CCCD", "Kết quả"]
    preview = _typed(
        round_,
        police,
        [code, elsewhere.name, elsewhere.cccd, "Khớp"],
        ["", elsewhere.name, elsewhere.cccd, "Khớp"],
        ["", not_asked.name, not_asked.cccd, "Khớp"],
        [f"XM{round_.pk}-999999", "Ai đó", "", "Khớp"],
        header=header,
    )
    assert files.outcomes(preview) == ["error"] * 4
    told = {text for number in range(4) for _, _, text in files.said(preview, number)}
    assert told == {"Không có người này trong phần việc của anh/chị ở đợt này; hãy kiểm tra mã dòng, số CCCD."}
    assert not preview.asked


def test_an_unanswered_row_of_somebody_elsewhere_finds_nobody_either(police, woman):
    elsewhere = make.person("Hồ Văn Kín", commune=make.commune("21538"))
    round_ = files.round_([woman, elsewhere])
    code = code_of(RoundPerson.objects.get(person=elsewhere))
    preview = _typed(round_, police, [code, "Ai", "", ""], header=["Mã dòng", "Họ và tên", "Số CCCD", "Kết quả"])
    assert files.outcomes(preview) == ["waiting"]
    assert not preview.asked


def test_a_code_of_another_round_or_a_mangled_one_is_an_error(round_, police, woman):
    other = files.round_([woman], name="Đợt cũ")
    code = code_of(RoundPerson.objects.get(round=other))
    header = ["Mã dòng", "Họ và tên", "Kết quả"]
    preview = _typed(round_, police, [code, woman.name, "Khớp"], ["XM-1", woman.name, "Khớp"], header=header)
    assert files.outcomes(preview) == ["error", "error"]
    assert f"đợt số {other.pk}" in files.said(preview)[0][2]
    assert "chép lại mã" in files.said(preview, 1)[0][2]


def test_neither_code_nor_number_asks_who_it_is(round_, police, woman):
    preview = _typed(round_, police, [1, woman.name, "12/05/1950", "", "Khớp", "", "", ""])
    assert files.said(preview)[0][2].startswith("Không rõ là ai")


def test_the_same_person_twice_is_an_error_on_both_rows(round_, police, woman):
    row = [1, woman.name, "12/05/1950", woman.cccd, "Khớp", "", "", ""]
    preview = _typed(round_, police, row, [2, *row[1:4], "Chưa có CCCD", "", "", ""])
    assert files.outcomes(preview) == ["error", "error"]
    assert "dòng 3" in files.said(preview)[0][2]


@pytest.mark.parametrize(
    ("change", "column"),
    [({"name": "Phạm Thị Hoa"}, "C"), ({"birth_day": 13}, "D"), ({"sex": "M"}, "E"), ({"cccd": "096150009999"}, "F")],
)
def test_a_register_edited_since_the_export_asks_to_verify_again(round_, police, woman, change, column):
    content = files.filled(files.exported(round_, police), {"answer": "Khớp"})
    Person.objects.filter(pk=woman.pk).update(**change)
    preview = files.checked(content, round_, police)
    severity, place, text = files.said(preview)[0]
    assert (severity, place) == ("error", column)
    assert "Hồ sơ đã sửa sau khi xuất tệp, hãy xác minh lại theo thông tin mới." in text


def test_a_number_that_lost_its_zero_is_an_error_never_repaired(round_, police, woman):
    lost = int(woman.cccd)
    preview = _typed(round_, police, [1, woman.name, "12/05/1950", lost, "Khớp", "", "", ""])
    assert files.outcomes(preview) == ["error"]
    assert "mất số 0 ở đầu" in files.said(preview)[0][2]
    preview = _filled(round_, police, answer="Khác", right_cccd="51150001234")
    assert "mất số 0 ở đầu" in files.said(preview)[0][2]


# --- what ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("Khớp", "match"), ("KHỚP", "match"), ("khop", "match"), (" Đã  chết ", "dead"), ("Chưa có CCCD", "no_cccd"),
        ("Không tìm thấy", "not_found"), ("khong tim thay.", "not_found"),
    ],
)  # fmt: skip
def test_answers_are_understood_as_people_type_them(round_, police, written, answer):
    values = {"answer": written, **({"died": "05/2024"} if answer == "dead" else {})}
    preview = _filled(round_, police, **values)
    assert (preview.rows[0].values.answer, files.outcomes(preview)) == (answer, ["new"])


def test_another_word_is_asked_about_with_the_five_there_are(round_, police):
    preview = _filled(round_, police, answer="chắc là đúng")
    assert files.outcomes(preview) == ["error"]
    assert "Khớp, Khác, Không tìm thấy, Đã chết, Chưa có CCCD" in files.said(preview)[0][2]


@pytest.mark.parametrize(
    ("written", "month", "day"),
    [
        ("05/2024", (2024, 5), None),
        ("5/2024", (2024, 5), None),
        ("15/05/2024", (2024, 5), 15),
        ("Tháng 3/2024", (2024, 3), None),
        ("3-2024", (2024, 3), None),
        ("03.2024", (2024, 3), None),
        ("2024-05-15", (2024, 5), 15),
        (datetime.date(2024, 5, 15), (2024, 5), 15),
    ],
)
def test_a_death_has_its_month_and_its_day_where_that_is_known(round_, police, written, month, day):
    preview = _filled(round_, police, answer="Đã chết", died=written)
    values = preview.rows[0].values
    assert files.outcomes(preview) == ["new"]
    assert values.died_month == datetime.date(month[0], month[1], 1)
    assert values.died_on == (datetime.date(month[0], month[1], day) if day else None)


@pytest.mark.parametrize("written", ["2024", "32/05/2024", "hôm qua", "05/2025", "5/24", ""])
def test_a_death_without_a_month_unreadable_or_to_come_is_an_error(round_, police, written):
    preview = _filled(round_, police, answer="Đã chết", died=written)
    assert files.outcomes(preview) == ["error"]
    assert [column for _, column, _ in files.said(preview)] == ["N"]


def test_the_first_of_a_month_as_a_date_is_doubted(round_, police):
    preview = _filled(round_, police, answer="Đã chết", died=datetime.date(2024, 5, 1))
    assert files.said(preview)[0][0] == "warning"
    assert "05/2024" in files.said(preview)[0][2]


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"answer": "Khớp", "right_name": "Phạm Thị Khác"}, "J"),
        ({"answer": "Khớp", "died": "05/2024"}, "N"),
        ({"answer": "Đã chết", "died": "05/2024", "right_cccd": "051150001234"}, "M"),
        ({"right_name": "Phạm Thị Khác"}, "I"),
        ({"died": "05/2024"}, "I"),
        ({"answer": "Khác"}, "I"),
        ({"answer": "Khác", "right_name": "Phạm Thị Hòa"}, "I"),
        ({"answer": "Khác", "right_sex": "nữ giới"}, "L"),
        ({"answer": "Khác", "right_birth": "30/02/1950"}, "K"),
        ({"answer": "Khác", "right_cccd": "0511500012"}, "M"),
        ({"answer": "Khác", "right_name": "Phạm Thị Hoà 2"}, "J"),
        ({"answer": "Khớp", "note": "x" * 301}, "O"),
    ],
)
def test_what_does_not_fit_is_an_error_at_its_cell(round_, police, values, column):
    preview = _filled(round_, police, **values)
    assert files.outcomes(preview) == ["error"]
    assert [place for severity, place, _ in files.said(preview) if severity == "error"] == [column]


def test_a_note_alone_is_no_answer_and_told_so(round_, police):
    preview = _filled(round_, police, note="Đang tra cứu")
    assert files.outcomes(preview) == ["waiting"]
    assert files.said(preview)[0][0] == "warning"


def test_a_closed_round_takes_nothing(round_, police):
    content = files.filled(files.exported(round_, police), {"answer": "Khớp"})
    officer = make.user(Role.DISTRICT_OFFICER)
    now = round_.opened_at
    IdentityRound.objects.filter(pk=round_.pk).update(state="closed", closed_by=officer, closed_at=now)
    round_.refresh_from_db()
    assert "đã kết thúc" in files.said(files.checked(content, round_, police))[0][2]


def test_the_number_of_queries_does_not_depend_on_the_rows(police, django_assert_max_num_queries):
    for size in (2, 40):
        people = [make.person("Phạm Thị Đông", birth=f"{1930 + n}") for n in range(size)]
        round_ = files.round_(people)
        content = files.filled(files.exported(round_, police), {"answer": "Khớp"})
        read = files.read_answers(content, "a.xlsx")
        with django_assert_max_num_queries(1):
            assert len(files.check_answers(read, round_=round_, actor=police).given) == size
