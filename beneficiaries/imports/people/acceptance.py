"""Writing an accepted list into the register, table by table, each with one statement whatever its length."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from batosocial.audit.models import Entry
from batosocial.staff.models import User
from beneficiaries.identity.services import check_people
from beneficiaries.imports.bulk import copy_rows, reserve_ids, update_rows
from beneficiaries.imports.checked import CheckedRow, Preview
from beneficiaries.models import (
    Account,
    Change,
    Dependant,
    Entitlement,
    ImportBatch,
    Payee,
    PayoutRoute,
    Person,
)

_PERSON_FIELDS = (
    "name", "other_name", "search_key", "sort_key", "birth_year", "birth_month", "birth_day", "sex", "cccd",
    "cccd_state", "cccd_missing_reason", "cmnd", "file_number", "ethnicity", "hamlet", "phone", "identity_status",
    "identity_note", "version", "updated_at",
)  # fmt: skip
#: A new value of one of these asks for a new check against the population database.
_IDENTITY_FIELDS = frozenset({"name", "birth_year", "birth_month", "birth_day", "sex", "cccd"})
_SOURCE = "Danh sách xã nạp"


@dataclass(slots=True)
class Written:
    """What has to be stored, collected row by row."""

    new_people: list[Person] = field(default_factory=list)
    changed_people: list[Person] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    entitlements: list[Entitlement] = field(default_factory=list)
    ended: list[Entitlement] = field(default_factory=list)
    replaced: list[Entitlement] = field(default_factory=list)
    dependants: list[Dependant] = field(default_factory=list)
    payees: list[Payee] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    routes: list[PayoutRoute] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    #: Dependants that no longer count, by entitlement.
    fewer: dict[int, int] = field(default_factory=dict)


class Acceptance:
    """One accepted list. ``write`` belongs into the transaction that holds the batch's lock."""

    def __init__(
        self, *, batch: ImportBatch, preview: Preview, actor: User, start: datetime.date, job_id: int | None = None
    ) -> None:
        self.batch = batch
        self.preview = preview
        self.actor = actor
        self.start = start
        self.job_id = job_id
        self.now = timezone.now()
        self.months = DateRange(start, None, "[)")
        #: One operator, be it a person or the command line, is not two: their own entries wait for somebody else.
        self.confirms = actor.pk != batch.uploaded_by_id
        self.out = Written()
        self.accounts = preview.register.accounts
        self.counts: Counter[str] = Counter()

    def write(self) -> Counter[str]:
        """Store everything and return how much of each: for the audit and the message to the user."""
        rows = [row for row in self.preview.rows if row.plan is not None]
        people = self._people(rows)
        for row in rows:
            self._benefit(row, people[_person_of(row)])
        for row in rows:
            if row.plan.route:
                self._route(row, people[_person_of(row)])
        self._store()
        self._link_rows([(row.sheet, row.row, people[_person_of(row)].pk) for row in rows if row.person is None])
        check_people([person.pk for person in people.values()])
        return self.counts

    # --- people ----------------------------------------------------------------------------------------------------

    def _people(self, rows: Sequence[CheckedRow]) -> dict[object, Person]:
        people: dict[object, Person] = {}
        fresh: list[Person] = []
        for row in rows:
            key = _person_of(row)
            if row.person is None:
                if key not in people:
                    people[key] = self._new_person(row)
                    fresh.append(people[key])
            else:
                people[key] = row.person
                if row.plan.fields:
                    self._change_person(row, row.person)
        self.out.new_people = list(reserve_ids(fresh))
        return people

    def _new_person(self, row: CheckedRow) -> Person:
        values = row.values
        assert values.birth is not None and self.batch.commune_id is not None  # noqa: S101
        person = Person(
            name=values.name,
            other_name=values.other_name,
            birth_year=values.birth.year,
            birth_month=values.birth.month,
            birth_day=values.birth.day,
            sex=values.sex,
            cccd=values.cccd,
            cmnd=values.cmnd,
            file_number=values.file_number,
            ethnicity=values.ethnicity,
            hamlet=values.hamlet,
            phone=values.phone,
            commune_id=self.batch.commune_id,
        )
        person.set_keys()
        _set_identity(person, row)
        return person

    def _change_person(self, row: CheckedRow, person: Person) -> None:
        old = {name: getattr(person, name) for name in row.plan.fields}
        for name, value in row.plan.fields.items():
            setattr(person, name, value)
        person.set_keys()
        if _IDENTITY_FIELDS & row.plan.fields.keys():
            _set_identity(person, row)
        person.version += 1
        self.out.changed_people.append(person)
        self.out.entries.append(
            Entry(
                actor=self.actor,
                action="Sửa theo danh sách",
                table=Person._meta.db_table,
                row_id=person.pk,
                label=str(person)[:300],
                changes={name: [value, row.plan.fields[name]] for name, value in old.items()},
                details={"batch": self.batch.pk, "row": row.row},
                job_id=self.job_id,
            )
        )

    # --- benefits --------------------------------------------------------------------------------------------------

    def _benefit(self, row: CheckedRow, person: Person) -> None:
        plan, values = row.plan, row.values
        category = values.category
        assert category is not None  # noqa: S101
        if plan.more and plan.running is not None and not plan.entitle:
            self._dependants(plan.running, plan.more, person)
        if not plan.entitle:
            return
        change = self._change(person, Change.Kind.ADJUST if plan.ends else Change.Kind.START, note=values.note)
        unpaid: Entitlement | None = None
        for old in plan.ends:
            if old.months.lower >= self.start:
                # It begins with the same month, so nothing was paid by it: it becomes the new one.
                unpaid = old
            else:
                old.months = DateRange(old.months.lower, self.start, "[)")
                old.ended_by = change
                self.out.ended.append(old)
        if unpaid is not None:
            change.proposal = {"category": category.code, "instead_of": [unpaid.category.code, unpaid.level]}
            unpaid.category, unpaid.level, unpaid.own_amount = category, values.level, values.own_amount
            entitlement = unpaid
            self.out.replaced.append(unpaid)
        else:
            change.proposal = {"category": category.code}
            entitlement = Entitlement(
                person=person,
                category=category,
                level=values.level,
                months=self.months,
                own_amount=values.own_amount,
                granted_by=change,
            )
            self.out.entitlements.append(entitlement)
        change.entitlement = entitlement
        self.out.dependants += [
            Dependant(entitlement=entitlement, months=self.months) for _ in range(values.dependants)
        ]

    def _dependants(self, running: Entitlement, more: int, person: Person) -> None:
        change = self._change(person, Change.Kind.ADJUST)
        change.entitlement = running
        change.proposal = {"dependants": more}
        if more > 0:
            self.out.dependants += [Dependant(entitlement=running, months=self.months) for _ in range(more)]
        else:
            self.out.fewer[running.pk] = -more

    def _change(self, person: Person, kind: str, note: str = "") -> Change:
        change = Change(
            kind=kind,
            policy=self.batch.policy,
            person=person,
            effective_month=self.start,
            state=Change.State.APPLIED,
            first_load=True,
            batch=self.batch,
            note=note,
            proposed_by_id=self.batch.uploaded_by_id,
            applied_at=self.now,
        )
        self.out.changes.append(change)
        return change

    # --- where the money goes --------------------------------------------------------------------------------------

    def _route(self, row: CheckedRow, person: Person) -> None:
        values = row.values
        has_account = bool(values.account and values.provider)
        confirmed = {"confirmed_by": self.actor, "confirmed_at": self.now} if self.confirms else {}
        self.out.routes.append(
            PayoutRoute(
                person=person,
                policy=self.batch.policy,
                payee=self._payee(row, person, values.owner if has_account else Payee.Kind.OWN),
                account=self._account(row) if has_account else None,
                cash_reason="" if has_account else values.cash_reason,
                months=self.months,
                state=PayoutRoute.State.CONFIRMED if self.confirms else PayoutRoute.State.ENTERED,
                source=f"{_SOURCE} {self.batch.pk}",
                entered_by_id=self.batch.uploaded_by_id,
                **confirmed,
            )
        )

    def _payee(self, row: CheckedRow, person: Person, kind: str) -> Payee:
        """The person's known payee of that kind; a guardian only where the names don't contradict."""
        name = "" if kind == Payee.Kind.OWN else row.values.holder_name
        known = self.preview.register.payees.setdefault(person.pk, [])
        same = [payee for payee in known if payee.kind == kind and (not name or payee.name in ("", name))]
        if same and (kind == Payee.Kind.OWN or len(same) == 1):
            return same[0]
        payee = Payee(person=person, kind=kind, name=name)
        known.append(payee)
        self.out.payees.append(payee)
        return payee

    def _account(self, row: CheckedRow) -> Account:
        values = row.values
        assert values.provider is not None  # noqa: S101
        key = (values.provider.pk, values.account)
        if key not in self.accounts:
            account = Account(
                provider=values.provider,
                number=values.account,
                holder_name=values.holder_name,
                source=f"{_SOURCE} {self.batch.pk}",
            )
            self.accounts[key] = account
            self.out.accounts.append(account)
        return self.accounts[key]

    # --- storing ---------------------------------------------------------------------------------------------------

    def _store(self) -> None:
        out = self.out
        for rows in (out.changes, out.entitlements, out.dependants, out.payees, out.accounts, out.routes, out.entries):
            reserve_ids(rows)
        copy_rows(Person, out.new_people)
        update_rows(Person, out.changed_people, _PERSON_FIELDS)
        # A change and the benefit it grants point at each other; foreign keys are checked at the commit.
        copy_rows(Change, [_pointing(change, "entitlement") for change in out.changes])
        update_rows(Entitlement, [_pointing(old, "ended_by") for old in out.ended], ["months", "ended_by"])
        update_rows(Entitlement, out.replaced, ["category", "level", "own_amount"])
        if out.replaced:
            Dependant.objects.filter(entitlement__in=[old.pk for old in out.replaced]).delete()
        copy_rows(Entitlement, [_pointing(entitlement, "granted_by") for entitlement in out.entitlements])
        copy_rows(Dependant, [_pointing(dependant, "entitlement") for dependant in out.dependants])
        self._end_dependants()
        copy_rows(Payee, out.payees)
        copy_rows(Account, out.accounts)
        self._make_room([route.person_id for route in out.routes])
        copy_rows(PayoutRoute, [_pointing(_pointing(route, "payee"), "account") for route in out.routes])
        copy_rows(Entry, out.entries)
        self.counts.update(
            people=len(out.new_people),
            changed_people=len(out.changed_people),
            entitlements=len(out.entitlements),
            ended=len(out.ended),
            dependants=len(out.dependants),
            accounts=len(out.accounts),
            routes=len(out.routes),
        )

    def _end_dependants(self) -> None:
        """The newest unnamed ones stop counting with the start month."""
        if not self.out.fewer:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                """
                WITH gone AS (
                    SELECT d.id, d.months,
                           row_number() OVER (PARTITION BY d.entitlement_id ORDER BY d.id DESC) AS place, f.fewer
                    FROM beneficiaries_dependant d
                    JOIN unnest(%(entitlements)s::bigint[], %(fewer)s::int[]) f (entitlement_id, fewer)
                      ON f.entitlement_id = d.entitlement_id
                    WHERE d.name = '' AND d.months @> %(start)s::date
                ), ended AS (
                    UPDATE beneficiaries_dependant d SET months = daterange(lower(g.months), %(start)s::date)
                    FROM gone g WHERE g.id = d.id AND g.place <= g.fewer AND lower(g.months) < %(start)s::date
                )
                DELETE FROM beneficiaries_dependant d
                USING gone g WHERE g.id = d.id AND g.place <= g.fewer AND lower(g.months) >= %(start)s::date
                """,
                {
                    "entitlements": list(self.out.fewer),
                    "fewer": list(self.out.fewer.values()),
                    "start": self.start,
                },
            )

    def _make_room(self, people: list[int]) -> None:
        """New routes take over: what still waits is rejected, what is confirmed ends where a confirmed one begins."""
        superseded = f"Thay bằng danh sách nạp số {self.batch.pk}."
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE beneficiaries_payoutroute SET state = 'rejected', rejection = %s
                WHERE person_id = ANY(%s) AND policy = %s
                  AND (state = 'entered' OR (%s AND state = 'confirmed' AND lower(months) >= %s))
                """,
                [superseded, people, self.batch.policy, self.confirms, self.start],
            )
            if self.confirms:
                cursor.execute(
                    """
                    UPDATE beneficiaries_payoutroute SET months = daterange(lower(months), %s)
                    WHERE person_id = ANY(%s) AND policy = %s AND state = 'confirmed' AND months @> %s::date
                    """,
                    [self.start, people, self.batch.policy, self.start],
                )

    def _link_rows(self, new: list[tuple[str, int, int]]) -> None:
        """The preview's new rows point at the people they became."""
        if not new:
            return
        sheets, numbers, ids = zip(*new, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE beneficiaries_importrow r SET person_id = n.person_id
                FROM unnest(%s::text[], %s::int[], %s::bigint[]) n (sheet, row, person_id)
                WHERE r.batch_id = %s AND r.sheet = n.sheet AND r.row = n.row
                """,
                [list(sheets), list(numbers), list(ids), self.batch.pk],
            )


def _person_of(row: CheckedRow) -> object:
    if row.person is not None:
        return row.person.pk
    return row.values.cccd or (row.sheet, row.row)


def _pointing(row: Any, name: str) -> Any:
    """Take the id that the row pointed at has got by now."""
    target = getattr(row, name)
    setattr(row, f"{name}_id", target.pk if target is not None else None)
    return row


def _set_identity(person: Person, row: CheckedRow) -> None:
    """State of the CCCD as the list leaves it; how it compares, the check of identities says once all is stored."""
    values = row.values
    person.cccd = values.cccd or person.cccd
    person.identity_status = Person.IdentityStatus.UNCHECKED
    person.identity_note = ""
    if not person.cccd:
        person.cccd_state = Person.CccdState.MISSING
        person.cccd_missing_reason = person.cccd_missing_reason or values.missing_reason
        person.identity_note = values.note[:300]
        return
    if person.cccd_state == Person.CccdState.MISSING or (row.plan and "cccd" in row.plan.fields):
        person.cccd_state = Person.CccdState.CLAIMED
    person.cccd_missing_reason = ""
