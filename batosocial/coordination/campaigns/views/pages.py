"""A campaign's pages: the list, one campaign with its numbers, its plan, its paper and workbook."""

import io
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from batosocial.audit import services as audit
from batosocial.coordination.campaigns import planning
from batosocial.coordination.campaigns.counting import COLUMNS, Progress, progress_of, totals_of
from batosocial.coordination.campaigns.effect import effect_of
from batosocial.coordination.campaigns.export import XLSX, workbook
from batosocial.coordination.campaigns.files import BRINGERS
from batosocial.coordination.campaigns.forms import CampaignForm, CancelForm
from batosocial.coordination.campaigns.refusal import CampaignRefused
from batosocial.coordination.models import Campaign, CampaignConflict, CampaignFile
from batosocial.lib import clock
from batosocial.staff.models import BENEFIT_ROLES, Role
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate

READERS = BENEFIT_ROLES | {Role.PAYER}
TONES = {
    Campaign.State.PROPOSED: "warning",
    Campaign.State.OPEN: "info",
    Campaign.State.CLOSED: "neutral",
    Campaign.State.CANCELLED: "neutral",
}


@roles_required(*READERS)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    campaigns = Campaign.objects.visible_to(request.user).select_related("payer")
    page = paginate(request, campaigns, per_page=25)
    shown: list[Any] = list(page.object_list)
    totals = totals_of(request.user, shown)
    for row in shown:
        row.tone, row.progress = TONES[Campaign.State(row.state)], totals[row.pk]
        row.late = _is_late(row, totals[row.pk])
    context = {"page": page, "rows": shown, "may_plan": request.user.role in planning.PLANNERS}
    return render(request, "coordination/campaigns/list.html", context)


@roles_required(*planning.PLANNERS)
def add(request: StaffRequest) -> HttpResponse:
    """Plan one; a double click makes one."""
    user = request.user
    form = CampaignForm(request.POST or None, user=user)
    if request.method == "POST":
        if done := once.earlier(request):
            return redirect(done)
        if form.is_valid():
            with transaction.atomic():
                if first := once.claim(user, form.cleaned_data["token"]):
                    return redirect(first)
                payer = user.payer or form.cleaned_data["payer"]
                campaign = planning.plan_campaign(
                    actor=user, payer=payer, upper=form.upper, places=form.places, **form.values
                )
                url = reverse("coordination:campaign", args=[campaign.pk])
                once.finish(form.cleaned_data["token"], url)
            said = "Đã lập đợt mở tài khoản; các xã thấy ngay."
            if user.role == Role.PAYER:
                said = "Đã gửi đề nghị; Phòng LĐ-TB&XH xác nhận thì các xã mới thấy."
            messages.success(request, said)
            return redirect(url)
    context = {"form": form, "campaign": None}
    return render(request, "coordination/campaigns/form.html", context, status=422 if form.errors else 200)


@roles_required(*planning.PLANNERS)
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    campaign = _campaign(request, pk)
    if not planning.may_change(request.user, campaign):
        messages.error(request, f"Đợt này {campaign.get_state_display().lower()}, không sửa được.")
        return redirect("coordination:campaign", pk)
    form = CampaignForm(request.POST or None, user=request.user, campaign=campaign)
    if request.method == "POST" and form.is_valid():
        try:
            planning.change_campaign(actor=request.user, campaign_id=pk, places=form.places, **form.values)
        except CampaignRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Đã sửa đợt mở tài khoản.")
            return redirect("coordination:campaign", pk)
    context = {"form": form, "campaign": campaign}
    return render(request, "coordination/campaigns/form.html", context, status=422 if form.errors else 200)


@roles_required(*READERS)
@require_safe
def show(request: StaffRequest, pk: int) -> HttpResponse:
    return _show(request, _campaign(request, pk))


@roles_required(Role.DISTRICT_OFFICER)
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    return _do(request, pk, planning.confirm_campaign, "Đã xác nhận; các xã thấy đợt này và báo người sẵn sàng.")


@roles_required(Role.DISTRICT_OFFICER)
@require_POST
def close(request: StaffRequest, pk: int) -> HttpResponse:
    return _do(request, pk, planning.close_campaign, "Đã kết thúc đợt; số đã mở, đã chi vẫn được tính tiếp.")


@roles_required(*planning.PLANNERS)
@require_POST
def cancel(request: StaffRequest, pk: int) -> HttpResponse:
    campaign = _campaign(request, pk)
    form = CancelForm(request.POST)
    if not form.is_valid():
        return _show(request, campaign, cancel_form=form)
    return _do(request, pk, planning.cancel_campaign, "Đã bỏ đợt này.", reason=form.cleaned_data["ly_do_bo"])


@roles_required(*READERS)
@require_safe
def print_page(request: StaffRequest, pk: int) -> HttpResponse:
    context = _numbers(request, _campaign(request, pk)) | {"today": clock.today(), "is_demo": settings.DEMO}
    return render(request, "coordination/campaigns/print.html", context)


@roles_required(*READERS)
@require_safe
def export(request: StaffRequest, pk: int) -> FileResponse:
    campaign = _campaign(request, pk)
    numbers = _numbers(request, campaign)
    content = workbook(campaign, numbers["rows"], numbers["total"], numbers["effect"])
    audit.record(actor=request.user, action="Tải tiến độ đợt mở tài khoản", row=campaign)
    name = f"dot-mo-tai-khoan-{campaign.pk}-{clock.today():%Y%m%d}.xlsx"
    return FileResponse(io.BytesIO(content), as_attachment=True, filename=name, content_type=XLSX)


# --- shared --------------------------------------------------------------------------------------------------------


def _campaign(request: StaffRequest, pk: int) -> Campaign:
    campaigns = Campaign.objects.visible_to(request.user)
    return get_object_or_404(
        campaigns.select_related("payer", "upper", "planned_by", "confirmed_by", "ended_by"), pk=pk
    )


def _is_late(campaign: Campaign, progress: Progress) -> bool:
    done = progress.opened + progress.failed >= progress.planned
    return campaign.state == Campaign.State.OPEN and clock.today() > campaign.deadline and not done


def _numbers(request: StaffRequest, campaign: Campaign) -> dict[str, Any]:
    """What page, paper and workbook show; a payer sees no rates."""
    rows = progress_of(request.user, campaign)
    total = Progress.total(row.progress for row in rows)
    payer = request.user.role == Role.PAYER
    return {
        "campaign": campaign,
        "tone": TONES[Campaign.State(campaign.state)],
        "rows": rows,
        "total": total,
        "total_cells": [(heading, getattr(total, name), step) for name, heading, step in COLUMNS],
        "columns": COLUMNS,
        "late": _is_late(campaign, total),
        "effect": None if payer else effect_of(request.user, campaign),
        "query_commune": request.user.in_commune,
    }


def _show(request: StaffRequest, campaign: Campaign, *, cancel_form: CancelForm | None = None) -> HttpResponse:
    user = request.user
    open_ = campaign.state == Campaign.State.OPEN
    conflicts = CampaignConflict.objects.visible_to(user).filter(campaign=campaign).waiting().count()
    files = CampaignFile.objects.visible_to(user).filter(campaign=campaign).select_related("batch__uploaded_by")
    context = _numbers(request, campaign) | {
        "conflicts": conflicts,
        "files": list(files.select_related("batch__file").defer("batch__file__content")[:10]),
        "cancel_form": cancel_form or CancelForm(),
        "may_change": user.role in planning.PLANNERS and planning.may_change(user, campaign),
        "may_confirm": user.role == Role.DISTRICT_OFFICER and campaign.state == Campaign.State.PROPOSED,
        "may_close": user.role == Role.DISTRICT_OFFICER and open_,
        "may_name": user.role == Role.COMMUNE_OFFICER and open_,
        "may_take": user.role == Role.PAYER and open_,
        "may_bring": user.role in BRINGERS and open_,
    }
    return render(request, "coordination/campaigns/show.html", context, status=422 if cancel_form else 200)


def _do(request: StaffRequest, pk: int, service: Callable[..., object], said: str, **values: Any) -> HttpResponse:
    _campaign(request, pk)
    try:
        service(actor=request.user, campaign_id=pk, **values)
    except CampaignRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("coordination:campaign", pk)
