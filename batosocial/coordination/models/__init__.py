from batosocial.coordination.models.rounds import IdentityRound, RoundPerson

__all__ = ["IdentityRound", "RoundPerson"]
