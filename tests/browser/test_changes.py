"""A new benefit from the commune to August's list, by the four people who make it: paid only once decided."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import press, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.processes]

BACKGROUND = 60_000
NewPage = Callable[..., "Page"]
MERIT_LIST = "/doi-tuong/?chinh_sach=NCC&trang_thai=receiving"


def planned_amount(page: "Page") -> int:
    """Đồng of all lists of BTXH that opening August would make."""
    page.goto("/chi-tra/mo-thang/2024-08/")
    amount = page.locator(".card").filter(has_text="(BTXH)").locator("dd").last.inner_text()
    return int(re.sub(r"\D", "", amount))


def test_from_the_proposal_to_the_list(portal: "Portal", new_page: NewPage) -> None:
    # The commune proposes: what it will do stands beside the form while it is filled in.
    officer = sign_in(new_page, "cb21496")
    officer.goto(MERIT_LIST)
    link = officer.locator("#results tbody a[href*='/doi-tuong/']").first
    name, person_url = link.inner_text(), link.get_attribute("href")
    assert person_url
    officer.goto(person_url)
    officer.get_by_role("link", name="Đề nghị hưởng").click()
    officer.locator("#id_category").select_option("BTXH-4")
    expect(officer.get_by_text("Các con được tính")).to_be_visible()
    first = officer.get_by_role("group", name="Người thứ 1")
    first.get_by_label("Họ và tên").fill("Phạm Thị Mận")
    first.get_by_label("Ngày sinh").fill("5/2015")
    first.get_by_label("Ngày sinh").press("Tab")
    expect(officer.locator("#du-kien")).to_contain_text("1 × 500.000 đ")
    expect(officer.locator("#du-kien")).to_contain_text("tháng ký quyết định")
    officer.get_by_label("Giấy tờ kèm theo").fill("Tờ khai mẫu 1c")
    officer.get_by_label("Ngày", exact=True).fill("10/07/2024")
    officer.get_by_role("button", name="Gửi đề nghị").last.click()
    expect(officer.get_by_text("Chờ thẩm định").first).to_be_visible()
    change_url = officer.url
    officer.goto(person_url)
    expect(officer.get_by_text("Đề nghị: Hưởng BTXH-4")).to_be_visible()

    # The Phòng finds it on the to-do list and appraises; nothing is paid by that.
    phong = sign_in(new_page, "phong")
    before = planned_amount(phong)
    phong.goto("/")
    phong.get_by_role("link", name=re.compile("đề nghị chờ thẩm định")).click()
    phong.get_by_label(re.compile(f"Chọn {name}")).check()
    press(phong, "Thẩm định dòng đã chọn")
    expect(phong.get_by_text("Đã thẩm định 1 đề nghị.")).to_be_visible()
    assert planned_amount(phong) == before

    # The chairman decides under a number and a date.
    chairman = sign_in(new_page, "chutich")
    chairman.get_by_role("link", name=re.compile("đề nghị chờ quyết định")).click()
    chairman.get_by_label(re.compile(f"Chọn {name}")).check()
    chairman.get_by_label("Số quyết định").fill("125/QĐ-UBND")
    chairman.get_by_label("Ngày quyết định").fill("22/07/2024")
    press(chairman, "Quyết định dòng đã chọn")
    expect(chairman.get_by_text("Đã quyết định 1 đề nghị theo quyết định số 125/QĐ-UBND")).to_be_visible()
    chairman.goto(change_url)
    expect(chairman.get_by_text("Có hiệu lực").first).to_be_visible()

    # Now it is in the lists: half a million for August, and as much in arrears, for it counts from July, the month in
    # which the decision was signed (đ.đ k1 Điều 8 NĐ 20/2021), whose list was made before.
    assert planned_amount(phong) == before + 2 * 500_000
    press(phong, "Mở tháng 8/2024")
    expect(phong.get_by_text("Cộng 19 danh sách").first).to_be_visible(timeout=BACKGROUND)
    officer.goto("/chi-tra/?thang=2024-08")
    officer.get_by_role("link", name=re.compile("Ba Động")).last.click()
    officer.locator("input[type=search]").fill(name)
    expect(officer.locator("#results tbody tr").filter(has_text="BTXH-4").first).to_contain_text(name)


def test_a_half_typed_proposal_survives_and_enter_sends(portal: "Portal", new_page: NewPage) -> None:
    officer = sign_in(new_page, "cb21496")
    officer.goto(MERIT_LIST)
    person_url = officer.locator("#results tbody a[href*='/doi-tuong/']").nth(1).get_attribute("href")
    assert person_url
    officer.goto(f"{person_url}de-nghi-huong/")
    officer.locator("#id_category").select_option("NCC-9")
    expect(officer.locator("#du-kien")).to_contain_text("1.673.000 đ")
    officer.get_by_label("Ghi chú").fill("Hồ sơ bổ sung")
    officer.get_by_label("Giấy tờ kèm theo").fill("Bản khai mẫu 9")
    officer.wait_for_timeout(600)
    officer.goto("/")
    officer.goto(f"{person_url}de-nghi-huong/")
    expect(officer.get_by_text("Đã khôi phục")).to_be_visible()
    expect(officer.get_by_label("Ghi chú")).to_have_value("Hồ sơ bổ sung")
    expect(officer.locator("#du-kien")).to_contain_text("1.673.000 đ")
    officer.get_by_label("Giấy tờ kèm theo").press("Enter")
    expect(officer.get_by_role("heading", level=1)).to_contain_text("Hưởng NCC-9")
