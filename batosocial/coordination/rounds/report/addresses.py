"""The list of names behind each number: the worklist of the round, filtered."""

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode

from batosocial.coordination.models import IdentityRound
from batosocial.coordination.rounds.report.figures import ANSWERED, ASKED, DIFFERS, WAITING
from batosocial.territory.models import Unit
from beneficiaries.models import IdentityAnswer


def names_url(round_: IdentityRound, measure: str, unit: Unit | None = None) -> str:
    """Whom a number of the report counts, of a commune or of all that the reader sees."""
    chosen = {"tra_loi": {ASKED: "", ANSWERED: "da", WAITING: "chua"}.get(measure, measure)}
    if measure.startswith(DIFFERS):
        chosen = {"tra_loi": str(IdentityAnswer.Answer.DIFFERS), "khac": measure.removeprefix(DIFFERS)}
    if unit is not None:
        chosen["xa"] = unit.code
    query = urlencode({name: value for name, value in chosen.items() if value})
    path = reverse("coordination:round", args=[round_.pk])
    return f"{path}?{query}" if query else path


def absolute_names_url(round_: IdentityRound, measure: str, unit: Unit | None = None) -> str:
    """The same for paper, which is read outside the portal."""
    return settings.PORTAL_URL.rstrip("/") + names_url(round_, measure, unit)
