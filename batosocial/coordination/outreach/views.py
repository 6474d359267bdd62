"""Sessions: the list, one session, recording, mending, cancelling; and the report beside the rate."""

import io
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from batosocial.audit import services as audit
from batosocial.coordination.models import OutreachSession, OutreachTerm
from batosocial.coordination.models.outreach import OutreachSessionQuerySet
from batosocial.coordination.outreach import counting, exports, services
from batosocial.coordination.outreach.forms import CancelForm, ReportFilter, SessionEntryForm, SessionFilter
from batosocial.coordination.outreach.report import Report, range_of, read_report
from batosocial.lib import clock, months
from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from reporting import figures
from reporting.rates import NAMES


def _rows(request: StaffRequest) -> OutreachSessionQuerySet:
    rows = OutreachSession.objects.visible_to(request.user)
    return rows.select_related("commune", "form", "entered_by", "cancelled_by")


@roles_required(*BENEFIT_ROLES)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    form = SessionFilter(request.GET, user=request.user)
    page = paginate(request, form.apply(_rows(request)))
    rows: list[Any] = list(page.object_list)
    counted = counting.accounts_after([row.pk for row in rows])
    for row in rows:
        row.counted = counted.get(row.pk, 0)
    context = {"form": form, "page": page, "rows": rows, "may_record": request.user.role in services.RECORDERS}
    return render(request, "coordination/outreach/sessions.html", context)


@roles_required(*BENEFIT_ROLES)
@require_safe
def show(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: StaffRequest, pk: int, *, form: CancelForm | None = None) -> HttpResponse:
    row = get_object_or_404(_rows(request), pk=pk)
    terms = OutreachTerm.objects.filter(valid_from__lte=row.held_on).order_by("-valid_from")
    context = {
        "row": row,
        "counted": counting.accounts_after([pk]).get(pk, 0),
        "days": terms.values_list("days", flat=True).first() or 30,
        "may_edit": request.user.role in services.RECORDERS and row.cancelled_at is None,
        "cancel_form": form or CancelForm(),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "coordination/outreach/session.html", context, status=status)


@roles_required(*services.RECORDERS)
def add(request: StaffRequest) -> HttpResponse:
    return _edit(request, None)


@roles_required(*services.RECORDERS)
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_rows(request), pk=pk)
    if row.cancelled_at is not None:
        messages.info(request, "Buổi này đã hủy nên không sửa được nữa.")
        return redirect("coordination:outreach_session", pk=pk)
    return _edit(request, row)


def _edit(request: StaffRequest, row: OutreachSession | None) -> HttpResponse:
    commune = request.user.unit
    assert commune is not None  # noqa: S101 (commune roles have one)
    hamlets = services.hamlets_for(commune, row)
    start = {"held_by": request.user.full_name} if row is None else {}
    form = SessionEntryForm(request.POST or None, hamlets=hamlets, session=row, initial=start)
    if request.method == "POST":
        if done := once.earlier(request):
            return redirect(done)
        if form.is_valid() and (url := _save(request, row, form)):
            return redirect(url)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "coordination/outreach/entry.html", {"form": form, "row": row}, status=status)


def _save(request: StaffRequest, row: OutreachSession | None, form: SessionEntryForm) -> str:
    data = form.cleaned_data
    try:
        with transaction.atomic():
            if done := once.claim(request.user, data["token"]):
                return done
            if row is None:
                stored = services.record_session(actor=request.user, values=form.values)
            else:
                stored = services.edit_session(
                    actor=request.user,
                    session_id=row.pk,
                    version=data["version"] or 0,
                    values=form.values,
                    reason=data["reason"],
                )
            url = reverse("coordination:outreach_session", args=[stored.pk])
            once.finish(data["token"], url)
    except services.Refused as refusal:
        form.refuse(refusal.errors)
        return ""
    messages.success(request, f"Đã lưu buổi truyền thông ngày {stored.held_on:%d/%m/%Y}.")
    return url


@roles_required(*services.RECORDERS)
@require_POST
def cancel(request: StaffRequest, pk: int) -> HttpResponse:
    get_object_or_404(_rows(request), pk=pk)
    form = CancelForm(request.POST)
    if not form.is_valid():
        return _page(request, pk, form=form)
    try:
        new = services.cancel_session(actor=request.user, session_id=pk, reason=form.cleaned_data["reason"])
    except services.Refused as refusal:
        form.refuse(refusal.errors)
        return _page(request, pk, form=form)
    if new:
        messages.success(request, "Đã hủy; buổi này không còn được tính.")
    else:
        messages.info(request, "Buổi này đã hủy từ trước, không thay đổi gì.")
    return redirect("coordination:outreach_session", pk=pk)


# --- the report ----------------------------------------------------------------------------------------------------


@roles_required(*BENEFIT_ROLES)
@require_safe
def report(request: StaffRequest) -> HttpResponse:
    form, found = _report(request)
    context = {
        "form": form,
        "report": found,
        "r1_name": NAMES["R1"],
        "query": request.GET.urlencode(),
        "may_record": request.user.role in services.RECORDERS,
    }
    return render(request, "coordination/outreach/report.html", context)


@roles_required(*BENEFIT_ROLES)
@require_safe
def download(request: StaffRequest) -> FileResponse:
    _, found = _report(request)
    if found is None:
        raise Http404
    rows = _rows(request).held().filter(held_on__gte=found.range.start, held_on__lt=months.add(found.range.end, 1))
    sessions = list(rows.order_by("commune__position", "held_on", "pk"))
    counted = counting.accounts_after([row.pk for row in sessions])
    content = exports.workbook(found, sessions, counted, place=str(request.user.unit or ""))
    details = {"từ": months.iso(found.range.start), "đến": months.iso(found.range.end), "số buổi": len(sessions)}
    audit.record(actor=request.user, action="tải báo cáo truyền thông", details=details)
    name = f"truyen-thong-{clock.today():%Y%m%d}.xlsx"
    return FileResponse(io.BytesIO(content), as_attachment=True, filename=name, content_type=exports.XLSX)


def _report(request: StaffRequest) -> tuple[ReportFilter, Report | None]:
    """The report of the address; None where the filter itself is wrong."""
    known = figures.months_with_figures(request.user)
    form = ReportFilter(request.GET, known=[month for month, _ in known])
    if not form.is_valid():
        return form, None
    data = form.cleaned_data
    since = months.parse(data["so_voi"]) if data["so_voi"] else None
    chosen = range_of(known, start=data["tu"], end=data["den"], since=since)
    return form.showing(chosen.start, chosen.end), read_report(request.user, chosen)
