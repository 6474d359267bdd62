"""A review from the officer to the head of the Phòng: who may what, and that nothing is done twice."""

import datetime
import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from batosocial.audit.models import Entry
from batosocial.staff.models import Role
from beneficiaries.changes import services as changes
from beneficiaries.models import Change, Person
from payments.models import Review, ReviewLine
from payments.review import services
from tests import factories as make
from tests.payments.review.files import PDF
from tests.payments.review.rows import AUGUST, SUSPENSION, leader, line, officer, review, sent, suspend
from tests.racing import together

pytestmark = pytest.mark.django_db
State = ReviewLine.State


def states(of: Review) -> list[str]:
    return list(ReviewLine.objects.filter(review=of).order_by("pk").values_list("state", flat=True))


class TestBeginning:
    def test_the_first_look_makes_and_fills_it(self) -> None:
        person = make.person(birth="12/08/2021")
        make.entitlement(person, "BTXH-7")
        row = services.begin_review(actor=officer(), month=AUGUST)
        one = row.lines.get(person=person)
        assert (one.action, one.reason.code if one.reason else "", one.prepared_by) == ("stop", "TT02-2.1.b", None)
        assert row.prefilled_at is not None

    def test_looking_again_is_the_same_review(self) -> None:
        actor = officer()
        assert services.begin_review(actor=actor, month=AUGUST) == services.begin_review(actor=leader(), month=AUGUST)

    def test_no_month_far_away(self) -> None:
        with pytest.raises(PermissionDenied):
            services.begin_review(actor=officer(), month=datetime.date(2024, 10, 1))

    def test_filling_again_adds_what_is_new_and_keeps_what_was_done(self) -> None:
        actor = officer()
        first = make.person(birth="12/08/2021")
        make.entitlement(first, "BTXH-7")
        row = services.begin_review(actor=actor, month=AUGUST)
        done = row.lines.get(person=first)
        services.remove_line(actor=actor, line_id=done.pk, reason="Đã xác minh.")
        second = make.person(birth="13/08/2021")
        make.entitlement(second, "BTXH-7")
        assert services.prefill_reviews(actor=actor, month=AUGUST) == 1
        assert services.prefill_reviews(actor=actor, month=AUGUST) == 0
        done.refresh_from_db()
        assert (done.state, done.removal) == (State.REMOVED, "Đã xác minh.")
        assert row.lines.filter(person=second).count() == 1

    def test_what_an_earlier_review_has_seen_is_not_told_again(self) -> None:
        person = make.person(birth="12/07/2021")
        make.entitlement(person, "BTXH-7")
        actor = officer()
        july = services.begin_review(actor=actor, month=make.THIS_MONTH)
        assert july.lines.filter(person=person).exists()
        assert not services.begin_review(actor=actor, month=AUGUST).lines.filter(person=person).exists()

    def test_all_communes_at_once(self) -> None:
        services.prefill_reviews(actor=make.user(), month=AUGUST)
        assert Review.objects.filter(month=AUGUST, prefilled_at__isnull=False).count() == 19

    def test_an_officer_fills_only_the_own_commune(self) -> None:
        services.prefill_reviews(actor=officer(), month=AUGUST)
        assert Review.objects.filter(month=AUGUST).count() == 1

    def test_a_leader_does_not_fill(self) -> None:
        with pytest.raises(PermissionDenied):
            services.prefill_reviews(actor=leader(), month=AUGUST)


class TestHandling:
    def test_the_law_tells_the_month_of_a_stop(self) -> None:
        one = line(review())
        given = services.Handling(
            action="stop", entitlement_id=one.entitlement_id, reason="TT02-2.1.b",
            happened_on=datetime.date(2024, 7, 3), paper="Biên bản",
        )  # fmt: skip
        done = services.handle_line(actor=officer(), line_id=one.pk, handling=given)
        assert done.effective_month == AUGUST
        # Nothing is proposed before the leader sends.
        assert not Change.objects.filter(person=one.person).exclude(first_load=True).exists()

    def test_a_death_ends_everything(self) -> None:
        one = line(review())
        given = services.Handling(
            action="stop", reason=services.DEATH, happened_on=datetime.date(2024, 7, 3), paper="Trích lục khai tử"
        )
        done = services.handle_line(actor=officer(), line_id=one.pk, handling=given)
        assert (done.entitlement, done.reason and done.reason.code) == (None, "TT02-2.1.a")

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"action": ""}, "action"),
            ({"paper": ""}, "paper"),
            ({"reason": ""}, "reason"),
            ({"reason": "TT02-2.1.b"}, "reason"),
            ({"entitlement_id": None}, "entitlement"),
            ({"action": "resume", "reason": "TT02-6.1.b"}, ""),
            ({"action": "stop", "reason": "TT02-2.1.b"}, "happened_on"),
            ({"action": "stop", "reason": ""}, "note"),
        ],
    )
    def test_what_is_missing_is_said_by_field(self, values: dict[str, object], field: str) -> None:
        one = line(review())
        with pytest.raises(services.LineRefused) as refused:
            suspend(officer(), one, **values)
        assert field in refused.value.errors
        one.refresh_from_db()
        assert one.prepared_by is None

    def test_what_the_register_refuses_is_said_at_once(self) -> None:
        one = line(review())
        make.proposal(one.person, kind="stop", entitlement=one.entitlement)
        with pytest.raises(services.LineRefused, match="Đã có đề nghị"):
            suspend(officer(), one)

    def test_two_tabs(self) -> None:
        actor, one = officer(), line(review())
        seen = services.stamp(one)
        suspend(actor, one)
        with pytest.raises(services.LineRefused, match="cửa sổ khác"):
            services.handle_line(actor=actor, line_id=one.pk, handling=services.Handling("keep"), seen=seen)
        one.refresh_from_db()
        assert one.action == "suspend"

    def test_a_double_click(self) -> None:
        actor, one = officer(), line(review())
        seen = services.stamp(one)
        handling = services.Handling(**SUSPENSION, entitlement_id=one.entitlement_id)  # type: ignore[arg-type]
        for _ in range(2):
            services.handle_line(actor=actor, line_id=one.pk, handling=handling, seen=seen)
        one.refresh_from_db()
        assert one.action == "suspend"

    def test_removing_says_why_and_is_undone(self) -> None:
        actor, one = officer(), line(review())
        with pytest.raises(services.LineRefused):
            services.remove_line(actor=actor, line_id=one.pk, reason=" ")
        assert services.remove_line(actor=actor, line_id=one.pk, reason="Nhầm người.")
        assert not services.remove_line(actor=actor, line_id=one.pk, reason="Nhầm người.")
        assert services.restore_line(actor=actor, line_id=one.pk)
        one.refresh_from_db()
        assert (one.state, one.prepared_by, one.removal) == (State.OPEN, None, "")

    def test_adding_somebody_twice_by_one_form_is_once(self) -> None:
        actor, row, person, token = officer(), review(), make.person(), uuid.uuid4()
        one, two = (
            services.add_person(actor=actor, review_id=row.pk, person_id=person.pk, token=token) for _ in range(2)
        )
        assert one == two

    def test_nobody_of_another_commune_is_added(self) -> None:
        foreign = make.person(commune=make.commune("21538"))
        with pytest.raises(Person.DoesNotExist):
            services.add_person(actor=officer(), review_id=review().pk, person_id=foreign.pk, token=uuid.uuid4())

    def test_a_foreign_line_does_not_exist(self) -> None:
        one = line(review())
        with pytest.raises(ReviewLine.DoesNotExist):
            suspend(officer(make.commune("21538")), one)

    @pytest.mark.parametrize("role", [Role.COMMUNE_LEADER, Role.DISTRICT_OFFICER, Role.CHAIRMAN])
    def test_only_the_officer_handles(self, role: str) -> None:
        one = line(review())
        with pytest.raises(PermissionDenied):
            suspend(make.user(role), one)


class TestSending:
    def test_every_proposal_becomes_a_change_of_the_officer(self) -> None:
        by = officer()
        row, (one, kept) = sent("suspend", "keep", by=by)
        (change,) = one.changes.all()
        assert (change.kind, change.proposed_by, change.needs_sign_off) == ("suspend", by, True)
        assert change.effective_month == AUGUST
        assert not kept.changes.exists()
        assert (row.state, states(row)) == ("sent", [State.SENT, State.SENT])

    def test_a_death_of_both_policies_is_two_changes(self) -> None:
        row, by = review(), officer()
        one = line(row)
        make.entitlement(one.person, "NCC-3.1")
        services.handle_line(
            actor=by,
            line_id=one.pk,
            handling=services.Handling("stop", None, services.DEATH, datetime.date(2024, 7, 3), paper="Trích lục"),
        )
        assert not services.send_review(actor=leader(), review_id=row.pk).refused
        assert sorted(one.changes.values_list("policy", flat=True)) == ["BTXH", "NCC"]

    def test_what_nobody_looked_at_is_named_and_nothing_is_sent(self) -> None:
        row, by = review(), officer()
        done = line(row)
        suspend(by, done)
        waiting = line(row)
        outcome = services.send_review(actor=leader(), review_id=row.pk)
        assert [one for one, _ in outcome.refused] == [waiting]
        row.refresh_from_db()
        assert row.state == "draft"
        assert not Change.objects.filter(person=done.person, kind="suspend").exists()

    def test_what_the_register_refuses_is_named_and_nothing_is_sent(self) -> None:
        row, by = review(), officer()
        good, bad = line(row), line(row)
        suspend(by, good)
        suspend(by, bad)
        make.proposal(bad.person, kind="stop", entitlement=bad.entitlement)
        outcome = services.send_review(actor=leader(), review_id=row.pk)
        assert [(one.pk, "Đã có đề nghị" in why) for one, why in outcome.refused] == [(bad.pk, True)]
        assert not good.changes.exists()
        assert states(row) == [State.OPEN, State.OPEN]

    def test_a_review_without_changes_is_sent_too(self) -> None:
        row = review()
        assert not services.send_review(actor=leader(), review_id=row.pk).refused
        row.refresh_from_db()
        assert row.state == "sent"

    def test_sending_twice_changes_nothing(self) -> None:
        row, (one,) = sent("suspend")
        outcome = services.send_review(actor=leader(), review_id=row.pk)
        assert (outcome.done, outcome.unchanged, outcome.refused) == ([], [row], [])
        assert one.changes.count() == 1

    def test_an_adjustment_is_taken_up_from_its_own_form(self) -> None:
        row, by = review(), officer()
        one = line(row, make.person(birth="12/08/1944"))
        services.handle_line(actor=by, line_id=one.pk, handling=services.Handling("adjust"))
        assert "điều chỉnh" in services.send_review(actor=leader(), review_id=row.pk).refused[0][1]
        assert one.entitlement is not None
        change = changes.propose_adjustment(
            actor=by, entitlement_id=one.entitlement.pk, category="BTXH-5A2", month=AUGUST,
            paper=changes.Paper("Biên bản"), confirmed=True,
        )  # fmt: skip
        assert not services.send_review(actor=leader(), review_id=row.pk).refused
        change.refresh_from_db()
        assert list(one.changes.all()) == [change]
        assert change.needs_sign_off

    def test_evidence_gets_its_change(self) -> None:
        row, by = review(), officer()
        one = line(row)
        suspend(by, one)
        services.attach(actor=by, line_id=one.pk, name="a.pdf", content=PDF)
        services.send_review(actor=leader(), review_id=row.pk)
        assert one.attachments.get().change == one.changes.get()

    def test_evidence_of_a_death_belongs_to_both_decisions(self) -> None:
        row, by = review(), officer()
        one = line(row)
        make.entitlement(one.person, "NCC-3.1")
        services.attach(actor=by, line_id=one.pk, name="a.pdf", content=PDF)
        given = services.Handling("stop", None, services.DEATH, datetime.date(2024, 7, 3), paper="Trích lục")
        services.handle_line(actor=by, line_id=one.pk, handling=given)
        services.send_review(actor=leader(), review_id=row.pk)
        assert [change.attachments.count() for change in one.changes.all()] == [1, 1]
        assert one.attachments.count() == 1

    def test_an_adjustment_that_went_on_meanwhile_is_taken_up(self) -> None:
        row, by = review(), officer()
        one = line(row, make.person(birth="12/08/1944"))
        services.handle_line(actor=by, line_id=one.pk, handling=services.Handling("adjust"))
        assert one.entitlement is not None
        change = changes.propose_adjustment(
            actor=by, entitlement_id=one.entitlement.pk, category="BTXH-5A2", month=AUGUST,
            paper=changes.Paper("Biên bản"), confirmed=True,
        )  # fmt: skip
        changes.appraise_changes(actor=make.user(), change_ids=[change.pk])
        assert not services.send_review(actor=leader(), review_id=row.pk).refused
        services.follow_month(AUGUST)
        assert states(row) == [State.APPRAISED]

    @pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER])
    def test_only_the_leader_sends(self, role: str) -> None:
        with pytest.raises(PermissionDenied):
            services.send_review(actor=make.user(role), review_id=review().pk)

    def test_a_foreign_review_does_not_exist(self) -> None:
        with pytest.raises(Review.DoesNotExist):
            services.send_review(actor=leader(make.commune("21538")), review_id=review().pk)

    def test_a_sent_line_is_not_changed_any_more(self) -> None:
        by = officer()
        _, (one,) = sent("suspend", by=by)
        with pytest.raises(services.ReviewRefused):
            suspend(by, one)


class TestAppraising:
    def test_lines_and_their_changes(self) -> None:
        row, lines = sent("suspend", "keep")
        phong = make.user()
        outcome = services.appraise_lines(actor=phong, review_id=row.pk, line_ids=[one.pk for one in lines])
        assert len(outcome.done) == 2
        assert states(row) == [State.APPRAISED] * 2
        change = lines[0].changes.get()
        assert (change.state, change.appraised_by) == ("appraised", phong)
        again = services.appraise_lines(actor=phong, review_id=row.pk, line_ids=[one.pk for one in lines])
        assert (len(again.unchanged), again.done) == (2, [])

    def test_each_refusal_is_named(self) -> None:
        row, (good, bad) = sent("suspend", "suspend")
        assert bad.entitlement is not None
        make.suspension(bad.entitlement, AUGUST)
        outcome = services.appraise_lines(actor=make.user(), review_id=row.pk, line_ids=[good.pk, bad.pk])
        assert [one.pk for one in outcome.done] == [good.pk]
        assert [one.pk for one, _ in outcome.refused] == [bad.pk]

    def test_a_returned_line_goes_round(self) -> None:
        by, phong = officer(), make.user()
        row, (one, other) = sent("suspend", "suspend", by=by)
        services.return_lines(actor=phong, review_id=row.pk, line_ids=[one.pk], reason="Thiếu biên bản.")
        one.refresh_from_db()
        first = one.changes.get()
        assert (one.state, one.return_reason, first.state) == (State.RETURNED, "Thiếu biên bản.", "rejected")
        assert ReviewLine.objects.get(pk=other.pk).state == State.SENT
        # Mended by the officer, sent again by the leader: a change of its own.
        suspend(by, one, paper="Biên bản số 5")
        outcome = services.send_review(actor=leader(), review_id=row.pk)
        assert [line.pk for line in outcome.done] == [one.pk]
        second = one.changes.exclude(pk=first.pk).get()
        assert (second.state, second.evidence) == ("proposed", "Biên bản số 5")
        services.appraise_lines(actor=phong, review_id=row.pk, line_ids=[one.pk, other.pk])
        assert states(row) == [State.APPRAISED] * 2

    def test_returning_needs_a_reason(self) -> None:
        row, (one,) = sent("suspend")
        with pytest.raises(services.ReviewRefused, match="lý do"):
            services.return_lines(actor=make.user(), review_id=row.pk, line_ids=[one.pk], reason=" ")

    def test_a_removed_line_may_be_given_back(self) -> None:
        by, row = officer(), review()
        one = line(row)
        services.remove_line(actor=by, line_id=one.pk, reason="Vẫn sống.")
        services.send_review(actor=leader(), review_id=row.pk)
        services.return_lines(actor=make.user(), review_id=row.pk, line_ids=[one.pk], reason="Hãy xác minh lại.")
        assert states(row) == [State.RETURNED]
        services.keep_lines(actor=by, review_id=row.pk, line_ids=[one.pk])
        services.send_review(actor=leader(), review_id=row.pk)
        assert states(row) == [State.SENT]

    def test_what_is_rejected_on_the_changes_page_comes_back_too(self) -> None:
        row, (one,) = sent("suspend")
        changes.reject_changes(actor=make.user(), change_ids=[one.changes.get().pk], reason="Sai tháng.")
        services.follow_changes([row.pk])
        one.refresh_from_db()
        assert (one.state, one.return_reason) == (State.RETURNED, "Sai tháng.")

    def test_what_is_appraised_on_the_changes_page_counts(self) -> None:
        row, (one,) = sent("suspend")
        changes.appraise_changes(actor=make.user(), change_ids=[one.changes.get().pk])
        services.follow_changes([row.pk])
        assert states(row) == [State.APPRAISED]

    def test_a_line_of_another_review_does_not_exist(self) -> None:
        row, _ = sent("suspend")
        foreign = line(review(commune=make.commune("21538")))
        with pytest.raises(ReviewLine.DoesNotExist):
            services.appraise_lines(actor=make.user(), review_id=row.pk, line_ids=[foreign.pk])

    @pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.DISTRICT_LEADER, Role.CHAIRMAN])
    def test_only_the_officer_of_the_district_appraises(self, role: str) -> None:
        row, (one,) = sent("keep")
        with pytest.raises(PermissionDenied):
            services.appraise_lines(actor=make.user(role), review_id=row.pk, line_ids=[one.pk])


class TestSigning:
    def test_the_head_signs_the_review_and_its_changes(self) -> None:
        row, lines = sent("suspend", "keep")
        services.appraise_lines(actor=make.user(), review_id=row.pk, line_ids=[one.pk for one in lines])
        head = make.user(Role.DISTRICT_LEADER)
        assert services.sign_off_reviews(actor=head, review_ids=[row.pk]).done == [row]
        row.refresh_from_db()
        assert (row.state, row.signed_off_by) == ("signed_off", head)
        assert lines[0].changes.get().signed_off_by == head
        assert services.sign_off_reviews(actor=head, review_ids=[row.pk]).unchanged == [row]

    def test_not_while_a_line_waits(self) -> None:
        row, _ = sent("suspend")
        outcome = services.sign_off_reviews(actor=make.user(Role.DISTRICT_LEADER), review_ids=[row.pk])
        assert outcome.refused == [(row, "Còn 1 dòng chưa thẩm định xong.")]

    def test_a_review_without_lines_is_signed(self) -> None:
        row, _ = sent()
        assert services.sign_off_reviews(actor=make.user(Role.DISTRICT_LEADER), review_ids=[row.pk]).done == [row]

    def test_each_that_cannot_be_signed_is_named(self) -> None:
        ready, _ = sent()
        draft = review(commune=make.commune("21538"))
        outcome = services.sign_off_reviews(actor=make.user(Role.DISTRICT_LEADER), review_ids=[ready.pk, draft.pk])
        assert (outcome.done, [row for row, _ in outcome.refused]) == ([ready], [draft])

    def test_only_the_head_signs(self) -> None:
        with pytest.raises(PermissionDenied):
            services.sign_off_reviews(actor=make.user(), review_ids=[sent()[0].pk])

    def test_the_chairman_decides_what_was_signed(self) -> None:
        row, (one,) = sent("suspend")
        services.appraise_lines(actor=make.user(), review_id=row.pk, line_ids=[one.pk])
        chairman, pk = make.user(Role.CHAIRMAN), one.changes.get().pk
        decision = {"number": "5/QĐ-UBND", "date": datetime.date(2024, 7, 22)}
        assert changes.decide_changes(actor=chairman, change_ids=[pk], **decision).refused  # type: ignore[arg-type]
        services.sign_off_reviews(actor=make.user(Role.DISTRICT_LEADER), review_ids=[row.pk])
        assert changes.decide_changes(actor=chairman, change_ids=[pk], **decision).done  # type: ignore[arg-type]

    def test_every_step_is_in_the_audit(self) -> None:
        row, (one,) = sent("suspend")
        services.appraise_lines(actor=make.user(), review_id=row.pk, line_ids=[one.pk])
        services.sign_off_reviews(actor=make.user(Role.DISTRICT_LEADER), review_ids=[row.pk])
        actions = set(Entry.objects.filter(table="payments_review", row_id=row.pk).values_list("action", flat=True))
        assert {"Gửi rà soát", "Thẩm định dòng rà soát", "Ký thẩm định rà soát"} <= actions


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_two_who_look_first_make_one_review(self) -> None:
        one, two = officer(), leader()
        results = together(*(lambda by=by: services.begin_review(actor=by, month=AUGUST) for by in (one, two)))
        assert results[0] == results[1]
        assert Review.objects.filter(month=AUGUST, commune=make.commune()).count() == 1

    def test_two_who_send_make_one_change(self) -> None:
        with transaction.atomic():
            row, by = review(), officer()
            one = line(row)
            suspend(by, one)
        leaders = [leader(), leader()]
        results = together(*(lambda by=by: services.send_review(actor=by, review_id=row.pk) for by in leaders))
        assert sorted(len(outcome.done) for outcome in results) == [0, 1]
        assert one.changes.count() == 1
