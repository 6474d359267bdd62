"""The letter's campaign: Bưu điện tỉnh opened 581 accounts in 7 communes, which are used from 8/2024."""

import datetime
from collections import Counter

from django.utils import timezone

from batosocial.coordination.models import Campaign, CampaignCommune, CampaignPerson
from batosocial.demo.history import Staff
from batosocial.demo.people import DEMO_MONTH
from batosocial.lib import months
from batosocial.territory.models import Unit
from beneficiaries.models import Payee, PayoutRoute

SOURCE = "Bưu điện mở, 7/2024"
#: The accounts were opened commune by commune, two days in each.
_FIRST_DAY = datetime.date(2024, 7, 2)


def load_campaign(staff: Staff) -> Campaign:
    """The campaign with everybody whose account it opened: named by their commune, taken by the post, opened and
    confirmed, not yet paid."""
    month = months.add(DEMO_MONTH, 1)
    routes = list(
        PayoutRoute.objects.confirmed()
        .filter(months__startswith=month, account__source=SOURCE)
        .select_related("person__commune", "payee")
        .order_by("person__commune__position", "person__sort_key", "pk")
    )
    assert staff.post.payer is not None  # noqa: S101
    campaign = Campaign.objects.create(
        name="Bưu điện tỉnh mở tài khoản tại 7 xã, thị trấn",
        payer=staff.post.payer,
        upper=Unit.objects.get(level=Unit.Level.DISTRICT),
        month=month,
        deadline=datetime.date(2024, 7, 31),
        source=SOURCE,
        note="Phối hợp với Bưu điện tỉnh Quảng Ngãi mở tài khoản cho đối tượng an sinh xã hội, chi qua tài khoản từ "
        "tháng 8/2024.",
        state=Campaign.State.OPEN,
        planned_by=staff.phong,
        planned_at=_moment(datetime.date(2024, 6, 10)),
        confirmed_by=staff.phong,
        confirmed_at=_moment(datetime.date(2024, 6, 10)),
    )
    planned = Counter(route.person.commune for route in routes)
    CampaignCommune.objects.bulk_create(
        CampaignCommune(
            campaign=campaign,
            commune=unit,
            planned=number,
            opens_on=_FIRST_DAY + datetime.timedelta(days=2 * place),
            opens_until=_FIRST_DAY + datetime.timedelta(days=2 * place + 1),
            place=f"Nhà văn hóa {unit.kind.lower()} {unit.name}",
        )
        for place, (unit, number) in enumerate(planned.items())
    )
    CampaignPerson.objects.bulk_create(
        CampaignPerson(
            campaign=campaign,
            person=route.person,
            commune=route.person.commune,
            state=CampaignPerson.State.LISTED,
            opener=route.payee.kind,
            opener_name="" if route.payee.kind == Payee.Kind.OWN else route.payee.name,
            opener_cccd="" if route.payee.kind == Payee.Kind.OWN else route.payee.cccd,
            phone=route.person.phone,
            agreed_on=datetime.date(2024, 6, 20),
            named_by=staff.officers[route.person.commune.code],
            named_at=_moment(datetime.date(2024, 6, 20)),
            taken_by=staff.post,
            taken_at=_moment(datetime.date(2024, 6, 26)),
        )
        for route in routes
    )
    return campaign


def _moment(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(9)))
