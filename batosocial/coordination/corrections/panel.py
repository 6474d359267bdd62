"""What the police said of a person and what follows, on the person's page."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from batosocial.coordination.corrections import showing as corrections
from batosocial.coordination.deaths import showing as deaths
from batosocial.coordination.models import Correction, FollowUp, RoundPerson
from batosocial.staff.models import BENEFIT_ROLES
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries.models import IdentityAnswer, Person

#: Answers shown of the many that somebody may have.
_SHOWN = 5


@roles_required(*BENEFIT_ROLES)
@require_safe
def person(request: StaffRequest, person_id: int) -> HttpResponse:
    """The answers of the police, and the paths, follow-ups and stops that came of the newest."""
    found = get_object_or_404(Person.objects.visible_to(request.user), pk=person_id)
    answers = list(
        IdentityAnswer.objects.filter(person=found).select_related("answered_by", "asked_in__round").order_by("-pk")
    )
    newest = next((answer for answer in answers if answer.newest), None)
    dead = newest is not None and deaths.told_deaths(request.user).filter(pk=newest.pk).exists()
    if newest is not None:
        newest.person = found
    asked = RoundPerson.objects.waiting().filter(person=found).select_related("round").order_by("pk")
    paths = Correction.objects.filter(person=found).select_related("person").order_by("closed_on", "-pk")
    context = {
        "person": found,
        "answers": answers[:_SHOWN],
        "asked": list(asked),
        "corrections": corrections.rows_of(list(paths[:_SHOWN])),
        "follow_ups": list(FollowUp.objects.filter(person=found).order_by("-pk")[:_SHOWN]),
        "row": deaths.rows_of([newest])[0] if newest is not None and dead else None,
    }
    template = "coordination/person/_panel.html" if request.htmx else "coordination/person/page.html"
    return render(request, template, context)
