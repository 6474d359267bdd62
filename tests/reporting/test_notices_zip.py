"""All notices of a month as a zip: by job, by command."""

import datetime
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from docx import Document

from batosocial.audit.models import Entry
from batosocial.jobs import runner
from batosocial.jobs.models import Job, StoredFile
from batosocial.staff.models import Role, User
from reporting.notices import services
from tests import factories

pytestmark = pytest.mark.django_db
JULY = datetime.date(2024, 7, 1)
PAGE = "/bao-cao/2024-07/thong-bao/"


@pytest.fixture
def officer() -> User:
    return factories.user(Role.DISTRICT_OFFICER)


def names(content: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def run(job: Job) -> Job:
    runner.run_job(job.pk)
    job.refresh_from_db()
    return job


def test_a_job_makes_them_and_says_how_many(officer: User) -> None:
    job = run(services.queue_notices(actor=officer, month=JULY))
    assert (job.state, job.percent) == ("done", 100)
    assert job.message == "Đã lập 19 thông báo."
    file = job.result_file
    assert file and (file.name, file.content_type) == ("thong-bao-2024-07.zip", "application/zip")
    entry = Entry.objects.get(action="Lập thông báo cho các xã, thị trấn")
    assert (entry.actor, entry.job_id, entry.details["notices"]) == (officer, job.pk, 19)


def test_it_tells_how_far_it_is(officer: User) -> None:
    said: list[tuple[int, int, str]] = []
    services.pack_notices(actor=officer, month=JULY, progress=lambda *step: said.append(step))
    assert [step[:2] for step in said] == [(done, 19) for done in range(20)]
    assert said[4][2] == "Lập thông báo Xã Ba Động"


def test_file_names_are_plain_and_in_the_order_of_the_communes(officer: User) -> None:
    found = names(services.pack_notices(actor=officer, month=JULY)[1])
    assert found[0] == "001-21484-thi-tran-ba-to-thong-bao-2024-07.docx"
    assert found[13] == "014-21523-xa-ba-to-thong-bao-2024-07.docx"
    assert len(set(found)) == 19 and found == sorted(found)
    assert all(name.isascii() and " " not in name for name in found)


def test_each_is_the_notice_of_its_commune(officer: User) -> None:
    _, content = services.pack_notices(actor=officer, month=JULY)
    archive = zipfile.ZipFile(io.BytesIO(content))
    for name in archive.namelist():
        commune = factories.commune(name.split("-")[1])
        titles = [p.text for p in Document(io.BytesIO(archive.read(name))).paragraphs]
        place = f"{commune.kind.lower()} {commune.name}"
        assert f"Kết quả chi trả không dùng tiền mặt tháng 7/2024 tại {place}" in titles


def test_the_same_figures_make_the_same_bytes(officer: User) -> None:
    first, second = (services.pack_notices(actor=officer, month=JULY) for _ in range(2))
    assert first == second


def test_asked_twice_it_is_one_job(client: Client, officer: User) -> None:
    client.force_login(officer)
    first, second = (client.post(f"{PAGE}tat-ca/") for _ in range(2))
    job = Job.objects.get(kind=services.JOB_KIND)
    assert first.headers["Location"] == second.headers["Location"] == reverse("jobs:detail", args=[job.pk])
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING)
    client.post(f"{PAGE}tat-ca/")
    assert Job.objects.filter(kind=services.JOB_KIND).count() == 1


def test_what_one_asks_for_is_not_somebody_elses(officer: User) -> None:
    other = factories.user(Role.DISTRICT_OFFICER)
    jobs = {services.queue_notices(actor=user, month=JULY).owner_id for user in (officer, other)}
    assert jobs == {officer.pk, other.pk}


def test_killed_in_the_middle_it_is_made_by_the_next_run(officer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    job = services.queue_notices(actor=officer, month=JULY)

    class Killed(BaseException):
        """What no handler of the work takes for an error."""

    def die(notice: Any) -> bytes:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(services, "write_notice", die)
        with pytest.raises(Killed):
            runner.run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result_file) == ("running", None)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - datetime.timedelta(hours=1))
    runner.abandoned_jobs()
    run(job)
    assert (job.state, job.attempts) == ("done", 2)
    assert StoredFile.objects.filter(name="thong-bao-2024-07.zip").count() == 1
    assert Entry.objects.filter(job_id=job.pk).count() == 1


def test_the_page_shows_how_far_it_is_and_then_the_file(client: Client, officer: User) -> None:
    client.force_login(officer)
    assert "Lập tệp nén" in client.get(PAGE).content.decode()
    job = services.queue_notices(actor=officer, month=JULY)
    assert f'id="job-{job.pk}"' in client.get(PAGE).content.decode()
    run(job)
    page = client.get(PAGE).content.decode()
    result = reverse("jobs:result", args=[job.pk])
    assert f'href="{result}"' in page and "Đã lập 19 thông báo." in page
    answer: Any = client.get(result)
    assert len(names(b"".join(answer.streaming_content))) == 19


def test_a_file_older_than_the_figures_is_marked(client: Client, officer: User) -> None:
    client.force_login(officer)
    job = run(services.queue_notices(actor=officer, month=JULY))
    assert "Cũ hơn số liệu" not in client.get(PAGE).content.decode()
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now() - datetime.timedelta(days=900))
    assert "Cũ hơn số liệu" in client.get(PAGE).content.decode()


def test_a_month_without_figures_is_refused(client: Client, officer: User) -> None:
    client.force_login(officer)
    with pytest.raises(services.NoNotices, match="chưa có số liệu"):
        services.queue_notices(actor=officer, month=datetime.date(2035, 1, 1))
    assert client.post("/bao-cao/2035-01/thong-bao/tat-ca/").status_code == 302
    assert not Job.objects.filter(kind=services.JOB_KIND).exists()


@pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER, Role.PAYER])
def test_a_commune_or_payer_cannot_ask_for_all(role: Role) -> None:
    user = factories.user(role, payer="BUUDIEN" if role == Role.PAYER else "")
    with pytest.raises(PermissionDenied):
        services.queue_notices(actor=user, month=JULY)


# --- the command ---------------------------------------------------------------------------------------------------


def test_the_command_writes_the_same_zip(tmp_path: Path, officer: User) -> None:
    out = io.StringIO()
    call_command("notices", "2024-07", "-o", str(tmp_path / "a.zip"), stdout=out)
    assert out.getvalue() == f"Đã ghi 19 thông báo tháng 7/2024 vào {tmp_path / 'a.zip'}.\n"
    assert (tmp_path / "a.zip").read_bytes() == services.pack_notices(actor=officer, month=JULY)[1]
    assert Entry.objects.filter(action="Lập thông báo cho các xã, thị trấn", actor__role=Role.SYSTEM).count() == 1


@pytest.mark.parametrize(
    ("month", "name", "status"),
    [("2024-7x", "a.zip", 2), ("2024-07", "a.docx", 2), ("2035-01", "a.zip", 1), ("2024-07", "khong/co/a.zip", 2)],
)
def test_the_command_says_what_is_wrong(tmp_path: Path, month: str, name: str, status: int) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("notices", month, "-o", str(tmp_path / name), stdout=io.StringIO())
    assert caught.value.returncode == status
    assert not (tmp_path / name).exists()
