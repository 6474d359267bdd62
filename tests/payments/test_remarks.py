"""A list that goes back: what must be mended stands at each payment, the commune answers, earlier rounds stay."""

import threading
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from payments import remarks, states
from payments.models import ListEvent, ListRemark, Payment, PaymentList
from tests import factories as make
from tests.payments import rows
from tests.payments.rows import State

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def submitted(people: int = 1) -> tuple[PaymentList, list[Payment]]:
    row = rows.payment_list()
    made = [rows.payment(row) for _ in range(people)]
    return rows.put(row, State.SUBMITTED), made


def returned(text: str = "Thiếu giấy ủy quyền") -> tuple[PaymentList, ListRemark, User]:
    """A list that went back with one remark, and the officer who wrote it."""
    row, (payment,) = submitted()
    officer = rows.officer()
    remark, _ = remarks.add_remark(actor=officer, payment_id=payment.pk, text=text)
    states.return_lists(actor=officer, list_ids=[row.pk], reason="")
    row.refresh_from_db()
    return row, remark, officer


# --- what the Phòng writes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER])
@pytest.mark.parametrize("state", [State.SUBMITTED, State.APPRAISED])
def test_the_phong_says_what_must_be_mended_in_a_list_before_it(role: str, state: str) -> None:
    row = rows.payment_list()
    payment = rows.payment(row)
    rows.put(row, state)
    actor = make.user(role)
    remark, new = remarks.add_remark(actor=actor, payment_id=payment.pk, text="  Sai  số tài khoản ")
    assert new
    assert (remark.person_id, remark.text, remark.by) == (payment.person_id, "Sai số tài khoản", actor)
    assert Entry.objects.get(actor=actor).details["cần sửa"] == "Sai số tài khoản"


@pytest.mark.parametrize("state", [State.DRAFT, State.APPROVED, State.HANDED_OVER])
def test_a_list_that_is_not_before_the_phong_takes_no_remark(state: str) -> None:
    row = rows.payment_list()
    payment = rows.payment(row)
    rows.put(row, state)
    with pytest.raises(remarks.RemarkRefused, match="khi danh sách đang ở Phòng"):
        remarks.add_remark(actor=rows.officer(), payment_id=payment.pk, text="Sai")


@pytest.mark.parametrize("role", sorted(set(Role.values) - {"district_officer", "district_leader", "system"}))
def test_other_roles_write_no_remark(role: str) -> None:
    _, (payment,) = submitted()
    with pytest.raises(PermissionDenied):
        remarks.add_remark(actor=make.user(role), payment_id=payment.pk, text="Sai")


def test_the_same_words_twice_are_one_remark() -> None:
    _, (payment,) = submitted()
    first, _ = remarks.add_remark(actor=rows.officer(), payment_id=payment.pk, text="Sai")
    again, new = remarks.add_remark(actor=rows.officer(), payment_id=payment.pk, text="Sai")
    assert (again.pk, new) == (first.pk, False)


def test_a_remark_is_taken_back_until_the_list_is_returned() -> None:
    row, (payment,) = submitted()
    officer = rows.officer()
    remark, _ = remarks.add_remark(actor=officer, payment_id=payment.pk, text="Sai")
    remarks.withdraw_remark(actor=officer, remark_id=remark.pk)
    assert not row.remarks.exists()
    remark, _ = remarks.add_remark(actor=officer, payment_id=payment.pk, text="Sai")
    states.return_lists(actor=officer, list_ids=[row.pk], reason="")
    with pytest.raises(remarks.RemarkRefused, match="đã gửi về xã"):
        remarks.withdraw_remark(actor=officer, remark_id=remark.pk)


# --- returning and sending again ---------------------------------------------------------------------------------


def test_a_list_goes_back_with_a_remark_and_no_overall_reason() -> None:
    row, _, officer = returned()
    assert (row.state, row.return_reason, row.returned_by) == (State.DRAFT, "", officer)
    assert Entry.objects.get(actor=officer, action="trả lại danh sách chi trả").details["khoản cần sửa"] == {
        str(row.pk): 1
    }


def test_of_many_lists_those_without_reason_and_remark_are_named() -> None:
    row, (payment,) = submitted()
    other = rows.payment_list(policy="NCC", state=State.SUBMITTED)
    officer = rows.officer()
    remarks.add_remark(actor=officer, payment_id=payment.pk, text="Sai")
    outcome = states.return_lists(actor=officer, list_ids=[row.pk, other.pk], reason="")
    assert [moved.pk for moved in outcome.moved] == [row.pk]
    assert [(one.list_id, one.reason) for one in outcome.refused] == [(other.pk, states.WHY_RETURNED)]


@pytest.mark.parametrize(
    ("step", "state", "role"),
    [
        (states.appraise, State.SUBMITTED, Role.DISTRICT_OFFICER),
        (states.sign_off, State.APPRAISED, Role.DISTRICT_LEADER),
        (states.approve, State.APPRAISED, Role.CHAIRMAN),
    ],
)
def test_a_list_with_remarks_goes_back_not_on(step: Any, state: str, role: str) -> None:
    row = rows.payment_list()
    payment = rows.payment(row, person=make.person("Đinh Văn Sửa"))
    rows.put(row, state, signed_off=step is states.approve)
    remarks.add_remark(actor=rows.officer(), payment_id=payment.pk, text="Sai")
    outcome = step(actor=make.user(role), list_ids=[row.pk])
    assert outcome.moved == []
    assert "Đinh Văn Sửa" in outcome.refused[0].reason


def test_the_leader_sends_again_when_every_remark_is_answered() -> None:
    row = rows.sendable_list(state=State.SUBMITTED, people=1)
    payment = row.payments.get()
    phong = rows.officer()
    remark, _ = remarks.add_remark(actor=phong, payment_id=payment.pk, text="Thiếu giấy ủy quyền")
    states.return_lists(actor=phong, list_ids=[row.pk], reason="")
    leader, officer = (make.user(role, commune=row.commune) for role in (Role.COMMUNE_LEADER, Role.COMMUNE_OFFICER))
    (refused,) = states.submit(actor=leader, list_ids=[row.pk]).refused
    assert payment.name in refused.reason
    assert "chưa trả lời" in refused.reason
    assert remarks.answer_remark(actor=officer, remark_id=remark.pk, answer="Đã bổ sung giấy 12/UQ")
    assert states.submit(actor=leader, list_ids=[row.pk]).moved


def test_an_answer_needs_words_and_a_draft() -> None:
    row, remark, _ = returned()
    officer = make.user(Role.COMMUNE_OFFICER)
    with pytest.raises(remarks.RemarkRefused, match="đã sửa gì"):
        remarks.answer_remark(actor=officer, remark_id=remark.pk, answer=" ")
    rows.put(row, State.SUBMITTED)
    with pytest.raises(remarks.RemarkRefused, match="đã gửi Phòng"):
        remarks.answer_remark(actor=officer, remark_id=remark.pk, answer="Xong")


def test_only_the_commune_itself_answers() -> None:
    _, remark, officer = returned()
    stranger = make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))
    with pytest.raises(PermissionDenied):
        remarks.answer_remark(actor=officer, remark_id=remark.pk, answer="Xong")
    with pytest.raises(ListRemark.DoesNotExist):
        remarks.answer_remark(actor=stranger, remark_id=remark.pk, answer="Xong")
    url = reverse("payments:remark_answer", args=[remark.pk])
    assert rows.signed_in(stranger).get(url).status_code == 404
    assert rows.signed_in(officer).get(url).status_code == 403


def test_earlier_rounds_stay_readable_with_their_answers() -> None:
    row, first, officer = returned("Thiếu giấy ủy quyền")
    remarks.answer_remark(actor=make.user(Role.COMMUNE_OFFICER), remark_id=first.pk, answer="Đã bổ sung")
    rows.put(row, State.SUBMITTED)
    payment = row.payments.get()
    remarks.add_remark(actor=officer, payment_id=payment.pk, text="Sai ngày sinh")
    states.return_lists(actor=officer, list_ids=[row.pk], reason="Xem lại")
    page = rows.signed_in(make.user(Role.COMMUNE_OFFICER)).get(reverse("payments:list", args=[row.pk]))
    rounds = [moment for moment in page.context["timeline"] if moment.event.step == "tra-lai"]
    assert [[remark.text for remark in moment.remarks] for moment in rounds] == [
        ["Thiếu giấy ủy quyền"],
        ["Sai ngày sinh"],
    ]
    assert [moment.event.note for moment in rounds] == ["", "Xem lại"]
    # The round at hand is what the commune has to answer.
    assert [remark.text for remark in page.context["remarks"]] == ["Sai ngày sinh"]
    for text in ("Thiếu giấy ủy quyền", "Đã bổ sung", "Sai ngày sinh"):
        assert text in page.text


# --- who reads it ------------------------------------------------------------------------------------------------


def test_the_commune_reads_remarks_only_when_the_list_came_back() -> None:
    row, (payment,) = submitted()
    remarks.add_remark(actor=rows.officer(), payment_id=payment.pk, text="Sai năm sinh")
    url = reverse("payments:list", args=[row.pk])
    commune = rows.signed_in(make.user(Role.COMMUNE_OFFICER))
    assert "Sai năm sinh" not in commune.get(url).text
    states.return_lists(actor=rows.officer(), list_ids=[row.pk], reason="")
    page = commune.get(url)
    assert page.text.count("Sai năm sinh") >= 2  # above the list, and next to the person
    assert reverse("beneficiaries:person", args=[payment.person_id]) in page.text


def test_a_payer_reads_no_remark_and_no_reason() -> None:
    row, _, officer = returned("Sai số tài khoản")
    states.return_lists(actor=officer, list_ids=[row.pk], reason="")
    ListEvent.objects.filter(payment_list=row).update(note="lý do nội bộ")
    rows.put(row, State.HANDED_OVER)
    page = rows.signed_in(rows.clerk()).get(reverse("payments:list", args=[row.pk]))
    assert "Sai số tài khoản" not in page.text
    assert "lý do nội bộ" not in page.text


# --- pages -------------------------------------------------------------------------------------------------------


def test_a_remark_by_page_and_by_htmx() -> None:
    row, (one, two) = submitted(2)
    client = rows.signed_in(rows.officer())
    url = reverse("payments:remark_add", args=[one.pk])
    assert "<html" in client.get(url).text
    answer = client.post(url, {"text": "Sai số tài khoản"})
    assert answer.headers["Location"] == f"{reverse('payments:list', args=[row.pk])}#khoan-{one.pk}"
    url = reverse("payments:remark_add", args=[two.pk])
    part = client.get(url, headers=HTMX).text
    assert "<html" not in part
    assert "<textarea" in part
    answer = client.post(url, {"text": "Thiếu giấy tờ"}, headers=HTMX)
    assert answer.status_code == 200
    assert "Thiếu giấy tờ" in answer.text
    assert "2 khoản đã đánh dấu" in answer.text
    assert set(row.remarks.values_list("text", flat=True)) == {"Sai số tài khoản", "Thiếu giấy tờ"}


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_empty_remark_is_said_beside_the_field(headers: dict[str, str]) -> None:
    _, (payment,) = submitted()
    url = reverse("payments:remark_add", args=[payment.pk])
    answer = rows.signed_in(rows.officer()).post(url, {"text": " "}, headers=headers)
    assert answer.status_code == 422
    assert "Hãy ghi xã cần sửa gì" in answer.text


def test_an_answer_by_page_and_by_htmx() -> None:
    _, remark, _ = returned()
    client = rows.signed_in(make.user(Role.COMMUNE_OFFICER))
    url = reverse("payments:remark_answer", args=[remark.pk])
    assert client.post(url, {"answer": ""}).status_code == 422
    assert client.post(url, {"answer": "Đã sửa"}).headers["Location"].endswith(f"#y-kien-{remark.pk}")
    part = client.post(url, {"answer": "Đã sửa, giấy 12/UQ", "seen": "Đã sửa"}, headers=HTMX)
    assert part.status_code == 200
    assert "12/UQ" in part.text
    remark.refresh_from_db()
    assert remark.answer == "Đã sửa, giấy 12/UQ"


def test_who_answers_second_in_another_tab_is_told() -> None:
    _, remark, _ = returned()
    client = rows.signed_in(make.user(Role.COMMUNE_OFFICER))
    url = reverse("payments:remark_answer", args=[remark.pk])
    client.post(url, {"answer": "Đã sửa", "seen": ""})
    answer = client.post(url, {"answer": "Không sửa", "seen": ""})
    assert answer.status_code == 422
    assert "Người khác vừa trả lời" in answer.text
    assert "Không sửa" in answer.text  # what was typed is kept
    remark.refresh_from_db()
    assert remark.answer == "Đã sửa"


def test_remarks_cost_no_queries_by_their_number() -> None:
    row, made = submitted(8)
    client = rows.signed_in(rows.officer())
    url = reverse("payments:list", args=[row.pk])
    counts = []
    for part in (made[:1], made[1:]):
        for payment in part:
            remarks.add_remark(actor=rows.officer(), payment_id=payment.pk, text="Sai")
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_of_a_double_click_one_remark_stands() -> None:
    _, (payment,) = submitted()
    actor = rows.officer()
    start = threading.Barrier(2)
    news: list[bool] = []

    def add() -> None:
        start.wait()
        try:
            news.append(remarks.add_remark(actor=actor, payment_id=payment.pk, text="Sai")[1])
        finally:
            connection.close()

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(news) == [False, True]
    assert ListRemark.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_remark_while_the_list_is_appraised_keeps_it_or_comes_too_late() -> None:
    row, (payment,) = submitted()
    officers = [rows.officer(), rows.officer()]
    start = threading.Barrier(2)
    outcomes: list[states.Outcome] = []

    def remark() -> None:
        start.wait()
        try:
            remarks.add_remark(actor=officers[0], payment_id=payment.pk, text="Sai")
        finally:
            connection.close()

    def appraise() -> None:
        start.wait()
        try:
            outcomes.append(states.appraise(actor=officers[1], list_ids=[row.pk]))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for work in (remark, appraise)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row.refresh_from_db()
    # Whichever came first: the list moved on before the remark, or it stays because of it.
    assert (row.state == State.APPRAISED) == bool(outcomes[0].moved)
    assert row.remarks.count() == 1
    leader = make.user(Role.DISTRICT_LEADER)
    assert states.sign_off(actor=leader, list_ids=[row.pk]).moved == []
