"""The worklist of results that several payments fit, and choosing the right one."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from payments.models import Payment, ResultBatch, ResultRow
from payments.results import choosing, words
from payments.services import RECORDERS


@roles_required(*RECORDERS)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    page = paginate(request, choosing.open_rows(request.user))
    for row in page.object_list:
        _describe(row)
    return render(request, "payments/matches.html", {"page": page})


def _describe(row: Any) -> None:
    row.cells = [
        (words.HEADINGS[name], row.data["cells"][name]) for name in words.COLUMNS if row.data["cells"].get(name)
    ]
    row.count = len(row.data["candidates"])


@roles_required(*RECORDERS)
def choose(request: StaffRequest, pk: int) -> HttpResponse:
    """A row with the payments it may be about."""
    rows = ResultRow.objects.filter(batch__in=ResultBatch.objects.visible_to(request.user), data__has_key="values")
    row: Any = get_object_or_404(
        rows.select_related("batch__payer", "batch__file", "payment").defer("batch__file__content"), pk=pk
    )
    error = ""
    if request.method == "POST":
        error = _decide(request, pk)
        if not error:
            return redirect("payments:matches")
    _describe(row)
    is_open = row.outcome == ResultRow.Outcome.UNMATCHED and row.batch.state in choosing.OPEN_STATES
    candidates = [choosing.as_shown(one) for one in choosing.candidates_of(row)] if is_open else []
    visible = Payment.objects.visible_to(request.user).filter(pk__in=[one["id"] for one in candidates])
    names = dict(visible.values_list("pk", "name"))
    context = {
        "row": row,
        "is_open": is_open,
        "candidates": [one | {"name": names[one["id"]]} for one in candidates],
        "is_recorded": row.batch.state == ResultBatch.State.RECORDED,
        "aside": row.data.get("aside"),
        "error": error,
        "chosen": request.POST.get("payment", ""),
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "payments/match.html", context, status=422 if error else 200)


def _decide(request: StaffRequest, pk: int) -> str:
    """Do what was asked; what keeps it from being done."""
    aside = request.POST.get("do") == "aside"
    chosen = request.POST.get("payment", "")
    if not aside and not (chosen.isdecimal() and len(chosen) < 19):
        return "Hãy chọn một khoản, hoặc bỏ qua dòng này và ghi vì sao."
    try:
        if aside:
            choosing.set_aside(actor=request.user, row_id=pk, reason=request.POST.get("reason", ""))
            messages.success(request, "Đã bỏ qua dòng, không ghi kết quả nào.")
        else:
            row = choosing.choose(actor=request.user, row_id=pk, payment_id=int(chosen))
            number = row.payment.number if row.payment else ""
            if row.batch.state == ResultBatch.State.RECORDED:
                messages.success(request, f"Đã ghi kết quả của dòng {row.row} vào khoản {number}.")
            else:
                messages.success(request, f"Dòng {row.row} là của khoản {number}; ghi nhận tệp thì kết quả được ghi.")
    except ResultRow.DoesNotExist:
        raise Http404 from None
    except choosing.ChoiceRefused as refusal:
        return str(refusal)
    return ""
