"""Entering where money goes: by the officer, for confirmation by another (issue 3; rules.md 3.2 and 7)."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from batosocial.audit.models import Entry
from batosocial.lib import months
from batosocial.staff.models import Role, User
from beneficiaries.models import Account, Change, Payee, PayoutRoute, Person, Provider
from beneficiaries.months import first_open_month
from beneficiaries.payout.confirming import cancel_route, confirm_routes
from beneficiaries.payout.entering import (
    REPLACED,
    NewAccount,
    NewPayee,
    Plan,
    RouteRefused,
    WaitingChanged,
    enter_routes,
    policies_of,
    withdraw_route,
)
from payments.opening import open_month
from tests import factories as make

pytestmark = pytest.mark.django_db

AUGUST, SEPTEMBER, OCTOBER = make.NEXT_MONTH, datetime.date(2024, 9, 1), datetime.date(2024, 10, 1)
NUMBER = "4505205009911"


@pytest.fixture
def officer() -> User:
    return make.user(Role.COMMUNE_OFFICER)


@pytest.fixture
def leader() -> User:
    return make.user(Role.COMMUNE_LEADER)


@pytest.fixture
def person() -> Person:
    person = make.person("Phạm Thị Tuyến")
    make.entitlement(person)
    return person


def agribank(number: str = NUMBER, **fields: Any) -> NewAccount:
    return NewAccount(Provider.objects.get(bin=make.AGRIBANK), number, **fields)


def plan(**fields: Any) -> Plan:
    fields.setdefault("policies", ("BTXH",))
    fields.setdefault("first_month", AUGUST)
    if not fields.get("cash_reason"):
        fields.setdefault("account", agribank())
    return Plan(**fields)


def enter(actor: User, person: Person, *, replacing: tuple[int, ...] = (), **fields: Any) -> PayoutRoute:
    (route,) = enter_routes(actor=actor, person_id=person.pk, plan=plan(**fields), replacing=replacing)
    return route


class TestWhatIsWritten:
    @pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER])
    def test_a_route_that_waits(self, person: Person, role: Role) -> None:
        user = make.user(role)
        route = enter(user, person)
        assert (route.state, route.entered_by, route.first_month) == ("entered", user, AUGUST)
        assert route.months.upper is None
        assert route.account is not None
        assert (route.account.number, route.account.holder_name) == (NUMBER, "PHAM THI TUYEN")
        assert route.payee.kind == Payee.Kind.OWN
        assert not PayoutRoute.objects.confirmed().filter(person=person).exists()

    def test_the_cards_name_is_the_holders_where_it_is_known(self, officer: User) -> None:
        person = make.person("Phạm Thị Lí", card_name="Phạm Thị Lý Anh")
        make.entitlement(person)
        account = enter(officer, person).account
        assert account is not None
        assert account.holder_name == "PHAM THI LY ANH"

    def test_a_guardian_with_paper(self, person: Person, officer: User) -> None:
        until = datetime.date(2025, 1, 31)
        guardian = NewPayee("guardian", "Đinh Văn Hộ", "Con", "096050778899", "0912345678", "12/GXN", None, until)
        payee = enter(officer, person, payee=guardian).payee
        assert (payee.name, payee.relation, payee.paper_number) == ("Đinh Văn Hộ", "Con", "12/GXN")
        assert payee.paper_valid_until == until

    def test_both_policies_at_once(self, person: Person, officer: User) -> None:
        make.entitlement(person, "NCC-3.1")
        assert policies_of(person) == ["NCC", "BTXH"]
        routes = enter_routes(actor=officer, person_id=person.pk, plan=plan(policies=("NCC", "BTXH")))
        assert {route.policy for route in routes} == {"NCC", "BTXH"}
        assert len({route.account_id for route in routes}) == len({route.payee_id for route in routes}) == 1

    def test_cash_with_its_reason_is_a_route_of_its_own(self, person: Person, officer: User, leader: User) -> None:
        make.route(person, account=make.account(), confirmed_by=make.user())
        route = enter(officer, person, cash_reason="frail")
        assert (route.account, route.cash_reason, route.state) == (None, "frail", "entered")
        confirm_routes(actor=leader, route_ids=[route.pk])
        assert PayoutRoute.objects.confirmed().current_in(AUGUST).get(person=person) == route

    def test_audit_says_old_and_new(self, person: Person, officer: User) -> None:
        old = make.route(person, account=make.account("4505205000001"), confirmed_by=make.user())
        route = enter(officer, person)
        entry = Entry.objects.get(actor=officer, action="Nhập nơi nhận tiền")
        assert (entry.table, entry.row_id) == ("beneficiaries_payoutroute", route.pk)
        assert entry.changes["account"] == [str(old.account), NUMBER]
        assert entry.details == {"policy": "BTXH", "from": "2024-08-01", "replaces": []}
        account = Entry.objects.get(actor=officer, action="Thêm tài khoản")
        assert account.changes["number"] == ["", NUMBER]


class TestKnownAccount:
    def test_one_account_serves_several_people(self, person: Person, officer: User) -> None:
        first = enter(officer, person)
        other = make.person()
        make.entitlement(other)
        assert enter(officer, other).account_id == first.account_id
        assert Account.objects.filter(number=NUMBER).count() == 1

    def test_its_holder_stays_as_the_register_says(self, person: Person, officer: User) -> None:
        known = make.account(NUMBER, holder_name="DINH VAN HO")
        enter(officer, person, account=agribank(holder_name="PHAM THI TUYEN"))
        known.refresh_from_db()
        assert known.holder_name == "DINH VAN HO"

    def test_what_the_register_leaves_blank_is_filled_in(self, person: Person, officer: User) -> None:
        known = make.account(NUMBER, holder_name="")
        enter(officer, person, account=agribank(opened_on=datetime.date(2024, 6, 3)))
        known.refresh_from_db()
        assert (known.holder_name, known.opened_on) == ("PHAM THI TUYEN", datetime.date(2024, 6, 3))
        assert Entry.objects.filter(action="Bổ sung tài khoản", row_id=known.pk).exists()


class TestRefusals:
    def refused(self, officer: User, person: Person, **fields: Any) -> RouteRefused:
        before = (Payee.objects.count(), Account.objects.count(), PayoutRoute.objects.count(), Entry.objects.count())
        with pytest.raises(RouteRefused) as refusal:
            enter(officer, person, **fields)
        assert before == (
            Payee.objects.count(),
            Account.objects.count(),
            PayoutRoute.objects.count(),
            Entry.objects.count(),
        )
        return refusal.value

    def test_a_month_whose_lists_are_made(self, person: Person, officer: User) -> None:
        refusal = self.refused(officer, person, first_month=make.THIS_MONTH)
        assert refusal.field == "tu_thang"
        assert "tháng 8/2024" in str(refusal)

    def test_a_policy_that_is_not_theirs(self, person: Person, officer: User) -> None:
        assert self.refused(officer, person, policies=("NCC",)).field == "chinh_sach"

    def test_the_place_that_is_in_use_already(self, person: Person, officer: User) -> None:
        make.route(person, account=make.account(NUMBER), confirmed_by=make.user())
        assert "không có gì thay đổi" in str(self.refused(officer, person))

    def test_a_confirmed_route_that_begins_no_earlier(self, person: Person, officer: User) -> None:
        make.route(person, account=make.account(), start=AUGUST, confirmed_by=make.user())
        refusal = self.refused(officer, person)
        assert refusal.field == "tu_thang"
        assert "hủy nơi nhận ấy trước" in str(refusal)
        assert enter(officer, person, first_month=SEPTEMBER).first_month == SEPTEMBER

    def test_a_payee_without_a_name(self, person: Person, officer: User) -> None:
        nameless = Payee.objects.create(person=person, kind="guardian")
        assert self.refused(officer, person, payee=nameless).field == "nguoi_nhan"

    def test_neither_account_nor_reason(self, person: Person, officer: User) -> None:
        assert self.refused(officer, person, account=None).field == "hinh_thuc"

    @pytest.mark.parametrize("role", sorted(set(Role) - {Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER, Role.SYSTEM}))
    def test_other_roles(self, person: Person, role: Role) -> None:
        with pytest.raises(PermissionDenied):
            enter(make.user(role), person)

    def test_another_commune(self, person: Person) -> None:
        foreign = make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))
        with pytest.raises(Person.DoesNotExist):
            enter(foreign, person)

    def test_somebody_elses_payee(self, person: Person, officer: User) -> None:
        with pytest.raises(Payee.DoesNotExist):
            enter(officer, person, payee=make.payee(make.person(), "guardian"))


class TestPolicies:
    def test_what_ended_is_not_offered(self, officer: User) -> None:
        person = make.person()
        make.entitlement(person, before=AUGUST)
        assert policies_of(person) == []

    def test_what_is_proposed_is_offered(self, officer: User) -> None:
        person = make.person()
        Change.objects.create(
            kind=Change.Kind.START, policy="NCC", person=person, effective_month=AUGUST, proposed_by=officer
        )
        assert policies_of(person) == ["NCC"]

    def test_one_off_benefits_need_no_route(self, officer: User) -> None:
        person = make.person()
        make.entitlement(person, "MTP-BTXH")
        assert policies_of(person) == []


class TestWaiting:
    def test_the_waiting_one_is_replaced_when_the_user_knew_of_it(self, person: Person, officer: User) -> None:
        first = enter(officer, person, cash_reason="frail")
        second = enter(officer, person, replacing=(first.pk,))
        first.refresh_from_db()
        assert (first.state, first.rejection) == ("rejected", REPLACED)
        assert list(PayoutRoute.objects.waiting().filter(person=person)) == [second]
        assert Entry.objects.filter(action="Thay đề nghị nơi nhận tiền", row_id=first.pk).exists()

    @pytest.mark.parametrize("told", [(), (0,)])
    def test_and_only_then(self, person: Person, officer: User, told: tuple[int, ...]) -> None:
        first = enter(officer, person)
        with pytest.raises(WaitingChanged):
            enter(make.user(), person, cash_reason="frail", replacing=told)
        first.refresh_from_db()
        assert first.state == "entered"

    def test_the_other_policys_is_left_alone(self, person: Person, officer: User) -> None:
        make.entitlement(person, "NCC-3.1")
        merit = enter(officer, person, policies=("NCC",))
        enter(officer, person)
        merit.refresh_from_db()
        assert merit.state == "entered"

    def test_one_confirmed_meanwhile_is_not_replaced(self, person: Person, officer: User, leader: User) -> None:
        first = enter(officer, person)
        confirm_routes(actor=leader, route_ids=[first.pk])
        with pytest.raises(WaitingChanged):
            enter(officer, person, cash_reason="frail", replacing=(first.pk,))


class TestWithdraw:
    def test_by_whoever_entered_it_with_a_reason(self, person: Person, officer: User) -> None:
        route = enter(officer, person)
        withdraw_route(actor=officer, route_id=route.pk, reason=" Ghi nhầm số ")
        route.refresh_from_db()
        assert (route.state, route.rejection) == ("rejected", "Người nhập rút: Ghi nhầm số")
        assert Entry.objects.get(action="Rút đề nghị nơi nhận tiền").details == {"reason": "Ghi nhầm số"}

    def test_not_by_another(self, person: Person, officer: User) -> None:
        route = enter(officer, person)
        with pytest.raises(RouteRefused, match="Chỉ người nhập"):
            withdraw_route(actor=make.user(), route_id=route.pk, reason="Nhầm")

    def test_not_once_it_is_confirmed(self, person: Person, officer: User, leader: User) -> None:
        route = enter(officer, person)
        confirm_routes(actor=leader, route_ids=[route.pk])
        with pytest.raises(RouteRefused, match="không còn chờ"):
            withdraw_route(actor=officer, route_id=route.pk, reason="Nhầm")

    def test_not_without_a_reason_or_out_of_scope(self, person: Person, officer: User) -> None:
        route = enter(officer, person)
        with pytest.raises(ValueError, match="lý do"):
            withdraw_route(actor=officer, route_id=route.pk, reason=" ")
        foreign = make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))
        with pytest.raises(PayoutRoute.DoesNotExist):
            withdraw_route(actor=foreign, route_id=route.pk, reason="Nhầm")


class TestCancel:
    def test_a_confirmation_is_taken_back_before_it_is_used(self, person: Person, officer: User, leader: User) -> None:
        earlier = make.route(person, confirmed_by=make.user())
        route = enter(officer, person)
        confirm_routes(actor=leader, route_ids=[route.pk])
        cancel_route(actor=leader, route_id=route.pk, reason="Sai tài khoản")
        for row in (earlier, route):
            row.refresh_from_db()
        assert (route.state, route.rejection) == ("rejected", "Hủy trước khi dùng: Sai tài khoản")
        assert earlier.months.upper is None
        again = enter(officer, person, account=agribank("4505205000077"))
        assert confirm_routes(actor=leader, route_ids=[again.pk]).closed == 1

    def test_between_two_others_the_earlier_one_runs_up_to_the_later(self, person: Person, leader: User) -> None:
        first = make.route(person, before=SEPTEMBER, confirmed_by=make.user())
        second = make.route(person, start=SEPTEMBER, before=OCTOBER, confirmed_by=make.user())
        third = make.route(person, start=OCTOBER, confirmed_by=make.user())
        cancel_route(actor=leader, route_id=second.pk, reason="Sai")
        for row in (first, third):
            row.refresh_from_db()
        assert (first.months.upper, third.months.lower) == (OCTOBER, OCTOBER)

    def test_not_once_its_lists_are_made(self, person: Person, leader: User) -> None:
        route = make.route(person, confirmed_by=make.user())
        with pytest.raises(RouteRefused, match="đã lập"):
            cancel_route(actor=leader, route_id=route.pk, reason="Sai")

    def test_not_by_whoever_enters(self, person: Person, officer: User) -> None:
        route = make.route(person, start=AUGUST, confirmed_by=make.user())
        with pytest.raises(PermissionDenied):
            cancel_route(actor=officer, route_id=route.pk, reason="Sai")

    def test_a_waiting_one_is_rejected_instead(self, person: Person, officer: User, leader: User) -> None:
        with pytest.raises(RouteRefused, match="chưa được xác nhận"):
            cancel_route(actor=leader, route_id=enter(officer, person).pk, reason="Sai")


class TestLateConfirmation:
    def test_it_takes_effect_in_the_first_month_not_opened(self, person: Person, officer: User, leader: User) -> None:
        earlier = make.route(person, confirmed_by=make.user())
        route = enter(officer, person)
        open_month(actor=make.user(), month=AUGUST, policies=["BTXH"])
        assert first_open_month("BTXH") == SEPTEMBER
        outcome = confirm_routes(actor=leader, route_ids=[route.pk])
        assert (outcome.count, outcome.closed, outcome.later) == (1, 1, 1)
        for row in (earlier, route):
            row.refresh_from_db()
        assert (earlier.months.upper, route.first_month) == (SEPTEMBER, SEPTEMBER)

    def test_the_open_month_of_the_other_policy_does_not_count(
        self, person: Person, officer: User, leader: User
    ) -> None:
        route = enter(officer, person)
        open_month(actor=make.user(), month=AUGUST, policies=["NCC"])
        assert confirm_routes(actor=leader, route_ids=[route.pk]).later == 0
        route.refresh_from_db()
        assert route.first_month == AUGUST


@pytest.mark.parametrize("policies", [1, 2])
def test_queries_are_few(person: Person, officer: User, policies: int, django_assert_max_num_queries: Any) -> None:
    make.entitlement(person, "NCC-3.1")
    chosen = ("NCC", "BTXH")[:policies]
    with django_assert_max_num_queries(20 + 2 * policies):
        enter_routes(actor=officer, person_id=person.pk, plan=plan(policies=chosen))


def test_the_month_before_stays_with_the_earlier_route(person: Person, officer: User, leader: User) -> None:
    earlier = make.route(person, confirmed_by=make.user())
    route = enter(officer, person)
    confirm_routes(actor=leader, route_ids=[route.pk])
    july = PayoutRoute.objects.confirmed().current_in(months.add(AUGUST, -1)).get(person=person)
    assert july == earlier
