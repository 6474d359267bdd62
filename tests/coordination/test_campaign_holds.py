"""Accounts with an open conflict of a campaign are not confirmed before somebody says how it was settled."""

from typing import Any

import pytest
from django.test import Client

from batosocial.audit.models import Entry
from batosocial.coordination.campaigns import conflicts, taking
from batosocial.coordination.models import Campaign
from batosocial.staff.models import Role, User
from beneficiaries.imports import services
from beneficiaries.models import PayoutRoute, Person
from beneficiaries.payout.confirming import confirm_routes
from tests import factories as make
from tests.coordination import campaign_rows as rows

pytestmark = pytest.mark.django_db

URL = "/doi-tuong/noi-nhan-tien/"


def entered(*people: Person, **cells: Any) -> Campaign:
    """A campaign whose payer has entered an account for each of the people."""
    campaign = rows.campaign()
    rows.named(campaign, *people)
    by = make.user(Role.PAYER, payer="BUUDIEN")
    taking.take_list(actor=by, campaign_id=campaign.pk)
    file = rows.bring(campaign, [rows.line(person, **cells) for person in people], by)
    services.request_entry(actor=by, batch=file.batch, good_rows_only=True)
    rows.run(file)
    return campaign


def route_of(person: Person) -> PayoutRoute:
    return PayoutRoute.objects.get(person=person, account__isnull=False)


def another_name(person: Person) -> Campaign:
    return entered(person, holder_name="NGUYEN VAN KHAC")


def settle(campaign: Campaign) -> None:
    ids = list(campaign.conflicts.waiting().values_list("pk", flat=True))
    conflicts.settle(actor=make.user(), conflict_ids=ids, reason="Đã xem hợp đồng mở tài khoản, đúng người")


def test_one_with_an_open_conflict_is_left_out_of_many_and_named(client: Client) -> None:
    differs, good = rows.without_account("Phạm Văn Bờ"), rows.without_account("Phạm Thị Tốt")
    campaign = another_name(differs)
    entered(good)
    client.force_login(User.objects.get(username="phong"))
    ids = [route_of(person).pk for person in (differs, good)]
    answer = client.post(f"{URL}xac-nhan/", {"chon": ids}, follow=True).content.decode()
    assert (route_of(differs).state, route_of(good).state) == ("entered", "confirmed")
    assert "Đã xác nhận 1 nơi nhận tiền." in answer and "Chưa xác nhận Phạm Văn Bờ." in answer
    there = f'<a href="/phoi-hop/mo-tai-khoan/{campaign.pk}/xung-dot/?trang_thai=cho">'
    assert f"{there}xử lý xung đột trong đợt mở tài khoản trước</a>" in answer
    assert Entry.objects.filter(action="Xác nhận nơi nhận tiền").latest("pk").details["held"] == [ids[0]]


def test_nor_is_it_confirmed_alone_before_it_is_settled() -> None:
    person = rows.without_account()
    campaign = another_name(person)
    leader = make.user(Role.COMMUNE_LEADER)
    outcome = confirm_routes(actor=leader, route_ids=[route_of(person).pk])
    assert (outcome.count, outcome.refused, len(outcome.held)) == (0, [], 1)
    settle(campaign)
    assert confirm_routes(actor=leader, route_ids=[route_of(person).pk]).count == 1


def test_an_account_that_serves_somebody_else_waits_too() -> None:
    person, other = rows.without_account(), rows.without_account("Phạm Thị Khác")
    account = make.account("0999777888555", bin=rows.POST_BIN)
    rows.receives_at(other, account)
    campaign = entered(person, account=account.number)
    assert confirm_routes(actor=make.user(Role.COMMUNE_LEADER), route_ids=[route_of(person).pk]).count == 0
    settle(campaign)
    assert confirm_routes(actor=make.user(Role.COMMUNE_LEADER), route_ids=[route_of(person).pk]).count == 1


def test_the_same_account_entered_by_hand_waits_too() -> None:
    person = rows.without_account()
    campaign = another_name(person)
    route = route_of(person)
    PayoutRoute.objects.filter(pk=route.pk).update(source="")
    assert confirm_routes(actor=make.user(), route_ids=[route.pk]).count == 0
    settle(campaign)
    assert confirm_routes(actor=make.user(), route_ids=[route.pk]).count == 1


def test_the_page_says_it_in_its_row(client: Client) -> None:
    person = rows.without_account("Phạm Văn Bờ")
    campaign = another_name(person)
    client.force_login(User.objects.get(username="phong"))
    page = client.get(URL).content.decode()
    assert "Còn xung đột chưa xử lý trong đợt “Đợt thử”" in page
    settle(campaign)
    assert "Còn xung đột chưa xử lý" not in client.get(URL).content.decode()


def test_a_fixed_number_of_queries(django_assert_num_queries: Any) -> None:
    for count in (1, 6):
        people = [rows.without_account() for _ in range(count)]
        entered(*people, holder_name="NGUYEN VAN KHAC")
        ids = [route_of(person).pk for person in people]
        by = make.user()
        # Savepoint and its release, people, routes, open month, confirmed routes, open conflicts.
        with django_assert_num_queries(7):
            assert len(confirm_routes(actor=by, route_ids=ids).held) == count
