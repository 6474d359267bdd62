"""Pages of lists of accounts: bringing one, its preview, entering it, and who may."""

import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from batosocial.jobs import runner
from batosocial.staff.models import Role, User
from beneficiaries.imports.accounts.columns import COLUMNS
from beneficiaries.imports.columns import find_layout
from beneficiaries.imports.todos import lists as todos
from beneficiaries.models import ImportBatch, PayoutRoute, Person
from tests import factories as make
from tests.beneficiaries import account_lists as lists
from tests.beneficiaries.account_lists import line

pytestmark = pytest.mark.django_db

UPLOAD = "/doi-tuong/nap-danh-sach/moi/?loai=accounts"


def signed_in(client: Client, role: str = Role.DISTRICT_OFFICER, **user: Any) -> User:
    made = make.user(role, **user)
    client.force_login(made)
    return made


def receiver(name: str = "Phạm Thị Hưởng", **fields: Any) -> Person:
    made = make.person(name, **fields)
    make.entitlement(made)
    return made


def bring(client: Client, rows: list[dict[str, Any]], **fields: str) -> Any:
    file = io.BytesIO(lists.workbook(rows))
    file.name = "tk.xlsx"
    return client.post(UPLOAD, {"source": "Đợt thử", "month": "8/2024", "file": file} | fields)


def checked(client: Client, rows: list[dict[str, Any]], **fields: str) -> ImportBatch:
    answer = bring(client, rows, **fields)
    assert answer.status_code == 302, answer.context["form"].errors
    batch = ImportBatch.objects.latest("pk")
    assert batch.job_id is not None
    runner.run_job(batch.job_id)
    batch.refresh_from_db()
    return batch


def page(client: Client, batch: ImportBatch, query: str = "") -> str:
    return str(client.get(reverse("beneficiaries:import_detail", args=[batch.pk]) + query).content.decode())


def test_the_page_offers_both_kinds(client: Client) -> None:
    signed_in(client)
    people, accounts = (client.get(url).content.decode() for url in (UPLOAD.split("?")[0], UPLOAD))
    assert 'name="policy"' in people and 'name="source"' not in people
    assert 'name="policy"' not in accounts and 'name="source"' in accounts
    assert "Toàn huyện" in accounts


def test_from_upload_to_routes_that_wait(client: Client) -> None:
    officer = signed_in(client)
    person = receiver(cccd="096150112233")
    batch = checked(client, [line(person, account="4505205112233"), line(name="Không Ai Tên Này")])
    shown = page(client, batch)
    assert "Danh sách tài khoản (Đợt thử)" in shown
    assert "toàn huyện" in shown
    assert "•••• 2233" in shown and "4505205112233" not in shown and "096150112233" not in shown
    assert "Chỉ có họ tên" in shown
    assert "Nhập vào sổ" in shown and "Gửi Phòng" not in shown
    assert "Không Ai Tên Này" not in page(client, batch, "?ket_qua=new")
    enter = reverse("beneficiaries:import_enter", args=[batch.pk])
    assert "1 dòng lỗi" in client.post(enter, follow=True).content.decode()
    client.post(enter, {"good_rows_only": "on"})
    batch.refresh_from_db()
    assert batch.job_id is not None
    runner.run_job(batch.job_id)
    route = PayoutRoute.objects.get(person=person)
    assert (route.state, route.entered_by, route.source) == ("entered", officer, "Đợt thử")
    assert "?nguon=%C4%90%E1%BB%A3t%20th%E1%BB%AD" in page(client, batch)


def test_a_commune_enters_its_own_list_and_sees_no_other_s(client: Client) -> None:
    foreign = receiver("Đinh Thị Xa", commune=make.commune(make.BA_TO_TOWN))
    person = receiver()
    signed_in(client, Role.COMMUNE_OFFICER)
    batch = checked(client, [line(person), line(foreign, name="")])
    assert batch.commune == make.commune(make.BA_DONG)
    assert (batch.new_count, batch.error_count) == (1, 1)
    assert "Đinh" not in page(client, batch)
    client.post(reverse("beneficiaries:import_enter", args=[batch.pk]), {"good_rows_only": "on"})
    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.ACCEPTING
    signed_in(client, Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))
    assert client.get(reverse("beneficiaries:import_detail", args=[batch.pk])).status_code == 404


def test_nobody_but_who_brought_it_enters_a_list(client: Client) -> None:
    signed_in(client, Role.COMMUNE_OFFICER)
    batch = checked(client, [line(receiver())])
    signed_in(client, Role.DISTRICT_OFFICER)
    assert "Nhập vào sổ" not in page(client, batch)
    enter = reverse("beneficiaries:import_enter", args=[batch.pk])
    assert "không nhận được" in client.post(enter, follow=True).content.decode()
    signed_in(client, Role.COMMUNE_LEADER)
    assert client.post(enter).status_code == 403
    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.PREVIEWED


def test_a_list_of_people_is_not_entered_but_accepted(client: Client) -> None:
    officer = signed_in(client, Role.COMMUNE_OFFICER)
    source = lists.take([line(receiver())])
    batch = ImportBatch.objects.create(
        commune=make.commune(), policy="BTXH", file=source.file, uploaded_by=officer, state="previewed", new_count=1
    )
    answer = client.post(reverse("beneficiaries:import_enter", args=[batch.pk]), follow=True)
    assert "do Phòng LĐ-TB&amp;XH nhận" in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"source": ""}, "Hãy ghi nguồn"),
        ({"month": "7/2024"}, "Sớm nhất là 8/2024"),
        ({"month": "tháng mấy"}, "Không đọc được tháng"),
    ],
)
def test_what_is_wrong_stands_beside_the_field(client: Client, fields: dict[str, str], told: str) -> None:
    signed_in(client)
    answer = bring(client, [line(receiver())], **fields)
    assert answer.status_code == 422
    assert told in answer.content.decode()


def test_the_same_file_twice_is_recognised(client: Client) -> None:
    signed_in(client)
    content = [line(receiver())]
    checked(client, content)
    answer = bring(client, content)
    assert answer.status_code == 422
    assert "Tệp này đã nạp rồi" in answer.content.decode()


def test_the_home_page_reminds_of_a_list_that_was_not_entered(client: Client) -> None:
    for role in (Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER):
        user = signed_in(client, role)
        checked(client, [line(receiver())])
        waiting = [todo for todo in todos(user) if todo.count and "tài khoản" in todo.label]
        assert [todo.count for todo in waiting] == [1]


def test_columns_of_a_district_s_list_are_chosen_by_hand_and_remembered(client: Client) -> None:
    signed_in(client)
    for number in range(2):
        person = receiver()
        book = load_workbook(
            io.BytesIO(lists.workbook([line(person)], fields=["cccd", "provider", "account", "owner"]))
        )
        sheet = book.active
        assert sheet is not None
        for column, label in enumerate(("Cột một", "Cột hai", "Cột ba", "Cột bốn"), 2):
            sheet.cell(row=3, column=column, value=label)
        file = io.BytesIO()
        book.save(file)
        file.seek(0)
        file.name = "tk.xlsx"
        answer: Any = client.post(UPLOAD, {"source": "Đợt thử", "month": "8/2024", "file": file}, follow=True)
        batch = ImportBatch.objects.latest("pk")
        if number == 0:
            assert batch.state == ImportBatch.State.READING
            data = {f.html_name: f.value() for f in answer.context["form"] if f.value() not in (None, "", False)}
            chosen = ["ordinal", "cccd", "provider", "account", "owner"]
            data |= {"header0": 3} | {f"column0_{letter}": name for letter, name in zip("ABCDE", chosen, strict=True)}
            client.post(reverse("beneficiaries:import_reading", args=[batch.pk]), data)
        batch.refresh_from_db()
        assert batch.job_id is not None
        runner.run_job(batch.job_id)
        batch.refresh_from_db()
        assert (batch.state, batch.new_count) == (ImportBatch.State.PREVIEWED, 1), batch.failure


def test_the_list_of_lists_filters_by_kind(client: Client) -> None:
    signed_in(client)
    checked(client, [line(receiver())])
    url = reverse("beneficiaries:imports")
    assert "Đợt thử" in client.get(url, {"loai": "accounts"}).content.decode()
    assert "Đợt thử" not in client.get(url, {"loai": "people"}).content.decode()


def test_the_template_is_read_back_and_offers_choices(client: Client) -> None:
    signed_in(client)
    answer: Any = client.get(reverse("beneficiaries:import_template"), {"loai": "accounts"})
    file = io.BytesIO(b"".join(answer.streaming_content))
    book = load_workbook(file)
    assert book.sheetnames == ["Danh sách", "Hướng dẫn", "Danh mục"]
    sheet = book["Danh sách"]
    rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    layout = find_layout(rows, COLUMNS)
    assert layout is not None
    assert set(layout.columns) == {"ordinal", *lists.HEADINGS}
    assert {cell.number_format for cell in sheet[5][1:] if cell.value} == {"@"}
    offered = {str(rule.sqref).split(":")[0][:-1] for rule in sheet.data_validations.dataValidation}
    assert len(offered) == 3
    guide = [row[0] for row in book["Hướng dẫn"].iter_rows(values_only=True)]
    assert "Chủ tài khoản" in guide
    file.seek(0)
    file.name = "mau.xlsx"
    client.post(UPLOAD, {"source": "Đợt thử", "month": "8/2024", "file": file})
    # Nothing is left to ask about a template that was filled in.
    assert ImportBatch.objects.latest("pk").state == ImportBatch.State.CHECKING


def test_queries_of_the_preview_do_not_grow(client: Client, django_assert_max_num_queries: Any) -> None:
    signed_in(client)
    for size in (1, 40):
        batch = checked(client, [line(receiver()) for _ in range(size)])
        with django_assert_max_num_queries(16):
            page(client, batch)
