"""A list on paper: sums of each page and up to it, notes for whoever pays, the same on the print page and in Excel."""

import io
from typing import Any

import openpyxl
import pytest
from django.urls import reverse

from batosocial.staff.models import Role
from payments import papers
from payments.models import PaymentLine, PaymentList
from tests import factories as make
from tests.payments import rows
from tests.payments.rows import AUGUST, JULY, State

pytestmark = pytest.mark.django_db


def paper(row: PaymentList) -> list[papers.ListRow]:
    from payments import board

    payments = board.with_lines(row.payments.select_related("payment_list__period"))
    return papers.list_rows(row, payments, for_payer=False)


def sheet_of(row: PaymentList) -> Any:
    answer = rows.signed_in(rows.officer()).get(reverse("payments:download_list", args=[row.pk]))
    return openpyxl.load_workbook(io.BytesIO(b"".join(answer))).worksheets[0]


def long_list(people: int) -> PaymentList:
    row = rows.payment_list()
    for number in range(people):
        rows.payment(row, amount=1000 * (number + 1))
    return row


@pytest.mark.parametrize("people", [0, 1, 8, 9, 13, 14, 29, 30, 45, 150])
def test_every_row_stands_on_one_page_and_the_sums_run_up(people: int) -> None:
    row = papers.ListRow(1, "A", "", "", "", "", "", 10, 0, 1, 2, 3, 16, "TM", "", "", "", "")
    pages = papers.pages_of([row] * people)
    assert sum(len(page.rows) for page in pages) == people
    assert all(page.rows for page in pages) or people == 0
    assert len(pages[0].rows) <= papers.FIRST_PAGE_ROWS
    assert all(len(page.rows) <= papers.PAGE_ROWS for page in pages)
    running = 0
    for page in pages:
        running += page.sums["total"]
        assert page.running["total"] == running
    assert running == 16 * people


def test_the_signatures_never_stand_on_a_page_alone() -> None:
    row = papers.ListRow(1, "A", "", "", "", "", "", 10, 0, 1, 2, 3, 16, "TM", "", "", "", "")
    for people in range(1, 100):
        last = papers.pages_of([row] * people)[-1]
        assert 0 < len(last.rows) <= papers.PAGE_ROWS - 5


def test_the_print_page_shows_the_sum_of_each_page() -> None:
    row = long_list(20)
    page = rows.signed_in(rows.officer()).get(reverse("payments:print_list", args=[row.pk]))
    sums = [one.sums["total"] for one in page.context["pages"]]
    assert sum(sums) == 210_000
    assert len(sums) == 2
    for number, money in enumerate(sums, 1):
        assert f"Cộng trang {number}:" in page.text
        assert f"{money:,}".replace(",", ".") in page.text
    assert "Cộng lũy kế" in page.text
    assert "Tổng cộng: 20 người" in page.text
    assert "Hai trăm mười nghìn đồng." in page.text
    for name in papers.SIGNATURES:
        assert name in page.text


def test_a_list_of_one_page_has_one_sum() -> None:
    page = rows.signed_in(rows.officer()).get(reverse("payments:print_list", args=[long_list(3).pk]))
    assert "Cộng trang" not in page.text
    assert "Tổng cộng: 3 người" in page.text


def test_the_workbook_breaks_where_its_sums_stand() -> None:
    row = long_list(20)
    sheet = sheet_of(row)
    labels = {line[1].value: line[1].row for line in sheet.iter_rows() if line[1].value}
    assert sheet.row_breaks.brk[0].id == labels["Cộng trang"] - len(papers.pages_of(paper(row))[1].rows) - 1
    # Excel passes over page breaks where a sheet is fitted to a number of pages.
    assert not sheet.sheet_properties.pageSetUpPr or not sheet.sheet_properties.pageSetUpPr.fitToPage
    total = sheet.cell(labels["Tổng cộng"], 13).value
    assert total.startswith("=SUM(M")
    assert total.count(",") == 1


def test_the_note_says_what_the_payer_has_to_know() -> None:
    before = rows.payment_list(policy="NCC", month=AUGUST, commune=make.commune(make.BA_TO_TOWN))
    row = rows.payment_list()
    person = make.person("Đinh Thị Chuyển")
    payment = rows.payment(row, person=person, route_is_new=True, payee_kind="relative", payee_name="Đinh Văn Con")
    line = payment.lines.get()
    for kind, month in ((PaymentLine.Kind.ARREARS, JULY), (PaymentLine.Kind.ARREARS, JULY.replace(month=6))):
        PaymentLine.objects.create(
            payment=payment,
            entitlement=line.entitlement,
            category=line.category,
            policy="BTXH",
            kind=kind,
            month=month,
            amount=140_000,
        )
    assert before.pk
    (one,) = paper(row)
    assert one.arrears_months == 2
    assert one.note == "Truy lĩnh 6, 7/2024; người hưởng đã chết, thân nhân nhận; nơi nhận mới"
    assert one.receiver == "Đinh Văn Con (thân nhân)"


def test_who_moved_here_is_noted_with_the_commune_they_came_from() -> None:
    row = rows.payment_list()
    person = make.person()
    rows.payment(row, person=person)
    town = PaymentList.objects.get(period__month=JULY, period__policy="BTXH", commune=make.commune(make.BA_TO_TOWN))
    old = town.payments.order_by("pk").first()
    assert old
    # The one who stood in the town's list of July.
    row.payments.update(person=old.person_id)
    assert paper(row)[0].note == "Chuyển từ Thị trấn Ba Tơ"


def test_a_list_of_two_months_is_called_so() -> None:
    row = rows.payment_list(policy="NCC", month=AUGUST)
    row.period.with_next = True
    assert papers.list_title(row).endswith("THÁNG 8/2024 VÀ THÁNG 9/2024")


def test_months_are_named_shortly() -> None:
    def lines(*texts: str) -> list[PaymentLine]:
        import datetime

        return [
            PaymentLine(kind="arrears", month=datetime.date.fromisoformat(f"{text}-01"), amount=1) for text in texts
        ]

    assert papers._months(lines("2023-12", "2024-01"), "arrears") == "12/2023, 1/2024"
    assert papers._months(lines("2024-06", "2024-07"), "arrears") == "6, 7/2024"
    assert papers._months(lines("2024-03", "2024-04", "2024-05", "2024-06"), "arrears") == "3/2024 đến 6/2024"


def test_payers_print_their_own_rows_alone() -> None:
    row = rows.payment_list()
    for payer in ("BUUDIEN", "AGRIBANK"):
        rows.payment(row, account=make.account(), payer=payer)
    rows.put(row, State.HANDED_OVER)
    page = rows.signed_in(make.user(Role.PAYER)).get(reverse("payments:print_list", args=[row.pk]))
    assert page.context["count"] == 1
