"""The board, a list's page, its workbook and paper, the person's panel: what each role sees, in how many queries."""

import io
from typing import Any

import openpyxl
import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import BENEFIT_ROLES, Role
from batosocial.web import todo
from beneficiaries.models import Policy
from payments.models import Payment, PaymentList, Period
from tests import factories as make
from tests.payments import rows
from tests.payments.rows import AUGUST, State

pytestmark = pytest.mark.django_db
VIEWERS = sorted(str(role) for role in {*BENEFIT_ROLES, Role.PAYER})
OTHERS = sorted(set(Role.values) - set(VIEWERS) - {Role.SYSTEM})


def board(client: Client, **query: str) -> Any:
    return client.get(reverse("payments:board"), {"thang": "2024-08", **query})


def lists_on(answer: Any) -> set[int]:
    return {row.pk for group in answer.context["groups"] for row in group.lists}


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


# --- who sees what -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", OTHERS)
@pytest.mark.parametrize("name", ["list", "download_list", "print_list"])
def test_other_roles_have_no_lists(role: str, name: str) -> None:
    client = rows.signed_in(make.user(role))
    assert board(client).status_code == 403
    assert client.get(reverse(f"payments:{name}", args=[rows.payment_list().pk])).status_code == 403


@pytest.mark.parametrize("role", ["commune_officer", "commune_leader"])
def test_a_commune_sees_its_own_lists(role: str) -> None:
    mine, foreign = rows.payment_list(), rows.payment_list(commune=make.commune(make.BA_TO_TOWN))
    client = rows.signed_in(make.user(role))
    assert lists_on(board(client)) == {mine.pk}
    for name in ("list", "download_list", "print_list"):
        assert client.get(reverse(f"payments:{name}", args=[mine.pk])).status_code == 200
        assert client.get(reverse(f"payments:{name}", args=[foreign.pk])).status_code == 404


def test_a_leader_moves_no_list_of_another_commune() -> None:
    mine, foreign = rows.payment_list(), rows.payment_list(commune=make.commune(make.BA_TO_TOWN))
    client = rows.signed_in(make.user(Role.COMMUNE_LEADER))
    assert client.post(reverse("payments:move_list", args=[foreign.pk]), {"step": "gui"}).status_code == 404
    answer = client.post(reverse("payments:move_lists"), {"step": "gui", "lists": [mine.pk, foreign.pk]})
    assert answer.status_code == 404
    assert set(PaymentList.objects.filter(period__month=AUGUST).values_list("state", flat=True)) == {State.DRAFT}


def test_a_step_of_another_role_is_forbidden() -> None:
    row = rows.payment_list(state=State.APPRAISED)
    client = rows.signed_in(rows.officer())
    for url in (reverse("payments:move_list", args=[row.pk]), reverse("payments:move_lists")):
        assert client.post(url, {"step": "duyet", "lists": [row.pk]}).status_code == 403
        assert client.post(url, {"step": "nonsense", "lists": [row.pk]}).status_code == 404


def test_a_payer_sees_its_own_payments_of_lists_that_were_handed_over() -> None:
    row = rows.payment_list()
    mine, other = rows.payment(row), rows.payment(row, account=make.account(), payer="AGRIBANK")
    draft = rows.payment(rows.payment_list(policy="NCC"))
    client = rows.signed_in(rows.clerk())
    assert client.get(reverse("payments:list", args=[row.pk])).status_code == 404
    rows.put(row, State.HANDED_OVER)
    answer = board(client)
    assert lists_on(answer) == {row.pk}
    assert [(one.people, one.amount) for group in answer.context["groups"] for one in group.lists] == [(1, 360_000)]
    for name in ("list", "print_list"):
        text = client.get(reverse(f"payments:{name}", args=[row.pk])).text
        assert mine.cccd in text
        assert other.cccd not in text
    assert client.get(reverse("payments:list", args=[draft.payment_list_id])).status_code == 404
    assert client.get(reverse("payments:record_result", args=[other.pk])).status_code == 404
    book = openpyxl.load_workbook(io.BytesIO(b"".join(client.get(reverse("payments:download_list", args=[row.pk])))))
    cells = {str(cell.value) for line in book.worksheets[0].iter_rows() for cell in line}
    assert mine.cccd in cells
    assert other.cccd not in cells
    template = client.get(reverse("payments:template"), {"thang": "2024-08", "to-chuc": "AGRIBANK"})
    book = openpyxl.load_workbook(io.BytesIO(b"".join(template)))
    assert [line[0].value for line in book.worksheets[0].iter_rows(min_row=2)] == [mine.number]


@pytest.mark.parametrize(("sees", "role"), [(True, Role.DISTRICT_OFFICER), (False, Role.DISTRICT_OFFICER)])
def test_a_confidential_group_is_shown_by_permission(sees: bool, role: str) -> None:
    row = rows.payment_list()
    person = make.person()
    rows.payment(row, person=person, category="BTXH-3A")
    client = rows.signed_in(make.user(role, sees_confidential=sees))
    urls = [reverse("payments:list", args=[row.pk]), reverse("payments:person_year", args=[person.pk])]
    assert [("BTXH-3A" in client.get(url).text) for url in urls] == [sees, sees]


def test_payers_and_paper_never_name_a_confidential_group() -> None:
    row = rows.payment_list()
    payment = rows.payment(row, category="BTXH-3A")
    rows.put(row, State.HANDED_OVER)
    for user in (
        make.user(sees_confidential=True),
        make.user(Role.PAYER, payer="BUUDIEN", sees_confidential=True),
    ):
        client = rows.signed_in(user)
        names = ["print_list"] if user.role != Role.PAYER else ["print_list", "list"]
        for name in names:
            text = client.get(reverse(f"payments:{name}", args=[row.pk])).text
            assert "BTXH-3" not in text
            assert payment.cccd in text
        answer = client.get(reverse("payments:download_list", args=[row.pk]))
        sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer))).worksheets[0]
        assert not any("BTXH-3" in str(cell.value) for line in sheet.iter_rows() for cell in line)


# --- what the pages do -----------------------------------------------------------------------------------------------


def test_the_board_moves_ticked_lists_and_names_every_refusal() -> None:
    ready = rows.payment_list(state=State.SUBMITTED)
    draft = rows.payment_list(policy="NCC")
    done = rows.payment_list(policy="NCC", commune=make.commune(make.BA_TO_TOWN), state=State.APPRAISED)
    client = rows.signed_in(rows.officer())
    data = {"step": "tham-dinh", "thang": "2024-08", "lists": [ready.pk, draft.pk, done.pk]}
    answer = client.post(reverse("payments:move_lists"), data, follow=True)
    said = [str(message) for message in answer.context["messages"]]
    assert said[0] == f"Đã thẩm định: {ready}."
    assert "không thay đổi gì" in said[1]
    assert str(draft) in said[2]
    assert "xã chưa gửi" in said[2]
    ready.refresh_from_db()
    assert ready.state == State.APPRAISED


def test_returning_without_a_reason_says_so() -> None:
    row = rows.payment_list(state=State.SUBMITTED)
    client = rows.signed_in(rows.officer())
    answer = client.post(reverse("payments:move_list", args=[row.pk]), {"step": "tra-lai"}, follow=True)
    assert "Hãy ghi lý do" in str(next(iter(answer.context["messages"])))


def test_the_next_month_is_opened_after_a_look_at_what_it_makes() -> None:
    client = rows.signed_in(rows.officer())
    url = reverse("payments:open_month", args=["2024-08"])
    page = client.get(url)
    assert [(one.policy, one.people, one.lists) for one in page.context["planned"]] == [
        ("NCC", 1492, 19),
        ("BTXH", 2320, 19),
    ]
    assert "NĐ 76/2024/NĐ-CP" in page.text
    # Looking makes nothing.
    assert not Period.objects.filter(month=AUGUST).exists()
    assert not Entry.objects.filter(action="Mở tháng chi trả", label__contains="8/2024").exists()
    answer = client.post(url)
    assert answer.headers["Location"] == f"{reverse('payments:board')}?thang=2024-08"
    assert Payment.objects.filter(payment_list__period__month=AUGUST).count() == 3812
    answer = client.post(url, follow=True)
    assert "không thay đổi gì" in [str(message) for message in answer.context["messages"]][-1]
    assert Payment.objects.filter(payment_list__period__month=AUGUST).count() == 3812


def test_a_month_is_offered_from_the_month_before_it_on() -> None:
    client = rows.signed_in(rows.officer())
    url = reverse("payments:board")
    assert reverse("payments:open_month", args=["2024-08"]) in client.get(url).text
    for policy in Policy.values:
        rows.payment_list(policy=policy)
    text = client.get(url).text
    assert reverse("payments:open_month", args=["2024-09"]) not in text
    assert "Tháng tiếp theo: tháng 9/2024" in text and "Mở được từ 01/08/2024" in text


def test_a_month_out_of_turn_is_refused_in_words() -> None:
    client = rows.signed_in(rows.officer())
    page = client.get(reverse("payments:open_month", args=["2024-09"]))
    assert "8/2024" in page.context["refusal"]
    assert client.get(reverse("payments:open_month", args=["gibberish"])).status_code == 404


@pytest.mark.parametrize("role", sorted(set(Role.values) - {"district_officer", "system"}))
def test_only_the_phong_opens_a_month(role: str) -> None:
    url = reverse("payments:open_month", args=["2024-08"])
    assert rows.signed_in(make.user(role)).post(url).status_code == 403


def test_payments_are_found_by_name_number_and_result() -> None:
    row = rows.payment_list()
    hue = rows.payment(row, person=make.person("Đinh Thị Huệ"))
    ba = rows.payment(row, person=make.person("Phạm Văn Ba", sex="M"), account=make.account())
    rows.put(row, State.HANDED_OVER)
    client = rows.signed_in(rows.officer())
    url = reverse("payments:list", args=[row.pk])

    def found(**query: str) -> set[int]:
        return {payment.pk for payment in client.get(url, query).context["page"].object_list}

    assert found(q="dinh thi hue") == found(q="Huệ") == found(q=hue.cccd[-8:]) == {hue.pk}
    assert found(q=ba.account_number) == found(q=ba.number) == found(hinh_thuc="account") == {ba.pk}
    assert found(ket_qua="chua-co") == {hue.pk, ba.pk}
    assert found(ket_qua="paid_cash") == set()
    assert found(q="khong co ai") == set()
    # As the register finds people: by beginnings of words, in any order.
    assert found(q="hue din") == found(q="thi hue") == {hue.pk}
    assert found(loai="regular") == {hue.pk, ba.pk}
    assert found(loai="arrears") == set()


def test_an_empty_list_says_so() -> None:
    page = rows.signed_in(rows.officer()).get(reverse("payments:list", args=[rows.payment_list().pk]))
    assert "Danh sách không có ai" in page.text


def test_the_workbook_has_text_numbers_sums_words_and_prints_on_a4_landscape(settings: LazySettings) -> None:
    row = rows.payment_list()
    payment = rows.payment(row, person=make.person("=1+1"), account=make.account("0123456789012"))
    rows.payment(row, amount=540_000)
    answer = rows.signed_in(make.user(Role.COMMUNE_OFFICER)).get(reverse("payments:download_list", args=[row.pk]))
    content = io.BytesIO(b"".join(answer))
    sheet = openpyxl.load_workbook(content).worksheets[0]
    cells = {cell.coordinate: cell for line in sheet.iter_rows() for cell in line if cell.value is not None}
    by_value = {cell.value: cell for cell in cells.values()}
    assert by_value[payment.cccd].data_type == by_value["0123456789012"].data_type == "s"
    assert by_value["=1+1"].data_type == "s"
    assert [cell.value for cell in sheet[6]][:5] == ["TT", "Họ và tên", "Năm sinh", None, "Số CCCD"]
    assert [cell.value for cell in sheet[7]][2:4] == ["Nam", "Nữ"]
    assert cells["M8"].value == 360_000
    assert cells["M10"].value == "=SUM(M8:M9)"
    assert openpyxl.load_workbook(content, data_only=True).worksheets[0]["M10"].value == 900_000
    assert "Bằng chữ: Chín trăm nghìn đồng." in by_value
    assert {"Người lập", "Kế toán", "Thủ trưởng đơn vị", "Dữ liệu minh họa"} <= by_value.keys()
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.print_title_rows == "$6:$7"
    assert sheet.print_area
    assert Entry.objects.filter(action="tải danh sách chi trả", row_id=row.pk).count() == 1


def test_a_persons_year_is_a_panel_or_a_page() -> None:
    person = make.person()
    payment = rows.payment(rows.payment_list(), person=person)
    url = reverse("payments:person_year", args=[person.pk])
    client = rows.signed_in(make.user(Role.COMMUNE_OFFICER))
    assert payment.number in client.get(url).text
    panel = client.get(url, headers={"HX-Request": "true"}).text
    assert payment.number in panel
    assert "<html" not in panel
    assert rows.signed_in(make.user(Role.PAYER)).get(url).status_code == 403
    stranger = make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))
    assert rows.signed_in(stranger).get(url).status_code == 404


# --- queries ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", VIEWERS)
def test_the_board_costs_the_same_for_one_list_and_for_many(role: str) -> None:
    rows.payment(row := rows.payment_list())
    rows.put(row, State.HANDED_OVER)
    client = rows.signed_in(make.user(role))
    url = f"{reverse('payments:board')}?thang=2024-08"
    few = queries(client, url)
    for policy in ("NCC", "BTXH"):
        for code in ("21487", "21488", make.BA_TO_TOWN):
            unit = make.commune(code) if code == make.BA_TO_TOWN else _commune(code)
            for _ in range(2):
                made = PaymentList.objects.filter(period__policy=policy, period__month=AUGUST, commune=unit).first()
                made = made or rows.payment_list(policy=policy, commune=unit)
                rows.payment(made)
    assert queries(client, url) == few <= 13


def _commune(code: str) -> Any:
    from batosocial.territory.models import Unit

    return Unit.objects.current().communes().filter(code=code).first() or make.commune(make.BA_TO_TOWN)


@pytest.mark.parametrize("name", ["list", "print_list", "download_list"])
def test_a_list_costs_the_same_for_two_people_and_for_many(name: str) -> None:
    row = rows.payment_list()
    for _ in range(2):
        rows.payment(row, account=make.account())
    client = rows.signed_in(rows.officer())
    url = reverse(f"payments:{name}", args=[row.pk])
    few = queries(client, url)
    for _ in range(12):
        rows.payment(row, account=make.account())
    # A draft's page reads its timeline, its ledger, the sums of each kind of line and whether it agrees with the
    # register besides.
    assert queries(client, url) == few <= (21 if name == "list" else 13)


# --- what waits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "signed", "role", "label"),
    [
        (State.DRAFT, True, Role.COMMUNE_LEADER, "danh sách chờ gửi Phòng LĐ-TB&XH"),
        (State.SUBMITTED, True, Role.DISTRICT_OFFICER, "danh sách chờ thẩm định"),
        (State.APPRAISED, False, Role.DISTRICT_LEADER, "danh sách chờ ký thẩm định"),
        (State.APPRAISED, True, Role.CHAIRMAN, "danh sách chờ duyệt"),
        (State.APPROVED, True, Role.DISTRICT_OFFICER, "danh sách cần giao"),
    ],
)
def test_each_role_is_told_what_waits(state: str, signed: bool, role: str, label: str) -> None:
    rows.put(rows.payment_list(), state, signed_off=signed)
    rows.put(rows.payment_list(policy="NCC"), state, signed_off=signed)
    mine = {one.label: one.count for one in todo.for_user(make.user(role))}
    assert mine[label] == 2
    for other in BENEFIT_ROLES - {role}:
        assert label not in {one.label for one in todo.for_user(make.user(other))}


def test_payers_and_the_phong_are_told_of_payments_without_a_result() -> None:
    rows.handed_over(2)
    rows.handed_over(1, policy="NCC", payer="AGRIBANK", by_account=True)
    assert {one.label: one.count for one in todo.for_user(rows.clerk())} == {"khoản chờ kết quả": 2}
    assert {one.label: one.count for one in todo.for_user(rows.officer())}["khoản chưa có kết quả"] == 3


def test_the_phong_is_told_to_open_the_next_month() -> None:
    (opening,) = [one for one in todo.for_user(rows.officer()) if "cần mở" in one.label]
    assert opening.url == reverse("payments:open_month", args=["2024-08"])
    assert "25/07/2024" in opening.hint


def test_a_commune_is_told_of_a_returned_list() -> None:
    from payments import states

    row = rows.payment_list(state=State.SUBMITTED)
    states.return_lists(actor=rows.officer(), list_ids=[row.pk], reason="Thiếu người")
    for role in (Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER):
        found = {one.label: one.tone for one in todo.for_user(make.user(role))}
        assert found["danh sách bị Phòng trả lại"] == "danger"
