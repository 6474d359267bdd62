"""Rows of account-opening files that somebody must look at, until it is said how they were settled."""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.models import CampaignConflict
from batosocial.lib.text import fold
from batosocial.staff.models import Role, User
from beneficiaries.imports.accounts.register import KEYS
from beneficiaries.imports.checked import CheckedRow, Preview
from beneficiaries.models import ImportBatch

Kind = CampaignConflict.Kind
SETTLERS = frozenset({Role.PAYER, Role.DISTRICT_OFFICER, Role.COMMUNE_OFFICER})


def note(batch: ImportBatch, preview: Preview) -> None:
    """Take note of a checked file's conflicts, in a fixed number of statements.

    What an earlier file showed of the same people and this one does not is settled; what somebody has settled stays so.
    """
    campaign = batch.campaign_file.campaign
    known = {(row.kind, row.subject): row for row in CampaignConflict.objects.filter(campaign=campaign)}
    found: dict[tuple[str, str], CampaignConflict] = {}
    system, now = User.objects.system(), timezone.now()
    subjects = set()
    for row in preview.rows:
        subject = subject_of(row)
        subjects.add(subject)
        for message in row.messages:
            if message.code and (message.code, subject) not in found:
                person = row.person or row.beyond
                found[message.code, subject] = CampaignConflict(
                    campaign=campaign,
                    kind=message.code,
                    subject=subject,
                    batch=batch,
                    row=row.row,
                    name=row.values.name[:150],
                    account=row.values.account[:40],
                    message=message.text,
                    person=person,
                    commune_id=person.commune_id if person else None,
                    found_at=now,
                )
    CampaignConflict.objects.bulk_create([new for key, new in found.items() if key not in known])
    again = []
    for key, new in found.items():
        if (old := known.get(key)) is None:
            continue
        for name in ("batch", "row", "name", "account", "message", "person", "commune_id"):
            setattr(old, name, getattr(new, name))
        if old.settled_by_id == system.pk:
            old.settled_by, old.settled_at, old.reason = None, None, ""
        again.append(old)
    CampaignConflict.objects.bulk_update(
        again,
        ["batch", "row", "name", "account", "message", "person", "commune", "settled_by", "settled_at", "reason"],
    )
    gone = [
        old.pk for key, old in known.items() if key not in found and old.subject in subjects and old.settled_at is None
    ]
    CampaignConflict.objects.filter(pk__in=gone).update(
        settled_by=system, settled_at=now, reason=f"Tệp nạp số {batch.pk} không còn xung đột này."
    )


def subject_of(row: CheckedRow) -> str:
    """What names a row in this file and the next."""
    values = row.values
    for key in KEYS:
        if number := getattr(values, key):
            return f"{key}:{number}"[:200]
    return f"name:{fold(values.name)}:{values.account}"[:200]


@transaction.atomic
def settle(*, actor: User, conflict_ids: Sequence[int], reason: str) -> int:
    """Say how conflicts were settled; how many. Those that are settled stay as they are. ValueError without a reason,
    CampaignConflict.DoesNotExist out of scope."""
    if actor.role not in SETTLERS or not actor.is_active:
        raise PermissionDenied
    if not reason.strip():
        raise ValueError("Hãy ghi đã xử lý thế nào.")
    visible = CampaignConflict.objects.visible_to(actor).filter(pk__in=conflict_ids).order_by("pk")
    rows = list(visible.select_for_update(of=("self",)).select_related("campaign"))
    if len(rows) != len(set(conflict_ids)):
        raise CampaignConflict.DoesNotExist
    open_rows = [row for row in rows if row.settled_at is None]
    CampaignConflict.objects.filter(pk__in=[row.pk for row in open_rows]).update(
        settled_by=actor, settled_at=timezone.now(), reason=reason.strip()[:300]
    )
    if open_rows:
        audit.record(
            actor=actor,
            action="Xử lý xung đột tài khoản",
            row=open_rows[0].campaign,
            details={"conflicts": [row.pk for row in open_rows], "reason": reason.strip()[:300]},
        )
    return len(open_rows)
