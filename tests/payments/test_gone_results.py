"""What was carried on or returned to the budget takes no result; death, and a transfer that is then paid in cash."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.staff.models import Payer
from payments import exports, services
from payments.closing.services import return_to_budget
from payments.models import Payment, PaymentList, ResultBatch, ResultRow
from payments.results import words
from payments.results.matching import Matched
from payments.results.recording import ChangedMeanwhile, check_content, record_batch, store_preview
from payments.results.rules import NewResult, ResultRefused
from tests.payments import rows
from tests.payments.closing.months import carry, give, payments
from tests.payments.rows import result, workbook

pytestmark = pytest.mark.django_db
DAY = datetime.date(2024, 7, 20)
Outcome = ResultRow.Outcome


def check(*cells: dict[str, Any]) -> list[Matched]:
    return check_content(content=workbook(*cells), filename="a.xlsx", payer=Payer.objects.get(code="BUUDIEN"))


def said(one: Matched) -> str:
    return " ".join(message["message"] for message in one.row.messages)


def by_form(payment: Payment, new: NewResult) -> bool:
    return services.record_result(
        actor=rows.officer(), payment_id=payment.pk, new=new, seen=services.result_version(payment)
    )


def carried(**fields: Any) -> tuple[Payment, Payment]:
    (payment,) = payments()
    give(payment, "not_collected")
    return payment, carry(payment, **fields)


def test_a_carried_payment_takes_no_result_by_form_and_says_where_it_went() -> None:
    payment, later = carried()
    with pytest.raises(ResultRefused) as refused:
        by_form(payment, NewResult("paid_cash", paid_on=DAY))
    text = refused.value.errors[""]
    for part in ("BTXH tháng 11/2023 Xã Ba Động", later.number, "rút khoản chậm lĩnh"):
        assert part in text
    page = rows.signed_in(rows.officer()).get(reverse("payments:record_result", args=[payment.pk]))
    assert later.number in page.text
    assert 'name="result"' not in page.text


def test_once_the_later_list_is_sent_the_result_belongs_there() -> None:
    payment, later = carried(state="submitted")
    with pytest.raises(ResultRefused, match=f"ghi kết quả ở khoản {later.number}"):
        by_form(payment, NewResult("paid_cash", paid_on=DAY))


def test_what_went_back_to_the_budget_takes_no_result() -> None:
    (payment,) = payments()
    give(payment, "not_collected")
    return_to_budget(actor=rows.officer(), reasons={payment.lines.get().pk: "Không đến nhận"})
    with pytest.raises(ResultRefused, match="nộp trả ngân sách"):
        by_form(payment, NewResult("paid_cash", paid_on=DAY))
    (one,) = check(result(payment))
    assert (one.outcome, "nộp trả ngân sách" in said(one)) == (Outcome.ERROR, True)


def test_a_carried_payment_is_refused_by_row_and_the_rest_is_taken() -> None:
    payment, later = carried()
    (other,) = payments(commune=rows.make.commune(rows.make.BA_TO_TOWN))
    first, second = check(result(payment), result(other))
    assert (first.outcome, later.number in said(first)) == (Outcome.ERROR, True)
    assert second.outcome == Outcome.READY
    (same,) = check(result(payment, "not_collected", day=None))
    assert same.outcome == Outcome.UNCHANGED


def test_by_cccd_the_later_payment_is_meant() -> None:
    payment, later = carried()
    rows.put(PaymentList.objects.get(pk=later.payment_list_id), "handed_over")
    (one,) = check(result(None, CCCD=payment.cccd, amount=payment.total))
    assert one.payment is not None
    assert (one.outcome, one.payment.number) == (Outcome.READY, later.number)


def test_a_payment_that_was_carried_after_the_preview_stops_the_file() -> None:
    (payment,) = payments()
    give(payment, "not_collected")
    batch = uploaded(result(payment))
    carry(payment)
    with pytest.raises(ChangedMeanwhile):
        record_batch(actor=rows.clerk(), batch=batch)


def uploaded(*cells: dict[str, Any]) -> ResultBatch:
    payer = Payer.objects.get(code="BUUDIEN")
    content = workbook(*cells)
    batch = services.upload_results(actor=rows.clerk(), payer=payer, filename="a.xlsx", content=content)
    store_preview(batch, check_content(content=content, filename="a.xlsx", payer=payer))
    return batch


@pytest.mark.parametrize("reason", ["Người hưởng đã chết", "đã chết", "từ trần", "deceased"])
@pytest.mark.parametrize("outcome", ["not_collected", "returned"])
def test_death_is_a_reason_by_file(outcome: str, reason: str) -> None:
    (payment,) = payments(by_account=True)
    batch = uploaded(result(payment, outcome, reason=reason, day=None))
    record_batch(actor=rows.clerk(), batch=batch)
    payment.refresh_from_db()
    assert (payment.result, payment.return_reason, payment.result_note) == (outcome, "deceased", "")


def test_another_reason_of_what_was_not_collected_is_a_note() -> None:
    (payment,) = payments()
    (one,) = check(result(payment, "not_collected", reason="Đi vắng", day=None))
    assert (one.new["return_reason"], one.new["result_note"]) == ("", "Đi vắng")


def test_death_is_a_reason_by_form() -> None:
    (payment,) = payments()
    client = rows.signed_in(rows.officer())
    url = reverse("payments:record_result", args=[payment.pk])
    page = client.get(url)
    assert "Người hưởng đã chết" in page.text
    assert "Sai số tài khoản" not in page.text
    client.post(url, {"result": "not_collected", "return_reason": "deceased", "seen": ""})
    payment.refresh_from_db()
    assert (payment.result, payment.return_reason) == ("not_collected", "deceased")


def test_what_was_not_collected_has_no_other_reason_of_a_bank() -> None:
    (payment,) = payments(by_account=True)
    with pytest.raises(ResultRefused) as refused:
        by_form(payment, NewResult("not_collected", "wrong_name"))
    assert "Người hưởng đã chết" in refused.value.errors["return_reason"]


def test_the_guide_and_the_words_name_death() -> None:
    assert words.reason_of(Payment.ReturnReason.DECEASED.label)[0] == Payment.ReturnReason.DECEASED
    assert any("Người hưởng đã chết" in line[0] for line in exports._GUIDE)


def test_a_returned_transfer_is_paid_in_cash_by_form_and_counts_as_cash() -> None:
    (payment,) = payments(by_account=True)
    give(payment, "returned", reason="wrong_name")
    client = rows.signed_in(rows.officer())
    url = reverse("payments:record_result", args=[payment.pk])
    seen = client.get(url).context["form"]["seen"].value()
    # The reason stands in the form as it was; nobody has to empty it.
    posted = {"result": "paid_cash", "return_reason": "wrong_name", "paid_on": "20/07/2024", "seen": seen}
    assert client.post(url, posted).status_code == 302
    payment.refresh_from_db()
    assert (payment.result, payment.return_reason, payment.paid_on) == ("paid_cash", "", DAY)


def test_a_returned_transfer_is_paid_in_cash_by_file_and_counts_as_cash() -> None:
    (payment,) = payments(by_account=True)
    give(payment, "returned", reason="wrong_name")
    record_batch(actor=rows.clerk(), batch=uploaded(result(payment)))
    payment.refresh_from_db()
    assert (payment.result, payment.return_reason) == ("paid_cash", "")


def test_matching_costs_two_queries_with_carried_payments_too() -> None:
    payment, _ = carried()
    some = payments(5, commune=rows.make.commune(rows.make.BA_TO_TOWN))
    payer = Payer.objects.get(code="BUUDIEN")

    def queries(*cells: dict[str, Any]) -> int:
        with CaptureQueriesContext(connection) as captured:
            check_content(content=workbook(*cells), filename="a.xlsx", payer=payer)
        return len(captured)

    assert queries(result(payment)) == queries(*(result(one) for one in [payment, *some]))
