"""Suspending, going on, and stopping what is suspended."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from batosocial.audit.models import Entry
from batosocial.staff.models import Role
from beneficiaries.changes import law, pauses, services
from beneficiaries.changes.outlook import Outlooks
from beneficiaries.changes.proposal import Paper
from beneficiaries.changes.services import ProposalRefused
from beneficiaries.models import Change, ChangeReason, Entitlement, Person, Suspension
from payments.models import Payment
from payments.opening import open_month
from tests import factories as make
from tests.beneficiaries.changes import flow

pytestmark = pytest.mark.django_db
JULY, AUGUST = make.THIS_MONTH, make.NEXT_MONTH
SEPTEMBER, OCTOBER = datetime.date(2024, 9, 1), datetime.date(2024, 10, 1)
MARCH, APRIL, JUNE = datetime.date(2024, 3, 1), datetime.date(2024, 4, 1), datetime.date(2024, 6, 1)
PAPER = Paper("Báo cáo chưa nhận tiền")
UNCOLLECTED, UNANSWERED, CUSTODY = "TT02-2.3.a", "TT02-2.3.b", "TT02-2.3.c"


@pytest.fixture
def person() -> Person:
    return make.person("Phạm Văn Dừng", birth="1944", sex="M")


def suspend(row: Entitlement, reason: str = UNCOLLECTED, month: datetime.date | None = AUGUST, **fields: Any) -> Change:
    fields.setdefault("paper", PAPER)
    actor = fields.pop("by", None) or flow.officer()
    (change,) = services.propose_suspension(
        actor=actor, person_id=row.person_id, entitlement_ids=[row.pk], reason=reason, month=month, **fields
    )
    return change


def resume(row: Entitlement, month: datetime.date | None = SEPTEMBER, **fields: Any) -> Change:
    fields.setdefault("paper", Paper("Đơn đề nghị"))
    (change,) = services.propose_resumption(
        actor=flow.officer(), person_id=row.person_id, entitlement_ids=[row.pk], month=month, **fields
    )
    return change


def stop(person: Person, **fields: Any) -> list[Change]:
    fields.setdefault("paper", Paper("Biên bản"))
    return services.propose_stop(actor=flow.officer(), person_id=person.pk, **fields)


def pause_of(row: Entitlement) -> Suspension:
    return Suspension.objects.get(entitlement=row)


def refused(change: Change) -> str:
    outcome = services.decide_changes(
        actor=flow.chairman() if change.policy == "BTXH" else flow.phong(),
        change_ids=[change.pk],
        number=flow.NUMBER,
        date=flow.TODAY,
    )
    assert not outcome.done
    return outcome.refused[0][1]


class TestSuspend:
    @pytest.mark.parametrize(("code", "reason"), [("BTXH-5C", UNCOLLECTED), ("CSND-2A1", UNANSWERED)])
    def test_what_is_suspended_is_not_on_the_next_list(self, person: Person, code: str, reason: str) -> None:
        """Đ.a, đ.b khoản 3 Điều 2 TT 02/2021, trợ cấp xã hội and hỗ trợ kinh phí chăm sóc, by the chairman's decision
        (khoản 4)."""
        row = make.entitlement(person, code)
        change = flow.decided(suspend(row, reason))
        pause = pause_of(row)
        assert (pause.months.lower, pause.months.upper, pause.change, pause.ended_by) == (AUGUST, None, change, None)
        assert change.authority == "chairman"
        open_month(actor=flow.phong(), month=AUGUST)
        assert not Payment.objects.filter(person=person, payment_list__period__month=AUGUST).exists()

    def test_the_entitlement_itself_goes_on(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C")
        flow.decided(suspend(row))
        row.refresh_from_db()
        assert (row.months.upper, row.ended_by) == (None, None)
        assert person.entitlements.due_in(JULY).exists()
        assert not person.entitlements.due_in(AUGUST).exists()

    def test_the_month_is_the_decisions(self, person: Person) -> None:
        """TT 02/2021 names no month of a suspension."""
        row = make.entitlement(person, "BTXH-5C")
        flow.decided(suspend(row), month=SEPTEMBER)
        assert pause_of(row).months.lower == SEPTEMBER

    def test_in_custody_only_from_one_month_on(self, person: Person) -> None:
        """Đ.c khoản 3 Điều 2 TT 02/2021."""
        row = make.entitlement(person, "BTXH-5C")
        with pytest.raises(ProposalRefused, match="từ 01 tháng trở lên"):
            suspend(row, CUSTODY, happened_on=datetime.date(2024, 7, 1))
        assert suspend(row, CUSTODY, happened_on=datetime.date(2024, 6, 22)).pk

    @pytest.mark.parametrize(
        ("reason", "month"),
        [("PL02-54.1", JUNE), ("PL02-54.2", JUNE)],
    )
    def test_merit_from_the_month_of_the_judgment_or_conclusion(
        self, person: Person, reason: str, month: datetime.date
    ) -> None:
        """Khoản 1, 2 Điều 54 PL 02/2020; đ.a, đ.b k1 Điều 118 NĐ 131/2021. The Sở decides (Mẫu 72)."""
        row = make.entitlement(person, "NCC-9")
        change = flow.decided(suspend(row, reason, None, happened_on=datetime.date(2024, 6, 14)))
        assert change.authority == "department"
        assert pause_of(row).months.lower == month

    def test_another_month_than_the_laws_is_refused(self, person: Person) -> None:
        row = make.entitlement(person, "NCC-9")
        with pytest.raises(ProposalRefused) as refusal:
            suspend(row, "PL02-54.1", AUGUST, happened_on=datetime.date(2024, 6, 14))
        assert "từ tháng 6/2024" in refusal.value.errors["month"]

    def test_suspected_forgery_as_the_decision_says(self, person: Person) -> None:
        """Điều 55 PL 02/2020, k2 Điều 118 NĐ 131/2021: tạm dừng within five working days."""
        row = make.entitlement(person, "NCC-9")
        flow.decided(suspend(row, "PL02-55", AUGUST))
        assert pause_of(row).months.lower == AUGUST

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"reason": ""}, "reason"),
            ({"reason": "TT02-2.1.b"}, "reason"),
            ({"reason": "PL02-55"}, "reason"),
            ({"month": None}, "month"),
            ({"month": datetime.date(2027, 1, 1)}, "month"),
            ({"paper": Paper()}, "paper_kind"),
            ({"happened_on": datetime.date(2024, 7, 23)}, "happened_on"),
        ],
    )
    def test_what_is_asked(self, person: Person, fields: dict[str, Any], field: str) -> None:
        with pytest.raises(ProposalRefused) as refusal:
            suspend(make.entitlement(person, "BTXH-5C"), **fields)
        assert field in refusal.value.errors

    def test_a_review_brings_its_evidence_itself(self, person: Person) -> None:
        change = suspend(make.entitlement(person, "BTXH-5C"), paper=None, needs_sign_off=True)
        assert change.needs_sign_off

    def test_not_twice(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C")
        suspend(row)
        with pytest.raises(ProposalRefused, match="Đã có đề nghị tạm dừng"):
            suspend(row)

    def test_not_while_it_is_suspended(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C")
        make.suspension(row, JULY)
        with pytest.raises(ProposalRefused, match="đang tạm dừng từ tháng 7/2024"):
            suspend(row)

    def test_not_what_has_ended(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C", before=AUGUST)
        with pytest.raises(ProposalRefused, match="đã thôi hưởng từ tháng 8/2024"):
            suspend(row)

    def test_again_after_it_went_on(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C")
        make.suspension(row, MARCH, APRIL)
        flow.decided(suspend(row))
        assert [pause.months.lower for pause in row.suspensions.all()] == [MARCH, AUGUST]

    @pytest.mark.parametrize("role", [Role.COMMUNE_LEADER, Role.CHAIRMAN, Role.DISTRICT_LEADER, Role.POLICE])
    def test_who_may_not(self, person: Person, role: Role) -> None:
        row = make.entitlement(person, "BTXH-5C")
        with pytest.raises(PermissionDenied):
            suspend(row, by=make.user(role))

    def test_another_commune_does_not_know_the_person(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C")
        stranger = make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))
        with pytest.raises(Person.DoesNotExist):
            suspend(row, by=stranger)

    def test_it_says_which_months_are_on_lists_already(self, person: Person) -> None:
        """A suspension from June, when July was handed over: two months were paid that are not owed."""
        row = make.entitlement(person, "BTXH-5C")
        change = suspend(row, month=JUNE)
        outlook = Outlooks({person.pk}, user=flow.phong()).of_change(change)
        assert outlook is not None
        assert (outlook.passed, outlook.pauses) == (2, True)
        # 360.000 đ in June, 500.000 đ from 01/7/2024 on (khoản 2 Điều 4 NĐ 20/2021, NĐ 76/2024).
        assert (outlook.difference, outlook.passed_amount) == (-500_000, -860_000)

    def test_it_stands_in_the_audit(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C")
        flow.decided(suspend(row))
        entry = Entry.objects.get(table="beneficiaries_suspension", row_id=pause_of(row).pk)
        assert entry.changes == {"months": [None, "từ tháng 8/2024"]}


class TestResume:
    def test_paid_again_without_arrears_unless_decided(self, person: Person) -> None:
        """Đ.b khoản 1 Điều 6 TT 02/2021: tiếp tục hưởng và truy lĩnh (nếu có)."""
        row = make.entitlement(person, "BTXH-5C")
        make.suspension(row, APRIL)
        change = flow.decided(resume(row, AUGUST))
        pause = pause_of(row)
        assert (pause.months.lower, pause.months.upper) == (APRIL, AUGUST)
        assert (pause.ended_by, pause.arrears_months) == (change, None)
        assert change.reason is not None and change.reason.code == "TT02-6.1.b"
        assert person.entitlements.due_in(AUGUST).exists()
        assert not person.entitlements.due_in(JULY).exists()

    def test_arrears_of_the_months_that_the_decision_names(self, person: Person) -> None:
        """Đ.b khoản 1 Điều 6 TT 02/2021."""
        row = make.entitlement(person, "BTXH-5C")
        make.suspension(row, APRIL)
        flow.decided(resume(row, AUGUST, arrears_from=JUNE))
        assert pause_of(row).arrears_months == make.month_range(JUNE, AUGUST)

    def test_a_later_month_of_the_decision_takes_its_arrears_along(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C")
        make.suspension(row, APRIL)
        flow.decided(resume(row, AUGUST, arrears_from=JUNE), month=SEPTEMBER)
        pause = pause_of(row)
        assert (pause.months.upper, pause.arrears_months) == (SEPTEMBER, make.month_range(JUNE, SEPTEMBER))

    @pytest.mark.parametrize("first", [MARCH, AUGUST])
    def test_arrears_lie_within_the_suspension(self, person: Person, first: datetime.date) -> None:
        row = make.entitlement(person, "BTXH-5C")
        make.suspension(row, APRIL)
        with pytest.raises(ProposalRefused) as refusal:
            resume(row, AUGUST, arrears_from=first)
        assert "từ tháng 4/2024 đến tháng 7/2024" in refusal.value.errors["arrears_from"]

    @pytest.mark.parametrize("reason", ["PL02-54.1", "PL02-54.2"])
    def test_merit_from_the_month_after_release_or_request_and_never_arrears(self, person: Person, reason: str) -> None:
        """Khoản 1, 2 Điều 54 PL 02/2020; Điều 119 NĐ 131/2021 (Mẫu 73)."""
        row = make.entitlement(person, "NCC-9")
        flow.decided(suspend(row, reason, None, happened_on=datetime.date(2024, 4, 14)))
        with pytest.raises(ProposalRefused, match="không được truy lĩnh"):
            resume(row, AUGUST, arrears_from=JUNE)
        released = datetime.date(2024, 7, 3)
        with pytest.raises(ProposalRefused, match="Sớm nhất là tháng 8/2024"):
            resume(row, JULY, happened_on=released)
        change = flow.decided(resume(row, None, happened_on=released))
        assert (change.authority, change.reason) == ("department", None)
        assert (pause_of(row).months.upper, pause_of(row).arrears_months) == (AUGUST, None)

    def test_what_is_not_suspended(self, person: Person) -> None:
        with pytest.raises(ProposalRefused, match="không đang tạm dừng"):
            resume(make.entitlement(person, "BTXH-5C"))

    def test_not_in_the_month_in_which_it_began(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C")
        make.suspension(row, AUGUST)
        with pytest.raises(ProposalRefused, match="hưởng tiếp sớm nhất từ tháng sau"):
            resume(row, AUGUST)

    def test_what_it_moves_a_month_and_in_arrears(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C")
        make.suspension(row, APRIL)
        outlook = Outlooks({person.pk}, user=flow.phong()).of_change(resume(row, AUGUST, arrears_from=JUNE))
        assert outlook is not None
        assert (outlook.before, outlook.after, outlook.passed) == (0, 500_000, 0)
        assert (outlook.arrears, outlook.arrears_amount) == (2, 860_000)

    def test_somebody_who_died_does_not_go_on(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C")
        make.suspension(row, APRIL)
        change = flow.appraised(resume(row, SEPTEMBER))
        Person.objects.filter(pk=person.pk).update(died_on=datetime.date(2024, 7, 12))
        assert "chết ngày 12/07/2024" in refused(change)


class TestStopOfWhatIsSuspended:
    @pytest.mark.parametrize("dead", [True, False])
    def test_the_suspension_ends_with_it(self, person: Person, dead: bool) -> None:
        row = make.entitlement(person, "BTXH-5C")
        make.suspension(row, APRIL)
        day = datetime.date(2024, 7, 10)
        if dead:
            (change,) = stop(person, died_on=day)
        else:
            (change,) = stop(person, entitlement_ids=[row.pk], reason="TT02-2.1.b", happened_on=day)
        flow.decided(change)
        row.refresh_from_db()
        pause = pause_of(row)
        assert (row.months.upper, pause.months.upper, pause.ended_by) == (AUGUST, AUGUST, change)

    def test_one_that_would_begin_later_never_counts(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C")
        make.suspension(row, OCTOBER)
        flow.decided(stop(person, died_on=datetime.date(2024, 7, 10))[0])
        pause = pause_of(row)
        assert pause.months.upper is not None and pause.ended_by is not None

    def test_arrears_after_the_stop_are_not_paid(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C")
        make.suspension(row, APRIL)
        flow.decided(resume(row, SEPTEMBER, arrears_from=JUNE))
        flow.decided(stop(person, died_on=datetime.date(2024, 7, 10))[0])
        assert pause_of(row).arrears_months == make.month_range(JUNE, AUGUST)

    def test_both_decided_at_once(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C")
        changes = [suspend(row), *stop(person, died_on=datetime.date(2024, 8, 1) - datetime.timedelta(days=11))]
        for change in changes:
            flow.appraised(change)
        ids = [change.pk for change in changes]
        outcome = services.decide_changes(actor=flow.chairman(), change_ids=ids, number=flow.NUMBER, date=flow.TODAY)
        assert len(outcome.done) == 2
        row.refresh_from_db()
        assert (row.months.upper, pause_of(row).ended_by) == (AUGUST, changes[1])


class TestUnanswered:
    """Đ.đ khoản 1 Điều 2 TT 02/2021: three months after the decision to suspend under đ.b khoản 3."""

    def suspended(self, person: Person, decided_on: datetime.date, reason: str = UNANSWERED) -> Entitlement:
        row = make.entitlement(person, "BTXH-6B")
        paper = Paper("Công văn yêu cầu xác định lại")
        flow.decided(suspend(row, reason, MARCH, paper=paper), date=decided_on)
        return row

    def stop(self, person: Person, row: Entitlement, happened_on: datetime.date = flow.TODAY) -> Change:
        (change,) = stop(person, entitlement_ids=[row.pk], reason="TT02-2.1.đ", happened_on=happened_on)
        return change

    def test_three_months_to_the_day(self, person: Person) -> None:
        row = self.suspended(person, datetime.date(2024, 4, 22))
        flow.decided(self.stop(person, row))
        row.refresh_from_db()
        assert row.months.upper == AUGUST

    def test_a_day_earlier_is_too_early(self, person: Person) -> None:
        row = self.suspended(person, datetime.date(2024, 4, 23))
        with pytest.raises(ProposalRefused, match="23/07/2024"):
            self.stop(person, row)

    def test_not_from_a_month_before_the_three_were_over(self, person: Person) -> None:
        """Khoản 2 Điều 8 NĐ 20/2021: from the month right after."""
        row = self.suspended(person, datetime.date(2024, 3, 5))
        with pytest.raises(ProposalRefused, match="sớm nhất từ tháng 7/2024"):
            self.stop(person, row, datetime.date(2024, 5, 2))
        assert self.stop(person, row, datetime.date(2024, 6, 5)).effective_month == JULY

    def test_only_after_that_reason(self, person: Person) -> None:
        row = self.suspended(person, datetime.date(2024, 3, 5), UNCOLLECTED)
        with pytest.raises(ProposalRefused, match="không chấp hành"):
            self.stop(person, row)

    def test_not_once_it_goes_on_again(self, person: Person) -> None:
        row = self.suspended(person, datetime.date(2024, 3, 5))
        change = flow.appraised(self.stop(person, row))
        Suspension.objects.filter(entitlement=row).update(months=make.month_range(MARCH, JULY))
        assert "đang tạm dừng do không chấp hành" in refused(change)

    def test_the_end_of_a_longer_month(self, person: Person) -> None:
        row = self.suspended(person, datetime.date(2023, 11, 30))
        assert pauses.answer_due(pause_of(row)) == datetime.date(2024, 2, 29)


class TestMeritEnds:
    def test_when_signed(self, person: Person) -> None:
        """Khoản 3 Điều 54 PL 02/2020, đ.c k1 Điều 118 NĐ 131/2021: from the month the decision is issued."""
        row = make.entitlement(person, "NCC-9")
        day = datetime.date(2024, 5, 20)
        change = flow.appraised(stop(person, entitlement_ids=[row.pk], reason="PL02-54.3", happened_on=day)[0])
        flow.decided(change, date=datetime.date(2024, 7, 2))
        row.refresh_from_db()
        assert (row.months.upper, change.effective_month) == (JULY, JULY)

    def test_when_the_judgment_takes_effect(self, person: Person) -> None:
        """Khoản 4 Điều 54 PL 02/2020: from the day, so that its month is the first that is not owed."""
        row = make.entitlement(person, "NCC-9")
        day = datetime.date(2024, 6, 20)
        flow.decided(stop(person, entitlement_ids=[row.pk], reason="PL02-54.4", happened_on=day)[0])
        row.refresh_from_db()
        assert row.months.upper == JUNE
        assert law.stop_month(day, "PL02-54.4") == JUNE

    def test_when_forgery_is_concluded(self, person: Person) -> None:
        """Điều 55 PL 02/2020, k2 Điều 118 NĐ 131/2021: suspended, then ended from the month of the conclusion."""
        row = make.entitlement(person, "NCC-9")
        flow.decided(suspend(row, "PL02-55", JUNE), date=datetime.date(2024, 6, 3))
        day = datetime.date(2024, 7, 15)
        change = flow.decided(stop(person, entitlement_ids=[row.pk], reason="PL02-55", happened_on=day)[0])
        row.refresh_from_db()
        pause = pause_of(row)
        assert (row.months.upper, pause.months.upper, pause.ended_by) == (JULY, JULY, change)


class TestSignOff:
    """What comes from a commune's review waits for the head of the Phòng."""

    def test_not_decided_before_it(self, person: Person) -> None:
        change = flow.appraised(suspend(make.entitlement(person, "BTXH-5C"), needs_sign_off=True))
        assert "chưa ký thẩm định" in refused(change)
        head = make.user(Role.DISTRICT_LEADER)
        assert services.sign_off_changes(actor=head, change_ids=[change.pk]).done
        change.refresh_from_db()
        assert (change.signed_off_by, change.state) == (head, "appraised")
        assert services.sign_off_changes(actor=head, change_ids=[change.pk]).unchanged
        assert flow.decided(change).state == "applied"

    def test_what_is_not_appraised_is_not_signed(self, person: Person) -> None:
        change = suspend(make.entitlement(person, "BTXH-5C"), needs_sign_off=True)
        outcome = services.sign_off_changes(actor=make.user(Role.DISTRICT_LEADER), change_ids=[change.pk])
        assert "chưa được Phòng thẩm định" in outcome.refused[0][1]

    @pytest.mark.parametrize("role", [Role.DISTRICT_OFFICER, Role.CHAIRMAN, Role.COMMUNE_LEADER, Role.ADMIN])
    def test_by_nobody_else(self, person: Person, role: Role) -> None:
        change = flow.appraised(suspend(make.entitlement(person, "BTXH-5C"), needs_sign_off=True))
        with pytest.raises(PermissionDenied):
            services.sign_off_changes(actor=make.user(role), change_ids=[change.pk])

    def test_given_back_instead(self, person: Person) -> None:
        change = flow.appraised(suspend(make.entitlement(person, "BTXH-5C"), needs_sign_off=True))
        head = make.user(Role.DISTRICT_LEADER)
        assert services.reject_changes(actor=head, change_ids=[change.pk], reason="Chưa đủ 3 tháng").done
        signed = flow.appraised(suspend(make.entitlement(make.person(), "BTXH-5C"), needs_sign_off=True))
        services.sign_off_changes(actor=head, change_ids=[signed.pk])
        assert services.reject_changes(actor=head, change_ids=[signed.pk], reason="?").refused

    def test_a_correction_takes_effect_by_it(self, person: Person) -> None:
        row = make.entitlement(person, "BTXH-5C", start=AUGUST)
        change = services.propose_correction(
            actor=flow.officer(), entitlement_id=row.pk, void=True, note="Nhầm", paper=PAPER, needs_sign_off=True
        )
        flow.appraised(change)
        row.refresh_from_db()
        assert (change.state, row.voided_by) == ("appraised", None)
        services.sign_off_changes(actor=make.user(Role.DISTRICT_LEADER), change_ids=[change.pk])
        row.refresh_from_db()
        assert row.voided_by == change


def test_reasons_of_a_suspension_belong_to_their_policy() -> None:
    """Khoản 3 Điều 2 TT 02/2021; khoản 1, 2 Điều 54 and Điều 55 PL 02/2020."""
    assert {reason.code for reason in pauses.reasons(["care"])} == {UNCOLLECTED, UNANSWERED, CUSTODY}
    assert {reason.code for reason in pauses.reasons(["merit"])} == {"PL02-54.1", "PL02-54.2", "PL02-55"}
    assert ChangeReason.objects.get(code=pauses.GOES_ON).action == "TIEP_TUC"
