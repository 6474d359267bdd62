"""How far a round is and what the police found, by commune: for the portal, the provincial police and paper."""
