"""One month by five roles in Chromium: opened, mended where the Phòng says so, made anew, sent, signed, approved, given
to the payers, paid."""

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import BACKGROUND, PHONE, NewPage, press, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def number_of(page: "Page", name: str) -> int:
    """The number that a link of the ledger shows, by its spoken name."""
    return int(re.sub(r"\D", "", page.get_by_role("link", name=name).inner_text()))


def test_a_month_from_opening_to_results(portal: "Portal", new_page: NewPage) -> None:
    # Chuyên viên Phòng: what opening would make stands there before it is done.
    phong = sign_in(new_page, "phong")
    phong.goto("/chi-tra/mo-thang/2024-08/")
    expect(phong.get_by_text("Truy lĩnh").first).to_be_visible()
    expect(phong.get_by_text("Sổ tăng giảm tháng 8/2024").first).to_be_visible()
    press(phong, "Mở tháng 8/2024")
    expect(phong.get_by_text("Cộng 19 danh sách").first).to_be_visible(timeout=BACKGROUND)

    # Lãnh đạo xã: the ledger, a number and the names behind it, then the list is sent.
    leader = sign_in(new_page, "ld21496")
    leader.goto("/chi-tra/?thang=2024-08")
    leader.locator("section", has=leader.get_by_role("heading", name=re.compile("BTXH"))).get_by_role(
        "link", name="Xã Ba Động"
    ).click()
    list_url = leader.url
    closing = number_of(leader, re.compile(r"^Cuối kỳ, \d+ người"))  # type: ignore[arg-type]
    leader.get_by_role("link", name=re.compile(r"^Cuối kỳ, \d+ người")).click()
    expect(leader.get_by_role("heading", level=1)).to_contain_text(str(closing))
    leader.goto(list_url)
    leader.get_by_role("link", name="Xem tăng giảm từng người so với tháng trước").click()
    expect(leader.locator("td").get_by_text("Thay đổi mức trợ cấp").first).to_be_visible()
    leader.goto(list_url)
    press(leader, "Gửi Phòng LĐ-TB&XH")
    expect(leader.get_by_text("Chờ thẩm định").first).to_be_visible()

    # The Phòng marks one payment and returns the list without another word.
    phong.goto(list_url)
    first = phong.locator("tr[id^='khoan-']").first
    name = first.locator("strong").first.inner_text()
    first.get_by_role("link", name=re.compile("Ghi cần sửa")).click()
    first.get_by_role("button", name="Ghi ý kiến").click()
    expect(first.get_by_text("Hãy ghi xã cần sửa gì")).to_be_visible()
    first.get_by_label("Cần sửa gì ở khoản này").fill("Thiếu giấy ủy quyền")
    first.get_by_role("button", name="Ghi ý kiến").click()
    expect(phong.get_by_text("1 khoản đã đánh dấu cần sửa")).to_be_visible()
    press(phong, "Thẩm định")
    expect(phong.get_by_text("hãy trả danh sách về xã hoặc bỏ ý kiến")).to_be_visible()
    press(phong, "Trả lại xã")
    expect(phong.get_by_text("Bị trả lại").first).to_be_visible()

    # Công chức xã, on a phone: reads it at the person, answers; before that the leader cannot send.
    leader.goto(list_url)
    press(leader, "Gửi Phòng LĐ-TB&XH")
    expect(leader.get_by_text(f"Còn 1 ý kiến của Phòng chưa trả lời ({name})")).to_be_visible()
    officer = sign_in(new_page, "cb21496", PHONE)
    officer.goto(list_url)
    assert officer.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(officer.get_by_text("Thiếu giấy ủy quyền").first).to_be_visible()
    officer.get_by_role("link", name=f"Trả lời ý kiến về {name}").click()
    officer.get_by_label("Xã đã sửa gì").fill("Đã bổ sung giấy 12/UQ")
    officer.get_by_role("button", name="Ghi trả lời").click()
    expect(officer.get_by_text("Đã trả lời").first).to_be_visible()

    # The list is made anew: what would change is said first.
    officer.get_by_role("link", name="Lập lại từ sổ").click()
    expect(officer.get_by_text("Không có gì thay đổi")).to_be_visible()
    officer.get_by_role("button", name="Lập lại danh sách").click()
    expect(officer.get_by_text("Đã lập lại danh sách từ sổ đối tượng.")).to_be_visible()

    # The way through the other roles; the first round stays readable.
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
    timeline = phong.locator("ol.timeline")
    expect(timeline.get_by_text("Trả lại xã")).to_be_visible()
    timeline.get_by_text("1 khoản cần sửa").click()
    expect(timeline.get_by_text("Đã bổ sung giấy 12/UQ")).to_be_visible()

    # Bưu điện: a result by hand; the board counts what has none yet.
    post = sign_in(new_page, "buudien")
    post.goto(f"{list_url}?hinh_thuc=cash")
    post.locator("a[href*='/chi-tra/khoan/']").first.click()
    post.get_by_label("Kết quả", exact=True).select_option(label="Đã chi tiền mặt")
    post.get_by_label("Ngày chi").fill("22/07/2024")
    post.get_by_role("button", name="Ghi kết quả").click()
    expect(post.locator("td").get_by_text("Đã chi tiền mặt").first).to_be_visible()
    phong.goto("/chi-tra/?thang=2024-08&viec=chua-ket-qua")
    row = phong.get_by_role("row").filter(has_text="Xã Ba Động")
    expect(row.get_by_role("link", name=str(closing - 1), exact=True)).to_be_visible()


def test_the_board_and_the_paper_are_readable_on_a_phone(portal: "Portal", new_page: NewPage) -> None:
    phone = sign_in(new_page, "phong", PHONE)
    for url in ("/chi-tra/?thang=2024-07", "/chi-tra/mo-thang/2024-09/"):
        phone.goto(url)
        assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), url
    phone.goto("/chi-tra/?thang=2024-07")
    phone.get_by_role("link", name="Xã Ba Động").first.click()
    phone.get_by_role("link", name="In", exact=True).click()
    expect(phone.get_by_text("Cộng trang 1:")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_page_on_screen_is_a_page_on_paper(portal: "Portal", new_page: NewPage) -> None:
    phong = sign_in(new_page, "phong")
    phong.goto("/chi-tra/?thang=2024-07")
    phong.get_by_role("link", name="Xã Ba Động").last.click()
    phong.get_by_role("link", name="In", exact=True).click()
    pages = phong.locator(".paper-page").count()
    printed = phong.pdf(prefer_css_page_size=True)
    assert pages > 2
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == pages
