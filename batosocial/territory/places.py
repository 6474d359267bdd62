"""Where the area of a unit belonged or will belong in another month, in SQL and for a few units.

``territory_place`` (migration 0004) has a row for each unit and each unit before or after it; a unit that never merged
has none, so whoever joins it takes the unit itself where there is no row.
"""

import datetime
from collections.abc import Collection

from django.db import connection

#: A common table expression: for units that do not exist in %(month)s the one that does. Of several units that became
#: one, ``past`` rows name the one with the same code: where nobody knows from which of them somebody came.
PLACES = """
    places AS MATERIALIZED (
        SELECT DISTINCT ON (unit_id) unit_id, place_id, past
        FROM territory_place
        WHERE valid_from <= %(month)s::date AND (valid_to IS NULL OR valid_to > %(month)s::date)
        ORDER BY unit_id, same_code DESC, position, place_id
    )
"""


def kin_by_unit(units: Collection[int]) -> dict[int, set[int]]:
    """Each of these units with all that became part of it or of which it became part. One query."""
    found = {unit: {unit} for unit in units}
    with connection.cursor() as cursor:
        cursor.execute("SELECT place_id, unit_id FROM territory_place WHERE place_id = ANY(%s)", [list(units)])
        for place, unit in cursor.fetchall():
            found[place].add(unit)
    return found


def places_in(units: Collection[int], month: datetime.date) -> dict[int, int]:
    """For each of these units the one that holds its area in a month, itself where it exists then. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {PLACES} SELECT unit_id, place_id FROM places WHERE unit_id = ANY(%(units)s)",
            {"month": month, "units": list(units)},
        )
        return {unit: unit for unit in units} | dict(cursor.fetchall())
