"""The board: 38 lists with their deadlines, what is late, what can be narrowed to, and a step with many at once."""

import datetime
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batosocial.staff.models import Role
from tests import factories as make
from tests.payments import rows
from tests.payments.rows import State

pytestmark = pytest.mark.django_db


def board(client: Client, **query: str) -> Any:
    return client.get(reverse("payments:board"), {"thang": "2024-08", **query})


def shown(answer: Any) -> set[int]:
    return {row.pk for group in answer.context["groups"] for row in group.lists}


def test_a_list_not_handed_over_on_the_25th_is_late(settings: LazySettings) -> None:
    draft = rows.payment_list()
    done = rows.payment_list(policy="NCC", state=State.HANDED_OVER)
    client = rows.signed_in(rows.officer())
    assert "Quá hạn giao" not in board(client).text
    settings.BUSINESS_DATE = datetime.date(2024, 7, 25)
    answer = board(client)
    assert "Quá hạn giao 25/07/2024" in answer.text
    assert shown(board(client, viec="qua-han")) == {draft.pk}
    assert done.pk in shown(answer)


def test_payments_without_a_result_on_the_20th_are_late(settings: LazySettings) -> None:
    row = rows.payment_list()
    rows.payment(row)
    rows.put(row, State.HANDED_OVER)
    client = rows.signed_in(rows.officer())
    settings.BUSINESS_DATE = datetime.date(2024, 8, 19)
    assert "Quá hạn kết quả" not in board(client).text
    settings.BUSINESS_DATE = datetime.date(2024, 8, 20)
    assert "Quá hạn kết quả 20/08/2024" in board(client).text
    row.payments.update(
        result="paid_cash", paid_on="2024-08-08", recorded_by=rows.officer(), recorded_at=timezone.now()
    )
    assert "Quá hạn kết quả" not in board(client).text


def test_the_board_counts_payments_without_a_result_and_opens_them() -> None:
    row = rows.payment_list()
    for _ in range(3):
        rows.payment(row)
    rows.put(row, State.HANDED_OVER)
    answer = board(rows.signed_in(rows.officer()))
    (group,) = answer.context["groups"]
    assert (group.waiting, group.recorded, group.handed_over_people) == (3, 0, 3)
    url = f"{reverse('payments:list', args=[row.pk])}?ket_qua=chua-co"
    assert url in answer.text
    assert rows.signed_in(rows.officer()).get(url).context["page"].paginator.count == 3


def test_the_board_is_narrowed_to_what_waits_for_the_user() -> None:
    mine = rows.payment_list(state=State.SUBMITTED)
    rows.payment_list(policy="NCC")
    client = rows.signed_in(rows.officer())
    assert shown(board(client, viec="cho-toi")) == {mine.pk}
    empty = board(client, viec="chua-ket-qua")
    assert shown(empty) == set()
    assert "Không có danh sách nào khớp" in empty.text


def test_the_filter_survives_a_step_taken_on_the_board() -> None:
    row = rows.payment_list(state=State.SUBMITTED)
    client = rows.signed_in(rows.officer())
    data = {"step": "tham-dinh", "thang": "2024-08", "buoc": "submitted", "viec": "cho-toi", "lists": [row.pk]}
    answer = client.post(reverse("payments:move_lists"), data)
    assert answer.headers["Location"] == "/chi-tra/?thang=2024-08&buoc=submitted&viec=cho-toi"


def test_a_form_without_a_step_says_so_and_leads_back() -> None:
    row = rows.payment_list(state=State.SUBMITTED)
    client = rows.signed_in(rows.officer())
    for url, data in (
        (reverse("payments:move_list", args=[row.pk]), {"reason": "Thiếu người"}),
        (reverse("payments:move_lists"), {"thang": "2024-08", "lists": [row.pk], "reason": "Thiếu người"}),
    ):
        answer = client.post(url, data, follow=True)
        assert answer.status_code == 200
        assert "Chưa chọn việc cần làm" in answer.text
    row.refresh_from_db()
    assert row.state == State.SUBMITTED


def test_the_steps_of_a_policys_lists_are_counted() -> None:
    rows.payment_list(state=State.SUBMITTED)
    rows.payment_list(commune=make.commune(make.BA_TO_TOWN))
    (group,) = board(rows.signed_in(make.user(Role.CHAIRMAN))).context["groups"]
    assert [(state, label) for state, label, _ in group.steps] == [
        ("draft", "Đang lập: 1"),
        ("submitted", "Chờ thẩm định: 1"),
    ]


def test_a_returned_list_says_who_returned_it() -> None:
    from payments import states

    row = rows.payment_list(state=State.SUBMITTED)
    officer = rows.officer()
    states.return_lists(actor=officer, list_ids=[row.pk], reason="Thiếu")
    text = board(rows.signed_in(officer)).text
    assert f"Trả lại: {officer.full_name}" in text
    assert "Bị trả lại" in text
