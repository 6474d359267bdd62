"""What every page shows: whose portal, which day, where the user works, and the sidebar."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from batosocial.lib import clock
from batosocial.staff.models import User
from batosocial.web import navigation, topbar


def unit_label(user: object) -> str:
    """The unit or payer somebody works for, as shown beside their name."""
    if not isinstance(user, User):
        return ""
    return str(user.unit or user.payer or "")


def portal(request: HttpRequest) -> dict[str, Any]:
    # Nothing here may fail or query by itself: error pages are rendered with it too.
    user = getattr(request, "user", None)
    return {
        "portal_name": settings.PORTAL_NAME,
        "demo": settings.DEMO,
        "business_date": clock.today(),
        "unit_label": SimpleLazyObject(lambda: unit_label(user)),
        "bell": SimpleLazyObject(lambda: topbar.bell_for(user)),
        "navigation": SimpleLazyObject(lambda: navigation.items_for(user, request)),
    }
