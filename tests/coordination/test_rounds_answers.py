"""What an answer of the police does to the register: a flag clears when a recheck passes, not before."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batosocial.audit.models import Entry
from batosocial.coordination.models import RoundPerson
from batosocial.coordination.rounds import hooks
from batosocial.coordination.rounds.answering import AnswersRefused, answer_rows
from batosocial.lib.dates import PartialDate
from batosocial.staff.models import Role, User
from beneficiaries.entry.services import edit_person
from beneficiaries.identity.services import check_people
from beneficiaries.models import IdentityAnswer, IdentityIssue, Person
from tests import factories as make
from tests.coordination.asked import answered, given, identity_round

pytestmark = pytest.mark.django_db

Rule = IdentityIssue.Rule


def receiving(name: str = "Phạm Thị Hòa", category: str = "BTXH-5C", **fields: Any) -> Person:
    person = make.person(name, **fields)
    make.entitlement(person, category)
    check_people([person.pk])
    return person


def waiting(person: Person) -> list[str]:
    return sorted(IdentityIssue.objects.waiting().filter(person=person).values_list("rule", flat=True))


def corrected(person: Person, **values: Any) -> Person:
    person.refresh_from_db()
    officer = User.objects.get(username="phong")
    edit_person(actor=officer, person_id=person.pk, version=person.version, values=values, reason="Theo Công an")
    person.refresh_from_db()
    return person


class TestMatch:
    def test_makes_somebody_clean_and_the_number_confirmed(self) -> None:
        person = answered(receiving(), "match")
        assert (person.identity_status, person.cccd_state) == ("clean", "confirmed")
        assert (person.card_name, person.card_birth_text) == (person.name, person.birth_text)

    def test_ends_with_an_edit_and_comes_back_with_what_was_confirmed(self) -> None:
        person = answered(receiving(), "match")
        person = corrected(person, name="Phạm Thị Hoa")
        assert person.identity_status == "differs"
        assert corrected(person, name="Phạm Thị Hoà").identity_status == "clean"

    def test_of_one_field_ends_with_an_edit_of_another(self) -> None:
        person = answered(receiving(cccd="051150123456"), "match", fields=["name"])
        assert person.identity_status == "clean"
        assert person.cccd_state == "claimed"
        assert corrected(person, birth_month=5).identity_status == "unchecked"

    def test_explains_digits_that_contradict_the_register(self) -> None:
        person = receiving(cccd="051050123456")
        assert waiting(person) == [Rule.DIGITS]
        person = answered(person, "match")
        assert waiting(person) == []
        assert person.identity_status == "clean"

    def test_keeps_a_birth_date_that_the_card_knows_better(self) -> None:
        person = receiving(card_birth_year=1950, card_birth_month=5, card_birth_day=12)
        assert answered(person, "match").card_birth_text == "12/05/1950"

    def test_cannot_confirm_a_number_that_somebody_else_has_too(self) -> None:
        other = receiving("Đinh Văn Hai", sex="M", cccd="051150123456", cccd_duplicate=True)
        person = answered(receiving(cccd="051150123456"), "match")
        assert (person.identity_status, person.cccd_state) == ("unchecked", "claimed")
        assert Rule.SAME_CCCD in waiting(person)
        corrected(other, cccd="051050999999")
        person.refresh_from_db()
        assert (person.identity_status, person.cccd_state) == ("clean", "confirmed")


class TestDiffers:
    def test_writes_the_card_and_flags_until_the_register_has_the_right_name(self) -> None:
        person = answered(receiving(), "differs", right={"name": "PHẠM THỊ HOA H'RE"})
        assert person.card_name == "Phạm Thị Hoa H're"
        assert person.identity_status == "differs"
        assert waiting(person) == [Rule.CARD]
        person = corrected(person, name="Phạm Thị Hoa H'Re")
        assert waiting(person) == []
        assert (person.identity_status, person.cccd_state) == ("clean", "confirmed")

    def test_a_card_name_spelled_alike_keeps_its_letters(self) -> None:
        person = receiving(card_name="Phạm Thị Hoa")
        assert answered(person, "differs", right={"name": "PHẠM THỊ HOA"}).card_name == "Phạm Thị Hoa"

    def test_somebody_who_overwrites_the_card_does_not_clear_the_flag(self) -> None:
        person = answered(receiving(), "differs", right={"name": "Phạm Thị Hoa"})
        person = corrected(person, card_name="Phạm Thị Hòa")
        assert waiting(person) == [Rule.POLICE_DIFFERS]
        assert person.identity_status == "differs"

    def test_a_birth_date_stands_on_the_card_side(self) -> None:
        person = answered(receiving(), "differs", right={"birth": PartialDate(1951, 5, 12)})
        assert person.card_birth_text == "12/05/1951"
        assert waiting(person) == [Rule.CARD]

    @pytest.mark.parametrize(
        ("right", "said"),
        [
            ({"sex": "M"}, "Công an: giới tính đúng là Nam, hồ sơ ghi Nữ"),
            ({"cccd": "051150999999"}, "Công an: số CCCD đúng có cuối 9999, hồ sơ ghi số có cuối 3456"),
        ],
    )
    def test_sex_and_number_have_no_card_side(self, right: dict[str, str], said: str) -> None:
        person = answered(receiving(cccd="051150123456"), "differs", right=right)
        assert Rule.POLICE_DIFFERS in waiting(person)
        assert said in person.identity_note
        corrected(person, **right)
        assert Rule.POLICE_DIFFERS not in waiting(person)

    def test_a_confirmed_number_that_is_wrong_is_confirmed_no_more(self) -> None:
        person = answered(receiving(), "match")
        person = answered(person, "differs", right={"cccd": "051150999999"})
        assert (person.identity_status, person.cccd_state) == ("differs", "claimed")
        person = corrected(person, cccd="051150999999")
        assert (person.identity_status, person.cccd_state) == ("clean", "confirmed")

    def test_of_people_of_merit_it_is_for_the_office(self) -> None:
        person = answered(receiving(category="NCC-9"), "differs", right={"sex": "M"})
        assert IdentityIssue.objects.get(person=person, rule=Rule.POLICE_DIFFERS).side == "office"


class TestOtherAnswers:
    def test_nobody_found_is_a_flag_until_they_are(self) -> None:
        person = answered(receiving(), "not_found")
        assert (waiting(person), person.identity_status) == ([Rule.POLICE_UNKNOWN], "differs")
        person = answered(person, "match")
        assert (waiting(person), person.identity_status) == ([], "clean")

    def test_a_death_is_a_flag_until_the_register_has_it(self) -> None:
        person = answered(receiving(), "dead", died_month=datetime.date(2024, 5, 1))
        assert waiting(person) == [Rule.POLICE_DEAD]
        assert person.identity_note == "Sai lệch thông tin: Công an: đã chết tháng 5/2024."
        assert person.died_on is None
        Person.objects.filter(pk=person.pk).update(died_on="2024-05-12")
        check_people([person.pk])
        assert waiting(person) == []

    def test_no_card_keeps_somebody_without_number_missing(self) -> None:
        person = receiving(cccd="")
        person = answered(person, "no_cccd")
        assert (waiting(person), person.identity_status) == ([Rule.NO_CCCD], "missing")
        assert waiting(corrected(person, cccd="051150123456", cccd_missing_reason="")) == []

    def test_no_card_although_the_register_has_a_number_is_a_flag(self) -> None:
        person = answered(receiving(), "no_cccd")
        assert waiting(person) == [Rule.POLICE_NO_CCCD]
        person = corrected(person, cccd="", cccd_missing_reason="not_made")
        assert waiting(person) == [Rule.NO_CCCD]


class TestAnswering:
    def test_a_new_answer_counts_and_the_old_one_stays(self) -> None:
        person = receiving()
        asked = identity_round(person)
        answered(person, "not_found", round_=asked)
        answered(person, "match", round_=asked)
        assert list(person.identity_answers.values_list("answer", "newest")) == [("match", True), ("not_found", False)]
        assert RoundPerson.objects.values_list("answer__answer", flat=True).get(round=asked) == "match"

    def test_each_answer_stands_in_the_audit_with_what_changed(self) -> None:
        person = answered(receiving(), "differs", right={"name": "Phạm Thị Hoa"}, note="Theo thẻ")
        entry = Entry.objects.filter(row_id=person.pk, action="Công an trả lời xác minh").get()
        assert entry.changes == {"card_name": ["", "Phạm Thị Hoa"], "card_birth": ["", "1950"]}
        assert entry.details["reason"] == "Khác (Theo thẻ)"

    def test_the_same_again_changes_nothing(self) -> None:
        person = receiving()
        asked = identity_round(person)
        first = given(person, "match", asked)
        answered(person, "match", round_=asked)
        assert answer_rows(actor=User.objects.get(username="congan"), round_id=asked.pk, given=[first]) == []
        assert person.identity_answers.count() == 1

    def test_whoever_comes_second_is_told(self) -> None:
        person = receiving()
        asked = identity_round(person)
        second = given(person, "match", asked)
        answered(person, "not_found", round_=asked, by=make.user(Role.POLICE, full_name="Đinh Văn Trước"))
        with pytest.raises(AnswersRefused) as refused:
            answer_rows(actor=User.objects.get(username="congan"), round_id=asked.pk, given=[second])
        (fields,) = refused.value.errors.values()
        assert "Đinh Văn Trước đã trả lời “Không tìm thấy”" in fields["answer"]

    def test_a_register_that_changed_has_to_be_looked_at_again(self) -> None:
        person = receiving()
        asked = identity_round(person)
        shown = given(person, "match", asked)
        corrected(person, name="Phạm Thị Hoa")
        with pytest.raises(AnswersRefused, match="Phạm Thị Hòa → Phạm Thị Hoa"):
            answer_rows(actor=User.objects.get(username="congan"), round_id=asked.pk, given=[shown])

    def test_one_fault_and_none_is_stored(self) -> None:
        good, bad = receiving(), receiving("Đinh Thị Hai")
        asked = identity_round(good, bad)
        both = [given(good, "match", asked), given(bad, "differs", asked)]
        with pytest.raises(AnswersRefused):
            answer_rows(actor=User.objects.get(username="congan"), round_id=asked.pk, given=both)
        assert not IdentityAnswer.objects.filter(person__in=[good, bad]).exists()

    def test_as_many_statements_for_many_answers(self) -> None:
        def statements(people: int) -> int:
            those = [receiving(f"Phạm Thị {number}") for number in range(people)]
            asked = identity_round(*those)
            answers = [given(person, "differs", asked, right={"name": "Đinh Thị Khác"}) for person in those]
            with CaptureQueriesContext(connection) as queries:
                answer_rows(actor=User.objects.get(username="congan"), round_id=asked.pk, given=answers)
            assert {person.card_name for person in Person.objects.filter(pk__in=[p.pk for p in those])} == {
                "Đinh Thị Khác"
            }
            return len(queries)

        assert statements(2) == statements(12)

    def test_others_hear_of_it_with_the_register_checked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        heard: list[Any] = []
        monkeypatch.setattr(hooks, "_callbacks", [lambda *, rows, actor: heard.extend(rows)])
        answered(receiving(), "match")
        assert [(row.answer.answer, row.person.identity_status) for row in heard] == [("match", "clean")]
