"""Deaths that the police told, as lists and pages show them: where the stop stands, what was paid since."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import DateField, DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, TruncMonth

from batosocial.coordination.deaths.proposing import death_of
from batosocial.lib.dates import Death
from batosocial.staff.models import BENEFIT_ROLES, User
from batosocial.web.todo import Tone
from beneficiaries.changes.proposal import load_death
from beneficiaries.changes.proposing import CERTIFICATE
from beneficiaries.models import Change, Entitlement, IdentityAnswer
from payments.models import Payment, PaymentLine, Receivable

Answers = QuerySet[IdentityAnswer]

CONFLICT, PROPOSED, DECIDED, REGISTERED, NOTHING, OPEN = "conflict", "proposed", "decided", "registered", "none", "open"
#: What became of a death, its words and colour.
STANDS: dict[str, tuple[str, Tone]] = {
    CONFLICT: ("Khác ngày trong sổ, trong đề nghị", "danger"),
    PROPOSED: ("Đã đề nghị thôi hưởng", "warning"),
    DECIDED: ("Đã thôi hưởng", "success"),
    REGISTERED: ("Sổ đã ghi chết", "success"),
    NOTHING: ("Không còn hưởng", "neutral"),
    OPEN: ("Chưa có đề nghị", "danger"),
}


def told_deaths(user: User) -> Answers:
    """The newest answers that say “dead”, in the user's scope; never for the police, who see their worklist."""
    rows = IdentityAnswer.objects.visible_to(user).filter(newest=True, answer=IdentityAnswer.Answer.DEAD)
    return rows if user.role in BENEFIT_ROLES else rows.none()


def _stops() -> Any:
    """Stops by death of the outer answer's person."""
    by_death = Change.objects.filter(kind=Change.Kind.STOP, person=OuterRef("person"))
    return by_death.annotate(told=Cast(KeyTextTransform("died_on", "proposal"), DateField())).filter(told__isnull=False)


def conflicting(rows: Answers) -> Answers:
    """Whose register, or whose waiting stop, says another date than the police."""
    in_month = Q(person__died_on__isnull=False) & ~Q(register_month=F("died_month"))
    on_day = Q(died_on__isnull=False, person__died_on__isnull=False, person__died_month_only=False)
    proposed = _stops().waiting().annotate(told_month=TruncMonth("told", output_field=DateField()))
    other = proposed.exclude(told_month=OuterRef("died_month"))
    dated = proposed.exclude(proposal__month_only=True).exclude(told=OuterRef("died_on"))
    return rows.annotate(register_month=TruncMonth("person__died_on", output_field=DateField())).filter(
        in_month | on_day & ~Q(person__died_on=F("died_on")) | Exists(other) | Q(Exists(dated), died_on__isnull=False)
    )


def lacking_certificate(rows: Answers) -> Answers:
    """Of whom only the word of the police is known: no trích lục in the waiting stop, or no day in the register."""
    without = _stops().waiting().exclude(evidence__icontains=CERTIFICATE)
    return rows.filter(Q(Exists(without)) | Q(person__died_month_only=True))


def unproposed(rows: Answers) -> Answers:
    """Whose benefits run on after the month of death and whom no stop by death waits for."""
    running = Entitlement.objects.granted().filter(person=OuterRef("person")).exclude(category__regime="one_off")
    # A first of a month beyond these days is at least the second one after the month of death.
    next_month = ExpressionWrapper(OuterRef("died_month") + datetime.timedelta(days=31), output_field=DateTimeField())
    after = running.filter(Q(months__upper_inf=True) | Q(months__endswith__gt=next_month))
    return rows.filter(Exists(after), ~Exists(_stops().waiting()), person__died_on__isnull=True)


@dataclass(frozen=True)
class Paid:
    """Đồng paid for a month after the death."""

    policy: str
    month: datetime.date
    amount: int


@dataclass
class DeathRow:
    """One told death. ``stands`` is a key of ``STANDS``; ``paid`` what was paid for months after it."""

    answer: IdentityAnswer
    death: Death
    stands: str = OPEN
    stops: list[Change] = field(default_factory=list)
    paid: list[Paid] = field(default_factory=list)
    receivables: list[Any] = field(default_factory=list)
    lacks_certificate: bool = False

    @property
    def person(self) -> Any:
        return self.answer.person

    @property
    def label(self) -> str:
        return STANDS[self.stands][0]

    @property
    def tone(self) -> Tone:
        return STANDS[self.stands][1]

    @property
    def paid_amount(self) -> int:
        return sum(one.amount for one in self.paid)

    @property
    def asked_amount(self) -> int:
        return sum(row.amount for row in self.receivables)

    @property
    def conflicts(self) -> list[str]:
        """What says another date, in words."""
        found = []
        if self.person.death and not self.person.death.fits(self.death):
            found.append(f"Sổ ghi chết {self.person.death}")
        for change in self.stops:
            told = load_death(change.proposal)
            if change.state not in (Change.State.APPLIED, Change.State.REJECTED) and told and not told.fits(self.death):
                found.append(f"Đề nghị thôi hưởng {change.policy} ghi chết {told}")
        return found


def rows_of(answers: Sequence[IdentityAnswer]) -> list[DeathRow]:
    """Four queries, whatever the number of answers; these have ``person`` loaded."""
    people = [answer.person_id for answer in answers]
    stops: dict[int, list[Change]] = defaultdict(list)
    for change in Change.objects.filter(person__in=people, kind=Change.Kind.STOP).order_by("pk"):
        if load_death(change.proposal):
            stops[change.person_id].append(change)
    paid = paid_since({answer.person_id: death_of(answer).day.replace(day=1) for answer in answers})
    receivables: dict[int, list[Any]] = defaultdict(list)
    asked = Receivable.objects.filter(person__in=people).exclude(state=Receivable.State.CANCELLED)
    for receivable in asked.order_by("month", "pk"):
        receivables[receivable.person_id].append(receivable)
    running = _still_running(answers)
    return [
        _row(answer, stops[answer.person_id], paid.get(answer.person_id, []), receivables[answer.person_id], running)
        for answer in answers
    ]


def _row(
    answer: IdentityAnswer, stops: list[Change], paid: list[Paid], receivables: list[Any], running: Collection[int]
) -> DeathRow:
    death = death_of(answer)
    after = death.day.replace(day=1)
    row = DeathRow(answer, death, OPEN, stops, paid, [one for one in receivables if one.month > after])
    waiting = [one for one in stops if one.state not in (Change.State.APPLIED, Change.State.REJECTED)]
    applied = [one for one in stops if one.state == Change.State.APPLIED]
    if row.conflicts:
        row.stands = CONFLICT
    elif waiting:
        row.stands = PROPOSED
    elif row.person.death:
        row.stands = DECIDED if applied else REGISTERED
    elif answer.person_id not in running:
        row.stands = NOTHING
    proven = any(CERTIFICATE.casefold() in one.evidence.casefold() for one in waiting)
    row.lacks_certificate = (bool(waiting) and not proven) or row.person.died_month_only
    return row


def _still_running(answers: Sequence[IdentityAnswer]) -> set[int]:
    """People with a monthly benefit in a month after the one in which they died."""
    died = {answer.person_id: answer.died_month for answer in answers}
    rows = Entitlement.objects.granted().filter(person__in=died).exclude(category__regime="one_off")
    return {
        row.person_id
        for row in rows.only("person", "months")
        if row.months.upper is None or row.months.upper > _next(died[row.person_id])
    }


def _next(month: datetime.date | None) -> datetime.date:
    assert month is not None  # noqa: S101 (a death has its month)
    return (month + datetime.timedelta(days=32)).replace(day=1)


def paid_since(died: Mapping[int, datetime.date]) -> dict[int, list[Paid]]:
    """By person, đồng paid for each month after the month of death: what a decision makes recoverable (khoản 2 Điều 8
    NĐ 20/2021). One query; one-off payments are no part of it."""
    regular = (PaymentLine.Kind.REGULAR, PaymentLine.Kind.ARREARS)
    rows = PaymentLine.objects.filter(
        Q(kind__in=regular) | Q(kind=PaymentLine.Kind.CARRY_OVER, origin__kind__in=regular),
        payment__person__in=died,
        payment__result__in=Payment.PAID,
    )
    sums = (
        rows.values_list("payment__person", "policy", "month").annotate(paid=Sum("amount")).order_by("month", "policy")
    )
    found: dict[int, list[Paid]] = defaultdict(list)
    for person_id, policy, month, amount in sums:
        if month > died[person_id]:
            found[person_id].append(Paid(policy, month, amount))
    return dict(found)
