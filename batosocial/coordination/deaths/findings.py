"""Deaths that the police told, in a commune's monthly review, as long as no stop stands (k4 Điều 2 TT 02/2021)."""

from collections.abc import Iterator

from batosocial.coordination.deaths.proposing import death_of
from batosocial.coordination.deaths.showing import unproposed
from batosocial.lib import months
from beneficiaries.changes import law
from beneficiaries.models import Category, Entitlement, IdentityAnswer
from payments.models import ReviewLine
from payments.review.findings import Finding, Wanted, register_source

Source, Action = ReviewLine.Source, ReviewLine.Action


@register_source("police_deaths")
def police_deaths(wanted: Wanted) -> Iterator[Finding]:
    """Who is dead by the police and still on a benefit, without a stop that waits: it was given back, or could not be
    proposed. Of a month nobody makes a day: the commune's trích lục tells it."""
    told = IdentityAnswer.objects.filter(
        newest=True, answer=IdentityAnswer.Answer.DEAD, person__commune__in=wanted.communes
    )
    answers = list(unproposed(told).select_related("person"))
    regimes: dict[int, set[str]] = {}
    running = Entitlement.objects.granted().filter(person__in=[answer.person_id for answer in answers])
    for person_id, regime in running.exclude(category__regime=Category.Regime.ONE_OFF).values_list(
        "person", "category__regime"
    ):
        regimes.setdefault(person_id, set()).add(regime)
    for answer in answers:
        death = death_of(answer)
        yield Finding(
            commune_id=answer.person.commune_id,
            person_id=answer.person_id,
            source=Source.DEATH,
            key=f"police_death:{answer.pk}:{months.iso(wanted.month)}",
            finding=f"Công an trả lời: chết {death}; chưa có đề nghị thôi hưởng "
            "(k2 Đ8 NĐ 20/2021; Đ121-124 NĐ 131/2021)",
            action=Action.STOP,
            reason=law.death_reason(regimes[answer.person_id]),
            happened_on=None if death.month_only else death.day,
            effective_month=law.stop_month(death.day),
        )
