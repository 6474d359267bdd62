"""Grants at a death: the list, one grant's page, and its steps."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.models import Policy
from payments.effects import granting, law
from payments.effects.forms import DecisionForm, GrantFilter, GrantForm, ReasonForm
from payments.effects.granting import Claim
from payments.effects.refusal import Refused
from payments.effects.showing import dress_grant, grants_for_showing, steps_of
from payments.models import Grant


@roles_required(*BENEFIT_ROLES)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    form = GrantFilter(request.GET, user=request.user)
    page = paginate(request, grants_for_showing(form.apply(Grant.objects.visible_to(request.user))).order_by("-pk"))
    for grant in page.object_list:
        dress_grant(grant, request.user)
    return render(request, "payments/effects/grants.html", {"form": form, "page": page})


@roles_required(*BENEFIT_ROLES)
@require_safe
def show(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


@roles_required(*granting.PROPOSERS)
@require_POST
def propose(request: StaffRequest, pk: int) -> HttpResponse:
    grant = get_object_or_404(Grant.objects.visible_to(request.user).select_related("category"), pk=pk)
    form = GrantForm(request.POST, grant=grant)
    if not form.is_valid():
        return _page(request, pk, status=422, claim_form=form)
    claim = Claim(**form.cleaned_data)
    return _take(
        request,
        pk,
        lambda: granting.propose_grant(actor=request.user, grant_id=pk, claim=claim),
        "Đã gửi hồ sơ đến Phòng LĐ-TB&XH.",
        claim_form=form,
    )


@roles_required(*granting.APPRAISERS)
@require_POST
def appraise(request: StaffRequest, pk: int) -> HttpResponse:
    return _take(request, pk, lambda: granting.appraise_grant(actor=request.user, grant_id=pk), "Đã thẩm định hồ sơ.")


@roles_required(*granting.DECIDING_ROLES)
@require_POST
def decide(request: StaffRequest, pk: int) -> HttpResponse:
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, pk, status=422, decision_form=form)
    data = form.cleaned_data
    return _take(
        request,
        pk,
        lambda: granting.decide_grant(actor=request.user, grant_id=pk, number=data["number"], date=data["date"]),
        f"Đã ghi quyết định số {data['number']}. Khoản này vào danh sách chi trả của tháng mở tiếp theo.",
        decision_form=form,
    )


@roles_required(*granting.REFUSERS)
@require_POST
def give_back(request: StaffRequest, pk: int) -> HttpResponse:
    return _refuse(request, pk, granting.return_grant, "Đã trả hồ sơ về xã kèm lý do.")


@roles_required(*granting.REFUSERS)
@require_POST
def decline(request: StaffRequest, pk: int) -> HttpResponse:
    return _refuse(request, pk, granting.decline_grant, "Đã ghi là không hưởng, kèm lý do.")


@roles_required(*granting.APPRAISERS)
@require_POST
def reopen(request: StaffRequest, pk: int) -> HttpResponse:
    return _refuse(request, pk, granting.reopen_grant, "Đã mở lại hồ sơ cho xã.")


def _refuse(request: StaffRequest, pk: int, step: Callable[..., bool], said: str) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, pk, status=422, reason_form=form)
    reason = form.cleaned_data["reason"]
    return _take(request, pk, lambda: step(actor=request.user, grant_id=pk, reason=reason), said, reason_form=form)


def _take(request: StaffRequest, pk: int, step: Callable[[], bool], said: str, **forms: Any) -> HttpResponse:
    """Take a step; its objections stand beside the fields of the form it came from."""
    try:
        done = step()
    except Grant.DoesNotExist:
        raise Http404 from None
    except Refused as refusal:
        if not forms:
            messages.error(request, str(refusal))
            return redirect("payments:grant", pk=pk)
        (form,) = forms.values()
        form.refuse(refusal)
        return _page(request, pk, status=422, **forms)
    if done:
        messages.success(request, said)
    else:
        messages.info(request, "Hồ sơ này đã qua bước này từ trước, không thay đổi gì.")
    return redirect("payments:grant", pk=pk)


def _page(request: StaffRequest, pk: int, *, status: int = 200, **forms: Any) -> HttpResponse:
    grant: Any = get_object_or_404(grants_for_showing(Grant.objects.visible_to(request.user)), pk=pk)
    dress_grant(grant, request.user)
    policy = Policy(grant.policy)
    words = ("receiver_name", "receiver_relation", "receiver_cccd", "evidence")
    context = {
        "grant": grant,
        "steps": steps_of(grant),
        "papers": law.PAPERS[policy],
        "commune_days": law.COMMUNE_DAYS[policy],
        "phong_days": law.PHONG_DAYS[policy],
        "deadline_source": law.DEADLINE_SOURCE[policy],
        "others": Grant.objects.visible_to(request.user)
        .filter(person=grant.person_id)
        .exclude(pk=grant.pk)
        .select_related("category"),
        "claim_form": forms.get("claim_form")
        or GrantForm(grant=grant, initial={name: getattr(grant, name) for name in words}),
        "decision_form": forms.get("decision_form") or DecisionForm(),
        "reason_form": forms.get("reason_form") or ReasonForm(),
    }
    return render(request, "payments/effects/grant.html", context, status=status)
