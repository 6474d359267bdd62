"""A person's ``identity_status`` and its note, as the issues have them. This is the only place that decides it.

missing: no number. differs: an open issue of digits, card or an answer of the police against the register. clean: only
the police make it so (their answer confirms the register as it is), and it stays until one of the former holds.
unchecked: everything else. Of people who need no work (see the package)
only "missing" is kept up.
"""

import json
from typing import Any

from django.db import connection

from beneficiaries.identity import answers
from beneficiaries.identity.words import describe_line

#: How a note of ours begins; any other was written by somebody and stays.
NOTE = "Sai lệch thông tin: "

_STATUS = f"""
WITH wanted AS MATERIALIZED (
    SELECT p.id, p.identity_status AS old,
           CASE WHEN p.cccd = '' THEN 'missing'
                WHEN s.counts AND EXISTS (
                    SELECT FROM beneficiaries_identityissue i
                    WHERE i.person_id = p.id AND i.kind IN ('contradicting', 'differing')
                      AND i.state IN ('open', 'in_hand')
                ) THEN 'differs'
                WHEN p.identity_status = 'clean' OR s.counts AND {answers.IS_CLEAN} THEN 'clean'
                WHEN NOT s.counts AND p.identity_status <> 'missing' THEN p.identity_status
                ELSE 'unchecked'
           END AS new
    FROM identity_scope s JOIN beneficiaries_person p ON p.id = s.person_id
    WHERE s.asked AND (%(ids)s::bigint[] IS NULL OR p.id = ANY(%(ids)s))
), held AS (
    -- Whom somebody is editing at this moment, their own check looks after; waiting for them would be a deadlock.
    SELECT p.id, w.new
    FROM wanted w JOIN beneficiaries_person p ON p.id = w.id
    WHERE w.new <> w.old
    FOR NO KEY UPDATE OF p SKIP LOCKED
)
UPDATE beneficiaries_person p SET identity_status = h.new FROM held h WHERE h.id = p.id
"""

_EVIDENCE = """
SELECT p.id, p.identity_note, jsonb_agg(i.evidence -> 'lines' ORDER BY i.kind) FILTER (WHERE i.id IS NOT NULL)::text
FROM identity_scope s
JOIN beneficiaries_person p ON p.id = s.person_id
LEFT JOIN beneficiaries_identityissue i
    ON i.person_id = p.id AND i.kind IN ('contradicting', 'differing') AND i.state IN ('open', 'in_hand')
WHERE s.asked AND s.counts AND (%(ids)s::bigint[] IS NULL OR p.id = ANY(%(ids)s))
  AND (p.identity_note = '' OR p.identity_note LIKE %(ours)s) AND (i.id IS NOT NULL OR p.identity_note <> '')
GROUP BY p.id, p.identity_note
"""

_NOTES = """
WITH wanted AS (
    SELECT p.id, n.note
    FROM unnest(%s::bigint[], %s::text[]) AS n (id, note) JOIN beneficiaries_person p ON p.id = n.id
    FOR NO KEY UPDATE OF p SKIP LOCKED
)
UPDATE beneficiaries_person p SET identity_note = w.note FROM wanted w WHERE w.id = p.id
"""


def keep_status(ids: list[int] | None) -> None:
    """Set status and note of these people of a running check's scope, or of all of them."""
    values: dict[str, Any] = {"ids": ids, "ours": f"{NOTE}%"}
    with connection.cursor() as cursor:
        cursor.execute(_STATUS, values)
        cursor.execute(_EVIDENCE, values)
        notes = [(pk, old, _note(lines)) for pk, old, lines in cursor.fetchall()]
        changed = [(pk, new) for pk, old, new in notes if new != old]
        if changed:
            cursor.execute(_NOTES, [list(part) for part in zip(*changed, strict=True)])


def _note(evidence: str | None) -> str:
    """The lines of somebody's open issues as one sentence, "" without any."""
    said = [describe_line(line) for issue in json.loads(evidence or "[]") for line in issue]
    return (NOTE + "; ".join(said) + ".")[:300] if said else ""
