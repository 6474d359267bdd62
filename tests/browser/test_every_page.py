"""Every page that a role finds by its links: axe finds nothing (WCAG 2.2 AA), nothing fails, and it fits a phone."""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Error

from tests.browser.test_main_job import PHONE, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.processes]
NewPage = Callable[..., "Page"]
DESK = 1280
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """
async rules => {
    const found = await axe.run(document, {runOnly: {type: "tag", values: rules}, resultTypes: ["violations"]});
    return found.violations.map(one => `${one.id}: ${one.nodes.slice(0, 3).map(node => node.html.slice(0, 160))}`);
}
"""
LINKS = "main a[href], nav a[href]"
#: A name of an address has so many pages looked at: what differs between them is data.
OF_EACH = 1
USERS = ["cb21496", "phong", "chutich", "congan", "ca21538", "buudien", "quantri"]


def address(link: str) -> tuple[str, str] | None:
    """Path with query, and the name of the page it leads to; None for what is no page of the portal."""
    parts = urlsplit(link)
    try:
        name = resolve(parts.path).view_name
    except Resolver404:
        return None
    if name.startswith("admin:") and name.count("_") > 1:
        return None
    return parts.path + (f"?{parts.query}" if parts.query else ""), name


def links(page: "Page") -> list[str]:
    """What opens here: not what is downloaded, nor what only shows the same page anew."""
    found: list[str] = page.eval_on_selector_all(
        LINKS,
        "links => links.filter(one => !one.hasAttribute('data-download') && !one.hasAttribute('download'))"
        ".map(one => one.href)",
    )
    return [link for link in dict.fromkeys(found) if link.startswith(page.url.split("/", 3)[0])]


@pytest.mark.parametrize("username", USERS)
def test_every_page_of_a_role_passes_axe_and_fits_a_phone(portal: "Portal", new_page: NewPage, username: str) -> None:
    page = sign_in(new_page, username, DESK)
    faults: list[str] = []
    here = ["/"]
    page.on("pageerror", lambda error: faults.append(f"{here[0]}: {error}"))
    page.on("console", lambda said: faults.append(f"{here[0]}: {said.text}") if said.type == "error" else None)
    source = AXE.read_text("utf-8")
    seen: dict[str, int] = {"web:home": 1}
    waiting = deque(["/"])
    while waiting:
        here[0] = waiting.popleft()
        faults += [f"{here[0]} {fault}" for fault in look_at(page, here[0], source)]
        for link in links(page):
            known = address(link)
            if known is None or seen.get(known[1], 0) >= OF_EACH:
                continue
            path, name = known
            seen[name] = seen.get(name, 0) + 1
            waiting.append(path)
    assert not faults, "\n".join(faults)


def look_at(page: "Page", path: str, source: str) -> list[Any]:
    page.set_viewport_size({"width": DESK, "height": 800})
    try:
        answer = page.goto(path)
    except Error as error:
        if "Download is starting" in str(error):
            return []
        raise
    if answer is None or answer.status >= 400:
        return [f"trả lời {answer and answer.status}"]
    page.wait_for_load_state("networkidle")
    page.evaluate(source)
    faults: list[Any] = page.evaluate(RUN, RULES)
    page.set_viewport_size({"width": PHONE, "height": 800})
    if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
        faults.append("tràn ngang ở 360 px")
    return faults


def test_axe_sees_what_is_wrong(browser: "Browser") -> None:
    page = browser.new_page()
    page.set_content("<!doctype html><html><body><img src='x'><p style='color: #ccc'>mờ</p></body></html>")
    page.evaluate(AXE.read_text("utf-8"))
    found = {fault.split(":")[0] for fault in page.evaluate(RUN, RULES)}
    page.close()
    assert {"image-alt", "color-contrast", "html-has-lang"} <= found
