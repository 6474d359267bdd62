"""What is paid of several benefits is said twice, in Python for pages and in SQL for lists: they never disagree."""

import itertools
from typing import Any

import pytest

from batosocial.staff.models import Role
from beneficiaries import amounts
from beneficiaries.models import Entitlement, Person
from payments.models import PaymentLine
from payments.opening import open_month
from tests import factories as make

pytestmark = pytest.mark.django_db

#: One of each kind that matters to khoản 2 Điều 6, điểm a khoản 2 Điều 20 NĐ 20/2021 and khoản 3 Điều 6 PL 02/2020.
CODES = [
    "BTXH-1A", "BTXH-2", "BTXH-4", "BTXH-5C", "BTXH-6C", "BTXH-8",
    "CSND-1B", "CSND-2A1", "CSND-2A2", "NCC-10.2", "NCC-4B", "NCC-6.1S2",
]  # fmt: skip


def _people() -> list[Person]:
    """A person for each choice of one, two or three of the codes."""
    people = []
    for count in (1, 2, 3):
        for codes in itertools.combinations(CODES, count):
            person = make.person(" ".join(codes), birth="1980")
            for code in codes:
                make.entitlement(person, code, dependants=1 if code in ("BTXH-4", "CSND-1B") else 0)
            people.append(person)
    return people


def test_lists_pay_what_pages_say_for_every_choice_of_three() -> None:
    people = _people()
    open_month(actor=make.user(Role.DISTRICT_OFFICER), month=make.NEXT_MONTH)
    lines: dict[int, set[str]] = {person.pk: set() for person in people}
    found = PaymentLine.objects.filter(month=make.NEXT_MONTH, payment__person__in=people)
    for person_id, code in found.values_list("payment__person", "category__code"):
        lines[person_id].add(code)
    rows = Entitlement.objects.filter(person__in=people).select_related("category").order_by("pk")
    due: dict[int, list[Any]] = {person.pk: [] for person in people}
    for row in rows.with_amounts(make.NEXT_MONTH, make.THIS_MONTH):
        due[row.person_id].append(row)
    said = {pk: {row.category.code for row in amounts.payable(granted)} for pk, granted in due.items()}
    assert {person.name: lines[person.pk] for person in people} == {person.name: said[person.pk] for person in people}


@pytest.mark.parametrize(
    ("codes", "paid"),
    [
        # điểm a khoản 2 Điều 20 NĐ 20/2021: of pregnant or with a child under 36 months, only the highest.
        (["CSND-2A1", "CSND-2A2"], ["CSND-2A2"]),
        # khoản 3 Điều 6 Pháp lệnh 02/2020: of người phục vụ only the highest, other allowances add up.
        (["NCC-4B", "NCC-6.1S2", "NCC-10.2"], ["NCC-6.1S2", "NCC-10.2"]),
        # The pair that the law allows against a higher one that stands alone (khoản 2 Điều 6 NĐ 20/2021).
        (["BTXH-2", "BTXH-4", "BTXH-5C"], ["BTXH-4", "BTXH-5C"]),
    ],
)
def test_only_the_highest_of_what_excludes_another(codes: list[str], paid: list[str]) -> None:
    person = make.person(birth="1980")
    for code in codes:
        make.entitlement(person, code, dependants=1 if code == "BTXH-4" else 0)
    open_month(actor=make.user(Role.DISTRICT_OFFICER), month=make.NEXT_MONTH)
    lines = PaymentLine.objects.filter(month=make.NEXT_MONTH, payment__person=person)
    assert sorted(lines.values_list("category__code", flat=True)) == sorted(paid)


def test_what_was_entered_by_mistake_is_not_paid() -> None:
    person = make.person()
    row = make.entitlement(person)
    Entitlement.objects.filter(pk=row.pk).update(voided_by=row.granted_by)
    open_month(actor=make.user(Role.DISTRICT_OFFICER), month=make.NEXT_MONTH)
    assert not PaymentLine.objects.filter(month=make.NEXT_MONTH, payment__person=person).exists()
    assert not person.entitlements.due_in(make.NEXT_MONTH).exists()
