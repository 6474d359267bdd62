"""What the rules of rules.md 4 find, one by one, by SQL and in agreement with lib.national_id."""

import datetime
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from batosocial.lib.national_id import check_cccd, describe, provinces
from batosocial.staff.models import Role
from beneficiaries.identity import rules
from beneficiaries.identity.comparison import BirthParts, birth_mismatch, name_mismatch
from beneficiaries.identity.services import check_people
from beneficiaries.models import Change, Dependant, Entitlement, IdentityIssue, Payee, Person
from tests import factories as make

pytestmark = pytest.mark.django_db

Kind, Rule, State = IdentityIssue.Kind, IdentityIssue.Rule, IdentityIssue.State


def found(*people: Person) -> list[IdentityIssue]:
    """Their waiting issues after a check."""
    check_people([person.pk for person in people])
    return list(IdentityIssue.objects.waiting().filter(person__in=people).order_by("person_id", "rule"))


def rules_of(*people: Person) -> list[str]:
    return [issue.rule for issue in found(*people)]


def receiving(name: str = "Phạm Thị Thử", **fields: Any) -> Person:
    person = make.person(name, **fields)
    make.entitlement(person)
    return person


class TestOneNumber:
    def test_a_sound_person_has_no_issue(self) -> None:
        assert found(receiving()) == []

    def test_no_cccd_makes_work_for_the_police(self) -> None:
        """rules.md 4: empty is allowed, needs a reason and creates a task; the letter of 7/2024, item 3."""
        (issue,) = found(receiving(cccd=""))
        assert (issue.kind, issue.side) == (Kind.MISSING, IdentityIssue.Side.POLICE)
        assert issue.evidence["lines"] == [{"what": "missing", "reason": "not_made"}]

    def test_a_childs_number_is_the_communes_to_find(self) -> None:
        (issue,) = found(receiving(cccd="", birth="12/05/2022", cccd_missing_reason="child"))
        assert issue.side == IdentityIssue.Side.COMMUNE

    @pytest.mark.parametrize(
        ("number", "what"),
        [("099150123456", "province"), ("051150000000", "filler"), ("011111111111", "filler")],
    )
    def test_a_number_of_no_province_or_a_filler(self, number: str, what: str) -> None:
        """rules.md 4: province code not in the table of 63; last six digits 000000, or all equal."""
        (issue,) = found(receiving(cccd=number, birth="1950" if number[1] != "1" else "1911"))[:1]
        assert issue.rule == Rule.CCCD_FORM
        assert what in [line["what"] for line in issue.evidence["lines"]]

    def test_a_number_that_the_police_confirmed_may_look_odd(self) -> None:
        """rules.md 4: codes outside the table exist for people whose birth was registered abroad."""
        assert found(receiving(cccd="099150123456", cccd_state="confirmed")) == []

    def test_the_province_of_birth_is_no_message(self) -> None:
        """rules.md 4: it is where the birth was registered, not where somebody lives."""
        assert found(receiving(cccd="001150123456")) == []

    def test_sex_and_year_against_the_number(self) -> None:
        """TT 59/2021/TT-BCA, as a plausibility check: "sai lệch thông tin", goes to the police."""
        (issue,) = found(receiving(cccd="051049123456", sex="F", birth="1950"))
        assert (issue.kind, issue.rule, issue.side) == (Kind.CONTRADICTING, Rule.DIGITS, IdentityIssue.Side.POLICE)
        assert issue.evidence["lines"] == [
            {"what": "sex", "number": "M", "file": "F"},
            {"what": "year", "number": 1949, "file": 1950},
        ]

    def test_a_year_that_the_card_explains_is_a_matter_of_file_and_card(self) -> None:
        person = receiving(cccd="051149123456", birth="1950", card_birth_year=1949)
        assert rules_of(person) == [Rule.CARD]

    def test_a_cmnd_of_equal_digits(self) -> None:
        assert rules_of(receiving(cmnd="111111111")) == [Rule.CMND_FORM]

    def test_a_payees_number_must_have_twelve_digits(self) -> None:
        person = receiving()
        payee = make.payee(person, Payee.Kind.GUARDIAN, cccd="51150123456")
        assert rules_of(person) == []
        make.route(person, payee=payee)
        (issue,) = found(person)
        assert (issue.rule, issue.key) == (Rule.PAYEE_FORM, f"payee:{payee.pk}")
        assert issue.evidence["lines"][0]["length"] == 11

    def test_a_dependants_number_must_have_twelve_digits(self) -> None:
        person = make.person(birth="1985")
        benefit = make.entitlement(person, "BTXH-4", dependants=1)
        Dependant.objects.filter(entitlement=benefit).update(cccd="05121512345")
        assert rules_of(person) == [Rule.DEPENDANT_FORM]


class TestWhoCounts:
    def test_the_dead_and_those_whose_benefits_ended_make_no_work(self) -> None:
        dead = make.person(cccd="", died_on=datetime.date(2024, 5, 3))
        make.entitlement(dead, before=datetime.date(2024, 6, 1))
        stopped = make.person(cccd="")
        make.entitlement(stopped, before=make.THIS_MONTH)
        assert found(dead, stopped) == []

    def test_a_benefit_that_was_entered_by_mistake_counts_nowhere(self) -> None:
        parents = [make.person(birth="1985"), make.person("Phạm Văn Cha", sex="M", birth="1983")]
        for parent in parents:
            benefit = make.entitlement(parent, "BTXH-4", dependants=1)
            Dependant.objects.filter(entitlement=benefit).update(cccd="051215123456")
        assert rules_of(*parents) == [Rule.SAME_CHILD] * 2
        Entitlement.objects.filter(person=parents[0]).update(voided_by=benefit.granted_by)
        assert found(*parents) == []
        Person.objects.filter(pk=parents[0].pk).update(died_on=datetime.date(2024, 5, 3))
        issue = make.identity_issue(parents[0])
        check_people([parents[0].pk])
        issue.refresh_from_db()
        assert (issue.state, issue.reason) == (State.CLOSED, "Không còn hưởng nên không cần xử lý.")

    def test_a_benefit_to_come_or_proposed_does(self) -> None:
        coming, proposed = make.person(cccd=""), make.person(cccd="")
        make.entitlement(coming, start=make.NEXT_MONTH)
        make.entitlement(proposed, before=make.THIS_MONTH)
        Change.objects.create(
            kind="start", policy="NCC", person=proposed, effective_month=make.NEXT_MONTH, proposed_by=make.user()
        )
        issues = found(coming, proposed)
        assert [(issue.kind, issue.policies) for issue in issues] == [("missing", "BTXH"), ("missing", "NCC")]

    def test_somebody_just_entered_does(self) -> None:
        assert rules_of(make.person(cccd="")) == [Rule.NO_CCCD]

    def test_an_issue_closes_when_its_person_no_longer_counts(self) -> None:
        person = make.person(cccd="")
        benefit = make.entitlement(person)
        (issue,) = found(person)
        benefit.months = make.month_range(datetime.date(2024, 1, 1), make.THIS_MONTH)
        benefit.save()
        assert found(person) == []
        issue.refresh_from_db()
        assert (issue.state, issue.reason) == (State.CLOSED, "Không còn hưởng nên không cần xử lý.")


class TestDoubles:
    def test_one_cccd_on_two_people_in_two_communes(self) -> None:
        """rules.md 4: same number on two persons, show both; both are paid this month, so it comes first."""
        one = receiving(cccd="051150123456")
        two = receiving(cccd="051150123456", cccd_duplicate=True, commune=make.commune(make.BA_TO_TOWN))
        found(one)
        issues = IdentityIssue.objects.filter(person__in=[one, two]).order_by("person_id")
        assert [(issue.person, issue.other, issue.rank, issue.place) for issue in issues] == [
            (one, two, 10, 0),
            (two, one, 10, 1),
        ]
        assert all(issue.side == IdentityIssue.Side.OFFICE and issue.paid_twice for issue in issues)

    def test_one_cmnd_on_two_people_of_a_commune(self) -> None:
        one, two = receiving(cmnd="212345678"), receiving("Đinh Văn Khác", sex="M", birth="1962", cmnd="212345678")
        issues = found(one, two)
        assert [issue.rule for issue in issues] == [Rule.SAME_CMND] * 2
        assert issues[0].evidence["strong"] is False
        assert issues[0].side == IdentityIssue.Side.COMMUNE

    def test_a_filler_cmnd_is_shared_by_nobody(self) -> None:
        assert Rule.SAME_CMND not in rules_of(receiving(cmnd="000000000"), receiving(cmnd="000000000"))

    def test_name_and_full_birth_date_are_offered_never_more(self) -> None:
        """rules.md 9.5: never deduplicate on name and year."""
        one = receiving("Phạm Thị Hòa", birth="12/05/1950", cccd="051150123456")
        two = receiving("Phạm Thị Hoà", birth="12/05/1950", cccd="051150987654")
        found(one)
        issues = IdentityIssue.objects.filter(person__in=[one, two])
        assert [(issue.rule, issue.evidence["strong"], issue.rank) for issue in issues] == [
            (Rule.SAME_NAME, False, 20)
        ] * 2
        assert {issue.person for issue in issues} | {issue.other for issue in issues} == {one, two}

    @pytest.mark.parametrize("births", [("1950", "1950"), ("05/1950", "05/1950"), ("12/05/1950", "1950")])
    def test_name_and_less_than_a_birth_date_say_nothing(self, births: tuple[str, str]) -> None:
        assert found(*(receiving("Phạm Thị Hòa", birth=birth) for birth in births)) == []

    @pytest.mark.parametrize("number", ["", "051150123465"])
    def test_without_a_second_number_or_with_all_but_the_same_it_is_likely_one_person(self, number: str) -> None:
        one = receiving("Phạm Thị Hòa", birth="12/05/1950", cccd="051150123456")
        receiving("Phạm Thị Hòa", birth="12/05/1950", cccd=number)
        (issue,) = found(one)
        assert (issue.rule, issue.evidence["strong"], issue.rank) == (Rule.SAME_NAME, True, 10)

    def test_two_numbers_that_the_police_confirmed_are_two_people(self) -> None:
        assert found(*(receiving("Phạm Thị Hòa", birth="12/05/1950", cccd_state="confirmed") for _ in range(2))) == []

    def test_a_namesake_who_is_paid_no_more_is_nobodys_double(self) -> None:
        one = receiving("Phạm Thị Hòa", birth="12/05/1950")
        gone = make.person("Phạm Thị Hòa", birth="12/05/1950")
        make.entitlement(gone, before=make.THIS_MONTH)
        assert found(one) == []

    def test_a_shared_number_counts_whoever_has_it_elsewhere(self) -> None:
        one = receiving(cccd="051150123456")
        gone = make.person(cccd="051150123456", cccd_duplicate=True)
        make.entitlement(gone, before=make.THIS_MONTH)
        (issue,) = found(one, gone)
        assert (issue.person, issue.other, issue.rank, issue.paid_twice) == (one, gone, 30, False)

    def test_one_account_that_two_people_call_their_own(self) -> None:
        account = make.account()
        one, two = receiving(), receiving("Đinh Thị Khác", birth="1960")
        for person in (one, two):
            make.route(person, account=account)
        assert rules_of(one) == [Rule.SAME_ACCOUNT]

    def test_an_account_of_a_guardian_may_serve_several(self) -> None:
        account = make.account()
        one, two = receiving(birth="2015"), receiving(birth="2017")
        for person in (one, two):
            make.route(person, account=account, payee=make.payee(person, Payee.Kind.GUARDIAN))
        assert found(one, two) == []

    def test_one_child_counted_for_two_parents(self) -> None:
        """Khoản 4 Điều 5 NĐ 20/2021 pays for each child; nobody's child is two."""
        parents = [make.person(birth="1985"), make.person("Phạm Văn Cha", sex="M", birth="1983")]
        for parent in parents:
            benefit = make.entitlement(parent, "BTXH-4", dependants=1)
            Dependant.objects.filter(entitlement=benefit).update(cccd="051215123456")
        assert rules_of(*parents) == [Rule.SAME_CHILD] * 2

    def test_a_large_group_stays_small_for_each(self) -> None:
        people = [receiving(f"Phạm Thị {letter}", cmnd="212345678") for letter in "ABCDEFGHIKLMNOPQRSTUVXYZ"]
        issues = found(people[0])
        assert len(issues) == 1
        assert len(issues[0].evidence["others"]) == 20
        assert IdentityIssue.objects.filter(rule=Rule.SAME_CMND).count() == len(people)
        assert IdentityIssue.objects.filter(rule=Rule.SAME_CMND).once_each(make.user()).count() == 1


class TestFileAndCard:
    @pytest.mark.parametrize(
        ("file", "card", "how"),
        [
            ("Phạm Thị Hòa", "PHẠM THỊ HOÀ", ""),
            ("Phạm Thị Thủy", "Phạm Thị Thuỷ", ""),
            ("Phạm Thị Vy", "Phạm Thị Vi", "spelling_iy"),
            ("Phạm Thị Huyền", "Phạm Thị Huyên", "accents"),
            ("Phạm Thị Y Lan", "Phạm Thị Ylan", "spacing"),
            ("Phạm Thị Lan", "Phạm Thị Kim Lan", "middle_name"),
            ("Phạm Thị Lan", "Đinh Thị Lan", "name"),
        ],
    )
    def test_how_names_differ(self, file: str, card: str, how: str) -> None:
        """Điều 130 NĐ 131/2021: name, middle name and birth may be corrected by Mẫu 26, Mẫu 75."""
        assert name_mismatch(file, card) == how

    @pytest.mark.parametrize(
        ("file", "card", "part"),
        [
            ((1950, None, None), (1950, 5, 12), ""),
            ((1950, 5, 12), (1949, 5, 12), "year"),
            ((1950, 5, None), (1950, 6, 1), "month"),
            ((1950, 5, 12), (1950, 5, 21), "day"),
        ],
    )
    def test_how_births_differ(self, file: tuple[int, ...], card: tuple[int, ...], part: str) -> None:
        assert birth_mismatch(BirthParts(*file), BirthParts(*card)) == part

    def test_merit_files_go_through_the_office_the_others_are_the_communes(self) -> None:
        """NĐ 131/2021 Điều 130 for NCC; a BTXH file is corrected by the commune."""
        merit, social = (make.person("Phạm Thị Vy", card_name="Phạm Thị Vi") for _ in range(2))
        make.entitlement(merit, "NCC-9")
        make.entitlement(social)
        issues = found(merit, social)
        assert [(issue.kind, issue.side) for issue in issues] == [("differing", "office"), ("differing", "commune")]
        assert issues[0].evidence["lines"] == [
            {"what": "name", "file": "Phạm Thị Vy", "card": "Phạm Thị Vi", "how": "spelling_iy"}
        ]

    def test_a_card_that_says_the_same_makes_no_issue(self) -> None:
        assert found(receiving("Phạm Thị Hòa", card_name="PHẠM THỊ HOÀ", birth="1950", card_birth_year=1950)) == []


@pytest.mark.django_db
class TestSqlAgreesWithPython(TestCase):
    """The digits as SQL and lib.national_id read them, for every century and whatever number."""

    def _sql(self, expression: str, number: str) -> Any:
        with connection.cursor() as cursor:
            statement = f"SELECT {expression} FROM (SELECT %(number)s::varchar AS cccd) p"
            cursor.execute(statement, {"number": number, "provinces": sorted(provinces())})
            return cursor.fetchone()[0]

    @settings(max_examples=150, deadline=None)
    @given(st.from_regex(r"\A[0-9]{12}\Z") | st.from_regex(r"\A0(51|01|96|99)[0-9]{3}000000\Z"))
    def test_sex_year_province_and_filler(self, number: str) -> None:
        province, sex, year = describe(number)
        assert self._sql(rules.TOLD_SEX, number) == sex
        assert self._sql(rules.TOLD_YEAR, number) == year
        assert self._sql(rules.PROVINCE_UNKNOWN, number) is (province is None)
        codes = {problem.code for problem in check_cccd(number).problems}
        assert self._sql(rules.CCCD_FILLER, number) is ("filler" in codes)

    @settings(max_examples=40, deadline=None)
    @given(st.integers(1900, 2024), st.integers(1900, 2024), st.sampled_from("MF"), st.sampled_from("MF"))
    def test_the_issue_has_the_contradictions_of_check_cccd(
        self, year: int, told: int, sex: str, told_sex: str
    ) -> None:
        person = make.person(birth=str(year), sex=sex, cccd=make.cccd(told_sex, told))
        codes = {problem.code for problem in check_cccd(person.cccd, sex=sex, birth_year=year).problems}
        lines = [
            line["what"] for issue in found(person) if issue.rule == Rule.DIGITS for line in issue.evidence["lines"]
        ]
        assert {f"{what}_mismatch" for what in lines} == codes & {"sex_mismatch", "year_mismatch"}


def test_a_police_officer_never_sees_what_accounts_and_benefits_gave_away() -> None:
    account = make.account()
    one, two = receiving(cccd=""), receiving("Đinh Thị Khác", birth="1960")
    for person in (one, two):
        make.route(person, account=account)
    check_people([one.pk])
    of_commune = make.user(Role.POLICE, commune=make.commune())
    elsewhere = make.user(Role.POLICE, commune=make.commune(make.BA_TO_TOWN))
    mine = IdentityIssue.objects.filter(person__in=[one, two])
    assert [issue.rule for issue in mine.visible_to(of_commune)] == [Rule.NO_CCCD]
    assert [issue.rule for issue in mine.visible_to(make.user(Role.POLICE))] == [Rule.NO_CCCD]
    assert not mine.visible_to(elsewhere).exists()
