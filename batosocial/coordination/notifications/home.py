"""What of the home page belongs to a part of this app: it is not shown a second time as an issue of identities."""

from django.db.models import Q

from batosocial.coordination.models import Correction, FollowUp, RoundPerson
from beneficiaries.identity.elsewhere import worked_on_elsewhere
from beneficiaries.models import IdentityIssue

Rule, Side = IdentityIssue.Rule, IdentityIssue.Side


@worked_on_elsewhere
def asked_in_a_round() -> Q:
    """The police answer about the person in a round."""
    return Q(side=Side.POLICE, person__in=RoundPerson.objects.waiting().values("person"))


@worked_on_elsewhere
def followed_up() -> Q:
    """Somebody goes and sees: who has no card, whom the police did not find."""
    rules = [Rule.NO_CCCD, Rule.POLICE_NO_CCCD, Rule.POLICE_UNKNOWN]
    return Q(rule__in=rules, person__in=FollowUp.objects.open().values("person"))


@worked_on_elsewhere
def on_a_path_of_correction() -> Q:
    """What the police say differs is put right on its own path."""
    return Q(rule=Rule.POLICE_DIFFERS, person__in=Correction.objects.open().values("person"))
