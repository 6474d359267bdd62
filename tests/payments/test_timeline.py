"""The timeline of a list: who, when and why, written with the step, never with one that did not happen."""

import pytest
from django.db import connection, transaction
from django.urls import reverse

from batosocial.staff.models import Role
from payments import states, timeline
from payments.models import ListEvent, PaymentList
from tests import factories as make
from tests.payments import rows
from tests.payments.rows import State

pytestmark = pytest.mark.django_db


def steps(row: PaymentList) -> list[str]:
    return [event.step for event in row.events.all()]


def test_every_step_is_written_with_who_and_why() -> None:
    row = rows.payment_list(state=State.SUBMITTED)
    phong, head, chairman = rows.officer(), make.user(Role.DISTRICT_LEADER), make.user(Role.CHAIRMAN)
    states.return_lists(actor=phong, list_ids=[row.pk], reason="Thiếu 2 người")
    rows.put(row, State.SUBMITTED)
    states.appraise(actor=phong, list_ids=[row.pk])
    states.sign_off(actor=head, list_ids=[row.pk])
    states.approve(actor=chairman, list_ids=[row.pk])
    states.hand_over(actor=phong, list_ids=[row.pk])
    assert steps(row) == ["tra-lai", "tham-dinh", "ky-tham-dinh", "duyet", "giao"]
    assert [event.by for event in row.events.all()] == [phong, phong, head, chairman, phong]
    assert row.events.all()[0].note == "Thiếu 2 người"


def test_a_step_that_is_repeated_or_refused_leaves_no_event() -> None:
    row = rows.payment_list(state=State.SUBMITTED)
    for _ in range(2):
        states.appraise(actor=rows.officer(), list_ids=[row.pk])
    states.approve(actor=make.user(Role.CHAIRMAN), list_ids=[row.pk])
    assert steps(row) == ["tham-dinh"]


def test_what_is_rolled_back_leaves_no_event() -> None:
    row = rows.payment_list(state=State.SUBMITTED)
    with transaction.atomic():
        states.appraise(actor=rows.officer(), list_ids=[row.pk])
        transaction.set_rollback(True)
    assert steps(row) == []


def test_the_page_shows_what_happened_and_what_is_ahead() -> None:
    row = rows.payment_list(state=State.SUBMITTED)
    officer = rows.officer()
    states.return_lists(actor=officer, list_ids=[row.pk], reason="Thiếu giấy tờ")
    page = rows.signed_in(make.user(Role.COMMUNE_OFFICER)).get(reverse("payments:list", args=[row.pk]))
    assert "Thiếu giấy tờ" in page.text
    assert officer.full_name in page.text
    assert page.context["ahead"] == [
        "Xã gửi Phòng LĐ-TB&XH",
        "Phòng thẩm định",
        "Trưởng phòng ký thẩm định",
        "Duyệt",
        "Giao tổ chức chi trả",
    ]


def test_a_signed_appraisal_waits_for_the_approval_alone() -> None:
    assert timeline.ahead(rows.payment_list(state=State.APPRAISED)) == ["Duyệt", "Giao tổ chức chi trả"]
    unsigned = rows.put(rows.payment_list(policy="NCC"), State.APPRAISED, signed_off=False)
    assert timeline.ahead(unsigned)[0] == "Trưởng phòng ký thẩm định"


def test_the_demos_lists_have_their_history() -> None:
    july = PaymentList.objects.filter(period__month="2024-07-01").order_by("pk").first()
    june = PaymentList.objects.filter(period__month="2024-06-01").order_by("pk").first()
    assert july and june
    assert steps(july) == ["mo", "gui", "tham-dinh", "ky-tham-dinh", "duyet", "giao"]
    assert steps(june)[-1] == "khoa-so"
    assert not PaymentList.objects.exclude(pk__in=ListEvent.objects.values("payment_list")).exists()
    times = [event.at for event in july.events.all()]
    assert times == sorted(times)
    assert july.events.all()[1].by == july.submitted_by


def test_lists_from_before_the_timeline_get_it_from_their_names() -> None:
    from importlib import import_module

    fill = import_module("payments.migrations.0005_list_events").FILL
    row = rows.payment_list(state=State.HANDED_OVER)
    kept = ListEvent.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(fill)
        cursor.execute(fill)  # a second time there is nothing to do
    assert steps(row) == ["mo", "gui", "tham-dinh", "ky-tham-dinh", "duyet", "giao"]
    assert ListEvent.objects.count() == kept + 6
