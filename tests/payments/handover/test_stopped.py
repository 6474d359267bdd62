"""What must not be paid is no row that a bank transfers, and is marked where cash is paid."""

import io

import openpyxl
import pytest

from payments.handover.services import build_file
from payments.models import HandOver, Payment, PaymentList, StopOrder
from payments.states import hand_over
from tests import factories as make
from tests.payments import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def handed_over() -> PaymentList:
    """Two by account and two in cash; of each the first is stopped after the approval."""
    row = rows.payment_list()
    for _ in range(2):
        rows.payment(row, account=make.account(), payer="AGRIBANK")
        rows.payment(row)
    rows.put(row, PaymentList.State.APPROVED)
    for payment in (of(row, "account")[0], of(row, "cash")[0]):
        StopOrder.objects.create(payment=payment, reason="Thử", ordered_by=make.user())
    hand_over(actor=rows.officer(), list_ids=[row.pk])
    return row


def of(row: PaymentList, channel: str) -> list[Payment]:
    return list(row.payments.filter(planned_channel=channel).order_by("position"))


def book(row: PaymentList, channel: str) -> openpyxl.Workbook:
    made = build_file(HandOver.objects.get(lists=row, channel=channel).pk)
    assert made.file is not None
    return openpyxl.load_workbook(io.BytesIO(bytes(made.file.content)))


def cells(book: openpyxl.Workbook, sheet: str) -> list[str]:
    return [str(cell) for line in book[sheet].iter_rows(values_only=True) for cell in line if cell is not None]


def test_the_bank_transfers_only_what_must_be_paid(handed_over: PaymentList) -> None:
    stopped, paid = of(handed_over, "account")
    file = book(handed_over, "account")
    assert file.sheetnames == ["Chi tra", "Khong chi", "Tổng hợp"]
    assert paid.account_number in cells(file, "Chi tra") and stopped.account_number not in cells(file, "Chi tra")
    assert stopped.account_number in cells(file, "Khong chi")
    summary = dict(line[:2] for line in file["Tổng hợp"].iter_rows(values_only=True))
    assert summary["Số khoản"] == 2
    assert summary["Còn phải chi (đồng)"] == paid.total


def test_the_cash_list_marks_who_must_not_be_paid(handed_over: PaymentList) -> None:
    stopped, paid = of(handed_over, "cash")
    sheet = book(handed_over, "cash")["Danh sách tiền mặt"]
    notes = {line[1]: line[-1] for line in sheet.iter_rows(values_only=True)}
    assert notes[stopped.number] == "KHÔNG CHI (lệnh dừng chi)"
    assert not notes[paid.number]
    assert any("Trong đó KHÔNG CHI: 1 khoản" in str(line[1]) for line in sheet.iter_rows(values_only=True))


def test_without_orders_there_is_no_such_sheet() -> None:
    row = rows.payment_list()
    rows.payment(row, account=make.account(), payer="AGRIBANK")
    rows.put(row, PaymentList.State.APPROVED)
    hand_over(actor=rows.officer(), list_ids=[row.pk])
    assert book(row, "account").sheetnames == ["Chi tra", "Tổng hợp"]
