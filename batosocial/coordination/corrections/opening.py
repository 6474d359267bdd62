"""Paths are opened and closed by the checks of the register: three statements, whatever the number of people."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from batosocial.lib import clock

#: People whose register says something else than the newest answer or the card, and the policies that they have.
_WAITING = """
    SELECT a.person_id, a.id AS answer_id, a.differing, p.commune_id,
           EXISTS (SELECT FROM beneficiaries_entitlement e JOIN beneficiaries_category c ON c.id = e.category_id
                   JOIN beneficiaries_change g ON g.id = e.granted_by_id AND g.state = 'applied'
                   WHERE e.person_id = p.id AND e.voided_by_id IS NULL AND c.policy = 'NCC' AND c.regime <> 'one_off'
                     AND (upper_inf(e.months) OR upper(e.months) > %(today)s)) AS ncc,
           EXISTS (SELECT FROM beneficiaries_entitlement e JOIN beneficiaries_category c ON c.id = e.category_id
                   JOIN beneficiaries_change g ON g.id = e.granted_by_id AND g.state = 'applied'
                   WHERE e.person_id = p.id AND e.voided_by_id IS NULL AND c.policy = 'BTXH' AND c.regime <> 'one_off'
                     AND (upper_inf(e.months) OR upper(e.months) > %(today)s)) AS btxh
    FROM beneficiaries_identityanswer a JOIN beneficiaries_person p ON p.id = a.person_id
    WHERE a.newest AND a.answer = 'differs' AND (%(ids)s::bigint[] IS NULL OR a.person_id = ANY(%(ids)s))
      AND EXISTS (SELECT FROM beneficiaries_identityissue i
                  WHERE i.person_id = a.person_id AND i.rule IN ('card', 'police_differs')
                    AND i.state IN ('open', 'in_hand'))
"""
#: By Điều 130 NĐ 131/2021 the Sở changes name and birth of an NCC file; sex and number the commune mends, and the file
#: of whoever has BTXH, too.
_OPEN = f"""
WITH waiting AS MATERIALIZED ({_WAITING}), wanted AS (
    SELECT person_id, answer_id, commune_id, 'file' AS path,
           ARRAY(SELECT f FROM unnest(differing) f WHERE f IN ('name', 'birth')) AS fields
    FROM waiting WHERE ncc AND differing && ARRAY['name', 'birth']::varchar[]
    UNION ALL
    SELECT person_id, answer_id, commune_id, 'register',
           ARRAY(SELECT f FROM unnest(differing) f WHERE btxh OR NOT ncc OR f IN ('sex', 'cccd'))
    FROM waiting WHERE btxh OR NOT ncc OR differing && ARRAY['sex', 'cccd']::varchar[]
), renewed AS (
    UPDATE coordination_correction c SET answer_id = w.answer_id, fields = w.fields
    FROM wanted w
    WHERE c.person_id = w.person_id AND c.path = w.path AND c.closed_on IS NULL AND c.answer_id <> w.answer_id
    RETURNING c.id, 'again' AS what
), opened AS (
    INSERT INTO coordination_correction (person_id, commune_id, answer_id, path, fields, state, since)
    SELECT person_id, commune_id, answer_id, path, fields, 'open', %(today)s FROM wanted ORDER BY person_id, path
    ON CONFLICT (person_id, path) WHERE closed_on IS NULL DO NOTHING
    RETURNING id, 'opened' AS what
)
INSERT INTO coordination_correctionstep (correction_id, what, day, number, words, at)
SELECT id, what, %(today)s, '', '', %(now)s FROM (SELECT * FROM renewed UNION ALL SELECT * FROM opened) AS told
ORDER BY id
"""
#: Nothing of what the police or the card say waits any more; what made it pass is told by the step before.
_CLOSE = """
WITH passed AS (
    UPDATE coordination_correction c SET state = 'done', closed_on = %(today)s, due = NULL
    FROM (SELECT id, state FROM coordination_correction
          WHERE closed_on IS NULL AND (%(ids)s::bigint[] IS NULL OR person_id = ANY(%(ids)s))
          ORDER BY id FOR UPDATE) was
    WHERE c.id = was.id AND NOT EXISTS (
        SELECT FROM beneficiaries_identityissue i JOIN beneficiaries_identityanswer a ON a.person_id = i.person_id
        WHERE i.person_id = c.person_id AND i.rule IN ('card', 'police_differs') AND i.state IN ('open', 'in_hand')
          AND a.newest AND a.answer = 'differs')
    RETURNING c.id, CASE
        WHEN NOT EXISTS (SELECT FROM beneficiaries_identityanswer a
                         WHERE a.person_id = c.person_id AND a.newest AND a.answer = 'differs') THEN %(anew)s
        WHEN was.state = 'decided' OR c.path = 'register' THEN ''
        ELSE %(otherwise)s END AS words
)
INSERT INTO coordination_correctionstep (correction_id, what, day, number, words, at)
SELECT id, 'closed', %(today)s, '', words, %(now)s FROM passed ORDER BY id
"""
TOLD_ANEW = "Công an trả lời lại, không còn báo khác."
OTHERWISE = "Sổ đã có giá trị đúng trước khi có quyết định Mẫu 75."


def keep_corrections(*, person_ids: Sequence[int] | None) -> None:
    """Open, renew and close the paths of people who were just checked; None for everybody."""
    values: dict[str, Any] = {
        "ids": None if person_ids is None else list(person_ids),
        "today": clock.today(),
        "now": timezone.now(),
        "otherwise": OTHERWISE,
        "anew": TOLD_ANEW,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, values)
        cursor.execute(_OPEN, values)
