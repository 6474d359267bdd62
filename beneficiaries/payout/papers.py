"""Papers by which guardians and authorised persons receive, and when they run out."""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.db import models

from batosocial.lib import clock, months
from batosocial.staff.models import COMMUNE_ROLES, Role, User
from beneficiaries.models import Payee
from beneficiaries.models.payee import PayeeQuerySet

#: Who sees which papers run out; whoever enters renews them.
PAPER_ROLES = COMMUNE_ROLES | {Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER}


class When(models.TextChoices):
    EXPIRED = "het-han", "Đã hết hạn"
    SOON = "sap-het", "Sắp hết hạn"


@dataclass(frozen=True)
class PaperState:
    """How long a paper still says what it says; ``days`` negative once it has run out."""

    label: str
    tone: str
    days: int


def warn_until(today: datetime.date) -> datetime.date:
    """The last day on which a paper that runs out counts as about to."""
    return today + datetime.timedelta(days=settings.PAPER_WARNING_DAYS)


def state_of(valid_until: datetime.date | None) -> PaperState | None:
    """None for a paper that says no day, or one that is not about to run out. Its last day is still valid."""
    today = clock.today()
    if valid_until is None or valid_until > warn_until(today):
        return None
    days = (valid_until - today).days
    if days < 0:
        return PaperState("Đã hết hạn", "danger", days)
    return PaperState(f"Còn {days} ngày" if days else "Hết hạn hôm nay", "warning", days)


def running_out(user: User, when: str = "") -> PayeeQuerySet:
    """Payees in use whose paper has run out or is about to, in the user's scope."""
    today = clock.today()
    payees = Payee.objects.visible_to(user).in_use(months.first(today)).with_paper_until(warn_until(today))
    if when == When.EXPIRED:
        return payees.filter(paper_valid_until__lt=today)
    if when == When.SOON:
        return payees.filter(paper_valid_until__gte=today)
    return payees
