"""The list of paths, the page of one with its next step, and the request Mẫu 26."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from batosocial.coordination.corrections import law, services, showing
from batosocial.coordination.corrections.forms import CorrectionFilter, StepForm, TakeForm
from batosocial.coordination.corrections.request import make_request
from batosocial.coordination.models import Correction, CorrectionStep, IdentityRound, RoundPerson
from batosocial.staff.models import BENEFIT_ROLES, User
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.documents.services import CONTENT_TYPE
from beneficiaries.services import record_full_view


@roles_required(*BENEFIT_ROLES)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    form = CorrectionFilter(request.GET, user=request.user)
    rows = form.apply(Correction.objects.visible_to(request.user)).select_related("person__commune")
    page = paginate(request, rows.order_by("closed_on", "due", "pk"))
    context = {"form": form, "page": page, "rows": showing.rows_of(list(page.object_list))}
    return render(request, "coordination/corrections/list.html", context)


@roles_required(*BENEFIT_ROLES)
@require_safe
def show(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _find(request.user, pk))


@roles_required(*BENEFIT_ROLES)
@never_cache
def in_full(request: StaffRequest, pk: int) -> HttpResponse:
    """The same page with full numbers. Each look at them is asked for, and stands in the audit."""
    if request.method != "POST":
        return redirect("coordination:correction", pk=pk)
    found = _find(request.user, pk)
    record_full_view(actor=request.user, person=found.person)
    return _page(request, found, full=True)


@roles_required(*services.COMMUNE)
@require_POST
def step(request: StaffRequest, pk: int, what: str) -> HttpResponse:
    """Record a step; its name is a value of ``CorrectionStep.What``."""
    found = _find(request.user, pk)
    if what not in services.STEPS:
        raise Http404
    form = StepForm(request.POST, correction=found, what=what)
    if form.is_valid():
        try:
            done = services.take_step(
                actor=request.user,
                correction_id=pk,
                what=what,
                day=form.cleaned_data["day"],
                number=form.cleaned_data.get("number", ""),
                words=form.cleaned_data["words"],
                values=form.values,
            )
        except services.CannotDo as refusal:
            form.refuse(refusal.errors)
        else:
            _tell(request, done, f"Đã ghi: {CorrectionStep.What(what).label}.")
            return redirect("coordination:correction", pk=pk)
    return _page(request, found, chosen=what, form=form)


@roles_required(*services.COMMUNE)
@require_POST
def take(request: StaffRequest, pk: int) -> HttpResponse:
    """Take over what the police say is right."""
    found = _find(request.user, pk)
    form = TakeForm(request.POST)
    if form.is_valid():
        try:
            done = services.take_right_values(actor=request.user, correction_id=pk, words=form.cleaned_data["words"])
        except services.CannotDo as refusal:
            form.refuse(refusal.errors)
        else:
            _tell(request, done, "Đã sửa hồ sơ theo trả lời của Công an.")
            return redirect("coordination:correction", pk=pk)
    return _page(request, found, take_form=form)


@roles_required(*BENEFIT_ROLES)
@require_POST
def document(request: StaffRequest, pk: int) -> HttpResponse:
    """The request Mẫu 26, filled in. By POST: it leaves a line in the audit."""
    try:
        name, content = make_request(actor=request.user, correction_id=pk)
    except Correction.DoesNotExist:
        raise Http404 from None
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=CONTENT_TYPE, headers=headers)


def _tell(request: StaffRequest, done: Correction, what: str) -> None:
    if done.is_open and done.state in (Correction.State.DECIDED, Correction.State.OPEN):
        messages.warning(request, f"{what} Kiểm tra lại chưa đạt: xem chỗ còn khác dưới đây.")
    elif done.is_open:
        messages.success(request, what)
    else:
        messages.success(request, f"{what} Kiểm tra lại đạt, việc đã đóng.")


def _find(user: User, pk: int) -> Correction:
    rows = Correction.objects.visible_to(user).select_related("person__commune", "answer__answered_by")
    return get_object_or_404(rows, pk=pk)


def _asked_in(found: Correction) -> RoundPerson | None:
    """Where the police can put their answer right: an open round that asks about the person."""
    rows = RoundPerson.objects.filter(person=found.person_id, round__state=IdentityRound.State.OPEN)
    return rows.select_related("round").first()


def _page(
    request: StaffRequest,
    found: Correction,
    *,
    full: bool = False,
    chosen: str = "",
    form: StepForm | None = None,
    take_form: TakeForm | None = None,
) -> HttpResponse:
    user, person = request.user, found.person
    forms: list[tuple[str, str, Any]] = []
    for what in services.next_steps(found, user):
        mine = form if form is not None and what == chosen else StepForm(correction=found, what=what)
        forms.append((what, str(CorrectionStep.What(what).label), mine))
    takes = found.is_open and user.role in services.COMMUNE and services.takeable(found)
    context = {
        "correction": found,
        "row": showing.row_of(found),
        "person": person,
        "full": full,
        "comparison": showing.comparison(person, found.answer),
        "timeline": showing.timeline(found, list(found.steps.select_related("actor"))),
        "forms": forms,
        "takes": [law.FIELD_LABELS[field] for field in takes] if takes else [],
        "take_form": take_form or TakeForm(),
        "waits_for_decision": found.path == Correction.Path.REGISTER and found.is_open and not services.takeable(found),
        "asked_in": _asked_in(found) if found.state == Correction.State.DECIDED else None,
        "prints": found.path == Correction.Path.FILE,
        "days": law.DEPARTMENT_DAYS,
        "basis": law.BASIS,
    }
    bad = (form is not None and bool(form.errors)) or (take_form is not None and bool(take_form.errors))
    return render(request, "coordination/corrections/detail.html", context, status=422 if bad else 200)
