"""Follow-ups are opened and closed by the checks of the register: two statements, whatever the number of people."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from batosocial.lib import clock

#: What an issue asks somebody to follow up. A child without a number is looked up in the commune's own books.
_KIND = """CASE WHEN i.rule = 'no_cccd' AND i.side = 'police' OR i.rule = 'police_no_cccd' THEN 'no_cccd'
                WHEN i.rule = 'police_unknown' THEN 'not_found' END"""
_WAITS = "i.state IN ('open', 'in_hand')"
_OPEN = f"""
INSERT INTO coordination_followup (person_id, commune_id, kind, opened_on)
SELECT DISTINCT p.id, p.commune_id, {_KIND}, %(today)s::date
FROM beneficiaries_identityissue i JOIN beneficiaries_person p ON p.id = i.person_id
WHERE {_WAITS} AND {_KIND} IS NOT NULL AND (%(ids)s::bigint[] IS NULL OR i.person_id = ANY(%(ids)s))
ON CONFLICT (person_id, kind) WHERE closed_on IS NULL DO NOTHING
"""
#: A card is there when its number is in the register and nothing about that number waits.
_CLOSE = f"""
UPDATE coordination_followup f SET closed_on = %(today)s
WHERE f.closed_on IS NULL AND (%(ids)s::bigint[] IS NULL OR f.person_id = ANY(%(ids)s))
  AND NOT EXISTS (
      SELECT FROM beneficiaries_identityissue i
      WHERE i.person_id = f.person_id AND {_WAITS}
        AND ({_KIND} = f.kind OR f.kind = 'no_cccd' AND i.rule IN ('cccd_form', 'digits', 'same_cccd')))
"""


def keep_follow_ups(*, person_ids: Sequence[int] | None) -> None:
    """Open and close the follow-ups of people who were just checked; None for everybody."""
    values: dict[str, Any] = {"ids": None if person_ids is None else list(person_ids), "today": clock.today()}
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, values)
        cursor.execute(_OPEN, values)
