"""Grants at a death: opened by the program, completed by the commune, appraised by the Phòng, decided by whom the law
names, and paid by a one-off line of the next list."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from batosocial.audit import services as audit
from batosocial.audit.models import Entry
from batosocial.lib import clock, months
from batosocial.lib.money import format_amount
from batosocial.staff.models import User
from beneficiaries.models import Category, Change, Entitlement, Person, Policy, Rate
from payments.effects import law
from payments.models import Grant
from payments.owed import DUE

State = Grant.State
#: In which nobody with authority has decided yet.
UNDECIDED = (State.OPEN, State.PROPOSED, State.APPRAISED)
NOT_DEAD = "Sổ không còn ghi người này đã chết."


@dataclass(frozen=True)
class Award:
    """A grant that a death gives; ``refusal`` says why the law gives another one instead."""

    person_id: int
    code: str
    amount: int
    basis: str
    refusal: str = ""


def open_grants(*, actor: User, changes: Sequence[Change]) -> None:
    """Open the grants of the deaths among these changes, once each, and take back what rests on a death that the
    register does not say any more. A fixed number of statements, in the transaction of whoever calls."""
    of_person = {change.person_id: change for change in changes}
    people = {row.pk: row for row in Person.objects.filter(pk__in=of_person)}
    standing: dict[tuple[int, str], Grant] = {
        (grant.person_id, grant.category.code): grant
        for grant in Grant.objects.filter(person__in=people)
        .select_for_update(of=("self",))
        .select_related("category", "person", "line")
        .order_by("pk")
    }
    entries: list[Entry] = []
    changed: list[Grant] = []
    for grant in standing.values():
        if people[grant.person_id].died_on is None and (entry := _take_back(actor, grant)):
            entries.append(entry)
            changed.append(grant)
    named = {change.person_id for change in changes if change.kind == Change.Kind.STOP and _names_death(change)}
    again = {grant.person_id for grant in standing.values()}
    deaths = {pk: row.died_on for pk, row in people.items() if row.died_on is not None and (pk in named or pk in again)}
    categories = {row.code: row for row in Category.objects.filter(code__in=[*law.FUNERAL.values(), law.THREE_MONTHS])}
    made: list[Grant] = []
    for award in reckon(deaths) if deaths else []:
        known = standing.get((award.person_id, award.code))
        if known is None:
            made.append(_new(award, deaths[award.person_id], categories[award.code], of_person[award.person_id]))
        elif entry := _renew(actor, known, award, people[award.person_id]):
            entries.append(entry)
            changed.append(known)
    Grant.objects.bulk_create(made, ignore_conflicts=True)
    Grant.objects.bulk_update(changed, _FIELDS)
    if made:
        stored = Grant.objects.filter(person__in=[grant.person_id for grant in made]).select_related("category")
        fresh = {(grant.person_id, grant.category.code) for grant in made} - standing.keys()
        for grant in stored:
            if (grant.person_id, grant.category.code) in fresh:
                details = {"died_on": grant.died_on, "amount": grant.amount, "reason": grant.reason}
                entries.append(audit.prepare(actor=actor, action="mở trợ cấp khi chết", row=grant, details=details))
    Entry.objects.bulk_create(entries)


def reckon(deaths: Mapping[int, datetime.date]) -> list[Award]:
    """What these deaths give, by people's ids: of what they received in the month of death (khoản 1 Điều 11 NĐ 20/2021;
    Điều 121 NĐ 131/2021). Amounts in đồng from the dated rates; nothing where no rate of the day is known."""
    held = _held(deaths)
    received = _received(deaths)
    rates = _funeral_rates()
    awards: list[Award] = []
    for person_id, died_on in deaths.items():
        rows = held.get(person_id, [])
        funeral: dict[str, Rate] = {}
        for policy, code in law.FUNERAL.items():
            rate = next((rate for rate in rates.get(code, []) if rate.valid_from <= died_on), None)
            if rate is not None and law.receives([row.category for row in rows], policy):
                funeral[policy] = rate
        chosen = law.higher({policy: rate.amount for policy, rate in funeral.items()}) if funeral else ""
        for given, rate in funeral.items():
            code = law.FUNERAL[Policy(given)]
            basis = _funeral_basis(code, rate, paused=_all_paused(rows, given, died_on))
            refusal = "" if given == chosen else _instead(law.FUNERAL[Policy(chosen)], funeral[chosen].amount)
            awards.append(Award(person_id, code, rate.amount, basis, refusal))
        if monthly := received.get(person_id):
            basis = (
                f"{law.MONTHS} × {format_amount(monthly)} trợ cấp, phụ cấp hưởng {months.title(died_on)}, không gồm "
                f"trợ cấp người phục vụ ({law.BASIS[law.THREE_MONTHS]})"
            )
            awards.append(Award(person_id, law.THREE_MONTHS, law.MONTHS * monthly, basis))
    return awards


def _held(deaths: Mapping[int, datetime.date]) -> dict[int, list[Entitlement]]:
    """The granted monthly benefits that run in the month of death, suspended ones too."""
    found: dict[int, list[Entitlement]] = {}
    rows = Entitlement.objects.granted().filter(person__in=list(deaths)).exclude(category__regime="one_off")
    for row in rows.select_related("category").prefetch_related("suspensions").order_by("pk"):
        if months.first(deaths[row.person_id]) in row.months:
            found.setdefault(row.person_id, []).append(row)
    return found


#: What NCC received in the month of death, all benefits together (khoản 3 Điều 6 PL 02/2020), but for attendants.
_RECEIVED = f"""
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(%(people)s::bigint[], %(months)s::date[]) AS a(person_id, month)
), {DUE}
SELECT person_id, sum(amount) FROM due WHERE only_highest_of <> %(attendant)s
GROUP BY person_id HAVING bool_and(amount IS NOT NULL)
"""


def _received(deaths: Mapping[int, datetime.date]) -> dict[int, int]:
    values: dict[str, Any] = {
        "people": list(deaths),
        "months": [months.first(day) for day in deaths.values()],
        "policy": Policy.MERIT.value,
        "known_on": clock.today(),
        "suspended_too": True,
        "attendant": law.ATTENDANT,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECEIVED, values)
        return {person_id: int(amount) for person_id, amount in cursor.fetchall()}


def _funeral_rates() -> dict[str, list[Rate]]:
    """By category, those known by now, the latest first."""
    found: dict[str, list[Rate]] = {}
    rates = Rate.objects.filter(category__code__in=law.FUNERAL.values(), known_on__lte=clock.today())
    for rate in rates.select_related("category").order_by("-valid_from", "-known_on"):
        found.setdefault(rate.category.code, []).append(rate)
    return found


def _funeral_basis(code: str, rate: Rate, *, paused: bool) -> str:
    factor, base = law.FACTORS[code]
    shown = f"{factor} × {base} {format_amount(rate.amount // factor)}" if rate.amount % factor == 0 else base
    note = ". Đang tạm dừng hưởng vào tháng chết: cần xem lại điều kiện." if paused else ""
    return f"{shown}, mức từ {rate.valid_from:%d/%m/%Y} ({law.BASIS[code]}){note}"


def _all_paused(rows: Collection[Entitlement], policy: str, died_on: datetime.date) -> bool:
    month = months.first(died_on)
    mine = [row for row in rows if row.category.policy == policy]
    return bool(mine) and all(any(month in pause.months for pause in row.suspensions.all()) for row in mine)


def _instead(code: str, amount: int) -> str:
    what = "mai táng phí NCC" if code == law.FUNERAL[Policy.MERIT] else "hỗ trợ mai táng BTXH"
    return f"Hưởng {what} {format_amount(amount)}. {law.ONLY_ONE}"


def _names_death(change: Change) -> bool:
    return bool(change.proposal.get("died_on"))


def _new(award: Award, died_on: datetime.date, category: Category, change: Change) -> Grant:
    return Grant(
        person_id=award.person_id,
        category=category,
        change=change,
        died_on=died_on,
        amount=award.amount,
        basis=award.basis[:300],
        state=State.DECLINED if award.refusal else State.OPEN,
        reason=award.refusal[:500],
    )


_FIELDS = (
    "died_on", "amount", "basis", "state", "reason", "proposed_by", "proposed_at", "appraised_by", "appraised_at",
    "decided_by", "decided_at", "decision_number", "decision_date",
)  # fmt: skip


def _take_back(actor: User, grant: Grant) -> Entry | None:
    """The death was wrong: what is not on a list yet is not paid; what is, somebody has to look at."""
    if grant.reason == NOT_DEAD or grant.state == State.DECLINED:
        return None
    old = grant.state
    if old != State.DECIDED or not hasattr(grant, "line"):
        grant.state = State.DECLINED
    grant.reason = NOT_DEAD
    return audit.prepare(
        actor=actor,
        action="rút trợ cấp khi chết" if grant.state != old else "trợ cấp khi chết không còn căn cứ",
        row=grant,
        changes={"state": (old, grant.state)},
        details={"vì sao": NOT_DEAD},
    )


def _renew(actor: User, grant: Grant, award: Award, person: Person) -> Entry | None:
    """The same death told again changes nothing; another day, or a death after all, opens the grant anew."""
    assert person.death is not None  # noqa: S101
    died_on = person.death.day
    revived = grant.state == State.DECLINED and grant.reason == NOT_DEAD
    if grant.state not in UNDECIDED and not revived:
        return None
    if not revived and not award.refusal and (grant.died_on, grant.amount) == (died_on, award.amount):
        return None
    changes = {"died_on": (grant.died_on, died_on), "amount": (grant.amount, award.amount)}
    grant.died_on, grant.amount, grant.basis = died_on, award.amount, award.basis[:300]
    grant.state = State.DECLINED if award.refusal else State.OPEN
    grant.reason = award.refusal[:500] or f"Sổ nay ghi chết {person.death}; hãy xem lại hồ sơ."
    for name in ("proposed", "appraised", "decided"):
        setattr(grant, f"{name}_by", None)
        setattr(grant, f"{name}_at", None)
    grant.decision_number, grant.decision_date = "", None
    return audit.prepare(actor=actor, action="mở lại trợ cấp khi chết", row=grant, changes=changes)
