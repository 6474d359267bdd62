"""Making a draft anew from the register: first what would change, then doing it once."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from batosocial.staff.models import User
from payments.models import Payment, PaymentLine, PaymentList
from payments.opening import count_list, lock_opening, remake_list

#: Enough to see what is going on; the rest is in the count.
SHOWN = 200


@dataclass(frozen=True)
class Altered:
    """Somebody whose payment would be another one; đồng, None where there is none."""

    person_id: int
    name: str
    before: int | None
    after: int | None
    receives_before: str
    receives_after: str

    @property
    def difference(self) -> int:
        return (self.after or 0) - (self.before or 0)

    @property
    def receives_elsewhere(self) -> bool:
        return bool(self.before and self.after) and self.receives_before != self.receives_after


@dataclass(frozen=True)
class Plan:
    """What making anew would do: (people, đồng) before and after, and whose payment changes."""

    before: tuple[int, int]
    after: tuple[int, int]
    altered: list[Altered]

    @property
    def shown(self) -> list[Altered]:
        return self.altered[:SHOWN]

    @property
    def more(self) -> int:
        return max(len(self.altered) - SHOWN, 0)


def plan_remake(*, actor: User, list_id: int) -> Plan:
    """What ``remake`` would change, found by doing it and taking it back. Raises as ``opening.remake_list``."""
    with transaction.atomic():
        row = PaymentList.objects.visible_to(actor).get(pk=list_id)
        was, counted = _snapshot(row), count_list(row)
        row = remake_list(actor=actor, list_id=list_id)
        now, counted_now = _snapshot(row), count_list(row)
        transaction.set_rollback(True)
    return Plan(counted, counted_now, _compare(was, now))


@transaction.atomic
def remake(*, actor: User, list_id: int, seen: datetime.datetime | None) -> bool:
    """Make the draft anew; False where it was made anew since the user saw it (``seen`` is its ``made_at`` then), as
    by the second click of two."""
    lock_opening()
    row = PaymentList.objects.visible_to(actor).get(pk=list_id)
    if seen is not None and row.made_at != seen:
        return False
    remake_list(actor=actor, list_id=list_id)
    return True


_Standing = tuple[str, int, str, tuple[tuple[str, datetime.date, int], ...]]


def _snapshot(row: PaymentList) -> dict[int, _Standing]:
    """By person: name, đồng, where it goes, the lines. Two queries."""
    lines: dict[int, list[tuple[str, datetime.date, int]]] = {}
    for payment, kind, month, amount in PaymentLine.objects.filter(payment__payment_list=row).values_list(
        "payment", "kind", "month", "amount"
    ):
        lines.setdefault(payment, []).append((kind, month, amount))
    return {
        payment.person_id: (payment.name, payment.total, _receives(payment), tuple(sorted(lines.get(payment.pk, []))))
        for payment in row.payments.select_related("provider").order_by("position")
    }


def _receives(payment: Payment) -> str:
    if payment.planned_channel == Payment.Channel.CASH or payment.provider is None:
        return f"Tiền mặt{f', {payment.payee_name}' if payment.payee_name else ''}"
    return f"{payment.provider.short_name} •••• {payment.account_number[-4:]}, {payment.account_holder}"


def _compare(was: dict[int, _Standing], now: dict[int, _Standing]) -> list[Altered]:
    people: Iterable[int] = dict.fromkeys([*now, *was])
    found = []
    for person in people:
        before, after = was.get(person), now.get(person)
        if before and after and before[1:] == after[1:]:
            continue
        either = after or before
        assert either is not None  # noqa: S101 (for the type checker)
        found.append(
            Altered(
                person_id=person,
                name=either[0],
                before=before[1] if before else None,
                after=after[1] if after else None,
                receives_before=before[2] if before else "",
                receives_after=after[2] if after else "",
            )
        )
    return found
