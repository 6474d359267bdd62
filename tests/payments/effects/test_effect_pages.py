"""Pages of stop orders, receivables and grants: who sees what, what they do, and in how many queries."""

import io
import uuid
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.staff.models import Role
from batosocial.web import todo
from payments.models import Grant, Payment, Receipt, Receivable, StopOrder
from tests import factories as make
from tests.payments import rows
from tests.payments.effects import scenes
from tests.payments.rows import State

pytestmark = pytest.mark.django_db


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def paid(count: int = 1, **fields: Any) -> list[Payment]:
    made = rows.handed_over(count, **fields)
    for payment in made:
        scenes.record(payment)
    return made


def order(payment: Payment, **fields: Any) -> StopOrder:
    defaults: dict[str, Any] = {"reason": "Chết ngày 20/06/2024.", "ordered_by": rows.officer()}
    return StopOrder.objects.create(payment=payment, **(defaults | fields))


# --- stop orders ------------------------------------------------------------------------------------------------


def test_a_payer_reads_its_own_orders_of_lists_it_was_given_and_nothing_else() -> None:
    row = rows.payment_list()
    mine, other = rows.payment(row), rows.payment(row, account=make.account(), payer="AGRIBANK")
    not_given = rows.payment(rows.payment_list(policy="NCC", state=State.DRAFT))
    rows.put(row, State.HANDED_OVER)
    for payment in (mine, other, not_given):
        order(payment)
    page = rows.signed_in(rows.clerk()).get(reverse("payments:stop_orders"))
    assert [one.payment_id for one in page.context["page"].object_list] == [mine.pk]
    assert mine.number in page.text
    assert "BTXH-5C" not in page.text
    assert reverse("beneficiaries:person", args=[mine.person_id]) not in page.text


def test_answering_stopped_leads_to_the_result_that_fits() -> None:
    (payment,) = rows.handed_over()
    stop = order(payment)
    client = rows.signed_in(rows.clerk())
    answer = client.post(reverse("payments:stop_order_answer", args=[stop.pk]), {"tra_loi": "stopped"})
    assert answer.headers["Location"] == f"{reverse('payments:record_result', args=[payment.pk])}?ket-qua=not_collected"
    page = client.get(answer.headers["Location"])
    assert page.context["form"]["result"].value() == "not_collected"
    assert "Chết ngày 20/06/2024." in page.text
    stop.refresh_from_db()
    assert stop.answer == "stopped"


def test_an_order_is_a_badge_on_the_lists_row_and_a_task_at_home_until_it_is_answered() -> None:
    (payment,) = rows.handed_over()
    stop = order(payment)
    clerk = rows.clerk()
    page = rows.signed_in(clerk).get(reverse("payments:list", args=[payment.payment_list_id]))
    assert "Không chi, chờ trả lời" in page.text
    labels = {one.label: one.count for one in todo.for_user(clerk)}
    assert labels["lệnh dừng chi cần trả lời"] == 1
    StopOrder.objects.filter(pk=stop.pk).update(answer="stopped")
    assert "lệnh dừng chi cần trả lời" not in {one.label for one in todo.for_user(clerk)}


def test_lifting_needs_a_reason_and_says_so_beside_the_field() -> None:
    (payment,) = rows.handed_over()
    stop = order(payment)
    client = rows.signed_in(rows.officer())
    url = reverse("payments:stop_order_lift", args=[stop.pk])
    answer = client.post(url, {"reason": " "})
    assert answer.status_code == 422
    assert f'id="loi-{stop.pk}"' in answer.text
    assert client.post(url, {"reason": "Nhầm người"}).status_code == 302
    assert "Đã rút" in client.get(reverse("payments:stop_orders")).text


def test_a_payer_of_another_organisation_answers_nothing() -> None:
    (payment,) = rows.handed_over()
    stop = order(payment)
    client = rows.signed_in(rows.clerk("AGRIBANK"))
    assert client.post(reverse("payments:stop_order_answer", args=[stop.pk]), {"tra_loi": "stopped"}).status_code == 404


# --- receivables ------------------------------------------------------------------------------------------------


def test_a_commune_reads_its_own_receivables_and_does_nothing_with_them() -> None:
    (mine,) = paid()
    (foreign,) = paid(commune=make.commune(make.BA_TO_TOWN))
    ours, theirs = make.receivable(mine), make.receivable(foreign)
    Payment.objects.filter(pk=foreign.pk).update()
    foreign.person.commune = make.commune(make.BA_TO_TOWN)
    foreign.person.save()
    client = rows.signed_in(make.user(Role.COMMUNE_OFFICER))
    page = client.get(reverse("payments:receivables"))
    assert [row.pk for row in page.context["rows"]] == [ours.pk]
    assert not page.context["can_decide"]
    assert client.get(reverse("payments:receivable", args=[theirs.pk])).status_code == 404
    text = client.get(reverse("payments:receivable", args=[ours.pk])).text
    assert "Ghi thu hồi" not in text
    assert client.post(reverse("payments:receivable_receive", args=[ours.pk])).status_code == 403


def test_ticked_receivables_go_under_one_decision() -> None:
    first, second = (make.receivable(payment) for payment in paid(2))
    client = rows.signed_in(make.user(Role.CHAIRMAN))
    url = reverse("payments:receivables_decide")
    answer = client.post(url, {"chon": [first.pk, second.pk], "number": "", "date": "22/07/2024"})
    assert answer.status_code == 422
    assert answer.context["ticked"] == {first.pk, second.pk}
    answer = client.post(url, {"chon": [first.pk, second.pk], "number": "12/QĐ-UBND", "date": "22/07/2024"})
    assert answer.status_code == 302
    assert set(Receivable.objects.values_list("state", "decision_number")) == {("decided", "12/QĐ-UBND")}


def test_a_double_click_is_one_receipt() -> None:
    row = make.receivable(paid()[0], state="decided")
    client = rows.signed_in(rows.officer())
    url = reverse("payments:receivable_receive", args=[row.pk])
    data = {"amount": "100.000", "received_on": "22/07/2024", "reference": "PT01", "token": str(uuid.uuid4())}
    assert [client.post(url, data).status_code for _ in range(2)] == [302, 302]
    assert Receipt.objects.count() == 1
    again = client.post(url, data | {"token": str(uuid.uuid4())})
    assert again.status_code == 422
    assert "mỗi chứng từ chỉ ghi một lần" in again.text
    assert 'value="100.000"' in again.text


def test_what_is_typed_wrongly_stays_and_says_what_to_do() -> None:
    row = make.receivable(paid()[0], state="decided")
    client = rows.signed_in(rows.officer())
    url = reverse("payments:receivable_receive", args=[row.pk])
    answer = client.post(url, {"amount": "một trăm", "received_on": "x", "reference": "", "token": str(uuid.uuid4())})
    assert answer.status_code == 422
    assert set(answer.context["receipt_form"].errors) == {"amount", "received_on", "reference"}
    assert "một trăm" in answer.text


def test_a_receipt_is_corrected_and_taken_out_on_its_page() -> None:
    row = make.receivable(paid()[0], state="decided")
    receipt = make.receipt(row, 100_000)
    client = rows.signed_in(rows.officer())
    url = reverse("payments:receipt", args=[receipt.pk])
    data = {"amount": "90.000", "received_on": "21/07/2024", "reference": receipt.reference, "why": "Gõ nhầm"}
    assert client.post(url, data).status_code == 302
    assert Receipt.objects.get().amount == 90_000
    assert client.post(url, {"bo": "1", "reason": ""}).status_code == 422
    assert client.post(url, {"bo": "1", "reason": "Của người khác"}).status_code == 302
    assert not Receipt.objects.exists()


def test_sums_count_a_receivable_with_two_receipts_once() -> None:
    first, second, gone = paid(3)
    row = make.receivable(first, state="decided")
    make.receipt(row, 100_000)
    make.receipt(row, 60_000)
    make.receivable(second, state="waived")
    make.receivable(gone, state="cancelled")
    page = rows.signed_in(rows.officer()).get(reverse("payments:receivables"))
    sums = page.context["sums"]
    assert (sums.count, sums.amount, sums.came_back, sums.remaining) == (2, 720_000, 160_000, 200_000)


def test_the_list_as_a_workbook_has_text_numbers_sums_and_every_receipt() -> None:
    person = make.person("=Phạm Thị Công Thức")
    payment = rows.payment(row := rows.payment_list(), person=person)
    rows.put(row, State.HANDED_OVER)
    scenes.record(payment)
    receivable = make.receivable(payment, state="decided")
    make.receipt(receivable, 100_000, reference="PT07")
    answer = rows.signed_in(rows.officer()).get(reverse("payments:receivables_download"))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer)))
    sheet, second = book.worksheets
    cells = [[cell.value for cell in line] for line in sheet.iter_rows(min_row=5)]
    assert cells[1][:2] == [1, "=Phạm Thị Công Thức"]
    assert sheet.cell(6, 2).data_type == sheet.cell(6, 4).data_type == "s"
    assert cells[1][8:12] == [360_000, "12/QĐ-UBND ngày 20/07/2024", 100_000, 260_000]
    assert [cells[2][index] for index in (1, 8, 10, 11)] == ["Tổng cộng", 360_000, 100_000, 260_000]
    assert [cell.value for cell in second[6]][4:7] == ["21/07/2024", "PT07", 100_000]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)


def test_the_list_prints() -> None:
    make.receipt(make.receivable(paid()[0], state="decided"), 100_000, reference="PT07")
    page = rows.signed_in(rows.officer()).get(reverse("payments:receivables_print"))
    assert "21/07/2024: 100.000 (PT07)" in page.text
    assert "Hai trăm sáu mươi nghìn đồng." in page.text


def test_a_decision_that_lost_its_ground_is_shown_and_mended_on_its_page() -> None:
    person, benefit = scenes.beneficiary()
    payment = scenes.record(scenes.paid_list(State.HANDED_OVER, [benefit]))
    row = make.receivable(payment, person=person, state="decided")
    chairman = make.user(Role.CHAIRMAN)
    client = rows.signed_in(chairman)
    assert "Cần xem lại" in client.get(reverse("payments:receivables")).text
    labels = {one.label: one.count for one in todo.for_user(chairman)}
    assert labels["khoản truy thu đòi nhiều hơn số chi thừa"] == 1
    data = {"number": "14/QĐ-UBND", "date": "22/07/2024", "reason": ""}
    url = reverse("payments:receivable_reduce", args=[row.pk])
    assert client.post(url, data).status_code == 422
    assert client.post(url, data | {"reason": "Đính chính ngày chết"}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.decision_number) == ("cancelled", "14/QĐ-UBND")


def test_a_commune_that_paid_somebody_who_moved_reads_without_links_that_lead_nowhere() -> None:
    (payment,) = paid()
    row = make.receivable(payment)
    order(payment)
    payment.person.commune = make.commune(make.BA_TO_TOWN)
    payment.person.save()
    here = rows.signed_in(make.user(Role.COMMUNE_OFFICER))
    there = rows.signed_in(make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN)))
    person = reverse("beneficiaries:person", args=[payment.person_id])
    paid_in = reverse("payments:list", args=[payment.payment_list_id])
    url = reverse("payments:receivable", args=[row.pk])
    assert (person in here.get(url).text, paid_in in here.get(url).text) == (False, True)
    assert (person in there.get(url).text, paid_in in there.get(url).text) == (True, False)
    assert person not in here.get(reverse("payments:stop_orders")).text


# --- grants -----------------------------------------------------------------------------------------------------


def test_a_grant_goes_from_the_commune_to_the_chairman_on_its_page() -> None:
    person = make.person(died_on="2024-07-10")
    grant = make.grant(person)
    officer, phong, chairman = make.user(Role.COMMUNE_OFFICER), rows.officer(), make.user(Role.CHAIRMAN)
    client = rows.signed_in(officer)
    words = {"receiver_name": "Phạm Văn Con", "receiver_relation": "con", "receiver_cccd": "123", "evidence": "Mẫu 04"}
    answer = client.post(reverse("payments:grant_propose", args=[grant.pk]), words)
    assert answer.status_code == 422
    assert "phải có đúng 12 chữ số" in answer.text
    assert "Phạm Văn Con" in answer.text
    words["receiver_cccd"] = "051080001234"
    assert client.post(reverse("payments:grant_propose", args=[grant.pk]), words).status_code == 302
    page = rows.signed_in(phong).get(reverse("payments:grant", args=[grant.pk]))
    assert page.context["grant"].can_appraise
    assert "25/07/2024" in page.text  # three working days from Monday 22/7
    assert rows.signed_in(phong).post(reverse("payments:grant_appraise", args=[grant.pk])).status_code == 302
    decision = {"number": "125/QĐ-UBND", "date": "22/07/2024"}
    assert rows.signed_in(chairman).post(reverse("payments:grant_decide", args=[grant.pk]), decision).status_code == 302
    assert Grant.objects.get(pk=grant.pk).state == "decided"


def test_each_role_finds_its_grants_at_home() -> None:
    make.grant(make.person())
    labels = {role: {one.label: one.count for one in todo.for_user(make.user(role))} for role in ("commune_officer",)}
    assert labels["commune_officer"]["hồ sơ mai táng phí, trợ cấp khi chết cần lập"] == 1
    Grant.objects.update(state="proposed", proposed_by=make.user(Role.COMMUNE_OFFICER))
    assert {one.label: one.count for one in todo.for_user(rows.officer())}["hồ sơ mai táng phí chờ thẩm định"] == 1
    Grant.objects.update(state="appraised", appraised_by=rows.officer())
    chairman = make.user(Role.CHAIRMAN)
    assert {one.label: one.count for one in todo.for_user(chairman)}["hồ sơ mai táng phí chờ quyết định"] == 1


@pytest.mark.parametrize("role", [Role.PAYER, Role.POLICE, Role.ADMIN])
def test_grants_and_receivables_are_no_business_of_payers_and_police(role: str) -> None:
    client = rows.signed_in(make.user(role))
    for name in ("grants", "receivables"):
        assert client.get(reverse(f"payments:{name}")).status_code == 403


# --- the person's page, empty pages, queries ----------------------------------------------------------------------


def test_a_persons_panel_shows_all_three_kinds() -> None:
    (payment,) = paid()
    order(payment)
    make.receivable(payment)
    make.grant(payment.person)
    client = rows.signed_in(make.user(Role.COMMUNE_OFFICER))
    url = reverse("payments:person_effects", args=[payment.person_id])
    panel = client.get(url, headers={"HX-Request": "true"}).text
    assert "<html" not in panel
    for words in ("Chết ngày 20/06/2024.", "Truy thu tháng 8/2024 BTXH", "Hỗ trợ mai táng"):
        assert words in panel
    assert "<html" in client.get(url).text
    assert url in client.get(reverse("beneficiaries:person", args=[payment.person_id])).text


@pytest.mark.parametrize("name", ["grants", "receivables", "stop_orders"])
def test_empty_pages_say_what_will_stand_there(name: str) -> None:
    page = rows.signed_in(rows.officer()).get(reverse(f"payments:{name}"))
    assert "tự" in page.text
    filtered = rows.signed_in(rows.officer()).get(reverse(f"payments:{name}"), {"tim": "không có ai"})
    assert "Bỏ lọc" in filtered.text


@pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER, Role.CHAIRMAN])
@pytest.mark.parametrize("name", ["grants", "receivables", "receivables_print", "receivables_download", "stop_orders"])
def test_lists_cost_the_same_for_one_row_and_for_many(name: str, role: str) -> None:
    def add(payment: Payment) -> None:
        order(payment)
        make.receipt(make.receivable(payment, state="decided"), 1_000)
        make.grant(payment.person)

    first, *rest = paid(5)
    add(first)
    client = rows.signed_in(make.user(role))
    url = reverse(f"payments:{name}")
    queries(client, url)
    few = queries(client, url)
    for payment in rest:
        add(payment)
    assert queries(client, url) == few
    assert few <= 16


def test_pages_of_one_row_cost_the_same_for_few_and_many_beside_it() -> None:
    first, *rest = paid(4)
    row, grant = make.receivable(first, state="decided"), make.grant(first.person)
    client = rows.signed_in(rows.officer())
    urls = [
        reverse("payments:receivable", args=[row.pk]),
        reverse("payments:grant", args=[grant.pk]),
        reverse("payments:person_effects", args=[first.person_id]),
    ]
    few = [queries(client, url) for url in urls]
    for payment in rest:
        make.receivable(payment, person=first.person, month=scenes.JUNE)
    make.receipt(row, 1_000)
    make.receipt(row, 2_000)
    make.grant(first.person, "NCC-TC1L-3T")
    assert [queries(client, url) for url in urls] == few


def test_paper_tells_whoever_pays_that_a_payment_is_stopped() -> None:
    (payment,) = rows.handed_over()
    stop = order(payment)
    client = rows.signed_in(rows.clerk())
    url = reverse("payments:print_list", args=[payment.payment_list_id])
    assert "KHÔNG CHI, có lệnh dừng" in client.get(url).text
    StopOrder.objects.filter(pk=stop.pk).update(
        lifted_by=rows.officer(), lifted_at=stop.ordered_at, lift_reason="Nhầm người"
    )
    assert "KHÔNG CHI" not in client.get(url).text


def test_tasks_of_receivables_open_exactly_what_they_count() -> None:
    """Beside what the Sở decides stand those of the chairman, and decided ones that ask for what they should."""
    months = {"found": scenes.AUGUST, "decided": scenes.SEPTEMBER}
    payments = []
    for category in ("NCC-3.1", "BTXH-5C"):
        for state, month in months.items():
            _, benefit = scenes.beneficiary(category)
            payment = scenes.record(scenes.paid_list(State.HANDED_OVER, [benefit], month=month))
            payments.append((payment, benefit, state))
    for payment, benefit, state in payments:
        make.receivable(payment, person=benefit.person, policy=benefit.category.policy, state=state)
    office, chairman = rows.officer(), make.user(Role.CHAIRMAN)
    found = [(user, task) for user in (office, chairman) for task in todo.for_user(user) if "truy thu" in task.label]
    assert len(found) == 4
    for user, task in found:
        page = rows.signed_in(user).get(task.url)
        assert page.context["page"].paginator.count == task.count == 1, task.label
