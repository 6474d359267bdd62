"""Grants at a death: which, how much and from where the law says so; and their way to a decision."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from beneficiaries.models import Category, Person, Rate
from payments.effects import granting, law
from payments.effects.granting import Claim
from payments.effects.refusal import Refused
from payments.models import Grant
from tests import factories as make
from tests.beneficiaries.changes import flow
from tests.payments.effects import scenes

pytestmark = pytest.mark.django_db

DIED = datetime.date(2024, 7, 10)
BEFORE_THE_RAISE = datetime.date(2024, 6, 28)
CLAIM = Claim("Phạm Văn Con", "con", "051080001234", "Mẫu 04 ngày 15/07/2024; giấy chứng tử số 31")


def grants(person: Person) -> dict[str, tuple[int, str]]:
    rows = Grant.objects.filter(person=person).select_related("category")
    return {row.category.code: (row.amount, row.state) for row in rows}


def dead(*categories: str, died_on: datetime.date = DIED) -> Person:
    person = make.person(birth="1940")
    for category in categories:
        make.entitlement(person, category, start=datetime.date(2023, 1, 1))
    scenes.death(person, died_on)
    return person


# --- what the law gives -------------------------------------------------------------------------------------------


def test_twenty_times_the_base_rate_for_people_on_social_allowance() -> None:
    """Khoản 1, 2 Điều 11 NĐ 20/2021, base rate 500.000 đ from 01/7/2024."""
    person = dead("BTXH-5C")
    assert grants(person) == {"MTP-BTXH": (10_000_000, "open")}
    grant = Grant.objects.get(person=person)
    assert grant.basis.startswith("20 × mức chuẩn trợ giúp xã hội 500.000 đ, mức từ 01/07/2024")
    assert grant.change == person.changes.get(kind="stop")
    assert grant.died_on == DIED


def test_the_rate_is_that_of_the_month_of_death() -> None:
    """A death of June has the base rate of 360.000 đ, however late it becomes known."""
    assert grants(dead("BTXH-5C", died_on=BEFORE_THE_RAISE)) == {"MTP-BTXH": (7_200_000, "open")}


def test_ten_base_salaries_and_three_months_for_ncc() -> None:
    """Khoản 4 Điều 6 PL 02/2020, khoản 1 Điều 13 NĐ 75/2021: 10 × 2.340.000, not 10 × 2.789.000; khoản 2 Điều 121 NĐ
    131/2021: three months."""
    person = dead("NCC-3.1")
    assert grants(person) == {"NCC-MTP": (23_400_000, "open"), "NCC-TC1L-3T": (3 * 2_789_000, "open")}
    grant = Grant.objects.get(person=person, category__code="NCC-MTP")
    assert grant.basis.startswith("10 × lương cơ sở 2.340.000 đ, mức từ 01/07/2024")


def test_ncc_who_died_before_july_2024_has_the_older_levels() -> None:
    assert grants(dead("NCC-3.1", died_on=BEFORE_THE_RAISE)) == {
        "NCC-MTP": (18_000_000, "open"),
        "NCC-TC1L-3T": (3 * 2_055_000, "open"),
    }


def test_three_months_are_of_everything_received_but_the_attendants_allowance() -> None:
    """Khoản 2 Điều 121 NĐ 131/2021; allowances of NCC add up (khoản 3 Điều 6 PL 02/2020)."""
    person = dead("NCC-8.1D", "NCC-8.1P1", "NCC-8.1S1")
    own = Rate.objects.get(category__code="NCC-8.1D", valid_from=scenes.JULY).amount
    extra = Rate.objects.get(category__code="NCC-8.1P1", valid_from=scenes.JULY).amount
    assert grants(person)["NCC-TC1L-3T"][0] == 3 * (own + extra)


def test_an_attendants_allowance_alone_gives_nothing() -> None:
    assert grants(dead("NCC-8.1S1")) == {}


def test_a_carers_allowance_alone_gives_no_funeral_grant() -> None:
    """Khoản 1 Điều 11 NĐ 20/2021: people on monthly trợ cấp xã hội."""
    person = make.person(birth="1960")
    make.entitlement(person, "CSND-2C", dependants=1)
    scenes.death(person, DIED)
    assert grants(person) == {}


def test_of_two_funeral_grants_only_the_higher_is_opened_and_the_other_says_why() -> None:
    """Khoản 2 Điều 11 NĐ 20/2021: several texts, only the highest."""
    person = dead("BTXH-6A", "NCC-10.2")
    found = grants(person)
    assert found["NCC-MTP"] == (23_400_000, "open")
    assert found["MTP-BTXH"] == (10_000_000, "declined")
    assert (
        "chỉ hưởng một mức cao nhất (khoản 2 Điều 11"
        in Grant.objects.get(person=person, category__code="MTP-BTXH").reason
    )


def test_the_first_policy_decided_opens_the_grants_of_both_and_the_second_none_again() -> None:
    person = make.person(birth="1940")
    make.entitlement(person, "BTXH-6A")
    make.entitlement(person, "NCC-10.2")
    scenes.death(person, DIED, policy="BTXH")
    before = grants(person)
    assert set(before) == {"MTP-BTXH", "NCC-MTP", "NCC-TC1L-3T"}
    waiting = person.changes.get(kind="stop", policy="NCC")
    flow.decided(waiting)
    assert grants(person) == before


def test_a_stop_for_another_reason_opens_nothing() -> None:
    person, benefit = scenes.beneficiary()
    change = make.proposal(person, kind="stop", entitlement=benefit, effective_month=scenes.AUGUST, proposal={})
    flow.decided(change)
    assert grants(person) == {}


def test_a_benefit_that_ended_before_the_death_gives_nothing() -> None:
    person = make.person(birth="1940")
    make.entitlement(person, "BTXH-5C", before=datetime.date(2024, 7, 1))
    make.entitlement(person, "NCC-10.2")
    scenes.death(person, DIED)
    assert set(grants(person)) == {"NCC-MTP", "NCC-TC1L-3T"}


def test_a_death_before_any_known_rate_opens_nothing_and_fails_nothing() -> None:
    assert grants(dead("BTXH-5C", died_on=datetime.date(2024, 7, 1)))["MTP-BTXH"][0] == 10_000_000
    Rate.objects.filter(category=Category.objects.get(code="MTP-BTXH")).delete()
    assert grants(dead("BTXH-5C")) == {}


def test_the_same_death_twice_is_one_grant() -> None:
    person = dead("BTXH-5C")
    before = Entry.objects.count()
    scenes.apply_again(list(person.changes.filter(kind="stop")))
    assert grants(person) == {"MTP-BTXH": (10_000_000, "open")}
    assert Entry.objects.count() == before


def test_a_wrong_death_takes_its_grant_back_and_a_right_one_opens_it_again() -> None:
    person, benefit = scenes.beneficiary()
    scenes.death(person, DIED)
    scenes.not_dead_after_all(person, benefit)
    grant = Grant.objects.get(person=person)
    assert (grant.state, grant.reason) == ("declined", "Sổ không còn ghi người này đã chết.")
    scenes.death(person, BEFORE_THE_RAISE)
    grant.refresh_from_db()
    assert (grant.state, grant.amount, grant.died_on) == ("open", 7_200_000, BEFORE_THE_RAISE)


def test_terms_of_working_days_leave_out_weekends() -> None:
    """Điều 12 NĐ 20/2021: two working days after a Friday end on Tuesday."""
    friday = datetime.date(2024, 7, 19)
    assert law.after_working_days(friday, 2) == datetime.date(2024, 7, 23)
    assert law.after_working_days(datetime.date(2024, 7, 22), 3) == datetime.date(2024, 7, 25)


# --- from the commune to the decision ------------------------------------------------------------------------------


def opened(category: str = "MTP-BTXH") -> Grant:
    person = make.person(died_on=DIED)
    grant: Grant = make.grant(person, category)
    return grant


def proposed(grant: Grant, by: User | None = None) -> Grant:
    assert granting.propose_grant(actor=by or flow.officer(), grant_id=grant.pk, claim=CLAIM)
    return grant


def appraised(grant: Grant, by: User | None = None) -> Grant:
    assert granting.appraise_grant(actor=by or flow.phong(), grant_id=proposed(grant).pk)
    return grant


def decide(grant: Grant, by: User, number: str = "125/QĐ-UBND") -> bool:
    return granting.decide_grant(actor=by, grant_id=grant.pk, number=number, date=flow.TODAY)


def test_three_people_bring_a_grant_to_its_decision() -> None:
    grant = appraised(opened())
    assert decide(grant, flow.chairman())
    grant.refresh_from_db()
    assert (grant.state, grant.decision_number, grant.receiver_name) == ("decided", "125/QĐ-UBND", "Phạm Văn Con")
    assert not hasattr(grant, "line")
    actions = Entry.objects.filter(table="payments_grant", row_id=grant.pk).order_by("pk")
    assert [entry.action for entry in actions] == [
        "đề nghị trợ cấp khi chết",
        "thẩm định trợ cấp khi chết",
        "quyết định trợ cấp khi chết",
    ]


def test_repeating_a_step_changes_nothing() -> None:
    grant, officer, phong, chairman = opened(), flow.officer(), flow.phong(), flow.chairman()
    assert granting.propose_grant(actor=officer, grant_id=grant.pk, claim=CLAIM)
    assert not granting.propose_grant(actor=officer, grant_id=grant.pk, claim=CLAIM)
    assert granting.appraise_grant(actor=phong, grant_id=grant.pk)
    assert not granting.appraise_grant(actor=phong, grant_id=grant.pk)
    assert decide(grant, chairman)
    assert not decide(grant, chairman)
    with pytest.raises(Refused):
        decide(grant, chairman, number="126/QĐ-UBND")


def test_a_grant_of_ncc_is_the_sos_decision_recorded_by_another_person_of_the_phong() -> None:
    """Mẫu 74, Điều 122 to 124 NĐ 131/2021: the district does not decide."""
    phong = flow.phong()
    grant = appraised(opened("NCC-MTP"), by=phong)
    with pytest.raises(Refused, match="NCC do Sở"):
        decide(grant, flow.chairman())
    with pytest.raises(Refused, match="người khác"):
        decide(grant, phong)
    assert decide(grant, flow.phong(), number="88/QĐ-SLĐTBXH")


def test_btxh_is_the_chairmans() -> None:
    grant = appraised(opened())
    with pytest.raises(Refused, match="Chủ tịch"):
        decide(grant, flow.phong())


def test_the_database_wants_three_people_too() -> None:
    grant, user = opened(), flow.phong()
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.filter(pk=grant.pk).update(proposed_by=user, appraised_by=user)


@pytest.mark.parametrize("field", ["receiver_name", "receiver_relation", "receiver_cccd", "evidence"])
def test_nothing_may_be_missing_when_a_grant_is_proposed(field: str) -> None:
    grant = opened()
    words = {name: getattr(CLAIM, name) for name in CLAIM.__dataclass_fields__} | {field: "  "}
    with pytest.raises(Refused) as refusal:
        granting.propose_grant(actor=flow.officer(), grant_id=grant.pk, claim=Claim(**words))
    assert set(refusal.value.errors) == {field}


@pytest.mark.parametrize("number", ["12345", "own"])
def test_the_receivers_card_is_a_card_and_not_that_of_the_dead(number: str) -> None:
    grant = opened()
    cccd = grant.person.cccd if number == "own" else number
    with pytest.raises(Refused) as refusal:
        granting.propose_grant(actor=flow.officer(), grant_id=grant.pk, claim=Claim("Con", "con", cccd, "Mẫu 04"))
    assert set(refusal.value.errors) == {"receiver_cccd"}


def test_the_phong_gives_back_with_a_reason_and_the_commune_sends_again() -> None:
    grant, phong = proposed(opened()), flow.phong()
    with pytest.raises(Refused):
        granting.return_grant(actor=phong, grant_id=grant.pk, reason=" ")
    assert granting.return_grant(actor=phong, grant_id=grant.pk, reason="Thiếu giấy chứng tử")
    grant.refresh_from_db()
    assert (grant.state, grant.reason, grant.proposed_by) == ("open", "Thiếu giấy chứng tử", None)
    assert not granting.return_grant(actor=phong, grant_id=grant.pk, reason="Thiếu giấy chứng tử")
    proposed(grant)
    grant.refresh_from_db()
    assert (grant.state, grant.reason) == ("proposed", "")


def test_what_is_declined_says_why_and_may_be_opened_again() -> None:
    grant, phong = proposed(opened()), flow.phong()
    assert granting.decline_grant(actor=phong, grant_id=grant.pk, reason="Không ai lo mai táng")
    assert not granting.decline_grant(actor=phong, grant_id=grant.pk, reason="Không ai lo mai táng")
    with pytest.raises(Refused):
        proposed(grant)
    assert granting.reopen_grant(actor=phong, grant_id=grant.pk, reason="Có người nhận")
    grant.refresh_from_db()
    assert grant.state == "open"


def test_a_second_funeral_grant_waits_until_the_first_is_declined() -> None:
    person = dead("BTXH-6A", "NCC-10.2")
    other = Grant.objects.get(person=person, category__code="MTP-BTXH")
    merit = Grant.objects.get(person=person, category__code="NCC-MTP")
    with pytest.raises(Refused, match="chỉ hưởng một mức cao nhất"):
        granting.reopen_grant(actor=flow.phong(), grant_id=other.pk, reason="Chọn BTXH")
    granting.decline_grant(actor=flow.phong(), grant_id=merit.pk, reason="Sở không giải quyết")
    assert granting.reopen_grant(actor=flow.phong(), grant_id=other.pk, reason="NCC không hưởng")


def test_a_decision_is_neither_ahead_nor_before_the_death() -> None:
    grant, chairman = appraised(opened()), flow.chairman()
    for day in (datetime.date(2024, 7, 23), datetime.date(2024, 7, 9)):
        with pytest.raises(Refused) as refusal:
            granting.decide_grant(actor=chairman, grant_id=grant.pk, number="1", date=day)
        assert set(refusal.value.errors) == {"date"}


def test_another_commune_does_not_know_the_grant_and_others_may_not() -> None:
    grant = opened()
    stranger = make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))
    with pytest.raises(Grant.DoesNotExist):
        granting.propose_grant(actor=stranger, grant_id=grant.pk, claim=CLAIM)
    for role in (Role.COMMUNE_LEADER, Role.POLICE, Role.PAYER, Role.ADMIN):
        with pytest.raises(PermissionDenied):
            granting.propose_grant(actor=make.user(role), grant_id=grant.pk, claim=CLAIM)
