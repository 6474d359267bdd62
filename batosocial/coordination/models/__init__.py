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
    "AnswerTerm",
    "GeneralAnswer",
    "IdentityRound",
    "OutreachSession",
    "OutreachTerm",
    "Question",
    "QuestionFile",
    "QuestionMessage",
    "RoundPerson",
    "SessionForm",
    "Topic",
]
