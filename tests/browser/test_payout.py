"""An account entered by keyboard, confirmed by another, and the money of the next month that follows it."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from batosocial.demo.accounts import PASSWORD
from tests.conftest import PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.processes]

NewPage = Callable[..., "Page"]

BACKGROUND = 60_000


def sign_in(new_page: NewPage, username: str, width: int = 1280) -> "Page":
    page = new_page(width)
    page.goto("/dang-nhap/")
    page.get_by_label("Tên đăng nhập").fill(username)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Việc cần làm")
    return page


def tab_to(page: "Page", name: str) -> None:
    """Press Tab until the field, link or button of that name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(
            """(name) => {
                const at = document.activeElement;
                return at.name === name || (!at.name && at.textContent.trim() === name);
            }""",
            name,
        ):
            return
    raise AssertionError(f"Tab never reaches {name}")


def cash_person(page: "Page") -> str:
    """The address of somebody who receives social benefits in cash."""
    page.goto("/doi-tuong/?chinh_sach=BTXH&noi_nhan=cash&trang_thai=receiving&xa=21496")
    href = page.locator("#results table a[href^='/doi-tuong/']").first.get_attribute("href")
    assert href is not None
    return href


def test_an_account_by_keyboard_then_confirmed_then_paid_into(portal: "Portal", new_page: NewPage) -> None:
    officer = sign_in(new_page, "cb21496")
    person = cash_person(officer)
    officer.goto(person)
    name = officer.get_by_role("heading", level=1).inner_text()

    tab_to(officer, "Nơi nhận mới")
    officer.keyboard.press("Enter")
    expect(officer.get_by_role("heading", level=1)).to_have_text("Nơi nhận tiền mới")
    tab_to(officer, "nguoi_nhan")
    expect(officer.get_by_label("Họ và tên")).to_be_hidden()
    officer.keyboard.press("ArrowDown")
    while not officer.get_by_label("Người giám hộ, ghi mới").is_checked():
        officer.keyboard.press("ArrowDown")
    tab_to(officer, "ho_ten")
    officer.keyboard.type("Đinh Văn Hộ")
    expect(officer.get_by_label("Tên chủ tài khoản")).to_have_value("DINH VAN HO")
    tab_to(officer, "quan_he")
    officer.keyboard.type("Con")
    tab_to(officer, "cccd")
    officer.keyboard.type("051060778899")
    tab_to(officer, "so_giay")
    officer.keyboard.type("12/GXN")
    tab_to(officer, "ngan_hang")
    officer.keyboard.type("Agribank")
    tab_to(officer, "so_tk")
    officer.keyboard.type("4505 2050 0991")
    officer.keyboard.press("Enter")

    # Twelve digits are unusual: said beside the field, nothing written; one more digit and it goes.
    expect(officer.get_by_text("Số này có 12 chữ số, tài khoản Agribank thường có 13.")).to_be_visible()
    expect(officer.get_by_label("Tôi đã đối chiếu")).to_be_visible()
    tab_to(officer, "so_tk")
    officer.keyboard.press("End")
    officer.keyboard.type("1")
    officer.keyboard.press("Enter")
    expect(officer.get_by_text("sau khi một người khác xác nhận")).to_be_visible()
    expect(officer.get_by_text("Chờ xác nhận").first).to_be_visible()

    leader = sign_in(new_page, "ld21496")
    leader.get_by_role("link", name=re.compile("nơi nhận tiền chờ xác nhận")).click()
    row = leader.get_by_role("row").filter(has_text=name)
    expect(row.get_by_text("Tiền mặt")).to_be_visible()
    expect(row.get_by_text("•••• 9911")).to_be_visible()
    row.get_by_role("checkbox").check()
    leader.get_by_role("button", name="Xác nhận dòng đã chọn").click()
    leader.get_by_role("dialog").get_by_role("button", name="Đồng ý").click()
    expect(leader.get_by_text("Đã xác nhận 1 nơi nhận tiền.")).to_be_visible()

    phong = sign_in(new_page, "phong")
    phong.goto("/chi-tra/mo-thang/2024-08/")
    phong.get_by_role("button", name="Mở tháng 8/2024").first.click()
    phong.get_by_role("dialog").get_by_role("button", name="Đồng ý").click()
    expect(phong.get_by_text("Cộng 19 danh sách").first).to_be_visible(timeout=BACKGROUND)

    officer.goto(person)
    august = officer.get_by_role("row").filter(has_text="8/2024 BTXH")
    expect(august.get_by_text("Tài khoản")).to_be_visible()
    july = officer.get_by_role("row").filter(has_text="7/2024 BTXH")
    expect(july.get_by_text("Tiền mặt").first).to_be_visible()


def test_what_was_typed_survives_a_lost_page_on_a_phone(portal: "Portal", new_page: NewPage) -> None:
    officer = sign_in(new_page, "cb21496", PHONE)
    form = f"{cash_person(officer)}noi-nhan-moi/"
    officer.goto(form)
    officer.get_by_label("Người được ủy quyền, ghi mới").check()
    officer.get_by_label("Họ và tên").fill("Trần Văn Ủy")
    officer.get_by_label("Số tài khoản").fill("4505205000000")
    officer.wait_for_timeout(600)
    officer.goto("/")
    officer.goto(form)
    expect(officer.get_by_text("Đã khôi phục")).to_be_visible()
    expect(officer.get_by_label("Họ và tên")).to_have_value("Trần Văn Ủy")
    expect(officer.get_by_label("Họ và tên")).to_be_visible()
    assert officer.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_looking_at_the_form_leaves_no_draft(portal: "Portal", new_page: NewPage) -> None:
    officer = sign_in(new_page, "cb21496")
    form = f"{cash_person(officer)}noi-nhan-moi/"
    for _ in range(2):
        officer.goto(form)
        officer.goto("/")
    officer.goto(form)
    expect(officer.get_by_label("Tên chủ tài khoản")).not_to_have_value("")
    officer.wait_for_timeout(300)
    expect(officer.get_by_text("Đã khôi phục")).to_have_count(0)
