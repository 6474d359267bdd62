"""Telling people what waits for them: each notice has an owner, and is gone when the work is done."""
