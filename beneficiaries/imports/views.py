"""Pages of the lists that communes bring."""

import io
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from batosocial.staff.models import Role, User
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.confidential import may_see
from beneficiaries.imports import downloads, services
from beneficiaries.imports.accounts.forms import AccountUploadForm
from beneficiaries.imports.accounts.template import ACCOUNT_TEMPLATE, account_template
from beneficiaries.imports.check import open_batch
from beneficiaries.imports.choices import Reading
from beneficiaries.imports.forms import AcceptForm, BatchFilter, RefuseForm, RowFilter, SendForm, UploadForm
from beneficiaries.imports.kinds import importer_of
from beneficiaries.imports.messages import ListRefused
from beneficiaries.imports.people.template import people_template, template_name
from beneficiaries.imports.reading_form import ReadingForm
from beneficiaries.imports.services import READERS, UPLOADERS
from beneficiaries.models import ImportBatch, Policy
from beneficiaries.payout.confirming import CONFIRMING_ROLES

State = ImportBatch.State
_UPLOAD_FORMS: dict[str, type[UploadForm]] = {form.kind: form for form in (UploadForm, AccountUploadForm)}


@roles_required(*READERS)
@require_safe
def imports(request: StaffRequest) -> HttpResponse:
    form = BatchFilter(request.GET, user=request.user)
    batches = form.apply(ImportBatch.objects.visible_to(request.user).of_offices()).for_list()
    page = paginate(request, batches, per_page=25)
    return render(
        request,
        "beneficiaries/imports/list.html",
        {"form": form, "page": page, "may_upload": request.user.role in UPLOADERS, "filtered": bool(request.GET)},
    )


@roles_required(*UPLOADERS)
def upload(request: StaffRequest) -> HttpResponse:
    """``loai=accounts`` brings accounts alone."""
    kind = request.GET.get("loai", "")
    form = _UPLOAD_FORMS.get(kind, UploadForm)(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        batch = services.upload_list(
            actor=request.user,
            kind=form.kind,
            commune=cleaned["commune"],
            policy=cleaned.get("policy", ""),
            source=cleaned.get("source", ""),
            month=cleaned.get("month"),
            filename=cleaned["file"].name,
            content=cleaned["content"],
            reading=cleaned.get("reading"),
            ask=cleaned["ask"],
        )
        return redirect("beneficiaries:import_reading" if cleaned["ask"] else "beneficiaries:import_detail", batch.pk)
    context = {"form": form, "kinds": [(form.kind, form.title) for form in _UPLOAD_FORMS.values()]}
    return render(request, "beneficiaries/imports/upload.html", context, status=422 if form.errors else 200)


@roles_required(*UPLOADERS)
@require_safe
def template(request: StaffRequest) -> FileResponse:
    """A workbook to fill in, with drop-down lists, invented examples and a sheet that explains the columns."""
    if request.GET.get("loai") == ImportBatch.Kind.ACCOUNTS:
        return _xlsx(account_template(), ACCOUNT_TEMPLATE)
    policy = Policy.MERIT if request.GET.get("chinh_sach") == Policy.MERIT else Policy.SOCIAL
    return _xlsx(people_template(policy), template_name(policy))


@roles_required(*UPLOADERS)
def reading(request: StaffRequest, pk: int) -> HttpResponse:
    """How the file is read: asked where it does not explain itself, and open to a second thought until it is sent."""
    batch = _batch(request, pk)
    if not services.may_choose_reading(batch, request.user):
        if request.user.role == Role.DISTRICT_OFFICER and batch.uploaded_by.role != Role.DISTRICT_OFFICER:
            raise PermissionDenied
        messages.error(request, f"Danh sách {batch.state_label.lower()}, không đổi cách đọc được.")
        return redirect("beneficiaries:import_detail", pk)
    try:
        opened = open_batch(bytes(batch.file.content), batch.file.name, batch)
    except ListRefused as refused:
        messages.error(request, str(refused))
        return redirect("beneficiaries:import_detail", pk)
    posted = request.method == "POST"
    form = ReadingForm(request.POST if posted else None, opened=opened, current=Reading.of(batch.reading))
    looks = posted and ("look" in request.POST or form.looked)
    if posted and not looks and form.is_valid():
        return _do(
            request,
            pk,
            services.choose_reading,
            "Đang đọc và kiểm tra danh sách.",
            reading=form.cleaned_data["reading"],
            found=opened.found,
        )
    return render(
        request,
        "beneficiaries/imports/reading.html",
        {
            "batch": batch,
            "form": form,
            "sheets": form.shown(),
            "legacy": opened.found.legacy,
            "subject": importer_of(batch).subject(batch),
            "moved": form.looked,
            "show_errors": posted and not looks,
            "back_url": services.page_of(batch),
        },
        status=422 if posted and not looks else 200,
    )


@roles_required(*READERS)
@require_safe
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    return _detail(request, _batch(request, pk))


@roles_required(*READERS)
@require_safe
def marked(request: StaffRequest, pk: int) -> HttpResponse | FileResponse:
    """The workbook as it was brought, its cells marked. Who may not see private groups gets their own files only."""
    batch = _batch(request, pk)
    hidden = batch.uploaded_by_id != request.user.pk and not may_see(request.user)
    if batch.state == State.UNREADABLE or (hidden and batch.rows.confidential().exists()):
        messages.error(request, "Tệp này có nhóm cần giữ kín hoặc không đọc được nên không tải được ở đây.")
        return redirect("beneficiaries:import_detail", batch.pk)
    content = downloads.marked_workbook(actor=request.user, batch=batch)
    return _xlsx(content, downloads.marked_name(batch))


@roles_required(*UPLOADERS)
@require_POST
def check_again(request: StaffRequest, pk: int) -> HttpResponse:
    return _do(request, pk, services.check_again, "Đang kiểm tra lại danh sách.")


@roles_required(Role.COMMUNE_OFFICER)
@require_POST
def send(request: StaffRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    form = SendForm(request.POST, batch=batch)
    form.is_valid()
    good = bool(form.cleaned_data.get("good_rows_only"))
    if form.proposes:
        return _do(request, pk, services.request_proposals, "Đang ghi các đề nghị.", good_rows_only=good)
    return _do(request, pk, services.send_batch, "Đã gửi danh sách cho Phòng LĐ-TB&XH.", good_rows_only=good)


@roles_required(*UPLOADERS)
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    return _do(request, pk, services.withdraw_batch, "Đã bỏ danh sách; sổ đối tượng không thay đổi.")


@roles_required(Role.DISTRICT_OFFICER)
@require_POST
def accept(request: StaffRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    form = AcceptForm(request.POST, batch=batch)
    if not form.is_valid():
        return _detail(request, batch, accept_form=form)
    return _do(
        request,
        pk,
        services.request_acceptance,
        "Đang ghi danh sách vào sổ.",
        start_month=form.cleaned_data["start_month"],
        good_rows_only=bool(form.cleaned_data.get("good_rows_only")),
    )


@roles_required(*UPLOADERS)
@require_POST
def enter(request: StaffRequest, pk: int) -> HttpResponse:
    """Write a list that nobody sends."""
    form = SendForm(request.POST, batch=_batch(request, pk))
    form.is_valid()
    good = bool(form.cleaned_data.get("good_rows_only"))
    return _do(request, pk, services.request_entry, "Đang nhập danh sách vào sổ.", good_rows_only=good)


@roles_required(Role.DISTRICT_OFFICER)
@require_POST
def refuse(request: StaffRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    form = RefuseForm(request.POST)
    if not form.is_valid():
        return _detail(request, batch, refuse_form=form)
    return _do(request, pk, services.refuse_batch, "Đã trả lại danh sách cho xã.", reason=form.cleaned_data["reason"])


# --- shared --------------------------------------------------------------------------------------------------------


def _batch(request: StaffRequest, pk: int) -> ImportBatch:
    batches = ImportBatch.objects.visible_to(request.user).of_offices().for_list()
    return get_object_or_404(batches, pk=pk)


def _do(request: StaffRequest, pk: int, service: Any, done: str, **values: Any) -> HttpResponseRedirect:
    """Call one service on the batch and go back to its page, saying what happened."""
    batch = _batch(request, pk)
    try:
        service(actor=request.user, batch=batch, **values)
    except services.CannotDo as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, done)
    return redirect("beneficiaries:import_detail", pk)


def _detail(
    request: StaffRequest,
    batch: ImportBatch,
    *,
    accept_form: AcceptForm | None = None,
    refuse_form: RefuseForm | None = None,
) -> HttpResponse:
    user = request.user
    form = RowFilter(request.GET)
    rows = form.apply(batch.rows.all()).order_by("pk")
    page = paginate(request, rows, per_page=50)
    importer = importer_of(batch)
    job = batch.job
    open_job = job is not None and job.is_open
    return render(
        request,
        "beneficiaries/imports/detail.html",
        {
            "batch": batch,
            "form": form,
            "page": page,
            "rows": importer.show(page.object_list, user),
            "rows_template": importer.rows_template,
            "subject": importer.subject(batch),
            "first_month": importer.first_month(batch),
            "may_confirm": user.role in CONFIRMING_ROLES,
            "cards": _cards(batch),
            "warning_filter": RowFilter.WARNING,
            "job": job,
            # A job's progress is its owner's to see.
            "open_job": open_job,
            "my_job": open_job and job is not None and job.owner_id == user.pk,
            **_actions(batch, user, open_job=open_job),
            "accept_form": accept_form or AcceptForm(batch=batch),
            "refuse_form": refuse_form or RefuseForm(),
            "send_form": SendForm(batch=batch),
        },
        status=422 if accept_form or refuse_form else 200,
    )


def _cards(batch: ImportBatch) -> list[tuple[str, int, str]]:
    """Label, count and filter of each figure."""
    return [
        ("Mới", batch.new_count, "new"),
        ("Thay đổi", batch.changed_count, "changed"),
        ("Không đổi", batch.unchanged_count, "unchanged"),
        ("Lỗi", batch.error_count, "error"),
    ]


def _actions(batch: ImportBatch, user: User, *, open_job: bool) -> dict[str, bool]:
    """Which forms the page shows; the services check the same again."""
    commune_officer = user.role == Role.COMMUNE_OFFICER
    own_of_district = user.role == Role.DISTRICT_OFFICER and batch.uploaded_by.role == Role.DISTRICT_OFFICER
    broken_off = batch.state == State.CHECKING and not open_job
    droppable = (
        batch.state in (State.READING, State.PREVIEWED, State.SENT, State.UNREADABLE, State.REFUSED) or broken_off
    )
    worth_writing = batch.new_count + batch.changed_count > 0
    sent_first = importer_of(batch).sent_first
    accepts = services.can_be_accepted(batch, user) and worth_writing
    return {
        "can_send": sent_first and commune_officer and batch.state == State.PREVIEWED and worth_writing,
        "can_read": services.may_choose_reading(batch, user),
        # A writing of proposals that broke off is asked for again.
        "can_propose": batch.state == State.ACCEPTING and services.can_be_proposed(batch, user),
        "can_withdraw": droppable and (commune_officer or own_of_district),
        "can_check": (commune_officer or own_of_district) and (broken_off or batch.state == State.PREVIEWED),
        "can_accept": sent_first and accepts,
        "can_enter": not sent_first and accepts,
        "can_refuse": user.role == Role.DISTRICT_OFFICER and batch.state == State.SENT,
        "nothing_to_write": batch.state in (State.PREVIEWED, State.SENT) and not worth_writing and batch.row_count > 0,
    }


def _xlsx(content: bytes, name: str) -> FileResponse:
    return FileResponse(io.BytesIO(content), as_attachment=True, filename=name, content_type=services.XLSX)
