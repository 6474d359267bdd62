"""The list of changes, one change's page, and the steps of the district on one or many of them."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Count, Max
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from batosocial.lib.money import format_number
from batosocial.staff.models import BENEFIT_ROLES, Role
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.attachments.services import shown_files
from beneficiaries.changes import services
from beneficiaries.changes.filters import ChangeFilter, ready_for
from beneficiaries.changes.forms import DecisionForm, ObjectionForm, ReasonForm
from beneficiaries.changes.proposal import Proposal
from beneficiaries.changes.showing import (
    can_object,
    can_repeat,
    can_withdraw,
    for_showing,
    lines_of,
    prints_decision,
    shown_person,
    timeline,
)
from beneficiaries.changes.views.decisions import decisions_page
from beneficiaries.models import Change, Policy

#: The value of "ve" by which the page of decisions asks to be shown again.
_DECISIONS = "quyet-dinh"


@roles_required(*BENEFIT_ROLES)
@require_safe
def changes(request: StaffRequest) -> HttpResponse:
    return _list(request)


@roles_required(*BENEFIT_ROLES)
@require_safe
def change(request: StaffRequest, pk: int) -> HttpResponse:
    return detail_page(request, pk)


@roles_required(*services.APPRAISERS)
@require_POST
def appraise(request: StaffRequest) -> HttpResponse:
    ids = _chosen(request, "appraise")
    if not ids:
        return _nothing_chosen(request)
    outcome = _in_scope(lambda: services.appraise_changes(actor=request.user, change_ids=ids))
    _tell(request, outcome, "Đã thẩm định {} đề nghị.")
    return _back(request)


@roles_required(*services.SIGNERS)
@require_POST
def sign_off(request: StaffRequest) -> HttpResponse:
    ids = _chosen(request, "sign_off")
    if not ids:
        return _nothing_chosen(request)
    outcome = _in_scope(lambda: services.sign_off_changes(actor=request.user, change_ids=ids))
    _tell(request, outcome, "Đã ký thẩm định {} đề nghị.")
    return _back(request)


@roles_required(*services.REJECTING_ROLES)
@require_POST
def reject(request: StaffRequest) -> HttpResponse:
    ids = _chosen(request, "")
    if not ids:
        return _nothing_chosen(request)
    form = ReasonForm(request.POST, auto_id=_auto_id(request))
    if not form.is_valid():
        return _again(request, ids, reason_form=form)
    reason = form.cleaned_data["reason"]
    outcome = _in_scope(lambda: services.reject_changes(actor=request.user, change_ids=ids, reason=reason))
    _tell(request, outcome, "Đã trả lại {} đề nghị kèm lý do.")
    return _back(request)


@roles_required(*services.DECIDING_ROLES)
@require_POST
def decide(request: StaffRequest) -> HttpResponse:
    ids = _chosen(request, "decide")
    if not ids:
        return _nothing_chosen(request)
    form = DecisionForm(request.POST, auto_id=_auto_id(request))
    if not form.is_valid():
        return _again(request, ids, decision_form=form)
    data = form.cleaned_data
    try:
        outcome = _in_scope(
            lambda: services.decide_changes(
                actor=request.user, change_ids=ids, number=data["number"], date=data["date"], month=data["month"]
            )
        )
    except services.DecisionRefused as refusal:
        form.add_error(refusal.field or None, str(refusal))
        return _again(request, ids, decision_form=form)
    number = data["number"].strip()
    _tell(request, outcome, f"Đã quyết định {{}} đề nghị theo quyết định số {number}; các biến động đã vào sổ.")
    return _back(request)


# --- shared ------------------------------------------------------------------------------------------------------


def _list(request: StaffRequest, *, status: int = 200, ticked: set[int] | None = None, **forms: Any) -> HttpResponse:
    form = ChangeFilter(request.GET, user=request.user)
    found = form.apply(Change.objects.visible_to(request.user))
    page = paginate(request, for_showing(found))
    lines = lines_of(page.object_list, request.user)
    context: dict[str, Any] = {
        "form": form,
        "page": page,
        "lines": lines,
        "ticked": ticked or set(),
        "policies": Policy.values,
        "can_appraise": any(line.can_appraise for line in lines),
        "can_sign_off": any(line.can_sign_off for line in lines),
        "can_decide": any(line.can_decide for line in lines),
        "can_reject": any(line.can_reject for line in lines),
        "decision_form": forms.get("decision_form") or DecisionForm(),
        "reason_form": forms.get("reason_form") or ReasonForm(),
        "records_department": request.user.in_district and request.user.role != Role.CHAIRMAN,
    }
    context["can_act"] = any(context[f"can_{step}"] for step in ("appraise", "sign_off", "decide", "reject"))
    if context["can_act"] and page.paginator.num_pages > 1:
        ready = {step: Count("pk", filter=ready_for(request.user, step)) for step in ("appraise", "sign_off", "decide")}
        context["ready"] = found.order_by().aggregate(newest=Max("pk"), **ready)
    return render(request, "beneficiaries/changes/list.html", context, status=status)


def detail_page(request: StaffRequest, pk: int, *, status: int = 200, **forms: Any) -> HttpResponse:
    found = get_object_or_404(for_showing(Change.objects.visible_to(request.user)), pk=pk)
    (line,) = lines_of([found], request.user, with_paid=True)
    context: dict[str, Any] = {
        "line": line,
        "change": found,
        "proposal": Proposal.load(found.proposal),
        "steps": timeline(line),
        "prints_decision": prints_decision(found),
        "papers": [] if line.hidden else shown_files(found, request.user),
        "can_withdraw": can_withdraw(found, request.user),
        "can_repeat": can_repeat(line, request.user),
        "decision_form": forms.get("decision_form") or DecisionForm(),
        "reason_form": forms.get("reason_form") or ReasonForm(),
        "records_department": found.policy == "NCC",
    }
    if can_object(found, request.user):
        objection = forms.get("objection_form") or ObjectionForm(initial={"objection": found.objection})
        context["objection_form"] = objection
    return render(request, "beneficiaries/changes/detail.html", context, status=status)


def _chosen(request: StaffRequest, step: str) -> list[int]:
    """The ticked rows, or all of the filter that are ready up to the newest that the page knew of."""
    try:
        if step and request.POST.get("tat_ca"):
            newest = int(request.POST["tat_ca"])
            found = ChangeFilter(request.GET, user=request.user).apply(Change.objects.visible_to(request.user))
            return list(found.filter(ready_for(request.user, step), pk__lte=newest).values_list("pk", flat=True))
        return [int(pk) for pk in request.POST.getlist("chon")]
    except ValueError:
        raise Http404 from None


def _in_scope(work: Callable[[], services.Outcome]) -> services.Outcome:
    try:
        return work()
    except Change.DoesNotExist:
        raise Http404 from None


def _tell(request: StaffRequest, outcome: services.Outcome, done: str) -> None:
    if outcome.done:
        messages.success(request, done.format(format_number(len(outcome.done))))
    if outcome.unchanged:
        count = len(outcome.unchanged)
        messages.info(request, f"{format_number(count)} đề nghị đã qua bước này từ trước, không thay đổi gì.")
    by_reason: dict[str, list[str]] = {}
    for refused, why in outcome.refused:
        by_reason.setdefault(why, []).append(shown_person(refused, request.user))
    for why, names in by_reason.items():
        messages.warning(request, f"{', '.join(names)}: {why}")


def _nothing_chosen(request: StaffRequest) -> HttpResponse:
    messages.warning(request, "Chưa chọn đề nghị nào. Hãy đánh dấu các dòng cần xử lý.")
    return _back(request)


def _again(request: StaffRequest, ids: list[int], **forms: Any) -> HttpResponse:
    """The page from which the step was asked for, with what was typed."""
    if request.POST.get("ve") == _DECISIONS:
        return decisions_page(request, status=422, ticked=set(ids), **forms)
    if single := _single(request):
        return detail_page(request, single, status=422, **forms)
    return _list(request, status=422, ticked=set(ids), **forms)


def _auto_id(request: StaffRequest) -> str:
    """The page of decisions has a form for each of its parts."""
    part = request.POST.get("phan", "")
    return f"{part}-%s" if part.isidentifier() or part.replace("-", "").isalnum() else "id_%s"


def _single(request: StaffRequest) -> int | None:
    """The change whose own page the step came from."""
    value = request.POST.get("ve", "")
    return int(value) if value.isascii() and value.isdigit() else None


def _back(request: StaffRequest) -> HttpResponse:
    if single := _single(request):
        return redirect("beneficiaries:change", pk=single)
    query = request.GET.urlencode()
    page = "decisions" if request.POST.get("ve") == _DECISIONS else "changes"
    return redirect(reverse(f"beneficiaries:{page}") + (f"?{query}" if query else ""))
