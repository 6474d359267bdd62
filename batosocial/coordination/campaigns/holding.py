"""Accounts with an open conflict wait: what nobody has looked at is not confirmed among the others."""

from collections import defaultdict
from collections.abc import Sequence

from django.urls import reverse

from batosocial.coordination.models import CampaignConflict
from beneficiaries.models import PayoutRoute
from beneficiaries.payout.holds import Hold

Kind = CampaignConflict.Kind
#: Conflicts about an account; the others tell nobody to whom a route could belong.
_OF_ACCOUNTS = (Kind.HOLDER, Kind.IN_USE, Kind.OTHER_ROUTE)


def held_by_conflicts(routes: Sequence[PayoutRoute]) -> dict[int, Hold]:
    """Routes to an account that a campaign's file brought for a person of whom a conflict is open; one query."""
    open_ones: dict[int, list[CampaignConflict]] = defaultdict(list)
    people = {route.person_id for route in routes}
    rows = CampaignConflict.objects.waiting().filter(kind__in=_OF_ACCOUNTS, person__in=people).order_by("pk")
    for row in rows.select_related("campaign"):
        open_ones[row.person_id or 0].append(row)
    found = {}
    for route in routes:
        if conflict := next((row for row in open_ones[route.person_id] if _concerns(row, route)), None):
            url = reverse("coordination:campaign_conflicts", args=[conflict.campaign_id])
            found[route.pk] = Hold(
                f"Còn xung đột chưa xử lý trong đợt “{conflict.campaign.name}”",
                "xử lý xung đột trong đợt mở tài khoản trước",
                f"{url}?trang_thai=cho",
            )
    return found


def _concerns(conflict: CampaignConflict, route: PayoutRoute) -> bool:
    """The account of the conflict, however it was entered, and all that the campaign has entered for the person."""
    if route.account is None:
        return False
    return conflict.account == route.account.number or conflict.campaign.source == route.source
