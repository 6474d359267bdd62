"""Who edited what of a person's rows."""

from collections.abc import Sequence

from django.db.models import Q

from batosocial.audit.models import Entry
from batosocial.staff.models import User
from beneficiaries.history import Event, events
from beneficiaries.models import Account, Entitlement, Payee, PayoutRoute, Person
from beneficiaries.views.person.benefits import Benefit


def edits_of(person: Person, routes: Sequence[PayoutRoute], benefits: Sequence[Benefit], user: User) -> list[Event]:
    """Who did what to this person's rows; for district roles."""
    if not user.in_district:
        return []
    rows = Q(table=Person._meta.db_table, row_id=person.pk)
    rows |= Q(table=PayoutRoute._meta.db_table, row_id__in=[route.pk for route in routes])
    for model, ids in (
        (Payee, person.payees.values("pk")),
        (Account, {route.account_id for route in routes if route.account_id}),
    ):
        rows |= Q(table=model._meta.db_table, row_id__in=ids)
    rows |= Q(
        table=Entitlement._meta.db_table,
        row_id__in=[benefit.entitlement.pk for benefit in benefits if not benefit.hidden],
    )
    entries = Entry.objects.filter(rows).select_related("actor").order_by("-at", "-pk")
    return events(entries[:50])
