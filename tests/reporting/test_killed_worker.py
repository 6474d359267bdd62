"""A worker is killed in the middle of a roll-up; the sweeper gives the work to the next one."""

import csv
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.portal import Portal

pytestmark = pytest.mark.processes
FIGURES = Path(__file__).parents[2] / "batosocial" / "demo" / "data" / "figures_2024_07.csv"
QUEUE = """
import datetime
from batosocial.staff.models import User
from reporting.rollup import queue_roll_up
print(queue_roll_up(actor=User.objects.get(username="phong"), month=datetime.date(2024, 7, 1)).pk)
"""
STORED = """
SELECT u.code, f.policy, f.due, f.with_account, f.paid_by_account
FROM reporting_cashlessfigure f JOIN territory_unit u ON u.id = f.unit_id
WHERE f.month = '2024-07-01' AND f.policy <> 'ALL'
"""


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_a_roll_up_survives_its_worker(start_portal: Callable[..., Portal]) -> None:
    portal = start_portal(JOB_STALE_SECONDS="2", JOB_SWEEP_SECONDS="1")
    portal.sql("DELETE FROM reporting_figurepeople")
    portal.sql("DELETE FROM reporting_cashlessfigure WHERE month = '2024-07-01'")

    def job() -> tuple[str, int]:
        return portal.sql("SELECT state, attempts FROM jobs_job WHERE id = %s", number)[0]

    def in_the_statement() -> bool:
        """The worker's statement (the activity view keeps its beginning) waits for the lock that this test holds."""
        return bool(
            portal.sql(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
                "AND query LIKE '%WITH wanted AS%' AND pid <> pg_backend_pid()"
            )
        )

    with psycopg.connect(portal.env["DATABASE_URL"]) as holding:
        holding.execute("LOCK TABLE reporting_cashlessfigure IN SHARE MODE")
        number = int(portal.manage("shell", "-v", "0", "-c", QUEUE).stdout.strip())
        wait_for(in_the_statement, 30, "the worker did not come to the statement")
        assert job() == ("running", 1)
        portal.kill_worker()
        assert job() == ("running", 1)
        assert portal.sql(STORED) == []
    # The lock is free, but nobody is there to commit: what the dead worker began is rolled back.
    time.sleep(0.5)
    assert portal.sql(STORED) == []

    portal.start_worker()
    wait_for(lambda: job()[0] not in ("queued", "running"), 40, f"the job was not taken up again: {job()}")
    assert job() == ("done", 2)

    with FIGURES.open(encoding="utf-8") as file:
        expected = {
            (row["commune_code"], policy.upper()): tuple(
                int(row[f"{policy}_{name}"]) for name in ("total", "with_account", "paid_by_account")
            )
            for row in csv.DictReader(file)
            for policy in ("ncc", "btxh")
        }
    stored = portal.sql(STORED)
    assert len(stored) == 38
    assert {(code, policy): tuple(figures) for code, policy, *figures in stored} == expected
    # Written once: the killed attempt left no audit entry of its own.
    assert portal.sql("SELECT count(*) FROM audit_entry WHERE job_id = %s", number) == [(1,)]
