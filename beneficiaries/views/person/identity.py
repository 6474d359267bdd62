"""The benefit file beside the ID card, and what of it waits for somebody."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from batosocial.staff.models import User
from beneficiaries.identity import status, words
from beneficiaries.identity.comparison import MISMATCHES, mismatches
from beneficiaries.models import IdentityIssue, Person


@dataclass(frozen=True)
class IdentityLine:
    """What the benefit file and the ID card say of the same thing; ``differs`` says how where they disagree."""

    label: str
    file: str
    card: str
    differs: str


def identity_lines(person: Person) -> list[IdentityLine]:
    name, birth = (MISMATCHES[how] if how else "" for how in mismatches(person))
    return [
        IdentityLine("Họ và tên", person.name, person.card_name, name),
        IdentityLine("Ngày sinh", person.birth_text, person.card_birth_text, birth),
    ]


#: Fields of an issue that the page needs.
_SHOWN = ("id", "kind", "rule", "state", "evidence")


@dataclass(frozen=True)
class IssueLine:
    issue: IdentityIssue
    said: list[str]
    state_tone: str


def waiting_issues(user: User) -> ArraySubquery:
    """What waits to be verified of a person, the most urgent first; read with the person, for ``issues_of``."""
    waiting = IdentityIssue.objects.visible_to(user).waiting().filter(person=OuterRef("pk")).order_by("rank", "pk")
    return ArraySubquery(waiting.values_list(JSONObject(**{name: name for name in _SHOWN})))


def issues_of(person: Any) -> list[IssueLine]:
    """The issues of a person who was read with ``waiting_issues``."""
    issues = [IdentityIssue(**fields) for fields in person.waiting_issues]
    return [
        IssueLine(issue, words.said(issue), words.STATE_TONES[IdentityIssue.State(issue.state)]) for issue in issues
    ]


def note_of(person: Person) -> str:
    """What somebody wrote about the comparison; what the check says stands with its issues."""
    return "" if person.identity_note.startswith(status.NOTE) else person.identity_note
