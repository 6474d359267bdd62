"""What the dashboards' tables lead to: months, reasons, changes, forecasts, and a commune's people by thôn."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from batosocial.staff.models import Role, User
from reporting import rollup
from tests import factories
from tests.reporting import rows
from tests.reporting.rows import MONTH
from tests.reporting.test_boards import COUNTED, commune_client, length_of
from tests.reporting.test_dashboard import DASHBOARD, JULY, sign_in, words

pytestmark = pytest.mark.django_db


def test_the_months_of_the_trend_open_their_people_and_the_newest_stands_first(client: Client) -> None:
    html = commune_client(client).get(DASHBOARD).content.decode()
    table = html[html.index("Diễn biến R1 theo tháng") :]
    assert table.index("thang=2024-07") < table.index("thang=2024-02")
    found = [(path, number) for path, _, number in COUNTED.findall(table[: table.index("</table>")])]
    # Six months of two policies and both, each with those paid and those due; the district's open nothing.
    assert len(found) == 36
    for url, number in found[::7]:
        assert length_of(client, url) == int(number.replace(".", ""))


def test_a_reason_counts_somebody_of_both_policies_once_and_opens_them(client: Client) -> None:
    upper = rows.district()
    place = rows.commune(upper)
    someone = rows.person(place)
    for policy in ("NCC", "BTXH"):
        rows.pay(rows.payment_list(place, policy=policy), someone)
    rollup.roll_up(actor=User.objects.system(), month=MONTH)
    client.force_login(rows.officer(upper))
    (reason,) = client.get(DASHBOARD, {"thang": "2031-03"}).context["d"].reasons
    assert [count for _, count, _ in reason.parts] == [1, 1]
    assert reason.both is not None and reason.both[0] == 1 == length_of(client, reason.both[1])


def test_a_commune_reads_its_forecast_and_what_changed_since_the_plan_began(client: Client) -> None:
    text = words(commune_client(client, "21529").get(DASHBOARD))
    assert "100 tài khoản đã mở, bắt đầu chi từ tháng 8/2024." in text
    assert "Khi đó R1 là 46,3% (132/285): cần thêm 11 người" in text
    assert "Tính cả tài khoản chờ chi, đạt vào tháng 1/2025." in text
    assert "Từ đầu kế hoạch, 2/2024: +2,8 điểm % (+9 người)" in text


def test_the_table_of_communes_says_what_changed_and_what_is_missing(client: Client) -> None:
    sign_in(client, Role.CHAIRMAN)
    table = words(client.get("/bao-cao/2024-07/cac-xa/NCC/"))
    assert "Xã Ba Động 135 88 65,2% 74 54,8% 84,1% 54,5% 47 0 +5 0 Cao" in table
    assert "Xã Ba Vinh 115 41 35,7% 29 25,2% 70,7% 25,6% 74 38 +3 29 Thấp" in table
    assert re.search(r"Tổng cộng 1\.492 588 .* \+19 303", table)


def test_the_changes_of_a_month_lead_to_who_came_and_who_went(client: Client) -> None:
    sign_in(client, Role.CHAIRMAN)
    html = client.get(DASHBOARD).content.decode()
    came, went = (
        length_of(client, reverse("reporting:people", args=[JULY, "NCC", "huyen", measure]))
        for measure in ("gained", "lost")
    )
    assert reverse("reporting:people", args=[JULY, "NCC", "huyen", "gained"]) in html
    assert came - went == 19


def test_hamlets_stand_in_vietnamese_order(client: Client) -> None:
    upper = rows.district()
    place = rows.commune(upper)
    made = rows.payment_list(place)
    for hamlet in ("Thôn Gò", "Thôn 10", "Thôn Đồng Răm", "Thôn Dốc Mốc", "Thôn 2", ""):
        rows.pay(made, factories.person("Phạm Thị Thử", commune=place, hamlet=hamlet))
    rollup.roll_up(actor=User.objects.system(), month=MONTH)
    client.force_login(factories.user(Role.COMMUNE_OFFICER, commune=place))
    work = client.get(DASHBOARD, {"thang": "2031-03"}).context["d"].work
    wanted = ["Thôn 2", "Thôn 10", "Thôn Dốc Mốc", "Thôn Đồng Răm", "Thôn Gò"]
    assert [row.hamlet for row in work.rows] == [*wanted, ""]
    assert [value for value, _ in work.form.fields["thon"].choices] == ["", *wanted]


def test_the_tabs_keep_the_search_and_the_list_can_stand_whole_for_paper(client: Client) -> None:
    commune_client(client)
    work = client.get(DASHBOARD, {"tim": "pham van", "nhom": "chua-dung"}).context["d"].work
    assert all("tim=pham+van" in url for _, _, url, _ in work.groups)
    first = client.get(DASHBOARD, {"chinh_sach": "BTXH"}).context["d"].work
    whole = client.get(first.whole_url.partition("#")[0]).context["d"].work
    assert len(first.rows) == 20 < len(whole.rows) == first.page.paginator.count
    assert whole.whole_url == ""


def test_an_older_month_tells_todays_work_from_its_own_figures(client: Client) -> None:
    sign_in(client, Role.DISTRICT_OFFICER)
    text = words(client.get(DASHBOARD, {"thang": "2024-05"}))
    assert "Việc đang làm (hôm nay) Danh sách chi trả tháng 7/2024" in text
    assert "Theo số liệu tháng 5/2024 2.462 chưa có tài khoản" in text
