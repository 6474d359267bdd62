"""Trends in the boundaries of today and of before: both add up, and each number opens its people."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batosocial.mergers import services
from batosocial.staff.models import User
from batosocial.territory.models import unit_by_code
from payments.models import PaymentList
from payments.opening import open_month, remake_list
from reporting.boundaries import Trend, read_trend
from reporting.models import BOTH
from reporting.rates import Counts
from reporting.rollup import roll_up
from tests import factories as make
from tests.mergers import files
from tests.mergers.files import DAY
from tests.payments import cycle
from tests.payments.cycle import AUGUST, JULY

pytestmark = pytest.mark.django_db

POLICIES = pytest.mark.parametrize("policy", ["NCC", "BTXH", BOTH])


def _officer(name: str = "phong") -> User:
    return User.objects.get(username=name)


@pytest.fixture
def planned() -> None:
    """August is opened for 8 units before the day on which they begin."""
    files.store()
    open_month(actor=make.user(), month=AUGUST)
    roll_up(actor=User.objects.system(), month=AUGUST)


@pytest.fixture
def merged(settings: Any, planned: None) -> None:
    settings.BUSINESS_DATE = DAY
    services.apply_due(actor=User.objects.system())


def _adds_up(trend: Trend) -> None:
    for month, total in trend.totals.items():
        assert Counts.total(row.counts.get(month, Counts()) for row in trend.rows) == total


@POLICIES
@pytest.mark.usefixtures("merged")
def test_both_boundaries_add_up_to_the_same_totals(policy: str) -> None:
    old, new = (read_trend(_officer(), until=AUGUST, policy=policy, boundaries=which) for which in ("cu", "moi"))
    assert old.totals == new.totals
    assert {JULY, AUGUST} <= set(old.totals)
    _adds_up(old)
    _adds_up(new)
    assert [len(trend.rows) for trend in (old, new)] == [19, 8]


@pytest.mark.usefixtures("merged")
def test_before_the_merger_old_units_count_for_the_one_they_became() -> None:
    before = {row.area.name: row for row in read_trend(_officer(), until=JULY, policy="BTXH", boundaries="moi").rows}
    after = {row.area.name: row for row in read_trend(_officer(), until=AUGUST, policy="BTXH", boundaries="moi").rows}
    names = ("Thị trấn Ba Tơ", "Xã Ba Cung", "Xã Ba Bích")
    assert after["Xã Ba Tơ"].counts[JULY] == Counts.total(before[name].counts[JULY] for name in names)


@pytest.mark.parametrize("state", ["planned", "merged"])
def test_after_the_merger_people_count_for_the_unit_they_came_from(state: str, request: Any) -> None:
    request.getfixturevalue(state)
    rows = {row.area.name: row for row in read_trend(_officer(), until=AUGUST, policy="BTXH", boundaries="cu").rows}
    # Nobody moved, came or went, but who the demo says.
    for name in ("Thị trấn Ba Tơ", "Xã Ba Cung", "Xã Ba Xa"):
        assert abs(rows[name].counts[AUGUST].due - rows[name].counts[JULY].due) <= 5


@pytest.mark.usefixtures("merged")
def test_who_came_later_stands_apart(client: Client) -> None:
    late = make.person("Phạm Thị Mới", commune=unit_by_code("21484", AUGUST))
    cycle.granted(late, start=AUGUST)
    row = PaymentList.objects.get(period__month=AUGUST, period__policy="BTXH", commune__code="21484")
    remake_list(actor=_officer(), list_id=row.pk)
    roll_up(actor=User.objects.system(), month=AUGUST)
    trend = read_trend(_officer(), until=AUGUST, policy="BTXH", boundaries="cu")
    _adds_up(trend)
    last = trend.rows[-1]
    assert last.area.name == "Phát sinh sau sáp nhập (chưa có đơn vị cũ)"
    assert {month: counts.due for month, counts in last.counts.items()} == {AUGUST: 1}
    client.force_login(_officer())
    page = client.get(f"/bao-cao/2024-08/BTXH/{last.area.place}/due/")
    assert [row.person for row in page.context["page"].object_list] == [late]


@pytest.mark.parametrize("boundaries", ["cu", "moi"])
@pytest.mark.parametrize("name", ["phong", "cb21511"])
@pytest.mark.usefixtures("merged")
def test_every_number_opens_its_people(name: str, boundaries: str, client: Client) -> None:
    client.force_login(_officer(name))
    page = client.get(f"/bao-cao/dien-bien/?thang=2024-08&chinh_sach=BTXH&dia-gioi={boundaries}")
    lines = [*page.context["lines"], page.context["total"]]
    assert (
        len(lines)
        == {("phong", "cu"): 20, ("phong", "moi"): 9, ("cb21511", "cu"): 4, ("cb21511", "moi"): 2}[name, boundaries]
    )
    for line in lines:
        for cell in line.cells[-2:]:
            for url, count in ((cell.due_url, cell.counts.due), (cell.paid_url, cell.counts.paid_by_account)):
                shown = client.get(url)
                assert shown.context["page"].paginator.count == count, (line.name, url)


@pytest.mark.usefixtures("merged")
def test_another_communes_area_does_not_exist_for_a_commune(client: Client) -> None:
    client.force_login(_officer("cb21511"))
    assert client.get("/bao-cao/2024-07/BTXH/21511@2024-07/due/").status_code == 200
    assert client.get("/bao-cao/2024-08/BTXH/21484@2024-08/due/").status_code == 200
    assert client.get("/bao-cao/2024-08/BTXH/21538@2024-07/due/").status_code == 404
    assert client.get("/bao-cao/2024-08/BTXH/21538@2024-08/due/").status_code == 404


@pytest.mark.parametrize("boundaries", ["cu", "moi"])
@pytest.mark.usefixtures("merged")
def test_the_page_takes_a_fixed_number_of_queries(boundaries: str, client: Client) -> None:
    client.force_login(_officer())
    url = f"/bao-cao/dien-bien/?thang=2024-08&dia-gioi={boundaries}"
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for _ in range(20):
        cycle.granted(make.person(commune=unit_by_code("21490", AUGUST)), start=AUGUST)
    for row in PaymentList.objects.filter(period__month=AUGUST, period__policy="BTXH"):
        remake_list(actor=_officer(), list_id=row.pk)
    roll_up(actor=User.objects.system(), month=AUGUST)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few) <= 16


def test_without_a_merger_there_is_nothing_to_choose(client: Client) -> None:
    client.force_login(_officer())
    page = client.get("/bao-cao/dien-bien/")
    assert page.status_code == 200
    assert "dia-gioi" not in page.content.decode()
    assert len(page.context["lines"]) == 19


def test_the_chart_is_printed_too(client: Client) -> None:
    client.force_login(_officer())
    html = client.get("/bao-cao/dien-bien/").content.decode()
    assert "no-print" not in html[html.index('id="results"') : html.index('data-chart="bieu-do-xa"')]


@pytest.mark.parametrize("query", ["thang=2030-01", "dia-gioi=x", "chinh_sach=x"])
def test_what_cannot_be_shown_is_no_page(query: str, client: Client) -> None:
    client.force_login(_officer())
    assert client.get(f"/bao-cao/dien-bien/?{query}").status_code == 404
