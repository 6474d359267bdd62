"""Proposals that a commune's list brought are decided like any other, however many they are."""

import pytest

from batosocial.staff.models import Role
from beneficiaries.changes import services
from beneficiaries.imports import services as imports
from beneficiaries.models import Change, Entitlement
from payments.opening import open_month
from tests import factories as make
from tests.beneficiaries import import_lists as lists
from tests.beneficiaries.changes import flow

pytestmark = pytest.mark.django_db


def test_a_whole_list_is_decided_under_one_number() -> None:
    officer = make.user(Role.COMMUNE_OFFICER)
    rows = [lists.line(birth=1930 + number % 14, cccd=f"05104{number % 10}{number:06}") for number in range(40)]
    batch = lists.upload(lists.workbook(*rows), by=officer)
    imports.request_proposals(actor=officer, batch=batch, good_rows_only=True)
    imports.accept_batch(batch_id=batch.pk)
    changes = list(Change.objects.filter(batch=batch))
    assert len(changes) > 30
    ids = [change.pk for change in changes]
    assert len(services.appraise_changes(actor=flow.phong(), change_ids=ids).done) == len(ids)
    outcome = services.decide_changes(actor=flow.chairman(), change_ids=ids, number=flow.NUMBER, date=flow.TODAY)
    assert (len(outcome.done), outcome.refused) == (len(ids), [])
    granted = Entitlement.objects.filter(granted_by__batch=batch)
    # The list says from when: a month that no list was made for yet.
    assert set(granted.values_list("category__code", "months__startswith")) == {("BTXH-5C", make.NEXT_MONTH)}
    opened = open_month(actor=flow.phong(), month=make.NEXT_MONTH)
    assert opened.people == 3812 + len(ids)


def test_an_adjustment_by_list_ends_what_it_replaces() -> None:
    officer = make.user(Role.COMMUNE_OFFICER)
    person = make.person("Phạm Thị Đổi Nhóm", birth="1940", cccd="051140000777")
    old = make.entitlement(person, "BTXH-5A1")
    change = make.proposal(
        person,
        by=officer,
        kind="adjust",
        entitlement=old,
        proposal={"category": "BTXH-5A2", "level": 0, "own_amount": None, "dependants": [], "replaces": [old.pk]},
    )
    flow.decided(change)
    old.refresh_from_db()
    assert old.months.upper == make.NEXT_MONTH
    assert person.entitlements.due_in(make.NEXT_MONTH).get().category.code == "BTXH-5A2"
