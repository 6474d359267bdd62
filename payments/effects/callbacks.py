"""When effects are looked for: changes took effect, results came in, lists were approved."""

import datetime
from collections.abc import Collection, Sequence

from django.db.models import Q

from batosocial.staff.models import User
from beneficiaries.models import Change
from payments.effects.claims import OPEN, claim_overpaid
from payments.effects.grants import open_grants
from payments.effects.owing import hold_payments
from payments.effects.reasons import CONCERNED
from payments.effects.stops import order_stops
from payments.models import Payment, PaymentList, Receivable


def changes_applied(*, changes: Sequence[Change], actor: User) -> None:
    """Stop what must not be paid, ask back what was paid too much, open the grants of a death; for all at once."""
    concerned = [change for change in changes if change.kind in CONCERNED]
    people = {change.person_id for change in concerned}
    if not people:
        return
    hold_payments(people)
    order_stops(actor=actor, person_ids=people, changes=concerned)
    claim_overpaid(actor=actor, person_ids=people, changes=concerned)
    open_grants(actor=actor, changes=concerned)


def results_changed(*, months: Collection[datetime.date], actor: User) -> None:
    """A payment that comes back as paid in spite of its stop order, or after a change that its list did not know of,
    becomes a receivable; one that comes back as not paid after all cancels it."""
    lists = PaymentList.objects.filter(period__month__in=months, state__in=PaymentList.HANDED_OVER_STATES).values_list(
        "pk", "made_at"
    )
    made = dict(lists)
    if not made:
        return
    people = set(
        Receivable.objects.filter(payment__payment_list__in=made, state__in=OPEN).values_list("person", flat=True)
    )
    late = Change.objects.filter(
        state=Change.State.APPLIED, kind__in=CONCERNED, applied_at__gte=min(made.values())
    ).values("person")
    paid = Payment.objects.filter(payment_list__in=made, result__in=Payment.PAID)
    people |= set(paid.filter(Q(stop_order__isnull=False) | Q(person__in=late)).values_list("person", flat=True))
    claim_overpaid(actor=actor, person_ids=people)
