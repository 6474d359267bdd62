"""Units and their mergers: the list, a file brought and previewed, confirmed, cancelled, carried out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST, require_safe

from batosocial.jobs.models import StoredFile
from batosocial.lib import clock
from batosocial.mergers import reading, services, showing
from batosocial.mergers.checking import check
from batosocial.mergers.forms import ConfirmForm, MergerForm, UnitFilter
from batosocial.mergers.preview import preview as preview_of
from batosocial.staff.models import Role
from batosocial.territory.models import UnitMerger
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate

SAMPLE = Path(__file__).parent.parent / "territory" / "data" / "merger_2025.csv"


@roles_required(Role.ADMIN)
@require_safe
def units(request: StaffRequest) -> HttpResponse:
    form = UnitFilter(request.GET)
    rows = form.apply().select_related("parent", "successor", "heir", "ended_by")
    page = paginate(request, showing.found(rows, form.text))
    mergers = list(UnitMerger.objects.select_related("upper", "planned_by", "applied_by", "cancelled_by"))
    context = {
        "form": form,
        "page": page,
        "rows": showing.rows_of(list(page.object_list)),
        "mergers": mergers,
        "today": clock.today(),
    }
    return render(request, "mergers/units.html", context)


@roles_required(Role.ADMIN)
def merge(request: StaffRequest) -> HttpResponse:
    """A file is brought: it is kept, and what it would do stands on the next page."""
    if request.method != "POST":
        return render(request, "mergers/merge.html", {"form": MergerForm()})
    form = MergerForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "mergers/merge.html", {"form": form}, status=422)
    data = form.cleaned_data
    file = StoredFile.keep(
        name=data["file"].name,
        content_type=data["file"].content_type or "application/octet-stream",
        content=data["content"],
        created_by=request.user,
    )
    wanted = {"ngay": data["day"].isoformat(), "cap-tren": data["upper"].code if data["upper"] else ""}
    return redirect(f"{reverse('territory:merge_preview', args=[file.pk])}?{urlencode(wanted)}")


@roles_required(Role.ADMIN)
def merge_preview(request: StaffRequest, pk: int) -> HttpResponse:
    """What the file would do; a POST does it, as the file and the units are then."""
    file = get_object_or_404(StoredFile, pk=pk, created_by=request.user)
    try:
        day = parse_date(request.GET.get("ngay", ""))
        read = reading.read_file(bytes(file.content), file.name)
    except (ValueError, reading.FileRefused):
        raise Http404 from None
    if day is None:
        raise Http404
    upper_code = request.GET.get("cap-tren", "")
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answer = _store(request, form.cleaned_data["token"], read, file.name, day, upper_code)
        if answer is not None:
            return answer
    plan = check(read, day=day, upper_code=upper_code)
    context = {
        "file": file,
        "form": form if request.method == "POST" else ConfirmForm(),
        "plan": plan,
        "p": preview_of(plan),
        "today": clock.today(),
    }
    return render(request, "mergers/preview.html", context, status=422 if request.method == "POST" else 200)


def _store(
    request: StaffRequest, token: Any, read: reading.MergerFile, name: str, day: Any, upper_code: str
) -> HttpResponseRedirect | None:
    try:
        with transaction.atomic():
            if done := once.claim(request.user, token):
                return HttpResponseRedirect(done)
            merger = services.store_merger(
                actor=request.user, file=read, file_name=name, day=day, upper_code=upper_code
            ).merger
            url = reverse("territory:merger", args=[merger.pk])
            once.finish(token, url)
    except services.MergerRefused as refusal:
        messages.error(request, str(refusal))
        return None
    if merger.state == UnitMerger.State.APPLIED:
        messages.success(request, f"Đã thực hiện {str(merger).lower()}.")
    else:
        messages.success(request, f"Đã lưu {str(merger).lower()}; đến ngày cổng tự thực hiện.")
    return HttpResponseRedirect(url)


@roles_required(Role.ADMIN)
@require_safe
def merge_sample(request: StaffRequest) -> HttpResponse:
    """The merger of 01/7/2025 (NQ 1677/NQ-UBTVQH15) as a file to start from."""
    return HttpResponse(
        # With a mark, by which Excel knows the encoding.
        b"\xef\xbb\xbf" + SAMPLE.read_bytes(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="sap-nhap-01-7-2025.csv"'},
    )


@roles_required(Role.ADMIN)
@require_safe
def merger(request: StaffRequest, pk: int) -> HttpResponse:
    rows = UnitMerger.objects.select_related("upper", "planned_by", "applied_by", "cancelled_by")
    row = get_object_or_404(rows, pk=pk)
    groups: dict[tuple[str, str], list[str]] = {}
    for one in row.rows:
        groups.setdefault((one["new_code"], one["new_name"]), []).append(f"{one['old_name']} ({one['old_code']})")
    context = {
        "merger": row,
        "groups": [(code, name, old) for (code, name), old in groups.items()],
        "old_count": len(row.rows),
        "today": clock.today(),
        "is_due": row.state == UnitMerger.State.PLANNED and row.day <= clock.today(),
    }
    return render(request, "mergers/merger.html", context)


@roles_required(Role.ADMIN)
@require_POST
def merger_cancel(request: StaffRequest, pk: int) -> HttpResponse:
    return _step(request, pk, services.cancel_merger, "Đã hủy {}; các đơn vị giữ như cũ.")


@roles_required(Role.ADMIN)
@require_POST
def merger_apply(request: StaffRequest, pk: int) -> HttpResponse:
    return _step(request, pk, services.apply_merger, "Đã thực hiện {}.")


def _step(request: StaffRequest, pk: int, step: Callable[..., object], done: str) -> HttpResponse:
    """Take a step of a merger, say what came of it, and go back to its page."""
    row = get_object_or_404(UnitMerger, pk=pk)
    try:
        step(actor=request.user, merger_id=row.pk)
    except services.MergerRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done.format(str(row).lower()))
    return redirect("territory:merger", pk=row.pk)
