"""Campaigns in which a payer opens accounts: who is ready, what was opened, what was first paid."""
