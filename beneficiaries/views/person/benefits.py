"""Entitlements, and what they are worth this month."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from batosocial.lib import months
from batosocial.staff.models import User
from beneficiaries import amounts, confidential
from beneficiaries.models import Category, Change, Entitlement, Person, Policy, Suspension


@dataclass
class Benefit:
    """An entitlement with what it is worth this month; ``paid`` None where it is not due."""

    entitlement: Entitlement
    code: str
    name: str
    hidden: bool
    worth: amounts.Worth
    due: bool
    suspended: bool
    paid: bool = False
    #: It may still be adjusted or corrected by whoever may propose changes.
    changeable: bool = False

    @property
    def paused(self) -> bool:
        """Suspended until further notice, be it from a later month on."""
        return any(pause.months.upper is None for pause in self.entitlement.suspensions.all())

    @property
    def pauses(self) -> list[str]:
        """Its suspensions in words, with what is paid of them after all."""
        return [_pause_words(pause, self.entitlement) for pause in self.entitlement.suspensions.all()]

    @property
    def category(self) -> Category:
        return self.entitlement.category

    @property
    def amount(self) -> int | None:
        return self.worth.amount


def benefits_of(person: Person, month: datetime.date, today: datetime.date, user: User) -> list[Benefit]:
    entitlements = (
        person.entitlements.select_related("category", "granted_by")
        .prefetch_related("dependants", "suspensions")
        .order_by("-months", "category__code")
    )
    rates = list(
        amounts.known_rates(month, today).filter(
            category__in={row.category_id for row in entitlements}, level__in={row.level for row in entitlements}
        )
    )
    benefits = []
    for row in entitlements:
        suspended = any(month in suspension.months for suspension in row.suspensions.all())
        granted = row.granted_by.state == Change.State.APPLIED and row.voided_by_id is None
        running = granted and month in row.months
        benefits.append(
            Benefit(
                entitlement=row,
                code=confidential.shown_code(row.category, user),
                name=confidential.shown_name(row.category, user),
                hidden=row.category.confidential and not confidential.may_see(user),
                worth=amounts.worth(row, month=month, rates=rates, dependants=list(row.dependants.all())),
                due=running and not suspended and row.category.regime != Category.Regime.ONE_OFF,
                suspended=running and suspended,
                changeable=granted
                and (row.months.upper is None or row.months.upper > month)
                and row.category.regime != Category.Regime.ONE_OFF
                and (not row.category.confidential or confidential.may_see(user)),
            )
        )
    due = [benefit for benefit in benefits if benefit.due]
    for benefit in amounts.payable([benefit for benefit in due if benefit.amount is not None]):
        benefit.paid = True
    return benefits


def _pause_words(pause: Suspension, row: Entitlement) -> str:
    words = f"Tạm dừng từ {months.title(pause.months.lower)}"
    if pause.months.upper is None:
        return words
    if row.months.upper is not None and row.months.upper <= pause.months.upper:
        return f"{words} đến khi thôi hưởng"
    words += f", hưởng lại từ {months.title(pause.months.upper)}"
    if pause.arrears_months is not None:
        words += f", truy lĩnh từ {months.title(pause.arrears_months.lower)}"
    return words


def totals_of(benefits: Sequence[Benefit]) -> list[tuple[str, int]]:
    """Đồng a month of each policy that is due; a policy with an amount nobody knows has none."""
    totals = []
    for policy in Policy:
        due = [benefit for benefit in benefits if benefit.due and benefit.category.policy == policy]
        if due and all(benefit.amount is not None for benefit in due):
            totals.append((str(policy.label), sum(benefit.amount or 0 for benefit in due if benefit.paid)))
    return totals
