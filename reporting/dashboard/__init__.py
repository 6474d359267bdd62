"""The three dashboards: the chairman's, the Phòng's and a commune's, put together from stored figures.

A module for each (``chairman``, ``office``, ``commune``) over what they share (``frame``, ``parts``, ``charts``); each
is built in a fixed number of queries and reads no payment line.
"""

from reporting.dashboard.addresses import (
    BOTH_POLICIES,
    OWN_UNITS,
    WHOLE_DISTRICT,
    absolute_people_url,
    dashboard_url,
    people_url,
    place_of,
)

__all__ = [
    "BOTH_POLICIES",
    "OWN_UNITS",
    "WHOLE_DISTRICT",
    "absolute_people_url",
    "dashboard_url",
    "people_url",
    "place_of",
]
