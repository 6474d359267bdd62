"""A commune's review: its lines, adding a person, sending; the Phòng's steps on its lines."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from batosocial.lib.money import format_number
from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.models import Person
from payments.models import Review, ReviewLine
from payments.review import services, showing
from payments.review.forms import AddForm, LineFilter, ReturnForm

_SHOWN_REFUSALS = 12
_FOUND = 30


@roles_required(*BENEFIT_ROLES)
@require_safe
def show(request: StaffRequest, pk: int) -> HttpResponse:
    return page_of(request, pk)


def page_of(request: StaffRequest, pk: int, *, status: int = 200, **more: Any) -> HttpResponse:
    """The review's page; with ``ticked`` and ``return_form`` as they were sent."""
    user = request.user
    found = get_object_or_404(Review.objects.visible_to(user), pk=pk)
    if found.state == Review.State.SENT:
        services.follow_changes([found.pk])
    review = showing.with_counts(Review.objects.filter(pk=found.pk)).get()
    form = LineFilter(request.GET)
    page = paginate(request, showing.filtered(review, form))
    lines = showing.lines_of(list(page.object_list), user)
    label, tone = showing.state_of(review)
    prepares = user.role in services.PREPARING_ROLES and review.state != Review.State.SIGNED_OFF
    drafting = review.state == Review.State.DRAFT
    appraises = user.role in services.APPRAISING_ROLES and review.state == Review.State.SENT
    context = {
        "review": review,
        "label": label,
        "tone": tone,
        "form": form,
        "page": page,
        "lines": lines,
        "groups": showing.groups_of(review),
        "timeline": showing.timeline(review),
        "deadline": showing.deadline(review.month),
        "prepares": prepares,
        "adds": prepares and drafting,
        "sends": user.role in services.SENDING_ROLES and (drafting or review.mended),
        "appraises": appraises,
        "ticks": appraises or prepares,
        "signs": user.role in services.SIGNING_ROLES and review.state == Review.State.SENT,
        "ready": not (review.waiting or review.returned or review.mended),
        "return_form": more.get("return_form") or ReturnForm(),
        "ticked": more.get("ticked") or set(),
        "refused": more.get("refused") or [],
    }
    return render(request, "payments/review/review.html", context, status=status)


@roles_required(*services.PREPARING_ROLES)
@require_POST
def prefill(request: StaffRequest, pk: int) -> HttpResponse:
    """Look again: what is new is added, what the officer did stays."""
    review = get_object_or_404(Review.objects.visible_to(request.user), pk=pk)
    count = services.prefill_reviews(actor=request.user, month=review.month, commune_ids=[review.commune_id])
    if review.state != Review.State.DRAFT:
        messages.info(request, "Rà soát đã gửi nên không thêm gợi ý nữa.")
    elif count:
        messages.success(request, f"Đã thêm {format_number(count)} gợi ý mới.")
    else:
        messages.info(request, "Không có gợi ý nào mới.")
    return redirect("payments:review", pk=pk)


@roles_required(*services.PREPARING_ROLES)
@require_POST
def keep(request: StaffRequest, pk: int) -> HttpResponse:
    """Leave the ticked lines as they are."""
    get_object_or_404(Review.objects.visible_to(request.user), pk=pk)
    ids = _chosen(request)
    if not ids:
        messages.warning(request, "Chưa chọn dòng nào. Hãy đánh dấu các dòng giữ nguyên.")
        return _back(request, pk)
    outcome = _do(lambda: services.keep_lines(actor=request.user, review_id=pk, line_ids=ids))
    _tell(request, outcome, "Đã giữ nguyên {} dòng.")
    return _back(request, pk)


@roles_required(*services.PREPARING_ROLES)
def add(request: StaffRequest, pk: int) -> HttpResponse:
    """Find somebody of the commune (``?tim=``) and add them to the review."""
    review = get_object_or_404(Review.objects.visible_to(request.user).select_related("commune"), pk=pk)
    if request.method == "POST":
        form = AddForm(request.POST)
        if not form.is_valid():
            raise Http404
        data = form.cleaned_data
        try:
            line = services.add_person(actor=request.user, review_id=pk, person_id=data["person"], token=data["token"])
        except Person.DoesNotExist:
            raise Http404 from None
        except services.ReviewRefused as refusal:
            messages.warning(request, str(refusal))
            return redirect("payments:review", pk=pk)
        return redirect("payments:review_line", pk=line.pk)
    text = request.GET.get("tim", "").strip()[:100]
    people: list[Any] = []
    if text:
        visible = services.people_of(request.user, review)
        people = list(visible.matching(text)[: _FOUND + 1])
    context = {
        "review": review,
        "text": text,
        "rows": [(person, AddForm(initial={"person": person.pk})) for person in people[:_FOUND]],
        "more": len(people) > _FOUND,
        "shown": _FOUND,
    }
    return render(request, "payments/review/add.html", context)


@roles_required(*services.SENDING_ROLES)
@require_POST
def send(request: StaffRequest, pk: int) -> HttpResponse:
    outcome = _do(lambda: services.send_review(actor=request.user, review_id=pk))
    if outcome.refused:
        return page_of(request, pk, status=422, refused=outcome.refused)
    if outcome.unchanged:
        messages.info(request, "Rà soát này đã gửi từ trước, không thay đổi gì.")
    else:
        messages.success(request, "Đã gửi rà soát. Phòng LĐ-TB&XH sẽ thẩm định từng dòng.")
    return redirect("payments:review", pk=pk)


@roles_required(*services.APPRAISING_ROLES)
@require_POST
def appraise(request: StaffRequest, pk: int) -> HttpResponse:
    get_object_or_404(Review.objects.visible_to(request.user), pk=pk)
    ids = _chosen(request)
    if not ids:
        messages.warning(request, "Chưa chọn dòng nào. Hãy đánh dấu các dòng cần thẩm định.")
        return _back(request, pk)
    outcome = _do(lambda: services.appraise_lines(actor=request.user, review_id=pk, line_ids=ids))
    _tell(request, outcome, "Đã thẩm định {} dòng.")
    return _back(request, pk)


@roles_required(*services.APPRAISING_ROLES)
@require_POST
def give_back(request: StaffRequest, pk: int) -> HttpResponse:
    """Give the ticked lines back to the commune, with a reason."""
    get_object_or_404(Review.objects.visible_to(request.user), pk=pk)
    ids = _chosen(request)
    if not ids:
        messages.warning(request, "Chưa chọn dòng nào. Hãy đánh dấu các dòng cần trả lại.")
        return _back(request, pk)
    form = ReturnForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    if form.errors:
        return page_of(request, pk, status=422, return_form=form, ticked=set(ids))
    try:
        outcome = _do(lambda: services.return_lines(actor=request.user, review_id=pk, line_ids=ids, reason=reason))
    except services.ReviewRefused as refusal:
        form.add_error("reason", str(refusal))
        return page_of(request, pk, status=422, return_form=form, ticked=set(ids))
    _tell(request, outcome, "Đã trả lại xã {} dòng kèm lý do.")
    return _back(request, pk)


# --- shared ------------------------------------------------------------------------------------------------------


def _chosen(request: StaffRequest) -> list[int]:
    try:
        return [int(pk) for pk in request.POST.getlist("chon")]
    except ValueError:
        raise Http404 from None


def _do(work: Any) -> services.Outcome:
    try:
        outcome: services.Outcome = work()
    except (Review.DoesNotExist, ReviewLine.DoesNotExist):
        raise Http404 from None
    return outcome


def _tell(request: StaffRequest, outcome: services.Outcome, done: str) -> None:
    if outcome.done:
        messages.success(request, done.format(format_number(len(outcome.done))))
    if outcome.unchanged:
        count = format_number(len(outcome.unchanged))
        messages.info(request, f"{count} dòng đã như vậy từ trước, không thay đổi gì.")
    for line, why in outcome.refused[:_SHOWN_REFUSALS]:
        messages.warning(request, f"{line.person.name}: {why}")
    rest = len(outcome.refused) - _SHOWN_REFUSALS
    if rest > 0:
        messages.warning(request, f"Còn {format_number(rest)} dòng khác chưa làm được vì lý do tương tự.")


def _back(request: StaffRequest, pk: int) -> HttpResponse:
    query = request.GET.urlencode()
    return redirect(reverse("payments:review", args=[pk]) + (f"?{query}" if query else ""))
