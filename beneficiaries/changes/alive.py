"""Taking back a death that was recorded by mistake: what it ended goes on as it was.

The register was wrong: whoever did not die kept their claim (khoản 2 Điều 8 NĐ 20/2021), so that the months since are
owed and come as arrears with the next lists. The stop was decided, so that taking it back is decided too, by the same
authority (khoản 4 Điều 2 TT 02/2021; Điều 122 to 124 NĐ 131/2021).
"""

import datetime
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.db.backends.postgresql.psycopg_any import DateRange

from beneficiaries.changes import law
from beneficiaries.changes.proposal import End, Pause, Undo, says_alive
from beneficiaries.changes.register import Effect, Refused, overlap, span, title
from beneficiaries.models import Change, Entitlement, Person, Suspension

if TYPE_CHECKING:
    from beneficiaries.changes.register import Register


def standing_deaths(person: Person, changes: Iterable[Change]) -> dict[str, list[Change]]:
    """By policy, the changes by which the person's death ended benefits and that nothing has taken back.

    ``changes`` are the person's, with their reasons.
    """
    applied = [change for change in changes if change.state == Change.State.APPLIED]
    taken_back = {pk for change in applied if says_alive(change.proposal) for pk in change.proposal.get("death") or ()}
    found: dict[str, list[Change]] = {}
    for change in sorted(applied, key=lambda one: one.pk):
        if change.kind == Change.Kind.STOP and change.pk not in taken_back and _tells_death(change, person):
            found.setdefault(change.policy, []).append(change)
    return dict(sorted(found.items()))


def _tells_death(change: Change, person: Person) -> bool:
    if change.proposal.get("died_on"):
        return True
    # A first load brought stops without the day; their reason may also be that somebody is missing.
    dead = person.died_on is not None and change.effective_month == law.stop_month(person.died_on)
    return dead and change.reason is not None and change.reason.code in law.DEATHS.values()


def undo_of(rows: Iterable[Entitlement], pauses: Iterable[Suspension]) -> Undo:
    """What a death is about to change, so that it can be taken back."""
    return Undo(
        {row.pk: (row.months.upper, row.ended_by_id) for row in rows},
        {pause.pk: (pause.months, pause.arrears_months, pause.ended_by_id) for pause in pauses},
    )


def remembered(deaths: Iterable[Change]) -> Undo:
    """What these deaths changed; what they did not remember is taken as having lasted until further notice."""
    given = list(deaths)
    undo = Undo.joined(Undo.load(change.proposal.get("undo") or {}) for change in given)
    ended = Entitlement.objects.filter(ended_by__in=given, voided_by=None).values_list("pk", flat=True)
    rows: dict[int, End] = dict.fromkeys(ended, (None, None))
    pauses: dict[int, Pause] = {
        pause.pk: (DateRange(pause.months.lower, None, "[)"), None, None)
        for pause in Suspension.objects.filter(ended_by__in=given)
    }
    voided = Entitlement.objects.filter(voided_by__in=given)
    rows |= {row.pk: (row.months.upper, row.ended_by_id) for row in voided}
    return Undo(rows | dict(undo.rows), pauses | dict(undo.pauses))


def revive(register: "Register", change: Change) -> Effect:
    """Everything of the change's policy that the death ended runs again as it did, its suspensions too."""
    person = register.people[change.person_id]
    undo, deaths = Undo.load(change.proposal.get("undo") or {}), set(change.proposal.get("death") or ())
    wrong = change.proposal.get("not_died_on")
    if person.died_on and wrong and person.died_on != datetime.date.fromisoformat(wrong):
        raise Refused(f"Sổ nay ghi người này chết {person.death}, khác ngày bị ghi nhầm; hãy trả lại đề nghị này.")
    first = _first_month(change)
    if change.effective_month != first:
        raise Refused(f"Đính chính còn sống trả lại chế độ từ {title(first)}; hãy để trống ô tháng.")
    effect = Effect(alive=person.died_on is not None)
    back: list[tuple[Entitlement, DateRange]] = []
    for row in register.rows[person.pk]:
        if row.ended_by_id in deaths:
            upper, ended_by = undo.rows.get(row.pk, (None, None))
            wanted = DateRange(row.months.lower, upper, "[)")
            effect.ranges.append((row, wanted, ended_by))
            back.append((row, wanted))
    for row in register.voided[person.pk]:
        if row.voided_by_id in deaths:
            effect.unvoided.append(row)
            back.append((row, row.months))
    _check_free(register, change, back)
    for row, _ in back:
        for pause in register.pauses(row):
            if pause.ended_by_id in deaths and pause.pk in undo.pauses:
                effect.again.append((pause, *undo.pauses[pause.pk]))
    if not back and not effect.alive:
        raise Refused("Việc ghi chết này đã được đính chính trước đó.")
    return effect


def _first_month(change: Change) -> datetime.date:
    return datetime.date.fromisoformat(change.proposal["first_month"])


def _check_free(register: "Register", change: Change, back: list[tuple[Entitlement, DateRange]]) -> None:
    """Nothing that was given since may stand in the months that come back."""
    rows = [row for row, _ in back]
    for number, (row, wanted) in enumerate(back):
        try:
            register.free(change, row.category, wanted, without=rows)
        except Refused as why:
            raise Refused(f"{why} Hãy đính chính hoặc cho thôi chế độ đó trước.") from None
        for other, months in back[:number]:
            if other.category_id == row.category_id and overlap(wanted, months):
                raise Refused(
                    f"Hai lần hưởng cùng một chế độ chồng lên nhau ({span(months)}; {span(wanted)}); hãy đề nghị hưởng "
                    "lại từng chế độ."
                )


def proposal_of(person: Person, deaths: Iterable[Change]) -> Mapping[str, Any]:
    """What a proposal keeps of the deaths that it takes back."""
    given = list(deaths)
    return {
        "alive": True,
        "death": [change.pk for change in given],
        "first_month": min(change.effective_month for change in given).isoformat(),
        "not_died_on": person.died_on.isoformat() if person.died_on else None,
        "undo": remembered(given).dump(),
    }
