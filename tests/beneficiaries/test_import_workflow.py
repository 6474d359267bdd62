"""The way of a list through its pages: who may do what, in which state, and what a repetition says."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.jobs import runner
from batosocial.jobs.models import Job
from batosocial.staff.models import Role, User
from batosocial.web import todo
from beneficiaries.imports import services
from beneficiaries.imports.services import CannotDo
from beneficiaries.models import Entitlement, ImportBatch, Person
from tests import factories as make
from tests.beneficiaries import import_lists as lists
from tests.beneficiaries.import_lists import line, workbook

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> User:
    return make.user(Role.COMMUNE_OFFICER)


@pytest.fixture
def district_officer() -> User:
    return make.user(Role.DISTRICT_OFFICER)


@pytest.fixture
def batch(officer: User) -> ImportBatch:
    """Two good rows and a bad one, checked."""
    return lists.upload(workbook(line(), line(birth=1939), line(category="X")), by=officer)


def fresh(batch: ImportBatch) -> ImportBatch:
    return ImportBatch.objects.get(pk=batch.pk)


def page(client: Client, user: User, batch: ImportBatch, **query: str) -> Any:
    client.force_login(user)
    return client.get(reverse("beneficiaries:import_detail", args=[batch.pk]), query)


def do(client: Client, user: User, name: str, batch: ImportBatch, **data: Any) -> Any:
    client.force_login(user)
    return client.post(reverse(f"beneficiaries:import_{name}", args=[batch.pk]), data, follow=True)


def bring(client: Client, user: User, content: bytes, name: str = "ds.xlsx", **data: Any) -> Any:
    client.force_login(user)
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("beneficiaries:import_upload"), {"policy": "BTXH", "file": file, **data}, follow=True)


class TestUpload:
    def test_a_commune_officer_brings_their_own_communes_list(self, client: Client, officer: User) -> None:
        response = bring(client, officer, lists.BTXH_SAMPLE.read_bytes(), "ds_btxh_ba_dong.xlsx")
        batch = ImportBatch.objects.latest("pk")
        assert response.redirect_chain == [(reverse("beneficiaries:import_detail", args=[batch.pk]), 302)]
        assert (batch.commune, batch.state, batch.uploaded_by) == (officer.unit, "checking", officer)
        assert batch.job is not None
        assert batch.job.owner == officer
        assert f"job-{batch.job.pk}" in response.content.decode()
        services.check_batch(batch_id=batch.pk)
        html = page(client, officer, batch).content.decode()
        assert "150" in html
        assert "Gửi Phòng" in html

    def test_a_district_officer_chooses_the_commune(self, client: Client, district_officer: User) -> None:
        town = make.commune(make.BA_TO_TOWN)
        response = bring(client, district_officer, lists.NCC_SAMPLE.read_bytes(), policy="NCC", commune=town.pk)
        assert response.status_code == 200
        assert ImportBatch.objects.latest("pk").commune == town

    def test_a_commune_officer_cannot_choose_another_one(self, client: Client, officer: User) -> None:
        town = make.commune(make.BA_TO_TOWN)
        response = bring(client, officer, lists.NCC_SAMPLE.read_bytes(), policy="NCC", commune=town.pk)
        assert "THỊ TRẤN BA TƠ" in response.content.decode()
        with pytest.raises(PermissionDenied):
            services.upload_list(actor=officer, commune=town, policy="NCC", filename="x", content=b"x")

    @pytest.mark.parametrize(
        ("content", "name", "words"),
        [
            (b"", "ds.xlsx", "Tệp trống"),
            (b"xyz", "ds.xlsx", "không phải là bảng tính"),
            (b"xyz", "ds.docx", "Tệp phải là"),
            (workbook(), "ds.xlsx", "không có dòng nào"),
            (workbook(line(), titles=["UBND XÃ BA VINH"]), "ds.xlsx", "XÃ BA VINH"),
            (workbook(line(), policy="NCC"), "ds.xlsx", "Người có công"),
        ],
    )
    def test_what_is_wrong_with_the_file_stands_beside_its_field(
        self, client: Client, officer: User, content: bytes, name: str, words: str
    ) -> None:
        before = ImportBatch.objects.count()
        response = bring(client, officer, content, name)
        assert response.status_code == 422
        assert words in " ".join(response.context["form"].errors["file"])
        assert words in response.content.decode()
        assert ImportBatch.objects.count() == before

    def test_without_a_file_the_form_says_so(self, client: Client, officer: User) -> None:
        client.force_login(officer)
        response = client.post(reverse("beneficiaries:import_upload"), {"policy": "BTXH"})
        assert response.context["form"].errors["file"] == ["Hãy chọn tệp danh sách."]

    def test_a_file_over_the_limit_is_refused(self, client: Client, officer: User, settings: Any) -> None:
        settings.UPLOAD_MAX_BYTES = 1000
        assert "lớn hơn" in bring(client, officer, workbook(line())).content.decode()

    def test_the_same_file_waiting_is_named_and_accepted_before_may_come_again(
        self, client: Client, officer: User
    ) -> None:
        content = workbook(line())
        batch = lists.upload(content, by=officer)
        response = bring(client, officer, content)
        link = f'<a href="{reverse("beneficiaries:import_detail", args=[batch.pk])}">'
        assert link in response.content.decode()
        lists.accept(batch)
        response = bring(client, officer, content)
        assert link in response.content.decode()
        assert 'name="again"' in response.content.decode()
        bring(client, officer, content, again="on")
        again = services.check_batch(batch_id=ImportBatch.objects.latest("pk").pk)
        assert (again.pk != batch.pk, again.unchanged_count, again.new_count) == (True, 1, 0)
        assert "không có gì để ghi" in page(client, officer, again).content.decode()


class TestSending:
    def test_a_list_with_errors_goes_only_by_the_senders_word(
        self, client: Client, officer: User, batch: ImportBatch
    ) -> None:
        html = page(client, officer, batch).content.decode()
        assert "1 dòng lỗi sẽ không vào sổ" in html
        response = do(client, officer, "send", batch)
        assert "Chỉ nhận dòng đúng" in response.content.decode()
        assert fresh(batch).state == "previewed"
        do(client, officer, "send", batch, good_rows_only="on")
        sent = fresh(batch)
        assert (sent.state, sent.good_rows_only, sent.sent_by) == ("sent", True, officer)
        assert "đã gửi Phòng rồi" in do(client, officer, "send", batch, good_rows_only="on").content.decode()

    def test_withdrawn_is_withdrawn(
        self, client: Client, officer: User, district_officer: User, batch: ImportBatch
    ) -> None:
        services.send_batch(actor=officer, batch=batch, good_rows_only=True)
        do(client, officer, "withdraw", batch)
        assert fresh(batch).state == "withdrawn"
        assert "đã bỏ rồi" in do(client, officer, "withdraw", batch).content.decode()
        with pytest.raises(CannotDo):
            services.request_acceptance(actor=district_officer, batch=batch, start_month=make.NEXT_MONTH)

    def test_a_refusal_says_why_and_the_commune_reads_it(
        self, client: Client, officer: User, district_officer: User, batch: ImportBatch
    ) -> None:
        services.send_batch(actor=officer, batch=batch, good_rows_only=True)
        response = do(client, district_officer, "refuse", batch, reason="")
        assert "Hãy ghi lý do" in response.content.decode()
        do(client, district_officer, "refuse", batch, reason="Sai mã dòng 8")
        assert (fresh(batch).state, fresh(batch).refusal) == ("refused", "Sai mã dòng 8")
        assert "Sai mã dòng 8" in page(client, officer, batch).content.decode()
        returned = [item for item in todo.for_user(officer) if item.label == "danh sách bị trả lại"]
        assert [item.count for item in returned] == [1]
        lists.upload(workbook(line()), by=officer)
        assert not [item for item in todo.for_user(officer) if item.label == "danh sách bị trả lại"]


class TestAcceptance:
    @pytest.fixture
    def sent(self, officer: User, batch: ImportBatch) -> ImportBatch:
        return services.send_batch(actor=officer, batch=batch, good_rows_only=True)

    def test_the_district_sees_the_same_preview_and_accepts(
        self, client: Client, district_officer: User, sent: ImportBatch
    ) -> None:
        assert [item.count for item in todo.for_user(district_officer) if "chờ Phòng nhận" in item.label] == [1]
        html = page(client, district_officer, sent).content.decode()
        assert "Nhận vào sổ" in html
        assert 'value="8/2024"' in html
        do(client, district_officer, "accept", sent, start_month="8/2024")
        assert fresh(sent).state == "accepting"
        message = services.accept_batch(batch_id=sent.pk)
        assert "2 người mới" in message
        accepted = fresh(sent)
        assert (accepted.state, accepted.accepted_by, accepted.start_month) == (
            "accepted",
            district_officer,
            make.NEXT_MONTH,
        )
        assert Person.objects.filter(changes__batch=sent).count() == 2
        entry = Entry.objects.get(action="Nhận danh sách", row_id=sent.pk)
        assert (entry.details["new"], entry.details["errors"], entry.details["written"]["people"]) == (2, 1, 2)

    def test_an_opened_month_is_refused(self, client: Client, district_officer: User, sent: ImportBatch) -> None:
        response = do(client, district_officer, "accept", sent, start_month="7/2024")
        assert "Sớm nhất là 8/2024" in response.content.decode()
        with pytest.raises(CannotDo, match="8/2024"):
            services.request_acceptance(actor=district_officer, batch=sent, start_month=make.THIS_MONTH)

    def test_a_double_click_and_a_second_tab_write_once(
        self, client: Client, district_officer: User, sent: ImportBatch
    ) -> None:
        do(client, district_officer, "accept", sent, start_month="8/2024")
        assert "đang được ghi" in do(client, district_officer, "accept", sent, start_month="8/2024").content.decode()
        assert Job.objects.filter(kind=services.ACCEPT_JOB, args={"batch_id": sent.pk}).count() == 1
        services.accept_batch(batch_id=sent.pk)
        before = Entitlement.objects.count()
        assert "không ghi lần nữa" in services.accept_batch(batch_id=sent.pk)
        assert (
            "không ghi lần nữa" in do(client, district_officer, "accept", sent, start_month="8/2024").content.decode()
        )
        assert Entitlement.objects.count() == before

    def test_a_register_that_changed_meanwhile_sends_the_list_back(
        self, district_officer: User, sent: ImportBatch
    ) -> None:
        row = sent.rows.filter(outcome="new").first()
        assert row is not None
        make.person(cccd=row.data["cccd"], birth="1940")
        services.request_acceptance(actor=district_officer, batch=sent, start_month=make.NEXT_MONTH)
        assert "đã thay đổi" in services.accept_batch(batch_id=sent.pk)
        back = fresh(sent)
        assert (back.state, back.new_count, back.changed_count) == ("previewed", 1, 1)
        assert (back.accepted_by, back.sent_by, back.good_rows_only) == (None, None, False)
        assert not Person.objects.filter(changes__batch=sent).exists()

    def test_a_later_start_month_is_the_districts_choice(self, district_officer: User, sent: ImportBatch) -> None:
        october = datetime.date(2024, 10, 1)
        services.request_acceptance(actor=district_officer, batch=sent, start_month=october)
        services.accept_batch(batch_id=sent.pk)
        starts = Entitlement.objects.filter(granted_by__batch=sent)
        assert {entitlement.first_month for entitlement in starts} == {october}

    def test_a_failed_write_can_be_tried_again(self, client: Client, district_officer: User, sent: ImportBatch) -> None:
        services.request_acceptance(actor=district_officer, batch=sent, start_month=make.NEXT_MONTH)
        Job.objects.filter(pk=fresh(sent).job_id or 0).update(state=Job.State.FAILED, message="Có lỗi")
        assert "Có lỗi" in page(client, district_officer, sent).content.decode()
        do(client, district_officer, "accept", sent, start_month="8/2024")
        services.accept_batch(batch_id=sent.pk)
        assert fresh(sent).state == "accepted"


class TestScope:
    PAGES = ("import_detail", "import_marked")
    ACTIONS = ("import_check", "import_send", "import_withdraw", "import_accept", "import_refuse")

    def status(self, client: Client, user: User, name: str, batch: ImportBatch) -> int:
        client.force_login(user)
        url = reverse(f"beneficiaries:{name}", args=[batch.pk])
        return (client.get(url) if name in self.PAGES else client.post(url)).status_code

    @pytest.mark.parametrize("name", PAGES + ACTIONS)
    def test_another_communes_list_does_not_exist(self, client: Client, batch: ImportBatch, name: str) -> None:
        stranger = make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))
        expected = 403 if name in ("import_accept", "import_refuse") else 404
        assert self.status(client, stranger, name, batch) == expected
        assert fresh(batch).state == "previewed"

    @pytest.mark.parametrize("role", [Role.CHAIRMAN, Role.POLICE, Role.PAYER, Role.ADMIN])
    @pytest.mark.parametrize("name", PAGES + ACTIONS)
    def test_other_roles_have_no_part_in_it(self, client: Client, batch: ImportBatch, role: str, name: str) -> None:
        assert self.status(client, make.user(role), name, batch) == 403

    @pytest.mark.parametrize("role", [Role.COMMUNE_LEADER, Role.DISTRICT_LEADER])
    def test_leaders_read_and_decide_nothing(self, client: Client, batch: ImportBatch, role: str) -> None:
        leader = make.user(role)
        assert self.status(client, leader, "import_detail", batch) == 200
        assert {self.status(client, leader, name, batch) for name in self.ACTIONS} == {403}

    def test_private_groups_stay_private(self, client: Client, officer: User, district_officer: User) -> None:
        batch = lists.upload(workbook(line(birth=1980, category="BTXH-8", amount=750_000)), by=officer)
        html = page(client, district_officer, batch).content.decode()
        assert "BTXH-8" not in html
        client.force_login(district_officer)
        marked = reverse("beneficiaries:import_marked", args=[batch.pk])
        assert client.get(marked).status_code == 302
        client.force_login(officer)
        assert client.get(marked).status_code == 200


class TestPages:
    def test_rows_by_outcome_name_and_page(self, client: Client, officer: User, batch: ImportBatch) -> None:
        def shown(**query: str) -> int:
            return len(page(client, officer, batch, **query).context["rows"])

        assert (shown(), shown(ket_qua="error"), shown(ket_qua="new"), shown(ket_qua="warning")) == (3, 1, 2, 0)
        assert (shown(tim="pham thi nhap"), shown(tim="Phạm Thị Nhập"), shown(tim="Phàm"), shown(tim="khong")) == (
            3,
            3,
            0,
            0,
        )

    def test_numbers_are_masked(self, client: Client, officer: User) -> None:
        number = make.cccd("F", 1940)
        batch = lists.upload(workbook(line(cccd=number)), by=officer)
        html = page(client, officer, batch).content.decode()
        assert number not in html
        assert number[-4:] in html

    def test_the_list_filters_and_the_template_is_read_by_the_importer(
        self, client: Client, officer: User, batch: ImportBatch
    ) -> None:
        client.force_login(officer)
        url = reverse("beneficiaries:imports")
        assert batch in client.get(url).context["page"].object_list
        assert batch not in client.get(url, {"trang_thai": "accepted"}).context["page"].object_list
        content = b"".join(client.get(reverse("beneficiaries:import_template")).streaming_content)  # type: ignore[attr-defined]
        rows = lists.check(content).rows
        assert [(row.outcome, row.messages) for row in rows] == [("new", []), ("new", [])]

    @pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER])
    def test_pages_run_a_fixed_number_of_queries(
        self, client: Client, django_assert_max_num_queries: Any, role: str
    ) -> None:
        user = make.user(role)
        for size in (2, 60):
            batch = lists.upload(workbook(*[line(category="BTXH-4", birth=1985) for _ in range(size)]), by=user)
            client.force_login(user)
            for url in (reverse("beneficiaries:imports"), reverse("beneficiaries:import_detail", args=[batch.pk])):
                client.get(url)
                with django_assert_max_num_queries(14):
                    client.get(url)


def test_checking_and_writing_run_a_fixed_number_of_queries(django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for size in (20, 200):
        rows = [line(account=f"4507{size:03}{n:06}", provider="Agribank", owner="Chính chủ") for n in range(size - 1)]
        known = make.person(birth="1940")
        make.entitlement(known)
        batch = lists.upload(workbook(*rows, line(cccd=known.cccd)))
        batch = services.send_batch(actor=batch.uploaded_by, batch=batch)
        services.request_acceptance(actor=make.user(), batch=batch, start_month=make.NEXT_MONTH)
        with CaptureQueriesContext(connection) as queries:
            services.accept_batch(batch_id=batch.pk)
        assert fresh(batch).state == "accepted"
        counts.append(len(queries))
    assert counts[0] == counts[1]
    # Thirty of them are the identity check of the people written.
    assert counts[0] < 80


@pytest.mark.django_db(transaction=True)
def test_both_jobs_from_queue_to_register() -> None:
    officer = make.user(Role.COMMUNE_OFFICER)
    batch = services.upload_list(
        actor=officer, commune=make.commune(), policy="BTXH", filename="ds.xlsx", content=workbook(line())
    )
    assert batch.job is not None
    runner.run_job(batch.job.pk)
    batch = services.send_batch(actor=officer, batch=batch)
    batch = services.request_acceptance(actor=make.user(), batch=batch, start_month=make.NEXT_MONTH)
    assert batch.job is not None
    runner.run_job(batch.job.pk)
    job = Job.objects.get(pk=batch.job.pk)
    assert (job.state, job.done_rows, job.total_rows) == ("done", 1, 1)
    assert "1 người mới" in job.message
    assert fresh(batch).state == "accepted"
    # A job that was handed out twice does nothing the second time.
    runner.run_job(job.pk)
    assert Person.objects.filter(changes__batch=batch).count() == 1


def test_every_change_that_can_be_found_has_its_place_on_the_page() -> None:
    import re
    from pathlib import Path

    from beneficiaries.imports import showing
    from beneficiaries.imports.people import matching

    source = Path(matching.__file__).read_text(encoding="utf-8")
    found = set(re.findall(r'(?:changes|shows)\["([^"]+)"\]', source))
    found |= {label for _, label in re.findall(r'\("(\w+)", "([^"]+)"\)', source)}
    assert found == set(showing._ORDER)
