"""The two workbooks that communes really send, row by row."""

import pytest

from beneficiaries.imports.checked import CheckedRow
from beneficiaries.models import ImportRow, Payee, PayoutRoute, Person
from tests import factories as make
from tests.beneficiaries import import_lists as lists

pytestmark = pytest.mark.django_db


@pytest.fixture
def by_tt() -> dict[str, CheckedRow]:
    preview = lists.check(lists.NCC_SAMPLE.read_bytes(), policy="NCC", commune=make.commune(make.BA_TO_TOWN))
    return {row.source.ordinal: row for row in preview.rows}


def worst(row: CheckedRow) -> str:
    return "error" if row.has_error else "warning" if row.has_warning else ""


def test_the_good_list_is_all_new_then_all_unchanged() -> None:
    content = lists.BTXH_SAMPLE.read_bytes()
    batch = lists.upload(content)
    assert (batch.state, batch.new_count, batch.error_count, batch.warning_count) == ("previewed", 150, 0, 0)
    assert batch.month == make.THIS_MONTH
    accepted = lists.accept(batch)
    assert accepted.state == "accepted"
    people = Person.objects.filter(changes__batch=batch)
    assert people.count() == 150
    assert people.filter(commune=make.commune()).count() == 150
    hamlets = set(people.values_list("hamlet", flat=True))
    assert hamlets == {"Thôn Tân Long Hạ", "Thôn Nam Lân", "Thôn Hóc Kè", "Thôn Bắc Lân"}
    assert people.receiving("BTXH", make.NEXT_MONTH).count() == 150
    assert people.receiving("BTXH", make.THIS_MONTH).count() == 0
    routes = PayoutRoute.objects.filter(person__in=people)
    assert routes.count() == 150
    assert routes.exclude(account=None).count() == 71
    assert routes.filter(payee__kind=Payee.Kind.GUARDIAN).count() == 21
    counts = lists.check(content).counts
    assert (counts["new"], counts["changed"], counts["unchanged"], counts["error"]) == (0, 0, 150, 0)


def test_counts_of_the_list_with_defects(by_tt: dict[str, CheckedRow]) -> None:
    assert len(by_tt) == 40
    assert {tt for tt, row in by_tt.items() if worst(row) == "error"} == {"3", "6", "7", "11", "14", "15"}
    assert {tt for tt, row in by_tt.items() if worst(row) == "warning"} == {"4", "5", "8", "13", "16"}
    assert sum(row.outcome == ImportRow.Outcome.NEW for row in by_tt.values()) == 34


def test_each_row_of_a_number_that_stands_twice_names_the_other(by_tt: dict[str, CheckedRow]) -> None:
    assert ("error", "E") in [problem[:2] for problem in lists.problems(by_tt["3"])]
    assert any("dòng 13" in text and "TT 6" in text for *_, text in lists.problems(by_tt["3"]))
    assert any("dòng 10" in text and "TT 3" in text for *_, text in lists.problems(by_tt["6"]))
    # That the number does not fit sex and year either is told in the same pass.
    assert sum("Sai lệch" in text for *_, text in lists.problems(by_tt["6"])) == 2


@pytest.mark.parametrize(("tt", "number"), [("4", "051030234089"), ("5", "051155582118")])
def test_a_lost_zero_is_put_back_with_a_warning(by_tt: dict[str, CheckedRow], tt: str, number: str) -> None:
    assert by_tt[tt].values.cccd == number
    ((severity, column, text),) = lists.problems(by_tt[tt])
    assert (severity, column) == ("warning", "E")
    assert number in text


def test_a_short_number_is_an_error(by_tt: dict[str, CheckedRow]) -> None:
    ((severity, column, text),) = lists.problems(by_tt["7"])
    assert (severity, column) == ("error", "E")
    assert "05116700" in text


def test_nobody_needs_a_number_who_says_why(by_tt: dict[str, CheckedRow]) -> None:
    ((severity, column, text),) = lists.problems(by_tt["8"])
    assert (severity, column) == ("warning", "E")
    assert "chưa làm CCCD" in text


def test_names_are_cleaned_without_a_word(by_tt: dict[str, CheckedRow]) -> None:
    assert (by_tt["9"].values.name, lists.problems(by_tt["9"])) == ("Lê Thị Na", [])
    assert (by_tt["10"].values.name, lists.problems(by_tt["10"])) == ("Phạm Thị Hồng", [])


def test_an_unknown_category_is_an_error(by_tt: dict[str, CheckedRow]) -> None:
    ((severity, column, text),) = lists.problems(by_tt["11"])
    assert (severity, column) == ("error", "G")
    assert "NCC-99" in text


def test_an_amount_in_text_is_read_without_a_word(by_tt: dict[str, CheckedRow]) -> None:
    assert (by_tt["12"].values.amount, lists.problems(by_tt["12"])) == (1_639_000, [])


def test_the_rate_before_july_is_a_warning_with_both_amounts(by_tt: dict[str, CheckedRow]) -> None:
    ((severity, column, text),) = lists.problems(by_tt["13"])
    assert (severity, column) == ("warning", "H")
    assert "2.055.000 đ" in text
    assert "2.789.000 đ" in text


def test_an_impossible_year_is_an_error_and_compared_with_the_number(by_tt: dict[str, CheckedRow]) -> None:
    first, second = lists.problems(by_tt["14"])
    assert first[:2] == ("error", "D")
    assert "1850" in first[2]
    assert second[:2] == ("warning", "E")
    assert "1959" in second[2]


def test_an_account_in_scientific_notation_is_an_error(by_tt: dict[str, CheckedRow]) -> None:
    ((severity, column, text),) = lists.problems(by_tt["15"])
    assert (severity, column) == ("error", "I")
    assert "4.50721E+12" in text


def test_a_contradicting_sex_digit_is_a_warning(by_tt: dict[str, CheckedRow]) -> None:
    ((severity, column, text),) = lists.problems(by_tt["16"])
    assert (severity, column) == ("warning", "E")
    assert "Sai lệch thông tin" in text


def test_the_good_rows_go_in_and_the_doubtful_ones_to_the_identity_worklist() -> None:
    town = make.commune(make.BA_TO_TOWN)
    officer = make.user("commune_officer", commune=town)
    batch = lists.upload(lists.NCC_SAMPLE.read_bytes(), by=officer, policy="NCC", commune=town)
    accepted = lists.accept(batch, good_rows_only=True)
    assert accepted.good_rows_only
    people = Person.objects.filter(changes__batch=batch)
    assert people.count() == 34
    rows = {row.data["ordinal"]: row for row in batch.rows.select_related("person")}
    without = rows["8"].person
    assert without is not None
    assert (without.identity_status, without.cccd_missing_reason) == ("missing", "not_made")
    differs = rows["16"].person
    assert differs is not None
    assert differs.identity_status == "differs"
    assert "Sai lệch" in differs.identity_note
    assert rows["3"].person is None
    # The same file again: who went in is unchanged, the one without a number is recognised too.
    counts = lists.check(lists.NCC_SAMPLE.read_bytes(), policy="NCC", commune=town).counts
    assert (counts["new"], counts["unchanged"], counts["changed"], counts["error"]) == (0, 34, 0, 6)
