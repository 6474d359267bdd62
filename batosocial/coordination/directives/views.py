"""Pages of directives and of what is given to somebody. Writing them is in ``writing_views``."""

import io
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from batosocial.audit import services as audit
from batosocial.coordination.directives import answering, exports, reading, showing
from batosocial.coordination.directives.forms import AssignmentFilter, ReasonForm, ReportForm
from batosocial.coordination.directives.services import MAKERS, DirectiveRefused
from batosocial.coordination.models import Assignment, AssignmentStep, Directive
from batosocial.coordination.models.directives import READERS
from batosocial.jobs.models import StoredFile
from batosocial.lib import months
from batosocial.staff.models import DISTRICT_ROLES
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate


@require_safe
@roles_required(*READERS)
def directives(request: StaffRequest) -> HttpResponse:
    """Every directive of the user's with what it comes to this month."""
    user = request.user
    page = paginate(request, Directive.objects.visible_to(user).select_related("upper"), per_page=30)
    by_directive = {one.directive.pk: one for one in showing.summaries(user)}
    rows: Any = page.object_list
    for row in rows:
        row.summary = by_directive.get(row.pk)
    context = {"page": page, "may_make": user.role in MAKERS}
    return render(request, "coordination/directives/list.html", context)


@require_safe
@roles_required(*READERS)
def directive(request: StaffRequest, pk: int) -> HttpResponse:
    """One directive: its head, its tasks, and for the district the matrix of a month."""
    user = request.user
    rows = Directive.objects.visible_to(user).select_related("upper", "file", "made_by", "issued_by")
    row = get_object_or_404(rows.defer("file__content"), pk=pk)
    known = showing.months_of(row)
    month = _asked(request, known)
    readings = showing.of_directive(user, row, month)
    form = AssignmentFilter(_chosen(request, month), rows=[one.row for one in readings], fixed=True)
    if "thang" in form.fields:
        form.fields["thang"].choices = [  # type: ignore[attr-defined]
            (months.iso(one), months.title(one).capitalize()) for one in known
        ]
    status = form.data.get("tinh_trang", "")
    if status != showing.IDLE:
        status = form.value("tinh_trang")
    context = {
        "row": row,
        "month": month,
        "form": form,
        "idle_only": status == showing.IDLE,
        "summary": showing.Summary(row, month or row.month, readings),
        "matrices": showing.matrices(readings, status=status, task=form.value("viec"), place=form.value("noi")),
        "tasks": showing.tasks_of(row, readings, sees_all=user.role in DISTRICT_ROLES),
        "readings": readings,
        "may_make": user.role in MAKERS,
        "sees_all": user.role in DISTRICT_ROLES,
    }
    return render(request, "coordination/directives/directive.html", context)


def _asked(request: StaffRequest, known: list[Any]) -> Any:
    asked = request.GET.get("thang", "")
    return next((one for one in known if months.iso(one) == asked), known[0] if known else None)


def _chosen(request: StaffRequest, month: Any) -> Any:
    data = request.GET.copy()
    data["thang"] = months.iso(month) if month else ""
    return data


@require_safe
@roles_required(*READERS)
def file(request: StaffRequest, pk: int) -> FileResponse:
    """The scan of a directive, always as a download with the type that its content told."""
    row = get_object_or_404(Directive.objects.visible_to(request.user).select_related("file"), pk=pk)
    if row.file is None:
        raise Http404
    audit.record(actor=request.user, action="Mở bản quét văn bản chỉ đạo", row=row)
    return _download(row.file)


def _download(kept: StoredFile) -> FileResponse:
    content = io.BytesIO(bytes(kept.content))
    response = FileResponse(content, as_attachment=True, filename=kept.name, content_type=kept.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
@roles_required(*DISTRICT_ROLES)
def workbook(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Directive.objects.visible_to(request.user).select_related("upper"), pk=pk)
    month = _asked(request, showing.months_of(row))
    content = exports.make_workbook(actor=request.user, directive=row, month=month)
    return _attachment(content, exports.XLSX, f"viec-duoc-giao-{row.pk}.xlsx")


@require_safe
@roles_required(*DISTRICT_ROLES)
def reminder(request: StaffRequest, pk: int) -> HttpResponse:
    """The letter that presses whoever has not begun or is late, as docx."""
    row = get_object_or_404(Directive.objects.visible_to(request.user).select_related("upper"), pk=pk)
    month = _asked(request, showing.months_of(row))
    content = exports.make_reminder(actor=request.user, directive=row, month=month)
    if content is None:
        messages.info(request, "Không có nơi nào chưa bắt đầu hoặc quá hạn, không cần công văn đôn đốc.")
        return redirect("coordination:directive", pk)
    return _attachment(content, exports.DOCX, f"don-doc-{row.pk}.docx")


def _attachment(content: bytes, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


@require_safe
@roles_required(*DISTRICT_ROLES)
def panel(request: StaffRequest) -> HttpResponse:
    """Who has not begun and what is late, for the home page and the chairman's dashboard."""
    template = "_panel" if request.htmx else "panel"
    context = {"summaries": showing.summaries(request.user)}
    return render(request, f"coordination/directives/{template}.html", context)


# --- assignments -------------------------------------------------------------------------------------------------


@require_safe
@roles_required(*READERS)
def assignments(request: StaffRequest) -> HttpResponse:
    """What is given to the user; the district sees what it gave to everybody."""
    user = request.user
    rows = reading.loaded(Assignment.objects.visible_to(user).of_issued())
    form = AssignmentFilter(request.GET, rows=rows)
    readings = reading.read(form.keep(rows))
    found = [one for one in readings if one.fits(form.value("tinh_trang"))]
    found.sort(key=lambda one: (not one.row.is_open, one.row.due, one.row.task.position, one.row.pk))
    page = paginate(request, found, per_page=50)
    context = {
        "form": form,
        "page": page,
        "none": not rows,
        "sees_all": user.role in DISTRICT_ROLES,
        "may_confirm": user.role in DISTRICT_ROLES and any(_answerable(user, one) for one in page.object_list),
        "here": request.get_full_path(),
    }
    return render(request, "coordination/directives/assignments.html", context)


def _answerable(user: Any, one: reading.Reading) -> bool:
    return one.row.state == Assignment.State.REPORTED and answering.may_answer(user, one.row)


def _page(request: StaffRequest, pk: int, **forms: Any) -> HttpResponse:
    user = request.user
    found = reading.loaded(Assignment.objects.visible_to(user).filter(pk=pk))
    if not found:
        raise Http404
    row = found[0]
    steps = AssignmentStep.objects.filter(assignment=row).select_related("by", "file").defer("file__content")
    in_force = row.task.directive.state == Directive.State.ISSUED and row.task.cancelled_at is None
    may_report = in_force and answering.may_report(user, row) and row.state != Assignment.State.CONFIRMED
    reported = row.state == Assignment.State.REPORTED
    context = {
        "row": row,
        "one": reading.read([row])[0],
        "steps": list(steps),
        "in_force": in_force,
        "report_form": (forms.get("report") or ReportForm(initial={"percent": row.percent})) if may_report else None,
        "may_confirm": in_force and reported and answering.may_answer(user, row),
        "may_return": in_force
        and row.state in (Assignment.State.REPORTED, Assignment.State.CONFIRMED)
        and answering.may_answer(user, row),
        "return_form": forms.get("back") or ReasonForm(),
        "may_remind": in_force and user.role in DISTRICT_ROLES and row.is_open and not row.is_reminded,
    }
    return render(request, "coordination/directives/assignment.html", context, status=422 if forms else 200)


@require_safe
@roles_required(*READERS)
def assignment(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


@require_POST
@roles_required(*answering.REPORTING_ROLES)
def report(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(
        Assignment.objects.visible_to(request.user).select_related("addressee", "task__directive"), pk=pk
    )
    if not answering.may_report(request.user, row):
        raise PermissionDenied
    if done := once.earlier(request):
        return redirect(done)
    form = ReportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, pk, report=form)
    data = form.cleaned_data
    url = reverse("coordination:assignment", args=[pk])
    try:
        with transaction.atomic():
            if first := once.claim(request.user, data["token"]):
                return redirect(first)
            answering.report(
                actor=request.user,
                assignment_id=pk,
                text=data["text"].strip(),
                done=bool(data["done"]),
                percent=data["percent"],
                on_day=data["on_day"],
                file=data["file"],
            )
            once.finish(data["token"], url)
    except DirectiveRefused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, pk, report=form)
    messages.success(request, "Đã gửi báo cáo hoàn thành, chờ xác nhận." if data["done"] else "Đã ghi tiến độ.")
    return redirect(url)


@require_POST
@roles_required(*DISTRICT_ROLES)
def confirm(request: StaffRequest) -> HttpResponse:
    """Of one or of several ticked ones."""
    return _on_ticked(request, answering.confirm, "Đã xác nhận xong {} việc.", "Chưa có việc nào được xác nhận.")


@require_POST
@roles_required(*DISTRICT_ROLES)
def remind(request: StaffRequest) -> HttpResponse:
    told = "Đã đôn đốc {} việc; nơi nhận thấy thông báo cho đến khi báo cáo."
    return _on_ticked(request, answering.remind, told, "Các việc này đã xong hoặc đã được đôn đốc, không thay đổi gì.")


def _on_ticked(request: StaffRequest, service: Any, told: str, nothing: str) -> HttpResponse:
    ids = [int(one) for one in request.POST.getlist("rows") if one.isascii() and one.isdigit() and len(one) < 10]
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = reverse("coordination:assignments")
    if not ids:
        messages.warning(request, "Chưa đánh dấu việc nào. Hãy đánh dấu ít nhất một việc.")
        return redirect(back)
    try:
        number = service(actor=request.user, assignment_ids=ids)
    except Assignment.DoesNotExist:
        raise Http404 from None
    except DirectiveRefused as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    if number:
        messages.success(request, told.format(number))
    else:
        messages.info(request, nothing)
    return redirect(back)


@require_POST
@roles_required(*DISTRICT_ROLES)
def give_back(request: StaffRequest, pk: int) -> HttpResponse:
    get_object_or_404(Assignment.objects.visible_to(request.user), pk=pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, pk, back=form)
    try:
        done = answering.give_back(actor=request.user, assignment_id=pk, reason=form.cleaned_data["reason"])
    except DirectiveRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("coordination:assignment", pk)
    if done:
        messages.success(request, "Đã trả lại báo cáo kèm lý do.")
    else:
        messages.info(request, "Không còn báo cáo nào chờ, không thay đổi gì.")
    return redirect("coordination:assignment", pk)


@require_safe
@roles_required(*READERS)
def step_file(request: StaffRequest, pk: int) -> FileResponse:
    """What was attached to a report."""
    mine = Assignment.objects.visible_to(request.user).values("pk")
    row = get_object_or_404(AssignmentStep.objects.filter(assignment__in=mine).select_related("file"), pk=pk)
    if row.file is None:
        raise Http404
    audit.record(actor=request.user, action="Mở tệp kèm báo cáo việc được giao", row=row)
    return _download(row.file)
