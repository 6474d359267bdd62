"""What people are told of campaigns: a list that waits for its payer, and a deadline that is near."""

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Count
from django.urls import reverse

from batosocial.coordination.campaigns.todos import unnamed
from batosocial.coordination.models import Campaign, CampaignPerson
from batosocial.coordination.notifications.sources import AHEAD, Notice, register
from batosocial.lib import clock
from batosocial.lib.money import format_number
from batosocial.staff.models import Role, User


@register("campaign_lists")
def lists() -> Iterator[Notice]:
    """Each payer's users, of each campaign in which somebody is ready and not taken; two queries."""
    rows = CampaignPerson.objects.filter(state=CampaignPerson.State.READY, campaign__state=Campaign.State.OPEN)
    waiting = rows.order_by().values("campaign", "campaign__name", "campaign__payer").annotate(number=Count("pk"))
    users = _users(Role.PAYER, "payer")
    for row in waiting:
        for owner in users.get(row["campaign__payer"], []):
            yield Notice(
                owner,
                str(row["campaign"]),
                f"{format_number(row['number'])} người sẵn sàng mở tài khoản chờ nhận danh sách",
                reverse("coordination:campaign", args=[row["campaign"]]),
                row["campaign__name"],
            )


@register("campaign_deadlines")
def deadlines() -> Iterator[Notice]:
    """A commune's officers, of a campaign that ends soon for which the commune has named nobody; two queries."""
    today = clock.today()
    users = _users(Role.COMMUNE_OFFICER, "unit")
    for row in unnamed().filter(campaign__deadline__gte=today, campaign__deadline__lte=today + AHEAD):
        for owner in users.get(row.commune_id, []):
            yield Notice(
                owner,
                str(row.campaign_id),
                f"Đợt mở tài khoản hạn {row.campaign.deadline:%d/%m/%Y}: xã chưa báo ai sẵn sàng",
                reverse("coordination:campaign_ready", args=[row.campaign_id]),
                row.campaign.name,
                row.campaign.deadline,
            )


def _users(role: Role, by: str) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for key, pk in User.objects.filter(role=role, is_active=True).values_list(by, "pk"):
        if key:
            found[key].append(pk)
    return found
