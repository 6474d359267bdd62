"""Lists that leave the portal: formats, formulas, scope, private groups, audit, and long ones by a job."""

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from batosocial.audit.models import Entry
from batosocial.jobs import runner
from batosocial.jobs.models import Job
from batosocial.staff.models import Role, User
from beneficiaries.exports.lists import ListExport, find
from beneficiaries.exports.writing import XLSX
from beneficiaries.identity.services import check_people
from beneficiaries.models import Category, Change, Payee, Person
from tests import factories as make

pytestmark = pytest.mark.django_db

HAMLET = "Thôn Xuất Thử"


def signed_in(client: Client, **user: Any) -> User:
    made = make.user(**user)
    client.force_login(made)
    return made


def post(client: Client, name: str = "people", query: dict[str, str] | None = None, **body: str) -> Any:
    url = reverse(f"beneficiaries:{name}_export", query={"tim": HAMLET} if query is None else query)
    return client.post(url, body)


def as_csv(answer: Any) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def as_rows(content: bytes) -> list[tuple[Any, ...]]:
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    return list(sheet.iter_rows(min_row=4, values_only=True))


class TestFormats:
    def test_a_csv_opens_in_vietnamese_excel_with_accents_and_columns(self, client: Client) -> None:
        make.person("Phạm Thị Ổi", hamlet=HAMLET)
        signed_in(client)
        answer = post(client, dang="csv")
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer["Content-Disposition"].endswith('.csv"')
        raw = b"".join(answer.streaming_content)
        assert raw.startswith(b"\xef\xbb\xbfTT;")
        assert "Phạm Thị Ổi".encode() in raw

    @pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)"])
    def test_text_that_looks_like_a_formula_is_inert(self, client: Client, name: str) -> None:
        make.person(name, hamlet=HAMLET)
        signed_in(client)
        (_, row) = as_csv(post(client, dang="csv"))
        assert row[1] == f"'{name}"
        sheet = load_workbook(io.BytesIO(b"".join(post(client).streaming_content))).active
        assert sheet is not None
        assert (sheet["B5"].value, sheet["B5"].data_type) == (name, "s")

    def test_full_numbers_survive_a_spreadsheet_that_opens_the_csv(self, client: Client) -> None:
        person = make.person(hamlet=HAMLET, cccd="096150112233", phone="0905123456")
        make.route(person, account=make.account("4505205112233"), confirmed_by=make.user())
        signed_in(client)
        head, row = as_csv(post(client, dang="csv", so="day_du"))
        cells = dict(zip(head, row, strict=True))
        assert (cells["Số CCCD"], cells["Số tài khoản"]) == ("'096150112233", "'4505205112233")
        assert cells["Điện thoại"] == "'0905123456"
        head, row = as_csv(post(client, dang="csv"))
        cells = dict(zip(head, row, strict=True))
        assert (cells["Số CCCD"], cells["Số tài khoản"]) == ("•••• 2233", "•••• 2233")

    def test_an_unknown_format_or_filter_is_a_bad_request(self, client: Client) -> None:
        signed_in(client)
        assert post(client, dang="pdf").status_code == 400
        assert post(client, query={"thang": "7/20x4"}).status_code == 400

    def test_the_page_of_the_list_is_no_part_of_the_filter(self, client: Client) -> None:
        make.person(hamlet=HAMLET)
        signed_in(client)
        assert len(as_csv(post(client, query={"tim": HAMLET, "trang": "7"}, dang="csv"))) == 2


class TestWaitingRoutes:
    def waiting(self, name: str = "Phạm Thị Chờ", **person: Any) -> Person:
        made = make.person(name, **person)
        make.route(made, account=make.account(holder_name="NGUYEN VAN KHAC"), source="Đợt thử")
        return made

    def test_the_filtered_routes_with_what_deserves_a_second_look(self, client: Client) -> None:
        person = self.waiting(cccd="096150112233")
        signed_in(client, role=Role.DISTRICT_LEADER)
        head, row = as_csv(post(client, "routes", {"nguon": "Đợt thử"}, dang="csv", so="day_du"))
        cells = dict(zip(head, row, strict=True))
        assert cells["Họ và tên"] == person.name
        assert cells["Số CCCD"] == "'096150112233"
        assert cells["Chủ tài khoản"] == "Chính chủ"
        assert cells["Dùng từ tháng"] == "1/2024"
        assert cells["Nguồn"] == "Đợt thử"
        assert "khác tên người nhận" in cells["Ghi chú"]

    def test_cash_says_why(self, client: Client) -> None:
        make.route(make.person(), source="Đợt thử")
        signed_in(client, role=Role.DISTRICT_LEADER)
        head, row = as_csv(post(client, "routes", {"nguon": "Đợt thử"}, dang="csv"))
        cells = dict(zip(head, row, strict=True))
        assert (cells["Số tài khoản"], cells["Vì sao tiền mặt"]) == ("", "Già yếu, ốm đau không đi lại được")

    def test_a_commune_exports_its_own(self, client: Client) -> None:
        self.waiting("Phạm Thị Nhà")
        self.waiting("Phạm Thị Xa", commune=make.commune(make.BA_TO_TOWN))
        signed_in(client, role=Role.COMMUNE_LEADER)
        rows = as_csv(post(client, "routes", {"nguon": "Đợt thử"}, dang="csv"))[1:]
        assert [row[1] for row in rows] == ["Phạm Thị Nhà"]

    def test_it_stands_in_the_audit(self, client: Client) -> None:
        self.waiting()
        user = signed_in(client, role=Role.DISTRICT_LEADER)
        as_csv(post(client, "routes", {"nguon": "Đợt thử"}, dang="csv"))
        entry = Entry.objects.get(actor=user, action="Xuất nơi nhận tiền chờ xác nhận")
        assert entry.details == {"count": 1, "full_numbers": False, "filters": {"nguon": "Đợt thử"}, "format": "csv"}

    def test_queries_do_not_grow(self, client: Client, django_assert_max_num_queries: Any) -> None:
        signed_in(client, role=Role.DISTRICT_LEADER)
        for total in (1, 30):
            for _ in range(total):
                self.waiting()
            with django_assert_max_num_queries(14):
                as_csv(post(client, "routes", {"nguon": "Đợt thử"}, dang="csv"))


class TestLongLists:
    @pytest.fixture(autouse=True)
    def everything_is_long(self, settings: Any) -> None:
        settings.EXPORT_JOB_ROWS = 1

    def exported(self, client: Client, so: str = "") -> tuple[Job, list[tuple[Any, ...]]]:
        answer = post(client, so=so)
        job = Job.objects.latest("pk")
        assert answer.url == reverse("jobs:detail", args=[job.pk])
        runner.run_job(job.pk)
        job.refresh_from_db()
        assert job.state == Job.State.DONE, job.message
        content = b"".join(client.get(reverse("jobs:result", args=[job.pk])).streaming_content)  # type: ignore[attr-defined]
        return job, as_rows(content)

    def test_a_job_makes_the_file_of_the_same_filter(self, client: Client) -> None:
        for name in ("Phạm Thị An", "Phạm Thị Bê"):
            make.person(name, hamlet=HAMLET)
        make.person("Phạm Thị Khác", hamlet="Thôn Khác")
        user = signed_in(client)
        job, rows = self.exported(client)
        assert [row[1] for row in rows[1:]] == ["Phạm Thị An", "Phạm Thị Bê"]
        assert job.message == "Đã xuất 2 dòng."
        assert job.result_file is not None and job.result_file.content_type == XLSX
        entry = Entry.objects.get(action="Xuất danh sách đối tượng", actor=user)
        assert (entry.job_id, entry.details["count"], entry.details["filters"]) == (job.pk, 2, {"tim": HAMLET})

    def test_scope_and_private_groups_are_those_of_the_owner_when_it_runs(self, client: Client) -> None:
        for commune in (make.BA_DONG, make.BA_TO_TOWN):
            for number in range(2):
                person = make.person(f"Phạm Thị {commune} {number}", hamlet=HAMLET, commune=make.commune(commune))
                make.entitlement(person, "BTXH-8")
        user = signed_in(client, role=Role.COMMUNE_OFFICER, sees_confidential=True)
        post(client)
        user.unit = make.commune(make.BA_TO_TOWN)
        user.sees_confidential = False
        user.save()
        job = Job.objects.latest("pk")
        runner.run_job(job.pk)
        job.refresh_from_db()
        assert job.result_file is not None
        rows = as_rows(bytes(job.result_file.content))[1:]
        assert [row[1] for row in rows] == [f"Phạm Thị {make.BA_TO_TOWN} {number}" for number in range(2)]
        assert {row[7] for row in rows} == {"BTXH"}

    def test_a_role_that_was_taken_away_exports_nothing(self, client: Client) -> None:
        for _ in range(2):
            make.person(hamlet=HAMLET)
        user = signed_in(client)
        post(client)
        User.objects.filter(pk=user.pk).update(role=Role.POLICE)
        job = Job.objects.latest("pk")
        runner.run_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.result_file) == (Job.State.FAILED, None)
        assert "không còn quyền" in job.message

    def test_asking_twice_queues_one_job(self, client: Client) -> None:
        for _ in range(2):
            make.person(hamlet=HAMLET)
        signed_in(client)
        assert post(client).url == post(client).url
        assert post(client, so="day_du").url != post(client).url

    def test_full_numbers_only_when_asked_for(self, client: Client) -> None:
        for _ in range(2):
            make.person(hamlet=HAMLET)
        signed_in(client)
        assert all(str(row[4]).startswith("•••• ") for row in self.exported(client)[1][1:])
        assert all(len(str(row[4])) == 12 for row in self.exported(client, so="day_du")[1][1:])


class TestChanges:
    def export(self, client: Client, so: str = "") -> list[dict[str, str]]:
        head, *rows = as_csv(post(client, "changes", {"tim": "Biến Động Thử"}, dang="csv", so=so))
        return [dict(zip(head, row, strict=True)) for row in rows]

    def change(self, category: str = "BTXH-5C", **fields: Any) -> Change:
        person = make.person("Phạm Thị Biến Động Thử", cccd="096150112233")
        code, fields["proposed_by"] = Category.objects.get(code=category), make.user(Role.COMMUNE_OFFICER)
        proposal = {"category": category, "level": 0, "own_amount": None, "dependants": []}
        return Change.objects.create(
            kind="start",
            policy=code.policy,
            person=person,
            effective_month=make.NEXT_MONTH,
            proposal=proposal,
            **fields,
        )

    def test_what_the_page_shows(self, client: Client) -> None:
        self.change()
        signed_in(client)
        (cells,) = self.export(client, so="day_du")
        assert (cells["Họ và tên"], cells["Số CCCD"]) == ("Phạm Thị Biến Động Thử", "'096150112233")
        assert (cells["Biến động"], cells["Từ"]) == ("Hưởng BTXH-5C", "tháng 8/2024")
        assert cells["Tăng, giảm mỗi tháng (đồng)"] == "500000"
        assert cells["Trạng thái"] == "Chờ thẩm định"

    @pytest.mark.parametrize("sees", [True, False])
    def test_private_groups(self, client: Client, sees: bool) -> None:
        self.change("BTXH-8", rejection="vì HIV", state="rejected")
        signed_in(client, sees_confidential=sees)
        (cells,) = self.export(client)
        assert ("BTXH-8" in cells["Biến động"]) is sees
        assert (cells["Lý do không chấp nhận"] == "vì HIV") is sees
        assert ("HIV" in str(cells)) is sees

    def test_of_somebody_who_is_to_come_only_what_the_page_tells(self, client: Client) -> None:
        # A whole date: somebody who signs may be called after a number like a year.
        elsewhere = make.person(
            "Phạm Thị Sắp Đến", commune=make.commune(make.BA_TO_TOWN), birth="12/05/1950", cccd="096150445566"
        )
        officer = signed_in(client, role=Role.COMMUNE_OFFICER)
        Change.objects.create(
            kind="move", person=elsewhere, effective_month=make.NEXT_MONTH, proposed_by=officer,
            from_commune=elsewhere.commune, to_commune=make.commune(make.BA_DONG), proposal={"hamlet": "Thôn Mới"},
        )  # fmt: skip
        answer = as_csv(post(client, "changes", {"loai": "move", "trang_thai": "waiting"}, dang="csv", so="day_du"))
        text = str(answer)
        assert "Chuyển từ" in text
        assert "096150445566" not in text and "Phạm Thị Sắp Đến" not in text and elsewhere.birth_text not in text

    def test_queries_do_not_grow(self, client: Client, django_assert_max_num_queries: Any) -> None:
        signed_in(client)
        with django_assert_max_num_queries(24):
            few = as_csv(post(client, "changes", {"trang_thai": "applied", "xa": make.BA_DONG}, dang="csv"))
        with django_assert_max_num_queries(24):
            many = as_csv(post(client, "changes", {"trang_thai": "applied", "chinh_sach": "NCC"}, dang="csv"))
        assert len(many) > 2 * len(few) > 100


class TestIdentity:
    def issues(self) -> tuple[Person, Person]:
        twins = [
            make.person("Phạm Thị Trùng Thử", cccd="", birth="12/05/1950", hamlet=HAMLET, commune=make.commune(code))
            for code in (make.BA_DONG, make.BA_TO_TOWN)
        ]
        for person in twins:
            make.entitlement(person)
        check_people([person.pk for person in twins])
        return twins[0], twins[1]

    def export(self, client: Client) -> tuple[list[str], list[dict[str, str]]]:
        head, *rows = as_csv(post(client, "identity", {"tim": "Trùng Thử"}, dang="csv", so="day_du"))
        return head, [dict(zip(head, row, strict=True)) for row in rows]

    def test_those_who_work_with_benefits_see_both_amounts(self, client: Client) -> None:
        self.issues()
        signed_in(client)
        head, rows = self.export(client)
        assert "Đang được chi (đồng/tháng)" in head
        assert "500000" in {row["Đang được chi (đồng/tháng)"] for row in rows}
        assert {row["Họ và tên"] for row in rows} == {"Phạm Thị Trùng Thử"}

    def test_the_police_get_nothing_about_money(self, client: Client) -> None:
        self.issues()
        signed_in(client, role=Role.POLICE)
        head, rows = self.export(client)
        assert rows
        assert not any("chi" in heading.lower().split() for heading in head)
        assert "500000" not in str(rows) and "BTXH" not in str(rows)

    def test_of_another_commune_only_the_place(self, client: Client) -> None:
        self.issues()
        signed_in(client, role=Role.COMMUNE_OFFICER)
        _, rows = self.export(client)
        assert rows
        doubles = [row["Trùng với"] for row in rows if row["Trùng với"]]
        assert all("Phạm" not in text and "1950" not in text for text in doubles)

    def test_queries_do_not_grow(self, client: Client, django_assert_max_num_queries: Any) -> None:
        signed_in(client)
        for number in (1, 20):
            for _ in range(number):
                self.issues()
            with django_assert_max_num_queries(24):
                self.export(client)


class TestPapers:
    def test_of_the_own_commune_with_how_long_they_last(self, client: Client) -> None:
        for commune, until in ((make.BA_DONG, "2024-07-01"), (make.BA_TO_TOWN, "2024-07-02")):
            person = make.person(commune=make.commune(commune))
            payee = make.payee(
                person, Payee.Kind.AUTHORISED, f"Phạm Văn {commune}", paper_number="01/GUQ", paper_valid_until=until
            )
            make.route(person, account=make.account(), payee=payee, confirmed_by=make.user())
        signed_in(client, role=Role.COMMUNE_LEADER)
        head, *rows = as_csv(post(client, "papers", {}, dang="csv"))
        cells = {row[head.index("Người nhận thay")]: dict(zip(head, row, strict=True)) for row in rows}
        mine = cells[f"Phạm Văn {make.BA_DONG}"]
        assert (mine["Có giá trị đến"], mine["Thời hạn"]) == ("01/07/2024", "Đã hết hạn")
        assert f"Phạm Văn {make.BA_TO_TOWN}" not in cells

    def test_queries_do_not_grow(self, client: Client, django_assert_max_num_queries: Any) -> None:
        signed_in(client)
        with django_assert_max_num_queries(14):
            as_csv(post(client, "papers", {}, dang="csv"))


@pytest.mark.parametrize("name", ["doi-tuong", "noi-nhan-cho-xac-nhan", "bien-dong", "giay-to-het-han"])
def test_a_list_never_leaves_its_roles(name: str) -> None:
    kind: type[ListExport] = find(name)
    assert not {Role.POLICE, Role.PAYER, Role.ADMIN} & set(kind.roles)


def test_a_people_list_tells_whose_account_it_is(client: Client) -> None:
    person = make.person(hamlet=HAMLET)
    payee = make.payee(person, Payee.Kind.GUARDIAN)
    make.route(person, account=make.account(), payee=payee, confirmed_by=make.user())
    signed_in(client)
    head, row = as_csv(post(client, dang="csv"))
    assert dict(zip(head, row, strict=True))["Chủ tài khoản"] == "Người giám hộ"
