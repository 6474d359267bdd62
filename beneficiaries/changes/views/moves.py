"""Asking that somebody be kept by another commune, and the giving commune's word on it."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from batosocial.staff.models import Role
from batosocial.territory.models import Unit
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries.changes import services
from beneficiaries.changes.forms import CccdForm, MoveForm, ObjectionForm
from beneficiaries.changes.views.lists import detail_page
from beneficiaries.models import Change, Person


@roles_required(*services.PROPOSING_ROLES)
def move_request(request: StaffRequest) -> HttpResponse:
    """``?cccd=`` finds somebody wherever in the district they stand, ``?nguoi=`` names somebody in scope."""
    asked = CccdForm(request.GET if request.GET.get("cccd") else None)
    context: dict[str, Any] = {"asked": asked}
    known, person = None, None
    if number := request.GET.get("nguoi"):
        person = _own(request, number)
        context["person"] = person
        known = services.Known(person.pk, person.name, person.commune, True, False)
    elif asked.is_bound and asked.is_valid():
        try:
            known = services.find_for_move(actor=request.user, cccd=asked.cleaned_data["cccd"])
        except services.ProposalRefused as refusal:
            asked.add_error("cccd", refusal.errors.get("cccd") or str(refusal))
        else:
            context["unknown"] = known is None
    if known is None:
        return render(request, "beneficiaries/changes/move.html", context, status=422 if asked.errors else 200)
    context["known"] = known
    communes = _destinations(request, known)
    initial = {"to_commune": communes[0].code} if len(communes) == 1 else {}
    form = MoveForm(request.POST or None, communes=_units(communes), initial=initial)
    context["form"] = form
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            with transaction.atomic():
                if done := once.claim(request.user, data["token"]):
                    return redirect(done)
                change = services.propose_move(
                    actor=request.user,
                    to_commune=data["to_commune"],
                    cccd="" if person else asked.cleaned_data["cccd"],
                    person_id=person.pk if person else None,
                    hamlet=data["hamlet"],
                    paper=form.paper,
                    note=data["note"],
                )
                url = reverse("beneficiaries:change", args=[change.pk])
                once.finish(data["token"], url)
        except services.ProposalRefused as refusal:
            form.refuse(refusal.errors)
        else:
            messages.success(request, "Đã gửi đề nghị chuyển xã. Phòng LĐ-TB&XH sẽ xem xét.")
            return redirect(url)
    return render(request, "beneficiaries/changes/move.html", context, status=422 if form.errors else 200)


@roles_required(Role.COMMUNE_OFFICER)
@require_POST
def object_to_move(request: StaffRequest, pk: int) -> HttpResponse:
    change = get_object_or_404(Change.objects.visible_to(request.user), pk=pk)
    form = ObjectionForm(request.POST)
    if not form.is_valid():
        return detail_page(request, pk, status=422, objection_form=form)
    try:
        services.object_to_move(actor=request.user, change_id=change.pk, objection=form.cleaned_data["objection"])
    except services.Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, "Đã ghi ý kiến; Phòng LĐ-TB&XH thấy ý kiến này khi xem xét.")
    return redirect("beneficiaries:change", pk=pk)


def _own(request: StaffRequest, number: str) -> Person:
    if not (number.isascii() and number.isdigit()):
        raise Http404
    return get_object_or_404(Person.objects.visible_to(request.user).select_related("commune"), pk=int(number))


def _destinations(request: StaffRequest, known: services.Known) -> list[Unit]:
    """Where this user may ask somebody to be moved to."""
    if request.user.role == Role.COMMUNE_OFFICER and not known.in_scope:
        return [request.user.unit] if request.user.unit else []
    communes = Unit.objects.current().communes().filter(parent=known.commune.parent_id)
    return list(communes.exclude(pk=known.commune.pk))


def _units(communes: list[Unit]) -> Any:
    return Unit.objects.filter(pk__in=[unit.pk for unit in communes]).order_by("position", "code")
