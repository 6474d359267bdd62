"""Making a directive: its head and several tasks in one form; giving it out, ending it, and changing a task after."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from batosocial.coordination.directives import services
from batosocial.coordination.directives.forms import MOST_TASKS, HeadForm, TaskChangeForm, TaskForm, initial_of
from batosocial.coordination.directives.services import MAKERS, DirectiveRefused
from batosocial.coordination.models import Directive, DirectiveTask
from batosocial.lib import clock, months
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required

#: Empty tasks of a new form; "Thêm việc" adds as many again.
_NEW_TASKS = 3


@roles_required(*MAKERS)
def add(request: StaffRequest) -> HttpResponse:
    return _write(request, None)


@roles_required(*MAKERS)
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Directive.objects.visible_to(request.user).select_related("upper"), pk=pk)
    if row.state != Directive.State.DRAFT:
        messages.info(request, "Văn bản đã giao việc, chỉ đổi được hạn hoặc hủy từng việc kèm lý do.")
        return redirect("coordination:directive", pk)
    return _write(request, row)


def _write(request: StaffRequest, row: Directive | None) -> HttpResponse:
    district = request.user.unit
    assert district is not None  # noqa: S101 (the database sees to it for these roles)
    places = services.choices_of(district)
    if request.method != "POST":
        head = HeadForm(initial=_initial(request, row))
        known = [] if row is None else _task_initials(row, places)
        blocks = [{**one} for one in known] + [{}] * (_NEW_TASKS if row is None else 0)
        tasks = [
            TaskForm(initial=one, prefix=f"task-{number}", district=district, places=places)
            for number, one in enumerate(blocks)
        ]
        return _form(request, row, head, tasks)
    if done := once.earlier(request):
        return redirect(done)
    head = HeadForm(request.POST, request.FILES)
    number = _number(request)
    tasks = [TaskForm(request.POST, prefix=f"task-{one}", district=district, places=places) for one in range(number)]
    if "more" in request.POST:
        tasks = [_unchecked(request, one, district, places) for one in range(number)]
        tasks += [
            TaskForm(prefix=f"task-{number + one}", district=district, places=places)
            for one in range(min(_NEW_TASKS, MOST_TASKS - number))
        ]
        kept = HeadForm(initial={name: request.POST.get(name, "") for name in HeadForm.base_fields if name != "file"})
        return _form(request, row, kept, tasks)
    written = [task for task in tasks if not task.is_blank]
    # Every part is judged, so that all that is wrong is told at once.
    faulty = [part for part in (head, *written) if not part.is_valid()]
    if not faulty and (url := _store(request, row, head, written)):
        return redirect(url)
    return _form(request, row, head, tasks, status=422)


def _unchecked(request: StaffRequest, number: int, district: Any, places: Any) -> TaskForm:
    """What was typed, shown again without being judged."""
    prefix = f"task-{number}"
    given: dict[str, Any] = {}
    for name in TaskForm.base_fields:
        values = request.POST.getlist(f"{prefix}-{name}")
        given[name] = values if name in ("to", "communes") else (values[0] if values else "")
    return TaskForm(initial=given, prefix=prefix, district=district, places=places)


def _number(request: StaffRequest) -> int:
    sent = request.POST.get("task-count", "")
    return min(int(sent), MOST_TASKS) if sent.isascii() and sent.isdigit() and len(sent) < 4 else _NEW_TASKS


def _store(request: StaffRequest, row: Directive | None, head: HeadForm, tasks: list[TaskForm]) -> str:
    given: dict[str, Any] = {
        "actor": request.user,
        "head": head.head,
        "tasks": [task.task for task in tasks],
        "file": head.cleaned_data["file"],
    }
    token = head.cleaned_data["token"]
    try:
        with transaction.atomic():
            if done := once.claim(request.user, token):
                return done
            if row is None:
                stored = services.create_directive(**given)
            else:
                stored = services.change_directive(directive_id=row.pk, **given)
            url = reverse("coordination:directive", args=[stored.pk])
            once.finish(token, url)
    except DirectiveRefused as refusal:
        head.add_error(None, str(refusal))
        return ""
    messages.success(request, "Đã lưu dự thảo. Xem lại rồi bấm Giao việc.")
    return url


def _form(request: StaffRequest, row: Directive | None, head: HeadForm, tasks: Any, status: int = 200) -> HttpResponse:
    context = {"row": row, "form": head, "tasks": tasks, "more": len(tasks) < MOST_TASKS}
    return render(request, "coordination/directives/form.html", context, status=status)


def _initial(request: StaffRequest, row: Directive | None) -> dict[str, Any]:
    if row is None:
        return {"month": months.first(clock.today()), "issuer": f"UBND {_in_text(request)}"}
    return {name: getattr(row, name) for name in services.Head.__dataclass_fields__}


def _in_text(request: StaffRequest) -> str:
    unit = request.user.unit
    return f"{unit.kind.lower()} {unit.name}" if unit else ""


def _task_initials(row: Directive, places: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
    communes = sum(kind == "commune" for kind, _, _ in places)
    return [initial_of(task, communes) for task in row.tasks.prefetch_related("addressees")]


# --- steps of a directive ----------------------------------------------------------------------------------------


def _step(request: StaffRequest, pk: int, service: Any) -> Any:
    """What the service gave; None where it refused, which the page then says."""
    try:
        return service(actor=request.user, directive_id=pk)
    except Directive.DoesNotExist:
        raise Http404 from None
    except DirectiveRefused as refusal:
        messages.error(request, str(refusal))
        return None


@require_POST
@roles_required(*MAKERS)
def issue(request: StaffRequest, pk: int) -> HttpResponse:
    made = _step(request, pk, services.issue_directive)
    if made:
        messages.success(request, f"Đã giao {made} đầu việc. Nơi nhận thấy việc trên trang chủ của mình.")
    elif made is not None:
        messages.info(request, "Văn bản đã giao việc trước đó, không thay đổi gì.")
    return redirect("coordination:directive", pk)


@require_POST
@roles_required(*MAKERS)
def close(request: StaffRequest, pk: int) -> HttpResponse:
    done = _step(request, pk, services.close_directive)
    if done:
        messages.success(request, "Đã kết thúc văn bản. Báo cáo của các nơi vẫn được lưu.")
    elif done is not None:
        messages.info(request, "Văn bản đã kết thúc trước đó, không thay đổi gì.")
    return redirect("coordination:directive", pk)


@require_POST
@roles_required(*MAKERS)
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    try:
        services.discard_draft(actor=request.user, directive_id=pk)
    except Directive.DoesNotExist:
        raise Http404 from None
    except DirectiveRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("coordination:directive", pk)
    messages.success(request, "Đã xóa dự thảo.")
    return redirect("coordination:directives")


@roles_required(*MAKERS)
def task_deadline(request: StaffRequest, pk: int) -> HttpResponse:
    return _change_task(request, pk, cancels=False)


@roles_required(*MAKERS)
def task_cancel(request: StaffRequest, pk: int) -> HttpResponse:
    return _change_task(request, pk, cancels=True)


def _change_task(request: StaffRequest, pk: int, *, cancels: bool) -> HttpResponse:
    mine = Directive.objects.visible_to(request.user)
    task = get_object_or_404(DirectiveTask.objects.select_related("directive"), pk=pk, directive__in=mine)
    initial = {"deadline": task.deadline, "due_day": task.due_day}
    form = TaskChangeForm(request.POST or None, task=task, cancels=cancels, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            if cancels:
                done: int = services.cancel_task(actor=request.user, task_id=pk, reason=data["reason"])
            else:
                done = services.change_deadline(
                    actor=request.user,
                    task_id=pk,
                    reason=data["reason"],
                    deadline=data.get("deadline"),
                    due_day=data.get("due_day"),
                )
        except DirectiveRefused as refusal:
            messages.error(request, str(refusal))
        else:
            told = "Đã hủy việc này." if cancels else f"Đã đổi hạn của {done} nơi nhận chưa xong."
            (messages.success if done else messages.info)(request, told if done else "Không thay đổi gì.")
        return redirect("coordination:directive", task.directive_id)
    context = {"form": form, "task": task, "cancels": cancels}
    return render(request, "coordination/directives/task.html", context, status=422 if form.errors else 200)
