"""Results: one payment by form, and a person's payments of the year."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from batosocial.lib import clock
from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries.models import Person
from payments import board
from payments.forms import ResultForm
from payments.models import Payment
from payments.results.rules import ResultRefused, why_closed
from payments.services import RECORDERS, record_result, result_version
from payments.views.lists import describe


@roles_required(*RECORDERS)
def record(request: StaffRequest, pk: int) -> HttpResponse:
    """Show a payment with its result, and record or correct it."""
    payments = board.with_lines(Payment.objects.visible_to(request.user))
    payment: Any = get_object_or_404(
        payments.select_related("provider", "payer", "payment_list__period", "recorded_by"), pk=pk
    )
    if request.method == "POST":
        form = ResultForm(request.POST, payment=payment)
        if form.is_valid() and _record(request, payment, form):
            return redirect("payments:list", pk=payment.payment_list_id)
    else:
        suggested = request.GET.get("ket-qua", "")
        initial = _initial(payment)
        if not payment.result and suggested in Payment.Result.values:
            initial["result"] = suggested
        form = ResultForm(payment=payment, initial=initial)
    describe(payment, request)
    context = {"payment": payment, "row": payment.payment_list, "form": form, "closed": why_closed(payment)}
    return render(request, "payments/result.html", context, status=422 if form.errors else 200)


def _initial(payment: Payment) -> dict[str, Any]:
    return {
        "result": payment.result,
        "return_reason": payment.return_reason,
        "paid_on": payment.paid_on,
        "reference": payment.reference,
        "note": payment.result_note,
        "seen": result_version(payment),
    }


def _record(request: StaffRequest, payment: Payment, form: ResultForm) -> bool:
    try:
        changed = record_result(
            actor=request.user,
            payment_id=payment.pk,
            new=form.new_result(),
            why=form.cleaned_data.get("why", ""),
            seen=form.cleaned_data["seen"],
        )
    except ResultRefused as refusal:
        form.refuse(refusal.errors)
        return False
    if changed:
        messages.success(request, f"Đã ghi kết quả của {payment.name} ({payment.number}).")
    else:
        messages.info(request, f"Kết quả của {payment.name} ({payment.number}) không thay đổi gì.")
    return True


@roles_required(*BENEFIT_ROLES)
@require_safe
def person_year(request: StaffRequest, person_id: int) -> HttpResponse:
    """A person's payments of this year: a panel of the person's page, or a page of its own without JavaScript."""
    person = get_object_or_404(Person.objects.visible_to(request.user), pk=person_id)
    year = clock.today().year
    payments: list[Any] = list(board.year_of(request.user, person.pk, year))
    for payment in payments:
        describe(payment, request)
    template = "payments/_person_year.html" if request.htmx else "payments/person_year.html"
    return render(request, template, {"person": person, "payments": payments, "year": year})
