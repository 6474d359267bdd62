"""The page of a month's notices, one notice to download, and the wish for all of them as a zip."""

import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from batosocial.staff.models import BENEFIT_ROLES, DISTRICT_ROLES
from batosocial.web.access import StaffRequest, roles_required
from reporting import figures
from reporting.dashboard import dashboard_url
from reporting.notices import services
from reporting.notices.overview import read_overview


@require_safe
@roles_required(*BENEFIT_ROLES)
def notices(request: StaffRequest, month: datetime.date) -> HttpResponse:
    rows = read_overview(request.user, month)
    if not rows:
        raise Http404
    may_pack = request.user.role in DISTRICT_ROLES
    return render(
        request,
        "reporting/notices.html",
        {
            "month": month,
            "rows": rows,
            "may_pack": may_pack,
            "job": services.job_of(request.user, month) if may_pack else None,
            "freshness": figures.freshness(request.user, month),
            "back": dashboard_url(month),
        },
    )


@require_safe
@roles_required(*BENEFIT_ROLES)
def notice(request: StaffRequest, month: datetime.date, place: str) -> HttpResponse:
    commune = services.find_commune(request.user, month, place)
    if commune is None:
        raise Http404
    try:
        name, content = services.make_notice(actor=request.user, month=month, commune=commune)
    except services.NoNotices as error:
        raise Http404(str(error)) from error
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=services.DOCX, headers=headers)


@require_POST
@roles_required(*DISTRICT_ROLES)
def pack(request: StaffRequest, month: datetime.date) -> HttpResponse:
    """All notices of the month as a zip, by a job; asked twice it is one."""
    try:
        job = services.queue_notices(actor=request.user, month=month)
    except services.NoNotices as error:
        messages.error(request, str(error))
        return redirect("reporting:dashboard")
    return redirect("jobs:detail", job.pk)
