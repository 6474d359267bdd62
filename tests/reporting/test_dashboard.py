import datetime
import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from batosocial.jobs.models import Job
from batosocial.staff.models import Role, User
from batosocial.web import todo
from payments.models import Payment
from reporting import rollup
from reporting.dashboard import chairman
from reporting.dashboard.frame import read_frame, read_known
from reporting.models import CashlessFigure
from tests import factories
from tests.reporting import rows
from tests.reporting.rows import MONTH

pytestmark = pytest.mark.django_db
DASHBOARD = "/bao-cao/"
JULY = datetime.date(2024, 7, 1)


def sign_in(client: Client, role: str, **fields: Any) -> User:
    user = factories.user(role, **fields)
    client.force_login(user)
    return user


def chairmans(month: datetime.date = JULY) -> chairman.Chairman:
    user = factories.user(Role.CHAIRMAN)
    return chairman.build(read_frame(user, month, known=read_known(user)))


def words(response: Any) -> str:
    """The page's text without its markup, cells apart and spaces made single."""
    apart = re.sub(r"<(?=t[dh]|d[dt])", " <", response.content.decode())
    return " ".join(strip_tags(apart).split())


def test_the_chairman_reads_the_headlines_of_the_letter(client: Client) -> None:
    sign_in(client, Role.CHAIRMAN)
    text = words(client.get(DASHBOARD))
    for expected in (
        "Tháng 7/2024",
        "Người có công · R1 29,7% 443/1.492 người",
        "Bảo trợ xã hội · R1 29,5% 684/2.320 người",
        "Cả hai chính sách · R1 29,6% 1.127/3.812 người",
        "Chỉ tiêu 50%: còn thiếu 303 người",
        "Chỉ tiêu 50%: còn thiếu 476 người",
        "75,3% (443/588), đạt 50%",
        "581 tài khoản đã mở tại 7 xã, thị trấn, bắt đầu chi từ tháng 8/2024.",
        "44,8% (1.708/3.812): cần thêm 198 người nhận qua tài khoản để đạt 50%.",
        "cao từ 50%; trung bình từ 30% đến dưới 50%; thấp trên 0% đến dưới 30%; chưa thực hiện 0%.",
    ):
        assert expected in text


def test_communes_stand_in_the_classes_of_the_letter() -> None:
    shown = chairmans()
    classes = {
        section.policy: {group.klass.value: {r.row.unit.name for r in group.rows} for group in section.groups}
        for section in shown.sections
    }
    assert classes["BTXH"] == {
        "high": {"Ba Động", "Ba Nam", "Ba Khâm", "Ba Tơ"},
        "average": {"Ba Giang", "Ba Lế", "Ba Ngạc", "Ba Tô"},
        "low": {"Ba Vì", "Ba Dinh", "Ba Vinh", "Ba Thành", "Ba Điền", "Ba Cung", "Ba Bích"},
        "none": {"Ba Tiêu", "Ba Liên", "Ba Trang", "Ba Xa"},
    }
    assert classes["NCC"]["none"] == {"Ba Xa", "Ba Tiêu", "Ba Vì", "Ba Bích"}
    assert shown.sections[0].groups[0].klass.value == "none"
    for section in shown.sections:
        for group in section.groups:
            ranked = [r.counts.r1 for r in group.rows]
            assert ranked == sorted(ranked, reverse=True)  # type: ignore[type-var]


def test_the_change_is_that_of_the_printed_rates() -> None:
    shown = chairmans()
    before = shown.trend[-2]
    assert before.month == datetime.date(2024, 6, 1)
    change = shown.cards[0].change
    assert change is not None
    assert before.by_policy[0] is not None
    assert change.people == 443 - before.by_policy[0].paid_by_account
    assert change.points == shown.cards[0].counts.r1 - before.by_policy[0].r1  # type: ignore[operator]


def test_the_trend_is_drawn_and_written(client: Client) -> None:
    sign_in(client, Role.CHAIRMAN)
    response = client.get(DASHBOARD)
    shown = response.context["d"]
    assert shown.chart["xAxis"]["data"] == ["2/2024", "3/2024", "4/2024", "5/2024", "6/2024", "7/2024"]
    assert [series["name"] for series in shown.chart["series"]] == ["NCC", "BTXH", "Chỉ tiêu"]
    assert shown.chart["series"][0]["data"][-1] == 29.7
    assert json.dumps(shown.chart)
    assert 'data-chart="bieu-do-r1"' in response.content.decode()
    assert "7/2024 29,7% 443/1.492 29,5% 684/2.320 29,6% 1.127/3.812" in words(response)


def test_every_figure_links_to_its_people(client: Client) -> None:
    sign_in(client, Role.CHAIRMAN)
    html = client.get(DASHBOARD).content.decode()
    for measure in ("due", "with_account", "paid_by_account", "not_paid_by_account"):
        for policy in ("NCC", "BTXH", "tat-ca"):
            assert reverse("reporting:people", args=[JULY, policy, "huyen", measure]) in html
    for code in ("21484", "21538"):
        assert f"/bao-cao/2024-07/BTXH/{code}/paid_by_account/" in html
    assert "/bao-cao/2024-07/tat-ca/huyen/pending/" in html


def test_an_older_month_has_no_outlook(client: Client) -> None:
    sign_in(client, Role.CHAIRMAN)
    text = words(client.get(DASHBOARD, {"thang": "2024-05"}))
    assert "Tháng 5/2024" in text
    assert "Đã khóa sổ: BTXH, NCC" in text
    assert "Sắp tới" not in text


def test_a_commune_sees_its_own_beside_the_district(client: Client) -> None:
    sign_in(client, Role.COMMUNE_LEADER, commune=factories.commune("21496"))
    response = client.get(DASHBOARD)
    text = words(response)
    assert "Người có công · R1 54,8% 74/135 người" in text
    assert "R1 toàn huyện 29,7% (443/1.492)" in text
    html = response.content.decode()
    assert "21484" not in html
    assert "/huyen/" not in html
    assert "phu-luc" not in html
    assert "Ba Vinh" not in text


@pytest.mark.parametrize("role", [Role.POLICE, Role.PAYER, Role.ADMIN])
def test_others_have_no_report(client: Client, role: str) -> None:
    sign_in(client, role)
    assert client.get(DASHBOARD).status_code == 403
    assert client.get("/bao-cao/2024-07/phu-luc.xlsx").status_code == 403


def test_months_that_are_none_are_no_page(client: Client) -> None:
    sign_in(client, Role.CHAIRMAN)
    assert client.get(DASHBOARD, {"thang": "hôm nay"}).status_code == 404
    assert client.get(DASHBOARD, {"thang": "2019-01"}).status_code == 404


def test_a_month_that_was_only_opened_says_what_to_do(client: Client) -> None:
    upper = rows.district()
    rows.payment_list(rows.commune(upper))
    client.force_login(rows.officer(upper))
    text = words(client.get(DASHBOARD, {"thang": "2031-03"}))
    assert "Tháng này đã mở nhưng chưa tổng hợp số liệu" in text
    assert "Tổng hợp ngay" in text


def test_a_month_without_payments_yet_is_not_the_one_shown_first(client: Client) -> None:
    """Opening August must not greet the chairman with 0%."""
    upper = rows.district()
    place = rows.commune(upper)
    paid, opened = rows.payment_list(place), rows.payment_list(place, month=rows.AFTER)
    someone = rows.person(place)
    payment = rows.pay(paid, someone, route=rows.account_route(someone))
    rows.pay(opened, someone)
    rows.hand_over(paid)
    rows.record(payment, Payment.Result.PAID_ACCOUNT)
    for month in (MONTH, rows.AFTER):
        rollup.roll_up(actor=User.objects.system(), month=month)
    client.force_login(rows.officer(upper))
    assert client.get(DASHBOARD).context["month"] == MONTH


def test_results_after_the_roll_up_are_said_and_can_be_counted(client: Client) -> None:
    upper = rows.district()
    place = rows.commune(upper)
    made = rows.payment_list(place)
    someone = rows.person(place)
    payment = rows.pay(made, someone, route=rows.account_route(someone))
    rows.hand_over(made)
    rollup.roll_up(actor=User.objects.system(), month=MONTH)
    officer = rows.officer(upper)
    client.force_login(officer)
    address = f"{DASHBOARD}?thang=2031-03"
    assert "Có kết quả chi trả mới" not in words(client.get(address))
    rows.record(payment, Payment.Result.PAID_ACCOUNT)
    assert "Có kết quả chi trả mới" in words(client.get(address))

    answer = client.post("/bao-cao/2031-03/tong-hop/")
    job = Job.objects.get(key="rollup:2031-03")
    assert (job.owner, job.result_url) == (officer, address)
    assert answer.headers["Location"] == reverse("jobs:detail", args=[job.pk])
    assert "Số liệu đang được tổng hợp lại" in words(client.get(address))


def test_a_closed_month_is_never_stale(client: Client) -> None:
    upper = rows.district()
    place = rows.commune(upper)
    made = rows.payment_list(place)
    payment = rows.pay(made, rows.person(place))
    rows.hand_over(made)
    rollup.roll_up(actor=User.objects.system(), month=MONTH)
    rows.record(payment, Payment.Result.PAID_CASH)
    rows.close()
    client.force_login(rows.officer(upper))
    assert "Có kết quả chi trả mới" not in words(client.get(DASHBOARD, {"thang": "2031-03"}))


def test_only_the_district_asks_for_fresh_figures(client: Client) -> None:
    for role in (Role.CHAIRMAN, Role.COMMUNE_OFFICER, Role.ADMIN):
        sign_in(client, role)
        assert client.post("/bao-cao/2024-07/tong-hop/").status_code == 403
    sign_in(client, Role.DISTRICT_OFFICER)
    assert client.get("/bao-cao/2024-07/tong-hop/").status_code == 405


def test_a_fixed_number_of_queries_and_never_payment_lines(client: Client) -> None:
    """One commune in one month and nineteen in six cost the same: only rolled-up figures are read."""
    upper = rows.district()
    rows.pay(rows.payment_list(rows.commune(upper)), rows.person(rows.commune(upper)))
    rollup.roll_up(actor=User.objects.system(), month=MONTH)
    numbers = []
    for user, month in ((rows.officer(upper), "2031-03"), (factories.user(Role.DISTRICT_OFFICER), "2024-07")):
        client.force_login(user)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(DASHBOARD, {"thang": month}).status_code == 200
        numbers.append(len(captured))
        assert not any("payments_paymentline" in query["sql"] for query in captured)
    assert numbers[0] == numbers[1]
    assert numbers[1] <= 18


def test_nobody_to_pay_prints_a_dash_and_no_class(client: Client) -> None:
    upper = rows.district()
    rows.payment_list(rows.commune(upper))
    rollup.roll_up(actor=User.objects.system(), month=MONTH)
    client.force_login(rows.officer(upper))
    response = client.get(DASHBOARD, {"thang": "2031-03"})
    assert "Bảo trợ xã hội · R1 - 0/0 người" in words(response)
    assert "Không có đối tượng" in words(response)


def test_the_leaders_todo_names_communes_that_have_not_begun() -> None:
    found = [t for t in todo.for_user(factories.user(Role.CHAIRMAN)) if "chưa chi qua tài khoản" in t.label]
    assert [(t.label, t.count) for t in found] == [
        ("xã, thị trấn chưa chi qua tài khoản (NCC)", 4),
        ("xã, thị trấn chưa chi qua tài khoản (BTXH)", 4),
    ]
    assert found[0].url == "/bao-cao/?thang=2024-07#NCC"
    assert not [t for t in todo.for_user(factories.user(Role.COMMUNE_OFFICER)) if t.url.startswith(DASHBOARD)]


def test_figures_are_seen_within_scope_only() -> None:
    seen = CashlessFigure.objects.visible_to(factories.user(Role.COMMUNE_OFFICER, commune=factories.commune("21496")))
    assert set(seen.values_list("unit__code", flat=True)) == {"21496"}
    assert not CashlessFigure.objects.visible_to(factories.user(Role.POLICE)).exists()
    assert not CashlessFigure.objects.visible_to(rows.officer(rows.district())).exists()


def test_the_time_of_the_roll_up_is_shown(client: Client) -> None:
    sign_in(client, Role.CHAIRMAN)
    CashlessFigure.objects.filter(month=JULY).update(
        computed_at=timezone.make_aware(datetime.datetime(2024, 7, 22, 9, 5))
    )
    assert "Tổng hợp lúc 09:05 22/07/2024. Tháng chưa khóa sổ" in words(client.get(DASHBOARD))


@pytest.mark.parametrize(("paid", "shown"), [(0, "2024-07"), (4, "2024-07"), (5, "2024-08")])
def test_a_month_with_its_first_results_does_not_greet_the_chairman_with_nought(
    client: Client, paid: int, shown: str
) -> None:
    CashlessFigure.objects.create(
        unit=factories.commune(),
        policy="NCC",
        month=datetime.date(2024, 8, 1),
        due=20,
        with_account=10,
        paid_by_account=paid,
        money_due=1,
        money_by_account=0,
        computed_at=timezone.now(),
    )
    sign_in(client, Role.CHAIRMAN)
    assert client.get(DASHBOARD).context["chosen"] == shown
