"""Adjusting, stopping and correcting: ranges end or give way, nothing is deleted."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from batosocial.audit.models import Entry
from batosocial.staff.models import Role
from beneficiaries.changes import services
from beneficiaries.changes.proposal import Paper
from beneficiaries.changes.services import ProposalRefused
from beneficiaries.models import Change, Entitlement, Person
from payments.models import Payment
from payments.opening import open_month
from tests import factories as make
from tests.beneficiaries.changes import flow

pytestmark = pytest.mark.django_db
JULY, AUGUST = make.THIS_MONTH, make.NEXT_MONTH
SEPTEMBER = datetime.date(2024, 9, 1)
DIED = datetime.date(2024, 7, 10)


@pytest.fixture
def person() -> Person:
    return make.person("Phạm Văn Đổi", birth="1944", sex="M")


def adjust(row: Entitlement, category: str = "", month: datetime.date = AUGUST, **fields: Any) -> Change:
    fields.setdefault("paper", flow.PAPER)
    fields.setdefault("confirmed", True)
    return services.propose_adjustment(
        actor=fields.pop("by", None) or flow.officer(),
        entitlement_id=row.pk,
        category=category or row.category.code,
        month=month,
        **fields,
    )


def correct(row: Entitlement, **fields: Any) -> Change:
    fields.setdefault("paper", flow.PAPER)
    fields.setdefault("confirmed", True)
    fields.setdefault("note", "Gõ nhầm")
    return services.propose_correction(actor=flow.officer(), entitlement_id=row.pk, **fields)


def stop(person: Person, **fields: Any) -> list[Change]:
    fields.setdefault("paper", Paper("Trích lục khai tử"))
    return services.propose_stop(actor=flow.officer(), person_id=person.pk, **fields)


def months_of(row: Entitlement) -> tuple[datetime.date, datetime.date | None]:
    row.refresh_from_db()
    return row.months.lower, row.months.upper


class TestAdjust:
    def test_the_old_amount_ends_the_month_before_the_new_one(self, person: Person) -> None:
        """đ.đ k1 Điều 8 NĐ 20/2021: from the month in which the person meets the condition."""
        old = make.entitlement(person, "BTXH-5A1")
        change = flow.decided(adjust(old, "BTXH-5A2"))
        assert months_of(old) == (datetime.date(2024, 1, 1), AUGUST)
        new = person.entitlements.exclude(pk=old.pk).get()
        assert (new.category.code, new.months.lower, new.months.upper) == ("BTXH-5A2", AUGUST, None)
        # Whoever reckons arrears finds what was paid in its place.
        assert old.ended_by == new.granted_by == change
        assert change.reason is not None and change.reason.code == "ND20-8.1.đ"

    def test_another_level_of_the_same_category_follows_without_overlap(self, person: Person) -> None:
        old = make.entitlement(person, "NCC-6.1TB", level=41)
        flow.decided(adjust(old, level=61))
        rows = person.entitlements.order_by("pk").values_list("level", "months")
        assert [(level, months.lower, months.upper) for level, months in rows] == [
            (41, datetime.date(2024, 1, 1), AUGUST),
            (61, AUGUST, None),
        ]

    def test_another_number_of_children_is_another_amount(self, person: Person) -> None:
        """Khoản 4 Điều 5, đ.d k1 Điều 6 NĐ 20/2021: 1,0 for each child."""
        old = make.entitlement(person, "BTXH-4", dependants=2)
        flow.decided(adjust(old, dependants=[flow.child()]))
        open_month(actor=flow.phong(), month=AUGUST)
        assert Payment.objects.get(person=person, payment_list__period__month=AUGUST).total == 500_000

    def test_what_ends_anyway_ends_then_under_its_new_amount_too(self, person: Person) -> None:
        old = make.entitlement(person, "BTXH-5A1", before=datetime.date(2024, 12, 1))
        flow.decided(adjust(old, "BTXH-5A2"))
        assert person.entitlements.get(category__code="BTXH-5A2").months.upper == datetime.date(2024, 12, 1)

    def test_no_change_is_refused(self, person: Person) -> None:
        row = make.entitlement(person, "NCC-6.1TB", level=41)
        with pytest.raises(ProposalRefused, match="Chưa có gì thay đổi"):
            adjust(row, level=41)

    def test_before_the_benefit_began_is_a_correction(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5A1", start=AUGUST)
        with pytest.raises(ProposalRefused, match="Đính chính"):
            adjust(row, "BTXH-5A2", AUGUST)

    def test_a_suspended_benefit_waits_for_its_own_decision(self, person: Person) -> None:
        """Khoản 3 Điều 2 TT 02/2021: resuming is a decision."""
        row = make.entitlement(person, "BTXH-5A1")
        make.suspension(row, JULY)
        with pytest.raises(ProposalRefused, match="đang tạm dừng"):
            adjust(row, "BTXH-5A2")

    def test_into_a_group_that_the_person_has_already(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5A1")
        make.entitlement(person, "BTXH-5C")
        with pytest.raises(ProposalRefused, match="đã hưởng BTXH-5C"):
            adjust(row, "BTXH-5C")

    def test_two_proposals_for_one_benefit_are_one_too_many(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5A1")
        adjust(row, "BTXH-5A2")
        with pytest.raises(ProposalRefused, match="Đã có đề nghị điều chỉnh"):
            adjust(row, "BTXH-5C")

    def test_what_ended_meanwhile_is_refused_when_it_is_decided(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5A1")
        change = flow.appraised(adjust(row, "BTXH-5A2"))
        Entitlement.objects.filter(pk=row.pk).update(months=make.month_range(datetime.date(2024, 1, 1), JULY))
        outcome = services.decide_changes(
            actor=flow.chairman(), change_ids=[change.pk], number=flow.NUMBER, date=flow.TODAY
        )
        assert "đã thôi hưởng" in outcome.refused[0][1]
        change.refresh_from_db()
        assert (change.state, change.decision_number) == ("appraised", "")

    def test_a_confidential_benefit_is_adjusted_by_those_who_may_see_it(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-8")
        with pytest.raises(PermissionDenied):
            adjust(row, "BTXH-5C")
        seeing = make.user(Role.COMMUNE_OFFICER, sees_confidential=True)
        assert adjust(row, "BTXH-5C", by=seeing).pk


class TestStop:
    def test_from_the_month_right_after_the_lost_condition(self, person: Person) -> None:
        """Khoản 2 Điều 8 NĐ 20/2021; đ.b k1 Điều 2 TT 02/2021."""
        row, other = make.entitlement(person, "BTXH-5C"), make.entitlement(person, "NCC-9")
        (change,) = stop(person, entitlement_ids=[row.pk], reason="TT02-2.1.b", happened_on=DIED)
        flow.decided(change)
        assert months_of(row)[1] == AUGUST
        assert months_of(other)[1] is None
        row.refresh_from_db()
        assert row.ended_by == change

    def test_a_death_ends_each_policy_by_its_own_authority(self, person: Person) -> None:
        """Khoản 4 Điều 2 TT 02/2021: the chairman; Điều 122 to 124 NĐ 131/2021: the Sở (Mẫu 72)."""
        social, care, merit = (make.entitlement(person, code) for code in ("BTXH-5C", "CSND-2A1", "NCC-9"))
        changes = {change.policy: change for change in stop(person, died_on=DIED)}
        assert {policy: change.reason.code for policy, change in changes.items() if change.reason} == {
            "BTXH": "TT02-2.1.a",
            "NCC": "ND131-122",
        }
        flow.decided(changes["BTXH"])
        assert (months_of(social)[1], months_of(care)[1], months_of(merit)[1]) == (AUGUST, AUGUST, None)
        version = person.version
        person.refresh_from_db()
        assert (person.died_on, person.version) == (DIED, version + 1)
        decided = flow.decided(changes["NCC"])
        assert decided.authority == "department"
        assert months_of(merit)[1] == AUGUST
        person.refresh_from_db()
        assert person.version == version + 1

    def test_the_month_of_death_is_still_paid_and_the_next_is_not(self, person: Person) -> None:
        """Khoản 2 Điều 8 NĐ 20/2021."""
        make.entitlement(person, "BTXH-5C")
        flow.decided(stop(person, died_on=DIED)[0])
        assert person.entitlements.due_in(JULY).exists()
        open_month(actor=flow.phong(), month=AUGUST)
        assert not Payment.objects.filter(person=person, payment_list__period__month=AUGUST).exists()

    def test_what_was_granted_for_later_never_begins(self, person: Person) -> None:
        make.entitlement(person, "BTXH-5C")
        later = make.entitlement(person, "BTXH-6B", start=SEPTEMBER)
        flow.decided(stop(person, died_on=DIED)[0])
        later.refresh_from_db()
        assert later.voided_by is not None
        assert not person.entitlements.due_in(SEPTEMBER).exists()

    def test_a_death_is_in_the_audit_with_its_day(self, person: Person) -> None:
        make.entitlement(person, "BTXH-5C")
        flow.decided(stop(person, died_on=DIED)[0])
        entry = Entry.objects.get(table="beneficiaries_person", row_id=person.pk)
        assert entry.changes == {"died_on": [None, "2024-07-10"]}

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"died_on": datetime.date(2024, 7, 23)}, "happened_on"),
            ({"died_on": datetime.date(1943, 1, 1)}, "happened_on"),
            ({"happened_on": DIED, "reason": "TT02-2.1.b"}, "entitlements"),
            ({"happened_on": DIED}, "note"),
            ({"reason": "TT02-2.1.b"}, "happened_on"),
            ({"happened_on": DIED, "reason": "TT02-2.2.c"}, "reason"),
            ({"happened_on": DIED, "reason": "TT02-2.1.b", "month": JULY}, "month"),
        ],
    )
    def test_what_is_asked(self, person: Person, fields: dict[str, Any], field: str) -> None:
        row = make.entitlement(person, "BTXH-5C")
        if field != "entitlements" and "died_on" not in fields:
            fields = fields | {"entitlement_ids": [row.pk]}
        with pytest.raises(ProposalRefused) as refusal:
            stop(person, **fields)
        assert field in refusal.value.errors

    def test_two_reports_of_one_death(self, person: Person) -> None:
        make.entitlement(person, "BTXH-5C")
        stop(person, died_on=DIED)
        with pytest.raises(ProposalRefused, match="đang chờ"):
            stop(person, died_on=DIED)

    def test_a_decision_does_not_stand_before_the_death(self, person: Person) -> None:
        make.entitlement(person, "BTXH-5C")
        change = flow.appraised(stop(person, died_on=DIED)[0])
        outcome = services.decide_changes(
            actor=flow.chairman(), change_ids=[change.pk], number=flow.NUMBER, date=datetime.date(2024, 7, 9)
        )
        assert "trước ngày chết" in outcome.refused[0][1]

    def test_another_day_of_death_than_the_registers_is_refused(self, person: Person) -> None:
        make.entitlement(person, "BTXH-5C")
        change = flow.appraised(stop(person, died_on=DIED)[0])
        Person.objects.filter(pk=person.pk).update(died_on=datetime.date(2024, 7, 12))
        outcome = services.decide_changes(
            actor=flow.chairman(), change_ids=[change.pk], number=flow.NUMBER, date=flow.TODAY
        )
        assert "12/07/2024" in outcome.refused[0][1]


class TestCorrect:
    """A slip of whoever entered it, not a new decision: the Phòng agrees and it stands."""

    def test_a_wrong_first_month_moves(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C", start=AUGUST)
        change = flow.appraised(correct(row, month=SEPTEMBER))
        assert (change.state, change.decided_by) == ("applied", None)
        assert months_of(row) == (SEPTEMBER, None)
        entry = Entry.objects.get(table="beneficiaries_entitlement", row_id=row.pk)
        assert entry.changes == {"months": ["từ tháng 8/2024", "từ tháng 9/2024"]}

    def test_not_past_a_month_that_is_on_a_list(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C", start=AUGUST)
        open_month(actor=flow.phong(), month=AUGUST)
        with pytest.raises(ProposalRefused, match="tháng 8/2024 đã có chế độ này"):
            correct(row, month=SEPTEMBER)
        # An earlier one hurts no list: what is owed for it becomes arrears.
        assert correct(row, month=JULY).pk

    def test_a_wrong_level_is_replaced_and_the_old_row_kept(self, person: Person) -> None:
        row = make.entitlement(person, "NCC-6.1TB", level=61, start=AUGUST)
        change = flow.appraised(correct(row, level=16 + 5))
        row.refresh_from_db()
        assert row.voided_by == change
        new = person.entitlements.granted().get()
        assert (new.level, new.months.lower, new.granted_by) == (21, AUGUST, change)
        assert person.entitlements.count() == 2

    def test_not_once_it_is_on_a_list(self, person: Person) -> None:
        row = make.entitlement(person, "NCC-6.1TB", level=61, start=AUGUST)
        change = correct(row, level=62)
        open_month(actor=flow.phong(), month=AUGUST)
        outcome = services.appraise_changes(actor=flow.phong(), change_ids=[change.pk])
        assert "dùng Điều chỉnh" in outcome.refused[0][1]

    def test_what_should_never_have_been_is_out_of_every_list(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C", start=AUGUST)
        flow.appraised(correct(row, void=True))
        row.refresh_from_db()
        assert row.voided_by is not None
        assert not person.entitlements.due_in(AUGUST).exists()
        # The same benefit can be entered rightly now.
        flow.decided(flow.start(person, "BTXH-5C"))

    def test_taking_out_an_adjustment_brings_back_what_stood_before(self, person: Person) -> None:
        old = make.entitlement(person, "NCC-6.1TB", level=41)
        flow.decided(adjust(old, level=61))
        new = person.entitlements.get(level=61)
        flow.appraised(correct(new, void=True))
        assert months_of(old) == (datetime.date(2024, 1, 1), None)
        old.refresh_from_db()
        assert old.ended_by is None

    @pytest.mark.parametrize("month", [SEPTEMBER, datetime.date(2024, 7, 1)])
    def test_what_stood_before_an_adjustment_lasts_up_to_its_right_month(
        self, person: Person, month: datetime.date
    ) -> None:
        old = make.entitlement(person, "NCC-6.1TB", level=41)
        flow.decided(adjust(old, level=61))
        flow.appraised(correct(person.entitlements.get(level=61), level=61, month=month))
        assert months_of(old)[1] == month
        assert months_of(person.entitlements.get(level=61)) == (month, None)

    def test_it_says_what_went_wrong_and_rests_on_a_paper(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C", start=AUGUST)
        with pytest.raises(ProposalRefused) as refusal:
            correct(row, month=SEPTEMBER, note=" ", paper=Paper())
        assert set(refusal.value.errors) == {"note", "paper_kind"}

    def test_nothing_wrong_is_nothing_to_correct(self, person: Person) -> None:
        with pytest.raises(ProposalRefused, match="Chưa có gì khác"):
            correct(make.entitlement(person, "BTXH-5C", start=AUGUST))

    def test_nobody_corrects_alone(self, person: Person) -> None:
        officer = flow.phong()
        row = make.entitlement(person, "BTXH-5C", start=AUGUST)
        change = services.propose_correction(
            actor=officer, entitlement_id=row.pk, void=True, note="Nhầm người", paper=flow.PAPER
        )
        assert services.appraise_changes(actor=officer, change_ids=[change.pk]).refused
        row.refresh_from_db()
        assert row.voided_by is None
