"""What becomes of issues from check to check, the status they give a person, the job and the command."""

import json
import sys
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batosocial.audit.models import Entry
from batosocial.staff.models import User
from beneficiaries.identity.services import check_people, check_register, people_by_kind
from beneficiaries.models import IdentityEvent, IdentityIssue, Person
from beneficiaries.tasks import check_identity_nightly
from tests import factories as make

pytestmark = pytest.mark.django_db

State, Status = IdentityIssue.State, Person.IdentityStatus


def wrong_sex() -> Person:
    return make.person(cccd="051050123456", sex="F", birth="1950")


def check(person: Person) -> IdentityIssue:
    """The person's only issue after a check."""
    check_people([person.pk])
    person.refresh_from_db()
    return IdentityIssue.objects.get(person=person)


def history(issue: IdentityIssue) -> list[str]:
    return [event.what for event in issue.events.all()]


def accept(issue: IdentityIssue) -> None:
    IdentityIssue.objects.filter(pk=issue.pk).update(
        state="accepted", closed_at=timezone.now(), closed_by=make.user(), reason="Đã đối chiếu thẻ gốc."
    )


class TestFromCheckToCheck:
    def test_a_second_check_changes_nothing(self) -> None:
        person = wrong_sex()
        first = check(person)
        again = check_people([person.pk])
        assert (again.opened, again.reopened, again.closed) == (0, 0, 0)
        assert history(first) == ["found"]

    def test_it_closes_when_the_check_passes_and_opens_again_when_it_comes_back(self) -> None:
        person = wrong_sex()
        issue = check(person)
        Person.objects.filter(pk=person.pk).update(sex="M")
        issue = check(person)
        assert (issue.state, issue.reason) == (State.CLOSED, "Kiểm tra lại đạt.")
        Person.objects.filter(pk=person.pk).update(sex="F")
        issue = check(person)
        assert (issue.state, issue.closed_at, issue.reason) == (State.OPEN, None, "")
        assert history(issue) == ["found", "closed", "reopened"]

    def test_work_in_hand_stays_in_hand(self) -> None:
        person, owner = wrong_sex(), make.user()
        IdentityIssue.objects.filter(pk=check(person).pk).update(state="in_hand", owner=owner)
        issue = check(person)
        assert (issue.state, issue.owner) == (State.IN_HAND, owner)

    def test_changed_evidence_is_kept_with_its_check(self) -> None:
        person = wrong_sex()
        check(person)
        Person.objects.filter(pk=person.pk).update(birth_year=1951)
        issue = check(person)
        assert history(issue) == ["found", "changed"]
        assert [len(event.evidence["lines"]) for event in issue.events.all()] == [1, 2]

    def test_accepted_stays_accepted_until_its_facts_change(self) -> None:
        person = wrong_sex()
        accept(check(person))
        assert check(person).state == State.ACCEPTED
        Person.objects.filter(pk=person.pk).update(birth_year=1951)
        issue = check(person)
        assert (issue.state, issue.closed_by, issue.reason) == (State.OPEN, None, "")

    def test_a_third_person_with_the_number_opens_an_accepted_double(self) -> None:
        one = make.person(cccd="051150123456")
        make.person("Đinh Thị Hai", cccd="051150123456", cccd_duplicate=True)
        accept(check(one))
        third = make.person("Võ Thị Ba", cccd="051150123456", cccd_duplicate=True)
        check_people([third.pk])
        assert IdentityIssue.objects.get(person=one).state == State.OPEN

    def test_correcting_one_of_two_closes_the_others_issue_too(self) -> None:
        one = make.person(cccd="051150123456")
        two = make.person("Đinh Thị Hai", cccd="051150123456", cccd_duplicate=True)
        check(one)
        Person.objects.filter(pk=two.pk).update(cccd="051150999999", cccd_duplicate=False)
        checked = check_people([two.pk])
        assert (checked.people, checked.closed) == (2, 2)
        assert IdentityIssue.objects.get(person=one).state == State.CLOSED

    def test_where_one_of_three_leaves_the_others_keep_theirs(self) -> None:
        people = [make.person(f"Phạm Thị {name}", cmnd="212345678") for name in ("Một", "Hai", "Ba")]
        check_people([people[0].pk])
        Person.objects.filter(pk=people[0].pk).update(cmnd="")
        check_people([people[0].pk])
        left = IdentityIssue.objects.waiting().filter(person__in=people).order_by("person_id")
        assert [(issue.person, issue.other, issue.place) for issue in left] == [
            (people[1], people[2], 0),
            (people[2], people[1], 2),
        ]

    def test_nobody_is_nothing_to_check(self) -> None:
        assert check_people([]).people == 0
        assert check_people([0]).people == 0

    def test_the_same_statements_for_one_and_for_many(self) -> None:
        counts = []
        for many in (1, 40):
            people = [make.person(cccd="").pk for _ in range(many)]
            with CaptureQueriesContext(connection) as queries:
                check_people(people)
            counts.append(len(queries))
        assert counts[0] == counts[1]


class TestStatus:
    """rules.md 3: "clean" status in practice."""

    def test_digits_against_the_register_make_it_differ_with_a_note(self) -> None:
        person = wrong_sex()
        check(person)
        assert person.identity_status == Status.DIFFERS
        assert person.identity_note == "Sai lệch thông tin: số CCCD là của Nam, hồ sơ ghi Nữ."

    def test_what_was_clean_is_not_once_a_rule_contradicts(self) -> None:
        person = make.person("Phạm Thị Vy", card_name="Phạm Thị Vi", identity_status="clean", cccd_state="confirmed")
        check(person)
        assert person.identity_status == Status.DIFFERS

    def test_only_the_police_make_it_clean_again(self) -> None:
        person = wrong_sex()
        check(person)
        Person.objects.filter(pk=person.pk).update(sex="M")
        check(person)
        assert (person.identity_status, person.identity_note) == (Status.UNCHECKED, "")

    def test_a_double_leaves_what_is_clean_clean(self) -> None:
        person = make.person(cmnd="212345678", identity_status="clean", cccd_state="confirmed")
        make.person("Đinh Thị Hai", cmnd="212345678")
        check(person)
        assert person.identity_status == Status.CLEAN

    def test_without_a_number_it_is_missing_until_there_is_one(self) -> None:
        person = make.person(cccd="", identity_note="Hẹn làm thẻ ngày 25/7")
        check(person)
        assert (person.identity_status, person.identity_note) == (Status.MISSING, "Hẹn làm thẻ ngày 25/7")
        Person.objects.filter(pk=person.pk).update(cccd="051150123456", cccd_state="claimed", cccd_missing_reason="")
        check(person)
        assert person.identity_status == Status.UNCHECKED

    def test_a_note_that_somebody_wrote_stays(self) -> None:
        person = make.person(cccd="051050123456", identity_note="Đã lập Mẫu 26")
        check(person)
        assert (person.identity_status, person.identity_note) == (Status.DIFFERS, "Đã lập Mẫu 26")


class TestWholeRegister:
    def test_the_demo_district(self) -> None:
        """The letter of 7/2024: one person of Ba Xa without CCCD."""
        check_register(actor=User.objects.system())
        counts = people_by_kind()
        assert counts["missing"] == 1
        assert (counts["malformed"], counts["contradicting"]) == (0, 0)
        missing = IdentityIssue.objects.waiting().get(kind="missing")
        assert (missing.person.commune.code, missing.policies) == ("21538", "BTXH")
        statuses = set(
            Person.objects.filter(identity_issues__kind="differing", identity_issues__state="open").values_list(
                "identity_status", flat=True
            )
        )
        assert statuses == {"differs"}

    def test_it_finds_what_a_check_of_some_finds(self) -> None:
        people = [wrong_sex(), make.person(cccd=""), make.person(cmnd="212345678"), make.person(cmnd="212345678")]
        check_people([person.pk for person in people])
        again = check_register(actor=User.objects.system())
        assert again.people == Person.objects.count()
        mine = IdentityEvent.objects.filter(issue__person__in=people)
        assert {event.what for event in mine} == {"found"}

    def test_one_audit_entry_with_the_counts(self) -> None:
        actor = make.user()
        check_register(actor=actor)
        entry = Entry.objects.get(action="Kiểm tra nhân thân toàn bộ", actor=actor)
        assert entry.details["people"] == Person.objects.count()

    def test_progress_ends_with_everybody(self) -> None:
        seen: list[tuple[int, int, str]] = []
        check_register(actor=User.objects.system(), progress=lambda *step: seen.append(step))
        assert [done <= total for done, total, _ in seen] == [True] * len(seen)
        assert seen[-1][:2] == (Person.objects.count(), Person.objects.count())

    def test_every_night_one_is_queued(self) -> None:
        from batosocial.jobs.models import Job

        check_identity_nightly()
        check_identity_nightly()
        assert Job.objects.filter(kind="beneficiaries.check_identity").count() == 1


class TestCommand:
    def _run(self, *options: str) -> str:
        out = StringIO()
        call_command("check_identity", *options, stdout=out, stderr=StringIO())
        return out.getvalue()

    def test_json_holds_the_six_figures(self) -> None:
        wrong_sex()
        figures = json.loads(self._run("--json"))
        assert list(figures) == ["checked", "missing", "malformed", "duplicate", "contradicting", "differing"]
        assert figures["checked"] == Person.objects.count()
        assert (figures["missing"], figures["contradicting"]) == (1, 1)

    def test_a_person_counts_once_for_each_kind(self) -> None:
        before = people_by_kind()["duplicate"]
        one = make.person(cmnd="212345678", cccd="051150123456", birth="1950")
        make.person("Đinh Thị Hai", cccd="051150123456", cccd_duplicate=True, birth="1950")
        make.person("Võ Thị Ba", cmnd="212345678")
        check_people([one.pk])
        assert IdentityIssue.objects.filter(person=one, kind="duplicate").count() == 2
        assert json.loads(self._run("--json"))["duplicate"] == before + 3

    def test_in_words(self) -> None:
        assert "Chưa có CCCD: 1" in self._run()

    def test_nothing_but_the_result_on_standard_output(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("check_identity", "--json")
        json.loads(capsys.readouterr().out)
        assert sys.stdout is not None
