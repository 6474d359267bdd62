"""Paying in Chromium: hand over, the payer downloads, results by file with a row that two payments fit, closing."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import BACKGROUND, press, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.processes]
NewPage = Callable[..., "Page"]

#: Two small lists of one person each month before the demo's, approved, of the same amount: made where no page leads
#: to so early a month.
PREPARE = """
import datetime
from tests import factories as make
from tests.payments import rows
person = make.person("Phạm Thị Hai Khoản", hamlet="Thôn Thử")
for month, category in ((datetime.date(2023, 10, 1), "BTXH-5C"), (datetime.date(2023, 11, 1), "BTXH-5D")):
    row = rows.payment_list(month=month)
    rows.payment(row, person=person, category=category)
    rows.put(row, "approved")
print(person.cccd)
"""


def results(path: Path, cccd: str) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Số CCCD", "Số tiền", "Kết quả", "Ngày"])
    sheet.append([cccd, 360000, "Đã chi tiền mặt", "20/07/2024"])
    book.save(path)
    return path


def hand_over(page: "Page", month: str) -> None:
    page.goto(f"/chi-tra/?thang={month}")
    page.get_by_role("checkbox", name=re.compile("Ba Động")).check()
    press(page, "Giao tổ chức chi trả")
    expect(page.get_by_text("Đã giao").first).to_be_visible()


def test_from_handing_over_to_closing(portal: "Portal", new_page: NewPage, tmp_path: Path) -> None:
    cccd = portal.manage("shell", "-v", "0", "-c", PREPARE).stdout.strip().splitlines()[-1]

    phong = sign_in(new_page, "phong")
    for month in ("2023-10", "2023-11"):
        hand_over(phong, month)

    # The payer sees what to do, and takes the file that a worker has made.
    post = sign_in(new_page, "buudien")
    post.get_by_role("link", name=re.compile("tệp giao chi trả chưa tải")).click()
    row = post.get_by_role("row", name="BTXH tháng 10/2023")
    for _ in range(30):
        if row.get_by_role("link", name=re.compile("Tải tệp")).count():
            break
        post.wait_for_timeout(1000)
        post.reload()
    with post.expect_download() as download:
        row.get_by_role("link", name=re.compile("Tải tệp")).click()
    saved = tmp_path / "giao.xlsx"
    download.value.save_as(saved)
    assert download.value.suggested_filename == "giao_BUUDIEN_tien-mat_BTXH_2023-10_lan-1.xlsx"
    names = [line[2] for line in openpyxl.load_workbook(saved).worksheets[0].values]
    assert "Phạm Thị Hai Khoản" in names

    # The results name the person by card alone: two payments fit, so the payer says which one it is.
    content = results(tmp_path / "2023-10.xlsx", cccd).read_bytes()
    (tmp_path / "2023-11.xlsx").write_bytes(content)
    for month in ("2023-10", "2023-11"):
        post.goto("/chi-tra/ket-qua/")
        post.locator("input[type=file]").set_input_files(tmp_path / f"{month}.xlsx")
        post.get_by_role("button", name="Nạp và kiểm tra").click()
        if month == "2023-11":
            # The same bytes again: said at once.
            expect(post.get_by_text("đã nạp lúc")).to_be_visible()
            post.get_by_label("Vẫn nạp lại tệp này").check()
            post.locator("input[type=file]").set_input_files(tmp_path / f"{month}.xlsx")
            post.get_by_role("button", name="Nạp và kiểm tra").click()
        expect(post.locator(".figures")).to_be_visible(timeout=BACKGROUND)
        post.get_by_role("link", name="Chọn khoản").click()
        post.get_by_label(re.compile(rf"BTXH-{month[2:4]}{month[5:]}-")).check()
        post.get_by_role("button", name="Chọn khoản này").click()
        expect(post.get_by_text("ghi nhận tệp thì kết quả được ghi")).to_be_visible()
        post.goto("/chi-tra/ket-qua/")
        post.get_by_role("link", name=f"{month}.xlsx").click()
        press(post, "Ghi nhận 1 kết quả")
        expect(post.get_by_text("Đã ghi nhận").first).to_be_visible(timeout=BACKGROUND)

    # The later month waits for the earlier one; then both close.
    phong.goto("/chi-tra/khoa-so/2023-11/")
    expect(phong.get_by_text("tháng 10/2023 chưa khóa sổ")).to_be_visible()
    for month, label in (("2023-10", "10/2023"), ("2023-11", "11/2023")):
        phong.goto(f"/chi-tra/khoa-so/{month}/")
        expect(phong.get_by_text("Mọi khoản đã rõ")).to_be_visible()
        press(phong, "Khóa sổ BTXH")
        expect(phong.get_by_text(f"Đã khóa sổ tháng {label}: BTXH.")).to_be_visible()
    assert portal.sql("SELECT count(*) FROM payments_listevent WHERE step = 'khoa-so' AND note = ''")[0][0] >= 2
