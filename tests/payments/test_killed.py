"""Whoever opens a month, makes files or records results is killed in the middle, and the work is done again: once."""

import io
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest

from payments.results import words
from tests.portal import Portal

pytestmark = pytest.mark.processes
ROOT = Path(__file__).parents[2]
AUGUST = "FROM payments_period WHERE month = '2024-08-01'"
#: July's files are to be made again, as if nobody had.
HAND_OVER = """
from payments.handover.services import _queue
from payments.models import HandOver
from batosocial.staff.models import User
rows = list(HandOver.objects.filter(period__month="2024-07-01").order_by("pk"))
HandOver.objects.update(file=None, job=None)
_queue(User.objects.get(username="phong"), rows)
"""
RECORD = """
from batosocial.staff.models import Payer, User
from payments.services import upload_results
content = open({path!r}, "rb").read()
batch = upload_results(actor=User.objects.get(username="buudien"), payer=Payer.objects.get(code="BUUDIEN"),
                       filename="ket-qua.xlsx", content=content)
print(batch.pk)
"""
CONFIRM = """
from batosocial.staff.models import User
from payments.services import confirm_batch
confirm_batch(actor=User.objects.get(username="buudien"), batch_id={batch}, good_rows_only=False)
"""


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def waiting_for_a_lock(portal: Portal, statement: str) -> bool:
    return bool(
        portal.sql(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
            "AND query LIKE %s AND pid <> pg_backend_pid()",
            f"%{statement}%",
        )
    )


def test_opening_that_was_killed_leaves_nothing_and_is_done_again(start_portal: Callable[..., Portal]) -> None:
    portal = start_portal()
    with psycopg.connect(portal.env["DATABASE_URL"]) as holding:
        # Payments and lines of the first policy are written by then, nothing of the second.
        holding.execute("LOCK TABLE payments_ledger IN SHARE MODE")
        opening = subprocess.Popen(
            [sys.executable, "manage.py", "open_month", "2024-08"], cwd=ROOT, env=portal.env, stdout=subprocess.DEVNULL
        )
        wait_for(lambda: waiting_for_a_lock(portal, "cur AS ("), 60, "opening did not come so far")
        opening.send_signal(signal.SIGKILL)
        opening.wait()
    wait_for(lambda: portal.sql(f"SELECT count(*) {AUGUST}") == [(0,)], 10, "a part of August was kept")
    assert portal.manage_json("open_month", "2024-08", "--json")["opened"] == ["NCC", "BTXH"]
    twice = portal.manage_json("open_month", "2024-08", "--json")
    assert (twice["opened"], twice["people"], twice["lists"]) == ([], 3812, 38)
    assert portal.manage_json("verify_ledger", "--json")["agrees"]


def test_files_and_results_survive_their_worker(start_portal: Callable[..., Portal], tmp_path: Path) -> None:
    portal = start_portal(JOB_STALE_SECONDS="2", JOB_SWEEP_SECONDS="1")

    def job(kind: str) -> tuple[Any, ...]:
        return portal.sql("SELECT state, attempts FROM jobs_job WHERE kind = %s ORDER BY id DESC LIMIT 1", kind)[0]

    def killed_at(statement: str, table: str, kind: str, ask: Callable[[], Any]) -> None:
        with psycopg.connect(portal.env["DATABASE_URL"]) as holding:
            holding.execute(f"LOCK TABLE {table} IN SHARE MODE")
            ask()
            wait_for(lambda: waiting_for_a_lock(portal, statement), 60, f"{kind} did not come so far")
            portal.kill_worker()
        portal.start_worker()
        wait_for(lambda: job(kind)[0] not in ("queued", "running"), 60, f"{kind} was not taken up again")
        assert job(kind) == ("done", 2)

    before = portal.sql("SELECT h.id, f.sha256 FROM payments_handover h JOIN jobs_storedfile f ON f.id = h.file_id")

    assert before
    killed_at(
        "INSERT INTO",
        "jobs_storedfile",
        "payments.build_hand_overs",
        lambda: portal.manage("shell", "-v", "0", "-c", HAND_OVER),
    )
    after = portal.sql("SELECT h.id, f.sha256 FROM payments_handover h JOIN jobs_storedfile f ON f.id = h.file_id")
    assert sorted(after) == sorted(before)

    number, amount = portal.sql(
        """
        SELECT p.number, p.total FROM payments_payment p
        JOIN payments_paymentlist l ON l.id = p.payment_list_id JOIN payments_period o ON o.id = l.period_id
        JOIN staff_payer y ON y.id = p.payer_id
        WHERE o.month = '2024-07-01' AND p.result = 'not_collected' AND y.code = 'BUUDIEN' ORDER BY p.id LIMIT 1
        """
    )[0]
    path = tmp_path / "ket-qua.xlsx"
    path.write_bytes(_results(number, amount))
    batch = int(portal.manage("shell", "-v", "0", "-c", RECORD.format(path=str(path))).stdout.strip())
    wait_for(lambda: job("payments.check_results")[0] == "done", 60, "the file was not checked")
    killed_at(
        "UPDATE payments_payment",
        "payments_payment",
        "payments.record_results",
        lambda: portal.manage("shell", "-v", "0", "-c", CONFIRM.format(batch=batch)),
    )
    assert portal.sql("SELECT result FROM payments_payment WHERE number = %s", number) == [("paid_cash",)]
    assert portal.sql(
        "SELECT count(*) FROM audit_entry WHERE action = 'ghi nhận kết quả chi trả từ tệp' AND job_id IS NOT NULL"
    ) == [(1,)]


def _results(number: str, amount: int) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(words.COLUMNS))
    row = {words.NUMBER: number, words.AMOUNT: amount, words.RESULT: "Đã chi tiền mặt", words.DATE: "20/07/2024"}
    sheet.append([row.get(name) for name in words.COLUMNS])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
