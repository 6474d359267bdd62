"""Writes about the people who sign in."""

from django.db import transaction

from batosocial.staff.models import User
from batosocial.staff.signals import password_changed


@transaction.atomic
def change_own_password(*, actor: User, new_password: str) -> None:
    """Set the actor's own password (already validated) and lift the duty to change it."""
    actor.set_password(new_password)
    actor.must_change_password = False
    actor.save(update_fields=["password", "must_change_password"])
    # The audit is a layer above this one, so it listens; its entry is part of this transaction.
    password_changed.send(sender=User, user=actor)
