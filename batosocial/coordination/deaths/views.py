"""The list of deaths that the police told, and the page of one: its stop, its paper, what was paid since."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from batosocial.coordination.deaths import showing
from batosocial.coordination.deaths.certificates import keep_certificate
from batosocial.coordination.deaths.forms import CertificateForm, DeathFilter
from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.changes.proposing import ProposalRefused
from beneficiaries.changes.services import PROPOSING_ROLES


@roles_required(*BENEFIT_ROLES)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    form = DeathFilter(request.GET, user=request.user)
    rows = form.apply(showing.told_deaths(request.user)).select_related("person__commune")
    page = paginate(request, rows.order_by("-died_month", "pk"))
    context = {"form": form, "page": page, "rows": showing.rows_of(list(page.object_list))}
    return render(request, "coordination/deaths/list.html", context)


@roles_required(*BENEFIT_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: StaffRequest, person_id: int) -> HttpResponse:
    user = request.user
    answers = showing.told_deaths(user).select_related("person__commune", "answered_by")
    answer = get_object_or_404(answers, person=person_id)
    writes = user.role in PROPOSING_ROLES
    form = CertificateForm(request.POST if request.method == "POST" and writes else None)
    if form.is_valid():
        data, url = form.cleaned_data, reverse("coordination:death", args=[person_id])
        try:
            with transaction.atomic():
                if done := once.claim(user, data["token"]):
                    return redirect(done)
                keep_certificate(
                    actor=user,
                    person_id=person_id,
                    died_on=data["died_on"],
                    number=data["number"],
                    date=data["paper_date"],
                )
                once.finish(data["token"], url)
        except ProposalRefused as refusal:
            form.refuse(refusal.errors)
        else:
            messages.success(request, "Đã ghi trích lục khai tử.")
            return redirect(url)
    (row,) = showing.rows_of([answer])
    context = {
        "row": row,
        "answer": answer,
        "person": answer.person,
        "form": form,
        "writes": writes,
        "corrects": row.taken_back and row.stop_applied and not row.waiting_correction and writes,
    }
    return render(request, "coordination/deaths/detail.html", context, status=422 if form.errors else 200)
