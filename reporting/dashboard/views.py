"""The page of one's role, the payments behind a payer's results, and the headlines on the home page."""

import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from batosocial.lib import months
from batosocial.staff.models import BENEFIT_ROLES, DISTRICT_ROLES, Payer, Role
from batosocial.web import panels
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.models import Policy
from payments import board, progress
from reporting import rollup
from reporting.dashboard import chairman, commune, office
from reporting.dashboard.addresses import dashboard_url
from reporting.dashboard.forms import MonthFilter
from reporting.dashboard.frame import read_frame, read_known


@require_safe
@roles_required(*BENEFIT_ROLES)
def show(request: StaffRequest) -> HttpResponse:
    """The chairman's, the Phòng's or the commune's dashboard, of a month (``thang``) and policy (``chinh_sach``)."""
    user = request.user
    known = read_known(user)
    month = _asked_month(request) or known.default
    opened = month is None or month in known.months
    form = MonthFilter(request.GET, choices=known.months, month=month, policies=not user.in_commune)
    context: dict[str, Any] = {
        "form": form,
        "month": month,
        "chosen": months.iso(month) if month else "",
        "can_recompute": user.role in rollup.ROLLERS,
    }
    if month is None or month not in known.has_figures:
        context["opened"] = opened
        return render(request, "reporting/dashboard/no_figures.html", context, status=200 if opened else 404)
    frame = read_frame(user, month, policy=form.policy, known=known)
    if user.in_commune:
        return render(request, "reporting/dashboard/commune.html", context | {"d": commune.build(request, frame)})
    page, built = ("chairman", chairman.build) if user.role == Role.CHAIRMAN else ("office", office.build)
    context["panels"] = panels.for_user("dashboard", user)
    return render(request, f"reporting/dashboard/{page}.html", context | {"d": built(frame)})


def _asked_month(request: StaffRequest) -> datetime.date | None:
    asked = request.GET.get("thang", "")
    if not asked:
        return None
    try:
        return months.parse(asked)
    except ValueError as error:
        raise Http404 from error


@require_safe
@roles_required(*DISTRICT_ROLES)
def communes(request: StaffRequest, month: datetime.date, policy: str) -> HttpResponse:
    """Every commune's figures of a policy, those that have not begun first."""
    known = read_known(request.user)
    if policy not in Policy.values or month not in known.has_figures:
        raise Http404
    frame = read_frame(request.user, month, known=known, policy=policy)
    (section,) = chairman.sections(frame, with_table=True)
    page = paginate(request, [row for group in section.groups for row in group.rows], per_page=40)
    context = {
        "d": {"frame": frame, "pending": chairman.pending(frame)},
        "section": section,
        "page": page,
        "policy": Policy(policy),
        "back": dashboard_url(month),
    }
    return render(request, "reporting/dashboard/communes.html", context)


@require_safe
@roles_required(*DISTRICT_ROLES)
def payments(request: StaffRequest, month: datetime.date, policy: str, payer: str, part: str) -> HttpResponse:
    """The payments behind a number of a payer's results."""
    if policy not in Policy.values or part not in progress.PARTS:
        raise Http404
    whose = get_object_or_404(Payer, code=payer)
    label, _ = progress.PARTS[part]
    rows = progress.handed_over(request.user, month, policy, whose, part)
    rows = rows.select_related("payment_list").order_by("payment_list__commune__position", "position", "pk")
    page = paginate(request, rows)
    for row in page.object_list:
        row.tone = board.RESULT_TONES[row.result]
    context = {
        "page": page,
        "label": label,
        "payer": whose,
        "month": month,
        "policy": Policy(policy),
        "back": dashboard_url(month),
    }
    return render(request, "reporting/dashboard/payments.html", context)


@require_safe
@roles_required(*DISTRICT_ROLES)
def headlines(request: StaffRequest) -> HttpResponse:
    """The rates of the newest month that can be judged, for the home page."""
    known = read_known(request.user)
    month = known.default
    frame = read_frame(request.user, month, known=known) if month in known.has_figures and month else None
    template = "_headlines_panel" if request.htmx else "headlines"
    return render(request, f"reporting/dashboard/{template}.html", {"frame": frame, "month": month})
