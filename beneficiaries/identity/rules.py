"""The rules about one person at a time, as SQL over the people of ``identity_scope`` (rules.md 4).

Each is a SELECT of what goes into ``identity_found``. They see people p whose row s of the scope is asked for and
counts.
What the twelve digits tell is the same here as in ``lib.national_id``; a test holds the two together.
"""

from beneficiaries.identity import answers

#: ``Entitlement.objects.granted()`` of an entitlement e, as SQL.
GRANTED = """(e.voided_by_id IS NULL AND EXISTS (
    SELECT FROM beneficiaries_change g WHERE g.id = e.granted_by_id AND g.state = 'applied'))"""
#: What the digits of ``p.cccd`` tell (NĐ 137/2015 Điều 13; TT 59/2021/TT-BCA, lapsed on 01/7/2024).
TOLD_SEX = "CASE substr(p.cccd, 4, 1)::int & 1 WHEN 1 THEN 'F' ELSE 'M' END"
TOLD_YEAR = "1900 + 100 * (substr(p.cccd, 4, 1)::int / 2) + substr(p.cccd, 5, 2)::int"
#: A province of the table of 63 as it was before 01/7/2025, and numbers that look like a place-holder.
PROVINCE_UNKNOWN = "substr(p.cccd, 1, 3) <> ALL(%(provinces)s)"
CCCD_FILLER = r"(p.cccd ~ '000000$' OR p.cccd ~ '^\d(\d)\1{10}$')"
CMND_FILLER = r"p.cmnd ~ '^(\d)\1{8}$'"

_PEOPLE = "FROM identity_scope s JOIN beneficiaries_person p ON p.id = s.person_id WHERE s.asked AND s.counts"

#: No number: allowed, needs a reason and makes work. Grown-ups are persuaded by the police (letter of 7/2024, 3),
#: a child's number comes with its birth registration at the commune.
MISSING = f"""
SELECT p.id, 'missing', 'no_cccd', 'cccd', CASE p.cccd_missing_reason WHEN 'child' THEN 'commune' ELSE 'police' END,
       40, s.policies, jsonb_build_object('lines', jsonb_build_array(
           jsonb_build_object('what', 'missing', 'reason', p.cccd_missing_reason)))
{_PEOPLE} AND p.cccd = ''
"""

#: A number that the police have confirmed is right whatever it looks like: births registered abroad have codes
#: outside the table.
CCCD_FORM = f"""
SELECT p.id, 'malformed', 'cccd_form', 'cccd', 'commune', 60, s.policies,
       jsonb_build_object('lines', jsonb_path_query_array(jsonb_build_array(
           CASE WHEN {PROVINCE_UNKNOWN} THEN jsonb_build_object('what', 'province', 'code', substr(p.cccd, 1, 3)) END,
           CASE WHEN {CCCD_FILLER} THEN jsonb_build_object('what', 'filler') END), '$[*] ? (@ != null)'))
{_PEOPLE} AND p.cccd <> '' AND p.cccd_state <> 'confirmed' AND ({PROVINCE_UNKNOWN} OR {CCCD_FILLER})
"""

#: The form of a CMND, nine digits, the database itself keeps.
CMND_FORM = f"""
SELECT p.id, 'malformed', 'cmnd_form', 'cmnd', 'commune', 60, s.policies,
       jsonb_build_object('lines', jsonb_build_array(jsonb_build_object('what', 'cmnd_filler')))
{_PEOPLE} AND p.cmnd <> '' AND {CMND_FILLER}
"""

#: Payees who receive now or later; their number is stored as it was written.
PAYEE_FORM = r"""
SELECT p.id, 'malformed', 'payee_form', 'payee:' || y.id, 'commune', 60, s.policies,
       jsonb_build_object('lines', jsonb_build_array(
           jsonb_build_object('what', 'payee', 'name', y.name, 'length', length(y.cccd))))
FROM identity_scope s
JOIN beneficiaries_person p ON p.id = s.person_id
JOIN beneficiaries_payee y ON y.person_id = p.id
WHERE s.asked AND s.counts AND y.cccd <> '' AND y.cccd !~ '^\d{12}$'
  AND EXISTS (SELECT FROM beneficiaries_payoutroute r
              WHERE r.payee_id = y.id AND r.state <> 'rejected'
                AND (upper_inf(r.months) OR upper(r.months) > %(month)s))
"""

DEPENDANT_FORM = r"""
SELECT p.id, 'malformed', 'dependant_form', 'dependant:' || d.id, 'commune', 60, s.policies,
       jsonb_build_object('lines', jsonb_build_array(
           jsonb_build_object('what', 'dependant', 'name', d.name, 'length', length(d.cccd))))
FROM identity_scope s
JOIN beneficiaries_person p ON p.id = s.person_id
JOIN beneficiaries_entitlement e ON e.person_id = p.id AND e.voided_by_id IS NULL
JOIN beneficiaries_dependant d ON d.entitlement_id = e.id
WHERE s.asked AND s.counts AND d.cccd <> '' AND d.cccd !~ '^\d{12}$'
  AND (upper_inf(e.months * d.months) OR upper(e.months * d.months) > %(month)s)
"""

#: "Sai lệch thông tin": goes to the police, does not block payment. Where the card's own year explains the number,
#: the year is a matter of file and card alone; what the police have confirmed is so, whatever the digits tell.
DIGITS = f"""
SELECT p.id, 'contradicting', 'digits', 'cccd', 'police', 50, s.policies,
       jsonb_build_object('lines', jsonb_path_query_array(jsonb_build_array(
           CASE WHEN {TOLD_SEX} <> p.sex
                THEN jsonb_build_object('what', 'sex', 'number', {TOLD_SEX}, 'file', p.sex) END,
           CASE WHEN {TOLD_YEAR} <> p.birth_year AND {TOLD_YEAR} IS DISTINCT FROM p.card_birth_year
                THEN jsonb_build_object('what', 'year', 'number', {TOLD_YEAR}, 'file', p.birth_year) END),
           '$[*] ? (@ != null)'))
{_PEOPLE} AND p.cccd <> '' AND NOT {answers.DIGITS_CONFIRMED}
  AND ({TOLD_SEX} <> p.sex OR {TOLD_YEAR} <> p.birth_year AND {TOLD_YEAR} IS DISTINCT FROM p.card_birth_year)
"""

_INTO = "INSERT INTO identity_found (person_id, kind, rule, key, side, rank, policies, evidence)"

EACH = _INTO + " UNION ALL ".join((MISSING, CCCD_FORM, CMND_FORM, PAYEE_FORM, DEPENDANT_FORM, DIGITS, answers.FLAGS))

#: People whose card says something else than the file, letter by letter; how it differs is for ``comparison``.
CARD_CANDIDATES = """
SELECT p.id, s.policies, p.name, p.card_name, p.birth_year, p.birth_month, p.birth_day,
       p.card_birth_year, p.card_birth_month, p.card_birth_day
FROM identity_scope s JOIN beneficiaries_person p ON p.id = s.person_id
WHERE s.asked AND s.counts
  AND (p.card_name <> '' AND p.card_name <> p.name
       OR p.card_birth_year IS NOT NULL
          AND (p.card_birth_year, p.card_birth_month, p.card_birth_day)
              IS DISTINCT FROM (p.birth_year, p.birth_month, p.birth_day))
"""

CARD = f"""
{_INTO}
SELECT id, 'differing', 'card', 'card', CASE WHEN policies LIKE '%%NCC%%' THEN 'office' ELSE 'commune' END,
       70, policies, jsonb_build_object('lines', lines)
FROM unnest(%(ids)s::bigint[], %(policies)s::text[], %(lines)s::jsonb[]) AS c (id, policies, lines)
"""
