"""Papers that run out: on the to-do list and on a page of their own."""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batosocial.staff.models import Role, User
from beneficiaries.models import Payee, PayoutRoute, Person
from beneficiaries.payout.papers import running_out, state_of
from beneficiaries.payout.todos import papers
from tests import factories as make

pytestmark = pytest.mark.django_db

TODAY = datetime.date(2024, 7, 22)
YESTERDAY, IN_30_DAYS, IN_31_DAYS = (TODAY + datetime.timedelta(days=days) for days in (-1, 30, 31))


@pytest.fixture(autouse=True)
def no_other_papers() -> None:
    Payee.objects.update(paper_valid_until=None)


def authorised(until: datetime.date | None, *, person: Person | None = None, **route: Any) -> Payee:
    person = person or make.person()
    payee = make.payee(person, "authorised", paper_number="7/GUQ", paper_valid_until=until)
    route.setdefault("confirmed_by", make.user())
    make.route(person, payee=payee, **route)
    return payee


@pytest.mark.parametrize(
    ("until", "label"),
    [
        (YESTERDAY, "Đã hết hạn"),
        (TODAY, "Hết hạn hôm nay"),
        (IN_30_DAYS, "Còn 30 ngày"),
        (IN_31_DAYS, None),
        (None, None),
    ],
)
def test_the_last_day_still_counts(until: datetime.date | None, label: str | None) -> None:
    state = state_of(until)
    assert (state.label if state else None) == label


def test_how_early_is_a_setting(settings: Any) -> None:
    settings.PAPER_WARNING_DAYS = 31
    assert state_of(IN_31_DAYS) is not None
    settings.PAPER_WARNING_DAYS = 5
    assert state_of(IN_30_DAYS) is None


class TestWhoseCount:
    def test_those_by_whom_money_goes_or_is_to_go(self) -> None:
        officer = make.user(Role.COMMUNE_OFFICER)
        confirmed, waiting = authorised(YESTERDAY), authorised(IN_30_DAYS, confirmed_by=None)
        assert set(running_out(officer)) == {confirmed, waiting}

    @pytest.mark.parametrize(
        "case",
        [
            {"before": make.THIS_MONTH},
            {"confirmed_by": None, "state": PayoutRoute.State.REJECTED, "rejection": "Sai"},
        ],
    )
    def test_not_where_the_route_ended_or_was_rejected(self, case: dict[str, Any]) -> None:
        authorised(YESTERDAY, **case)
        assert not running_out(make.user()).exists()

    def test_nor_where_the_person_died(self) -> None:
        authorised(YESTERDAY, person=make.person(died_on=datetime.date(2024, 6, 1)))
        assert not running_out(make.user()).exists()

    def test_a_commune_its_own_only(self) -> None:
        authorised(YESTERDAY)
        foreign = make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))
        assert not running_out(foreign).exists()
        assert not running_out(make.user(Role.POLICE)).exists()


class TestTodo:
    def test_the_commune_officer_renews(self) -> None:
        for until in (YESTERDAY, IN_30_DAYS, IN_30_DAYS, IN_31_DAYS):
            authorised(until)
        expired, soon = papers(make.user(Role.COMMUNE_OFFICER))
        assert (expired.count, expired.tone, soon.count, soon.tone) == (1, "danger", 2, "warning")

    def test_the_district_officer_has_a_count(self) -> None:
        authorised(YESTERDAY)
        authorised(IN_30_DAYS)
        (todo,) = papers(make.user(Role.DISTRICT_OFFICER))
        assert todo.count == 2

    @pytest.mark.parametrize("role", [Role.COMMUNE_LEADER, Role.CHAIRMAN, Role.POLICE, Role.PAYER, Role.ADMIN])
    def test_nobody_else(self, role: Role, django_assert_num_queries: Any) -> None:
        user = make.user(role)
        with django_assert_num_queries(0):
            assert papers(user) == []

    def test_one_query(self, django_assert_num_queries: Any) -> None:
        user = make.user(Role.COMMUNE_OFFICER)
        with django_assert_num_queries(1):
            papers(user)


class TestPage:
    URL = "/doi-tuong/giay-to/"

    @pytest.fixture
    def officer(self, client: Client) -> User:
        officer = make.user(Role.COMMUNE_OFFICER)
        client.force_login(officer)
        return officer

    def test_soonest_first_with_the_way_to_renew(self, client: Client, officer: User) -> None:
        soon, expired = authorised(IN_30_DAYS), authorised(YESTERDAY)
        page = client.get(self.URL)
        assert [payee for payee, _ in page.context["rows"]] == [expired, soon]
        text = page.content.decode()
        assert "Đã hết hạn" in text
        assert "Còn 30 ngày" in text
        assert reverse("beneficiaries:payee_edit", args=[soon.person_id, soon.pk]) in text

    def test_filters(self, client: Client) -> None:
        client.force_login(make.user())
        soon, expired = authorised(IN_30_DAYS), authorised(YESTERDAY)
        town = authorised(YESTERDAY, person=make.person(commune=make.commune(make.BA_TO_TOWN)))

        def shown(**query: str) -> set[Payee]:
            return {payee for payee, _ in client.get(self.URL, query).context["rows"]}

        assert shown() == {soon, expired, town}
        assert shown(khi_nao="het-han") == {expired, town}
        assert shown(khi_nao="sap-het") == {soon}
        assert shown(xa=make.BA_TO_TOWN) == {town}
        assert shown(khi_nao="x") == set()

    def test_a_leader_reads_but_does_not_renew(self, client: Client) -> None:
        authorised(YESTERDAY)
        client.force_login(make.user(Role.COMMUNE_LEADER))
        page = client.get(self.URL).content.decode()
        assert "Đã hết hạn" in page
        assert "Ghi giấy mới" not in page

    def test_empty_says_so(self, client: Client, officer: User) -> None:
        assert "Không có giấy tờ nào hết hạn" in client.get(self.URL).content.decode()
        assert "theo bộ lọc này" in client.get(self.URL, {"khi_nao": "sap-het"}).content.decode()

    def test_queries_do_not_grow(self, client: Client, officer: User, django_assert_max_num_queries: Any) -> None:
        for total in (1, 60):
            while running_out(officer).count() < total:
                authorised(YESTERDAY)
            with django_assert_max_num_queries(8):
                assert client.get(self.URL).status_code == 200
