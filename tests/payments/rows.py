"""Payment lists of a few rows for tests, in months and communes that the demo leaves free; files of results."""

import datetime
import io
from typing import Any

import openpyxl
from django.test import Client
from django.utils import timezone

from batosocial.jobs.models import Job
from batosocial.jobs.runner import run_job
from batosocial.staff.models import Payer, Role, User
from batosocial.territory.models import Unit
from beneficiaries.models import Account, Category, Entitlement, Person, Policy
from payments import ledger
from payments.models import Payment, PaymentLine, PaymentList, Period, ResultBatch
from payments.results import words
from tests import factories as make

AUGUST = datetime.date(2024, 8, 1)
JULY = datetime.date(2024, 7, 1)
LOCKED_ON = datetime.date(2024, 7, 1)
State = PaymentList.State
_STEPS = ("submitted", "appraised", "signed_off", "approved", "handed_over")
_TAKEN = {State.DRAFT: 0, State.SUBMITTED: 1, State.APPRAISED: 3, State.APPROVED: 4, State.HANDED_OVER: 5}


def payment_list(
    *,
    policy: str = Policy.SOCIAL,
    month: datetime.date = AUGUST,
    commune: Unit | None = None,
    state: str = State.DRAFT,
) -> PaymentList:
    """A list of Ba Động for August unless told; its period is made when it is missing."""
    period, _ = Period.objects.get_or_create(
        policy=policy, month=month, defaults={"opened_by": User.objects.system(), "opened_at": timezone.now()}
    )
    unit = commune or make.commune()
    row = PaymentList.objects.create(period=period, commune=unit, commune_name=unit.full_name, locked_on=LOCKED_ON)
    return put(row, state)


def sendable_list(*, state: str = State.DRAFT, policy: str = Policy.SOCIAL, people: int = 0) -> PaymentList:
    """A list that agrees with the register: of a commune in which nobody else lives, and its ledger is kept."""
    row = payment_list(policy=policy, commune=make.empty_commune())
    for _ in range(people):
        payment(row, person=make.person(commune=row.commune), amount=500_000)
    ledger.store(policy, [row.period.month], [row.commune_id])
    return put(row, state)


def put(row: PaymentList, state: str, *, signed_off: bool = True) -> PaymentList:
    """Put a list into a state, with a person of its own for each step."""
    taken = _STEPS[: _TAKEN[State(state)]]
    if state == State.APPRAISED and not signed_off:
        taken = _STEPS[:2]
    for name in _STEPS:
        setattr(row, f"{name}_by", make.user() if name in taken else None)
        setattr(row, f"{name}_at", timezone.now() if name in taken else None)
    row.state = state
    row.save()
    return row


def payment(
    row: PaymentList,
    *,
    person: Person | None = None,
    amount: int = 360_000,
    account: Account | None = None,
    payer: str = "BUUDIEN",
    category: str = "BTXH-5C",
    entitlement: Entitlement | None = None,
    **fields: Any,
) -> Payment:
    """A payment of a draft with one regular line; in cash unless an account is given."""
    if entitlement is not None:
        person, category = entitlement.person, entitlement.category.code
    person = person or make.person()
    position = row.payments.count() + 1
    if account is not None:
        fields |= {
            "planned_channel": Payment.Channel.ACCOUNT,
            "provider": account.provider,
            "account_number": account.number,
            "account_holder": account.holder_name,
        }
    else:
        fields |= {"planned_channel": Payment.Channel.CASH, "cash_reason": "frail"}
    made = Payment.objects.create(
        payment_list=row,
        person=person,
        number=f"{row.period.policy}-{row.period.month:%y%m}-{row.commune.code}-{position:04}",
        position=position,
        name=person.name,
        birth=person.birth_text,
        sex=person.sex,
        cccd=person.cccd,
        payer=Payer.objects.get(code=payer),
        total=amount,
        **fields,
    )
    PaymentLine.objects.create(
        payment=made,
        entitlement=entitlement or make.entitlement(person, category),
        category=Category.objects.get(code=category),
        policy=row.period.policy,
        kind=PaymentLine.Kind.REGULAR,
        month=row.period.month,
        amount=amount,
    )
    return made


def on_list(entitlement: Entitlement, month: datetime.date, amount: int, result: str = "") -> Payment:
    """A regular line of this benefit for the month, on a list of July of its own, with a result if one is given."""
    unit = make.empty_commune()
    # A copy of it: one person has one payment on a list.
    unit.pk, unit.code = None, f"2198{Unit.objects.filter(code__startswith='2198').count()}"
    unit.save()
    row = payment_list(policy=entitlement.category.policy, month=JULY, commune=unit)
    made = payment(row, amount=amount, entitlement=entitlement)
    made.lines.update(month=month)
    put(row, State.HANDED_OVER)
    if result:
        made.result, made.recorded_by, made.recorded_at = result, make.user(), timezone.now()
        made.paid_on = month.replace(day=10)
        made.save()
    return made


def handed_over(count: int = 1, *, by_account: bool = False, payer: str = "BUUDIEN", **fields: Any) -> list[Payment]:
    """Payments of a list that was handed over."""
    row = payment_list(**fields)
    made = [payment(row, account=make.account() if by_account else None, payer=payer) for _ in range(count)]
    put(row, State.HANDED_OVER)
    return made


def result(
    payment: Payment | None = None,
    outcome: str = "paid_cash",
    *,
    day: Any = "20/07/2024",
    reason: str = "",
    **cells: Any,
) -> dict[str, Any]:
    """A row of a payer's file; ``cells`` overwrite by column, None empties."""
    row: dict[str, Any] = {words.RESULT: outcome, words.REASON: reason, words.DATE: day}
    if payment is not None:
        row |= {words.NUMBER: payment.number, words.AMOUNT: payment.total}
    return row | cells


def workbook(*rows: dict[str, Any], headings: dict[str, str] | None = None, above: int = 0) -> bytes:
    """An xlsx with these rows; ``headings`` renames columns, ``above`` lines stand before the heading."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for number in range(above):
        sheet.append([f"Dòng đầu {number}"])
    sheet.append([(headings or {}).get(name, name) for name in words.COLUMNS])
    for row in rows:
        sheet.append([row.get(name) for name in words.COLUMNS])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def run_queued(batch: ResultBatch) -> Job:
    """Run the batch's job here, as a worker would."""
    batch.refresh_from_db()
    assert batch.job_id is not None
    run_job(batch.job_id)
    batch.refresh_from_db()
    return Job.objects.get(pk=batch.job_id)


def officer() -> User:
    return make.user(Role.DISTRICT_OFFICER)


def clerk(payer: str = "BUUDIEN") -> User:
    return make.user(Role.PAYER, payer=payer)
