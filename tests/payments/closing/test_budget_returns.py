"""Money that was neither paid nor carried on goes back to the budget, with a reason, once."""

import io

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from payments.closing import returns, services
from payments.models import BudgetReturn, PaymentLine
from tests import factories as make
from tests.payments import rows
from tests.payments.closing.months import carry, give, payments
from tests.racing import together

pytestmark = pytest.mark.django_db


def unpaid(count: int = 1, **fields: str) -> list[PaymentLine]:
    return [give(payment, "not_collected", **fields).lines.get() for payment in payments(count)]


def give_back(*lines: PaymentLine, actor: User | None = None, reason: str = "Không đến nhận") -> services.Returned:
    return services.return_to_budget(
        actor=actor or rows.officer(), reasons=dict.fromkeys([line.pk for line in lines], reason)
    )


def test_many_lines_go_back_at_once_and_are_audited() -> None:
    lines = unpaid(3)
    outcome = give_back(*lines)
    assert (outcome.count, outcome.amount, outcome.refused) == (3, 1_080_000, [])
    entry = Entry.objects.get(action="nộp trả ngân sách khoản chưa chi")
    assert (entry.details["số dòng"], len(entry.details["các khoản"])) == (3, 3)


def test_twice_is_once() -> None:
    (line,) = unpaid()
    give_back(line)
    again = give_back(line, reason="Lý do khác")
    assert (again.count, again.unchanged) == (0, 1)
    assert BudgetReturn.objects.get(line=line).reason == "Không đến nhận"


def test_what_cannot_go_back_is_named_and_the_rest_goes() -> None:
    good, carried, paid, unknown, silent = payments(5)
    lines = {}
    for payment, result in ((good, "not_collected"), (carried, "not_collected"), (paid, "paid_cash")):
        lines[payment.pk] = give(payment, result).lines.get()
    carry(carried)
    lines |= {unknown.pk: unknown.lines.get(), silent.pk: give(silent, "not_collected").lines.get()}
    reasons = {line.pk: "Không đến nhận" for line in lines.values()} | {lines[silent.pk].pk: " "}
    outcome = services.return_to_budget(actor=rows.officer(), reasons=reasons)
    assert outcome.count == 1
    said = {one.line_id: one.reason for one in outcome.refused}
    assert "Đã chuyển sang kỳ sau" in said[lines[carried.pk].pk]
    assert "Đã chi" in said[lines[paid.pk].pk]
    assert "Chưa có kết quả" in said[lines[unknown.pk].pk]
    assert "Hãy ghi lý do" in said[lines[silent.pk].pk]


@pytest.mark.parametrize("role", [Role.DISTRICT_LEADER, Role.CHAIRMAN, Role.COMMUNE_OFFICER, Role.PAYER])
def test_other_roles_return_nothing(role: str) -> None:
    (line,) = unpaid()
    with pytest.raises(PermissionDenied):
        give_back(line, actor=make.user(role))


def test_the_database_refuses_what_was_paid_or_carried() -> None:
    paid, carried = payments(2)
    give(paid, "paid_cash")
    give(carried, "not_collected")
    carry(carried)
    for payment in (paid, carried):
        with pytest.raises(IntegrityError, match="neither paid nor carried"), transaction.atomic():
            BudgetReturn.objects.create(line=payment.lines.get(), reason="x", by=rows.officer())


@pytest.mark.parametrize(
    ("result", "reason", "note", "expected"),
    [
        ("not_collected", "deceased", "", "Người hưởng đã chết"),
        ("returned", "deceased", "", "Người hưởng đã chết"),
        ("returned", "wrong_number", "", "Chuyển khoản bị trả lại: sai số tài khoản"),
        ("returned", "other", "Ngân hàng từ chối", "Chuyển khoản bị trả lại: Ngân hàng từ chối"),
        ("not_collected", "", "", "Không đến nhận"),
    ],
)
def test_the_reason_is_suggested_from_the_result(result: str, reason: str, note: str, expected: str) -> None:
    (payment,) = payments(by_account=True)
    give(payment, result, reason=reason, note=note)
    assert returns.suggested_reason(payment) == expected


def test_the_page_returns_the_ticked_lines_with_their_reasons() -> None:
    first, second = unpaid(2)
    client = rows.signed_in(rows.officer())
    url = reverse("payments:budget_returns")
    page = client.get(url, {"thang": "2023-10"})
    assert [line.pk for line in page.context["page"].object_list] == [first.pk, second.pk]
    assert 'value="Không đến nhận"' in page.text
    done = client.post(
        f"{url}?thang=2023-10",
        {"lines": [first.pk], f"ly-do-{first.pk}": "Đi khỏi địa phương", f"ly-do-{second.pk}": "x"},
        follow=True,
    )
    assert "Đã nộp trả ngân sách 1 dòng, 360.000 đ." in done.text
    assert list(BudgetReturn.objects.filter(line__in=[first, second]).values_list("line", "reason")) == [
        (first.pk, "Đi khỏi địa phương")
    ]
    assert "Đi khỏi địa phương" in client.get(url, {"muc": "da-nop"}).text
    assert "Chưa đánh dấu dòng nào" in client.post(url, follow=True).text


def test_the_list_of_what_went_back_has_its_sum_and_names_no_group() -> None:
    (line,) = unpaid()
    give_back(line, reason="=1+1")
    answer = rows.signed_in(rows.officer()).get(reverse("payments:budget_returns_export"), {"thang": "2023-10"})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer))).worksheets[0]
    values = list(sheet.values)
    assert values[3][1:10] == (
        line.payment.number,
        line.payment.name,
        "Xã Ba Động",
        "BTXH",
        "10/2023",
        "10/2023",
        "Trợ cấp tháng",
        360_000,
        "=1+1",
    )
    assert (sheet["J4"].data_type, values[4][8]) == ("s", 360_000)
    assert "BTXH-5C" not in str(values)
    assert Entry.objects.filter(action="tải danh sách nộp trả ngân sách").count() == 1


def test_the_page_costs_the_same_queries_for_few_and_for_many() -> None:
    client = rows.signed_in(rows.officer())
    url = reverse("payments:budget_returns")
    unpaid(1)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(url, {"thang": "2023-10"})
        return len(captured)

    few = queries()
    for payment in payments(6, commune=make.commune(make.BA_TO_TOWN)):
        give(payment, "not_collected")
    assert queries() == few


@pytest.mark.django_db(transaction=True)
def test_of_two_who_return_the_same_line_at_once_one_does() -> None:
    (line,) = unpaid()
    actors = [rows.officer(), rows.officer()]
    done = together(*(lambda actor=actor: give_back(line, actor=actor) for actor in actors))
    assert sorted((one.count, one.unchanged) for one in done) == [(0, 1), (1, 0)]
