"""The worklist of a round as a workbook, and what comes back in it: whom it is about, what it says, what is wrong."""

import datetime
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from batosocial.audit.models import Entry
from batosocial.coordination.models import AnswerFile, RoundPerson
from batosocial.coordination.rounds.files import services
from batosocial.coordination.rounds.files.columns import HEADINGS
from batosocial.coordination.rounds.files.workbook import GUIDE, HEAD, NothingToWrite, make_workbook
from batosocial.lib.text import fold
from batosocial.staff.models import Role
from beneficiaries.models import IdentityAnswer, Person
from tests import factories as make
from tests.coordination import answer_files as files

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return [
        make.person("Phạm Thị Ước", birth="12/05/1950", hamlet="Thôn Nam Lân"),
        make.person("Đinh Văn Rin", birth="1942", sex="M", hamlet="Thôn Nam Lân"),
        make.person("Phạm Thị Ểu", birth="05/1961", hamlet="Thôn Suối Loa"),
    ]


@pytest.fixture
def round_(people):
    return files.round_(people)


@pytest.fixture
def police(round_):
    return files.police()


# --- out -----------------------------------------------------------------------------------------------------------


def test_workbook_has_a_row_for_each_person_as_the_register_has_them(round_, police, people):
    sheet = load_workbook(io.BytesIO(files.exported(round_, police))).worksheets[0]
    header = [cell.value for cell in sheet[HEAD + 1]]
    assert header == list(HEADINGS.values())
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=HEAD + 2)]
    assert [row[2:8] for row in rows] == [
        ["Đinh Văn Rin", "1942", "Nam", people[1].cccd, "Thôn Nam Lân", "Xã Ba Động"],
        ["Phạm Thị Ước", "12/05/1950", "Nữ", people[0].cccd, "Thôn Nam Lân", "Xã Ba Động"],
        ["Phạm Thị Ểu", "05/1961", "Nữ", people[2].cccd, "Thôn Suối Loa", "Xã Ba Động"],
    ]
    assert [row[8:] for row in rows] == [[None] * 7] * 3


def test_numbers_are_text_and_answers_are_chosen_from_a_list(round_, police):
    sheet = load_workbook(io.BytesIO(files.exported(round_, police))).worksheets[0]
    cell = sheet.cell(HEAD + 2, list(HEADINGS).index("cccd") + 1)
    assert (cell.data_type, cell.number_format) == ("s", "@")
    empty = sheet.cell(HEAD + 2, list(HEADINGS).index("right_cccd") + 1)
    assert empty.number_format == "@"
    lists = [rule.formula1 for rule in sheet.data_validations.dataValidation]
    assert '"Khớp,Khác,Không tìm thấy,Đã chết,Chưa có CCCD"' in lists


def test_a_sheet_explains_every_column_to_fill_in(round_, police):
    book = load_workbook(io.BytesIO(files.exported(round_, police)))
    told = [row[0].value for row in book[GUIDE].iter_rows()]
    assert {"Kết quả", "Họ và tên đúng", "Số CCCD đúng", "Ngày chết", "Đã chết", "Chưa có CCCD"} <= set(told)


def test_only_columns_of_what_is_asked_can_be_put_right(people, police):
    round_ = files.round_(people, fields=["name", "cccd"])
    sheet = load_workbook(io.BytesIO(files.exported(round_, police))).worksheets[0]
    header = [cell.value for cell in sheet[HEAD + 1]]
    assert "Ngày sinh đúng" not in header
    assert {"Ngày sinh", "Họ và tên đúng", "Số CCCD đúng"} <= set(header)


def test_only_the_waiting_of_the_askers_scope_are_written(people, police):
    elsewhere = make.person("Phạm Thị Xa", commune=make.commune("21538"))
    round_ = files.round_([*people, elsewhere])
    files.accepted(files.filled(files.exported(round_, police), {0: {"answer": "Khớp"}}), round_, police)
    assert make_workbook(actor=police, round_=round_).count == 2
    assert make_workbook(actor=police, round_=round_, everybody=True).count == 3
    assert make_workbook(actor=make.user(Role.DISTRICT_OFFICER), round_=round_).count == 3
    with pytest.raises(NothingToWrite, match="không còn ai chờ trả lời"):
        make_workbook(actor=files.police(make.commune("21484")), round_=round_)


def test_a_name_that_looks_like_a_formula_stays_text(police):
    round_ = files.round_([make.person("=1+1 Thị Thử")])
    sheet = load_workbook(io.BytesIO(files.exported(round_, police))).worksheets[0]
    assert sheet.cell(HEAD + 2, 3).data_type == "s"


def test_taking_the_workbook_stands_in_the_audit(round_, police):
    files.exported(round_, police)
    entry = Entry.objects.latest("pk")
    assert (entry.actor, entry.action, entry.details["count"]) == (police, "Xuất tệp xác minh", 3)


# --- and back ------------------------------------------------------------------------------------------------------


def test_everybody_matching_comes_back_as_new_and_then_as_unchanged(round_, police):
    content = files.filled(files.exported(round_, police), {"answer": "Khớp"})
    file = files.accepted(content, round_, police)
    assert (file.state, file.new_count, file.row_count) == (AnswerFile.State.ACCEPTED, 3, 3)
    assert IdentityAnswer.objects.filter(asked_in__round=round_, answer="match").count() == 3
    again = files.brought(content, round_, police)
    assert (again.unchanged_count, again.row_count) == (3, 3)
    with pytest.raises(services.CannotDo, match="không có gì để ghi"):
        services.request_acceptance(actor=police, file_id=again.pk)
    assert IdentityAnswer.objects.filter(asked_in__round=round_).count() == 3


def test_a_file_of_errors_alone_is_told_so(round_, police, client):
    file = files.brought(files.filled(files.exported(round_, police), {"answer": "Không hiểu"}), round_, police)
    assert (file.error_count, file.new_count) == (3, 0)
    with pytest.raises(services.CannotDo, match="Tệp có 3 dòng lỗi"):
        services.request_acceptance(actor=police, file_id=file.pk)
    client.force_login(police)
    page = client.get(reverse("coordination:answer_file", args=[file.pk])).content.decode()
    assert "Tệp có 3 dòng lỗi" in page
    assert "Tệp không có trả lời nào mới" not in page


def test_each_answer_is_read_with_what_belongs_to_it(round_, police, people):
    answers = {
        0: {"answer": "Khác", "right_name": "Đinh Văn Rinh", "right_birth": "03/1942"},
        1: {"answer": "Đã chết", "died": "05/2024", "note": "Theo sổ hộ tịch"},
        2: {"answer": "Chưa có CCCD"},
    }
    files.accepted(files.filled(files.exported(round_, police), answers), round_, police)
    rin, uoc, eu = (IdentityAnswer.objects.get(person=people[place]) for place in (1, 0, 2))
    assert (rin.answer, rin.differing, rin.name) == ("differs", ["name"], "Đinh Văn Rinh")
    assert (uoc.answer, uoc.died_month, uoc.died_on) == ("dead", datetime.date(2024, 5, 1), None)
    assert uoc.note == "Theo sổ hộ tịch"
    assert eu.answer == "no_cccd"


def test_rows_without_an_answer_wait_and_are_no_errors(round_, police):
    preview = files.checked(files.exported(round_, police), round_, police)
    assert files.outcomes(preview) == ["waiting"] * 3
    assert all(not row.messages for row in preview.rows)


# --- its way in the portal -----------------------------------------------------------------------------------------


def _bring(client, round_, content, *, name="tra_loi.xlsx", **values):
    page = client.get(reverse("coordination:answer_file_add"))
    token = page.context["form"]["token"].value()
    file = SimpleUploadedFile(name, content)
    data = {"token": token, "dot": round_.pk, "file": file, **values}
    return client.post(reverse("coordination:answer_file_add"), data)


def test_a_file_is_brought_looked_at_and_written(round_, police, client):
    client.force_login(police)
    content = client.post(reverse("coordination:round_workbook", args=[round_.pk])).getvalue()
    answer = _bring(client, round_, files.filled(content, {0: {"answer": "Khớp"}, 1: {"answer": "Khác"}}))
    assert answer.status_code == 302
    file = AnswerFile.objects.get()
    services.check_file(file_id=file.pk)
    page = client.get(answer["Location"]).content.decode()
    assert "Trả lời mới" in page
    assert "Hãy ghi giá trị đúng" in page
    client.post(reverse("coordination:answer_file_accept", args=[file.pk]))
    file.refresh_from_db()
    assert file.state == AnswerFile.State.PREVIEWED, "a file with errors is not written without the user's word"
    client.post(reverse("coordination:answer_file_accept", args=[file.pk]), {"good_rows_only": "on"})
    services.accept_file(file_id=file.pk)
    file.refresh_from_db()
    assert (file.state, file.accepted_by, file.good_rows_only) == ("accepted", police, True)
    assert RoundPerson.objects.filter(round=round_, answer__isnull=False).count() == 1
    assert Entry.objects.filter(action="Ghi trả lời xác minh từ tệp").latest("pk").details["written"] == 1
    assert client.get(reverse("coordination:answer_file", args=[file.pk])).status_code == 200


def test_the_same_file_waiting_is_not_taken_twice(round_, police, client):
    client.force_login(police)
    content = files.filled(files.exported(round_, police), {"answer": "Khớp"})
    assert _bring(client, round_, content).status_code == 302
    again = _bring(client, round_, content)
    assert again.status_code == 422
    assert "đã nạp rồi" in again.content.decode()
    assert AnswerFile.objects.count() == 1


def test_a_double_click_brings_one_file(round_, police, client):
    client.force_login(police)
    content = files.filled(files.exported(round_, police), {"answer": "Khớp"})
    token = client.get(reverse("coordination:answer_file_add")).context["form"]["token"].value()
    answers = [
        client.post(
            reverse("coordination:answer_file_add"),
            {"token": token, "dot": round_.pk, "file": SimpleUploadedFile("a.xlsx", content)},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert AnswerFile.objects.count() == 1


def test_what_is_no_workbook_is_told_beside_the_field(round_, police, client):
    client.force_login(police)
    answer = _bring(client, round_, b"khong phai Excel")
    assert answer.status_code == 422
    assert answer.context["form"].errors["file"]
    assert not AnswerFile.objects.exists()


def test_text_in_tcvn3_is_agreed_to_in_the_form(police, client):
    people = [make.person("Phạm Thị Hường", birth=f"{year}") for year in (1950, 1951, 1952)]
    round_ = files.round_(people)
    rows = [[n, "Ph¹m ThÞ H­êng", person.birth_text, person.cccd, "Khíp"] for n, person in enumerate(people, 1)]
    content = files.typed(["TT", "Hä vµ tªn", "N¨m sinh", "Sè CCCD", "KÕt qu¶"], *rows)
    client.force_login(police)
    asked = _bring(client, round_, content)
    assert "TCVN3" in str(asked.context["form"].errors["file"])
    assert 'name="tcvn3"' in asked.content.decode()
    assert _bring(client, round_, content, tcvn3="on").status_code == 302
    file = services.check_file(file_id=AnswerFile.objects.get().pk)
    assert (file.state, file.new_count) == ("previewed", 3)


def test_nothing_is_written_when_the_register_changed_since_the_preview(round_, police, people):
    file = files.brought(files.filled(files.exported(round_, police), {"answer": "Khớp"}), round_, police)
    services.request_acceptance(actor=police, file_id=file.pk)
    Person.objects.filter(pk=people[0].pk).update(name="Phạm Thị Ước Mới")
    told = services.accept_file(file_id=file.pk)
    file.refresh_from_db()
    assert "chưa ghi gì" in told
    assert (file.state, file.new_count, file.error_count) == ("previewed", 2, 1)
    assert not RoundPerson.objects.filter(round=round_, answer__isnull=False).exists()


def test_asking_twice_for_the_writing_writes_once(round_, police):
    file = files.brought(files.filled(files.exported(round_, police), {"answer": "Khớp"}), round_, police)
    services.request_acceptance(actor=police, file_id=file.pk)
    with pytest.raises(services.CannotDo, match="đang được ghi"):
        services.request_acceptance(actor=police, file_id=file.pk)
    services.accept_file(file_id=file.pk)
    assert "không ghi lần nữa" in services.accept_file(file_id=file.pk)
    assert IdentityAnswer.objects.filter(asked_in__round=round_).count() == 3


def test_a_later_answer_replaces_and_shows_the_one_before(round_, police, people):
    content = files.exported(round_, police)
    files.accepted(files.filled(content, {0: {"answer": "Khớp"}}), round_, police)
    later = files.filled(content, {0: {"answer": "Khác", "right_name": "Đinh Văn Rinh"}})
    preview = files.checked(later, round_, police)
    assert files.outcomes(preview)[0] == "changed"
    assert preview.rows[0].changes == {"Kết quả": ["Khớp", "Khác"], "Họ và tên đúng": ["", "Đinh Văn Rinh"]}
    files.accepted(later, round_, police)
    assert IdentityAnswer.objects.get(person=people[1], newest=True).answer == "differs"


def test_an_answer_repeated_after_the_register_was_corrected_changes_nothing(round_, police, people):
    answers = {0: {"answer": "Khác", "right_name": "Đinh Văn Rinh"}}
    content = files.filled(files.exported(round_, police), answers)
    files.accepted(content, round_, police)
    Person.objects.filter(pk=people[1].pk).update(name="Đinh Văn Rinh")
    assert files.outcomes(files.checked(content, round_, police))[0] == "unchanged"


def test_a_file_can_be_checked_again_and_dropped(round_, police, client):
    client.force_login(police)
    file = files.brought(files.filled(files.exported(round_, police), {"answer": "Khớp"}), round_, police)
    client.post(reverse("coordination:answer_file_check", args=[file.pk]))
    file.refresh_from_db()
    assert file.state == "checking"
    services.check_file(file_id=file.pk)
    client.post(reverse("coordination:answer_file_withdraw", args=[file.pk]))
    file.refresh_from_db()
    assert file.state == "withdrawn"
    with pytest.raises(services.CannotDo):
        services.request_acceptance(actor=police, file_id=file.pk)


def test_the_workbook_comes_back_marked_and_as_it_was(round_, police, client):
    client.force_login(police)
    content = files.filled(files.exported(round_, police), {0: {"answer": "có lẽ"}})
    file = files.brought(content, round_, police)
    marked = client.post(reverse("coordination:answer_file_marked", args=[file.pk])).getvalue()
    cell = load_workbook(io.BytesIO(marked)).worksheets[0].cell(files.FIRST, list(HEADINGS).index("answer") + 1)
    assert "Không hiểu kết quả" in cell.comment.text
    assert client.post(reverse("coordination:answer_file_original", args=[file.pk])).getvalue() == content
    assert list(Entry.objects.order_by("-pk").values_list("action", flat=True)[:2]) == [
        "Tải tệp gốc", "Tải tệp đã đánh dấu",
    ]  # fmt: skip


def test_files_are_seen_by_their_own_police_and_the_districts(round_, police, client):
    file = files.brought(files.exported(round_, police), round_, police)
    url = reverse("coordination:answer_file", args=[file.pk])
    for user, status in (
        (files.police(make.district()), 200),
        (files.police(), 200),
        (files.police(make.commune("21538")), 404),
        (make.user(Role.DISTRICT_OFFICER), 403),
        (make.user(Role.COMMUNE_OFFICER), 403),
    ):
        client.force_login(user)
        assert client.get(url).status_code == status, user


def test_pages_run_a_fixed_number_of_queries(police, client, django_assert_max_num_queries):
    client.force_login(police)
    for size in (2, 30):
        round_ = files.round_([make.person("Phạm Thị Đông", birth=f"{1930 + n}") for n in range(size)])
        file = files.brought(files.filled(files.exported(round_, police), {"answer": "Khớp"}), round_, police)
        with django_assert_max_num_queries(14):
            assert client.get(reverse("coordination:answer_file", args=[file.pk])).status_code == 200
        with django_assert_max_num_queries(14):
            assert client.get(reverse("coordination:answer_files")).status_code == 200


def test_checked_files_stand_among_what_waits_at_home(round_, police, client):
    client.force_login(police)
    files.brought(files.filled(files.exported(round_, police), {"answer": "Khớp"}), round_, police)
    assert "tệp trả lời đã kiểm tra, chưa ghi" in client.get("/").content.decode()


def test_the_preview_is_filtered_by_outcome_and_found_without_accents(client, round_, police):
    file = files.brought(files.filled(files.exported(round_, police), {"answer": "Khớp"}), round_, police)
    name = file.rows.order_by("pk")[0].name
    client.force_login(police)

    def shown(**query: str) -> int:
        page = client.get(reverse("coordination:answer_file", args=[file.pk]), query)
        return int(page.context["page"].paginator.count)

    assert shown() == shown(ket_qua="new") == file.rows.count()
    assert shown(ket_qua="error") == 0
    assert shown(tim=fold(name)) == shown(tim=name) >= 1
    assert shown(tim="khong co ai") == 0
