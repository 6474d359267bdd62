"""Who edited what of a person's rows, and who looked at the full numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from batosocial.audit.models import Entry
from beneficiaries.history import Event, events
from beneficiaries.models import Account, Change, Entitlement, Payee, PayoutRoute, Person, Suspension
from beneficiaries.services import FULL_VIEW
from beneficiaries.views.person.benefits import Benefit

#: Of each kind the newest are shown.
_MOST = 50


@dataclass(frozen=True)
class History:
    edits: list[Event]
    #: Looks at full numbers; they would bury the edits.
    looks: list[Event]


def history_of(
    person: Person,
    *,
    routes: Sequence[PayoutRoute],
    payees: Iterable[Payee],
    benefits: Sequence[Benefit],
    changes: Iterable[Change],
) -> History:
    """What the audit has on the person's rows, without what would tell a group that this reader may not see.

    Of benefits the hidden ones are left out here, ``changes`` are given without them.
    """
    rows = Q(table=Person._meta.db_table, row_id=person.pk)
    for model, ids in (
        (PayoutRoute, [route.pk for route in routes]),
        (Account, [route.account_id for route in routes if route.account_id]),
        (Payee, [payee.pk for payee in payees]),
        (Entitlement, [benefit.entitlement.pk for benefit in benefits if not benefit.hidden]),
        (
            Suspension,
            [pause.pk for benefit in benefits if not benefit.hidden for pause in benefit.entitlement.suspensions.all()],
        ),
        (Change, [change.pk for change in changes]),
    ):
        rows |= Q(table=model._meta.db_table, row_id__in=ids)
    entries = Entry.objects.filter(rows).select_related("actor").order_by("-at", "-pk")
    return History(
        events(entries.exclude(action=FULL_VIEW)[:_MOST]),
        events(entries.filter(action=FULL_VIEW)[:_MOST]),
    )
