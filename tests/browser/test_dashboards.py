"""The three dashboards in Chromium, on a desk and in a hand: figures, the lists behind them, charts, filters, paper."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import PHONE, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.processes]
NewPage = Callable[..., "Page"]
DESK = 1280
PEOPLE = "main a[href*='/bao-cao/2024-07/']"


def open_dashboard(new_page: NewPage, username: str, width: int, query: str = "") -> "Page":
    page = sign_in(new_page, username, width)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"/bao-cao/{query}")
    page.wait_for_load_state("networkidle")
    assert errors == []
    return page


def fits(page: "Page") -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def drawn(page: "Page", chart: str) -> bool:
    """Whether the chart shows something: a canvas of some size, of which more than a frame is painted."""
    picture = page.locator(f"[data-chart={chart}] canvas")
    expect(picture).to_be_visible()
    painted: int = picture.evaluate(
        """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
            .reduce((sum, value, place) => sum + (place % 4 === 3 && value > 0 ? 1 : 0), 0)"""
    )
    box = picture.bounding_box()
    return box is not None and box["width"] > 200 and painted > 1000


def follow(page: "Page", link: str) -> None:
    """A number leads to a list of that length."""
    found = page.locator(link).first
    number = found.inner_text().strip()
    found.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f": {number} người")
    page.go_back()


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_chairman_sees_what_matters(portal: "Portal", new_page: NewPage, width: int) -> None:
    page = open_dashboard(new_page, "chutich", width)
    for text in ("29,7%", "29,5%", "581 tài khoản", "thêm 198 người"):
        expect(page.get_by_text(text).first).to_be_visible()
    assert fits(page)
    assert drawn(page, "bieu-do-r1")
    follow(page, f"{PEOPLE}[href$='/NCC/huyen/paid_by_account/']")
    if width == PHONE:
        # Both rates, the forecast and what waits for him lie within the first screen of a common phone.
        for text in ("29,7%", "29,5%", "thêm 198 người", "Chờ quyết định"):
            box = page.get_by_text(text).first.bounding_box()
            assert box is not None and box["y"] + box["height"] <= 740, text


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_phong_sees_its_board_and_the_payers(portal: "Portal", new_page: NewPage, width: int) -> None:
    page = open_dashboard(new_page, "phong", width)
    for heading in ("Danh sách chi trả tháng 7/2024", "Căn cước và tài khoản", "Vì sao chưa có tài khoản"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    assert fits(page)
    assert drawn(page, "bieu-do-r1")
    assert drawn(page, "bieu-do-ly-do")
    follow(page, f"{PEOPLE}[href*='without_account/?ly-do=frail']")
    page.get_by_role("link", name="Đã giao chi trả: 19").first.click()
    expect(page.get_by_role("heading", name="Danh sách chi trả", level=1)).to_be_visible()


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_a_commune_works_through_its_people(portal: "Portal", new_page: NewPage, width: int) -> None:
    page = open_dashboard(new_page, "cb21496", width)
    expect(page.get_by_text("R1 toàn huyện 29,7% (443/1.492)")).to_be_visible()
    assert fits(page)
    assert drawn(page, "bieu-do-r1")

    # The list narrows as one chooses, the address keeps it, and a reload shows the same.
    page.get_by_role("combobox", name="Vì sao chưa có").select_option("frail")
    expect(page).to_have_url(re.compile("ly_do=frail"))
    expect(page.locator("#results .pages-count")).to_have_text(re.compile("16"))
    page.reload()
    expect(page.get_by_role("combobox", name="Vì sao chưa có")).to_have_value("frail")
    expect(page.locator("#results .pages-count")).to_have_text(re.compile("16"))
    assert page.locator("#results tbody tr").count() == 16

    # From a person to where the account is entered.
    page.locator("#results").get_by_role("link", name=re.compile("Nhập tài khoản của")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("[Nn]ơi nhận"))


def test_the_filter_redraws_the_page_and_survives_a_reload(portal: "Portal", new_page: NewPage) -> None:
    page = open_dashboard(new_page, "chutich", DESK)
    page.get_by_role("combobox", name="Chính sách").select_option("NCC")
    expect(page).to_have_url(re.compile("chinh_sach=NCC"))
    expect(page.get_by_role("heading", name="Bảo trợ xã hội · R1")).to_have_count(0)
    assert drawn(page, "bieu-do-r1")
    page.get_by_role("combobox", name="Tháng").select_option("2024-06")
    expect(page.locator("#thang-xem")).to_have_text(re.compile("Tháng 6/2024"))
    page.reload()
    expect(page.get_by_role("combobox", name="Chính sách")).to_have_value("NCC")
    expect(page.get_by_role("combobox", name="Tháng")).to_have_value("2024-06")
    expect(page.get_by_text("28,4%").first).to_be_visible()


@pytest.mark.parametrize("username", ["chutich", "phong", "cb21496"])
def test_on_paper_there_is_no_shell_and_nothing_folded(portal: "Portal", new_page: NewPage, username: str) -> None:
    page = open_dashboard(new_page, username, DESK)
    page.emulate_media(media="print")
    for part in (".topbar", ".sidebar", ".filters", ".foot"):
        expect(page.locator(part).first).to_be_hidden()
    for fold in page.locator("details.fold").all():
        expect(fold.locator("table, li").first).to_be_visible()
    page.set_viewport_size({"width": 680, "height": 960})
    assert fits(page)
    box = page.locator("[data-chart=bieu-do-r1] canvas").bounding_box()
    assert box is not None and box["x"] + box["width"] <= 680
    page.emulate_media(media="screen")
    expect(page.locator("details.fold[open]")).to_have_count(0)


@pytest.mark.parametrize("username", ["chutich", "phong", "cb21496"])
def test_without_javascript_everything_is_there(portal: "Portal", new_page: NewPage, username: str) -> None:
    page = sign_in(new_page, username)
    html = page.request.get("/bao-cao/?thang=2024-06").text()
    assert "Diễn biến R1 theo tháng" in html and "Tháng 6/2024" in html
    assert 'type="submit"' in html
