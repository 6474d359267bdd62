"""The code that names a person of a round in a workbook. Its letters keep Excel from taking it for a number or a date.

It tells nothing about the person, and whoever writes down another one finds nothing: rows are looked up in scope.
"""

import re

from batosocial.coordination.models import RoundPerson

_CODE = re.compile(r"XM ?(\d{1,9}) ?[-–] ?(\d{1,12})", re.ASCII | re.IGNORECASE)


def code_of(row: RoundPerson) -> str:
    """ "XM3-1278": the round's number and the row's."""
    return f"XM{row.round_id}-{row.pk}"


def parse_code(text: str) -> tuple[int, int] | None:
    """Round and row of a code; None where it is none."""
    found = _CODE.fullmatch(text.strip())
    return (int(found[1]), int(found[2])) if found else None
