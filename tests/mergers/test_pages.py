"""The admin's pages of units, and the command."""

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batosocial.audit.models import Entry
from batosocial.staff.models import User
from batosocial.territory.models import Unit, UnitMerger
from batosocial.web import todo
from tests.mergers import files

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.get(username="quantri"))
    return client


def _send(client: Client, content: bytes, day: str = "01/07/2025", upper: str = "") -> Any:
    file = SimpleUploadedFile("sap-nhap.csv", content, "text/csv")
    return client.post("/don-vi/sap-nhap/", {"day": day, "upper": upper, "file": file})


def _confirm(client: Client, url: str) -> Any:
    token = client.get(url).context["form"]["token"].value()
    return client.post(url, {"token": token})


def test_a_file_is_previewed_and_confirmed(admin: Client) -> None:
    url = _send(admin, files.SAMPLE.read_bytes(), upper="51").headers["Location"]
    page = admin.get(url)
    text = page.content.decode()
    assert "19 đơn vị cũ thành 8 đơn vị mới, trực thuộc Tỉnh Quảng Ngãi" in text
    assert "Xã Ba Tơ: 3 công chức, 3 lãnh đạo" in text
    assert "không rút lại được" in text
    assert not UnitMerger.objects.exists()
    answer = _confirm(admin, url)
    merger = UnitMerger.objects.get()
    assert answer.headers["Location"] == f"/don-vi/dot/{merger.pk}/"
    assert (merger.state, merger.file_name) == ("planned", "sap-nhap.csv")
    assert Entry.objects.filter(action="Lưu đợt sáp nhập đơn vị", actor__username="quantri").count() == 1
    assert "Xã Đặng Thùy Trâm" in admin.get(answer.headers["Location"]).content.decode()


def test_a_double_click_stores_one_merger(admin: Client) -> None:
    url = _send(admin, files.SAMPLE.read_bytes()).headers["Location"]
    token = admin.get(url).context["form"]["token"].value()
    first, second = (admin.post(url, {"token": token}) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert UnitMerger.objects.count() == 1


def test_a_file_with_errors_names_them_and_offers_no_confirmation(admin: Client) -> None:
    url = _send(admin, files.content(*files.BA_VINH, ("99999", "21490", "Ba Vinh", "Xã"))).headers["Location"]
    page = admin.get(url)
    text = page.content.decode()
    assert "A4" in text
    assert "99999" in text
    assert "Lưu kế hoạch sáp nhập" not in text
    assert admin.post(url, {"token": page.context["form"]["token"].value()}).status_code == 422
    assert not UnitMerger.objects.exists()


@pytest.mark.parametrize(
    ("content", "day", "says"),
    [
        (b"a,b\n1,2\n", "01/07/2025", "thiếu cột old_code, new_code, new_name, new_kind"),
        (files.content(*files.BA_VINH), "02/07/2025", "Hãy chọn 01/07/2025 hoặc 01/08/2025"),
        (files.content(*files.BA_VINH), "mai", "Không đọc được ngày"),
    ],
)
def test_what_cannot_be_read_stands_beside_its_field(admin: Client, content: bytes, day: str, says: str) -> None:
    page = _send(admin, content, day)
    assert page.status_code == 422
    assert says in page.content.decode()


def test_a_planned_merger_is_cancelled_and_an_applied_one_is_not(admin: Client, settings: Any) -> None:
    merger = files.store()
    assert "Hủy đợt này" in admin.get(f"/don-vi/dot/{merger.pk}/").content.decode()
    admin.post(f"/don-vi/dot/{merger.pk}/huy/")
    merger.refresh_from_db()
    assert merger.state == "cancelled"
    merger = files.store()
    admin.post(f"/don-vi/dot/{merger.pk}/thuc-hien/")
    merger.refresh_from_db()
    assert merger.state == "planned"
    settings.BUSINESS_DATE = files.DAY
    assert [one.tone for one in todo.for_user(User.objects.get(username="quantri"))] == ["danger"]
    admin.post(f"/don-vi/dot/{merger.pk}/thuc-hien/")
    merger.refresh_from_db()
    assert merger.state == "applied"
    assert "Hủy đợt này" not in admin.get(f"/don-vi/dot/{merger.pk}/").content.decode()
    answer = admin.post(f"/don-vi/dot/{merger.pk}/huy/", follow=True)
    assert "không rút lại được" in answer.content.decode()


@pytest.mark.parametrize(("which", "count"), [("", 8), ("het", 19), ("sap-toi", 0)])
def test_units_are_listed_with_their_history(admin: Client, settings: Any, which: str, count: int) -> None:
    settings.BUSINESS_DATE = files.DAY
    files.store()
    page = admin.get("/don-vi/", {"xem": which})
    assert page.context["page"].paginator.count == count
    if not which:
        assert "Gồm Thị trấn Ba Tơ (21484), Xã Ba Cung (21511), Xã Ba Bích (21526)" in page.content.decode()


@pytest.mark.parametrize(("text", "names"), [("ba to", {"Ba Tơ", "Ba Tô"}), ("21538", {"Ba Xa"}), ("khong", set())])
def test_a_unit_is_found_by_name_and_code(admin: Client, text: str, names: set[str]) -> None:
    page = admin.get("/don-vi/", {"tim": text})
    assert {row.unit.name for row in page.context["rows"]} == names


def test_the_list_takes_a_fixed_number_of_queries(admin: Client) -> None:
    admin.get("/don-vi/")
    with CaptureQueriesContext(connection) as few:
        admin.get("/don-vi/")
    files.store()
    with CaptureQueriesContext(connection) as many:
        admin.get("/don-vi/")
    assert len(many) == len(few) <= 10


def test_the_sample_can_be_downloaded_and_brought_back(admin: Client) -> None:
    content = admin.get("/don-vi/sap-nhap/mau.csv").content
    assert content.startswith(b"\xef\xbb\xbfold_code,new_code,new_name,new_kind")
    assert _send(admin, content).status_code == 302


# --- the command -------------------------------------------------------------------------------------------------


def test_the_command_previews_without_commit(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("merge_units", str(files.SAMPLE), "--date", "2025-07-01", "--json")
    report = json.loads(capsys.readouterr().out)
    assert (report["state"], report["old"], report["new"], report["errors"]) == ("preview", 19, 8, 0)
    assert not UnitMerger.objects.exists()


def test_the_command_stores_a_plan_of_a_day_to_come(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("merge_units", str(files.SAMPLE), "--date", "2025-07-01", "--upper", "51", "--commit")
    assert "19 đơn vị cũ thành 8 đơn vị mới từ 01/07/2025, trực thuộc Tỉnh Quảng Ngãi" in capsys.readouterr().out
    assert UnitMerger.objects.get().state == "planned"
    assert Unit.objects.current().communes().count() == 19
    assert Unit.objects.filter(valid_from=datetime.date(2025, 7, 1)).count() == 8


def test_the_command_carries_out_what_is_due(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("merge_units", str(files.SAMPLE), "--date", "2025-07-01", "--commit", "--json")
    assert json.loads(capsys.readouterr().out)["state"] == "planned"
    settings.BUSINESS_DATE = datetime.date(2025, 7, 1)
    call_command("merge_units", "--due", "--json")
    assert [one["date"] for one in json.loads(capsys.readouterr().out)["applied"]] == ["2025-07-01"]
    assert Unit.objects.current().communes().count() == 8


def test_the_command_carries_out_at_once_what_is_due_already(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.BUSINESS_DATE = datetime.date(2025, 7, 3)
    call_command("merge_units", str(files.SAMPLE), "--date", "2025-07-01", "--commit", "--json")
    assert json.loads(capsys.readouterr().out)["state"] == "applied"


def test_the_command_names_every_faulty_row_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(files.content(("99999", "21490", "Ba Vinh", "Xã"), ("21490", "21490", "", "Xã")))
    with pytest.raises(SystemExit) as ended:
        call_command("merge_units", str(path), "--date", "2025-07-01", "--commit")
    assert ended.value.code == 1
    printed = capsys.readouterr().out
    assert "LỖI A2 “99999”" in printed
    assert "LỖI C3" in printed
    assert "nên không ghi gì" in printed
    assert not UnitMerger.objects.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [str(files.SAMPLE)],
        ["--date", "2025-07-01"],
        [str(files.SAMPLE), "--date", "1/7/2025"],
        ["khong-co.csv", "--date", "2025-07-01"],
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(CommandError) as error:
        call_command("merge_units", *arguments)
    assert error.value.returncode == 2
