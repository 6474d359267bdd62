"""What was proposed and decided about a person."""

from typing import Any

from django.db.models import Exists, OuterRef, Q

from batosocial.staff.models import User
from beneficiaries import confidential
from beneficiaries.models import Change, Entitlement, Person


def changes_of(person: Person, user: User) -> list[Change]:
    """Newest first; ``hidden`` where reasons and papers would tell a group that the user may not see."""
    confidential_ones = Entitlement.objects.filter(
        Q(pk=OuterRef("entitlement")) | Q(granted_by=OuterRef("pk")) | Q(ended_by=OuterRef("pk")),
        category__confidential=True,
    )
    changes = person.changes.select_related("reason").annotate(of_confidential=Exists(confidential_ones))
    shown: list[Any] = list(changes)
    for change in shown:
        change.hidden = change.of_confidential and not confidential.may_see(user)
    return shown
