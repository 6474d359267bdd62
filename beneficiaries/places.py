"""In which unit a person is in a month: where they live now, seen through the mergers between then and now."""

from batosocial.territory.places import PLACES

#: Common table expressions that make ``placed (person_id, commune_id)``: who is in one of %(communes)s in %(month)s.
#: Only people who live there now, or in what merged with it, are looked at. Who came into a merged unit later was in
#: none of the old ones: the one with its code has them, so that nobody is without a list.
PLACED = f"""
    {PLACES},
    of_today AS (
        SELECT person.id AS person_id, coalesce(origin.from_unit_id, places.place_id, person.commune_id) AS commune_id
        FROM beneficiaries_person person
        LEFT JOIN places ON places.unit_id = person.commune_id
        LEFT JOIN LATERAL (
            SELECT m.from_unit_id FROM beneficiaries_unitmove m
            WHERE places.past AND m.person_id = person.id AND m.day > %(month)s::date
            ORDER BY m.day LIMIT 1
        ) origin ON true
        WHERE person.commune_id = ANY(ARRAY(
            SELECT unit_id FROM territory_place WHERE place_id = ANY(%(communes)s)
            UNION ALL SELECT unnest(%(communes)s::bigint[])
        ))
    ),
    placed AS (SELECT person_id, commune_id FROM of_today WHERE commune_id = ANY(%(communes)s))
"""

#: Whether ``person`` lives in the unit of a row ``m``, or in one that it became part of or that became part of it.
LIVES_HERE = """(person.commune_id = m.commune_id OR EXISTS (
    SELECT 1 FROM territory_place kin WHERE kin.unit_id = person.commune_id AND kin.place_id = m.commune_id
))"""
