"""Where a figure's people, and a dashboard's month, are found."""

import datetime
from functools import lru_cache

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode

from batosocial.lib import months
from batosocial.staff.models import User
from reporting.models import BOTH

#: Stands for the whole district, for all units that a commune was made of, and for both policies in addresses.
WHOLE_DISTRICT = "huyen"
OWN_UNITS = "don-vi"
BOTH_POLICIES = "tat-ca"


@lru_cache(maxsize=120)
def _of_month(month: datetime.date) -> str:
    """What the addresses of a month begin with; a page has thousands, and ``reverse`` is slow."""
    known = ("POLICY", "PLACE", "MEASURE")
    return reverse("reporting:people", args=[month, *known]).removesuffix("/".join([*known, ""]))


def people_url(
    month: datetime.date, policy: str, place: str, measure: str, *, reason: str = "", payer: str = "", payee: str = ""
) -> str:
    """The page that lists whom a figure counts. ``policy`` empty (or ``BOTH``): each person of both policies once."""
    path = f"{_of_month(month)}{BOTH_POLICIES if policy in ('', BOTH) else policy}/{place}/{measure}/"
    if not (reason or payer or payee):
        return path
    chosen = {"ly-do": reason, "chi-qua": payer, "chu-tk": payee}
    query = urlencode({name: value for name, value in chosen.items() if value})
    return f"{path}?{query}"


def absolute_people_url(month: datetime.date, policy: str, place: str, measure: str, **chosen: str) -> str:
    """The same for paper and workbooks, which are read outside the portal."""
    return settings.PORTAL_URL.rstrip("/") + people_url(month, policy, place, measure, **chosen)


def place_of(user: User, month: datetime.date) -> str:
    """Everything that the user sees of a month, as it stands in addresses: in months before a merger a commune's code
    names one of the units that it was made of."""
    own = user.unit if user.in_commune else None
    if own is None:
        return WHOLE_DISTRICT
    return own.code if own.valid_from <= month else OWN_UNITS


def dashboard_url(month: datetime.date, **more: str) -> str:
    query = {"thang": months.iso(month)} | {name: value for name, value in more.items() if value}
    return f"{reverse('reporting:dashboard')}?{urlencode(query)}"
