"""What the roll-up keeps besides the counts: the people, both policies together, why there is no account, and the time
from which nothing of it moves any more."""

import datetime
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.jobs.models import Job
from batosocial.lib import clock
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import PayoutRoute, Person
from payments.models import Payment, PaymentList
from reporting import counting, figures, recomputing, rollup, tasks
from reporting.models import BOTH, CashlessFigure, ClassThreshold, DataChange, Target
from reporting.people import Measure, list_people
from tests import factories
from tests.reporting import rows
from tests.reporting.rows import AFTER, BEFORE, MONTH

pytestmark = pytest.mark.django_db
JULY = datetime.date(2024, 7, 1)


@pytest.fixture
def place() -> Unit:
    return rows.commune(rows.district())


@pytest.fixture
def officer(place: Unit) -> User:
    assert place.parent
    return rows.officer(place.parent)


def roll_up(month: datetime.date = MONTH) -> None:
    rollup.roll_up(actor=User.objects.system(), month=month)


def pay_by_account(made: PaymentList, someone: Person) -> Payment:
    return rows.pay(made, someone, route=rows.account_route(someone, policy=made.period.policy))


# --- each person once ---------------------------------------------------------------------------------------------


def test_whoever_is_in_both_policies_counts_in_each_and_once_in_the_total(place: Unit, officer: User) -> None:
    merit, aid = (rows.payment_list(place, policy=policy) for policy in ("NCC", "BTXH"))
    both, only = rows.person(place, "A"), rows.person(place, "B")
    paid = [pay_by_account(merit, both), pay_by_account(aid, only)]
    rows.pay(aid, both)
    for made in (merit, aid):
        rows.hand_over(made)
    for payment in paid:
        rows.record(payment, Payment.Result.PAID_ACCOUNT)
    roll_up()
    shown = figures.read_month(officer, MONTH)
    assert [shown.total(policy).due for policy in ("NCC", "BTXH")] == [1, 2]
    # With cash left in one policy, somebody still stands in the queue.
    total = shown.total()
    assert (total.due, total.with_account, total.paid_by_account) == (2, 1, 1)
    assert total.money_due == 3 * 360_000
    assert total.money_by_account == 2 * 360_000
    for measure in (Measure.DUE, Measure.WITH_ACCOUNT, Measure.PAID_BY_ACCOUNT):
        assert list_people(officer, month=MONTH, measure=measure).count() == getattr(total, measure)


@pytest.mark.parametrize("closed", ["", "NCC", "BTXH"])
def test_reasons_of_both_policies_count_a_person_once(place: Unit, officer: User, closed: str) -> None:
    merit, aid = (rows.payment_list(place, policy=policy) for policy in ("NCC", "BTXH"))
    both, half = rows.person(place, "A"), rows.person(place, "B")
    for made, reason in ((merit, "frail"), (aid, "away")):
        Payment.objects.filter(pk=rows.pay(made, both).pk).update(cash_reason=reason)
    pay_by_account(merit, half)
    Payment.objects.filter(pk=rows.pay(aid, half).pk).update(cash_reason="away")
    roll_up()
    if closed:
        rows.close(policy=closed)
        roll_up()
    shown = figures.read_month(officer, MONTH)
    assert (shown.reasons("NCC"), shown.reasons("BTXH")) == ({"frail": 1}, {"away": 2})
    assert shown.reasons() == {"frail": 1, "away": 1}
    for reason, number in shown.reasons().items():
        found = list_people(officer, month=MONTH, measure=Measure.WITHOUT_ACCOUNT, reason=reason)
        assert found.count() == number


@pytest.mark.parametrize("closed", ["NCC", "BTXH"])
def test_both_together_keep_what_the_closed_policy_counted(place: Unit, officer: User, closed: str) -> None:
    merit, aid = (rows.payment_list(place, policy=policy) for policy in ("NCC", "BTXH"))
    someone, later = rows.person(place, "A"), rows.person(place, "B")
    rows.pay(merit, someone)
    rows.pay(aid, someone)
    roll_up()
    rows.close(policy=closed)
    rows.pay({"NCC": aid, "BTXH": merit}[closed], later)
    rows.pay({"NCC": merit, "BTXH": aid}[closed], rows.person(place, "C"))
    roll_up()
    shown = figures.read_month(officer, MONTH)
    assert (shown.total(closed).due, shown.total().due) == (1, 2)
    assert list_people(officer, month=MONTH, measure=Measure.DUE).count() == 2


def test_in_two_communes_the_later_payment_says_where_somebody_counts() -> None:
    upper = rows.district()
    old, new = rows.commune(upper), rows.commune(upper)
    someone = rows.person(new)
    rows.pay(rows.payment_list(old, policy="NCC"), someone)
    rows.pay(rows.payment_list(new), someone)
    roll_up()
    officer = rows.officer(upper)
    assert {row.unit: row.counts.due for row in figures.read_month(officer, MONTH).both} == {old: 0, new: 1}
    for unit, number in ((old, 0), (new, 1)):
        assert list_people(officer, month=MONTH, measure=Measure.DUE, commune_id=unit.pk).count() == number


# --- why there is no account, and through whom it is paid -----------------------------------------------------------


def test_reasons_and_accounts_add_up_to_the_counts_and_open_their_people(place: Unit, officer: User) -> None:
    made = rows.payment_list(place)
    frail, away, unknown, able = (rows.person(place, name) for name in "ABCD")
    for someone, reason in ((frail, "frail"), (away, "away")):
        Payment.objects.filter(pk=rows.pay(made, someone).pk).update(cash_reason=reason)
    rows.pay(made, unknown)
    pay_by_account(made, able)
    roll_up()
    (row,) = figures.read_month(officer, MONTH).of("BTXH")
    assert row.reasons == {"frail": 1, "away": 1, "other": 1}
    assert sum(row.reasons.values()) == row.counts.without_account
    assert sum(row.accounts.values()) == row.counts.with_account == 1
    for reason, number in row.reasons.items():
        found = list_people(officer, month=MONTH, measure=Measure.WITHOUT_ACCOUNT, policy="BTXH", reason=reason)
        assert found.count() == number
    for (payer, payee), number in row.accounts.items():
        found = list_people(officer, month=MONTH, measure=Measure.WITH_ACCOUNT, policy="BTXH", payer=payer, payee=payee)
        assert found.count() == number


def test_the_demo_months_reasons_and_accounts_add_up_everywhere() -> None:
    shown = figures.read_month(User.objects.system(), JULY)
    assert len(shown.rows) == 38
    for row in shown.rows:
        assert sum(row.reasons.values()) == row.counts.without_account
        assert sum(row.accounts.values()) == row.counts.with_account
    assert shown.total("BTXH").no_cccd == 1
    assert [row.unit.name for row in shown.rows if row.counts.no_cccd] == ["Ba Xa"]


# --- what stands still ----------------------------------------------------------------------------------------------


def test_a_list_is_as_long_as_its_figure_whatever_changes_since(place: Unit, officer: User) -> None:
    made = rows.payment_list(place)
    someone, other = rows.person(place, "A"), rows.person(place, "B")
    pay_by_account(made, someone)
    dropped = rows.pay(made, other)
    roll_up()
    PayoutRoute.objects.filter(person=someone).update(state="rejected", rejection="Nhầm")
    dropped.lines.all().delete()
    dropped.delete()
    shown = figures.read_month(officer, MONTH).total("BTXH")
    for measure in (Measure.DUE, Measure.WITH_ACCOUNT, Measure.WITHOUT_ACCOUNT):
        assert list_people(officer, month=MONTH, measure=measure).count() == getattr(shown, measure)
    # Whoever's draft payment is gone is still listed, by the register's name.
    listed = list_people(officer, month=MONTH, measure=Measure.DUE).select_related("payment", "person")
    assert sorted(row.name for row in listed) == ["A", "B"]


def test_who_had_no_cccd_and_why_no_account_stays_as_the_month_froze_it(place: Unit, officer: User) -> None:
    made = rows.payment_list(place)
    someone = rows.person(place)
    Payment.objects.filter(pk=rows.pay(made, someone).pk).update(cccd="", cash_reason="no_cccd")
    roll_up()
    someone.cccd_state = "claimed"
    someone.save()
    roll_up()
    (row,) = figures.read_month(officer, MONTH).of("BTXH")
    assert (row.counts.no_cccd, row.reasons) == (1, {"no_cccd": 1})


def test_once_the_month_is_over_accounts_opened_later_are_not_its_own(
    place: Unit, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rows.payment_list(place)
    in_time, too_late = rows.person(place, "A"), rows.person(place, "B")
    for someone in (in_time, too_late):
        rows.pay(made, someone)
    rows.account_route(in_time, start=AFTER)
    roll_up()
    monkeypatch.setattr(clock, "today", lambda: AFTER)
    rows.account_route(too_late, start=AFTER)
    PayoutRoute.objects.filter(person=in_time).update(state="rejected", rejection="Nhầm")
    roll_up()
    listed = list_people(officer, month=MONTH, measure=Measure.PENDING)
    assert [row.person for row in listed] == [in_time]
    assert figures.read_month(officer, MONTH).total().pending == 1


# --- older than the data --------------------------------------------------------------------------------------------


def changes(month: datetime.date = MONTH) -> int:
    return DataChange.objects.filter(month=month).count()


def test_results_lists_and_accounts_make_the_figures_older_than_the_data(place: Unit, officer: User) -> None:
    made = rows.payment_list(place)
    someone = rows.person(place)
    payment = pay_by_account(made, someone)
    rows.hand_over(made)

    def stale_after(change: Any) -> bool:
        roll_up()
        assert not figures.freshness(officer, MONTH).stale
        change()
        return figures.freshness(officer, MONTH).stale

    assert stale_after(lambda: rows.record(payment, Payment.Result.PAID_ACCOUNT))
    assert stale_after(lambda: rows.account_route(rows.person(place), start=AFTER))
    assert stale_after(lambda: PayoutRoute.objects.filter(person=someone).update(state="rejected", rejection="Nhầm"))
    assert stale_after(lambda: rows.pay(rows.payment_list(rows.commune(rows.district())), rows.person(place)))
    # What is not counted makes nothing older.
    assert not stale_after(lambda: factories.route(rows.person(place), account=factories.account(), start=AFTER))
    assert not stale_after(lambda: Payment.objects.filter(pk=payment.pk).update(result_note="Chi tại nhà"))


def test_a_bulk_change_is_noted_once_for_a_month(place: Unit) -> None:
    made = rows.payment_list(place)
    for name in "ABC":
        pay_by_account(made, rows.person(place, name))
    rows.hand_over(made)
    roll_up()
    Payment.objects.filter(payment_list=made).update(
        result="paid_account", recorded_by=User.objects.system(), recorded_at="2031-03-05T00:00Z", paid_on=MONTH
    )
    assert changes() == 1


def test_the_sweep_queues_open_months_whose_data_moved_on(place: Unit) -> None:
    rows.payment_list(place)
    roll_up()
    rows.account_route(rows.person(place), start=AFTER)
    tasks.roll_up_changed()
    assert Job.objects.filter(key="rollup:2031-03", state="queued").count() == 1
    tasks.roll_up_changed()
    assert Job.objects.filter(key="rollup:2031-03", state="queued").count() == 1


# --- a closed month -------------------------------------------------------------------------------------------------


@pytest.fixture
def closed(place: Unit) -> Payment:
    """A closed month whose figures do not know that a payment arrived."""
    made = rows.payment_list(place)
    payment = pay_by_account(made, rows.person(place))
    rows.hand_over(made)
    roll_up()
    rows.close()
    rows.record(payment, Payment.Result.PAID_ACCOUNT)
    return payment


def test_a_recomputation_of_a_closed_month_says_first_what_it_would_change(
    closed: Payment, place: Unit, officer: User
) -> None:
    plan = recomputing.preview_recomputation(actor=officer, month=MONTH)
    assert [(d.unit, d.label, d.before, d.after) for d in plan.differences] == [
        (place.full_name, "Đã chi qua tài khoản", 0, 1),
        (place.full_name, "Số tiền chi qua tài khoản (đồng)", 0, 360_000),
        (place.full_name, "Có tài khoản chưa chi qua", 1, 0),
    ]
    # Nothing of it is written, and the change still stands to be counted.
    assert figures.read_month(officer, MONTH).total().paid_by_account == 0
    assert figures.freshness(officer, MONTH).differs


def test_a_recomputation_needs_its_reason_and_stands_in_the_audit(closed: Payment, officer: User) -> None:
    plan = recomputing.preview_recomputation(actor=officer, month=MONTH)
    with pytest.raises(recomputing.NotDone, match="ghi vì sao"):
        recomputing.recompute_closed_month(actor=officer, month=MONTH, reason=" ", digest=plan.digest)
    recomputing.recompute_closed_month(actor=officer, month=MONTH, reason="Báo muộn", digest=plan.digest)
    assert figures.read_month(officer, MONTH).total().paid_by_account == 1
    entry = Entry.objects.get(action="Tính lại số liệu tháng đã khóa sổ")
    assert (entry.actor, entry.details["reason"], len(entry.details["changes"])) == (officer, "Báo muộn", 3)
    assert not figures.freshness(officer, MONTH).differs


def test_what_changed_since_it_was_shown_is_shown_again(closed: Payment, officer: User) -> None:
    with pytest.raises(recomputing.NotDone, match="vừa thay đổi"):
        recomputing.recompute_closed_month(actor=officer, month=MONTH, reason="Báo muộn", digest="cũ")
    assert figures.read_month(officer, MONTH).total().paid_by_account == 0


def test_the_page_of_a_closed_month_asks_and_keeps_what_was_typed(
    client: Client, closed: Payment, officer: User
) -> None:
    client.force_login(officer)
    address = reverse("reporting:recompute_closed", args=[MONTH])
    page = client.get(address)
    assert "Đã chi qua tài khoản" in page.content.decode()
    refused = client.post(address, {"reason": "Bưu điện báo muộn", "digest": "cũ"})
    assert refused.status_code == 422
    assert "Bưu điện báo muộn" in refused.content.decode()
    done = client.post(address, {"reason": "Bưu điện báo muộn", "digest": page.context["plan"].digest})
    assert done.status_code == 302
    assert figures.read_month(officer, MONTH).total().paid_by_account == 1
    assert "Không có gì thay đổi" in client.get(address).content.decode()


def test_only_the_phong_moves_a_closed_month(closed: Payment, place: Unit) -> None:
    for role in (Role.CHAIRMAN, Role.COMMUNE_OFFICER, Role.ADMIN):
        with pytest.raises(PermissionDenied):
            recomputing.preview_recomputation(actor=factories.user(role, commune=place), month=MONTH)


def test_an_open_month_is_not_asked_about(place: Unit, officer: User) -> None:
    rows.payment_list(place)
    with pytest.raises(recomputing.Refused, match="chưa khóa sổ"):
        recomputing.preview_recomputation(actor=officer, month=MONTH)


# --- the command ----------------------------------------------------------------------------------------------------


def said(*args: str) -> Any:
    out = io.StringIO()
    call_command("figures", "2024-07", *args, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_figures_lists_as_many_people_as_it_counts() -> None:
    numbers = said("--commune", "21538", "--policy", "BTXH")
    assert (numbers["due"], numbers["with_account"], numbers["r1"]) == (130, 7, 0.0)
    for measure in ("due", "with_account", "account_not_paid", "pending", "no_cccd"):
        people = said("--commune", "21538", "--policy", "BTXH", "--people", "--measure", measure)
        assert people["count"] == len(people["people"]) == numbers[measure]
    assert said()["due"] == 3812


def test_figures_prints_names_without_full_numbers() -> None:
    out = io.StringIO()
    call_command("figures", "2024-07", "--commune", "21538", "--policy", "NCC", "--people", stdout=out)
    first, *lines = out.getvalue().strip().splitlines()
    assert first == "Tổng số đối tượng phải chi: 30 người"
    assert len(lines) == 30
    assert all("Xã Ba Xa\tNCC" in line and "•" in line for line in lines)


@pytest.mark.parametrize(
    ("args", "code"),
    [(("2024-13",), 2), (("2024-07", "--commune", "99999"), 2), (("2035-01",), 1)],
)
def test_figures_says_what_is_wrong(args: tuple[str, ...], code: int) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("figures", *args)
    assert refused.value.returncode == code


# --- queries --------------------------------------------------------------------------------------------------------


def test_reading_a_month_is_two_queries_however_many_communes(officer: User) -> None:
    for reader, month in ((officer, MONTH), (User.objects.system(), JULY)):
        with CaptureQueriesContext(connection) as captured:
            figures.read_month(reader, month)
        assert len(captured) == 2


def test_figures_of_both_are_kept_apart() -> None:
    assert CashlessFigure.objects.filter(month=JULY, policy=BOTH).count() == 19
    assert CashlessFigure.objects.of_policies().filter(month=JULY).count() == 38
    assert BEFORE < MONTH


def test_a_figure_says_from_what_it_was_computed(place: Unit) -> None:
    made = rows.payment_list(place)
    payment = rows.pay(made, rows.person(place, "A"))
    rows.pay(made, rows.person(place, "B"))
    rows.hand_over(made)
    rows.record(payment, Payment.Result.PAID_CASH)
    changed = DataChange.objects.filter(month=MONTH).order_by("-at")[0].at
    roll_up()
    source = CashlessFigure.objects.get(unit=place, policy="BTXH", month=MONTH).source
    assert (source["people"], source["with_result"]) == (2, 1)
    assert datetime.datetime.fromisoformat(source["last_change_at"]) == changed


def test_the_codes_of_what_is_stored_cover_every_reason_and_payee() -> None:
    """Places in these lists are stored: a new code needs its place, and the views of migration 0004 its name."""
    assert set(counting.REASONS) == set(PayoutRoute.CashReason.values)
    assert set(counting.PAYEES) == set(Payment.PayeeKind.values)


# --- what judges a closed month -------------------------------------------------------------------------------------


def test_thresholds_and_targets_of_closed_months_stand() -> None:
    """June of the demo is closed: what judges it neither changes nor gets a successor dated before July."""
    early = ClassThreshold(valid_from=datetime.date(2024, 6, 1), high=Decimal(60), average=Decimal(40))
    with pytest.raises(ValidationError, match="01/07/2024"):
        early.full_clean()
    ClassThreshold(valid_from=JULY, high=Decimal(60), average=Decimal(40)).full_clean()
    standing = ClassThreshold.objects.in_force(datetime.date(2024, 6, 30))[0]
    standing.full_clean()
    standing.high = Decimal(70)
    with pytest.raises(ValidationError, match="đã khóa sổ"):
        standing.full_clean()
    with pytest.raises(ValidationError, match="đã khóa sổ"):
        Target(rate="R1", value=Decimal(60), valid_from=datetime.date(2024, 5, 1)).full_clean()
    Target(rate="R1", value=Decimal(60), valid_from=datetime.date(2024, 8, 1)).full_clean()


def test_a_commune_that_has_not_begun_is_not_told_that_the_month_has_just_opened(client: Client) -> None:
    client.force_login(factories.user(Role.COMMUNE_OFFICER, commune=factories.commune("21538")))
    page = client.get(reverse("reporting:dashboard"))
    assert page.context["chosen"] == "2024-07"
    assert "mới mở" not in page.content.decode()


def test_a_month_that_is_not_open_says_so(client: Client) -> None:
    client.force_login(factories.user(Role.CHAIRMAN))
    page = client.get(reverse("reporting:dashboard"), {"thang": "2024-08"})
    assert page.status_code == 404
    assert "Tháng này chưa mở" in page.content.decode()
    with pytest.raises(recomputing.Refused, match="chưa mở"):
        recomputing.preview_recomputation(actor=factories.user(Role.DISTRICT_OFFICER), month=datetime.date(2035, 1, 1))
