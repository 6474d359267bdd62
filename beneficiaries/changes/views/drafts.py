"""What a form says while it is still being typed: unreadable parts are left out, nothing is complained about."""

import datetime
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from beneficiaries.changes.forms import BenefitForm, month_of
from beneficiaries.changes.proposal import Paper, Proposal, ProposedDependant
from beneficiaries.models import Category

_MOST_ROWS = 40


@dataclass(frozen=True)
class Draft:
    proposal: Proposal
    month: datetime.date | None


def draft_of(form: BenefitForm, formset: Any, category: Category) -> Draft:
    level = read_field(form, "level") if category.has_levels else 0
    amount = read_field(form, "own_amount") if category.amount_by_decision else None
    dependants = [one for row in formset.forms if (one := _dependant(row))] if category.per_dependant else []
    proposal = Proposal(
        category.code, level or 0, amount, tuple(dependants), paper=Paper(date=read_field(form, "paper_date"))
    )
    month = form["month"].value()
    return Draft(proposal, month if isinstance(month, datetime.date) else month_of(str(month or "")))


def row_values(data: QueryDict) -> list[dict[str, str]]:
    """The rows of dependants as they were typed, those that are empty at the end left out."""
    try:
        count = min(int(data.get("nguoi-TOTAL_FORMS", "0")), _MOST_ROWS)
    except ValueError:
        count = 0
    rows = [
        {name: data.get(f"nguoi-{number}-{name}", "") for name in ("name", "birth", "cccd")} for number in range(count)
    ]
    while rows and not any(rows[-1].values()):
        rows.pop()
    return rows


def read_field(form: forms.Form, name: str) -> Any:
    """What is typed in a field, None while it cannot be read."""
    value = form[name].value()
    if isinstance(value, int | datetime.date):
        return value
    try:
        return form.fields[name].clean(value)
    except forms.ValidationError:
        return None


def _dependant(row: forms.Form) -> ProposedDependant | None:
    """A row that says who it is about; its birth date may still be missing."""
    name = str(row["name"].value() or "").strip()
    birth = row["birth"].value()
    if not name and not birth:
        return None
    return ProposedDependant(name, birth if not isinstance(birth, str) else read_field(row, "birth"))
