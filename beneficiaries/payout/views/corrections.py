"""Correcting a payee or an account, and the list of papers that run out."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from batosocial.web.access import StaffRequest, roles_required
from batosocial.web.pagination import paginate
from beneficiaries.history import events
from beneficiaries.models import Account, Payee, Person
from beneficiaries.payout import papers
from beneficiaries.payout.correcting import CorrectionRefused, EditedMeanwhile, correct_account, edit_payee
from beneficiaries.payout.entering import ENTERING_ROLES
from beneficiaries.payout.fields import RELATIONS
from beneficiaries.payout.forms import AccountForm, PaperFilter, PayeeForm


@roles_required(*ENTERING_ROLES)
def payee_edit(request: StaffRequest, pk: int, payee_pk: int) -> HttpResponse:
    person = _person(request, pk)
    payee = get_object_or_404(Payee.objects.exclude(kind=Payee.Kind.OWN), pk=payee_pk, person=person)
    form = PayeeForm(request.POST or None, payee=payee)
    context: dict[str, Any] = {"person": person, "payee": payee, "relations": RELATIONS}
    if request.method == "POST" and form.is_valid():
        try:
            saved = edit_payee(
                actor=request.user,
                payee_id=payee.pk,
                version=form.cleaned_data["version"],
                values=form.values,
                reason=form.cleaned_data["ly_do"],
            )
        except CorrectionRefused as refusal:
            form.add_error(_field(refusal.field), str(refusal))
        except EditedMeanwhile as edited:
            return _conflict(request, "beneficiaries/payout/payee.html", form, edited, context)
        else:
            messages.success(request, f"Đã lưu người nhận {saved.name}.")
            return redirect("beneficiaries:person", pk=pk)
    return _form(request, "beneficiaries/payout/payee.html", form, context)


@roles_required(*ENTERING_ROLES)
def account_correct(request: StaffRequest, pk: int, account_pk: int) -> HttpResponse:
    person = _person(request, pk)
    accounts = Account.objects.filter(routes__person=person).select_related("provider").distinct()
    account = get_object_or_404(accounts, pk=account_pk)
    form = AccountForm(request.POST or None, account=account)
    served = account.routes.exclude(person=person).values("person").distinct().count()
    context: dict[str, Any] = {"person": person, "account": account, "served": served}
    if request.method == "POST" and form.is_valid():
        try:
            correct_account(
                actor=request.user,
                account_id=account.pk,
                version=form.cleaned_data["version"],
                values=form.values,
                reason=form.cleaned_data["ly_do"],
            )
        except CorrectionRefused as refusal:
            form.add_error(refusal.field or None, str(refusal))
        except EditedMeanwhile as edited:
            return _conflict(request, "beneficiaries/payout/account.html", form, edited, context)
        else:
            messages.success(request, "Đã đính chính tài khoản.")
            return redirect("beneficiaries:person", pk=pk)
    return _form(request, "beneficiaries/payout/account.html", form, context)


@roles_required(*papers.PAPER_ROLES)
@require_safe
def papers_list(request: StaffRequest) -> HttpResponse:
    form = PaperFilter(request.GET, user=request.user)
    rows = form.apply().select_related("person__commune").order_by("paper_valid_until", "person__sort_key", "pk")
    page = paginate(request, rows)
    context = {
        "form": form,
        "page": page,
        "rows": [(payee, papers.state_of(payee.paper_valid_until)) for payee in page.object_list],
        "may_renew": request.user.role in ENTERING_ROLES,
    }
    return render(request, "beneficiaries/payout/papers.html", context)


def _person(request: StaffRequest, pk: int) -> Person:
    return get_object_or_404(Person.objects.visible_to(request.user).select_related("commune"), pk=pk)


def _field(column: str) -> str | None:
    return next((name for name, of in PayeeForm.COLUMNS.items() if of == column), column or None)


def _form(
    request: StaffRequest, template: str, form: forms.Form, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    return render(request, template, {"form": form, **context}, status=422 if form.errors else status)


def _conflict(
    request: StaffRequest, template: str, form: forms.Form, edited: EditedMeanwhile, context: dict[str, Any]
) -> HttpResponse:
    """What was typed stays; sent again, it is saved over what is shown here."""
    data: Any = form.data.copy()  # type: ignore[attr-defined]
    data["version"] = str(edited.row.version)
    form.data = data
    return _form(request, template, form, context | {"edits": events(edited.entries)}, status=409)
