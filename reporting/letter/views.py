"""Pages of the letter: the months, the letter of a month as it will be printed, and its signed copies."""

import datetime
import io
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from batosocial.lib import months
from batosocial.staff.models import BENEFIT_ROLES, DISTRICT_ROLES
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from payments.models import Period
from reporting import figures, rates
from reporting.letter import services, showing
from reporting.letter.facts import Facts, NoFigures, read_facts
from reporting.letter.forms import SignedForm, WithdrawForm
from reporting.letter.models import Letter, SignedLetter
from reporting.letter.package import TemplateRefused
from reporting.letter.rendering import render_marked
from reporting.letter.services import KEEPERS
from reporting.letter.templates import DOCX, content_of


@require_safe
@roles_required(*BENEFIT_ROLES)
def index(request: StaffRequest) -> HttpResponse:
    """Months with their letters; communes read the signed ones, as they are addressed to them."""
    signed = SignedLetter.objects.visible_to(request.user).standing().select_related("letter", "file")
    signed = signed.defer("file__content", "letter__facts")
    if request.user.in_commune:
        page = paginate(request, signed.order_by("-letter__month", "-pk"), per_page=24)
        return render(request, "reporting/letter/received.html", {"page": page})
    page = paginate(request, [month for month, _ in figures.months_with_figures(request.user)], per_page=24)
    found: dict[datetime.date, list[SignedLetter]] = {}
    for row in signed.filter(letter__month__in=list(page.object_list)):
        found.setdefault(row.letter.month, []).append(row)
    rows = [(month, found.get(month, [])) for month in page.object_list]
    context = {"page": page, "rows": rows, "may_keep": request.user.role in KEEPERS}
    return render(request, "reporting/letter/index.html", context)


@require_safe
@roles_required(*DISTRICT_ROLES)
def letter(request: StaffRequest, month: datetime.date) -> HttpResponse:
    """The text as it will be printed, every number of people with its list, and the signed copies."""
    facts = _facts(request, month)
    template, signed = services.template_of(facts), _signed(request, month, facts)
    try:
        blocks = showing.blocks(render_marked(content_of(template), facts))
        refused: list[str] = []
    except TemplateRefused as error:
        blocks, refused = [], error.problems
    return render(
        request,
        "reporting/letter/letter.html",
        {
            "month": month,
            "facts": facts,
            "blocks": blocks,
            "refused": refused,
            "template": template,
            "warnings": [*_later(blocks, month), *_warnings(request, month, facts)],
            "signed": signed,
            "is_signed": any(row.withdrawn_at is None for row in signed),
            "may_keep": request.user.role in KEEPERS,
        },
    )


def _facts(request: StaffRequest, month: datetime.date) -> Facts:
    try:
        return read_facts(request.user, month)
    except NoFigures as error:
        raise Http404(str(error)) from error


def _warnings(request: StaffRequest, month: datetime.date, facts: Facts) -> list[str]:
    """What somebody should know before the letter is signed."""
    found = []
    freshness = figures.freshness(request.user, month)
    if freshness.stale:
        found.append("Số liệu cũ hơn dữ liệu chi trả. Hãy tổng hợp lại ở trang Báo cáo rồi tải công văn.")
    if freshness.differs:
        found.append("Dữ liệu đã thay đổi sau khi khóa sổ; công văn giữ số liệu lúc khóa sổ.")
    open_policies = Period.objects.filter(month=month, state=Period.State.OPEN).order_by("-policy")
    if named := [row.policy for row in open_policies]:
        found.append(
            f"{' và '.join(named)} {months.title(month)} chưa khóa sổ: số liệu còn thay đổi khi có thêm kết quả."
        )
    for code, target in sorted(rates.targets_of(month).items()):
        for policy, name in (("NCC", "người có công"), ("BTXH", "bảo trợ xã hội")):
            if missing := rates.missing_people(facts.total(policy), target):
                found.append(
                    f"Chỉ tiêu {code} {facts.targets[code]} ({rates.NAMES[code]}): {name} còn thiếu {missing} người."
                )
    return found


def _later(blocks: list[showing.Block], month: datetime.date) -> list[str]:
    if not (dates := showing.dates_after(blocks, month)):
        return []
    return [f"Mẫu nêu văn bản ngày {', '.join(dates)}, sau {months.title(month)}. Hãy xem lại căn cứ trước khi ký."]


def _signed(request: StaffRequest, month: datetime.date, facts: Facts) -> list[Any]:
    """Signed copies of the month, those that stand first, each with what the figures say otherwise now."""
    found: list[Any] = list(
        SignedLetter.objects.visible_to(request.user)
        .filter(letter__month=month)
        .select_related("letter", "file", "kept_by", "withdrawn_by")
        .defer("file__content")
    )
    now = facts.as_json()
    for row in found:
        row.differences = showing.differences(row.letter.facts, now) if row.withdrawn_at is None else []
    return sorted(found, key=lambda row: (row.withdrawn_at is not None, -row.pk))


@require_safe
@roles_required(*DISTRICT_ROLES)
def docx(request: StaffRequest, month: datetime.date) -> HttpResponse:
    """The letter of the stored figures; what is downloaded is kept, so that a signed copy names it."""
    try:
        made = services.make_letter(actor=request.user, month=month)
    except NoFigures as error:
        raise Http404(str(error)) from error
    except TemplateRefused as refusal:
        messages.error(request, f"Mẫu đang dùng bị lỗi: {refusal}")
        return redirect("reporting:letter", month)
    return _download(made)


@require_safe
@roles_required(*DISTRICT_ROLES)
def made(request: StaffRequest, pk: int) -> HttpResponse:
    """A letter as it was made then."""
    return _download(get_object_or_404(Letter.objects.visible_to(request.user).select_related("file"), pk=pk))


def _download(row: Letter) -> HttpResponse:
    name = services.file_name(row.month)
    return HttpResponse(
        bytes(row.file.content),
        content_type=DOCX,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


# --- signed copies -------------------------------------------------------------------------------------------------


@roles_required(*KEEPERS)
def add_signed(request: StaffRequest, month: datetime.date) -> HttpResponse:
    facts = _facts(request, month)
    letters = _letters(request, month)
    if request.method == "POST":
        if done := once.earlier(request):
            return redirect(done)
        form = SignedForm(request.POST, request.FILES, letters=letters)
        if form.is_valid() and (url := _keep(request, month, form)):
            return redirect(url)
    else:
        form = SignedForm(letters=letters, initial={"signer": facts.signer_name})
    context = {"form": form, "month": month}
    return render(request, "reporting/letter/signed_add.html", context, status=422 if form.errors else 200)


def _letters(request: StaffRequest, month: datetime.date) -> list[tuple[str, str]]:
    """The letters that were downloaded, the newest first; without any, one is made of the figures as they are."""
    rows = Letter.objects.visible_to(request.user).filter(month=month).select_related("made_by").defer("facts")
    found = [(str(row.pk), f"Tải {timezone.localtime(row.made_at):%H:%M %d/%m/%Y}, {row.made_by}") for row in rows[:20]]
    return found or [("0", "Số liệu hiện nay (công văn chưa được tải từ cổng)")]


def _keep(request: StaffRequest, month: datetime.date, form: SignedForm) -> str:
    data = form.cleaned_data
    name, content = data["file"]
    try:
        with transaction.atomic():
            if done := once.claim(request.user, data["token"]):
                return done
            row = services.keep_signed(
                actor=request.user,
                month=month,
                letter_id=int(data["letter"]) or None,
                number=data["number"],
                signed_on=data["signed_on"],
                signer=data["signer"],
                name=name,
                content=content,
            )
            url = reverse("reporting:letter", args=[month])
            once.finish(data["token"], url)
    except services.SigningRefused as refusal:
        form.refuse(refusal.errors)
        return ""
    messages.success(request, f"Đã lưu công văn đã ký, số {row.number}.")
    return url


@require_safe
@roles_required(*BENEFIT_ROLES)
def signed(request: StaffRequest, pk: int) -> FileResponse:
    """The scan, always as a download with the type that its content told."""
    try:
        file = services.open_signed(actor=request.user, signed_id=pk)
    except SignedLetter.DoesNotExist:
        raise Http404 from None
    response = FileResponse(
        io.BytesIO(bytes(file.content)), as_attachment=True, filename=file.name, content_type=file.content_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@roles_required(*KEEPERS)
def withdraw_signed(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(
        SignedLetter.objects.visible_to(request.user).select_related("letter").defer("letter__facts"), pk=pk
    )
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = services.withdraw_signed(actor=request.user, signed_id=pk, reason=form.cleaned_data["reason"])
        if done:
            messages.success(request, f"Đã rút bản ký số {row.number}. Bản đó vẫn được lưu cùng lý do.")
        else:
            messages.info(request, "Bản này đã rút trước đó, không thay đổi gì.")
        return redirect("reporting:letter", row.letter.month)
    context = {"form": form, "row": row}
    return render(request, "reporting/letter/withdraw.html", context, status=422 if form.errors else 200)
