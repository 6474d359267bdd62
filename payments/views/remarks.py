"""Remarks on the payments of a list: written by the Phòng, answered by the commune.

With htmx in the row itself, without it on a page of their own.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from batosocial.web.access import StaffRequest, roles_required
from payments import remarks
from payments.forms import AnswerForm, RemarkForm
from payments.models import ListRemark, Payment, PaymentList

#: As many payments stand on a page of a list (``web.pagination.paginate``).
PER_PAGE = 50


@roles_required(*remarks.REMARKERS)
def add(request: StaffRequest, pk: int) -> HttpResponse:
    """Say what must be mended about a payment."""
    payment: Any = get_object_or_404(
        Payment.objects.visible_to(request.user).select_related("payment_list__period"), pk=pk
    )
    row = payment.payment_list
    form = RemarkForm(request.POST or None, auto_id=f"id_{pk}_%s")
    saved = False
    if request.method == "POST" and form.is_valid():
        try:
            _, new = remarks.add_remark(actor=request.user, payment_id=pk, text=form.cleaned_data["text"])
        except remarks.RemarkRefused as refusal:
            form.add_error("text", str(refusal))
        else:
            saved = True
            if not request.htmx:
                said = f"Đã ghi cần sửa ở {payment.name}; xã thấy khi danh sách được trả lại."
                messages.success(request, said) if new else messages.info(request, "Ý kiến này đã có, không ghi thêm.")
                return redirect(place_of(payment))
    return _row(request, payment, row, form=None if saved else form)


@roles_required(*remarks.REMARKERS)
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back a remark that has not gone to the commune."""
    remark = _visible(request, pk)
    try:
        remarks.withdraw_remark(actor=request.user, remark_id=pk)
    except remarks.RemarkRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Đã bỏ ý kiến về {remark.person.name}.")
    return redirect("payments:list", pk=remark.payment_list_id)


@roles_required(*remarks.ANSWERERS)
def answer(request: StaffRequest, pk: int) -> HttpResponse:
    """Say what was done about a remark."""
    remark: Any = _visible(request, pk)
    row = remark.payment_list
    start = {"seen": remark.answer, "answer": remark.answer}
    form: AnswerForm | None = AnswerForm(request.POST or None, initial=start, auto_id=f"id_{pk}_%s")
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            remarks.answer_remark(
                actor=request.user, remark_id=pk, answer=form.cleaned_data["answer"], seen=form.cleaned_data["seen"]
            )
        except remarks.RemarkRefused as refusal:
            form.add_error("answer", str(refusal))
        else:
            if not request.htmx:
                messages.success(request, f"Đã ghi trả lời về {remark.person.name}.")
                return redirect(f"{reverse('payments:list', args=[row.pk])}#y-kien-{pk}")
            remark, form = _visible(request, pk), None
    context = {
        "row": row,
        "remark": remark,
        "answer_form": form,
        "can_answer": remarks.may_answer(row, request.user),
    }
    template = "payments/_remark.html" if request.htmx else "payments/remark_answer.html"
    return render(request, template, context, status=422 if form is not None and form.errors else 200)


def place_of(payment: Payment) -> str:
    """The payment's row on the page of its list."""
    page = (payment.position - 1) // PER_PAGE + 1
    query = f"?trang={page}" if page > 1 else ""
    return f"{reverse('payments:list', args=[payment.payment_list_id])}{query}#khoan-{payment.pk}"


def _visible(request: StaffRequest, pk: int) -> ListRemark:
    rows = ListRemark.objects.filter(payment_list__in=PaymentList.objects.visible_to(request.user))
    return get_object_or_404(rows.select_related("payment_list__period", "person", "by", "answered_by"), pk=pk)


def _row(request: StaffRequest, payment: Any, row: PaymentList, *, form: RemarkForm | None) -> HttpResponse:
    waiting = list(remarks.open_remarks([row.pk]).select_related("by"))
    payment.remarks = [remark for remark in waiting if remark.person_id == payment.person_id]
    context = {
        "row": row,
        "payment": payment,
        "remark_form": form,
        "can_remark": remarks.may_remark(row, request.user),
        "pending": len(waiting),
        "back": place_of(payment),
    }
    template = "payments/_row_remarks_swap.html" if request.htmx else "payments/remark_add.html"
    return render(request, template, context, status=422 if form is not None and form.errors else 200)
