"""What the home page tells about paying and closing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo
from payments import states
from payments.closing.todos import todos
from payments.handover.services import file_for
from payments.models import HandOver
from tests import factories as make
from tests.payments import rows
from tests.payments.closing.months import MONTH, give, payments
from tests.payments.test_choosing import loose, shown, two_months

pytestmark = pytest.mark.django_db


def told(user: User) -> dict[str, Todo]:
    return {one.label: one for one in todos(user) if one.count}


def test_a_payer_is_told_of_files_it_has_not_taken() -> None:
    row = rows.payment_list()
    rows.payment(row)
    rows.put(row, rows.State.APPROVED)
    states.hand_over(actor=rows.officer(), list_ids=[row.pk])
    clerk = rows.clerk()
    assert told(clerk)["tệp giao chi trả chưa tải"].count == 1
    assert told(rows.clerk("AGRIBANK")) == {}
    file_for(actor=clerk, hand_over_id=HandOver.objects.get(lists=row).pk)
    assert "tệp giao chi trả chưa tải" not in told(clerk)


def test_rows_that_several_payments_fit_are_told_to_who_can_choose() -> None:
    shown(loose(two_months()[0]))
    for user in (rows.clerk(), rows.officer()):
        assert told(user)["dòng kết quả khớp với nhiều khoản"].count == 1
    assert told(rows.clerk("AGRIBANK")) == {}
    assert told(make.user(Role.CHAIRMAN)) == {}


def test_the_phong_is_told_of_a_month_that_can_be_closed() -> None:
    (payment,) = payments()
    assert "sổ tháng khóa được" not in told(rows.officer())
    give(payment, "paid_cash")
    todo = told(rows.officer())["sổ tháng khóa được"]
    assert (todo.count, todo.hint) == (1, f"BTXH tháng {MONTH.month}/{MONTH.year}")


def test_the_home_page_costs_one_query_for_each() -> None:
    with CaptureQueriesContext(connection) as captured:
        todos(rows.officer())
    assert len([one for one in captured if "INSERT" not in one["sql"] and "staff_" not in one["sql"][:60]]) <= 4
