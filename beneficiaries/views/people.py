"""The list of people."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate_ranked
from beneficiaries.entry.services import ENTRY_ROLES
from beneficiaries.forms import PeopleFilter
from beneficiaries.listing import Lister
from beneficiaries.models import Person


@roles_required(*BENEFIT_ROLES)
@require_safe
def people(request: StaffRequest) -> HttpResponse:
    form = PeopleFilter(request.GET, user=request.user)
    found = form.narrow(Person.objects.visible_to(request.user)).order_by("sort_key", "pk")
    # First who is on the page, then everything about them: joins are for fifty people only.
    page = paginate_ranked(request, found, form.ranks)
    lister = Lister(request.user, form.month, form.catalogue, form.units, form.policy, form.categories, form.age_rule)
    context = {
        "form": form,
        "page": page,
        "rows": lister.rows(page),
        "month": form.month,
        "may_add": request.user.role in ENTRY_ROLES,
        "in_district": request.user.in_district,
        # A letter typed into the search box swaps the list; what stands around it is on the screen.
        "swapping": bool(request.htmx) and not request.htmx.history_restore_request,
    }
    return render(request, "beneficiaries/people.html", context)
