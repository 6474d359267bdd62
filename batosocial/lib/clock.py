"""The only clock for business dates."""

import datetime

from django.conf import settings
from django.utils import timezone


def today() -> datetime.date:
    """The business date: ``BUSINESS_DATE`` where it is set (demo, tests), else today in Vietnam."""
    return settings.BUSINESS_DATE or timezone.localdate()
