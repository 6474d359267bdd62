"""Lists, ledgers and what is owed, over the day on which units merge."""

import datetime
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from batosocial.mergers import services
from batosocial.staff.models import Role, User
from batosocial.territory.models import unit_by_code
from beneficiaries.models import Person
from payments import ledger
from payments.closing.services import close_month
from payments.ledger.breaks import breaks_of
from payments.ledger.differences import differences_of
from payments.ledger.names import names_behind
from payments.ledger.verify import verify_ledger
from payments.models import Ledger, Payment, PaymentList
from payments.opening import OpeningRefused, open_month, remake_list
from payments.papers import list_rows
from payments.results.rules import NewResult
from payments.services import record_result, result_version
from tests import factories as make
from tests.mergers import files
from tests.mergers.files import DAY
from tests.payments import cycle
from tests.payments.cycle import AUGUST, JULY, SEPTEMBER

pytestmark = pytest.mark.django_db

Frozen = dict[tuple[str, int], tuple[int, str, str]]


def _frozen(month: datetime.date) -> Frozen:
    """What each person gets, and how, whatever list it stands in."""
    rows = Payment.objects.filter(payment_list__period__month=month).values_list(
        "payment_list__period__policy", "person", "total", "planned_channel", "account_number"
    )
    return {(policy, person): (total, channel, number) for policy, person, total, channel, number in rows}


def _sides(month: datetime.date) -> Any:
    return {policy: ledger.totals(month, [policy]) for policy in ("NCC", "BTXH")}


def _without_merger() -> tuple[Frozen, Any]:
    """August as it would be on the old units."""
    with transaction.atomic():
        open_month(actor=make.user(), month=AUGUST)
        found = _frozen(AUGUST), _sides(AUGUST)
        transaction.set_rollback(True)
    return found


def _planned(settings: Any) -> None:
    files.store()


def _applied(settings: Any) -> None:
    settings.BUSINESS_DATE = DAY
    files.store()


def _applied_after_opening(settings: Any) -> None:
    merger = files.store()
    open_month(actor=make.user(), month=AUGUST)
    settings.BUSINESS_DATE = DAY
    services.apply_merger(actor=User.objects.system(), merger_id=merger.pk)


WAYS = pytest.mark.parametrize("way", [_planned, _applied, _applied_after_opening])


@WAYS
def test_the_first_month_pays_everybody_as_the_old_units_would(way: Callable[[Any], None], settings: Any) -> None:
    frozen, sides = _without_merger()
    way(settings)
    open_month(actor=make.user(), month=AUGUST)
    assert _frozen(AUGUST) == frozen
    assert _sides(AUGUST) == sides
    lists = PaymentList.objects.filter(period__month=AUGUST)
    assert Counter(lists.values_list("period__policy", flat=True)) == {"NCC": 8, "BTXH": 8}
    assert {row.commune.valid_from for row in lists.select_related("commune")} == {DAY}


@WAYS
def test_its_ledger_opens_from_the_sum_of_the_last_lists(way: Callable[[Any], None], settings: Any) -> None:
    july = list(Ledger.objects.filter(month=JULY, policy="BTXH", commune__code__in=["21484", "21511", "21526"]))
    way(settings)
    open_month(actor=make.user(), month=AUGUST)
    row = Ledger.objects.get(month=AUGUST, policy="BTXH", commune__code="21484")
    for measure in ("people", "entitlements", "amount"):
        assert getattr(row, f"opening_{measure}") == sum(getattr(old, f"closing_{measure}") for old in july)
    assert verify_ledger().problems == []
    lists = list(PaymentList.objects.filter(period__month=AUGUST).values_list("pk", flat=True))
    assert breaks_of(lists) == {}


def test_nobody_comes_or_goes_because_units_merged(settings: Any) -> None:
    files.store()
    open_month(actor=make.user(), month=AUGUST)
    rows = list(PaymentList.objects.filter(period__month=AUGUST, period__policy="BTXH").select_related("period"))
    found = differences_of("BTXH", AUGUST, [row.commune_id for row in rows])
    assert {one.cause for one in found} & {"moved_in", "moved_out", "unexplained", "start", "stop"} == set()
    town = next(row for row in rows if row.commune_name == "Xã Ba Tơ")
    payments = town.payments.select_related("provider").prefetch_related("lines__category").order_by("position")
    assert not any("chuyển từ" in row.note for row in list_rows(town, payments, for_payer=False))
    assert len(names_behind("BTXH", AUGUST, town.commune_id, "opening", "people")) == (
        Ledger.objects.get(policy="BTXH", month=AUGUST, commune=town.commune_id).opening_people
    )


@WAYS
def test_what_was_not_collected_goes_on_and_the_old_month_closes(way: Callable[[Any], None], settings: Any) -> None:
    unpaid = set(Payment.objects.filter(result__in=Payment.UNPAID).values_list("person", flat=True))
    assert unpaid
    way(settings)
    open_month(actor=make.user(), month=AUGUST)
    carried = Payment.objects.filter(payment_list__period__month=AUGUST, lines__kind="carry_over")
    assert set(carried.values_list("person", flat=True)) == unpaid
    closed = close_month(actor=make.user(Role.DISTRICT_OFFICER), month=JULY)
    assert set(closed.closed) == {"NCC", "BTXH"}


def test_a_late_result_for_an_old_list_is_recorded(settings: Any) -> None:
    files.store()
    july = Payment.objects.filter(payment_list__period__month=JULY, payment_list__commune__code="21511")
    payment = july.filter(result="paid_account").order_by("pk")[0]
    Payment.objects.filter(pk=payment.pk).update(result="", paid_on=None, recorded_by=None, recorded_at=None)
    settings.BUSINESS_DATE = DAY
    services.apply_due(actor=User.objects.system())
    payment.refresh_from_db()
    new = NewResult("paid_account", paid_on=datetime.date(2024, 7, 20))
    officer = User.objects.get(username="phong")
    assert record_result(actor=officer, payment_id=payment.pk, new=new, seen=result_version(payment))
    payment.refresh_from_db()
    assert payment.result == "paid_account"
    assert verify_ledger().problems == []


def test_months_go_on_in_the_new_unit(settings: Any) -> None:
    cycle.empty_district()
    cung, bich = (make.person(name, commune=make.commune(code)) for name, code in (("A", "21511"), ("B", "21526")))
    for person in (cung, bich):
        cycle.granted(person, start=JULY)
    merger = files.store(day=SEPTEMBER)
    cycle.open_next(AUGUST, settings)
    assert cycle.payment(cung, AUGUST).payment_list.commune_name == "Xã Ba Cung"
    cycle.hand_over(AUGUST)
    cycle.record(cycle.payment(cung, AUGUST), "not_collected")
    cycle.record(cycle.payment(bich, AUGUST))
    cycle.open_next(SEPTEMBER, settings)
    assert cycle.payment(cung, SEPTEMBER).payment_list.commune_name == "Xã Ba Tơ"
    assert {kind for kind, *_ in cycle.lines(cung, SEPTEMBER)} == {"carry_over", "regular"}
    settings.BUSINESS_DATE = SEPTEMBER
    services.apply_merger(actor=User.objects.system(), merger_id=merger.pk)
    cycle.pay_everybody(SEPTEMBER)
    cycle.open_next(cycle.OCTOBER, settings)
    october = cycle.payment(cung, cycle.OCTOBER)
    assert october.payment_list.commune_name == "Xã Ba Tơ"
    assert verify_ledger().problems == []
    row = Ledger.objects.get(policy="BTXH", month=cycle.OCTOBER, commune=october.payment_list.commune_id)
    assert (row.opening_people, row.increase_people, row.decrease_people) == (2, 0, 0)


def test_a_draft_of_before_is_made_anew_with_the_same_people(settings: Any) -> None:
    open_month(actor=make.user(), month=AUGUST)
    before = _frozen(AUGUST)
    settings.BUSINESS_DATE = SEPTEMBER
    files.store(day=SEPTEMBER)
    # Nobody knows from which of the old units this one came: the one with the new unit's code has them.
    late = make.person("Phạm Thị Mới", commune=unit_by_code("21484", SEPTEMBER))
    cycle.granted(late, start=AUGUST)
    row = PaymentList.objects.get(period__month=AUGUST, period__policy="BTXH", commune__code="21511")
    remake_list(actor=User.objects.get(username="cb21511"), list_id=row.pk)
    assert _frozen(AUGUST) == before
    row = PaymentList.objects.get(period__month=AUGUST, period__policy="BTXH", commune__code="21484")
    remake_list(actor=User.objects.get(username="phong"), list_id=row.pk)
    after = _frozen(AUGUST)
    assert after.pop(("BTXH", late.pk))
    assert after.keys() == before.keys()
    assert verify_ledger().problems == []


def test_two_months_are_not_paid_at_once_over_a_merger(settings: Any) -> None:
    files.store(day=SEPTEMBER)
    with pytest.raises(OpeningRefused, match="sáp nhập"):
        open_month(actor=make.user(), month=AUGUST, policies=["NCC"], with_next=True)


def test_a_merger_with_an_opened_month_is_not_cancelled() -> None:
    merger = files.store()
    open_month(actor=make.user(), month=AUGUST)
    with pytest.raises(services.MergerRefused, match="đã mở theo các đơn vị mới"):
        services.cancel_merger(actor=User.objects.system(), merger_id=merger.pk)


def test_the_coming_units_list_is_before_the_officers_of_the_old_ones() -> None:
    files.store()
    open_month(actor=make.user(), month=AUGUST)
    row = PaymentList.objects.get(period__month=AUGUST, period__policy="NCC", commune__code="21484")
    assert PaymentList.objects.visible_to(User.objects.get(username="ld21511")).filter(pk=row.pk).exists()
    assert not PaymentList.objects.visible_to(User.objects.get(username="ld21538")).filter(pk=row.pk).exists()
    assert PaymentList.objects.visible_to(User.objects.get(username="phong")).filter(pk=row.pk).exists()


def test_the_upper_unit_of_before_opens_the_first_month_of_a_new_one() -> None:
    files.store(upper="51")
    open_month(actor=make.user(), month=AUGUST)
    lists = PaymentList.objects.filter(period__month=AUGUST)
    assert PaymentList.objects.visible_to(User.objects.get(username="phong")).filter(pk__in=lists).count() == 16


def test_opening_costs_the_same_with_and_without_a_merger(settings: Any) -> None:
    with transaction.atomic():
        with CaptureQueriesContext(connection) as few:
            open_month(actor=make.user(), month=AUGUST)
        transaction.set_rollback(True)
    files.store()
    with CaptureQueriesContext(connection) as many:
        open_month(actor=make.user(), month=AUGUST)
    assert len(many) <= len(few)
    assert Person.objects.exists()
