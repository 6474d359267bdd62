"""Pages of the worklist as a workbook, and of the files of answers that come back."""

import io
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from batosocial.coordination.models import AnswerFile, AnswerFileRow, IdentityRound
from batosocial.coordination.models.rounds import READERS
from batosocial.coordination.rounds.files import services
from batosocial.coordination.rounds.files.forms import AcceptForm, BringForm, FileFilter, RowFilter
from batosocial.coordination.rounds.files.services import BRINGERS, XLSX
from batosocial.coordination.rounds.files.showing import show_rows
from batosocial.coordination.rounds.files.workbook import NothingToWrite, make_workbook
from batosocial.jobs.models import Job
from batosocial.lib.workbooks import WorkbookError
from batosocial.territory.models import Unit
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate

State, Outcome = AnswerFile.State, AnswerFileRow.Outcome


@roles_required(*READERS)
@require_POST
def workbook(request: StaffRequest, pk: int) -> HttpResponse | FileResponse:
    """The worklist to fill in; ``xa`` narrows it to a commune, ``tat_ca`` adds those who have an answer."""
    round_ = get_object_or_404(IdentityRound.objects.visible_to(request.user), pk=pk)
    commune = None
    if code := request.POST.get("xa"):
        commune = get_object_or_404(Unit.objects.current().communes(), code=code)
    try:
        made = make_workbook(
            actor=request.user, round_=round_, commune=commune, everybody=bool(request.POST.get("tat_ca"))
        )
    except NothingToWrite as problem:
        messages.info(request, str(problem))
        return redirect("coordination:round_report", pk)
    return _xlsx(made.content, made.name)


@roles_required(*BRINGERS)
@require_safe
def answer_files(request: StaffRequest) -> HttpResponse:
    form = FileFilter(request.GET, user=request.user)
    page = paginate(request, form.apply(AnswerFile.objects.visible_to(request.user)).for_list(), per_page=25)
    context = {"form": form, "page": page, "filtered": bool(request.GET)}
    return render(request, "coordination/answer_files/list.html", context)


@roles_required(*BRINGERS)
def bring(request: StaffRequest) -> HttpResponse:
    form = BringForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        initial={"dot": request.GET.get("dot")} if request.GET.get("dot", "").isdecimal() else None,
    )
    if request.method == "POST":
        if form.is_valid():
            return _bring(request, form)
        if arrived := once.earlier(request):
            return redirect(arrived)
    return render(
        request,
        "coordination/answer_files/bring.html",
        {"form": form, "has_rounds": form.fields["dot"].queryset.exists()},  # type: ignore[attr-defined]
        status=422 if form.errors else 200,
    )


def _bring(request: StaffRequest, form: BringForm) -> HttpResponse:
    cleaned = form.cleaned_data
    try:
        with transaction.atomic():
            if done := once.claim(request.user, cleaned["token"]):
                return redirect(done)
            file = services.bring_file(
                actor=request.user,
                round_id=cleaned["dot"].pk,
                filename=cleaned["file"].name,
                content=cleaned["content"],
                tcvn3=cleaned["tcvn3"],
            )
            response = redirect("coordination:answer_file", file.pk)
            once.finish(cleaned["token"], response.url)
    except services.CannotDo as problem:
        messages.error(request, str(problem))
        return redirect("coordination:answer_files")
    return response


@roles_required(*BRINGERS)
@require_safe
def answer_file(request: StaffRequest, pk: int) -> HttpResponse:
    file = _file(request, pk)
    form = RowFilter(request.GET)
    page = paginate(request, form.apply(file.rows.order_by("pk")))
    running = services.is_running(file)
    worth_writing = file.new_count + file.changed_count > 0
    broken_off = file.state in (State.CHECKING, State.ACCEPTING) and not running
    return render(
        request,
        "coordination/answer_files/detail.html",
        {
            "answer_file": file,
            "form": form,
            "page": page,
            "rows": show_rows(page.object_list),
            "cards": _cards(file),
            "warning_filter": RowFilter.WARNING,
            "accept_form": AcceptForm(file=file),
            "job": file.job,
            "my_job": running and file.job is not None and file.job.owner_id == request.user.pk,
            "open_job": running,
            "job_failed": file.job is not None and file.job.state == Job.State.FAILED,
            "can_accept": worth_writing
            and (file.state == State.PREVIEWED or (file.state == State.ACCEPTING and broken_off)),
            "can_check": broken_off or file.state in (State.PREVIEWED, State.UNREADABLE),
            "can_withdraw": broken_off or file.state in (State.PREVIEWED, State.UNREADABLE),
            "nothing_to_write": file.state == State.PREVIEWED and not worth_writing and file.row_count > 0,
        },
    )


@roles_required(*BRINGERS)
@require_POST
def marked(request: StaffRequest, pk: int) -> HttpResponse | FileResponse:
    file = _file(request, pk)
    try:
        content = services.marked_workbook(actor=request.user, file=file)
    except WorkbookError as error:
        messages.error(request, str(error))
        return redirect("coordination:answer_file", pk)
    return _xlsx(content, f"{file.file.name.rsplit('.', 1)[0]}_danh_dau.xlsx")


@roles_required(*BRINGERS)
@require_POST
def original(request: StaffRequest, pk: int) -> FileResponse:
    file = _file(request, pk)
    return _xlsx(services.original_workbook(actor=request.user, file=file), file.file.name)


@roles_required(*BRINGERS)
@require_POST
def accept(request: StaffRequest, pk: int) -> HttpResponse:
    good = request.POST.get("good_rows_only") == "on"
    return _do(request, pk, services.request_acceptance, "Đang ghi các trả lời.", good_rows_only=good)


@roles_required(*BRINGERS)
@require_POST
def check_again(request: StaffRequest, pk: int) -> HttpResponse:
    return _do(request, pk, services.check_again, "Đang kiểm tra lại tệp.")


@roles_required(*BRINGERS)
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    return _do(request, pk, services.withdraw_file, "Đã bỏ tệp; không ghi trả lời nào.")


# --- shared --------------------------------------------------------------------------------------------------------


def _file(request: StaffRequest, pk: int) -> AnswerFile:
    return get_object_or_404(AnswerFile.objects.visible_to(request.user).for_list(), pk=pk)


def _do(
    request: StaffRequest, pk: int, service: Callable[..., AnswerFile], done: str, **values: Any
) -> HttpResponseRedirect:
    """Call one service on the file and go back to its page, saying what happened."""
    try:
        service(actor=request.user, file_id=pk, **values)
    except AnswerFile.DoesNotExist:
        raise Http404 from None
    except services.CannotDo as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, done)
    return redirect("coordination:answer_file", pk)


def _cards(file: AnswerFile) -> list[tuple[str, int, str]]:
    """Label, count and filter of each figure."""
    return [
        ("Trả lời mới", file.new_count, Outcome.NEW),
        ("Trả lời lại", file.changed_count, Outcome.CHANGED),
        ("Không đổi", file.unchanged_count, Outcome.UNCHANGED),
        ("Chưa trả lời", file.waiting_count, Outcome.WAITING),
        ("Lỗi", file.error_count, Outcome.ERROR),
    ]


def _xlsx(content: bytes, name: str) -> FileResponse:
    return FileResponse(io.BytesIO(content), as_attachment=True, filename=name, content_type=XLSX)
