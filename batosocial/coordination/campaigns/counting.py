"""How far a campaign is: each number is the length of a list, so that both come from the same condition.

What happened to an account is read where it happened: routes (entered, confirmed) and payments (paid by account). Only
accounts that the campaign's payer pays into, used from the campaign's month on, count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from batosocial.coordination.models import Campaign, CampaignCommune, CampaignPerson
from batosocial.lib import clock
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.models import PayoutRoute
from payments.models import Payment

State = CampaignPerson.State


class Step(models.TextChoices):
    """Lists of a campaign's people; the codes stand in their addresses. Who is further counts in what was before."""

    READY = "san-sang", "Xã đã báo sẵn sàng"
    WAITING = "cho-nhan", "Chờ tổ chức nhận danh sách"
    HOME = "den-nha", "Cần đến nhà"
    LISTED = "da-nhan", "Tổ chức đã nhận, chưa mở"
    OPENED = "da-mo", "Đã mở"
    VERIFIED = "da-xac-nhan", "Đã xác nhận nơi nhận"
    PAID = "da-chi", "Đã chi lần đầu"
    FAILED = "khong-mo-duoc", "Không mở được"
    WITHDRAWN = "da-rut", "Xã đã rút"


#: One of the last steps is each person's own; in this order the furthest is found first.
_FURTHEST = (Step.PAID, Step.VERIFIED, Step.OPENED, Step.FAILED, Step.LISTED, Step.WAITING)
TONES = {
    Step.PAID: "success",
    Step.VERIFIED: "success",
    Step.OPENED: "info",
    Step.FAILED: "danger",
    Step.LISTED: "info",
    Step.WAITING: "warning",
    Step.WITHDRAWN: "neutral",
}
LABELS = {Step.LISTED: "Tổ chức đã nhận", Step.WAITING: "Sẵn sàng"}

_TAKES_PART = ~Q(state=State.WITHDRAWN)
_CONDITIONS = {
    Step.READY: _TAKES_PART,
    Step.WAITING: Q(state=State.READY, opened=False),
    Step.HOME: _TAKES_PART & Q(home_visit=True),
    Step.LISTED: Q(state=State.LISTED, opened=False),
    Step.OPENED: _TAKES_PART & Q(opened=True),
    Step.VERIFIED: _TAKES_PART & Q(verified=True),
    Step.PAID: _TAKES_PART & Q(paid=True),
    Step.FAILED: Q(state=State.FAILED, opened=False),
    Step.WITHDRAWN: Q(state=State.WITHDRAWN),
}


def with_progress(people: QuerySet[CampaignPerson]) -> QuerySet[Any]:
    """Adds ``opened``, ``verified`` and ``paid``."""
    routes = PayoutRoute.objects.filter(
        person=OuterRef("person"),
        account__provider__payer=OuterRef("campaign__payer"),
        months__startswith__gte=OuterRef("campaign__month"),
    )
    paid = Payment.objects.filter(
        person=OuterRef("person"),
        payer=OuterRef("campaign__payer"),
        result=Payment.Result.PAID_ACCOUNT,
        payment_list__period__month__gte=OuterRef("campaign__month"),
    )
    entered, confirmed = PayoutRoute.State.ENTERED, PayoutRoute.State.CONFIRMED
    return people.annotate(
        opened=Exists(routes.filter(state__in=[entered, confirmed])),
        verified=Exists(routes.filter(state=confirmed)),
        paid=Exists(paid),
    )


def at_step(people: QuerySet[CampaignPerson], step: str) -> QuerySet[Any]:
    """People of one list, with their progress."""
    return with_progress(people).filter(_CONDITIONS[Step(step)])


def step_of(row: Any) -> Step:
    """How far somebody is; needs ``with_progress``."""
    if row.state == State.WITHDRAWN:
        return Step.WITHDRAWN
    reached = {
        Step.PAID: row.paid,
        Step.VERIFIED: row.verified,
        Step.OPENED: row.opened,
        Step.FAILED: row.state == State.FAILED,
        Step.LISTED: row.state == State.LISTED,
    }
    return next((step for step in _FURTHEST if reached.get(step)), Step.WAITING)


@dataclass(frozen=True, slots=True)
class Progress:
    """People by step; ``planned`` are accounts, of which nobody has a list."""

    planned: int = 0
    ready: int = 0
    waiting: int = 0
    home: int = 0
    opened: int = 0
    verified: int = 0
    paid: int = 0
    failed: int = 0

    @classmethod
    def total(cls, parts: Iterable["Progress"]) -> "Progress":
        rows = list(parts)
        return cls(**{f.name: sum(getattr(row, f.name) for row in rows) for f in fields(cls)})

    def share(self, number: int) -> int:
        """Whole percent of the plan, at most 100, for a bar."""
        return min(100, 100 * number // self.planned) if self.planned else 0

    @property
    def opened_share(self) -> int:
        return self.share(self.opened)


_COUNTED = {
    "ready": Step.READY,
    "waiting": Step.WAITING,
    "home": Step.HOME,
    "opened": Step.OPENED,
    "verified": Step.VERIFIED,
    "paid": Step.PAID,
    "failed": Step.FAILED,
}
#: The columns of a campaign's table: (count, heading, list).
COLUMNS = (
    ("ready", "Sẵn sàng", Step.READY),
    ("waiting", "Chờ nhận", Step.WAITING),
    ("home", "Đến nhà", Step.HOME),
    ("opened", "Đã mở", Step.OPENED),
    ("verified", "Đã xác nhận", Step.VERIFIED),
    ("paid", "Đã chi lần đầu", Step.PAID),
    ("failed", "Không mở được", Step.FAILED),
)


@dataclass(frozen=True, slots=True)
class CommuneProgress:
    unit: Unit
    plan: CampaignCommune
    progress: Progress
    late: str

    @property
    def days(self) -> str:
        """ "05/08/2024 – 07/08/2024"; "" where no day is planned."""
        return " – ".join(f"{day:%d/%m/%Y}" for day in (self.plan.opens_on, self.plan.opens_until) if day)

    @property
    def cells(self) -> list[tuple[str, int, Step]]:
        return [(heading, getattr(self.progress, name), step) for name, heading, step in COLUMNS]


def progress_of(user: User, campaign: Campaign) -> list[CommuneProgress]:
    """A campaign's communes in their order, those that the user may see; two queries."""
    plans = CampaignCommune.objects.filter(campaign=campaign).select_related("commune")
    if user.in_commune:
        plans = plans.filter(commune__in=Unit.objects.of_commune(user.unit_id or 0).values("pk"))
    rows = list(plans)
    counts = _counts(CampaignPerson.objects.visible_to(user).filter(campaign=campaign), ["commune"])
    return [
        CommuneProgress(plan.commune, plan, made, _late(campaign, plan, made))
        for plan in rows
        for made in [Progress(planned=plan.planned, **counts.get((plan.commune_id,), {}))]
    ]


def totals_of(user: User, campaigns: Sequence[Campaign]) -> dict[int, Progress]:
    """Of several campaigns, by their ids; two queries. A commune's user counts their own commune."""
    ids = [campaign.pk for campaign in campaigns]
    plans = CampaignCommune.objects.filter(campaign__in=ids)
    if user.in_commune:
        plans = plans.filter(commune__in=Unit.objects.of_commune(user.unit_id or 0).values("pk"))
    planned: dict[int, int] = dict(
        plans.order_by().values("campaign").annotate(sum=models.Sum("planned")).values_list("campaign", "sum")
    )
    counts = _counts(CampaignPerson.objects.visible_to(user).filter(campaign__in=ids), ["campaign"])
    return {pk: Progress(planned=planned.get(pk, 0), **counts.get((pk,), {})) for pk in ids}


def _counts(people: QuerySet[CampaignPerson], by: Sequence[str]) -> dict[tuple[int, ...], dict[str, int]]:
    sums = {name: Count("pk", filter=_CONDITIONS[step]) for name, step in _COUNTED.items()}
    keys = {f"by_{name}": F(name) for name in by}
    counted = {f"n_{name}": number for name, number in sums.items()}
    rows = with_progress(people).order_by().annotate(**keys).values(*keys).annotate(**counted)
    return {tuple(row[key] for key in keys): {name: row[f"n_{name}"] for name in sums} for row in rows}


def _late(campaign: Campaign, plan: CampaignCommune, made: Progress) -> str:
    """What a commune is late with, "" for one in time or done."""
    if campaign.state != Campaign.State.OPEN or made.opened + made.failed >= plan.planned:
        return ""
    today = clock.today()
    if today > campaign.deadline:
        return f"Quá hạn {campaign.deadline:%d/%m/%Y}"
    last = plan.opens_until or plan.opens_on
    if last and today > last and not made.opened:
        return f"Chưa mở được ai dù đã đến {last:%d/%m/%Y}"
    return ""
