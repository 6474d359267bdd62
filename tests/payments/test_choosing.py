"""A row that several payments fit: somebody picks the payment, or sets the row aside; nothing is guessed."""

import datetime
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import Payer, Role
from payments import services
from payments.models import Payment, ResultBatch, ResultRow
from payments.results import choosing
from payments.results.recording import check_content, choices_of, record_batch, store_preview
from tests import factories as make
from tests.payments import rows
from tests.payments.rows import State, result, workbook

pytestmark = pytest.mark.django_db
Outcome = ResultRow.Outcome


def two_months() -> list[Payment]:
    """One person's payments of the same amount in two open months."""
    person = make.person()
    made = []
    for month, category in ((rows.AUGUST, "BTXH-5C"), (datetime.date(2024, 9, 1), "BTXH-5D")):
        row = rows.payment_list(month=month)
        made.append(rows.payment(row, person=person, category=category))
        rows.put(row, State.HANDED_OVER)
    return made


def loose(payment: Payment, **cells: Any) -> dict[str, Any]:
    return result(None, CCCD=payment.cccd, amount=payment.total, **cells)


def shown(*cells: dict[str, Any]) -> ResultBatch:
    payer = Payer.objects.get(code="BUUDIEN")
    content = workbook(*cells)
    batch = services.upload_results(actor=rows.clerk(), payer=payer, filename="a.xlsx", content=content)
    check(batch)
    return batch


def check(batch: ResultBatch) -> None:
    content = bytes(batch.file.content)
    store_preview(
        batch, check_content(content=content, filename="a.xlsx", payer=batch.payer, choices=choices_of(batch))
    )


def recorded(*cells: dict[str, Any]) -> ResultBatch:
    batch = shown(*cells)
    record_batch(actor=rows.clerk(), batch=batch)
    batch.refresh_from_db()
    return batch


def test_in_a_file_that_is_shown_the_choice_joins_the_ready_rows() -> None:
    first, second = two_months()
    batch = shown(loose(first))
    clerk = rows.clerk()
    (row,) = choosing.open_rows(clerk)
    choosing.choose(actor=clerk, row_id=row.pk, payment_id=second.pk)
    batch.refresh_from_db()
    assert (batch.ready_count, batch.unmatched_count) == (1, 0)
    second.refresh_from_db()
    assert second.result == ""
    record_batch(actor=clerk, batch=batch)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.result, second.result) == ("", "paid_cash")
    assert Entry.objects.get(action="chọn khoản cho dòng kết quả").details["khoản"] == second.number


def test_the_choice_holds_when_the_file_is_checked_again() -> None:
    first, second = two_months()
    batch = shown(loose(first))
    choosing.choose(actor=rows.clerk(), row_id=batch.rows.get().pk, payment_id=second.pk)
    for _ in range(2):
        check(batch)
        row = batch.rows.get()
        assert (row.outcome, row.payment) == (Outcome.READY, second)


def test_in_a_file_that_is_recorded_the_choice_is_recorded_at_once() -> None:
    first, _ = two_months()
    (other,) = rows.handed_over(commune=make.commune(make.BA_TO_TOWN))
    batch = recorded(loose(first), result(other))
    clerk = rows.clerk()
    (row,) = choosing.open_rows(clerk)
    choosing.choose(actor=clerk, row_id=row.pk, payment_id=first.pk)
    first.refresh_from_db()
    batch.refresh_from_db()
    assert (first.result, first.recorded_by, first.paid_on) == ("paid_cash", clerk, datetime.date(2024, 7, 20))
    assert (batch.ready_count, batch.unmatched_count) == (2, 0)
    entry = Entry.objects.get(action="ghi nhận kết quả chi trả đã chọn khoản")
    assert (entry.row_id, entry.changes["result"], entry.details["dòng"]) == (first.pk, ["", "paid_cash"], 2)
    with pytest.raises(ResultRow.DoesNotExist):
        choosing.choose(actor=clerk, row_id=row.pk, payment_id=first.pk)


def test_a_row_set_aside_leaves_the_worklist_and_is_not_recorded() -> None:
    first, _ = two_months()
    batch = shown(loose(first))
    clerk = rows.clerk()
    row = batch.rows.get()
    with pytest.raises(choosing.ChoiceRefused, match="vì sao"):
        choosing.set_aside(actor=clerk, row_id=row.pk, reason=" ")
    choosing.set_aside(actor=clerk, row_id=row.pk, reason="Trùng với tệp trước")
    assert not choosing.open_rows(clerk).exists()
    first.refresh_from_db()
    assert first.result == ""
    assert Entry.objects.get(action="bỏ qua dòng kết quả không khớp").details["vì sao"] == "Trùng với tệp trước"


def test_two_rows_do_not_get_the_same_payment() -> None:
    first, second = two_months()
    batch = shown(loose(first), loose(first))
    clerk = rows.clerk()
    one, other = batch.rows.order_by("row")
    choosing.choose(actor=clerk, row_id=one.pk, payment_id=first.pk)
    with pytest.raises(choosing.ChoiceRefused, match="dòng 2"):
        choosing.choose(actor=clerk, row_id=other.pk, payment_id=first.pk)
    choosing.choose(actor=clerk, row_id=other.pk, payment_id=second.pk)
    record_batch(actor=clerk, batch=batch)
    assert set(Payment.objects.filter(pk__in=[first.pk, second.pk]).values_list("result", flat=True)) == {"paid_cash"}


def test_a_candidate_is_judged_like_a_row_with_its_number() -> None:
    """Another amount, another account: shown as candidates, never taken."""
    (payment,) = rows.handed_over(by_account=True)
    batch = shown(loose(payment) | {"amount": 999}, loose(payment, account="4505205000000"))
    for row, word in zip(batch.rows.order_by("row"), ("Số tiền", "tài khoản"), strict=True):
        (candidate,) = choosing.candidates_of(row)
        assert word in candidate.objection
        with pytest.raises(choosing.ChoiceRefused, match=word):
            choosing.choose(actor=rows.clerk(), row_id=row.pk, payment_id=payment.pk)


def test_only_candidates_can_be_chosen_and_only_by_who_brings_results() -> None:
    first, _ = two_months()
    (foreign,) = rows.handed_over(commune=make.commune(make.BA_TO_TOWN))
    row = shown(loose(first)).rows.get()
    with pytest.raises(choosing.ChoiceRefused, match="không ở trong"):
        choosing.choose(actor=rows.clerk(), row_id=row.pk, payment_id=foreign.pk)
    with pytest.raises(ResultRow.DoesNotExist):
        choosing.choose(actor=rows.clerk("AGRIBANK"), row_id=row.pk, payment_id=first.pk)
    with pytest.raises(PermissionDenied):
        choosing.choose(actor=make.user(Role.CHAIRMAN), row_id=row.pk, payment_id=first.pk)


def test_the_pages_lead_from_the_worklist_to_the_choice() -> None:
    first, second = two_months()
    row = recorded(loose(first), result(rows.handed_over(commune=make.commune(make.BA_TO_TOWN))[0])).rows.get(row=2)
    client = rows.signed_in(rows.clerk())
    url = reverse("payments:match", args=[row.pk])
    assert url in client.get(reverse("payments:matches")).text
    page = client.get(url)
    assert first.number in page.text
    assert second.number in page.text
    assert client.post(url, {"do": "choose"}).status_code == 422
    assert client.post(url, {"do": "aside", "reason": ""}).status_code == 422
    done = client.post(url, {"do": "choose", "payment": first.pk}, follow=True)
    assert f"Đã ghi kết quả của dòng 2 vào khoản {first.number}." in done.text
    assert "đã xử lý" in client.get(url).text


# --- bringing a file -----------------------------------------------------------------------------------------------


def bring(client: Any, content: bytes, **more: str) -> Any:
    file = SimpleUploadedFile("kết quả.xlsx", content)
    return client.post(reverse("payments:batches"), {"file": file, **more})


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"a;b\n1;2\n", b""])
def test_an_unreadable_file_is_refused_in_the_form_and_nothing_is_kept(content: bytes) -> None:
    client = rows.signed_in(rows.clerk())
    before = ResultBatch.objects.count()
    assert bring(client, content).status_code == 422
    assert ResultBatch.objects.count() == before


def test_a_table_without_rows_is_refused_in_the_form() -> None:
    page = bring(rows.signed_in(rows.clerk()), workbook())
    assert page.status_code == 422
    assert "không có dòng nào" in page.text


def test_the_same_file_twice_is_said_and_taken_only_when_wanted() -> None:
    (payment,) = rows.handed_over()
    client = rows.signed_in(rows.clerk())
    content = workbook(result(payment))
    assert bring(client, content).status_code == 302
    page = bring(client, content)
    assert page.status_code == 422
    assert "đã nạp lúc" in page.text
    assert "Vẫn nạp lại tệp này" in page.text
    done = bring(client, content, again="on")
    assert done.status_code == 302
    batch = ResultBatch.objects.order_by("-pk")[0]
    check(batch)
    assert "giống hệt" in client.get(reverse("payments:batch", args=[batch.pk])).text


def test_the_command_saves_the_marked_workbook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (payment,) = rows.handed_over()
    file, out = tmp_path / "ket-qua.xlsx", tmp_path / "danh-dau.xlsx"
    file.write_bytes(workbook(result(payment, amount=1)))
    with pytest.raises(SystemExit) as stop:
        call_command("record_results", str(file), "--payer", "BUUDIEN", "--marked", str(out), "--json")
    assert stop.value.code == 1
    assert json.loads(capsys.readouterr().out)["errors"] == 1
    sheet = openpyxl.load_workbook(io.BytesIO(out.read_bytes())).active
    assert sheet is not None
    assert sheet["D2"].comment is not None
    file.write_bytes(workbook(result(payment)))
    call_command("record_results", str(file), "--payer", "BUUDIEN", "--marked", str(out))
    assert out.read_bytes() == file.read_bytes()
