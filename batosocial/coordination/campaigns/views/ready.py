"""A commune's worklist: who has no account, who is ready, who is taken out again."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from batosocial.coordination.campaigns import naming
from batosocial.coordination.campaigns.counting import with_progress
from batosocial.coordination.campaigns.forms import CandidateFilter, NamedForm, ReadyForm, WithdrawForm
from batosocial.coordination.campaigns.refusal import CampaignRefused
from batosocial.coordination.campaigns.views.chosen import chosen, tell_refused
from batosocial.coordination.campaigns.views.people import people_page
from batosocial.coordination.models import Campaign, CampaignPerson
from batosocial.lib.money import format_number
from batosocial.staff.models import Role
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.listing import Lister
from beneficiaries.models import Category, Person


@roles_required(Role.COMMUNE_OFFICER)
def ready(request: StaffRequest, pk: int) -> HttpResponse:
    """Tick people of the commune and say once of all of them who opens, and where."""
    campaign = get_object_or_404(Campaign.objects.visible_to(request.user).select_related("payer"), pk=pk)
    form = ReadyForm(request.POST or None)
    ids = chosen(request) if request.method == "POST" else []
    status = 200
    if request.method == "POST":
        if not ids:
            messages.warning(request, "Chưa chọn ai. Hãy đánh dấu những người đã sẵn sàng.")
            status = 422
        elif form.is_valid() and not form.refuse_alone(len(ids)):
            try:
                named = naming.name_ready(actor=request.user, campaign_id=pk, person_ids=ids, said=form.said)
            except (Person.DoesNotExist, Campaign.DoesNotExist):
                raise Http404 from None
            except CampaignRefused as refusal:
                messages.error(request, str(refusal))
                return redirect("coordination:campaign", pk)
            if named.count:
                messages.success(request, f"Đã báo {format_number(named.count)} người sẵn sàng mở tài khoản.")
            if named.unchanged:
                messages.info(request, f"{format_number(named.unchanged)} người đã báo từ trước, không thay đổi gì.")
            tell_refused(request, named.refused)
            query = request.GET.urlencode()
            return redirect(f"{reverse('coordination:campaign_ready', args=[pk])}{f'?{query}' if query else ''}")
        else:
            status = 422
    return _ready_page(request, campaign, form, set(ids), status)


def _ready_page(
    request: StaffRequest, campaign: Campaign, form: ReadyForm, ticked: set[int], status: int
) -> HttpResponse:
    user = request.user
    people = naming.candidates(user, campaign)
    filter_form = CandidateFilter(request.GET, campaign=campaign, people=people)
    page = paginate(request, filter_form.apply(people).values_list("pk", flat=True))
    ids = list(page.object_list)
    catalogue = {row.pk: row for row in Category.objects.all()}
    lister = Lister(user=user, month=campaign.month, catalogue=catalogue, units={})
    context = {
        "campaign": campaign,
        "filter_form": filter_form,
        "form": form,
        "page": page,
        "rows": list(zip(ids, lister.rows(ids), strict=False)),
        "ticked": ticked,
        "open": campaign.state == Campaign.State.OPEN,
    }
    return render(request, "coordination/campaigns/ready.html", context, status=status)


@roles_required(Role.COMMUNE_OFFICER)
def change(request: StaffRequest, pk: int) -> HttpResponse:
    rows = CampaignPerson.objects.visible_to(request.user).select_related("person", "campaign", "commune")
    row: Any = get_object_or_404(with_progress(rows), pk=pk)
    form = NamedForm(request.POST or None, row=row)
    if request.method == "POST" and form.is_valid():
        try:
            naming.change_named(actor=request.user, row_id=pk, **form.values)
        except CampaignRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Đã sửa {row.person.name}.")
            return redirect("coordination:campaign_people", row.campaign_id)
    context = {"row": row, "form": form, "campaign": row.campaign}
    return render(request, "coordination/campaigns/person.html", context, status=422 if form.errors else 200)


@roles_required(Role.COMMUNE_OFFICER)
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    form, ids = WithdrawForm(request.POST), chosen(request)
    if not ids:
        messages.warning(request, "Chưa chọn ai. Hãy đánh dấu những người cần rút.")
        return redirect("coordination:campaign_people", pk)
    if not form.is_valid():
        return people_page(request, pk, ticked=set(ids), withdraw_form=form)
    try:
        done = naming.withdraw_named(
            actor=request.user, campaign_id=pk, row_ids=ids, reason=form.cleaned_data["ly_do_rut"]
        )
    except CampaignPerson.DoesNotExist:
        raise Http404 from None
    except CampaignRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("coordination:campaign_people", pk)
    if done.count:
        messages.success(request, f"Đã rút {format_number(done.count)} người khỏi đợt.")
    else:
        messages.info(request, "Không rút ai: những người đã chọn đã rút hoặc đã mở tài khoản.")
    tell_refused(request, done.refused)
    return redirect("coordination:campaign_people", pk)
