"""The benefit file beside the ID card."""

from dataclasses import dataclass

from batosocial.lib.text import same_spelling
from beneficiaries.models import Person


@dataclass(frozen=True)
class IdentityLine:
    """What the benefit file and the ID card say of the same thing; ``differs`` where both speak and disagree."""

    label: str
    file: str
    card: str
    differs: bool


def identity_lines(person: Person) -> list[IdentityLine]:
    name_differs = bool(person.card_name) and not same_spelling(person.name, person.card_name)
    birth_differs = bool(person.card_birth_text) and person.birth_text != person.card_birth_text
    return [
        IdentityLine("Họ và tên", person.name, person.card_name, name_differs),
        IdentityLine("Ngày sinh", person.birth_text, person.card_birth_text, birth_differs),
    ]
