"""Pages of rounds: the list, one round with its people, an answer, opening and closing."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.models.rounds import READERS
from batosocial.coordination.rounds import answering, progress, services, showing
from batosocial.coordination.rounds.choosing import preview
from batosocial.coordination.rounds.forms import AddForm, AnswerForm, ExtendForm, OpenForm, RowFilter, initial_of
from batosocial.coordination.rounds.given import Given
from batosocial.lib import clock
from batosocial.staff.models import BENEFIT_ROLES, Role
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.models import IdentityAnswer

T = TypeVar("T")
State = IdentityRound.State

#: Of a round's list: those to which everybody was answered, those past their deadline.
COMPLETE, OVERDUE = "du", "qua-han"
_SHOWN_FAULTS = 5


@roles_required(*READERS)
@require_safe
def rounds(request: StaffRequest) -> HttpResponse:
    user = request.user
    found = IdentityRound.objects.visible_to(user).select_related("opened_by")
    # "open" comes after "closed" in the alphabet.
    found = found.order_by("-state", "-pk")
    wanted = request.GET.get("viec", "")
    if wanted == COMPLETE:
        found = found.to_close()
    elif wanted == OVERDUE:
        found = found.overdue()
    page = paginate(request, found, per_page=30)
    rows = progress.listed(list(page.object_list), user)
    context = {"page": page, "rows": rows, "wanted": wanted, "may_open": user.role in services.OPENERS}
    return render(request, "coordination/rounds/list.html", context)


@roles_required(*services.OPENERS)
@require_http_methods(["GET", "HEAD", "POST"])
def open_round(request: StaffRequest) -> HttpResponseBase:
    def work(form: Any) -> str:
        values = form.cleaned_data
        made = services.open_round(
            actor=request.user,
            name=values["name"],
            fields=values["asked"],
            until=values["until"],
            note=values["note"],
            choice=form.choice,
        )
        messages.success(request, f"Đã mở đợt: Công an thấy {made.rows.count()} người cần đối chiếu.")
        return reverse("coordination:round", args=[made.pk])

    context = {"title": "Mở đợt xác minh", "button": "Mở đợt", "back": reverse("coordination:rounds")}
    return _choosing(request, OpenForm, work, context)


@roles_required(*services.OPENERS)
@require_http_methods(["GET", "HEAD", "POST"])
def add_people(request: StaffRequest, pk: int) -> HttpResponseBase:
    asked = get_object_or_404(IdentityRound.objects.visible_to(request.user), pk=pk)
    url = reverse("coordination:round", args=[pk])

    def work(form: Any) -> str:
        people = services.add_people(actor=request.user, round_id=pk, choice=form.choice)
        messages.success(request, f"Đã thêm {people} người vào đợt.")
        return url

    context = {"title": f"Thêm người: {asked.name}", "button": "Thêm vào đợt", "back": url}
    return _choosing(request, AddForm, work, context)


def _choosing(
    request: StaffRequest, kind: type[Any], work: Callable[[Any], str], context: dict[str, Any]
) -> HttpResponseBase:
    """A form that chooses people: the first time it is sent it shows whom it would ask about."""
    form = kind(request.POST if request.method == "POST" else None, user=request.user)
    shown, status = None, 200
    if request.method == "POST":
        if form.is_valid() and "lam" in request.POST:
            try:
                return redirect(_once(request, form, work))
            except services.CannotDo as problem:
                form.add_error(None, str(problem))
        elif not form.is_valid() and (done := once.earlier(request)):
            return redirect(done)
        status = 422 if form.errors else 200
        if not form.errors:
            shown = preview(request.user, form.choice)
    return render(request, "coordination/rounds/open.html", {"form": form, "preview": shown, **context}, status=status)


@transaction.atomic
def _once(request: StaffRequest, form: Any, work: Callable[[Any], str]) -> str:
    token = form.cleaned_data["token"]
    if done := once.claim(request.user, token):
        return done
    url = work(form)
    once.finish(token, url)
    return url


@roles_required(*READERS)
@never_cache
@require_safe
def round_(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, pk, ExtendForm())


def _page(request: StaffRequest, pk: int, extend_form: forms.Form, status: int = 200) -> HttpResponse:
    user = request.user
    asked = get_object_or_404(IdentityRound.objects.visible_to(user).select_related("opened_by", "closed_by"), pk=pk)
    visible = RoundPerson.objects.visible_to(user).filter(round=asked)
    communes = progress.by_commune(visible)
    form = RowFilter(request.GET, user=user)
    found = form.apply(visible).select_related("person__commune", "answer__answered_by")
    page = paginate(request, found)
    # The police compare by the number: they see it, and every page that shows some stands in the audit.
    full = user.role == Role.POLICE
    rows = [showing.line(row, asked, full=full) for row in page.object_list]
    if full:
        services.record_full_view(actor=user, asked=asked, people=[row.row.person_id for row in rows])
    is_open = asked.state == State.OPEN
    answers = full and is_open
    context = {
        "round": asked,
        "asked_labels": [label for value, label in IdentityRound.Field.choices if value in asked.fields],
        "overdue": progress.is_overdue(asked),
        "is_open": is_open,
        "communes": communes,
        "total": progress.total(communes),
        "form": form,
        "page": page,
        "rows": rows,
        "full": full,
        "answers": answers,
        "may_match": answers and any(row.may_match for row in rows),
        "opens_people": user.role in BENEFIT_ROLES,
        "manages": user.role in services.OPENERS,
        "extend_form": extend_form,
    }
    return render(request, "coordination/rounds/round.html", context, status=status)


@roles_required(Role.POLICE)
@require_POST
def match(request: StaffRequest, pk: int) -> HttpResponse:
    """Ticked rows, or the one whose button was pressed, agree with the population database."""
    get_object_or_404(IdentityRound.objects.visible_to(request.user), pk=pk)
    ticked = [request.POST["mot"]] if "mot" in request.POST else request.POST.getlist("rows")
    given = [
        Given(int(row), IdentityAnswer.Answer.MATCH, seen=showing.read_seen(request.POST.get(f"seen-{row}", "")) or {})
        for row in dict.fromkeys(ticked)
        if row.isascii() and row.isdigit() and len(row) < 19
    ]
    back = f"{reverse('coordination:round', args=[pk])}{_query(request)}"
    if not given:
        messages.error(request, "Chưa đánh dấu ai. Hãy đánh dấu những người khớp rồi bấm lại.")
        return redirect(back)
    try:
        done, faults = _in_scope(lambda: answering.match_rows(actor=request.user, round_id=pk, given=given))
    except answering.RoundClosed as problem:
        messages.error(request, str(problem))
        return redirect(back)
    if len(done) == 1:
        messages.success(request, f"Đã ghi Khớp: {done[0].person.name}.")
    elif done:
        messages.success(request, f"Đã ghi Khớp cho {len(done)} người.")
    elif not faults:
        messages.info(request, "Đã ghi Khớp từ trước, không có gì đổi.")
    _tell_faults(request, faults)
    return redirect(back)


def _tell_faults(request: StaffRequest, faults: dict[int, str]) -> None:
    people = RoundPerson.objects.filter(pk__in=list(faults)[:_SHOWN_FAULTS]).select_related("person")
    for row in people:
        messages.error(request, f"{row.person.name}: {faults[row.pk]}")
    if len(faults) > _SHOWN_FAULTS:
        messages.error(request, f"Và {len(faults) - _SHOWN_FAULTS} người khác chưa ghi được. Hãy xem lại danh sách.")


@roles_required(*READERS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def round_person(request: StaffRequest, pk: int, row_pk: int) -> HttpResponseBase:
    user = request.user
    visible = RoundPerson.objects.visible_to(user).filter(round=pk)
    row = get_object_or_404(visible.select_related("person__commune", "round", "answer__answered_by"), pk=row_pk)
    police = user.role == Role.POLICE
    answers = police and row.round.state == State.OPEN
    form, status = None, 200
    back = f"{reverse('coordination:round', args=[pk])}{_query(request)}"
    if answers:
        form = AnswerForm(
            request.POST if request.method == "POST" else None, initial=initial_of(row.answer), asked=row.round.fields
        )
    if request.method == "POST":
        if not police:
            raise PermissionDenied
        if form is None:
            messages.error(
                request, "Đợt này đã kết thúc nên không nhận trả lời nữa. Hãy báo Phòng LĐ-TB&XH nếu cần sửa."
            )
            return redirect(back)
        if form.is_valid() and _answered(request, row, form):
            return redirect(back)
        row = get_object_or_404(visible.select_related("person__commune", "round", "answer__answered_by"), pk=row_pk)
        status = 422
    if police:
        services.record_full_view(actor=user, asked=row.round, people=[row.person_id])
    history = row.person.identity_answers.select_related("answered_by")
    context = {
        "row": row,
        "person": row.person,
        "round": row.round,
        "form": form,
        "seen": showing.seen_text(row),
        "full": police,
        "told": [showing.read(answer, full=police) for answer in history],
        "opens_people": user.role in BENEFIT_ROLES,
        "back": back,
        "today": clock.today(),
    }
    return render(request, "coordination/rounds/person.html", context, status=status)


def _answered(request: StaffRequest, row: RoundPerson, form: AnswerForm) -> bool:
    """Whether the answer was taken; else the form says why not."""
    corrects = request.POST.get("corrects", "")
    given = form.given(
        row,
        seen=showing.read_seen(request.POST.get("seen", "")) or {},
        corrects=int(corrects) if corrects.isascii() and corrects.isdigit() else None,
    )
    try:
        done = _in_scope(lambda: answering.answer_rows(actor=request.user, round_id=row.round_id, given=[given]))
    except answering.RoundClosed as problem:
        form.add_error(None, str(problem))
        return False
    except answering.AnswersRefused as refused:
        for field, message in refused.errors[row.pk].items():
            form.add_error(field if field in form.fields else None, message)
        return False
    said = f"{row.person.name}: {IdentityAnswer.Answer(given.answer).label}"
    messages.success(request, f"Đã ghi: {said}." if done else f"Đã ghi từ trước, không có gì đổi. {said}.")
    return True


@roles_required(*services.OPENERS)
@require_http_methods(["GET", "HEAD", "POST"])
def extend(request: StaffRequest, pk: int) -> HttpResponse:
    if request.method != "POST":
        return redirect("coordination:round", pk=pk)
    form = ExtendForm(request.POST)
    if form.is_valid():
        until = form.cleaned_data["until"]
        try:
            done = _in_scope(lambda: services.extend_round(actor=request.user, round_id=pk, until=until))
        except services.CannotDo as problem:
            form.add_error(None, str(problem))
        else:
            if done:
                messages.success(request, f"Hạn trả lời nay là {until:%d/%m/%Y}.")
            else:
                messages.info(request, f"Hạn trả lời vẫn là {until:%d/%m/%Y}.")
            return redirect("coordination:round", pk=pk)
    return _page(request, pk, form, status=422)


@roles_required(*services.OPENERS)
@require_POST
def close(request: StaffRequest, pk: int) -> HttpResponse:
    asked = _in_scope(lambda: services.close_round(actor=request.user, round_id=pk))
    waiting = asked.rows.filter(answer__isnull=True).count()
    left = f" {waiting} người chưa có trả lời; có thể hỏi lại ở đợt khác." if waiting else ""
    messages.success(request, f"Đã kết thúc đợt.{left}")
    return redirect("coordination:round", pk=pk)


def _query(request: StaffRequest) -> str:
    return f"?{request.GET.urlencode()}" if request.GET else ""


def _in_scope(work: Callable[[], T]) -> T:
    try:
        return work()
    except (IdentityRound.DoesNotExist, RoundPerson.DoesNotExist):
        raise Http404 from None
