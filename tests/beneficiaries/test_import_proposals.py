"""A commune's list as proposals: people and routes are entered, benefits wait for their decision."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.jobs import runner
from batosocial.staff.models import Role, User
from beneficiaries.imports import services
from beneficiaries.imports.services import CannotDo
from beneficiaries.models import Change, Entitlement, ImportBatch, PayoutRoute, Person
from tests import factories as make
from tests.beneficiaries import import_lists as lists
from tests.beneficiaries.import_lists import line, workbook

pytestmark = pytest.mark.django_db

AUGUST = datetime.date(2024, 8, 1)


@pytest.fixture
def officer() -> User:
    return make.user(Role.COMMUNE_OFFICER)


def fresh(batch: ImportBatch) -> ImportBatch:
    return ImportBatch.objects.get(pk=batch.pk)


def propose(batch: ImportBatch, *, good_rows_only: bool = False) -> ImportBatch:
    services.request_proposals(actor=batch.uploaded_by, batch=batch, good_rows_only=good_rows_only)
    services.accept_batch(batch_id=batch.pk)
    return fresh(batch)


def again(content: bytes, officer: User) -> ImportBatch:
    return lists.upload(content, by=officer)


def test_new_people_are_entered_and_their_benefits_proposed(officer: User) -> None:
    rows = [line(cccd="051140000111", note="mới đủ 80 tuổi"), line(birth=1939, account="4507205000001",
            provider="Agribank", owner="Chính chủ")]  # fmt: skip
    batch = propose(lists.upload(workbook(*rows), by=officer))
    assert (batch.state, batch.mode, batch.state_label) == ("accepted", "proposals", "Đã ghi đề nghị")
    assert (batch.accepted_by, batch.start_month) == (officer, AUGUST)
    changes = list(Change.objects.filter(batch=batch).order_by("pk"))
    assert [(change.kind, change.state, change.first_load) for change in changes] == [("start", "proposed", False)] * 2
    assert (changes[0].proposed_by, changes[0].effective_month, changes[0].note) == (officer, AUGUST, "mới đủ 80 tuổi")
    assert changes[0].proposal == {"category": "BTXH-5C", "level": 0, "own_amount": None, "dependants": []}
    assert changes[0].person.cccd == "051140000111"
    people = [change.person_id for change in changes]
    # Nothing is payable, and no money goes anywhere before somebody else has looked.
    assert not Entitlement.objects.filter(person__in=people).exists()
    routes = PayoutRoute.objects.filter(person__in=people)
    assert [(route.state, route.entered_by, route.confirmed_by) for route in routes] == [("entered", officer, None)] * 2


def test_a_proposed_change_counts_as_known(officer: User) -> None:
    content = workbook(line(cccd="051140000111"), line(birth=1939))
    propose(lists.upload(content, by=officer))
    known = again(content, officer)
    assert (known.unchanged_count, known.new_count, known.changed_count) == (2, 0, 0)
    with pytest.raises(CannotDo, match="không có gì để ghi"):
        services.request_proposals(actor=officer, batch=known)


def test_people_without_a_cccd_are_known_by_their_proposals(officer: User) -> None:
    content = workbook(line(cccd="", note="chưa làm CCCD"))
    propose(lists.upload(content, by=officer))
    assert again(content, officer).unchanged_count == 1


def test_another_proposal_of_the_same_benefit_must_be_settled_first(officer: User) -> None:
    one = line(cccd="051190000111", category="BTXH-4", amount=1_000_000, birth=1990)
    propose(lists.upload(workbook(one), by=officer))
    more = again(workbook([*one[:7], 1_500_000, *one[8:]]), officer)
    assert more.error_count == 1
    assert "Đang có đề nghị khác" in more.rows.get().messages[0]["message"]


def test_a_changed_benefit_is_an_adjustment_that_replaces_the_running_one(officer: User) -> None:
    person = make.person(cccd="051190000222", birth="1990", sex="F", name="Phạm Thị Nhập", hamlet="Thôn Thử")
    running = make.entitlement(person, "BTXH-4", dependants=1)
    row = line(cccd=person.cccd, category="BTXH-4", amount=1_000_000, birth=1990)
    propose(lists.upload(workbook(row), by=officer))
    change = Change.objects.get(batch__isnull=False, person=person)
    assert (change.kind, change.state, change.entitlement) == ("adjust", "proposed", running)
    assert change.proposal["replaces"] == [running.pk]
    assert len(change.proposal["dependants"]) == 2
    running.refresh_from_db()
    assert running.months.upper is None
    assert running.dependants.count() == 1


def test_a_known_persons_own_fields_are_edited_at_once(officer: User) -> None:
    person = make.person(cccd="051140000333", birth="1940", sex="F", name="Phạm Thị Nhập", hamlet="Thôn Cũ")
    make.entitlement(person, "BTXH-5C")
    version = person.version
    batch = propose(lists.upload(workbook(line(cccd=person.cccd)), by=officer))
    person.refresh_from_db()
    assert (person.hamlet, person.version) == ("Thôn Thử", version + 1)
    entry = Entry.objects.get(table="beneficiaries_person", row_id=person.pk, action="Sửa theo danh sách")
    assert (entry.actor, entry.changes["hamlet"]) == (officer, ["Thôn Cũ", "Thôn Thử"])
    assert entry.details == {"batch": batch.pk, "row": lists.FIRST}


class TestOnThePage:
    def send(self, client: Client, user: User, batch: ImportBatch, **data: Any) -> Any:
        client.force_login(user)
        return client.post(reverse("beneficiaries:import_send", args=[batch.pk]), data, follow=True)

    def test_the_officer_chooses(self, client: Client, officer: User) -> None:
        batch = lists.upload(workbook(line(), line(birth=1939, category="X")), by=officer)
        client.force_login(officer)
        html = client.get(reverse("beneficiaries:import_detail", args=[batch.pk])).content.decode()
        assert "Ghi thành đề nghị" in html
        assert "Gửi Phòng" in html
        self.send(client, officer, batch, mode="proposals")
        assert fresh(batch).state == "previewed"
        self.send(client, officer, batch, mode="proposals", good_rows_only="on")
        batch = fresh(batch)
        assert (batch.state, batch.mode) == ("accepting", "proposals")
        assert batch.job is not None
        # Twice starts one.
        self.send(client, officer, batch, mode="proposals", good_rows_only="on")
        assert fresh(batch).job == batch.job
        runner.run_job(batch.job.pk)
        html = client.get(reverse("beneficiaries:import_detail", args=[batch.pk])).content.decode()
        assert "Đã ghi đề nghị" in html
        assert Person.objects.filter(changes__batch=batch).count() == 1

    def test_the_district_neither_accepts_nor_returns_it(self, officer: User) -> None:
        district = make.user(Role.DISTRICT_OFFICER)
        batch = lists.upload(workbook(line()), by=officer)
        services.request_proposals(actor=officer, batch=batch)
        assert not services.can_be_accepted(fresh(batch), district)
        with pytest.raises(CannotDo):
            services.refuse_batch(actor=district, batch=batch, reason="x")

    def test_only_the_communes_officer_proposes(self, officer: User) -> None:
        batch = lists.upload(workbook(line()), by=officer)
        for role in (Role.DISTRICT_OFFICER, Role.COMMUNE_LEADER):
            with pytest.raises(PermissionDenied):
                services.request_proposals(actor=make.user(role), batch=batch)
        other = make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))
        with pytest.raises(PermissionDenied):
            services.request_proposals(actor=other, batch=batch)

    def test_a_writing_that_broke_off_is_asked_for_again(self, client: Client, officer: User) -> None:
        batch = lists.upload(workbook(line()), by=officer)
        batch = services.request_proposals(actor=officer, batch=batch)
        assert batch.job is not None
        batch.job.state = "failed"
        batch.job.save()
        client.force_login(officer)
        html = client.get(reverse("beneficiaries:import_detail", args=[batch.pk])).content.decode()
        assert "Ghi lại" in html
        self.send(client, officer, batch, mode="proposals", good_rows_only="on")
        assert fresh(batch).job != batch.job


def test_the_start_waits_for_a_month_not_opened(officer: User) -> None:
    batch = lists.upload(workbook(line()), by=officer)
    services.request_proposals(actor=officer, batch=batch)
    ImportBatch.objects.filter(pk=batch.pk).update(start_month=datetime.date(2024, 7, 1))
    assert "vừa được mở chi trả" in services.accept_batch(batch_id=batch.pk)
    assert fresh(batch).state == "previewed"
