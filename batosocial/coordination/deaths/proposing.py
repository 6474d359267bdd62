"""What follows from an answer “đã chết”: a stop is proposed at once, on the word of the police."""

from collections.abc import Sequence

from batosocial.audit import services as audit
from batosocial.coordination.models import RoundPerson
from batosocial.lib import clock
from batosocial.lib.dates import Death
from batosocial.staff.models import User
from beneficiaries.changes.proposal import Paper
from beneficiaries.changes.proposing import ToldDeath, propose_deaths, take_back_told
from beneficiaries.models import IdentityAnswer

Answer = IdentityAnswer.Answer

#: Who told a death, as its stop keeps it.
POLICE = "police"
TOLD_ANEW = "Công an trả lời lại, khác lần trước."
NOTE = "Cổng tự đề nghị theo trả lời của Công an; xã bổ sung trích lục khai tử."


def death_of(answer: IdentityAnswer) -> Death:
    """When the police say that somebody died: a day, or the month alone."""
    if answer.died_on:
        return Death(answer.died_on)
    assert answer.died_month is not None  # noqa: S101 (the table demands it)
    return Death(answer.died_month, month_only=True)


def stops_follow(*, rows: Sequence[RoundPerson], actor: User) -> None:
    """Propose the stops of those who died (khoản 2 Điều 8 NĐ 20/2021: from the month right after), in the name of the
    system user, so that three other people appraise and decide. Who has a stop by death already, or none to stop,
    keeps what they have; what contradicts the answer is shown as a conflict. A death that the police take back, or
    tell otherwise, takes the stop with it that rests on their word alone. A fixed number of statements."""
    answers = [row.answer for row in rows if row.answer is not None]
    if not answers:
        return
    system = User.objects.system()
    deaths = {answer.person_id: death_of(answer) if answer.answer == Answer.DEAD else None for answer in answers}
    gone = take_back_told(actor=system, deaths=deaths, told_by=POLICE, reason=TOLD_ANEW)
    told = [
        ToldDeath(
            person_id=row.person_id,
            death=death,
            paper=Paper(f"Trả lời của Công an, đợt “{row.round.name}”"[:200], "", clock.today()),
            note=f"{NOTE} {row.answer.note}".strip(),
            told_by=POLICE,
        )
        for row in rows
        if row.answer is not None and (death := deaths[row.person_id]) is not None
    ]
    if not told and not gone:
        return
    done = propose_deaths(actor=system, deaths=told)
    audit.record(
        actor=actor,
        action="Trả lời “đã chết” của Công an",
        details={
            "people": [one.person_id for one in told],
            "proposed": [change.pk for change in done.made],
            "taken_back": [change.pk for change in gone],
            "kept": {str(pk): why for pk, why in done.refused.items()},
        },
    )
