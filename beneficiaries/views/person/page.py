"""One person's page."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from batosocial.lib import clock, months
from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web import panels
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries.changes.services import PROPOSING_ROLES
from beneficiaries.entry.services import ENTRY_ROLES
from beneficiaries.listing import IDENTITY_TONES, STATUS_TONES
from beneficiaries.models import Person
from beneficiaries.payout.entering import ENTERING_ROLES
from beneficiaries.querysets import Status
from beneficiaries.services import record_full_view
from beneficiaries.views.person import benefits, changes, edits, identity, payout


@roles_required(*BENEFIT_ROLES)
@require_safe
def person(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


@roles_required(*BENEFIT_ROLES)
@never_cache
def person_in_full(request: StaffRequest, pk: int) -> HttpResponse:
    """The same page with full numbers. Each look at them is asked for, and stands in the audit."""
    if request.method != "POST":
        return redirect("beneficiaries:person", pk=pk)
    return _page(request, pk, full=True)


def _page(request: StaffRequest, pk: int, *, full: bool = False) -> HttpResponse:
    month, today, user = months.first(clock.today()), clock.today(), request.user
    people = Person.objects.visible_to(user).with_status(month).annotate(waiting_issues=identity.waiting_issues(user))
    found: Any = get_object_or_404(people.select_related("commune"), pk=pk)
    if full:
        record_full_view(actor=user, person=found)
    granted = benefits.benefits_of(found, month, today, user)
    routes = payout.routes_of(found)
    payees = payout.payees_of(found, user)
    proposed = changes.changes_of(found, user)
    status = Status(found.status)
    context = {
        "person": found,
        "full": full,
        "month": month,
        "today": today,
        "status": status,
        "status_tone": STATUS_TONES[status],
        "identity_tone": IDENTITY_TONES[Person.IdentityStatus(found.identity_status)],
        "identity": identity.identity_lines(found),
        "identity_note": identity.note_of(found),
        "issues": identity.issues_of(found),
        "benefits": granted,
        "totals": benefits.totals_of(granted),
        "payees": payees,
        "routes": payout.route_lines(routes, user, month),
        "may_enter_routes": user.role in ENTERING_ROLES,
        "changes": proposed,
        "waiting": changes.waiting_of(proposed),
        "proposes": user.role in PROPOSING_ROLES,
        "may_be_alive": changes.may_be_alive(found, proposed),
        "stoppable": any(benefit.due or benefit.suspended for benefit in granted),
        "pausable": any(benefit.due and not benefit.paused for benefit in granted),
        "resumable": any((benefit.due or benefit.suspended) and benefit.paused for benefit in granted),
        "history": edits.history_of(
            found,
            routes=routes,
            payees=[line.payee for line in payees],
            benefits=granted,
            changes=[line.change for line in proposed if not line.hidden],
        ),
        "may_edit": user.role in ENTRY_ROLES,
        "panels": panels.for_user("person", user, found.pk),
    }
    return render(request, "beneficiaries/person.html", context)
