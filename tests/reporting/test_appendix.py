import datetime
import io
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, override_settings
from openpyxl.worksheet.worksheet import Worksheet

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from reporting import appendix, rollup
from tests import factories
from tests.reporting import rows
from tests.reporting.rows import MONTH

pytestmark = pytest.mark.django_db
JULY = datetime.date(2024, 7, 1)
HEAD, FIRST, TOTAL = 6, 8, 27
COLUMNS = [
    "TT",
    "Tên đơn vị (xã, thị trấn)",
    "Tổng số đối tượng",
    "Số đối tượng đã có tài khoản",
    "Tỷ lệ có TK (%)",
    "Số đối tượng đã chi qua tài khoản",
    "Tỷ lệ so với tổng số (%)",
    "Tỷ lệ so với số đã có TK (%)",
    "Tăng so với tháng trước",
    "Còn lại chưa có TK",
    "Ghi chú",
]


def read(content: bytes, *, values: bool = True) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


@pytest.fixture
def july() -> bytes:
    return appendix.make_appendix(actor=factories.user(Role.CHAIRMAN), month=JULY)


def cells(sheet: Worksheet, row: int) -> list[Any]:
    return [cell.value for cell in sheet[row][:11]]


def test_a_sheet_for_each_policy_with_the_columns_of_the_form(july: bytes) -> None:
    book = read(july)
    assert book.sheetnames == ["NCC", "BTXH", "Tổng hợp", "Lý do chưa có TK", "Theo đơn vị chi trả"]
    for policy in ("NCC", "BTXH"):
        assert cells(book[policy], HEAD) == COLUMNS


def test_title_block_of_the_decree(july: bytes) -> None:
    book = read(july)
    ncc = book["NCC"]
    assert ncc["A1"].value == "Phụ lục I"
    assert book["BTXH"]["A1"].value == "Phụ lục II"
    assert ncc["A2"].value == "KẾT QUẢ CHI TRẢ TRỢ CẤP KHÔNG DÙNG TIỀN MẶT ĐỐI VỚI NGƯỜI CÓ CÔNG THÁNG 7/2024"
    attached = " ".join(ncc["A3"].value.split())
    assert attached == "(Kèm theo Công văn số /UBND- ngày tháng năm của UBND huyện Ba Tơ)"
    assert (ncc["A1"].font.name, ncc["A1"].font.sz, ncc["A1"].font.b) == ("Times New Roman", 14, True)
    assert (ncc["A3"].font.i, ncc["A3"].alignment.horizontal) == (True, "center")


def test_values_stand_in_the_file_before_anything_computes_them(july: bytes) -> None:
    book = read(july)
    ncc, btxh = book["NCC"], book["BTXH"]
    assert cells(ncc, FIRST)[:8] == [1, "Thị trấn Ba Tơ", 140, 96, 68.6, 78, 55.7, 81.3]
    assert cells(ncc, FIRST)[9:] == [44, "Cao"]
    assert cells(ncc, TOTAL)[1:8] == ["Tổng cộng", 1492, 588, 39.4, 443, 29.7, 75.3]
    assert cells(btxh, TOTAL)[1:8] == ["Tổng cộng", 2320, 884, 38.1, 684, 29.5, 77.4]
    assert [cell.value for cell in ncc["A"][FIRST - 1 : TOTAL - 1]] == list(range(1, 20))
    increases = [cell.value for cell in ncc["I"][FIRST - 1 : TOTAL - 1]]
    assert ncc[f"I{TOTAL}"].value == sum(increases)
    assert sum(cell.value == "Chưa thực hiện" for cell in btxh["K"]) == 4


def test_rates_and_sums_are_formulas(july: bytes) -> None:
    ncc = read(july, values=False)["NCC"]
    assert ncc["G8"].value == '=IF(C8=0,"-",ROUND(F8*1000/C8,0)/10)'
    assert ncc["H8"].value == '=IF(D8=0,"-",ROUND(F8*1000/D8,0)/10)'
    assert ncc["J8"].value == "=C8-D8"
    assert ncc["F27"].value == "=SUM(F8:F26)"
    # The total's rate comes from the totals, it is no average of the rates above.
    assert ncc["G27"].value == '=IF(C27=0,"-",ROUND(F27*1000/C27,0)/10)'


def test_prints_on_a4_landscape_one_page_wide(july: bytes) -> None:
    for sheet in read(july).worksheets:
        assert sheet.page_setup.orientation == "landscape"
        assert int(sheet.page_setup.paperSize) == 9
        # One page wide is what a missing width means.
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows == "$6:$7"
        assert sheet.print_area.startswith(f"'{sheet.title}'!$A$1:$K$")
        assert sheet.freeze_panes == "C8"
        margins = sheet.page_margins
        in_mm = [round(side * 25.4) for side in (margins.left, margins.right, margins.top, margins.bottom)]
        assert in_mm == [30, 15, 20, 15]
        assert sheet.oddHeader.center.text == "&P"
        assert sheet.oddHeader.center.size == 13
        assert sheet.HeaderFooter.differentFirst
        assert (sheet.page_setup.useFirstPageNumber, sheet.page_setup.firstPageNumber or 1) == (True, 1)
        assert sheet["B8"].border.left.style == "thin"
        assert sheet["B8"].font.name == "Times New Roman"


def test_numbers_have_vietnamese_formats(july: bytes) -> None:
    ncc = read(july)["NCC"]
    assert ncc["C27"].number_format.startswith("[$-42A]#,##0")
    assert ncc["G27"].number_format.startswith("[$-42A]0.0")


def test_names_of_rates_and_thresholds_stand_under_the_table(july: bytes) -> None:
    text = "\n".join(str(row[0].value or "") for row in read(july)["NCC"].iter_rows(min_row=TOTAL + 1))
    assert "R1 (cột 7): đã chi qua tài khoản / tổng số đối tượng." in text
    assert "cao từ 50%; trung bình từ 30% đến dưới 50%; thấp trên 0% đến dưới 30%; chưa thực hiện 0%" in text


def test_the_summary_adds_both_policies_up(july: bytes) -> None:
    sheet = read(july)["Tổng hợp"]
    assert cells(sheet, 10)[1:8] == ["Tổng cộng", 3812, 1472, 38.6, 1127, 29.6, 76.6]
    assert sheet["I10"].value == sheet["I8"].value + sheet["I9"].value


def test_nobody_due_and_no_month_before_print_a_dash() -> None:
    upper = rows.district()
    rows.payment_list(rows.commune(upper))
    rollup.roll_up(actor=User.objects.system(), month=MONTH)
    sheet = read(appendix.make_appendix(actor=rows.officer(upper), month=MONTH))["BTXH"]
    assert cells(sheet, FIRST)[2:] == [0, 0, "-", 0, "-", "-", "-", 0, "Không có đối tượng"]


def test_demo_data_are_marked_real_ones_not() -> None:
    chairman = factories.user(Role.CHAIRMAN)
    for demo in (True, False):
        with override_settings(DEMO=demo):
            sheet = read(appendix.make_appendix(actor=chairman, month=JULY))["NCC"]
        assert (sheet["A5"].value == "Dữ liệu minh họa") is demo


def test_a_month_without_figures_is_refused() -> None:
    with pytest.raises(appendix.NoFigures, match="chưa có số liệu"):
        appendix.make_appendix(actor=factories.user(Role.CHAIRMAN), month=datetime.date(2035, 1, 1))


def test_the_district_downloads_it_and_the_audit_says_so(client: Client) -> None:
    leader = factories.user(Role.DISTRICT_LEADER)
    client.force_login(leader)
    answer = client.get("/bao-cao/2024-07/phu-luc.xlsx")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="phu-luc-2024-07.xlsx"'
    assert read(answer.content).sheetnames[0] == "NCC"
    assert Entry.objects.filter(action="Xuất phụ lục", actor=leader).count() == 1
    assert client.get("/bao-cao/2035-01/phu-luc.xlsx").status_code == 404


def test_a_commune_does_not(client: Client) -> None:
    officer = factories.user(Role.COMMUNE_OFFICER)
    client.force_login(officer)
    assert client.get("/bao-cao/2024-07/phu-luc.xlsx").status_code == 403
    with pytest.raises(PermissionDenied):
        appendix.make_appendix(actor=officer, month=JULY)
