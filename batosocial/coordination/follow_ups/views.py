"""The list of follow-ups and the page of one with its visits."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Max
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from batosocial.coordination.follow_ups import services
from batosocial.coordination.follow_ups.forms import FollowUpFilter, VisitForm
from batosocial.coordination.models import FollowUp
from batosocial.lib import clock
from batosocial.staff.models import BENEFIT_ROLES, Role, User
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.entry.services import ENTRY_ROLES


@dataclass(frozen=True)
class FollowUpRow:
    follow_up: Any
    owner: str
    overdue: bool
    days: int


@roles_required(*services.READERS)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    form = FollowUpFilter(request.GET, user=request.user)
    rows = form.apply(FollowUp.objects.visible_to(request.user)).select_related("person__commune")
    rows = rows.annotate(times=Count("visits"), last=Max("visits__day"))
    page = paginate(request, rows.order_by("closed_on", "planned_on", "pk"))
    context = {
        "form": form,
        "page": page,
        "rows": rows_of(list(page.object_list)),
        "is_police": request.user.role == Role.POLICE,
    }
    return render(request, "coordination/follow_ups/list.html", context)


@roles_required(*services.READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: StaffRequest, pk: int) -> HttpResponse:
    found = _find(request.user, pk)
    form = VisitForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        url = reverse("coordination:follow_up", args=[pk])
        data = form.cleaned_data
        try:
            with transaction.atomic():
                if done := once.claim(request.user, data["token"]):
                    return redirect(done)
                services.record_visit(
                    actor=request.user,
                    follow_up_id=pk,
                    day=data["day"],
                    words=data["words"],
                    appointment=data["appointment"],
                )
                once.finish(data["token"], url)
        except services.CannotDo as refusal:
            form.refuse(refusal.errors)
        else:
            messages.success(request, "Đã ghi.")
            return redirect(url)
    if request.method == "POST" and (landed := once.earlier(request)):
        return redirect(landed)
    user = request.user
    context = {
        "row": rows_of([found])[0],
        "follow_up": found,
        "person": found.person,
        "visits": found.visits.select_related("by"),
        "form": form,
        "works": services.may_work(found, user),
        "may_open": user.role in BENEFIT_ROLES,
        "may_edit": user.role in ENTRY_ROLES,
    }
    return render(request, "coordination/follow_ups/detail.html", context, status=422 if form.errors else 200)


@roles_required(Role.POLICE, Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER)
@require_POST
def recheck(request: StaffRequest, pk: int) -> HttpResponse:
    _find(request.user, pk)
    try:
        done = services.recheck(actor=request.user, follow_up_id=pk)
    except services.CannotDo as refusal:
        messages.info(request, str(refusal))
    else:
        if done.is_open:
            messages.warning(request, "Đã kiểm tra lại: chưa đạt, việc còn mở.")
        else:
            messages.success(request, "Kiểm tra lại đạt, việc đã đóng.")
    return redirect("coordination:follow_up", pk=pk)


def rows_of(follow_ups: list[Any]) -> list[FollowUpRow]:
    """One query for who is responsible: the police of the commune where there are some, else those of the district."""
    communes = {one.person.commune_id for one in follow_ups}
    police = User.objects.filter(role=Role.POLICE, is_active=True, unit__in=communes)
    staffed = set(police.values_list("unit", flat=True))
    today = clock.today()
    return [
        FollowUpRow(
            one,
            _owner(one, staffed),
            one.is_open and one.planned_on is not None and one.planned_on < today,
            (today - one.opened_on).days if one.is_open else 0,
        )
        for one in follow_ups
    ]


def _owner(follow_up: FollowUp, staffed: set[int]) -> str:
    commune = follow_up.person.commune
    if follow_up.kind == FollowUp.Kind.NOT_FOUND:
        return f"UBND {commune.full_name[0].lower()}{commune.full_name[1:]}"
    return (
        f"Công an {commune.full_name[0].lower()}{commune.full_name[1:]}" if commune.pk in staffed else "Công an huyện"
    )


def _find(user: User, pk: int) -> FollowUp:
    return get_object_or_404(FollowUp.objects.visible_to(user).select_related("person__commune"), pk=pk)
