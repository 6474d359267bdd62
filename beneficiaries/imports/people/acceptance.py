"""Writing a checked list into the register: one COPY into a stage, then one statement for each table.

As a first load, benefits run from the start month at once. As proposals, each new or changed benefit is a Change that
waits for its decision and nothing becomes payable; the people themselves and their routes are entered either way, the
routes to be confirmed by somebody else.
"""

import datetime
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from batosocial.staff.models import User
from beneficiaries.identity.services import check_people
from beneficiaries.imports.bulk import update_rows
from beneficiaries.imports.checked import CheckedRow, Preview
from beneficiaries.imports.people import statements
from beneficiaries.imports.people.statements import STAGE, Staged
from beneficiaries.imports.stage import create_stage, fill_stage, next_ids
from beneficiaries.models import (
    Account,
    Change,
    Dependant,
    Entitlement,
    ImportBatch,
    Payee,
    Person,
)

#: A new value of one of these asks for a new check against the population database.
_IDENTITY_FIELDS = frozenset({"name", "birth_year", "birth_month", "birth_day", "sex", "cccd"})


class _Ids:
    """Ids taken from a sequence beforehand."""

    def __init__(self, model: Any, count: int) -> None:
        self._ids: Iterator[int] = iter(next_ids(model, count))

    def next(self) -> int:
        return next(self._ids)


@dataclass(slots=True)
class _Ending:
    """Running benefits that the list replaces, and dependants that no longer count, by entitlement."""

    ended: list[Entitlement] = field(default_factory=list)
    replaced: list[Entitlement] = field(default_factory=list)
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
        self.proposes = batch.mode == ImportBatch.Mode.PROPOSALS
        #: One operator, be it a person or the command line, is not two: their own entries wait for somebody else.
        self.confirms = not self.proposes and actor.pk != batch.uploaded_by_id
        self.register = preview.register
        self.ending = _Ending()
        self.counts: Counter[str] = Counter()
        self._people: dict[object, Person] = {}

    def write(self) -> Counter[str]:
        """Store everything and return how much of each: for the audit and the message to the user."""
        rows = [row for row in self.preview.rows if row.plan is not None]
        self._known_dependants = self._load_dependants(rows) if self.proposes else {}
        self._take_ids(rows)
        create_stage(STAGE, Staged.types())
        staged = [self._staged(row) for row in rows]
        fill_stage(STAGE, Staged._fields, staged)
        self._store(edits=any(row.edited for row in staged), with_dependants=any(row.dependants for row in staged))
        check_people(list({person.pk for person in self._people.values()}))
        return self.counts

    def _take_ids(self, rows: Sequence[CheckedRow]) -> None:
        """As many as can be needed: sequences have gaps anyway."""
        self._person_ids = _Ids(Person, sum(row.person is None for row in rows))
        self._change_ids = _Ids(Change, sum(row.plan.entitle or row.plan.more != 0 for row in rows))
        self._entitlement_ids = _Ids(Entitlement, 0 if self.proposes else sum(row.plan.entitle for row in rows))
        routes = [row for row in rows if row.plan.route]
        self._payee_ids = _Ids(Payee, len(routes))
        self._account_ids = _Ids(Account, sum(bool(row.values.account) for row in routes))

    # --- one row ---------------------------------------------------------------------------------------------------

    def _staged(self, row: CheckedRow) -> Staged:
        person, fresh = self._person(row)
        edited = bool(row.plan.fields)
        audit = self._edit(row, person) if edited else None
        staged: dict[str, Any] = {
            "sheet": row.sheet,
            "row": row.row,
            "person_id": person.pk,
            "fresh": fresh,
            "edited": edited,
            "audit": audit,
        }
        if fresh or edited:
            staged |= {name: getattr(person, name) for name in statements.PERSON_FIELDS}
        staged |= self._benefit(row, person)
        if row.plan.route:
            staged |= self._route(row, person)
        return Staged(**staged)

    def _person(self, row: CheckedRow) -> tuple[Person, bool]:
        """The row's person, and whether it is the row that brings them."""
        if row.person is not None:
            self._people[row.person.pk] = row.person
            return row.person, False
        key = row.values.cccd or (row.sheet, row.row)
        if key in self._people:
            return self._people[key], False
        person = self._people[key] = self._new_person(row)
        return person, True

    def _new_person(self, row: CheckedRow) -> Person:
        values = row.values
        assert values.birth is not None and self.batch.commune_id is not None  # noqa: S101
        person = Person(
            pk=self._person_ids.next(),
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

    def _edit(self, row: CheckedRow, person: Person) -> str:
        """Give a known person their new values; returns old and new ones for the audit, as JSON."""
        pairs = {name: [getattr(person, name), value] for name, value in row.plan.fields.items()}
        for name, value in row.plan.fields.items():
            setattr(person, name, value)
        person.set_keys()
        if _IDENTITY_FIELDS & row.plan.fields.keys():
            _set_identity(person, row)
        return json.dumps(
            {"label": str(person)[:300], "changes": pairs, "details": {"batch": self.batch.pk, "row": row.row}},
            ensure_ascii=False,
        )

    # --- benefits --------------------------------------------------------------------------------------------------

    def _benefit(self, row: CheckedRow, person: Person) -> dict[str, Any]:
        plan, values = row.plan, row.values
        if not plan.entitle and not plan.more:
            return {}
        staged: dict[str, Any] = {
            "change_id": self._change_ids.next(),
            "change_kind": Change.Kind.ADJUST if plan.ends or not plan.entitle else Change.Kind.START,
            "note": values.note,
        }
        if self.proposes:
            return staged | self._proposal(row)
        if not plan.entitle:
            return staged | self._other_dependants(plan.running, plan.more)
        category = values.category
        assert category is not None  # noqa: S101
        staged |= {
            "category_id": category.pk,
            "level": values.level,
            "own_amount": values.own_amount,
            "dependants": values.dependants,
        }
        proposal: dict[str, Any] = {"category": category.code}
        unpaid = self._end(plan.ends, staged["change_id"])
        if unpaid is not None:
            # It begins with the same month, so nothing was paid by it: it becomes the new one.
            proposal["instead_of"] = [unpaid.category.code, unpaid.level]
            unpaid.category, unpaid.level, unpaid.own_amount = category, values.level, values.own_amount
            self.ending.replaced.append(unpaid)
            return staged | {"entitlement_id": unpaid.pk, "proposal": _json(proposal)}
        return staged | {
            "entitlement_id": self._entitlement_ids.next(),
            "fresh_entitlement": True,
            "proposal": _json(proposal),
        }

    def _end(self, running: Sequence[Entitlement], change_id: int) -> Entitlement | None:
        """End benefits before the start month; the one that would begin with it is returned instead."""
        unpaid = None
        for old in running:
            if old.months.lower >= self.start:
                unpaid = old
            else:
                old.months = DateRange(old.months.lower, self.start, "[)")
                old.ended_by_id = change_id
                self.ending.ended.append(old)
        return unpaid

    def _other_dependants(self, running: Entitlement, more: int) -> dict[str, Any]:
        if more < 0:
            self.ending.fewer[running.pk] = -more
        return {
            "entitlement_id": running.pk,
            "dependants": max(more, 0),
            "proposal": _json({"dependants": more}),
        }

    # --- proposals -------------------------------------------------------------------------------------------------

    def _proposal(self, row: CheckedRow) -> dict[str, Any]:
        """As ``changes.proposal.Proposal`` keeps it: the benefit as it shall be, and which ones end for it."""
        plan, values = row.plan, row.values
        category = values.category
        assert category is not None  # noqa: S101
        ends = plan.ends if plan.entitle else [plan.running]
        named = [
            one for old in ends if old.category_id == category.pk for one in self._known_dependants.get(old.pk, ())
        ]
        blank = {"name": "", "birth": None, "cccd": ""}
        proposal: dict[str, Any] = {
            "category": category.code,
            "level": values.level,
            "own_amount": values.own_amount,
            "dependants": (named + [blank] * values.dependants)[: values.dependants],
        }
        if ends:
            proposal["replaces"] = [old.pk for old in ends]
        return {"entitlement_id": ends[0].pk if ends else None, "proposal": _json(proposal)}

    def _load_dependants(self, rows: Sequence[CheckedRow]) -> dict[int, list[dict[str, Any]]]:
        """The named dependants of benefits that would be replaced, so that nobody has to write them again."""
        running = {old.pk for row in rows for old in (*row.plan.ends, *([row.plan.running] if row.plan.more else []))}
        if not running:
            return {}
        found: dict[int, list[dict[str, Any]]] = {}
        rows_of = Dependant.objects.filter(entitlement__in=running, months__contains=self.start).exclude(name="")
        for one in rows_of.order_by("pk"):
            birth = [one.birth_year, one.birth_month, one.birth_day] if one.birth_year else None
            found.setdefault(one.entitlement_id, []).append({"name": one.name, "birth": birth, "cccd": one.cccd})
        return found

    # --- where the money goes --------------------------------------------------------------------------------------

    def _route(self, row: CheckedRow, person: Person) -> dict[str, Any]:
        values = row.values
        staged: dict[str, Any] = {"route": True}
        if values.account and values.provider:
            staged |= self._account(row) | self._payee(row, person, values.owner)
        else:
            staged |= {"cash_reason": values.cash_reason} | self._payee(row, person, Payee.Kind.OWN)
        return staged

    def _payee(self, row: CheckedRow, person: Person, kind: str) -> dict[str, Any]:
        """The person's known payee of that kind; a guardian only where the names don't contradict."""
        name = "" if kind == Payee.Kind.OWN else row.values.holder_name
        known = self.register.payees.setdefault(person.pk, [])
        same = [payee for payee in known if payee.kind == kind and (not name or payee.name in ("", name))]
        if same and (kind == Payee.Kind.OWN or len(same) == 1):
            return {"payee_id": same[0].pk}
        payee = Payee(pk=self._payee_ids.next(), person_id=person.pk, kind=kind, name=name)
        known.append(payee)
        return {"payee_id": payee.pk, "fresh_payee": True, "payee_kind": kind, "payee_name": name}

    def _account(self, row: CheckedRow) -> dict[str, Any]:
        values = row.values
        assert values.provider is not None  # noqa: S101
        key = (values.provider.pk, values.account)
        if key in self.register.accounts:
            return {"account_id": self.register.accounts[key].pk}
        account = Account(pk=self._account_ids.next())
        self.register.accounts[key] = account
        return {
            "account_id": account.pk,
            "fresh_account": True,
            "provider_id": values.provider.pk,
            "number": values.account,
            "holder_name": values.holder_name,
        }

    # --- storing ---------------------------------------------------------------------------------------------------

    def _store(self, *, edits: bool, with_dependants: bool) -> None:
        run = statements.Statements(
            batch=self.batch,
            actor=self.actor,
            start=self.start,
            now=self.now,
            confirms=self.confirms,
            proposes=self.proposes,
            job_id=self.job_id,
        )
        self.counts["people"] = run.insert_people()
        self.counts["changed_people"] = run.update_people() if edits else 0
        # A change and the benefit it grants point at each other; foreign keys are checked at the commit.
        changes = run.insert_changes()
        if self.proposes:
            self.counts["proposals"] = changes
        else:
            update_rows(Entitlement, self.ending.ended, ["months", "ended_by"])
            update_rows(Entitlement, self.ending.replaced, ["category", "level", "own_amount"])
            if self.ending.replaced:
                Dependant.objects.filter(entitlement__in=[old.pk for old in self.ending.replaced]).delete()
            self.counts["entitlements"] = run.insert_entitlements()
            self.counts["ended"] = len(self.ending.ended)
            self.counts["dependants"] = run.insert_dependants() if with_dependants else 0
            statements.end_dependants(self.ending.fewer, self.start)
        run.insert_payees()
        self.counts["accounts"] = run.insert_accounts()
        run.make_room()
        self.counts["routes"] = run.insert_routes()
        if edits:
            run.insert_audit()
        run.link_rows()


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


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
