"""The monthly notice of a commune: what it says, its page, its links, who reads it."""

import datetime
import io
import re
import zipfile
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.shared import Pt

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit, unit_by_code
from beneficiaries.documents.fitting import POINTS_OF_MM
from beneficiaries.documents.layout import links
from beneficiaries.models import Category, Entitlement, PayoutRoute, Person, Policy
from payments.models import Payment
from reporting import figures, rates, rollup
from reporting.notices import document, services
from reporting.notices.content import Followed, Notice, read_notices
from reporting.people import list_people
from reporting.rates import Counts, places
from tests import factories
from tests.reporting import rows
from tests.reporting.rows import MONTH

pytestmark = pytest.mark.django_db
JULY = datetime.date(2024, 7, 1)
BA_VINH, BA_DONG, BA_XA = "21490", "21496", "21538"


def notice_of(code: str) -> Any:
    officer = factories.user(Role.DISTRICT_OFFICER)
    _, content = services.make_notice(actor=officer, month=JULY, commune=factories.commune(code))
    return Document(io.BytesIO(content))


def paragraphs(page: Any) -> list[Any]:
    """Of the text and of all cells, each once."""
    found = list(page.paragraphs)
    for table in page.tables:
        for row in table.rows:
            for cell in row.cells:
                found += cell.paragraphs
    return found


def text_of(page: Any) -> str:
    return "\n".join(paragraph.text for paragraph in paragraphs(page))


def rows_of(page: Any, number: int) -> dict[str, list[str]]:
    """A table of figures: label to what stands beside it."""
    return {row.cells[0].text: [cell.text for cell in row.cells[1:]] for row in page.tables[number].rows}


FIGURES, STEPS, PEOPLE = 1, 2, 3


# --- figures -------------------------------------------------------------------------------------------------------


def test_figures_of_both_policies_beside_the_districts_rates() -> None:
    said = rows_of(notice_of(BA_VINH), FIGURES)
    assert said["Nội dung"] == ["Người có công", "Bảo trợ xã hội"]
    assert said["Tổng số đối tượng phải chi (người)"] == ["115", "200"]
    assert said["Đã có tài khoản (người)"] == ["41", "57"]
    assert said["Đã chi qua tài khoản (người)"] == ["29", "38"]
    assert said["Tăng, giảm so với tháng trước (người)"] == ["+3", "+1"]
    assert said[f"R1: {rates.NAMES['R1']}"] == ["25,2% (huyện 29,7%)", "19,0% (huyện 29,5%)"]
    assert said[f"R2: {rates.NAMES['R2']}"] == ["35,7% (huyện 39,4%)", "28,5% (huyện 38,1%)"]
    assert said[f"R3: {rates.NAMES['R3']}"] == ["70,7% (huyện 75,3%)", "66,7% (huyện 77,4%)"]
    assert said["Xếp loại theo R1"] == ["Thấp", "Thấp"]
    assert said["Xếp thứ theo R1 trong huyện"] == ["11/19", "12/19"]


def test_the_target_and_how_many_more_people_it_needs_now_and_with_the_open_accounts() -> None:
    said = rows_of(notice_of(BA_VINH), FIGURES)
    # Half of 115 and 200, less 29 and 38; 38 and 72 accounts are open.
    assert said["Chỉ tiêu R1 từ 50%: cần thêm"] == ["29 người", "62 người"]
    assert said["- sau khi chi vào tài khoản đã mở, cần thêm"] == ["Đạt", "Đạt"]
    assert said["Chỉ tiêu R3 từ 50%: cần thêm"] == ["Đạt", "Đạt"]


def test_thresholds_and_the_time_of_the_figures_stand_under_them() -> None:
    text = text_of(notice_of(BA_VINH))
    assert "cao từ 50%; trung bình từ 30% đến dưới 50%; thấp trên 0% đến dưới 30%; chưa thực hiện 0%." in text
    assert re.search(r"Số liệu tổng hợp lúc \d\d:\d\d ngày \d\d/\d\d/\d{4}\.", text)
    assert "chưa tính đến" not in text


def test_it_says_when_the_data_moved_on() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO reporting_datachange (month, policy, at) VALUES ('2024-07-01', 'NCC', now())")
    assert "Từ đó dữ liệu đã thay đổi, số liệu này chưa tính đến." in text_of(notice_of(BA_VINH))


# --- rank ----------------------------------------------------------------------------------------------------------


def ranked(*counts: tuple[int, int]) -> list[int | None]:
    found = places({number: Counts(due, paid, paid) for number, (paid, due) in enumerate(counts, 1)})
    return [found.get(number) for number in range(1, len(counts) + 1)]


def test_communes_of_one_rate_share_a_place_and_the_next_place_is_left_out() -> None:
    assert ranked((50, 100), (30, 100), (3, 10), (1, 100)) == [1, 2, 2, 4]


def test_rates_are_ranked_exactly_not_as_they_print() -> None:
    # Both print as 33,3%.
    assert ranked((333, 1000), (1, 3)) == [2, 1]


def test_a_commune_with_nobody_due_has_no_place() -> None:
    assert ranked((0, 0), (0, 5), (0, 7)) == [None, 1, 1]


# --- what to do, and for whom --------------------------------------------------------------------------------------


def test_reasons_with_what_to_do_next_and_the_accounts_that_wait() -> None:
    said = rows_of(notice_of(BA_VINH), STEPS)
    assert said["Có tài khoản, chưa chi qua"] == ["12", "19", "Đối chiếu số, tên tài khoản; sửa nơi nhận"]
    assert said["Chưa có tài khoản, gồm:"][:2] == ["74", "143"]
    assert said["- sai lệch thông tin"] == ["5", "11", "Cùng Công an xã đối chiếu, đính chính hồ sơ"]
    assert said["Trong đó đã mở TK, chưa dùng"] == ["38", "72", "Chi vào tài khoản từ tháng 8/2024"]
    reasons = [row for label, row in said.items() if label.startswith("- ")]
    assert [sum(int(row[place]) for row in reasons) for place in (0, 1)] == [74, 143]
    # A reason that nobody has takes no line.
    assert "- chưa có CCCD" not in said


def test_the_one_without_a_cccd_comes_first() -> None:
    page = notice_of(BA_XA)
    first = [cell.text for cell in page.tables[PEOPLE].rows[1].cells]
    assert first[0] == "1" and first[4:] == ["BTXH", "Chưa có CCCD"]
    assert all(first)
    assert rows_of(page, STEPS)["- chưa có CCCD"] == ["0", "1", "Cùng Công an xã vận động, làm căn cước"]


def test_who_has_an_account_from_the_next_month_on_is_not_named() -> None:
    district = factories.district()
    found = read_notices(factories.user(Role.CHAIRMAN), JULY, district, commune=factories.commune(BA_VINH))[0]
    waiting = list_people(User.objects.system(), month=JULY, measure="pending", commune_id=found.unit.pk)
    named = {(one.name, one.birth) for one in found.followed}
    assert named and not named & {(row.name, row.payment.birth) for row in waiting.select_related("payment", "person")}


def test_whom_the_page_has_no_room_for_are_counted() -> None:
    page = notice_of(BA_VINH)
    named = len(page.tables[PEOPLE].rows) - 1
    text = text_of(page)
    total = 115 + 200 - 29 - 38
    assert named >= 5
    assert f"và {total - named} người khác; xem danh sách đủ {total} người chưa chi qua tài khoản" in text


def test_no_number_of_card_or_account_and_no_confidential_group() -> None:
    district = factories.district()
    commune = factories.commune(BA_XA)
    secret = Category.objects.filter(confidential=True)
    people = list_people(User.objects.system(), month=JULY, measure="due", commune_id=commune.pk)
    ids = list(people.values_list("person", flat=True))
    # Whoever is named first is of a confidential group.
    first = read_notices(User.objects.system(), JULY, district, commune=commune)[0].followed[0]
    someone = Person.objects.get(name=first.name, commune=commune, pk__in=ids)
    Entitlement.objects.filter(person=someone).update(category=secret[0])
    text = text_of(notice_of(BA_XA))
    assert first.name in text
    for category in secret:
        assert category.code not in text and category.name not in text
    assert "HIV" not in text
    numbers = set(Person.objects.filter(pk__in=ids).values_list("cccd", flat=True)) - {""}
    numbers |= set(Payment.objects.filter(person__in=ids).values_list("account_number", flat=True)) - {""}
    assert numbers and not any(number in text for number in numbers)
    assert not re.search(r"\d{9}", text)


# --- links ---------------------------------------------------------------------------------------------------------


def length_of(address: str, user: User) -> int:
    parts = urlsplit(address)
    given = resolve(parts.path).kwargs
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    commune = unit_by_code(given["place"], given["month"])
    assert commune
    policy = None if given["policy"] == "tat-ca" else given["policy"]
    reason = asked.get("ly-do", "")
    return list_people(
        user, month=given["month"], measure=given["measure"], policy=policy, commune_id=commune.pk, reason=reason
    ).count()


@pytest.mark.parametrize("code", [BA_VINH, BA_DONG, BA_XA])
def test_every_number_of_people_opens_as_many(code: str) -> None:
    reader = factories.user(Role.COMMUNE_OFFICER, commune=factories.commune(code))
    page = notice_of(code)
    found = [link for paragraph in paragraphs(page) for link in links(paragraph)]
    assert len(found) > 15
    for shown, address in found:
        assert length_of(address, reader) == int(shown.replace(".", "").strip("+−")), (shown, address)
    linked = {shown for shown, _ in found}
    for number in [*rows_of(page, STEPS).values()][1:]:
        assert set(number[:2]) <= linked
    for label, numbers in list(rows_of(page, FIGURES).items())[1:4]:
        assert set(numbers) <= linked, label


def test_a_number_is_printed_like_the_text_around_it() -> None:
    for paragraph in paragraphs(notice_of(BA_VINH)):
        for run in paragraph.runs:
            assert (run.underline, run.font.color.rgb, run.style.name) == (None, None, "Default Paragraph Font")


# --- the page ------------------------------------------------------------------------------------------------------


def test_measures_of_the_decree() -> None:
    page = notice_of(BA_VINH)
    assert len(page.sections) == 1
    section = page.sections[0]
    assert section.orientation == WD_ORIENT.PORTRAIT
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert 20 <= round(section.top_margin.mm) <= 25 and 20 <= round(section.bottom_margin.mm) <= 25
    assert 30 <= round(section.left_margin.mm) <= 35 and 15 <= round(section.right_margin.mm) <= 20
    style = page.styles["Normal"]
    assert (style.font.name, style.paragraph_format.line_spacing) == ("Times New Roman", 1)
    intro = next(p for p in page.paragraphs if p.text.startswith("Phòng Lao động"))
    assert intro.runs[0].font.size in (Pt(13), Pt(14))
    assert round(intro.paragraph_format.first_line_indent.mm) == 10
    assert intro.paragraph_format.space_before == Pt(6)


def test_parts_of_a_notice() -> None:
    page = notice_of(BA_DONG)
    head = [cell.text for row in page.tables[0].rows for cell in row.cells]
    assert head[0].split("\n")[:3] == ["UBND HUYỆN BA TƠ", "PHÒNG LAO ĐỘNG -", "THƯƠNG BINH VÀ XÃ HỘI"]
    assert head[1].split("\n")[0] == "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
    assert re.fullmatch(r"Số: +/TB-LĐTBXH", head[2])
    assert re.fullmatch(r"Ba Tơ, ngày +tháng 7 năm 2024", head[3])
    texts = [p.text for p in page.paragraphs]
    assert "THÔNG BÁO" in texts
    assert "Kết quả chi trả không dùng tiền mặt tháng 7/2024 tại xã Ba Động" in texts
    signed = [cell.text for cell in page.tables[-1].rows[0].cells]
    assert signed[0].split("\n") == [
        "Nơi nhận:", "- UBND xã Ba Động;", "- CT, PCT UBND huyện (để b/c);", "- Lưu: VT, BTXH.",
    ]  # fmt: skip
    assert signed[1].startswith("TRƯỞNG PHÒNG")


def crowded(notice: Notice, names: int = 20) -> Notice:
    """Everything at its longest: every reason, long names of the commune and of people."""
    name = "Nguyễn Hoàng Phương Thùy Trâm Phạm Thị Huyền Thương Nguyệt"
    unit = Unit(pk=notice.unit.pk, code=notice.unit.code, kind="Thị trấn", name="Đặng Thùy Trâm Nước Đang Mang Đen")
    results = [
        replace(r, figure=replace(r.figure, reasons=dict.fromkeys(PayoutRoute.CashReason, 123))) for r in notice.results
    ]
    followed = [
        Followed(name, "01/01/1950", "Thôn Làng Trăng Nước Như Mang Lùng", "BTXH", reason)
        for reason in list(PayoutRoute.CashReason) * 3
    ]
    return replace(notice, unit=unit, results=results, followed=followed[:names], stale=True)


def test_however_much_there_is_to_say_it_is_reckoned_to_fit_one_page() -> None:
    notice = read_notices(User.objects.system(), JULY, factories.district(), commune=factories.commune(BA_VINH))[0]
    full = crowded(notice)
    size, named = document._fit(full)
    assert document._height(full, size, named) <= 257 * POINTS_OF_MM
    page = Document(io.BytesIO(document.write_notice(full)))
    assert len(page.sections) == 1
    assert len(page.tables[PEOPLE].rows) == named + 1
    assert 1 <= named < 20


def test_a_short_notice_keeps_the_larger_letters() -> None:
    notice = read_notices(User.objects.system(), JULY, factories.district(), commune=factories.commune(BA_DONG))[0]
    few = replace(notice, followed=notice.followed[:2])
    assert document._fit(few)[0] > document._fit(crowded(notice))[0]


def test_the_same_figures_make_the_same_notice() -> None:
    officer, commune = factories.user(Role.DISTRICT_OFFICER), factories.commune(BA_DONG)
    first, second = (services.make_notice(actor=officer, month=JULY, commune=commune) for _ in range(2))
    assert first == second


def test_the_file_says_who_made_it_in_vietnamese() -> None:
    about = notice_of(BA_DONG).core_properties
    assert about.title == "Thông báo kết quả chi trả không dùng tiền mặt tháng 7/2024, xã Ba Động"
    assert (about.author, about.comments, about.language) == ("Phòng LĐ-TB&XH huyện Ba Tơ", "", "vi-VN")


def test_a_month_without_anybody_to_pay_has_dashes_for_rates() -> None:
    upper = rows.district()
    place = rows.commune(upper)
    for policy in Policy.values:
        rows.payment_list(place, policy=policy)
    rollup.roll_up(actor=User.objects.system(), month=MONTH)
    _, content = services.make_notice(actor=rows.officer(upper), month=MONTH, commune=place)
    said = rows_of(Document(io.BytesIO(content)), FIGURES)
    assert said["Xếp thứ theo R1 trong huyện"] == ["-", "-"]
    assert said[f"R1: {rates.NAMES['R1']}"] == ["- (huyện -)", "- (huyện -)"]
    assert said["Xếp loại theo R1"] == ["Không có đối tượng", "Không có đối tượng"]


# --- who may -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER])
def test_a_commune_takes_its_own_notice_with_its_place_among_all(client: Client, role: Role) -> None:
    user = factories.user(role, commune=factories.commune(BA_VINH))
    client.force_login(user)
    answer = client.get(f"/bao-cao/2024-07/thong-bao/{BA_VINH}.docx")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == ('attachment; filename="21490-xa-ba-vinh-thong-bao-2024-07.docx"')
    assert (
        answer.content
        == services.make_notice(actor=factories.user(Role.CHAIRMAN), month=JULY, commune=factories.commune(BA_VINH))[1]
    )
    assert Entry.objects.filter(action="Xuất thông báo", actor=user).count() == 1


def test_another_communes_notice_is_not_there(client: Client) -> None:
    user = factories.user(Role.COMMUNE_OFFICER, commune=factories.commune(BA_VINH))
    client.force_login(user)
    assert client.get(f"/bao-cao/2024-07/thong-bao/{BA_DONG}.docx").status_code == 404
    with pytest.raises(PermissionDenied):
        services.make_notice(actor=user, month=JULY, commune=factories.commune(BA_DONG))
    page = client.get("/bao-cao/2024-07/thong-bao/").content.decode()
    assert "Xã Ba Vinh" in page and "Ba Động" not in page
    assert "11/19" in page and "Lập tệp nén" not in page


@pytest.mark.parametrize("role", [Role.POLICE, Role.PAYER, Role.ADMIN])
def test_no_other_role_does(client: Client, role: Role) -> None:
    user = factories.user(role, payer="BUUDIEN" if role == Role.PAYER else "")
    with pytest.raises(PermissionDenied):
        services.make_notice(actor=user, month=JULY, commune=factories.commune(BA_DONG))
    with pytest.raises(PermissionDenied):
        services.pack_notices(actor=user, month=JULY)


def test_a_month_without_figures_has_no_page(client: Client) -> None:
    client.force_login(factories.user(Role.DISTRICT_OFFICER))
    for address in ("/bao-cao/2035-01/thong-bao/", f"/bao-cao/2035-01/thong-bao/{BA_DONG}.docx"):
        assert client.get(address).status_code == 404


def test_the_page_lists_every_commune_with_its_place(client: Client) -> None:
    client.force_login(factories.user(Role.CHAIRMAN))
    page = client.get("/bao-cao/2024-07/thong-bao/").content.decode()
    assert page.count("Tải .docx</a>") == 19
    assert "thứ 1/19" in page and "thứ 16/19" in page
    assert '<a href="/bao-cao/2024-07/NCC/21496/paid_by_account/">74</a>' in page


# --- how much it asks ----------------------------------------------------------------------------------------------


def district_of(communes: int) -> Unit:
    upper = rows.district()
    for _ in range(communes):
        place = rows.commune(upper)
        for policy in Policy.values:
            there = rows.payment_list(place, policy=policy)
            for _ in range(communes):
                rows.pay(there, rows.person(place))
    rollup.roll_up(actor=User.objects.system(), month=MONTH)
    return upper


def test_queries_of_all_notices_do_not_grow_with_the_communes() -> None:
    def asked(communes: int) -> int:
        officer = rows.officer(district_of(communes))
        with CaptureQueriesContext(connection) as queries:
            number, content = services.pack_notices(actor=officer, month=MONTH)
        assert number == len(zipfile.ZipFile(io.BytesIO(content)).namelist()) == communes
        return len(queries)

    assert asked(1) == asked(6)


def test_queries_of_the_page_do_not_grow_with_the_communes(client: Client) -> None:
    def asked(communes: int) -> int:
        client.force_login(rows.officer(district_of(communes)))
        client.get("/bao-cao/2031-03/thong-bao/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/bao-cao/2031-03/thong-bao/").status_code == 200
        return len(queries)

    assert asked(1) == asked(6)


def test_figures_and_not_payment_lines_are_read() -> None:
    officer = factories.user(Role.DISTRICT_OFFICER)
    with CaptureQueriesContext(connection) as queries:
        services.pack_notices(actor=officer, month=JULY)
    assert not [query["sql"] for query in queries if "payments_paymentline" in query["sql"]]
    assert figures.read_month(officer, JULY).computed_at
