"""Recording one payment's result by form."""

import datetime
import threading
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import Error, connection, transaction
from django.urls import reverse
from django.utils import timezone

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from payments import hooks
from payments.models import Payment, Period
from payments.results.rules import NewResult, ResultRefused
from payments.services import record_result, result_version
from tests import factories as make
from tests.payments import rows
from tests.payments.rows import State

pytestmark = pytest.mark.django_db
DAY = datetime.date(2024, 7, 20)
CASH = NewResult("paid_cash", paid_on=DAY)


def record(actor: User, payment: Payment, new: NewResult, **options: Any) -> bool:
    """As somebody who sees the payment as it is now."""
    payment.refresh_from_db()
    return record_result(actor=actor, payment_id=payment.pk, new=new, seen=result_version(payment), **options)


def errors(payment: Payment, new: NewResult, **options: Any) -> dict[str, str]:
    with pytest.raises(ResultRefused) as refused:
        record(rows.officer(), payment, new, **options)
    payment.refresh_from_db()
    return refused.value.errors


@pytest.mark.parametrize("actor", [rows.officer, rows.clerk])
def test_the_phong_and_the_payer_record(actor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(hooks, "_callbacks", [lambda *, months, actor: heard.append((months, actor))])
    (payment,) = rows.handed_over()
    user = actor()
    assert record(user, payment, NewResult("paid_cash", paid_on=DAY, reference="PC 12", note="Con ký thay"))
    payment.refresh_from_db()
    assert (payment.result, payment.paid_on, payment.reference) == ("paid_cash", DAY, "PC 12")
    assert (payment.result_note, payment.recorded_by) == ("Con ký thay", user)
    assert payment.recorded_at is not None
    assert Entry.objects.filter(actor=user).get().changes["result"] == ["", "paid_cash"]
    assert heard == [({rows.AUGUST}, user)]


def test_the_same_again_changes_nothing() -> None:
    (payment,) = rows.handed_over()
    actor = rows.officer()
    assert record(actor, payment, CASH)
    # A double click sends the form as it was before the first.
    assert record_result(actor=actor, payment_id=payment.pk, new=CASH, seen="") is False
    assert Entry.objects.filter(actor=actor).count() == 1


@pytest.mark.parametrize("role", sorted(set(Role.values) - {"district_officer", "payer", "system"}))
def test_other_roles_record_nothing(role: str) -> None:
    (payment,) = rows.handed_over()
    with pytest.raises(PermissionDenied):
        record(make.user(role), payment, CASH)


def test_a_payer_does_not_reach_others_payments() -> None:
    (payment,) = rows.handed_over(payer="AGRIBANK", by_account=True)
    with pytest.raises(Payment.DoesNotExist):
        record(rows.clerk("BUUDIEN"), payment, CASH)


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (NewResult(""), "result"),
        (NewResult("lost"), "result"),
        (NewResult("paid_account", paid_on=DAY), "result"),
        (NewResult("returned", "closed"), "result"),
        (NewResult("paid_cash"), "paid_on"),
        (NewResult("paid_cash", paid_on=datetime.date(2024, 7, 23)), "paid_on"),
        (NewResult("paid_cash", paid_on=datetime.date(2024, 6, 30)), "paid_on"),
        (NewResult("paid_cash", "closed", DAY), "return_reason"),
    ],
)
def test_what_cannot_be_of_a_cash_payment(new: NewResult, field: str) -> None:
    (payment,) = rows.handed_over()
    assert set(errors(payment, new)) == {field}
    assert payment.result == ""


def test_a_returned_transfer_needs_a_reason_and_other_a_note() -> None:
    (payment,) = rows.handed_over(by_account=True)
    assert set(errors(payment, NewResult("returned"))) == {"return_reason"}
    assert set(errors(payment, NewResult("returned", "other"))) == {"note"}
    assert record(rows.officer(), payment, NewResult("returned", "other", note="Ngân hàng bảo trì"))


def test_a_returned_transfer_is_paid_in_cash_without_saying_why() -> None:
    (payment,) = rows.handed_over(by_account=True)
    actor = rows.officer()
    record(actor, payment, NewResult("returned", "closed"))
    assert record(actor, payment, CASH)
    payment.refresh_from_db()
    assert (payment.result, payment.return_reason) == ("paid_cash", "")


def test_correcting_what_was_paid_needs_a_reason_and_is_audited() -> None:
    (payment,) = rows.handed_over()
    actor = rows.officer()
    record(actor, payment, CASH)
    wrong = NewResult("not_collected")
    assert set(errors(payment, wrong)) == {"why"}
    assert record(actor, payment, wrong, why="Ghi nhầm người")
    entry = Entry.objects.filter(actor=actor).order_by("-pk")[0]
    assert entry.details == {"vì sao": "Ghi nhầm người"}
    assert entry.changes == {"result": ["paid_cash", "not_collected"], "paid_on": ["2024-07-20", None]}


@pytest.mark.parametrize("state", [State.DRAFT, State.APPRAISED, State.APPROVED])
def test_only_a_list_that_was_handed_over_takes_results(state: str) -> None:
    row = rows.payment_list()
    payment = rows.payment(row)
    rows.put(row, state)
    assert "chưa giao" in errors(payment, CASH)[""]
    with pytest.raises(Error, match="handed over"), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(
            result="not_collected", recorded_by=rows.officer(), recorded_at=timezone.now()
        )


def test_a_closed_month_takes_no_results() -> None:
    (payment,) = rows.handed_over()
    Period.objects.filter(pk=payment.payment_list.period_id).update(
        state=Period.State.CLOSED, closed_by=rows.officer(), closed_at=timezone.now()
    )
    assert "đã khóa" in errors(payment, CASH)[""]


def test_who_comes_second_with_another_result_is_told() -> None:
    (payment,) = rows.handed_over()
    seen = result_version(payment)
    record(rows.officer(), payment, CASH)
    with pytest.raises(ResultRefused, match="người khác"):
        record_result(actor=rows.officer(), payment_id=payment.pk, new=NewResult("not_collected"), seen=seen, why="?")
    payment.refresh_from_db()
    assert payment.result == "paid_cash"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_records_and_the_other_is_told() -> None:
    (payment,) = rows.handed_over()
    news = [CASH, NewResult("not_collected")]
    actors = [rows.officer(), rows.officer()]
    start = threading.Barrier(2)
    said: list[str] = []

    def work(actor: User, new: NewResult) -> None:
        start.wait()
        try:
            said.append(str(record_result(actor=actor, payment_id=payment.pk, new=new, seen="")))
        except ResultRefused as refusal:
            said.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=pair) for pair in zip(actors, news, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "True" in said
    assert any("người khác" in one for one in said)
    assert Entry.objects.filter(actor__in=actors).count() == 1


def test_the_form_shows_errors_beside_the_field_and_keeps_what_was_typed() -> None:
    (payment,) = rows.handed_over()
    client = rows.signed_in(rows.officer())
    url = reverse("payments:record_result", args=[payment.pk])
    answer = client.post(url, {"result": "paid_cash", "paid_on": "30/07/2024", "reference": "PC 9", "seen": ""})
    assert answer.status_code == 422
    assert "ở sau hôm nay" in str(answer.context["form"].errors["paid_on"])
    assert 'value="PC 9"' in answer.text
    answer = client.post(url, {"result": "paid_cash", "paid_on": "20/07/2024", "reference": "PC 9", "seen": ""})
    assert answer.headers["Location"] == reverse("payments:list", args=[payment.payment_list_id])
    payment.refresh_from_db()
    assert (payment.result, payment.paid_on, payment.reference) == ("paid_cash", DAY, "PC 9")
