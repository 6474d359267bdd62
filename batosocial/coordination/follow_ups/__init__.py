"""Following up on people: a card that somebody has to make, somebody whom the police do not find."""
