"""What a merger's file may say, and what is said about one that is wrong."""

import datetime
import io

import openpyxl
import pytest

from batosocial.mergers.checking import Plan, check
from batosocial.mergers.reading import FileRefused, read_file
from batosocial.territory.models import Unit
from payments.models import Period
from tests.mergers import files
from tests.payments import rows
from tests.payments.cycle import AUGUST, JULY

pytestmark = pytest.mark.django_db


def _errors(plan: Plan) -> list[tuple[int, str, str]]:
    return [(message.row, message.column, message.text) for message in plan.errors]


def test_the_sample_makes_eight_units_of_all_nineteen() -> None:
    plan = check(files.sample(), day=datetime.date(2025, 7, 1))
    assert not plan.messages
    assert len(plan.old) == 19
    assert [new.full_name for new in plan.new] == [
        "Xã Ba Tơ",
        "Xã Ba Vinh",
        "Xã Ba Động",
        "Xã Ba Dinh",
        "Xã Đặng Thùy Trâm",
        "Xã Ba Tô",
        "Xã Ba Vì",
        "Xã Ba Xa",
    ]
    town = plan.new[0]
    assert {old.name for old in town.old} == {"Ba Tơ", "Ba Cung", "Ba Bích"}
    assert plan.upper is not None and plan.upper.code == "535"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a mark"])
def test_a_file_is_read_with_and_without_a_mark(mark: bytes) -> None:
    found = read_file(mark + files.content(*files.BA_VINH), "a.csv")
    assert [row.new_name for row in found.rows] == ["Ba Vinh", "Ba Vinh"]
    assert found.letters["new_name"] == "C"


def test_a_workbook_is_read_as_well() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["new_kind", "old_code", "new_code", "new_name"])
    sheet.append(["Xã", 21490, 21490, "Ba Vinh"])
    stream = io.BytesIO()
    book.save(stream)
    (row,) = read_file(stream.getvalue(), "a.xlsx").rows
    assert (row.old_code, row.new_code, row.new_name, row.new_kind) == ("21490", "21490", "Ba Vinh", "Xã")


def test_a_file_without_a_column_says_which() -> None:
    with pytest.raises(FileRefused, match="thiếu cột new_kind"):
        read_file(files.content(("1", "2", "3"), heading=("old_code", "new_code", "new_name")), "a.csv")


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        (("99999", "21490", "Ba Vinh", "Xã"), "A", "không có xã, thị trấn nào mang mã “99999”"),
        (("", "21490", "Ba Vinh", "Xã"), "A", "Thiếu mã đơn vị cũ"),
        (("21490", "hai", "Ba Vinh", "Xã"), "B", "chữ số"),
        (("21490", "21490", "", "Xã"), "C", "Thiếu tên"),
        (("21490", "21490", "Xã Ba Vinh", "Xã"), "C", "Tên ghi kèm loại"),
        (("21490", "21490", "Ba Vinh", "Làng"), "D", "Xã, Phường, Thị trấn, Đặc khu"),
        (("21490", "21538", "Ba Vinh", "Xã"), "B", "đang là của Xã Ba Xa"),
        (("21490", "21490", "Ba Xa", "Xã"), "C", "không có trong tệp mà cùng tên"),
    ],
)
def test_a_wrong_row_is_named_with_its_cell(row: tuple[str, ...], column: str, says: str) -> None:
    (error,) = _errors(files.checked(row))
    assert error[:2] == (2, column)
    assert says in error[2]


def test_one_old_unit_goes_into_one_new_one() -> None:
    plan = files.checked(*files.BA_VINH, ("21487", "21496", "Ba Động", "Xã"), ("21496", "21496", "Ba Động", "Xã"))
    assert [(row, column) for row, column, _ in _errors(plan)] == [(4, "A")]
    assert "đã nhập vào mã 21490 ở dòng 3" in plan.errors[0].text


def test_a_new_code_has_one_name_and_one_kind() -> None:
    plan = files.checked(("21484", "21484", "Ba Tơ", "Xã"), ("21511", "21484", "Ba Tô", "Phường"))
    assert [(row, column) for row, column, _ in _errors(plan)] == [(3, "C"), (3, "D")]
    assert "chỉ khác dấu" in plan.errors[0].text


def test_a_name_that_differs_from_the_codes_own_in_accents_only_is_a_warning() -> None:
    plan = files.checked(("21523", "21523", "Ba Tơ", "Xã"))
    assert not plan.errors
    assert any("chỉ khác dấu" in message.text and message.row == 2 for message in plan.warnings)


def test_two_new_units_of_one_name_are_refused() -> None:
    plan = files.checked(("21484", "21484", "Ba Tơ", "Xã"), ("21523", "21523", "Ba Tơ", "Xã"))
    assert "hai đơn vị mới không thể cùng tên" in plan.errors[0].text


def test_a_unit_without_a_row_stays_and_is_named() -> None:
    plan = files.checked(*files.BA_VINH)
    assert not plan.errors
    (warning,) = plan.warnings
    assert "17 đơn vị không có trong tệp nên giữ nguyên mã và tên" in warning.text
    assert "Xã Ba Xa (21538)" in warning.text
    assert len(plan.new) == 1


def test_under_another_upper_unit_a_unit_without_a_row_goes_along() -> None:
    plan = files.checked(*files.BA_VINH, upper_code="51")
    assert not plan.errors
    assert len(plan.new) == 18
    assert [unit.code for unit in plan.emptied] == ["535"]


def test_an_upper_unit_that_is_none_is_refused() -> None:
    assert "Không có đơn vị cấp trên mang mã 21484" in files.checked(*files.BA_VINH, upper_code="21484").errors[0].text


def test_a_day_within_a_month_is_refused() -> None:
    (error,) = files.checked(*files.BA_VINH, day=datetime.date(2025, 7, 2)).errors
    assert "01/08/2025 hoặc 01/07/2025" in error.text


def test_a_month_that_is_open_on_old_units_stands_against_an_earlier_day() -> None:
    (error,) = files.checked(*files.BA_VINH, day=JULY).errors
    assert "BTXH tháng 7/2024, NCC tháng 7/2024" in error.text
    assert "01/08/2024" in error.text


def test_two_months_in_one_list_stand_against_a_day_between_them() -> None:
    row = rows.payment_list(policy="NCC", commune=files_unit("21490"))
    Period.objects.filter(pk=row.period_id).update(with_next=True)
    (error,) = files.checked(*files.BA_VINH, day=datetime.date(2024, 9, 1)).errors
    assert "NCC tháng 8/2024 (chi gộp hai tháng)" in error.text
    assert "01/10/2024" in error.text
    assert row.period.month == AUGUST


def test_a_unit_of_a_stored_merger_is_in_no_other() -> None:
    files.store(files.file(*files.BA_VINH))
    plan = files.checked(*files.BA_VINH, day=datetime.date(2024, 8, 1))
    assert [message.column for message in plan.errors] == ["A", "A"]
    assert "đã có trong đợt sáp nhập từ 01/08/2024" in plan.errors[0].text


def test_a_code_of_a_unit_that_ended_long_ago_is_named_so() -> None:
    Unit.objects.create(
        code="21514",
        name="Ba Chùa",
        kind="Xã",
        level="commune",
        parent=files_unit("21490").parent,
        valid_to=datetime.date(2020, 2, 1),
    )
    (error,) = files.checked(("21514", "21499", "Ba Dinh", "Xã"), ("21499", "21499", "Ba Dinh", "Xã")).errors
    assert "Xã Ba Chùa (21514) đã kết thúc từ 01/02/2020" in error.text


def files_unit(code: str) -> Unit:
    return Unit.objects.current().communes().get(code=code)
