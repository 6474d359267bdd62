"""Files of results: the template, uploading, the preview with what is wrong, and confirming."""

import io
from pathlib import PurePath
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from batosocial.audit import services as audit
from batosocial.lib.workbooks import WorkbookError
from batosocial.staff.models import DISTRICT_ROLES, Payer, Role
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from payments import board, exports, services
from payments.forms import RowFilter, UploadForm, month_of
from payments.models import Payment, PaymentList, ResultBatch, ResultRow
from payments.results import choosing, words
from payments.results.marking import marked_content

VIEWERS = (*DISTRICT_ROLES, Role.PAYER)
BATCH_TONES = {
    ResultBatch.State.CHECKING: "info",
    ResultBatch.State.UNREADABLE: "danger",
    ResultBatch.State.PREVIEWED: "warning",
    ResultBatch.State.RECORDING: "info",
    ResultBatch.State.RECORDED: "success",
    ResultBatch.State.WITHDRAWN: "neutral",
}
ROW_TONES = {
    ResultRow.Outcome.READY: "success",
    ResultRow.Outcome.UNCHANGED: "neutral",
    ResultRow.Outcome.UNMATCHED: "warning",
    ResultRow.Outcome.ERROR: "danger",
}


def _batches(request: StaffRequest) -> Any:
    """The user's batches without the content of their files."""
    rows = ResultBatch.objects.visible_to(request.user)
    return rows.select_related("payer", "file", "uploaded_by", "recorded_by", "job").defer("file__content")


@roles_required(*VIEWERS)
def index(request: StaffRequest) -> HttpResponse:
    """The files so far, and a form for a new one."""
    user = request.user
    can_upload = user.role in services.RECORDERS
    form = UploadForm(user=user) if can_upload else None
    if request.method == "POST":
        if not can_upload:
            raise PermissionDenied
        form = UploadForm(request.POST, request.FILES, user=user)
        if form.is_valid():
            payer = form.whose()
            file = form.cleaned_data["file"]
            batch = services.upload_results(
                actor=user, payer=payer, filename=file.name, content=form.cleaned_data["content"]
            )
            return redirect("payments:batch", pk=batch.pk)
    page = paginate(request, _batches(request), per_page=25)
    for batch in page.object_list:
        batch.tone = BATCH_TONES[batch.state]
    context = {
        "form": form,
        "page": page,
        "months": board.open_months(user, handed_over=True) if can_upload else [],
        "to_choose": choosing.open_rows(user).count() if can_upload else 0,
        "payers": Payer.objects.all() if user.role == Role.DISTRICT_OFFICER else [user.payer],
    }
    return render(request, "payments/batches.html", context, status=422 if form and form.errors else 200)


@roles_required(*services.RECORDERS)
@require_safe
def template(request: StaffRequest) -> FileResponse:
    """The file to fill in: a payer's payments of a month, or of one list (``danh-sach``).

    ``con-lai=1`` leaves out what is paid already.
    """
    user = request.user
    lists = PaymentList.objects.visible_to(user).filter(state__in=PaymentList.HANDED_OVER_STATES)
    payments = Payment.objects.visible_to(user).order_by("payment_list__commune__position", "number")
    if user.role == Role.PAYER and user.payer is not None:
        payer = user.payer
    else:
        payer = get_object_or_404(Payer, code=request.GET.get("to-chuc", ""))
    if wanted := request.GET.get("danh-sach"):
        if not wanted.isdecimal():
            raise Http404
        row = get_object_or_404(lists.select_related("period"), pk=wanted)
        month, payments = row.period.month, payments.filter(payment_list=row)
    else:
        parsed = month_of(request.GET.get("thang"))
        if parsed is None or not lists.filter(period__month=parsed).exists():
            raise Http404
        month = parsed
        payments = payments.filter(payment_list__in=lists.filter(period__month=month))
    payments = payments.filter(payer=payer)
    if request.GET.get("con-lai"):
        payments = payments.exclude(result__in=Payment.PAID)
    content = exports.results_template(payments.iterator())
    audit.record(actor=user, action="tải tệp kết quả mẫu", details={"tổ chức chi trả": payer.code, "tháng": month})
    return FileResponse(
        io.BytesIO(content),
        as_attachment=True,
        filename=exports.template_filename(payer.code, month),
        content_type=exports.XLSX,
    )


@roles_required(*VIEWERS)
@require_safe
def show(request: StaffRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(_batches(request), pk=pk)
    form = RowFilter(request.GET, choices=ResultRow.Outcome.choices)
    rows = batch.rows.select_related("payment__payment_list").order_by("pk")
    if outcome := form.value():
        rows = rows.filter(outcome=outcome)
    page = paginate(request, rows)
    for row in page.object_list:
        row.tone = ROW_TONES[row.outcome]
        recorded = row.outcome == ResultRow.Outcome.READY and batch.state == ResultBatch.State.RECORDED
        row.label = "Đã ghi" if recorded else row.get_outcome_display()
        row.shown = [(words.HEADINGS[name], row.data["cells"].get(name, "")) for name in words.COLUMNS]
        row.said = _said(row)
        row.to_choose = row.outcome == ResultRow.Outcome.UNMATCHED and "values" in row.data
    problems = batch.error_count + batch.unmatched_count
    failed = services.job_failed(batch)
    mine = services.may_upload_for(request.user, batch.payer)
    context = {
        "batch": batch,
        "tone": BATCH_TONES[batch.state],
        "row_count": batch.ready_count + batch.unchanged_count + problems,
        "problems": problems,
        "form": form,
        "page": page,
        "headings": [words.HEADINGS[name] for name in words.COLUMNS],
        "working": batch.state in ("checking", "recording") and not failed,
        "failed": failed and batch.state != ResultBatch.State.RECORDED,
        "owns_job": batch.job is not None and batch.job.owner_id == request.user.pk,
        "can_confirm": mine
        and batch.ready_count
        and (batch.state == ResultBatch.State.PREVIEWED or (failed and batch.state == ResultBatch.State.RECORDING)),
        "can_withdraw": mine and batch.state in ("previewed", "unreadable"),
        "can_recheck": mine and (failed or batch.state == ResultBatch.State.PREVIEWED) and batch.state != "recorded",
        "can_choose": mine and batch.state in choosing.OPEN_STATES,
        "twins": _twins(request, batch),
        "can_mark": batch.state in ("previewed", "recorded", "withdrawn") and problems,
    }
    return render(request, "payments/batch.html", context)


def _twins(request: StaffRequest, batch: ResultBatch) -> list[ResultBatch]:
    """Earlier files of the payer with the same bytes."""
    return list(
        services.same_files(batch.payer, batch.file.sha256)
        .filter(pk__lt=batch.pk)
        .select_related("uploaded_by")
        .order_by("pk")
    )


def _said(row: ResultRow) -> list[dict[str, str]]:
    return [
        {**message, "place": f"{message['column']}{row.row}" if message["column"] else ""} for message in row.messages
    ]


@roles_required(*services.RECORDERS)
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponseRedirect:
    good_rows_only = request.POST.get("good_rows_only") == "1"
    return _act(
        request, pk, lambda: services.confirm_batch(actor=request.user, batch_id=pk, good_rows_only=good_rows_only)
    )


@roles_required(*services.RECORDERS)
@require_POST
def recheck(request: StaffRequest, pk: int) -> HttpResponseRedirect:
    return _act(request, pk, lambda: services.recheck_batch(actor=request.user, batch_id=pk))


@roles_required(*services.RECORDERS)
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponseRedirect:
    return _act(request, pk, lambda: services.withdraw_batch(actor=request.user, batch_id=pk))


def _act(request: StaffRequest, pk: int, work: Any) -> HttpResponseRedirect:
    try:
        work()
    except ResultBatch.DoesNotExist:
        raise Http404 from None
    except services.BatchRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("payments:batch", pk=pk)


@roles_required(*VIEWERS)
@require_safe
def marked(request: StaffRequest, pk: int) -> FileResponse | HttpResponseRedirect:
    """The user's own workbook with the cells marked."""
    batch = get_object_or_404(ResultBatch.objects.visible_to(request.user).select_related("file"), pk=pk)
    content, failure = None, ""
    try:
        content = marked_content(
            bytes(batch.file.content), batch.rows.exclude(messages=[]).values_list("sheet", "row", "messages")
        )
    except WorkbookError as error:
        failure = str(error)
    if content is None:
        messages.error(request, failure or "Tệp không có dòng nào phải đánh dấu.")
        return redirect("payments:batch", pk=pk)
    audit.record(actor=request.user, action="tải tệp kết quả có đánh dấu", row=batch)
    return FileResponse(
        io.BytesIO(content),
        as_attachment=True,
        filename=f"{PurePath(batch.file.name).stem}_danh-dau.xlsx",
        content_type=exports.XLSX,
    )
