"""A campaign's people by step; the payer takes the list and says whom it could not help."""

import io
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from batosocial.coordination.campaigns import taking
from batosocial.coordination.campaigns.counting import LABELS, TONES, step_of
from batosocial.coordination.campaigns.export import XLSX
from batosocial.coordination.campaigns.forms import FailureForm, PeopleFilter, WithdrawForm
from batosocial.coordination.campaigns.refusal import CampaignRefused
from batosocial.coordination.campaigns.views.chosen import chosen
from batosocial.coordination.models import Campaign, CampaignPerson
from batosocial.lib.money import format_number
from batosocial.staff.models import BENEFIT_ROLES, Role
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate

READERS = BENEFIT_ROLES | {Role.PAYER}


@roles_required(*READERS)
@require_safe
def people(request: StaffRequest, pk: int) -> HttpResponse:
    return people_page(request, pk)


def people_page(
    request: StaffRequest,
    pk: int,
    *,
    ticked: set[int] | None = None,
    withdraw_form: WithdrawForm | None = None,
    failure_form: FailureForm | None = None,
) -> HttpResponse:
    user = request.user
    campaign = get_object_or_404(Campaign.objects.visible_to(user).select_related("payer"), pk=pk)
    form = PeopleFilter(request.GET, user=user, campaign=campaign)
    rows = form.apply(CampaignPerson.objects.visible_to(user).filter(campaign=campaign))
    page = paginate(request, rows.select_related("person", "commune"))
    shown: list[Any] = list(page.object_list)
    open_ = campaign.state == Campaign.State.OPEN
    for row in shown:
        step = step_of(row)
        row.label, row.tone = LABELS.get(step, step.label), TONES[step]
    context = {
        "campaign": campaign,
        "form": form,
        "page": page,
        "rows": shown,
        "ticked": ticked or set(),
        "withdraw_form": withdraw_form or WithdrawForm(),
        "failure_form": failure_form or FailureForm(),
        "may_withdraw": open_ and user.role == Role.COMMUNE_OFFICER,
        "may_fail": open_ and user.role in taking.FAILERS,
        "sees_person": user.role in BENEFIT_ROLES,
    }
    failed = withdraw_form or failure_form
    return render(request, "coordination/campaigns/people.html", context, status=422 if failed else 200)


@roles_required(Role.PAYER)
@require_POST
def take(request: StaffRequest, pk: int) -> HttpResponse | FileResponse:
    """The list of who is ready, which is then taken; ``lai`` gives those taken before once more."""
    get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    try:
        taken = taking.take_list(actor=request.user, campaign_id=pk, again="lai" in request.POST)
    except CampaignRefused as refusal:
        messages.info(request, str(refusal))
        return redirect("coordination:campaign", pk)
    return FileResponse(io.BytesIO(taken.content), as_attachment=True, filename=taken.name, content_type=XLSX)


@roles_required(*taking.FAILERS)
@require_POST
def fail(request: StaffRequest, pk: int) -> HttpResponse:
    get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    form, ids = FailureForm(request.POST), chosen(request)
    if ids and not form.is_valid():
        return people_page(request, pk, ticked=set(ids), failure_form=form)
    if not ids:
        messages.warning(request, "Chưa chọn ai. Hãy đánh dấu những người không mở được.")
        return redirect("coordination:campaign_people", pk)
    data = form.cleaned_data
    return _marked(
        request, pk, ids, "Đã ghi {} người không mở được tài khoản.", failure=data["vi_sao"], note=data["noi_ro"]
    )


@roles_required(*taking.FAILERS)
@require_POST
def retry(request: StaffRequest, pk: int) -> HttpResponse:
    get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    return _marked(request, pk, chosen(request), "Đã đưa {} người trở lại danh sách mở.")


def _marked(request: StaffRequest, pk: int, ids: list[int], said: str, **values: Any) -> HttpResponse:
    service: Any = taking.mark_failed if values else taking.try_again
    try:
        count = service(actor=request.user, campaign_id=pk, row_ids=ids, **values)
    except CampaignPerson.DoesNotExist:
        raise Http404 from None
    except CampaignRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("coordination:campaign_people", pk)
    if count:
        messages.success(request, said.format(format_number(count)))
    else:
        messages.info(request, "Không thay đổi gì: chỉ ghi được cho người mà tổ chức đã nhận và chưa mở tài khoản.")
    return redirect("coordination:campaign_people", pk)
