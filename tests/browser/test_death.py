"""A death that becomes known late: from the commune's report to the grant decided and the money back."""

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

NewPage = Callable[..., "Page"]
#: Somebody of Ba Động on one benefit of BTXH, paid in July.
PAID_IN_JULY = """
    SELECT p.person_id, p.name, p.total FROM payments_payment p
    JOIN payments_paymentlist l ON l.id = p.payment_list_id
    JOIN payments_period o ON o.id = l.period_id AND o.policy = 'BTXH' AND o.month = '2024-07-01'
    JOIN territory_unit u ON u.id = l.commune_id AND u.code = '21496'
    JOIN beneficiaries_person person ON person.id = p.person_id AND person.died_on IS NULL
    WHERE p.result IN ('paid_cash', 'paid_account')
      AND (SELECT count(*) FROM beneficiaries_entitlement e WHERE e.person_id = p.person_id) = 1
      AND EXISTS (
          SELECT 1 FROM beneficiaries_entitlement e JOIN beneficiaries_category c ON c.id = e.category_id
          WHERE e.person_id = p.person_id AND c.regime = 'allowance' AND upper_inf(e.months)
      )
    ORDER BY p.id LIMIT 1
"""


def test_from_the_report_of_a_death_to_the_grant_and_the_money_back(portal: "Portal", new_page: NewPage) -> None:
    ((person_id, name, total),) = portal.sql(PAID_IN_JULY)

    # The commune reports in July that somebody died in June, whom July has paid.
    officer = sign_in(new_page, "cb21496")
    officer.goto(f"/doi-tuong/{person_id}/thoi-huong/")
    officer.get_by_label("Lý do").select_option(label="Người hưởng chết")
    officer.get_by_label("Ngày chết hoặc ngày không còn đủ điều kiện").fill("20/06/2024")
    officer.get_by_label("Giấy tờ kèm theo").fill("Trích lục khai tử")
    officer.get_by_label("Số", exact=True).fill("31")
    officer.get_by_label("Ngày", exact=True).fill("18/07/2024")
    officer.get_by_role("button", name="Gửi đề nghị").click()
    expect(officer.get_by_text("Chờ thẩm định").first).to_be_visible()

    phong = sign_in(new_page, "phong")
    phong.get_by_role("link", name=re.compile("đề nghị chờ thẩm định")).click()
    phong.get_by_label(re.compile(f"Chọn {name}")).check()
    press(phong, "Thẩm định dòng đã chọn")
    expect(phong.get_by_text("Đã thẩm định 1 đề nghị.")).to_be_visible()
    chairman = sign_in(new_page, "chutich")
    chairman.get_by_role("link", name=re.compile("đề nghị chờ quyết định")).click()
    chairman.locator("label.form-check-label", has_text=name).click()
    chairman.get_by_label("Số quyết định").fill("125/QĐ-UBND")
    chairman.get_by_label("Ngày quyết định").fill("22/07/2024")
    press(chairman, "Quyết định dòng đã chọn")
    expect(chairman.get_by_text("Đã quyết định 1 đề nghị")).to_be_visible()

    # The task is there for the commune, at the rate of the month of death.
    officer.goto("/")
    officer.get_by_role("link", name=re.compile("mai táng phí")).first.click()
    officer.get_by_role("link", name=name).click()
    grant_url = officer.url
    expect(officer.get_by_text("7.200.000 đ")).to_be_visible()
    officer.locator("#id_receiver_name").fill("Phạm Văn Con")
    officer.get_by_label("Quan hệ với người chết").fill("con")
    officer.get_by_label("Số CCCD người nhận").fill("0510800012")
    officer.get_by_label("Giấy tờ đã nhận").fill("Mẫu 04 ngày 19/07/2024, giấy chứng tử số 31")
    officer.get_by_role("button", name="Gửi Phòng").click()
    expect(officer.get_by_text("phải có đúng 12 chữ số")).to_be_visible()
    officer.get_by_label("Số CCCD người nhận").fill("051080001234")
    officer.get_by_role("button", name="Gửi Phòng").click()
    expect(officer.get_by_text("Đã gửi hồ sơ đến Phòng LĐ-TB&XH.")).to_be_visible()

    phong.goto("/")
    phong.get_by_role("link", name=re.compile("mai táng phí chờ thẩm định")).click()
    phong.get_by_role("link", name=name).click()
    press(phong, "Thẩm định")
    expect(phong.get_by_text("Đã thẩm định hồ sơ.")).to_be_visible()
    chairman.goto("/")
    chairman.get_by_role("link", name=re.compile("mai táng phí chờ quyết định")).click()
    chairman.get_by_role("link", name=name).click()
    chairman.get_by_label("Số quyết định").fill("130/QĐ-UBND")
    chairman.get_by_label("Ngày quyết định").fill("22/07/2024")
    press(chairman, "Quyết định")
    expect(chairman.get_by_text("Đã quyết định, chờ lên danh sách")).to_be_visible()
    assert chairman.url == grant_url

    # July was paid after the death: it comes back under a decision of its own, in two parts.
    chairman.goto("/")
    chairman.get_by_role("link", name=re.compile("truy thu chờ quyết định")).click()
    chairman.get_by_label(re.compile(f"Chọn {name}")).check()
    chairman.get_by_label("Số quyết định").fill("131/QĐ-UBND")
    chairman.get_by_label("Ngày quyết định").fill("22/07/2024")
    press(chairman, "Quyết định các khoản đã chọn")
    expect(chairman.get_by_text("Đã ghi quyết định số 131/QĐ-UBND cho 1 khoản")).to_be_visible()
    phong.goto("/chi-tra/truy-thu/?trang_thai=decided")
    phong.get_by_role("link", name=name).click()
    for amount, reference in ((100_000, "PT01"), (total - 100_000, "PT02")):
        phong.get_by_label("Số tiền (đồng)").fill(str(amount))
        phong.get_by_label("Ngày nộp").fill("22/07/2024")
        phong.get_by_label("Số phiếu, chứng từ").fill(reference)
        phong.get_by_role("button", name="Ghi thu hồi").click()
        expect(phong.get_by_text(f"chứng từ {reference}.")).to_be_visible()
    expect(phong.locator(".card-header .badge").first).to_have_text("Đã thu hồi")

    # All of it stands on the person's page.
    officer.goto(f"/doi-tuong/{person_id}/")
    panel = officer.locator(".panel", has_text="Truy thu tháng 7/2024")
    expect(panel).to_contain_text("Hỗ trợ mai táng")
    expect(panel).to_contain_text("Đã thu hồi")
