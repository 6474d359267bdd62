from batosocial.coordination.models.answer_files import AnswerFile, AnswerFileRow
from batosocial.coordination.models.campaigns import (
    Campaign,
    CampaignCommune,
    CampaignConflict,
    CampaignFile,
    CampaignPerson,
)
from batosocial.coordination.models.corrections import Correction, CorrectionStep
from batosocial.coordination.models.directives import (
    Addressee,
    Assignment,
    AssignmentStep,
    Directive,
    DirectiveTask,
)
from batosocial.coordination.models.follow_ups import FollowUp, Visit
from batosocial.coordination.models.notifications import Notification
from batosocial.coordination.models.outreach import OutreachSession, OutreachTerm, SessionForm
from batosocial.coordination.models.questions import (
    AnswerTerm,
    GeneralAnswer,
    Question,
    QuestionFile,
    QuestionMessage,
    Topic,
)
from batosocial.coordination.models.rounds import IdentityRound, RoundPerson

__all__ = [
    "Addressee",
    "AnswerFile",
    "AnswerFileRow",
    "AnswerTerm",
    "Assignment",
    "AssignmentStep",
    "Campaign",
    "CampaignCommune",
    "CampaignConflict",
    "CampaignFile",
    "CampaignPerson",
    "Correction",
    "CorrectionStep",
    "Directive",
    "DirectiveTask",
    "FollowUp",
    "GeneralAnswer",
    "IdentityRound",
    "Notification",
    "OutreachSession",
    "OutreachTerm",
    "Question",
    "QuestionFile",
    "QuestionMessage",
    "RoundPerson",
    "SessionForm",
    "Topic",
    "Visit",
]
