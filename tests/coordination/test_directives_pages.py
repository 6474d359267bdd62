"""Pages of directives: counts open lists as long, the form, the letter of 7/2024 in the demo, paper, queries."""

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from docx import Document

from batosocial.coordination.directives import answering, showing
from batosocial.coordination.directives.services import Task
from batosocial.coordination.directives.todos import notices, todos
from batosocial.coordination.models import Assignment, Directive
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from tests import factories as make
from tests.coordination import directing
from tests.coordination.directing import DUE, assignments, issued, only

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
TASK = {"text": "Họp thôn", "to": ["communes"], "recurs": "once", "deadline": "31/08/2024", "measure": "r1"}


def letter() -> Directive:
    return Directive.objects.get(number="/UBND")


def sign_in(client: Client, username: str) -> Client:
    client.force_login(User.objects.get(username=username))
    return client


# --- the letter of the demo ----------------------------------------------------------------------------------------


#: Each clause of the letter by words of its own: (mục, to whom, words).
CLAUSES = [
    (
        "Mục 1",
        "commune",
        "tiếp tục thực hiện chi trả không dùng tiền mặt cho các đối tượng An sinh xã hội trên địa bàn",
    ),
    ("Mục 1", "commune", "Rà soát đối tượng, bám sát các văn bản hướng dẫn của Trung ương, tỉnh, huyện"),
    ("Mục 1", "commune", "Truyền thông xuyên suốt, liên tục với nhiều hình thức khác nhau"),
    ("Mục 1", "commune", "mở tài khoản người thụ hưởng chính sách, người giám hộ, người được ủy quyền"),
    ("Mục 1", "commune", "khoản 1, 2 và 3 Điều 2 Thông tư số 02/2021/TT-BLĐTBXH"),
    ("Mục 1", "commune", "Người có công đã từ trần"),
    ("Mục 2", "office", "theo Chỉ thị số 21/CT-TT"),
    ("Mục 2", "office", "tối thiểu đạt từ 50% trở lên"),
    ("Mục 2", "office", "Phối hợp với Bưu điện tỉnh, Bưu điện huyện Ba Tơ"),
    ("Mục 2", "office", "Theo dõi, đôn đốc, kiểm tra, giám sát, tổng hợp báo cáo đánh giá kết quả thực hiện"),
    ("Mục 2", "office", "giải đáp các vướng mắc trong quá trình thực hiện"),
    ("Mục 2", "office", "hàng tháng tổng hợp kết quả và thông báo cho các địa phương biết"),
    ("Mục 2", "office", "lập danh sách chi trả đảm bảo chính xác và đúng theo quy định"),
    ("Mục 3", "police", "làm việc cụ thể với UBND các xã, thị trấn"),
    ("Mục 3", "police", "khẩn trương hoàn thành việc làm sạch, cập nhật, điều chỉnh thông tin"),
    ("Mục 3", "police", "người có công sai lệch thông tin mà không điều chỉnh chính sách được"),
    ("Mục 3", "police", "01 đối tượng tại xã Ba Xa"),
    ("Mục 3", "police", "báo cáo về Công an tỉnh và đồng chí Chủ tịch UBND huyện"),
]


def test_every_clause_of_the_letter_is_a_task_in_its_order() -> None:
    tasks = list(letter().tasks.prefetch_related("addressees"))
    assert len(tasks) == len(CLAUSES)
    for task, (place, kind, words) in zip(tasks, CLAUSES, strict=True):
        assert task.place.startswith(place)
        assert words in task.text
        given = task.addressees.all()
        assert {one.kind for one in given} == {kind}
        assert len(given) == (19 if kind == "commune" else 1)


def test_the_letter_has_no_number_and_no_day_that_it_does_not_have() -> None:
    assert letter().label == "Công văn số …/UBND tháng 7/2024"
    assert letter().day is None


def test_the_communes_at_zero_have_begun_nothing() -> None:
    shown = showing.Summary(letter(), letter().month, showing.of_directive(make.user(), letter(), letter().month))
    assert [who.name for who in shown.idle] == ["Xã Ba Tiêu", "Xã Ba Xa"]


def test_the_chairman_reads_who_has_not_begun(client: Client) -> None:
    sign_in(client, "chutich")
    assert "/phoi-hop/van-ban/chua-bat-dau/" in client.get("/bao-cao/").content.decode()
    panel = client.get(reverse("coordination:directives_panel"), headers=HTMX).content.decode()
    assert "2 xã, thị trấn chưa bắt đầu việc nào" in panel
    assert "Ba Tiêu, Ba Xa" in panel
    matrix = client.get(reverse("coordination:directive", args=[letter().pk]), {"tinh_trang": showing.IDLE})
    assert [len(one.rows) for one in matrix.context["matrices"]] == [2]


@pytest.mark.parametrize("username", ["chutich", "phong", "cb21538", "congan"])
def test_every_count_opens_a_list_as_long(username: str, client: Client) -> None:
    sign_in(client, username)
    summary = client.get(reverse("coordination:directive", args=[letter().pk])).context["summary"]
    assert summary.counts
    for count in summary.counts:
        assert client.get(count.url).context["page"].paginator.count == count.number, count.label
    for task in summary.tasks:
        assert client.get(task.url).context["page"].paginator.count == task.number


@pytest.mark.parametrize("username", ["chutich", "phong", "cb21538", "ld21496", "congan", "buudien"])
def test_every_todo_opens_a_list_as_long(username: str, client: Client) -> None:
    sign_in(client, username)
    for todo in todos(User.objects.get(username=username)):
        if todo.count and "?" in todo.url:
            assert client.get(todo.url).context["page"].paginator.count == todo.count, todo.label


def test_the_number_of_a_measure_opens_the_people_it_counts(client: Client) -> None:
    sign_in(client, "cb21496")
    (one,) = [
        one for one in client.get(reverse("coordination:assignments")).context["page"] if one.row.task.measure == "r1"
    ]
    assert client.get(one.value.url).context["page"].paginator.count == one.value.part


def test_a_police_page_says_nothing_about_payments(client: Client) -> None:
    sign_in(client, "congan")
    rows = Assignment.objects.filter(addressee__kind="police")
    pages = [reverse("coordination:directive", args=[letter().pk]), reverse("coordination:assignments")]
    for url in pages + [reverse("coordination:assignment", args=[row.pk]) for row in rows]:
        text = client.get(url).content.decode()
        assert "R1" not in text
        assert "người), tháng 7/2024" not in text
        assert "Xã Ba Vinh" not in text


# --- the form --------------------------------------------------------------------------------------------------------


def test_several_tasks_are_drafted_in_one_form_and_issued(client: Client) -> None:
    sign_in(client, "phong")
    monthly = {"text": "Rà soát", "to": ["police:" + str(make.district().pk)], "recurs": "monthly"}
    data = directing.form_data([TASK, monthly | {"due_day": "20", "from_month": "7/2024"}, {"text": ""}])
    answer = client.post(reverse("coordination:directive_add"), data)
    assert answer.status_code == 302
    row = Directive.objects.get(abstract="V/v thử")
    assert [task.addressees.count() for task in row.tasks.all()] == [19, 1]
    client.post(reverse("coordination:directive_issue", args=[row.pk]))
    assert len(assignments(row)) == 20


def test_a_double_click_drafts_one(client: Client) -> None:
    sign_in(client, "phong")
    for _ in range(2):
        client.post(reverse("coordination:directive_add"), directing.form_data([TASK]))
    assert Directive.objects.filter(abstract="V/v thử").count() == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"to": []}, "Hãy chọn ít nhất một nơi nhận"),
        ({"deadline": ""}, "Hãy ghi hạn"),
        ({"deadline": "31/31/2024"}, "Hãy ghi ngày theo dạng"),
        ({"to": ["payer:1"], "measure": "r1"}, "không đo được"),
    ],
)
def test_what_is_wrong_is_told_beside_what_was_typed(change: dict[str, Any], told: str, client: Client) -> None:
    sign_in(client, "phong")
    if "payer:1" in change.get("to", []):
        change = change | {"to": [f"payer:{User.objects.get(username='buudien').payer_id}"]}
    answer = client.post(reverse("coordination:directive_add"), directing.form_data([TASK | change]))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert told in text
    assert "Họp thôn" in text


def test_more_tasks_keep_what_was_typed(client: Client) -> None:
    sign_in(client, "phong")
    answer = client.post(reverse("coordination:directive_add"), directing.form_data([TASK], more="1"))
    assert answer.status_code == 200
    assert len(answer.context["tasks"]) == 4
    assert "Họp thôn" in answer.content.decode()
    assert not Directive.objects.filter(abstract="V/v thử").exists()


def test_a_draft_is_changed_with_its_tasks(client: Client) -> None:
    row = directing.draft()
    sign_in(client, "phong")
    url = reverse("coordination:directive_edit", args=[row.pk])
    assert "Báo cáo kết quả" in client.get(url).content.decode()
    client.post(url, directing.form_data([TASK], abstract="V/v đã sửa"))
    row.refresh_from_db()
    assert (row.abstract, [task.text for task in row.tasks.all()]) == ("V/v đã sửa", ["Họp thôn"])


# --- pressing --------------------------------------------------------------------------------------------------------


def test_a_reminder_is_told_until_there_is_a_report(client: Client) -> None:
    row = only(issued())
    officer = User.objects.get(username="cb21496")
    sign_in(client, "chutich").post(reverse("coordination:assignments_remind"), {"rows": [row.pk]})
    keys = [one.key for one in notices() if one.owner_id == officer.pk]
    assert any(key.startswith(f"{row.pk}:don-doc") for key in keys)
    answering.report(actor=officer, assignment_id=row.pk, text="Đang làm", done=False, percent=20)
    assert not [one for one in notices() if one.key.startswith(f"{row.pk}:")]


def test_reminding_twice_reminds_once(client: Client) -> None:
    row = only(issued())
    sign_in(client, "chutich")
    for _ in range(2):
        client.post(reverse("coordination:assignments_remind"), {"rows": [row.pk]})
    assert row.steps.count() == 1


def test_a_commune_reminds_nobody(client: Client) -> None:
    row = only(issued())
    sign_in(client, "cb21496")
    assert client.post(reverse("coordination:assignments_remind"), {"rows": [row.pk]}).status_code == 403


def test_the_reminder_names_who_is_behind(client: Client) -> None:
    sign_in(client, "phong")
    answer = client.get(reverse("coordination:directive_reminder", args=[letter().pk]))
    document = Document(io.BytesIO(answer.content))
    words = "\n".join(cell.text for table in document.tables for row in table.rows for cell in row.cells)
    assert "Chưa bắt đầu (2): Ba Tiêu, Ba Xa" in words
    assert "Quá hạn (17)" in words


def test_the_workbook_has_a_row_for_each_assignment(client: Client) -> None:
    sign_in(client, "chutich")
    answer = client.get(reverse("coordination:directive_workbook", args=[letter().pk]))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert sheet.max_row - 5 == Assignment.objects.filter(task__directive=letter()).count()


# --- queries ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["directives", "directive", "assignments", "directives_panel"])
def test_pages_ask_as_much_whatever_there_is(page: str, client: Client) -> None:
    sign_in(client, "chutich")

    def queries(row: Directive) -> int:
        url = reverse(f"coordination:{page}", args=[row.pk] if page == "directive" else [])
        client.get(url)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        return len(asked)

    def given(number: int) -> Directive:
        units = list(Unit.objects.filter(parent=make.district()))[:number]
        return issued(
            Task(text="Một", addressees=directing.to(*units), deadline=DUE, measure="r1"),
            Task(text="Hai", addressees=directing.to(*units), deadline=DUE, measure="clean"),
        )

    few = queries(given(2))
    assert queries(given(19)) == few


def test_the_data_of_the_demo_is_what_the_test_reads() -> None:
    path = Path(__file__).parents[2] / "batosocial" / "demo" / "data" / "letter_2024_07_tasks.csv"
    with path.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(CLAUSES)


def test_only_its_role_sees_the_panel(client: Client) -> None:
    client.force_login(make.user(Role.POLICE))
    assert client.get(reverse("coordination:directives_panel")).status_code == 403
