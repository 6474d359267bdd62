"""All communes' reviews of a month on one page, and what is done with many of them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from batosocial.lib import months
from batosocial.staff.models import BENEFIT_ROLES, Role
from batosocial.web.access import StaffRequest, roles_required
from payments.forms import month_of
from payments.models import Review
from payments.review import services, showing
from payments.review.forms import MonthFilter


@roles_required(*BENEFIT_ROLES)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """The district's board; a commune comes to its own review, which is made when it is first looked at."""
    target = services.month_to_review()
    month = month_of(request.GET.get("thang")) or target
    if request.user.in_commune:
        try:
            review = services.begin_review(actor=request.user, month=month)
        except PermissionDenied:
            raise Http404 from None
        return redirect("payments:review", pk=review.pk)
    known = showing.known_months(request.user, target)
    if month not in known:
        month = target
    services.follow_month(month)
    rows = showing.board(request.user, month)
    counts = {
        "begun": sum(row.review is not None for row in rows),
        "sent": sum(row.review is not None and row.review.state != Review.State.DRAFT for row in rows),
        "signed": sum(row.review is not None and row.review.state == Review.State.SIGNED_OFF for row in rows),
        "waiting": sum(row.review.waiting for row in rows if row.review is not None),
    }
    context = {
        "form": MonthFilter({"thang": months.iso(month)}, known=known),
        "month": month,
        "rows": rows,
        "counts": counts,
        "deadline": showing.deadline(month),
        "may_prefill": request.user.role == Role.DISTRICT_OFFICER and services.can_begin(month),
        "may_sign": request.user.role in services.SIGNING_ROLES and any(row.ready for row in rows),
    }
    return render(request, "payments/review/board.html", context)


@roles_required(Role.DISTRICT_OFFICER)
@require_POST
def prefill(request: StaffRequest) -> HttpResponse:
    """Fill all communes' reviews in the background."""
    month = month_of(request.POST.get("thang"))
    if month is None or not services.can_begin(month):
        raise Http404
    url = f"{reverse('payments:reviews')}?thang={months.iso(month)}"
    job = services.queue_prefill(actor=request.user, month=month, result_url=url)
    return redirect("jobs:detail", pk=job.pk)


@roles_required(*services.SIGNING_ROLES)
@require_POST
def sign_off(request: StaffRequest) -> HttpResponse:
    """Sign the ticked reviews, and name each that cannot be signed."""
    month = month_of(request.POST.get("thang"))
    back = reverse("payments:reviews") + (f"?thang={months.iso(month)}" if month else "")
    try:
        ids = [int(pk) for pk in request.POST.getlist("chon")]
    except ValueError:
        raise Http404 from None
    if not ids:
        messages.warning(request, "Chưa chọn rà soát nào. Hãy đánh dấu các xã cần ký.")
        return redirect(back)
    try:
        outcome = services.sign_off_reviews(actor=request.user, review_ids=ids)
    except Review.DoesNotExist:
        raise Http404 from None
    if outcome.done:
        messages.success(request, f"Đã ký thẩm định rà soát của {len(outcome.done)} xã, thị trấn.")
    if outcome.unchanged:
        messages.info(request, f"{len(outcome.unchanged)} rà soát đã ký từ trước, không thay đổi gì.")
    for row, why in outcome.refused:
        messages.warning(request, f"{row.commune.full_name}: {why}")
    single = request.POST.get("ve", "")
    if single.isdecimal() and int(single) in ids:
        return redirect("payments:review", pk=int(single))
    return redirect(back)
