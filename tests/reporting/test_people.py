"""The people behind each figure: as many as the figure says, and nobody else's."""

import csv
import datetime
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import Policy
from payments.models import Payment
from reporting import figures, rollup
from reporting.people import Measure, list_people
from tests import factories
from tests.reporting import rows
from tests.reporting.rows import AFTER, BEFORE, MONTH

pytestmark = pytest.mark.django_db
JULY = datetime.date(2024, 7, 1)
FIGURES = Path(__file__).parents[2] / "batosocial" / "demo" / "data" / "figures_2024_07.csv"


def url(measure: str, *, policy: str = "BTXH", place: str = "huyen", month: datetime.date = MONTH) -> str:
    return reverse("reporting:people", args=[month, policy, place, measure])


def sign_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def roll_up() -> None:
    rollup.roll_up(actor=User.objects.system(), month=MONTH)


def test_every_figure_of_the_demo_month_has_its_people(client: Client) -> None:
    """All communes × policies × measures, by the same lists that the pages page through."""
    officer = factories.user(Role.CHAIRMAN)
    with FIGURES.open(encoding="utf-8") as file:
        known = list(csv.DictReader(file))
    totals = dict.fromkeys(Measure, 0)
    for row in known:
        commune = Unit.objects.current().communes().get(code=row["commune_code"])
        for policy in Policy.values:
            due, with_account, paid, pending = (
                int(row[f"{policy.lower()}_{name}"]) for name in ("total", "with_account", "paid_by_account", "pending")
            )
            expected = {
                Measure.DUE: due,
                Measure.WITH_ACCOUNT: with_account,
                Measure.WITHOUT_ACCOUNT: due - with_account,
                Measure.PAID_BY_ACCOUNT: paid,
                Measure.NOT_PAID_BY_ACCOUNT: due - paid,
                Measure.ACCOUNT_NOT_PAID: with_account - paid,
                Measure.PENDING: pending,
            }
            for measure, number in expected.items():
                people = list_people(officer, month=JULY, measure=measure, policy=policy, commune_id=commune.pk)
                assert people.count() == number, (commune, policy, measure)
                totals[measure] += number
    # The one in Ba Xa, of whom the letter speaks; nobody's list of accounts is shorter than the months before.
    totals[Measure.NO_CCCD] = 1
    for measure in (Measure.GAINED, Measure.LOST):
        del totals[measure]
    for measure, number in totals.items():
        assert list_people(officer, month=JULY, measure=measure).count() == number
    assert totals[Measure.PENDING] == 581


def test_each_page_says_as_many_as_the_figure(client: Client) -> None:
    officer = factories.user(Role.DISTRICT_OFFICER)
    sign_in(client, officer)
    shown = figures.read_month(officer, JULY)
    row = shown.of("NCC")[2]
    for measure, number in ((Measure.DUE, row.counts.due), (Measure.PAID_BY_ACCOUNT, row.counts.paid_by_account)):
        page = client.get(url(measure, policy="NCC", place=row.unit.code, month=JULY))
        assert page.context["page"].paginator.count == number
        assert f"{number} người" in page.content.decode()
    both = client.get(url(Measure.PENDING, policy="tat-ca", month=JULY))
    assert both.context["page"].paginator.count == 581
    assert "tháng 8/2024" in both.content.decode()


def test_pending_people_are_due_have_no_account_and_get_one_later() -> None:
    upper = rows.district()
    place = rows.commune(upper)
    made = rows.payment_list(place)
    starts_later, has_one, waiting, not_due = (rows.person(place, name) for name in "ABCD")
    rows.account_route(starts_later, start=AFTER)
    rows.account_route(has_one, before=AFTER)
    rows.account_route(has_one, start=AFTER)
    factories.route(waiting, account=factories.account(), start=AFTER)
    rows.account_route(not_due, start=AFTER)
    for someone in (starts_later, has_one, waiting):
        rows.pay(made, someone)
    officer = rows.officer(upper)
    roll_up()
    total = figures.read_month(officer, MONTH).total()
    assert (total.pending, total.pending_accounts) == (1, 1)
    assert [row.counts.pending for row in figures.read_month(officer, MONTH).of("BTXH")] == [1]
    found = list_people(officer, month=MONTH, measure=Measure.PENDING, policy="BTXH").get()
    assert (found.person, found.next_month) == (starts_later, AFTER)


def test_a_shared_account_is_one_account_of_two_people() -> None:
    upper = rows.district()
    place = rows.commune(upper)
    made = rows.payment_list(place)
    account = factories.account()
    for name in ("Con A", "Con B"):
        child = rows.person(place, name)
        factories.route(child, account=account, start=AFTER, confirmed_by=factories.user(Role.DISTRICT_OFFICER))
        rows.pay(made, child)
    roll_up()
    total = figures.read_month(rows.officer(upper), MONTH).total()
    assert (total.pending, total.pending_accounts) == (2, 1)


def test_whoever_stands_in_two_lists_is_listed_once_where_counted() -> None:
    upper = rows.district()
    old, new = rows.commune(upper), rows.commune(upper)
    someone = rows.person(new)
    route = rows.account_route(someone)
    first = rows.payment_list(old)
    paid = rows.pay(first, someone, lines=[("regular", MONTH, 400_000)], route=route)
    rows.pay(rows.payment_list(new), someone, lines=[("regular", MONTH, 300_000)])
    rows.hand_over(first)
    rows.record(paid, Payment.Result.PAID_ACCOUNT)
    officer = rows.officer(upper)
    rollup.roll_up(actor=User.objects.system(), month=MONTH)
    stored = {row.unit: row.counts for row in figures.read_month(officer, MONTH).rows}
    for measure in (Measure.DUE, Measure.PAID_BY_ACCOUNT, Measure.WITH_ACCOUNT):
        for place in (old, new):
            found = list_people(officer, month=MONTH, measure=measure, commune_id=place.pk).count()
            assert found == getattr(stored[place], measure) == (place == new)


def test_carry_over_is_nobody_due_here_either() -> None:
    upper = rows.district()
    place = rows.commune(upper)
    someone = rows.person(place)
    before = rows.payment_list(place, month=BEFORE)
    missed = rows.pay(before, someone)
    rows.hand_over(before)
    rows.record(missed, Payment.Result.NOT_COLLECTED)
    rows.pay(rows.payment_list(place), someone, lines=[("carry_over", BEFORE, 360_000)], carried_from=missed)
    roll_up()
    assert not list_people(rows.officer(upper), month=MONTH, measure=Measure.DUE).exists()


def test_the_list_shows_no_full_number_and_no_group(client: Client) -> None:
    upper = rows.district()
    place = rows.commune(upper)
    someone = rows.person(place, "Phạm Thị Kín")
    rows.pay(rows.payment_list(place), someone)
    roll_up()
    text = sign_in(client, rows.officer(upper)).get(url("due", place=place.code)).content.decode()
    assert "Phạm Thị Kín" in text
    assert someone.cccd not in text
    assert someone.cccd[-4:] in text
    assert "HIV" not in text


def test_search_keeps_to_the_set(client: Client) -> None:
    upper = rows.district()
    place = rows.commune(upper)
    made = rows.payment_list(place)
    for name in ("Phạm Thị Huyền", "Đinh Văn Gríp"):
        rows.pay(made, rows.person(place, name))
    roll_up()
    sign_in(client, rows.officer(upper))
    found = client.get(url("due", place=place.code), {"q": "huyen"})
    assert [payment.name for payment in found.context["page"]] == ["Phạm Thị Huyền"]
    assert "Không thấy ai có tên này" in client.get(url("due"), {"q": "xyz"}).content.decode()


def test_scope_own_commune_foreign_commune_no_role(client: Client) -> None:
    own, foreign = factories.commune("21496"), factories.commune("21484")
    officer = factories.user(Role.COMMUNE_OFFICER, commune=own)
    sign_in(client, officer)
    mine = client.get(url("due", place=own.code, month=JULY))
    assert mine.status_code == 200
    assert mine.context["page"].paginator.count == 150
    assert client.get(url("due", place=foreign.code, month=JULY)).status_code == 404
    assert client.get(url("due", month=JULY)).status_code == 404
    other_district = rows.officer(rows.district())
    assert sign_in(client, other_district).get(url("due", place=own.code, month=JULY)).status_code == 404
    assert client.get(url("due", month=JULY)).context["page"].paginator.count == 0
    for role in (Role.POLICE, Role.PAYER, Role.ADMIN):
        assert sign_in(client, factories.user(role)).get(url("due", month=JULY)).status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        "/bao-cao/2024-07/NCC/huyen/everything/",
        "/bao-cao/2024-07/XYZ/huyen/due/",
        "/bao-cao/2024-07/NCC/99999/due/",
        "/bao-cao/2024-13/NCC/huyen/due/",
    ],
)
def test_an_address_that_means_nothing_is_no_page(client: Client, address: str) -> None:
    assert sign_in(client, factories.user(Role.CHAIRMAN)).get(address).status_code == 404


def test_queries_do_not_grow_with_the_people(client: Client, django_assert_max_num_queries) -> None:
    sign_in(client, factories.user(Role.CHAIRMAN))
    for place in ("21538", "huyen"):
        for measure in Measure.values:
            with django_assert_max_num_queries(10):
                client.get(url(measure, policy="NCC", place=place, month=JULY))
