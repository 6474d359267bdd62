"""A payer's file: what each row becomes, and that nothing is guessed."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batosocial.lib.workbooks import WorkbookError
from batosocial.staff.models import Payer
from payments.models import Payment, Period, ResultRow
from payments.results import words
from payments.results.matching import Matched
from payments.results.reading import Unreadable
from payments.results.recording import check_content
from tests import factories as make
from tests.payments import rows
from tests.payments.rows import State, result, workbook

pytestmark = pytest.mark.django_db
Outcome = ResultRow.Outcome


def check(*cells: dict[str, Any], payer: str = "BUUDIEN", **options: Any) -> list[Matched]:
    content = workbook(*cells, **options)
    return check_content(content=content, filename="ket-qua.xlsx", payer=Payer.objects.get(code=payer))


def outcome(cells: dict[str, Any], payer: str = "BUUDIEN") -> tuple[str, str]:
    """What the only row becomes, and what is said about it."""
    (one,) = check(cells, payer=payer)
    return str(one.outcome), " ".join(message["message"] for message in one.row.messages)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("paid_account", "paid_account"),
        ("Đã chi qua tài khoản", "paid_account"),
        ("Thành công", "paid_account"),
        ("CHUYỂN KHOẢN", "paid_account"),
        ("paid_cash", "paid_cash"),
        ("tiền mặt", "paid_cash"),
        ("Đã nhận tiền mặt", "paid_cash"),
        ("returned", "returned"),
        ("trả lại", "returned"),
        ("bị trả lại", "returned"),
        ("not_collected", "not_collected"),
        ("chưa nhận", "not_collected"),
        ("không đến nhận", "not_collected"),
    ],
)
def test_words_for_results(word: str, expected: str) -> None:
    (payment,) = rows.handed_over(by_account=True)
    (one,) = check(result(payment, word, reason="sai tên" if expected == "returned" else ""))
    assert (one.outcome, one.new["result"]) == (Outcome.READY, expected)


@pytest.mark.parametrize("word", ["đã trả", "xong", "1"])
def test_an_unknown_word_is_an_error(word: str) -> None:
    (payment,) = rows.handed_over()
    found, said = outcome(result(payment, word))
    assert found == Outcome.ERROR
    assert f"Không hiểu kết quả “{word}”" in said


def test_a_row_without_a_result_is_an_error() -> None:
    (payment,) = rows.handed_over()
    assert outcome(result(payment, ""))[0] == Outcome.ERROR


@pytest.mark.parametrize(
    ("text", "reason", "note"),
    [
        ("wrong_number", "wrong_number", ""),
        ("Sai số tài khoản", "wrong_number", ""),
        ("sai tên", "wrong_name", ""),
        ("Tài khoản đóng/phong tỏa", "closed", ""),
        ("không tồn tại", "no_account", ""),
        ("other", "other", ""),
        ("Ngân hàng bảo trì", "other", "Ngân hàng bảo trì"),
    ],
)
def test_reasons_of_returned_transfers(text: str, reason: str, note: str) -> None:
    (payment,) = rows.handed_over(by_account=True)
    (one,) = check(result(payment, "returned", reason=text, day=None))
    assert one.outcome == Outcome.READY
    assert (one.new["return_reason"], one.new["result_note"]) == (reason, note)


def test_a_returned_transfer_needs_a_reason() -> None:
    (payment,) = rows.handed_over(by_account=True)
    found, said = outcome(result(payment, "returned"))
    assert found == Outcome.ERROR
    assert "lý do" in said


def test_the_amount_must_agree_with_the_number() -> None:
    (payment,) = rows.handed_over()
    found, said = outcome(result(payment, amount=361_000))
    assert found == Outcome.ERROR
    assert "361.000 đ" in said
    assert "360.000 đ" in said


@pytest.mark.parametrize("amount", [None, "ba trăm", "360.000,5", -360_000])
def test_an_unreadable_amount_is_an_error_never_a_zero(amount: Any) -> None:
    (payment,) = rows.handed_over()
    assert outcome(result(payment, amount=amount))[0] == Outcome.ERROR


@pytest.mark.parametrize("amount", ["360.000", "360,000đ", "360000 VND", 360_000.0])
def test_amounts_are_read_as_people_write_them(amount: Any) -> None:
    (payment,) = rows.handed_over()
    assert outcome(result(payment, amount=amount))[0] == Outcome.READY


def test_cccd_and_account_must_agree_where_they_are_given() -> None:
    (payment,) = rows.handed_over(by_account=True)
    right = result(payment, CCCD=payment.cccd, account=payment.account_number)
    assert outcome(right)[0] == Outcome.READY
    assert outcome(right | {words.CCCD: make.cccd()})[0] == Outcome.ERROR
    assert outcome(right | {words.ACCOUNT: "4505205999999"})[0] == Outcome.ERROR


def test_a_cash_payment_has_no_account() -> None:
    (payment,) = rows.handed_over()
    assert outcome(result(payment, account="4505205999999"))[0] == Outcome.ERROR
    assert outcome(result(payment, account="-"))[0] == Outcome.READY


def test_zeros_that_excel_dropped_come_back() -> None:
    row = rows.payment_list()
    payment = rows.payment(row, account=make.account("0123456789012"))
    rows.put(row, State.HANDED_OVER)
    assert payment.cccd.startswith("0")
    found, said = outcome(result(payment, CCCD=int(payment.cccd), account=123456789012))
    assert found == Outcome.READY
    assert payment.cccd in said


def test_a_row_without_number_matches_by_cccd_and_amount() -> None:
    payment, _ = rows.handed_over(2)
    (one,) = check(result(None, CCCD=payment.cccd, amount=payment.total))
    assert one.outcome == Outcome.READY
    assert one.payment is not None
    assert one.payment.id == payment.pk


def test_a_row_that_fits_two_months_is_unmatched_with_its_candidates() -> None:
    person = make.person()
    made = []
    for month in (rows.AUGUST, datetime.date(2024, 9, 1)):
        row = rows.payment_list(month=month)
        make_entitlement = rows.payment(row, person=person, category="BTXH-5C" if month == rows.AUGUST else "BTXH-5D")
        made.append(make_entitlement)
        rows.put(row, State.HANDED_OVER)
    (one,) = check(result(None, CCCD=person.cccd, amount=360_000))
    assert (one.outcome, one.payment) == (Outcome.UNMATCHED, None)
    assert [candidate.number for candidate in one.candidates] == [payment.number for payment in made]


@pytest.mark.parametrize("cells", [{"amount": 999_000}, {"CCCD": "096150999999"}, {"account": "4505205000000"}])
def test_a_row_that_fits_none_is_unmatched(cells: dict[str, Any]) -> None:
    (payment,) = rows.handed_over(by_account=True)
    fitting = result(None, CCCD=payment.cccd, amount=payment.total)
    assert outcome(fitting)[0] == Outcome.READY
    found, said = outcome(fitting | cells)
    assert found == Outcome.UNMATCHED
    assert said


def test_a_row_with_neither_number_nor_cccd_is_unmatched() -> None:
    rows.handed_over()
    assert outcome(result(None, amount=360_000))[0] == Outcome.UNMATCHED


def test_drafts_and_other_payers_are_no_candidates() -> None:
    draft = rows.payment(rows.payment_list(policy="NCC"))
    (foreign,) = rows.handed_over(payer="AGRIBANK", by_account=True)
    for payment in (draft, foreign):
        found, said = outcome(result(None, CCCD=payment.cccd, amount=payment.total))
        assert found == Outcome.UNMATCHED
        assert payment.number not in said


def test_numbers_of_others_and_unknown_numbers_are_errors() -> None:
    (foreign,) = rows.handed_over(payer="AGRIBANK", by_account=True)
    found, said = outcome(result(foreign, "paid_account"))
    assert found == Outcome.ERROR
    assert "không do" in said
    assert foreign.name not in said
    found, said = outcome(result(foreign, **{words.NUMBER: "BTXH-2408-00000-0001"}))
    assert found == Outcome.ERROR
    assert "Không có khoản" in said


@pytest.mark.parametrize("state", [State.DRAFT, State.SUBMITTED, State.APPRAISED, State.APPROVED])
def test_only_a_list_that_was_handed_over_takes_results(state: str) -> None:
    row = rows.payment_list()
    payment = rows.payment(row)
    rows.put(row, state)
    found, said = outcome(result(payment))
    assert found == Outcome.ERROR
    assert "chưa giao" in said


def test_a_closed_month_takes_no_results() -> None:
    (payment,) = rows.handed_over()
    Period.objects.filter(pk=payment.payment_list.period_id).update(
        state=Period.State.CLOSED, closed_by=rows.officer(), closed_at=timezone.now()
    )
    assert outcome(result(payment))[0] == Outcome.ERROR
    assert outcome(result(None, CCCD=payment.cccd, amount=payment.total))[0] == Outcome.UNMATCHED


@pytest.mark.parametrize(("word", "reason"), [("paid_account", ""), ("returned", "sai tên")])
def test_a_cash_payment_is_not_paid_or_returned_by_account(word: str, reason: str) -> None:
    (payment,) = rows.handed_over()
    found, said = outcome(result(payment, word, reason=reason))
    assert found == Outcome.ERROR
    assert "tiền mặt" in said


def test_the_same_payment_twice_is_an_error_in_both_rows() -> None:
    first, second = rows.handed_over(2)
    found = check(result(first), result(second), result(None, CCCD=first.cccd, amount=first.total))
    assert [one.outcome for one in found] == [Outcome.ERROR, Outcome.READY, Outcome.ERROR]
    assert "dòng 4" in found[0].row.messages[-1]["message"]
    assert "dòng 2" in found[2].row.messages[-1]["message"]


def _recorded(payment: Payment, **values: Any) -> None:
    Payment.objects.filter(pk=payment.pk).update(recorded_by=rows.officer(), recorded_at=timezone.now(), **values)


def test_the_same_result_is_unchanged() -> None:
    (payment,) = rows.handed_over()
    _recorded(payment, result="paid_cash", paid_on=datetime.date(2024, 7, 20))
    assert outcome(result(payment)) == (Outcome.UNCHANGED, "")
    found, said = outcome(result(payment, day="19/07/2024"))
    assert found == Outcome.UNCHANGED
    assert "giữ như đã ghi" in said


@pytest.mark.parametrize(("was", "word"), [("paid_cash", "paid_account"), ("paid_account", "not_collected")])
def test_another_result_of_a_paid_payment_is_left_to_the_form(was: str, word: str) -> None:
    (payment,) = rows.handed_over(by_account=True)
    _recorded(payment, result=was, paid_on=datetime.date(2024, 7, 20))
    found, said = outcome(result(payment, word))
    assert found == Outcome.ERROR
    assert "sửa bằng biểu mẫu" in said


@pytest.mark.parametrize("word", ["paid_cash", "paid_account"])
@pytest.mark.parametrize("was", [{"result": "returned", "return_reason": "closed"}, {"result": "not_collected"}])
def test_what_came_back_can_still_be_paid(was: dict[str, str], word: str) -> None:
    (payment,) = rows.handed_over(by_account=True)
    _recorded(payment, **was)
    assert outcome(result(payment, word))[0] == Outcome.READY


def test_a_result_that_is_not_final_may_be_told_again_or_better() -> None:
    (payment,) = rows.handed_over(by_account=True)
    _recorded(payment, result="returned", return_reason="closed")
    assert outcome(result(payment, "returned", reason="phong tỏa", day=None))[0] == Outcome.UNCHANGED
    assert outcome(result(payment, "returned", reason="sai tên", day=None))[0] == Outcome.READY


@pytest.mark.parametrize("day", ["20/07/2024", "2024-07-20", datetime.date(2024, 7, 20), "20.7.2024"])
def test_days_are_read_as_people_write_them(day: Any) -> None:
    (payment,) = rows.handed_over()
    (one,) = check(result(payment, day=day))
    assert (one.outcome, one.new["paid_on"]) == (Outcome.READY, "2024-07-20")


@pytest.mark.parametrize(
    ("day", "word"),
    [
        (None, "phải ghi ngày"),
        ("23/07/2024", "sau hôm nay"),
        ("30/06/2024", "trước ngày chốt"),
        ("31/06/2024", "không có trong lịch"),
        ("hôm qua", "Không đọc được"),
        (45493, "Không đọc được"),
    ],
)
def test_days_that_cannot_be(day: Any, word: str) -> None:
    (payment,) = rows.handed_over()
    found, said = outcome(result(payment, day=day))
    assert found == Outcome.ERROR
    assert word in said


def test_vietnamese_headings_anywhere_and_a_total_below() -> None:
    (payment,) = rows.handed_over()
    total = {words.NUMBER: "Tổng cộng", words.AMOUNT: 360_000}
    (one,) = check(result(payment), total, headings=words.HEADINGS, above=7)
    assert (one.outcome, one.row.row) == (Outcome.READY, 9)


def test_messages_name_the_cell() -> None:
    (payment,) = rows.handed_over()
    (one,) = check(result(payment, amount=1), above=1)
    assert (one.row.sheet, one.row.row, one.row.messages[0]["column"]) == ("Sheet", 3, "D")


def test_csv_with_semicolons() -> None:
    (payment,) = rows.handed_over()
    content = f"Số chi trả;Số tiền;Kết quả;Ngày\n{payment.number};360.000;tiền mặt;20/07/2024\n".encode()
    (one,) = check_content(content=content, filename="a.csv", payer=Payer.objects.get(code="BUUDIEN"))
    assert one.outcome == Outcome.READY


@pytest.mark.parametrize(
    ("headings", "said"),
    [
        ({words.RESULT: "Tình hình"}, "Không tìm thấy dòng tiêu đề"),
        ({words.REFERENCE: "Số tiền"}, "hai cột"),
    ],
)
def test_a_table_without_its_heading_is_unreadable(headings: dict[str, str], said: str) -> None:
    (payment,) = rows.handed_over()
    with pytest.raises(Unreadable, match=said):
        check(result(payment), headings=headings)


def test_a_table_without_rows_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="không có dòng nào"):
        check()


def test_what_is_no_workbook_is_refused() -> None:
    with pytest.raises(WorkbookError):
        check_content(content=b"%PDF-1.7", filename="a.pdf", payer=Payer.objects.get(code="BUUDIEN"))


def test_checking_costs_the_same_queries_for_one_row_and_for_many() -> None:
    payments = rows.handed_over(12)

    def queries(some: list[Payment]) -> int:
        half = len(some) // 2
        cells = [result(payment) for payment in some[:half]]
        cells += [result(None, CCCD=payment.cccd, amount=payment.total) for payment in some[half:]]
        with CaptureQueriesContext(connection) as captured:
            assert all(one.outcome == Outcome.READY for one in check(*cells))
        return len(captured)

    assert queries(payments[:2]) == queries(payments) == 3
