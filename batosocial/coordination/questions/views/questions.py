"""The list of questions, one question's page and its steps, its paper and its files."""

import io
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from batosocial.audit import services as audit
from batosocial.coordination.models import GeneralAnswer, Question, QuestionFile
from batosocial.coordination.questions import files, services, showing, terms
from batosocial.coordination.questions.forms import AskForm, MessageForm, QuestionFilter
from batosocial.coordination.questions.refusal import Refused
from batosocial.lib import clock
from batosocial.staff.models import BENEFIT_ROLES, Role
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.models import Person
from payments.models import PaymentList

#: The longest number that names a row.
_MOST_DIGITS = 18


@roles_required(*showing.READERS)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    form = QuestionFilter(request.GET, user=request.user)
    found = form.apply(Question.objects.visible_to(request.user))
    page = paginate(request, showing.for_showing(found), count=found.count())
    context = {
        "form": form,
        "page": page,
        "rows": showing.dress(list(page.object_list), request.user),
        "may_ask": request.user.role in services.ASKERS,
    }
    return render(request, "coordination/questions/questions.html", context)


@roles_required(*services.ASKERS)
def ask(request: StaffRequest) -> HttpResponse:
    """Ask about the person (``nguoi``) or list (``danh-sach``) of the address, or in general."""
    person = _chosen(Person.objects.visible_to(request.user).select_related("commune"), request.GET.get("nguoi"))
    about_list = _chosen(
        PaymentList.objects.visible_to(request.user).select_related("period"), request.GET.get("danh-sach")
    )
    topic = "payment" if about_list else ""
    form = AskForm(request.POST or None, request.FILES or None, initial={"topic": topic})
    if request.method == "POST":
        if done := once.earlier(request):
            return redirect(done)
        if form.is_valid() and (url := _ask(request, form, person, about_list)):
            return redirect(url)
    context = {"form": form, "person": person, "about_list": about_list, "days": terms.days_from(clock.today())}
    context["due"] = terms.due_from(clock.today())
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "coordination/questions/ask.html", context, status=status)


def _chosen(rows: Any, text: str | None) -> Any:
    """The row that the address names; None where it names none, 404 where it is not the user's."""
    if not text:
        return None
    if not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise Http404
    return get_object_or_404(rows, pk=int(text))


def _ask(request: StaffRequest, form: AskForm, person: Person | None, about_list: PaymentList | None) -> str:
    data = form.cleaned_data
    try:
        with transaction.atomic():
            if done := once.claim(request.user, data["token"]):
                return done
            question = services.ask_question(
                actor=request.user,
                topic=data["topic"],
                subject=data["subject"],
                text=data["text"],
                person_id=person.pk if person else None,
                list_id=about_list.pk if about_list else None,
                given=data["papers"],
            )
            url = reverse("coordination:question", args=[question.pk])
            once.finish(data["token"], url)
    except Refused as refusal:
        form.refuse(refusal.errors)
        return ""
    assert question.due is not None  # noqa: S101
    messages.success(request, f"Đã gửi câu hỏi. Phòng trả lời trước hết ngày {question.due:%d/%m/%Y}.")
    return url


@roles_required(*showing.READERS)
@require_safe
def show(request: StaffRequest, pk: int) -> HttpResponse:
    response = _page(request, pk)
    # Only what stands on the page that was sent has been read.
    services.mark_read(actor=request.user, question=Question.objects.visible_to(request.user).get(pk=pk))
    return response


@roles_required(*services.ANSWERERS)
@require_POST
def answer(request: StaffRequest, pk: int) -> HttpResponse:
    back = request.POST.get("viec") == "hoi-lai"
    said = "Đã hỏi lại; khi có trả lời, câu hỏi về lại đây." if back else "Đã gửi trả lời."
    return _speak(request, pk, lambda **data: services.answer_question(back=back, **data), said)


@roles_required(*services.ASKERS)
@require_POST
def go_on(request: StaffRequest, pk: int) -> HttpResponse:
    return _speak(request, pk, services.go_on, "Đã gửi Phòng.")


def _speak(request: StaffRequest, pk: int, step: Callable[..., Question], said: str) -> HttpResponse:
    if done := once.earlier(request):
        return redirect(done)
    get_object_or_404(Question.objects.visible_to(request.user), pk=pk)
    form = MessageForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, pk, form=form)
    data = form.cleaned_data
    url = reverse("coordination:question", args=[pk])
    try:
        with transaction.atomic():
            if first := once.claim(request.user, data["token"]):
                return redirect(first)
            step(actor=request.user, question_id=pk, text=data["text"], given=data["papers"])
            once.finish(data["token"], url)
    except Refused as refusal:
        form.refuse(refusal.errors)
        return _page(request, pk, form=form)
    messages.success(request, said)
    return redirect(url)


@roles_required(*services.ASKERS)
@require_POST
def finish(request: StaffRequest, pk: int) -> HttpResponse:
    try:
        new = services.finish_question(actor=request.user, question_id=pk)
    except Question.DoesNotExist:
        raise Http404 from None
    if new:
        messages.success(request, "Đã đánh dấu xong. Cần hỏi thêm thì ghi tiếp, câu hỏi sẽ mở lại.")
    else:
        messages.info(request, "Câu hỏi này đã xong từ trước, không thay đổi gì.")
    return redirect("coordination:question", pk=pk)


def _page(request: StaffRequest, pk: int, *, form: MessageForm | None = None) -> HttpResponse:
    user = request.user
    question: Any = get_object_or_404(showing.for_showing(Question.objects.visible_to(user)), pk=pk)
    showing.dress([question], user)
    may_answer, may_go_on = showing.may_answer(question, user), showing.may_go_on(user)
    label = "Trả lời hoặc hỏi lại" if may_answer else _own_label(question)
    if form is None:
        form = MessageForm(label=label)
    else:
        form.fields["text"].label = label
    context = {
        "question": question,
        "turns": showing.turns_of(question, user),
        "form": form,
        "may_answer": may_answer,
        "may_go_on": may_go_on,
        "may_publish": user.role in services.ANSWERERS,
        "published": GeneralAnswer.objects.visible_to(user).filter(source=question),
    }
    return render(request, "coordination/questions/question.html", context, status=422 if form.errors else 200)


def _own_label(question: Question) -> str:
    labels = {
        Question.State.WAITING: "Bổ sung",
        Question.State.ASKED_BACK: "Trả lời Phòng",
        Question.State.ANSWERED: "Hỏi tiếp",
        Question.State.DONE: "Hỏi tiếp (mở lại câu hỏi)",
    }
    return labels[Question.State(question.state)]


@roles_required(*showing.READERS)
@require_safe
def print_question(request: StaffRequest, pk: int) -> HttpResponse:
    """The question and what was said, on paper."""
    question: Any = get_object_or_404(showing.for_showing(Question.objects.visible_to(request.user)), pk=pk)
    showing.dress([question], request.user)
    context = {"question": question, "turns": showing.turns_of(question, request.user), "today": clock.today()}
    return render(request, "coordination/questions/print.html", context)


@roles_required(*showing.READERS)
@require_safe
def file(request: StaffRequest, pk: int) -> FileResponse:
    """A file of a message: always as a download, with the type that its content told."""
    rows = QuestionFile.objects.filter(message__question__in=Question.objects.visible_to(request.user).values("pk"))
    row = get_object_or_404(rows.select_related("file", "message__question"), pk=pk)
    if not files.may_open(request.user, row):
        raise Http404
    audit.record(actor=request.user, action="mở tệp kèm câu hỏi", row=row, details={"câu hỏi": row.message.question_id})
    content = io.BytesIO(row.file.content)
    response = FileResponse(content, as_attachment=True, filename=row.file.name, content_type=row.file.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


# --- panels of other pages ---------------------------------------------------------------------------------------


@roles_required(*BENEFIT_ROLES)
@require_safe
def of_person(request: StaffRequest, person_id: int) -> HttpResponse:
    person = get_object_or_404(Person.objects.visible_to(request.user), pk=person_id)
    return _panel(request, {"person": person}, ask=f"?nguoi={person.pk}")


@roles_required(*BENEFIT_ROLES, Role.PAYER)
@require_safe
def of_list(request: StaffRequest, list_id: int) -> HttpResponse:
    row = get_object_or_404(PaymentList.objects.visible_to(request.user).select_related("period"), pk=list_id)
    return _panel(request, {"payment_list": row}, ask=f"?danh-sach={row.pk}")


def _panel(request: StaffRequest, about: dict[str, Any], *, ask: str) -> HttpResponse:
    rows = showing.for_showing(Question.objects.visible_to(request.user).filter(**about))
    context = about | {
        "rows": showing.dress(list(rows), request.user),
        "may_ask": request.user.role in services.ASKERS,
        "ask_url": f"{reverse('coordination:question_ask')}{ask}",
    }
    template = "coordination/questions/_panel.html" if request.htmx else "coordination/questions/panel.html"
    return render(request, template, context)
