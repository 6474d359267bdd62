"""What was given to payers: the files of each hand-over, and the layout of account files."""

import io
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, Sum
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from batosocial.jobs.models import Job
from batosocial.staff.models import DISTRICT_ROLES, Payer, Role
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from payments.handover import layouts, services
from payments.handover.forms import LayoutForm
from payments.models import FileLayout, HandOver, Payment, PaymentList, StopOrder

VIEWERS = (*DISTRICT_ROLES, Role.PAYER)
SHOWN_TRANSFERS = 3


def _hand_overs(request: StaffRequest) -> Any:
    rows = HandOver.objects.visible_to(request.user)
    return rows.select_related("period", "payer", "made_by", "taken_by", "job", "file").defer("file__content")


def _describe(row: Any) -> None:
    row.is_building = services.is_building(row)
    row.failed = row.file_id is None and row.job is not None and row.job.state == Job.State.FAILED
    row.can_download = row.file_id is not None or row.count <= services.SMALL


@roles_required(*VIEWERS)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    page = paginate(request, _hand_overs(request), per_page=25)
    for row in page.object_list:
        _describe(row)
    own = [job for job in services.jobs_of(page.object_list) if job.owner_id == request.user.pk]
    return render(request, "payments/handover/index.html", {"page": page, "jobs": own})


@roles_required(*VIEWERS)
@require_safe
def show(request: StaffRequest, pk: int) -> HttpResponse:
    """One hand-over: what it holds by list, and its file."""
    row = get_object_or_404(_hand_overs(request), pk=pk)
    _describe(row)
    its_own = Q(payments__payer=row.payer_id, payments__planned_channel=row.channel)
    lists = (
        PaymentList.objects.visible_to(request.user)
        .filter(hand_overs=row)
        .annotate(people=Count("payments", filter=its_own), amount=Sum("payments__total", filter=its_own))
        .order_by("commune__position")
    )
    context = {
        "row": row,
        "lists": lists,
        # The file holds every payment of the lists; those that must not be paid stand in the orders.
        "stopped": StopOrder.objects.visible_to(request.user)
        .filter(
            payment__payment_list__hand_overs=row,
            payment__payer=row.payer_id,
            payment__planned_channel=row.channel,
            lifted_at__isnull=True,
        )
        .count(),
        "owns_job": row.job is not None and row.job.owner_id == request.user.pk,
        "is_account": row.channel == Payment.Channel.ACCOUNT,
        "can_rebuild": request.user.role in (Role.DISTRICT_OFFICER, Role.PAYER)
        and row.file_id is None
        and not row.is_building,
    }
    return render(request, "payments/handover/show.html", context)


@roles_required(*VIEWERS)
@require_safe
def download(request: StaffRequest, pk: int) -> FileResponse | HttpResponseRedirect:
    try:
        file = services.file_for(actor=request.user, hand_over_id=pk)
    except HandOver.DoesNotExist:
        raise Http404 from None
    if file is None:
        messages.info(request, "Tệp đang được lập, hãy chờ một lát rồi tải.")
        return redirect("payments:hand_over", pk=pk)
    return FileResponse(
        io.BytesIO(bytes(file.content)), as_attachment=True, filename=file.name, content_type=file.content_type
    )


@roles_required(Role.DISTRICT_OFFICER, Role.PAYER)
@require_POST
def rebuild(request: StaffRequest, pk: int) -> HttpResponseRedirect:
    try:
        queued = services.rebuild(actor=request.user, hand_over_id=pk)
    except HandOver.DoesNotExist:
        raise Http404 from None
    messages.info(request, "Đang lập tệp." if queued else "Tệp đã lập hoặc đang lập, không thay đổi gì.")
    return redirect("payments:hand_over", pk=pk)


# --- layouts -------------------------------------------------------------------------------------------------------


@roles_required(Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER)
@require_safe
def layout_index(request: StaffRequest) -> HttpResponse:
    stored = {row.payer_id: row for row in FileLayout.objects.select_related("changed_by")}
    payers: list[Any] = list(Payer.objects.all())
    for payer in payers:
        payer.layout = stored.get(payer.pk)
    return render(request, "payments/handover/layouts.html", {"payers": payers})


@roles_required(Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER)
def layout(request: StaffRequest, pk: int) -> HttpResponse:
    """The columns of a payer's account file; the officer edits them, looks at them with real rows, goes back."""
    payer = get_object_or_404(Payer, pk=pk)
    may_edit = request.user.role in layouts.EDITORS
    current = layouts.layout_of(payer)
    if request.method == "POST":
        if not may_edit:
            raise PermissionDenied
        if request.POST.get("do") == "reset":
            done = layouts.reset_layout(actor=request.user, payer=payer)
            messages.success(request, "Đã về mẫu mặc định." if done else "Mẫu đang là mặc định, không thay đổi gì.")
            return redirect("payments:layout", pk=payer.pk)
        form = LayoutForm(request.POST, layout=current)
        if form.is_valid() and request.POST.get("do") != "preview":
            changed = layouts.set_layout(actor=request.user, payer=payer, layout=form.shown_layout())
            messages.success(request, f"Đã lưu mẫu tệp của {payer.name}." if changed else "Mẫu không thay đổi gì.")
            return redirect("payments:layout", pk=payer.pk)
    else:
        form = LayoutForm(layout=current)
    shown = form.shown_layout()
    some = Payment.objects.visible_to(request.user).filter(payer=payer, planned_channel=Payment.Channel.ACCOUNT)
    sample = [] if form.errors else layouts.transfers(some.order_by("-pk")[:SHOWN_TRANSFERS])
    context = {
        "payer": payer,
        "form": form,
        "may_edit": may_edit,
        "is_default": current == layouts.DEFAULT,
        "columns": [(column.heading, column.field == "amount") for column in shown.columns],
        "preview": [
            [(value, column.field == "amount") for value, column in zip(cells, shown.columns, strict=True)]
            for cells in layouts.preview(shown, sample)
        ],
        "is_preview": request.method == "POST" and not form.errors,
    }
    return render(request, "payments/handover/layout.html", context, status=422 if form.errors else 200)
