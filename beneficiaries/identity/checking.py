"""One check: whom it asks about, what the rules find, and what becomes of the issues. All in the caller's transaction.

The work is a fixed number of statements over temporary tables, the same for one person and for the whole register.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from batosocial.lib import clock, months
from batosocial.lib.national_id import provinces
from beneficiaries.identity import answers, doubles, hooks, rules, status
from beneficiaries.identity.comparison import BirthParts, birth_mismatch, name_mismatch

#: Checks take turns: two that touch the same people would otherwise undo each other's work.
_TURN = "SELECT pg_advisory_xact_lock(7302, 1)"

PASSED = "Kiểm tra lại đạt."
NOT_NEEDED = "Không còn hưởng nên không cần xử lý."

#: Done and all, and what is being done.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """How many people were asked about, and what became of issues."""

    people: int
    opened: int
    reopened: int
    closed: int


_TABLES = """
DROP TABLE IF EXISTS identity_scope, identity_member, identity_found;
CREATE TEMPORARY TABLE identity_scope (
    person_id bigint PRIMARY KEY,
    asked boolean NOT NULL,
    counts boolean NOT NULL DEFAULT false,
    paid boolean NOT NULL DEFAULT false,
    policies varchar(9) NOT NULL DEFAULT ''
) ON COMMIT DROP;
CREATE TEMPORARY TABLE identity_member (
    rule varchar(14) NOT NULL, shared text NOT NULL, person_id bigint NOT NULL, nth int NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE identity_found (
    person_id bigint NOT NULL,
    kind varchar(13) NOT NULL,
    rule varchar(14) NOT NULL,
    key varchar(250) NOT NULL,
    side varchar(7) NOT NULL,
    rank smallint NOT NULL,
    policies varchar(9) NOT NULL,
    evidence jsonb NOT NULL,
    fingerprint varchar(32) NOT NULL DEFAULT '',
    other_id bigint,
    place smallint NOT NULL DEFAULT 0,
    paid_twice boolean NOT NULL DEFAULT false,
    issue_id bigint,
    old_state varchar(8) NOT NULL DEFAULT '',
    old_fingerprint varchar(32) NOT NULL DEFAULT ''
) ON COMMIT DROP;
"""

_EVERYBODY = "INSERT INTO identity_scope (person_id, asked) SELECT id, true FROM beneficiaries_person"
_SOME = """
INSERT INTO identity_scope (person_id, asked)
SELECT id, true FROM beneficiaries_person WHERE id = ANY(%(ids)s)
"""
#: With somebody, those with whom they share something now or shared it at the last check: their issue changes, too.
_NEIGHBOURS = """
INSERT INTO identity_scope (person_id, asked)
SELECT person_id, true FROM identity_member
UNION
SELECT o.person_id, true
FROM identity_scope s
JOIN beneficiaries_identityissue i ON i.person_id = s.person_id AND i.kind = 'duplicate' AND i.state <> 'closed'
JOIN beneficiaries_identityissue o ON o.key = i.key AND o.kind = 'duplicate' AND o.state <> 'closed'
ON CONFLICT DO NOTHING
"""
_PARTNERS = """
INSERT INTO identity_scope (person_id, asked) SELECT DISTINCT person_id, false FROM identity_member
ON CONFLICT DO NOTHING
"""

_STANDING = f"""
WITH benefit AS (
    SELECT e.person_id,
           bool_or(upper_inf(e.months) OR upper(e.months) > %(month)s) AS lasting,
           bool_or(e.months @> %(month)s::date AND NOT EXISTS (
               SELECT FROM beneficiaries_suspension x WHERE x.entitlement_id = e.id AND x.months @> %(month)s::date
           )) AS paid,
           bool_or(c.policy = 'NCC' AND (upper_inf(e.months) OR upper(e.months) > %(month)s)) AS merit,
           bool_or(c.policy = 'BTXH' AND (upper_inf(e.months) OR upper(e.months) > %(month)s)) AS social
    FROM identity_scope s
    JOIN beneficiaries_entitlement e ON e.person_id = s.person_id AND {rules.GRANTED}
    JOIN beneficiaries_category c ON c.id = e.category_id AND c.regime <> 'one_off'
    GROUP BY e.person_id
), proposal AS (
    SELECT h.person_id, bool_or(h.policy = 'NCC') AS merit, bool_or(h.policy = 'BTXH') AS social
    FROM identity_scope s
    JOIN beneficiaries_change h ON h.person_id = s.person_id
    WHERE h.kind IN ('start', 'adjust', 'resume') AND h.state IN ('proposed', 'appraised', 'decided')
    GROUP BY h.person_id
)
UPDATE identity_scope s
SET counts = coalesce(b.lasting, false) OR h.person_id IS NOT NULL OR b.person_id IS NULL AND p.died_on IS NULL,
    paid = coalesce(b.paid, false),
    policies = concat_ws(',', CASE WHEN b.merit OR h.merit THEN 'NCC' END,
                         CASE WHEN b.social OR h.social THEN 'BTXH' END)
FROM beneficiaries_person p
LEFT JOIN benefit b ON b.person_id = p.id
LEFT JOIN proposal h ON h.person_id = p.id
WHERE p.id = s.person_id
"""

_MATCH = """
ANALYZE identity_found;
UPDATE identity_found f SET fingerprint = md5(f.evidence::text) WHERE f.fingerprint = '';
UPDATE identity_found f SET issue_id = i.id, old_state = i.state, old_fingerprint = i.fingerprint
FROM beneficiaries_identityissue i
WHERE i.person_id = f.person_id AND i.kind = f.kind AND i.key = f.key;
UPDATE identity_found SET issue_id = nextval(pg_get_serial_sequence('beneficiaries_identityissue', 'id'))
WHERE issue_id IS NULL;
"""
_ADD = """
INSERT INTO beneficiaries_identityissue
    (id, person_id, kind, rule, key, state, side, other_id, evidence, fingerprint, rank, place, paid_twice, policies,
     found_at, checked_at, reason)
SELECT issue_id, person_id, kind, rule, key, 'open', side, other_id, evidence, fingerprint, rank, place, paid_twice,
       policies, %(now)s, %(now)s, ''
FROM identity_found WHERE old_state = ''
"""
#: A closed one opens again; one accepted as it is does when its facts are no longer those that were accepted.
_COMES_BACK = "(f.old_state = 'closed' OR f.old_state = 'accepted' AND f.old_fingerprint <> f.fingerprint)"
_RENEW = f"""
UPDATE beneficiaries_identityissue i
SET rule = f.rule, side = f.side, other_id = f.other_id, evidence = f.evidence, fingerprint = f.fingerprint,
    rank = f.rank, place = f.place, paid_twice = f.paid_twice, policies = f.policies, checked_at = %(now)s,
    state = CASE WHEN {_COMES_BACK} THEN 'open' ELSE i.state END,
    owner_id = CASE WHEN {_COMES_BACK} THEN NULL ELSE i.owner_id END,
    closed_at = CASE WHEN {_COMES_BACK} THEN NULL ELSE i.closed_at END,
    closed_by_id = CASE WHEN {_COMES_BACK} THEN NULL ELSE i.closed_by_id END,
    reason = CASE WHEN {_COMES_BACK} THEN '' ELSE i.reason END
FROM identity_found f
WHERE i.id = f.issue_id AND f.old_state <> ''
"""
_TELL = f"""
INSERT INTO beneficiaries_identityevent (issue_id, at, what, note, evidence)
SELECT issue_id, %(now)s,
       CASE WHEN old_state = '' THEN 'found' WHEN {_COMES_BACK} THEN 'reopened' ELSE 'changed' END, '', evidence
FROM identity_found f
WHERE old_state = '' OR old_fingerprint <> fingerprint OR old_state = 'closed'
ORDER BY issue_id
"""
_CLOSE = """
WITH gone AS (
    UPDATE beneficiaries_identityissue i
    SET state = 'closed', closed_at = %(now)s, closed_by_id = NULL, checked_at = %(now)s,
        reason = CASE WHEN s.counts THEN %(passed)s ELSE %(not_needed)s END
    FROM identity_scope s
    WHERE s.person_id = i.person_id AND s.asked AND i.state <> 'closed'
      AND NOT EXISTS (SELECT FROM identity_found f WHERE f.issue_id = i.id)
    RETURNING i.id, i.reason
)
INSERT INTO beneficiaries_identityevent (issue_id, at, what, note, evidence)
SELECT id, %(now)s, 'closed', reason, '{}' FROM gone ORDER BY id
"""
_OUTCOME = f"""
SELECT count(*) FILTER (WHERE old_state = ''), count(*) FILTER (WHERE {_COMES_BACK}) FROM identity_found f
"""


def check(person_ids: Iterable[int] | None, progress: Progress = lambda done, total, step: None) -> Checked:
    """Ask the rules about these people, or with None about the whole register, and keep the issues accordingly."""
    return _Check(person_ids, progress).run()


def take_turn() -> None:
    """Wait for a check that runs, until the end of the transaction; before locking issues that a check will write."""
    with connection.cursor() as cursor:
        cursor.execute(_TURN)


class _Check:
    def __init__(self, person_ids: Iterable[int] | None, progress: Progress) -> None:
        self.ids = None if person_ids is None else sorted(set(person_ids))
        self.progress = progress
        self.values: dict[str, Any] = {
            "ids": self.ids,
            "month": months.first(clock.today()),
            "now": timezone.now(),
            "provinces": sorted(provinces()),
            "passed": PASSED,
            "not_needed": NOT_NEEDED,
        }

    def run(self) -> Checked:
        if self.ids == []:
            return Checked(0, 0, 0, 0)
        steps: list[tuple[str, Callable[[], None]]] = [
            ("Lấy người cần kiểm tra", self._gather),
            ("Xem trả lời của Công an", self._answers),
            ("Kiểm tra từng người", self._each),
            ("Tìm người trùng", self._doubles),
            ("So hồ sơ với CCCD", self._cards),
            ("Ghi kết quả", self._keep),
            ("Cập nhật tình trạng đối chiếu", self._status),
        ]
        people = 0
        with connection.cursor() as self.cursor:
            self.cursor.execute(_TURN)
            for done, (name, work) in enumerate(steps):
                self.progress(people * done // len(steps), people, name)
                work()
                people = self.people
            self.cursor.execute(_OUTCOME)
            opened, reopened = self.cursor.fetchone()
        hooks.checked(person_ids=self.ids)
        self.progress(people, people, "Xong")
        return Checked(people, opened, reopened, self.closed)

    def _gather(self) -> None:
        # Without values psycopg takes several statements at once. ANALYZE: nothing else would tell the planner how
        # many rows a temporary table has.
        self.cursor.execute(_TABLES + answers.TABLE)
        self._execute(_EVERYBODY if self.ids is None else _SOME)
        self.people = self.cursor.rowcount
        self.cursor.execute("ANALYZE identity_scope")
        self._execute(doubles.members(everybody=self.ids is None))
        if self.ids is not None:
            self._execute(_NEIGHBOURS)
            self.people += self.cursor.rowcount
            self.cursor.execute("TRUNCATE identity_member; ANALYZE identity_scope")
            self._execute(doubles.members(everybody=False))
            self._execute(_PARTNERS)
        self._execute(_STANDING)
        self.cursor.execute("ANALYZE identity_scope; ANALYZE identity_member")

    def _answers(self) -> None:
        answers.gather(self._execute, self.cursor.fetchall)
        self.cursor.execute("ANALYZE identity_answered")

    def _each(self) -> None:
        self._execute(rules.EACH)

    def _doubles(self) -> None:
        self._execute(doubles.FINDINGS)

    def _cards(self) -> None:
        self._execute(rules.CARD_CANDIDATES)
        found = [(pk, policies, _lines(card)) for pk, policies, *card in self.cursor.fetchall()]
        found = [row for row in found if row[2]]
        self._execute(
            rules.CARD,
            ids=[pk for pk, _, _ in found],
            policies=[policies for _, policies, _ in found],
            lines=[json.dumps(lines) for _, _, lines in found],
        )

    def _keep(self) -> None:
        self.cursor.execute(_MATCH)
        self._execute(_ADD)
        self._execute(_RENEW)
        self._execute(_TELL)
        self._execute(_CLOSE)
        self.closed = self.cursor.rowcount

    def _status(self) -> None:
        status.keep_status(self.ids)

    def _execute(self, statement: str, **values: Any) -> None:
        self.cursor.execute(statement, self.values | values)


def _lines(card: Sequence[Any]) -> list[dict[str, Any]]:
    """How the card differs from the file, one line for the name and one for the birth date."""
    name, card_name, *births = card
    of_file, of_card = BirthParts(*births[:3]), BirthParts(*births[3:])
    lines: list[dict[str, Any]] = []
    if how := name_mismatch(name, card_name):
        lines.append({"what": "name", "file": name, "card": card_name, "how": how})
    if how := birth_mismatch(of_file, of_card):
        lines.append({"what": "birth", "file": births[:3], "card": births[3:], "how": how})
    return lines
