"""Money to come back: the list, its paper and workbook, one receivable's page, decisions and receipts."""

import io
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from batosocial.audit import services as audit
from batosocial.lib import clock, money
from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from payments.effects import exports, recovering
from payments.effects.forms import (
    DecisionForm,
    ReasonForm,
    ReceiptCorrectionForm,
    ReceiptForm,
    ReceivableFilter,
    WaiverForm,
    filter_query,
)
from payments.effects.refusal import Refused
from payments.effects.showing import dress_receivables, receivables_for_showing, sums_of
from payments.models import Receipt, Receivable

#: Refusals shown one by one; the rest as a count.
_SHOWN_REFUSALS = 8


@roles_required(*BENEFIT_ROLES)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    return _list(request)


@roles_required(*BENEFIT_ROLES)
@require_safe
def show(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


@roles_required(*BENEFIT_ROLES)
@require_safe
def print_list(request: StaffRequest) -> HttpResponse:
    """The list on paper, by the filter of the URL."""
    form, rows = _filtered(request)
    lines = exports.paper_rows(rows)
    context = {"rows": lines, "sums": sums_of(rows), "query": filter_query(request), "is_demo": settings.DEMO}
    context |= {"today": clock.today(), "signatures": exports.SIGNATURES, "form": form}
    context["in_words"] = exports.in_words(context["sums"].remaining)
    return render(request, "payments/effects/receivables_print.html", context)


@roles_required(*BENEFIT_ROLES)
@require_safe
def download(request: StaffRequest) -> FileResponse:
    _, rows = _filtered(request)
    content = exports.workbook(exports.paper_rows(rows), sums_of(rows), place=str(request.user.unit or ""))
    audit.record(actor=request.user, action="tải danh sách truy thu", details={"số khoản": rows.count()})
    name = f"danh-sach-truy-thu-{clock.today():%Y%m%d}.xlsx"
    return FileResponse(io.BytesIO(content), as_attachment=True, filename=name, content_type=exports.XLSX)


@roles_required(*recovering.DECIDING_ROLES)
@require_POST
def decide(request: StaffRequest) -> HttpResponse:
    """Put the ticked receivables, or the one whose page it came from, under one decision."""
    try:
        ids = [int(pk) for pk in request.POST.getlist("chon")]
        single = int(request.POST["ve"]) if request.POST.get("ve") else None
    except ValueError:
        raise Http404 from None
    back = (
        reverse("payments:receivable", args=[single])
        if single
        else f"{reverse('payments:receivables')}?{filter_query(request)}"
    )
    if not ids:
        messages.warning(request, "Chưa chọn khoản nào. Hãy đánh dấu các dòng cần quyết định.")
        return redirect(back)
    form = DecisionForm(request.POST)

    def again() -> HttpResponse:
        if single:
            return _page(request, single, status=422, decision_form=form)
        return _list(request, status=422, ticked=set(ids), decision_form=form)

    if not form.is_valid():
        return again()
    data = form.cleaned_data
    try:
        outcome = recovering.decide_receivables(
            actor=request.user, receivable_ids=ids, number=data["number"], date=data["date"]
        )
    except Receivable.DoesNotExist:
        raise Http404 from None
    except Refused as refusal:
        form.refuse(refusal)
        return again()
    if outcome.done:
        messages.success(
            request, f"Đã ghi quyết định số {data['number']} cho {len(outcome.done)} khoản; nay ghi được tiền thu hồi."
        )
    if outcome.unchanged:
        messages.info(request, f"{len(outcome.unchanged)} khoản đã có quyết định từ trước, không thay đổi gì.")
    for row, why in outcome.refused[:_SHOWN_REFUSALS]:
        messages.warning(request, f"{row.person.name}: {why}")
    if (rest := len(outcome.refused) - _SHOWN_REFUSALS) > 0:
        messages.warning(request, f"Còn {rest} khoản khác chưa ghi được vì lý do tương tự.")
    return redirect(back)


@roles_required(*recovering.DECIDING_ROLES)
@require_POST
def waive(request: StaffRequest, pk: int) -> HttpResponse:
    return _by_decision(request, pk, recovering.waive_receivable, "Đã ghi quyết định không phải thu.", "waiver_form")


@roles_required(*recovering.DECIDING_ROLES)
@require_POST
def reduce(request: StaffRequest, pk: int) -> HttpResponse:
    said = "Đã sửa số phải thu theo sổ."
    return _by_decision(request, pk, recovering.reduce_receivable, said, "reduction_form")


@roles_required(*recovering.COLLECTORS)
@require_POST
def receive(request: StaffRequest, pk: int) -> HttpResponse:
    """Write down what came back; the same click twice is one receipt."""
    if done := once.earlier(request):
        return redirect(done)
    form = ReceiptForm(request.POST)
    get_object_or_404(Receivable.objects.visible_to(request.user), pk=pk)
    if not form.is_valid():
        return _page(request, pk, status=422, receipt_form=form)
    data = form.cleaned_data
    url = reverse("payments:receivable", args=[pk])
    try:
        with transaction.atomic():
            if first := once.claim(request.user, data["token"]):
                return redirect(first)
            recovering.record_receipt(
                actor=request.user,
                receivable_id=pk,
                amount=data["amount"],
                received_on=data["received_on"],
                reference=data["reference"],
            )
            once.finish(data["token"], url)
    except Refused as refusal:
        form.refuse(refusal)
        return _page(request, pk, status=422, receipt_form=form)
    messages.success(request, f"Đã ghi thu hồi {money.format_amount(data['amount'])}, chứng từ {data['reference']}.")
    return redirect(url)


@roles_required(*recovering.COLLECTORS)
def receipt(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct a receipt, or take it out; both say why."""
    rows = Receipt.objects.filter(receivable__in=Receivable.objects.visible_to(request.user).values("pk"))
    found = get_object_or_404(rows.select_related("receivable__person", "by"), pk=pk)
    initial = {name: getattr(found, name) for name in ("amount", "received_on", "reference")}
    form, reason_form = ReceiptCorrectionForm(initial=initial), ReasonForm(longest=300)
    if request.method == "POST":
        removing = "bo" in request.POST
        used: Any = ReasonForm(request.POST, longest=300) if removing else ReceiptCorrectionForm(request.POST)
        form, reason_form = (form, used) if removing else (used, reason_form)
        if used.is_valid() and _mend(request, found, used, removing=removing):
            return redirect("payments:receivable", pk=found.receivable_id)
    context = {"receipt": found, "row": found.receivable, "form": form, "reason_form": reason_form}
    failed = bool((form.is_bound and form.errors) or (reason_form.is_bound and reason_form.errors))
    return render(request, "payments/effects/receipt.html", context, status=422 if failed else 200)


def _mend(request: StaffRequest, found: Receipt, form: Any, *, removing: bool) -> bool:
    data = form.cleaned_data
    try:
        if removing:
            recovering.remove_receipt(actor=request.user, receipt_id=found.pk, why=data["reason"])
            messages.success(request, f"Đã bỏ chứng từ {found.reference}; nhật ký còn giữ.")
        elif recovering.correct_receipt(actor=request.user, receipt_id=found.pk, **data):
            messages.success(request, f"Đã sửa chứng từ {data['reference']}.")
        else:
            messages.info(request, "Chứng từ không thay đổi gì.")
    except Refused as refusal:
        for name, message in refusal.errors.items():
            field = "reason" if removing and name == "why" else name
            form.add_error(field if field in form.fields else None, message)
        return False
    return True


# --- shared ------------------------------------------------------------------------------------------------------


def _filtered(request: StaffRequest) -> tuple[ReceivableFilter, Any]:
    form = ReceivableFilter(request.GET, user=request.user)
    return form, form.apply(Receivable.objects.visible_to(request.user)).order_by(
        "person__sort_key", "person", "month", "pk"
    )


def _list(request: StaffRequest, *, status: int = 200, ticked: set[int] | None = None, **forms: Any) -> HttpResponse:
    form, rows = _filtered(request)
    page = paginate(request, receivables_for_showing(rows))
    shown = list(page.object_list)
    dress_receivables(shown, request.user)
    context = {
        "form": form,
        "page": page,
        "rows": shown,
        "sums": sums_of(rows),
        "query": filter_query(request),
        "can_decide": any(row.can_decide for row in shown),
        "ticked": ticked or set(),
        "decision_form": forms.get("decision_form") or DecisionForm(),
    }
    return render(request, "payments/effects/receivables.html", context, status=status)


def _by_decision(
    request: StaffRequest, pk: int, service: Callable[..., object], said: str, form_name: str
) -> HttpResponse:
    form = WaiverForm(request.POST)
    get_object_or_404(Receivable.objects.visible_to(request.user), pk=pk)
    if form.is_valid():
        try:
            if service(actor=request.user, receivable_id=pk, **form.cleaned_data):
                messages.success(request, said)
            else:
                messages.info(request, "Không thay đổi gì.")
            return redirect("payments:receivable", pk=pk)
        except Refused as refusal:
            form.refuse(refusal)
    return _page(request, pk, status=422, **{form_name: form})


def _page(request: StaffRequest, pk: int, *, status: int = 200, **forms: Any) -> HttpResponse:
    visible = Receivable.objects.visible_to(request.user)
    row: Any = get_object_or_404(receivables_for_showing(visible).select_related("found_by"), pk=pk)
    dress_receivables([row], request.user)
    context = {
        "row": row,
        "receipts": row.receipts.select_related("by"),
        "others": visible.filter(person=row.person_id).exclude(pk=row.pk).order_by("month", "pk"),
        "decision_form": forms.get("decision_form") or DecisionForm(),
        "waiver_form": forms.get("waiver_form") or WaiverForm(prefix=None, auto_id="mien_%s"),
        "reduction_form": forms.get("reduction_form") or WaiverForm(auto_id="giam_%s"),
        "receipt_form": forms.get("receipt_form") or ReceiptForm(auto_id="nop_%s"),
    }
    return render(request, "payments/effects/receivable.html", context, status=status)
