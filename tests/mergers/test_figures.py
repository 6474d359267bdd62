"""Figures and the pages that name a commune by its code, before and after units merge."""

from typing import Any

import pytest
from django.test import Client

from batosocial.staff.models import User
from batosocial.territory.models import Unit
from payments.opening import open_month
from reporting import figures
from reporting.dashboard.frame import read_frame, read_known
from reporting.people import Measure, list_people
from reporting.rollup import roll_up
from tests import factories as make
from tests.mergers import files
from tests.mergers.files import DAY
from tests.payments.cycle import AUGUST, JULY

pytestmark = pytest.mark.django_db


@pytest.fixture
def merged(settings: Any) -> None:
    settings.BUSINESS_DATE = DAY
    files.store()


def test_the_district_reads_the_same_figures_of_before(settings: Any) -> None:
    officer = User.objects.get(username="phong")
    before = figures.read_month(officer, JULY)
    settings.BUSINESS_DATE = DAY
    files.store(upper="51")
    officer = User.objects.get(username="phong")
    assert figures.read_month(officer, JULY).rows == before.rows
    assert figures.district_figures(officer.unit).filter(month=JULY).count() == 57


@pytest.mark.usefixtures("merged")
def test_an_address_means_the_unit_of_its_month(client: Client) -> None:
    client.force_login(User.objects.get(username="phong"))
    page = client.get("/bao-cao/2024-07/NCC/21484/due/")
    assert "Thị trấn Ba Tơ" in page.content.decode()
    assert client.get("/bao-cao/2024-08/NCC/21511/due/").status_code == 404


@pytest.mark.usefixtures("merged")
def test_a_communes_number_opens_the_people_of_all_its_old_units(client: Client) -> None:
    officer = User.objects.get(username="cb21511")
    client.force_login(officer)
    shown = read_frame(officer, JULY, known=read_known(officer))
    card = shown.cards[0]
    page = client.get(card.figures.url(Measure.DUE))
    assert page.status_code == 200
    assert page.context["page"].paginator.count == card.counts.due
    assert client.get("/bao-cao/2024-07/NCC/21511/due/").status_code == 200
    assert client.get("/bao-cao/2024-07/NCC/21538/due/").status_code == 404
    assert client.get("/bao-cao/2024-07/NCC/huyen/due/").status_code == 404


def test_what_changed_since_last_month_is_told_of_the_same_area() -> None:
    files.store()
    open_month(actor=make.user(), month=AUGUST)
    roll_up(actor=User.objects.system(), month=AUGUST)
    officer = User.objects.get(username="phong")
    before = figures.previous_counts(officer, AUGUST)
    town = Unit.objects.get(code="21484", valid_from=DAY)
    july = {(row.unit.code, row.policy): row.counts for row in figures.read_month(officer, JULY).rows}
    assert before[town.pk, "BTXH"].due == sum(july[code, "BTXH"].due for code in ("21484", "21511", "21526"))
    lost = list_people(officer, month=AUGUST, measure=Measure.LOST, policy="BTXH", commune_id=town.pk)
    assert lost.count() == before[town.pk, "BTXH"].paid_by_account
