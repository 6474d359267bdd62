"""The worklist of conflicts of a campaign's files."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from batosocial.coordination.campaigns import conflicts as services
from batosocial.coordination.campaigns.forms import ConflictFilter, SettleForm
from batosocial.coordination.campaigns.views.chosen import chosen
from batosocial.coordination.models import Campaign, CampaignConflict
from batosocial.lib.money import format_number
from batosocial.staff.models import BENEFIT_ROLES, Role
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate


@roles_required(*BENEFIT_ROLES, Role.PAYER)
@require_safe
def conflicts(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


@roles_required(*services.SETTLERS)
@require_POST
def settle(request: StaffRequest, pk: int) -> HttpResponse:
    get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    form, ids = SettleForm(request.POST), chosen(request)
    back = f"{reverse('coordination:campaign_conflicts', args=[pk])}?trang_thai={ConflictFilter.OPEN}"
    if not ids:
        messages.warning(request, "Chưa chọn dòng nào. Hãy đánh dấu các dòng đã xử lý.")
        return redirect(back)
    if not form.is_valid():
        return _page(request, pk, ticked=set(ids), settle_form=form)
    try:
        count = services.settle(actor=request.user, conflict_ids=ids, reason=form.cleaned_data["xu_ly"])
    except CampaignConflict.DoesNotExist:
        raise Http404 from None
    messages.success(request, f"Đã ghi cách xử lý của {format_number(count)} xung đột.")
    return redirect(back)


def _page(
    request: StaffRequest, pk: int, *, ticked: set[int] | None = None, settle_form: SettleForm | None = None
) -> HttpResponse:
    user = request.user
    campaign = get_object_or_404(Campaign.objects.visible_to(user).select_related("payer"), pk=pk)
    form = ConflictFilter(request.GET, user=user)
    rows = CampaignConflict.objects.visible_to(user).filter(campaign=campaign)
    rows = form.apply(rows.exclude(batch__state="withdrawn"))
    page = paginate(request, rows.select_related("person", "commune", "settled_by", "batch__campaign_file"))
    shown: list[Any] = list(page.object_list)
    context = {
        "campaign": campaign,
        "form": form,
        "page": page,
        "rows": shown,
        "ticked": ticked or set(),
        "settle_form": settle_form or SettleForm(),
        "may_settle": user.role in services.SETTLERS,
        "sees_person": user.role in BENEFIT_ROLES,
        "sees_file": user.in_district or user.role == Role.PAYER,
    }
    return render(request, "coordination/campaigns/conflicts.html", context, status=422 if settle_form else 200)
