"""Answers meant for all: search, reading, publishing, mending, withdrawing."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from batosocial.coordination.models import GeneralAnswer, Question
from batosocial.coordination.questions import publishing
from batosocial.coordination.questions.forms import AnswerFilter, PublishForm, WithdrawForm, starting_from, values_of
from batosocial.coordination.questions.refusal import Refused
from batosocial.coordination.questions.showing import READERS
from batosocial.coordination.questions.views.questions import _chosen
from batosocial.staff.models import Role
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate

EVERYBODY = (*READERS, Role.ADMIN)


@roles_required(*EVERYBODY)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    form = AnswerFilter(request.GET)
    text, topic = form.chosen()
    rows = GeneralAnswer.objects.visible_to(request.user).standing()
    if topic:
        rows = rows.filter(topic=topic)
    page = paginate(request, publishing.search_answers(rows, text), per_page=20)
    context = {"form": form, "page": page, "may_publish": request.user.role in publishing.PUBLISHERS}
    return render(request, "coordination/questions/answers.html", context)


@roles_required(*EVERYBODY)
@require_safe
def show(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: StaffRequest, pk: int, *, form: WithdrawForm | None = None) -> HttpResponse:
    rows = GeneralAnswer.objects.visible_to(request.user).select_related("published_by", "withdrawn_by", "upper")
    row = get_object_or_404(rows, pk=pk)
    own = request.user.role in publishing.PUBLISHERS and row.upper_id == request.user.unit_id
    # Whoever publishes sees from which question; nobody else is led to it.
    source = Question.objects.visible_to(request.user).filter(pk=row.source_id or 0).first() if own else None
    context = {
        "row": row,
        "source": source,
        "may_edit": own and row.withdrawn_at is None,
        "withdraw_form": form or WithdrawForm(),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "coordination/questions/answer.html", context, status=status)


@roles_required(*publishing.PUBLISHERS)
def add(request: StaffRequest) -> HttpResponse:
    """Publish an answer, from the question that the address names (``tu``) or without one."""
    source: Question | None = _chosen(Question.objects.visible_to(request.user), request.GET.get("tu"))

    def publish(form: PublishForm) -> GeneralAnswer:
        return publishing.publish_answer(actor=request.user, source_id=source.pk if source else None, **form.values)

    return _write(request, publish, "Đã phổ biến; mọi người dùng đều tìm thấy.", starting_from(source), source=source)


@roles_required(*publishing.PUBLISHERS)
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(GeneralAnswer.objects.standing().filter(upper=request.user.unit_id), pk=pk)

    def mend(form: PublishForm) -> GeneralAnswer:
        version = form.cleaned_data["version"] or 0
        return publishing.edit_answer(actor=request.user, answer_id=pk, version=version, **form.values)

    return _write(request, mend, "Đã sửa giải đáp.", values_of(row), row=row)


def _write(
    request: StaffRequest,
    step: Callable[[PublishForm], GeneralAnswer],
    said: str,
    initial: dict[str, Any],
    **context: Any,
) -> HttpResponse:
    form = PublishForm(request.POST or None, initial=initial)
    if request.method == "POST":
        if done := once.earlier(request):
            return redirect(done)
        if form.is_valid() and form.doubts_confirmed() and (url := _store(request, form, step, said)):
            return redirect(url)
    context |= {"form": form, "doubted": form.is_bound and bool(form.doubts) and not form.errors}
    status = 422 if form.is_bound and (form.errors or form.doubts) else 200
    return render(request, "coordination/questions/publish.html", context, status=status)


def _store(request: StaffRequest, form: PublishForm, step: Callable[[PublishForm], GeneralAnswer], said: str) -> str:
    token = form.cleaned_data["token"]
    try:
        with transaction.atomic():
            if done := once.claim(request.user, token):
                return done
            url = reverse("coordination:general_answer", args=[step(form).pk])
            once.finish(token, url)
    except Refused as refusal:
        form.refuse(refusal.errors)
        return ""
    messages.success(request, said)
    return url


@roles_required(*publishing.PUBLISHERS)
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    get_object_or_404(GeneralAnswer.objects.filter(upper=request.user.unit_id), pk=pk)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return _page(request, pk, form=form)
    try:
        new = publishing.withdraw_answer(actor=request.user, answer_id=pk, reason=form.cleaned_data["reason"])
    except Refused as refusal:
        form.refuse(refusal.errors)
        return _page(request, pk, form=form)
    if new:
        messages.success(request, "Đã rút; từ nay chỉ Phòng còn xem được.")
    else:
        messages.info(request, "Giải đáp này đã rút từ trước, không thay đổi gì.")
    return redirect("coordination:general_answer", pk=pk)
