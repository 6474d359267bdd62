"""Forms of campaigns, by what they are about."""

from batosocial.coordination.campaigns.forms.files import CampaignFileForm, ConflictFilter, SettleForm
from batosocial.coordination.campaigns.forms.people import (
    CandidateFilter,
    FailureForm,
    NamedForm,
    PeopleFilter,
    ReadyForm,
    WithdrawForm,
)
from batosocial.coordination.campaigns.forms.plan import CampaignForm, CancelForm

__all__ = [
    "CampaignFileForm",
    "CampaignForm",
    "CancelForm",
    "CandidateFilter",
    "ConflictFilter",
    "FailureForm",
    "NamedForm",
    "PeopleFilter",
    "ReadyForm",
    "SettleForm",
    "WithdrawForm",
]
