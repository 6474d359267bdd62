"""What a person's page shows of stop orders, receivables and grants."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries.models import Person
from payments.effects.showing import (
    dress_grant,
    dress_order,
    dress_receivables,
    grants_for_showing,
    orders_for_showing,
    receivables_for_showing,
)
from payments.models import Grant, Receivable, StopOrder


@roles_required(*BENEFIT_ROLES)
@require_safe
def effects(request: StaffRequest, person_id: int) -> HttpResponse:
    """A panel of the person's page, or a page of its own without JavaScript."""
    person = get_object_or_404(Person.objects.visible_to(request.user), pk=person_id)
    grants: list[Any] = list(
        grants_for_showing(Grant.objects.visible_to(request.user).filter(person=person)).order_by("pk")
    )
    receivables = list(
        receivables_for_showing(Receivable.objects.visible_to(request.user).filter(person=person)).order_by(
            "month", "pk"
        )
    )
    orders: list[Any] = list(
        orders_for_showing(StopOrder.objects.visible_to(request.user).filter(payment__person=person)).order_by("pk")
    )
    for grant in grants:
        dress_grant(grant, request.user)
    for order in orders:
        dress_order(order, request.user)
    dress_receivables(receivables, request.user)
    template = "payments/effects/_person.html" if request.htmx else "payments/effects/person.html"
    context = {"person": person, "grants": grants, "receivables": receivables, "orders": orders}
    return render(request, template, context)
