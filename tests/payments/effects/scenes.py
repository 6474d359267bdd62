"""People, what they were paid, and changes that take effect, in short: for the tests of effects."""

import datetime
from typing import Any

from django.utils import timezone

from batosocial.staff.models import Role, User
from beneficiaries.changes import services
from beneficiaries.models import Change, Entitlement, Person
from payments import services as results
from payments.models import Payment, PaymentLine, PaymentList
from payments.results.rules import NewResult
from tests import factories as make
from tests.beneficiaries.changes import flow
from tests.payments import rows

JUNE, JULY, AUGUST = datetime.date(2024, 6, 1), datetime.date(2024, 7, 1), datetime.date(2024, 8, 1)
SEPTEMBER = datetime.date(2024, 9, 1)
#: Died in June: July and everything after it is not owed.
DIED = datetime.date(2024, 6, 20)
PAID = NewResult(result="paid_cash", paid_on=datetime.date(2024, 7, 10))
NOT_COLLECTED = NewResult(result="not_collected")


def beneficiary(category: str = "BTXH-5C", **fields: Any) -> tuple[Person, Entitlement]:
    person = make.person(**({"birth": "1940"} | fields))
    return person, make.entitlement(person, category)


def paid_list(state: str, benefits: list[Entitlement], *, month: datetime.date = AUGUST, amount: int = 500_000) -> Any:
    """A list of one payment with a regular line for each of a person's benefits, in a state."""
    row = rows.payment_list(policy=benefits[0].category.policy, month=month)
    payment = add_payment(row, benefits, amount=amount)
    rows.put(row, state)
    return payment


def add_payment(row: PaymentList, benefits: list[Entitlement], *, amount: int = 500_000) -> Payment:
    person = benefits[0].person
    position = row.payments.count() + 1
    payment = Payment.objects.create(
        payment_list=row,
        person=person,
        number=f"{row.period.policy}-{row.period.month:%y%m}-{row.commune.code}-9{position:03}",
        position=position,
        name=person.name,
        birth=person.birth_text,
        sex=person.sex,
        cccd=person.cccd,
        payer=rows.Payer.objects.get(code="BUUDIEN"),
        planned_channel=Payment.Channel.CASH,
        cash_reason="frail",
        total=amount * len(benefits),
    )
    for benefit in benefits:
        add_line(payment, benefit, row.period.month, amount)
    return payment


def add_line(payment: Payment, benefit: Entitlement, month: datetime.date, amount: int, kind: str = "regular") -> None:
    PaymentLine.objects.create(
        payment=payment,
        entitlement=benefit,
        category=benefit.category,
        policy=benefit.category.policy,
        kind=kind,
        month=month,
        amount=amount,
    )


def record(payment: Payment, new: NewResult = PAID, *, actor: User | None = None, why: str = "") -> Payment:
    payment.refresh_from_db()
    results.record_result(
        actor=actor or rows.officer(),
        payment_id=payment.pk,
        new=new,
        why=why,
        seen=results.result_version(payment),
    )
    payment.refresh_from_db()
    return payment


def death(person: Person, died_on: datetime.date = DIED, *, policy: str = "") -> list[Change]:
    """A death, proposed, appraised and decided; of one policy only where it is named."""
    changes = services.propose_stop(actor=flow.officer(), person_id=person.pk, died_on=died_on, paper=flow.PAPER)
    done = [flow.decided(change) for change in changes if policy in ("", change.policy)]
    person.refresh_from_db()
    return done


def apply_again(changes: list[Change], actor: User | None = None) -> None:
    """Tell everybody once more of changes that are in force."""
    from beneficiaries.changes import hooks

    hooks.changes_applied(changes=changes, actor=actor or make.user(Role.CHAIRMAN))


def not_dead_after_all(person: Person, benefit: Entitlement) -> Change:
    """The register is put right: the person lives, and the benefit runs as if nothing had been."""
    Person.objects.filter(pk=person.pk).update(died_on=None)
    Entitlement.objects.filter(pk=benefit.pk).update(
        months=make.month_range(benefit.months.lower), ended_by=None, voided_by=None
    )
    change = Change.objects.create(
        kind=Change.Kind.CORRECT,
        policy=benefit.category.policy,
        person=person,
        entitlement=benefit,
        effective_month=benefit.months.lower,
        state=Change.State.APPLIED,
        applied_at=timezone.now(),
        proposed_by=make.user(Role.COMMUNE_OFFICER),
    )
    apply_again([change])
    return change
