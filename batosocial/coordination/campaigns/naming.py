"""A commune says who is ready to open an account, and takes it back."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.campaigns.counting import with_progress
from batosocial.coordination.campaigns.planning import locked_open
from batosocial.coordination.campaigns.refusal import CampaignRefused
from batosocial.coordination.models import Campaign, CampaignCommune, CampaignPerson
from batosocial.coordination.notifications import fresh
from batosocial.staff.models import Role, User
from beneficiaries.models import Payee, PayoutRoute, Person
from beneficiaries.querysets import Channel

State = CampaignPerson.State
#: Whoever opens as the register has the payee now.
AS_REGISTERED = "so"


@dataclass(frozen=True, slots=True)
class Said:
    """What the commune says of those it names; ``opener`` a ``Payee.Kind`` or ``AS_REGISTERED``. Name, number and phone
    are those of one person, for several they come from the register."""

    agreed_on: datetime.date
    opener: str = AS_REGISTERED
    opener_name: str = ""
    opener_cccd: str = ""
    phone: str = ""
    home_visit: bool = False
    home_place: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    count: int
    unchanged: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def candidates(user: User, campaign: Campaign) -> QuerySet[Person]:
    """People of the user's commune who receive something in the campaign's month without an account for it, whom no
    running campaign has and for whom no account waits to be confirmed."""
    if not user.in_commune:
        return Person.objects.none()
    coming = CampaignCommune.objects.filter(campaign=campaign, commune=OuterRef("commune"))
    elsewhere = CampaignPerson.objects.taking_part().filter(person=OuterRef("pk"), campaign__state=Campaign.State.OPEN)
    waiting = PayoutRoute.objects.waiting().filter(person=OuterRef("pk"), account__isnull=False)
    people = Person.objects.visible_to(user).filter(Exists(coming), died_on__isnull=True)
    people = people.by_channel(Channel.NO_ACCOUNT, campaign.month)
    return people.exclude(Exists(elsewhere)).exclude(Exists(waiting)).order_by("sort_key", "pk")


@transaction.atomic
def name_ready(*, actor: User, campaign_id: int, person_ids: Collection[int], said: Said) -> Named:
    """Name people as ready. Those who are named already stay as they are, whoever cannot be named is refused with why.

    PermissionDenied for anybody but a commune's officer, Campaign.DoesNotExist and Person.DoesNotExist out of scope.
    """
    _officer(actor)
    campaign = locked_open(actor, campaign_id)
    visible = Person.objects.visible_to(actor).filter(pk__in=person_ids).order_by("pk")
    people = {person.pk: person for person in visible.select_for_update(no_key=True, of=("self",))}
    if len(people) != len(set(person_ids)):
        raise Person.DoesNotExist
    known = dict(campaign.people.filter(person__in=people).values_list("person", "state"))
    open_to = set(candidates(actor, campaign).filter(pk__in=people).values_list("pk", flat=True))
    named = {pk for pk, state in known.items() if state != State.WITHDRAWN}
    openers = _openers(people, said)
    rows, refused = [], []
    now = timezone.now()
    for pk, person in people.items():
        if pk in named:
            continue
        if pk not in open_to:
            refused.append((person.name, "đã có tài khoản, đang ở đợt khác hoặc không còn được chi."))
            continue
        kind, name, cccd, phone = openers[pk]
        if kind != Payee.Kind.OWN and not name:
            label = Payee.Kind(kind).label.lower()
            refused.append((person.name, f"chưa rõ họ tên {label}; hãy báo riêng người này và ghi họ tên."))
            continue
        rows.append(
            CampaignPerson(
                campaign=campaign,
                person=person,
                commune_id=person.commune_id,
                state=State.READY,
                opener=kind,
                opener_name="" if kind == Payee.Kind.OWN else name,
                opener_cccd="" if kind == Payee.Kind.OWN else cccd,
                phone=phone,
                home_visit=said.home_visit,
                home_place=said.home_place if said.home_visit else "",
                note=said.note,
                agreed_on=said.agreed_on,
                named_by=actor,
                named_at=now,
            )
        )
    # Whoever was withdrawn is named anew: nothing of before is left.
    CampaignPerson.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["campaign", "person"],
        update_fields=[
            "commune", "state", "opener", "opener_name", "opener_cccd", "phone", "home_visit", "home_place", "note",
            "agreed_on", "named_by", "named_at", "taken_by", "taken_at", "failure", "failure_note", "failed_by",
            "failed_at", "withdrawal",
        ],
    )  # fmt: skip
    if rows:
        fresh.touch()
        audit.record(
            actor=actor,
            action="Báo sẵn sàng mở tài khoản",
            row=campaign,
            details={
                "count": len(rows),
                "people": [row.person_id for row in rows],
                "home_visits": len(rows) if said.home_visit else 0,
                "agreed_on": said.agreed_on,
            },
        )
    return Named(len(rows), len(named), refused)


def _openers(people: dict[int, Person], said: Said) -> dict[int, tuple[str, str, str, str]]:
    """Who opens for each: kind, name, CCCD, phone; two queries at most."""
    given = said.opener if said.opener != AS_REGISTERED else ""
    payees: dict[tuple[int, str], Payee] = {}
    receives: dict[int, Payee] = {}
    if given != Payee.Kind.OWN:
        for payee in Payee.objects.filter(person__in=people).order_by("pk"):
            payees[payee.person_id, payee.kind] = payee
        routes = PayoutRoute.objects.confirmed().filter(person__in=people).select_related("payee")
        receives = {route.person_id: route.payee for route in routes.order_by("months", "pk")}
    alone = len(people) == 1
    found = {}
    for pk, person in people.items():
        kind = given or (receives[pk].kind if pk in receives else Payee.Kind.OWN)
        known = receives.get(pk) if not given else payees.get((pk, str(kind)))
        name, cccd, phone = (said.opener_name, said.opener_cccd, said.phone) if alone else ("", "", "")
        if kind != Payee.Kind.OWN and known is not None:
            name, cccd, phone = name or known.name, cccd or known.cccd, phone or known.phone
        found[pk] = (str(kind), name, cccd, phone or person.phone)
    return found


@transaction.atomic
def change_named(*, actor: User, row_id: int, **values: Any) -> CampaignPerson:
    """Correct what was said of one person until the account is opened; refused afterwards."""
    _officer(actor)
    row = _locked_row(actor, row_id)
    if row.state in (State.WITHDRAWN, State.FAILED) or row.opened:
        raise CampaignRefused("Người này đã rút, không mở được hoặc đã mở tài khoản nên không sửa được.")
    changes = audit.differences(row, values)
    if changes:
        CampaignPerson.objects.filter(pk=row.pk).update(**values)
        audit.record(actor=actor, action="Sửa người sẵn sàng mở tài khoản", row=row, changes=changes)
    return row


@transaction.atomic
def withdraw_named(*, actor: User, campaign_id: int, row_ids: Sequence[int], reason: str) -> Named:
    """Take people out again, saying why; whoever has an account by now stays."""
    _officer(actor)
    if not reason.strip():
        raise ValueError("Hãy ghi vì sao rút.")
    campaign = locked_open(actor, campaign_id)
    rows = list(
        with_progress(CampaignPerson.objects.visible_to(actor).filter(campaign=campaign, pk__in=row_ids))
        .select_related("person")
        .order_by("pk")
    )
    if len(rows) != len(set(row_ids)):
        raise CampaignPerson.DoesNotExist
    taken_out = [row for row in rows if row.state != State.WITHDRAWN and not row.opened]
    refused = [(row.person.name, "đã mở tài khoản, không rút được.") for row in rows if row.opened]
    CampaignPerson.objects.filter(pk__in=[row.pk for row in taken_out]).update(
        state=State.WITHDRAWN, withdrawal=reason.strip()[:300]
    )
    if taken_out:
        fresh.touch()
        audit.record(
            actor=actor,
            action="Rút người sẵn sàng mở tài khoản",
            row=campaign,
            details={"people": [row.person_id for row in taken_out], "reason": reason.strip()},
        )
    return Named(len(taken_out), refused=refused)


def _locked_row(actor: User, row_id: int) -> Any:
    row = CampaignPerson.objects.visible_to(actor).values_list("campaign", flat=True).get(pk=row_id)
    locked_open(actor, row)
    return with_progress(CampaignPerson.objects.select_related("person", "campaign")).get(pk=row_id)


def _officer(actor: User) -> None:
    if actor.role != Role.COMMUNE_OFFICER or not actor.is_active:
        raise PermissionDenied
