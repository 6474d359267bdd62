"""Proposing a new benefit, an adjustment, a correction, a stop; taking a proposal back."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from batosocial.lib import clock, months
from batosocial.staff.models import User
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries import confidential
from beneficiaries.changes import law, services
from beneficiaries.changes.forms import DEATH, OTHER, BenefitForm, DependantRows, StopForm
from beneficiaries.changes.outlook import Outlooks
from beneficiaries.changes.proposing import age_warnings, known_since
from beneficiaries.changes.register import proposed
from beneficiaries.changes.views.drafts import draft_of, row_values
from beneficiaries.models import Category, Change, Dependant, Entitlement, Person

#: Empty rows of dependants that a new form offers.
_ROWS = 3


@roles_required(*services.PROPOSING_ROLES)
def start(request: StaffRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person.objects.visible_to(request.user).select_related("commune"), pk=pk)
    return _benefit(request, person, "start", None)


@roles_required(*services.PROPOSING_ROLES)
def adjust(request: StaffRequest, pk: int) -> HttpResponse:
    row = _entitlement(request.user, pk)
    return _benefit(request, row.person, "adjust", row)


@roles_required(*services.PROPOSING_ROLES)
def correct(request: StaffRequest, pk: int) -> HttpResponse:
    row = _entitlement(request.user, pk)
    return _benefit(request, row.person, "correct", row)


@roles_required(*services.PROPOSING_ROLES)
def stop(request: StaffRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person.objects.visible_to(request.user).select_related("commune"), pk=pk)
    granted = person.entitlements.granted().exclude(category__regime=Category.Regime.ONE_OFF)
    today = months.first(clock.today())
    rows = [
        row
        for row in granted.select_related("category").order_by("category__policy", "pk")
        if row.months.upper is None or row.months.upper > today
    ]
    form = StopForm(request.POST or None, user=request.user, rows=rows, initial=_picked(request, rows))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        dead = data["reason"] == DEATH
        try:
            with transaction.atomic():
                if done := once.claim(request.user, data["token"]):
                    return redirect(done)
                made = services.propose_stop(
                    actor=request.user,
                    person_id=person.pk,
                    died_on=data["happened_on"] if dead else None,
                    happened_on=data["happened_on"],
                    entitlement_ids=data["entitlements"],
                    reason="" if data["reason"] in (DEATH, OTHER) else data["reason"],
                    month=data["month"],
                    paper=form.paper,
                    note=data["note"],
                )
                url = page_of(made, person)
                once.finish(data["token"], url)
        except services.ProposalRefused as refusal:
            form.refuse(refusal.errors)
        else:
            messages.success(request, "Đã gửi đề nghị thôi hưởng. Phòng LĐ-TB&XH sẽ thẩm định.")
            return redirect(url)
    context = {"form": form, "person": person, "rows": rows}
    return render(request, "beneficiaries/changes/stop.html", context, status=422 if form.errors else 200)


@roles_required(*services.PROPOSING_ROLES)
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    try:
        outcome = services.withdraw_change(actor=request.user, change_id=pk)
    except Change.DoesNotExist:
        raise Http404 from None
    if outcome.done:
        messages.success(request, "Đã rút đề nghị.")
    for one in outcome.unchanged:
        messages.info(
            request, f"Đề nghị đã {'được rút' if one.rejection == services.WITHDRAWN else 'bị trả lại'} trước đó."
        )
    for _, why in outcome.refused:
        messages.warning(request, f"{why} Không rút được nữa.")
    return redirect("beneficiaries:change", pk=pk)


# --- a benefit: new, adjusted, corrected -------------------------------------------------------------------------


def _benefit(request: StaffRequest, person: Person, mode: str, row: Entitlement | None) -> HttpResponse:
    user = request.user
    options: dict[str, Any] = {"user": user, "person": person, "mode": mode, "row": row}
    sends = request.method == "POST" and not {"xem", "them_dong"} & request.POST.keys()
    if not sends:
        # What is typed so far stays as it is typed; nothing is complained about before it is sent.
        typed = request.POST.dict() if request.method == "POST" else _initial(request, row)
        rows = row_values(request.POST) if request.method == "POST" else _standing_rows(row)
        blank = max(_ROWS - len(rows), 0) + (3 if "them_dong" in request.POST else 0)
        form = BenefitForm(initial=typed, **options)
        formset = DependantRows(initial=[*rows, *({} for _ in range(blank))], prefix="nguoi")
        return _page(request, form, formset, person, mode, row)
    form = BenefitForm(request.POST, **options)
    formset = DependantRows(request.POST, prefix="nguoi")
    category = form.chosen
    needs_rows = category is not None and category.per_dependant
    if form.is_valid() and (not needs_rows or formset.is_valid()):
        try:
            with transaction.atomic():
                if done := once.claim(user, form.cleaned_data["token"]):
                    return redirect(done)
                change = _propose(user, person, mode, row, form, formset if needs_rows else None)
                url = reverse("beneficiaries:change", args=[change.pk])
                once.finish(form.cleaned_data["token"], url)
        except services.ProposalRefused as refusal:
            form.refuse(refusal.errors)
        else:
            messages.success(request, "Đã gửi đề nghị. Phòng LĐ-TB&XH sẽ thẩm định.")
            return redirect(url)
    return _page(request, form, formset, person, mode, row, status=422)


def _propose(user: User, person: Person, mode: str, row: Entitlement | None, form: BenefitForm, formset: Any) -> Change:
    data = form.cleaned_data
    given: dict[str, Any] = {
        "actor": user,
        "category": data["category"],
        "level": data["level"] or 0,
        "own_amount": data["own_amount"],
        "dependants": formset.proposed if formset is not None else (),
        "month": data["month"],
        "paper": form.paper,
        "note": data["note"],
        "confirmed": data["confirmed"],
    }
    if row is None:
        return services.propose_start(person_id=person.pk, **given)
    if mode == "adjust":
        return services.propose_adjustment(entitlement_id=row.pk, **given)
    return services.propose_correction(entitlement_id=row.pk, void=data["void"], **given)


def _page(
    request: StaffRequest,
    form: BenefitForm,
    formset: Any,
    person: Person,
    mode: str,
    row: Entitlement | None,
    status: int = 200,
) -> HttpResponse:
    category = form.chosen
    context: dict[str, Any] = {
        "form": form, "formset": formset, "person": person, "mode": mode, "row": row, "category": category,
    }  # fmt: skip
    if row is not None:
        context["current_code"] = confidential.shown_code(row.category, request.user)
        context["current_name"] = confidential.shown_name(row.category, request.user)
    if category is not None:
        context |= _foreseen(form, formset, category, person, mode, row)
    if mode == "start":
        why = context["first"].why if category is not None else "Mỗi đối tượng có quy định về tháng đầu."
        form["month"].help_text = f"{why} Để trống: theo quy định này."
    return render(request, "beneficiaries/changes/benefit.html", context, status=status)


def _foreseen(
    form: BenefitForm, formset: Any, category: Category, person: Person, mode: str, row: Entitlement | None
) -> dict[str, Any]:
    """What the proposal would do, as far as it is typed."""
    draft = draft_of(form, formset, category)
    first = law.first_month(
        category,
        birth=person.birth,
        signed_on=clock.today(),
        certificate=draft.proposal.paper.date,
        since=known_since(category),
    )
    month = draft.month or (row.months.lower if row is not None and mode == "correct" else first.month)
    month = month or months.first(clock.today())
    outlooks = Outlooks({person.pk}, user=form.user, categories={category.code: category})
    ending = [row.pk] if row is not None else []
    void = mode == "correct" and bool(form["void"].value())
    outlook = outlooks.of(person.pk, category.policy, month, ending, None if void else draft.proposal)
    return {
        "first": first,
        "month": month,
        "outlook": outlook,
        "warnings": [] if void else age_warnings(category, person, draft.proposal, month),
    }


def _initial(request: StaffRequest, row: Entitlement | None) -> dict[str, Any]:
    if row is None:
        return {"category": request.GET.get("doi_tuong", "")}
    return {
        "category": row.category.code,
        "level": row.level or None,
        "own_amount": row.own_amount,
        "month": row.months.lower
        if request.resolver_match and request.resolver_match.url_name == "change_correct"
        else None,
    }


def _standing_rows(row: Entitlement | None) -> list[dict[str, Any]]:
    if row is None:
        return []
    return [{"name": one.name, "birth": one.birth, "cccd": one.cccd} for one in map(proposed, row.dependants.all())]


def _picked(request: StaffRequest, rows: list[Entitlement]) -> dict[str, Any]:
    """The benefit beside which the button stood, or the only one."""
    wanted = request.GET.get("che_do", "")
    picked = [row.pk for row in rows if str(row.pk) == wanted]
    return {"entitlements": picked or ([rows[0].pk] if len(rows) == 1 else [])}


def _entitlement(user: User, pk: int) -> Entitlement:
    found = Entitlement.objects.visible_to(user).granted().select_related("person__commune", "category")
    row = get_object_or_404(found.prefetch_related(Prefetch("dependants", Dependant.objects.order_by("pk"))), pk=pk)
    if row.category.confidential and not confidential.may_see(user):
        raise PermissionDenied
    return row


def page_of(made: list[Change], person: Person) -> str:
    if len(made) == 1:
        return reverse("beneficiaries:change", args=[made[0].pk])
    return reverse("beneficiaries:person", args=[person.pk])
