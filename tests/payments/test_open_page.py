"""The page before a month is opened: what it would make, by kind of line, with the ledger; two months for Tết."""

from typing import Any

import pytest
from django.urls import reverse

from beneficiaries.models import Person
from payments import planning
from payments.models import PaymentLine, Period
from payments.opening import open_month
from tests.payments import rows
from tests.payments.rows import AUGUST

pytestmark = pytest.mark.django_db
URL = "/chi-tra/mo-thang/2024-08/"


def page(**query: str) -> Any:
    return rows.signed_in(rows.officer()).get(URL, query)


def test_the_page_says_what_each_kind_of_line_comes_to_and_makes_nothing() -> None:
    answer = page()
    planned = {one.policy: one for one in answer.context["planned"]}
    assert not Period.objects.filter(month=AUGUST).exists()
    opened = open_month(actor=rows.officer(), month=AUGUST)
    for policy, plan in planned.items():
        lines = PaymentLine.objects.filter(payment__payment_list__period__month=AUGUST, policy=policy)
        made = {kind.kind: (kind.lines, kind.amount) for kind in plan.kinds}
        for kind in PaymentLine.Kind.values:
            amounts = list(lines.filter(kind=kind).values_list("amount", flat=True))
            assert made[kind] == (len(amounts), sum(amounts))
        # July was locked before the rates of 01/7/2024 were signed; what did not arrive is carried on.
        assert made["arrears"][0] > 0
        assert made["carry_over"][0] > 0
        ((ledger),) = plan.ledgers
        assert [label for label, _ in ledger.sides] == ["Đầu kỳ", "Tăng", "Giảm", "Cuối kỳ"]
        assert ledger.sides[3][1].amount == made["regular"][1]
    assert sum(plan.amount for plan in planned.values()) == opened.amount


def test_two_months_are_offered_for_merit_alone_with_the_article() -> None:
    answer = page()
    assert "?gop=1" in answer.text
    assert "Điều 8 Thông tư 44/2022/TT-BTC" in answer.text
    both = page(gop="1")
    planned = {one.policy: one for one in both.context["planned"]}
    assert planned["NCC"].with_next and not planned["BTXH"].with_next
    assert [one.month.month for one in planned["NCC"].ledgers] == [8, 9]
    alone = {one.policy: one for one in answer.context["planned"]}
    assert planned["NCC"].kinds[0].lines == 2 * alone["NCC"].kinds[0].lines
    assert planned["BTXH"].amount == alone["BTXH"].amount
    assert not Period.objects.filter(month=AUGUST).exists()


def test_two_months_are_opened_when_asked_for() -> None:
    client = rows.signed_in(rows.officer())
    assert client.post(URL, {"gop": "1"}).headers["Location"] == f"{reverse('payments:board')}?thang=2024-08"
    assert dict(Period.objects.filter(month=AUGUST).values_list("policy", "with_next")) == {"NCC": True, "BTXH": False}
    after = client.get(URL)
    assert after.context["all_open"]
    assert "?gop=1" not in after.text
    again = client.post(URL, {"gop": "1"}, follow=True)
    assert "không thay đổi gì" in again.text


def test_a_register_in_which_nobody_is_due_is_said_before_it_is_opened() -> None:
    Person.objects.update(died_on="2023-12-01")
    answer = page()
    assert "chưa có ai được hưởng" in answer.text


def test_a_policy_that_is_open_is_left_as_it_is() -> None:
    open_month(actor=rows.officer(), month=AUGUST, policies=["NCC"])
    planned = {one.policy: one.already_open for one in page().context["planned"]}
    assert planned == {"NCC": True, "BTXH": False}
    assert "?gop=1" not in page().text


def test_a_month_too_far_ahead_is_refused_with_the_way_back() -> None:
    client = rows.signed_in(rows.officer())
    answer = client.get("/chi-tra/mo-thang/2024-09/", {"gop": "1"})
    assert "8/2024" in answer.context["refusal"]
    assert client.post("/chi-tra/mo-thang/2024-09/", {"gop": "1"}).headers["Location"].endswith("?gop=1")


def test_looking_keeps_nothing() -> None:
    before = PaymentLine.objects.count()
    planning.plan_month(actor=rows.officer(), month=AUGUST, with_next=True)
    assert PaymentLine.objects.count() == before
