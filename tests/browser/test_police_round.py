"""A round of the police: opened by the Phòng, answered, mended by the commune, and a stop that the chairman decides."""

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
#: Three people of Ba Động on BTXH alone, paid in July, in the newest round.
ASKED = """
    SELECT r.round_id, r.id, p.id, p.name FROM coordination_roundperson r
    JOIN beneficiaries_person p ON p.id = r.person_id AND p.died_on IS NULL AND p.birth_year < 1960
    WHERE r.round_id = (SELECT max(id) FROM coordination_identityround)
      AND (SELECT count(*) FROM beneficiaries_entitlement e JOIN beneficiaries_category c ON c.id = e.category_id
           WHERE e.person_id = p.id AND c.policy = 'BTXH' AND upper_inf(e.months) AND c.regime = 'allowance') = 1
      AND EXISTS (SELECT FROM payments_payment y JOIN payments_paymentlist l ON l.id = y.payment_list_id
                  JOIN payments_period o ON o.id = l.period_id AND o.month = '2024-07-01'
                  WHERE y.person_id = p.id AND y.result IN ('paid_cash', 'paid_account'))
      AND NOT EXISTS (SELECT FROM beneficiaries_identityissue i WHERE i.person_id = p.id AND i.state <> 'closed')
    ORDER BY p.id LIMIT 3
"""


def test_from_the_round_to_clean_people_and_a_stop(portal: "Portal", new_page: NewPage) -> None:
    # The Phòng asks about the people on BTXH of Ba Động; it sees how many before it does.
    phong = sign_in(new_page, "phong")
    phong.goto("/phoi-hop/dot-xac-minh/mo/")
    phong.get_by_label("Tên đợt").fill("Đợt Ba Động")
    phong.get_by_label("Hạn trả lời").fill("31/07/2024")
    phong.get_by_label("Chính sách").select_option("BTXH")
    phong.get_by_label("Ba Động").check()
    phong.get_by_role("button", name="Xem trước số người").click()
    phong.get_by_role("button", name=re.compile(r"Mở đợt \(")).click()
    expect(phong.get_by_text(re.compile("Đã mở đợt: Công an thấy"))).to_be_visible()
    matching, differing, dead = portal.sql(ASKED)

    # The police answer: one matches, one has another name, one is dead since May.
    police = sign_in(new_page, "congan")
    for round_id, row, _, name in (matching, differing, dead):
        police.goto(f"/phoi-hop/dot-xac-minh/{round_id}/nguoi/{row}/")
        expect(police.get_by_role("heading", level=1)).to_have_text(name)
        if row == matching[1]:
            police.get_by_label("Khớp").check()
        elif row == differing[1]:
            police.get_by_label("Khác", exact=True).check()
            police.locator("#id_name").fill(f"{name} Hà")
        else:
            police.get_by_label("Đã chết").check()
            police.locator("#id_died_on").fill("5/2024")
        police.get_by_role("button", name="Ghi trả lời").click()
        expect(police.get_by_text(f"Đã ghi: {name}")).to_be_visible()

    # The commune sees the population database beside the file, and takes the right name over: sạch.
    officer = sign_in(new_page, "cb21496")
    officer.goto(f"/doi-tuong/{matching[2]}/")
    expect(officer.get_by_text("Sạch", exact=True).first).to_be_visible()
    officer.goto("/")
    officer.get_by_role("link", name=re.compile("hồ sơ xã sửa theo Công an")).click()
    officer.get_by_role("link", name=differing[3]).click()
    expect(officer.get_by_role("cell", name=f"{differing[3]} Hà").first).to_be_visible()
    officer.get_by_label("Giấy tờ đã đối chiếu").fill("Thẻ CCCD")
    press(officer, "Lấy giá trị đúng vào sổ")
    expect(officer.get_by_text("Kiểm tra lại đạt, việc đã đóng.")).to_be_visible()
    officer.goto(f"/doi-tuong/{differing[2]}/")
    expect(officer.get_by_role("heading", level=1)).to_contain_text(f"{differing[3]} Hà")
    expect(officer.get_by_text("Sạch", exact=True).first).to_be_visible()

    # The death has proposed its own stop; what was paid since stands beside it.
    officer.goto("/")
    officer.get_by_role("link", name=re.compile("người chờ trích lục khai tử")).click()
    officer.get_by_role("link", name=dead[3]).click()
    expect(officer.get_by_text("Đã đề nghị thôi hưởng")).to_be_visible()
    expect(officer.get_by_text(re.compile("BTXH tháng 7/2024:"))).to_be_visible()
    death_url = officer.url

    phong.goto("/")
    phong.get_by_role("link", name=re.compile("đề nghị chờ thẩm định")).click()
    phong.get_by_label(re.compile(f"Chọn {dead[3]}")).check()
    press(phong, "Thẩm định dòng đã chọn")
    expect(phong.get_by_text("Đã thẩm định 1 đề nghị.")).to_be_visible()
    chairman = sign_in(new_page, "chutich")
    chairman.get_by_role("link", name=re.compile("đề nghị chờ quyết định")).click()
    chairman.locator("label.form-check-label", has_text=dead[3]).click()
    chairman.get_by_label("Số quyết định").fill("125/QĐ-UBND")
    chairman.get_by_label("Ngày quyết định").fill("22/07/2024")
    press(chairman, "Quyết định dòng đã chọn")
    expect(chairman.get_by_text("Đã quyết định 1 đề nghị")).to_be_visible()

    # No day of death was invented, and the months since are asked back.
    officer.goto(death_url)
    expect(officer.get_by_text("Đã thôi hưởng")).to_be_visible()
    expect(officer.get_by_text("chết tháng 5/2024")).to_be_visible()
    expect(officer.get_by_role("link", name=re.compile("BTXH tháng 7.2024:"))).to_be_visible()
