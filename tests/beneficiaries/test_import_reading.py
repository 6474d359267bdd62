"""How a workbook is read: sheets, headers and columns found or chosen by hand, remembered; text in TCVN3."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from xlsxwriter import Workbook

from batosocial.staff.models import Role, User
from beneficiaries.imports import services
from beneficiaries.imports.messages import ListRefused
from beneficiaries.models import ColumnMapping, ImportBatch, ImportRow
from tests import factories as make
from tests.beneficiaries import import_lists as lists
from tests.beneficiaries.import_lists import HEADER, TITLES, line, workbook

pytestmark = pytest.mark.django_db

ODD_HEADER = ["Số", "Người", "a", "b", "Số thẻ", "Dt", "Nhóm", "Được", "TK", "Chỗ mở", "Của ai", "Khác"]
#: "Phạm Thị Huyền" as .VnTime stores it.
TCVN3_NAME = "Ph¹m ThÞ HuyÒn"
#: As somebody types it in a font that shows small letters as capitals.
SMALL_NAME = "ph¹m thÞ huyÒn"


@pytest.fixture
def officer() -> User:
    return make.user(Role.COMMUNE_OFFICER)


def book(*sheets: tuple[str, list[list[Any]], bool]) -> bytes:
    """Several sheets: name, rows, hidden."""
    file = io.BytesIO()
    made = Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False})
    for name, rows, hidden in sheets:
        sheet = made.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell != "":
                    sheet.write(number, column, cell)
        if hidden:
            sheet.hide()
    made.close()
    return file.getvalue()


def table(*rows: list[Any], header: list[str] | None = None) -> list[list[Any]]:
    return [[TITLES["BTXH"][0]], [TITLES["BTXH"][1]], [TITLES["BTXH"][2]], header or HEADER, *rows]


def bring(client: Client, user: User, content: bytes, **data: Any) -> Any:
    client.force_login(user)
    file = SimpleUploadedFile("ds.xlsx", content)
    return client.post(reverse("beneficiaries:import_upload"), {"policy": "BTXH", "file": file, **data}, follow=True)


def newest() -> ImportBatch:
    return ImportBatch.objects.latest("pk")


def reading_url(batch: ImportBatch) -> str:
    return reverse("beneficiaries:import_reading", args=[batch.pk])


def filled(response: Any) -> dict[str, Any]:
    """What a browser would send of the page's form as it stands."""
    form = response.context["form"]
    data = {}
    for field in form:
        value = field.value()
        if value in (None, "", False):
            continue
        data[field.html_name] = "on" if value is True else value
    return data


def mapping(number: int, fields: list[str]) -> dict[str, str]:
    return {f"column{number}_{chr(ord('A') + column)}": name for column, name in enumerate(fields)}


FIELDS = [
    "ordinal", "name", "male", "female", "cccd", "ethnicity", "category", "amount", "account", "provider", "owner",
    "note",
]  # fmt: skip


class TestWhatIsAsked:
    def test_one_recognised_table_goes_straight_to_the_check(self, client: Client, officer: User) -> None:
        response = bring(client, officer, workbook(line()))
        batch = newest()
        assert response.redirect_chain == [(reverse("beneficiaries:import_detail", args=[batch.pk]), 302)]
        assert (batch.state, batch.reading["sheets"][0]["header"]) == ("checking", 4)

    def test_a_sheet_that_explains_asks_nothing(self, client: Client, officer: User) -> None:
        content = book(("Danh sách", table(line()), False), ("Hướng dẫn", [["Mỗi người một dòng"]], False))
        bring(client, officer, content)
        assert newest().state == "checking"

    @pytest.mark.parametrize("hidden", [False, True])
    def test_a_second_sheet_with_a_table_asks_which(self, client: Client, officer: User, hidden: bool) -> None:
        content = book(("T7", table(line(), line(birth=1939)), False), ("T6", table(line(birth=1938)), hidden))
        response = bring(client, officer, content)
        batch = newest()
        assert response.redirect_chain == [(reading_url(batch), 302)]
        html = response.content.decode()
        assert "Trang “T7”" in html
        assert "Trang “T6”" in html
        assert ("Trang ẩn" in html) is hidden
        data = filled(response)
        assert ("use1" in data) is not hidden
        data.pop("use1", None)
        client.post(reading_url(batch), data)
        batch = services.check_batch(batch_id=batch.pk)
        assert (batch.state, batch.new_count) == ("previewed", 2)
        assert set(batch.rows.values_list("sheet", flat=True)) == {"T7"}

    def test_a_hidden_sheet_is_read_where_the_user_says_so(self, client: Client, officer: User) -> None:
        response = bring(client, officer, book(("A", table(line()), False), ("B", table(line(birth=1935)), True)))
        client.post(reading_url(newest()), filled(response) | {"use1": "on"})
        assert services.check_batch(batch_id=newest().pk).new_count == 2


class TestColumnsByHand:
    def test_an_unknown_header_is_mapped_by_hand(self, client: Client, officer: User) -> None:
        response = bring(client, officer, book(("Sheet1", table(line(), header=ODD_HEADER), False)))
        batch = newest()
        assert (batch.state, response.redirect_chain[0][0]) == ("reading", reading_url(batch))
        assert "Không thấy dòng nào giống tiêu đề" in response.content.decode()
        # The row with most texts is where a header is looked for first.
        data = filled(response)
        assert data["header0"] == 4
        refused = client.post(reading_url(batch), data)
        assert refused.status_code == 422
        assert "chưa có cột: Họ và tên, Số CCCD, Mã đối tượng, Mức trợ cấp (đồng), Năm sinh" in refused.content.decode()
        client.post(reading_url(batch), data | mapping(0, FIELDS))
        batch = services.check_batch(batch_id=batch.pk)
        assert (batch.state, batch.new_count, batch.error_count) == ("previewed", 1, 0)

    def test_the_same_column_twice_is_said_beside_it(self, client: Client, officer: User) -> None:
        response = bring(client, officer, book(("Sheet1", table(line(), header=ODD_HEADER), False)))
        data = filled(response) | mapping(0, FIELDS) | {"column0_F": "name"}
        html = client.post(reading_url(newest()), data).content.decode()
        assert "Các cột B, F cùng được chọn là “Họ và tên”" in html

    def test_another_header_row_brings_its_columns(self, client: Client, officer: User) -> None:
        rows = [["x", "y", "z", "t", "u", "v", "w", "q", "r", "s", "p", "o", "n"], *table(line())]
        response = bring(client, officer, book(("A", rows, False), ("B", table(line(birth=1931)), False)))
        batch = newest()
        looked = client.post(reading_url(batch), filled(response) | {"header0": "1", "look": "1"})
        assert looked.status_code == 200
        assert "Chưa có cột" in looked.content.decode()
        again = client.post(reading_url(batch), filled(looked) | {"header0": "5"})
        # Not sent yet: the columns are new to the user.
        assert (again.status_code, "Đã đọc lại từ dòng tiêu đề mới" in again.content.decode()) == (200, True)
        data = filled(again)
        assert (data["first0"], data["column0_B"]) == ("6", "name")
        data.pop("use1")
        client.post(reading_url(batch), data)
        assert services.check_batch(batch_id=batch.pk).new_count == 1

    def test_a_table_without_a_header(self, client: Client, officer: User) -> None:
        response = bring(client, officer, book(("Sheet1", [line(), line(birth=1935, sex="M")], False)))
        data = filled(response) | mapping(0, FIELDS) | {"header0": "0", "seen0": "0", "first0": "1"}
        client.post(reading_url(newest()), data)
        batch = services.check_batch(batch_id=newest().pk)
        assert (batch.new_count, ColumnMapping.objects.count()) == (2, 0)

    def test_what_a_commune_chose_is_remembered_for_it_alone(self, client: Client, officer: User) -> None:
        first = bring(client, officer, book(("Sheet1", table(line(), header=ODD_HEADER), False)))
        client.post(reading_url(newest()), filled(first) | mapping(0, FIELDS))
        kept = ColumnMapping.objects.get()
        assert (kept.unit, kept.policy, kept.columns["name"]) == (officer.unit, "BTXH", "B")
        # The next month's file with that header, wherever it stands, is read without a question.
        rows = [["Mật"], *table(line(birth=1937), header=[label.upper() for label in ODD_HEADER])]
        response = bring(client, officer, book(("Tháng 8", rows, False)))
        batch = services.check_batch(batch_id=newest().pk)
        assert (batch.state, batch.new_count, batch.reading["remembered"]) == ("previewed", 1, True)
        html = client.get(response.redirect_chain[0][0]).content.decode()
        assert "đã chọn cho tệp trước" in html
        assert "Sửa cách đọc" in html
        other = make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))
        bring(client, other, book(("Tháng 8", [["THỊ TRẤN BA TƠ"], *rows[4:]], False)))
        assert newest().state == "reading"

    def test_a_second_thought_after_the_preview(self, client: Client, officer: User) -> None:
        bring(client, officer, workbook(line(note="Thôn Khác")))
        batch = services.check_batch(batch_id=newest().pk)
        page = client.get(reading_url(batch))
        client.post(reading_url(batch), filled(page) | {"column0_L": "hamlet"})
        batch = services.check_batch(batch_id=batch.pk)
        assert batch.rows.get().data["hamlet"] == "Thôn Khác"

    def test_what_was_sent_is_read_as_it_was(self, client: Client, officer: User) -> None:
        batch = lists.upload(workbook(line()), by=officer)
        services.send_batch(actor=officer, batch=batch)
        client.force_login(officer)
        assert client.get(reading_url(batch)).status_code == 302

    def test_another_communes_title_is_refused_here_too(self, client: Client, officer: User) -> None:
        rows = table(line(), header=ODD_HEADER)
        rows[0] = ["UBND XÃ BA VINH"]
        response = bring(client, officer, book(("Sheet1", rows, False)))
        html = client.post(reading_url(newest()), filled(response) | mapping(0, FIELDS)).content.decode()
        assert "XÃ BA VINH" in html


def tcvn3_book(font: str | None, *, name: str = TCVN3_NAME, header: list[str] | None = None) -> bytes:
    file = io.BytesIO()
    made = Workbook(file, {"in_memory": True})
    look = made.add_format({"font_name": font} if font else {})
    sheet = made.add_worksheet("Danh s¸ch")
    for number, row in enumerate(table(line(name=name), line(name="Đinh Văn Ới", birth=1938), header=header)):
        for column, cell in enumerate(row):
            is_old = isinstance(cell, str) and cell not in ("", "Đinh Văn Ới")
            sheet.write(number, column, cell, look if is_old else None)
    made.close()
    return file.getvalue()


class TestTcvn3:
    @pytest.mark.parametrize("font", [".VnTime", ".VnArial NarrowH", None])
    def test_it_is_shown_before_it_is_converted(self, client: Client, officer: User, font: str | None) -> None:
        name = SMALL_NAME if font else TCVN3_NAME
        response = bring(client, officer, tcvn3_book(font, name=name))
        assert newest().state == "reading"
        assert f"<del>{name}</del>" in response.content.decode()
        undecided = client.post(reading_url(newest()), filled(response))
        assert "Hãy xem các ví dụ" in undecided.content.decode()
        client.post(reading_url(newest()), filled(response) | {"tcvn3": "doi"})
        batch = services.check_batch(batch_id=newest().pk)
        names = set(batch.rows.values_list("name", flat=True))
        small = font == ".VnTime"
        assert names == {"phạm thị huyền" if small else "Phạm Thị Huyền", "Đinh Văn Ới"}

    def test_a_header_in_tcvn3_is_recognised(self, client: Client, officer: User) -> None:
        header = ["TT", "Hä vµ tªn", "Nam", "N÷", "Sè CCCD", "D©n téc", "M· ®èi t­îng", "Møc trî cÊp", "Sè tµi kho¶n",
                  "Ng©n hµng", "Chñ tµi kho¶n", "Ghi chó"]  # fmt: skip
        response = bring(client, officer, tcvn3_book(None, header=header))
        data = filled(response)
        assert data["column0_G"] == "category"
        client.post(reading_url(newest()), data | {"tcvn3": "doi"})
        assert services.check_batch(batch_id=newest().pk).new_count == 2

    def test_who_says_it_is_none_keeps_the_text(self, client: Client, officer: User) -> None:
        response = bring(client, officer, tcvn3_book(None))
        client.post(reading_url(newest()), filled(response) | {"tcvn3": "giu"})
        batch = services.check_batch(batch_id=newest().pk)
        assert batch.rows.filter(outcome=ImportRow.Outcome.ERROR).get().name == TCVN3_NAME

    def test_vni_is_recognised_by_its_font_and_refused_with_advice(self, client: Client, officer: User) -> None:
        response = bring(client, officer, tcvn3_book("VNI-Times", name="Phaïm Thò Huyeàn"))
        assert response.status_code == 422
        assert "UniKey" in response.content.decode()

    def test_the_parts_of_one_cell_may_have_the_font(self, client: Client, officer: User) -> None:
        file = io.BytesIO()
        made = Workbook(file, {"in_memory": True})
        old, bold = made.add_format({"font_name": ".VnTime"}), made.add_format({"bold": True})
        sheet = made.add_worksheet("A")
        for number, row in enumerate(table(line(name=""))):
            for column, cell in enumerate(row):
                sheet.write(number, column, cell)
        sheet.write_rich_string("B5", bold, "Lê ", old, "ThÞ BÐ")
        made.close()
        bring(client, officer, file.getvalue())
        assert newest().state == "reading"


class TestCommandLine:
    def run(self, tmp_path: Path, content: bytes, *options: str) -> dict[str, Any]:
        path = tmp_path / "ds.xlsx"
        path.write_bytes(content)
        out = io.StringIO()
        try:
            call_command(
                "import_people", str(path), "--commune", "21496", "--policy", "BTXH", "--json", *options, stdout=out
            )
        except SystemExit as left:
            assert left.code == 1
        found: dict[str, Any] = json.loads(out.getvalue())
        return found

    def test_sheets_are_named(self, tmp_path: Path) -> None:
        content = book(("A", table(line()), False), ("B", table(line(birth=1935)), True))
        assert self.run(tmp_path, content)["rows"] == 1
        assert self.run(tmp_path, content, "--sheet", "B", "--sheet", "A")["rows"] == 2
        refused = self.run(tmp_path, content, "--sheet", "C")
        assert "không có trang “C”. Trong tệp có: “A”, “B”" in refused["messages"][0]["message"]

    def test_what_is_not_recognised_is_an_error_with_what_was_found(self, tmp_path: Path) -> None:
        refused = self.run(tmp_path, book(("Sheet1", table(line(), header=ODD_HEADER), False)))
        assert "Đã tìm ở trang: “Sheet1” (5 dòng)" in refused["messages"][0]["message"]
        refused = self.run(tmp_path, book(("Sheet1", table(line(), header=[*HEADER[:7], "x", *HEADER[8:]]), False)))
        assert "thiếu cột: Mức trợ cấp (đồng)" in refused["messages"][0]["message"]
        assert "Đã nhận ra: Số thứ tự, Họ và tên" in refused["messages"][0]["message"]

    def test_the_communes_own_mapping_applies(self, tmp_path: Path, client: Client, officer: User) -> None:
        content = book(("Sheet1", table(line(), header=ODD_HEADER), False))
        response = bring(client, officer, content)
        client.post(reading_url(newest()), filled(response) | mapping(0, FIELDS))
        assert self.run(tmp_path, content)["new"] == 1

    def test_tcvn3_is_converted_only_when_agreed(self, tmp_path: Path) -> None:
        content = tcvn3_book(".VnTime")
        refused = self.run(tmp_path, content)
        assert "TCVN3" in refused["messages"][0]["message"]
        assert "--tcvn3" in refused["messages"][0]["message"]
        assert self.run(tmp_path, content, "--tcvn3")["new"] == 2


def test_a_job_on_an_unsettled_list_settles_it_like_the_command_line(officer: User) -> None:
    batch = services.upload_list(
        actor=officer, commune=make.commune(), policy="BTXH", filename="ds.xlsx", content=tcvn3_book(None)
    )
    assert "TCVN3" in services.check_batch(batch_id=batch.pk).failure


def test_a_wrong_sheet_is_said_not_failed() -> None:
    from beneficiaries.imports.choices import Reading, SheetReading

    batch = ImportBatch(commune=make.commune(), policy="BTXH")
    batch.reading = Reading((SheetReading("Không có", 1, 2, {}),)).stored()
    from beneficiaries.imports.check import check_workbook
    from beneficiaries.months import first_open_month

    with pytest.raises(ListRefused, match="không có trang"):
        check_workbook(workbook(line()), "ds.xlsx", batch, start=first_open_month("BTXH"))
