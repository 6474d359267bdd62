"""The appendix's formulas come to the stored figures, and each cell that counts people opens just these people."""

import datetime
import io
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.worksheet.worksheet import Worksheet

from batosocial.staff.models import Payer, Role, User
from batosocial.territory.models import Unit, unit_by_code
from beneficiaries.models import PayoutRoute, Policy, Provider
from payments.models import Payment
from reporting import appendix, figures, rollup
from reporting.people import list_people
from tests import factories
from tests.reporting import rows
from tests.reporting.rows import MONTH

pytestmark = pytest.mark.django_db
JULY = datetime.date(2024, 7, 1)
REASONS, PROVIDERS, SUMMARY = "Lý do chưa có TK", "Theo đơn vị chi trả", "Tổng hợp"
FIRST = 8


def read(content: bytes, *, values: bool = True) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def make(user: User, month: datetime.date = JULY) -> bytes:
    return appendix.make_appendix(actor=user, month=month)


@pytest.fixture
def chairman() -> User:
    return factories.user(Role.CHAIRMAN)


# --- formulas ----------------------------------------------------------------------------------------------------


class Evaluator:
    """Computes a sheet's formulas from its plain numbers alone, as a program that opens it does."""

    _RATE = re.compile(r'=IF\((\w+)=0,"-",ROUND\((\w+)\*1000/\1,0\)/10\)')
    _SUM = re.compile(r"=SUM\((\w+):(\w+)\)")
    _DIFFERENCE = re.compile(r"=(\w+)-(\w+)")

    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet

    def value(self, name: str) -> Any:
        found = self.sheet[name].value
        if not (isinstance(found, str) and found.startswith("=")):
            return found
        if match := self._RATE.fullmatch(found):
            whole, part = self.value(match[1]), self.value(match[2])
            if whole == 0:
                return "-"
            exact = Decimal(part) * 1000 / Decimal(whole)
            return float(exact.quantize(Decimal(1), ROUND_HALF_UP) / 10)
        if match := self._SUM.fullmatch(found):
            cells = [cell for row in self.sheet[f"{match[1]}:{match[2]}"] for cell in row]
            # Excel's SUM passes text over.
            return sum(n for n in (self.value(cell.coordinate) for cell in cells) if isinstance(n, int | float))
        match = self._DIFFERENCE.fullmatch(found)
        assert match, found
        return self.value(match[1]) - self.value(match[2])


def formulas(sheet: Worksheet) -> Iterator[Cell]:
    for row in sheet.iter_rows():
        yield from (cell for cell in row if cell.data_type == "f")


def check_formulas(content: bytes) -> int:
    number = 0
    stored = read(content)
    for sheet in read(content, values=False).worksheets:
        evaluator = Evaluator(sheet)
        for cell in formulas(sheet):
            number += 1
            assert stored[sheet.title][cell.coordinate].value == evaluator.value(cell.coordinate), cell
    return number


def test_every_formula_carries_the_value_it_computes_to(chairman: User) -> None:
    assert check_formulas(make(chairman)) > 300


def test_rates_are_rounded_half_up_as_everywhere() -> None:
    upper = rows.district()
    # 1 of 16 is 6,25%: 6,3 half-up, and 6,2 to whoever rounds to even.
    there = rows.payment_list(rows.commune(upper))
    someone = [rows.person(there.commune) for _ in range(16)]
    rows.pay(there, someone[0], route=rows.account_route(someone[0]))
    for one in someone[1:]:
        rows.pay(there, one)
    rollup.roll_up(actor=User.objects.system(), month=MONTH)
    content = make(rows.officer(upper), MONTH)
    check_formulas(content)
    assert read(content)["BTXH"]["E8"].value == 6.3


# --- what the sheets say -----------------------------------------------------------------------------------------


def headings(sheet: Worksheet) -> list[str]:
    return [cell.value for cell in sheet[6]]


def test_reasons_have_the_columns_of_the_form(chairman: User) -> None:
    sheet = read(make(chairman))[REASONS]
    assert sheet["A1"].value == "Phụ lục IV"
    assert headings(sheet) == [
        "TT", "Tên đơn vị (xã, thị trấn)", "Tổng số đối tượng", "Chưa có CCCD", "Sai lệch thông tin",
        "Già yếu, ốm đau không đi lại được", "Trẻ em chưa có người giám hộ", "Không có nhu cầu, chưa đồng ý",
        "Đi khỏi địa phương", "Khác, chưa rõ", "Cộng chưa có tài khoản",
    ]  # fmt: skip


def test_providers_have_the_columns_of_the_form(chairman: User) -> None:
    sheet = read(make(chairman))[PROVIDERS]
    assert sheet["A1"].value == "Phụ lục V"
    assert headings(sheet)[2:] == [
        "Tổng số đối tượng", "Số đối tượng đã có tài khoản", "Agribank", "Bưu điện", "Đơn vị khác", "Chính chủ",
        "Người giám hộ", "Người được ủy quyền", "Tỷ lệ có TK (%)",
    ]  # fmt: skip


def blocks(sheet: Worksheet) -> dict[str, list[list[Any]]]:
    """Rows of each policy, its total last, from the number of people due on."""
    found: dict[str, list[list[Any]]] = {}
    for row in sheet.iter_rows(min_row=FIRST, max_col=11):
        if row[0].value in ("A", "B"):
            found[{"A": "NCC", "B": "BTXH"}[row[0].value]] = current = []
        elif isinstance(row[2].value, int):
            current.append([cell.value for cell in row[2:]])
    return found


def test_reasons_add_up_to_those_without_an_account(chairman: User) -> None:
    shown = figures.read_month(chairman, JULY)
    for policy, block in blocks(read(make(chairman))[REASONS]).items():
        communes = shown.of(policy)
        assert len(block) == len(communes) + 1 == 20
        for row, figure in zip(block, communes, strict=False):
            reasons = [figure.reasons.get(reason, 0) for reason in PayoutRoute.CashReason]
            assert row == [figure.counts.due, *reasons, figure.counts.without_account]
        total = shown.total(policy)
        assert (block[-1][0], block[-1][-1]) == (total.due, total.without_account)


def test_accounts_add_up_by_payer_and_by_owner_to_those_with_one(chairman: User) -> None:
    shown = figures.read_month(chairman, JULY)
    for policy, block in blocks(read(make(chairman))[PROVIDERS]).items():
        for row, counts in zip(block, [*(f.counts for f in shown.of(policy)), shown.total(policy)], strict=True):
            assert row[:2] == [counts.due, counts.with_account]
            assert sum(row[2:5]) == sum(row[5:8]) == counts.with_account
            assert row[8] == (float(counts.r2) if counts.r2 is not None else "-")


def test_one_person_without_a_cccd_is_the_one_of_the_letter(chairman: User) -> None:
    sheet = read(make(chairman))[REASONS]
    named = {row[1].value: row[3].value for row in sheet.iter_rows(min_row=30, max_row=48)}
    assert {name for name, number in named.items() if number} == {"Xã Ba Xa"}
    assert sheet["D49"].value == 1


# --- people of both policies ---------------------------------------------------------------------------------------


def one_in_both(upper: Unit) -> None:
    """In NCC and BTXH three people, one of them in both, with an account for NCC alone."""
    place = rows.commune(upper)
    merit, social = rows.payment_list(place, policy="NCC"), rows.payment_list(place)
    both, one, other = (rows.person(place) for _ in range(3))
    rows.pay(merit, both, route=rows.account_route(both, policy="NCC"))
    rows.pay(merit, one, route=rows.account_route(one, policy="NCC"))
    rows.pay(social, both)
    rows.pay(social, other)
    rollup.roll_up(actor=User.objects.system(), month=MONTH)


def test_who_is_in_both_policies_is_taken_out_once() -> None:
    upper = rows.district()
    one_in_both(upper)
    content = make(rows.officer(upper), MONTH)
    sheet = read(content)[SUMMARY]
    people = [[cell.value for cell in row[1:4]] for row in sheet.iter_rows(min_row=FIRST, max_row=11)]
    assert people == [
        ["Người có công", 2, 2],
        ["Bảo trợ xã hội", 2, 0],
        ["Trừ người hưởng cả hai chính sách", -1, -1],
        ["Tổng cộng", 3, 1],
    ]
    assert sheet["I11"].value == sheet["I8"].value + sheet["I9"].value
    check_formulas(content)
    check_links(content, rows.officer(upper))


def test_where_nobody_is_in_both_there_is_no_such_row(chairman: User) -> None:
    sheet = read(make(chairman))[SUMMARY]
    assert [sheet[f"B{row}"].value for row in (8, 9, 10)] == ["Người có công", "Bảo trợ xã hội", "Tổng cộng"]


# --- links -------------------------------------------------------------------------------------------------------


def length_of(address: str, user: User) -> int:
    """How many people the list at an address names."""
    parts = urlsplit(address)
    found = resolve(parts.path)
    assert found.view_name == "reporting:people"
    given, asked = found.kwargs, {name: values[0] for name, values in parse_qs(parts.query).items()}
    place = given["place"]
    commune = None if place == "huyen" else unit_by_code(place, given["month"])
    assert place == "huyen" or commune
    return list_people(
        user,
        month=given["month"],
        measure=given["measure"],
        policy=None if given["policy"] == "tat-ca" else given["policy"],
        commune_id=commune.pk if commune else None,
        reason=asked.get("ly-do", ""),
        payer=asked.get("chi-qua", ""),
        payee=asked.get("chu-tk", ""),
    ).count()


#: Columns of each sheet that count people; the increase opens a list where one is as long.
COUNTS = {"NCC": "CDFIJ", "BTXH": "CDFIJ", SUMMARY: "CDF", REASONS: "CDEFGHIJK", PROVIDERS: "CDEFGHIJ"}


def check_links(content: bytes, user: User) -> int:
    number = 0
    for sheet in read(content).worksheets:
        counted = 0
        for row in sheet.iter_rows(min_row=FIRST):
            for cell in row:
                if isinstance(cell, MergedCell):
                    continue
                counts = cell.column_letter in COUNTS[sheet.title] and isinstance(cell.value, int)
                if cell.hyperlink is None:
                    assert not counts or cell.column_letter == "I" or str(row[1].value).startswith("Trừ"), cell
                    continue
                assert counts, cell
                assert length_of(cell.hyperlink.target, user) == abs(cell.value), (sheet.title, cell.coordinate)
                counted += 1
        assert counted, sheet.title
        number += counted
    return number


def test_every_cell_that_counts_people_opens_as_many(chairman: User) -> None:
    assert check_links(make(chairman), chairman) > 800


def test_links_print_as_plain_text(chairman: User) -> None:
    cell = read(make(chairman))["NCC"]["C8"]
    assert cell.hyperlink
    # Colour 1 of the theme is that of all text.
    assert (cell.font.name, cell.font.u, cell.font.color.theme) == ("Times New Roman", None, 1)


def test_the_page_of_a_link_says_the_number_of_its_cell(client: Client, chairman: User) -> None:
    client.force_login(chairman)
    sheet = read(make(chairman))[PROVIDERS]
    for name in ("E9", "G9", "H9"):
        parts = urlsplit(sheet[name].hyperlink.target)
        page = client.get(f"{parts.path}?{parts.query}").content.decode()
        assert f": {sheet[name].value} người" in page


@override_settings(PORTAL_URL="https://chitra.example.vn/")
def test_links_lead_to_where_the_portal_is(chairman: User) -> None:
    link = read(make(chairman))["NCC"]["C8"].hyperlink.target
    assert link == "https://chitra.example.vn/bao-cao/2024-07/NCC/21484/due/"


def test_other_payers_stand_together_and_open_their_people(client: Client) -> None:
    upper = rows.district()
    there = rows.payment_list(rows.commune(upper))
    for number in (1, 2):
        payer = Payer.objects.create(code=f"VI{number}", name=f"Ví {number}")
        provider = Provider.objects.create(bin=f"99000{number}", short_name=f"Ví {number}", name="Ví", payer=payer)
        someone = rows.person(there.commune)
        account = factories.account(bin=provider.bin)
        route = factories.route(
            someone, "BTXH", account=account, start=rows.BEFORE, confirmed_by=factories.user(Role.DISTRICT_OFFICER)
        )
        payment = rows.pay(there, someone, route=route)
        # Who pays is what the payment froze.
        Payment.objects.filter(pk=payment.pk).update(payer=payer)
    rollup.roll_up(actor=User.objects.system(), month=MONTH)
    officer = rows.officer(upper)
    content = make(officer, MONTH)
    assert blocks(read(content)[PROVIDERS])["BTXH"][0][:5] == [2, 2, 0, 0, 2]
    check_links(content, officer)
    client.force_login(officer)
    page = client.get(f"/bao-cao/2031-03/BTXH/{there.commune.code}/with_account/?chi-qua=khac").content.decode()
    assert "2 người" in page and "chi qua: đơn vị khác" in page


# --- the file ------------------------------------------------------------------------------------------------------


def test_the_same_figures_make_the_same_file(chairman: User) -> None:
    assert make(chairman) == make(chairman)


def test_figures_older_than_the_data_are_marked(chairman: User) -> None:
    def notes() -> str:
        return "\n".join(str(row[0].value or "") for row in read(make(chairman))["NCC"].iter_rows(min_row=28))

    assert "cũ hơn dữ liệu" not in notes()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO reporting_datachange (month, policy, at) VALUES ('2024-07-01', 'NCC', now())")
    assert "Số liệu cũ hơn dữ liệu" in notes()


def test_queries_do_not_grow_with_the_communes() -> None:
    def asked(communes: int) -> int:
        upper = rows.district()
        for policy in Policy.values:
            for _ in range(communes):
                there = rows.payment_list(rows.commune(upper), policy=policy)
                rows.pay(there, rows.person(there.commune))
        rollup.roll_up(actor=User.objects.system(), month=MONTH)
        officer = rows.officer(upper)
        with CaptureQueriesContext(connection) as queries:
            make(officer, MONTH)
        return len(queries)

    assert asked(1) == asked(6)
