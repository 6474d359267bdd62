"""The address at which a list is exported: the filter in the URL, the format and the numbers in the body."""

from collections.abc import Callable

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from batosocial.web.access import StaffRequest, roles_required
from beneficiaries.exports import lists, services
from beneficiaries.exports.lists import BadFilter
from beneficiaries.exports.writing import FORMATS

#: What the body says for full numbers, and the parameter.
FULL = "day_du"


def export_view(name: str) -> Callable[..., HttpResponseBase]:
    """The view that exports one list, open to the list's roles. ``dang`` is the format, ``so=day_du`` full numbers."""

    @roles_required(*lists.find(name).roles)
    @require_POST
    def export(request: StaffRequest) -> HttpResponse | FileResponse:
        ending = request.POST.get("dang") or "xlsx"
        if ending not in FORMATS:
            return HttpResponseBadRequest("Không có dạng tệp này.")
        try:
            made = services.export_list(
                actor=request.user,
                name=name,
                params=request.GET,
                ending=ending,
                full_numbers=request.POST.get("so") == FULL,
            )
        except BadFilter:
            return HttpResponseBadRequest("Bộ lọc không hợp lệ.")
        if made.file is None:
            assert made.job is not None  # noqa: S101
            messages.info(request, "Danh sách dài nên được xuất ở nền; xong thì tải tệp tại đây.")
            return redirect("jobs:detail", made.job.pk)
        return FileResponse(made.file, as_attachment=True, filename=made.name, content_type=made.content_type)

    return export
