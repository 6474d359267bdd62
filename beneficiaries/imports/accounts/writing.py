"""Storing the routes of an accepted list of accounts, table by table, each with one statement whatever its length."""

import datetime
from collections import Counter
from dataclasses import dataclass, field

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange

from batosocial.lib.text import holder_key
from batosocial.staff.models import User
from beneficiaries.imports.accounts.planning import Plan
from beneficiaries.imports.accounts.register import Register, account_key
from beneficiaries.imports.bulk import copy_rows, reserve_ids, update_rows
from beneficiaries.imports.checked import CheckedRow, Preview
from beneficiaries.models import Account, ImportBatch, Payee, PayoutRoute, Person


@dataclass(slots=True)
class _Out:
    accounts: list[Account] = field(default_factory=list)
    #: Known ones of which the holder or the day of opening was not known.
    completed: dict[int, Account] = field(default_factory=dict)
    payees: list[Payee] = field(default_factory=list)
    routes: list[PayoutRoute] = field(default_factory=list)


class RouteWriter:
    """Enters the planned routes, which wait for somebody else to confirm them."""

    def __init__(self, *, batch: ImportBatch, preview: Preview, actor: User) -> None:
        self.batch = batch
        self.rows = [row for row in preview.rows if row.plan is not None and row.plan.starts]
        self.register: Register = preview.register
        self.actor = actor
        self.out = _Out()
        #: New ones by person, kind and folded name.
        self.payees: dict[tuple[int, str, str], Payee] = {}

    def write(self) -> Counter[str]:
        """Store everything and return how much of each, for the audit and the message to the user."""
        for row in self.rows:
            assert row.person is not None  # noqa: S101
            self._routes(row, row.person, row.plan)
        out = self.out
        for made in (out.accounts, out.payees, out.routes):
            reserve_ids(made)
        copy_rows(Payee, out.payees)
        copy_rows(Account, out.accounts)
        update_rows(Account, list(out.completed.values()), ["holder_name", "opened_on", "version"])
        replaced = self._replace_waiting()
        for route in out.routes:
            # They have got their ids since.
            route.payee_id, route.account_id = route.payee.pk, route.account.pk if route.account else None
        copy_rows(PayoutRoute, out.routes)
        return Counter(
            routes=len(out.routes), people=len(self.rows), accounts=len(out.accounts), payees=len(out.payees),
            completed=len(out.completed), replaced=replaced,
        )  # fmt: skip

    def _routes(self, row: CheckedRow, person: Person, plan: Plan) -> None:
        account, payee = self._account(row), self._payee(row, person, plan)
        for policy, first in plan.starts.items():
            self.out.routes.append(
                PayoutRoute(
                    person=person,
                    policy=policy,
                    payee=payee,
                    account=account,
                    months=DateRange(first, None, "[)"),
                    state=PayoutRoute.State.ENTERED,
                    source=self.batch.source,
                    entered_by=self.actor,
                )
            )

    def _account(self, row: CheckedRow) -> Account:
        """The account of provider and number; what the list tells beyond the register completes it."""
        key, values = account_key(row), row.values
        assert key is not None  # noqa: S101
        account = self.register.accounts.get(key)
        if account is None:
            account = Account(
                provider=values.provider,
                number=values.account,
                holder_name=values.holder_name,
                opened_on=values.opened_on,
                source=self.batch.source,
            )
            self.register.accounts[key] = account
            self.out.accounts.append(account)
            return account
        learns = (not account.holder_name and values.holder_name) or (account.opened_on is None and values.opened_on)
        if learns:
            account.holder_name = account.holder_name or values.holder_name
            account.opened_on = account.opened_on or values.opened_on
            if account.pk is not None and account.pk not in self.out.completed:
                account.version += 1
                self.out.completed[account.pk] = account
        return account

    def _payee(self, row: CheckedRow, person: Person, plan: Plan) -> Payee:
        if plan.payee is not None:
            return plan.payee
        values = row.values
        name = "" if values.owner == Payee.Kind.OWN else values.payee_name or values.holder_name
        # A second row of the same person, for their other policy, may name the same one.
        key = (person.pk, values.owner, holder_key(name))
        if key not in self.payees:
            payee = Payee(person=person, kind=values.owner, name=name)
            if values.owner != Payee.Kind.OWN:
                payee.cccd, payee.relation = values.payee_cccd, values.relation
            self.payees[key] = payee
            self.out.payees.append(payee)
        return self.payees[key]

    def _replace_waiting(self) -> int:
        """What still waits for these people and policies from then on is rejected: the list takes its place. A payer's
        list takes only that of the payer's own accounts."""
        routes = self.out.routes
        firsts: list[datetime.date] = [route.first_month for route in routes]
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE beneficiaries_payoutroute r SET state = 'rejected', rejection = %s
                FROM unnest(%s::bigint[], %s::text[], %s::date[]) n (person_id, policy, first_month)
                WHERE r.person_id = n.person_id AND r.policy = n.policy AND r.state = 'entered'
                  AND (upper_inf(r.months) OR upper(r.months) > n.first_month)
                  AND (%s::bigint IS NULL OR EXISTS (
                      SELECT 1 FROM beneficiaries_account a JOIN beneficiaries_provider b ON b.id = a.provider_id
                      WHERE a.id = r.account_id AND b.payer_id = %s
                  ))
                """,
                [
                    f"Thay bằng danh sách tài khoản nạp số {self.batch.pk}.",
                    [route.person_id for route in routes],
                    [route.policy for route in routes],
                    firsts,
                    self.batch.payer_id,
                    self.batch.payer_id,
                ],
            )
            return int(cursor.rowcount)
