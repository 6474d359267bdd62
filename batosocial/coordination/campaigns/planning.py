"""Planning a campaign: the Phòng, or the payer whose plan the Phòng then confirms."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.campaigns.refusal import CampaignRefused
from batosocial.coordination.models import Campaign, CampaignCommune, CampaignPerson
from batosocial.staff.models import Payer, Role, User
from batosocial.territory.models import Unit

PLANNERS = frozenset({Role.DISTRICT_OFFICER, Role.PAYER})
State = Campaign.State


@dataclass(frozen=True, slots=True)
class Place:
    """One commune of a plan."""

    commune: Unit
    planned: int
    opens_on: datetime.date | None = None
    opens_until: datetime.date | None = None
    place: str = ""

    @property
    def values(self) -> dict[str, Any]:
        return {
            "planned": self.planned,
            "opens_on": self.opens_on,
            "opens_until": self.opens_until,
            "place": self.place,
        }


@transaction.atomic
def plan_campaign(
    *,
    actor: User,
    payer: Payer,
    upper: Unit,
    name: str,
    month: datetime.date,
    deadline: datetime.date,
    source: str,
    places: Sequence[Place],
    note: str = "",
) -> Campaign:
    """Store a plan. The Phòng's is open at once, a payer's waits for the Phòng. PermissionDenied for anybody else, for
    another payer's plan, and for communes of another district."""
    own = actor.role == Role.PAYER and actor.payer_id == payer.pk
    if not (own or (actor.role == Role.DISTRICT_OFFICER and actor.unit_id == upper.pk)):
        raise PermissionDenied
    _check(places, upper)
    now = timezone.now()
    confirmed = not own
    campaign = Campaign.objects.create(
        name=name,
        payer=payer,
        upper=upper,
        month=month,
        deadline=deadline,
        source=source,
        note=note,
        state=State.OPEN if confirmed else State.PROPOSED,
        planned_by=actor,
        planned_at=now,
        confirmed_by=actor if confirmed else None,
        confirmed_at=now if confirmed else None,
    )
    CampaignCommune.objects.bulk_create(
        CampaignCommune(campaign=campaign, commune=place.commune, **place.values) for place in places
    )
    action = "Lập đợt mở tài khoản" if confirmed else "Đề nghị đợt mở tài khoản"
    audit.record(actor=actor, action=action, row=campaign, details=_told(places) | {"payer": payer, "month": month})
    return campaign


@transaction.atomic
def change_campaign(*, actor: User, campaign_id: int, places: Sequence[Place], **values: Any) -> Campaign:
    """Change name, month, deadline, source, note and communes: the Phòng until it is closed, a payer its own proposal.

    A commune that has named somebody stays; once an account file was brought the month stays.
    """
    campaign = locked(actor, campaign_id)
    if not may_change(actor, campaign):
        raise CampaignRefused(f"Đợt này {campaign.get_state_display().lower()}, không sửa được.")
    _check(places, campaign.upper)
    kept = {place.commune.pk: place for place in places}
    named = CampaignPerson.objects.filter(campaign=campaign).exclude(commune__in=kept)
    if (lost := named.select_related("commune").first()) is not None:
        raise CampaignRefused(f"{lost.commune} đã báo người sẵn sàng nên phải ở lại trong đợt.")
    if values.get("month", campaign.month) != campaign.month and campaign.files.exists():
        raise CampaignRefused("Đã nạp tệp mở tài khoản nên tháng dùng tài khoản giữ nguyên.")
    changes = audit.differences(campaign, values)
    for field, value in values.items():
        setattr(campaign, field, value)
    campaign.save(update_fields=list(values))
    campaign.communes.exclude(commune__in=kept).delete()
    CampaignCommune.objects.bulk_create(
        [CampaignCommune(campaign=campaign, commune=place.commune, **place.values) for place in places],
        update_conflicts=True,
        unique_fields=["campaign", "commune"],
        update_fields=["planned", "opens_on", "opens_until", "place"],
    )
    audit.record(actor=actor, action="Sửa đợt mở tài khoản", row=campaign, changes=changes, details=_told(places))
    return campaign


def may_change(actor: User, campaign: Campaign) -> bool:
    if actor.role == Role.PAYER:
        return campaign.state == State.PROPOSED
    return actor.role == Role.DISTRICT_OFFICER and campaign.state in (State.PROPOSED, State.OPEN)


@transaction.atomic
def confirm_campaign(*, actor: User, campaign_id: int) -> Campaign:
    """The Phòng's word to a payer's plan: communes see it from now on."""
    _only(actor, Role.DISTRICT_OFFICER)
    campaign = locked(actor, campaign_id)
    if campaign.state == State.OPEN:
        raise CampaignRefused("Đợt này đã được xác nhận rồi.")
    if campaign.state != State.PROPOSED:
        raise CampaignRefused(f"Đợt này {campaign.get_state_display().lower()}, không xác nhận được.")
    campaign.state, campaign.confirmed_by, campaign.confirmed_at = State.OPEN, actor, timezone.now()
    campaign.save(update_fields=["state", "confirmed_by", "confirmed_at"])
    audit.record(actor=actor, action="Xác nhận đợt mở tài khoản", row=campaign)
    return campaign


@transaction.atomic
def close_campaign(*, actor: User, campaign_id: int) -> Campaign:
    """Nobody is named and no file is brought any more; what becomes of the accounts is still counted."""
    _only(actor, Role.DISTRICT_OFFICER)
    campaign = locked(actor, campaign_id)
    if campaign.state != State.OPEN:
        raise CampaignRefused(f"Đợt này {campaign.get_state_display().lower()}, không kết thúc được.")
    campaign.state, campaign.ended_by, campaign.ended_at = State.CLOSED, actor, timezone.now()
    campaign.save(update_fields=["state", "ended_by", "ended_at"])
    audit.record(actor=actor, action="Kết thúc đợt mở tài khoản", row=campaign)
    return campaign


@transaction.atomic
def cancel_campaign(*, actor: User, campaign_id: int, reason: str) -> Campaign:
    """Drop a plan for which nobody was named: the Phòng any, a payer its own proposal. ValueError without a reason."""
    _only(actor, *PLANNERS)
    campaign = locked(actor, campaign_id)
    if not reason.strip():
        raise ValueError("Hãy ghi vì sao bỏ đợt này.")
    if not may_change(actor, campaign):
        raise CampaignRefused(f"Đợt này {campaign.get_state_display().lower()}, không bỏ được.")
    if campaign.people.taking_part().exists() or campaign.files.exists():
        raise CampaignRefused("Đợt này đã có người sẵn sàng hoặc đã có tệp; hãy kết thúc đợt thay vì bỏ.")
    campaign.state, campaign.ended_by, campaign.ended_at = State.CANCELLED, actor, timezone.now()
    campaign.reason = reason.strip()[:300]
    campaign.save(update_fields=["state", "ended_by", "ended_at", "reason"])
    audit.record(actor=actor, action="Bỏ đợt mở tài khoản", row=campaign, details={"reason": campaign.reason})
    return campaign


def locked(actor: User, campaign_id: int) -> Campaign:
    """The campaign's row, locked: naming, taking and files of one campaign take turns. Campaign.DoesNotExist out of
    scope."""
    campaigns = Campaign.objects.visible_to(actor).select_for_update(of=("self",)).select_related("payer", "upper")
    return campaigns.get(pk=campaign_id)


def locked_open(actor: User, campaign_id: int) -> Campaign:
    """The same, refused unless the campaign is running."""
    campaign = locked(actor, campaign_id)
    if campaign.state != State.OPEN:
        raise CampaignRefused(f"Đợt này {campaign.get_state_display().lower()}, không ghi thêm được.")
    return campaign


def _only(actor: User, *roles: Role) -> None:
    if actor.role not in roles or not actor.is_active:
        raise PermissionDenied


def _check(places: Sequence[Place], upper: Unit) -> None:
    if not places:
        raise CampaignRefused("Hãy ghi số tài khoản dự kiến mở của ít nhất một xã.")
    if any(place.commune.parent_id != upper.pk for place in places):
        raise PermissionDenied


def _told(places: Sequence[Place]) -> dict[str, Any]:
    return {"communes": {place.commune.code: place.planned for place in places}}
