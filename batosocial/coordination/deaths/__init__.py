"""Deaths that the police told: the stop that is proposed, the paper that is missing, the money that was paid since."""
