"""Background work: progress, failure, and what happens when a worker dies."""

import datetime
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from batosocial.jobs import registry, runner
from batosocial.jobs.models import Job, StoredFile
from batosocial.jobs.services import queue_job
from batosocial.staff.models import Role, User
from tests import factories as make

pytestmark = pytest.mark.django_db


@registry.register("test.echo")
def echo(job: runner.RunningJob, *, text: str) -> None:
    job.progress(1, 1, "một bước")
    job.message = text


@registry.register("test.refuse")
def refuse(job: runner.RunningJob) -> None:
    raise registry.JobFailed("Tệp không có dòng nào.")


@registry.register("test.break")
def break_down(job: runner.RunningJob) -> None:
    raise ZeroDivisionError


@pytest.fixture
def owner() -> User:
    return make.user(Role.DISTRICT_OFFICER)


def _job(owner: User, kind: str = "test.echo", **fields: object) -> Job:
    args = {"text": "xong"} if kind == "test.echo" else {}
    return Job.objects.create(kind=kind, title="Thử", owner=owner, args=args, **fields)


def test_a_job_runs_once_and_says_what_it_did(owner: User) -> None:
    job = _job(owner)
    runner.run_job(job.pk)
    runner.run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message, job.attempts, job.percent) == ("done", "xong", 1, 100)


def test_a_refusal_is_shown_in_words_and_an_error_without_its_traceback(
    owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    refused, broken = _job(owner, "test.refuse"), _job(owner, "test.break")
    runner.run_job(refused.pk)
    runner.run_job(broken.pk)
    refused.refresh_from_db()
    broken.refresh_from_db()
    assert (refused.state, refused.message) == ("failed", "Tệp không có dòng nào.")
    assert broken.state == "failed" and f"số việc {broken.pk}" in broken.message
    assert "ZeroDivisionError" in caplog.text


def test_a_job_that_another_worker_holds_is_left_alone(owner: User) -> None:
    job = _job(owner)
    with psycopg.connect(**_params(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", (runner.LOCK_SPACE, job.pk))
        runner.run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "queued"


def _params() -> dict[str, Any]:
    return {k: v for k, v in connection.get_connection_params().items() if k not in ("cursor_factory", "context")}


def _silent_since() -> datetime.datetime:
    return timezone.now() - datetime.timedelta(seconds=django_settings.JOB_STALE_SECONDS + 5)


def test_the_sweeper_queues_the_job_of_a_dead_worker_again(owner: User) -> None:
    dead = _job(owner, state="running", attempts=1, heartbeat_at=_silent_since())
    alive = _job(owner, state="running", attempts=1, heartbeat_at=timezone.now())
    Job.objects.update(created_at=_silent_since())
    assert runner.abandoned_jobs() == [dead.pk]
    dead.refresh_from_db()
    alive.refresh_from_db()
    assert (dead.state, alive.state) == ("queued", "running")


def test_a_job_that_keeps_killing_its_worker_fails_and_says_so(owner: User) -> None:
    job = _job(owner, state="running", attempts=runner.MAX_ATTEMPTS, heartbeat_at=_silent_since())
    assert job.pk not in runner.abandoned_jobs()
    job.refresh_from_db()
    assert job.state == "failed" and "giữa chừng" in job.message


def test_a_silent_job_whose_lock_is_held_is_not_taken_for_dead(owner: User) -> None:
    job = _job(owner, state="running", attempts=1, heartbeat_at=_silent_since())
    with psycopg.connect(**_params(), autocommit=True) as worker:
        worker.execute("SELECT pg_advisory_lock(%s, %s)", (runner.LOCK_SPACE, job.pk))
        runner.abandoned_jobs()
    job.refresh_from_db()
    assert job.state == "running"


def test_the_sweeper_sends_what_the_broker_lost(owner: User) -> None:
    job = _job(owner)
    assert runner.abandoned_jobs() == []
    Job.objects.update(created_at=_silent_since())
    assert runner.abandoned_jobs() == [job.pk]


def test_a_queued_job_of_the_same_key_is_not_doubled(owner: User) -> None:
    first = queue_job(kind="test.echo", title="Thử", owner=owner, args={"text": "a"}, key="rollup:2024-07")
    second = queue_job(kind="test.echo", title="Thử", owner=owner, args={"text": "a"}, key="rollup:2024-07")
    assert first == second
    Job.objects.filter(pk=first.pk).update(state="running")
    assert queue_job(kind="test.echo", title="Thử", owner=owner, args={"text": "a"}, key="rollup:2024-07") != first


def test_jobs_are_seen_by_their_owner_and_the_admin_alone(owner: User, client: Client) -> None:
    job = _job(owner)
    file = StoredFile.keep(name="kết quả.xlsx", content_type="application/zip", content=b"PK", created_by=owner)
    Job.objects.filter(pk=job.pk).update(result_file=file, state="done")
    for person, expected in (
        (owner, 200),
        (make.user(Role.DISTRICT_OFFICER), 404),
        (make.user(Role.COMMUNE_OFFICER), 404),
        (make.user(Role.ADMIN), 200),
    ):
        client.force_login(person)
        for url in (f"/viec/{job.pk}/", f"/viec/{job.pk}/tien-do/", f"/viec/{job.pk}/ket-qua/"):
            assert client.get(url).status_code == expected, (person.role, url)


def test_progress_goes_to_the_result_when_done_and_the_list_is_paged(owner: User, client: Client) -> None:
    client.force_login(owner)
    job = _job(owner, result_url="/bao-cao/")
    assert "HX-Redirect" not in client.get(f"/viec/{job.pk}/tien-do/").headers
    runner.run_job(job.pk)
    assert client.get(f"/viec/{job.pk}/tien-do/").headers["HX-Redirect"] == "/bao-cao/"
    for _ in range(30):
        _job(owner)
    assert "Thử" in client.get("/viec/?page=2").content.decode()


def test_nobody_has_jobs_yet(owner: User, client: Client) -> None:
    client.force_login(owner)
    assert "Chưa có việc nào" in client.get("/viec/").content.decode()
