"""One line of a review: what the officer makes of it, its evidence, taking it out and putting it back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries.models import Attachment, Change
from payments.models import Review, ReviewLine
from payments.review import services, showing
from payments.review.forms import LineForm, RemovalForm
from payments.review.lines import UNHANDLED
from payments.review.preparing import editable, monthly


@roles_required(*BENEFIT_ROLES)
def show(request: StaffRequest, pk: int) -> HttpResponse:
    """Everybody in scope reads a line; the commune's officer handles it while it is theirs."""
    row = _line(request, pk)
    if request.method != "POST":
        return _page(request, row)
    if request.user.role not in services.PREPARING_ROLES:
        return _page(request, row)
    form = LineForm(request.POST, request.FILES, user=request.user, line=row, rows=monthly(row.person_id))
    form.is_valid()
    try:
        # Files that are fine are kept even where something else is not: a browser would forget them.
        for name, content in form.cleaned_data.get("evidence") or []:
            if services.attach(actor=request.user, line_id=pk, name=name, content=content):
                messages.success(request, f"Đã đính kèm {name}.")
    except services.LineRefused as refusal:
        form.refuse(refusal.errors)
    except services.ReviewRefused as refusal:
        return _closed(request, pk, refusal)
    if form.errors:
        return _page(request, row, form=form, status=422)
    if "dinh_kem" in request.POST:
        # Only the files were sent; what else is typed stays as it is typed.
        return _page(request, row, form=form)
    try:
        services.handle_line(
            actor=request.user, line_id=pk, handling=form.handling, seen=form.cleaned_data["seen"] or None
        )
    except services.LineRefused as refusal:
        form.refuse(refusal.errors)
        return _page(request, row, form=form, status=422)
    except services.ReviewRefused as refusal:
        return _closed(request, pk, refusal)
    messages.success(request, f"Đã lưu dòng của {row.person.name}.")
    if "tiep" in request.POST and (following := _next(row)):
        return redirect("payments:review_line", pk=following)
    return redirect("payments:review", pk=row.review_id)


@roles_required(*services.PREPARING_ROLES)
@require_POST
def remove(request: StaffRequest, pk: int) -> HttpResponse:
    row = _line(request, pk)
    form = RemovalForm(request.POST)
    if not form.is_valid():
        return _page(request, row, removal=form, status=422)
    try:
        services.remove_line(actor=request.user, line_id=pk, reason=form.cleaned_data["removal"])
    except services.LineRefused as refusal:
        for name, why in refusal.errors.items():
            form.add_error(name, why)
        return _page(request, row, removal=form, status=422)
    except services.ReviewRefused as refusal:
        return _closed(request, pk, refusal)
    messages.success(request, f"Đã bỏ dòng của {row.person.name}. Có thể lấy lại khi rà soát chưa gửi.")
    return redirect("payments:review", pk=row.review_id)


@roles_required(*services.PREPARING_ROLES)
@require_POST
def restore(request: StaffRequest, pk: int) -> HttpResponse:
    row = _line(request, pk)
    try:
        if services.restore_line(actor=request.user, line_id=pk):
            messages.success(request, f"Đã lấy lại dòng của {row.person.name}.")
    except services.ReviewRefused as refusal:
        return _closed(request, pk, refusal)
    return redirect("payments:review_line", pk=pk)


@roles_required(*services.PREPARING_ROLES)
@require_POST
def detach(request: StaffRequest, pk: int, attachment_pk: int) -> HttpResponse:
    _line(request, pk)
    try:
        if services.detach(actor=request.user, line_id=pk, attachment_id=attachment_pk):
            messages.success(request, "Đã bỏ tệp minh chứng.")
    except Attachment.DoesNotExist:
        raise Http404 from None
    except services.ReviewRefused as refusal:
        return _closed(request, pk, refusal)
    return redirect("payments:review_line", pk=pk)


# --- shared ------------------------------------------------------------------------------------------------------


def _line(request: StaffRequest, pk: int) -> Any:
    rows = ReviewLine.objects.filter(review__in=Review.objects.visible_to(request.user))
    return get_object_or_404(showing.for_showing(rows), pk=pk)


def _page(request: StaffRequest, row: Any, *, status: int = 200, **forms: Any) -> HttpResponse:
    user = request.user
    row = _line(request, row.pk)
    (line,) = showing.lines_of([row], user)
    edits = user.role in services.PREPARING_ROLES and editable(row.review, row)
    rows = monthly(row.person_id)
    context = {
        "line": line,
        "row": row,
        "review": row.review,
        "edits": edits,
        "rows": rows,
        "form": (forms.get("form") or LineForm(user=user, line=row, rows=rows)) if edits else None,
        "removal": forms.get("removal") or RemovalForm(),
        "can_restore": edits and row.state == ReviewLine.State.REMOVED,
        "shows_adjust": edits and row.entitlement_id is not None,
        "adjustments": _adjustments(row) if edits else [],
        "payee": _payee(row),
    }
    return render(request, "payments/review/line.html", context, status=status)


def _adjustments(row: Any) -> list[Change]:
    """What waits for the person that the line would take up when it is sent as an adjustment."""
    kinds = (Change.Kind.ADJUST, Change.Kind.START)
    rows = Change.objects.filter(person=row.person_id, kind__in=kinds, state=Change.State.PROPOSED)
    return list(rows.select_related("proposed_by").order_by("pk"))


def _payee(row: Any) -> int | None:
    """The payee whose paper runs out, of a line about one."""
    parts = row.key.split(":")
    return int(parts[1]) if row.source == ReviewLine.Source.PAPER and len(parts) > 1 else None


def _next(row: Any) -> int | None:
    """The next line of the review at which nobody has looked."""
    rows = ReviewLine.objects.filter(UNHANDLED, review=row.review_id).exclude(pk=row.pk)
    found = showing.for_showing(rows).order_by("place", "person__sort_key", "pk").values_list("pk", flat=True)
    return found.first()


def _closed(request: StaffRequest, pk: int, refusal: services.ReviewRefused) -> HttpResponse:
    messages.warning(request, str(refusal))
    return redirect("payments:review_line", pk=pk)
