"""The worklist of identities and the page of one issue."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from batosocial.staff.models import BENEFIT_ROLES, Role
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.entry.services import ENTRY_ROLES
from beneficiaries.identity import services, showing, words
from beneficiaries.identity.forms import AcceptForm, IssueFilter
from beneficiaries.models import IdentityIssue

State = IdentityIssue.State

#: Other people who share something, shown beside the first.
_SHOWN_OTHERS = 4


@roles_required(*services.READERS)
@require_safe
def worklist(request: StaffRequest) -> HttpResponse:
    form = IssueFilter(request.GET, user=request.user)
    visible = IdentityIssue.objects.visible_to(request.user)
    page = paginate(request, form.apply(visible).select_related("owner"))
    waiting = visible.waiting().once_each(request.user).order_by()
    counts = dict(waiting.values_list("kind").annotate(count=Count("pk")))
    cards = [(words.SHORT_KINDS[kind], counts.get(kind.value, 0), kind.value) for kind in IdentityIssue.Kind]
    context = {
        "form": form,
        "page": page,
        "rows": showing.rows_of(list(page.object_list), request.user),
        "cards": cards,
        "may_check": request.user.role in services.CHECKERS,
        "shows_money": request.user.role in BENEFIT_ROLES,
    }
    return render(request, "beneficiaries/identity/list.html", context)


@roles_required(*services.CHECKERS)
@require_POST
def check_all(request: StaffRequest) -> HttpResponse:
    job = services.queue_check(actor=request.user, result_url=reverse("beneficiaries:identity"))
    if job.owner_id != request.user.pk:
        messages.info(request, "Một lần kiểm tra toàn bộ khác đang chờ chạy; kết quả hiện ở đây khi xong.")
        return redirect("beneficiaries:identity")
    return redirect("jobs:detail", pk=job.pk)


@roles_required(*services.READERS)
@require_safe
def issue(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, pk, AcceptForm())


@roles_required(*services.READERS)
@never_cache
def issue_in_full(request: StaffRequest, pk: int) -> HttpResponse:
    """The same page with full numbers. Each look at them is asked for, and stands in the audit."""
    if request.method != "POST":
        return redirect("beneficiaries:identity_issue", pk=pk)
    return _page(request, pk, AcceptForm(), full=True)


@roles_required(*services.WORKERS)
@require_POST
def take(request: StaffRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, services.take_issue, "Đã nhận việc.")


@roles_required(*services.WORKERS)
@require_POST
def give_back(request: StaffRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, services.give_back_issue, "Đã trả lại việc.")


@roles_required(*services.WORKERS - {Role.POLICE, Role.COMMUNE_OFFICER})
@require_POST
def accept(request: StaffRequest, pk: int) -> HttpResponse:
    form = AcceptForm(request.POST)
    if not form.is_valid():
        return _page(request, pk, form, status=422)

    def work(*, actor: Any, issue_id: int) -> IdentityIssue:
        return services.accept_issue(actor=actor, issue_id=issue_id, reason=form.cleaned_data["ly_do"])

    return _decide(request, pk, work, "Đã ghi giữ nguyên. Việc mở lại nếu thông tin thay đổi.")


@roles_required(*services.WORKERS)
@require_POST
def recheck(request: StaffRequest, pk: int) -> HttpResponse:
    checked = _in_scope(lambda: services.recheck_issue(actor=request.user, issue_id=pk))
    if checked.state == State.CLOSED:
        messages.success(request, f"{checked.reason} Việc đã đóng.")
    elif checked.is_waiting:
        messages.warning(request, "Đã kiểm tra lại: vẫn còn như dưới đây.")
    else:
        messages.info(request, "Đã kiểm tra lại: không có gì đổi.")
    return redirect("beneficiaries:identity_issue", pk=pk)


def _page(request: StaffRequest, pk: int, form: AcceptForm, *, full: bool = False, status: int = 200) -> HttpResponse:
    user = request.user
    visible = IdentityIssue.objects.visible_to(user).select_related("owner", "closed_by")
    found: Any = get_object_or_404(visible, pk=pk)
    sharing = [row["person"] for row in found.evidence.get("others", [])]
    parties = showing.Parties(user, [found.person_id, *sharing[:_SHOWN_OTHERS]])
    own = parties.of(found.person_id)
    if own is None:
        raise Http404
    shown = [own, *(party for other in sharing[:_SHOWN_OTHERS] if (party := parties.of(other)))]
    if full:
        services.record_full_view(actor=user, issue=found, people=[party.person for party in shown if party.known])
    is_double = found.kind == IdentityIssue.Kind.DUPLICATE
    works = user.role in services.WORKERS
    context = {
        "issue": found,
        "party": own,
        "person": own.person,
        "full": full,
        "said": words.said(found),
        "grade": words.grade(found),
        "kind_tone": words.KIND_TONES[IdentityIssue.Kind(found.kind)],
        "state_tone": words.STATE_TONES[State(found.state)],
        "comparison": showing.double_comparison(shown, found) if is_double else showing.card_comparison(own.person),
        "not_shown": len(sharing) - len(shown) + 1,
        "shows_money": user.role in BENEFIT_ROLES,
        "steps": words.next_steps(found, police_only=user.role == Role.POLICE),
        "events": found.events.select_related("actor"),
        "can_edit": found.is_waiting and user.role in ENTRY_ROLES,
        "can_take": works and found.state == State.OPEN,
        "can_give_back": works and services.may_give_back(user, found),
        "can_accept": works and found.is_waiting and services.may_accept(user, found),
        "can_recheck": works,
        "form": form,
    }
    return render(request, "beneficiaries/identity/detail.html", context, status=status)


def _decide(request: StaffRequest, pk: int, work: Callable[..., IdentityIssue], done: str) -> HttpResponse:
    try:
        _in_scope(lambda: work(actor=request.user, issue_id=pk))
    except services.CannotDo as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, done)
    return HttpResponseRedirect(reverse("beneficiaries:identity_issue", args=[pk]))


def _in_scope(work: Callable[[], IdentityIssue]) -> IdentityIssue:
    try:
        return work()
    except IdentityIssue.DoesNotExist:
        raise Http404 from None
