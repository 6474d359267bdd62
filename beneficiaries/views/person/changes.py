"""What was proposed and decided about a person."""

from batosocial.staff.models import User
from beneficiaries.changes.showing import ChangeLine, for_showing, lines_of
from beneficiaries.models import Change, Person


def changes_of(person: Person, user: User) -> list[ChangeLine]:
    """Newest first; ``hidden`` where reasons and papers would tell a group that the user may not see."""
    return lines_of(for_showing(Change.objects.filter(person=person)), user)


def waiting_of(changes: list[ChangeLine]) -> list[ChangeLine]:
    """Of these, what is neither in force nor refused."""
    return [line for line in changes if line.change.state in ("proposed", "appraised", "decided")]
