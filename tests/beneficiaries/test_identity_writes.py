"""Whoever writes people has them checked: entry, lists, payees; and a check is in no writer's way."""

import datetime
import threading
import time
from typing import Any

import pytest
from django.db import connection, transaction

from batosocial.staff.models import Role, User
from beneficiaries.changes.services import propose_move
from beneficiaries.entry.services import add_person, edit_person
from beneficiaries.identity import services
from beneficiaries.models import IdentityIssue, Payee, Person
from beneficiaries.payout.correcting import edit_payee
from tests import factories as make
from tests.beneficiaries import import_lists as lists
from tests.beneficiaries.changes import flow

Kind, Rule = IdentityIssue.Kind, IdentityIssue.Rule


def waiting(person: Person | None) -> list[str]:
    return list(IdentityIssue.objects.waiting().filter(person=person).order_by("rule").values_list("rule", flat=True))


@pytest.fixture
def officer() -> User:
    return make.user(Role.COMMUNE_OFFICER)


@pytest.mark.django_db
class TestWriters:
    def _values(self, **values: Any) -> dict[str, Any]:
        known = {"name": "Phạm Thị Mới", "birth_year": 1950, "sex": "F", "cccd": "051050123456"}
        return known | values

    def test_entry(self, officer: User) -> None:
        added = add_person(actor=officer, commune=make.commune(), values=self._values())
        added.refresh_from_db()
        assert waiting(added) == [Rule.DIGITS]
        assert added.identity_status == "differs"

    def test_correcting(self, officer: User) -> None:
        person = make.person(cccd="051050123456")
        services.check_people([person.pk])
        edit_person(actor=officer, person_id=person.pk, version=1, values={"sex": "M"}, reason="Theo thẻ")
        assert waiting(person) == []

    def test_the_list_with_defects_leads_to_what_its_readme_says(self) -> None:
        """TT 8: no CCCD, the note says why; TT 16: the sex digit contradicts the column."""
        town = make.commune(make.BA_TO_TOWN)
        by = make.user(Role.COMMUNE_OFFICER, commune=town)
        batch = lists.upload(lists.NCC_SAMPLE.read_bytes(), by=by, policy="NCC", commune=town)
        lists.accept(batch, good_rows_only=True)
        people = {row.data["ordinal"]: row.person for row in batch.rows.select_related("person")}
        assert waiting(people["8"]) == [Rule.NO_CCCD]
        assert waiting(people["16"]) == [Rule.DIGITS]
        (line,) = IdentityIssue.objects.get(person=people["16"]).evidence["lines"]
        assert line["what"] == "sex"
        new = [person.pk for person in people.values() if person]
        assert IdentityIssue.objects.filter(person__in=new, policies="NCC").count() == 2

    def test_a_good_list_makes_no_work(self) -> None:
        batch = lists.upload(lists.BTXH_SAMPLE.read_bytes())
        lists.accept(batch)
        people = Person.objects.filter(changes__batch=batch)
        assert not IdentityIssue.objects.filter(person__in=people).exists()

    def test_moves(self) -> None:
        """Khoản 3 Điều 8 NĐ 20/2021: moving inside the district needs no new decision."""
        one, two = make.person(cmnd="212345678"), make.person("Đinh Thị Hai", cmnd="212345678")
        services.check_people([one.pk])
        assert IdentityIssue.objects.get(person=two).side == IdentityIssue.Side.COMMUNE
        move = propose_move(
            actor=flow.officer(), person_id=one.pk, to_commune=make.commune(make.BA_TO_TOWN), paper=flow.PAPER
        )
        flow.appraised(move)
        one.refresh_from_db()
        assert one.commune == make.commune(make.BA_TO_TOWN)
        issues = IdentityIssue.objects.filter(person__in=[one, two])
        assert {issue.side for issue in issues} == {IdentityIssue.Side.OFFICE}

    def test_benefits(self) -> None:
        person = make.person(cccd="", birth="1960")
        services.check_people([person.pk])
        flow.decided(flow.start(person))
        assert IdentityIssue.objects.get(person=person).policies == "BTXH"

    def test_payees(self, officer: User) -> None:
        person = make.person()
        make.entitlement(person)
        payee = make.payee(person, Payee.Kind.GUARDIAN, cccd="51150123456")
        make.route(person, payee=payee, entered_by=officer)
        services.check_people([person.pk])
        assert waiting(person) == [Rule.PAYEE_FORM]
        Payee.objects.filter(pk=payee.pk).update(cccd="")
        edit_payee(actor=officer, payee_id=payee.pk, version=1, values={"cccd": "051150123456"})
        assert waiting(person) == []


@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    """A check of everybody meets somebody who writes: both end, neither undoes the other."""

    def _blocked(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 7302 AND NOT granted"
            )
            return bool(cursor.fetchone()[0])

    @pytest.mark.parametrize("writer", ["edit", "recheck"])
    def test_no_deadlock(self, writer: str) -> None:
        person = make.person(cccd="051050123456")
        make.entitlement(person, start=datetime.date(2024, 1, 1))
        issue = make.identity_issue(person)
        officer = make.user(Role.COMMUNE_OFFICER)
        failures: list[BaseException] = []

        def write() -> None:
            try:
                if writer == "recheck":
                    services.recheck_issue(actor=officer, issue_id=issue.pk)
                    return
                with transaction.atomic():
                    Person.objects.filter(pk=person.pk).update(sex="M", hamlet="Thôn Mới")
                    services.check_people([person.pk])
            except BaseException as error:
                failures.append(error)
            finally:
                connection.close()

        thread = threading.Thread(target=write)

        def progress(done: int, total: int, step: str) -> None:
            if step == "Ghi kết quả":
                thread.start()
                until = time.monotonic() + 20
                while not self._blocked() and time.monotonic() < until:
                    time.sleep(0.02)

        services.check_register(actor=User.objects.system(), progress=progress)
        thread.join(timeout=30)
        assert not thread.is_alive()
        assert failures == []
        person.refresh_from_db()
        if writer == "edit":
            assert (person.hamlet, person.identity_status) == ("Thôn Mới", "unchecked")
            assert waiting(person) == []
        else:
            assert person.identity_status == "differs"
            assert waiting(person) == [Rule.DIGITS]
