"""Account-opening files of a campaign: what the importer of accounts may touch for them, and what follows from them."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.campaigns import conflicts
from batosocial.coordination.campaigns.planning import locked_open
from batosocial.coordination.models import Campaign, CampaignCommune, CampaignFile, CampaignPerson
from batosocial.jobs.models import StoredFile
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.imports import services
from beneficiaries.imports.accounts.register import Scope
from beneficiaries.imports.checked import Preview
from beneficiaries.imports.services.common import WAITING, queue_check
from beneficiaries.models import ImportBatch, ImportRow, Payee

#: Who brings account-opening files.
BRINGERS = frozenset({Role.PAYER, Role.DISTRICT_OFFICER})
State = CampaignPerson.State


@transaction.atomic
def bring_file(
    *, actor: User, campaign_id: int, filename: str, content: bytes, reading: dict[str, Any] | None, ask: bool = False
) -> CampaignFile:
    """Keep a file of opened accounts and queue its check; with ``ask`` the user is to say first how it is read. Its
    routes are used from the campaign's month on and say its source.

    PermissionDenied for whoever brings none, Campaign.DoesNotExist out of scope, CampaignRefused once it is closed.
    """
    if actor.role not in BRINGERS or not actor.is_active:
        raise PermissionDenied
    campaign = locked_open(actor, campaign_id)
    batch = ImportBatch.objects.create(
        kind=ImportBatch.Kind.ACCOUNTS,
        payer=campaign.payer,
        upper=campaign.upper,
        source=campaign.source,
        month=campaign.month,
        reading=reading or {},
        state=ImportBatch.State.READING if ask else ImportBatch.State.CHECKING,
        file=StoredFile.keep(name=filename, content_type=services.XLSX, content=content, created_by=actor),
        uploaded_by=actor,
    )
    file = CampaignFile.objects.create(campaign=campaign, batch=batch)
    audit.record(actor=actor, action="Nạp tệp mở tài khoản", row=batch, details={"campaign": campaign})
    if not ask:
        queue_check(batch, actor)
    return file


def same_file(campaign: Campaign, sha256: str) -> CampaignFile | None:
    """The campaign's newest file of the same bytes that waits or was written."""
    files = CampaignFile.objects.filter(campaign=campaign, batch__file__sha256=sha256)
    states = [*WAITING, ImportBatch.State.ACCEPTED]
    return files.filter(batch__state__in=states).select_related("batch__file").defer("batch__file__content").first()


class Keeper:
    """What the importer asks of campaigns (``beneficiaries.imports.openings``)."""

    def scope_of(self, batch: ImportBatch) -> Scope:
        """The campaign's communes and what became of them; a payer's own file only whom the payer has taken."""
        campaign = batch.campaign_file.campaign
        units = CampaignCommune.objects.filter(campaign=campaign).values("commune")
        heirs = Unit.objects.filter(pk__in=units, heir__isnull=False).annotate(of=F("heir")).values("of")
        told = None
        if batch.uploaded_by.role == Role.PAYER:
            taken = campaign.people.taking_part().filter(taken_at__isnull=False)
            told = frozenset(taken.values_list("person", flat=True))
        return Scope(
            commune_ids=frozenset(units.union(heirs).values_list("commune", flat=True)),
            told=told,
            payer_id=batch.payer_id,
        )

    def page_of(self, batch: ImportBatch) -> str:
        return reverse("coordination:campaign_file", args=[batch.campaign_file.pk])

    def checked(self, batch: ImportBatch, preview: Preview) -> None:
        conflicts.note(batch, preview)

    def written(self, batch: ImportBatch, preview: Preview, *, actor: User) -> None:
        """Whose account the file brought takes part: whom nobody had named, the district's file names; who could not
        open one could after all."""
        campaign = batch.campaign_file.campaign
        rows = [row for row in preview.rows if row.person is not None and row.outcome != ImportRow.Outcome.ERROR]
        people = {row.person.pk: row for row in rows if row.person is not None}
        now = timezone.now()
        campaign.people.filter(person__in=people, state__in=[State.READY, State.FAILED]).update(
            state=State.LISTED,
            taken_by=actor,
            taken_at=now,
            failure="",
            failure_note="",
            failed_by=None,
            failed_at=None,
        )
        units = dict(campaign.communes.values_list("commune__heir", "commune"))
        planned = set(campaign.communes.values_list("commune", flat=True))
        known = set(campaign.people.filter(person__in=people).values_list("person", flat=True))
        new = []
        for pk, row in people.items():
            assert row.person is not None  # noqa: S101
            home = row.person.commune_id
            unit = home if home in planned else units.get(home)
            if pk in known or unit is None:
                continue
            kind = row.values.owner or Payee.Kind.OWN
            own = kind == Payee.Kind.OWN
            new.append(
                CampaignPerson(
                    campaign=campaign,
                    person_id=pk,
                    commune_id=unit,
                    state=State.LISTED,
                    opener=kind,
                    opener_name="" if own else (row.values.payee_name or row.values.holder_name)[:150],
                    opener_cccd="" if own else row.values.payee_cccd,
                    note="Theo tệp mở tài khoản",
                    named_by=actor,
                    named_at=now,
                    taken_by=actor,
                    taken_at=now,
                )
            )
        CampaignPerson.objects.bulk_create(new)
        if new:
            audit.record(
                actor=actor,
                action="Thêm người vào đợt theo tệp mở tài khoản",
                row=campaign,
                details={"count": len(new), "people": [row.person_id for row in new]},
            )
