"""Confirming where money goes: by another person, ending the earlier route, safe to repeat."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from beneficiaries.models import Payee, PayoutRoute, Person
from beneficiaries.payout.confirming import OWN_ENTRY, confirm_routes, reject_routes
from beneficiaries.payout.todos import waiting_routes
from tests import factories as make

pytestmark = pytest.mark.django_db

URL = "/doi-tuong/noi-nhan-tien/"
CONFIRM, REJECT = f"{URL}xac-nhan/", f"{URL}tu-choi/"
JULY, AUGUST = make.THIS_MONTH, make.NEXT_MONTH
OCTOBER = datetime.date(2024, 10, 1)


@pytest.fixture
def officer() -> User:
    return make.user(Role.COMMUNE_OFFICER)


@pytest.fixture
def leader() -> User:
    return make.user(Role.COMMUNE_LEADER)


@pytest.fixture
def person() -> Person:
    return make.person("Phạm Thị Tuyến")


def new_route(person: Person, by: User, start: datetime.date = AUGUST, **fields: Any) -> PayoutRoute:
    account = make.account(holder_name="PHAM THI TUYEN")
    return make.route(person, account=account, start=start, entered_by=by, **fields)


def state(route: PayoutRoute) -> str:
    route.refresh_from_db()
    return route.state


class TestConfirm:
    @pytest.mark.parametrize("role", [Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER, Role.COMMUNE_LEADER])
    def test_another_person_confirms(self, person: Person, officer: User, role: Role) -> None:
        route, confirmer = new_route(person, officer), make.user(role)
        outcome = confirm_routes(actor=confirmer, route_ids=[route.pk])
        assert (outcome.count, outcome.closed, outcome.refused) == (1, 0, [])
        assert state(route) == "confirmed"
        assert route.confirmed_by == confirmer
        assert route.confirmed_at is not None

    def test_the_earlier_route_ends_where_the_new_one_begins(self, person: Person, officer: User, leader: User) -> None:
        earlier = make.route(person, confirmed_by=make.user())
        route = new_route(person, officer)
        outcome = confirm_routes(actor=leader, route_ids=[route.pk])
        assert (outcome.count, outcome.closed) == (1, 1)
        earlier.refresh_from_db()
        assert earlier.months.upper == AUGUST
        assert earlier.state == "confirmed"

    def test_the_other_policy_is_left_alone(self, person: Person, officer: User, leader: User) -> None:
        other = make.route(person, "NCC", confirmed_by=make.user())
        confirm_routes(actor=leader, route_ids=[new_route(person, officer).pk])
        other.refresh_from_db()
        assert other.months.upper is None

    @pytest.mark.parametrize("start", [AUGUST, OCTOBER])
    def test_a_confirmed_route_that_begins_no_earlier_stands_in_the_way(
        self, person: Person, officer: User, leader: User, start: datetime.date
    ) -> None:
        make.route(person, start=start, confirmed_by=make.user())
        route = new_route(person, officer)
        outcome = confirm_routes(actor=leader, route_ids=[route.pk])
        assert outcome.count == 0
        assert "Đã có nơi nhận khác được xác nhận" in outcome.refused[0][1]
        assert state(route) == "entered"

    def test_two_for_the_same_month_are_both_refused(self, person: Person, officer: User, leader: User) -> None:
        routes = [new_route(person, officer), new_route(person, officer)]
        outcome = confirm_routes(actor=leader, route_ids=[route.pk for route in routes])
        assert outcome.count == 0
        assert [route for route, _ in outcome.refused] == routes

    def test_two_that_follow_each_other_chain(self, person: Person, officer: User, leader: User) -> None:
        earlier = make.route(person, confirmed_by=make.user())
        later, first = new_route(person, officer, OCTOBER), new_route(person, officer, AUGUST)
        outcome = confirm_routes(actor=leader, route_ids=[later.pk, first.pk])
        assert (outcome.count, outcome.closed) == (2, 1)
        for route in (earlier, first, later):
            route.refresh_from_db()
        assert (earlier.months.upper, first.months.upper, later.months.upper) == (AUGUST, OCTOBER, None)

    def test_whoever_entered_it_is_refused_by_the_service(self, person: Person, leader: User) -> None:
        own, other = new_route(person, leader), new_route(make.person(), make.user())
        outcome = confirm_routes(actor=leader, route_ids=[own.pk, other.pk])
        assert outcome.count == 1
        assert outcome.refused == [(own, OWN_ENTRY)]
        assert state(own) == "entered"

    def test_and_by_the_database(self, person: Person, leader: User) -> None:
        route = new_route(person, leader)
        with pytest.raises(IntegrityError, match="route_confirmed_by_another"), transaction.atomic():
            PayoutRoute.objects.filter(pk=route.pk).update(
                state="confirmed", confirmed_by=leader, confirmed_at=timezone.now()
            )

    def test_confirmed_routes_never_overlap_says_the_database(self, person: Person) -> None:
        make.route(person, confirmed_by=make.user())
        with pytest.raises(IntegrityError, match="route_no_overlap"), transaction.atomic():
            make.route(person, start=AUGUST, confirmed_by=make.user())

    def test_repeating_changes_nothing_and_says_so(self, person: Person, officer: User, leader: User) -> None:
        route = new_route(person, officer)
        confirm_routes(actor=leader, route_ids=[route.pk])
        before = PayoutRoute.objects.filter(pk=route.pk).values().get()
        entries = Entry.objects.count()
        outcome = confirm_routes(actor=make.user(), route_ids=[route.pk])
        assert outcome.count == 0
        assert outcome.refused == [(route, "Đã được xác nhận trước đó.")]
        assert PayoutRoute.objects.filter(pk=route.pk).values().get() == before
        assert Entry.objects.count() == entries

    def test_one_audit_entry_with_counts_and_ids(self, officer: User, leader: User) -> None:
        people = [make.person() for _ in range(3)]
        earlier = make.route(people[0], confirmed_by=make.user())
        routes = [new_route(person, officer) for person in people]
        confirm_routes(actor=leader, route_ids=[route.pk for route in routes])
        entry = Entry.objects.get(actor=leader)
        assert entry.action == "Xác nhận nơi nhận tiền"
        assert entry.details == {
            "count": 3,
            "routes": [route.pk for route in routes],
            "closed": {str(earlier.pk): "2024-08-01"},
            "refused": 0,
        }

    @pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.CHAIRMAN, Role.POLICE, Role.PAYER, Role.ADMIN])
    def test_other_roles_may_not(self, person: Person, role: Role) -> None:
        route = new_route(person, make.user())
        for act in (confirm_routes, lambda **given: reject_routes(reason="Sai", **given)):
            with pytest.raises(PermissionDenied):
                act(actor=make.user(role), route_ids=[route.pk])
        assert state(route) == "entered"

    def test_a_leader_of_another_commune_does_not_find_it(self, person: Person, officer: User) -> None:
        route = new_route(person, officer)
        foreign = make.user(Role.COMMUNE_LEADER, commune=make.commune(make.BA_TO_TOWN))
        with pytest.raises(PayoutRoute.DoesNotExist):
            confirm_routes(actor=foreign, route_ids=[route.pk])
        with pytest.raises(PayoutRoute.DoesNotExist):
            reject_routes(actor=foreign, route_ids=[route.pk], reason="Sai")
        assert state(route) == "entered"

    def test_queries_do_not_grow_with_the_routes(
        self, officer: User, leader: User, django_assert_num_queries: Any
    ) -> None:
        for count in (2, 40):
            routes = []
            for _ in range(count):
                person = make.person()
                make.route(person, confirmed_by=make.user())
                routes.append(new_route(person, officer).pk)
            # Savepoint and its release, people, routes, open month, confirmed routes, open conflicts, close, confirm,
            # audit.
            with django_assert_num_queries(10):
                assert confirm_routes(actor=leader, route_ids=routes).closed == count


class TestReject:
    def test_with_a_reason(self, person: Person, officer: User, leader: User) -> None:
        route = new_route(person, officer)
        assert reject_routes(actor=leader, route_ids=[route.pk], reason=" Sai số tài khoản ").count == 1
        assert state(route) == "rejected"
        assert route.rejection == "Sai số tài khoản"
        assert Entry.objects.get(actor=leader).details["reason"] == "Sai số tài khoản"

    def test_without_a_reason_not(self, person: Person, officer: User, leader: User) -> None:
        route = new_route(person, officer)
        with pytest.raises(ValueError, match="lý do"):
            reject_routes(actor=leader, route_ids=[route.pk], reason="  ")
        assert state(route) == "entered"

    def test_a_confirmed_one_stays(self, person: Person, leader: User) -> None:
        route = make.route(person, confirmed_by=make.user())
        outcome = reject_routes(actor=leader, route_ids=[route.pk], reason="Sai")
        assert outcome.count == 0
        assert outcome.refused == [(route, "Đã được xác nhận trước đó.")]
        assert state(route) == "confirmed"

    def test_a_rejected_one_is_not_confirmed_later(self, person: Person, officer: User, leader: User) -> None:
        route = new_route(person, officer)
        reject_routes(actor=leader, route_ids=[route.pk], reason="Sai")
        outcome = confirm_routes(actor=leader, route_ids=[route.pk])
        assert outcome.refused == [(route, "Đã bị từ chối trước đó.")]
        assert state(route) == "rejected"


class TestPage:
    def test_a_row_shows_what_to_compare(self, client: Client, person: Person, officer: User) -> None:
        guardian = make.payee(person, Payee.Kind.GUARDIAN, "Đinh Văn Hộ")
        account = make.account("4505205998877", holder_name="DINH VAN KHAC")
        make.route(person, account=account, start=AUGUST, entered_by=officer, payee=guardian)
        client.force_login(make.user(Role.COMMUNE_LEADER))
        page = client.get(URL).content.decode()
        assert "Agribank" in page
        assert "•••• 8877" in page
        assert "4505205998877" not in page
        assert "Tên chủ tài khoản DINH VAN KHAC khác tên người nhận Đinh Văn Hộ." in page
        assert "tháng 8/2024" in page
        assert officer.full_name in page

    def test_names_are_compared_without_accents(self, client: Client, person: Person, officer: User) -> None:
        new_route(person, officer)
        client.force_login(make.user(Role.COMMUNE_LEADER))
        assert "khác tên người nhận" not in client.get(URL).content.decode()

    def test_full_numbers_are_asked_for_and_audited(self, client: Client, person: Person, officer: User) -> None:
        route = new_route(person, officer)
        leader = make.user(Role.COMMUNE_LEADER)
        client.force_login(leader)
        assert route.account is not None
        assert route.account.number in client.post(reverse("beneficiaries:routes_in_full")).content.decode()
        entry = Entry.objects.get(actor=leader, action="Xem số đầy đủ")
        assert route.pk in entry.details["routes"]
        assert client.get(reverse("beneficiaries:routes_in_full")).status_code == 302

    def test_own_entries_are_disabled_with_the_reason(self, client: Client, person: Person) -> None:
        leader = make.user(Role.COMMUNE_LEADER)
        new_route(person, leader)
        client.force_login(leader)
        page = client.get(URL).content.decode()
        assert "disabled" in page
        assert OWN_ENTRY in page

    def test_ticked_rows_are_confirmed(self, client: Client, officer: User, leader: User) -> None:
        ticked, left = new_route(make.person(), officer), new_route(make.person(), officer)
        client.force_login(leader)
        answer = client.post(CONFIRM, {"chon": [ticked.pk]}, follow=True)
        assert "Đã xác nhận 1 nơi nhận tiền." in answer.content.decode()
        assert (state(ticked), state(left)) == ("confirmed", "entered")

    def test_all_of_the_filter_but_nothing_that_came_after_the_page(
        self, client: Client, officer: User, leader: User
    ) -> None:
        social = [new_route(make.person(), officer) for _ in range(2)]
        merit = new_route(make.person(), officer, policy="NCC")
        newer = new_route(make.person(), officer)
        client.force_login(leader)
        client.post(f"{CONFIRM}?chinh_sach=BTXH", {"tat_ca": merit.pk})
        assert [state(route) for route in (*social, merit, newer)] == ["confirmed", "confirmed", "entered", "entered"]

    def test_the_button_for_all_names_the_newest(self, client: Client, officer: User, leader: User) -> None:
        routes = [new_route(make.person(), officer) for _ in range(51)]
        client.force_login(leader)
        assert f'name="tat_ca" value="{routes[-1].pk}"' in client.get(URL).content.decode()

    def test_refusals_are_told(self, client: Client, person: Person, officer: User, leader: User) -> None:
        make.route(person, start=AUGUST, confirmed_by=make.user())
        route = new_route(person, officer)
        client.force_login(leader)
        page = client.post(CONFIRM, {"chon": [route.pk]}, follow=True).content.decode()
        assert "Phạm Thị Tuyến: Đã có nơi nhận khác được xác nhận từ tháng 8/2024" in page

    def test_rejecting_needs_a_reason_and_keeps_the_ticks(
        self, client: Client, person: Person, officer: User, leader: User
    ) -> None:
        route = new_route(person, officer)
        client.force_login(leader)
        answer = client.post(REJECT, {"chon": [route.pk], "ly_do_tu_choi": ""})
        assert "Hãy ghi lý do" in answer.content.decode()
        assert answer.context["rows"][0].ticked
        assert state(route) == "entered"
        client.post(REJECT, {"chon": [route.pk], "ly_do_tu_choi": "Sai số"})
        assert state(route) == "rejected"

    def test_nothing_ticked_says_so(self, client: Client, leader: User) -> None:
        client.force_login(leader)
        for url in (CONFIRM, REJECT):
            assert "Chưa chọn dòng nào" in client.post(url, follow=True).content.decode()

    @pytest.mark.parametrize("url", [CONFIRM, REJECT])
    def test_a_row_of_another_commune_is_not_found(
        self, client: Client, person: Person, officer: User, url: str
    ) -> None:
        route = new_route(person, officer)
        client.force_login(make.user(Role.COMMUNE_LEADER, commune=make.commune(make.BA_TO_TOWN)))
        assert client.post(url, {"chon": [route.pk], "ly_do_tu_choi": "Sai"}).status_code == 404
        assert state(route) == "entered"
        assert client.post(url, {"chon": ["x"]}).status_code == 404
        assert str(route.person.name) not in client.get(URL).content.decode()

    @pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.CHAIRMAN, Role.POLICE, Role.PAYER, Role.ADMIN])
    def test_other_roles_are_refused(self, client: Client, role: Role) -> None:
        client.force_login(make.user(role))
        assert client.get(URL).status_code == 403
        assert client.post(CONFIRM).status_code == 403
        assert client.post(REJECT).status_code == 403
        assert client.post(reverse("beneficiaries:routes_in_full")).status_code == 403

    def test_filter_by_source(self, client: Client, officer: User, leader: User) -> None:
        imported = new_route(make.person("Phạm Thị Nạp"), officer, source="danh_sach.xlsx")
        typed = new_route(make.person("Phạm Thị Gõ"), officer)
        client.force_login(leader)
        page = client.get(URL, {"nguon": "danh_sach.xlsx"}).content.decode()
        assert imported.person.name in page
        assert typed.person.name not in page
        page = client.get(URL, {"nguon": "-"}).content.decode()
        assert imported.person.name not in page
        assert typed.person.name in page

    def test_a_change_shows_old_and_new_beside_each_other(
        self, client: Client, person: Person, officer: User, leader: User
    ) -> None:
        make.route(person, account=make.account("4505205000001"), confirmed_by=make.user())
        new_route(person, officer)
        client.force_login(leader)
        page = client.get(URL).content.decode()
        assert "Thay đổi" in page
        assert "•••• 0001" in page

    def test_the_first_route_of_a_person_is_new(
        self, client: Client, person: Person, officer: User, leader: User
    ) -> None:
        make.route(person, before=datetime.date(2024, 3, 1), confirmed_by=make.user())
        make.route(person, "NCC", confirmed_by=make.user())
        new_route(person, officer)
        client.force_login(leader)
        assert client.get(URL).context["rows"][0].old is None

    def test_another_payee_at_the_same_place_stands_out(
        self, client: Client, person: Person, officer: User, leader: User
    ) -> None:
        account = make.account(holder_name="DINH VAN HO")
        guardian = make.payee(person, Payee.Kind.GUARDIAN, "Đinh Văn Hộ")
        make.route(person, account=account, payee=guardian, confirmed_by=make.user())
        make.route(person, account=account, start=AUGUST, entered_by=officer)
        client.force_login(leader)
        (row,) = client.get(URL).context["rows"]
        assert (row.changes_account, row.changes_payee) == (False, True)
        assert "Người giám hộ Đinh Văn Hộ" in client.get(URL).content.decode()

    def test_what_deserves_a_look_is_named(self, client: Client, officer: User, leader: User) -> None:
        child = make.person("Phạm Thị Bé", birth="2012", died_on=datetime.date(2024, 7, 1))
        account = make.account("450520599887", holder_name="PHAM THI BE")
        make.route(make.person(), account=account, confirmed_by=make.user())
        make.route(child, account=account, start=AUGUST, entered_by=officer)
        client.force_login(leader)
        (row,) = client.get(URL).context["rows"]
        said = " ".join(row.notes)
        for text in ("thường có 13", "nhận tiền cho 1 người khác", "chưa đủ 16 tuổi", "đã chết ngày 01/07/2024"):
            assert text in said

    def test_a_month_opened_meanwhile_is_said(self, client: Client, person: Person, officer: User) -> None:
        new_route(person, officer, JULY)
        client.force_login(make.user(Role.COMMUNE_LEADER))
        assert "sẽ dùng từ tháng 8/2024" in client.get(URL).content.decode()

    def test_queries_do_not_grow(self, client: Client, officer: User, django_assert_max_num_queries: Any) -> None:
        client.force_login(make.user(Role.DISTRICT_OFFICER))
        for total in (1, 60):
            while PayoutRoute.objects.waiting().count() < total:
                new_route(make.person(), officer)
            # What stands for the page's people, who else an account serves, and the open month of two policies.
            with django_assert_max_num_queries(15):
                assert client.get(URL).status_code == 200


def test_the_home_page_counts_what_one_may_confirm(person: Person, officer: User, leader: User) -> None:
    before = waiting_routes(leader)[0].count
    new_route(person, officer)
    new_route(person, leader, OCTOBER)
    assert waiting_routes(leader)[0].count == before + 1
    assert waiting_routes(officer) == []
