"""Proposing by hand that benefits are suspended, and that they go on."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from batosocial.lib import clock, months
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries.changes import pauses, services
from beneficiaries.changes.outlook import Outlook, Outlooks
from beneficiaries.changes.pause_forms import ResumeForm, SuspendForm
from beneficiaries.changes.views.drafts import read_field
from beneficiaries.changes.views.proposing import page_of
from beneficiaries.models import Category, Change, Entitlement, Person


@roles_required(*services.PROPOSING_ROLES)
def suspend(request: StaffRequest, pk: int) -> HttpResponse:
    person = _person(request, pk)
    rows = [row for row in _running(person) if pauses.open_pause(row.suspensions.all()) is None]
    form = _form(request, SuspendForm, rows)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        made = _propose(
            request,
            form,
            person,
            lambda: services.propose_suspension(
                actor=request.user,
                person_id=person.pk,
                entitlement_ids=data["entitlements"],
                reason=data["reason"],
                month=form.month_of(data["reason"], data["month"], data["happened_on"]),
                happened_on=data["happened_on"],
                paper=form.paper,
                note=data["note"],
            ),
        )
        if made is not None:
            return made
    return _page(request, "beneficiaries/changes/suspend.html", person, form, _foreseen(form, "suspend"))


@roles_required(*services.PROPOSING_ROLES)
def resume(request: StaffRequest, pk: int) -> HttpResponse:
    person = _person(request, pk)
    rows = [row for row in _running(person) if pauses.open_pause(row.suspensions.all())]
    form = _form(request, ResumeForm, rows)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        made = _propose(
            request,
            form,
            person,
            lambda: services.propose_resumption(
                actor=request.user,
                person_id=person.pk,
                entitlement_ids=data["entitlements"],
                month=form.month_of(data["month"], data.get("happened_on")),
                arrears_from=data.get("arrears_from"),
                happened_on=data.get("happened_on"),
                paper=form.paper,
                note=data["note"],
            ),
        )
        if made is not None:
            return made
    return _page(request, "beneficiaries/changes/resume.html", person, form, _foreseen(form, "resume"))


# --- shared ------------------------------------------------------------------------------------------------------


def _person(request: StaffRequest, pk: int) -> Person:
    return get_object_or_404(Person.objects.visible_to(request.user).select_related("commune"), pk=pk)


def _running(person: Person) -> list[Entitlement]:
    granted = person.entitlements.granted().exclude(category__regime=Category.Regime.ONE_OFF)
    today = months.first(clock.today())
    found = granted.select_related("category").prefetch_related("suspensions__change__reason")
    rows = found.order_by("category__policy", "pk")
    return [row for row in rows if row.months.upper is None or row.months.upper > today]


def _form(request: StaffRequest, kind: Any, rows: list[Entitlement]) -> Any:
    """What is typed so far stays as it is typed; nothing is complained about before it is sent."""
    options: dict[str, Any] = {"user": request.user, "rows": rows}
    if request.method == "POST" and "xem" not in request.POST:
        return kind(request.POST, **options)
    if request.method == "POST":
        typed = request.POST.dict() | {"entitlements": request.POST.getlist("entitlements")}
        return kind(initial=typed, **options)
    wanted = request.GET.get("che_do", "")
    picked = [row.pk for row in rows if str(row.pk) == wanted]
    return kind(initial={"entitlements": picked or ([rows[0].pk] if len(rows) == 1 else [])}, **options)


def _propose(request: StaffRequest, form: Any, person: Person, work: Any) -> HttpResponse | None:
    try:
        with transaction.atomic():
            if done := once.claim(request.user, form.cleaned_data["token"]):
                return redirect(done)
            made: list[Change] = work()
            url = page_of(made, person)
            once.finish(form.cleaned_data["token"], url)
    except services.ProposalRefused as refusal:
        form.refuse(refusal.errors)
        return None
    messages.success(request, "Đã gửi đề nghị. Phòng LĐ-TB&XH sẽ thẩm định.")
    return redirect(url)


def _foreseen(form: Any, mode: str) -> list[Outlook]:
    """What the proposal would do to the money, one outlook for each policy, as far as it is typed."""
    picked = form.picked
    if not picked:
        return []
    happened_on = read_field(form, "happened_on") if "happened_on" in form.fields else None
    month = read_field(form, "month")
    if mode == "suspend":
        month = form.month_of(str(form["reason"].value() or ""), month, happened_on)
    else:
        month = form.month_of(month, happened_on)
    if month is None:
        return []
    outlooks = Outlooks({row.person_id for row in picked}, user=form.user)
    found = []
    for policy in sorted({row.category.policy for row in picked}):
        ids = {row.pk for row in picked if row.category.policy == policy}
        person_id = picked[0].person_id
        if mode == "suspend":
            outlook = outlooks.of_pause(person_id, policy, month, ids)
        else:
            first = read_field(form, "arrears_from") if "arrears_from" in form.fields else None
            outlook = outlooks.of_resumption(person_id, policy, month, ids, first)
        found.append(outlook)
    return found


def _page(request: StaffRequest, template: str, person: Person, form: Any, outlooks: list[Outlook]) -> HttpResponse:
    context = {"form": form, "person": person, "rows": form.rows, "outlooks": outlooks}
    return render(request, template, context, status=422 if form.errors else 200)
