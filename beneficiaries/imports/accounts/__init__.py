"""Lists of accounts alone: whose money goes to which account, from a month on, once somebody else confirms it."""
