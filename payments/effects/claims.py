"""What was paid too much becomes a receivable, and stops being one when its ground is gone (Điều 15 TT 44/2022/TT-BTC).

A receivable is never netted against a later payment; it asks for money back under a decision of its own.
"""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce

from batosocial.audit import services as audit
from batosocial.audit.models import Entry
from batosocial.lib import months
from batosocial.lib.money import format_amount
from batosocial.staff.models import User
from beneficiaries.models import Change
from payments.effects.owing import hold_claims
from payments.effects.reasons import Causes
from payments.models import Receivable
from payments.owed import overpaid

State = Receivable.State
#: In which money is still asked for.
OPEN = (State.FOUND, State.DECIDED)
GONE = "Sổ nay cho thấy tháng này được hưởng đủ, không còn căn cứ truy thu."
Key = tuple[int, str, datetime.date]
ReceivableRows = QuerySet[Receivable]


@dataclass
class Claimed:
    """What asking for money back came to: new receivables, those that ask for another amount, those cancelled."""

    made: list[Receivable] = field(default_factory=list)
    changed: list[Receivable] = field(default_factory=list)
    cancelled: list[Receivable] = field(default_factory=list)


def claim_overpaid(*, actor: User, person_ids: Collection[int], changes: Sequence[Change] = ()) -> Claimed:
    """Make the receivables of these people ask for exactly what they were paid too much, as far as no decision stands.

    What decided ones ask for stays: of those that ask too much, ``excess_of`` tells. A fixed number of statements, in
    the transaction of whoever calls; done twice is done once.
    """
    done = Claimed()
    if not person_ids:
        return done
    hold_claims()
    found = {(row.person_id, row.policy, row.month): row for row in overpaid(person_ids)}
    standing = _open_by_month(Receivable.objects.filter(person__in=person_ids))
    causes = Causes({row.person_id for row in found.values()}, changes) if found else None
    entries: list[Entry] = []
    for key in sorted(found.keys() | standing.keys()):
        rows = standing.get(key, [])
        missing = (found[key].amount if key in found else 0) - sum(remaining(row) for row in rows)
        drafts = [row for row in rows if row.state == State.FOUND]
        if missing > 0 and drafts:
            entries.append(_ask(actor, drafts[0], drafts[0].amount + missing))
            done.changed.append(drafts[0])
        elif missing > 0:
            assert causes is not None  # noqa: S101 (there is something found)
            paid = found[key]
            done.made.append(
                Receivable(
                    person_id=paid.person_id,
                    policy=paid.policy,
                    month=paid.month,
                    payment_id=paid.payment_id,
                    change=causes.change(paid.person_id, paid.policy),
                    amount=missing,
                    reason=f"{causes.words(*key)}, nhưng đã chi {months.title(paid.month)}."[:300],
                    found_by=actor,
                )
            )
        for row in drafts if missing < 0 else []:
            cut = min(-missing, row.amount)
            missing += cut
            if cut == row.amount:
                row.state, row.note = State.CANCELLED, GONE
                entries.append(_entry(actor, "hủy khoản truy thu", row, {"state": (State.FOUND, State.CANCELLED)}))
                done.cancelled.append(row)
            elif cut:
                entries.append(_ask(actor, row, row.amount - cut))
                done.changed.append(row)
    Receivable.objects.bulk_create(done.made)
    Receivable.objects.bulk_update(done.changed + done.cancelled, ["amount", "state", "note"])
    entries += [
        _entry(actor, "phát hiện khoản phải truy thu", row, {"amount": (None, row.amount)}) for row in done.made
    ]
    Entry.objects.bulk_create(entries)
    return done


def excess_of(rows: Iterable[Receivable]) -> dict[int, int]:
    """Of decided receivables, how much each asks for beyond what was paid too much by now, by its id: a decision that
    has lost its ground is for an officer to mend. ``rows`` may be any; four queries at most."""
    people = {row.person_id for row in rows if row.state == State.DECIDED}
    if not people:
        return {}
    found = {(row.person_id, row.policy, row.month): row.amount for row in overpaid(people)}
    excess: dict[int, int] = {}
    for key, standing in _open_by_month(Receivable.objects.filter(person__in=people), lock=False).items():
        too_much = sum(remaining(row) for row in standing) - found.get(key, 0)
        for row in reversed(standing):
            cut = min(too_much, remaining(row))
            if row.state == State.DECIDED and cut > 0:
                excess[row.pk] = cut
                too_much -= cut
    return excess


def remaining(row: Receivable) -> int:
    """Đồng still to come; needs ``with_receipts``."""
    return row.amount - row.came_back  # type: ignore[attr-defined]


def with_receipts(rows: ReceivableRows) -> ReceivableRows:
    """Adds ``came_back``, the đồng of a receivable's receipts."""
    return rows.annotate(came_back=Coalesce(Sum("receipts__amount"), 0))


def _open_by_month(rows: ReceivableRows, *, lock: bool = True) -> dict[Key, list[Receivable]]:
    """Open receivables by person, policy and month, the oldest first."""
    if lock:
        # An aggregate takes no lock, so they are taken first.
        list(rows.filter(state__in=OPEN).order_by("pk").select_for_update().values_list("pk", flat=True))
    found: dict[Key, list[Receivable]] = defaultdict(list)
    for row in with_receipts(rows.filter(state__in=OPEN)).order_by("pk"):
        found[row.person_id, row.policy, row.month].append(row)
    return found


def _ask(actor: User, row: Receivable, amount: int) -> Entry:
    old, row.amount = row.amount, amount
    return _entry(actor, f"sửa số phải truy thu thành {format_amount(amount)}", row, {"amount": (old, amount)})


def _entry(actor: User, action: str, row: Receivable, changes: dict[str, tuple[object, object]]) -> Entry:
    details = {"month": row.month, "payment": row.payment_id, "change": row.change_id}
    return audit.prepare(actor=actor, action=action, row=row, changes=changes, details=details)
