"""Entering people in Chromium: by keyboard and scanner, two at one record, and with a connection that breaks."""

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.portal import Portal

pytestmark = pytest.mark.browser

NewPage = Callable[..., "Page"]

OFFICER, DISTRICT = "cb21496", "phong"
CARD = "0961429{number}|2193{number}|{name}|12051942|Nữ|Thôn Nước Lầy, Ba Động, Ba Tơ, Quảng Ngãi|10052021"
#: The error page of a browser that reaches nobody; where Chromium shows it, "back" leads to the form.
CHROME_ERROR = re.compile("chrome-error")


def name_of(number: str) -> str:
    """Everybody has a name of their own: of namesakes the portal asks."""
    return "Phạm Thị Quét " + "".join("ABCDEFGHIK"[int(digit)] for digit in number).capitalize()


def scan(page: "Page", number: str) -> None:
    """A scanner types the card's text at once, and Enter."""
    page.keyboard.type(CARD.format(number=number, name=name_of(number)))
    page.keyboard.press("Enter")


def add_form(page: "Page", number: str) -> None:
    page.goto("/doi-tuong/them/")
    # A card is scanned when the cursor stands in the field.
    expect(page.get_by_label("Số CCCD, hoặc quét mã QR trên thẻ")).to_be_focused()
    scan(page, number)
    expect(page.get_by_label("Họ và tên (hồ sơ)")).to_be_focused()


def drafts(page: "Page") -> dict[str, Any]:
    return {key: json.loads(value) for key, value in page.evaluate("Object.entries(localStorage)")}


def no_drafts(page: "Page") -> None:
    """The page has asked whether the form arrived, and forgotten it."""
    await_drafts(page, 0)


def await_drafts(page: "Page", count: int) -> None:
    # The policy of the pages forbids what wait_for_function needs.
    for _ in range(100):
        if len(drafts(page)) == count:
            return
        page.wait_for_timeout(100)
    raise AssertionError(drafts(page))


def people(portal: "Portal", number: str) -> list[tuple[Any, ...]]:
    return portal.sql(
        "SELECT id, name, birth_year, birth_month, birth_day, hamlet, phone FROM beneficiaries_person WHERE cccd = %s",
        f"0961429{number}",
    )


def saved(page: "Page") -> None:
    expect(page).to_have_url(re.compile(r"/doi-tuong/\d+/$"))


def test_a_person_by_keyboard_alone(new_page: NewPage, portal: "Portal") -> None:
    page = sign_in(new_page, OFFICER)
    page.goto("/doi-tuong/")
    page.get_by_role("link", name="Thêm người hưởng").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Số CCCD, hoặc quét mã QR trên thẻ")).to_be_focused()
    page.keyboard.type("051142000123~212345678~Pham Thi De~12051942~Nu~Thon Nuoc Lay")
    page.keyboard.press("Enter")
    expect(page.locator(".field-error")).to_contain_text("bàn phím tiếng Anh")
    # The next scan takes the place of the first.
    scan(page, "00101")
    expect(page.get_by_label("Họ và tên (hồ sơ)")).to_be_focused()
    expect(page.get_by_label("Ngày sinh (hồ sơ)")).to_have_value("12/05/1942")
    expect(page.get_by_text("Trên thẻ ghi nơi thường trú: Thôn Nước Lầy")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("Mẹ Rin")
    page.keyboard.press("Tab")
    page.keyboard.type("5/1942")
    focused = "document.activeElement.id"
    while page.evaluate(focused) != "id_hamlet":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    saved(page)
    expect(page.get_by_text("Việc tiếp theo", exact=True)).to_be_visible()
    [(_, name, *birth, hamlet, _)] = people(portal, "00101")
    assert (name, birth, hamlet) == (name_of("00101"), [1942, 5, None], "Thôn Nước Lầy")
    no_drafts(page)
    # Known now: the same card opens the person.
    page.goto("/doi-tuong/them/")
    scan(page, "00101")
    saved(page)


def test_a_double_click_makes_one_person(new_page: NewPage, portal: "Portal") -> None:
    page = sign_in(new_page, OFFICER)
    page.goto("/doi-tuong/them/")
    page.get_by_role("link", name="Chưa có số CCCD").click()
    page.get_by_label("Họ và tên (hồ sơ)").fill("Phạm Thị Bấm Đúp")
    page.get_by_label("Ngày sinh (hồ sơ)").fill("1942")
    page.get_by_label("Nữ").check()
    page.get_by_label("Vì sao chưa có CCCD").select_option("not_made")
    # Without the script that holds back the second one: the server sees both.
    page.evaluate(
        """() => {
            const form = document.querySelector('form[data-draft]');
            const send = () => fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
            window.sent = Promise.all([send(), send()]).then((answers) => answers.map((answer) => answer.url));
        }"""
    )
    first, second = page.evaluate("window.sent")
    assert first == second
    page.get_by_role("button", name="Lưu vào sổ").dblclick()
    saved(page)
    assert page.url == first
    assert len(portal.sql("SELECT 1 FROM beneficiaries_person WHERE name = 'Phạm Thị Bấm Đúp'")) == 1


def test_two_editors_at_one_record(new_page: NewPage, portal: "Portal") -> None:
    commune, district = sign_in(new_page, OFFICER), sign_in(new_page, DISTRICT)
    add_form(commune, "00202")
    commune.get_by_role("button", name="Lưu vào sổ").click()
    saved(commune)
    for page in (commune, district):
        page.goto(commune.url.rstrip("/") + "/sua/" if page is commune else commune.url)
    district.get_by_label("Thôn, tổ dân phố").fill("Thôn Của Huyện")
    district.get_by_label("Số hồ sơ").fill("HS 202")
    district.get_by_role("button", name="Lưu").click()
    saved(district)
    commune.get_by_label("Thôn, tổ dân phố").fill("Thôn Của Xã")
    commune.get_by_label("Điện thoại").fill("0905123456")
    commune.keyboard.press("Enter")
    told = commune.get_by_role("region", name="Những ô người khác đã sửa")
    expect(told).to_contain_text("Thôn Của Huyện")
    expect(told).to_contain_text("Anh/chị ghi: Thôn Của Xã")
    expect(told).to_contain_text(district.locator(".topbar-name").inner_text())
    expect(commune.get_by_label("Điện thoại")).to_have_value("0905123456")
    expect(commune.get_by_label("Số hồ sơ")).to_have_value("HS 202")
    commune.get_by_role("button", name="Lấy giá trị mới: Thôn, tổ dân phố").click()
    expect(commune.get_by_label("Thôn, tổ dân phố")).to_have_value("Thôn Của Huyện")
    commune.get_by_label("Điện thoại").press("Enter")
    saved(commune)
    [(*_, hamlet, phone)] = people(portal, "00202")
    assert (hamlet, phone) == ("Thôn Của Huyện", "0905123456")


class TestLostConnection:
    def typed(self, page: "Page", number: str) -> None:
        add_form(page, number)
        page.get_by_label("Thôn, tổ dân phố").fill("Thôn Nhập Dở")
        page.get_by_label("Điện thoại").fill("0905123456")
        self.kept(page, "0905123456")

    def kept(self, page: "Page", value: str) -> None:
        """The browser has stored what was typed last."""
        for _ in range(100):
            if any(value in str(draft["values"]) for draft in drafts(page).values()):
                return
            page.wait_for_timeout(100)
        raise AssertionError(drafts(page))

    def restored(self, page: "Page") -> None:
        expect(page.get_by_text("Đã khôi phục những gì anh/chị nhập dở lúc")).to_be_visible()
        expect(page.get_by_label("Thôn, tổ dân phố")).to_have_value("Thôn Nhập Dở")
        expect(page.get_by_label("Điện thoại")).to_have_value("0905123456")

    def save(self, page: "Page", portal: "Portal", number: str) -> None:
        page.get_by_role("button", name="Lưu vào sổ").click()
        saved(page)
        page.goto("/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Việc cần làm")
        no_drafts(page)
        assert [row[5:] for row in people(portal, number)] == [("Thôn Nhập Dở", "0905123456")]

    def test_offline_the_form_stays_and_says_so(self, new_page: NewPage, portal: "Portal") -> None:
        page = sign_in(new_page, OFFICER)
        self.typed(page, "00301")
        page.context.set_offline(True)
        page.get_by_role("button", name="Lưu vào sổ").click()
        expect(page.get_by_text("Mất kết nối mạng.")).to_be_visible()
        page.context.set_offline(False)
        self.save(page, portal, "00301")

    def test_a_server_that_is_gone(self, new_page: NewPage, portal: "Portal") -> None:
        import signal

        page = sign_in(new_page, OFFICER)
        self.typed(page, "00302")
        form = page.url
        portal.end("web", signal.SIGKILL)
        page.get_by_role("button", name="Lưu vào sổ").click()
        expect(page).to_have_url(CHROME_ERROR)
        portal.start_web()
        portal.await_web()
        page.goto(form)
        self.restored(page)
        self.save(page, portal, "00302")

    def test_an_answer_that_got_lost_is_not_sent_twice(self, new_page: NewPage, portal: "Portal") -> None:
        page = sign_in(new_page, OFFICER)
        self.typed(page, "00303")
        form = page.url

        def lose_the_answer(route: "Route") -> None:
            if route.request.method == "POST":
                route.fetch(max_redirects=0)
                route.abort("connectionreset")
            else:
                route.continue_()

        page.route("**/them/nhap/**", lose_the_answer)
        page.get_by_role("button", name="Lưu vào sổ").click()
        expect(page).to_have_url(CHROME_ERROR)
        page.unroute("**/them/nhap/**")
        page.goto(form)
        expect(page.get_by_text("đã được lưu")).to_be_visible()
        page.get_by_role("link", name="Xem kết quả").click()
        saved(page)
        assert len(people(portal, "00303")) == 1
        no_drafts(page)

    def test_a_session_that_ended(self, new_page: NewPage, portal: "Portal") -> None:
        from batosocial.demo.accounts import PASSWORD

        page = sign_in(new_page, OFFICER)
        self.typed(page, "00304")
        portal.sql("DELETE FROM django_session")
        page.get_by_role("button", name="Lưu vào sổ").click()
        page.get_by_label("Tên đăng nhập").fill(OFFICER)
        page.get_by_label("Mật khẩu").fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập").click()
        self.restored(page)
        expect(page.get_by_label("Số CCCD", exact=True)).to_have_value("096142900304")
        self.save(page, portal, "00304")

    def test_what_is_kept_and_when_it_goes(self, new_page: NewPage) -> None:
        page = sign_in(new_page, OFFICER)
        self.typed(page, "00305")
        page.goto("/doi-tuong/them/")
        page.get_by_role("link", name=re.compile("Thêm người hưởng: Phạm Thị Quét .*, nhập dở lúc")).click()
        self.restored(page)
        [draft] = drafts(page).values()
        names = {name for name, _ in draft["values"]}
        assert "hamlet" in names
        assert not names & {"csrfmiddlewaretoken", "token"}
        page.get_by_role("button", name="Bỏ, nhập lại").click()
        expect(page.get_by_label("Thôn, tổ dân phố")).to_have_value("Thôn Nước Lầy")
        no_drafts(page)

    def test_others_at_the_same_computer_do_not_get_it(self, new_page: NewPage) -> None:
        page = sign_in(new_page, OFFICER)
        self.typed(page, "00306")
        form = page.url
        await_drafts(page, 1)
        page.context.clear_cookies()
        other = sign_in(lambda width: page, DISTRICT)
        other.goto(form)
        expect(other.get_by_label("Thôn, tổ dân phố")).to_have_value("")

    def test_signing_out_forgets(self, new_page: NewPage) -> None:
        page = sign_in(new_page, OFFICER)
        self.typed(page, "00307")
        await_drafts(page, 1)
        page.locator(".topbar-user summary").click()
        page.get_by_role("button", name="Đăng xuất").click()
        expect(page.get_by_text("Đã đăng xuất.")).to_be_visible()
        no_drafts(page)

    def test_after_a_day_it_is_gone(self, new_page: NewPage) -> None:
        page = sign_in(new_page, OFFICER)
        self.typed(page, "00308")
        await_drafts(page, 1)
        page.evaluate(
            """() => {
                const [[key, value]] = Object.entries(localStorage);
                const draft = JSON.parse(value);
                localStorage.setItem(key, JSON.stringify({ ...draft, at: draft.at - 24 * 3600 * 1000 - 1000 }));
            }"""
        )
        form = page.url
        page.goto("/")
        page.goto(form)
        expect(page.get_by_label("Thôn, tổ dân phố")).to_have_value("Thôn Nước Lầy")
        no_drafts(page)
