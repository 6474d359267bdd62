"""Proposing that a death was recorded by mistake."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from batosocial.lib import months
from batosocial.lib.money import format_amount
from batosocial.staff.models import User
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries import confidential
from beneficiaries.changes import services
from beneficiaries.changes.alive import remembered, standing_deaths
from beneficiaries.changes.forms import AliveForm
from beneficiaries.changes.law import authority_of
from beneficiaries.changes.outlook import Outlooks
from beneficiaries.changes.views.proposing import page_of
from beneficiaries.models import Change, Entitlement, Person
from beneficiaries.paid_months import months_with_lines


@dataclass(frozen=True)
class Back:
    """What of one policy comes back: benefits in words, and what is owed for the months since."""

    policy: str
    label: str
    authority: str
    decision: str
    benefits: list[str]
    #: Months that no list has, and the đồng of them; None where an amount is not known.
    owed: list[datetime.date]
    amount: int | None
    #: Months that were on a list before the death became known.
    listed: list[datetime.date]

    @property
    def owed_text(self) -> str:
        return _months(self.owed)

    @property
    def amount_text(self) -> str:
        return "" if self.amount is None else format_amount(self.amount)

    @property
    def listed_text(self) -> str:
        return _months(self.listed)


@roles_required(*services.PROPOSING_ROLES)
def alive(request: StaffRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person.objects.visible_to(request.user).select_related("commune"), pk=pk)
    form = AliveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                if done := once.claim(request.user, form.cleaned_data["token"]):
                    return redirect(done)
                made = services.propose_alive(
                    actor=request.user, person_id=person.pk, paper=form.paper, note=form.cleaned_data["note"]
                )
                url = page_of(made, person)
                once.finish(form.cleaned_data["token"], url)
        except services.ProposalRefused as refusal:
            form.refuse(refusal.errors)
        else:
            messages.success(request, "Đã gửi đề nghị đính chính còn sống. Phòng LĐ-TB&XH sẽ thẩm định.")
            return redirect(url)
    changes = list(person.changes.select_related("reason"))
    context: dict[str, Any] = {
        "form": form,
        "person": person,
        "parts": _parts(person, changes, request.user),
        "waiting": [one for one in changes if one.proposal.get("alive") and one.state in _WAITING],
    }
    return render(request, "beneficiaries/changes/alive.html", context, status=422 if form.errors else 200)


_WAITING = (Change.State.PROPOSED, Change.State.APPRAISED, Change.State.DECIDED)


def _parts(person: Person, changes: list[Change], user: User) -> list[Back]:
    deaths = standing_deaths(person, changes)
    if not deaths:
        return []
    undos = {policy: remembered(given) for policy, given in deaths.items()}
    ids = [pk for undo in undos.values() for pk in undo.rows]
    rows = {row.pk: row for row in Entitlement.objects.filter(pk__in=ids).select_related("category")}
    lines = months_with_lines(ids)
    outlooks = Outlooks({person.pk}, user=user)
    found = []
    for policy, given in deaths.items():
        undo, first = undos[policy], min(change.effective_month for change in given)
        passed = months.span(first, months.add(outlooks.open_months[policy], -1))
        on_lists = {month for pk in undo.rows for month in lines.get(pk, ())}
        owed = [month for month in passed if month not in on_lists]
        differences = [outlooks.of_revival(person.pk, policy, month, undo).difference for month in owed]
        known = [amount for amount in differences if amount is not None]
        found.append(
            Back(
                policy=policy,
                label=given[0].get_policy_display(),
                authority=str(authority_of(policy).label),
                decision=", ".join(_decision(change) for change in given if change.decision_number),
                benefits=[_words(rows[pk], undo.rows[pk][0], first, user) for pk in undo.rows if pk in rows],
                owed=owed,
                amount=sum(known) if len(known) == len(differences) else None,
                listed=[month for month in passed if month in on_lists],
            )
        )
    return found


def _decision(change: Change) -> str:
    assert change.decision_date is not None  # noqa: S101
    return f"số {change.decision_number} ngày {change.decision_date:%d/%m/%Y}"


def _words(row: Entitlement, upper: datetime.date | None, first: datetime.date, user: User) -> str:
    code, name = confidential.shown_code(row.category, user), confidential.shown_name(row.category, user)
    until = f" đến {months.title(months.add(upper, -1))}" if upper else ""
    return f"{code} · {name}: hưởng lại từ {months.title(max(first, row.months.lower))}{until}"


def _months(given: list[datetime.date]) -> str:
    return ", ".join(months.label(month) for month in given)
