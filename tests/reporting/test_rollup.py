import csv
import datetime
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from batosocial.audit.models import Entry
from batosocial.jobs.models import Job
from batosocial.jobs.runner import run_job
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from payments import hooks
from payments.models import Payment, PaymentLine, Period
from reporting import figures, rollup, tasks
from reporting.models import CashlessFigure
from tests import factories
from tests.reporting import rows
from tests.reporting.rows import AFTER, BEFORE, MONTH

pytestmark = pytest.mark.django_db
JULY = datetime.date(2024, 7, 1)
FIGURES = Path(__file__).parents[2] / "batosocial" / "demo" / "data" / "figures_2024_07.csv"


@pytest.fixture
def place() -> Unit:
    return rows.commune(rows.district())


@pytest.fixture
def system() -> User:
    return User.objects.system()


def figure(place: Unit, policy: str = "BTXH", month: datetime.date = MONTH) -> CashlessFigure:
    return CashlessFigure.objects.get(unit=place, policy=policy, month=month)


def counts(place: Unit, policy: str = "BTXH", month: datetime.date = MONTH) -> tuple[int, int, int, int, int]:
    f = figure(place, policy, month)
    return f.due, f.with_account, f.paid_by_account, f.money_due, f.money_by_account


def test_the_demo_month_gives_exactly_the_known_figures(system: User) -> None:
    CashlessFigure.objects.filter(month=JULY).delete()
    assert rollup.roll_up(actor=system, month=JULY).rows == 38
    found = {
        (row.unit.code, row.policy): (
            row.counts.due,
            row.counts.with_account,
            row.counts.paid_by_account,
            row.klass.value,
        )
        for row in figures.read_month(system, JULY).rows
    }
    with FIGURES.open(encoding="utf-8") as file:
        expected = {
            (line["commune_code"], policy.upper()): (
                int(line[f"{policy}_total"]),
                int(line[f"{policy}_with_account"]),
                int(line[f"{policy}_paid_by_account"]),
                line[f"{policy}_class"],
            )
            for line in csv.DictReader(file)
            for policy in ("ncc", "btxh")
        }
    assert len(expected) == 38
    assert found == expected


def test_counts_people_accounts_and_money(place: Unit, system: User) -> None:
    made = rows.payment_list(place)
    by_account, in_cash, unused = (rows.person(place, name) for name in ("A", "B", "C"))
    paid = rows.pay(made, by_account, route=rows.account_route(by_account))
    cash = rows.pay(made, in_cash)
    rows.pay(made, unused, route=rows.account_route(unused))
    rows.hand_over(made)
    rows.record(paid, Payment.Result.PAID_ACCOUNT)
    rows.record(cash, Payment.Result.PAID_CASH)
    rollup.roll_up(actor=system, month=MONTH)
    assert counts(place) == (3, 2, 1, 1_080_000, 360_000)


def test_a_person_with_two_benefits_counts_once_and_all_their_money(place: Unit, system: User) -> None:
    made = rows.payment_list(place, policy="NCC")
    someone = rows.person(place)
    rows.pay(made, someone, lines=[("regular", MONTH, 1_000_000), ("regular", MONTH, 500_000)])
    rollup.roll_up(actor=system, month=MONTH)
    assert counts(place, "NCC") == (1, 0, 0, 1_500_000, 0)


def test_a_person_in_two_lists_of_the_month_counts_once_in_the_later_one(system: User) -> None:
    """Moved: part of March was paid in the old commune's list, part in the new one's."""
    upper = rows.district()
    old, new = rows.commune(upper), rows.commune(upper)
    someone = rows.person(new)
    rows.pay(rows.payment_list(old), someone, lines=[("regular", MONTH, 400_000)])
    rows.pay(rows.payment_list(new), someone, lines=[("regular", MONTH, 300_000)])
    rollup.roll_up(actor=system, month=MONTH)
    assert counts(old) == (0, 0, 0, 0, 0)
    assert counts(new) == (1, 0, 0, 700_000, 0)


@pytest.mark.parametrize("result", [Payment.Result.RETURNED, Payment.Result.NOT_COLLECTED, ""])
def test_money_that_did_not_arrive_is_not_paid(place: Unit, system: User, result: str) -> None:
    made = rows.payment_list(place)
    someone = rows.person(place)
    payment = rows.pay(made, someone, route=rows.account_route(someone))
    rows.hand_over(made)
    if result:
        rows.record(payment, result)
    rollup.roll_up(actor=system, month=MONTH)
    assert counts(place) == (1, 1, 0, 360_000, 0)


def test_carry_over_and_arrears_add_nobody(place: Unit, system: User) -> None:
    earlier = rows.payment_list(place, month=BEFORE)
    someone = rows.person(place)
    missed = rows.pay(earlier, someone)
    rows.hand_over(earlier)
    rows.record(missed, Payment.Result.NOT_COLLECTED)
    made = rows.payment_list(place)
    rows.pay(made, someone, lines=[("carry_over", BEFORE, 360_000), ("arrears", BEFORE, 50_000)], carried_from=missed)
    rollup.roll_up(actor=system, month=MONTH)
    rollup.roll_up(actor=system, month=BEFORE)
    assert counts(place) == (0, 0, 0, 0, 0)
    assert counts(place, month=BEFORE) == (1, 0, 0, 360_000, 0)


def test_the_month_of_the_line_counts_not_that_of_the_list(place: Unit, system: User) -> None:
    """Before Tết one list pays two months."""
    made = rows.payment_list(place)
    rows.payment_list(place, month=AFTER)
    someone = rows.person(place)
    route = rows.account_route(someone)
    payment = rows.pay(made, someone, lines=[("regular", MONTH, 360_000), ("regular", AFTER, 400_000)], route=route)
    rows.hand_over(made)
    rows.record(payment, Payment.Result.PAID_ACCOUNT)
    for month in (MONTH, AFTER):
        rollup.roll_up(actor=system, month=month)
    assert counts(place) == (1, 1, 1, 360_000, 360_000)
    assert counts(place, month=AFTER) == (1, 1, 1, 400_000, 400_000)


def test_accounts_count_only_confirmed_for_the_month_and_policy(place: Unit, system: User) -> None:
    made = rows.payment_list(place)
    later, ended, waiting, other_policy, cash = (rows.person(place, name) for name in "ABCDE")
    rows.account_route(later, start=AFTER)
    rows.account_route(ended, before=MONTH)
    factories.route(waiting, account=factories.account(), start=BEFORE)
    rows.account_route(other_policy, policy="NCC")
    factories.route(cash, start=BEFORE, confirmed_by=factories.user(Role.DISTRICT_OFFICER))
    for someone in (later, ended, waiting, other_policy, cash):
        rows.pay(made, someone)
    rollup.roll_up(actor=system, month=MONTH)
    assert counts(place)[:2] == (5, 0)


def test_a_list_without_anybody_gives_zeros(place: Unit, system: User) -> None:
    rows.payment_list(place)
    rollup.roll_up(actor=system, month=MONTH)
    assert counts(place) == (0, 0, 0, 0, 0)


def test_one_statement_writes_all_figures(place: Unit, system: User) -> None:
    for policy in ("NCC", "BTXH"):
        rows.pay(rows.payment_list(place, policy=policy), rows.person(place))
    with CaptureQueriesContext(connection) as captured:
        rollup.roll_up(actor=system, month=MONTH)
    writes = [q["sql"] for q in captured if "INSERT INTO reporting_cashlessfigure" in q["sql"]]
    assert len(writes) == 1
    others = [q["sql"] for q in captured if "reporting_cashlessfigure" in q["sql"] and q["sql"] not in writes]
    assert others == []
    # Savepoint, period, lock, statement, audit, release: as many for one commune as for a province.
    assert len(captured) <= 6


def test_again_changes_nothing_but_the_time(place: Unit, system: User) -> None:
    rows.pay(rows.payment_list(place), rows.person(place))
    rollup.roll_up(actor=system, month=MONTH)
    first = figure(place)
    rollup.roll_up(actor=system, month=MONTH)
    again = figure(place)
    assert again.pk == first.pk
    assert again.computed_at > first.computed_at
    assert counts(place) == (1, 0, 0, 360_000, 0)


def test_a_month_that_is_closed_does_not_move(place: Unit, system: User) -> None:
    made = rows.payment_list(place)
    someone = rows.person(place)
    payment = rows.pay(made, someone, route=rows.account_route(someone))
    rows.hand_over(made)
    rollup.roll_up(actor=system, month=MONTH)
    rows.close()
    rows.record(payment, Payment.Result.PAID_ACCOUNT)
    before = figure(place)
    done = rollup.roll_up(actor=system, month=MONTH)
    assert done.closed == ("BTXH",)
    assert (counts(place)[2], figure(place).computed_at) == (0, before.computed_at)

    asked = rollup.roll_up(actor=rows.officer(rows.district()), month=MONTH, recompute_closed=True)
    assert asked.closed == ()
    assert counts(place)[2] == 1
    assert Entry.objects.filter(action="Tổng hợp số liệu").latest("pk").details["recompute_closed"] is True


def test_a_closed_month_without_figures_gets_them(place: Unit, system: User) -> None:
    rows.pay(rows.payment_list(place), rows.person(place))
    rows.close()
    rollup.roll_up(actor=system, month=MONTH)
    assert counts(place)[0] == 1


def test_only_the_closed_policy_stands_still(place: Unit, system: User) -> None:
    for policy in ("NCC", "BTXH"):
        rows.payment_list(place, policy=policy)
    rollup.roll_up(actor=system, month=MONTH)
    rows.close(policy="NCC")
    in_lists = {made.period.policy: made for made in place.payment_lists.select_related("period")}
    for policy in ("NCC", "BTXH"):
        rows.pay(in_lists[policy], rows.person(place))
    rollup.roll_up(actor=system, month=MONTH)
    assert counts(place, "NCC")[0] == 0
    assert counts(place, "BTXH")[0] == 1


def test_a_month_that_was_never_opened_is_refused(system: User) -> None:
    with pytest.raises(rollup.RollUpRefused, match="chưa mở"):
        rollup.roll_up(actor=system, month=datetime.date(2035, 1, 1))


def test_who_may_roll_up(place: Unit) -> None:
    rows.payment_list(place)
    for role in (Role.CHAIRMAN, Role.COMMUNE_OFFICER, Role.POLICE, Role.PAYER, Role.ADMIN):
        with pytest.raises(PermissionDenied):
            rollup.ask_roll_up(actor=factories.user(role), month=MONTH)
        with pytest.raises(PermissionDenied):
            rollup.roll_up(actor=factories.user(role), month=MONTH, recompute_closed=True)
    with pytest.raises(PermissionDenied):
        rollup.roll_up(actor=factories.user(Role.POLICE), month=MONTH)


def test_every_roll_up_stands_in_the_audit(place: Unit, system: User) -> None:
    rows.payment_list(place)
    rollup.roll_up(actor=system, month=MONTH)
    entry = Entry.objects.filter(action="Tổng hợp số liệu").latest("pk")
    assert entry.actor == system
    assert entry.details == {
        "month": "2031-03",
        "rows": 1,
        "policies": ["BTXH"],
        "closed_kept": [],
        "recompute_closed": False,
    }


def test_changed_results_queue_one_job_for_a_month(place: Unit) -> None:
    rows.payment_list(place)
    officer = rows.officer(rows.district())
    for _ in range(2):
        hooks.results_changed(months={MONTH}, actor=officer)
    jobs = Job.objects.filter(key="rollup:2031-03")
    assert [(job.kind, job.owner, job.args) for job in jobs] == [("reporting.roll_up", officer, {"month": "2031-03"})]


def test_the_job_rolls_up_and_says_so(place: Unit) -> None:
    rows.pay(rows.payment_list(place), rows.person(place))

    class Running:
        """What a job function sees: the real one needs a committed row."""

        id = 4711
        owner = rows.officer(rows.district())
        message = ""
        steps: list[tuple[int, int, str]] = []

        def progress(self, done: int, total: int, step: str = "") -> None:
            self.steps.append((done, total, step))

    running: Any = Running()
    tasks.roll_up(running, month="2031-03")
    assert counts(place)[0] == 1
    assert running.message == "Đã tổng hợp 1 dòng số liệu tháng 3/2031."
    assert [step[:2] for step in running.steps] == [(0, 1), (1, 1)]
    assert Entry.objects.filter(action="Tổng hợp số liệu").latest("pk").job_id == 4711


def test_beat_queues_every_open_month(place: Unit) -> None:
    rows.payment_list(place)
    rows.payment_list(place, month=AFTER)
    rows.close(AFTER)
    tasks.roll_up_nightly()
    queued = set(Job.objects.filter(kind="reporting.roll_up", state="queued").values_list("key", flat=True))
    open_months = Period.objects.filter(state="open").values_list("month", flat=True)
    assert queued >= {"rollup:2031-03", "rollup:2024-07"}
    assert queued == {f"rollup:{month:%Y-%m}" for month in open_months}


@pytest.mark.django_db(transaction=True)
def test_two_at_once_wait_for_each_other() -> None:
    """The second begins only when the first is written, and sees what changed in between."""
    place = rows.commune(rows.district())
    made = rows.payment_list(place)
    rows.pay(made, rows.person(place))
    system = User.objects.system()
    finished = threading.Event()

    def second() -> None:
        try:
            rollup.roll_up(actor=system, month=MONTH)
            finished.set()
        finally:
            connection.close()

    with transaction.atomic():
        rollup.roll_up(actor=system, month=MONTH)
        rows.pay(made, rows.person(place))
        other = threading.Thread(target=second)
        other.start()
        assert not finished.wait(0.7)
    other.join(10)
    assert finished.is_set()
    assert counts(place)[0] == 2


@pytest.mark.django_db(transaction=True)
def test_a_job_that_waits_does_not_start_before_the_results_are_there() -> None:
    """The roll-up queued by an earlier change is used for the next one too, so it must not run in between."""
    place = rows.commune(rows.district())
    made = rows.payment_list(place)
    officer = rows.officer(rows.district())
    job = rollup.queue_roll_up(actor=officer, month=MONTH)
    started = threading.Event()

    def work() -> None:
        try:
            run_job(job.pk)
            started.set()
        finally:
            connection.close()

    with transaction.atomic():
        rows.pay(made, rows.person(place))
        hooks.results_changed(months={MONTH}, actor=officer)
        worker = threading.Thread(target=work)
        worker.start()
        assert not started.wait(0.7)
    worker.join(20)
    job.refresh_from_db()
    assert (job.state, job.message) == ("done", "Đã tổng hợp 1 dòng số liệu tháng 3/2031.")
    assert counts(place)[0] == 1


def test_line_kinds_are_known() -> None:
    """A new kind of line must be decided on here: does it make somebody due?"""
    assert set(PaymentLine.Kind.values) == {"regular", "arrears", "carry_over", "one_off"}
