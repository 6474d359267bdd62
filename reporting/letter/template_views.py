"""Pages of the template: what it may say, its versions, a version of the district's own, going back."""

import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from batosocial.lib import clock, months
from batosocial.staff.models import DISTRICT_ROLES
from batosocial.territory.models import Unit
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from reporting import figures
from reporting.letter import marks, templates
from reporting.letter.facts import Facts
from reporting.letter.forms import TemplateForm
from reporting.letter.models import LetterTemplate
from reporting.letter.package import TemplateRefused
from reporting.letter.placeholders import PLACEHOLDERS
from reporting.letter.rendering import known_placeholders
from reporting.letter.templates import DOCX, EDITORS


@roles_required(*DISTRICT_ROLES)
def index(request: StaffRequest) -> HttpResponse:
    """The template in force, its versions, the placeholders; the form with which the district brings its own."""
    month = _month(request)
    may_edit = request.user.role in EDITORS
    if request.method == "POST":
        if not may_edit:
            raise PermissionDenied
        if done := once.earlier(request):
            return redirect(done)
        form = TemplateForm(request.POST, request.FILES)
        if form.is_valid() and (url := _add(request, form)):
            return redirect(url)
    else:
        form = TemplateForm(initial={"from_month": months.label(month)})
    versions = LetterTemplate.objects.visible_to(request.user).select_related("file", "made_by", "restored_from")
    page = paginate(request, versions.defer("file__content"), per_page=20)
    context = {
        "form": form,
        "month": month,
        "may_edit": may_edit,
        "page": page,
        "current": templates.version_for(_district(request), month),
        "placeholders": _placeholders(templates.facts_to_try(request.user, month)),
    }
    return render(request, "reporting/letter/templates.html", context, status=422 if form.errors else 200)


def _district(request: StaffRequest) -> Unit:
    if request.user.unit is None:
        raise Http404
    return request.user.unit


def _month(request: StaffRequest) -> datetime.date:
    """The month whose values are shown and from which a template applies unless told: the one shown by default."""
    return figures.default_month(figures.months_with_figures(request.user)) or months.first(clock.today())


def _placeholders(facts: Facts) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Name, meaning and this month's value of each, the value as pieces of text with their addresses."""
    return [
        (one.name, one.meaning, list(marks.parts(str(one.value(facts)))) or [("(trống)", "")]) for one in PLACEHOLDERS
    ]


def _add(request: StaffRequest, form: TemplateForm) -> str:
    data = form.cleaned_data
    name, content = data["file"]
    url = reverse("reporting:letter_templates")
    try:
        with transaction.atomic():
            if done := once.claim(request.user, data["token"]):
                return done
            _, warnings = templates.add_template(
                actor=request.user, name=name, content=content, from_month=data["from_month"], note=data["note"]
            )
            once.finish(data["token"], url)
    except TemplateRefused as refusal:
        form.refuse([*refusal.problems, f"Các chỗ điền dùng được: {known_placeholders()}."])
        return ""
    except templates.AlreadySo:
        messages.info(request, "Mẫu này đang dùng rồi, không thay đổi gì.")
        return url
    messages.success(request, f"Đã dùng mẫu mới cho công văn từ {months.title(data['from_month'])}.")
    for warning in warnings:
        messages.warning(request, warning)
    return url


@require_POST
@roles_required(*EDITORS)
def restore(request: StaffRequest) -> HttpResponse:
    """ "phien-ban": the version to go back to; without one, the default."""
    chosen = request.POST.get("phien-ban", "")
    if chosen and not chosen.isdecimal():
        raise Http404
    month = _month(request)
    try:
        templates.restore_template(actor=request.user, version_id=int(chosen) if chosen else None, from_month=month)
    except LetterTemplate.DoesNotExist:
        raise Http404 from None
    except templates.AlreadySo:
        messages.info(request, "Mẫu đó đang dùng rồi, không thay đổi gì.")
    else:
        what = "mẫu đã chọn" if chosen else "mẫu mặc định"
        messages.success(request, f"Đã dùng lại {what} cho công văn từ {months.title(month)}.")
    return redirect("reporting:letter_templates")


@require_safe
@roles_required(*DISTRICT_ROLES)
def current_file(request: StaffRequest) -> HttpResponse:
    """The template in force, to be edited in Word; "?mac-dinh=1" the default."""
    version = None if request.GET.get("mac-dinh") else templates.version_for(_district(request), _month(request))
    return _file(version)


@require_safe
@roles_required(*DISTRICT_ROLES)
def file(request: StaffRequest, pk: int) -> HttpResponse:
    rows = LetterTemplate.objects.visible_to(request.user).select_related("file")
    return _file(get_object_or_404(rows, pk=pk))


def _file(version: LetterTemplate | None) -> HttpResponse:
    name = f"mau-cong-van-{version.pk}.docx" if version and version.file_id else "mau-cong-van-mac-dinh.docx"
    return HttpResponse(
        templates.content_of(version),
        content_type=DOCX,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
