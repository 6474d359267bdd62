"""A campaign of opening accounts in Chromium: the commune says who is ready, the post takes the list and brings the
file, the Phòng confirms, and the page of the campaign counts."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import BACKGROUND, PHONE, NewPage, figure, press, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.processes]

NAME = "Bưu điện mở thêm, 8/2024"


def count(page: "Page", label: str) -> str:
    page.goto(page.url)
    return figure(page, label)


def test_from_who_is_ready_to_confirmed_accounts(portal: "Portal", new_page: NewPage, tmp_path: Path) -> None:
    # The Phòng plans it for Ba Động.
    phong = sign_in(new_page, "phong")
    phong.goto("/phoi-hop/mo-tai-khoan/moi/")
    phong.get_by_label("Tên đợt").fill(NAME)
    phong.get_by_label("Tổ chức mở tài khoản").select_option(label="Bưu điện huyện Ba Tơ")
    phong.get_by_label("Hạn mở xong").fill("15/08/2024")
    phong.get_by_label("Nguồn ghi ở tài khoản").fill(NAME)
    phong.get_by_label("Số tài khoản dự kiến, Xã Ba Động").fill("3")
    phong.get_by_role("button", name="Lập đợt").click()
    expect(phong.get_by_role("heading", level=1)).to_have_text(NAME)
    campaign = phong.url

    # The commune: from the to-do list to three people ticked, one of them with a visit at home.
    officer = sign_in(new_page, "cb21496")
    officer.get_by_role("link", name=re.compile("chưa báo ai sẵn sàng")).click()
    boxes = officer.locator("#results table input[type=checkbox]")
    for place in range(3):
        boxes.nth(place).check()
    officer.get_by_role("button", name="Báo sẵn sàng").click()
    expect(officer.get_by_text("Chỉ báo người đã đồng ý; hãy đánh dấu ô này.")).to_be_visible()
    expect(boxes.nth(2)).to_be_checked()
    officer.get_by_label("đã đồng ý mở tài khoản").check()
    officer.get_by_label("Cần đến nhà mở").check()
    officer.get_by_label("Đến đâu").fill("Sau trường mẫu giáo")
    officer.get_by_role("button", name="Báo sẵn sàng").click()
    expect(officer.get_by_text("Đã báo 3 người sẵn sàng mở tài khoản.")).to_be_visible()

    # The post takes the list; then nobody waits for it any more.
    post = sign_in(new_page, "buudien")
    post.get_by_role("link", name=re.compile("danh sách sẵn sàng chờ nhận")).click()
    assert post.url == campaign
    with post.expect_download() as download:
        post.get_by_role("button", name="Nhận danh sách sẵn sàng (3)").click()
    taken = tmp_path / "da-mo.xlsx"
    download.value.save_as(taken)
    post.goto(campaign)
    expect(post.get_by_role("button", name="Nhận danh sách sẵn sàng (0)")).to_be_visible()

    # Filled in, the same sheet is the file of accounts.
    book = openpyxl.load_workbook(taken)
    sheet = book.active
    assert sheet is not None
    names = [cell.value for cell in sheet["B"][4:7]]
    heads = {cell.value: cell.column for cell in sheet[4]}
    for place in range(3):
        sheet.cell(row=5 + place, column=heads["Ngân hàng"], value="LPBank")
        sheet.cell(row=5 + place, column=heads["Số tài khoản"], value=f"09998887766{place}")
    book.save(taken)
    post.get_by_role("link", name="Nạp tệp mở tài khoản").click()
    post.get_by_label("Tệp danh sách").set_input_files(taken)
    post.get_by_role("button", name="Nạp và kiểm tra").click()
    expect(post.locator(".figures")).to_be_visible(timeout=BACKGROUND)
    assert figure(post, "Mới") == "3"
    press(post, "Nhập vào sổ")
    expect(post.get_by_text("chờ xác nhận").first).to_be_visible(timeout=BACKGROUND)

    # The Phòng confirms what the post has entered, from the list of waiting routes.
    phong.goto(campaign)
    assert (count(phong, "Đã mở"), count(phong, "Đã xác nhận")) == ("3", "0")
    phong.goto("/doi-tuong/noi-nhan-tien/")
    for name in names:
        expect(phong.get_by_text(str(name)).first).to_be_visible()
    phong.get_by_label("Chọn cả trang này").check()
    press(phong, "Xác nhận dòng đã chọn")
    expect(phong.get_by_text("Đã xác nhận")).to_be_visible()
    phong.goto(campaign)
    assert (count(phong, "Đã mở"), count(phong, "Đã xác nhận"), count(phong, "Đã chi lần đầu")) == ("3", "3", "0")
    phong.locator(".figure", has=phong.get_by_text("Đã xác nhận", exact=True)).get_by_role("link").click()
    expect(phong.get_by_role("heading", name="3 người")).to_be_visible()

    # On a phone the commune reads the same without scrolling sideways.
    phone = sign_in(new_page, "cb21496", PHONE)
    phone.goto(campaign)
    assert figure(phone, "Đã xác nhận") == "3"
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
