"""A new benefit: proposed with its papers, paid only once decided (DESIGN section 4)."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from batosocial.audit.models import Entry
from batosocial.staff.models import Role
from beneficiaries.changes.proposal import Paper
from beneficiaries.changes.services import ProposalRefused, propose_start
from beneficiaries.models import Change, Entitlement, Person
from payments.models import PaymentLine
from payments.opening import open_month
from tests import factories as make
from tests.beneficiaries.changes import flow

pytestmark = pytest.mark.django_db
AUGUST = make.NEXT_MONTH


@pytest.fixture
def person() -> Person:
    return make.person("Phạm Thị Đề", birth="1955")


def errors_of(person: Person, category: str = "BTXH-5A1", **fields: Any) -> dict[str, str]:
    with pytest.raises(ProposalRefused) as refusal:
        flow.start(person, category, **fields)
    return refusal.value.errors


def test_nothing_is_paid_before_the_decision_and_everything_after(person: Person) -> None:
    change = flow.appraised(flow.start(person))
    assert not person.entitlements.exists()
    flow.decided(change)
    row = person.entitlements.get()
    assert (row.category.code, row.months.lower, row.months.upper) == ("BTXH-5A1", make.THIS_MONTH, None)
    assert row.granted_by == change
    open_month(actor=flow.phong(), month=AUGUST)
    assert PaymentLine.objects.get(entitlement=row, month=AUGUST).amount == 750_000


def test_the_list_of_a_month_does_not_hold_what_is_only_appraised(person: Person) -> None:
    flow.appraised(flow.start(person))
    open_month(actor=flow.phong(), month=AUGUST)
    assert not PaymentLine.objects.filter(payment__person=person).exists()


def test_a_benefit_from_the_month_of_signing_follows_the_decisions_date(person: Person) -> None:
    """đ.đ k1 Điều 8 NĐ 20/2021."""
    paper = Paper("Tờ khai mẫu 1d", "", datetime.date(2024, 6, 3))
    change = flow.decided(flow.start(person, paper=paper), date=datetime.date(2024, 6, 28))
    assert change.effective_month == datetime.date(2024, 6, 1)
    assert person.entitlements.get().months.lower == datetime.date(2024, 6, 1)


def test_the_aged_of_5c_are_owed_from_their_80th_birthday_whenever_it_is_decided() -> None:
    """đ.đ k1 Điều 8 NĐ 20/2021: so that months before the decision become arrears."""
    person = make.person(birth="10/02/1944")
    change = flow.decided(flow.start(person, "BTXH-5C", confirmed=False))
    assert change.effective_month == datetime.date(2024, 2, 1)


def test_the_disabled_need_the_date_of_their_certificate(person: Person) -> None:
    """đ.đ k1 Điều 8 NĐ 20/2021: from the month of the certificate."""
    assert "paper_date" in errors_of(person, "BTXH-6C", paper=Paper("Giấy xác nhận khuyết tật"))
    paper = Paper("Giấy xác nhận khuyết tật", "7", datetime.date(2024, 5, 20))
    assert flow.start(person, "BTXH-6C", paper=paper).effective_month == datetime.date(2024, 5, 1)


def test_another_month_than_the_laws_needs_words(person: Person) -> None:
    assert "note" in errors_of(person, month=AUGUST)
    change = flow.decided(flow.start(person, month=AUGUST, note="Theo biên bản Hội đồng"))
    assert change.effective_month == AUGUST


def test_the_decision_may_name_another_month(person: Person) -> None:
    change = flow.decided(flow.start(person, "NCC-9"), month=datetime.date(2024, 9, 1))
    assert change.effective_month == datetime.date(2024, 9, 1)
    assert change.authority == "department"


def test_level_amount_and_dependants_are_asked_where_the_amount_rests_on_them(person: Person) -> None:
    """Điều 6, Điều 20 NĐ 20/2021; Phụ lục II NĐ 77/2024; QĐ 142/2008."""
    assert "level" in errors_of(person, "NCC-6.1TB")
    assert "level" in errors_of(person, "NCC-6.1TB", level=20)
    assert "own_amount" in errors_of(person, "KC-QD142")
    assert "dependants" in errors_of(person, "BTXH-4")
    flow.start(person, "NCC-6.1TB", level=61)
    flow.start(person, "KC-QD142", own_amount=2_116_000)
    flow.start(person, "BTXH-4", dependants=[flow.child()])


def test_dependants_come_with_their_birth_dates(person: Person) -> None:
    children = [flow.child("Phạm Thị Lan", 2015), flow.child("Phạm Văn Hùng", 2018)]
    flow.decided(flow.start(person, "BTXH-4", dependants=children))
    row = person.entitlements.get()
    assert list(row.dependants.values_list("name", "birth_year")) == [("Phạm Thị Lan", 2015), ("Phạm Văn Hùng", 2018)]
    open_month(actor=flow.phong(), month=AUGUST)
    assert PaymentLine.objects.get(entitlement=row, month=AUGUST).amount == 1_000_000


def test_an_own_amount_elsewhere_is_not_kept(person: Person) -> None:
    flow.decided(flow.start(person, own_amount=9_000_000))
    assert person.entitlements.get().own_amount is None


def test_an_age_that_does_not_fit_is_a_warning_that_somebody_confirms() -> None:
    """Điều 5 NĐ 20/2021; birth dates may be known by their year only."""
    young = make.person(birth="1980")
    assert set(errors_of(young, confirmed=False)) == {"confirmed"}
    assert flow.start(young, confirmed=True).pk


def test_a_childs_age_is_looked_at_too(person: Person) -> None:
    """Khoản 4 Điều 5 NĐ 20/2021."""
    assert set(errors_of(person, "BTXH-4", dependants=[flow.child(year=1999)], confirmed=False)) == {"confirmed"}


def test_the_same_benefit_twice_is_an_error_running_or_proposed(person: Person) -> None:
    flow.start(person)
    assert "đang chờ thẩm định" in errors_of(person)["category"]
    other = make.person(birth="1955")
    make.entitlement(other, "BTXH-5A1")
    assert "Người này đã hưởng BTXH-5A1" in errors_of(other)[""]


def test_the_dead_receive_nothing_new(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(died_on=datetime.date(2024, 6, 3))
    assert "chết ngày 03/06/2024" in errors_of(person)[""]


def test_papers_are_asked_for_and_not_from_the_future(person: Person) -> None:
    assert "paper_kind" in errors_of(person, paper=Paper())
    assert "paper_date" in errors_of(person, paper=Paper("Tờ khai", "", datetime.date(2024, 7, 23)))


def test_one_off_benefits_are_not_monthly_ones(person: Person) -> None:
    assert "category" in errors_of(person, "MTP-BTXH")


def test_a_month_before_any_known_rate_is_refused(person: Person) -> None:
    assert "month" in errors_of(person, month=datetime.date(2020, 1, 1), note="?")


@pytest.mark.parametrize("role", sorted(set(Role.values) - {Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER}))
def test_other_roles_propose_nothing(person: Person, role: str) -> None:
    with pytest.raises(PermissionDenied):
        propose_start(actor=make.user(role), person_id=person.pk, category="BTXH-5A1")


def test_a_foreign_commune_does_not_know_the_person(person: Person) -> None:
    foreign = make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))
    with pytest.raises(Person.DoesNotExist):
        flow.start(person, by=foreign)


def test_confidential_groups_are_proposed_by_those_who_may_see_them(person: Person) -> None:
    """đ.b k1 Điều 8 NĐ 20/2021."""
    assert "category" in errors_of(person, "BTXH-8")
    seeing = make.user(Role.COMMUNE_OFFICER, sees_confidential=True)
    change = flow.start(person, "BTXH-8", by=seeing)
    assert not [entry for entry in Entry.objects.filter(row_id=change.pk) if "BTXH-8" in str(entry.changes)]


def test_every_step_stands_in_the_audit(person: Person) -> None:
    change = flow.decided(flow.start(person))
    row = person.entitlements.get()
    steps = Entry.objects.filter(table="beneficiaries_change", row_id=change.pk).order_by("pk")
    assert [(entry.action, entry.changes["state"]) for entry in steps] == [
        ("Đề nghị tăng", [None, "proposed"]),
        ("Thẩm định biến động", ["proposed", "appraised"]),
        ("Quyết định biến động", ["appraised", "applied"]),
    ]
    entered = Entry.objects.get(table="beneficiaries_entitlement", row_id=row.pk)
    assert entered.changes["category"] == [None, "BTXH-5A1"]
    assert entered.changes["months"] == [None, "từ tháng 7/2024"]


def test_a_proposal_by_list_that_leaves_much_out_can_be_decided(person: Person) -> None:
    """What a commune's list brings has category and level, and no papers."""
    change = Change.objects.create(
        kind="start",
        policy="BTXH",
        person=person,
        effective_month=AUGUST,
        proposal={"category": "BTXH-5A1", "level": 0, "own_amount": None, "dependants": []},
        proposed_by=flow.officer(),
    )
    flow.decided(change)
    assert Entitlement.objects.get(person=person).months.lower == AUGUST
