"""From a receivable to the last đồng of it: decisions, receipts, their corrections, and what was waived."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from batosocial.audit.models import Entry
from batosocial.staff.models import Role
from payments.effects import recovering
from payments.effects.claims import claim_overpaid
from payments.effects.refusal import Refused
from payments.models import Receipt, Receivable
from payments.owed import overpaid
from tests import factories as make
from tests.beneficiaries.changes import flow
from tests.payments import rows
from tests.payments.effects import scenes
from tests.payments.rows import State

pytestmark = pytest.mark.django_db
DAY = datetime.date(2024, 7, 22)


def overpaid_person(policy: str = "BTXH") -> Any:
    """A receivable of 500.000 đ for August, found by a death."""
    person, benefit = scenes.beneficiary("BTXH-5C" if policy == "BTXH" else "NCC-10.2")
    scenes.record(scenes.paid_list(State.HANDED_OVER, [benefit]))
    scenes.death(person)
    return Receivable.objects.get(person=person)


def decided(row: Receivable) -> Receivable:
    decider = flow.chairman() if row.policy == "BTXH" else flow.phong()
    outcome = recovering.decide_receivables(actor=decider, receivable_ids=[row.pk], number="9/QĐ", date=DAY)
    assert outcome.done == [row]
    row.refresh_from_db()
    return row


def receive(row: Receivable, amount: int, reference: str = "PT01", **fields: Any) -> Receipt:
    said: dict[str, Any] = {"actor": rows.officer(), "received_on": DAY} | fields
    return recovering.record_receipt(receivable_id=row.pk, amount=amount, reference=reference, **said)


def state(row: Receivable) -> str:
    row.refresh_from_db()
    return row.state


def test_only_a_decision_asks_for_money() -> None:
    row = overpaid_person()
    with pytest.raises(Refused, match="chưa có quyết định"):
        receive(row, 100_000)
    receive(decided(row), 100_000)
    assert state(row) == "decided"


def test_receipts_come_one_by_one_until_everything_is_back() -> None:
    row = decided(overpaid_person())
    receive(row, 200_000)
    receive(row, 300_000, "PT02")
    assert state(row) == "recovered"
    with pytest.raises(Refused, match="đã thu hồi đủ"):
        receive(row, 1, "PT03")


def test_never_more_than_is_owed_and_no_reference_twice() -> None:
    row = decided(overpaid_person())
    receive(row, 400_000)
    with pytest.raises(Refused) as refusal:
        receive(row, 100_001, "PT02")
    assert "Chỉ còn phải thu 100.000 đ" in refusal.value.errors["amount"]
    with pytest.raises(Refused) as refusal:
        receive(row, 50_000, "pt01 ")
    assert "mỗi chứng từ chỉ ghi một lần" in refusal.value.errors["reference"]
    with pytest.raises(Refused) as refusal:
        receive(row, 0, "", received_on=datetime.date(2024, 7, 23))
    assert set(refusal.value.errors) == {"amount", "reference", "received_on"}
    with pytest.raises(Refused) as refusal:
        receive(row, 1_000, "PT02", received_on=datetime.date(2024, 7, 9))
    assert "trước ngày đã chi (10/07/2024)" in refusal.value.errors["received_on"]


def test_a_receipt_is_corrected_with_its_reason_and_the_audit_keeps_both() -> None:
    row = decided(overpaid_person())
    receipt = receive(row, 500_000)
    assert state(row) == "recovered"
    officer = rows.officer()
    new: dict[str, Any] = {"amount": 450_000, "received_on": DAY, "reference": "PT01"}
    with pytest.raises(Refused) as refusal:
        recovering.correct_receipt(actor=officer, receipt_id=receipt.pk, why=" ", **new)
    assert set(refusal.value.errors) == {"why"}
    assert recovering.correct_receipt(actor=officer, receipt_id=receipt.pk, why="Gõ nhầm", **new)
    assert not recovering.correct_receipt(actor=officer, receipt_id=receipt.pk, why="Gõ nhầm", **new)
    assert state(row) == "decided"
    entry = Entry.objects.get(action="sửa khoản thu hồi")
    assert entry.changes == {"amount": [500_000, 450_000]}
    assert entry.details == {"vì sao": "Gõ nhầm"}
    with pytest.raises(Refused):
        recovering.correct_receipt(actor=officer, receipt_id=receipt.pk, why="x", **(new | {"amount": 500_001}))


def test_a_receipt_of_somebody_else_is_taken_out() -> None:
    row = decided(overpaid_person())
    receipt = receive(row, 500_000)
    recovering.remove_receipt(actor=rows.officer(), receipt_id=receipt.pk, why="Của người khác")
    assert (state(row), row.receipts.count()) == ("decided", 0)
    assert Entry.objects.get(action="bỏ khoản thu hồi").changes["amount"] == [500_000, None]


def test_btxh_is_decided_by_the_chairman_ncc_by_the_so_through_the_phong() -> None:
    """Điều 15 TT 44/2022/TT-BTC: back by decision of whoever decides the benefit."""
    social, merit = overpaid_person(), overpaid_person("NCC")
    ids = [social.pk, merit.pk]
    outcome = recovering.decide_receivables(actor=flow.chairman(), receivable_ids=ids, number="9/QĐ", date=DAY)
    assert (outcome.done, [row for row, _ in outcome.refused]) == ([social], [merit])
    outcome = recovering.decide_receivables(actor=flow.phong(), receivable_ids=ids, number="8/QĐ-SLĐTBXH", date=DAY)
    assert (outcome.done, outcome.unchanged) == ([merit], [social])


def test_what_is_waived_is_not_found_again() -> None:
    row = overpaid_person()
    chairman = flow.chairman()
    new: dict[str, Any] = {"number": "10/QĐ", "date": DAY, "reason": "Gia đình đặc biệt khó khăn"}
    assert recovering.waive_receivable(actor=chairman, receivable_id=row.pk, **new)
    assert not recovering.waive_receivable(actor=chairman, receivable_id=row.pk, **new)
    assert state(row) == "waived"
    assert overpaid([row.person_id]) == []
    claim_overpaid(actor=chairman, person_ids=[row.person_id])
    assert Receivable.objects.count() == 1


def test_what_came_back_is_not_claimed_again() -> None:
    row = decided(overpaid_person())
    receive(row, 200_000)
    done = claim_overpaid(actor=rows.officer(), person_ids=[row.person_id])
    assert (done.made, done.changed, done.cancelled) == ([], [], [])


def test_a_decision_that_lost_its_ground_is_mended_by_another() -> None:
    person, benefit = scenes.beneficiary()
    scenes.record(scenes.paid_list(State.HANDED_OVER, [benefit]))
    scenes.death(person)
    row = decided(Receivable.objects.get(person=person))
    chairman = flow.chairman()
    new: dict[str, Any] = {"number": "11/QĐ", "date": DAY, "reason": "Đính chính ngày chết"}
    assert recovering.reduce_receivable(actor=chairman, receivable_id=row.pk, **new) == 0
    scenes.not_dead_after_all(person, benefit)
    assert recovering.reduce_receivable(actor=chairman, receivable_id=row.pk, **new) == 500_000
    assert (state(row), row.decision_number) == ("cancelled", "11/QĐ")


def test_scope_and_roles() -> None:
    row = decided(overpaid_person())
    for role in (Role.COMMUNE_OFFICER, Role.CHAIRMAN, Role.PAYER, Role.POLICE):
        with pytest.raises(PermissionDenied):
            receive(row, 1_000, actor=make.user(role))
    with pytest.raises(PermissionDenied):
        recovering.decide_receivables(
            actor=make.user(Role.COMMUNE_LEADER), receivable_ids=[row.pk], number="1", date=DAY
        )
    with pytest.raises(Receivable.DoesNotExist):
        recovering.decide_receivables(actor=flow.chairman(), receivable_ids=[row.pk, 0], number="1", date=DAY)
