"""The SQL that makes people, changes, benefits and routes from the stage of a list, one statement for each table."""

import datetime
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import connection

from batosocial.audit.models import Entry
from batosocial.staff.models import User
from beneficiaries.imports.stage import insert_from
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

STAGE = "import_stage"
_SOURCE = "Danh sách xã nạp"

#: Of a person, as a list writes them.
PERSON_FIELDS = (
    "name", "other_name", "search_key", "sort_key", "birth_year", "birth_month", "birth_day", "sex", "cccd",
    "cccd_state", "cccd_missing_reason", "cmnd", "file_number", "ethnicity", "hamlet", "phone", "identity_status",
    "identity_note",
)  # fmt: skip
_TYPES = {int: "bigint", str: "text", bool: "boolean"}


class Staged(NamedTuple):
    """One row of the list with everything it writes. ``fresh`` rows bring a person, ``edited`` ones change one."""

    sheet: str
    row: int
    person_id: int
    fresh: bool
    edited: bool
    audit: str | None = None
    name: str | None = None
    other_name: str | None = None
    search_key: str | None = None
    sort_key: str | None = None
    birth_year: int | None = None
    birth_month: int | None = None
    birth_day: int | None = None
    sex: str | None = None
    cccd: str | None = None
    cccd_state: str | None = None
    cccd_missing_reason: str | None = None
    cmnd: str | None = None
    file_number: str | None = None
    ethnicity: str | None = None
    hamlet: str | None = None
    phone: str | None = None
    identity_status: str | None = None
    identity_note: str | None = None
    change_id: int | None = None
    change_kind: str | None = None
    note: str | None = None
    proposal: str | None = None
    entitlement_id: int | None = None
    fresh_entitlement: bool = False
    category_id: int | None = None
    level: int | None = None
    own_amount: int | None = None
    dependants: int | None = None
    route: bool = False
    cash_reason: str = ""
    payee_id: int | None = None
    fresh_payee: bool = False
    payee_kind: str | None = None
    payee_name: str | None = None
    account_id: int | None = None
    fresh_account: bool = False
    provider_id: int | None = None
    number: str | None = None
    holder_name: str | None = None

    @classmethod
    def types(cls) -> dict[str, str]:
        """SQL types of the stage's columns."""
        kinds = {}
        for name, hint in cls.__annotations__.items():
            kinds[name] = next(sql for kind, sql in _TYPES.items() if hint in (kind, kind | None))
        return kinds


class Statements:
    """What is the same for all rows of one list; each method is one statement and tells how many rows it wrote."""

    def __init__(
        self,
        *,
        batch: ImportBatch,
        actor: User,
        start: datetime.date,
        now: datetime.datetime,
        confirms: bool,
        proposes: bool,
        job_id: int | None,
    ) -> None:
        self.confirms = confirms
        self.proposes = proposes
        self.params: dict[str, Any] = {
            "batch": batch.pk,
            "commune": batch.commune_id,
            "policy": batch.policy,
            "uploader": batch.uploaded_by_id,
            "actor": actor.pk,
            "start": start,
            "now": now,
            "job": job_id,
            "source": f"{_SOURCE} {batch.pk}",
            "superseded": f"Thay bằng danh sách nạp số {batch.pk}.",
            "confirms": confirms,
        }

    def _insert(self, model: Any, where: str, values: Mapping[str, str], source: str = f"{STAGE} s") -> int:
        return insert_from(model, f"{source} WHERE {where}", values, params=self.params)

    def insert_people(self) -> int:
        values = {name: f"s.{name}" for name in PERSON_FIELDS}
        return self._insert(Person, "s.fresh", values | {"id": "s.person_id", "commune": "%(commune)s"})

    def update_people(self) -> int:
        return self._execute(
            f"""
            UPDATE beneficiaries_person p
            SET {", ".join(f"{name} = s.{name}" for name in PERSON_FIELDS)},
                version = p.version + 1, updated_at = %(now)s
            FROM {STAGE} s WHERE s.edited AND p.id = s.person_id
            """
        )

    def insert_changes(self) -> int:
        values = {
            "id": "s.change_id",
            "kind": "s.change_kind",
            "policy": "%(policy)s",
            "person": "s.person_id",
            "entitlement": "s.entitlement_id",
            "effective_month": "%(start)s",
            "proposal": "s.proposal::jsonb",
            "note": "s.note",
            "state": f"'{Change.State.PROPOSED if self.proposes else Change.State.APPLIED}'",
            "first_load": "false" if self.proposes else "true",
            "batch": "%(batch)s",
            "proposed_by": "%(uploader)s",
        }
        if not self.proposes:
            values["applied_at"] = "%(now)s"
        return self._insert(Change, "s.change_id IS NOT NULL", values)

    def insert_entitlements(self) -> int:
        return self._insert(
            Entitlement,
            "s.fresh_entitlement",
            {
                "id": "s.entitlement_id",
                "person": "s.person_id",
                "category": "s.category_id",
                "level": "s.level",
                "own_amount": "s.own_amount",
                "months": "daterange(%(start)s, NULL)",
                "granted_by": "s.change_id",
            },
        )

    def insert_dependants(self) -> int:
        """As many as the list counts; their names are asked for later."""
        return self._insert(
            Dependant,
            "s.dependants > 0",
            {"entitlement": "s.entitlement_id", "months": "daterange(%(start)s, NULL)"},
            f"{STAGE} s CROSS JOIN LATERAL generate_series(1, s.dependants)",
        )

    def insert_payees(self) -> int:
        return self._insert(
            Payee,
            "s.fresh_payee",
            {"id": "s.payee_id", "person": "s.person_id", "kind": "s.payee_kind", "name": "s.payee_name"},
        )

    def insert_accounts(self) -> int:
        return self._insert(
            Account,
            "s.fresh_account",
            {
                "id": "s.account_id",
                "provider": "s.provider_id",
                "number": "s.number",
                "holder_name": "s.holder_name",
                "source": "%(source)s",
            },
        )

    def make_room(self) -> None:
        """New routes take over: what still waits is rejected, what is confirmed ends where a confirmed one begins."""
        self._execute(
            f"""
            UPDATE beneficiaries_payoutroute r SET state = 'rejected', rejection = %(superseded)s
            FROM {STAGE} s
            WHERE s.route AND r.person_id = s.person_id AND r.policy = %(policy)s
              AND (r.state = 'entered'
                   OR (%(confirms)s AND r.state = 'confirmed' AND lower(r.months) >= %(start)s))
            """
        )
        if self.confirms:
            self._execute(
                f"""
                UPDATE beneficiaries_payoutroute r SET months = daterange(lower(r.months), %(start)s)
                FROM {STAGE} s
                WHERE s.route AND r.person_id = s.person_id AND r.policy = %(policy)s
                  AND r.state = 'confirmed' AND r.months @> %(start)s::date
                """
            )

    def insert_routes(self) -> int:
        values = {
            "person": "s.person_id",
            "policy": "%(policy)s",
            "payee": "s.payee_id",
            "account": "s.account_id",
            "cash_reason": "s.cash_reason",
            "months": "daterange(%(start)s, NULL)",
            "state": f"'{PayoutRoute.State.CONFIRMED if self.confirms else PayoutRoute.State.ENTERED}'",
            "source": "%(source)s",
            "entered_by": "%(uploader)s",
        }
        if self.confirms:
            values |= {"confirmed_by": "%(actor)s", "confirmed_at": "%(now)s"}
        return self._insert(PayoutRoute, "s.route", values)

    def insert_audit(self) -> int:
        """Old and new values of each known person whom the list changed."""
        return self._insert(
            Entry,
            "s.edited",
            {
                "actor": "%(actor)s",
                "action": "'Sửa theo danh sách'",
                "table": f"'{Person._meta.db_table}'",
                "row_id": "s.person_id",
                "label": "s.audit::jsonb->>'label'",
                "changes": "s.audit::jsonb->'changes'",
                "details": "s.audit::jsonb->'details'",
                "job_id": "%(job)s",
            },
        )

    def link_rows(self) -> int:
        """The preview's new rows point at the people they became."""
        return self._execute(
            f"""
            UPDATE beneficiaries_importrow r SET person_id = s.person_id FROM {STAGE} s
            WHERE r.batch_id = %(batch)s AND r.person_id IS NULL AND r.sheet = s.sheet AND r.row = s.row
            """
        )

    def _execute(self, statement: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, self.params)
            return int(cursor.rowcount)


def end_dependants(fewer: Mapping[int, int], start: datetime.date) -> None:
    """So many of the newest unnamed dependants of each entitlement stop counting with the start month."""
    if not fewer:
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
            {"entitlements": list(fewer), "fewer": list(fewer.values()), "start": start},
        )
