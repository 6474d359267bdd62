"""A commune's review of August in Chromium: found, handled, sent, one line returned and mended, appraised, signed."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import press, sign_in
from tests.payments.review.files import HTML, PDF

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.processes]

NewPage = Callable[..., "Page"]


def test_a_review_from_the_commune_to_the_signature(portal: "Portal", new_page: NewPage, tmp_path: Path) -> None:
    scan, trick = tmp_path / "bien-ban.pdf", tmp_path / "gia.pdf"
    scan.write_bytes(PDF)
    trick.write_bytes(HTML)

    # The officer finds what the program found; nobody has looked at it yet.
    officer = sign_in(new_page, "cb21496")
    officer.get_by_role("link", name="rà soát tháng 8/2024 chưa bắt đầu").click()
    expect(officer.get_by_role("heading", level=1)).to_have_text("Rà soát tháng 8/2024")
    review_url = officer.url
    lines = officer.locator("#results tbody tr:has(a[href*='/dong/'])")
    suggested = lines.count()
    assert suggested > 2

    # One of them is to be suspended; a page that calls itself a PDF is refused, and nothing typed is lost by it.
    first = lines.first.get_by_role("link").first.inner_text()
    lines.first.get_by_role("link").first.click()
    expect(officer.get_by_label("Giấy tờ kèm theo")).to_be_hidden()
    officer.get_by_label("Đề nghị tạm dừng").check()
    officer.get_by_label("Lý do", exact=True).select_option("TT02-2.3.b")
    officer.get_by_label("Chế độ", exact=True).select_option(index=1)
    officer.get_by_label("Giấy tờ kèm theo").fill("Biên bản ngày 10/07/2024")
    officer.get_by_label("Tệp minh chứng").set_input_files(trick)
    officer.get_by_role("button", name="Lưu", exact=True).click()
    expect(officer.get_by_text("không phải PDF, JPEG, PNG")).to_be_visible()
    expect(officer.get_by_label("Giấy tờ kèm theo")).to_have_value("Biên bản ngày 10/07/2024")
    officer.get_by_label("Tệp minh chứng").set_input_files(scan)
    officer.get_by_role("button", name="Lưu", exact=True).click()
    expect(officer.get_by_text(f"Đã lưu dòng của {first}.")).to_be_visible()
    expect(lines.filter(has_text=first).first).to_contain_text("Tạm dừng từ tháng 8/2024")
    expect(lines.filter(has_text=first).first).to_contain_text("bien-ban.pdf")

    # Somebody whom no source knows of: dead since the third of July.
    officer.get_by_role("link", name="Bổ sung người").click()
    officer.get_by_label("Tìm trong xã").fill("phạm thị")
    officer.get_by_label("Tìm trong xã").press("Enter")
    officer.get_by_role("button", name=re.compile("^Thêm Phạm Thị")).last.click()
    officer.get_by_label("Đề nghị thôi hưởng").check()
    officer.get_by_label("Lý do", exact=True).select_option("chet")
    officer.get_by_label("Ngày xảy ra").fill("03/07/2024")
    officer.get_by_role("button", name="Lưu", exact=True).click()
    expect(officer.get_by_text("Hãy ghi giấy tờ kèm theo")).to_be_visible()
    officer.get_by_label("Giấy tờ kèm theo").fill("Trích lục khai tử số 12/2024")
    officer.get_by_role("button", name="Lưu", exact=True).click()
    expect(officer.get_by_text("Thôi hưởng từ tháng 8/2024")).to_be_visible()

    # The leader cannot send what nobody has looked at, and is told which lines these are.
    leader = sign_in(new_page, "ld21496")
    leader.goto(review_url)
    press(leader, "Gửi Phòng LĐ-TB&XH")
    expect(leader.get_by_text(f"{suggested - 1} dòng cần xử lý trước")).to_be_visible()

    officer.goto(f"{review_url}?xem=chua-xem-xet")
    officer.get_by_label("Chọn cả trang này").check()
    press(officer, "Giữ nguyên dòng đã chọn")
    expect(officer.get_by_text(f"Đã giữ nguyên {suggested - 1} dòng.")).to_be_visible()

    leader.goto("/")
    leader.get_by_role("link", name=re.compile("sẵn sàng gửi")).click()
    press(leader, "Gửi Phòng LĐ-TB&XH")
    expect(leader.get_by_text("Đã gửi rà soát.")).to_be_visible()

    # The Phòng returns one line with a reason and appraises the others.
    phong = sign_in(new_page, "phong")
    phong.get_by_role("link", name=re.compile("dòng rà soát chờ thẩm định")).click()
    phong.get_by_role("link", name="Xã Ba Động").click()
    phong.get_by_label(f"Chọn {first}").first.check()
    phong.get_by_text("Trả lại xã").click()
    phong.get_by_label("Lý do trả lại").fill("Thiếu giấy mời xác định lại.")
    press(phong, "Trả lại dòng đã chọn")
    expect(phong.get_by_text("Đã trả lại xã 1 dòng kèm lý do.")).to_be_visible()
    phong.get_by_label("Chọn cả trang này").check()
    press(phong, "Thẩm định dòng đã chọn")
    expect(phong.get_by_text(f"Đã thẩm định {suggested} dòng.")).to_be_visible()

    # The head cannot sign yet.
    head = sign_in(new_page, "truongphong")
    head.goto(review_url)
    expect(head.get_by_role("button", name="Ký thẩm định")).to_have_count(0)

    # The commune sees why, mends the line and sends it again.
    officer.goto("/")
    officer.get_by_role("link", name=re.compile("dòng rà soát bị Phòng trả lại")).click()
    expect(officer.get_by_text("Thiếu giấy mời xác định lại.").first).to_be_visible()
    officer.get_by_role("link", name=re.compile("^Sửa dòng của")).click()
    officer.get_by_label("Ghi chú").fill("Đã gửi giấy mời ngày 01/04/2024, có ký nhận.")
    officer.get_by_role("button", name="Lưu", exact=True).click()
    leader.goto(review_url)
    press(leader, "Gửi lại dòng đã sửa")
    expect(leader.get_by_text("Đã gửi rà soát.")).to_be_visible()
    phong.goto(f"{review_url}?xem=cho-tham-dinh")
    phong.get_by_label(f"Chọn {first}").check()
    press(phong, "Thẩm định dòng đã chọn")
    expect(phong.get_by_text("Đã thẩm định 1 dòng.")).to_be_visible()

    # Now it is signed, and the board says so.
    head.goto("/")
    head.get_by_role("link", name=re.compile("rà soát chờ ký thẩm định")).click()
    head.get_by_label("Chọn Xã Ba Động").or_(head.get_by_label(re.compile("Chọn .*Ba Động"))).first.check()
    press(head, "Ký thẩm định các xã đã chọn")
    expect(head.get_by_text("Đã ký thẩm định rà soát của 1 xã, thị trấn.")).to_be_visible()
    head.get_by_role("link", name="Xã Ba Động").click()
    for step in ("Xã gửi", "Trả lại", "Xã gửi lại", "Trưởng phòng ký"):
        expect(head.locator("dl.lines dt").filter(has_text=re.compile(f"^{step}$")).first).to_be_visible()
