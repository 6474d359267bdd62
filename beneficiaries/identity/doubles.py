"""The rules about several people: who shares a number, a name and birth date, an account or a child with whom.

First the groups (``identity_member``), then pairs within them, then one finding for each person and group. A name
alone, or a name and a year, says nothing in Ba Tơ (rules.md 9.5): it takes the full birth date, and even then it is
only offered, as a person never stops being paid because of it.
"""

from beneficiaries.identity.rules import GRANTED

#: Of a larger group only so many are set beside each of the others.
SHOWN = 20

_WANTED = "(SELECT w.* FROM identity_scope s JOIN beneficiaries_person w ON w.id = s.person_id WHERE s.asked)"

#: The folded name of the file is the first key of search_key.
FOLDED_NAME = "split_part(p.search_key, ' | ', 1)"
_DAY = "(p.birth_year, p.birth_month, p.birth_day)"

_SAME_CCCD = """
SELECT 'same_cccd', p.cccd, p.id FROM beneficiaries_person p
WHERE p.cccd_duplicate AND p.cccd <> '' {same_cccd}
UNION ALL
SELECT 'same_cccd', p.cccd, p.id FROM beneficiaries_person p
WHERE p.cccd <> '' AND NOT p.cccd_duplicate
  AND p.cccd IN (SELECT f.cccd FROM beneficiaries_person f WHERE f.cccd_duplicate {same_flagged})
"""
_SAME_CMND = r"""
SELECT 'same_cmnd', p.cmnd, p.id FROM beneficiaries_person p
WHERE p.cmnd <> '' AND p.cmnd !~ '^(\d)\1{{8}}$' {same_cmnd}
"""
_SAME_NAME = f"""
SELECT 'same_name', left({FOLDED_NAME}, 150) || '|' || p.birth_year || '-' || p.birth_month || '-' || p.birth_day
       || '|' || p.sex, p.id
FROM beneficiaries_person p WHERE p.birth_day IS NOT NULL AND {FOLDED_NAME} <> '' {{same_name}}
"""
#: Somebody's "own" account that two people call their own, now or in months to come.
_SAME_ACCOUNT = """
SELECT DISTINCT 'same_account', r.account_id::text, r.person_id
FROM beneficiaries_payoutroute r JOIN beneficiaries_payee y ON y.id = r.payee_id AND y.kind = 'own'
WHERE r.account_id IS NOT NULL AND r.state <> 'rejected'
  AND (upper_inf(r.months) OR upper(r.months) > %(month)s) {same_account}
"""
#: One child counted in the same benefit of two people (khoản 4 Điều 5 NĐ 20/2021).
_SAME_CHILD = f"""
SELECT DISTINCT 'same_child', e.category_id || ':' || d.cccd, e.person_id
FROM beneficiaries_dependant d
JOIN beneficiaries_entitlement e ON e.id = d.entitlement_id AND {GRANTED}
JOIN beneficiaries_category c ON c.id = e.category_id AND c.per_dependant
WHERE d.cccd <> '' AND (upper_inf(e.months * d.months) OR upper(e.months * d.months) > %(month)s) {{same_child}}
"""

#: What narrows each rule to those who share something with the people asked for.
_ONLY = {
    "same_cccd": f"AND p.cccd IN (SELECT cccd FROM {_WANTED} n)",
    "same_flagged": f"AND f.cccd IN (SELECT cccd FROM {_WANTED} n)",
    "same_cmnd": f"AND p.cmnd IN (SELECT cmnd FROM {_WANTED} n WHERE cmnd <> '')",
    "same_name": f"AND {_DAY} IN (SELECT birth_year, birth_month, birth_day FROM {_WANTED} n"
    " WHERE birth_day IS NOT NULL)",
    "same_account": "AND r.account_id IN (SELECT o.account_id FROM beneficiaries_payoutroute o"
    " JOIN identity_scope s ON s.person_id = o.person_id AND s.asked WHERE o.account_id IS NOT NULL)",
    "same_child": "AND d.cccd IN (SELECT o.cccd FROM beneficiaries_dependant o"
    " JOIN beneficiaries_entitlement x ON x.id = o.entitlement_id"
    " JOIN identity_scope s ON s.person_id = x.person_id AND s.asked WHERE o.cccd <> '')",
}


def members(*, everybody: bool) -> str:
    """The statement that fills ``identity_member``: of the whole register, or of what the asked-for people share."""
    sources = " UNION ALL ".join((_SAME_CCCD, _SAME_CMND, _SAME_NAME, _SAME_ACCOUNT, _SAME_CHILD))
    narrowed = sources.format(**(dict.fromkeys(_ONLY, "") if everybody else _ONLY))
    return f"""
    INSERT INTO identity_member (rule, shared, person_id, nth)
    SELECT rule, shared, person_id, nth
    FROM (SELECT rule, shared, person_id, row_number() OVER same AS nth,
                 count(*) OVER (PARTITION BY rule, shared) AS size
          FROM ({narrowed}) AS source (rule, shared, person_id)
          WINDOW same AS (PARTITION BY rule, shared ORDER BY person_id)) AS grouped
    WHERE size > 1
    """


#: "strong": the same number, or nothing that says they are two: a number is missing or all but the same.
#: Two different numbers that the police have confirmed are two people, whatever else they share.
_STRONG = """
CASE a.rule
    WHEN 'same_cccd' THEN true
    WHEN 'same_child' THEN true
    WHEN 'same_cmnd' THEN a.folded = b.folded OR a.birth_year = b.birth_year
    WHEN 'same_account' THEN a.folded = b.folded
    ELSE a.cccd = '' OR b.cccd = ''
         OR (SELECT count(*) FROM generate_series(1, 12) AS n WHERE substr(a.cccd, n, 1) <> substr(b.cccd, n, 1)) <= 2
END
"""

FINDINGS = f"""
INSERT INTO identity_found
    (person_id, kind, rule, key, side, rank, policies, evidence, fingerprint, other_id, place, paid_twice)
WITH member AS MATERIALIZED (
    SELECT m.rule, m.shared, m.nth, m.person_id, s.asked, s.counts, s.paid, s.policies,
           p.commune_id, p.hamlet, p.cccd, p.cccd_state, p.cmnd, p.birth_year, {FOLDED_NAME} AS folded
    FROM identity_member m
    JOIN identity_scope s ON s.person_id = m.person_id
    JOIN beneficiaries_person p ON p.id = m.person_id
), pair AS (
    SELECT a.rule, a.shared, a.person_id, a.asked, a.policies, a.commune_id, b.person_id AS other_id,
           b.commune_id AS other_commune, b.hamlet AS other_hamlet, a.commune_id <> b.commune_id AS apart,
           a.paid AND b.paid AS both_paid, {_STRONG} AS strong
    FROM member a JOIN member b ON b.rule = a.rule AND b.shared = a.shared AND b.person_id <> a.person_id
    WHERE a.counts AND b.nth <= {SHOWN + 1} AND (b.counts OR a.rule IN ('same_cccd', 'same_cmnd'))
      AND NOT (a.rule <> 'same_cccd' AND a.rule <> 'same_child' AND a.cccd <> b.cccd
               AND a.cccd_state = 'confirmed' AND b.cccd_state = 'confirmed')
      -- What a shared number says already is not said again.
      AND NOT (a.rule IN ('same_cmnd', 'same_name', 'same_account') AND a.cccd <> '' AND a.cccd = b.cccd)
      AND NOT (a.rule IN ('same_name', 'same_account') AND a.cmnd <> '' AND a.cmnd = b.cmnd)
), finding AS (
    SELECT rule, shared, person_id, asked, policies, commune_id, bool_or(strong) AS strong,
           bool_or(both_paid) AS both_paid, bool_or(apart) AS apart,
           (array_agg(other_id ORDER BY strong DESC, both_paid DESC, other_id))[1] AS other_id,
           jsonb_agg(jsonb_build_object('person', other_id, 'commune', other_commune, 'hamlet', other_hamlet,
                                        'strong', strong)
                     ORDER BY strong DESC, both_paid DESC, other_id) AS others,
           string_agg(other_id || CASE WHEN strong THEN '!' ELSE '?' END, ',' ORDER BY other_id) AS facts
    FROM pair
    GROUP BY rule, shared, person_id, asked, policies, commune_id
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY rule, shared ORDER BY person_id) AS of_all,
           row_number() OVER (PARTITION BY rule, shared, commune_id ORDER BY person_id) AS of_commune
    FROM finding
)
SELECT person_id, 'duplicate', rule, rule || ':' || shared, CASE WHEN apart THEN 'office' ELSE 'commune' END,
       CASE WHEN strong AND both_paid THEN 10 WHEN both_paid THEN 20 WHEN strong THEN 30 ELSE 80 END,
       policies, jsonb_build_object('others', others, 'strong', strong), md5(facts), other_id,
       CASE WHEN of_all = 1 THEN 0 WHEN of_commune = 1 THEN 1 ELSE 2 END, both_paid
FROM placed
WHERE asked
"""
