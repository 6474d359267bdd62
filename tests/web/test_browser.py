"""The shell in Chromium: signing in, on a desk and in a hand, with nothing for the browser to complain about."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from batosocial.demo.accounts import PASSWORD
from tests.conftest import DESKTOP, PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.portal import Portal

pytestmark = pytest.mark.browser

OFFICER = "phong"


def sign_in(page: "Page", username: str = OFFICER) -> list[str]:
    """Sign in and return the list in which the browser's complaints from then on appear."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/")
    page.get_by_label("Tên đăng nhập").fill(username)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.get_by_role("heading", name="Việc cần làm").wait_for()
    return complaints


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_sign_in_look_around_and_sign_out(new_page: "Callable[..., Page]", width: int):
    page = new_page(width)
    complaints = sign_in(page)
    assert page.get_by_role("heading", level=1).inner_text() == "Việc cần làm"
    if width == PHONE:
        assert not page.get_by_role("navigation", name="Danh mục chính").is_visible()
        page.get_by_role("button", name="Danh mục").click()
    assert page.get_by_role("link", name="Việc cần làm").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".topbar-user summary").click()
    page.get_by_role("button", name="Đăng xuất").click()
    page.get_by_text("Đã đăng xuất.").wait_for()
    page.go_back()
    page.wait_for_url("**/dang-nhap/**")
    assert complaints == []


def test_skip_link_is_the_first_stop(new_page: "Callable[..., Page]"):
    page = new_page()
    sign_in(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "noi-dung"


def test_a_form_sent_twice_arrives_once(new_page: "Callable[..., Page]"):
    page = new_page()
    sign_in(page)
    page.goto("/doi-mat-khau/")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.evaluate(
        """() => {
            const form = document.querySelector('main form');
            form.requestSubmit(); form.requestSubmit();
        }"""
    )
    page.locator(".field-error").first.wait_for()
    assert len(posts) == 1


def test_works_without_javascript(browser: "Browser", portal: "Portal"):
    context = browser.new_context(
        base_url=portal.url, java_script_enabled=False, viewport={"width": PHONE, "height": 800}
    )
    try:
        page = context.new_page()
        sign_in(page)
        assert page.get_by_role("link", name="Việc cần làm").is_visible()
        page.locator(".topbar-user summary").click()
        assert page.get_by_role("button", name="Đăng xuất").is_visible()
    finally:
        context.close()
