"""What the program finds of a month, each with the law it rests on."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batosocial.staff.models import Payer
from batosocial.territory.models import Unit
from beneficiaries.models import Change, Dependant, Entitlement, Person
from payments.models import Payment, PaymentLine, PaymentList
from payments.review.findings import Finding, Wanted, find_all, register_source
from payments.review.sources.payments import says_death
from tests import factories as make
from tests.payments import rows
from tests.payments.review.rows import AUGUST, SEPTEMBER, found, reason

DECEMBER = datetime.date(2024, 12, 1)

pytestmark = pytest.mark.django_db

STOP, LOST = "stop", "TT02-2.1.b"
ADJUST, ADJUSTED = "adjust", "ND20-8.1.đ"


def one_of(person: Person, month: datetime.date = AUGUST) -> Finding:
    (finding,) = [one for one in find_all(Wanted(month, [person.commune_id])) if one.person_id == person.pk]
    return finding


class TestAges:
    """Điều 5, 6 NĐ 20/2021: which age matters to which benefit."""

    @pytest.mark.parametrize(
        ("category", "age", "action", "code"),
        [
            ("BTXH-7", 3, STOP, LOST),  # k7 Đ5
            ("BTXH-1A", 4, ADJUST, ADJUSTED),  # đ.a k1 Đ6
            ("BTXH-3A", 4, ADJUST, ADJUSTED),  # đ.c k1 Đ6
            ("BTXH-1B", 16, STOP, LOST),  # k1 Đ5, unless k2
            ("BTXH-3B", 16, STOP, LOST),  # k3 Đ5
            ("BTXH-6B", 16, ADJUST, ADJUSTED),  # k6 Đ5, đ.e k1 Đ6
            ("BTXH-6D", 16, ADJUST, ADJUSTED),
            ("BTXH-2", 22, STOP, LOST),  # k2 Đ5
            ("BTXH-6A", 60, ADJUST, ADJUSTED),  # đ.e k1 Đ6, the aged
            ("BTXH-6C", 60, ADJUST, ADJUSTED),
            ("BTXH-4", 75, "keep", ""),  # k2 Đ6: khoản 4 may stand beside khoản 5
            ("BTXH-5A1", 80, ADJUST, ADJUSTED),  # đ.đ k1 Đ6
            ("BTXH-5B", 80, ADJUST, ADJUSTED),  # đ.b, đ.c k5 Đ5
        ],
    )
    def test_an_age_matters_to_a_benefit(self, category: str, age: int, action: str, code: str) -> None:
        person = make.person(birth=f"12/08/{2024 - age}")
        make.entitlement(person, category)
        assert found(person) == [("age", action, code)]

    @pytest.mark.parametrize(("category", "age"), [("BTXH-5C", 80), ("BTXH-6A", 16), ("BTXH-7", 4), ("NCC-3.1", 80)])
    def test_an_age_that_does_not_matter_is_not_found(self, category: str, age: int) -> None:
        person = make.person(birth=f"12/08/{2024 - age}")
        make.entitlement(person, category)
        assert found(person) == []

    def test_a_stop_counts_from_the_month_after(self) -> None:
        """Khoản 2 Điều 8 NĐ 20/2021."""
        person = make.person(birth="12/08/2021")
        make.entitlement(person, "BTXH-7")
        finding = one_of(person)
        assert (finding.happened_on, finding.effective_month) == (datetime.date(2024, 8, 12), SEPTEMBER)
        assert "đủ 3 tuổi từ 12/08/2024" in finding.finding
        assert "k7 Đ5 NĐ 20/2021" in finding.finding

    def test_an_amount_changes_from_the_month_of_the_condition(self) -> None:
        """Điểm đ khoản 1 Điều 8 NĐ 20/2021."""
        person = make.person(birth="12/08/1944")
        make.entitlement(person, "BTXH-5A1")
        assert one_of(person).effective_month == AUGUST

    def test_the_month_before_is_looked_at_too(self) -> None:
        """Whoever was 3 in July is without the benefit from August on."""
        person = make.person(birth="30/07/2021")
        make.entitlement(person, "BTXH-7")
        assert one_of(person).effective_month == AUGUST

    def test_of_whom_only_the_year_is_known_it_says_so(self) -> None:
        person = make.person(birth="1945")
        make.entitlement(person, "BTXH-5A1")
        assert "chỉ biết năm" in one_of(person, datetime.date(2025, 1, 1)).finding

    def test_nobody_who_died_stopped_or_has_a_proposal_waiting(self) -> None:
        dead, stopped, pending = (make.person(birth="12/08/2021") for _ in range(3))
        make.entitlement(dead, "BTXH-7", before=AUGUST)
        Person.objects.filter(pk=dead.pk).update(died_on="2024-07-03")
        make.entitlement(stopped, "BTXH-7", before=AUGUST)
        row = make.entitlement(pending, "BTXH-7")
        make.proposal(pending, kind="stop", entitlement=row)
        assert [found(person) for person in (dead, stopped, pending)] == [[], [], []]

    def test_a_confidential_group_is_not_told(self) -> None:
        person = make.person(birth="12/08/2008")
        make.entitlement(person, "BTXH-3B")
        finding = one_of(person)
        assert finding.finding == "đủ 16 tuổi từ 12/08/2024: xem lại chế độ đang hưởng"


class TestDependants:
    """Điểm d khoản 1 Điều 6, Điều 20 NĐ 20/2021."""

    @pytest.mark.parametrize(
        ("category", "age", "action", "code"),
        [
            ("CSND-2A1", 3, STOP, "TT02-2.2.b"),  # 36 months: đ.a k2 Đ20
            ("CSND-2A2", 3, ADJUST, ADJUSTED),
            ("CSND-1A", 4, ADJUST, ADJUSTED),  # k1 Đ20
            ("BTXH-4", 16, ADJUST, ADJUSTED),  # k4 Đ5
            ("CSND-1B", 16, STOP, "TT02-2.2.b"),
            ("CSND-2D2", 16, ADJUST, ADJUSTED),  # đ.d k2 Đ20
            ("BTXH-4", 22, ADJUST, ADJUSTED),
        ],
    )
    def test_an_age_of_a_dependant_matters(self, category: str, age: int, action: str, code: str) -> None:
        person = self.carer(category, 2024 - age)
        assert found(person) == [("dependant_age", action, code)]
        assert "Phạm Thị Con" in one_of(person).finding

    def test_a_dependant_who_left_earlier_is_not_found(self) -> None:
        person = self.carer("BTXH-4", 2002)
        Dependant.objects.filter(entitlement__person=person).update(
            months=make.month_range(datetime.date(2024, 1, 1), make.THIS_MONTH)
        )
        assert found(person) == []

    @staticmethod
    def carer(category: str, year: int, month: int = 8) -> Person:
        person = make.person(birth="12/03/1990")
        row = make.entitlement(person, category)
        Dependant.objects.create(
            entitlement=row, name="Phạm Thị Con", birth_year=year, birth_month=month, birth_day=20, months=row.months
        )
        return person


class TestUncollected:
    """Điểm a khoản 3 Điều 2 TT 02/2021: không nhận chế độ liên tục từ 03 tháng trở lên."""

    def test_three_months_in_a_row(self) -> None:
        person = self.payments(["not_collected"] * 3)
        assert found(person, DECEMBER) == [("uncollected", "suspend", "TT02-2.3.a")]
        finding = one_of(person, DECEMBER)
        assert finding.effective_month == DECEMBER
        assert "tháng 9/2024 đến tháng 11/2024" in finding.finding

    def test_two_months_are_not_enough(self) -> None:
        assert found(self.payments(["paid_cash", "not_collected", "not_collected"]), DECEMBER) == []

    def test_a_payment_between_breaks_the_run(self) -> None:
        person = self.payments(["not_collected", "not_collected", "paid_cash", "not_collected"])
        assert found(person, DECEMBER) == []

    def test_collected_at_last_is_not_found(self) -> None:
        person = self.payments(["not_collected", "not_collected", "not_collected", "paid_cash"])
        assert found(person, DECEMBER) == []

    def test_money_that_the_bank_sent_back_proposes_nothing(self) -> None:
        finding = one_of(self.payments(["not_collected", "returned", "not_collected"]), DECEMBER)
        assert (finding.action, finding.reason) == ("", "TT02-2.3.a")
        assert "10/2024 do chuyển khoản bị trả lại" in finding.finding

    def test_a_last_month_without_results_is_left_out(self) -> None:
        person = self.payments(["not_collected", "not_collected", "not_collected", ""])
        assert found(person, DECEMBER) == [("uncollected", "suspend", "TT02-2.3.a")]

    def test_nobody_suspended_already(self) -> None:
        person = self.payments(["not_collected"] * 3)
        make.suspension(Entitlement.objects.get(person=person), DECEMBER)
        assert found(person, DECEMBER) == []

    @staticmethod
    def payments(results: list[str], commune: str = make.BA_DONG, **fields: Any) -> Person:
        """Payments of one benefit with these results, of the months up to November, which the demo leaves free."""
        person = make.person(commune=make.commune(commune))
        row = make.entitlement(person)
        for at, result in enumerate(results):
            listed = rows.payment_list(month=datetime.date(2024, 12 - len(results) + at, 1), commune=person.commune)
            TestUncollected.pay(listed, row, result, **fields)
        return person

    @staticmethod
    def pay(listed: PaymentList, row: Entitlement, result: str, **fields: Any) -> None:
        month, planned = listed.period.month, dict[str, Any](planned_channel="cash", cash_reason="frail")
        if result == "returned":
            account = make.account()
            planned = {"planned_channel": "account", "provider": account.provider, "account_number": account.number}
            fields |= {"return_reason": "wrong_number"}
        made = Payment.objects.create(
            payment_list=listed, person=row.person, number=f"T{month:%y%m}-{row.pk}", position=1, name=row.person.name,
            birth=row.person.birth_text, sex="F", payer=Payer.objects.get(code="BUUDIEN"), total=360_000, **planned,
        )  # fmt: skip
        PaymentLine.objects.create(
            payment=made, entitlement=row, category=row.category, policy="BTXH", kind="regular", month=month,
            amount=360_000,
        )  # fmt: skip
        rows.put(listed, PaymentList.State.HANDED_OVER)
        if result:
            paid = {"paid_on": month} if result == "paid_cash" else {}
            signed = {"recorded_by": make.user(), "recorded_at": timezone.now()}
            Payment.objects.filter(pk=made.pk).update(result=result, **paid, **signed, **fields)


class TestReassessment:
    """Điểm đ khoản 1 Điều 2 TT 02/2021: three months after a suspension by điểm b khoản 3."""

    def test_three_months_after_the_decision(self) -> None:
        person = self.suspended("TT02-2.3.b", datetime.date(2024, 4, 25))
        assert found(person) == [("reassessment", "stop", "TT02-2.1.đ")]
        finding = one_of(person)
        assert (finding.happened_on, finding.effective_month) == (datetime.date(2024, 7, 25), AUGUST)

    def test_not_before(self) -> None:
        # Full in August: it would end in September, of which the next review is.
        assert found(self.suspended("TT02-2.3.b", datetime.date(2024, 5, 2))) == []

    def test_no_other_reason(self) -> None:
        assert found(self.suspended("TT02-2.3.a", datetime.date(2024, 4, 25))) == []

    def test_not_once_it_ended(self) -> None:
        assert found(self.suspended("TT02-2.3.b", datetime.date(2024, 4, 25), before=AUGUST)) == []

    @staticmethod
    def suspended(code: str, decided: datetime.date, before: datetime.date | None = None) -> Person:
        person = make.person()
        row = make.suspension(make.entitlement(person), datetime.date(2024, 5, 1), before)
        Change.objects.filter(pk=row.change_id).update(reason=reason(code), decision_date=decided)
        return person


class TestPapers:
    def test_a_paper_that_runs_out_in_the_month(self) -> None:
        person = self.authorised(datetime.date(2024, 8, 31))
        assert found(person) == [("paper", "keep", "")]
        assert "31/08/2024" in one_of(person).finding

    def test_not_one_that_lasts(self) -> None:
        assert found(self.authorised(datetime.date(2024, 9, 1))) == []

    @staticmethod
    def authorised(until: datetime.date) -> Person:
        person = make.person()
        payee = make.payee(person, "authorised", paper_valid_until=until)
        make.route(person, payee=payee, confirmed_by=make.user())
        return person


class TestDeaths:
    """Điểm a khoản 1 Điều 2 TT 02/2021; Điều 121 to 124 NĐ 131/2021."""

    def test_a_payment_that_came_back_as_the_person_is_dead(self) -> None:
        person = TestUncollected.payments(["not_collected"], return_reason="deceased")
        assert found(person, DECEMBER) == [("death", "stop", "TT02-2.1.a")]
        # The payer does not know the day.
        assert one_of(person, DECEMBER).happened_on is None

    def test_a_note_that_says_so(self) -> None:
        person = TestUncollected.payments(["not_collected"], result_note="Ông ĐÃ CHẾT tháng 6")
        assert found(person, DECEMBER) == [("death", "stop", "TT02-2.1.a")]

    @pytest.mark.parametrize("note", ["đã chết ngày 2/7", "Từ trần", "bà cụ đã mất", "da mat 3/7"])
    def test_words_of_a_death(self, note: str) -> None:
        assert says_death(note)

    @pytest.mark.parametrize("note", ["đã mất thẻ ATM", "Đã mất giấy tờ", "chưa đến nhận", "chuyển khoản bị trả lại"])
    def test_other_words(self, note: str) -> None:
        assert not says_death(note)

    def test_a_death_that_one_policy_knows_while_the_other_runs_on(self) -> None:
        person = make.person(died_on=datetime.date(2024, 7, 3))
        make.entitlement(person, "BTXH-5C", before=AUGUST)
        make.entitlement(person, "NCC-3.1")
        assert found(person) == [("death", "stop", "ND131-122")]
        finding = one_of(person)
        assert (finding.happened_on, finding.effective_month) == (datetime.date(2024, 7, 3), AUGUST)

    def test_nobody_whose_benefits_all_ended(self) -> None:
        person = make.person(died_on=datetime.date(2024, 7, 3))
        make.entitlement(person, before=AUGUST)
        assert found(person) == []


def test_a_later_app_adds_a_source() -> None:
    person = make.person()
    name = "thu-nguon-khac"

    @register_source(name)
    def more(wanted: Wanted) -> list[Finding]:
        return [Finding(person.commune_id, person.pk, "death", "thu:1", "Công an xác minh đã chết")]

    try:
        assert found(person) == [("death", "", "")]
    finally:
        from payments.review import findings

        del findings._sources[name]


def test_the_number_of_queries_does_not_grow() -> None:
    """One statement for each source, whatever there is to find."""

    communes = list(Unit.objects.current().communes())

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            find_all(Wanted(DECEMBER, [unit.pk for unit in communes]))
        return len(captured)

    def more(units: list[Unit]) -> None:
        for unit in units:
            make.entitlement(make.person(birth="12/12/2021", commune=unit), "BTXH-7")
            TestDependants.carer("BTXH-4", 2002, 12)
            TestPapers.authorised(datetime.date(2024, 12, 20))
            TestUncollected.payments(["not_collected"] * 3, commune=unit.code, result_note="đã chết")
            make.entitlement(make.person(died_on=datetime.date(2024, 7, 3)), "NCC-3.1")

    more(communes[:1])
    before = count()
    more(communes[1:7])
    assert count() == before


def test_nothing_is_found_of_another_commune() -> None:
    person = make.person(birth="12/08/2021", commune=make.commune("21538"))
    make.entitlement(person, "BTXH-7")
    own = find_all(Wanted(AUGUST, [make.commune().pk]))
    assert person.pk not in {one.person_id for one in own}
