"""The main job in Chromium, by the people who do it: from a commune's Excel list to the chairman's dashboard."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
from playwright.sync_api import expect

from batosocial.demo.accounts import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.processes]

DATA = Path(__file__).parent.parent / "data"
DOCS = Path(__file__).parents[2] / "docs"
PHONE = 360
BACKGROUND = 60_000

NewPage = Callable[..., "Page"]


def sign_in(new_page: NewPage, username: str, width: int = 1280) -> "Page":
    page = new_page(width)
    page.goto("/dang-nhap/")
    page.get_by_label("Tên đăng nhập").fill(username)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Việc cần làm")
    return page


def press(page: "Page", name: str) -> None:
    """Press a button that asks first, and say yes."""
    page.get_by_role("button", name=name).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button").filter(has_not_text="Không").last.click()


def figure(page: "Page", label: str) -> str:
    """The number on a card of the preview."""
    card = page.locator(".figure", has=page.get_by_text(label, exact=True))
    return card.locator(".figure-value").inner_text().strip()


def upload(page: "Page", workbook: Path, policy: str, *, again: bool = False) -> None:
    """Bring a list and wait for its preview."""
    page.goto("/doi-tuong/nap-danh-sach/moi/")
    page.get_by_label("Chính sách").select_option(policy)
    page.get_by_label("Tệp danh sách").set_input_files(workbook)
    page.get_by_role("button", name="Nạp và kiểm tra").click()
    if again:
        page.get_by_label("Vẫn nạp lại tệp này").check()
        page.get_by_label("Tệp danh sách").set_input_files(workbook)
        page.get_by_role("button", name="Nạp và kiểm tra").click()
    expect(page.locator(".figures")).to_be_visible(timeout=BACKGROUND)


def accept(page: "Page", commune: str) -> None:
    """As the district: from the to-do list to the batch, and take it in."""
    page.goto("/doi-tuong/nap-danh-sach/?trang_thai=sent")
    page.get_by_role("link", name=re.compile(commune)).first.click()
    expect(page.get_by_label("Hưởng từ tháng")).to_have_value("8/2024")
    press(page, "Nhận danh sách")
    expect(page.get_by_text("Đã nhận").first).to_be_visible(timeout=BACKGROUND)


def test_from_a_communes_list_to_the_chairmans_dashboard(portal: "Portal", new_page: NewPage, tmp_path: Path) -> None:
    # The chairman's dashboard as July stands: what is paid by account, and what the accounts to come will do.
    chairman = sign_in(new_page, "chutich")
    chairman.goto("/bao-cao/")
    for text in ("29,7%", "29,5%", "581 tài khoản", "thêm 198 người"):
        expect(chairman.get_by_text(text).first).to_be_visible()
    if os.environ.get("UPDATE_SCREENSHOTS"):
        chairman.wait_for_timeout(1500)
        chairman.screenshot(path=DOCS / "dashboard.png")

    # 1. A commune officer sees only their commune and brings its list: 150 new.
    officer = sign_in(new_page, "cb21496")
    officer.goto("/doi-tuong/")
    expect(officer.get_by_text("Xã Ba Động").first).to_be_visible()
    expect(officer.get_by_text("Xã Ba Xa")).to_have_count(0)
    upload(officer, DATA / "ds_btxh_ba_dong.xlsx", "BTXH")
    assert (figure(officer, "Mới"), figure(officer, "Lỗi")) == ("150", "0")
    officer.get_by_role("button", name="Gửi Phòng").click()
    expect(officer.get_by_text("Đã gửi Phòng").first).to_be_visible()

    # The town's list has six bad rows; its good rows go in only when the user says so.
    town = sign_in(new_page, "cb21484")
    upload(town, DATA / "ds_ncc_ba_to_loi.xlsx", "NCC")
    assert [figure(town, label) for label in ("Mới", "Lỗi")] == ["34", "6"]
    expect(town.get_by_role("link", name=re.compile("5 dòng khác có cảnh báo"))).to_be_visible()
    town.get_by_role("button", name="Gửi Phòng").click()
    expect(town.get_by_role("button", name="Gửi Phòng")).to_be_visible()
    town.get_by_label("Chỉ nhận dòng đúng").check()
    town.get_by_role("button", name="Gửi Phòng").click()
    expect(town.get_by_text("Đã gửi Phòng").first).to_be_visible()

    # The district sees the same preview and accepts both as first loads from the first month not yet opened.
    phong = sign_in(new_page, "phong")
    expect(phong.get_by_text("danh sách").first).to_be_visible()
    phong.goto("/doi-tuong/nap-danh-sach/?trang_thai=sent")
    phong.get_by_role("link", name=re.compile("Ba Động")).first.click()
    assert (figure(phong, "Mới"), figure(phong, "Lỗi")) == ("150", "0")
    accept(phong, "Ba Động")
    accept(phong, "Ba Tơ")

    # The same file again: 150 unchanged.
    upload(officer, DATA / "ds_btxh_ba_dong.xlsx", "BTXH", again=True)
    assert (figure(officer, "Không đổi"), figure(officer, "Mới")) == ("150", "0")

    # 2. August: one list for each commune and policy, at the rates known on the business date.
    phong.goto("/chi-tra/mo-thang/2024-08/")
    press(phong, "Mở tháng 8/2024")
    expect(phong.get_by_text("Cộng 19 danh sách").first).to_be_visible(timeout=BACKGROUND)
    phong.goto("/chi-tra/mo-thang/2024-08/")
    expect(phong.get_by_role("link", name="Xem danh sách tháng 8/2024")).to_be_visible()

    leader = sign_in(new_page, "ld21496")
    leader.goto("/chi-tra/?thang=2024-08")
    row = leader.get_by_role("row").filter(has_text="Ba Động").filter(has_text="300")
    row.get_by_role("link", name=re.compile("Ba Động")).click()
    list_url = leader.url
    expect(leader.get_by_text("500.000 đ").first).to_be_visible()
    for username, step in (
        ("ld21496", "Gửi Phòng LĐ-TB&XH"),
        ("phong", "Thẩm định"),
        ("truongphong", "Ký thẩm định"),
        ("chutich", "Duyệt"),
        ("phong", "Giao tổ chức chi trả"),
    ):
        page = {"ld21496": leader, "phong": phong}.get(username) or sign_in(new_page, username)
        page.goto(list_url)
        press(page, step)
        page.wait_for_load_state()
    expect(phong.get_by_text("Đã giao chi trả").first).to_be_visible()

    # 3. Results: one by the form, the others by the payer's workbook.
    post = sign_in(new_page, "buudien")
    post.goto(f"{list_url}?hinh_thuc=cash")
    post.locator("a[href*='/chi-tra/khoan/']").first.click()
    post.get_by_label("Kết quả", exact=True).select_option(label="Đã chi tiền mặt")
    post.get_by_label("Ngày chi").fill("22/07/2024")
    post.get_by_role("button", name="Ghi kết quả").click()
    expect(post.locator("td").get_by_text("Đã chi tiền mặt").first).to_be_visible()

    bank = sign_in(new_page, "agribank")
    bank.goto(list_url)
    with bank.expect_download() as download:
        bank.get_by_role("link", name=re.compile("Tải tệp kết quả")).first.click()
    filled = tmp_path / "ket-qua.xlsx"
    template = tmp_path / "mau.xlsx"
    download.value.save_as(template)
    paid = fill_in(template, filled)
    bank.goto("/chi-tra/ket-qua/")
    bank.locator("input[type=file]").set_input_files(filled)
    bank.get_by_role("button", name="Nạp và kiểm tra").click()
    expect(bank.get_by_role("button", name=f"Ghi nhận {paid} kết quả")).to_be_visible(timeout=BACKGROUND)
    press(bank, f"Ghi nhận {paid} kết quả")
    expect(bank.get_by_text("Đã ghi nhận").first).to_be_visible(timeout=BACKGROUND)

    # 4. A change of results starts the roll-up by itself; the month's figures follow.
    august = "/bao-cao/2024-08/BTXH/21496/paid_by_account/"
    chairman.goto(august)
    for _ in range(60):
        if chairman.get_by_text(f"{paid} người").count():
            break
        chairman.wait_for_timeout(500)
        chairman.reload()
    expect(chairman.get_by_text(f"{paid} người").first).to_be_visible()

    # 5. The dashboard of July shows the customer's figures against the target, and the appendix downloads.
    chairman.goto("/bao-cao/?thang=2024-07")
    for text in ("29,7%", "443", "1.492", "29,5%", "684", "2.320"):
        expect(chairman.get_by_text(text).first).to_be_visible()
    phone = sign_in(new_page, "chutich", PHONE)
    phone.goto("/bao-cao/?thang=2024-07")
    expect(phone.get_by_text("29,7%").first).to_be_in_viewport()
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    with chairman.expect_download() as download:
        chairman.get_by_role("link", name=re.compile("phụ lục")).first.click()
    download.value.save_as(tmp_path / "phu-luc.xlsx")
    book = openpyxl.load_workbook(tmp_path / "phu-luc.xlsx", data_only=True)
    assert {"NCC", "BTXH"} <= set(book.sheetnames)
    totals = {cell.value for row in book["NCC"].iter_rows() for cell in row if str(row[1].value or "").startswith("T")}
    assert {1492, 443} <= totals


def fill_in(template: Path, filled: Path) -> int:
    """Write "paid by account" into every row of the payer's template; returns how many."""
    book = openpyxl.load_workbook(template)
    sheet = book.active
    assert sheet is not None
    heading = next(row for row in sheet.iter_rows() if any(cell.value == "payment_no" for cell in row))
    at = {str(cell.value): cell.column for cell in heading}
    count = 0
    for number in range(heading[0].row + 1, sheet.max_row + 1):
        if not sheet.cell(number, at["payment_no"]).value:
            continue
        sheet.cell(number, at["result"], "paid_account")
        sheet.cell(number, at["date"], "22/07/2024")
        sheet.cell(number, at["reference"], f"FT{number:06}")
        count += 1
    book.save(filled)
    return count
