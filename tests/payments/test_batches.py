"""A payer's file from uploading to recording, in the browser's way and in the command line's."""

import datetime
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.jobs.models import Job
from batosocial.staff.models import Payer, Role, User
from payments import hooks, services
from payments.models import Payment, ResultBatch
from payments.results import words
from payments.results.rules import NewResult
from tests import factories as make
from tests.payments import rows
from tests.payments.rows import result, workbook

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The months that later apps were told of."""
    said: list[Any] = []
    monkeypatch.setattr(hooks, "_callbacks", [lambda *, months, actor: said.append(months)])
    return said


def upload(actor: User, *cells: dict[str, Any], payer: str = "BUUDIEN") -> ResultBatch:
    return services.upload_results(
        actor=actor, payer=Payer.objects.get(code=payer), filename="ket-qua.xlsx", content=workbook(*cells)
    )


@pytest.mark.django_db(transaction=True)
def test_a_file_is_checked_shown_and_recorded(heard: list[Any]) -> None:
    payments = rows.handed_over(3)
    clerk = rows.clerk()
    client = rows.signed_in(clerk)
    file = SimpleUploadedFile("kết quả.xlsx", workbook(*(result(payment) for payment in payments)))
    url = client.post(reverse("payments:batches"), {"file": file}).headers["Location"]
    batch = ResultBatch.objects.get()
    assert rows.run_queued(batch).state == Job.State.DONE
    assert (batch.state, batch.ready_count, batch.error_count) == ("previewed", 3, 0)
    assert not Payment.objects.filter(pk__in=[one.pk for one in payments]).exclude(result="").exists()
    page = client.get(url)
    assert page.text.count("Sẽ ghi") >= 3
    client.post(reverse("payments:confirm_batch", args=[batch.pk]))
    job = rows.run_queued(batch)
    assert (job.state, job.message) == (Job.State.DONE, "Đã ghi 3 kết quả của tháng 8/2024.")
    assert (batch.state, batch.recorded_by) == ("recorded", clerk)
    for payment in payments:
        payment.refresh_from_db()
        assert (payment.result, payment.paid_on, payment.recorded_by) == (
            "paid_cash",
            datetime.date(2024, 7, 20),
            clerk,
        )
    assert heard == [{rows.AUGUST}]
    entry = Entry.objects.get(action="ghi nhận kết quả chi trả từ tệp")
    assert (entry.details["đã ghi"], entry.job_id, entry.actor) == (3, job.pk, clerk)


@pytest.mark.django_db(transaction=True)
def test_good_rows_go_in_only_when_the_user_says_so() -> None:
    good, bad = rows.handed_over(2)
    clerk = rows.clerk()
    batch = upload(clerk, result(good), result(bad, amount=1))
    rows.run_queued(batch)
    with pytest.raises(services.BatchRefused, match="chỉ ghi các dòng đúng"):
        services.confirm_batch(actor=clerk, batch_id=batch.pk, good_rows_only=False)
    services.confirm_batch(actor=clerk, batch_id=batch.pk, good_rows_only=True)
    rows.run_queued(batch)
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.result, bad.result) == ("paid_cash", "")


@pytest.mark.django_db(transaction=True)
def test_confirming_twice_records_once(heard: list[Any]) -> None:
    (payment,) = rows.handed_over()
    clerk = rows.clerk()
    batch = upload(clerk, result(payment))
    rows.run_queued(batch)
    services.confirm_batch(actor=clerk, batch_id=batch.pk, good_rows_only=False)
    with pytest.raises(services.BatchRefused, match="đang được ghi"):
        services.confirm_batch(actor=clerk, batch_id=batch.pk, good_rows_only=False)
    rows.run_queued(batch)
    with pytest.raises(services.BatchRefused, match="đã ghi nhận rồi"):
        services.confirm_batch(actor=clerk, batch_id=batch.pk, good_rows_only=False)
    # A job that is delivered again after its commit does nothing.
    assert batch.job is not None
    Job.objects.filter(pk=batch.job.pk).update(state=Job.State.QUEUED)
    assert rows.run_queued(batch).state == Job.State.DONE
    assert len(heard) == 1
    again = upload(clerk, result(payment))
    rows.run_queued(again)
    assert (again.ready_count, again.unchanged_count) == (0, 1)
    with pytest.raises(services.BatchRefused, match="không có dòng nào"):
        services.confirm_batch(actor=clerk, batch_id=again.pk, good_rows_only=True)


@pytest.mark.django_db(transaction=True)
def test_a_payment_that_moved_on_after_the_preview_stops_the_whole_file(heard: list[Any]) -> None:
    moved, still = rows.handed_over(2)
    clerk = rows.clerk()
    batch = upload(clerk, result(moved), result(still))
    rows.run_queued(batch)
    services.record_result(actor=rows.officer(), payment_id=moved.pk, new=NewResult("not_collected"))
    services.confirm_batch(actor=clerk, batch_id=batch.pk, good_rows_only=False)
    job = rows.run_queued(batch)
    assert job.state == Job.State.FAILED
    assert "chưa ghi gì" in job.message
    still.refresh_from_db()
    assert still.result == ""
    # The preview shows the payments as they are now, and can be confirmed once more.
    assert (batch.state, batch.ready_count) == ("previewed", 2)
    services.confirm_batch(actor=clerk, batch_id=batch.pk, good_rows_only=False)
    assert rows.run_queued(batch).state == Job.State.DONE
    moved.refresh_from_db()
    assert moved.result == "paid_cash"


@pytest.mark.django_db(transaction=True)
def test_an_unreadable_file_says_why() -> None:
    clerk = rows.clerk()
    batch = services.upload_results(
        actor=clerk, payer=Payer.objects.get(code="BUUDIEN"), filename="a.xlsx", content=b"%PDF-1.7"
    )
    rows.run_queued(batch)
    assert batch.state == "unreadable"
    page = rows.signed_in(clerk).get(reverse("payments:batch", args=[batch.pk]))
    assert batch.failure in page.text
    services.withdraw_batch(actor=clerk, batch_id=batch.pk)
    batch.refresh_from_db()
    assert batch.state == "withdrawn"


def test_payers_upload_their_own_files_only() -> None:
    for actor in (rows.clerk("AGRIBANK"), make.user(Role.CHAIRMAN), make.user(Role.COMMUNE_OFFICER)):
        with pytest.raises(PermissionDenied):
            upload(actor, result())


@pytest.mark.django_db(transaction=True)
def test_payers_do_not_reach_others_batches() -> None:
    (payment,) = rows.handed_over()
    batch = upload(rows.clerk(), result(payment))
    rows.run_queued(batch)
    stranger = rows.signed_in(rows.clerk("AGRIBANK"))
    for name in ("batch", "marked_batch"):
        assert stranger.get(reverse(f"payments:{name}", args=[batch.pk])).status_code == 404
    for name in ("confirm_batch", "recheck_batch", "withdraw_batch"):
        assert stranger.post(reverse(f"payments:{name}", args=[batch.pk])).status_code == 404
    assert "ket-qua.xlsx" not in stranger.get(reverse("payments:batches")).text
    batch.refresh_from_db()
    assert batch.state == "previewed"


@pytest.mark.django_db(transaction=True)
def test_the_marked_workbook_names_the_cells() -> None:
    (payment,) = rows.handed_over()
    clerk = rows.clerk()
    batch = upload(clerk, result(payment, amount=1))
    rows.run_queued(batch)
    answer = rows.signed_in(clerk).get(reverse("payments:marked_batch", args=[batch.pk]))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer))).active
    assert sheet is not None
    comment = sheet["D2"].comment
    assert comment is not None
    assert "360.000 đ" in comment.text


@pytest.mark.django_db(transaction=True)
def test_recording_costs_the_same_queries_for_one_row_and_for_many() -> None:
    from payments.results.recording import record_batch

    payments = rows.handed_over(12)
    clerk = rows.clerk()

    def queries(some: list[Payment]) -> int:
        batch = upload(clerk, *(result(payment) for payment in some))
        rows.run_queued(batch)
        with CaptureQueriesContext(connection) as captured:
            assert record_batch(actor=clerk, batch=batch).count == len(some)
        return len(captured)

    assert queries(payments[:1]) == queries(payments[1:])


def test_the_template_comes_back_as_it_went_out() -> None:
    """Filled in with the words of its drop-downs, every row can be recorded."""
    payments = rows.handed_over(2)
    rows.handed_over(1, policy="NCC", payer="AGRIBANK", by_account=True)
    answer = rows.signed_in(rows.clerk()).get(reverse("payments:template"), {"thang": "2024-08"})
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer)))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == list(words.COLUMNS)
    assert [sheet.cell(row, 1).value for row in (2, 3, 4)] == [payments[0].number, payments[1].number, None]
    assert (sheet["B2"].value, sheet["B2"].number_format, sheet["D2"].value) == (payments[0].cccd, "@", 360_000)
    lists = {str(one.sqref).split(":")[0]: one.formula1 for one in sheet.data_validations.dataValidation}
    choices = str(lists["E2"]).strip('"').split(",")
    for row in (2, 3):
        sheet.cell(row, 5).value = choices[1]
        sheet.cell(row, 7).value = datetime.date(2024, 7, 20)
    stream = io.BytesIO()
    book.save(stream)
    from payments.results.recording import check_content

    matched = check_content(content=stream.getvalue(), filename="mau.xlsx", payer=Payer.objects.get(code="BUUDIEN"))
    assert [(one.outcome, one.new["result"]) for one in matched] == [("ready", "paid_cash")] * 2


# --- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run ``record_results``; returns its exit code and what its JSON says."""

    def go(content: bytes, *options: str, payer: str = "BUUDIEN") -> tuple[int, Any]:
        file = tmp_path / "ket-qua.xlsx"
        file.write_bytes(content)
        code = 0
        capsys.readouterr()
        try:
            call_command("record_results", str(file), "--payer", payer, "--json", *options)
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, json.loads(capsys.readouterr().out)

    return go


def test_the_command_writes_nothing_without_commit(run: Any) -> None:
    (payment,) = rows.handed_over()
    batches = ResultBatch.objects.count()
    code, report = run(workbook(result(payment)))
    assert (code, report) == (
        0,
        {"rows": 1, "recorded": 1, "unchanged": 0, "unmatched": 0, "errors": 0, "messages": []},
    )
    payment.refresh_from_db()
    assert (payment.result, ResultBatch.objects.count()) == ("", batches)


def test_the_command_records_as_the_system_user(run: Any, heard: list[Any]) -> None:
    (payment,) = rows.handed_over()
    content = workbook(result(payment))
    assert run(content, "--commit")[0] == 0
    payment.refresh_from_db()
    assert (payment.result, payment.recorded_by) == ("paid_cash", User.objects.system())
    assert heard == [{rows.AUGUST}]
    code, report = run(content, "--commit")
    assert (code, report["recorded"], report["unchanged"]) == (0, 0, 1)
    assert len(heard) == 1


@pytest.mark.parametrize("bad", [{"amount": 1}, {words.NUMBER: None, words.CCCD: "096150999999"}])
def test_one_bad_row_and_the_command_writes_nothing(run: Any, bad: dict[str, Any]) -> None:
    good, other = rows.handed_over(2)
    code, report = run(workbook(result(good), result(other, **bad)), "--commit")
    assert (code, report["rows"], report["recorded"], report["errors"] + report["unmatched"]) == (1, 2, 1, 1)
    assert report["messages"][0]["row"] == 3
    assert set(report["messages"][0]) == {"sheet", "row", "column", "severity", "message"}
    good.refresh_from_db()
    assert good.result == ""


def test_the_command_says_why_a_file_is_unreadable(run: Any) -> None:
    code, report = run(b"%PDF-1.7", "--commit")
    assert (code, report["rows"]) == (1, 0)
    assert "bảng tính" in report["messages"][0]["message"]


@pytest.mark.parametrize("arguments", [["missing.xlsx", "--payer", "BUUDIEN"], [__file__, "--payer", "VCB"]])
def test_wrong_usage_of_the_command_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("record_results", *arguments)
    assert refused.value.returncode == 2
