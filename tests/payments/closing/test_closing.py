"""Closing a month: everything approved is accounted for to the đồng, or the month stays open and says why."""

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from payments import services as results
from payments import states
from payments.closing import balance, missing_results, services
from payments.closing.services import ClosingRefused, close_month
from payments.models import BudgetReturn, ListEvent, Payment, PaymentList, Period
from payments.results.rules import NewResult, ResultRefused
from tests import factories as make
from tests.payments import rows
from tests.payments.closing.months import MONTH, NEXT, carry, give, payments, two_communes
from tests.racing import together

pytestmark = pytest.mark.django_db
BTXH = ["BTXH"]


def close(actor: User | None = None, **fields: Any) -> services.Closed:
    wanted: dict[str, Any] = {"month": MONTH, "policies": BTXH} | fields
    return close_month(actor=actor or rows.officer(), **wanted)


def refused(**fields: Any) -> str:
    with pytest.raises(ClosingRefused) as caught:
        close(**fields)
    return "\n".join(caught.value.reasons)


def every_kind() -> list[Payment]:
    """By account, in cash, carried on and returned to the budget."""
    by_account, *rest = payments(4, by_account=True)
    in_cash, carried, returned = rest
    give(by_account, "paid_account")
    give(in_cash, "paid_cash")
    give(carried, "returned", reason="closed")
    carry(carried)
    give(returned, "not_collected", reason="deceased")
    line = returned.lines.get()
    services.return_to_budget(actor=rows.officer(), reasons={line.pk: "Người hưởng đã chết"})
    return [by_account, in_cash, carried, returned]


def test_what_was_approved_is_the_sum_of_what_became_of_it() -> None:
    made = every_kind()
    done = close()
    assert (done.closed, done.already_closed) == (("BTXH",), ())
    assert [figure for _, _, figure in done.balance.shown()] == [
        balance.Figure(4, 4 * 360_000),
        *[balance.Figure(1, 360_000)] * 4,
        *[balance.Figure()] * 2,
    ]
    assert done.balance.is_even
    row = made[0].payment_list
    row.refresh_from_db()
    row.period.refresh_from_db()
    assert (row.state, row.period.state) == (PaymentList.State.CLOSED, Period.State.CLOSED)
    assert ListEvent.objects.filter(payment_list=row, step="khoa-so").count() == 1
    entry = Entry.objects.get(action="khóa sổ tháng chi trả")
    assert entry.details["Đã duyệt"] == {"payments": 4, "amount": 1_440_000}


def test_closing_twice_is_once() -> None:
    every_kind()
    close()
    events, entries = ListEvent.objects.count(), Entry.objects.count()
    again = close()
    assert (again.closed, again.already_closed) == ((), ("BTXH",))
    assert again.balance.approved.payments == 4
    assert (ListEvent.objects.count(), Entry.objects.count()) == (events, entries)


def test_a_payment_without_a_result_keeps_the_month_open_and_names_the_payer() -> None:
    first, _ = payments(2)
    give(first, "paid_cash")
    assert "1 khoản chưa có kết quả của Bưu điện" in refused()
    (missing,) = [one for one in missing_results(MONTH) if one.policy == "BTXH"]
    assert (missing.payer_code, missing.payments, missing.amount) == ("BUUDIEN", 1, 360_000)


def test_every_reason_is_named_at_once() -> None:
    first, second = two_communes()
    give(first, "not_collected")
    rows.payment_list(month=MONTH, commune=make.commune("21538"))
    Period.objects.create(
        policy="BTXH",
        month="2023-09-01",
        opened_by=User.objects.system(),
        opened_at=timezone.now(),
    )
    said = refused()
    for part in ("Xã Ba Xa chưa giao", "chưa có kết quả", "chưa khóa sổ", "1 khoản chưa chi (360.000 đ)"):
        assert part in said
    assert second.payment_list.state == PaymentList.State.HANDED_OVER


def test_why_an_unpaid_line_waits_is_said() -> None:
    (payment,) = payments()
    give(payment, "not_collected")
    assert Period.objects.filter(policy="BTXH", month__gt=MONTH).exists()
    assert "kết quả ghi sau khi đã mở tháng sau" in refused()
    line = payment.lines.get()
    assert line.entitlement is not None
    make.suspension(line.entitlement, MONTH)
    assert "đang tạm dừng hưởng" in refused()


def test_a_month_that_no_later_one_follows_says_to_open_it() -> None:
    july = balance.read_balance(list(Period.objects.filter(month=rows.JULY, policy="NCC")))
    said = " ".join(obstacle.text for obstacle in balance.obstacles(july))
    assert "chưa mở tháng sau" in said


def test_one_policy_that_cannot_close_holds_the_other_one_back() -> None:
    every_kind()
    payments(1, policy="NCC")
    assert "NCC: 1 khoản chưa có kết quả" in refused(policies=None)
    assert Period.objects.get(policy="BTXH", month=MONTH).state == Period.State.OPEN


def test_a_month_that_was_never_opened_is_not_closed() -> None:
    assert "chưa mở" in refused(month=NEXT.replace(year=2022))


@pytest.mark.parametrize("role", [Role.DISTRICT_LEADER, Role.CHAIRMAN, Role.COMMUNE_OFFICER, Role.PAYER, Role.ADMIN])
def test_other_roles_do_not_close(role: str) -> None:
    every_kind()
    with pytest.raises(PermissionDenied):
        close(actor=make.user(role))


def test_a_closed_month_never_changes() -> None:
    made = every_kind()
    close()
    with pytest.raises(ResultRefused, match="đã khóa"):
        results.record_result(
            actor=rows.officer(),
            payment_id=made[1].pk,
            new=NewResult("not_collected"),
            why="x",
            seen=results.result_version(made[1]),
        )
    row = made[0].payment_list
    outcome = states.hand_over(actor=rows.officer(), list_ids=[row.pk])
    assert "đã khóa sổ" in outcome.refused[0].reason
    for change in (
        lambda: Period.objects.filter(pk=row.period_id).update(state="open"),
        lambda: PaymentList.objects.filter(pk=row.pk).update(state="handed_over"),
        lambda: Payment.objects.filter(pk=made[1].pk).update(result_note="x"),
        lambda: BudgetReturn.objects.filter(line__payment=made[3]).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_what_was_carried_from_a_closed_month_stays_accounted_for() -> None:
    _, _, carried, _ = every_kind()
    close()
    with pytest.raises(IntegrityError, match="carried on or returned"), transaction.atomic():
        carried.lines.get().carried_to.delete()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_account_costs_one_query_for_few_and_for_many() -> None:
    first = payments(1)
    give(first[0], "paid_cash")
    period = list(Period.objects.filter(policy="BTXH", month=MONTH))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            balance.obstacles(balance.read_balance(period))
        return len(captured)

    few = queries()
    payments(8, commune=make.commune(make.BA_TO_TOWN))
    assert queries() == few


def test_months_that_can_be_closed_are_found() -> None:
    every_kind()
    assert ("BTXH", MONTH) in balance.closable_months()
    payments(1, commune=make.commune(make.BA_TO_TOWN))
    assert ("BTXH", MONTH) not in balance.closable_months()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_at_once_one_does() -> None:
    every_kind()
    actors = [rows.officer(), rows.officer()]
    done = together(*(lambda actor=actor: close(actor) for actor in actors))
    assert sorted(one.closed for one in done) == [(), ("BTXH",)]
    assert Entry.objects.filter(action="khóa sổ tháng chi trả").count() == 1


# --- pages ---------------------------------------------------------------------------------------------------------


def test_the_page_shows_the_account_and_closes_the_month() -> None:
    every_kind()
    client = rows.signed_in(rows.officer())
    url = reverse("payments:closing", args=["2023-10"])
    page = client.get(url)
    assert "Mọi khoản đã rõ" in page.text
    assert "1.440.000 đ" in page.text
    done = client.post(url, {"policy": "BTXH"}, follow=True)
    assert "Đã khóa sổ tháng 10/2023: BTXH." in done.text
    assert "đã khóa từ trước" in client.post(url, {"policy": "BTXH"}, follow=True).text


def test_the_page_names_what_keeps_the_month_open() -> None:
    payments(1)
    client = rows.signed_in(rows.officer())
    url = reverse("payments:closing", args=["2023-10"])
    assert "1 khoản chưa có kết quả" in client.get(url).text
    assert "Chưa khóa được" in client.post(url, {"policy": "BTXH"}, follow=True).text
    assert Period.objects.get(policy="BTXH", month=MONTH).state == Period.State.OPEN


def test_who_only_looks_gets_no_button_and_cannot_close() -> None:
    every_kind()
    client = rows.signed_in(make.user(Role.CHAIRMAN))
    url = reverse("payments:closing", args=["2023-10"])
    assert "data-confirm" not in client.get(url).text
    assert client.post(url, {"policy": "BTXH"}).status_code == 403


@pytest.mark.parametrize("part", list(balance.PARTS))
def test_each_number_opens_its_names(part: str) -> None:
    made = every_kind()
    unknown = payments(1, commune=make.commune(make.BA_TO_TOWN))[0]
    client = rows.signed_in(rows.officer())
    shown = client.get(reverse("payments:closing_names", args=["2023-10", "BTXH", part])).context["payments"]
    expected = {
        "approved": {one.pk for one in [*made, unknown]},
        "paid_account": {made[0].pk},
        "paid_cash": {made[1].pk},
        "carried_over": {made[2].pk},
        "returned_to_budget": {made[3].pk},
        "no_result": {unknown.pk},
        "unpaid": set(),
    }[part]
    assert {row.pk for row in shown} == expected
    in_town = client.get(reverse("payments:closing_names", args=["2023-10", "BTXH", part]), {"xa": make.BA_TO_TOWN})
    assert {row.pk for row in in_town.context["payments"]} == expected & {unknown.pk}


# --- the command ---------------------------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = 0
    try:
        call_command("close_month", "2023-10", *options)
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_command_says_what_it_closed(capsys: pytest.CaptureFixture[str]) -> None:
    every_kind()
    one = {"payments": 1, "amount": 360_000}
    code, out, _ = run(capsys, "--policy", "BTXH", "--json")
    expected = {
        "month": "2023-10",
        "closed": ["BTXH"],
        "already_closed": [],
        "approved": {"payments": 4, "amount": 1_440_000},
        "paid_account": one,
        "paid_cash": one,
        "carried_over": one,
        "returned_to_budget": one,
    }
    assert (code, json.loads(out)) == (0, expected)
    code, out, _ = run(capsys, "--policy", "BTXH", "--json")
    assert (code, json.loads(out)) == (0, expected | {"closed": [], "already_closed": ["BTXH"]})
    assert Period.objects.get(policy="BTXH", month=MONTH).closed_by == User.objects.system()


def test_the_command_refuses_with_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    payments(1)
    code, out, err = run(capsys, "--policy", "BTXH", "--json")
    said = json.loads(out)
    assert (code, said["month"], len(said["refused"])) == (1, "2023-10", 1)
    assert said["refused"][0] in err
    code, out, err = run(capsys, "--policy", "BTXH")
    assert (code, out) == (1, "")
    assert "chưa có kết quả" in err


def test_a_month_that_is_none_is_wrong_usage() -> None:
    with pytest.raises(CommandError) as caught:
        call_command("close_month", "thang-bay")
    assert caught.value.returncode == 2
