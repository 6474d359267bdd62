"""Account-opening files: brought, read, previewed and entered, by the payer or the Phòng."""

import io
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from batosocial.coordination.campaigns import files
from batosocial.coordination.campaigns.forms import CampaignFileForm
from batosocial.coordination.campaigns.refusal import CampaignRefused
from batosocial.coordination.models import Campaign, CampaignFile
from batosocial.staff.models import BENEFIT_ROLES, Role
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.imports import downloads, services
from beneficiaries.imports.accounts.showing import show_accounts
from beneficiaries.imports.check import open_batch
from beneficiaries.imports.choices import Reading
from beneficiaries.imports.forms import RowFilter, SendForm
from beneficiaries.imports.kinds import importer_of
from beneficiaries.imports.messages import ListRefused
from beneficiaries.imports.reading_form import ReadingForm
from beneficiaries.models import ImportBatch
from beneficiaries.payout.confirming import CONFIRMING_ROLES

State = ImportBatch.State
READERS = (Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER, Role.PAYER)


@roles_required(*files.BRINGERS)
def add(request: StaffRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign.objects.visible_to(request.user).select_related("payer", "upper"), pk=pk)
    form = CampaignFileForm(request.POST or None, request.FILES or None, user=request.user, campaign=campaign)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = files.bring_file(
                actor=request.user,
                campaign_id=pk,
                filename=data["file"].name,
                content=data["content"],
                reading=data.get("reading"),
                ask=data["ask"],
            )
        except CampaignRefused as refusal:
            messages.error(request, str(refusal))
            return redirect("coordination:campaign", pk)
        return redirect("coordination:campaign_file_reading" if data["ask"] else "coordination:campaign_file", made.pk)
    context = {"form": form, "campaign": campaign}
    return render(request, "coordination/campaigns/file_add.html", context, status=422 if form.errors else 200)


@roles_required(*READERS)
@require_safe
def show(request: StaffRequest, pk: int) -> HttpResponse:
    file = _file(request, pk)
    batch, user = file.batch, request.user
    form = RowFilter(request.GET)
    page = paginate(request, form.apply(batch.rows.all()).order_by("pk"))
    job = batch.job
    open_job = job is not None and job.is_open
    mine = user.role == batch.uploaded_by.role
    broken_off = batch.state == State.CHECKING and not open_job
    worth_writing = batch.new_count + batch.changed_count > 0
    context = {
        "campaign": file.campaign,
        "file": file,
        "batch": batch,
        "form": form,
        "page": page,
        "rows": show_accounts(page.object_list),
        "first_month": importer_of(batch).first_month(batch),
        "cards": [
            ("Mới", batch.new_count, "new"),
            ("Thay đổi", batch.changed_count, "changed"),
            ("Không đổi", batch.unchanged_count, "unchanged"),
            ("Lỗi", batch.error_count, "error"),
        ],
        "warning_filter": RowFilter.WARNING,
        "job": job,
        "open_job": open_job,
        "my_job": open_job and job is not None and job.owner_id == user.pk,
        "can_enter": services.can_be_accepted(batch, user) and worth_writing,
        "can_read": user.role in files.BRINGERS and services.may_choose_reading(batch, user),
        "can_check": mine and (broken_off or batch.state == State.PREVIEWED),
        "can_withdraw": mine and (batch.state in (State.READING, State.PREVIEWED, State.UNREADABLE) or broken_off),
        "nothing_to_write": batch.state == State.PREVIEWED and not worth_writing and batch.row_count > 0,
        "may_confirm": user.role in CONFIRMING_ROLES,
        "sees_person": user.role in BENEFIT_ROLES,
        "send_form": SendForm(batch=batch),
    }
    return render(request, "coordination/campaigns/file.html", context)


@roles_required(*files.BRINGERS)
def reading(request: StaffRequest, pk: int) -> HttpResponse:
    """How the file is read, where it does not explain itself."""
    batch = _file(request, pk).batch
    if not services.may_choose_reading(batch, request.user):
        messages.error(request, f"Tệp {batch.state_label.lower()}, không đổi cách đọc được.")
        return redirect("coordination:campaign_file", pk)
    try:
        opened = open_batch(bytes(batch.file.content), batch.file.name, batch)
    except ListRefused as refused:
        messages.error(request, str(refused))
        return redirect("coordination:campaign_file", pk)
    posted = request.method == "POST"
    form = ReadingForm(request.POST if posted else None, opened=opened, current=Reading.of(batch.reading))
    looks = posted and ("look" in request.POST or form.looked)
    if posted and not looks and form.is_valid():
        chosen = {"reading": form.cleaned_data["reading"], "found": opened.found}
        return _do(request, pk, services.choose_reading, "Đang đọc và kiểm tra tệp.", **chosen)
    context = {
        "batch": batch,
        "form": form,
        "sheets": form.shown(),
        "legacy": opened.found.legacy,
        "subject": importer_of(batch).subject(batch),
        "moved": form.looked,
        "show_errors": posted and not looks,
        "back_url": services.page_of(batch),
    }
    return render(request, "beneficiaries/imports/reading.html", context, status=422 if posted and not looks else 200)


@roles_required(*READERS)
@require_safe
def marked(request: StaffRequest, pk: int) -> HttpResponse | FileResponse:
    batch = _file(request, pk).batch
    if batch.state == State.UNREADABLE:
        messages.error(request, "Tệp này không đọc được nên không có gì để đánh dấu.")
        return redirect("coordination:campaign_file", pk)
    content = downloads.marked_workbook(actor=request.user, batch=batch)
    name = downloads.marked_name(batch)
    return FileResponse(io.BytesIO(content), as_attachment=True, filename=name, content_type=services.XLSX)


@roles_required(*files.BRINGERS)
@require_POST
def check_again(request: StaffRequest, pk: int) -> HttpResponse:
    return _do(request, pk, services.check_again, "Đang kiểm tra lại tệp.")


@roles_required(*files.BRINGERS)
@require_POST
def enter(request: StaffRequest, pk: int) -> HttpResponse:
    form = SendForm(request.POST, batch=_file(request, pk).batch)
    form.is_valid()
    good = bool(form.cleaned_data.get("good_rows_only"))
    said = "Đang nhập tài khoản vào sổ; người khác xác nhận rồi mới dùng."
    return _do(request, pk, services.request_entry, said, good_rows_only=good)


@roles_required(*files.BRINGERS)
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    return _do(request, pk, services.withdraw_batch, "Đã bỏ tệp; sổ đối tượng không thay đổi.")


def _file(request: StaffRequest, pk: int) -> CampaignFile:
    """With what the page shows, without the workbook's bytes until they are asked for."""
    rows = CampaignFile.objects.visible_to(request.user).select_related(
        "campaign__payer", "batch__payer", "batch__file", "batch__uploaded_by", "batch__accepted_by", "batch__job"
    )
    return get_object_or_404(rows.defer("batch__file__content"), pk=pk)


def _do(request: StaffRequest, pk: int, service: Any, done: str, **values: Any) -> HttpResponse:
    file = _file(request, pk)
    try:
        service(actor=request.user, batch=file.batch, **values)
    except services.CannotDo as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, done)
    return redirect("coordination:campaign_file", pk)
