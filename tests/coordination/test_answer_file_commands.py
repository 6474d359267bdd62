"""The round by file from the command line: exit codes, what is told, what is written; and hostile files."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter

from batosocial.coordination.models import AnswerFile, RoundPerson
from batosocial.coordination.rounds.files.columns import HEADINGS
from batosocial.coordination.rounds.files.workbook import HEAD
from batosocial.staff.models import User
from beneficiaries.imports.messages import ListRefused
from tests import factories as make
from tests.coordination import answer_files as files

pytestmark = pytest.mark.django_db


@pytest.fixture
def round_():
    return files.round_([make.person("Phạm Thị Ước", birth="1950"), make.person("Phạm Thị Ểu", birth="1951")])


@pytest.fixture
def out(round_, tmp_path):
    path = tmp_path / "dot.xlsx"
    call_command("identity_round", str(path), commune="21496", round=round_.pk, verbosity=0)
    return path


def _answers(path, **options):
    """Exit code, and the report as JSON."""
    stdout = io.StringIO()
    code = 0
    try:
        call_command("identity_answers", str(path), json=True, stdout=stdout, **options)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    return code, json.loads(stdout.getvalue())


def _fill(path, answers):
    path.write_bytes(files.filled(path.read_bytes(), answers))


# --- out -----------------------------------------------------------------------------------------------------------


def test_the_newest_open_round_of_the_commune_is_written(round_, tmp_path):
    newest = files.round_([make.person("Phạm Thị Mới")], name="Đợt mới hơn")
    files.round_([make.person("Đinh Xa", commune=make.commune("21538"))], name="Xã khác")
    stdout = io.StringIO()
    call_command("identity_round", str(tmp_path / "a.xlsx"), commune="21496", stdout=stdout)
    assert f"Đợt số {newest.pk} “Đợt mới hơn”: đã ghi 1 người" in stdout.getvalue()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"commune": "99999"}, "Không có xã, thị trấn nào mang mã 99999"),
        ({"commune": "21496", "round": 10**8}, "Không có đợt xác minh số"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_why(round_, tmp_path, options, told):
    with pytest.raises(CommandError, match=told) as error:
        call_command("identity_round", str(tmp_path / "a.xlsx"), **options)
    assert error.value.returncode == 2


def test_no_open_round_about_the_commune_ends_with_2(tmp_path):
    place = make.empty_commune()
    with pytest.raises(CommandError, match="Không có đợt xác minh nào đang mở có hỏi về Xã Ba Vắng") as error:
        call_command("identity_round", str(tmp_path / "a.xlsx"), commune=place.code)
    assert error.value.returncode == 2


# --- in ------------------------------------------------------------------------------------------------------------


def test_without_commit_nothing_is_written(round_, out):
    _fill(out, {"answer": "Khớp"})
    code, report = _answers(out)
    assert (code, report["rows"], report["new"], report["messages"]) == (0, 2, 2, [])
    assert not RoundPerson.objects.filter(round=round_, answer__isnull=False).exists()


def test_commit_writes_as_the_system_and_again_finds_all_unchanged(round_, out):
    _fill(out, {"answer": "Khớp"})
    assert _answers(out, commit=True)[0] == 0
    rows = RoundPerson.objects.filter(round=round_).select_related("answer__answered_by")
    assert {row.answer.answered_by for row in rows if row.answer} == {User.objects.system()}
    assert AnswerFile.objects.get().state == "accepted"
    code, report = _answers(out, commit=True)
    assert (code, report["unchanged"], report["new"]) == (0, 2, 0)
    assert AnswerFile.objects.count() == 1


def test_one_error_writes_nothing_ends_with_1_and_is_marked(round_, out, tmp_path):
    _fill(out, {0: {"answer": "Khớp"}, 1: {"answer": "có lẽ"}})
    marked = tmp_path / "danh_dau.xlsx"
    code, report = _answers(out, commit=True, marked=marked)
    assert (code, report["new"], report["errors"]) == (1, 1, 1)
    assert [(one["row"], one["column"], one["severity"]) for one in report["messages"]] == [(HEAD + 3, "I", "error")]
    cell = load_workbook(marked).worksheets[0].cell(HEAD + 3, 9)
    assert "Không hiểu kết quả" in cell.comment.text
    assert not AnswerFile.objects.exists()


def test_a_missing_file_or_round_is_wrong_usage(round_, out, tmp_path):
    with pytest.raises(CommandError) as error:
        call_command("identity_answers", str(tmp_path / "khong_co.xlsx"))
    assert error.value.returncode == 2
    with pytest.raises(CommandError) as error:
        call_command("identity_answers", str(out), round=10**8)
    assert error.value.returncode == 2


def test_codes_of_two_rounds_in_one_file_are_refused(round_, tmp_path):
    other = files.round_([make.person("Phạm Thị Khác")])
    rows = [[f"XM{one.pk}-{one.rows.get_or_create(person=make.person(), commune=make.commune())[0].pk}", "A", "Khớp"]
            for one in (round_, other)]  # fmt: skip
    path = tmp_path / "a.xlsx"
    path.write_bytes(files.typed(["Mã dòng", "Họ và tên", "Kết quả"], *rows))
    code, report = _answers(path)
    assert code == 1
    assert "nhiều đợt" in report["messages"][0]["message"]


# --- hostile files -------------------------------------------------------------------------------------------------


def _edited(content, change):
    book = load_workbook(io.BytesIO(content))
    change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_merged_cells_answer_for_their_first_row_alone(round_):
    police = files.police()
    column = list(HEADINGS).index("answer") + 1
    letter = get_column_letter(column)

    def merge(book):
        sheet = book.worksheets[0]
        sheet.cell(files.FIRST, column, "Khớp")
        sheet.merge_cells(f"{letter}{files.FIRST}:{letter}{files.FIRST + 1}")

    preview = files.checked(_edited(files.exported(round_, police), merge), round_, police)
    assert files.outcomes(preview) == ["new", "waiting"]


def test_formulas_are_never_run_or_believed(round_):
    police = files.police()
    content = files.filled(files.exported(round_, police), {0: {"answer": '=HYPERLINK("http://x","Khớp")'}})
    preview = files.checked(content, round_, police)
    assert not preview.given


def test_a_hundred_thousand_rows_of_junk_are_errors_or_refused(round_):
    police = files.police()
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Rác")
    sheet.append(["Mã dòng", "Họ và tên", "Số CCCD", "Kết quả"])
    for number in range(100_000):
        sheet.append([f"XM{round_.pk}-{10**6 + number}", "x" * 200, "@@@", "????"])
    file = io.BytesIO()
    book.save(file)
    try:
        preview = files.checked(file.getvalue(), round_, police)
    except ListRefused:
        return
    assert not preview.given
    assert set(files.outcomes(preview)) == {"error"}


def test_another_sheet_beside_the_table_does_no_harm(round_):
    police = files.police()
    content = files.filled(files.exported(round_, police), {"answer": "Khớp"})

    def add(book):
        page = book.create_sheet("Ghi chú của tôi", 0)
        page.append(["Kết quả", "tốt"])

    assert files.outcomes(files.checked(_edited(content, add), round_, police)) == ["new", "new"]
