"""What was proposed and decided about a person."""

from batosocial.staff.models import User
from beneficiaries.changes.alive import standing_deaths
from beneficiaries.changes.proposal import says_alive
from beneficiaries.changes.showing import ChangeLine, for_showing, lines_of
from beneficiaries.models import Change, Person


def changes_of(person: Person, user: User) -> list[ChangeLine]:
    """Newest first; ``hidden`` where reasons and papers would tell a group that the user may not see."""
    return lines_of(for_showing(Change.objects.filter(person=person)), user)


def may_be_alive(person: Person, changes: list[ChangeLine]) -> bool:
    """Whether a death stands that can be taken back, and nobody has proposed it."""
    if any(says_alive(line.change.proposal) for line in waiting_of(changes)):
        return False
    return bool(standing_deaths(person, [line.change for line in changes]))


def waiting_of(changes: list[ChangeLine]) -> list[ChangeLine]:
    """Of these, what is neither in force nor refused."""
    return [line for line in changes if line.change.state in ("proposed", "appraised", "decided")]
