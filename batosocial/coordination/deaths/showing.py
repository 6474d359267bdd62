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
from beneficiaries.changes.proposal import load_death, says_alive
from beneficiaries.changes.proposing import CERTIFICATE
from beneficiaries.models import Change, Entitlement, IdentityAnswer
from payments.models import Payment, PaymentLine, Receivable

Answers = QuerySet[IdentityAnswer]
DEAD = IdentityAnswer.Answer.DEAD
#: Whoever is compared with the population database, and not found dead there, lives by it.
ALIVE = (IdentityAnswer.Answer.MATCH, IdentityAnswer.Answer.DIFFERS)

CONFLICT, PROPOSED, DECIDED, REGISTERED, NOTHING, OPEN = "conflict", "proposed", "decided", "registered", "none", "open"
TAKEN_BACK = "taken_back"
#: What became of a death, its words and colour.
STANDS: dict[str, tuple[str, Tone]] = {
    TAKEN_BACK: ("Công an nói lại", "danger"),
    CONFLICT: ("Khác ngày trong sổ, trong đề nghị", "danger"),
    PROPOSED: ("Đã đề nghị thôi hưởng", "warning"),
    DECIDED: ("Đã thôi hưởng", "success"),
    REGISTERED: ("Sổ đã ghi chết", "success"),
    NOTHING: ("Không còn hưởng", "neutral"),
    OPEN: ("Chưa có đề nghị", "danger"),
}


def told_deaths(user: User) -> Answers:
    """The newest answers that say “dead”, and those that say otherwise of somebody whose death stands in the register
    or waits for its decision, in the user's scope; never for the police, who see their worklist."""
    rows = IdentityAnswer.objects.visible_to(user).filter(Q(answer=DEAD) | said_otherwise(), newest=True)
    return rows if user.role in BENEFIT_ROLES else rows.none()


def said_otherwise() -> Q:
    """Newest answers that do not say “dead” though the portal knew of a death when they were given, until that is
    taken back by decision or the police say “dead” again. A death that was told after the answer contradicts nothing,
    and whom the police cannot find they call alive only where they had said “dead” before."""
    same_person = IdentityAnswer.objects.filter(person=OuterRef("person"), answer=DEAD)
    alive = Change.objects.filter(
        kind=Change.Kind.CORRECT, state=Change.State.APPLIED, proposal__alive=True, pk__gt=OuterRef("pk")
    )
    stops = _stops().exclude(state=Change.State.REJECTED)
    standing = stops.exclude(Exists(alive.filter(person=OuterRef("person"), policy=OuterRef("policy"))))
    before = standing.filter(proposed_at__lte=OuterRef("answered_at"))
    waiting = Change.objects.waiting().filter(kind=Change.Kind.STOP, proposal__died_on__isnull=False)
    # A register that was loaded may know the death without a stop that tells it.
    registered = Q(person__died_on__lte=F("answered_at"), person__died_on__isnull=False)
    return (
        Q(newest=True)
        & ~Q(answer=DEAD)
        & (Q(person__died_on__isnull=False) | Q(person__in=waiting.values("person")))
        & (Q(answer__in=ALIVE) | Exists(same_person))
        & (Exists(before) | registered & ~Exists(_stops().exclude(state=Change.State.REJECTED)))
    )


def _stops() -> Any:
    """Stops by death of the outer answer's person."""
    by_death = Change.objects.filter(kind=Change.Kind.STOP, person=OuterRef("person"))
    return by_death.annotate(told=Cast(KeyTextTransform("died_on", "proposal"), DateField())).filter(told__isnull=False)


def conflicting(rows: Answers) -> Answers:
    """Whose register, or whose waiting stop, says another date than the police, or a death that they do not."""
    in_month = Q(person__died_on__isnull=False) & ~Q(register_month=F("died_month"))
    on_day = Q(died_on__isnull=False, person__died_on__isnull=False, person__died_month_only=False)
    proposed = _stops().waiting().annotate(told_month=TruncMonth("told", output_field=DateField()))
    other = proposed.exclude(told_month=OuterRef("died_month"))
    dated = proposed.exclude(proposal__month_only=True).exclude(told=OuterRef("died_on"))
    return rows.annotate(register_month=TruncMonth("person__died_on", output_field=DateField())).filter(
        Q(answer=DEAD)
        & (
            in_month
            | on_day & ~Q(person__died_on=F("died_on"))
            | Exists(other)
            | Q(Exists(dated), died_on__isnull=False)
        )
        | said_otherwise()
    )


def lacking_certificate(rows: Answers) -> Answers:
    """Of whom only the word of the police is known: no trích lục in the waiting stop, or no day in the register."""
    without = _stops().waiting().exclude(evidence__icontains=CERTIFICATE)
    return rows.filter(Q(Exists(without)) | Q(person__died_month_only=True), answer=DEAD)


def unproposed(rows: Answers) -> Answers:
    """Whose benefits run on after the month of death and whom no stop by death waits for."""
    running = Entitlement.objects.granted().filter(person=OuterRef("person")).exclude(category__regime="one_off")
    # A first of a month beyond these days is at least the second one after the month of death.
    next_month = ExpressionWrapper(OuterRef("died_month") + datetime.timedelta(days=31), output_field=DateTimeField())
    after = running.filter(Q(months__upper_inf=True) | Q(months__endswith__gt=next_month))
    return rows.filter(Exists(after), ~Exists(_stops().waiting()), answer=DEAD, person__died_on__isnull=True)


@dataclass(frozen=True)
class Paid:
    """Đồng paid for a month after the death."""

    policy: str
    month: datetime.date
    amount: int


@dataclass
class DeathRow:
    """One told death. ``stands`` is a key of ``STANDS``; ``paid`` what was paid for months after it. Of an answer that
    does not say “dead”, ``death`` is the one of the register or of the stop, ``corrections`` what takes it back."""

    answer: IdentityAnswer
    death: Death
    stands: str = OPEN
    stops: list[Change] = field(default_factory=list)
    paid: list[Paid] = field(default_factory=list)
    receivables: list[Any] = field(default_factory=list)
    lacks_certificate: bool = False
    corrections: list[Change] = field(default_factory=list)

    @property
    def taken_back(self) -> bool:
        """Whether the police do not say “dead” any more, or never did."""
        return self.stands == TAKEN_BACK

    @property
    def stop_applied(self) -> bool:
        return any(change.state == Change.State.APPLIED for change in self.stops)

    @property
    def waiting_correction(self) -> Change | None:
        done = (Change.State.APPLIED, Change.State.REJECTED)
        return next((change for change in self.corrections if change.state not in done), None)

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
    def conflicts(self) -> list[str]:
        """What says another date, or a death that the police do not tell, in words."""
        found = []
        if self.answer.answer != DEAD:
            if self.person.death:
                found.append(f"Sổ ghi chết {self.person.death}")
            waiting = [one for one in self.stops if one.state not in (Change.State.APPLIED, Change.State.REJECTED)]
            return found + [f"Đề nghị thôi hưởng {one.policy} ghi chết {load_death(one.proposal)}" for one in waiting]
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
    corrections: dict[int, list[Change]] = defaultdict(list)
    kinds = (Change.Kind.STOP, Change.Kind.CORRECT)
    for change in Change.objects.filter(person__in=people, kind__in=kinds).order_by("pk"):
        if change.kind == Change.Kind.STOP and load_death(change.proposal):
            stops[change.person_id].append(change)
        elif says_alive(change.proposal):
            corrections[change.person_id].append(change)
    deaths = {answer.person_id: _death(answer, stops[answer.person_id]) for answer in answers}
    died = {person_id: death.day.replace(day=1) for person_id, death in deaths.items()}
    paid = paid_since(died)
    receivables: dict[int, list[Any]] = defaultdict(list)
    asked = Receivable.objects.filter(person__in=people).exclude(state=Receivable.State.CANCELLED)
    for receivable in asked.order_by("month", "pk"):
        receivables[receivable.person_id].append(receivable)
    running = _still_running(died)
    rows = []
    for answer in answers:
        one = answer.person_id
        asked_back = [receivable for receivable in receivables[one] if receivable.month > died[one]]
        row = DeathRow(answer, deaths[one], OPEN, stops[one], paid.get(one, []), asked_back)
        row.corrections = corrections[one]
        _stand(row, running)
        rows.append(row)
    return rows


def _death(answer: IdentityAnswer, stops: Sequence[Change]) -> Death:
    """What the police tell; else what the register or the last stop that was not refused does."""
    if answer.answer == DEAD:
        return death_of(answer)
    told = [load_death(change.proposal) for change in stops if change.state != Change.State.REJECTED]
    death = answer.person.death or (told[-1] if told else None)
    assert death is not None  # noqa: S101 (said_otherwise demands one of them)
    return death


def _stand(row: DeathRow, running: Collection[int]) -> None:
    answer, stops = row.answer, row.stops
    if answer.answer != DEAD:
        row.stands = TAKEN_BACK
        return
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


def _still_running(died: Mapping[int, datetime.date]) -> set[int]:
    """People with a monthly benefit in a month after the one in which they died."""
    rows = Entitlement.objects.granted().filter(person__in=died).exclude(category__regime="one_off")
    return {
        row.person_id
        for row in rows.only("person", "months")
        if row.months.upper is None or row.months.upper > _next(died[row.person_id])
    }


def _next(month: datetime.date) -> datetime.date:
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
