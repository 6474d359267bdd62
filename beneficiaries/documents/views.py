"""Addresses at which documents are made. They are asked for by POST: each leaves a line in the audit."""

import datetime
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from batosocial.staff.models import BENEFIT_ROLES
from batosocial.territory.models import Unit
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries.changes.docket import READERS
from beneficiaries.documents import services
from beneficiaries.documents.decisions import VERBS
from beneficiaries.models import Change, Policy


@roles_required(*BENEFIT_ROLES)
@require_POST
def proposal(request: StaffRequest) -> HttpResponse:
    """ "chinh_sach": NCC or BTXH; "xa": the commune's own list, for whoever sees several."""
    policy = request.POST.get("chinh_sach") or Policy.SOCIAL
    if policy not in Policy.values:
        raise Http404
    commune = None
    if code := request.POST.get("xa"):
        communes = Unit.objects.current().communes()
        commune = get_object_or_404(communes, code=code) if request.user.in_district else None
        if commune is not None and commune.parent_id != request.user.unit_id:
            raise Http404
    return _file(
        request,
        lambda: services.make_proposal(actor=request.user, policy=policy, commune=commune),
        "beneficiaries:changes" if request.user.in_commune else "beneficiaries:decisions",
    )


@roles_required(*READERS)
@require_POST
def decisions(request: StaffRequest) -> HttpResponse:
    """ "van_ban": the kind; "so" and "ngay" of a decision, or the draft of the ticked ones ("chon"), or of all."""
    kind = request.POST.get("van_ban") or ""
    if not kind:
        messages.info(request, "Hãy chọn loại quyết định cần in.")
        return redirect("beneficiaries:decisions")
    if kind not in VERBS:
        raise Http404
    number, text = request.POST.get("so", ""), request.POST.get("ngay", "")
    try:
        day = datetime.date.fromisoformat(text) if text else None
        ids = [int(pk) for pk in request.POST.getlist("chon")]
    except ValueError:
        raise Http404 from None
    return _file(
        request,
        lambda: services.make_decision(actor=request.user, kind=kind, change_ids=ids, number=number, date=day),
        "beneficiaries:decisions",
    )


@roles_required(*BENEFIT_ROLES)
@require_POST
def decision_of(request: StaffRequest, pk: int) -> HttpResponse:
    return _file(
        request, lambda: services.make_decision_of(actor=request.user, change_id=pk), "beneficiaries:change", pk
    )


def _file(request: StaffRequest, make: Callable[[], services.Made], back: str, *arguments: int) -> HttpResponse:
    try:
        made = make()
    except Change.DoesNotExist:
        raise Http404 from None
    except services.NothingToPrint as nothing:
        messages.info(request, str(nothing))
        return redirect(back, *arguments)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return HttpResponse(made.content, content_type=services.CONTENT_TYPE, headers=headers)
