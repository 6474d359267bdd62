"""Where cash is paid: the points of each commune."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from batosocial.staff.models import COMMUNE_ROLES, Role
from batosocial.territory.models import Unit
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from payments.handover import points
from payments.handover.forms import CommuneForm, PointForm
from payments.models import PayPoint

VIEWERS = (*COMMUNE_ROLES, Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER)
EDITORS = (Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER)


@roles_required(*VIEWERS)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    communes = points.communes_of(request.user)
    form = CommuneForm(request.GET, communes=communes)
    chosen = form.value()
    rows = PayPoint.objects.visible_to(request.user).select_related("commune").order_by("commune__position", "name")
    if chosen:
        rows = rows.filter(commune=chosen)
    context = {
        "page": paginate(request, rows),
        "form": form,
        "is_district": request.user.role not in COMMUNE_ROLES,
        "may_edit": request.user.role in EDITORS,
        "commune": chosen or (request.user.unit if request.user.role in COMMUNE_ROLES else None),
    }
    return render(request, "payments/handover/pay_points.html", context)


@roles_required(*EDITORS)
def add(request: StaffRequest, code: str) -> HttpResponse:
    commune = get_object_or_404(points.communes_of(request.user), code=code)
    return _edit(request, commune, None)


@roles_required(*EDITORS)
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    point = get_object_or_404(PayPoint.objects.visible_to(request.user).select_related("commune"), pk=pk)
    return _edit(request, point.commune, point)


def _edit(request: StaffRequest, commune: Unit, point: PayPoint | None) -> HttpResponse:
    hamlets = points.hamlets_of(commune)
    if request.method == "POST":
        if done := once.earlier(request):
            return redirect(done)
        form = PointForm(request.POST, hamlets=hamlets, point=point)
        if form.is_valid() and (url := _save(request, commune, point, form)):
            return redirect(url)
    else:
        form = PointForm(hamlets=hamlets, point=point)
    context = {"form": form, "commune": commune, "point": point}
    return render(request, "payments/handover/pay_point.html", context, status=422 if form.errors else 200)


def _save(request: StaffRequest, commune: Unit, point: PayPoint | None, form: Any) -> str:
    data = form.cleaned_data
    try:
        with transaction.atomic():
            if done := once.claim(request.user, data["token"]):
                return done
            row = points.save_point(
                actor=request.user,
                commune=commune,
                name=data["name"],
                hamlets=data["hamlets"],
                point_id=point.pk if point else None,
            )
            url = _url(request, commune)
            once.finish(data["token"], url)
    except points.PointRefused as refusal:
        form.refuse(refusal.errors)
        return ""
    messages.success(request, f"Đã lưu điểm chi trả {row.name}.")
    return url


def _url(request: StaffRequest, commune: Unit) -> str:
    base = reverse("payments:pay_points")
    return base if request.user.role in COMMUNE_ROLES else f"{base}?xa={commune.code}"


@roles_required(*EDITORS)
@require_POST
def delete(request: StaffRequest, pk: int) -> HttpResponseRedirect:
    point = get_object_or_404(PayPoint.objects.visible_to(request.user).select_related("commune"), pk=pk)
    try:
        name = points.delete_point(actor=request.user, point_id=point.pk)
    except PayPoint.DoesNotExist:
        raise Http404 from None
    messages.success(request, f"Đã xóa điểm chi trả {name}.")
    return redirect(_url(request, point.commune))
