"""The page on which the chairman decides, the head of the Phòng signs, and the Phòng records what the Sở decided."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from batosocial.web.access import StaffRequest, roles_required
from beneficiaries.changes.docket import MOST, READERS, decided_lately, docket, waiting
from beneficiaries.changes.filters import DocketFilter
from beneficiaries.changes.forms import DecisionForm, ReasonForm
from beneficiaries.models import Change


@roles_required(*READERS)
@require_safe
def decisions(request: StaffRequest) -> HttpResponse:
    return decisions_page(request)


def decisions_page(
    request: StaffRequest, *, status: int = 200, ticked: set[int] | None = None, **forms: Any
) -> HttpResponse:
    """The page; ``forms`` are what was typed for the part that the body of the request names."""
    user = request.user
    form = DocketFilter(request.GET, user=user)
    parts, left_out = docket(user, form.apply(waiting(user)))
    for part in parts:
        typed = forms if part.name == request.POST.get("phan") else {}
        part.decision_form = typed.get("decision_form") or DecisionForm(auto_id=f"{part.name}-%s")
        part.reason_form = typed.get("reason_form") or ReasonForm(auto_id=f"{part.name}-%s")
    context = {
        "form": form,
        "parts": parts,
        "left_out": left_out,
        "most": MOST,
        "ticked": ticked or set(),
        "mine": next((part for part in parts if part.can_act), None),
        "decided": decided_lately(user),
        "proposed": Change.objects.visible_to(user).filter(state=Change.State.PROPOSED).count(),
        "lines": [line for part in parts for line in part.lines],
    }
    return render(request, "beneficiaries/changes/decisions.html", context, status=status)
